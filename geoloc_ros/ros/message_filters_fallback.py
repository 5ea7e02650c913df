# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What we use of ``message_filters``, for machines without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from geoloc_ros.errors import SettingError
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.types import NANOSECONDS_PER_SECOND


class SimpleFilter:
    """Something that messages come out of."""

    def __init__(self) -> None:
        self._callbacks: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def registerCallback(  # noqa: N802 - the name of message_filters
        self, callback: Callable[..., None], *arguments: Any
    ) -> int:
        """Have ``callback(*messages, *arguments)`` called; returns its number."""
        self._callbacks.append((callback, arguments))
        return len(self._callbacks) - 1

    def signalMessage(self, *messages: Any) -> None:  # noqa: N802 - the name of message_filters
        """Hand messages to every callback."""
        for callback, arguments in self._callbacks:
            callback(*messages, *arguments)


class Subscriber(SimpleFilter):
    """A subscription as a source of messages."""

    def __init__(
        self, node: Node, msg_type: Any, topic: str, qos_profile: QoSProfile | int = 10
    ) -> None:
        super().__init__()
        self.node = node
        self.topic = topic
        self.sub = node.create_subscription(msg_type, topic, self.signalMessage, qos_profile)


class ApproximateTimeSynchronizer(SimpleFilter):
    """Sets of messages, one from each source, whose stamps differ by at most ``slop``.

    A set is made when its last member comes, of the nearest message of every other source, and
    its messages are used up with all that are older.

    Args:
        fs: the sources.
        queue_size: how many messages of each source wait.
        slop: largest difference of stamps within a set, seconds.

    Raises:
        SettingError: fewer than two sources, or a queue or slop that holds nothing.
    """

    def __init__(self, fs: Sequence[Any], queue_size: int, slop: float) -> None:
        super().__init__()
        if len(fs) < 2 or queue_size < 1 or slop < 0.0:
            raise SettingError(
                f'{len(fs)} sources, queue_size {queue_size}, slop {slop} s; expected at least 2 '
                'sources, 1 message and 0 s'
            )
        self._size = queue_size
        self._slop_ns = round(slop * NANOSECONDS_PER_SECOND)
        self._queues: list[dict[int, Any]] = [{} for _ in fs]
        for queue, source in zip(self._queues, fs, strict=True):
            source.registerCallback(self._take, queue)

    def _take(self, message: Any, queue: dict[int, Any]) -> None:
        at_ns = stamp_ns(message.header.stamp)
        queue[at_ns] = message
        while len(queue) > self._size:
            del queue[min(queue)]
        chosen = [self._nearest(one, at_ns) for one in self._queues]
        stamps = [one for one in chosen if one is not None]
        if len(stamps) < len(chosen) or max(stamps) - min(stamps) > self._slop_ns:
            return
        messages = [one[stamp] for one, stamp in zip(self._queues, stamps, strict=True)]
        for one, stamp in zip(self._queues, stamps, strict=True):
            for old in [each for each in one if each <= stamp]:
                del one[old]
        self.signalMessage(*messages)

    def _nearest(self, queue: dict[int, Any], at_ns: int) -> int | None:
        return min(queue, key=lambda stamp: abs(stamp - at_ns), default=None)

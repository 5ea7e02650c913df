# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Takes messages in, as measurements, and hands them on in the order they were published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import dataclasses
import itertools
import time
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from geoloc_ros.errors import GeolocError
from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.nodes.warning_log import WarningLog

#: Whether this rclpy tells a callback when its message was published (Iron and later).
_TELLS_PUBLISH_TIME = hasattr(Subscription, 'CallbackType')
_HOLD_S = 0.1


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    """A converted message and its place in the queue."""

    published_ns: int
    number: int
    deliver: Callable[[], None] = dataclasses.field(compare=False)


class Inbox:
    """Subscriptions whose messages are handled after all that are ready have been taken.

    An executor takes one message of each subscription a round, in no particular order. Messages
    wait until a round brings none, at most ``_HOLD_S``; sorted by the time they were published
    they are then in the order of the senders, also after the node was busy for a while.
    Nothing a message says raises out of here: what cannot be converted is counted and named.

    Args:
        node: gets the subscriptions.
        warnings: told of messages that cannot be used.
        after: called when the waiting messages were handled.
    """

    def __init__(self, node: Node, warnings: WarningLog, after: Callable[[], None]) -> None:
        self._node = node
        self._warnings = warnings
        self._after = after
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count()
        self._subscriptions: list[Subscription] = []
        self._is_fresh = False
        self._first_s = 0.0
        self._guard = node.create_guard_condition(self._end_of_round)

    def subscribe(
        self,
        message_type: Any,
        topic: str,
        take: Callable[[Any], None],
        qos: QoSProfile,
    ) -> None:
        """Hand messages of a topic to ``take``, which may raise ``GeolocError``."""

        def plain(message: Any) -> None:
            self._put(topic, 0, take, message)

        def informed(message: Any, info: Mapping[str, int]) -> None:
            self._put(topic, info.get('source_timestamp', 0), take, message)

        callback: Callable[..., None] = informed if _TELLS_PUBLISH_TIME else plain
        self._subscriptions.append(
            self._node.create_subscription(message_type, topic, callback, qos)
        )

    def _end_of_round(self) -> None:
        """Wait for another round when this one brought something."""
        if self._is_fresh and time.monotonic() - self._first_s < _HOLD_S:
            self._is_fresh = False
            self._guard.trigger()
            return
        self._drain()

    def _drain(self) -> None:
        waiting, self._waiting = sorted(self._waiting), []
        for item in waiting:
            item.deliver()
        self._after()

    def close(self) -> None:
        """Stop listening and forget what waits."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._node.destroy_guard_condition(self._guard)
        self._subscriptions, self._waiting = [], []

    def _put(
        self, topic: str, published_ns: int, take: Callable[[Any], None], message: Any
    ) -> None:
        def deliver() -> None:
            try:
                take(message)
            except GeolocError as error:
                self._warnings.warn(WarningKind.UNREADABLE, f'message on {topic!r}: {error}')
            except Exception as error:  # a message must never end the node
                self._node.get_logger().error(
                    f'message on {topic!r} was left out after an unexpected '
                    f'{type(error).__name__}: {error}; please report this',
                    throttle_duration_sec=5.0,
                )
                self._warnings.warn(WarningKind.UNREADABLE, f'message on {topic!r}: {error!r}')

        if not self._waiting:
            self._first_s = time.monotonic()
        self._is_fresh = True
        self._waiting.append(_Waiting(published_ns, next(self._numbers), deliver))
        self._guard.trigger()

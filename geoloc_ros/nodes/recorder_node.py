# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Records topics into a bag, where ``ros2 bag`` is not installed.

Receive stamps are the wall clock's, whatever ``use_sim_time`` says, so that the time from a
measurement to an estimate can be read from the bag. They are taken by the middleware where it
tells them (Iron and later), as an executor hands messages on late and in no particular order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import heapq
import itertools
from pathlib import Path
import time

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.subscription import Subscription

from geoloc_ros.bags.typestore import bag_typestore
from geoloc_ros.bags.writer import BagWriter
from geoloc_ros.errors import SettingError
from geoloc_ros.nodes.lifecycle import run_command
from geoloc_ros.ros.factory import message_class
from geoloc_ros.ros.parameters import ParameterLoader
from geoloc_ros.ros.qos import latched_qos, reliable_qos, sensor_qos
from geoloc_ros.settings import setting

NODE_NAME = 'recorder_node'
_DEPTH = 10_000
_LISTEN_PERIOD_S = 0.1
#: Messages are held this long to be written in the order of their receive stamps.
_HOLD_NS = 2_000_000_000
#: Whether this rclpy tells a callback when its message was received.
_TELLS_RECEIVE_TIME = hasattr(Subscription, 'CallbackType')
_QOS = {
    'reliable': reliable_qos(_DEPTH),
    'sensor': sensor_qos(_DEPTH),
    'latched': latched_qos(100),
}


@dataclasses.dataclass(frozen=True)
class RecorderSettings:
    """What to record."""

    path: str = setting('', 'folder of the bag to write; must not exist', read_only=True)
    topics: tuple[str, ...] = setting(
        ('pose geometry_msgs/msg/PoseWithCovarianceStamped reliable',),
        'what to record, each "NAME TYPE QOS" with QOS one of reliable, sensor, latched',
        read_only=True,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class RecordedTopic:
    """One topic to record."""

    name: str
    message_type: str
    qos: str


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class _Held:
    """A message that waits to be written, ordered by its receive stamp."""

    stamp_ns: int
    number: int
    bag_name: str = dataclasses.field(compare=False)
    topic: RecordedTopic = dataclasses.field(compare=False)
    cdr: bytes = dataclasses.field(compare=False)


def parse_topic(text: str) -> RecordedTopic:
    """Take ``"NAME TYPE QOS"`` apart.

    Raises:
        SettingError: it is not of that form.
    """
    words = text.split()
    if len(words) != 3 or words[2] not in _QOS:
        raise SettingError(
            f'parameter topics holds {text!r}; expected "NAME TYPE QOS" such as '
            f'"fix sensor_msgs/msg/NavSatFix sensor", QOS one of {", ".join(_QOS)}'
        )
    return RecordedTopic(words[0], words[1], words[2])


class RecorderNode(Node):
    """Subscribes to topics and writes what comes, in order of arrival.

    Args:
        name: of the node.
    """

    def __init__(self, name: str = NODE_NAME) -> None:
        super().__init__(name)
        settings = ParameterLoader(self, RecorderSettings).settings
        if not settings.path:
            raise SettingError('parameter path is empty; expected the folder of the bag to write')
        topics = [parse_topic(text) for text in settings.topics]
        self._writer = BagWriter(Path(settings.path))
        self._writer.__enter__()
        self._held: list[_Held] = []
        self._numbers = itertools.count()
        self.count = 0
        for topic in topics:
            self._subscribe(topic)
        self._unheard = {topic.name for topic in topics}
        self._listener = self.create_timer(
            _LISTEN_PERIOD_S, self._listen, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self.get_logger().info(f'recording {len(topics)} topics to {settings.path}')

    def _subscribe(self, topic: RecordedTopic) -> None:
        bag_name = self.resolve_topic_name(topic.name)
        self._writer.add_topic(bag_name, topic.message_type, latched=topic.qos == 'latched')

        def plain(cdr: bytes) -> None:
            self._hold(_Held(time.time_ns(), next(self._numbers), bag_name, topic, cdr))

        def informed(cdr: bytes, info: Mapping[str, int]) -> None:
            stamp_ns = info.get('received_timestamp', 0) or time.time_ns()
            self._hold(_Held(stamp_ns, next(self._numbers), bag_name, topic, cdr))

        callback: Callable[..., None] = informed if _TELLS_RECEIVE_TIME else plain
        self.create_subscription(
            message_class(topic.message_type), topic.name, callback, _QOS[topic.qos], raw=True
        )

    def _listen(self) -> None:
        """Say whom we hear, for whoever waits for it."""
        for name in sorted(self._unheard):
            if self.count_publishers(name) > 0:
                self._unheard.remove(name)
                self.get_logger().info(f'hearing {self.resolve_topic_name(name)}')

    def _hold(self, held: _Held) -> None:
        self.count += 1
        heapq.heappush(self._held, held)
        while self._held[0].stamp_ns < held.stamp_ns - _HOLD_NS:
            self._write(heapq.heappop(self._held))

    def _write(self, held: _Held) -> None:
        message = bag_typestore().deserialize_cdr(held.cdr, held.topic.message_type)
        self._writer.write(held.bag_name, message, held.stamp_ns)

    def close(self) -> None:
        """Finish the bag; it appears under its name now."""
        while self._held:
            self._write(heapq.heappop(self._held))
        self._writer.__exit__(None, None, None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Record until interrupted."""
    return run_command(NODE_NAME, __doc__ or '', _run, arguments)


def _run() -> int:
    node = RecorderNode()
    try:
        rclpy.spin(node)
    finally:
        node.close()
        node.destroy_node()
    return 0


if __name__ == '__main__':
    raise SystemExit(main())

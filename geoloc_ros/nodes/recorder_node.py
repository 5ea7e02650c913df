# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Records topics into a bag, where ``ros2 bag`` is not installed.

Receive stamps are the wall clock's, whatever ``use_sim_time`` says, so that the time from a
measurement to an estimate can be read from the bag.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from pathlib import Path
import time

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from geoloc_ros.bags.typestore import bag_typestore
from geoloc_ros.bags.writer import BagWriter
from geoloc_ros.errors import GeolocError, SettingError
from geoloc_ros.ros.factory import message_class
from geoloc_ros.ros.parameters import ParameterLoader
from geoloc_ros.ros.qos import latched_qos, reliable_qos, sensor_qos
from geoloc_ros.settings import setting

_DEPTH = 10_000
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

    def __init__(self, name: str = 'recorder_node') -> None:
        super().__init__(name)
        settings = ParameterLoader(self, RecorderSettings).settings
        if not settings.path:
            raise SettingError('parameter path is empty; expected the folder of the bag to write')
        topics = [parse_topic(text) for text in settings.topics]
        self._writer = BagWriter(Path(settings.path))
        self._writer.__enter__()
        self.count = 0
        for topic in topics:
            self._subscribe(topic)
        self.get_logger().info(f'recording {len(topics)} topics to {settings.path}')

    def _subscribe(self, topic: RecordedTopic) -> None:
        bag_name = self.resolve_topic_name(topic.name)
        self._writer.add_topic(bag_name, topic.message_type, latched=topic.qos == 'latched')

        def record(cdr: bytes) -> None:
            message = bag_typestore().deserialize_cdr(cdr, topic.message_type)
            self._writer.write(bag_name, message, time.time_ns())
            self.count += 1

        self.create_subscription(
            message_class(topic.message_type), topic.name, record, _QOS[topic.qos], raw=True
        )

    def close(self) -> None:
        """Finish the bag; it appears under its name now."""
        self._writer.__exit__(None, None, None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Record until interrupted."""
    rclpy.init(args=arguments)
    try:
        node = RecorderNode()
    except GeolocError as error:
        rclpy.logging.get_logger('recorder_node').fatal(str(error))
        return 1
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.close()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    raise SystemExit(main())

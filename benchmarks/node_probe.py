# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What ``cross_view_nodes.py`` starts: ``node_probe.py listener|filter FILE --ros-args``.

listener  hears images, scores, poses and diagnostics, as bytes, and notes when the middleware
          published and received each.
filter    ``particle_filter_node`` that also notes when it had put scores into its belief.

All times are nanoseconds of the system clock, which the processes of a machine share. What was
noted is written as JSON when the process is told to end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import json
from pathlib import Path
import struct
import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import PointCloud2

from geoloc_ros.localizer.result import StepResult
from geoloc_ros.nodes.lifecycle import run_node
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.ros.factory import message_class
from geoloc_ros.ros.qos import reliable_qos, sensor_qos
from geoloc_ros.types import NANOSECONDS_PER_SECOND

IMAGE, SCORES, POSE = 'image', 'cross_view/scores', 'pose'
#: Said by the listener when every node hears what it needs.
READY = 'everybody listens'
_DEPTH = 1000
_POLL_S = 0.1
#: Of scores and poses each: one node that uses them, and the listener.
_LISTENERS = 2


class Listener(LifecycleNode):
    """Notes what goes over the wire and when."""

    def __init__(self) -> None:
        super().__init__('listener')
        self.declare_parameter('image_type', 'sensor_msgs/msg/CompressedImage')
        self.notes: dict[str, list[tuple[int, int, int]]] = {}
        self.statuses: dict[str, dict[str, str]] = {}
        image_type = str(self.get_parameter('image_type').value)
        self._note(IMAGE, message_class(image_type), sensor_qos(_DEPTH))
        self._note(SCORES, PointCloud2, reliable_qos(_DEPTH))
        pose_type = message_class('geometry_msgs/msg/PoseWithCovarianceStamped')
        self._note(POSE, pose_type, reliable_qos(_DEPTH))
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self._take_diagnostics, reliable_qos(_DEPTH)
        )
        self._poll = self.create_timer(
            _POLL_S, self._look_round, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def record(self) -> dict[str, object]:
        """By topic (stamp, published, received); and the last diagnostics by status."""
        return {'topics': self.notes, 'statuses': self.statuses}

    def _note(self, topic: str, message_type: Any, qos: Any) -> None:
        noted = self.notes[topic] = []

        def take(cdr: bytes, info: Mapping[str, int]) -> None:
            times = info['source_timestamp'], info['received_timestamp']
            noted.append((header_stamp_ns(cdr), *times))

        callback: Callable[..., None] = take
        self.create_subscription(message_type, topic, callback, qos, raw=True)

    def _take_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.statuses[status.name] = {item.key: item.value for item in status.values}

    def _look_round(self) -> None:
        places = [self.resolve_topic_name(topic) for topic in (SCORES, POSE)]
        heard = all(
            self.count_publishers(place) > 0 and self.count_subscribers(place) >= _LISTENERS
            for place in places
        )
        if heard and self.count_subscribers(self.resolve_topic_name(IMAGE)) >= _LISTENERS:
            self.get_logger().info(READY)
            self.destroy_timer(self._poll)


class NotingFilterNode(ParticleFilterNode):
    """Notes stamp, verdict and time of all scores that the filter has dealt with."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, str, int]] = []
        super().__init__()

    def record(self) -> dict[str, object]:
        """What was noted."""
        return {'scores': self.notes}

    def _handle(self, result: StepResult) -> None:
        for report in result.reports:
            if report.source.endswith(SCORES):
                noted = (report.stamp_ns, report.result.reason.value, time.time_ns())
                self.notes.append(noted)
        super()._handle(result)


def header_stamp_ns(cdr: bytes) -> int:
    """Stamp of a serialized message that begins with a ``std_msgs/Header``."""
    order = '<' if cdr[1] & 1 else '>'
    seconds, nanoseconds = struct.unpack_from(f'{order}iI', cdr, 4)
    return int(seconds) * NANOSECONDS_PER_SECOND + int(nanoseconds)


def main(arguments: Sequence[str]) -> int:
    """Run one of them until it is told to end, then write its notes."""
    role, path, *ros_arguments = arguments
    made: list[Listener | NotingFilterNode] = []

    def make() -> LifecycleNode:
        made.append(Listener() if role == 'listener' else NotingFilterNode())
        return made[0]

    status = run_node(make, f'node_probe.py {role}', __doc__ or '', ros_arguments)
    if made:
        Path(path).write_text(json.dumps(made[0].record()))
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

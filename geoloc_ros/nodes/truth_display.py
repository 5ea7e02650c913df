# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Shows the true path of a recorded drive beside the estimate; it never reaches the filter."""

from __future__ import annotations

import math
from typing import Any

from nav_msgs.msg import Odometry, Path
from rclpy.node import Node
from sensor_msgs.msg import NavSatFix

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.messages import inbound
from geoloc_ros.nodes.inbox import Inbox
from geoloc_ros.nodes.paths import BoundedPath
from geoloc_ros.ros.factory import RosMessages
from geoloc_ros.ros.node_settings import AnyFilterNodeSettings
from geoloc_ros.ros.qos import latched_qos, reliable_qos, sensor_qos


class TruthDisplay:
    """``path/truth`` from ``ground_truth/odometry`` (about ``ground_truth/datum``) or ``/fix``.

    A truth in a ``map`` of another datum is carried over into ours exactly; where nobody says
    which datum it has, ours is assumed.

    Args:
        node: gets the publisher.
        settings: frames and the bounds of paths.
    """

    def __init__(self, node: Node, settings: AnyFilterNodeSettings) -> None:
        self._node = node
        self._publisher = node.create_publisher(Path, 'path/truth', reliable_qos())
        display = settings.display
        self.path = BoundedPath(
            settings.frames.map, display.path_poses, display.path_spacing_m, RosMessages()
        )
        self._datum: Datum | None = None
        self._truth_datum: Datum | None = None
        self._has_odometry = False

    def subscribe(self, inbox: Inbox) -> None:
        """Listen to what bags call the truth."""
        inbox.subscribe(Odometry, 'ground_truth/odometry', self._take_odometry, sensor_qos())
        inbox.subscribe(NavSatFix, 'ground_truth/fix', self._take_fix, sensor_qos())
        inbox.subscribe(NavSatFix, 'ground_truth/datum', self._take_datum, latched_qos())

    def set_datum(self, datum: Datum) -> None:
        """The origin of our ``map``; a path about another one is forgotten."""
        if datum != self._datum:
            self._datum = datum
            self.path.clear()

    def publish(self, stamp_ns: int) -> None:
        """Publish the path when it grew and somebody looks."""
        if self.path.changed and self._publisher.get_subscription_count() > 0:
            self._publisher.publish(self.path.message(stamp_ns))

    def close(self) -> None:
        """Take the publisher away."""
        self._node.destroy_publisher(self._publisher)

    def _take_datum(self, message: Any) -> None:
        self._truth_datum = Datum(inbound.gnss_fix(message, 'ground_truth/datum').position)

    def _take_odometry(self, message: Any) -> None:
        pose = inbound.odometry_pose(message, 'ground_truth/odometry')
        if self._datum is None or not math.isfinite(pose.x_m + pose.y_m):
            return
        self._has_odometry = True
        x_m, y_m, yaw_rad = pose.x_m, pose.y_m, pose.yaw_rad
        if self._truth_datum is not None and self._truth_datum != self._datum:
            rotation, shift_m = self._datum.enu_from_other(self._truth_datum)
            x_m, y_m = (float(part) for part in (rotation[:2, :2] @ (x_m, y_m) + shift_m[:2]))
            yaw_rad += math.atan2(rotation[1, 0], rotation[0, 0])
        self.path.add(pose.stamp_ns, x_m, y_m, yaw_rad)

    def _take_fix(self, message: Any) -> None:
        if self._datum is None or self._has_odometry:
            return
        fix = inbound.gnss_fix(message, 'ground_truth/fix')
        east_m, north_m = self._datum.enu_from_geodetic(fix.position)[:2]
        self.path.add(fix.stamp_ns, float(east_m), float(north_m))

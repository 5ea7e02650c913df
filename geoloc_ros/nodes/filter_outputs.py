# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a filter node publishes."""

from __future__ import annotations

import collections
from collections.abc import Callable
import math
from typing import Any

from geometry_msgs.msg import PoseArray, PoseWithCovarianceStamped
from nav_msgs.msg import Odometry, Path
import numpy as np
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import NavSatFix

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.quaternions import quat_from_yaw
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages import outbound
from geoloc_ros.nodes.paths import BoundedPath
from geoloc_ros.ros.factory import RosMessages
from geoloc_ros.ros.frames import FrameTree
from geoloc_ros.ros.node_settings import AnyFilterNodeSettings
from geoloc_ros.ros.qos import latched_qos, reliable_qos
from geoloc_ros.types import Estimate, FloatArray, GnssFix

_TYPES: dict[str, Any] = {
    'pose': PoseWithCovarianceStamped,
    'odometry/global': Odometry,
    'fix/fused': NavSatFix,
    'path': Path,
    'path/raw': Path,
    'particles': PoseArray,
}

#: So many estimates wait for the odometry's transform at their stamp.
_WAITING = 20


class FilterOutputs:
    """Publishes estimates, the datum, paths, particles and transforms.

    Args:
        node: gets the publishers.
        settings: frames, and what to display.
        frames: publishes transforms, and knows who owns ``odom``.
        failed: told of a message that the middleware refused.
    """

    def __init__(
        self,
        node: Node,
        settings: AnyFilterNodeSettings,
        frames: FrameTree,
        failed: Callable[[str, Exception], None],
    ) -> None:
        self._node = node
        self._settings = settings
        self._frames = frames
        self._failed = failed
        self._messages = RosMessages()
        self._publishers: dict[str, Publisher] = {
            name: node.create_publisher(kind, name, reliable_qos())
            for name, kind in _TYPES.items()
        }
        if settings.datum.source != 'topic':
            self._publishers['datum'] = node.create_publisher(NavSatFix, 'datum', latched_qos())
        display = settings.display
        self.fused_path, self.raw_path = (
            BoundedPath(
                settings.frames.map, display.path_poses, display.path_spacing_m, self._messages
            )
            for _ in range(2)
        )
        self._datum: Datum | None = None
        self._altitude_m: float | None = None
        self._odom_is_owned = settings.tf_child == 'odom'
        self._without_odom: collections.deque[Estimate] = collections.deque(maxlen=_WAITING)

    def close(self) -> None:
        """Take the publishers away."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers = {}

    def set_datum(self, datum: Datum, stamp_ns: int) -> None:
        """Tell everybody where ``map`` is, once for each place."""
        if datum == self._datum:
            return
        self._datum = datum
        frames = self._settings.frames
        self._publish(
            'datum', outbound.datum_fix(datum.origin, stamp_ns, frames.map, self._messages)
        )
        if self._settings.publish_tf:
            rotation, translation_m = datum.ecef_from_enu()
            earth_from_map = Pose3.from_rotation(rotation, translation_m)
            self._frames.publish_static(stamp_ns, frames.earth, frames.map, earth_from_map)

    def note_fix(self, fix: GnssFix) -> None:
        """Remember a raw fix for ``path/raw``, and its height for ``fix/fused``."""
        position = fix.position
        if self._datum is None or int(fix.status) == -1:
            return
        if not (math.isfinite(position.lat_deg) and abs(position.lat_deg) <= 90.0):
            return
        if not (math.isfinite(position.lon_deg) and abs(position.lon_deg) <= 360.0):
            return
        if math.isfinite(position.alt_m) and abs(position.alt_m) < 1e5:
            self._altitude_m = position.alt_m
            east_m, north_m = self._datum.enu_from_geodetic(position)[:2]
            self.raw_path.add(fix.stamp_ns, float(east_m), float(north_m))

    def publish_estimate(self, estimate: Estimate) -> None:
        """``pose``, ``odometry/global``, ``fix/fused`` and the transform of one estimate."""
        frames = self._settings.frames
        self._publish('pose', outbound.pose_with_covariance(estimate, frames.map, self._messages))
        self._publish(
            'odometry/global',
            outbound.odometry(estimate, frames.map, frames.base, self._messages),
        )
        if self._datum is not None:
            fused = outbound.fused_fix(
                estimate, self._datum, frames.base, self._messages, self._altitude_m
            )
            self._publish('fix/fused', fused)
        if self._settings.publish_tf:
            self._publish_transform(estimate)
        self.fused_path.add(estimate.stamp_ns, estimate.x_m, estimate.y_m, estimate.yaw_rad)

    def publish_display(self, stamp_ns: int, particles: Callable[[int], FloatArray]) -> None:
        """Paths that changed, and particles, for whoever looks."""
        for name, path in (('path', self.fused_path), ('path/raw', self.raw_path)):
            if path.changed and self._is_heard(name):
                self._publish(name, path.message(stamp_ns))
        if self._settings.display.particles and self._is_heard('particles'):
            poses = particles(self._settings.display.particles)
            if len(poses):
                message = outbound.pose_array(
                    stamp_ns, self._settings.frames.map, poses, self._messages
                )
                self._publish('particles', message)

    def _publish_transform(self, estimate: Estimate) -> None:
        """``map`` to ``base``, or to ``odom`` as soon as its owner has told that instant."""
        frames = self._settings.frames
        if not self._odom_is_owned and self._settings.tf_child == 'auto':
            self._odom_is_owned = self._frames.pose(frames.base, frames.odom) is not None
        if self._odom_is_owned:
            self._without_odom.append(estimate)
            self.publish_due_transforms()
        else:
            self._frames.publish(
                estimate.stamp_ns, frames.map, frames.base, _map_from_base(estimate)
            )

    def publish_due_transforms(self) -> None:
        """``map`` to ``odom`` for estimates whose ``odom`` to ``base`` has come meanwhile."""
        frames = self._settings.frames
        waiting = list(self._without_odom)
        self._without_odom.clear()
        for estimate in waiting:
            base_from_odom = self._frames.pose(frames.base, frames.odom, estimate.stamp_ns)
            if base_from_odom is None:
                self._without_odom.append(estimate)
            else:
                map_from_odom = _map_from_base(estimate) @ base_from_odom
                self._frames.publish(estimate.stamp_ns, frames.map, frames.odom, map_from_odom)

    def _is_heard(self, name: str) -> bool:
        publisher = self._publishers.get(name)
        return publisher is not None and publisher.get_subscription_count() > 0

    def _publish(self, name: str, message: Any) -> None:
        publisher = self._publishers.get(name)
        if publisher is None:
            return
        try:
            publisher.publish(message)
        except RuntimeError as error:  # rclpy's RCLError: the middleware's queue is full
            self._failed(name, error)


def _map_from_base(estimate: Estimate) -> Pose3:
    position_m = np.array((estimate.x_m, estimate.y_m, 0.0))
    return Pose3(position_m, quat_from_yaw(estimate.yaw_rad))

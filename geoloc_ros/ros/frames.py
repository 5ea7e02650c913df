# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Frames and transforms: ``tf2_ros`` where it is installed, our own module where it is not."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from rclpy.node import Node
from rclpy.time import Time

from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import transform_stamped
from geoloc_ros.ros.factory import RosMessages
from geoloc_ros.ros.tf_fallback import pose_of

#: Whether transforms are handled by the distribution's own library.
USES_TF2_ROS = importlib.util.find_spec('tf2_ros') is not None

if USES_TF2_ROS and not TYPE_CHECKING:
    from tf2_ros import (
        Buffer,
        StaticTransformBroadcaster,
        TransformBroadcaster,
        TransformException,
        TransformListener,
    )
else:
    from geoloc_ros.ros.tf_fallback import (
        Buffer,
        StaticTransformBroadcaster,
        TransformBroadcaster,
        TransformException,
        TransformListener,
    )

__all__ = [
    'USES_TF2_ROS',
    'Buffer',
    'FrameTree',
    'StaticTransformBroadcaster',
    'TransformBroadcaster',
    'TransformException',
    'TransformListener',
]


class FrameTree:
    """The frames of a running system: asks for poses, and tells its own.

    Args:
        node: listens and publishes.
    """

    def __init__(self, node: Node) -> None:
        self._buffer = Buffer()
        self._listener = TransformListener(self._buffer, node)
        self._moving = TransformBroadcaster(node)
        self._static = StaticTransformBroadcaster(node)
        self._messages = RosMessages()

    def pose(self, target: str, source: str, stamp_ns: int = 0) -> Pose3 | None:
        """``target_from_source`` at a stamp (latest for zero); ``None`` while it is not known."""
        if target == source:
            return Pose3.identity()
        try:
            found: Any = self._buffer.lookup_transform(target, source, Time(nanoseconds=stamp_ns))
            return pose_of(found)
        except TransformException:
            return None

    def publish(self, stamp_ns: int, parent: str, child: str, parent_from_child: Pose3) -> None:
        """Tell where a frame is at a stamp."""
        message: Any = transform_stamped(
            stamp_ns, parent, child, parent_from_child, self._messages
        )
        self._moving.sendTransform(message)

    def publish_static(
        self, stamp_ns: int, parent: str, child: str, parent_from_child: Pose3
    ) -> None:
        """Tell where a frame is for ever."""
        message: Any = transform_stamped(
            stamp_ns, parent, child, parent_from_child, self._messages
        )
        self._static.sendTransform(message)

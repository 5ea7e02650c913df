# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Bounded paths for display: fused, raw and true positions."""

from __future__ import annotations

import collections
import math
from typing import Any

from geoloc_ros.messages import outbound
from geoloc_ros.messages.shapes import MessageFactory


class BoundedPath:
    """The last poses of something, not nearer to each other than a spacing.

    Args:
        frame_id: the frame they are in.
        max_poses: the oldest go first.
        spacing_m: a pose nearer to the last one is left out.
        factory: makes the messages.
    """

    def __init__(
        self, frame_id: str, max_poses: int, spacing_m: float, factory: MessageFactory
    ) -> None:
        self._frame_id = frame_id
        self._spacing_m = spacing_m
        self._factory = factory
        self._poses: collections.deque[Any] = collections.deque(maxlen=max_poses)
        self._last_m: tuple[float, float] | None = None
        self.changed = False

    def add(self, stamp_ns: int, x_m: float, y_m: float, yaw_rad: float = 0.0) -> None:
        """Take a pose, unless it is too near to the last one or not finite."""
        if not (math.isfinite(x_m) and math.isfinite(y_m) and math.isfinite(yaw_rad)):
            return
        if (
            self._last_m is not None
            and math.hypot(x_m - self._last_m[0], y_m - self._last_m[1]) < self._spacing_m
        ):
            return
        pose = self._factory.new('geometry_msgs/msg/PoseStamped')
        outbound.set_header(pose.header, stamp_ns, self._frame_id)
        outbound.set_planar_pose(pose.pose, x_m, y_m, yaw_rad)
        self._poses.append(pose)
        self._last_m = (x_m, y_m)
        self.changed = True

    def clear(self) -> None:
        """Forget every pose."""
        self._poses.clear()
        self._last_m = None
        self.changed = True

    def message(self, stamp_ns: int) -> Any:
        """``nav_msgs/Path`` as it is now."""
        self.changed = False
        return outbound.path(stamp_ns, self._frame_id, list(self._poses), self._factory)

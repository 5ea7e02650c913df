# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where the sensors sit: the static transforms that a bag carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.inbound import quat_xyzw
from geoloc_ros.messages.shapes import TransformStampedMessage

BASE_FRAME = 'base_link'


class StaticFrames:
    """A tree of frames that do not move against one another.

    Args:
        transforms: ``geometry_msgs/TransformStamped``, as ``/tf_static`` carries them; of two
            for one child the later counts.

    Raises:
        MeasurementError: a rotation is no rotation.
    """

    def __init__(self, transforms: Sequence[TransformStampedMessage] = ()) -> None:
        self._parents: dict[str, tuple[str, Pose3]] = {}
        for message in transforms:
            offset = message.transform.translation
            parent_from_child = Pose3(
                np.array([offset.x, offset.y, offset.z]),
                quat_xyzw(message.transform.rotation),
            )
            child, parent = _name(message.child_frame_id), _name(message.header.frame_id)
            self._parents[child] = (parent, parent_from_child)

    def lookup(self, target: str, source: str) -> Pose3 | None:
        """``target_from_source``, or ``None`` where no chain of transforms joins them."""
        target, source = _name(target), _name(source)
        above_target = dict(self._ancestors(target))
        for frame, frame_from_source in self._ancestors(source):
            if frame in above_target:
                return above_target[frame].inverse() @ frame_from_source
        return None

    def children(self) -> tuple[str, ...]:
        """Every frame that hangs from another."""
        return tuple(self._parents)

    def lever_arms_m(self, base_frame: str = BASE_FRAME) -> dict[str, tuple[float, float]]:
        """(forward, left) in ``base_frame`` of every frame joined to it."""
        arms: dict[str, tuple[float, float]] = {}
        for frame in self._parents:
            base_from_frame = self.lookup(base_frame, frame)
            if base_from_frame is not None:
                forward, left, _ = base_from_frame.translation_m.tolist()
                arms[frame] = (forward, left)
        return arms

    def _ancestors(self, frame: str) -> list[tuple[str, Pose3]]:
        """(ancestor, ancestor_from_frame), the frame itself first; a loop ends the climb."""
        chain = [(frame, Pose3.identity())]
        seen = {frame}
        while chain[-1][0] in self._parents:
            below, below_from_frame = chain[-1]
            parent, parent_from_below = self._parents[below]
            if parent in seen:
                break
            seen.add(parent)
            chain.append((parent, parent_from_below @ below_from_frame))
        return chain


def _name(frame_id: str) -> str:
    """A frame id without the leading slash that ROS 1 used."""
    return frame_id.lstrip('/')

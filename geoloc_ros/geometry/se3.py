# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Rigid motions of space, SE(3)."""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.geometry.quaternions import (
    checked_quat,
    quat_from_rotation,
    quat_from_yaw,
    quat_multiply,
    rotation_from_quat,
    slerp,
    yaw_from_quat,
)
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import FloatArray


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Pose3:
    """A frame ``b`` seen from a frame ``a``: p_a = R p_b + translation; named ``a_from_b``.

    Attributes:
        translation_m: origin of ``b`` in ``a``, shape (3,).
        quat_xyzw: turn of ``b`` in ``a``, ROS order, shape (4,), scaled to length one.

    Raises:
        MeasurementError: the translation is not finite, or the quaternion is no rotation.
        ShapeError: a field has another shape.
    """

    translation_m: FloatArray
    quat_xyzw: FloatArray

    def __post_init__(self) -> None:
        translation = np.array(self.translation_m, dtype=np.float64)
        if translation.shape != (3,):
            raise ShapeError(f'translation_m has shape {translation.shape}; expected (3,)')
        if not np.isfinite(translation).all():
            raise MeasurementError(
                f'translation {translation.tolist()} m is not finite; expected metres; '
                'drop the message or mend its sender'
            )
        object.__setattr__(self, 'translation_m', translation)
        object.__setattr__(self, 'quat_xyzw', checked_quat(self.quat_xyzw))

    @staticmethod
    def identity() -> Pose3:
        """The frame itself."""
        return Pose3(np.zeros(3), np.array((0.0, 0.0, 0.0, 1.0)))

    @staticmethod
    def from_rotation(rotation: FloatArray, translation_m: FloatArray) -> Pose3:
        """From a rotation matrix, shape (3, 3), and a translation, shape (3,).

        Raises:
            MeasurementError: the matrix is no rotation.
        """
        return Pose3(translation_m, quat_from_rotation(rotation))

    @staticmethod
    def from_planar(pose: Pose2, z_m: float = 0.0) -> Pose3:
        """A planar pose as a level one at height ``z_m``."""
        return Pose3(np.array((pose.x_m, pose.y_m, z_m)), quat_from_yaw(pose.yaw_rad))

    def planar(self) -> Pose2:
        """Its x, y and yaw; height, pitch and roll are left out."""
        return Pose2(
            float(self.translation_m[0]),
            float(self.translation_m[1]),
            yaw_from_quat(self.quat_xyzw),
        )

    def rotation(self) -> FloatArray:
        """R, shape (3, 3)."""
        return rotation_from_quat(self.quat_xyzw)

    def __matmul__(self, other: Pose3) -> Pose3:
        """Compose: ``a_from_c = a_from_b @ b_from_c``."""
        return Pose3(
            self.rotation() @ other.translation_m + self.translation_m,
            quat_multiply(self.quat_xyzw, other.quat_xyzw),
        )

    def inverse(self) -> Pose3:
        """``b_from_a`` of an ``a_from_b``."""
        quat = self.quat_xyzw * (-1.0, -1.0, -1.0, 1.0)
        return Pose3(-(rotation_from_quat(quat) @ self.translation_m), quat)

    def transform_points(self, points_m: FloatArray) -> FloatArray:
        """Points given in ``b``, seen from ``a``.

        Args:
            points_m: shape (n, 3), or one point of shape (3,), in ``b``.

        Raises:
            ShapeError: the last axis is not three long.
        """
        points = np.asarray(points_m, dtype=np.float64)
        if points.ndim not in (1, 2) or points.shape[-1] != 3:
            raise ShapeError(f'points_m has shape {points.shape}; expected (n, 3) or (3,)')
        moved: FloatArray = points @ self.rotation().T + self.translation_m
        return moved

    def interpolate(self, other: Pose3, fraction: float) -> Pose3:
        """The pose at a fraction of the way: translation on a line, turn at a steady rate."""
        return Pose3(
            self.translation_m + fraction * (other.translation_m - self.translation_m),
            slerp(self.quat_xyzw, other.quat_xyzw, fraction),
        )

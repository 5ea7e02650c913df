# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Rigid motions of the plane, SE(2)."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.errors import ShapeError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class Pose2:
    """A frame ``b`` seen from a frame ``a``: p_a = R(yaw) p_b + (x, y).

    Named ``a_from_b``; the letters touch when poses compose:
    ``map_from_base = map_from_odom @ odom_from_base``.

    Attributes:
        x_m: origin of ``b`` along x of ``a``.
        y_m: origin of ``b`` along y of ``a``.
        yaw_rad: turn from x of ``a`` to x of ``b``, counter-clockwise, kept in (-pi, pi].
    """

    x_m: float
    y_m: float
    yaw_rad: float

    def __post_init__(self) -> None:
        object.__setattr__(self, 'yaw_rad', wrap_angle(float(self.yaw_rad)))

    @staticmethod
    def identity() -> Pose2:
        """The frame itself."""
        return Pose2(0.0, 0.0, 0.0)

    @staticmethod
    def exp(
        forward_m_s: float, yaw_rate_rad_s: float, duration_s: float, left_m_s: float = 0.0
    ) -> Pose2:
        """Where a body gets to under a constant body twist: the exact arc, a line without turn.

        Args:
            forward_m_s: speed along the body's x.
            yaw_rate_rad_s: counter-clockwise.
            duration_s: how long the twist lasts; negative goes back in time.
            left_m_s: speed along the body's y, zero for a vehicle that does not slip.

        Returns:
            ``start_from_end``.
        Source: Lynch and Park (2017), Modern Robotics, section 13.4; key ``lynch2017``.
        """
        turn_rad = yaw_rate_rad_s * duration_s
        half_rad = 0.5 * turn_rad
        # The mean over the arc of cos and sin of the turn; (1 - cos) / turn without cancellation.
        mean_cosine = math.sin(turn_rad) / turn_rad if turn_rad != 0.0 else 1.0
        mean_sine = math.sin(half_rad) ** 2 / half_rad if half_rad != 0.0 else 0.0
        forward_m, left_m = forward_m_s * duration_s, left_m_s * duration_s
        return Pose2(
            mean_cosine * forward_m - mean_sine * left_m,
            mean_sine * forward_m + mean_cosine * left_m,
            turn_rad,
        )

    def __matmul__(self, other: Pose2) -> Pose2:
        """Compose: ``a_from_c = a_from_b @ b_from_c``."""
        cosine, sine = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return Pose2(
            self.x_m + cosine * other.x_m - sine * other.y_m,
            self.y_m + sine * other.x_m + cosine * other.y_m,
            self.yaw_rad + other.yaw_rad,
        )

    def inverse(self) -> Pose2:
        """``b_from_a`` of an ``a_from_b``."""
        cosine, sine = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return Pose2(
            -cosine * self.x_m - sine * self.y_m,
            sine * self.x_m - cosine * self.y_m,
            -self.yaw_rad,
        )

    def rotation(self) -> FloatArray:
        """R(yaw), shape (2, 2)."""
        cosine, sine = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return np.array(((cosine, -sine), (sine, cosine)))

    def transform_points(self, points_m: FloatArray) -> FloatArray:
        """Points given in ``b``, seen from ``a``.

        Args:
            points_m: shape (n, 2), or one point of shape (2,), in ``b``.

        Raises:
            ShapeError: the last axis is not two long.
        """
        points = np.asarray(points_m, dtype=np.float64)
        if points.ndim not in (1, 2) or points.shape[-1] != 2:
            raise ShapeError(f'points_m has shape {points.shape}; expected (n, 2) or (2,)')
        moved: FloatArray = points @ self.rotation().T + (self.x_m, self.y_m)
        return moved

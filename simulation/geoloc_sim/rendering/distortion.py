# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lens distortion of ``sensor_msgs/CameraInfo``'s ``plumb_bob`` model, both ways.

Normalised coordinates are x / z (right) and y / z (down) of the optical frame:

    x' = x L(r) + 2 p1 x y + p2 (r^2 + 2 x^2),    y' = y L(r) + p1 (r^2 + 2 y^2) + 2 p2 x y,
    L(r) = 1 + k1 r^2 + k2 r^4 + k3 r^6.

Source: Brown (1966), "Decentering distortion of lenses", in OpenCV's order k1, k2, p1, p2, k3.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.errors import SettingError
from geoloc_ros.types import FloatArray

_NEWTON_STEPS = 6
_TOLERANCE = 1e-9  # of normalised coordinates; 1e-6 px at a focal length of 1000 px
_TABLE = 4096


@dataclasses.dataclass(frozen=True, slots=True)
class Distortion:
    """Coefficients of the ``plumb_bob`` model; all zero is a perfect lens."""

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0

    def is_none(self) -> bool:
        """Whether the lens is perfect."""
        return self == Distortion()

    def radius_limit(self) -> float:
        """Normalised radius up to which the model is one to one; inf where it always is.

        Beyond it a polynomial that bends inwards folds the outside back into the picture.
        """
        roots = np.roots((7.0 * self.k3, 5.0 * self.k2, 3.0 * self.k1, 1.0))
        squares = roots.real[(np.abs(roots.imag) < 1e-12) & (roots.real > 0.0)]
        return math.sqrt(float(squares.min())) if squares.size else math.inf

    def distort(self, points: FloatArray) -> FloatArray:
        """Where the lens puts normalised coordinates, shape (n, 2)."""
        x, y = points[:, 0], points[:, 1]
        square = x * x + y * y
        radial = 1.0 + square * (self.k1 + square * (self.k2 + square * self.k3))
        return np.column_stack(
            (
                x * radial + 2.0 * self.p1 * x * y + self.p2 * (square + 2.0 * x * x),
                y * radial + self.p1 * (square + 2.0 * y * y) + 2.0 * self.p2 * x * y,
            )
        )

    def undistort(self, points: FloatArray) -> FloatArray:
        """The normalised coordinates that the lens puts at ``points``, shape (n, 2).

        Raises:
            SettingError: the lens never reaches some of them, or only by folding.
        """
        if self.is_none():
            return points
        guess = points * self._radial_scale(points)[:, None]
        for _ in range(_NEWTON_STEPS):
            guess = guess - self._newton_step(guess, points)
        residual = float(np.abs(self.distort(guess) - points).max(initial=0.0))
        radius = float(np.hypot(guess[:, 0], guess[:, 1]).max(initial=0.0))
        if not (residual < _TOLERANCE and radius <= self.radius_limit()):
            raise SettingError(
                f'{self} cannot be undone to the edge of the picture (left over {residual:.3g}); '
                'expected a lens that maps one to one; use a smaller picture or other coefficients'
            )
        return guess

    def _radial_scale(self, points: FloatArray) -> FloatArray:
        """Undistorted over distorted radius by the radial part alone, shape (n,)."""
        wanted = np.hypot(points[:, 0], points[:, 1])
        largest = float(wanted.max(initial=0.0))
        limit = self.radius_limit()
        radius = np.linspace(0.0, min(limit, 1.0 + 4.0 * largest), _TABLE)
        square = radius**2
        bent = radius * (1.0 + square * (self.k1 + square * (self.k2 + square * self.k3)))
        if largest > bent[-1] * 1.2:
            raise SettingError(
                f'{self} reaches a normalised radius of {bent[-1]:.3f}; expected the corner of '
                f'the picture, {largest:.3f}; use a smaller picture or other coefficients'
            )
        found = np.interp(wanted, bent, radius)
        return np.divide(found, wanted, out=np.ones_like(wanted), where=wanted > 1e-12)

    def _newton_step(self, guess: FloatArray, wanted: FloatArray) -> FloatArray:
        """Newton's step of ``distort(guess) = wanted``, shape (n, 2)."""
        x, y = guess[:, 0], guess[:, 1]
        square = x * x + y * y
        radial = 1.0 + square * (self.k1 + square * (self.k2 + square * self.k3))
        slope = 2.0 * (self.k1 + square * (2.0 * self.k2 + square * 3.0 * self.k3))
        dx_dx = radial + x * x * slope + 2.0 * self.p1 * y + 6.0 * self.p2 * x
        dx_dy = x * y * slope + 2.0 * self.p1 * x + 2.0 * self.p2 * y
        dy_dy = radial + y * y * slope + 6.0 * self.p1 * y + 2.0 * self.p2 * x
        error = self.distort(guess) - wanted
        determinant = dx_dx * dy_dy - dx_dy * dx_dy
        determinant = np.where(np.abs(determinant) < 1e-9, np.nan, determinant)
        return np.column_stack(
            (
                (dy_dy * error[:, 0] - dx_dy * error[:, 1]) / determinant,
                (dx_dx * error[:, 1] - dx_dy * error[:, 0]) / determinant,
            )
        )

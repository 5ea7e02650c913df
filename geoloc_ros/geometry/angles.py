# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Angles as points on a circle: wrapping, differences, means and spreads; radians."""

from __future__ import annotations

import math
from typing import overload

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.types import FloatArray

#: Variance of an angle that may be anything: uniform over the circle, rad^2.
UNIFORM_VARIANCE_RAD2 = math.pi**2 / 3.0


@overload
def wrap_angle(angle_rad: float) -> float: ...
@overload
def wrap_angle(angle_rad: FloatArray) -> FloatArray: ...
def wrap_angle(angle_rad: float | FloatArray) -> float | FloatArray:
    """The same direction in (-pi, pi], for one angle or an array of any shape.

    No rounding is added: an angle already there comes back bit for bit, -pi becomes pi, and
    whole turns of ``2.0 * math.pi`` vanish exactly. What is not finite becomes NaN.
    """
    if isinstance(angle_rad, np.ndarray):
        with np.errstate(invalid='ignore'):
            rest = np.fmod(angle_rad, math.tau)
        # Sterbenz: both differences are exact, as |rest| lies within [pi, 2 pi] there.
        rest = np.where(rest > math.pi, rest - math.tau, rest)
        return np.where(rest <= -math.pi, rest + math.tau, rest)
    if not math.isfinite(angle_rad):
        return math.nan
    wrapped = math.remainder(angle_rad, math.tau)
    return math.pi if wrapped <= -math.pi else wrapped


@overload
def angle_difference(to_rad: float, from_rad: float) -> float: ...
@overload
def angle_difference(to_rad: FloatArray, from_rad: float | FloatArray) -> FloatArray: ...
def angle_difference(
    to_rad: float | FloatArray, from_rad: float | FloatArray
) -> float | FloatArray:
    """The shorter turn that leads from one angle to another, in (-pi, pi]; ccw is positive."""
    return wrap_angle(to_rad - from_rad)


def circular_mean(angles_rad: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Direction of the weighted mean of unit vectors, in (-pi, pi].

    Where the vectors cancel there is no mean direction, and the result says nothing:
    ``circular_variance`` is then near pi^2 / 3.

    Args:
        angles_rad: shape (n,), n >= 1.
        weights: shape (n,), not negative, any positive sum; ``None`` for equal ones.

    Raises:
        MeasurementError: the weights are negative, not finite or sum to zero.
        ShapeError: no angles, or shapes that disagree.
    Source: Mardia and Jupp (2000), section 2.2; key ``mardia2000``.
    """
    angles, shares = _weighted(angles_rad, weights)
    return wrap_angle(math.atan2(float(shares @ np.sin(angles)), float(shares @ np.cos(angles))))


def circular_variance(angles_rad: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Weighted mean square of the turns away from the circular mean, rad^2.

    For a narrow set this is the ordinary variance (divided by n, not n - 1). It is capped at
    pi^2 / 3, the variance of a heading of which nothing is known.

    Args:
        angles_rad: shape (n,), n >= 1.
        weights: shape (n,), not negative, any positive sum; ``None`` for equal ones.

    Raises:
        MeasurementError: the weights are negative, not finite or sum to zero.
        ShapeError: no angles, or shapes that disagree.
    """
    angles, shares = _weighted(angles_rad, weights)
    mean_rad = math.atan2(float(shares @ np.sin(angles)), float(shares @ np.cos(angles)))
    turns = wrap_angle(angles - mean_rad)
    return min(float(shares @ turns**2), UNIFORM_VARIANCE_RAD2)


def _weighted(
    angles_rad: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """The angles, and weights that sum to one, as checked arrays."""
    angles = np.asarray(angles_rad, dtype=np.float64)
    if angles.ndim != 1 or angles.size == 0:
        raise ShapeError(f'angles_rad has shape {angles.shape}; expected (n,) with n >= 1')
    if weights is None:
        return angles, np.full(angles.size, 1.0 / angles.size)
    shares = np.asarray(weights, dtype=np.float64)
    if shares.shape != angles.shape:
        raise ShapeError(f'weights have shape {shares.shape}; expected {angles.shape}')
    total = float(shares.sum())
    if not (0.0 < total < math.inf) or float(shares.min()) < 0.0:
        raise MeasurementError(
            f'weights sum to {total} with smallest {float(shares.min())}; expected finite '
            'weights >= 0 with a positive sum; normalise them from log-weights less their maximum'
        )
    return angles, shares / total

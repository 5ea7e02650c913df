# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Covariance matrices: checks, ROS order, error ellipses."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.geometry.angles import UNIFORM_VARIANCE_RAD2
from geoloc_ros.types import FloatArray

#: Variance stated in a ROS pose for a height that nobody estimates (1 km, one sigma).
UNKNOWN_HEIGHT_VARIANCE_M2 = 1.0e6
#: Variance stated in a ROS pose for a roll or pitch that nobody estimates.
UNKNOWN_ANGLE_VARIANCE_RAD2 = UNIFORM_VARIANCE_RAD2
#: Asymmetry, as a share of the largest entry, that passes for rounding (float32 senders).
SYMMETRY_TOLERANCE = 1.0e-5

#: Places of (x, y, yaw) among ROS's (x, y, z, rotation about X, about Y, about Z); REP-103.
_PLANAR_PLACES = np.array((0, 1, 5))


def symmetrise(matrix: FloatArray) -> FloatArray:
    """The mean of a square matrix and its transpose, any leading shape."""
    return 0.5 * (matrix + np.swapaxes(matrix, -1, -2))


def is_positive_definite(matrix: FloatArray) -> bool:
    """Whether a symmetric matrix is positive definite (its Cholesky factor exists)."""
    if not np.isfinite(matrix).all():
        return False
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def check_covariance(covariance: npt.ArrayLike, size: int, name: str = 'covariance') -> FloatArray:
    """The covariance as a symmetric float64 array, or an error that says what is wrong with it.

    Nothing is repaired: asymmetry up to rounding (``SYMMETRY_TOLERANCE``) alone is averaged out.

    Args:
        covariance: shape (size, size).
        size: number of components.
        name: what to call it in the error.

    Raises:
        MeasurementError: not finite, a variance not positive, asymmetric, or not positive
            definite.
        ShapeError: another shape.
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.shape != (size, size):
        raise ShapeError(f'{name} has shape {matrix.shape}; expected ({size}, {size})')
    trouble = _trouble(matrix)
    if trouble:
        raise MeasurementError(
            f'{name} {matrix.tolist()} {trouble}; expected a finite, symmetric, positive '
            'definite matrix; mend its sender or configure the variance instead'
        )
    return symmetrise(matrix)


def _trouble(matrix: FloatArray) -> str:
    """What keeps a square matrix from being a covariance; empty when nothing does."""
    if not np.isfinite(matrix).all():
        return 'is not finite'
    variances = np.diag(matrix)
    if (variances <= 0.0).any():
        return f'has the variance {variances.min()} in row {int(variances.argmin())}'
    asymmetry = float(np.abs(matrix - matrix.T).max())
    if asymmetry > SYMMETRY_TOLERANCE * float(np.abs(matrix).max()):
        return f'is asymmetric by {asymmetry}'
    # Scaled to correlations first, so that square metres beside square radians do no harm.
    sigma = np.sqrt(variances)
    if not is_positive_definite(symmetrise(matrix / np.outer(sigma, sigma))):
        return 'is not positive definite (a correlation is 1 or more)'
    return ''


def ros_covariance_from_planar(
    planar: FloatArray,
    height_variance_m2: float = UNKNOWN_HEIGHT_VARIANCE_M2,
    tilt_variance_rad2: float = UNKNOWN_ANGLE_VARIANCE_RAD2,
) -> FloatArray:
    """Pose covariance in ROS order from one over (x, y, yaw).

    Args:
        planar: shape (3, 3), m^2, m rad, rad^2.
        height_variance_m2: stated for z, which a planar filter does not know.
        tilt_variance_rad2: stated for roll and pitch alike.

    Returns:
        Shape (6, 6), order x, y, z, rotation about X, about Y, about Z; ``ravel()`` is the
        ``covariance`` field of a message.

    Raises:
        ShapeError: ``planar`` is not (3, 3).
    Source: REP-103, "Covariance Representation"; key ``rep103``.
    """
    if planar.shape != (3, 3):
        raise ShapeError(f'planar covariance has shape {planar.shape}; expected (3, 3)')
    full = np.diag((0.0, 0.0, height_variance_m2, tilt_variance_rad2, tilt_variance_rad2, 0.0))
    full[np.ix_(_PLANAR_PLACES, _PLANAR_PLACES)] = planar
    return full


def planar_from_ros_covariance(covariance: npt.ArrayLike) -> FloatArray:
    """Covariance over (x, y, yaw), shape (3, 3), of a ROS pose covariance.

    Args:
        covariance: the 36 numbers of a message, flat in row order or as (6, 6).

    Raises:
        ShapeError: there are not 36 numbers.
    Source: REP-103, "Covariance Representation"; key ``rep103``.
    """
    full = np.asarray(covariance, dtype=np.float64)
    if full.shape not in ((36,), (6, 6)):
        raise ShapeError(f'pose covariance has shape {full.shape}; expected (36,) or (6, 6)')
    planar: FloatArray = full.reshape(6, 6)[np.ix_(_PLANAR_PLACES, _PLANAR_PLACES)]
    return planar


@dataclasses.dataclass(frozen=True, slots=True)
class Ellipse:
    """An error ellipse.

    Attributes:
        semi_major_m: half the long axis.
        semi_minor_m: half the short axis.
        orientation_rad: turn from x to the long axis, counter-clockwise, in (-pi/2, pi/2].
    """

    semi_major_m: float
    semi_minor_m: float
    orientation_rad: float


def error_ellipse(covariance_m2: FloatArray, probability: float) -> Ellipse:
    """The ellipse that holds a two-dimensional Gaussian with a given probability.

    The semi-axes are sqrt(q lambda) with q = -2 ln(1 - probability), the quantile of
    chi-square with two degrees of freedom: 0.3935 is "one sigma", 0.95 is 2.448 sigma.

    Args:
        covariance_m2: shape (2, 2), positive semidefinite.
        probability: inside (0, 1).

    Raises:
        MeasurementError: not finite or with a negative eigenvalue, or ``probability`` outside
            (0, 1).
        ShapeError: the covariance is not (2, 2).
    """
    if covariance_m2.shape != (2, 2):
        raise ShapeError(f'covariance_m2 has shape {covariance_m2.shape}; expected (2, 2)')
    if not 0.0 < probability < 1.0:
        raise MeasurementError(f'probability is {probability}; expected a number inside (0, 1)')
    xx, yy = float(covariance_m2[0, 0]), float(covariance_m2[1, 1])
    xy = 0.5 * float(covariance_m2[0, 1] + covariance_m2[1, 0])
    middle, radius = 0.5 * (xx + yy), math.hypot(0.5 * (xx - yy), xy)
    smaller = middle - radius
    if not (math.isfinite(radius) and smaller >= -1e-12 * middle and middle >= 0.0):
        raise MeasurementError(
            f'covariance {covariance_m2.tolist()} has an eigenvalue {smaller}; expected finite '
            'eigenvalues >= 0; check the covariance before drawing it'
        )
    quantile = -2.0 * math.log1p(-probability)
    return Ellipse(
        math.sqrt(quantile * (middle + radius)),
        math.sqrt(quantile * max(smaller, 0.0)),
        0.5 * math.atan2(2.0 * xy, xx - yy),
    )

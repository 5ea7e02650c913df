# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A cloud of weighted particles and its moments.

Columns are the rows of one float64 array: x, y (metres in ``map``), yaw (radians, a circle),
speed (m/s) and, in the robust preset, distance scale and yaw-rate bias (rad/s). Positions are
double precision throughout; only noise and the sines inside a step are single (1e-7 relative).
An array that a cloud holds is never written again, so clouds may be kept and shared for nothing.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.filters.particle_backend import ParticleKernels
from geoloc_ros.geometry.angles import UNIFORM_VARIANCE_RAD2
from geoloc_ros.types import FloatArray, StateBatch

X_ROW, Y_ROW, YAW_ROW, SPEED_ROW, SCALE_ROW, BIAS_ROW = range(6)
PAPER_ROWS, ROBUST_ROWS = 4, 6

_TWO_PI = 2.0 * np.pi


@dataclasses.dataclass(frozen=True, slots=True)
class ParticleCloud:
    """Weighted samples of the state.

    Attributes:
        columns: shape (4 or 6, n).
        log_weights: shape (n,), scaled so that the largest is near zero; -inf = discarded;
            ``None`` = all alike.
    """

    columns: FloatArray
    log_weights: FloatArray | None = None

    @property
    def count(self) -> int:
        """Number of particles."""
        return int(self.columns.shape[1])

    @property
    def states(self) -> StateBatch:
        """The particles as observations want them; views, not to be written."""
        return StateBatch(*self.columns[:4])

    def weights(self) -> FloatArray:
        """Weights that sum to one, shape (n,)."""
        if self.log_weights is None:
            return np.full(self.count, 1.0 / self.count)
        weights = np.exp(self.log_weights)
        weights /= weights.sum()
        return weights

    def reweighted(self, log_likelihood: FloatArray) -> ParticleCloud | None:
        """The cloud with each weight multiplied by exp(log_likelihood).

        Returns:
            The new cloud, or ``None`` when no particle would keep a weight.
        """
        total = log_likelihood
        if self.log_weights is not None:
            total = self.log_weights + log_likelihood
        highest = total.max()
        if not math.isfinite(highest):
            return None
        return ParticleCloud(self.columns, total - highest)


def effective_sample_size(weights: FloatArray) -> float:
    """1 / sum w^2 of weights that sum to one: n when equal, 1 when one has all."""
    return float(1.0 / np.einsum('i,i', weights, weights))


def wrap(angle_rad: FloatArray) -> FloatArray:
    """Angles brought to [-pi, pi)."""
    return np.asarray(angle_rad - _TWO_PI * np.floor((angle_rad + np.pi) / _TWO_PI))


def circular_mean(yaw_rad: FloatArray) -> float:
    """Direction of the sum of unit vectors, in (-pi, pi], to single precision."""
    narrow = yaw_rad.astype(np.float32)
    return math.atan2(float(np.sin(narrow).sum()), float(np.cos(narrow).sum()))


def moments(
    columns: FloatArray, weights: FloatArray, kernels: ParticleKernels
) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and covariance, yaw taken on the circle.

    Args:
        columns: shape (k, n).
        weights: shape (n,), summing to one.
        kernels: code to run.

    Returns:
        Mean, shape (k,), yaw its circular mean; covariance, shape (k, k), with yaw deviations
        wrapped about that mean and their variance at most pi^2 / 3.
    """
    mean, covariance = kernels.moments(columns, weights)
    _bound_yaw_variance(covariance)
    return mean, covariance


def medians_and_covariance(
    columns: FloatArray, kernels: ParticleKernels
) -> tuple[FloatArray, FloatArray]:
    """Median of each row and covariance of particles of equal weight.

    Args:
        columns: shape (k, n).
        kernels: code to run.

    Returns:
        Medians, shape (k,); for yaw, of the deviations from its circular mean (away from the
        border at pi, the plain median of the yaw). Covariance, shape (k, k), as of ``moments``.
    """
    rows, centre, covariance = kernels.centred(columns)
    _bound_yaw_variance(covariance)
    count = columns.shape[1]
    middle = count // 2
    rows.partition(middle, axis=1)  # one rank: numpy has vector code for that alone
    result = rows[:, middle].copy()
    if count % 2 == 0:
        result += rows[:, :middle].max(axis=1)
        result *= 0.5
    result += centre
    result[YAW_ROW] = math.remainder(result[YAW_ROW], 2.0 * math.pi)
    return result, covariance


def _bound_yaw_variance(covariance: FloatArray) -> None:
    """Shrink yaw's row and column, in place, to at most the variance of the circle."""
    if covariance[YAW_ROW, YAW_ROW] > UNIFORM_VARIANCE_RAD2:
        shrink = np.sqrt(UNIFORM_VARIANCE_RAD2 / covariance[YAW_ROW, YAW_ROW])
        covariance[YAW_ROW, :] *= shrink
        covariance[:, YAW_ROW] *= shrink


def normal_columns(
    normals: FloatArray, mean_m: FloatArray, covariance_m2: FloatArray
) -> FloatArray:
    """Positions drawn from a Gaussian, shape (2, n); the covariance may be singular.

    Args:
        normals: N(0, 1) numbers, shape (2, n).
        mean_m: shape (2,) or (2, n).
        covariance_m2: shape (2, 2).
    """
    variances, axes = np.linalg.eigh(covariance_m2)
    root = axes * np.sqrt(np.maximum(variances, 0.0))
    mean = mean_m if mean_m.ndim == 2 else mean_m[:, None]
    return np.asarray(mean + root @ normals, dtype=np.float64)


def display_poses(cloud: ParticleCloud, count: int) -> FloatArray:
    """Up to ``count`` poses (x, y, yaw) spread evenly over the weights, shape (m, 3)."""
    size = min(max(count, 0), cloud.count)
    edges = np.cumsum(cloud.weights())
    marks = (np.arange(size) + 0.5) * (edges[-1] / max(size, 1))
    chosen = np.minimum(np.searchsorted(edges, marks), cloud.count - 1)
    return np.ascontiguousarray(cloud.columns[:3, chosen].T)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Gaussians that share the circle while a heading is unknown (a Gaussian sum over yaw)."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.geometry.angles import UNIFORM_VARIANCE_RAD2, wrap_angle
from geoloc_ros.types import YAW, FloatArray

_NEGLIGIBLE_WEIGHT = 1e-4


@dataclasses.dataclass(frozen=True, slots=True)
class GaussianSum:
    """K weighted Gaussians over n states, yaw in column ``YAW`` taken as an angle.

    Attributes:
        means: shape (K, n).
        covariances: shape (K, n, n).
        weights: shape (K,), summing to one.
    """

    means: FloatArray
    covariances: FloatArray
    weights: FloatArray

    @property
    def size(self) -> int:
        """Number of Gaussians."""
        return int(self.weights.shape[0])

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean, shape (n,), and covariance, shape (n, n), of the whole mixture.

        Yaw is averaged on the circle, and its variance is at most that of a uniform angle.
        """
        if self.size == 1:
            mean, covariance = self.means[0], self.covariances[0]
        else:
            mean = self.weights @ self.means
            yaws = self.means[:, YAW]
            mean[YAW] = math.atan2(self.weights @ np.sin(yaws), self.weights @ np.cos(yaws))
            offsets = self.means - mean
            offsets[:, YAW] = wrap_angle(offsets[:, YAW])
            spread = (self.weights[:, None] * offsets).T @ offsets
            covariance = np.tensordot(self.weights, self.covariances, axes=1) + spread
        return mean, _with_yaw_capped(covariance)

    def yaw_sigma_rad(self) -> float:
        """Standard deviation of the heading over the whole mixture."""
        return math.sqrt(float(self.moments()[1][YAW, YAW]))

    def merged(self) -> GaussianSum:
        """One Gaussian with the mixture's moments."""
        mean, covariance = self.moments()
        return GaussianSum(mean[None], covariance[None], np.ones(1))

    def reweighted(self, log_likelihoods: FloatArray) -> GaussianSum:
        """Weights times likelihoods, normalised; hopeless Gaussians are dropped."""
        log_weights = np.log(self.weights) + log_likelihoods
        weights = np.exp(log_weights - np.max(log_weights))
        weights /= weights.sum()
        keep = weights > _NEGLIGIBLE_WEIGHT
        kept = weights[keep] / weights[keep].sum()
        return GaussianSum(self.means[keep], self.covariances[keep], kept)


def around_the_circle(mean: FloatArray, covariance: FloatArray, count: int) -> GaussianSum:
    """``count`` equal Gaussians whose headings cover the circle evenly.

    Each has the standard deviation of half its share of the circle, so the sum is flat to 3 %.

    Args:
        mean: shape (n,); its yaw is ignored.
        covariance: shape (n, n); its yaw row and column are ignored.
        count: number of Gaussians.
    """
    means = np.repeat(mean[None], count, axis=0)
    means[:, YAW] = wrap_angle(np.linspace(0.0, 2.0 * math.pi, count, endpoint=False))
    one = covariance.copy()
    one[YAW, :] = 0.0
    one[:, YAW] = 0.0
    one[YAW, YAW] = (math.pi / count) ** 2
    return GaussianSum(means, np.repeat(one[None], count, axis=0), np.full(count, 1.0 / count))


def joined(first: GaussianSum, second: GaussianSum, first_weight: float) -> GaussianSum:
    """Mixture of two mixtures, the first weighing ``first_weight``."""
    return GaussianSum(
        np.concatenate([first.means, second.means]),
        np.concatenate([first.covariances, second.covariances]),
        np.concatenate([first.weights * first_weight, second.weights * (1.0 - first_weight)]),
    )


def _with_yaw_capped(covariance: FloatArray) -> FloatArray:
    variance = covariance[YAW, YAW]
    if variance <= UNIFORM_VARIANCE_RAD2:
        return covariance
    shrink = np.ones(covariance.shape[0])
    shrink[YAW] = math.sqrt(UNIFORM_VARIANCE_RAD2 / variance)
    return np.asarray(covariance * np.outer(shrink, shrink))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Gating on the normalised innovation squared, and the memory of repeated rejections."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
from scipy import stats

from geoloc_ros.errors import ShapeError
from geoloc_ros.types import FloatArray, PositionObservation, seconds_between


@dataclasses.dataclass(frozen=True, slots=True)
class GateResult:
    """NIS of an innovation, the threshold it was held against, and the verdict."""

    nis: float
    threshold: float
    accepted: bool


@functools.lru_cache(maxsize=64)
def chi_square_threshold(probability: float, dimension: int) -> float:
    """Quantile of the chi-square distribution with ``dimension`` degrees of freedom."""
    return float(stats.chi2.ppf(probability, dimension))


def normalised_innovation_squared(
    innovation: FloatArray, innovation_covariance: FloatArray
) -> float:
    """NIS = y^T S^-1 y (a squared quantity, in no unit).

    Args:
        innovation: y, shape (m,), angles wrapped.
        innovation_covariance: S = H P H^T + R, shape (m, m), positive definite.

    Raises:
        ShapeError: innovation and covariance disagree.
    """
    dimension = innovation.shape[0]
    if innovation_covariance.shape != (dimension, dimension):
        raise ShapeError(
            f'innovation covariance has shape {innovation_covariance.shape}; expected '
            f'({dimension}, {dimension}) for an innovation of shape {innovation.shape}'
        )
    return float(innovation @ np.linalg.solve(innovation_covariance, innovation))


def gate(
    innovation: FloatArray, innovation_covariance: FloatArray, probability: float
) -> GateResult:
    """Accept a measurement when its normalised innovation squared is plausible.

    NIS = y^T S^-1 y follows chi-square(m) when the filter is consistent.

    Args:
        innovation: y = z - h(x), shape (m,), measurement units, angles wrapped to (-pi, pi].
        innovation_covariance: S = H P H^T + R, shape (m, m), symmetric positive definite.
        probability: share of valid measurements to accept, in (0, 1).

    Raises:
        ShapeError: innovation and covariance disagree.

    Source: Bar-Shalom, Li, Kirubarajan 2001, section 5.4.
    """
    nis = normalised_innovation_squared(innovation, innovation_covariance)
    threshold = chi_square_threshold(probability, innovation.shape[0])
    return GateResult(nis, threshold, nis <= threshold)


@dataclasses.dataclass(frozen=True, slots=True)
class RejectionStreak:
    """Position fixes rejected one after another that agree with each other.

    One bad fix is an outlier; several in a row that tell the same story mean that the filter is
    wrong (a kidnapped robot, a wrong start), and it starts anew from them.
    """

    count: int = 0
    last: PositionObservation | None = None

    def extended(self, rejected: PositionObservation, speed_m_s: float) -> RejectionStreak:
        """The streak with one more rejected fix, or a new one when they disagree.

        Two fixes agree when they lie no further apart than 3 sigma of their difference plus what
        the vehicle can have driven (1.5 times its speed estimate plus 2 m/s).
        """
        if self.last is None or not _agree(self.last, rejected, speed_m_s):
            return RejectionStreak(1, rejected)
        return RejectionStreak(self.count + 1, rejected)


def _agree(first: PositionObservation, second: PositionObservation, speed_m_s: float) -> bool:
    if first.antenna_enu_m is None or second.antenna_enu_m is None:
        return False
    apart_m = float(np.hypot(*(second.antenna_enu_m - first.antenna_enu_m)))
    sigma_m = math.sqrt(float(np.linalg.eigvalsh(first.covariance_m2 + second.covariance_m2)[-1]))
    elapsed_s = seconds_between(first.stamp_ns, second.stamp_ns)
    return apart_m <= 3.0 * sigma_m + (1.5 * abs(speed_m_s) + 2.0) * elapsed_s

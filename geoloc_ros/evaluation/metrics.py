# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How far a trajectory is from the truth, how often it is there, and how honest it is.

All position errors are horizontal distances. Errors count every stamp after the first fix:
nothing is left out because a filter was lost or still settling.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.evaluation.trajectory import (
    DEFAULT_MAX_GAP_S,
    StampArray,
    Trajectory,
    moved_to_point,
    sample_at,
)
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class Statistics:
    """Mean, median, percentiles (linear interpolation between ranks) and maximum of a sample."""

    mean: float
    median: float
    p90: float
    p95: float
    p99: float
    max: float

    @staticmethod
    def of(values: FloatArray) -> Statistics | None:
        """Statistics of the values that are not NaN; ``None`` when there are none."""
        known = values[~np.isnan(values)]
        if len(known) == 0:
            return None
        median, p90, p95, p99 = np.percentile(known, [50.0, 90.0, 95.0, 99.0])
        return Statistics(
            float(np.mean(known)),
            float(median),
            float(p90),
            float(p95),
            float(p99),
            float(np.max(known)),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class TrajectoryMetrics:
    """One row of a report.

    Attributes:
        name: the trajectory's name.
        source: what the trajectory is, in words.
        samples: how many raw-fix stamps ``position_error_m`` is made of.
        own_samples: how many samples the trajectory itself has.
        availability: share of the raw fixes' stamps after the first fix at which the trajectory
            has a value, 0 to 1.
        position_error_m: horizontal error at the raw fixes' stamps; ``None`` without truth.
        position_error_own_stamps_m: the same at the trajectory's own stamps.
        yaw_error_deg: absolute heading error at own stamps.
        nees_mean: mean of e' P^-1 e over (east, north) at own stamps; a consistent estimate
            gives 2, its number of dimensions. More is over-confident, less over-cautious.
        latency_ms: from measurement to estimate, where it was recorded.
        difference_to_raw_m: horizontal distance to the raw fix at its stamp; all that can be
            said of a drive without truth.
    """

    name: str
    source: str
    samples: int
    own_samples: int
    availability: float
    position_error_m: Statistics | None
    position_error_own_stamps_m: Statistics | None
    yaw_error_deg: Statistics | None
    nees_mean: float | None
    latency_ms: Statistics | None
    difference_to_raw_m: Statistics | None


def position_errors(
    trajectory: Trajectory,
    truth: Trajectory,
    stamps_ns: StampArray,
    max_gap_s: float = DEFAULT_MAX_GAP_S,
) -> FloatArray:
    """Horizontal distance to the truth at given stamps, shape (m,), NaN where either is missing.

    A trajectory of another point than ``base_link`` (the raw antenna positions) is compared with
    the truth of that point.
    """
    estimate = sample_at(trajectory, stamps_ns, max_gap_s)
    reference = moved_to_point(sample_at(truth, stamps_ns, max_gap_s), trajectory.lever_arm_m)
    difference = estimate.positions_enu_m - reference
    return np.hypot(difference[:, 0], difference[:, 1])


def yaw_errors_deg(
    trajectory: Trajectory, truth: Trajectory, max_gap_s: float = DEFAULT_MAX_GAP_S
) -> FloatArray:
    """Absolute heading error at own stamps in degrees, shape (n,), NaN where unknown."""
    if trajectory.yaw_enu_rad is None:
        return np.full(len(trajectory), np.nan)
    reference = sample_at(truth, trajectory.stamps_ns, max_gap_s).yaw_enu_rad
    return np.rad2deg(np.abs(wrap_angle(trajectory.yaw_enu_rad - reference)))


_MEANINGFUL_VARIANCE_M2 = 1e-6


def position_nees(
    trajectory: Trajectory, truth: Trajectory, max_gap_s: float = DEFAULT_MAX_GAP_S
) -> FloatArray:
    """Normalised estimation error squared e' P^-1 e over (east, north) at own stamps, shape (n,).

    NaN where the truth is missing or the covariance is not positive definite, to a millimetre:
    particles that all start at one point have a covariance of rounding errors, which says nothing.
    """
    nees = np.full(len(trajectory), np.nan)
    if trajectory.covariance is None:
        return nees
    samples = sample_at(truth, trajectory.stamps_ns, max_gap_s)
    error = trajectory.positions_enu_m - moved_to_point(samples, trajectory.lever_arm_m)
    p = trajectory.covariance
    determinant = p[:, 0, 0] * p[:, 1, 1] - p[:, 0, 1] * p[:, 1, 0]
    smallest_m2 = determinant / np.maximum(p[:, 0, 0] + p[:, 1, 1], 1e-300)  # a lower bound
    definite = (p[:, 0, 0] > 0.0) & (smallest_m2 > _MEANINGFUL_VARIANCE_M2)
    east, north = error[definite, 0], error[definite, 1]
    p = p[definite]
    nees[definite] = (
        p[:, 1, 1] * east**2 - (p[:, 0, 1] + p[:, 1, 0]) * east * north + p[:, 0, 0] * north**2
    ) / determinant[definite]
    return nees


def evaluation_stamps(raw: Trajectory) -> StampArray:
    """The raw fixes' stamps after the first fix: no filter can have a value before it."""
    return raw.stamps_ns[1:]


def measure(
    trajectory: Trajectory,
    raw: Trajectory,
    truth: Trajectory | None,
    max_gap_s: float = DEFAULT_MAX_GAP_S,
) -> TrajectoryMetrics:
    """Everything the report says of one trajectory.

    Args:
        trajectory: what to judge.
        raw: the raw fixes, whose stamps are the common yardstick.
        truth: where the vehicle was; ``None`` when nobody knows.
        max_gap_s: longest gap between samples to bridge (truth and trajectory).
    """
    stamps = evaluation_stamps(raw)
    values = sample_at(trajectory, stamps, max_gap_s)
    own = trajectory.subset(trajectory.stamps_ns > raw.stamps_ns[0]) if len(raw) else trajectory
    raw_positions = sample_at(raw, stamps).positions_enu_m
    apart = values.positions_enu_m - raw_positions
    latency = None if own.latency_ms is None else Statistics.of(own.latency_ms)
    available = float(np.mean(values.available)) if len(stamps) else 0.0
    difference = Statistics.of(np.hypot(apart[:, 0], apart[:, 1]))
    errors = np.empty(0)
    at_fixes = at_own = yaw = None
    nees_mean: float | None = None
    if truth is not None:
        errors = position_errors(trajectory, truth, stamps, max_gap_s)
        at_fixes = Statistics.of(errors)
        at_own = Statistics.of(position_errors(own, truth, own.stamps_ns, max_gap_s))
        yaw = Statistics.of(yaw_errors_deg(own, truth, max_gap_s))
        nees = position_nees(own, truth, max_gap_s)
        nees_mean = float(np.nanmean(nees)) if np.any(~np.isnan(nees)) else None
    samples = np.sum(~np.isnan(errors)) if truth is not None else np.sum(values.available)
    return TrajectoryMetrics(
        name=trajectory.name,
        source=trajectory.source,
        samples=int(samples),
        own_samples=len(trajectory),
        availability=available,
        position_error_m=at_fixes,
        position_error_own_stamps_m=at_own,
        yaw_error_deg=yaw,
        nees_mean=nees_mean,
        latency_ms=latency,
        difference_to_raw_m=difference,
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A path through space and time, and its value at any instant that it covers."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import EvaluationError, ShapeError
from geoloc_ros.geodesy.ecef import check_geodetic
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray, GeodeticPosition

StampArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Longest stretch without a sample over which a trajectory is interpolated, by default.
DEFAULT_MAX_GAP_S = 1.0
#: Nothing on or about the Earth is farther from a datum on it.
_FARTHEST_M = 1.0e8


@dataclasses.dataclass(frozen=True)
class Trajectory:
    """Positions (and yaw, covariance, latency where known) of one point of the vehicle.

    Attributes:
        name: key in the report, for example ``fused``.
        stamps_ns: shape (n,), strictly increasing, times that the positions hold at.
        positions_enu_m: shape (n, 2), east and north about ``datum``, finite, within 1e8 m.
        datum: origin of the ENU plane, on Earth; its height is the height of the whole trajectory.
        yaw_enu_rad: shape (n,), 0 = east, counter-clockwise, NaN where unknown; or ``None``.
        covariance: shape (n, 3, 3) over (east m, north m, yaw rad); or ``None``.
        latency_ms: shape (n,), NaN where unknown; or ``None``.
        lever_arm_m: the point described, (forward, left) of ``base_link`` (a GNSS antenna).
        source: what this trajectory is, one sentence for the report.
    """

    name: str
    stamps_ns: StampArray
    positions_enu_m: FloatArray
    datum: GeodeticPosition
    yaw_enu_rad: FloatArray | None = None
    covariance: FloatArray | None = None
    latency_ms: FloatArray | None = None
    lever_arm_m: tuple[float, float] = (0.0, 0.0)
    source: str = ''

    def __post_init__(self) -> None:
        count = len(self.stamps_ns)
        self._check_shape('stamps_ns', self.stamps_ns, (count,))
        self._check_shape('positions_enu_m', self.positions_enu_m, (count, 2))
        self._check_shape('yaw_enu_rad', self.yaw_enu_rad, (count,))
        self._check_shape('covariance', self.covariance, (count, 3, 3))
        self._check_shape('latency_ms', self.latency_ms, (count,))
        check_geodetic(self.datum.lat_deg, self.datum.lon_deg, self.datum.alt_m)
        farthest_m = np.max(np.abs(self.positions_enu_m), initial=abs(self.datum.alt_m))
        if not farthest_m < _FARTHEST_M:
            raise EvaluationError(
                f'trajectory {self.name!r} has positions or a height that are not finite, or not '
                f'within {_FARTHEST_M:.0e} m; leave out the samples without a position, and '
                'check the unit'
            )
        if np.any(np.diff(self.stamps_ns) <= 0):
            raise EvaluationError(
                f'stamps of trajectory {self.name!r} do not increase; sort them and drop '
                'duplicates (evaluation.trajectory.in_time_order)'
            )

    def _check_shape(
        self, field: str, array: npt.NDArray[np.generic] | None, expected: tuple[int, ...]
    ) -> None:
        if array is not None and np.shape(array) != expected:
            raise ShapeError(
                f'{field} of trajectory {self.name!r} has shape {np.shape(array)}; '
                f'expected {expected}'
            )

    def __len__(self) -> int:
        return len(self.stamps_ns)

    def elapsed_s(self, origin_ns: int) -> FloatArray:
        """Stamps as seconds since ``origin_ns``, shape (n,)."""
        return np.asarray((self.stamps_ns - origin_ns) / NANOSECONDS_PER_SECOND)

    def subset(self, keep: BoolArray | StampArray) -> Trajectory:
        """The samples that ``keep`` selects (a mask, shape (n,), or increasing indices)."""
        return dataclasses.replace(
            self,
            stamps_ns=self.stamps_ns[keep],
            positions_enu_m=self.positions_enu_m[keep],
            yaw_enu_rad=None if self.yaw_enu_rad is None else self.yaw_enu_rad[keep],
            covariance=None if self.covariance is None else self.covariance[keep],
            latency_ms=None if self.latency_ms is None else self.latency_ms[keep],
        )


@dataclasses.dataclass(frozen=True)
class Samples:
    """A trajectory's values at given instants.

    Attributes:
        available: shape (m,), whether the trajectory has a value there.
        positions_enu_m: shape (m, 2), NaN where not available.
        yaw_enu_rad: shape (m,), in (-pi, pi], NaN where not available or unknown.
    """

    available: BoolArray
    positions_enu_m: FloatArray
    yaw_enu_rad: FloatArray


def in_time_order(stamps_ns: StampArray) -> StampArray:
    """Indices that sort stamps, with only the last of equal ones kept, shape (k,)."""
    order = np.argsort(stamps_ns, kind='stable')
    ordered = stamps_ns[order]
    last_of_equal = np.append(np.diff(ordered) > 0, True)[: len(ordered)]
    return np.asarray(order[last_of_equal], dtype=np.int64)


def sample_at(
    trajectory: Trajectory, stamps_ns: StampArray, max_gap_s: float = DEFAULT_MAX_GAP_S
) -> Samples:
    """Interpolate a trajectory; nothing is extrapolated.

    Position is interpolated linearly, yaw along the shorter arc. At a sample's own stamp its
    value is returned as it is. Before the first sample, after the last, and between samples
    further apart than ``max_gap_s`` the trajectory has no value.

    Args:
        trajectory: what to interpolate; may be empty.
        stamps_ns: shape (m,), in any order.
        max_gap_s: longest gap to bridge.
    """
    count = len(trajectory)
    positions = np.full((len(stamps_ns), 2), np.nan)
    yaws = np.full(len(stamps_ns), np.nan)
    if count == 0:
        return Samples(np.zeros(len(stamps_ns), dtype=np.bool_), positions, yaws)
    before = np.searchsorted(trajectory.stamps_ns, stamps_ns, side='right') - 1
    inside = before >= 0
    before = np.maximum(before, 0)
    exact = inside & (trajectory.stamps_ns[before] == stamps_ns)
    after = np.where(exact, before, np.minimum(before + 1, count - 1))
    gap_ns = trajectory.stamps_ns[after] - trajectory.stamps_ns[before]
    bridged = inside & (after > before) & (gap_ns <= max_gap_s * NANOSECONDS_PER_SECOND)
    available = exact | bridged
    fraction = (stamps_ns - trajectory.stamps_ns[before]) / np.where(gap_ns > 0, gap_ns, 1)
    fraction = np.where(available, fraction, 0.0)
    start, end = trajectory.positions_enu_m[before], trajectory.positions_enu_m[after]
    positions[available] = (start + fraction[:, None] * (end - start))[available]
    if trajectory.yaw_enu_rad is not None:
        first, last = trajectory.yaw_enu_rad[before], trajectory.yaw_enu_rad[after]
        turned = wrap_angle(first + fraction * wrap_angle(last - first))
        yaws[available] = turned[available]
    return Samples(available, positions, yaws)


def moved_to_point(samples: Samples, lever_arm_m: tuple[float, float]) -> FloatArray:
    """Positions of another point of the vehicle than ``base_link``, shape (m, 2).

    Args:
        samples: poses of ``base_link``.
        lever_arm_m: (forward, left) of the point wanted.

    Returns:
        The positions moved by the lever arm; unmoved where the yaw is unknown, which is in error
        by the arm's length at most.
    """
    forward_m, left_m = lever_arm_m
    if forward_m == 0.0 and left_m == 0.0:
        return samples.positions_enu_m
    yaw = samples.yaw_enu_rad
    cosine, sine = np.cos(yaw), np.sin(yaw)
    arm = np.column_stack([cosine * forward_m - sine * left_m, sine * forward_m + cosine * left_m])
    return samples.positions_enu_m + np.where(np.isnan(yaw)[:, None], 0.0, arm)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a simulated drive consists of; immutable, arrays by column."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import ShapeError
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray, GeodeticPosition

StampArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, slots=True)
class TruthTrajectory:
    """True motion of ``base_link``, each array of shape (n,).

    Attributes:
        datum: origin of ``map``.
        stamps_ns: increasing.
        x_m: east in ``map``.
        y_m: north in ``map``.
        yaw_rad: 0 = east, counter-clockwise, not wrapped (so that it interpolates).
        speed_m_s: forward speed.
        yaw_rate_rad_s: counter-clockwise.
    """

    datum: GeodeticPosition
    stamps_ns: StampArray
    x_m: FloatArray
    y_m: FloatArray
    yaw_rad: FloatArray
    speed_m_s: FloatArray
    yaw_rate_rad_s: FloatArray

    def __post_init__(self) -> None:
        names = ('x_m', 'y_m', 'yaw_rad', 'speed_m_s', 'yaw_rate_rad_s')
        for name in names:
            shape = getattr(self, name).shape
            if shape != self.stamps_ns.shape:
                raise ShapeError(
                    f'truth {name} has shape {shape}; expected {self.stamps_ns.shape}, '
                    'one value for each stamp'
                )

    @property
    def duration_s(self) -> float:
        """Time from the first to the last stamp."""
        return float(self.stamps_ns[-1] - self.stamps_ns[0]) / NANOSECONDS_PER_SECOND

    @property
    def length_m(self) -> float:
        """Path length."""
        return float(np.hypot(np.diff(self.x_m), np.diff(self.y_m)).sum())

    def at(self, stamps_ns: StampArray) -> TruthTrajectory:
        """Linear interpolation at other stamps (held beyond the ends)."""
        first_ns = int(self.stamps_ns[0])
        own = (self.stamps_ns - first_ns).astype(np.float64)
        wanted = (stamps_ns - first_ns).astype(np.float64)
        columns = (self.x_m, self.y_m, self.yaw_rad, self.speed_m_s, self.yaw_rate_rad_s)
        return TruthTrajectory(
            self.datum, stamps_ns, *(np.interp(wanted, own, column) for column in columns)
        )


@dataclasses.dataclass(frozen=True, slots=True)
class GnssTrack:
    """What a simulated receiver measured, n epochs.

    Attributes:
        stamps_ns: times of measurement, shape (n,).
        receive_stamps_ns: times the fixes arrive, shape (n,).
        antenna_m: measured antenna position in ``map``, shape (n, 2), east and north.
        has_fix: ``False`` in an outage, shape (n,).
        stated_sigma_m: standard deviation per axis that the receiver claims, shape (n,).
    """

    stamps_ns: StampArray
    receive_stamps_ns: StampArray
    antenna_m: FloatArray
    has_fix: BoolArray
    stated_sigma_m: FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class RateTrack:
    """One measured rate (speed in m/s or yaw rate in rad/s), n samples.

    Attributes:
        stamps_ns: shape (n,).
        values: shape (n,).
        variance: of the white error of one sample, as the source states it.
    """

    stamps_ns: StampArray
    values: FloatArray
    variance: float


@dataclasses.dataclass(frozen=True, slots=True)
class SimulatedDrive:
    """A drive with its truth and what each sensor made of it.

    Attributes:
        name: for reports and bag names.
        truth: of ``base_link``.
        gnss: the receiver.
        wheel_speed: speed from the wheels.
        wheel_yaw_rate: yaw rate of the odometry at the stamps of ``wheel_speed``, if it has one.
        imu_yaw_rate: yaw rate from the gyroscope, if there is one.
        antenna_lever_arm_m: (forward, left) of the antenna in ``base_link``.
    """

    name: str
    truth: TruthTrajectory
    gnss: GnssTrack
    wheel_speed: RateTrack
    wheel_yaw_rate: RateTrack | None
    imu_yaw_rate: RateTrack | None
    antenna_lever_arm_m: tuple[float, float] = (0.0, 0.0)


def regular_stamps(first_ns: int, last_ns: int, rate_hz: float) -> StampArray:
    """Stamps every 1 / rate from the first one, up to and with the last, shape (n,)."""
    count = int((last_ns - first_ns) * rate_hz / NANOSECONDS_PER_SECOND + 1e-6) + 1
    offsets = np.round(np.arange(count) * (NANOSECONDS_PER_SECOND / rate_hz))
    return first_ns + offsets.astype(np.int64)

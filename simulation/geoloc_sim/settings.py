# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What can be chosen of a simulated drive.

The GNSS error defaults are frozen (docs/gnss_error_model.md says what they were matched to):
filters are judged on them, so they are not to be changed to suit one.
"""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class GnssErrorSettings:
    """Parts of the horizontal GNSS error; each sigma is per axis, and the parts add up."""

    constant_sigma_m: float = setting(
        1.0,
        'offset that never changes in one world (map and datum offsets)',
        unit='m',
        minimum=0.0,
    )
    day_sigma_m: float = setting(
        1.5, 'offset of one day (satellites, ionosphere)', unit='m', minimum=0.0
    )
    place_sigma_m: float = setting(
        2.5, 'smooth field over the map, the same every day (buildings)', unit='m', minimum=0.0
    )
    place_length_m: float = setting(
        40.0,
        'correlation length of the field: exp(-d^2 / (2 length^2)) at distance d',
        unit='m',
        minimum=0.1,
    )
    slow_sigma_m: float = setting(
        3.5, 'slowly varying part, first-order Gauss-Markov', unit='m', minimum=0.0
    )
    slow_time_s: float = setting(
        8.0, 'its correlation falls to 1/e in this time', unit='s', minimum=1e-3
    )
    white_sigma_m: float = setting(1.3, 'independent from fix to fix', unit='m', minimum=0.0)
    jump_rate_hz: float = setting(
        1.0 / 90.0, 'multipath jumps that start in one second on average', unit='Hz', minimum=0.0
    )
    jump_sigma_m: float = setting(
        10.0, 'size of a jump per axis, held while it lasts', unit='m', minimum=0.0
    )
    jump_duration_s: float = setting(
        5.0, 'mean (exponential) time a jump lasts', unit='s', minimum=1e-3
    )
    outage_rate_hz: float = setting(
        1.0 / 240.0, 'outages that start in one second on average', unit='Hz', minimum=0.0
    )
    outage_duration_s: float = setting(
        8.0, 'mean (exponential) time an outage lasts', unit='s', minimum=1e-3
    )


@dataclasses.dataclass(frozen=True)
class ReceiverSettings:
    """The simulated receiver beside its errors."""

    error: GnssErrorSettings = dataclasses.field(default_factory=GnssErrorSettings)
    rate_hz: float = setting(1.0, 'fixes in a second', unit='Hz', minimum=0.01, maximum=100.0)
    latency_s: float = setting(
        0.08, 'a fix arrives this long after its stamp', unit='s', minimum=0.0
    )
    overconfidence: float = setting(
        1.0,
        'the stated standard deviation is the true one divided by this; 1 is honest, 3 lies',
        minimum=0.01,
    )
    stated_spread: float = setting(
        0.1, 'log-normal spread of the stated standard deviation from fix to fix', minimum=0.0
    )
    forward_m: float = setting(0.0, 'antenna ahead of base_link', unit='m')
    left_m: float = setting(0.0, 'antenna left of base_link', unit='m')


@dataclasses.dataclass(frozen=True)
class OdometrySettings:
    """Errors of wheels and gyroscope."""

    wheel_rate_hz: float = setting(50.0, 'wheel samples in a second', unit='Hz', minimum=0.1)
    wheel_scale_sigma: float = setting(
        0.01, 'scale error of a drive (tyre pressure): what makes distance drift', minimum=0.0
    )
    wheel_noise_m_s: float = setting(
        0.05, 'white error of a speed sample', unit='m/s', minimum=0.0
    )
    wheel_step_m_s: float = setting(
        0.0, 'speeds are rounded to multiples of this; 0 rounds nothing', unit='m/s', minimum=0.0
    )
    imu_rate_hz: float = setting(100.0, 'gyroscope samples in a second', unit='Hz', minimum=0.1)
    gyro_noise_rad_s: float = setting(
        0.005, 'white error of a yaw-rate sample', unit='rad/s', minimum=0.0
    )
    gyro_bias_sigma_rad_s: float = setting(
        0.003, 'yaw-rate bias at the start: what makes heading drift', unit='rad/s', minimum=0.0
    )
    gyro_bias_walk_rad_s: float = setting(
        0.00005, 'random walk of the bias in one second', unit='rad/s^1.5', minimum=0.0
    )


@dataclasses.dataclass(frozen=True)
class StreetSettings:
    """The procedural street network."""

    blocks: int = setting(6, 'blocks along each side of the town', minimum=2, maximum=60)
    block_m: float = setting(110.0, 'mean distance between junctions', unit='m', minimum=40.0)
    bend_m: float = setting(
        25.0, 'size of the smooth bending that makes streets curved', unit='m', minimum=0.0
    )
    removed_share: float = setting(
        0.2, 'share of streets left out, which makes T-junctions', minimum=0.0, maximum=0.4
    )


@dataclasses.dataclass(frozen=True)
class MotionSettings:
    """How the simulated driver drives."""

    distance_m: float = setting(3000.0, 'length of the drive, at least', unit='m', minimum=50.0)
    cruise_speed_m_s: float = setting(
        11.0, 'fastest speed; each street has 70 to 100 % of it', unit='m/s', minimum=1.0
    )
    acceleration_m_s2: float = setting(
        1.6, 'largest speeding up', unit='m/s^2', minimum=0.1, maximum=9.0
    )
    braking_m_s2: float = setting(2.2, 'largest braking', unit='m/s^2', minimum=0.1, maximum=9.0)
    lateral_m_s2: float = setting(
        2.0, 'largest lateral acceleration: it slows the turns', unit='m/s^2', minimum=0.1
    )
    corner_m: float = setting(
        8.0,
        'how far corners are rounded; a right angle gets 0.9 of this as radius',
        unit='m',
        minimum=3.0,
    )
    stop_share: float = setting(
        0.25, 'share of junctions where the driver stops', minimum=0.0, maximum=1.0
    )
    stop_min_s: float = setting(2.0, 'shortest stop', unit='s', minimum=0.5)
    stop_max_s: float = setting(12.0, 'longest stop', unit='s', minimum=0.5)


@dataclasses.dataclass(frozen=True)
class DriveSettings:
    """Everything a simulated drive depends on, beside its seeds."""

    streets: StreetSettings = dataclasses.field(default_factory=StreetSettings)
    motion: MotionSettings = dataclasses.field(default_factory=MotionSettings)
    receiver: ReceiverSettings = dataclasses.field(default_factory=ReceiverSettings)
    odometry: OdometrySettings = dataclasses.field(default_factory=OdometrySettings)
    datum_lat_deg: float = setting(
        49.0, 'latitude of the origin of map', unit='deg', minimum=-89.0, maximum=89.0
    )
    datum_lon_deg: float = setting(
        8.4, 'longitude of the origin of map', unit='deg', minimum=-180.0, maximum=180.0
    )
    datum_alt_m: float = setting(115.0, 'ellipsoidal height of the ground', unit='m')

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What can be chosen of a drive through a city."""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting
from geoloc_sim.settings import MotionSettings, OdometrySettings, ReceiverSettings


@dataclasses.dataclass(frozen=True)
class LaneSettings:
    """How streets are driven: speeds by class, and the curves of turns."""

    primary_m_s: float = setting(13.9, 'speed limit of primary streets', unit='m/s', minimum=1.0)
    secondary_m_s: float = setting(
        12.5, 'speed limit of secondary streets', unit='m/s', minimum=1.0
    )
    residential_m_s: float = setting(
        9.0, 'speed limit of residential streets', unit='m/s', minimum=1.0
    )
    service_m_s: float = setting(5.0, 'speed limit of service streets', unit='m/s', minimum=1.0)
    right_radius_m: float = setting(
        5.5, 'radius wanted for a turn to the right', unit='m', minimum=3.0
    )
    left_radius_m: float = setting(
        8.0, 'radius wanted for a turn to the left', unit='m', minimum=3.0
    )
    smoothing_m: float = setting(
        1.5, 'standard deviation by which the driven line is smoothed', unit='m', minimum=0.5
    )
    sharpest_turn_rad: float = setting(
        2.7, 'sharper turns at a junction are not taken', unit='rad', minimum=1.6, maximum=3.1
    )
    service_share: float = setting(
        0.15, 'how likely a service street is chosen beside another', minimum=0.0, maximum=1.0
    )


@dataclasses.dataclass(frozen=True)
class CityMotionSettings(MotionSettings):
    """How the driver drives where junctions follow one another closely.

    The streets' limits hold in place of ``cruise_speed_m_s``, and the route's own rounding in
    place of ``corner_m``.
    """

    stop_share: float = setting(
        0.15, 'share of junctions where the driver stops', minimum=0.0, maximum=1.0
    )
    stop_max_s: float = setting(9.0, 'longest stop', unit='s', minimum=0.5)


@dataclasses.dataclass(frozen=True)
class SkySettings:
    """How much of a satellite's signal a city lets through."""

    satellites: int = setting(
        14, 'satellites over the horizon, placed anew each day', minimum=5, maximum=60
    )
    lowest_rad: float = setting(
        0.17, 'satellites lower than this are not used', unit='rad', minimum=0.0, maximum=1.0
    )
    antenna_height_m: float = setting(1.6, 'antenna over the ground', unit='m', minimum=0.0)
    leaf_extinction_per_m: float = setting(
        0.25, 'a signal keeps exp(-this d) over d metres of leaves', unit='1/m', minimum=0.0
    )
    bare_share: float = setting(
        0.2, 'extinction of a bare crown beside one in leaf', minimum=0.0, maximum=1.0
    )
    street_spacing_m: float = setting(
        15.0, 'distance of the points over which the errors are averaged', unit='m', minimum=1.0
    )


@dataclasses.dataclass(frozen=True)
class CityErrorSettings:
    """How buildings move the GNSS errors from place to place; their mean size stays."""

    blocked_weight: float = setting(
        0.1,
        'weight of a blocked satellite (received by reflection) beside a visible one',
        minimum=0.01,
        maximum=1.0,
    )
    multipath_gain: float = setting(
        1.5, 'errors grow by 1 + this x blocked share of the sky', minimum=0.0
    )
    jump_floor: float = setting(
        0.05, 'jumps start in proportion to the blocked share plus this', minimum=0.001
    )
    outage_open_share: float = setting(
        0.1, 'there is no fix where less of the sky is open', minimum=0.0, maximum=1.0
    )
    reacquire_s: float = setting(
        2.0, 'time without a fix after such a place', unit='s', minimum=0.0
    )
    averaging_m: float = setting(
        10.0, 'what the sky does is averaged over this way along the street', unit='m', minimum=0.0
    )


@dataclasses.dataclass(frozen=True)
class StereoSettings:
    """Errors of odometry by a stereo camera, as increments from frame to frame."""

    rate_hz: float = setting(10.0, 'frames in a second', unit='Hz', minimum=0.1)
    scale_sigma: float = setting(
        0.008, 'scale error of a drive (calibration): what makes distance drift', minimum=0.0
    )
    scale_walk_sigma: float = setting(
        0.008, 'scale error that changes with the scene', minimum=0.0
    )
    scale_walk_m: float = setting(
        150.0, 'way over which it changes (to 1/e)', unit='m', minimum=1.0
    )
    step_sigma: float = setting(0.01, 'white error of a step beside its length', minimum=0.0)
    still_sigma_m: float = setting(
        0.001, 'white error of a step, moving or not', unit='m', minimum=0.0
    )
    turn_sigma_rad: float = setting(
        0.0006, 'white error of the turn over a step', unit='rad', minimum=0.0
    )
    turn_bias_rad_m: float = setting(
        0.00002, 'turn error that grows with the way, of a drive', unit='rad/m', minimum=0.0
    )
    turn_scale_sigma: float = setting(0.005, 'turns come out too large or small', minimum=0.0)


@dataclasses.dataclass(frozen=True)
class CityDriveSettings:
    """Everything a drive through a city depends on, beside world, day and seed."""

    distance_m: float = setting(2000.0, 'length of the drive, at least', unit='m', minimum=50.0)
    odometry_source: str = setting(
        'wheels', 'speed (and yaw rate) of /odom', choices=('wheels', 'stereo')
    )
    lanes: LaneSettings = dataclasses.field(default_factory=LaneSettings)
    motion: CityMotionSettings = dataclasses.field(default_factory=CityMotionSettings)
    receiver: ReceiverSettings = dataclasses.field(default_factory=ReceiverSettings)
    sky: SkySettings = dataclasses.field(default_factory=SkySettings)
    error: CityErrorSettings = dataclasses.field(default_factory=CityErrorSettings)
    odometry: OdometrySettings = dataclasses.field(default_factory=OdometrySettings)
    stereo: StereoSettings = dataclasses.field(default_factory=StereoSettings)

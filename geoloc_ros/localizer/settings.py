# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the localizer: one tree for the nodes, the command line and the tests."""

from __future__ import annotations

import dataclasses

from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.filters.motion import MotionSettings
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.observations.gnss import GnssSettings
from geoloc_ros.observations.pose import PoseObservationSettings
from geoloc_ros.observations.score_field import ScoreFieldSettings
from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class OutputSettings:
    """When estimates come out."""

    rate_hz: float = setting(
        10.0,
        'estimates a second, at stamps that are whole multiples of the period since the epoch',
        unit='Hz',
        minimum=0.1,
        maximum=1000.0,
    )
    at_fixes: bool = setting(
        True,
        'give an estimate at the stamp of each GNSS fix too, as soon as it has been used, rather '
        'than show its effect only at the next whole period',
    )
    wait_s: float = setting(
        0.1,
        'an output stamp waits this long for measurements past it before it is extrapolated; '
        'larger suits late sensors, smaller is fresher',
        unit='s',
        minimum=0.0,
        maximum=10.0,
    )
    max_extrapolation_s: float = setting(
        60.0,
        'estimates stop this long after the last message of any kind',
        unit='s',
        minimum=0.0,
        maximum=3600.0,
    )


@dataclasses.dataclass(frozen=True)
class TimeSettings:
    """How stamps are judged."""

    max_delay_s: float = setting(
        1.0,
        'measurements this late are still put in their place in time; older ones are dropped',
        unit='s',
        minimum=0.0,
        maximum=10.0,
    )
    max_gap_s: float = setting(
        10.0,
        'a stamp further ahead of everything than this is left out until the next message agrees',
        unit='s',
        minimum=1.0,
        maximum=3600.0,
    )
    reset_gap_s: float = setting(
        120.0,
        'after a gap longer than this, once two messages agree, the filter starts anew',
        unit='s',
        minimum=1.0,
        maximum=3600.0,
    )


@dataclasses.dataclass(frozen=True)
class TrackingSettings:
    """When the localizer calls itself what."""

    dead_reckoning_after_s: float = setting(
        5.0,
        'without an accepted position for this long the state is DEAD_RECKONING',
        unit='s',
        minimum=0.1,
        maximum=600.0,
    )
    lost_after_rejections: int = setting(
        2,
        'so many GNSS positions rejected in a row make the state LOST',
        minimum=1,
        maximum=1000,
    )
    lost_sigma_m: float = setting(
        100.0,
        'a larger position standard deviation makes the state LOST',
        unit='m',
        minimum=1.0,
        maximum=100000.0,
    )


@dataclasses.dataclass(frozen=True)
class DatumSettings:
    """Where the origin of ``map`` comes from."""

    source: str = setting(
        'first_fix',
        'who places the origin of map: the first good fix, these parameters, or the datum topic',
        choices=('first_fix', 'parameters', 'topic'),
        read_only=True,
    )
    lat_deg: float = setting(
        0.0,
        'latitude of the origin when source is parameters',
        unit='deg',
        minimum=-90.0,
        maximum=90.0,
        read_only=True,
    )
    lon_deg: float = setting(
        0.0,
        'longitude of the origin when source is parameters',
        unit='deg',
        minimum=-180.0,
        maximum=180.0,
        read_only=True,
    )
    alt_m: float = setting(
        0.0,
        'ellipsoidal height of the origin when source is parameters',
        unit='m',
        minimum=-1000.0,
        maximum=20000.0,
        read_only=True,
    )


@dataclasses.dataclass(frozen=True)
class LocalizerSettings:
    """What every localizer has, whatever its filter."""

    datum: DatumSettings = dataclasses.field(default_factory=DatumSettings)
    gnss: GnssSettings = dataclasses.field(default_factory=GnssSettings)
    motion: MotionSettings = dataclasses.field(default_factory=MotionSettings)
    pose_observation: PoseObservationSettings = dataclasses.field(
        default_factory=PoseObservationSettings
    )
    scores: ScoreFieldSettings = dataclasses.field(default_factory=ScoreFieldSettings)
    output: OutputSettings = dataclasses.field(default_factory=OutputSettings)
    time: TimeSettings = dataclasses.field(default_factory=TimeSettings)
    tracking: TrackingSettings = dataclasses.field(default_factory=TrackingSettings)


@dataclasses.dataclass(frozen=True)
class ParticleLocalizerSettings(LocalizerSettings):
    """Parameters of the localizer with a particle filter."""

    particle: ParticleSettings = dataclasses.field(default_factory=ParticleSettings)


@dataclasses.dataclass(frozen=True)
class KalmanLocalizerSettings(LocalizerSettings):
    """Parameters of the localizer with an extended Kalman filter."""

    kalman: KalmanSettings = dataclasses.field(default_factory=KalmanSettings)

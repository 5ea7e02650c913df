# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters that the nodes have beside those of the localizer; imports no ROS."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from geoloc_ros.localizer.settings import KalmanLocalizerSettings, ParticleLocalizerSettings
from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class FrameSettings:
    """Names of the frames (REP-105)."""

    map: str = setting(
        'map', 'frame of every pose published: east-north-up at the datum', read_only=True
    )
    odom: str = setting(
        'odom', 'frame of the odometry source, where that one owns odom to base', read_only=True
    )
    base: str = setting('base_link', 'body frame of the vehicle', read_only=True)
    earth: str = setting('earth', 'earth-centred frame (ECEF)', read_only=True)


@dataclasses.dataclass(frozen=True)
class SourceSettings:
    """Which topics are listened to, and how."""

    fix: bool = setting(True, 'use NavSatFix on the topic fix', read_only=True)
    fix_corrected: bool = setting(
        True,
        'use NavSatFix on fix/corrected; it takes the place of the fix of the same stamp',
        read_only=True,
    )
    odom: str = setting(
        'twist',
        'how Odometry on the topic odom is used as motion: its twist, the increments of its pose '
        '(for sources whose twist is not filled in), or not at all',
        choices=('twist', 'pose', 'off'),
        read_only=True,
    )
    twist: bool = setting(
        True, 'use TwistWithCovarianceStamped on the topic twist as motion', read_only=True
    )
    imu: bool = setting(True, 'use the yaw rate of Imu on the topic imu', read_only=True)
    pose_observations: tuple[str, ...] = setting(
        ('pose_observation',),
        'topics of PoseWithCovarianceStamped in map that are used as absolute poses; an empty '
        'name stands for none',
        read_only=True,
    )
    scores: tuple[str, ...] = setting(
        ('cross_view/scores',),
        'topics of PointCloud2 with scores of a matcher (x, y, yaw, log_likelihood) in map; an '
        'empty name stands for none',
        read_only=True,
    )
    truth: bool = setting(
        True,
        'show ground_truth/odometry and ground_truth/fix, where a bag has them, as path/truth; '
        'they never reach the filter',
        read_only=True,
    )


@dataclasses.dataclass(frozen=True)
class DisplaySettings:
    """What is published for people to look at."""

    rate_hz: float = setting(
        2.0,
        'paths and particles a second; larger costs processor time',
        unit='Hz',
        minimum=0.1,
        maximum=20.0,
        read_only=True,
    )
    particles: int = setting(
        300,
        'so many poses are drawn from the belief for the topic particles; 0 for none',
        minimum=0,
        maximum=100000,
        read_only=True,
    )
    path_poses: int = setting(
        2000,
        'longest path; its oldest poses go first',
        minimum=2,
        maximum=100000,
        read_only=True,
    )
    path_spacing_m: float = setting(
        1.0,
        'a path gets a new pose after this distance; smaller is smoother and shorter',
        unit='m',
        minimum=0.0,
        maximum=1000.0,
        read_only=True,
    )


@dataclasses.dataclass(frozen=True)
class FilterNodeSettings:
    """What every filter node has, whatever its filter."""

    autostart: bool = setting(
        True,
        'configure and activate at start; without it a lifecycle manager does',
        read_only=True,
    )
    seed: int = setting(
        0,
        'of the one random generator; the same messages in the same order then give the same '
        'estimates',
        minimum=0,
        maximum=2**31 - 1,
        read_only=True,
    )
    warning_period_s: float = setting(
        5.0,
        'a kind of warning is written to the log at most this often',
        unit='s',
        minimum=0.0,
        maximum=3600.0,
        read_only=True,
    )
    publish_tf: bool = setting(
        True,
        'publish map to odom or to base and earth to map; one node of a system may do it',
        read_only=True,
    )
    tf_child: str = setting(
        'auto',
        'what map is parent of: odom, base, or whichever it finds: odom as soon as somebody '
        'publishes odom to base',
        choices=('auto', 'odom', 'base'),
        read_only=True,
    )
    frames: FrameSettings = dataclasses.field(default_factory=FrameSettings)
    sources: SourceSettings = dataclasses.field(default_factory=SourceSettings)
    display: DisplaySettings = dataclasses.field(default_factory=DisplaySettings)


@dataclasses.dataclass(frozen=True)
class ParticleNodeSettings(ParticleLocalizerSettings, FilterNodeSettings):
    """Parameters of ``particle_filter_node``; good for ``build_localizer`` as they are."""


@dataclasses.dataclass(frozen=True)
class KalmanNodeSettings(KalmanLocalizerSettings, FilterNodeSettings):
    """Parameters of ``kalman_filter_node``; good for ``build_localizer`` as they are."""


#: Settings of a filter node whose localizer ``build_localizer`` makes.
AnyFilterNodeSettings: TypeAlias = 'ParticleNodeSettings | KalmanNodeSettings'


@dataclasses.dataclass(frozen=True)
class ReplaySettings:
    """Parameters of ``replay_node``."""

    bag: str = setting('', 'the bag to play: a rosbag2 folder, .mcap or .db3 file', read_only=True)
    autostart: bool = setting(
        True, 'play at once; without it a lifecycle manager starts it', read_only=True
    )
    rate: float = setting(
        1.0,
        'speed over real time; 2 plays twice as fast',
        minimum=0.01,
        maximum=1000.0,
        read_only=True,
    )
    loop: bool = setting(
        False,
        'start over at the end; the clock then goes back and filters start anew',
        read_only=True,
    )
    start_offset_s: float = setting(
        0.0,
        'leave out this much of the start (static transforms and latched messages are kept)',
        unit='s',
        minimum=0.0,
        maximum=1e6,
        read_only=True,
    )
    topics: tuple[str, ...] = setting(
        ('',), 'play only these topics; an empty name stands for all', read_only=True
    )
    prefix: str = setting('', 'put before every topic but /tf and /tf_static', read_only=True)
    publish_clock: bool = setting(True, 'publish /clock, for use_sim_time', read_only=True)
    clock_rate_hz: float = setting(
        100.0,
        'how often /clock is published at least, in real time',
        unit='Hz',
        minimum=1.0,
        maximum=1000.0,
        read_only=True,
    )
    wait_for: tuple[str, ...] = setting(
        ('',), 'topics (as published) that must have a subscriber before the start', read_only=True
    )
    wait_timeout_s: float = setting(
        20.0,
        'start anyway, with a warning, after waiting this long for subscribers',
        unit='s',
        minimum=0.0,
        maximum=3600.0,
        read_only=True,
    )

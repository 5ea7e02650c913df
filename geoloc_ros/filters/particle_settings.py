# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the particle filter, both presets."""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class ParticleSettings:
    """What the particle filter can be told; noises are white, so they hold at any step length.

    The paper gives no values for its acceleration and steering noise: the two here are ours. They
    are standard deviations of what accumulates over one second, and grow with the root of time,
    so that a filter stepped at 10 Hz and one stepped at 1 Hz spread alike.
    """

    preset: str = setting(
        'robust',
        'robust: outlier floor, re-seeding, odometry, weighted mean; paper: section III-D of the '
        'cross-view matching paper to the letter, GPS and scores only, median output',
        choices=('robust', 'paper'),
        read_only=True,
    )
    particle_count: int = setting(
        5000,
        'number of particles; fewer make the result depend on the seed, more cost time in '
        'proportion (the paper has 2000)',
        minimum=10,
        maximum=1_000_000,
        read_only=True,
    )
    acceleration_noise_m_s2: float = setting(
        3.0,
        'spread of the speed change within one second where no speed is measured; too small lags '
        'behind braking, too large follows the GNSS noise',
        unit='m/s^2',
        minimum=0.0,
        maximum=20.0,
    )
    steering_noise_rad_s: float = setting(
        0.5,
        'spread of the heading change within one second where no yaw rate is measured; too small '
        'loses the track at junctions, too large makes the heading vague',
        unit='rad/s',
        minimum=0.0,
        maximum=3.2,
    )
    steering_full_speed_m_s: float = setting(
        2.0,
        'robust: below this speed the steering noise fades in proportion to speed, since a '
        'standing car cannot turn; 0 keeps it whole',
        unit='m/s',
        minimum=0.0,
        maximum=20.0,
    )
    reverse_speed_max_m_s: float = setting(
        3.0,
        'robust: fastest reversing believed where no speed is measured; a large value lets a '
        'track be explained by a heading the wrong way round',
        unit='m/s',
        minimum=0.0,
        maximum=50.0,
    )
    position_noise_m_sqrt_s: float = setting(
        0.05,
        'robust: slip and other motion nobody measures, per root second; keeps particles apart, '
        'too large blurs a good odometry',
        unit='m/sqrt(s)',
        minimum=0.0,
        maximum=10.0,
    )
    scale_sigma: float = setting(
        0.015,
        'robust: spread of the constant relative error of measured distance (wheel radius), '
        'estimated with the pose; 0 believes the odometer',
        minimum=0.0,
        maximum=0.5,
    )
    scale_walk_sqrt_s: float = setting(
        1e-4,
        'robust: how far the distance scale wanders per root second; larger adapts sooner and '
        'averages less',
        unit='1/sqrt(s)',
        minimum=0.0,
        maximum=0.1,
    )
    yaw_rate_bias_sigma_rad_s: float = setting(
        0.003,
        'robust: spread of the constant error of the measured yaw rate, estimated with the pose; '
        '0 believes the gyro',
        unit='rad/s',
        minimum=0.0,
        maximum=0.5,
    )
    yaw_rate_bias_walk_rad_s_sqrt_s: float = setting(
        3e-5,
        'robust: how far the yaw-rate bias wanders per root second',
        unit='rad/s/sqrt(s)',
        minimum=0.0,
        maximum=0.1,
    )
    smoothing: float = setting(
        1.0,
        'robust: width of the kernel by which copies are set apart after resampling (mean and '
        'covariance stay), in units of the best width for a Gaussian; 0 lets heading and '
        'calibration run out of distinct values, large blurs separate hypotheses',
        minimum=0.0,
        maximum=2.0,
    )
    smoothing_position_max_m: float = setting(
        2.0,
        'robust: most that smoothing may move a particle (one sigma), so that hypotheses farther '
        'apart than that are left alone',
        unit='m',
        minimum=0.0,
        maximum=100.0,
    )
    smoothing_yaw_max_rad: float = setting(
        0.1,
        'robust: most that smoothing may turn a particle (one sigma)',
        unit='rad',
        minimum=0.0,
        maximum=3.2,
    )
    jump_probability: float = setting(
        1e-3,
        'robust: how likely the belief is taken to be wrong whenever a map is compared with a '
        'picture: a few particles are set elsewhere with so much weight; larger recovers after '
        'fewer pictures that agree, and is misled by fewer; 0 never recovers by sight',
        minimum=0.0,
        maximum=0.5,
    )
    jump_sigma_m: float = setting(
        10.0,
        'robust: how far those particles are set away, per axis; about the error of the receiver',
        unit='m',
        minimum=0.0,
        maximum=1000.0,
    )
    jump_yaw_sigma_rad: float = setting(
        0.2,
        'robust: how far those particles are turned',
        unit='rad',
        minimum=0.0,
        maximum=3.2,
    )
    ess_fraction: float = setting(
        0.5,
        'robust: resample when the effective sample size falls below this share of the particles; '
        'larger resamples oftener and loses variety, 0 never does',
        minimum=0.0,
        maximum=1.0,
    )
    gate_probability: float = setting(
        0.999,
        'robust: share of consistent observations that pass the gate on the normalised innovation '
        'squared; smaller rejects more outliers and more good fixes',
        minimum=0.5,
        maximum=0.999999,
    )
    reseed_after_rejections: int = setting(
        3,
        'robust: number of GNSS positions in a row that are rejected, and agree with one another, '
        'after which the filter starts again there; large waits longer when lost',
        minimum=1,
        maximum=1000,
    )
    reseed_yaw_jitter_rad: float = setting(
        0.3,
        'robust: widening of the heading of that half of the particles which keeps it when '
        're-seeding (the other half is spread over the circle)',
        unit='rad',
        minimum=0.0,
        maximum=3.2,
    )
    initial_speed_sigma_m_s: float = setting(
        10.0,
        'robust: spread of the speed at the start where it is unknown (forward only)',
        unit='m/s',
        minimum=0.0,
        maximum=100.0,
    )
    initial_speed_max_m_s: float = setting(
        5.0,
        'paper: particles start with speeds spread evenly from 0 to this',
        unit='m/s',
        minimum=0.0,
        maximum=100.0,
    )
    sigma_gps_m: float = setting(
        10.0,
        'paper: standard deviation of the GPS position per axis (its own covariance is not used); '
        'too small locks onto multipath, too large leaves the scores alone with the work',
        unit='m',
        minimum=0.1,
        maximum=1000.0,
    )
    kernels: str = setting(
        'auto',
        'code of the inner loops: numba where installed, numpy otherwise, or one of them by name; '
        'results are the same up to rounding',
        choices=('auto', 'numba', 'numpy'),
        read_only=True,
    )

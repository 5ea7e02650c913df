# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the extended Kalman filter."""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class KalmanSettings:
    """Noise, gate and start of the extended Kalman filter."""

    acceleration_noise: float = setting(
        1.5,
        'how fast the speed wanders where no odometry measures it; larger follows braking sooner',
        unit='m/s^1.5',
        minimum=1e-6,
        maximum=100.0,
    )
    yaw_acceleration_noise: float = setting(
        0.5,
        'how fast the yaw rate wanders where nothing measures it; larger follows turns sooner',
        unit='rad/s^1.5',
        minimum=1e-6,
        maximum=100.0,
    )
    yaw_rate_decay_s: float = setting(
        2.0,
        'an unmeasured yaw rate fades to zero in this time; larger keeps turning longer',
        unit='s',
        minimum=0.01,
        maximum=1000.0,
    )
    position_noise: float = setting(
        0.05,
        'random walk of the position beside the motion (slip, slope); larger trusts GNSS more',
        unit='m/sqrt(s)',
        minimum=0.0,
        maximum=100.0,
    )
    yaw_noise: float = setting(
        0.001,
        'random walk of the heading beside the measured rotation; larger trusts GNSS more',
        unit='rad/sqrt(s)',
        minimum=0.0,
        maximum=10.0,
    )
    scale_sigma: float = setting(
        0.015,
        'spread of the odometry scale error at the start (wheel radius, tyre pressure)',
        minimum=0.0,
        maximum=1.0,
    )
    scale_noise: float = setting(
        1e-4,
        'random walk of the odometry scale; larger follows a changing scale, and forgets sooner',
        unit='1/sqrt(s)',
        minimum=0.0,
        maximum=1.0,
    )
    yaw_rate_bias_sigma_rad_s: float = setting(
        0.003,
        'spread of the yaw-rate bias at the start',
        unit='rad/s',
        minimum=0.0,
        maximum=1.0,
    )
    yaw_rate_bias_noise: float = setting(
        3e-5,
        'random walk of the yaw-rate bias; larger follows a warming gyroscope',
        unit='rad/s^1.5',
        minimum=0.0,
        maximum=1.0,
    )
    initial_speed_sigma_m_s: float = setting(
        10.0,
        'spread of the speed at the start where nothing measures it',
        unit='m/s',
        minimum=0.01,
        maximum=100.0,
    )
    yaw_hypotheses: int = setting(
        12,
        'Gaussians that share the circle while the heading is unknown; more start sharper turns',
        minimum=4,
        maximum=72,
    )
    merge_yaw_sigma_rad: float = setting(
        0.3,
        'the hypotheses become one Gaussian once their heading spreads less than this',
        unit='rad',
        minimum=0.01,
        maximum=1.0,
    )
    gate_probability: float = setting(
        0.999,
        'share of good measurements the gate lets pass (chi-square of the squared NIS)',
        minimum=0.5,
        maximum=1.0,
    )
    robust_loss: str = setting(
        'none',
        'what happens near the gate: none takes or leaves; huber also weakens what lies beyond '
        'huber_threshold',
        choices=('none', 'huber'),
    )
    huber_threshold: float = setting(
        2.0,
        'normalised innovation from which the huber loss weakens a measurement',
        minimum=0.5,
        maximum=10.0,
    )
    reseed_after_rejections: int = setting(
        3,
        'so many GNSS positions rejected in a row that agree with each other start the filter '
        'anew; more is slower to recover and harder to fool',
        minimum=1,
        maximum=1000,
    )
    kept_yaw_weight: float = setting(
        0.5,
        'weight of the heading held so far when the filter starts anew; the rest is spread over '
        'the circle',
        minimum=0.0,
        maximum=1.0,
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Wheel speed and gyroscope with the errors that make dead reckoning drift."""

from __future__ import annotations

import math

import numpy as np

from geoloc_sim.randomness import stream
from geoloc_sim.records import RateTrack, TruthTrajectory, regular_stamps
from geoloc_sim.settings import OdometrySettings


def simulate_wheel_speed(
    truth: TruthTrajectory, settings: OdometrySettings, *seeds: int
) -> RateTrack:
    """Speed by the wheels: one scale error a drive, white noise, rounding; still when it stands.

    The noise fades below 1 m/s, as that of a tooth counter does, and is none at standstill.
    """
    random = stream('wheel', *seeds)
    scale = 1.0 + settings.wheel_scale_sigma * float(random.standard_normal())
    stamps = regular_stamps(
        int(truth.stamps_ns[0]), int(truth.stamps_ns[-1]), settings.wheel_rate_hz
    )
    speed = truth.at(stamps).speed_m_s
    noise = settings.wheel_noise_m_s * random.standard_normal(len(stamps))
    values = scale * speed + noise * np.clip(np.abs(speed), 0.0, 1.0)
    if settings.wheel_step_m_s > 0.0:
        values = settings.wheel_step_m_s * np.round(values / settings.wheel_step_m_s)
    variance = settings.wheel_noise_m_s**2 + settings.wheel_step_m_s**2 / 12.0
    return RateTrack(stamps, values, variance)


def simulate_gyro(truth: TruthTrajectory, settings: OdometrySettings, *seeds: int) -> RateTrack:
    """Yaw rate with white noise and a bias that walks."""
    random = stream('gyro', *seeds)
    stamps = regular_stamps(
        int(truth.stamps_ns[0]), int(truth.stamps_ns[-1]), settings.imu_rate_hz
    )
    step = settings.gyro_bias_walk_rad_s / math.sqrt(settings.imu_rate_hz)
    walk = (step * random.standard_normal(len(stamps))).cumsum()
    bias = settings.gyro_bias_sigma_rad_s * float(random.standard_normal()) + walk
    noise = settings.gyro_noise_rad_s * random.standard_normal(len(stamps))
    values = truth.at(stamps).yaw_rate_rad_s + bias + noise
    return RateTrack(stamps, values, settings.gyro_noise_rad_s**2)

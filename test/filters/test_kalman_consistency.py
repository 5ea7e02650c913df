# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Consistency of the Kalman filter on drives that follow its own model (STYLE H23).

NEES is autocorrelated along a drive, so the ensemble is tested at each time step: over 50 seeds,
the sum of NEES is chi-square with 50 times 3 degrees of freedom.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from geoloc_ros.filters.kalman_filter import KalmanFilter
from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.types import Motion, PosePrior, PositionObservation

SEEDS = 50
STEP_S = 0.1
STEPS = 600
SIGMA_M = 5.0
SETTINGS = KalmanSettings(
    position_noise=0.05,
    yaw_noise=0.002,
    scale_sigma=0.01,
    scale_noise=1e-5,
    yaw_rate_bias_sigma_rad_s=0.005,
    yaw_rate_bias_noise=1e-6,
    acceleration_noise=0.8,
    yaw_acceleration_noise=0.03,
    gate_probability=1.0,
)
SPEED_SIGMA_M_S, YAW_RATE_SIGMA_RAD_S = 0.1, 0.01


def odometry_step(rng, truth, scale, bias, k):
    """Drive a step, then say what odometry and gyro measured of it."""
    distance, rotation = 1.0, 0.05 * math.sin(0.02 * k)
    white_m = SPEED_SIGMA_M_S * STEP_S * rng.normal()
    white_rad = YAW_RATE_SIGMA_RAD_S * STEP_S * rng.normal()
    white_rad += SETTINGS.yaw_noise * math.sqrt(STEP_S) * rng.normal()
    motion = Motion(
        STEP_S,
        (distance - white_m) / scale,
        rotation
        + bias * STEP_S
        - white_rad
        - SETTINGS.yaw_noise * math.sqrt(STEP_S) * rng.normal(),
        (SPEED_SIGMA_M_S * STEP_S) ** 2,
        (YAW_RATE_SIGMA_RAD_S * STEP_S) ** 2,
        10.0,
        rotation / STEP_S,
    )
    heading = truth[2] + 0.5 * rotation
    chord = distance * np.sinc(0.5 * rotation / math.pi)
    slip = SETTINGS.position_noise * math.sqrt(STEP_S) * rng.normal(size=2)
    moved = truth.copy()
    moved[0] += chord * math.cos(heading) + slip[0]
    moved[1] += chord * math.sin(heading) + slip[1]
    moved[2] += rotation
    return moved, motion


def free_step(rng, truth):
    """Drive a step of white acceleration and yaw acceleration, in 20 fine pieces."""
    x, y, yaw, speed, rate = truth
    fine_s = STEP_S / 20
    for _ in range(20):
        x += speed * fine_s * math.cos(yaw)
        y += speed * fine_s * math.sin(yaw)
        yaw += rate * fine_s
        speed += SETTINGS.acceleration_noise * math.sqrt(fine_s) * rng.normal()
        rate += -rate * fine_s / SETTINGS.yaw_rate_decay_s
        rate += SETTINGS.yaw_acceleration_noise * math.sqrt(fine_s) * rng.normal()
    root = math.sqrt(STEP_S)
    x, y = np.array([x, y]) + SETTINGS.position_noise * root * rng.normal(size=2)
    return np.array([x, y, yaw + SETTINGS.yaw_noise * root * rng.normal(), speed, rate])


def one_drive(seed, with_odometry):
    rng = np.random.default_rng(seed)
    prior_sigma = np.array([SIGMA_M, SIGMA_M, 0.1, 0.5])
    start = np.array([0.0, 0.0, 0.4, 10.0])
    kalman = KalmanFilter(SETTINGS, rng)
    drawn = start + prior_sigma * rng.normal(size=4)
    kalman.initialize(
        PosePrior(0, *start[:2], np.eye(2) * SIGMA_M**2, start[2], 0.01, start[3], 0.25)
    )
    rate_sigma = SETTINGS.yaw_acceleration_noise * math.sqrt(SETTINGS.yaw_rate_decay_s / 2.0)
    truth = np.array([*drawn, rate_sigma * rng.normal()])
    scale, bias = 1.0 + 0.01 * rng.normal(), 0.005 * rng.normal()
    nees = np.empty(STEPS)
    for k in range(1, STEPS + 1):
        motion = None
        if with_odometry:
            truth, motion = odometry_step(rng, truth, scale, bias, k)
        else:
            truth = free_step(rng, truth)
        stamp_ns = round(k * STEP_S * 1e9)
        kalman.predict(stamp_ns, motion)
        if k % 10 == 0:
            seen = truth[:2] + SIGMA_M * rng.normal(size=2)
            kalman.update(
                PositionObservation(stamp_ns, 'fix', seen, np.eye(2) * SIGMA_M**2, np.zeros(2))
            )
        estimate = kalman.estimate()
        error = estimate.state[:3] - truth[:3]
        error[2] = math.remainder(error[2], 2.0 * math.pi)
        nees[k - 1] = error @ np.linalg.solve(estimate.covariance[:3, :3], error)
    return nees


@pytest.mark.parametrize('with_odometry', [True, False])
def test_ensemble_nees_stays_within_its_chi_square_bounds(with_odometry):
    total = sum(one_drive(seed, with_odometry) for seed in range(SEEDS))
    low, high = stats.chi2.ppf([0.025, 0.975], 3 * SEEDS)
    inside = np.mean((total > low) & (total < high))
    assert inside >= 0.9, f'{inside:.2f} inside, mean NEES {total.mean() / SEEDS:.2f} of 3'

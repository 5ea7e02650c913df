# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import bz2
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from geoloc_ros.filters.kalman_filter import KalmanFilter
from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.filters.particle_filter import ParticleFilter
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.types import Motion, PosePrior, PositionObservation

SECOND = 1_000_000_000
KITTI = Path(__file__).parents[3] / 'shared' / 'data' / 'kitti_oxts_osm' / 'map_trajectories'


def fix(stamp_s, east, north, sigma):
    position = np.array([east, north])
    return PositionObservation(
        round(stamp_s * SECOND), 'fix', position, np.eye(2) * sigma**2, np.zeros(2), 0.0
    )


def matched_run(seed, steps=60, dt=0.5):
    """Errors' NEES over x, y, yaw at every step of a drive made by the filter's own model."""
    settings = ParticleSettings(position_noise_m_sqrt_s=0.1)
    rng = np.random.default_rng(1000 + seed)
    scale, bias = 1.0 + 0.02 * rng.normal(), 0.002 * rng.normal()
    truth = np.r_[4.0, 4.0, 0.1] * rng.normal(size=3)
    particle_filter = ParticleFilter(settings, np.random.default_rng(seed))
    particle_filter.initialize(PosePrior(0, 0.0, 0.0, np.eye(2) * 16.0, 0.0, 0.01, 8.0, 0.01))
    nees = []
    for k in range(1, steps + 1):
        rate = 0.3 * math.sin(k * dt / 5.0)
        path = 8.0 * dt * scale + 0.1 * rng.normal()
        turn = (rate - bias) * dt + 0.005 * rng.normal()
        middle = truth[2] + 0.5 * turn
        noise = 0.1 * math.sqrt(dt) * rng.normal(size=2)
        truth = truth + np.r_[path * math.cos(middle), path * math.sin(middle), turn]
        truth[:2] += noise
        stamp_s = k * dt
        motion = Motion(dt, 8.0 * dt, rate * dt, 0.01, 2.5e-5, 8.0, rate)
        particle_filter.predict(round(stamp_s * SECOND), motion)
        if k % 2 == 0:
            measured = truth[:2] + 5.0 * rng.normal(size=2)
            particle_filter.update(fix(stamp_s, *measured, 5.0))
        estimate = particle_filter.estimate()
        error = estimate.state[:3] - truth
        error[2] = math.remainder(error[2], math.tau)
        nees.append(error @ np.linalg.solve(estimate.covariance[:3, :3], error))
    return nees


def test_ensemble_nees_lies_within_its_bounds_at_nearly_every_step():
    nees = np.mean([matched_run(seed) for seed in range(50)], axis=0)
    low, high = stats.chi2.ppf([0.025, 0.975], 3 * 50) / 50
    inside = (low <= nees) & (nees <= high)
    assert inside.mean() >= 0.9


def kitti_drive():
    """Path (n, 2), heading and step of KITTI odometry 00, in metres about its start."""
    with bz2.open(KITTI / '00.txt.bz2', 'rt') as lines:
        records = np.loadtxt(lines)
    lat, lon, yaw = np.radians(records[:, 0]), np.radians(records[:, 1]), records[:, 5]
    east = (lon - lon[0]) * 6_387_500.0 * math.cos(lat[0])
    north = (lat - lat[0]) * 6_372_000.0
    return np.stack([east, north], axis=1), yaw, 0.1037


def kitti_error(any_filter, path, yaw, step_s, seed):
    rng = np.random.default_rng(seed)
    turn = np.array([math.remainder(t, math.tau) for t in np.diff(yaw)])
    middle = yaw[:-1] + 0.5 * turn
    ahead = np.einsum(
        'ij,ij->i', np.diff(path, axis=0), np.stack([np.cos(middle), np.sin(middle)], axis=1)
    )
    sigma_turn = math.radians(0.2) * step_s
    fixes = path + 6.85 * rng.normal(size=path.shape)
    measured_turn = turn + sigma_turn * rng.normal(size=turn.size)
    any_filter.initialize(PosePrior(0, *fixes[0], np.eye(2) * 6.85**2))
    errors = []
    for k in range(1, len(path)):
        wheel = ahead[k - 1] / 1.01
        stamp_ns = round(k * step_s * SECOND)
        spun = measured_turn[k - 1]
        motion = Motion(
            step_s, wheel, spun, 0.0, sigma_turn**2, wheel / step_s, turn[k - 1] / step_s
        )
        any_filter.predict(stamp_ns, motion)
        if k % 10 == 0:
            any_filter.update(fix(k * step_s, *fixes[k], 6.85))
            errors.append(np.hypot(*(any_filter.estimate().state[:2] - path[k])))
    return np.mean(errors)


@pytest.mark.shared_data
def test_kitti_error_is_near_that_of_a_matched_kalman_filter():
    if not KITTI.is_dir():
        pytest.skip('the real data folder ../shared/data is absent')
    drive = kitti_drive()
    told = KalmanSettings(
        yaw_noise=0.0,
        position_noise=0.0,
        scale_sigma=0.01,
        scale_noise=0.0,
        yaw_rate_bias_sigma_rad_s=1e-6,
        yaw_rate_bias_noise=0.0,
    )
    particle = [
        kitti_error(ParticleFilter(ParticleSettings(), np.random.default_rng(s)), *drive, s)
        for s in range(4)
    ]
    kalman = [
        kitti_error(KalmanFilter(told, np.random.default_rng(s)), *drive, s) for s in range(4)
    ]
    assert np.mean(particle) <= 1.15 * np.mean(kalman)

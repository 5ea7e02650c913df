# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from geoloc_ros.filters.particle_filter import ParticleFilter
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.types import SPEED, YAW, Motion, PosePrior, PositionObservation, UpdateReason

SECOND = 1_000_000_000
SIGMA = 10.0
QUIET = ParticleSettings(
    preset='paper', particle_count=50, acceleration_noise_m_s2=0.0, steering_noise_rad_s=0.0
)
NOISY = dataclasses.replace(QUIET, acceleration_noise_m_s2=3.0, steering_noise_rad_s=0.5)


@dataclasses.dataclass(frozen=True)
class Score:
    """A score term exp(-d) with d rising to the east."""

    stamp_ns: int
    per_m: float = 0.1
    source: str = 'scores'

    def log_likelihood(self, states):
        return -self.per_m * states.x_m

    def gaussian(self, state):
        return None


def fix(stamp_s, east, north, arm=(0.0, 0.0)):
    position = None if east is None else np.array([east, north])
    # A covariance that must play no part.
    return PositionObservation(
        round(stamp_s * SECOND), 'fix', position, np.eye(2) * 1e-4, np.array(arm)
    )


def started(settings=QUIET, seed=0, **known):
    particle_filter = ParticleFilter(settings, np.random.default_rng(seed))
    particle_filter.initialize(PosePrior(0, 0.0, 0.0, np.eye(2) * 400.0, **known))
    return particle_filter


def moving_east(speed=5.0):
    particle_filter = started(yaw_rad=0.0, speed_m_s=speed)
    particle_filter.predict(SECOND)
    return particle_filter


def test_start_is_one_point_all_headings_and_speeds_to_five():
    particle_filter = started(dataclasses.replace(QUIET, particle_count=5000))
    poses = particle_filter.particles(5000)
    assert (poses[:, :2] == 0.0).all()
    histogram, _ = np.histogram(poses[:, 2], bins=10, range=(-np.pi, np.pi))
    assert np.abs(histogram - 500).max() < 110
    estimate = particle_filter.estimate()
    assert estimate.speed_m_s == pytest.approx(2.5, abs=0.15)
    assert estimate.covariance[SPEED, SPEED] == pytest.approx(25.0 / 12.0, rel=0.05)
    assert estimate.covariance[YAW, YAW] == pytest.approx(np.pi**2 / 3.0, rel=0.05)


def equation_5(poses, east, north, per_m=0.0):
    squared = (poses[:, 0] - east) ** 2 + (poses[:, 1] - north) ** 2
    weights = np.exp(-per_m * poses[:, 0]) * np.exp(-squared / (2.0 * SIGMA**2))
    weights[np.sqrt(squared) > 3.0 * SIGMA] = 0.0
    return weights / weights.sum()


@pytest.mark.parametrize('kernels', ['numba', 'numpy'])
@pytest.mark.parametrize('score_first', [True, False])
def test_resampling_follows_equation_5(kernels, score_first):
    if kernels == 'numba':
        pytest.importorskip('numba')
    particle_filter = started(dataclasses.replace(NOISY, kernels=kernels))
    particle_filter.predict(8 * SECOND)
    before = particle_filter.particles(50)
    steps = [fix(8, 12.0, -7.0), Score(8 * SECOND)]
    for observation in reversed(steps) if score_first else steps:
        assert particle_filter.update(observation).reason is UpdateReason.ACCEPTED
        particle_filter.estimate()  # looking must not change what follows
    after = particle_filter.particles(50)
    weights = equation_5(before, 12.0, -7.0, 0.1)
    assert (weights == 0.0).any()
    counts = np.array([(after == pose).all(axis=1).sum() for pose in before])
    assert counts.sum() == 50
    assert (np.abs(counts - 50 * weights) < 1.0).all()
    np.testing.assert_allclose(particle_filter.estimate().x_m, np.median(after[:, 0]))


def test_a_particle_on_the_circle_stays_and_one_beyond_it_goes():
    inside = moving_east()
    assert inside.update(fix(1, -24.99, 0.0)).reason is UpdateReason.ACCEPTED
    outside = moving_east()
    predicted = outside.estimate()
    result = outside.update(fix(1, -25.01, 0.0))
    assert not result.accepted
    assert result.reason is UpdateReason.ALL_PARTICLES_OUTSIDE
    np.testing.assert_array_equal(outside.estimate().state, predicted.state)
    outside.predict(2 * SECOND)
    assert outside.estimate().x_m == pytest.approx(10.0)


def test_the_antenna_is_what_lies_in_the_circle():
    arm = (2.0, 0.0)
    assert moving_east().update(fix(1, -22.99, 0.0, arm)).accepted
    assert not moving_east().update(fix(1, -23.01, 0.0, arm)).accepted


def test_outlier_rule_inside_and_outside_three_sigma_plus_v_dt():
    assert moving_east().update(fix(1, 34.99, 0.0)).reason is UpdateReason.ACCEPTED
    result = moving_east().update(fix(1, 35.01, 0.0))
    assert result.reason is UpdateReason.LAST_ESTIMATE_USED
    assert not result.accepted


@pytest.mark.parametrize('east', [None, 500.0])
def test_the_last_estimate_stands_in_for_an_outlier_or_no_fix(east):
    particle_filter = started(NOISY)
    particle_filter.predict(8 * SECOND)
    before = particle_filter.particles(50)
    assert particle_filter.update(fix(8, east, 0.0)).reason is UpdateReason.LAST_ESTIMATE_USED
    after = particle_filter.particles(50)
    counts = np.array([(after == pose).all(axis=1).sum() for pose in before])
    assert (np.abs(counts - 50 * equation_5(before, 0.0, 0.0)) < 1.0).all()


def test_the_next_fix_is_held_against_the_measured_one_even_if_that_was_rejected():
    particle_filter = moving_east()
    assert particle_filter.update(fix(1, 200.0, 0.0)).reason is UpdateReason.LAST_ESTIMATE_USED
    particle_filter.predict(2 * SECOND)
    # No outlier any more, and so far from the particles that the prediction is kept.
    assert particle_filter.update(fix(2, 201.0, 0.0)).reason is UpdateReason.ALL_PARTICLES_OUTSIDE
    particle_filter.predict(3 * SECOND)
    # 3 sigma + v dt from (201, 0), not from where the vehicle is.
    assert particle_filter.update(fix(3, 15.0, 0.0)).reason is UpdateReason.LAST_ESTIMATE_USED


def test_motion_is_ignored():
    with_motion, without = started(NOISY, seed=4), started(NOISY, seed=4)
    with_motion.predict(SECOND, Motion(1.0, 100.0, 1.0, 0.0, 0.0, 100.0, 1.0))
    without.predict(SECOND)
    np.testing.assert_array_equal(with_motion.particles(50), without.particles(50))


def test_a_score_without_any_finite_value_is_left_out():
    particle_filter = moving_east()
    before = particle_filter.estimate().state
    assert particle_filter.update(Score(SECOND, np.nan)).reason is UpdateReason.INVALID
    np.testing.assert_array_equal(particle_filter.estimate().state, before)


def test_it_follows_a_drive_on_fixes_and_gains_from_scores():
    settings = dataclasses.replace(NOISY, particle_count=2000)
    rng = np.random.default_rng(12)
    truth = np.stack([6.0 * np.arange(1, 120), 20.0 * np.sin(np.arange(1, 120) / 10.0)], axis=1)
    fixes = truth + rng.normal(size=truth.shape) * 6.0
    particle_filter = ParticleFilter(settings, np.random.default_rng(1))
    particle_filter.initialize(PosePrior(0, 0.0, 0.0, np.eye(2)))
    errors = []
    for k, (position, measured) in enumerate(zip(truth, fixes, strict=True), start=1):
        particle_filter.predict(k * SECOND)
        particle_filter.update(fix(k, *measured))
        errors.append(np.hypot(*(particle_filter.estimate().state[:2] - position)))
    raw = np.hypot(*(fixes - truth).T).mean()
    assert np.mean(errors) < 0.85 * raw

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from geoloc_ros.errors import FilterStateError, MeasurementError, ShapeError
from geoloc_ros.filters.particle_filter import ParticleFilter
from geoloc_ros.filters.particle_robust import RobustParticleFilter
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.settings import from_flat, specs, to_flat
from geoloc_ros.types import (
    SPEED,
    YAW,
    YAW_RATE,
    Motion,
    PosePrior,
    PositionObservation,
    UpdateReason,
    X,
    Y,
)

SECOND = 1_000_000_000
QUIET = ParticleSettings(
    acceleration_noise_m_s2=0.0,
    steering_noise_rad_s=0.0,
    position_noise_m_sqrt_s=0.0,
    scale_sigma=0.0,
    yaw_rate_bias_sigma_rad_s=0.0,
)


def fix(stamp_s, east, north, sigma=3.0, outlier=0.0):
    position = None if east is None else np.array([east, north])
    return PositionObservation(
        round(stamp_s * SECOND), 'fix', position, np.eye(2) * sigma**2, np.zeros(2), outlier
    )


@dataclasses.dataclass(frozen=True)
class Constant:
    """An observation that gives every state the same log-likelihood."""

    value: float
    shape: tuple[int, ...] | None = None
    stamp_ns: int = 0
    source: str = 'constant'

    def log_likelihood(self, states):
        return np.full(self.shape or states.x_m.shape, self.value)

    def gaussian(self, state):
        return None


def started(settings=QUIET, seed=0, sigma=1.0, yaw=0.0, speed=10.0):
    particle_filter = ParticleFilter(settings, np.random.default_rng(seed))
    particle_filter.initialize(
        PosePrior(0, 0.0, 0.0, np.eye(2) * sigma**2, yaw, 1e-12, speed, 1e-12)
    )
    return particle_filter


# --- settings and contract -----------------------------------------------------------------------


def test_every_setting_has_a_range_or_choices_and_survives_a_round_trip():
    for spec in specs(ParticleSettings):
        assert len(spec.info.description) > 20
        assert spec.info.choices or spec.info.minimum is not None
    assert from_flat(ParticleSettings, to_flat(ParticleSettings())) == ParticleSettings()


@pytest.mark.parametrize('preset', ['robust', 'paper'])
def test_misuse_is_refused_in_words(preset):
    settings = ParticleSettings(preset=preset, particle_count=2000)
    particle_filter = ParticleFilter(settings, np.random.default_rng(0))
    assert not particle_filter.initialized
    with pytest.raises(FilterStateError, match='initialize'):
        particle_filter.estimate()
    with pytest.raises(MeasurementError, match='cannot start from'):
        particle_filter.initialize(PosePrior(0, math.nan, 0.0, np.eye(2)))
    particle_filter.initialize(PosePrior(SECOND, 0.0, 0.0, np.eye(2)))
    assert particle_filter.initialized
    with pytest.raises(FilterStateError, match='cannot predict back'):
        particle_filter.predict(0)
    with pytest.raises(ShapeError, match=r'\(3,\); expected \(2000,\)'):
        particle_filter.update(Constant(0.0, (3,)))


def test_a_motion_with_a_negative_variance_is_refused():
    with pytest.raises(MeasurementError, match='distance_variance_m2 is -1'):
        started().predict(SECOND, Motion(1.0, 1.0, 0.0, -1.0))


def run_on(particle_filter, seconds):
    results = []
    for k in seconds:
        particle_filter.predict(k * SECOND, Motion(1.0, 5.0, 0.1, 0.04, 1e-4, 5.0, 0.1))
        particle_filter.update(fix(k, 5.0 * k, 0.1 * k, outlier=0.01))
        results.append(particle_filter.estimate().state)
    return np.array(results)


@pytest.mark.parametrize('preset', ['robust', 'paper'])
@pytest.mark.parametrize('kernels', ['numba', 'numpy'])
def test_seeds_repeat_and_a_checkpoint_brings_everything_back(preset, kernels):
    if kernels == 'numba':
        pytest.importorskip('numba')
    settings = ParticleSettings(preset=preset, kernels=kernels, particle_count=300)
    first, again = started(settings, seed=3), started(settings, seed=3)
    other = started(settings, seed=4)
    states = run_on(first, range(1, 6))
    np.testing.assert_array_equal(states, run_on(again, range(1, 6)))
    assert not np.array_equal(states, run_on(other, range(1, 6)))
    restore, poses = first.checkpoint(), first.particles(300)
    continued = run_on(first, range(6, 15))
    for _ in range(2):
        restore()
        assert first.stamp_ns == 5 * SECOND
        np.testing.assert_array_equal(first.particles(300), poses)
        np.testing.assert_array_equal(run_on(first, range(6, 15)), continued)


@pytest.mark.parametrize('preset', ['robust', 'paper'])
def test_both_kernels_follow_the_same_drive(preset):
    pytest.importorskip('numba')
    states = [
        run_on(started(ParticleSettings(preset=preset, kernels=name), seed=5), range(1, 12))
        for name in ('numba', 'numpy')
    ]
    np.testing.assert_allclose(states[0][:3], states[1][:3], atol=1e-3)
    np.testing.assert_allclose(states[0][-1], states[1][-1], atol=0.6)


# --- motion --------------------------------------------------------------------------------------


@pytest.mark.parametrize('steps', [1, 20])
def test_without_gnss_the_covariance_grows_as_the_closed_form(steps):
    # Constant velocity with white acceleration: var x = P + q^2 T^3 / 3, var v = q^2 T.
    settings = dataclasses.replace(
        QUIET,
        particle_count=40_000,
        acceleration_noise_m_s2=0.8,
        position_noise_m_sqrt_s=0.5,
        steering_noise_rad_s=0.01,
    )
    particle_filter = started(settings, sigma=2.0, speed=30.0)
    for k in range(1, steps + 1):
        particle_filter.predict(k * 10 * SECOND // steps)
        assert particle_filter.update(fix(0, None, None)).reason is UpdateReason.NO_FIX
    estimate = particle_filter.estimate()
    P = estimate.covariance
    T = 10.0
    assert estimate.x_m == pytest.approx(300.0, abs=0.3)
    assert P[X, X] == pytest.approx(4.0 + 0.25 * T + 0.64 * T**3 / 3.0, rel=0.03)
    assert P[X, SPEED] == pytest.approx(0.64 * T**2 / 2.0, rel=0.03)
    assert P[SPEED, SPEED] == pytest.approx(0.64 * T, rel=0.03)
    assert P[YAW, YAW] == pytest.approx(1e-4 * T, rel=0.03)
    assert P[Y, Y] == pytest.approx(
        4.0 + 0.25 * T + 1e-4 * (30.0**2 * T**3 / 3.0 + 0.64 * T**4 / 12.0), rel=0.03
    )


def test_an_unknown_heading_has_the_variance_of_the_circle():
    estimate = started(ParticleSettings(), yaw=None, speed=None).estimate()
    assert estimate.covariance[YAW, YAW] == pytest.approx(np.pi**2 / 3.0, rel=0.01)
    assert estimate.speed_m_s > 0.0


def test_standing_still_neither_turns_nor_spreads():
    settings = dataclasses.replace(
        QUIET, steering_noise_rad_s=0.6, position_noise_m_sqrt_s=0.05, scale_sigma=0.02
    )
    particle_filter = started(settings, sigma=1.0, speed=0.0)
    before = particle_filter.estimate()
    for k in range(1, 601):
        particle_filter.predict(k * SECOND // 10, Motion(0.1, 0.0, None, 0.0, 0.0, 0.0))
    after = particle_filter.estimate()
    assert after.covariance[YAW, YAW] == pytest.approx(before.covariance[YAW, YAW], rel=1e-4)
    assert after.covariance[X, X] == pytest.approx(
        before.covariance[X, X] + 0.05**2 * 60.0, rel=0.05
    )


def test_measured_motion_carries_its_white_variance_and_scale_error():
    settings = dataclasses.replace(
        QUIET, particle_count=40_000, scale_sigma=0.02, yaw_rate_bias_sigma_rad_s=0.001
    )
    particle_filter = started(settings)
    for k in range(1, 21):
        motion = Motion(1.0, 10.0, 0.0, 0.09, 1e-6, 10.0, 0.0)
        particle_filter.predict(k * SECOND, motion)
    P = particle_filter.estimate().covariance
    assert P[X, X] == pytest.approx(1.0 + 20 * 0.09 + (0.02 * 200.0) ** 2, rel=0.04)
    assert P[YAW, YAW] == pytest.approx(20 * 1e-6 + (20 * 0.001) ** 2, rel=0.04)
    assert P[YAW_RATE, YAW_RATE] == pytest.approx(1e-6 + 0.001**2, rel=0.04)
    assert P[SPEED, SPEED] == pytest.approx(0.09 + (0.02 * 10.0) ** 2, rel=0.04)


def test_a_wheel_and_a_gyro_that_err_by_a_constant_are_found_out():
    settings = ParticleSettings(position_noise_m_sqrt_s=0.01)
    particle_filter = RobustParticleFilter(settings, np.random.default_rng(1))
    particle_filter.initialize(PosePrior(0, 0.0, 0.0, np.eye(2), 0.0, 1e-4, 10.0, 1.0))
    for k in range(1, 121):
        # Driven straight at 10 m/s; the wheel says 9.7 and the gyro 0.002 rad/s.
        particle_filter.predict(k * SECOND, Motion(1.0, 9.7, 0.002, 0.01, 1e-7, 9.7, 0.002))
        particle_filter.update(fix(k, 10.0 * k, 0.0, 1.0))
    scale, bias = particle_filter.calibration()
    assert scale == pytest.approx(10.0 / 9.7, abs=0.004)
    assert bias == pytest.approx(0.002, abs=3e-4)
    assert particle_filter.estimate().speed_m_s == pytest.approx(10.0, abs=0.15)


# --- what does not fit ---------------------------------------------------------------------------


def test_the_gate_takes_what_is_just_inside_and_leaves_what_is_just_outside():
    particle_filter = started(sigma=2.0)
    estimate = particle_filter.estimate()
    S = estimate.covariance[:2, :2] + 9.0 * np.eye(2)
    direction = np.linalg.cholesky(S) @ np.array([0.6, 0.8])
    edge = np.sqrt(stats.chi2.ppf(ParticleSettings().gate_probability, 2))
    outside = particle_filter.update(fix(0, *(estimate.state[:2] + 1.001 * edge * direction)))
    assert (outside.accepted, outside.reason) == (False, UpdateReason.GATED)
    assert outside.nis == pytest.approx((1.001 * edge) ** 2)
    np.testing.assert_array_equal(particle_filter.estimate().state, estimate.state)
    inside = particle_filter.update(fix(0, *(estimate.state[:2] + 0.999 * edge * direction)))
    assert (inside.accepted, inside.reason) == (True, UpdateReason.ACCEPTED)
    assert particle_filter.estimate().x_m > estimate.x_m + 1.0


@pytest.mark.parametrize(
    ('value', 'reason'), [(math.nan, UpdateReason.INVALID), (-math.inf, UpdateReason.GATED)]
)
def test_a_likelihood_that_says_nothing_usable_changes_nothing(value, reason):
    particle_filter = started()
    before = particle_filter.estimate().state
    result = particle_filter.update(Constant(value))
    assert (result.accepted, result.reason) == (False, reason)
    np.testing.assert_array_equal(particle_filter.estimate().state, before)


def test_a_constant_likelihood_is_taken_and_changes_nothing():
    particle_filter = started()
    before = particle_filter.estimate().state
    assert particle_filter.update(Constant(-1e6)).accepted
    np.testing.assert_allclose(particle_filter.estimate().state, before, atol=1e-12)


def test_agreeing_rejections_start_the_filter_anew_there():
    settings = dataclasses.replace(ParticleSettings(), scale_sigma=0.0)
    particle_filter = started(settings, yaw=0.5)
    reasons = []
    for k in range(1, 4):
        particle_filter.predict(k * SECOND, Motion(1.0, 10.0, 0.0, 0.0, 0.0, 10.0, 0.0))
        reasons.append(particle_filter.update(fix(k, 300.0, 200.0 - 9.0 * k)).reason)
    assert reasons == [UpdateReason.GATED, UpdateReason.GATED, UpdateReason.RESEEDED]
    estimate = particle_filter.estimate()
    np.testing.assert_allclose(estimate.state[:2], [300.0, 173.0], atol=0.3)
    np.testing.assert_allclose(estimate.covariance[:2, :2], 9.0 * np.eye(2), atol=0.7)
    yaw = particle_filter.particles(2000)[:, 2]
    near = np.abs(yaw - 0.5) < 3.0 * settings.reseed_yaw_jitter_rad
    assert 0.5 < near.mean() < 0.7  # half kept it, and some of the others fell there
    assert estimate.speed_m_s == pytest.approx(10.0, abs=0.5)


def test_rejections_that_contradict_one_another_do_not():
    particle_filter = started()
    for k in range(1, 13):
        particle_filter.predict(k * SECOND, Motion(1.0, 10.0, 0.0, 0.0, 0.0, 10.0, 0.0))
        side = 300.0 if k % 2 else -300.0
        assert particle_filter.update(fix(k, side, side)).reason is UpdateReason.GATED
    assert particle_filter.estimate().x_m == pytest.approx(120.0, abs=1.0)


def test_an_accepted_fix_in_between_forgets_the_rejections():
    particle_filter = started()
    for k in range(1, 10):
        particle_filter.predict(k * SECOND, Motion(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
        good = k % 3 == 0
        result = particle_filter.update(fix(k, 0.0 if good else 400.0, 0.0))
        assert result.accepted == good


def test_two_hypotheses_far_apart_both_live_through_resampling():
    @dataclasses.dataclass(frozen=True)
    class TwoPlaces(Constant):
        def log_likelihood(self, states):
            return np.logaddexp(
                -0.5 * ((states.x_m - 60.0) / 3.0) ** 2, -0.5 * ((states.x_m + 60.0) / 3.0) ** 2
            )

    particle_filter = started(dataclasses.replace(QUIET, particle_count=5000), sigma=60.0)
    for _ in range(3):
        assert particle_filter.update(TwoPlaces(0.0)).accepted
    x = particle_filter.particles(5000)[:, 0]
    assert (np.abs(np.abs(x) - 60.0) < 10.0).mean() > 0.97
    assert 0.3 < (x > 0.0).mean() < 0.7

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from geoloc_ros.errors import FilterStateError, ShapeError
from geoloc_ros.filters import kalman_core
from geoloc_ros.filters.gating import RejectionStreak, chi_square_threshold, gate
from geoloc_ros.filters.gaussian_sum import GaussianSum, around_the_circle
from geoloc_ros.filters.kalman_filter import KalmanFilter
from geoloc_ros.filters.kalman_motion import pack_motion, pack_noise, propagate
from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.types import Motion, PosePrior, PositionObservation, UpdateReason

SECOND = 1_000_000_000
NO_ARM = np.zeros(2)


def random_covariance(rng, n):
    root = rng.normal(size=(n, n))
    return root @ root.T + 0.1 * np.eye(n)


def fix(stamp_s, east, north, sigma=1.0, arm=NO_ARM):
    return PositionObservation(
        round(stamp_s * SECOND), 'fix', np.array([east, north]), np.eye(2) * sigma**2, arm
    )


def prior(yaw=0.0, yaw_variance=1e-4, speed=5.0, sigma=1.0):
    return PosePrior(0, 0.0, 0.0, np.eye(2) * sigma**2, yaw, yaw_variance, speed, 0.01)


def started(settings=None, **kwargs):
    kalman = KalmanFilter(settings or KalmanSettings(), np.random.default_rng(0))
    kalman.initialize(prior(**kwargs))
    return kalman


# --- the linear core -----------------------------------------------------------------------------


@pytest.mark.parametrize('n', [2, 6, 15])
def test_joseph_update_equals_the_information_form(n):
    rng = np.random.default_rng(n)
    x, P = rng.normal(size=n), random_covariance(rng, n)
    H, R, y = rng.normal(size=(2, n)), random_covariance(rng, 2), rng.normal(size=2)
    mean, covariance, nis, log_likelihood = kalman_core.joseph_update(x, P, y, H, R)
    information = np.linalg.inv(P) + H.T @ np.linalg.inv(R) @ H
    expected = np.linalg.inv(information)
    np.testing.assert_allclose(covariance, expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(mean, x + expected @ H.T @ np.linalg.inv(R) @ y, rtol=1e-7)
    S = H @ P @ H.T + R
    assert nis == pytest.approx(y @ np.linalg.inv(S) @ y)
    assert log_likelihood == pytest.approx(stats.multivariate_normal(np.zeros(2), S).logpdf(y))


def test_joseph_update_stays_positive_where_the_short_form_fails():
    P = np.diag([1e12, 1.0])
    H, R = np.array([[1.0, 1e-6]]), np.array([[1e-9]])
    _, covariance, _, _ = kalman_core.joseph_update(np.zeros(2), P, np.array([1.0]), H, R)
    assert np.all(np.linalg.eigvalsh(covariance) > 0.0)
    K = P @ H.T / (H @ P @ H.T + R)
    short = (np.eye(2) - K @ H) @ P
    assert not np.allclose(short, short.T, rtol=0.0, atol=1e-12) or np.min(np.diag(short)) <= 1e-9


def test_predict_moments_by_hand():
    F, Q = np.array([[1.0, 0.5], [0.0, 1.0]]), np.diag([0.1, 0.2])
    x, P = kalman_core.predict_moments(np.array([1.0, 2.0]), np.diag([4.0, 9.0]), F, Q)
    np.testing.assert_allclose(x, [2.0, 2.0])
    np.testing.assert_allclose(P, [[4.0 + 0.25 * 9.0 + 0.1, 4.5], [4.5, 9.2]])


# --- motion --------------------------------------------------------------------------------------

MOTIONS = [
    Motion(0.4),
    Motion(0.4, distance_m=3.0, distance_variance_m2=0.01, end_speed_m_s=7.0),
    Motion(0.4, rotation_rad=0.3, rotation_variance_rad2=1e-4, end_yaw_rate_rad_s=0.8),
    Motion(0.4, 3.0, 0.3, 0.01, 1e-4, 7.0, 0.8),
    Motion(0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, standstill=True),
]


@pytest.mark.parametrize('motion', MOTIONS)
def test_motion_jacobian_equals_finite_differences(motion):
    noise = pack_noise(KalmanSettings())
    mean = np.array([10.0, -4.0, 0.7, 6.0, 0.2, 1.01, 0.003])
    _, F, _ = propagate(mean, pack_motion(motion), noise)
    step = 1e-6
    for k in range(7):
        up, down = mean.copy(), mean.copy()
        up[k] += step
        down[k] -= step
        ahead, _, _ = propagate(up, pack_motion(motion), noise)
        behind, _, _ = propagate(down, pack_motion(motion), noise)
        numeric = (ahead - behind) / (2.0 * step)
        np.testing.assert_allclose(F[:, k], numeric, atol=1e-7)


def test_increments_without_end_rates_give_their_mean_rates():
    kalman = started()
    kalman.predict(SECOND // 2, Motion(0.5, distance_m=4.0, rotation_rad=0.1))
    estimate = kalman.estimate()
    assert estimate.speed_m_s == pytest.approx(8.0)
    assert estimate.state[4] == pytest.approx(0.2)
    assert np.all(np.isfinite(estimate.covariance))


def test_arc_is_driven_exactly():
    motion = Motion(1.0, distance_m=10.0, rotation_rad=math.pi / 2)
    noise = pack_noise(KalmanSettings())
    mean, _, _ = propagate(
        np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]), pack_motion(motion), noise
    )
    radius = 10.0 / (math.pi / 2)
    np.testing.assert_allclose(mean[:3], [radius, radius, math.pi / 2], rtol=1e-12)


def test_yaw_rate_fades_as_a_first_order_lag():
    noise = pack_noise(KalmanSettings(yaw_rate_decay_s=2.0))
    state = np.array([0.0, 0.0, 0.0, 0.0, 0.4, 1.0, 0.0])
    mean, _, _ = propagate(state, pack_motion(Motion(1.0)), noise)
    assert mean[4] == pytest.approx(0.4 * math.exp(-0.5))
    assert mean[2] == pytest.approx(0.4 * 2.0 * (1.0 - math.exp(-0.5)))


def test_covariance_without_measurements_grows_as_white_acceleration_says():
    settings = KalmanSettings(
        acceleration_noise=1.5, position_noise=0.0, yaw_noise=0.0, yaw_acceleration_noise=1e-6
    )
    kalman = started(settings, yaw_variance=1e-12)
    for k in range(1, 101):
        kalman.predict(k * SECOND // 10)
    t, q = 10.0, 1.5**2
    covariance = kalman.estimate().covariance
    # integrated white acceleration over t, plus the start (1 m, and 0.1 m/s times t)
    assert covariance[0, 0] == pytest.approx(q * t**3 / 3.0 + 1.0 + 0.01 * t**2, rel=1e-6)
    assert covariance[3, 3] == pytest.approx(q * t + 0.01, rel=1e-6)


def test_standstill_holds_pose_and_covariance():
    kalman = started(yaw=0.3)
    before = kalman.estimate()
    kalman.predict(SECOND, Motion(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, standstill=True))
    after = kalman.estimate()
    np.testing.assert_allclose(after.state[:3], before.state[:3])
    np.testing.assert_allclose(after.covariance[:3, :3], before.covariance[:3, :3])
    assert after.speed_m_s == 0.0


# --- updates -------------------------------------------------------------------------------------


def test_position_update_by_hand():
    kalman = started()
    result = kalman.update(fix(0.0, 1.0, -1.0, sigma=1.0))
    estimate = kalman.estimate()
    np.testing.assert_allclose(estimate.state[:2], [0.5, -0.5], atol=1e-9)
    np.testing.assert_allclose(np.diag(estimate.covariance)[:2], [0.5, 0.5], atol=1e-9)
    assert result.accepted
    assert result.nis == pytest.approx((1.0 + 1.0) / 2.0)


def test_lever_arm_turns_with_the_heading():
    kalman = started(yaw=math.pi / 2, sigma=10.0)
    kalman.update(fix(0.0, 100.0, 52.0, sigma=0.01, arm=np.array([2.0, 0.0])))
    gated = kalman.estimate()
    kalman = started(yaw=math.pi / 2, sigma=1000.0)
    kalman.update(fix(0.0, 100.0, 52.0, sigma=0.01, arm=np.array([2.0, 0.0])))
    np.testing.assert_allclose(kalman.estimate().state[:2], [100.0, 50.0], atol=0.05)
    np.testing.assert_allclose(gated.state[:2], [0.0, 0.0])


def test_gate_lets_pass_just_inside_and_stops_just_outside():
    settings = KalmanSettings(gate_probability=0.99)
    limit = math.sqrt(stats.chi2.ppf(0.99, 2) * 2.0)  # S = 1 + 1 on each axis
    inside = started(settings).update(fix(0.0, limit - 1e-6, 0.0))
    outside = started(settings).update(fix(0.0, limit + 1e-6, 0.0))
    assert (inside.reason, outside.reason) == (UpdateReason.ACCEPTED, UpdateReason.GATED)
    assert outside.nis == pytest.approx(stats.chi2.ppf(0.99, 2), rel=1e-5)


def test_huber_weakens_what_lies_beyond_its_threshold():
    plain, robust = (
        started(KalmanSettings(robust_loss=loss, huber_threshold=1.0, gate_probability=1.0))
        for loss in ('none', 'huber')
    )
    for kalman in (plain, robust):
        kalman.update(fix(0.0, 6.0, 0.0))
    nis = 36.0 / 2.0
    gain = 1.0 / (1.0 + math.sqrt(nis))  # P / (P + R sqrt(NIS) / k)
    assert plain.estimate().x_m == pytest.approx(3.0)
    assert robust.estimate().x_m == pytest.approx(6.0 * gain)


def test_fix_without_position_changes_nothing():
    kalman = started()
    before = kalman.estimate()
    nothing = PositionObservation(0, 'fix', None, np.eye(2), NO_ARM)
    assert kalman.update(nothing).reason is UpdateReason.NO_FIX
    np.testing.assert_array_equal(kalman.estimate().covariance, before.covariance)


def test_agreeing_rejections_start_anew_and_scattered_ones_do_not():
    kalman = started(KalmanSettings(reseed_after_rejections=3))
    reasons = [kalman.update(fix(0.0, 200.0, 300.0)).reason for _ in range(3)]
    assert reasons == [UpdateReason.GATED, UpdateReason.GATED, UpdateReason.RESEEDED]
    np.testing.assert_allclose(kalman.estimate().state[:2], [200.0, 300.0])
    scattered = started(KalmanSettings(reseed_after_rejections=3))
    for k in range(6):
        place = fix(0.0, 200.0 * (-1) ** k, 300.0)
        assert scattered.update(place).reason is UpdateReason.GATED


def test_accepted_fix_ends_a_streak():
    kalman = started(KalmanSettings(reseed_after_rejections=3))
    for _ in range(2):
        kalman.update(fix(0.0, 200.0, 300.0))
    kalman.update(fix(0.0, 0.0, 0.0))
    assert kalman.update(fix(0.0, 200.0, 300.0)).reason is UpdateReason.GATED


# --- unknown heading -----------------------------------------------------------------------------


@pytest.mark.parametrize('true_yaw', [-3.1, -1.5, 0.0, 0.8, 2.2, math.pi])
def test_unknown_heading_is_found_by_driving(true_yaw):
    rng = np.random.default_rng(3)
    kalman = KalmanFilter(KalmanSettings(), rng)
    kalman.initialize(PosePrior(0, 0.0, 0.0, np.eye(2), speed_m_s=8.0, speed_variance_m2_s2=0.01))
    assert kalman.estimate().covariance[2, 2] == pytest.approx(math.pi**2 / 3.0, rel=0.05)
    for k in range(1, 31):
        motion = Motion(0.2, 1.6, 0.0, 1e-4, 1e-6, 8.0, 0.0)
        kalman.predict(k * SECOND // 5, motion)
        if k % 5 == 0:
            along = 1.6 * k
            east, north = along * math.cos(true_yaw), along * math.sin(true_yaw)
            kalman.update(fix(k / 5, east + rng.normal(), north + rng.normal()))
    estimate = kalman.estimate()
    error = math.remainder(estimate.yaw_rad - true_yaw, 2.0 * math.pi)
    assert abs(error) < 3.0 * math.sqrt(estimate.covariance[2, 2])
    assert math.sqrt(estimate.covariance[2, 2]) < 0.1
    assert kalman.calibration()[0] == pytest.approx(1.0, abs=0.05)


def test_mixture_moments_equal_those_of_samples():
    rng = np.random.default_rng(8)
    means = np.array([[0.0, 0.0, 3.0], [4.0, 2.0, -3.0]])
    covariances = np.stack([np.diag([1.0, 2.0, 0.01])] * 2)
    mixture = GaussianSum(means, covariances, np.array([0.3, 0.7]))
    chosen = rng.choice(2, size=200_000, p=mixture.weights)
    samples = means[chosen] + rng.normal(size=(200_000, 3)) * np.sqrt([1.0, 2.0, 0.01])
    mean, covariance = mixture.moments()
    yaw = math.atan2(np.sin(samples[:, 2]).mean(), np.cos(samples[:, 2]).mean())
    offsets = samples - [*samples[:, :2].mean(axis=0), yaw]
    offsets[:, 2] = np.remainder(offsets[:, 2] + math.pi, 2 * math.pi) - math.pi
    assert mean[2] == pytest.approx(yaw, abs=2e-3)
    np.testing.assert_allclose(covariance, offsets.T @ offsets / len(samples), atol=0.03)


def test_circle_of_hypotheses_is_nearly_uniform():
    mixture = around_the_circle(np.zeros(7), np.eye(7), 12)
    angles = np.linspace(-math.pi, math.pi, 721)
    offsets = np.remainder(angles[:, None] - mixture.means[:, 2] + math.pi, 2 * math.pi) - math.pi
    density = stats.norm.pdf(offsets, scale=math.sqrt(mixture.covariances[0, 2, 2])).mean(axis=1)
    np.testing.assert_allclose(density, 1.0 / (2.0 * math.pi), rtol=0.04)


# --- bookkeeping ---------------------------------------------------------------------------------


def test_checkpoint_restores_everything():
    kalman = started()
    restore = kalman.checkpoint()
    before = kalman.estimate()
    kalman.predict(SECOND)
    kalman.update(fix(1.0, 5.0, 0.0))
    restore()
    after = kalman.estimate()
    assert after.stamp_ns == before.stamp_ns
    np.testing.assert_array_equal(after.state, before.state)
    np.testing.assert_array_equal(after.covariance, before.covariance)


def test_blank_checkpoint_restores_to_uninitialised():
    kalman = KalmanFilter(KalmanSettings(), np.random.default_rng(0))
    restore = kalman.checkpoint()
    kalman.initialize(prior())
    restore()
    assert not kalman.initialized


def test_misuse_is_named():
    kalman = KalmanFilter(KalmanSettings(), np.random.default_rng(0))
    with pytest.raises(FilterStateError, match='initialize'):
        kalman.estimate()
    kalman.initialize(prior())
    kalman.predict(SECOND)
    with pytest.raises(FilterStateError, match='already at'):
        kalman.predict(SECOND - 1)


def test_particles_for_display_follow_the_belief():
    kalman = started(sigma=2.0, yaw=3.0)
    drawn = kalman.particles(20_000)
    np.testing.assert_allclose(drawn[:, :2].std(axis=0), [2.0, 2.0], rtol=0.05)


# --- gating --------------------------------------------------------------------------------------


def test_gate_uses_the_square_against_chi_square():
    result = gate(np.array([3.0, 0.0]), np.eye(2), 0.95)
    assert result.nis == pytest.approx(9.0)
    assert result.threshold == pytest.approx(5.991464547107979)  # published chi-square table
    assert not result.accepted
    assert chi_square_threshold(0.99, 1) == pytest.approx(6.634896601021213)


def test_gate_refuses_shapes_that_disagree():
    with pytest.raises(ShapeError, match=r'\(3, 3\).*\(2, 2\)'):
        gate(np.zeros(2), np.eye(3), 0.95)


def test_streak_counts_fixes_within_reach_of_each_other():
    near = RejectionStreak().extended(fix(0.0, 0.0, 0.0), 10.0)
    reach = 3.0 * math.sqrt(2.0) + (1.5 * 10.0 + 2.0) * 1.0
    assert near.extended(fix(1.0, reach - 0.01, 0.0), 10.0).count == 2
    assert near.extended(fix(1.0, reach + 0.01, 0.0), 10.0).count == 1

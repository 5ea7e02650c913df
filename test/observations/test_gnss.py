# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from geoloc_ros.errors import MeasurementError
from geoloc_ros.observations.gnss import (
    GnssSettings,
    check_position,
    checked_covariance,
    correlation_inflation,
    has_fix,
)
from geoloc_ros.types import (
    CovarianceType,
    FixStatus,
    GeodeticPosition,
    GnssFix,
    PositionObservation,
    StateBatch,
)

SETTINGS = GnssSettings(default_sigma_m=5.0, sigma_floor_m=1.0)


def fix(covariance=None, kind=CovarianceType.KNOWN, status=FixStatus.FIX, lat=49.0, lon=8.4):
    return GnssFix(
        1,
        'gps',
        GeodeticPosition(lat, lon, 100.0),
        np.eye(3) * 4.0 if covariance is None else np.asarray(covariance, dtype=float),
        kind,
        status,
    )


@pytest.mark.parametrize(
    ('status', 'expected'),
    [
        (FixStatus.NO_FIX, False),
        (FixStatus.FIX, True),
        (FixStatus.SBAS_FIX, True),
        (FixStatus.GBAS_FIX, True),
        (FixStatus.UNKNOWN, True),
    ],
)
def test_status_is_honoured(status, expected):
    assert has_fix(fix(status=status), SETTINGS) is expected


def test_unknown_status_can_be_refused():
    assert not has_fix(fix(status=FixStatus.UNKNOWN), GnssSettings(accept_unknown_status=False))


@pytest.mark.parametrize(
    ('lat', 'lon', 'words'),
    [
        (math.nan, 8.0, 'finite'),
        (49.0, math.inf, 'finite'),
        (90.1, 8.0, 'swapped'),
        (49.0, 180.5, 'swapped'),
        (0.0, 0.0, 'NO_FIX'),
    ],
)
def test_places_that_are_none_are_refused(lat, lon, words):
    with pytest.raises(MeasurementError, match=words):
        check_position(fix(lat=lat, lon=lon))


def test_unknown_covariance_takes_the_default_whatever_the_matrix_says():
    checked = checked_covariance(fix(np.eye(3) * 1e-6, CovarianceType.UNKNOWN), SETTINGS)
    np.testing.assert_allclose(checked.covariance_m2, np.eye(2) * 25.0)
    assert checked.remark == ''


def test_known_covariance_is_kept_with_its_correlation():
    stated = np.diag([9.0, 4.0, 1.0])
    stated[0, 1] = stated[1, 0] = 2.0
    checked = checked_covariance(fix(stated), SETTINGS)
    np.testing.assert_allclose(checked.covariance_m2, stated[:2, :2], rtol=1e-12)


def test_diagonal_known_ignores_what_stands_off_the_diagonal():
    stated = np.full((3, 3), 7.0)
    np.fill_diagonal(stated, [9.0, 4.0, 1.0])
    checked = checked_covariance(fix(stated, CovarianceType.DIAGONAL_KNOWN), SETTINGS)
    np.testing.assert_allclose(checked.covariance_m2, np.diag([9.0, 4.0]))


def test_scale_then_floor():
    settings = GnssSettings(sigma_scale=3.0, sigma_floor_m=2.0)
    checked = checked_covariance(fix(np.diag([0.01, 4.0, 1.0])), settings)
    np.testing.assert_allclose(checked.covariance_m2, np.diag([4.0, 36.0]))


@pytest.mark.parametrize(
    'stated', [np.zeros((3, 3)), np.diag([-1.0, 4.0, 1.0]), np.full((3, 3), math.nan)]
)
def test_absurd_covariance_takes_the_default_and_says_so(stated):
    checked = checked_covariance(fix(stated), SETTINGS)
    np.testing.assert_allclose(checked.covariance_m2, np.eye(2) * 25.0)
    assert 'positive' in checked.remark


def test_indefinite_covariance_is_raised_to_the_floor_and_named():
    stated = np.array([[4.0, 5.0, 0.0], [5.0, 4.0, 0.0], [0.0, 0.0, 1.0]])
    checked = checked_covariance(fix(stated), SETTINGS)
    assert np.linalg.eigvalsh(checked.covariance_m2)[0] == pytest.approx(1.0)
    assert 'not positive definite' in checked.remark


def test_largest_sigma_just_inside_and_just_outside():
    settings = GnssSettings(max_sigma_m=50.0)
    checked_covariance(fix(np.eye(3) * 49.99**2), settings)
    with pytest.raises(MeasurementError, match='max_sigma_m'):
        checked_covariance(fix(np.eye(3) * 50.01**2), settings)


def test_correlation_inflation_is_the_variance_of_a_mean_of_ar1():
    rng = np.random.default_rng(2)
    tau, elapsed, n = 4.0, 2.0, 400
    rho = math.exp(-elapsed / tau)
    noise = rng.normal(size=(4000, n)) * math.sqrt(1.0 - rho**2)
    errors = np.empty_like(noise)
    errors[:, 0] = rng.normal(size=4000)
    for k in range(1, n):
        errors[:, k] = rho * errors[:, k - 1] + noise[:, k]
    measured = errors.mean(axis=1).var() * n
    assert correlation_inflation(elapsed, tau) == pytest.approx(measured, rel=0.08)
    assert correlation_inflation(elapsed, tau) == pytest.approx((1 + rho) / (1 - rho), rel=1e-12)


def test_correlation_inflation_at_its_ends():
    assert correlation_inflation(1.0, 0.0) == 1.0
    assert correlation_inflation(1000.0, 1.0) == pytest.approx(1.0)
    assert correlation_inflation(0.0, 1.0) == math.inf


def batch(rng, n):
    return StateBatch(
        rng.normal(0.0, 5.0, n), rng.normal(0.0, 5.0, n), rng.uniform(-3, 3, n), np.full(n, 5.0)
    )


def test_position_likelihood_equals_scipy_with_floor_and_lever_arm():
    rng = np.random.default_rng(4)
    covariance = np.array([[9.0, 2.0], [2.0, 4.0]])
    arm = np.array([1.5, -0.4])
    seen = PositionObservation(0, 'fix', np.array([3.0, -2.0]), covariance, arm, 0.1, 100.0)
    states = batch(rng, 50)
    rotated = np.stack(
        [
            np.cos(states.yaw_rad) * arm[0] - np.sin(states.yaw_rad) * arm[1],
            np.sin(states.yaw_rad) * arm[0] + np.cos(states.yaw_rad) * arm[1],
        ],
        axis=1,
    )
    antenna = np.stack([states.x_m, states.y_m], axis=1) + rotated
    density = stats.multivariate_normal([3.0, -2.0], covariance).pdf(antenna)
    expected = np.log(0.9 * density + 0.1 / (math.pi * 100.0**2))
    np.testing.assert_allclose(seen.log_likelihood(states), expected, rtol=1e-10)


def test_position_jacobian_equals_finite_differences():
    arm = np.array([1.5, -0.4])
    seen = PositionObservation(0, 'fix', np.array([3.0, -2.0]), np.eye(2), arm)
    state = np.array([1.0, 2.0, 0.7, 5.0, 0.1])
    form = seen.gaussian(state)
    for k in range(5):
        shift = np.zeros(5)
        shift[k] = 1e-6
        ahead, behind = seen.gaussian(state + shift), seen.gaussian(state - shift)
        numeric = -(ahead.innovation - behind.innovation) / 2e-6
        np.testing.assert_allclose(form.jacobian[:, k], numeric, atol=1e-8)


def test_without_a_fix_there_is_no_term():
    nothing = PositionObservation(0, 'fix', None, np.eye(2), np.zeros(2))
    assert nothing.gaussian(np.zeros(5)) is None
    np.testing.assert_array_equal(
        nothing.log_likelihood(batch(np.random.default_rng(0), 3)), np.zeros(3)
    )

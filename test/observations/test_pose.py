# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from geoloc_ros.errors import MeasurementError
from geoloc_ros.observations.pose import PoseObservationSettings, pose_observation
from geoloc_ros.types import PoseMeasurement, StateBatch

SETTINGS = PoseObservationSettings(
    position_sigma_floor_m=0.5, yaw_sigma_floor_rad=0.05, outlier_probability=0.0
)


def measured(yaw=0.3, covariance=None, x=1.0):
    covariance = np.diag([4.0, 9.0, 0.04]) if covariance is None else covariance
    return PoseMeasurement(5, 'map', x, 2.0, yaw, covariance)


def states(x, y, yaw):
    return StateBatch(np.array(x), np.array(y), np.array(yaw), np.zeros(len(x)))


def test_likelihood_ratio_equals_scipy_with_yaw_on_the_circle():
    seen = pose_observation(measured(yaw=3.1), SETTINGS)
    batch = states([1.0, 2.0, -1.0], [2.0, 0.0, 5.0], [3.1, -3.1, 2.5])
    offsets = np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 2 * math.pi - 6.2], [-2.0, 3.0, -0.6]])
    expected = stats.multivariate_normal(np.zeros(3), np.diag([4.0, 9.0, 0.04])).logpdf(offsets)
    got = seen.log_likelihood(batch)
    np.testing.assert_allclose(got - got[0], expected - expected[0], atol=1e-10)


def test_position_only_says_nothing_of_the_heading():
    seen = pose_observation(measured(yaw=None), SETTINGS)
    got = seen.log_likelihood(states([0.0, 0.0], [0.0, 0.0], [0.0, 2.0]))
    assert got[0] == got[1]
    assert seen.gaussian(np.zeros(5)).innovation.shape == (2,)


def test_gaussian_form_wraps_the_heading():
    form = pose_observation(measured(yaw=3.1), SETTINGS).gaussian(
        np.array([0.0, 0.0, -3.1, 4.0, 0.0])
    )
    np.testing.assert_allclose(form.innovation, [1.0, 2.0, 6.2 - 2 * math.pi], atol=1e-12)
    np.testing.assert_allclose(form.jacobian, np.eye(3, 5))


def test_floors_keep_the_correlations():
    covariance = np.array([[0.01, 0.005, 0.0], [0.005, 0.01, 0.0], [0.0, 0.0, 1e-6]])
    seen = pose_observation(measured(covariance=covariance), SETTINGS)
    np.testing.assert_allclose(np.diag(seen.covariance), [0.25, 0.25, 0.0025])
    assert seen.covariance[0, 1] == pytest.approx(0.125)


def test_outlier_floor_bounds_the_penalty():
    settings = PoseObservationSettings(outlier_probability=0.1)
    seen = pose_observation(measured(), settings)
    got = seen.log_likelihood(states([1.0, 1e4], [2.0, 0.0], [0.3, 0.3]))
    assert got[1] == pytest.approx(math.log(0.1) - 8.0)


@pytest.mark.parametrize(
    ('measurement', 'words'),
    [
        (measured(x=math.nan), 'finite'),
        (measured(covariance=np.zeros((3, 3))), 'positive definite'),
        (measured(yaw=None, covariance=np.array([[4.0, 2.0], [2.0, 1.0]])), 'positive definite'),
        (measured(covariance=np.diag([1.0, -1.0, 1.0])), 'positive definite'),
        (
            measured(covariance=np.array([[1.0, 2.0, 0], [2.0, 1.0, 0], [0, 0, 1.0]])),
            'positive definite',
        ),
    ],
)
def test_poses_that_cannot_be_used_are_named(measurement, words):
    with pytest.raises(MeasurementError, match=words):
        pose_observation(measurement, SETTINGS)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Covariances: what is refused, ROS order, ellipses against numpy and sampling."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy import stats

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.geometry import covariance as cov

PROPERTY = settings(derandomize=True, deadline=None, max_examples=150, database=None)


def test_symmetrise():
    np.testing.assert_array_equal(
        cov.symmetrise(np.array([(1.0, 2.0), (4.0, 3.0)])), [(1, 3), (3, 3)]
    )
    stack = np.random.default_rng(0).normal(size=(5, 3, 3))
    np.testing.assert_array_equal(cov.symmetrise(stack)[2], cov.symmetrise(stack[2]))


@pytest.mark.parametrize(
    ('matrix', 'expected'),
    [
        (np.eye(3), True),
        (np.array([(1.0, 0.999), (0.999, 1.0)]), True),
        (np.array([(1.0, 1.001), (1.001, 1.0)]), False),
        (np.zeros((2, 2)), False),
        (np.full((2, 2), math.nan), False),
        (np.diag((1.0, math.inf)), False),
    ],
)
def test_positive_definite(matrix, expected):
    assert cov.is_positive_definite(matrix) is expected


def test_a_good_covariance_comes_back():
    matrix = np.array([(4.0, 1.0), (1.0 + 1e-6, 9.0)])
    checked = cov.check_covariance(matrix, 2)
    assert checked.dtype == np.float64
    np.testing.assert_array_equal(checked, checked.T)
    np.testing.assert_allclose(checked, matrix, atol=1e-6)
    # Square metres of the size of the Earth beside square milliradians.
    assert cov.check_covariance(np.diag((1e14, 1e-12)), 2)[0, 0] == 1e14


@pytest.mark.parametrize(
    ('matrix', 'words'),
    [
        ([(1.0, 0.0), (0.0, math.nan)], 'is not finite'),
        ([(1.0, 0.0), (0.0, math.inf)], 'is not finite'),
        ([(1.0, 0.0), (0.0, 0.0)], r'has the variance 0\.0 in row 1'),
        ([(-2.0, 0.0), (0.0, 1.0)], r'has the variance -2\.0 in row 0'),
        ([(1.0, 0.1), (0.0, 1.0)], r'is asymmetric by 0\.1'),
        ([(1.0, 1.0), (1.0, 1.0)], 'is not positive definite'),
        ([(1.0, 2.0), (2.0, 1.0)], 'is not positive definite'),
    ],
)
def test_a_bad_covariance_is_refused_by_name(matrix, words):
    with pytest.raises(MeasurementError, match=f'fix covariance .* {words}.*; expected a finite'):
        cov.check_covariance(matrix, 2, 'fix covariance')


def test_a_covariance_of_another_size_is_refused():
    with pytest.raises(ShapeError, match=r'covariance has shape \(9,\); expected \(3, 3\)'):
        cov.check_covariance(np.zeros(9), 3)


def test_ros_order_by_hand():
    planar = np.array([(1.0, 2.0, 3.0), (2.0, 4.0, 5.0), (3.0, 5.0, 6.0)])
    full = cov.ros_covariance_from_planar(planar)
    # Row order of geometry_msgs/PoseWithCovariance: x, y, z, rot X, rot Y, rot Z.
    flat = full.ravel()
    assert (flat[0], flat[1], flat[5], flat[7], flat[11], flat[35]) == (1, 2, 3, 4, 5, 6)
    assert (flat[14], flat[21], flat[28]) == (1e6, math.pi**2 / 3.0, math.pi**2 / 3.0)
    assert np.count_nonzero(full) == 12
    np.testing.assert_array_equal(full, full.T)
    np.testing.assert_array_equal(cov.planar_from_ros_covariance(flat), planar)
    np.testing.assert_array_equal(cov.planar_from_ros_covariance(full), planar)
    known = cov.ros_covariance_from_planar(planar, 25.0, 0.01)
    assert (known[2, 2], known[3, 3], known[4, 4]) == (25.0, 0.01, 0.01)


def test_other_counts_are_refused():
    with pytest.raises(ShapeError, match=r'\(35,\); expected \(36,\) or \(6, 6\)'):
        cov.planar_from_ros_covariance(np.zeros(35))
    with pytest.raises(ShapeError, match=r'\(2, 2\); expected \(3, 3\)'):
        cov.ros_covariance_from_planar(np.eye(2))


@PROPERTY
@given(
    major=st.floats(0.1, 1e3),
    ratio=st.floats(0.01, 0.9),
    turn_rad=st.floats(-math.pi / 2.0 + 1e-6, math.pi / 2.0),
    probability=st.floats(0.01, 0.999),
)
def test_ellipse_is_that_of_the_matrix_it_came_from(major, ratio, turn_rad, probability):
    cosine, sine = math.cos(turn_rad), math.sin(turn_rad)
    axes = np.array([(cosine, -sine), (sine, cosine)])
    matrix = axes @ np.diag((major**2, (ratio * major) ** 2)) @ axes.T
    ellipse = cov.error_ellipse(matrix, probability)
    scale = math.sqrt(stats.chi2.ppf(probability, 2))
    assert ellipse.semi_major_m == pytest.approx(scale * major, rel=1e-6)
    assert ellipse.semi_minor_m == pytest.approx(scale * ratio * major, rel=1e-6)
    assert math.remainder(ellipse.orientation_rad - turn_rad, math.pi) == pytest.approx(
        0.0, abs=1e-6
    )
    assert -math.pi / 2.0 < ellipse.orientation_rad <= math.pi / 2.0


def test_ellipse_holds_the_share_it_says():
    matrix = np.array([(9.0, 3.0), (3.0, 4.0)])
    samples = np.random.default_rng(6).multivariate_normal((0.0, 0.0), matrix, 40_000)
    ellipse = cov.error_ellipse(matrix, 0.95)
    cosine, sine = math.cos(ellipse.orientation_rad), math.sin(ellipse.orientation_rad)
    along = samples @ (cosine, sine) / ellipse.semi_major_m
    across = samples @ (-sine, cosine) / ellipse.semi_minor_m
    assert float(np.mean(along**2 + across**2 <= 1.0)) == pytest.approx(0.95, abs=0.004)


def test_ellipse_by_hand():
    # One sigma in two dimensions holds 1 - exp(-1/2) = 0.3935.
    ellipse = cov.error_ellipse(np.diag((1.0, 4.0)), 1.0 - math.exp(-0.5))
    assert ellipse == cov.Ellipse(
        pytest.approx(2.0), pytest.approx(1.0), pytest.approx(math.pi / 2.0)
    )
    line = cov.error_ellipse(np.array([(1.0, 1.0), (1.0, 1.0)]), 0.5)
    assert line.semi_minor_m == 0.0
    assert line.orientation_rad == pytest.approx(math.pi / 4.0)


def test_what_has_no_ellipse_is_refused():
    for matrix in (np.diag((1.0, -1e-3)), np.full((2, 2), math.nan), -np.eye(2)):
        with pytest.raises(MeasurementError, match='has an eigenvalue'):
            cov.error_ellipse(matrix, 0.9)
    for probability in (0.0, 1.0, math.nan):
        with pytest.raises(MeasurementError, match=r'expected a number inside \(0, 1\)'):
            cov.error_ellipse(np.eye(2), probability)
    with pytest.raises(ShapeError, match=r'\(3, 3\); expected \(2, 2\)'):
        cov.error_ellipse(np.eye(3), 0.5)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Angles: exact at the border, against scipy and by hand."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy import stats

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.geometry.angles import (
    UNIFORM_VARIANCE_RAD2,
    angle_difference,
    circular_mean,
    circular_variance,
    wrap_angle,
)

PROPERTY = settings(derandomize=True, deadline=None, max_examples=300, database=None)
BELOW_PI = float(np.nextafter(math.pi, 0.0))
ABOVE_PI = float(np.nextafter(math.pi, 4.0))


@pytest.mark.parametrize(
    ('angle_rad', 'expected_rad'),
    [
        (0.0, 0.0),
        (math.pi, math.pi),
        (-math.pi, math.pi),
        (BELOW_PI, BELOW_PI),
        (-BELOW_PI, -BELOW_PI),
        (ABOVE_PI, ABOVE_PI - math.tau),
        (-ABOVE_PI, math.tau - ABOVE_PI),
        (math.tau, 0.0),
        (-math.tau, 0.0),
        (1.5 * math.pi, -0.5 * math.pi),
        (0.1 + math.tau, (0.1 + math.tau) - math.tau),
        (1e-300, 1e-300),
    ],
)
def test_wrap_is_exact_at_the_border(angle_rad, expected_rad):
    assert wrap_angle(angle_rad) == expected_rad
    assert wrap_angle(np.array([[angle_rad]]))[0, 0] == expected_rad
    assert -math.pi < wrap_angle(angle_rad) <= math.pi


@PROPERTY
@given(st.floats(-1e6, 1e6))
def test_wrap_keeps_the_direction(angle_rad):
    wrapped_rad = wrap_angle(angle_rad)
    assert -math.pi < wrapped_rad <= math.pi
    assert math.sin(wrapped_rad) == pytest.approx(math.sin(angle_rad), abs=1e-9)
    assert math.cos(wrapped_rad) == pytest.approx(math.cos(angle_rad), abs=1e-9)
    assert wrap_angle(np.array([angle_rad]))[0] == wrapped_rad
    assert wrap_angle(wrapped_rad) == wrapped_rad


def test_wrap_of_what_is_not_finite_is_nan():
    for value in (math.nan, math.inf, -math.inf):
        assert math.isnan(wrap_angle(value))
    assert np.isnan(wrap_angle(np.array([math.nan, math.inf]))).all()


def test_wrap_leaves_its_argument_alone():
    angles = np.array([4.0, -4.0])
    wrap_angle(angles)
    np.testing.assert_array_equal(angles, [4.0, -4.0])


def test_difference_takes_the_shorter_way():
    assert angle_difference(math.radians(-179.0), math.radians(179.0)) == pytest.approx(
        math.radians(2.0)
    )
    assert angle_difference(math.radians(179.0), math.radians(-179.0)) == pytest.approx(
        math.radians(-2.0)
    )
    many = angle_difference(np.array([0.0, math.pi]), 0.0)
    np.testing.assert_array_equal(many, [0.0, math.pi])


def test_mean_and_variance_across_the_border():
    angles = math.pi + np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    assert abs(angle_difference(circular_mean(wrap_angle(angles)), math.pi)) < 1e-15
    # By hand: (0.04 + 0.01) * 2 / 5.
    assert circular_variance(wrap_angle(angles)) == pytest.approx(0.02, rel=1e-12)


def test_mean_agrees_with_scipy():
    angles = np.random.default_rng(2).vonmises(2.9, 3.0, 1000)
    assert circular_mean(angles) == pytest.approx(
        stats.circmean(angles, high=math.pi, low=-math.pi), abs=1e-12
    )


def test_narrow_variance_is_the_ordinary_one():
    angles = np.random.default_rng(4).normal(1.0, 0.01, 500)
    assert circular_variance(angles) == pytest.approx(float(np.var(angles)), rel=1e-4)


def test_weights_count_like_copies():
    angles, weights = np.array([3.0, -3.0, 0.5]), np.array([4.0, 2.0, 1.0])
    copies = np.repeat(angles, weights.astype(int))
    assert circular_mean(angles, weights) == pytest.approx(circular_mean(copies))
    assert circular_variance(angles, 1e-9 * weights) == pytest.approx(circular_variance(copies))


def test_an_unknown_heading_has_the_variance_of_a_uniform_one():
    even = np.linspace(-math.pi, math.pi, 3600, endpoint=False)
    assert circular_variance(even) == pytest.approx(UNIFORM_VARIANCE_RAD2, rel=1e-3)
    # A uniform density on (-pi, pi]: the integral of t^2 / (2 pi) is pi^2 / 3.
    assert pytest.approx(3.2898681, abs=1e-7) == UNIFORM_VARIANCE_RAD2


@PROPERTY
@given(st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=8))
def test_variance_is_capped(angles):
    assert 0.0 <= circular_variance(angles) <= UNIFORM_VARIANCE_RAD2


def test_cap_binds_where_the_set_is_worse_than_uniform():
    # Mean 0 by a hair, half the weight at +-pi: mean square pi^2 / 2 before the cap.
    angles, weights = [0.0, math.pi, -math.pi], [1.0001, 0.5, 0.5]
    assert circular_variance(angles, weights) == UNIFORM_VARIANCE_RAD2


def test_wrong_input_is_named():
    with pytest.raises(ShapeError, match=r'shape \(0,\); expected \(n,\)'):
        circular_mean([])
    with pytest.raises(ShapeError, match=r'weights have shape \(1,\); expected \(2,\)'):
        circular_mean([1.0, 2.0], [1.0])
    for weights in ([0.0, 0.0], [1.0, -0.5], [1.0, math.nan], [1.0, math.inf]):
        with pytest.raises(MeasurementError, match='weights sum to'):
            circular_variance([1.0, 2.0], weights)

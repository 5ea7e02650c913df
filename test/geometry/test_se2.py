# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""SE(2) against homogeneous matrices and scipy's matrix exponential."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.linalg import expm

from geoloc_ros.errors import ShapeError
from geoloc_ros.geometry.se2 import Pose2

PROPERTY = settings(derandomize=True, deadline=None, max_examples=150, database=None)
POSES = st.builds(Pose2, st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(-math.pi, math.pi))


def homogeneous(pose):
    cosine, sine = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
    return np.array([(cosine, -sine, pose.x_m), (sine, cosine, pose.y_m), (0.0, 0.0, 1.0)])


@PROPERTY
@given(POSES, POSES)
def test_composition_is_matrix_product(first, second):
    np.testing.assert_allclose(
        homogeneous(first @ second), homogeneous(first) @ homogeneous(second), atol=1e-9
    )


@PROPERTY
@given(POSES)
def test_inverse_undoes(pose):
    np.testing.assert_allclose(
        homogeneous(pose.inverse()), np.linalg.inv(homogeneous(pose)), atol=1e-9
    )
    np.testing.assert_allclose(homogeneous(pose @ pose.inverse()), np.eye(3), atol=1e-9)


@PROPERTY
@given(
    forward=st.floats(-50.0, 50.0),
    left=st.floats(-5.0, 5.0),
    rate=st.one_of(st.floats(-3.0, 3.0), st.floats(-1e-7, 1e-7), st.just(0.0)),
    duration=st.floats(-1.0, 1.0),
)
def test_exp_is_the_matrix_exponential(forward, left, rate, duration):
    twist = np.array([(0.0, -rate, forward), (rate, 0.0, left), (0.0, 0.0, 0.0)])
    pose = Pose2.exp(forward, rate, duration, left)
    np.testing.assert_allclose(homogeneous(pose), expm(twist * duration), atol=1e-12)


def test_quarter_circle_by_hand():
    # Radius 10 m to the left: ends 10 m ahead, 10 m left, heading left.
    pose = Pose2.exp(10.0 * math.pi / 2.0, math.pi / 2.0, 1.0)
    assert (pose.x_m, pose.y_m, pose.yaw_rad) == pytest.approx((10.0, 10.0, math.pi / 2.0))
    straight = Pose2.exp(3.0, 0.0, 2.0)
    assert straight == Pose2(6.0, 0.0, 0.0)


def test_points_by_hand():
    map_from_base = Pose2(10.0, 20.0, math.pi / 2.0)
    points = map_from_base.transform_points(np.array([(1.0, 0.0), (0.0, 1.0)]))
    np.testing.assert_allclose(points, [(10.0, 21.0), (9.0, 20.0)], atol=1e-14)
    one = map_from_base.transform_points(np.array([1.0, 0.0]))
    np.testing.assert_allclose(one, (10.0, 21.0), atol=1e-14)


def test_yaw_stays_on_the_circle():
    assert Pose2(0.0, 0.0, -math.pi).yaw_rad == math.pi
    turned = Pose2(0.0, 0.0, 3.0) @ Pose2(0.0, 0.0, 3.0)
    assert turned.yaw_rad == pytest.approx(6.0 - math.tau)
    assert Pose2.identity() @ turned == turned


def test_wrong_shape_is_named():
    with pytest.raises(ShapeError, match=r'\(3,\); expected \(n, 2\)'):
        Pose2.identity().transform_points(np.zeros(3))

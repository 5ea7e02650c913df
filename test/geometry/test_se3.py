# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""SE(3) and quaternions against scipy's ``Rotation`` and transforms3d."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.geometry import quaternions as qt
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.geometry.se3 import Pose3

RANDOM = Rotation.random(200, random_state=8)


def same_turn(first, second, tolerance=1e-14):
    return min(np.abs(first - second).max(), np.abs(first + second).max()) < tolerance


def pose_of(index):
    translation = np.random.default_rng(index).uniform(-100.0, 100.0, 3)
    return Pose3(translation, RANDOM[index].as_quat())


def homogeneous(pose):
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = Rotation.from_quat(pose.quat_xyzw).as_matrix(), 0.0
    matrix[:3, 3] = pose.translation_m
    return matrix


def test_rotation_matrix_agrees_with_scipy_both_ways():
    for rotation in RANDOM:
        quat, matrix = rotation.as_quat(), rotation.as_matrix()
        np.testing.assert_allclose(qt.rotation_from_quat(quat), matrix, atol=1e-15)
        back = qt.quat_from_rotation(matrix)
        assert same_turn(back, quat)
        assert back[3] >= 0.0


@pytest.mark.parametrize('axis', [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (-1, 2, 3)])
@pytest.mark.parametrize('angle_rad', [math.pi, math.pi - 1e-9, 1e-9, 0.0])
def test_half_turns_and_tiny_ones_lose_nothing(axis, angle_rad):
    turn = Rotation.from_rotvec(angle_rad * np.array(axis) / np.linalg.norm(axis))
    assert same_turn(qt.quat_from_rotation(turn.as_matrix()), turn.as_quat())


def test_scalar_first_order_is_that_of_transforms3d():
    transforms3d = pytest.importorskip('transforms3d')
    for rotation in RANDOM[:20]:
        quat = rotation.as_quat()
        expected = transforms3d.quaternions.quat2mat(qt.quat_wxyz(quat))
        np.testing.assert_allclose(qt.rotation_from_quat(quat), expected, atol=1e-14)
        np.testing.assert_array_equal(qt.quat_xyzw_from_wxyz(qt.quat_wxyz(quat)), quat)
    np.testing.assert_array_equal(qt.quat_wxyz(np.array([1.0, 2.0, 3.0, 4.0])), [4, 1, 2, 3])


def test_yaw_by_hand_and_against_scipy():
    half = math.sqrt(0.5)
    np.testing.assert_allclose(qt.quat_from_yaw(math.pi / 2.0), (0.0, 0.0, half, half))
    assert qt.yaw_from_quat((0.0, 0.0, half, half)) == pytest.approx(math.pi / 2.0)
    for rotation in RANDOM:
        expected = rotation.as_euler('ZYX')[0]
        assert qt.yaw_from_quat(rotation.as_quat()) == pytest.approx(expected, abs=1e-9)
    for yaw_rad in (0.0, 3.0, -3.0, math.pi, -math.pi):
        got = qt.yaw_from_quat(qt.quat_from_yaw(yaw_rad))
        assert math.remainder(got - yaw_rad, math.tau) == pytest.approx(0.0, abs=1e-15)
        assert -math.pi < got <= math.pi
    assert qt.yaw_from_quat((0.0, 0.0, 1.0, -0.0)) == math.pi


def test_product_agrees_with_scipy():
    for index in range(50):
        first, second = RANDOM[index], RANDOM[index + 50]
        product = qt.quat_multiply(first.as_quat(), second.as_quat())
        assert same_turn(product, (first * second).as_quat())


@pytest.mark.parametrize('fraction', [0.0, 0.25, 0.5, 1.0])
def test_slerp_agrees_with_scipy(fraction):
    for index in range(50):
        pair = RANDOM[[index, index + 100]]
        expected = Slerp([0.0, 1.0], pair)(fraction).as_quat()
        got = qt.slerp(*pair.as_quat(), fraction)
        assert same_turn(got, expected, 1e-13)


def test_slerp_of_equal_or_near_attitudes():
    quat = RANDOM[0].as_quat()
    np.testing.assert_allclose(qt.slerp(quat, quat, 0.3), quat, rtol=0.0, atol=2e-16)
    near = qt.quat_from_yaw(1e-10)
    middle = qt.slerp(qt.quat_from_yaw(0.0), near, 0.5)
    assert qt.yaw_from_quat(middle) == pytest.approx(5e-11, rel=1e-5)
    assert same_turn(qt.slerp(quat, -quat, 0.3), quat)


@pytest.mark.parametrize(
    'quat',
    [(0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0101), (0.0, 0.0, 0.0, 0.9899), (math.nan, 0, 0, 1)],
)
def test_what_is_no_rotation_is_refused(quat):
    with pytest.raises(MeasurementError, match=r'has length .*; expected 1 within 0\.01'):
        qt.yaw_from_quat(quat)
    with pytest.raises(MeasurementError, match='has length'):
        Pose3(np.zeros(3), quat)


def test_rounded_quaternions_are_scaled():
    for length in (0.9901, 1.0099):
        np.testing.assert_allclose(qt.checked_quat((0.0, 0.0, 0.0, length)), (0, 0, 0, 1))


def test_matrices_that_do_not_turn_are_refused():
    for matrix in (np.diag((1.0, 1.0, -1.0)), 2.0 * np.eye(3), np.full((3, 3), math.nan)):
        with pytest.raises(MeasurementError, match='is no rotation'):
            qt.quat_from_rotation(matrix)
    with pytest.raises(ShapeError, match=r'\(2, 2\); expected \(3, 3\)'):
        qt.quat_from_rotation(np.eye(2))
    with pytest.raises(ShapeError, match=r'\(3,\); expected \(4,\)'):
        qt.checked_quat((0.0, 0.0, 1.0))


def test_poses_compose_and_invert_as_matrices_do():
    for index in range(30):
        first, second = pose_of(index), pose_of(index + 60)
        np.testing.assert_allclose(
            homogeneous(first @ second), homogeneous(first) @ homogeneous(second), atol=1e-12
        )
        np.testing.assert_allclose(
            homogeneous(first.inverse()), np.linalg.inv(homogeneous(first)), atol=1e-12
        )
        points = np.random.default_rng(index).uniform(-5.0, 5.0, (4, 3))
        expected = (homogeneous(first) @ np.column_stack((points, np.ones(4))).T).T[:, :3]
        np.testing.assert_allclose(first.transform_points(points), expected, atol=1e-12)
        np.testing.assert_allclose(first.transform_points(points[0]), expected[0], atol=1e-12)
        again = Pose3.from_rotation(first.rotation(), first.translation_m)
        np.testing.assert_allclose(homogeneous(again), homogeneous(first), atol=1e-14)


def test_interpolation_by_hand():
    start = Pose3(np.array((0.0, 0.0, 0.0)), qt.quat_from_yaw(math.radians(170.0)))
    end = Pose3(np.array((10.0, -4.0, 2.0)), qt.quat_from_yaw(math.radians(-170.0)))
    middle = start.interpolate(end, 0.25)
    np.testing.assert_allclose(middle.translation_m, (2.5, -1.0, 0.5))
    assert middle.planar().yaw_rad == pytest.approx(math.radians(175.0))


def test_planar_poses_lift_and_come_back():
    first, second = Pose2(1.0, 2.0, 3.0), Pose2(-4.0, 5.0, 1.0)
    lifted = Pose3.from_planar(first, 7.0) @ Pose3.from_planar(second)
    assert lifted.translation_m[2] == 7.0
    flat, expected = lifted.planar(), first @ second
    assert (flat.x_m, flat.y_m, flat.yaw_rad) == pytest.approx(
        (expected.x_m, expected.y_m, expected.yaw_rad)
    )
    np.testing.assert_array_equal(homogeneous(Pose3.identity()), np.eye(4))


def test_the_pose_owns_its_numbers():
    translation = np.zeros(3)
    pose = Pose3(translation, np.array((0.0, 0.0, 0.0, 1.0)))
    translation[0] = 5.0
    assert pose.translation_m[0] == 0.0


def test_wrong_fields_are_named():
    quat = np.array((0.0, 0.0, 0.0, 1.0))
    with pytest.raises(MeasurementError, match=r'translation .* is not finite'):
        Pose3(np.array((0.0, math.nan, 0.0)), quat)
    with pytest.raises(ShapeError, match=r'\(2,\); expected \(3,\)'):
        Pose3(np.zeros(2), quat)
    with pytest.raises(ShapeError, match=r'\(2, 2\); expected \(n, 3\)'):
        Pose3.identity().transform_points(np.zeros((2, 2)))

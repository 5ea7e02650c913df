# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Sensor messages to measurements, on plain records and on the messages of rosbags."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore
from scipy.spatial.transform import Rotation

from geoloc_ros.errors import MeasurementError
from geoloc_ros.messages import inbound
from geoloc_ros.types import CovarianceType, FixStatus

KILTED = get_typestore(Stores.ROS2_KILTED).types
STAMP = SimpleNamespace(sec=1_700_000_000, nanosec=123_456_789)
STAMP_NS = 1_700_000_000_123_456_789


def xyz(x=0.0, y=0.0, z=0.0):
    return SimpleNamespace(x=x, y=y, z=z)


def quaternion(xyzw):
    return SimpleNamespace(**dict(zip('xyzw', map(float, xyzw), strict=True)))


def header(frame_id):
    return SimpleNamespace(stamp=STAMP, frame_id=frame_id)


def covariance_36(**at):
    matrix = np.zeros((6, 6))
    for name, value in at.items():
        row, column = int(name[1]), int(name[2])
        matrix[row, column] = matrix[column, row] = value
    return matrix.ravel()


def odometry(yaw_rad=0.3, twist_covariance=(), speed=4.0, yaw_rate=-0.2):
    return SimpleNamespace(
        header=header('odom'),
        child_frame_id='base_link',
        pose=SimpleNamespace(
            pose=SimpleNamespace(
                position=xyz(1.0, 2.0, 3.0),
                orientation=quaternion(Rotation.from_euler('z', yaw_rad).as_quat()),
            ),
            covariance=[0.0] * 36,
        ),
        twist=SimpleNamespace(
            twist=SimpleNamespace(linear=xyz(speed, 9.0, 9.0), angular=xyz(9.0, 9.0, yaw_rate)),
            covariance=list(twist_covariance) or [0.0] * 36,
        ),
    )


def imu(rate, covariance):
    return SimpleNamespace(
        header=header('imu_link'),
        orientation=quaternion((0, 0, 0, 1)),
        orientation_covariance=[-1.0] + [0.0] * 8,
        angular_velocity=xyz(*rate),
        angular_velocity_covariance=covariance,
        linear_acceleration=xyz(),
        linear_acceleration_covariance=[0.0] * 9,
    )


def pose(orientation, covariance, frame_id='map'):
    return SimpleNamespace(
        header=header(frame_id),
        pose=SimpleNamespace(
            pose=SimpleNamespace(
                position=xyz(5.0, -6.0, 7.0), orientation=quaternion(orientation)
            ),
            covariance=covariance,
        ),
    )


def fix(status=0, covariance=None, covariance_type=2, lat=48.0):
    """A real NavSatFix class, as a bag gives it."""
    return KILTED['sensor_msgs/msg/NavSatFix'](
        header=header('gps'),
        status=SimpleNamespace(status=status, service=1),
        latitude=lat,
        longitude=11.5,
        altitude=519.25,
        position_covariance=np.arange(9.0) if covariance is None else covariance,
        position_covariance_type=covariance_type,
    )


def test_a_stamp_is_exact_where_a_float_would_round():
    assert inbound.stamp_ns(STAMP) == STAMP_NS


def test_a_fix_comes_through_as_it_stands():
    got = inbound.gnss_fix(fix(), 'fix')
    assert got.stamp_ns == STAMP_NS
    assert (got.frame_id, got.source) == ('gps', 'fix')
    assert (got.position.lat_deg, got.position.lon_deg, got.position.alt_m) == (48.0, 11.5, 519.25)
    np.testing.assert_array_equal(got.covariance_enu_m2, np.arange(9.0).reshape(3, 3))
    assert got.status is FixStatus.FIX
    assert got.covariance_type is CovarianceType.DIAGONAL_KNOWN


def test_a_fix_without_a_position_comes_through():
    got = inbound.gnss_fix(fix(status=-1, lat=math.nan, covariance_type=0))
    assert got.status is FixStatus.NO_FIX
    assert math.isnan(got.position.lat_deg)


def test_the_covariance_of_a_fix_does_not_alias_the_message():
    numbers = np.ones(9)
    got = inbound.gnss_fix(fix(covariance=numbers))
    numbers[:] = 5.0
    assert got.covariance_enu_m2[0, 0] == 1.0


@pytest.mark.parametrize(
    ('changes', 'text'),
    [
        ({'status': 7}, 'status 7'),
        ({'covariance_type': 9}, 'covariance type 9'),
        ({'covariance': np.zeros(4)}, 'covariance of 4 numbers; expected 9'),
    ],
)
def test_a_fix_that_no_record_can_hold_is_refused(changes, text):
    with pytest.raises(MeasurementError, match=text):
        inbound.gnss_fix(fix(**changes))


def test_odometry_gives_its_twist_in_the_child_frame():
    got = inbound.twist_sample_from_odometry(odometry(), 'wheels')
    assert (got.stamp_ns, got.frame_id, got.source) == (STAMP_NS, 'base_link', 'wheels')
    assert (got.speed_m_s, got.yaw_rate_rad_s) == (4.0, -0.2)
    assert got.speed_variance is None
    assert got.yaw_rate_variance is None


def test_stated_variances_come_from_their_axes():
    stated = covariance_36(_00=0.04, _11=7.0, _55=0.09)
    got = inbound.twist_sample_from_odometry(odometry(twist_covariance=stated))
    assert (got.speed_variance, got.yaw_rate_variance) == (0.04, 0.09)


@pytest.mark.parametrize('variance', [inbound.NOT_MEASURED_VARIANCE, 1e6, math.inf])
def test_a_huge_variance_means_not_measured(variance):
    stated = covariance_36(_00=0.04, _55=variance)
    got = inbound.twist_sample_from_odometry(odometry(twist_covariance=stated))
    assert got.speed_m_s == 4.0
    assert got.yaw_rate_rad_s is None
    assert got.yaw_rate_variance is None


def test_a_variance_just_below_that_is_a_variance():
    stated = covariance_36(_55=np.nextafter(inbound.NOT_MEASURED_VARIANCE, 0.0))
    assert inbound.twist_sample_from_odometry(odometry(twist_covariance=stated)).yaw_rate_rad_s


def test_a_twist_that_measures_nothing_is_refused():
    stated = covariance_36(_00=1e6, _55=1e6)
    with pytest.raises(MeasurementError, match='not measured'):
        inbound.twist_sample_from_odometry(odometry(twist_covariance=stated))


@pytest.mark.parametrize('variance', [-1.0, math.nan])
def test_a_variance_that_is_none_is_refused(variance):
    with pytest.raises(MeasurementError, match='variances'):
        inbound.twist_sample_from_odometry(odometry(twist_covariance=covariance_36(_00=variance)))


def test_a_speed_that_is_not_finite_is_left_to_the_localizer():
    assert math.isnan(inbound.twist_sample_from_odometry(odometry(speed=math.nan)).speed_m_s)


@pytest.mark.parametrize('yaw_rad', [-3.1, -0.5, 0.0, 2.2, math.pi])
def test_odometry_gives_its_pose_in_the_parent_frame(yaw_rad):
    got = inbound.odometry_pose(odometry(yaw_rad))
    assert (got.frame_id, got.x_m, got.y_m) == ('odom', 1.0, 2.0)
    assert got.yaw_rad == pytest.approx(yaw_rad, abs=1e-12)


def test_an_orientation_nobody_filled_in_is_no_pose():
    message = odometry()
    message.pose.pose.orientation = quaternion((0, 0, 0, 0))
    with pytest.raises(MeasurementError):
        inbound.odometry_pose(message)


def test_both_kinds_of_stamped_twist():
    plain = SimpleNamespace(
        header=header('base_link'),
        twist=SimpleNamespace(linear=xyz(2.5), angular=xyz(z=0.125)),
    )
    with_covariance = SimpleNamespace(
        header=header('base_link'),
        twist=SimpleNamespace(twist=plain.twist, covariance=covariance_36(_00=0.5)),
    )
    first = inbound.twist_sample_from_twist(plain)
    second = inbound.twist_sample_from_twist_with_covariance(with_covariance)
    assert (first.speed_m_s, first.yaw_rate_rad_s, first.speed_variance) == (2.5, 0.125, None)
    assert (second.speed_m_s, second.yaw_rate_rad_s, second.speed_variance) == (2.5, 0.125, 0.5)


def test_an_imu_mounted_askew_gives_the_yaw_rate_of_the_vehicle():
    """A pure yaw of the body, seen by a unit in any mounting, comes out as that yaw rate."""
    random = np.random.default_rng(3)
    for base_from_imu in Rotation.from_quat(random.normal(size=(20, 4))):
        body_rate = np.array((0.0, 0.0, 0.7))
        spread = np.diag((0.01, 0.02, 0.03))
        in_body = base_from_imu.as_matrix() @ spread @ base_from_imu.as_matrix().T
        message = imu(base_from_imu.inv().apply(body_rate), spread.ravel())
        got = inbound.twist_sample_from_imu(message, base_from_imu.as_quat())
        assert got.speed_m_s is None
        assert got.yaw_rate_rad_s == pytest.approx(0.7, abs=1e-12)
        assert got.yaw_rate_variance == pytest.approx(in_body[2, 2], rel=1e-12)


def test_an_imu_upside_down_turns_the_other_way():
    message = imu((0.0, 0.0, 0.5), np.zeros(9))
    assert inbound.twist_sample_from_imu(message).yaw_rate_rad_s == 0.5
    got = inbound.twist_sample_from_imu(message, (1.0, 0.0, 0.0, 0.0))
    assert got.yaw_rate_rad_s == -0.5
    assert got.yaw_rate_variance is None


def test_an_imu_without_a_gyroscope_is_refused():
    with pytest.raises(MeasurementError, match='no angular velocity'):
        inbound.twist_sample_from_imu(imu((0.0, 0.0, 0.5), [-1.0] + [0.0] * 8))


def test_a_pose_keeps_the_planar_part_of_its_covariance():
    stated = covariance_36(_00=1.0, _11=2.0, _55=0.5, _01=0.3, _05=0.2, _15=-0.1, _22=99.0)
    got = inbound.pose_measurement(pose(Rotation.from_euler('z', 2.0).as_quat(), stated))
    assert (got.x_m, got.y_m, got.frame_id) == (5.0, -6.0, 'map')
    assert got.yaw_rad == pytest.approx(2.0)
    np.testing.assert_array_equal(
        got.covariance, [[1.0, 0.3, 0.2], [0.3, 2.0, -0.1], [0.2, -0.1, 0.5]]
    )


@pytest.mark.parametrize(
    ('orientation', 'stated'),
    [
        ((0, 0, 0, 0), covariance_36(_00=1.0, _11=1.0)),
        ((0, 0, 0, 1), covariance_36(_00=1.0, _11=1.0, _55=-1.0)),
        ((0, 0, 0, 1), covariance_36(_00=1.0, _11=1.0, _33=-1.0)),
    ],
)
def test_a_pose_may_lack_a_heading(orientation, stated):
    assert inbound.pose_measurement(pose(orientation, stated)).yaw_rad is None


def test_a_negative_position_variance_is_refused():
    with pytest.raises(MeasurementError, match='variances'):
        inbound.pose_measurement(pose((0, 0, 0, 1), covariance_36(_00=-1.0, _11=1.0)))


def test_an_initial_pose_as_rviz_sends_it():
    stated = covariance_36(_00=0.25, _11=0.25, _55=0.06853891909122467)
    got = inbound.pose_prior(pose(Rotation.from_euler('z', -1.0).as_quat(), stated))
    assert (got.stamp_ns, got.x_m, got.y_m) == (STAMP_NS, 5.0, -6.0)
    assert got.yaw_rad == pytest.approx(-1.0)
    assert got.yaw_variance_rad2 == 0.06853891909122467
    np.testing.assert_array_equal(got.position_covariance_m2, np.eye(2) * 0.25)


def test_an_initial_pose_without_covariance_gets_that_of_rviz():
    got = inbound.pose_prior(pose((0, 0, 0, 1), [0.0] * 36))
    np.testing.assert_array_equal(got.position_covariance_m2, np.eye(2) * 0.25)
    assert got.yaw_variance_rad2 == pytest.approx(math.radians(15.0) ** 2, rel=1e-12)


def test_an_initial_pose_that_is_not_finite_is_refused():
    message = pose((0, 0, 0, 1), [0.0] * 36)
    message.pose.pose.position.x = math.nan
    with pytest.raises(MeasurementError, match='finite'):
        inbound.pose_prior(message)

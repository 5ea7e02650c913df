# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Estimates and sensor readings to messages: serialized, read back, and checked by hand."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from rosbags.typesys import Stores, get_typestore
from scipy.spatial.transform import Rotation

from geoloc_ros.bags.typestore import BagMessages
from geoloc_ros.errors import ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages import inbound, outbound, sensors
from geoloc_ros.types import CovarianceType, Estimate, FixStatus, GeodeticPosition

FACTORY = BagMessages()
TYPESTORE = get_typestore(Stores.ROS2_KILTED)
STAMP_NS = 1_700_000_000_987_654_321
DATUM = Datum(GeodeticPosition(48.0, 11.0, 500.0))


def travelled(message):
    """The message after a journey as CDR."""
    name = message.__msgtype__
    return TYPESTORE.deserialize_cdr(TYPESTORE.serialize_cdr(message, name), name)


def estimate(x_m=3.0, y_m=-4.0, yaw_rad=2.5):
    covariance = np.diag((1.0, 2.0, 0.3, 0.04, 0.05))
    covariance[0, 1] = covariance[1, 0] = 0.5
    covariance[0, 2] = covariance[2, 0] = 0.1
    covariance[1, 2] = covariance[2, 1] = -0.2
    covariance[3, 4] = covariance[4, 3] = 0.01
    return Estimate(STAMP_NS, np.array((x_m, y_m, yaw_rad, 6.0, -0.7)), covariance)


def test_a_pose_comes_back_as_it_went():
    message = travelled(outbound.pose_with_covariance(estimate(), 'map', FACTORY))
    got = inbound.pose_measurement(message)
    assert (got.stamp_ns, got.frame_id, got.x_m, got.y_m) == (STAMP_NS, 'map', 3.0, -4.0)
    assert got.yaw_rad == pytest.approx(2.5, abs=1e-15)
    np.testing.assert_array_equal(got.covariance, estimate().covariance[:3, :3])


def test_what_is_not_planar_has_no_covariance():
    """Zeros at z, roll and pitch (14, 21, 28) are how RViz knows a planar pose."""
    covariance = outbound.pose_covariance(estimate()).reshape(6, 6)
    assert not covariance[2:5, :].any()
    assert not covariance[:, 2:5].any()
    assert covariance[0, 5] == 0.1
    assert covariance[5, 1] == -0.2


def test_odometry_carries_pose_and_twist():
    message = travelled(outbound.odometry(estimate(), 'map', 'base_link', FACTORY))
    pose, twist = inbound.odometry_pose(message), inbound.twist_sample_from_odometry(message)
    assert (pose.frame_id, pose.x_m, pose.y_m) == ('map', 3.0, -4.0)
    assert pose.yaw_rad == pytest.approx(2.5, abs=1e-15)
    assert (twist.frame_id, twist.speed_m_s, twist.yaw_rate_rad_s) == ('base_link', 6.0, -0.7)
    assert (twist.speed_variance, twist.yaw_rate_variance) == (0.04, 0.05)
    assert message.twist.covariance[5] == message.twist.covariance[30] == 0.01


@pytest.mark.parametrize('alt_m', [None, 512.5])
def test_the_fused_fix_is_where_pyproj_says(alt_m):
    message = travelled(
        outbound.fused_fix(estimate(1200.0, -900.0), DATUM, 'base_link', FACTORY, alt_m)
    )
    to_enu = pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=cart +ellps=WGS84 '
        '+step +proj=topocentric +ellps=WGS84 +lon_0=11 +lat_0=48 +h_0=500'
    )
    east, north, _ = to_enu.transform(
        np.radians(message.longitude), np.radians(message.latitude), message.altitude, radians=True
    )
    assert (east, north) == pytest.approx((1200.0, -900.0), abs=1e-6)
    assert message.altitude == pytest.approx(500.0 if alt_m is None else alt_m, abs=1e-6)
    assert message.header.frame_id == 'base_link'
    assert message.position_covariance_type == CovarianceType.KNOWN
    assert message.status.status == FixStatus.FIX


def test_the_covariance_of_the_fused_fix_turns_with_the_meridians():
    """50 km east at 48 degrees north, east turns by about dlon sin(lat)."""
    belief = estimate(50_000.0, 0.0)
    message = outbound.fused_fix(belief, DATUM, 'base_link', FACTORY)
    convergence_rad = np.radians(message.longitude - 11.0) * np.sin(np.radians(48.0))
    turn = Rotation.from_euler('z', -convergence_rad).as_matrix()[:2, :2]
    got = message.position_covariance.reshape(3, 3)
    np.testing.assert_allclose(got[:2, :2], turn @ belief.covariance[:2, :2] @ turn.T, rtol=1e-3)
    assert abs(got[0, 0] - belief.covariance[0, 0]) > 1e-3
    np.testing.assert_array_equal(got[2], (0.0, 0.0, outbound.UNMEASURED_VARIANCE))


def test_the_datum_comes_back():
    fix = inbound.gnss_fix(travelled(outbound.datum_fix(DATUM.origin, STAMP_NS, 'map', FACTORY)))
    assert fix.position == DATUM.origin
    assert (fix.stamp_ns, fix.frame_id) == (STAMP_NS, 'map')


def test_particles_keep_their_order():
    poses = np.array(((1.0, 2.0, 0.5), (3.0, 4.0, -3.0)))
    message = travelled(outbound.pose_array(STAMP_NS, 'map', poses, FACTORY))
    assert inbound.stamp_ns(message.header.stamp) == STAMP_NS
    for pose, expected in zip(message.poses, poses, strict=True):
        assert (pose.position.x, pose.position.y) == tuple(expected[:2])
        yaw_rad = Rotation.from_quat(inbound.quat_xyzw(pose.orientation)).as_euler('ZYX')[0]
        assert yaw_rad == pytest.approx(expected[2])


def test_no_particles_are_an_empty_array():
    assert outbound.pose_array(STAMP_NS, 'map', np.zeros((0, 3)), FACTORY).poses == []


def test_particles_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r'\(4,\); expected \(n, 3\)'):
        outbound.pose_array(STAMP_NS, 'map', np.zeros(4), FACTORY)


def test_a_path_of_poses():
    poses = [outbound.pose_stamped(estimate(float(x)), 'map', FACTORY) for x in range(3)]
    message = travelled(outbound.path(STAMP_NS, 'map', poses, FACTORY))
    assert [pose.pose.position.x for pose in message.poses] == [0.0, 1.0, 2.0]
    assert message.poses[0].header.frame_id == message.header.frame_id == 'map'


def test_a_transform():
    quat = Rotation.from_euler('ZYX', (0.1, 0.2, 0.3)).as_quat()
    pose = Pose3(np.array((1.0, 2.0, 3.0)), quat)
    message = travelled(outbound.transform_stamped(STAMP_NS, 'map', 'odom', pose, FACTORY))
    assert (message.header.frame_id, message.child_frame_id) == ('map', 'odom')
    offset = message.transform.translation
    assert (offset.x, offset.y, offset.z) == (1.0, 2.0, 3.0)
    np.testing.assert_allclose(inbound.quat_xyzw(message.transform.rotation), quat, atol=1e-15)


def test_a_stamp_before_1970_keeps_its_nanoseconds_positive():
    stamp = FACTORY.new('builtin_interfaces/msg/Time')
    outbound.set_stamp(stamp, -1)
    assert (stamp.sec, stamp.nanosec) == (-1, 999_999_999)
    assert inbound.stamp_ns(stamp) == -1


def test_an_imu_says_what_it_does_not_measure():
    reading = sensors.ImuReading(STAMP_NS, 'imu_link', np.array((0.1, 0.2, 0.3)))
    message = travelled(sensors.imu(reading, FACTORY))
    assert message.orientation_covariance[0] == -1.0
    assert message.linear_acceleration_covariance[0] == -1.0
    assert not message.angular_velocity_covariance.any()
    assert inbound.twist_sample_from_imu(message).yaw_rate_rad_s == 0.3


def test_an_imu_with_everything():
    quat = Rotation.from_euler('z', 0.4).as_quat()
    reading = sensors.ImuReading(
        STAMP_NS, 'imu_link', np.zeros(3), np.array((1.0, 2.0, 9.8)), quat, 0.1, 0.2, 0.3
    )
    message = travelled(sensors.imu(reading, FACTORY))
    np.testing.assert_array_equal(message.angular_velocity_covariance, np.eye(3).ravel() * 0.1)
    np.testing.assert_array_equal(message.linear_acceleration_covariance, np.eye(3).ravel() * 0.2)
    np.testing.assert_array_equal(message.orientation_covariance, np.eye(3).ravel() * 0.3)
    assert message.linear_acceleration.z == 9.8
    np.testing.assert_array_equal(inbound.quat_xyzw(message.orientation), quat)


def test_odometry_without_pose_and_yaw_rate_says_so():
    reading = sensors.OdometryReading(
        STAMP_NS, 'odom', 'base_link', None, np.array((5.0, 0.0, 0.0)), np.zeros(3), False
    )
    message = travelled(sensors.odometry_reading(reading, FACTORY))
    assert message.pose.covariance[0] == message.pose.covariance[35] == 1e6
    sample = inbound.twist_sample_from_odometry(message)
    assert (sample.speed_m_s, sample.yaw_rate_rad_s) == (5.0, None)


def test_odometry_with_a_pose():
    pose = Pose3(np.array((1.0, 2.0, 3.0)), Rotation.from_euler('z', -1.0).as_quat())
    reading = sensors.OdometryReading(
        STAMP_NS,
        'odom',
        'base_link',
        pose,
        np.array((5.0, 0.5, 0.0)),
        np.array((0.0, 0.0, 0.2)),
        pose_covariance=np.arange(36.0),
        speed_variance=0.25,
        yaw_rate_variance=0.5,
    )
    message = travelled(sensors.odometry_reading(reading, FACTORY))
    assert inbound.odometry_pose(message).yaw_rad == pytest.approx(-1.0)
    assert message.pose.pose.position.z == 3.0
    np.testing.assert_array_equal(message.pose.covariance, np.arange(36.0))
    sample = inbound.twist_sample_from_odometry(message)
    assert (sample.speed_m_s, sample.speed_variance) == (5.0, 0.25)
    assert (sample.yaw_rate_rad_s, sample.yaw_rate_variance) == (0.2, 0.5)

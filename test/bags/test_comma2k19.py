# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""comma2k19 to bag: a segment made up here with known geometry, and the real one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyproj
import pytest
from scipy.spatial.transform import Rotation

from geoloc_ros.bags.comma2k19 import from_comma2k19
from geoloc_ros.bags.reader import BagReader
from geoloc_ros.bags.writer import Storage
from geoloc_ros.errors import DriveError
from geoloc_ros.messages.inbound import (
    gnss_fix,
    quat_xyzw,
    stamp_ns,
    twist_sample_from_imu,
    twist_sample_from_odometry,
)
from geoloc_ros.types import CovarianceType

REAL = Path(__file__).parents[3] / 'shared' / 'data' / 'comma2k19' / 'segment'
REAL_ONLY = pytest.mark.skipif(not REAL.exists(), reason='comma2k19 is not in ../shared/data')
LAT, LON, ALT = 37.7, -122.4, 30.0
# GPS week 2012 began on 2018-07-29 00:00:00 GPS time, 18 s before that in UTC.
WEEK_START_UNIX_S = 1_532_822_400 - 18
BOOT_S, WEEK_SECOND = 46_408.5, 404_106.25
OFFSET_NS = (WEEK_START_UNIX_S + 404_106) * 10**9 + 250_000_000 - 46_408_500_000_000
SPEED, YAW_RATE, MOUNTING_YAW = 12.0, -0.1, 0.03
TO_ECEF = pyproj.Transformer.from_crs('EPSG:4979', 'EPSG:4978', always_xy=True)
TO_ENU = pyproj.Transformer.from_pipeline(
    '+proj=pipeline +step +proj=cart +ellps=WGS84 '
    f'+step +proj=topocentric +ellps=WGS84 +lat_0={LAT} +lon_0={LON} +h_0={ALT}'
)
ECEF_FROM_ENU = (
    Rotation.from_euler('z', LON + 90.0, degrees=True)
    * Rotation.from_euler('x', 90.0 - LAT, degrees=True)
).as_matrix()


def save(folder, name, array):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('wb') as handle:
        np.save(handle, np.asarray(array, dtype=np.float64))


def circle(elapsed_s):
    """East, north and yaw (its course) on a circle driven to the right from heading north."""
    yaw = math.pi / 2.0 + YAW_RATE * elapsed_s
    radius = SPEED / YAW_RATE
    return radius * (np.sin(yaw) - 1.0), -radius * np.cos(yaw), yaw


def write_segment(root):
    segment = root / 'segment'
    frames = np.arange(61) * 0.05
    east, north, yaw = circle(frames)
    origin = np.array(TO_ECEF.transform(LON, LAT, ALT))
    enu = np.column_stack((east, north, np.zeros_like(east)))
    velocity = SPEED * np.column_stack((np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)))
    enu_from_frd = Rotation.from_euler(
        'z', (yaw + MOUNTING_YAW)[:, np.newaxis]
    ) * Rotation.from_euler('x', math.pi)
    ecef_from_frd = Rotation.from_matrix(ECEF_FROM_ENU) * enu_from_frd
    truth = segment / 'global_pose'
    save(truth, 'frame_times', BOOT_S + frames)
    save(truth, 'frame_gps_times', np.column_stack((np.full(61, 2012.0), WEEK_SECOND + frames)))
    save(truth, 'frame_positions', origin + enu @ ECEF_FROM_ENU.T)
    save(truth, 'frame_velocities', velocity @ ECEF_FROM_ENU.T)
    save(truth, 'frame_orientations', np.roll(ecef_from_frd.as_quat(), 1, axis=1))
    log = segment / 'processed_log'
    for name, columns, rate in (
        ('IMU/gyro', (0.0, 0.0, -YAW_RATE), 100),
        ('IMU/accelerometer', (0.5, 0.0, -9.8), 100),
        ('CAN/wheel_speed', (11.9, 12.0, 12.1, 12.4), 80),
        ('GNSS/live_gnss_qcom', (LAT, LON, SPEED, 1.5332264e12, 45.0, 10.0), 1),
        ('GNSS/live_gnss_ublox', (LAT + 1e-5, LON, SPEED, 1.5332264e12, 45.0, 10.0), 10),
    ):
        count = 3 * rate
        save(log / name, 't', BOOT_S + np.arange(count) / rate)
        save(log / name, 'value', np.tile(columns, (count, 1)))
    return segment


@pytest.fixture(scope='module')
def segment(tmp_path_factory):
    return write_segment(tmp_path_factory.mktemp('comma'))


@pytest.fixture(scope='module')
def bag(segment, tmp_path_factory):
    path = tmp_path_factory.mktemp('out') / 'drive'
    from_comma2k19(segment, path)
    return path


def messages(path, topic):
    with BagReader(path) as reader:
        return [item.message for item in reader.messages([topic])]


def test_boot_time_becomes_unix_time(bag):
    stamps = [stamp_ns(message.header.stamp) for message in messages(bag, '/fix')]
    assert stamps == [OFFSET_NS + 46_408_500_000_000 + index * 10**9 for index in range(3)]


def test_the_fixes_are_those_of_the_log_and_claim_nothing(bag):
    for message in messages(bag, '/fix'):
        fix = gnss_fix(message)
        assert (fix.position.lat_deg, fix.position.lon_deg, fix.position.alt_m) == (LAT, LON, 45.0)
        assert fix.covariance_type is CovarianceType.UNKNOWN
        assert not fix.covariance_enu_m2.any()


def test_the_other_receiver(segment, tmp_path):
    from_comma2k19(segment, tmp_path / 'bag', 'ublox', Storage.SQLITE3)
    fixes = messages(tmp_path / 'bag', '/fix')
    assert len(fixes) == 30
    assert fixes[0].latitude == LAT + 1e-5


def test_odometry_is_the_mean_of_the_wheels_and_nothing_else(bag):
    got = messages(bag, '/odom')
    assert len(got) == 240
    for message in got:
        sample = twist_sample_from_odometry(message)
        assert sample.speed_m_s == pytest.approx(12.1)
        assert sample.yaw_rate_rad_s is None
        assert message.pose.covariance[0] >= 1e6


def test_the_imu_turns_the_way_the_car_does_through_its_mounting(bag):
    """Frame by tf: a gyroscope whose z points down reads the opposite of the yaw rate."""
    (static,) = messages(bag, '/tf_static')
    by_child = {one.child_frame_id: one for one in static.transforms}
    base_from_imu = quat_xyzw(by_child['imu_link'].transform.rotation)
    for message in messages(bag, '/imu'):
        assert message.angular_velocity.z == -YAW_RATE
        sample = twist_sample_from_imu(message, base_from_imu)
        assert sample.yaw_rate_rad_s == pytest.approx(YAW_RATE, rel=1e-9)
        force = message.linear_acceleration
        in_base = Rotation.from_quat(base_from_imu).apply((force.x, force.y, force.z))
        assert in_base[2] == pytest.approx(9.8)
        assert message.orientation_covariance[0] == -1.0


def test_the_truth_is_the_circle_along_the_course(bag):
    stamps = []
    for message in messages(bag, '/ground_truth/odometry'):
        stamps.append(stamp_ns(message.header.stamp))
        east, north, yaw = circle((stamps[-1] - stamps[0]) * 1e-9)
        position = message.pose.pose.position
        assert (position.x, position.y, position.z) == pytest.approx((east, north, 0), abs=1e-6)
        attitude = Rotation.from_quat(quat_xyzw(message.pose.pose.orientation))
        assert (attitude * Rotation.from_euler('z', -yaw)).magnitude() < 1e-6
        linear = message.twist.twist.linear
        assert (linear.x, linear.y, linear.z) == pytest.approx((SPEED, 0.0, 0.0), abs=1e-6)
        assert message.twist.twist.angular.z == pytest.approx(YAW_RATE, rel=1e-6)
    assert stamps[1] - stamps[0] == 50_000_000


def test_the_true_fixes_are_the_true_poses(bag):
    fixes = [gnss_fix(message) for message in messages(bag, '/ground_truth/fix')]
    poses = messages(bag, '/ground_truth/odometry')
    for fix, message in zip(fixes, poses, strict=True):
        east, north, _ = TO_ENU.transform(
            fix.position.lon_deg, fix.position.lat_deg, fix.position.alt_m
        )
        position = message.pose.pose.position
        assert (position.x, position.y) == pytest.approx((east, north), abs=1e-6)
        assert fix.frame_id == 'base_link'
    (datum,) = messages(bag, '/ground_truth/datum')
    assert gnss_fix(datum).position == fixes[0].position


def test_the_camera_frame_looks_where_the_phone_looks(bag):
    (static,) = messages(bag, '/tf_static')
    rotations = {
        one.child_frame_id: Rotation.from_quat(quat_xyzw(one.transform.rotation))
        for one in static.transforms
    }
    base_from_optical = rotations['camera_link'] * rotations['camera_optical']
    forward, right, down = base_from_optical.inv().apply(
        ((math.cos(MOUNTING_YAW), math.sin(MOUNTING_YAW), 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
    )
    np.testing.assert_allclose(forward, (0.0, 0.0, 1.0), atol=1e-6)
    np.testing.assert_allclose(
        right, (math.cos(MOUNTING_YAW), 0, -math.sin(MOUNTING_YAW)), atol=1e-6
    )
    np.testing.assert_allclose(down, (0.0, 1.0, 0.0), atol=1e-9)


def _no_such_receiver(segment):
    return segment, 'galileo'


def _no_log(segment):
    (segment / 'processed_log' / 'GNSS' / 'live_gnss_qcom' / 't').unlink()
    return segment, 'qcom'


def _not_numpy(segment):
    (segment / 'global_pose' / 'frame_positions').write_text('version https://git-lfs')
    return segment, 'qcom'


def _wrong_shape(segment):
    save(segment / 'processed_log' / 'CAN' / 'wheel_speed', 'value', np.zeros((7, 4)))
    return segment, 'qcom'


def _backwards(segment):
    save(segment / 'processed_log' / 'CAN' / 'wheel_speed', 't', -np.arange(240.0))
    return segment, 'qcom'


def _one_frame(segment):
    truth = segment / 'global_pose'
    for path in list(truth.iterdir()):
        save(truth, path.name, np.load(path)[:1])
    return segment, 'qcom'


def _frames_at_once(segment):
    truth = segment / 'global_pose'
    for name in ('frame_times', 'frame_gps_times'):
        times = np.load(truth / name)
        times[5] = times[4]
        save(truth, name, times)
    return segment, 'qcom'


def _clocks_drift(segment):
    times = np.load(segment / 'global_pose' / 'frame_gps_times')
    times[:, 1] += np.linspace(0.0, 0.1, len(times))
    save(segment / 'global_pose', 'frame_gps_times', times)
    return segment, 'qcom'


def _gyroscope_apart(segment):
    save(segment / 'processed_log' / 'IMU' / 'gyro', 't', BOOT_S + 0.5 + np.arange(300) / 100)
    return segment, 'qcom'


@pytest.mark.parametrize(
    ('damage', 'text'),
    [
        (lambda segment: (segment / 'processed_log', 'qcom'), '0 comma2k19 segments'),
        (_no_such_receiver, "'galileo' is not known; expected one of qcom, ublox"),
        (_no_log, 'live_gnss_qcom/t cannot be read'),
        (_not_numpy, 'frame_positions cannot be read'),
        (_wrong_shape, r'shape \(7, 4\); expected \(240, 4\)'),
        (_backwards, 'wheel_speed/t holds times that go back'),
        (_one_frame, 'frame_times holds 1 times; expected at least 2'),
        (_frames_at_once, 'expected at least 2, each later than the one before'),
        (_clocks_drift, 'drift apart by 0.100 s'),
        (_gyroscope_apart, 'not logged at the same times'),
    ],
)
def test_a_damaged_segment_is_explained(tmp_path, damage, text):
    source, receiver = damage(write_segment(tmp_path))
    with pytest.raises(DriveError, match=text):
        from_comma2k19(source, tmp_path / 'bag', receiver)
    assert not (tmp_path / 'bag').exists()


@pytest.fixture(scope='module')
def real_bag(tmp_path_factory):
    path = tmp_path_factory.mktemp('real') / 'bag'
    from_comma2k19(REAL.parent, path)
    return path


@pytest.mark.shared_data
@REAL_ONLY
def test_the_real_stamps_are_those_of_the_drive(real_bag):
    """The drive began 2018-08-02 08:34:47 in California; this is its minute 40 (its name)."""
    fixes = messages(real_bag, '/fix')
    frames = messages(real_bag, '/ground_truth/odometry')
    boot = np.load(REAL / 'global_pose' / 'frame_times')
    assert len(fixes) == 30
    began_ns = 1_533_224_087_000_000_000 + 40 * 60 * 10**9
    first_ns = stamp_ns(frames[0].header.stamp)
    assert abs(first_ns - began_ns) < 5 * 10**9
    since_first_s = [(stamp_ns(m.header.stamp) - first_ns) * 1e-9 for m in frames]
    np.testing.assert_allclose(since_first_s, boot - boot[0], atol=1e-8)


@pytest.mark.shared_data
@REAL_ONLY
def test_the_real_raw_error_is_known(real_bag):
    """Mean 3.28 m and 95th percentile 7.23 m, as the raw files give with the log's own times."""
    truth = messages(real_bag, '/ground_truth/fix')
    times = np.array([stamp_ns(m.header.stamp) for m in truth])
    to_enu = pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84 '
        f'+lat_0={truth[0].latitude} +lon_0={truth[0].longitude} +h_0={truth[0].altitude}'
    )

    def enu(found):
        return np.array(
            to_enu.transform(
                [m.longitude for m in found],
                [m.latitude for m in found],
                [truth[0].altitude] * len(found),
            )[:2]
        )

    fixes = messages(real_bag, '/fix')
    at = [stamp_ns(m.header.stamp) - times[0] for m in fixes]
    expected = np.array([np.interp(at, times - times[0], axis) for axis in enu(truth)])
    errors_m = np.hypot(*(enu(fixes) - expected))
    assert errors_m.mean() == pytest.approx(3.28, abs=0.005)
    assert np.percentile(errors_m, 95) == pytest.approx(7.23, abs=0.005)


@pytest.mark.shared_data
@REAL_ONLY
def test_the_real_gyroscope_and_wheels_agree_with_the_truth(real_bag):
    truth = messages(real_bag, '/ground_truth/odometry')
    times = np.array([stamp_ns(m.header.stamp) for m in truth])
    quats = [quat_xyzw(m.pose.pose.orientation) for m in truth]
    yaws = np.unwrap(Rotation.from_quat(quats).as_euler('ZYX')[:, 0])
    speeds = np.array([m.twist.twist.linear.x for m in truth])
    sideways = np.array([m.twist.twist.linear.y for m in truth])
    (static,) = messages(real_bag, '/tf_static')
    mounting = {o.child_frame_id: quat_xyzw(o.transform.rotation) for o in static.transforms}
    rates = [twist_sample_from_imu(m, mounting['imu_link']) for m in messages(real_bag, '/imu')]
    wheels = [twist_sample_from_odometry(m) for m in messages(real_bag, '/odom')]
    at_imu = np.array([sample.stamp_ns for sample in rates])
    turned = np.cumsum(
        [0.0, *(np.array([s.yaw_rate_rad_s for s in rates])[1:] * np.diff(at_imu) * 1e-9)]
    )
    at_frames = np.interp(times - times[0], at_imu - times[0], turned)
    assert np.abs((at_frames - at_frames[0]) - (yaws - yaws[0])).max() < np.radians(2.5)
    at_wheels = np.array([sample.stamp_ns for sample in wheels])
    wheel = np.interp(
        times - times[0], at_wheels - times[0], [sample.speed_m_s for sample in wheels]
    )
    assert np.abs(wheel - speeds).max() < 0.5
    assert abs(sideways[speeds > 5.0].mean()) < 0.05  # 0.26 along the camera's own axis

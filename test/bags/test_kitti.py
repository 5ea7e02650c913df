# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""KITTI raw to bag: a drive made up here with known geometry, and the real one."""

from __future__ import annotations

import calendar
from contextlib import closing
from pathlib import Path
import sqlite3

import cv2
import numpy as np
import pyproj
import pytest
from scipy.spatial.transform import Rotation

from geoloc_ros.bags.kitti import KittiOptions, from_kitti
from geoloc_ros.bags.reader import BagReader
from geoloc_ros.bags.writer import Storage
from geoloc_ros.errors import DriveError
from geoloc_ros.messages.inbound import (
    gnss_fix,
    odometry_pose,
    quat_xyzw,
    stamp_ns,
    twist_sample_from_imu,
    twist_sample_from_odometry,
)

REAL_DATE = Path(__file__).parents[3] / 'shared' / 'data' / 'kitti_drive0001' / '2011_09_26'
START_NS = calendar.timegm((2011, 9, 26, 13, 2, 25)) * 1_000_000_000
COUNT = 21
SPEED, YAW_RATE = 10.0, 0.2
ORIGIN = (49.0, 8.4, 110.0)
TO_ENU = pyproj.Transformer.from_pipeline(
    '+proj=pipeline +step +proj=cart +ellps=WGS84 '
    f'+step +proj=topocentric +ellps=WGS84 +lat_0={ORIGIN[0]} +lon_0={ORIGIN[1]} +h_0={ORIGIN[2]}'
)
MATRIX = np.array(((700.0, 0.0, 63.0), (0.0, 710.0, 30.0), (0.0, 0.0, 1.0)))
CAMERA_SHIFT = np.array((0.06, 0.0, 0.003))
RECTIFY = Rotation.from_euler('xyz', (0.01, -0.007, 0.004)).as_matrix()
OPTICAL = np.array(((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0)))


def seconds(index):
    """Not quite 10 Hz, and exact to the nanosecond."""
    return index * 100_000_001


def circle(index):
    """East, north and yaw on a circle driven to the left from heading east."""
    yaw = YAW_RATE * seconds(index) * 1e-9
    radius = SPEED / YAW_RATE
    return radius * np.sin(yaw), radius * (1.0 - np.cos(yaw)), yaw


def numbers(array):
    return ' '.join(f'{value:.12e}' for value in np.asarray(array).ravel())


def oxts_row(index, *, rebuilt):
    east, north, yaw = circle(index)
    lon, lat, alt = TO_ENU.transform(east, north, 0.0, direction='INVERSE')
    rate = 0.0 if rebuilt else YAW_RATE
    row = np.zeros(30)
    row[:6] = lat, lon, alt, 0.02, -0.03, yaw
    row[8], row[11:14], row[17:20] = SPEED, (0.1, 0.2, 9.8), (0.0, 0.0, rate)
    row[23] = 0.05
    if rebuilt:
        row[12] = 0.0
    return ' '.join(f'{value:.15g}' for value in row)


def image_of(camera, index):
    random = np.random.default_rng(100 * int(camera) + index)
    shape = (32, 64) if camera == '00' else (32, 64, 3)
    return random.integers(0, 255, shape, dtype=np.uint8)


def write_stamps(folder, offset_ns=0):
    lines = []
    for index in range(COUNT):
        whole, rest = divmod(START_NS + seconds(index) + offset_ns, 1_000_000_000)
        lines.append(f'2011-09-26 13:02:{whole - START_NS // 1_000_000_000 + 25:02d}.{rest:09d}')
    (folder / 'timestamps.txt').write_text('\n'.join(lines) + '\n')


def write_drive(root, *, rebuilt=False):
    date = root / '2011_09_26'
    drive = date / '2011_09_26_drive_0099_sync'
    (drive / 'oxts' / 'data').mkdir(parents=True)
    write_stamps(drive / 'oxts')
    for index in range(COUNT):
        text = oxts_row(index, rebuilt=rebuilt and index > 0)
        (drive / 'oxts' / 'data' / f'{index:010d}.txt').write_text(text)
    for camera in ('00', '02'):
        data = drive / f'image_{camera}' / 'data'
        data.mkdir(parents=True)
        write_stamps(data.parent, -3_000_000)
        for index in range(COUNT):
            cv2.imwrite(str(data / f'{index:010d}.png'), image_of(camera, index))
    projection = MATRIX @ np.column_stack((np.eye(3), CAMERA_SHIFT))
    (date / 'calib_cam_to_cam.txt').write_text(
        f'calib_time: 09-Jan-2012 13:57:47\nR_rect_00: {numbers(RECTIFY)}\n'
        f'S_rect_00: 128 64\nP_rect_00: {numbers(MATRIX @ np.eye(3, 4))}\n'
        f'S_rect_02: 128 64\nP_rect_02: {numbers(projection)}\n'
    )
    (date / 'calib_velo_to_cam.txt').write_text(
        f'R: {numbers(OPTICAL)}\nT: {numbers((0.0, -0.1, -0.3))}\n'
    )
    (date / 'calib_imu_to_velo.txt').write_text(
        f'R: {numbers(np.eye(3))}\nT: {numbers((-0.8, 0.3, -0.8))}\n'
    )
    return drive


@pytest.fixture(scope='module')
def drive(tmp_path_factory):
    return write_drive(tmp_path_factory.mktemp('kitti'))


@pytest.fixture(scope='module')
def bag(drive, tmp_path_factory):
    path = tmp_path_factory.mktemp('out') / 'drive'
    from_kitti(drive, path)
    return path


def messages(path, topic):
    with BagReader(path) as reader:
        return [item.message for item in reader.messages([topic])]


def test_the_fixes_are_those_of_the_files(bag):
    for index, message in enumerate(messages(bag, '/fix')):
        fix = gnss_fix(message)
        row = np.array(oxts_row(index, rebuilt=False).split(), dtype=np.float64)
        assert fix.stamp_ns == START_NS + seconds(index)
        assert (fix.position.lat_deg, fix.position.lon_deg, fix.position.alt_m) == tuple(row[:3])
        np.testing.assert_allclose(fix.covariance_enu_m2, np.eye(3) * 0.05**2)


def test_the_truth_is_the_circle(bag):
    for index, message in enumerate(messages(bag, '/ground_truth/odometry')):
        east, north, yaw = circle(index)
        position = message.pose.pose.position
        assert (position.x, position.y) == pytest.approx((east, north), abs=1e-6)
        assert position.z == pytest.approx(0.0, abs=1e-6)
        attitude = Rotation.from_quat(quat_xyzw(message.pose.pose.orientation))
        expected = Rotation.from_euler('ZYX', (yaw, -0.03, 0.02))
        assert (attitude * expected.inv()).magnitude() < 2e-5  # ENU turns over 50 m
        assert (message.header.frame_id, message.child_frame_id) == ('map', 'base_link')
    (datum,) = messages(bag, '/ground_truth/datum')
    assert gnss_fix(datum).position == gnss_fix(messages(bag, '/ground_truth/fix')[0]).position


def test_the_odometry_drives_the_same_circle(bag):
    for index, message in enumerate(messages(bag, '/odom')):
        pose, twist = odometry_pose(message), twist_sample_from_odometry(message)
        assert (pose.x_m, pose.y_m, pose.yaw_rad) == pytest.approx(circle(index), abs=1e-9)
        assert (twist.speed_m_s, twist.yaw_rate_rad_s) == (SPEED, YAW_RATE)
        assert (pose.frame_id, twist.frame_id) == ('odom', 'base_link')


def test_the_imu_has_what_the_files_have(bag):
    for message in messages(bag, '/imu'):
        assert twist_sample_from_imu(message).yaw_rate_rad_s == YAW_RATE
        force = message.linear_acceleration
        assert (force.x, force.y, force.z) == (0.1, 0.2, 9.8)
        assert message.linear_acceleration_covariance[0] == 0.0


def test_rates_that_were_made_up_are_derived_from_yaw(tmp_path):
    report = from_kitti(write_drive(tmp_path, rebuilt=True), tmp_path / 'bag')
    assert any('20 of 21 oxts records hold angular rates' in note for note in report.notes)
    assert any('acceleration is left out' in note for note in report.notes)
    for message in messages(tmp_path / 'bag', '/imu'):
        assert twist_sample_from_imu(message).yaw_rate_rad_s == pytest.approx(YAW_RATE, rel=1e-9)
        assert message.linear_acceleration_covariance[0] == -1.0
    for message in messages(tmp_path / 'bag', '/odom'):
        got = twist_sample_from_odometry(message).yaw_rate_rad_s
        assert got == pytest.approx(YAW_RATE, rel=1e-9)


@pytest.mark.parametrize(('camera', 'encoding'), [('00', 'mono8'), ('02', 'bgr8')])
def test_the_images_are_the_files(bag, camera, encoding):
    got = messages(bag, f'/camera_{camera}/image_raw')
    assert len(got) == COUNT
    for index, message in enumerate(got):
        expected = image_of(camera, index)
        assert stamp_ns(message.header.stamp) == START_NS + seconds(index) - 3_000_000
        assert message.header.frame_id == f'camera_{camera}_optical'
        assert (message.encoding, message.height, message.width) == (encoding, 32, 64)
        assert message.step == expected.strides[0]
        np.testing.assert_array_equal(message.data.reshape(expected.shape), expected)


def test_the_camera_info_is_that_of_the_smaller_picture(bag):
    """Halving 128 x 64 by hand: f / 2, and a centre c goes to (c + 0.5) / 2 - 0.5."""
    for message in messages(bag, '/camera_02/camera_info'):
        assert (message.width, message.height) == (64, 32)
        expected = np.array(((350.0, 0.0, 31.25), (0.0, 355.0, 14.75), (0.0, 0.0, 1.0)))
        np.testing.assert_allclose(message.k.reshape(3, 3), expected)
        np.testing.assert_allclose(message.p.reshape(3, 4)[:, :3], expected)
        assert not message.p.reshape(3, 4)[:, 3].any()
        assert message.distortion_model == 'plumb_bob'
        assert not message.d.any()


def test_the_cameras_stand_where_the_calibration_says(bag):
    """Chain of 4 x 4 matrices, as the data set's development kit composes them."""

    def homogeneous(rotation, translation):
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = rotation, translation
        return matrix

    camera_from_imu = (
        homogeneous(np.eye(3), CAMERA_SHIFT)
        @ homogeneous(RECTIFY, np.zeros(3))
        @ homogeneous(OPTICAL, (0.0, -0.1, -0.3))
        @ homogeneous(np.eye(3), (-0.8, 0.3, -0.8))
    )
    expected = np.linalg.inv(camera_from_imu)
    (message,) = messages(bag, '/tf_static')
    by_child = {one.child_frame_id: one for one in message.transforms}
    assert set(by_child) == {'imu_link', 'gps', 'camera_00_optical', 'camera_02_optical'}
    got = by_child['camera_02_optical']
    assert got.header.frame_id == 'base_link'
    offset = got.transform.translation
    np.testing.assert_allclose((offset.x, offset.y, offset.z), expected[:3, 3], atol=1e-9)
    rotation = Rotation.from_quat(quat_xyzw(got.transform.rotation)).as_matrix()
    np.testing.assert_allclose(rotation, expected[:3, :3], atol=1e-9)
    assert rotation[0, 2] > 0.999  # the camera looks forward
    assert offset.x > 0.5  # and stands in front of the unit


def test_compressed_images_are_the_bytes_of_the_files(drive, tmp_path):
    options = KittiOptions(storage=Storage.SQLITE3, cameras=('02',), compressed=True)
    report = from_kitti(drive, tmp_path / 'bag', options)
    assert '/camera_00/image_raw' not in [topic.topic for topic in report.topics]
    got = messages(tmp_path / 'bag', '/camera_02/image_raw/compressed')
    files = sorted((drive / 'image_02' / 'data').iterdir())
    assert [bytes(message.data) for message in got] == [path.read_bytes() for path in files]
    assert {message.format for message in got} == {'png'}


def test_messages_are_written_in_order_and_the_folder_of_the_date_will_do(drive, tmp_path):
    calls = []
    report = from_kitti(
        drive.parent,
        tmp_path / 'bag',
        KittiOptions(storage=Storage.SQLITE3),
        progress=lambda done, total: calls.append((done, total)),
    )
    with closing(sqlite3.connect(tmp_path / 'bag' / 'bag.db3')) as database:
        rows = database.execute('SELECT timestamp FROM messages ORDER BY id').fetchall()
    assert rows == sorted(rows)
    total = sum(topic.count for topic in report.topics)
    assert total == 9 * COUNT
    assert len(rows) == total + 2  # /tf_static and the datum
    assert calls == [(done, total) for done in range(1, total + 1)]


def test_what_does_not_move_is_latched(bag):
    with BagReader(bag) as reader:
        latched = {topic.name for topic in reader.topics if topic.transient_local}
    assert latched == {'/tf_static', '/ground_truth/datum'}


def test_a_missing_picture_is_passed_over(tmp_path):
    drive = write_drive(tmp_path)
    (drive / 'image_02' / 'data' / '0000000003.png').unlink()
    from_kitti(drive, tmp_path / 'bag')
    got = [stamp_ns(m.header.stamp) for m in messages(tmp_path / 'bag', '/camera_02/image_raw')]
    assert len(got) == COUNT - 1
    assert START_NS + seconds(3) - 3_000_000 not in got


def _two_drives(drive):
    (drive.parent / '2011_09_26_drive_0100_sync' / 'oxts').mkdir(parents=True)
    return drive.parent


def _extract(drive):
    return drive.rename(drive.parent / '2011_09_26_drive_0099_extract')


def _no_calibration(drive):
    (drive.parent / 'calib_imu_to_velo.txt').unlink()
    return drive


def _no_projection(drive):
    path = drive.parent / 'calib_cam_to_cam.txt'
    path.write_text(path.read_text().replace('P_rect_02', 'P_rect_09'))
    return drive


def _rotation_damaged(drive):
    path = drive.parent / 'calib_velo_to_cam.txt'
    path.write_text(f'R: {numbers(2.0 * OPTICAL)}\nT: 0 0 0\n')
    return drive


def _short_record(drive):
    (drive / 'oxts' / 'data' / '0000000004.txt').write_text('49.0 8.4')
    return drive


def _no_record(drive):
    for path in (drive / 'oxts' / 'data').iterdir():
        path.unlink()
    return drive


def _too_few_stamps(drive):
    (drive / 'oxts' / 'timestamps.txt').write_text('2011-09-26 13:02:25.0\n')
    return drive


def _stamps_go_back(drive):
    path = drive / 'oxts' / 'timestamps.txt'
    lines = path.read_text().splitlines()
    lines[5], lines[6] = lines[6], lines[5]
    path.write_text('\n'.join(lines))
    return drive


def _picture_damaged(drive):
    (drive / 'image_02' / 'data' / '0000000007.png').write_text('version https://git-lfs')
    return drive


@pytest.mark.parametrize(
    ('damage', 'text'),
    [
        (lambda drive: drive / 'nowhere', 'no folder at'),
        (lambda drive: drive / 'image_02', '0 drives'),
        (_two_drives, '2 drives'),
        (_extract, 'unrectified'),
        (_no_calibration, r'no calib_imu_to_velo\.txt'),
        (_no_projection, "nothing for 'P_rect_02'"),
        (_rotation_damaged, 'is no rotation'),
        (_short_record, r'0000000004\.txt holds 2 numbers; expected 30'),
        (_no_record, 'no .txt files'),
        (_too_few_stamps, 'has 1 lines'),
        (_stamps_go_back, 'goes back in time at line 7'),
        (_picture_damaged, 'is no image'),
    ],
)
def test_a_damaged_drive_is_explained_and_leaves_no_bag(tmp_path, damage, text):
    source = damage(write_drive(tmp_path))
    out = tmp_path / 'out' / 'bag'
    with pytest.raises(DriveError, match=text):
        from_kitti(source, out)
    assert not list(tmp_path.glob('out/*'))


def test_a_camera_that_is_not_there(drive, tmp_path):
    with pytest.raises(DriveError, match='no pictures of camera 03; it has 00, 02'):
        from_kitti(drive, tmp_path / 'bag', KittiOptions(cameras=('03',)))


@pytest.mark.shared_data
@pytest.mark.skipif(not REAL_DATE.exists(), reason='kitti_drive0001 is not in ../shared/data')
def test_the_real_drive(tmp_path):
    report = from_kitti(REAL_DATE, tmp_path / 'bag')
    counts = {topic.topic: topic.count for topic in report.topics}
    assert counts['/camera_02/image_raw'] == counts['/fix'] == counts['/odom'] == 108
    assert any('107 of 108' in note for note in report.notes)
    data = REAL_DATE / '2011_09_26_drive_0001_sync' / 'image_02' / 'data'
    images = messages(tmp_path / 'bag', '/camera_02/image_raw')
    np.testing.assert_array_equal(
        images[57].data.reshape(120, 397, 3), cv2.imread(str(data / '0000000057.png'))
    )
    info = messages(tmp_path / 'bag', '/camera_02/camera_info')[0]
    assert info.k[0] == pytest.approx(721.5377 * 397 / 1242)
    assert info.k[4] == pytest.approx(721.5377 * 120 / 375)
    truth = np.array(
        [
            (m.pose.pose.position.x, m.pose.pose.position.y)
            for m in messages(tmp_path / 'bag', '/ground_truth/odometry')
        ]
    )
    odom = [odometry_pose(m) for m in messages(tmp_path / 'bag', '/odom')]
    # Dead reckoning from the true heading ends near the truth: clocks, units and signs are right.
    heading = float(
        Rotation.from_quat(
            quat_xyzw(
                messages(tmp_path / 'bag', '/ground_truth/odometry')[0].pose.pose.orientation
            )
        ).as_euler('ZYX')[0]
    )
    turn = Rotation.from_euler('z', heading).as_matrix()[:2, :2]
    end = turn @ (odom[-1].x_m, odom[-1].y_m)
    length_m = np.hypot(*np.diff(truth, axis=0).T).sum()
    assert length_m > 100.0
    assert np.hypot(*(end - truth[-1])) < 0.015 * length_m

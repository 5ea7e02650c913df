# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Bags with pictures: stamps, counts, camera, content; read back without the package's reader."""

import dataclasses

from block_town import block_town, boxes_of, day
import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore

from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import NANOSECONDS_PER_SECOND
from geoloc_sim.drives.car_fleet import CarFleet
from geoloc_sim.drives.city_bag import FilmSettings, write_city_bag
from geoloc_sim.drives.city_camera import city_mesh, image_stamps
from geoloc_sim.drives.city_drive import city_drive
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.drives.traffic import Traffic, traffic
from geoloc_sim.meshes.city import moving_cars
from geoloc_sim.rendering.cameras import PinholeCamera, mounting
from geoloc_sim.rendering.distortion import Distortion
from geoloc_sim.rendering.effects import PERFECT
from geoloc_sim.rendering.ground_view import Shot, ground_view
from geoloc_sim.rendering.scene import Scene

DRIVE = CityDriveSettings(distance_m=60.0)
CAMERA = PinholeCamera(
    64,
    48,
    30.0,
    31.0,
    32.5,
    22.0,
    Distortion(-0.1, 0.01, 0.001, -0.002),
    mounting(1.2, 0.1, 1.4, 0.05),
    'front_optical',
)
PLAIN = FilmSettings(rate_hz=5.0, workers=1, effects=PERFECT)
RAW = dataclasses.replace(PLAIN, compressed=False)


@pytest.fixture(scope='module')
def town():
    world = block_town(side=3)
    return world, city_drive(world, boxes_of(world), DRIVE, day(1), 0)


def read(path):
    """Messages by topic as (receive stamp, message), by rosbags alone."""
    store = get_typestore(Stores.ROS2_KILTED)
    found = {}
    with Reader(path) as bag:
        for connection, stamp, raw in bag.messages():
            message = store.deserialize_cdr(raw, connection.msgtype)
            found.setdefault(connection.topic, []).append((stamp, message))
    return found


def stamp_of(message):
    return message.header.stamp.sec * NANOSECONDS_PER_SECOND + message.header.stamp.nanosec


@pytest.fixture(scope='module')
def raw_bag(town, tmp_path_factory):
    world, drive = town
    path = tmp_path_factory.mktemp('raw') / 'bag'
    write_city_bag(drive, world, day(1), path, camera=CAMERA, film=RAW)
    return read(path)


def test_pictures_are_taken_at_stamps_of_the_truth(town, raw_bag):
    _, drive = town
    stamps = [stamp_of(message) for _, message in raw_bag['/camera/image']]
    assert stamps == [stamp for stamp, _ in raw_bag['/camera/image']]
    assert set(stamps) <= set(drive.truth.stamps_ns.tolist())
    truth = {stamp_of(message) for _, message in raw_bag['/ground_truth/odometry']}
    assert set(stamps) <= truth
    assert set(np.diff(stamps)) == {NANOSECONDS_PER_SECOND // 5}
    assert len(stamps) == int(drive.truth.duration_s * 5.0) + 1
    assert [stamp_of(message) for _, message in raw_bag['/camera/camera_info']] == stamps


def test_camera_info_is_that_of_the_camera(raw_bag):
    for _, info in raw_bag['/camera/camera_info']:
        assert (info.width, info.height) == (64, 48)
        np.testing.assert_array_equal(info.k, [30.0, 0, 32.5, 0, 31.0, 22.0, 0, 0, 1])
        np.testing.assert_array_equal(info.p, [30.0, 0, 32.5, 0, 0, 31.0, 22.0, 0, 0, 0, 1, 0])
        np.testing.assert_array_equal(info.d, [-0.1, 0.01, 0.001, -0.002, 0.0])
        np.testing.assert_array_equal(info.r, np.eye(3).ravel())
        assert info.distortion_model == 'plumb_bob'
        assert info.header.frame_id == 'front_optical'


def test_tf_static_has_the_camera(raw_bag):
    [(_, message)] = raw_bag['/tf_static']
    by_child = {item.child_frame_id: item for item in message.transforms}
    assert set(by_child) == {'gnss', 'imu', 'front_optical'}
    camera = by_child['front_optical']
    assert camera.header.frame_id == 'base_link'
    place = camera.transform.translation
    np.testing.assert_allclose((place.x, place.y, place.z), (1.2, 0.1, 1.4))
    turn = camera.transform.rotation
    # The optical axis seen from base_link: R applied to z.
    axis = (
        2.0 * (turn.x * turn.z + turn.w * turn.y),
        2.0 * (turn.y * turn.z - turn.w * turn.x),
        1.0 - 2.0 * (turn.x**2 + turn.y**2),
    )
    np.testing.assert_allclose(axis, (np.cos(0.05), np.sin(0.05), 0.0), atol=1e-12)


def test_pictures_show_the_world_from_the_true_pose(town, raw_bag):
    world, drive = town
    scene = Scene(city_mesh(world, day(1)), day(1))
    images = raw_bag['/camera/image']
    pictures = []
    for number in (0, len(images) // 2, len(images) - 1):
        stamp, message = images[number]
        at = drive.truth.at(np.array([stamp]))
        pose = Pose2(float(at.x_m[0]), float(at.y_m[0]), float(at.yaw_rad[0]))
        expected = ground_view(scene, CAMERA, pose, Shot(PERFECT)).rgb
        assert (message.encoding, message.step, message.is_bigendian) == ('rgb8', 192, 0)
        pictures.append(message.data.reshape(48, 64, 3))
        np.testing.assert_array_equal(pictures[-1], expected)
    assert not np.array_equal(pictures[0], pictures[1])


def test_jpeg_and_two_processes_give_the_same_pictures(town, raw_bag, tmp_path):
    world, drive = town
    for workers in (1, 2):
        film = dataclasses.replace(PLAIN, workers=workers, jpeg_quality=95)
        path = tmp_path / str(workers)
        report = write_city_bag(drive, world, day(1), path, camera=CAMERA, film=film)
        counts = {item.topic: item.count for item in report.topics}
        assert counts['/camera/image/compressed'] == len(raw_bag['/camera/image'])
    one, two = (read(tmp_path / name)['/camera/image/compressed'] for name in '12')
    for (_, first), (_, second), (_, raw) in zip(one, two, raw_bag['/camera/image'], strict=True):
        np.testing.assert_array_equal(first.data, second.data)
        assert 'jpeg' in first.format
        opened = cv2.imdecode(first.data, cv2.IMREAD_COLOR)[..., ::-1].astype(float)
        assert np.abs(opened - raw.data.reshape(48, 64, 3)).mean() < 6.0


def test_the_other_topics_are_those_of_a_plain_drive(raw_bag, town):
    _, drive = town
    assert len(raw_bag['/fix']) == len(drive.gnss.stamps_ns)
    assert len(raw_bag['/imu']) == len(drive.imu_yaw_rate.stamps_ns)
    assert len(raw_bag['/odom']) == len(drive.wheel_speed.stamps_ns)
    received = [stamp for rows in raw_bag.values() for stamp, _ in rows]
    assert min(received) == drive.truth.stamps_ns[0]


def test_progress_counts_every_message_and_an_error_leaves_nothing(town, tmp_path):
    world, drive = town
    seen = []
    write_city_bag(
        drive,
        world,
        day(1),
        tmp_path / 'bag',
        camera=CAMERA,
        film=PLAIN,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1][0] == seen[-1][1] == len(seen)

    def stop(done, _total):
        if done == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_city_bag(
            drive,
            world,
            day(1),
            tmp_path / 'other',
            camera=CAMERA,
            film=dataclasses.replace(PLAIN, workers=2),
            progress=stop,
        )
    assert [path.name for path in tmp_path.iterdir()] == ['bag']
    with pytest.raises(DriveError, match='exists already'):
        write_city_bag(drive, world, day(1), tmp_path / 'bag', camera=CAMERA, film=PLAIN)


def test_image_stamps_of_fine_and_coarse_truths(town):
    truth = town[1].truth  # 100 Hz
    np.testing.assert_array_equal(image_stamps(truth, 10.0), truth.stamps_ns[::10])
    np.testing.assert_array_equal(image_stamps(truth, 9.7), truth.stamps_ns[::10])
    coarse = truth.at(truth.stamps_ns[::10])
    np.testing.assert_array_equal(image_stamps(coarse, 10.0), coarse.stamps_ns)
    with pytest.raises(DriveError, match='lower the rate'):
        image_stamps(coarse, 25.0)


def test_a_fleet_is_what_moving_cars_draws():
    poses = np.array([[3.0, -2.0, 0.4], [50.0, 10.0, -2.0], [-8.0, 0.0, 3.0]])
    expected = moving_cars(poses, 5)
    found = CarFleet(3, 5).at(poses, np.array([True, True, True]))
    np.testing.assert_allclose(found.vertices_m, expected.vertices_m, atol=1e-5)
    np.testing.assert_array_equal(found.faces, expected.faces)
    for name in ('origin_m', 'u_axis', 'v_axis', 'colour', 'object_id', 'parameters'):
        one, other = getattr(found.surfaces, name), getattr(expected.surfaces, name)
        np.testing.assert_allclose(one, other, atol=1e-5)
    hidden = CarFleet(3, 5).at(poses, np.array([True, False, True]))
    ids = hidden.surfaces.object_id[hidden.face_surface] - 3_500_000
    assert set(ids.tolist()) == {0, 2}


def test_moving_cars_are_seen_where_they_are(town, tmp_path):
    world, drive = town
    cars = traffic(world, dataclasses.replace(day(1), traffic_per_km=30.0), drive.truth, DRIVE)
    stamps = image_stamps(drive.truth, 5.0)
    # A car 8 m ahead all the time, as a traffic of our own.
    at = drive.truth.at(cars.stamps_ns)
    ahead = np.column_stack(
        (
            at.x_m + 10.0 * np.cos(at.yaw_rad),
            at.y_m + 10.0 * np.sin(at.yaw_rad),
            at.yaw_rad,
        )
    )
    leader = Traffic(cars.stamps_ns, ahead[None])
    write_city_bag(drive, world, day(1), tmp_path / 'bag', camera=CAMERA, film=RAW, traffic=leader)
    images = read(tmp_path / 'bag')['/camera/image']
    scene = Scene(city_mesh(world, day(1)), day(1))
    number = len(stamps) // 2
    place = drive.truth.at(stamps[number : number + 1])
    pose = Pose2(float(place.x_m[0]), float(place.y_m[0]), float(place.yaw_rad[0]))
    empty = ground_view(scene, CAMERA, pose, Shot(PERFECT)).rgb.astype(float)
    seen = images[number][1].data.reshape(48, 64, 3).astype(float)
    changed = np.abs(seen - empty).max(axis=2) > 8.0
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 30
    middle, _ = CAMERA.project(
        np.array([[*leader.at(int(stamps[number]))[0, :2], 0.7]]), pose.x_m, pose.y_m, pose.yaw_rad
    )
    assert abs(columns.mean() - middle[0, 0]) < 5.0
    assert abs(rows.mean() - middle[0, 1]) < 6.0

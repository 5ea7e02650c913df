# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A recorded bag as a drive, and simulated data: places, pictures, cameras."""

import dataclasses
from functools import partial
import math

import cv2
import numpy as np
import painted_drives
import pytest
import rasterio
from rasterio.transform import Affine

from geoloc_ros.bags.conversion import Event, StaticTransform, write_drive
from geoloc_ros.bags.writer import Storage
from geoloc_ros.cli.bag_trajectory import bag_truth
from geoloc_ros.errors import DriveError, EvaluationError
from geoloc_ros.evaluation.trajectory import moved_to_point, sample_at
from geoloc_ros.geometry.quaternions import quat_from_yaw
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import set_header
from geoloc_ros.messages.sensors import OdometryReading, odometry_reading
from geoloc_ros.networks.architectures import build
from geoloc_sim.drives.city_bag import camera_info_message
from geoloc_sim.rendering.cameras import PinholeCamera, mounting
from geoloc_training.data import bags
from geoloc_training.data.bags import bag_data_set, read_bag_drive
from geoloc_training.data.prepared import prepared
from geoloc_training.data.simulated import camera_positions
from geoloc_training.data.sources import open_data

START_NS = 1_700_000_000_000_000_000
TURN_RAD = 0.4  # the camera looks to the left of the heading


def compressed(rgb, stamp, factory, frame='camera_optical'):
    message = factory.new('sensor_msgs/msg/CompressedImage')
    set_header(message.header, stamp, frame)
    message.format = 'png'
    message.data = cv2.imencode('.png', np.ascontiguousarray(rgb[..., ::-1]))[1].ravel()
    return message


def raw(rgb, stamp, factory):
    message = factory.new('sensor_msgs/msg/Image')
    set_header(message.header, stamp, 'camera_optical')
    message.height, message.width = rgb.shape[:2]
    message.encoding, message.is_bigendian, message.step = 'rgb8', 0, 3 * rgb.shape[1]
    message.data = rgb.ravel()
    return message


def write_bag(
    path, image, turn_rad=0.0, make=compressed, others=(), truth='/ground_truth/odometry'
):
    """A drive on a circle at 4.7 m a picture; base_link is 2 m behind and 1 m left of the camera.

    Returns the poses of the camera, shape (12, 3): x, y, heading of the vehicle.
    """
    mount = mounting(2.0, -1.0, painted_drives.CAMERA_HEIGHT_M, turn_rad)
    camera = PinholeCamera.with_field_of_view(
        painted_drives.WIDTH, painted_drives.HEIGHT, 90.0, mount
    )
    base = painted_drives.circle_poses(80)[:12]
    where = camera_positions(base[:, :2], base[:, 2], camera)
    events = []
    for number, (x, y, yaw) in enumerate(base):
        stamp = START_NS + number * 500_000_000
        seen = painted_drives.look(image, *where[number], yaw + turn_rad)
        pose = Pose3(np.array((x, y, 0.0)), quat_from_yaw(yaw))
        reading = OdometryReading(stamp, 'map', 'base_link', pose, np.zeros(3), np.zeros(3))
        topic = '/camera/image' if make is raw else '/camera/image/compressed'
        events += [
            Event(stamp, topic, partial(make, seen, stamp)),
            Event(
                stamp,
                '/camera/camera_info',
                partial(camera_info_message, camera.camera_info(), stamp),
            ),
            Event(stamp, truth, partial(odometry_reading, reading)),
        ]
    frames = [StaticTransform('base_link', 'camera_optical', mount)]
    for topic in others:  # of another camera, at the same times as the first picture
        wrong = partial(compressed, np.zeros((4, 4, 3), np.uint8), START_NS, frame='rear_optical')
        rear = dataclasses.replace(camera.camera_info(), frame_id='rear_optical')
        info = partial(camera_info_message, rear, START_NS)
        events.append(Event(START_NS, topic, info if topic.endswith('info') else wrong))
    write_drive(path, Storage.MCAP, events, frames, painted_drives.DATUM, [])
    return np.column_stack((where, base[:, 2]))


@pytest.mark.parametrize('make', [compressed, raw])
def test_a_bag_becomes_a_drive_of_camera_positions(tmp_path, make):
    image = painted_drives.paint()
    poses = write_bag(tmp_path / 'drive', image, make=make)
    drive = read_bag_drive(tmp_path / 'drive')
    assert drive.datum == painted_drives.DATUM
    np.testing.assert_allclose(drive.positions_m, poses[:, :2], atol=1e-6)
    np.testing.assert_allclose(drive.yaws_rad, poses[:, 2], atol=1e-6)
    expected = painted_drives.look(image, *poses[3])
    error = np.abs(drive.images.image(3).astype(int) - expected).mean()
    assert error < (4.0 if make is raw else 1e-9)  # raw pictures are kept as JPEG


def test_a_camera_that_looks_aside_gives_the_same_cylinder_where_both_see(tmp_path):
    image = painted_drives.paint()
    painted_drives.write_imagery(tmp_path / 'imagery.tif', image)
    contract = build('azimuth').contract
    pictures = []
    for turn, name in ((0.0, 'ahead'), (TURN_RAD, 'aside')):
        write_bag(tmp_path / name, image, turn)
        data = bag_data_set([str(tmp_path / name), str(tmp_path / 'imagery.tif')])
        pictures.append(prepared(data, contract, 0.0).pictures.astype(int))
    ahead, aside = pictures
    black = round(TURN_RAD / contract.ground_fov_rad * contract.ground_width_px)
    assert np.all(aside[:, :, -black + 2 :] == 0)  # to the right it does not see that far
    # nearer than the horizon's blur, in the half that both see well
    rows, columns = slice(75, 90), slice(30, 160)
    assert np.abs(ahead[:, rows, columns] - aside[:, rows, columns]).mean() < 4.0
    shifted = np.roll(aside, 24, 2)
    assert np.abs(ahead[:, rows, columns] - shifted[:, rows, columns]).mean() > 10.0


def test_bags_without_what_is_needed_are_explained(tmp_path):
    with pytest.raises(DriveError, match='BAG,IMAGERY'):
        bag_data_set(['one'])
    pose = Pose3(np.zeros(3), quat_from_yaw(0.0))
    reading = OdometryReading(START_NS, 'map', 'base_link', pose, np.zeros(3), np.zeros(3))
    events = [Event(START_NS, '/ground_truth/odometry', partial(odometry_reading, reading))]
    write_drive(tmp_path / 'blind', Storage.MCAP, events, [], painted_drives.DATUM, [])
    with pytest.raises(DriveError, match='no topic of type'):
        read_bag_drive(tmp_path / 'blind')
    write_bag(tmp_path / 'lost', painted_drives.paint(), truth='/odometry')
    with pytest.raises(EvaluationError, match='as bag:BAG,IMAGERY,/topic'):
        read_bag_drive(tmp_path / 'lost')


def test_a_topic_that_a_bag_lacks_is_named(tmp_path):
    write_bag(tmp_path / 'drive', painted_drives.paint())
    with pytest.raises(DriveError, match=r'no topic /nope; it has .*/ground_truth/odometry'):
        read_bag_drive(tmp_path / 'drive', '/nope')


def test_where_an_antenna_was_is_not_where_base_link_was(tmp_path, monkeypatch):
    poses = write_bag(tmp_path / 'drive', painted_drives.paint())
    truth, arm = bag_truth(tmp_path / 'drive'), (-3.0, 0.5)
    antenna = dataclasses.replace(
        truth,
        positions_enu_m=moved_to_point(sample_at(truth, truth.stamps_ns), arm),
        lever_arm_m=arm,
    )
    monkeypatch.setattr(bags, 'read_truth', lambda bag: antenna)
    drive = read_bag_drive(tmp_path / 'drive')
    np.testing.assert_allclose(drive.positions_m, poses[:, :2], atol=1e-6)


def test_bags_of_one_name_are_places_of_their_own(tmp_path):
    image = painted_drives.paint()
    painted_drives.write_imagery(tmp_path / 'imagery.tif', image)
    words = []
    for run in ('run1', 'run2'):
        (tmp_path / run).mkdir()
        write_bag(tmp_path / run / 'rosbag2', image)
        words.append(f'bag:{tmp_path / run / "rosbag2"},{tmp_path / "imagery.tif"}')
    assert len(open_data(words).references) == 2


def test_of_several_cameras_one_is_named(tmp_path):
    image = painted_drives.paint()
    others = ('/a_rear/image_raw/compressed', '/a_rear/camera_info')
    poses = write_bag(tmp_path / 'two', image, make=raw, others=others)
    with pytest.raises(DriveError, match=r'\(/a_rear/image_raw/compressed, /camera/image\)'):
        read_bag_drive(tmp_path / 'two')
    drive = read_bag_drive(tmp_path / 'two', images='/camera/image')
    np.testing.assert_allclose(drive.positions_m, poses[:, :2], atol=1e-6)
    assert len(read_bag_drive(tmp_path / 'two', '', '/a_rear/image_raw/compressed')) == 1
    with pytest.raises(DriveError, match='no topic /nope'):
        read_bag_drive(tmp_path / 'two', '', '/nope')


def test_camera_info_is_that_of_the_pictures(tmp_path):
    """First in its namespace, whatever comes first by name; else of the same frame."""
    image = painted_drives.paint()
    poses = write_bag(tmp_path / 'infos', image, others=('/a_rear/camera_info',))
    drive = read_bag_drive(tmp_path / 'infos')
    np.testing.assert_allclose(drive.positions_m, poses[:, :2], atol=1e-6)
    write_bag(tmp_path / 'frame', image, others=('/b/pictures', '/c/camera_info'))
    assert len(read_bag_drive(tmp_path / 'frame', '', '/b/pictures')) == 1
    write_bag(tmp_path / 'none', image, others=('/b/pictures',))
    with pytest.raises(DriveError, match='one in the namespace of /b/pictures'):
        read_bag_drive(tmp_path / 'none', '', '/b/pictures')


def test_imagery_of_another_area_is_refused(tmp_path):
    write_bag(tmp_path / 'drive', painted_drives.paint())
    far = Affine(0.5, 0, 600000, 0, -0.5, 5500000)  # 100 km away
    path = tmp_path / 'far.tif'
    shape = {'width': 64, 'height': 64, 'count': 3, 'dtype': 'uint8'}
    with rasterio.open(path, 'w', driver='GTiff', crs='EPSG:32632', transform=far, **shape) as it:
        it.write(np.full((3, 64, 64), 90, np.uint8))
    data = bag_data_set([str(tmp_path / 'drive'), str(path)])
    with pytest.raises(DriveError, match=r'covers at most 0 % .* any of the 12 pictures'):
        prepared(data, build('azimuth').contract, 0.0)


def test_the_simulated_camera_is_where_it_is_mounted():
    camera = PinholeCamera.with_field_of_view()  # 1.6 m ahead
    places = camera_positions(np.array([[10.0, 0.0]]), np.array([math.pi / 2]), camera)
    np.testing.assert_allclose(places, [[10.0, 1.6]], atol=1e-12)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Time stamps and calibration of KITTI raw."""

from __future__ import annotations

import calendar

import numpy as np
import pytest

from geoloc_ros.bags.kitti_files import parse_stamp, read_camera
from geoloc_ros.errors import DriveError

START_NS = calendar.timegm((2011, 9, 26, 13, 2, 25)) * 1_000_000_000
CALIBRATION = {
    'calib_cam_to_cam.txt': 'calib_time: 09-Jan-2012 13:57:47\n'
    'R_rect_00: 1 0 0 0 1 0 0 0 1\n'
    'S_rect_02: 128 64\n'
    'P_rect_02: 700 0 63 42 0 710 30 0 0 0 1 0\n',
    'calib_velo_to_cam.txt': 'R: 0 -1 0 0 0 -1 1 0 0\nT: 0 -0.1 -0.3\n',
    'calib_imu_to_velo.txt': 'R: 1 0 0 0 1 0 0 0 1\nT: -0.8 0.3 -0.8\n',
}


@pytest.fixture(name='drive')
def make_drive(tmp_path):
    pictures = tmp_path / 'drive' / 'image_02'
    (pictures / 'data').mkdir(parents=True)
    (pictures / 'data' / '0000000000.png').touch()
    (pictures / 'timestamps.txt').write_text('2011-09-26 13:02:25.964389445\n')
    for name, text in CALIBRATION.items():
        (tmp_path / name).write_text(text)
    return tmp_path / 'drive'


@pytest.mark.parametrize(
    ('text', 'nanoseconds'),
    [
        ('2011-09-26 13:02:25.964389445', START_NS + 964_389_445),
        ('2011-09-26 13:02:25.5', START_NS + 500_000_000),
        ('2011-09-26 13:02:25', START_NS),
        ('1970-01-01 00:00:00.000000001', 1),
    ],
)
def test_a_stamp_is_read_to_the_nanosecond(text, nanoseconds):
    assert parse_stamp(text) == nanoseconds


@pytest.mark.parametrize('text', ['yesterday', '2011-13-26 13:02:25.9', '2011-09-26T13:02:25'])
def test_a_stamp_that_is_none(text):
    with pytest.raises(DriveError, match='not understood'):
        parse_stamp(text)


def test_a_calibration_with_a_date_in_any_letters_will_do(drive):
    path = drive.parent / 'calib_cam_to_cam.txt'
    path.write_bytes(path.read_bytes().replace(b'Jan', 'Jän'.encode('latin-1')))
    camera = read_camera(drive, '02')
    assert camera.camera.width_px == 128
    # Camera 0 stands (0.3, 0, -0.1) from the lidar, that (0.8, -0.3, 0.8) from the unit, and
    # camera 2 42 / 700 m to the left.
    np.testing.assert_allclose(camera.imu_from_camera.translation_m, (1.1, -0.24, 0.7))


@pytest.mark.parametrize(
    ('whole', 'damaged', 'text'),
    [
        ('R: 0 -1 0', 'R: 0 nan 0', "for 'R'; expected finite numbers"),
        ('P_rect_02: 700', 'P_rect_02: 0', 'for camera 02; expected focal lengths'),
        ('S_rect_02: 128 64', 'S_rect_02: 0 0', '0 x 0 px for camera 02'),
    ],
)
def test_a_calibration_that_is_none_is_explained(drive, whole, damaged, text):
    for name in CALIBRATION:
        path = drive.parent / name
        path.write_text(path.read_text().replace(whole, damaged))
    with pytest.raises(DriveError, match=text):
        read_camera(drive, '02')

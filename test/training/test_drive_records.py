# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Records of drives, and drives as folders."""

import json

import cv2
import numpy as np
import pytest

from geoloc_ros.errors import DriveError, ShapeError
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.types import GeodeticPosition
from geoloc_training.data.folders import (
    DriveAbout,
    ImageFiles,
    find_drives,
    read_drive_folder,
    write_drive_folder,
)
from geoloc_training.data.records import CameraModel, Drive, pair_table, thinned

DATUM = GeodeticPosition(49.0, 8.4, 115.0)
CAMERA = CameraModel(
    Camera(8, 6, 4.0, 4.0, 3.5, 2.5, (0.1, 0.0, 0.0, 0.0)),
    (0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0),
)


def a_drive(place='town', day=1, count=4, datum=DATUM):
    positions = np.column_stack((3.0 * np.arange(count), np.zeros(count)))
    files = ImageFiles(tuple(f'{n}.png' for n in range(count)))
    return Drive(f'{place} {day}', place, day, datum, positions, np.zeros(count), CAMERA, files)


def test_thinned_keeps_the_spacing():
    line = np.column_stack((np.arange(20.0), np.zeros(20)))
    assert thinned(line, 5.0).tolist() == [0, 5, 10, 15]
    assert thinned(np.zeros((0, 2)), 5.0).tolist() == []


def test_thinning_counts_from_the_image_kept_last():
    """Steps of 3 m, at least 5 m wanted: every second one."""
    assert a_drive(count=7).thinned(5.0).tolist() == [0, 2, 4, 6]


def test_pairs_of_several_drives():
    table = pair_table([a_drive(), a_drive(day=2), a_drive('village', 1)], 5.0)
    assert table.place_names == ('town', 'village')
    assert table.places.tolist() == [0, 0, 0, 0, 1, 1]
    assert table.days.tolist() == [1, 1, 2, 2, 1, 1]
    assert table.drives.tolist() == [0, 0, 1, 1, 2, 2]
    assert table.frames.tolist() == [0, 2] * 3
    assert table.positions_m[:, 0].tolist() == [0, 6] * 3


def test_one_datum_a_place():
    with pytest.raises(DriveError, match='one datum'):
        pair_table([a_drive(), a_drive(day=2, datum=GeodeticPosition(50.0, 8.0))])
    with pytest.raises(DriveError, match='at least one'):
        pair_table([])


def test_a_drive_checks_its_columns():
    images = ImageFiles(('a.png',))
    with pytest.raises(ShapeError, match=r'\(1, 2\)'):
        Drive('d', 'p', 1, DATUM, np.zeros((2, 2)), np.zeros(1), CAMERA, images)
    with pytest.raises(DriveError, match='not finite'):
        Drive('d', 'p', 1, DATUM, np.full((1, 2), np.nan), np.zeros(1), CAMERA, images)


def test_a_folder_comes_back_as_it_was_written(tmp_path):
    folder = tmp_path / 'town' / 'day_7'
    (folder / 'images').mkdir(parents=True)
    names = ('images/0.png', 'images/1.png')
    pictures = np.random.default_rng(0).integers(0, 255, (2, 6, 8, 3), dtype=np.uint8)
    for name, picture in zip(names, pictures, strict=True):
        cv2.imwrite(str(folder / name), picture[..., ::-1])
    positions, yaws = np.array([[1.5, -2.25], [6.5, -2.0]]), np.array([0.25, np.nan])
    write_drive_folder(folder, DriveAbout(7, DATUM, CAMERA), positions, yaws, names)
    drive = read_drive_folder(find_drives(tmp_path / 'town')[0])
    assert (drive.name, drive.place, drive.day) == ('day_7', 'town', 7)
    assert drive.datum == DATUM
    assert drive.camera == CAMERA
    np.testing.assert_allclose(drive.positions_m, positions)
    np.testing.assert_allclose(drive.yaws_rad, yaws)
    np.testing.assert_array_equal(drive.images.image(1), pictures[1])


def test_what_is_wrong_with_a_folder_is_said(tmp_path):
    with pytest.raises(DriveError, match='holds no drives'):
        find_drives(tmp_path)
    (tmp_path / 'drive.json').write_text(json.dumps({'day': 1}))
    with pytest.raises(DriveError, match='no drive folder'):
        read_drive_folder(tmp_path)
    with pytest.raises(DriveError, match='no image'):
        ImageFiles((tmp_path / 'none.png',)).image(0)


@pytest.mark.parametrize(
    ('section', 'name', 'value'),
    [
        ('camera', 'optical_from_forward', [1.0, 0.0]),
        ('camera', 'optical_from_forward', [2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
        ('camera', 'optical_from_forward', 'forward'),
        ('camera', 'distortion', ['a', 'b', 'c', 'd']),
        ('camera', 'cx', 'middle'),
        ('datum', 'lat_deg', '49.0'),
        ('datum', 'lon_deg', None),
        ('datum', 'alt_m', float('nan')),
    ],
)
def test_a_word_of_drive_json_that_is_no_number_is_said(tmp_path, section, name, value):
    write_drive_folder(tmp_path, DriveAbout(7, DATUM, CAMERA), np.zeros((0, 2)), np.zeros(0), ())
    record = json.loads((tmp_path / 'drive.json').read_text())
    record[section][name] = value
    (tmp_path / 'drive.json').write_text(json.dumps(record))
    with pytest.raises(DriveError, match='no drive folder'):
        read_drive_folder(tmp_path)

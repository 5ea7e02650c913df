# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A given trajectory in a world of its own place."""

import dataclasses
from pathlib import Path

from block_town import DATUM, block_town, boxes_of, day
import numpy as np
import pytest

from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.drives.city_camera import image_stamps
from geoloc_sim.drives.kitti_city import kitti_city_drive
from geoloc_sim.drives.settings import CityDriveSettings

SETTINGS = CityDriveSettings()


def write_oxts(path: Path, xy_m, speed_m_s):
    """An oxts file of a level drive about the datum, yaw along the way."""
    frame = Datum(DATUM)
    points = np.column_stack((xy_m, np.zeros(len(xy_m))))
    lat, lon, _ = frame.geodetic_from_enu_array(points)
    step = np.gradient(xy_m, axis=0)
    rows = np.zeros((len(xy_m), 30))
    rows[:, 0], rows[:, 1], rows[:, 2] = lat, lon, DATUM.alt_m
    rows[:, 5] = np.arctan2(step[:, 1], step[:, 0])
    rows[:, 8] = speed_m_s
    np.savetxt(path, rows, fmt='%.12f')


@pytest.fixture
def along_a_street(tmp_path):
    """150 frames of 0.8 m along the street x = 45 m, right lane."""
    path = tmp_path / '99.txt'
    way = -60.0 + 0.8 * np.arange(150)
    write_oxts(path, np.column_stack((np.full(150, 46.75), way)), 8.0)
    return path


def placed_world(first_xy_m):
    """The block town with the datum at a point of it, as the trajectory's first pose."""
    lat, lon, _ = Datum(DATUM).geodetic_from_enu_array(np.array([[*first_xy_m, 0.0]]))
    world = block_town()
    layout = dataclasses.replace(
        world.layout,
        datum=GeodeticPosition(round(float(lat[0]), 12), round(float(lon[0]), 12), DATUM.alt_m),
        bounds_m=(-400.0, -400.0, 400.0, 400.0),
    )
    return dataclasses.replace(world, layout=layout)


def test_the_trajectory_lies_in_the_map_of_the_world(along_a_street):
    world = placed_world((46.75, -60.0))
    drive = kitti_city_drive(along_a_street, world, boxes_of(world), SETTINGS, day(1), 3)
    assert drive.name == 'kitti_99_day1_seed3'
    truth = drive.truth
    np.testing.assert_allclose(truth.x_m, 0.0, atol=2e-3)  # meridians converge
    np.testing.assert_allclose(truth.y_m, 0.8 * np.arange(150), atol=1e-3)
    assert truth.duration_s == pytest.approx(14.9, rel=1e-3)  # 0.8 m at 8 m/s
    np.testing.assert_array_equal(image_stamps(truth, 10.0), truth.stamps_ns)
    at_fix = truth.at(drive.gnss.stamps_ns)
    errors = drive.gnss.antenna_m - np.column_stack((at_fix.x_m, at_fix.y_m))
    assert 0.5 < np.sqrt((errors**2).mean()) < 30.0


def test_a_world_with_another_datum_is_refused(along_a_street):
    world = block_town()
    with pytest.raises(DriveError, match='make the world with the datum of the trajectory'):
        kitti_city_drive(along_a_street, world, boxes_of(world), SETTINGS, day(1), 0)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Panoramas along streets: spacing, lane, poses on Earth, depth against boxes."""

import csv
import dataclasses
import json
import math

from block_town import BLOCK_M, WIDTH_M, block_town, day
import cv2
import numpy as np
import pytest

from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.settings import from_flat
from geoloc_sim.drives.panoramas import (
    PanoramaSettings,
    encode_depth,
    panorama_places,
    read_depth,
    write_panoramas,
)
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.world.records import KERB_HEIGHT_M

SMALL = PanoramaSettings(spacing_m=40.0, width=128, height=64, workers=1)


@pytest.fixture(scope='module')
def data_set(tmp_path_factory):
    world = block_town(side=3)
    out = tmp_path_factory.mktemp('set') / 'panoramas'
    seen = []
    count = write_panoramas(
        world, day(1), out, SMALL, progress=lambda done, total: seen.append((done, total))
    )
    with (out / 'poses.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert seen == [(i + 1, count) for i in range(count)]
    return world, out, rows


@pytest.mark.parametrize('spacing_m', [10.0, 17.0, 50.0])
def test_places_are_spaced_along_every_open_street_in_the_right_lane(spacing_m):
    world = block_town(tunnel=True, seed=4)
    places = panorama_places(world.layout, spacing_m, 0)
    tunnel = next(i for i, street in enumerate(world.layout.streets) if street.tunnel)
    by_street = {}
    for place in places:
        by_street.setdefault(place.street, []).append(place.pose)
    assert tunnel not in by_street
    assert len(by_street) == 23
    for number, poses in by_street.items():
        line = world.layout.streets[number].centre_line_m
        along = (line[-1] - line[0]) / BLOCK_M
        right = np.array((along[1], -along[0]))
        gaps = np.array([(pose.x_m, pose.y_m) for pose in poses]) - line[0]
        np.testing.assert_allclose(gaps @ right, WIDTH_M / 4.0, atol=1e-6)
        stations = gaps @ along
        np.testing.assert_allclose(np.diff(stations), spacing_m, atol=1e-6)
        assert stations[0] < spacing_m
        assert stations[-1] > BLOCK_M - spacing_m
        for pose in poses:
            heading = (math.cos(pose.yaw_rad), math.sin(pose.yaw_rad))
            np.testing.assert_allclose(heading, along, atol=1e-6)
    starts = {round(poses[0].x_m + poses[0].y_m, 3) for poses in by_street.values()}
    assert len(starts) > 15  # no common lattice


def test_every_place_has_its_files(data_set):
    world, out, rows = data_set
    names = {row['name'] for row in rows}
    assert len(names) == len(rows) == len(panorama_places(world.layout, 40.0, 0))
    assert {path.name for path in out.iterdir()} == (
        {f'{name}.jpg' for name in names}
        | {f'{name}_depth.png' for name in names}
        | {'poses.csv', 'panoramas.json'}
    )
    about = json.loads((out / 'panoramas.json').read_text())
    assert (about['width'], about['height']) == (128, 64)
    assert about['datum'] == {'lat_deg': 49.0, 'lon_deg': 8.4, 'alt_m': 115.0}
    assert about['day_seed'] == 1
    picture = cv2.imread(str(out / f'{rows[0]["name"]}.jpg'))
    assert picture.shape == (64, 128, 3)
    assert picture.std() > 10.0


def test_positions_on_earth_are_those_of_the_map(data_set):
    world, _, rows = data_set
    frame = Datum(world.layout.datum)
    lat, lon = (np.array([float(row[name]) for row in rows]) for name in ('lat_deg', 'lon_deg'))
    enu = frame.enu_from_geodetic_array(lat, lon, np.full(len(rows), 115.0))
    expected = [(float(row['x_m']), float(row['y_m'])) for row in rows]
    np.testing.assert_allclose(enu[:, :2], expected, atol=1e-3)


def test_depth_is_the_distance_to_boxes_and_ground(data_set):
    world, out, rows = data_set
    azimuth = -((np.arange(128) + 0.5) / 128 - 0.5) * 2.0 * np.pi  # to the left of the heading
    for row in rows[::7]:
        depth = read_depth(out / f'{row["name"]}_depth.png')
        down = (np.arange(64) + 0.5) / 64 * np.pi - 0.5 * np.pi
        # The lowest rows look at the ground, which without dressing stands a kerb high.
        np.testing.assert_allclose(
            depth[-6:].mean(axis=1),
            (SMALL.height_m - KERB_HEIGHT_M) / np.sin(down[-6:]),
            rtol=0.01,
        )
        yaw = float(row['yaw_rad']) + azimuth
        level = wall_distance(world, float(row['x_m']), float(row['y_m']), yaw)
        slope = math.cos(down[31])
        close = level < 40.0
        assert close.sum() > 20
        off = np.abs(depth[31, close] * slope - level[close])
        assert np.median(off) < 0.3  # balconies and the like stand out a little
        assert np.isinf(depth[0]).all()


def wall_distance(world, x_m, y_m, yaw):
    """Way to the nearest building along level directions, by the slab method, shape (n,)."""
    ahead = np.column_stack((np.cos(yaw), np.sin(yaw)))
    nearest = np.full(len(yaw), np.inf)
    for building in world.layout.buildings:
        west, south, east, north = building.footprint.bounds
        first = (np.array((west, south)) - (x_m, y_m)) / ahead
        second = (np.array((east, north)) - (x_m, y_m)) / ahead
        enter = np.minimum(first, second).max(axis=1)
        leave = np.maximum(first, second).min(axis=1)
        hit = (leave >= enter) & (enter > 0.0)
        nearest = np.where(hit, np.minimum(nearest, enter), nearest)
    return nearest


def test_depth_files_keep_centimetres_and_the_unknown(tmp_path):
    depth = np.array([[0.5, 12.344, 655.35, 700.0, np.inf]], dtype=np.float32)
    (tmp_path / 'd.png').write_bytes(encode_depth(depth))
    found = read_depth(tmp_path / 'd.png')
    np.testing.assert_allclose(found, [[0.5, 12.34, 655.35, np.inf, np.inf]], atol=1e-4)
    (tmp_path / 'no.png').write_bytes(b'nothing')
    with pytest.raises(DriveError, match='no depth file'):
        read_depth(tmp_path / 'no.png')


def test_nothing_is_left_behind_and_nothing_is_overwritten(tmp_path):
    world = block_town(side=3)

    def stop(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_panoramas(world, day(1), tmp_path / 'set', SMALL, progress=stop)
    assert not list(tmp_path.iterdir())
    (tmp_path / 'set').mkdir()
    with pytest.raises(DriveError, match='exists already'):
        write_panoramas(world, day(1), tmp_path / 'set', SMALL)
    covered = dataclasses.replace(
        world.layout,
        streets=tuple(dataclasses.replace(s, tunnel=True) for s in world.layout.streets),
    )
    with pytest.raises(DriveError, match='under open sky'):
        write_panoramas(dataclasses.replace(world, layout=covered), day(1), tmp_path / 'x', SMALL)


def test_settings_made_from_names_are_those_made_by_hand():
    assert from_flat(PanoramaSettings, {}) == PanoramaSettings()
    assert PanoramaSettings().effects.vignetting == 0.0
    assert from_flat(CityDriveSettings, {}) == CityDriveSettings()
    assert from_flat(CityDriveSettings, {'motion.stop_share': 0.5}).motion.stop_share == 0.5

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""KITTI 00 through the world of its own map: bag, aerial image and truth agree.

What the bag's pictures show of the ground is laid over the aerial image's file, with nothing but
what stands in the two: poses, ``CameraInfo``, ``/tf_static`` and the georeference.
"""

import bz2
from pathlib import Path

import cv2
import numpy as np
import pyproj
import pytest
import rasterio
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation
import shapely

from geoloc_ros.bags.reader import BagReader
from geoloc_sim import cli
from geoloc_sim.commands import drives, pictures
from geoloc_sim.commands.worlds import city_of
from geoloc_sim.world.records import AreaKind

DATA = Path(__file__).resolve().parents[4] / 'shared/data/kitti_oxts_osm'
RECORDS = 140
STEP_M, REACH_M = 0.2, 3.0

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA.is_dir(), reason='no ../shared/data beside the project'),
]


@pytest.fixture(scope='module')
def driven(tmp_path_factory):
    """City, bag and GeoTIFF of the first 100 m, made by the commands."""
    folder = tmp_path_factory.mktemp('kitti')
    packed = (DATA / 'map_trajectories/00.txt.bz2').read_bytes()
    records = bz2.decompress(packed).decode().splitlines(keepends=True)
    (folder / '00.txt').write_text(''.join(records[:RECORDS]))
    cities = []

    def once(options):
        cities.append(cities[0] if cities else city_of(options))
        return cities[0]

    world = ['--osm', str(DATA / '00.osm.bz2'), '--trajectory', str(folder / '00.txt')]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drives, 'city_of', once)
        patch.setattr(pictures, 'city_of', once)
        film = ['--rate-hz', '1', '--workers', '1', '--no-traffic', '--day', '1']
        assert cli.main(['drive', *world, *film, '--out', str(folder / 'bag')]) == 0
        assert cli.main(['aerial', *world, '--flight', '1', '--out', str(folder / 'a.tif')]) == 0
    return cities[0], folder / 'bag', folder / 'a.tif'


def test_the_truth_of_the_bag_lies_on_the_roadway(driven):
    city, bag, _ = driven
    _, truth, _ = contents(bag)
    roads = [area.polygon for area in city.world.areas if area.kind is AreaKind.ROAD]
    places = shapely.points(np.array(list(truth.values()))[:, :2])
    assert len(places) == RECORDS
    assert np.all(shapely.distance(places, shapely.union_all(roads)) < 0.3)
    walls = shapely.union_all([building.footprint for building in city.world.layout.buildings])
    assert shapely.distance(places, walls).min() > 2.0


def test_what_the_camera_sees_lies_where_the_aerial_image_has_it(driven):
    _, bag, tif = driven
    camera, truth, seen = contents(bag)
    fields = []
    with rasterio.open(tif) as image:
        grey = image.read().mean(axis=0)
        place = placing(image, camera['datum'])
        for stamp, picture in seen.items():
            fields.append(agreement(picture, camera, truth[stamp], grey, place))
    assert len(fields) >= 12
    field = np.mean(fields, axis=0)
    # Best within the image's own offset (1 m) and what kerbs, seen from low, move outwards.
    best = np.unravel_index(np.argmax(field), field.shape)
    shifts = np.arange(-REACH_M, REACH_M + 0.01, STEP_M)
    ahead, left = shifts[best[0]], shifts[best[1]]
    assert abs(left) <= 1.2
    assert abs(ahead) <= 1.8
    assert field[best] > 0.1
    aside = np.abs(shifts) >= 2.2
    assert field[:, aside].max() < 0.7 * field[best]


def contents(path):
    """Camera and datum; truth (x, y, yaw) by stamp; pictures by stamp."""
    truth, seen, camera = {}, {}, {}
    with BagReader(path) as bag:
        for entry in bag.messages(
            [
                '/ground_truth/odometry',
                '/ground_truth/datum',
                '/camera/image/compressed',
                '/camera/camera_info',
                '/tf_static',
            ]
        ):
            message = entry.message
            if entry.topic == '/tf_static':
                found = {t.child_frame_id: t.transform for t in message.transforms}
                camera['mount'] = found['camera_optical']
            elif entry.topic == '/ground_truth/datum':
                camera['datum'] = (message.latitude, message.longitude)
            elif entry.topic == '/camera/camera_info':
                camera['k'] = np.array(message.k).reshape(3, 3)
            else:
                stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
                if entry.topic == '/ground_truth/odometry':
                    position, turn = message.pose.pose.position, message.pose.pose.orientation
                    yaw = 2.0 * np.arctan2(turn.z, turn.w)
                    truth[stamp] = (position.x, position.y, yaw)
                else:
                    data = np.asarray(message.data)
                    seen[stamp] = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(float)
    return camera, truth, seen


def placing(image, datum):
    """From metres around the datum to row and column of the file, by PROJ alone."""
    plane = pyproj.Proj(proj='aeqd', lat_0=datum[0], lon_0=datum[1], ellps='WGS84')
    to_image = pyproj.Transformer.from_crs('EPSG:4326', image.crs, always_xy=True)

    def place(x, y):
        east, north = to_image.transform(*plane(x.ravel(), y.ravel(), inverse=True))
        to_pixel = ~image.transform
        columns = to_pixel.a * np.array(east) + to_pixel.c
        rows = to_pixel.e * np.array(north) + to_pixel.f
        return [(rows - 0.5).reshape(x.shape), (columns - 0.5).reshape(x.shape)]

    return place


def agreement(picture, camera, pose, grey, place):
    """Correlation of edges on the ground ahead, by shift ahead and to the left."""
    ahead, left = ground(0.0)
    turn, shift = camera['mount'].rotation, camera['mount'].translation
    seat = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w])
    points = np.stack((ahead, left, np.zeros_like(left)), axis=-1).reshape(-1, 3)
    optical = seat.inv().apply(points - (shift.x, shift.y, shift.z)) @ camera['k'].T
    column, row = (optical[:, k] / optical[:, 2] for k in range(2))
    height, width = picture.shape
    inside = (column > 2) & (column < width - 3) & (row > 2) & (row < height - 3)
    inside = cv2.erode(inside.reshape(ahead.shape).astype(np.uint8), np.ones((5, 5))) > 0
    below = edges(map_coordinates(picture, [row, column], order=1).reshape(ahead.shape))[inside]
    wide_ahead, wide_left = ground(REACH_M)
    x, y, yaw = pose
    above = edges(
        map_coordinates(
            grey,
            place(
                x + np.cos(yaw) * wide_ahead - np.sin(yaw) * wide_left,
                y + np.sin(yaw) * wide_ahead + np.cos(yaw) * wide_left,
            ),
            order=1,
        )
    )
    rows, columns = ahead.shape
    many = round(2.0 * REACH_M / STEP_M) + 1
    return np.array(
        [
            [
                np.corrcoef(below, above[i : i + rows, j : j + columns][inside])[0, 1]
                for j in range(many)
            ]
            for i in range(many)
        ]
    )


def ground(margin_m):
    """Points ahead of the vehicle: metres ahead, metres to the left."""
    counts = round((18.0 + 2.0 * margin_m) / STEP_M), round((16.0 + 2.0 * margin_m) / STEP_M)
    i, j = np.indices(counts)
    return 4.0 - margin_m + STEP_M * i, -8.0 - margin_m + STEP_M * j


def edges(grey):
    return np.hypot(*np.gradient(gaussian_filter(np.log1p(grey), 1.5)))

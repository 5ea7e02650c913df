# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The map server, run for real over imagery whose colours are known at every place."""

from __future__ import annotations

import importlib.util
from pathlib import Path
import sys

import numpy as np
import pytest
from rclpy.parameter import Parameter
from sensor_msgs.msg import NavSatFix, PointCloud2
from wavy_imagery import BOUNDS_M, DATUM, Waves, colours

from geoloc_ros.errors import GeolocError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.nodes.map_server_node import MapServerNode
from geoloc_ros.ros.frames import FrameTree
from geoloc_ros.ros.qos import latched_qos
from geoloc_sim.aerial.geotiff import write_geotiff
from geoloc_sim.aerial.grids import grid_over as raster_over

_spec = importlib.util.spec_from_file_location(
    'nodes_conftest', Path(__file__).with_name('conftest.py')
)
bench = importlib.util.module_from_spec(_spec)
sys.modules['nodes_conftest'] = bench
_spec.loader.exec_module(bench)
wait_for = bench.wait_for
pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def imagery(tmp_path_factory):
    path = tmp_path_factory.mktemp('imagery') / 'waves.tif'
    write_geotiff(path, Waves(raster_over(DATUM, '', BOUNDS_M, 0.5)))
    return path


@pytest.fixture
def run(ros):
    spinner = bench.Spinner()

    def running(**parameters):
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node, talker = MapServerNode(parameter_overrides=overrides), bench.Talker()
        for one in (node, talker):
            spinner.add(one)
        return node, talker

    yield running
    spinner.stop()


def points_of(cloud):
    raw = np.frombuffer(cloud.data, np.float32).reshape(-1, 4)
    packed = raw[:, 3].copy().view(np.uint32)
    rgb = np.stack((packed >> 16 & 255, packed >> 8 & 255, packed & 255), axis=-1)
    return raw[:, :3], rgb


def test_late_listeners_get_datum_frame_and_raster_and_it_follows_the_vehicle(run, imagery):
    _, talker = run(imagery=str(imagery), radius_m=20.0, pixel_m=0.5)
    frames = FrameTree(talker)
    talker.listen(NavSatFix, 'datum', latched_qos())
    talker.listen(PointCloud2, 'map/raster', latched_qos())
    told = wait_for(lambda: talker.received['datum'], 'the datum')[0]
    # The middle of the raster's bounds, which lie about the pattern's own datum.
    here = Datum(DATUM).enu_from_geodetic(type(DATUM)(told.latitude, told.longitude, DATUM.alt_m))[
        :2
    ]
    assert np.abs(here).max() < 3.0
    assert (told.altitude, told.header.frame_id) == (0.0, 'map')
    pose = wait_for(lambda: frames.pose('earth', 'map'), 'earth to map')
    assert np.linalg.norm(pose.translation_m) == pytest.approx(6.366e6, rel=2e-3)
    place = Datum(type(DATUM)(told.latitude, told.longitude, told.altitude))
    cloud = wait_for(lambda: talker.received['map/raster'], 'a raster')[0]
    check_colours(cloud, place, (0.0, 0.0))
    talker.say('pose', bench.pose_message(1.0, 5.0, 0.0, 0.0))
    talker.say('pose', bench.pose_message(2.0, 14.0, -12.0, 0.0))
    moved = wait_for(lambda: talker.received['map/raster'][1:], 'a raster further on')[0]
    check_colours(moved, place, (14.0, -12.0))
    assert len(talker.received['map/raster']) == 2


def check_colours(cloud, place, centre_m):
    places, rgb = points_of(cloud)
    assert cloud.header.frame_id == 'map'
    assert (cloud.width, cloud.height) == (80, 80)
    np.testing.assert_allclose(places[:, :2].mean(axis=0), centre_m, atol=1e-4)
    assert np.all(places[:, 2] == -1.0)
    lat, lon = [], []
    for x_m, y_m in places[::97, :2].tolist():
        spot = place.geodetic_at_altitude(x_m, y_m, 0.0)
        lat.append(spot.lat_deg)
        lon.append(spot.lon_deg)
    ground = Datum(DATUM).enu_from_geodetic_array(
        np.array(lat), np.array(lon), np.full(len(lat), DATUM.alt_m)
    )[:, :2]
    # A metre moves colours by up to 80: 6 is 8 cm.
    assert np.abs(rgb[::97] - colours(ground)).mean() < 6.0


def test_without_map_and_imagery_it_says_what_to_set(ros):
    with pytest.raises(GeolocError, match='configure'):
        MapServerNode()

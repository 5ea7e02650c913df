# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Bending a map to a drive: streets come under it, houses come along, the rest stays."""

from pathlib import Path

import numpy as np
import osm_snippets
import pytest
import shapely
from shapely.geometry import LineString, Point

from geoloc_sim.kitti_drive import kitti_truth
from geoloc_sim.world.osm_layout import osm_layout
from geoloc_sim.world.osm_settings import OsmSettings, bounds_around
from geoloc_sim.world.records import RoadClass

KITTI = Path(__file__).resolve().parents[4] / 'shared' / 'data' / 'kitti_oxts_osm'
SETTINGS = OsmSettings(bounds_m=osm_snippets.square(300.0), fill_plots=False)


def map_of(tmp_path, **tags):
    """A street along y = 0 with a house beside it, and another street 200 m further north."""
    snippet = osm_snippets.Snippet()
    snippet.way([(-250.0, 0.0), (250.0, 0.0)], {'highway': 'residential', 'lanes': '2', **tags})
    snippet.way([(-250.0, 200.0), (250.0, 200.0)], {'highway': 'residential'})
    snippet.box(-6.0, 10.0, 6.0, 18.0, building='yes')
    return snippet.write(tmp_path / 'a.osm')


def built(path, driven=None):
    layout = osm_layout(path, SETTINGS, 0, osm_snippets.DATUM, driven)
    lines = {round(s.centre_line_m[:, 1].mean() / 200.0): s.centre_line_m for s in layout.streets}
    return layout, lines[0], lines[1]


def test_street_bends_under_a_drive_between_its_mapped_points(tmp_path):
    x = np.linspace(-150.0, 150.0, 301)
    wave = 6.0 * np.exp(-0.5 * (x / 60.0) ** 2)
    driven = np.column_stack((x, wave))
    layout, line, far = built(map_of(tmp_path), driven)
    right = -(np.interp(0.0, x, wave) - np.interp(0.0, line[:, 0], line[:, 1]))
    assert 0.4 < right < 2.2  # the drive is in its lane, right of the middle
    away = shapely.distance(shapely.points(driven), LineString(line))
    assert away.max() < 2.2
    assert np.abs(far[:, 1] - 200.0).max() < 0.01
    house = layout.buildings[0].footprint
    assert house.centroid.y - 14.0 == pytest.approx(6.0, abs=2.2)
    assert house.area == pytest.approx(96.0, rel=0.1)


@pytest.mark.parametrize('y', [-1.2, 0.4])
def test_drive_in_a_lane_of_a_one_way_street_leaves_the_map_as_it_is(tmp_path, y):
    path = map_of(tmp_path, oneway='yes')
    driven = np.column_stack((np.linspace(-150.0, 150.0, 200), np.full(200, y)))
    _, line, _ = built(path, driven)
    assert np.abs(line[:, 1]).max() < 0.01


def test_drive_against_the_map_keeps_to_its_own_right(tmp_path):
    westward = np.column_stack((np.linspace(150.0, -150.0, 200), np.full(200, 4.0)))
    _, line, _ = built(map_of(tmp_path), westward)
    middle = line[np.abs(line[:, 0]) < 100.0, 1]
    assert np.all(middle < 4.0 - 0.4)  # the street's middle lies left of the car: to the south
    assert np.all(middle > 4.0 - 2.2)


def test_crossing_and_distant_drives_and_standing_cars_change_nothing(tmp_path):
    crossing = np.column_stack((np.full(100, 30.0), np.linspace(-60.0, 60.0, 100)))
    distant = np.column_stack((np.linspace(-100.0, 100.0, 100), np.full(100, 90.0)))
    for driven in (crossing, distant, np.repeat(distant, 3, axis=0)):
        _, line, _ = built(map_of(tmp_path), driven)
        assert np.abs(line[:, 1]).max() < 0.01


@pytest.mark.shared_data
@pytest.mark.parametrize(('sequence', 'before', 'after'), [('03', 0.7, 0.99)])
def test_real_drives_come_onto_their_streets(sequence, before, after):
    if not KITTI.is_dir():
        pytest.skip(f'no {KITTI}: the KITTI trajectories and maps are not on this machine')
    truth = kitti_truth(KITTI / 'map_trajectories' / f'{sequence}.txt.bz2')
    path = np.column_stack((truth.x_m, truth.y_m))
    settings = OsmSettings(bounds_m=bounds_around(path, 60.0), footways=False, fill_plots=False)
    shares = []
    for driven in (None, path):
        layout = osm_layout(KITTI / f'{sequence}.osm.bz2', settings, 0, truth.datum, driven)
        roads = [
            LineString(street.centre_line_m).buffer(street.width_m / 2.0, cap_style='flat')
            for street in layout.streets
            if street.road_class is not RoadClass.FOOTWAY
        ]
        roads += [Point(place).buffer(4.0) for place in layout.junctions_m]
        shares.append(shapely.contains_xy(shapely.union_all(roads), path).mean())
        shapes = [building.footprint for building in layout.buildings]
        assert not any(shape.intersects(LineString(path)) for shape in shapes)
    assert shares[0] < before
    assert shares[1] > after

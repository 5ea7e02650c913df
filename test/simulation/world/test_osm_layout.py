# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Layouts of maps: hand-made snippets with known answers, and the streets of a real drive."""

import dataclasses
from pathlib import Path

import numpy as np
import osm_snippets
import pytest
import shapely
from shapely.geometry import LineString, Point

from geoloc_ros.errors import MapError, SettingError, ShapeError
from geoloc_sim.kitti_drive import kitti_truth
from geoloc_sim.world.osm_layout import osm_layout
from geoloc_sim.world.osm_settings import OsmSettings, bounds_around
from geoloc_sim.world.osm_streets import smoothed
from geoloc_sim.world.records import AreaKind, BuildingUse, RoadClass, RoofKind, TreeKind

SQUARE = OsmSettings(bounds_m=osm_snippets.square(150.0), fill_plots=False)
KITTI = Path(__file__).resolve().parents[4] / 'shared' / 'data' / 'kitti_oxts_osm'


def layout_of(snippet, tmp_path, settings=SQUARE, seed=0):
    path = snippet.write(tmp_path / 'snippet.osm')
    return osm_layout(path, settings, seed, osm_snippets.DATUM)


def crossing():
    """A street from west to east that another meets in the middle."""
    snippet = osm_snippets.Snippet()
    snippet.way([(-100.0, 0.0), (0.0, 0.0), (100.0, 0.0)], {'highway': 'residential'})
    snippet.way([(0.0, 0.0), (0.0, 80.0)], {'highway': 'tertiary', 'lanes': '2', 'width': '9'})
    return snippet


def roadway(layout):
    return shapely.union_all(
        [
            LineString(street.centre_line_m).buffer(street.width_m / 2.0, cap_style='flat')
            for street in layout.streets
            if street.road_class is not RoadClass.FOOTWAY
        ]
    )


def test_streets_begin_and_end_at_junctions(tmp_path):
    layout = layout_of(crossing(), tmp_path)
    lengths = osm_snippets.lengths([street.centre_line_m for street in layout.streets])
    assert sorted(lengths) == pytest.approx([80.0, 100.0, 100.0], abs=1e-3)
    assert len(layout.junctions_m) == 4
    degree = np.bincount([j for s in layout.streets for j in (s.start, s.end)])
    middle = int(np.argmax(degree))
    assert degree[middle] == 3
    assert layout.junctions_m[middle] == pytest.approx((0.0, 0.0), abs=1e-3)
    for street in layout.streets:
        ends = layout.junctions_m[[street.start, street.end]]
        assert np.array_equal(street.centre_line_m[[0, -1]], ends)
    tagged = next(s for s in layout.streets if s.road_class is RoadClass.SECONDARY)
    assert (tagged.width_m, tagged.lanes, tagged.one_way) == (9.0, 2, False)


def test_ways_that_only_change_their_name_are_one_street(tmp_path):
    snippet = osm_snippets.Snippet()
    tags = {'highway': 'residential'}
    snippet.way([(-50.0, 0.0), (0.0, 0.0)], {**tags, 'name': 'A'})
    snippet.way([(60.0, 0.0), (0.0, 0.0)], {**tags, 'name': 'B'})
    snippet.way([(60.0, 0.0), (90.0, 0.0)], {**tags, 'oneway': '-1'})
    layout = layout_of(snippet, tmp_path)
    assert len(layout.streets) == 2
    one_way = next(street for street in layout.streets if street.one_way)
    assert one_way.centre_line_m[0, 0] == pytest.approx(90.0, abs=1e-3)
    assert one_way.centre_line_m[-1, 0] == pytest.approx(60.0, abs=1e-3)


def test_roundabout_is_driven_one_way_and_no_street_ends_where_it_begins(tmp_path):
    snippet = osm_snippets.Snippet()
    angles = np.radians(np.arange(0, 361, 30))
    ring = [(round(20 * np.cos(a), 3), round(20 * np.sin(a), 3)) for a in angles]
    ring[-1] = ring[0]
    snippet.way(ring, {'highway': 'tertiary', 'junction': 'roundabout'})
    snippet.way([ring[0], (90.0, 0.0)], {'highway': 'tertiary'})
    layout = layout_of(snippet, tmp_path)
    assert all(street.start != street.end for street in layout.streets)
    assert sum(street.one_way for street in layout.streets) == 2
    for street in layout.streets:
        if street.one_way:  # counter-clockwise, as right-hand traffic goes
            x, y = street.centre_line_m.T
            assert np.all(np.diff(np.unwrap(np.arctan2(y, x))) > 0.0)


def test_streets_end_at_the_bounds_and_keep_their_direction(tmp_path):
    snippet = osm_snippets.Snippet()
    tags = {'highway': 'residential', 'oneway': 'yes'}
    snippet.way([(200.0, 10.0), (0.0, 10.0), (0.0, -170.0)], tags)
    layout = layout_of(snippet, tmp_path)
    (street,) = layout.streets
    assert street.centre_line_m[0] == pytest.approx((150.0, 10.0), abs=1e-3)
    assert street.centre_line_m[-1] == pytest.approx((0.0, -150.0), abs=1e-3)


def test_smoothing_rounds_kinks_and_stays_near_the_map():
    line = np.array([(0.0, 0.0), (60.0, 0.0), (100.0, 25.0), (100.0, 80.0), (95.0, 120.0)])
    smooth = smoothed(line)
    assert np.array_equal(smooth[[0, -1]], line[[0, -1]])
    steps = np.diff(smooth, axis=0)
    assert np.hypot(*steps.T).max() <= 4.0 + 1e-9
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert np.degrees(turns.max()) < 12.0
    away = shapely.distance(shapely.points(line), LineString(smooth))
    assert away.max() < 0.5
    assert shapely.hausdorff_distance(LineString(line), LineString(smooth)) < 0.5


def test_tunnels_below_streets_are_left_out_and_short_covers_stay(tmp_path):
    snippet = crossing()
    snippet.way([(-60.0, -50.0), (-60.0, 60.0)], {'highway': 'primary', 'tunnel': 'yes'})
    snippet.way([(50.0, -40.0), (90.0, -40.0)], {'highway': 'service', 'tunnel': 'yes'})
    layout = layout_of(snippet, tmp_path)
    assert [street.tunnel for street in layout.streets].count(True) == 1
    assert all(street.road_class is not RoadClass.PRIMARY for street in layout.streets)


def test_width_that_nobody_tagged_fits_between_the_houses(tmp_path):
    snippet = osm_snippets.Snippet()
    snippet.way([(-100.0, 0.0), (100.0, 0.0)], {'highway': 'residential'})
    for west in range(-100, 100, 10):
        snippet.box(west, 3.6, west + 10, 13.0, building='yes')
    (street,) = layout_of(snippet, tmp_path).streets
    assert 4.0 <= street.width_m <= 2.0 * (3.6 - 1.0)


def test_heights_and_roofs_are_the_tagged_ones(tmp_path):
    snippet = crossing()
    snippet.box(20.0, 20.0, 40.0, 30.0, building='yes', height='14.5', roof_shape='flat')
    snippet.box(
        50.0, 20.0, 70.0, 30.0,
        building='house', height='10', roof_shape='gabled', roof_height='4', building_levels='2',
    )  # fmt: skip
    snippet.box(20.0, 50.0, 45.0, 62.0, building='yes', amenity='place_of_worship')
    flat, gable, church = layout_of(snippet, tmp_path).buildings
    assert (flat.eaves_height_m, flat.ridge_height_m, flat.roof) == (14.5, 14.5, RoofKind.FLAT)
    assert (gable.eaves_height_m, gable.ridge_height_m) == (6.0, 10.0)
    assert (gable.roof, gable.storeys, gable.use) == (RoofKind.GABLE, 2, BuildingUse.HOUSE)
    assert church.use is BuildingUse.CHURCH
    assert flat.footprint.area == pytest.approx(200.0, rel=1e-4)


def test_buildings_are_disjoint_clear_of_roads_and_counter_clockwise(tmp_path):
    snippet = crossing()
    snippet.box(-40.0, 2.0, -20.0, 14.0, building='yes')  # one metre of it on the roadway
    snippet.box(-30.0, 10.0, -10.0, 30.0, building='yes')  # over the one before
    snippet.box(-90.0, -2.0, -80.0, 2.0, building='yes')  # on the road
    snippet.box(30.0, 40.0, 31.0, 41.0, building='yes')  # a post
    layout = layout_of(snippet, tmp_path)
    assert len(layout.buildings) == 2
    road = roadway(layout)
    for building in layout.buildings:
        assert building.footprint.exterior.is_ccw
        assert building.footprint.distance(road) > 0.3
    one, two = (building.footprint for building in layout.buildings)
    assert one.intersection(two).area < 0.01


def test_ground_and_trees_are_where_the_map_has_them(tmp_path):
    snippet = crossing()
    snippet.box(20.0, 20.0, 80.0, 60.0, leisure='park')
    snippet.box(40.0, 30.0, 60.0, 50.0, natural='water')
    snippet.way([(-140.0, -90.0), (140.0, -90.0)], {'waterway': 'stream', 'width': '4'})
    snippet.node(70.0, 25.0, natural='tree', height='12', diameter_crown='6', leaf_type='x')
    snippet.way(
        [(-90.0, 60.0), (-54.0, 60.0)], {'natural': 'tree_row', 'leaf_type': 'needleleaved'}
    )
    layout = layout_of(snippet, tmp_path)
    kinds = [area.kind for area in layout.areas]
    assert kinds.index(AreaKind.GRASS) < kinds.index(AreaKind.WATER)  # the pond lies on the lawn
    wet = sum(area.polygon.area for area in layout.areas if area.kind is AreaKind.WATER)
    assert wet == pytest.approx(20.0 * 20.0 + 280.0 * 4.0, rel=0.02)
    single = next(tree for tree in layout.trees if tree.x_m > 0.0)
    assert (single.height_m, single.crown_radius_m) == (12.0, 3.0)
    row = [tree for tree in layout.trees if tree.x_m < 0.0]
    assert len(row) == 5
    assert {tree.kind for tree in row} == {TreeKind.CONIFER}


def test_guesses_belong_to_the_seed_and_not_to_the_bounds(tmp_path):
    snippet = crossing()
    for west in range(-90, 90, 18):
        snippet.box(west, 12.0, west + 11, 22.0, building='yes')
    first, again = (layout_of(snippet, tmp_path, seed=4) for _ in range(2))
    assert [b.footprint.wkb for b in first.buildings] == [b.footprint.wkb for b in again.buildings]
    assert [b.ridge_height_m for b in first.buildings] == [
        b.ridge_height_m for b in again.buildings
    ]
    other = layout_of(snippet, tmp_path, seed=5)
    assert [b.ridge_height_m for b in first.buildings] != [
        b.ridge_height_m for b in other.buildings
    ]
    smaller = dataclasses.replace(SQUARE, bounds_m=(-50.0, -60.0, 80.0, 70.0))
    part = layout_of(snippet, tmp_path, smaller, seed=4)
    heights = {round(b.footprint.centroid.x, 1): b.ridge_height_m for b in first.buildings}
    assert 3 < len(part.buildings) < len(first.buildings)
    for building in part.buildings:
        at = round(building.footprint.centroid.x, 1)
        assert building.ridge_height_m == heights[at]


def test_free_plots_along_residential_streets_are_filled_only_if_wanted(tmp_path):
    snippet = crossing()
    snippet.box(-140.0, -140.0, 140.0, 140.0, landuse='residential')
    snippet.box(20.0, -60.0, 90.0, -12.0, leisure='park')
    snippet.box(-90.0, 12.0, -78.0, 22.0, building='yes')
    settings = dataclasses.replace(SQUARE, fill_plots=True)
    layout = layout_of(snippet, tmp_path, settings)
    assert len(layout_of(snippet, tmp_path).buildings) == 1
    guessed = layout.buildings[1:]
    assert len(guessed) >= 5
    road = roadway(layout)
    park = next(area.polygon for area in layout.areas if area.kind is AreaKind.GRASS)
    for building in guessed:
        assert building.footprint.distance(road) > 1.5
        assert not building.footprint.intersects(park)
        assert building.footprint.distance(layout.buildings[0].footprint) > 13.0
    shapes = [building.footprint for building in layout.buildings]
    together = shapely.union_all(shapes).area
    assert together == pytest.approx(sum(shape.area for shape in shapes), abs=0.5)


def test_what_cannot_be_built_is_refused(tmp_path):
    path = crossing().write(tmp_path / 'a.osm')
    far = OsmSettings(bounds_m=(5000.0, 5000.0, 5100.0, 5100.0))
    with pytest.raises(MapError, match='no street'):
        osm_layout(path, far, 0, osm_snippets.DATUM)
    for wrong in ((0.0, 1.0), (10.0, 0.0, -10.0, 5.0), (0.0, 0.0, float('nan'), 1.0)):
        with pytest.raises(SettingError, match='bounds_m'):
            osm_layout(path, OsmSettings(bounds_m=wrong), 0, osm_snippets.DATUM)
    with pytest.raises(ShapeError):
        bounds_around(np.zeros((0, 2)), 10.0)
    assert bounds_around(np.array([(0.0, 5.0), (10.0, -5.0)]), 2.0) == (-2.0, -7.0, 12.0, 7.0)


def test_middle_of_the_extract_is_the_datum_without_another(tmp_path):
    path = crossing().write(tmp_path / 'a.osm')
    layout = osm_layout(path, OsmSettings(), 0)
    west, south, east, north = layout.bounds_m
    assert (west + east, south + north) == pytest.approx((0.0, 0.0), abs=0.01)
    assert (east - west, north - south) == pytest.approx((200.0, 80.0), abs=0.01)


@pytest.mark.shared_data
@pytest.mark.parametrize(('sequence', 'share'), [('00', 0.975), ('04', 0.995)])
def test_real_drives_stay_on_the_streets_of_their_map(sequence, share):
    if not KITTI.is_dir():
        pytest.skip(f'no {KITTI}: the KITTI trajectories and maps are not on this machine')
    truth = kitti_truth(KITTI / 'map_trajectories' / f'{sequence}.txt.bz2')
    path = np.column_stack((truth.x_m, truth.y_m))
    settings = OsmSettings(bounds_m=bounds_around(path, 60.0))
    layout = osm_layout(KITTI / f'{sequence}.osm.bz2', settings, 0, truth.datum)
    road = roadway(layout).union(
        shapely.union_all([Point(place).buffer(4.0) for place in layout.junctions_m])
    )
    shapely.prepare(road)
    assert shapely.contains_xy(road, path).mean() > share
    shapes = [building.footprint for building in layout.buildings]
    assert len(shapes) > 30
    inside = shapely.STRtree(shapes).query(shapely.points(path), predicate='intersects')
    assert inside.size == 0

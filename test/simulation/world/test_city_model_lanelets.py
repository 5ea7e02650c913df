# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lanelet2: lanes between hand-drawn borders, and the streets that they make."""

from pathlib import Path

import numpy as np
import osm_snippets
import pytest
from shapely.geometry import LineString

from geoloc_ros.errors import MapError
from geoloc_sim.world.city_model_lanelets import lanelet_layout, middle_of, read_lanelets
from geoloc_sim.world.records import RoadClass

MAP = (
    Path(__file__).resolve().parents[4]
    / 'shared/data/city_models/lanelet2_karlsruhe/lanelet2_maps/res/mapping_example.osm'
)


def lane(snippet, left, right, **tags):
    return snippet.multipolygon(
        [(left, 'left'), (right, 'right')],
        {'type': 'lanelet', 'subtype': 'road', 'one_way': 'yes', **tags},
    )


def two_way_road(tmp_path):
    """A road of 3 m east-bound and 4 m west-bound lanes, then one lane further east."""
    snippet = osm_snippets.Snippet()
    divider = snippet.way([(40.0, 0.0), (0.0, 0.0)], {'type': 'line_thin'})  # drawn westwards
    south = snippet.way([(0.0, -3.0), (40.0, -3.0)], {'type': 'curbstone'})
    north = snippet.way([(0.0, 4.0), (40.0, 4.0)], {'type': 'curbstone'})
    lane(snippet, divider, south)
    lane(snippet, divider, north)
    ahead = snippet.way([(40.0, 0.0), (80.0, 0.0)], {'type': 'virtual'})
    beside = snippet.way([(40.0, -3.0), (80.0, -3.0)], {'type': 'virtual'})
    lane(snippet, ahead, beside)
    left = snippet.way([(0.0, 20.0), (30.0, 20.0)], {})
    right = snippet.way([(0.0, 18.0), (30.0, 18.0)], {})
    lane(snippet, left, right, subtype='walkway')
    return snippet.write(tmp_path / 'lanes.osm')


def test_borders_are_turned_along_the_driving_direction(tmp_path):
    _, lanes = read_lanelets(two_way_road(tmp_path), osm_snippets.DATUM)
    east, west, onward, walkway = lanes
    assert east.left_m == pytest.approx(np.array([(0.0, 0.0), (40.0, 0.0)]), abs=1e-3)
    assert east.centre_m()[[0, -1]] == pytest.approx(
        np.array([(0.0, -1.5), (40.0, -1.5)]), abs=1e-3
    )
    assert west.centre_m()[[0, -1]] == pytest.approx(np.array([(40.0, 2.0), (0.0, 2.0)]), abs=1e-3)
    assert onward.for_vehicles
    assert not walkway.for_vehicles
    other = west.turned()
    assert other.is_turned
    assert other.centre_m()[[0, -1]] == pytest.approx(west.centre_m()[[-1, 0]])
    assert (other.left_way, other.right_way) == (west.right_way, west.left_way)


def test_lanes_that_share_a_border_are_one_street(tmp_path):
    layout = lanelet_layout(two_way_road(tmp_path), 0, osm_snippets.DATUM)
    road, onward, walkway = layout.streets
    assert (road.lanes, road.one_way) == (2, False)
    assert road.width_m == pytest.approx(7.0, rel=1e-3)
    assert (onward.lanes, onward.one_way) == (1, True)
    assert onward.width_m == pytest.approx(3.0, rel=0.02)
    assert walkway.road_class is RoadClass.FOOTWAY
    shared = {road.start, road.end} & {onward.start}
    assert len(shared) == 1  # one follows the other
    assert onward.centre_line_m[-1] == pytest.approx((80.0, -1.5), abs=1e-3)
    for street in layout.streets:
        ends = layout.junctions_m[[street.start, street.end]]
        assert street.centre_line_m[[0, -1]] == pytest.approx(ends)


def test_bounds_and_files_without_lanelets(tmp_path):
    path = two_way_road(tmp_path)
    near = lanelet_layout(path, 0, osm_snippets.DATUM, (-5.0, -5.0, 45.0, 10.0))
    assert len(near.streets) == 1
    assert near.bounds_m == (-5.0, -5.0, 45.0, 10.0)
    with pytest.raises(MapError, match='within'):
        lanelet_layout(path, 0, osm_snippets.DATUM, (500.0, 500.0, 600.0, 600.0))
    plain = osm_snippets.Snippet()
    plain.way([(0.0, 0.0), (9.0, 0.0)], {'highway': 'residential'})
    with pytest.raises(MapError, match='osm_layout'):
        read_lanelets(plain.write(tmp_path / 'plain.osm'))


def test_middle_of_two_arcs_is_the_arc_between():
    angles = np.linspace(0.0, np.pi / 2.0, 91)
    around = np.column_stack((np.cos(angles), np.sin(angles)))
    middle = middle_of(20.0 * around, 26.0 * around)
    assert np.hypot(*middle.T) == pytest.approx(23.0, abs=0.01)


@pytest.mark.shared_data
def test_real_map_has_lanes_of_usual_width_that_streets_lie_in():
    if not MAP.is_file():
        pytest.skip(f'no {MAP}: the Lanelet2 map is not on this machine')
    _, lanes = read_lanelets(MAP)
    assert len(lanes) == 371
    layout = lanelet_layout(MAP, 0)
    driven = [s for s in layout.streets if s.road_class is not RoadClass.FOOTWAY]
    assert len(driven) > 150
    widths = [street.width_m / street.lanes for street in driven]
    assert 2.5 < np.median(widths) < 4.5
    centre = sum(LineString(street.centre_line_m).length * street.lanes for street in driven)
    mapped = sum(LineString(one.centre_m()).length for one in lanes if one.for_vehicles)
    assert centre > 0.9 * mapped

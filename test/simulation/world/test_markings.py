# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Markings: where they belong, how many, and how they read."""

import curved_town
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point

from geoloc_sim.world import symbols
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.junction_markings import bus_stop, end_markings, zebra
from geoloc_sim.world.junctions import Control
from geoloc_sim.world.lanes import cross_section
from geoloc_sim.world.markings import dashes, solid, street_markings
from geoloc_sim.world.records import AreaKind, RoadClass, Street
from geoloc_sim.world.road_surface import manholes, patches
from geoloc_sim.world.roads import StreetBody, build_roads
from geoloc_sim.world.street_ends import Crossing, StreetEnd, street_ends
from geoloc_sim.world.street_frame import street_frame


def straight(road_class=RoadClass.PRIMARY, lanes=4, width_m=13.6, length_m=100.0, **rest):
    line = np.array([[0.0, 0.0], [length_m, 0.0]])  # eastward
    street = Street(0, 1, line, road_class, lanes, width_m, **rest)
    return StreetBody(0, street, street_frame(line), cross_section(street), 5.0, length_m - 5.0)


def end_of(body, sign, *, control=Control.SIGNALS, crossing=Crossing.NONE, turns=(1.5, 0.0, -1.5)):
    kerb = body.end_m if sign > 0 else body.start_m
    return StreetEnd(
        body,
        sign,
        1 + len(turns),
        control,
        crossing,
        kerb - sign * 0.5,
        kerb - sign * (4.5 if crossing is not Crossing.NONE else 0.5),
        kerb - sign * 6.0,
        kerb - sign * 6.5,
        turns,
    )


def test_zebra_stripes_by_count():
    areas = zebra(straight(RoadClass.RESIDENTIAL, 2, 6.0), 10.0, 13.0)
    # Stripes and gaps of 0.5 m with free kerbs: (6.0 - 0.5) / 1.0 = 5 stripes, centred.
    assert len(areas) == 5
    shapes = [area.polygon for area in areas]
    assert [shape.area for shape in shapes] == pytest.approx([1.5] * 5)
    middles = sorted(shape.centroid.y for shape in shapes)
    assert middles == pytest.approx([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert all(shape.bounds[0] == 10.0 and shape.bounds[2] == 13.0 for shape in shapes)


def test_broken_and_solid_lines_by_length():
    body = straight()
    broken = dashes(body, 10.0, 40.0, 1.0, 3.0, 6.0)
    assert [round(d.bounds[0], 6) for d in broken] == [10.0, 19.0, 28.0, 37.0]
    assert [d.area for d in broken] == pytest.approx([3.0 * 0.13] * 4)
    assert sum(piece.area for piece in solid(body, 10.0, 73.0, -1.0)) == pytest.approx(63.0 * 0.13)


@pytest.mark.parametrize(('sign', 'side'), [(1, -1.0), (-1, 1.0)])
def test_stop_lines_and_arrows_are_on_the_drivers_right(sign, side):
    """The end at the east is reached by eastward lanes, south of the middle."""
    body = straight()
    areas = end_markings(end_of(body, sign), seed=3)
    bar = max((a.polygon for a in areas), key=lambda p: p.bounds[3] - p.bounds[1])
    assert bar.bounds[2] - bar.bounds[0] == pytest.approx(0.45)
    assert bar.bounds[3] - bar.bounds[1] == pytest.approx(6.8 - 0.3)
    assert all(side * area.polygon.centroid.y > 0.0 for area in areas)
    arrows = [a.polygon for a in areas if a.polygon is not bar]
    assert len(arrows) == 4  # two lanes, two rows
    for polygon in arrows:  # the head, where most paint is, is nearer to the junction
        west, _, east, _ = polygon.bounds
        assert sign * (polygon.centroid.x - (west + east) / 2.0) > 0.2


def test_left_lane_turns_left():
    body = straight()
    arrows = [a.polygon for a in end_markings(end_of(body, 1), seed=3) if a.polygon.area < 2.9]
    inner = [p for p in arrows if p.centroid.y > -3.4]
    outer = [p for p in arrows if p.centroid.y < -3.4]
    assert all(p.bounds[3] - -1.7 > -1.7 - p.bounds[1] + 0.5 for p in inner)  # reaches left
    assert all(-5.1 - p.bounds[1] > p.bounds[3] - -5.1 + 0.3 for p in outer)  # reaches right


def test_yield_lines_point_at_the_driver():
    body = straight(RoadClass.RESIDENTIAL, 2, 6.0)
    teeth = [a.polygon for a in end_markings(end_of(body, 1, control=Control.YIELD), seed=1)]
    assert len(teeth) >= 3
    for tooth in teeth:  # eastward driver: the tip is the western corner
        west = [x for x, _ in tooth.exterior.coords[:-1] if x == pytest.approx(tooth.bounds[0])]
        assert len(west) == 1


def test_arrows_mirror_and_letters_read_from_left():
    left, right = symbols.arrow(symbols.Arrow.LEFT), symbols.arrow(symbols.Arrow.RIGHT)
    mirrored = shapely.affinity.scale(left, yfact=-1.0, origin=(0.0, 0.0))
    assert mirrored.symmetric_difference(right).area < 1e-9
    assert left.bounds[3] > 0.9  # the reader's left is +y
    ahead = symbols.arrow(symbols.Arrow.STRAIGHT)
    assert ahead.centroid.x > 0.1
    assert ahead.centroid.y == pytest.approx(0.0, abs=1e-9)
    # '3' before '0': only the zero is closed; it lies to the right of the three.
    digits = symbols.text('30')
    closed = [part for part in digits if len(part.interiors) == 1]
    assert len(closed) == 1
    assert closed[0].centroid.y < min(part.centroid.y for part in digits if part not in closed)
    # The open side of the three is at the reader's left: its paint leans right (-y).
    three = shapely.union_all([part for part in digits if part not in closed])
    _, low, _, high = three.bounds
    assert three.centroid.y < (low + high) / 2.0


def test_bus_stop_fills_its_lane():
    areas = bus_stop(straight(), 50.0, 1)
    assert {area.kind for area in areas} == {AreaKind.MARKING_YELLOW}
    union = shapely.union_all([area.polygon for area in areas])
    west, south, east, north = union.bounds
    assert (west, east) == pytest.approx((41.0, 59.0), abs=0.3)
    assert -6.8 < south < north < -3.4


def test_wide_streets_have_a_double_middle_and_lane_lines():
    body = straight()
    ends = (end_of(body, -1), end_of(body, 1))
    settings = DressingSettings(yellow_share=0.0)
    shapes = [area.polygon for area in street_markings(1, body, ends, settings)]
    rows = {round(shape.centroid.y, 2) for shape in shapes}
    assert {-0.14, 0.14, -3.4, 3.4} <= rows
    yellow = street_markings(1, body, ends, DressingSettings(yellow_share=1.0))
    kinds = {area.kind for area in yellow if abs(area.polygon.centroid.y) < 0.2}
    assert kinds == {AreaKind.MARKING_YELLOW}


def test_one_way_streets_have_no_centre_line():
    body = straight(RoadClass.SECONDARY, 2, 6.4, one_way=True)
    ends = (end_of(body, -1), end_of(body, 1))
    settings = DressingSettings(yellow_share=1.0)
    areas = street_markings(1, body, ends, settings)
    assert AreaKind.MARKING_YELLOW not in {area.kind for area in areas}
    assert end_markings(end_of(body, -1), seed=1) == []  # nobody arrives at its start


def test_crossings_are_at_junctions_and_cross_the_street():
    layout = curved_town.curved_town()
    settings = DressingSettings(crossing_share=1.0)
    roads = build_roads(layout, settings)
    ends = street_ends(layout, roads, settings)
    crossed = [end for end in ends.values() if end.crossing is not Crossing.NONE]
    assert len(crossed) > 8
    degree = np.zeros(len(layout.junctions_m), dtype=int)
    for street in layout.streets:
        degree[street.start] += 1
        degree[street.end] += 1
    for end in crossed:
        street = end.body.street
        at = street.end if end.sign > 0 else street.start
        assert degree[at] >= 3
        middle = (end.crossing_from_m + end.crossing_to_m) / 2.0
        place = Point(*end.body.frame.points([middle], 0.0)[0])
        assert 4.0 < place.distance(Point(*layout.junctions_m[at])) < 40.0
        line = LineString(end.body.frame.points([middle, middle], [-20.0, 20.0]))
        others = [n for n in roads.body_polygons if n != end.body.number]
        width = line.intersection(roads.body_polygons[end.body.number]).length
        assert width == pytest.approx(street.width_m, rel=0.05)
        assert all(roads.body_polygons[n].distance(place) > 0.5 for n in others)
        # Drivers stop before the crossing.
        assert end.sign * (end.crossing_to_m - end.stop_m) >= 0.9


def test_no_crossings_when_none_are_wanted():
    layout = curved_town.curved_town()
    settings = DressingSettings(crossing_share=0.0)
    ends = street_ends(layout, build_roads(layout, settings), settings)
    assert all(
        end.crossing is Crossing.NONE or end.control is Control.SIGNALS for end in ends.values()
    )


def test_patches_and_covers_come_as_often_as_set():
    body = straight(length_m=5000.0)
    settings = DressingSettings(patch_spacing_m=20.0, manhole_spacing_m=25.0)
    repaired = patches(4, body, settings)
    assert len(repaired) == pytest.approx(5000.0 / 20.0, abs=4.0 * np.sqrt(250.0))
    covers = [a for a in manholes(4, body, settings) if len(a.polygon.exterior.coords) > 6]
    assert len(covers) == pytest.approx(200.0, abs=4.0 * np.sqrt(200.0))
    for area in (*repaired, *covers):
        assert -6.8 <= area.polygon.bounds[1] <= area.polygon.bounds[3] <= 6.8

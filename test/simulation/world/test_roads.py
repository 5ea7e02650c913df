# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Roadways: closed forms at right angles, buildings spared, junction rules."""

import math

import curved_town
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon

from geoloc_ros.types import GeodeticPosition
from geoloc_sim.world.bays import apart, build_bays, clear_of_lanes
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.junctions import Control, find_junctions
from geoloc_sim.world.pavements import build_pavements, pavement_widths
from geoloc_sim.world.records import (
    Building,
    BuildingUse,
    Layout,
    ParkingSlot,
    RoadClass,
    RoofKind,
    Street,
)
from geoloc_sim.world.roads import build_roads

SETTINGS = DressingSettings()


def star(angles_deg, road_class=RoadClass.RESIDENTIAL, width_m=6.0, seed=2, buildings=(), **rest):
    """Straight streets of 80 m from one junction at the origin."""
    tips = [80.0 * np.array([math.cos(a), math.sin(a)]) for a in np.radians(angles_deg)]
    streets = tuple(
        Street(0, n + 1, np.array([[0.0, 0.0], tip]), road_class, 2, width_m, **rest)
        for n, tip in enumerate(tips)
    )
    bounds = (-80.0, -80.0, 80.0, 80.0)
    return Layout(
        'star',
        seed,
        GeodeticPosition(49.0, 8.4),
        bounds,
        np.array([[0.0, 0.0], *tips]),
        streets,
        buildings,
    )


def block(number, footprint):
    return Building(number, footprint, 6.0, RoofKind.FLAT, 6.0, 2, BuildingUse.HOUSE)


def test_corners_of_a_crossing_have_the_area_of_their_rounding():
    layout = star([0, 90, 180, 270])
    roads = build_roads(layout, SETTINGS)
    (junction,) = (j for j in roads.junctions if len(j.arms) > 1)
    assert len(junction.corners) == 4
    plain = 2.0 * (160.0 * 6.0) - 36.0  # two strips that share a square of 6 m
    rounding = sum((1.0 - math.pi / 4.0) * corner.radius_m**2 for corner in junction.corners)
    # Arcs are drawn as chords: up to 2 % of the rounding.
    assert roads.region.area - plain == pytest.approx(rounding, rel=0.03)
    # Each arm belongs to the junction up to where the rounding of its larger corner begins.
    for n, trim in enumerate(junction.trims_m):
        radii = [c.radius_m for c in junction.corners if junction.arms[n] in (c.first, c.second)]
        assert trim == pytest.approx(3.0 + max(radii))


def test_a_t_junction_has_two_corners_and_a_bend_one():
    (tee,) = (j for j in find_junctions(star([0, 180, 270]), SETTINGS) if len(j.arms) == 3)
    assert len(tee.corners) == 2
    (bend,) = (j for j in find_junctions(star([0, 100]), SETTINGS) if len(j.arms) == 2)
    assert len(bend.corners) == 1
    (straight,) = (j for j in find_junctions(star([0, 178]), SETTINGS) if len(j.arms) == 2)
    assert straight.corners == ()
    assert straight.trims_m == (0.0, 0.0)


def test_the_outside_of_a_bend_is_filled():
    region = build_roads(star([0, 90]), SETTINGS).region
    assert region.covers(Point(-1.9, -1.9))
    assert not region.covers(Point(-2.4, -2.4))  # radius 3 m about the junction


def test_corners_give_way_to_buildings():
    footprint = shapely.box(4.6, 4.6, 20.0, 20.0)
    open_area = build_roads(star([0, 90, 180, 270]), SETTINGS).region
    layout = star([0, 90, 180, 270], buildings=(block(0, footprint),))
    region = build_roads(layout, SETTINGS).region
    assert open_area.intersects(footprint.buffer(1.0))
    assert region.distance(footprint) > 0.99
    assert region.area < open_area.area


def test_pieces_of_road_cover_it_once():
    layout = curved_town.curved_town()
    roads = build_roads(layout, SETTINGS)
    total = sum(area.polygon.area for area in roads.areas)
    union = shapely.union_all([area.polygon for area in roads.areas])
    assert union.area == pytest.approx(roads.region.area, rel=0.003)
    assert total - union.area < 0.003 * union.area
    # No cracks between the pieces: the union has the holes of the region, no others.
    assert len(shapely.get_parts(union)) == len(shapely.get_parts(roads.region))
    holes = sum(len(part.interiors) for part in shapely.get_parts(union))
    assert holes == sum(len(part.interiors) for part in shapely.get_parts(roads.region))
    assert roads.region.buffer(0.01).covers(curved_town.roadway(layout))


def test_pavements_lie_beside_the_roads_and_reach_their_width():
    layout = star([0, 120, 240])
    roads = build_roads(layout, SETTINGS)
    widths = pavement_widths(layout, SETTINGS)
    pavements = build_pavements(layout, roads, (), widths)
    for area in pavements.areas:
        assert area.polygon.intersection(roads.region).area < 0.01
    total = sum(area.polygon.area for area in pavements.areas)
    assert total == pytest.approx(pavements.region.area, rel=1e-3)
    # Across the first street (east), 50 m from the junction.
    across = LineString([(50.0, 3.01), (50.0, 30.0)])
    assert across.intersection(pavements.region).length == pytest.approx(
        widths[0] - 0.01, abs=0.01
    )


def test_no_pavement_where_the_street_has_none():
    layout = star([0, 180], has_pavement=False)
    roads = build_roads(layout, SETTINGS)
    pavements = build_pavements(layout, roads, (), pavement_widths(layout, SETTINGS))
    assert pavements.areas == ()


def test_bays_lie_behind_the_kerb_and_spare_buildings():
    layout = curved_town.curved_town()
    roads = build_roads(layout, SETTINGS)
    settings = DressingSettings(bay_share=1.0)
    bays = build_bays(layout, roads, pavement_widths(layout, settings), settings)
    assert len(bays) > 8
    for bay in bays:
        assert bay.polygon.intersection(roads.region).area < 0.05
        assert all(bay.polygon.distance(b.footprint) > 0.5 for b in layout.buildings)
        assert all(bay.polygon.buffer(0.05).covers(Point(s.x_m, s.y_m)) for s in bay.slots)
    assert (
        build_bays(
            layout, roads, pavement_widths(layout, settings), DressingSettings(bay_share=0.0)
        )
        == ()
    )


def test_slots_that_would_touch_are_given_to_the_first():
    def slot(x, yaw=0.0):
        return ParkingSlot(x, 0.0, yaw)

    # Cars 4.9 m long: 4 m apart they touch, 5 m apart they do not; the third fits again.
    row = [slot(0.0), slot(4.0), slot(5.0), slot(9.0), slot(12.0, math.pi / 2.0)]
    assert apart(row) == (row[0], row[2], row[4])


def test_slots_on_the_lanes_of_another_street_are_given_up():
    layout = star([0, 180])  # lanes at y = -1.5 and 1.5, up to 2.5 m when driven
    free, near = ParkingSlot(30.0, 3.6, 0.0), ParkingSlot(40.0, 3.3, 0.0)  # 1.95 m wide
    assert clear_of_lanes(layout, [free, near]) == [free]


def test_main_streets_rule_and_equal_small_streets_do_not():
    quiet = next(j for j in find_junctions(star([0, 90, 180]), SETTINGS) if len(j.arms) == 3)
    assert set(quiet.controls) == {Control.NONE}
    base = star([0, 90, 180])
    main = Street(0, 1, base.streets[0].centre_line_m, RoadClass.SECONDARY, 2, 8.0)
    other = Street(0, 3, base.streets[2].centre_line_m, RoadClass.SECONDARY, 2, 8.0)
    mixed = Layout(
        'mixed', 2, base.datum, base.bounds_m, base.junctions_m, (main, base.streets[1], other), ()
    )
    junction = next(j for j in find_junctions(mixed, SETTINGS) if len(j.arms) == 3)
    by_street = {arm.street: c for arm, c in zip(junction.arms, junction.controls, strict=True)}
    assert by_street[0] is by_street[2] is Control.PRIORITY
    assert by_street[1] in (Control.STOP, Control.YIELD)


def test_dead_ends_inside_get_a_head_unless_something_is_near():
    def area_for(buildings, seed):
        base = star([0, 180], seed=seed)
        wide = (-200.0, -200.0, 200.0, 200.0)
        layout = Layout('d', seed, base.datum, wide, base.junctions_m, base.streets, buildings)
        return build_roads(layout, SETTINGS).region.area

    plain = 160.0 * 6.0
    assert any(area_for((), seed) > plain + 20.0 for seed in range(4))
    walls = tuple(
        block(n, Polygon([(x, 4.2), (x + 8, 4.2), (x + 8, 12), (x, 12)]))
        for n, x in enumerate((-84.0, 76.0))
    )
    assert all(area_for(walls, seed) == pytest.approx(plain, abs=0.1) for seed in range(4))

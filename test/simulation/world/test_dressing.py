# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a dressed world keeps to: free lanes, nothing in buildings, one world for one seed."""

from collections import Counter
import dataclasses
import math
import sys

import curved_town
import numpy as np
import pytest
import shapely
from shapely.affinity import affine_transform
from shapely.geometry import LineString, Point

from geoloc_ros.types import GeodeticPosition
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.lanes import lane_centre_lines
from geoloc_sim.world.records import (
    Area,
    AreaKind,
    FixtureKind,
    Layout,
    RoadClass,
    Street,
)

SETTINGS = DressingSettings()
WORLD = dress(curved_town.curved_town(), SETTINGS)
PAINT = (AreaKind.MARKING_WHITE, AreaKind.MARKING_YELLOW)
PAVED = (AreaKind.ROAD, AreaKind.PARKING)


def turned(x, y, yaw, length, width):
    box = shapely.box(-length / 2.0, -width / 2.0, length / 2.0, width / 2.0)
    cos, sin = math.cos(yaw), math.sin(yaw)
    return affine_transform(box, [cos, -sin, sin, cos, x, y])


def body_of(fixture):
    if fixture.length_m > 0.0:
        width = fixture.width_m
        length = fixture.length_m
        if fixture.kind is FixtureKind.BUS_SHELTER:
            length, width = width, length  # its front points along yaw, its length across
        return turned(fixture.x_m, fixture.y_m, fixture.yaw_rad, length, width)
    return Point(fixture.x_m, fixture.y_m).buffer(0.15)


def union_of(world, kinds):
    return shapely.union_all([area.polygon for area in world.areas if area.kind in kinds])


def test_everything_of_a_street_is_there():
    kinds = Counter(area.kind for area in WORLD.areas)
    for kind in set(AreaKind) - {AreaKind.MARKING_YELLOW}:
        assert kinds[kind] > 0, kind
    fixtures = Counter(fixture.kind for fixture in WORLD.fixtures)
    for kind in set(FixtureKind) - {FixtureKind.BUS_SHELTER, FixtureKind.BOLLARD}:
        assert fixtures[kind] > 0, kind
    assert len(WORLD.trees) > 60
    assert len(WORLD.parking_slots) > 20


def test_nothing_stands_on_a_roadway():
    roadway = curved_town.roadway(WORLD.layout)
    painted = union_of(WORLD, (AreaKind.ROAD,))
    shapely.prepare([roadway, painted])
    for tree in WORLD.trees:
        assert roadway.distance(Point(tree.x_m, tree.y_m)) > 0.25
        assert painted.distance(Point(tree.x_m, tree.y_m)) > 0.25
    for fixture in WORLD.fixtures:
        if fixture.kind is not FixtureKind.TUNNEL_ROOF:
            assert not painted.intersects(body_of(fixture)), fixture


def test_nothing_stands_in_a_building_or_in_water():
    buildings = shapely.union_all([b.footprint for b in WORLD.layout.buildings])
    water = union_of(WORLD, (AreaKind.WATER,))
    shapely.prepare([buildings, water])
    for tree in WORLD.trees:
        assert buildings.distance(Point(tree.x_m, tree.y_m)) > 0.4
        assert not water.contains(Point(tree.x_m, tree.y_m))
    for fixture in WORLD.fixtures:
        if fixture.kind is not FixtureKind.TUNNEL_ROOF:
            assert not buildings.intersects(body_of(fixture)), fixture
    for slot in WORLD.parking_slots:
        car = turned(slot.x_m, slot.y_m, slot.yaw_rad, 4.4, 1.8)
        assert not buildings.intersects(car)
        assert not water.intersects(car)


@pytest.mark.parametrize('wide', [False, True])
def test_parked_cars_leave_the_lanes_free(wide):
    layout = curved_town.curved_town(seed=9)
    if wide:
        streets = tuple(
            dataclasses.replace(s, width_m=s.width_m + 3.4)
            if s.road_class is RoadClass.RESIDENTIAL
            else s
            for s in layout.streets
        )
        layout = dataclasses.replace(layout, streets=streets, buildings=())
    world = dress(layout, SETTINGS)
    lanes = shapely.union_all(
        [
            LineString(lane).buffer(1.0)
            for street in layout.streets
            for lane in lane_centre_lines(street)
        ]
    )
    shapely.prepare(lanes)
    cars = [turned(s.x_m, s.y_m, s.yaw_rad, 4.4, 1.8) for s in world.parking_slots]
    assert len(cars) > 20
    assert not any(lanes.intersects(car) for car in cars)
    assert all(-math.pi <= slot.yaw_rad <= math.pi for slot in world.parking_slots)


def test_parked_cars_do_not_overlap():
    cars = [turned(s.x_m, s.y_m, s.yaw_rad, 4.2, 1.7) for s in WORLD.parking_slots]
    for i, car in enumerate(cars):
        assert not any(car.intersects(other) for other in cars[:i])


def test_markings_lie_on_roads_and_car_parks():
    paved = union_of(WORLD, PAVED).buffer(0.02)
    shapely.prepare(paved)
    paint = [area for area in WORLD.areas if area.kind in (*PAINT, AreaKind.MANHOLE)]
    assert len(paint) > 300
    assert all(paved.covers(area.polygon) for area in paint)
    patches = [area for area in WORLD.areas if area.kind is AreaKind.ROAD_PATCH]
    road = union_of(WORLD, (AreaKind.ROAD,)).buffer(0.05)
    assert all(road.covers(area.polygon) for area in patches)


def test_areas_are_valid_and_painted_from_the_ground_up():
    order = [area.kind for area in WORLD.areas]
    last_pavement = max(i for i, kind in enumerate(order) if kind is AreaKind.PAVEMENT)
    first_road = order.index(AreaKind.ROAD)
    last_road = max(i for i, kind in enumerate(order) if kind is AreaKind.ROAD)
    first_paint = min(order.index(kind) for kind in PAINT if kind in order)
    assert last_pavement < first_road <= last_road < first_paint
    for area in WORLD.areas:
        assert area.polygon.geom_type == 'Polygon'
        assert area.polygon.is_valid
        assert not area.polygon.is_empty
        assert 0.6 < area.tone < 1.4


def test_the_ground_is_covered():
    box = shapely.box(*WORLD.layout.bounds_m)
    covered = shapely.union_all([area.polygon for area in WORLD.areas]).intersection(box)
    built = shapely.union_all([b.footprint for b in WORLD.layout.buildings]).intersection(box)
    bare = box.difference(covered.union(built).buffer(0.02))
    assert bare.area < 0.004 * box.area


def test_the_same_layout_gives_the_same_world():
    again = dress(curved_town.curved_town(), SETTINGS)
    for part in ('areas', 'trees', 'fixtures', 'parking_slots'):
        assert getattr(again, part) == getattr(WORLD, part)
    reseeded = dataclasses.replace(WORLD.layout, seed=77)
    assert dress(reseeded, SETTINGS).trees != WORLD.trees


def test_more_trees_leave_the_paint_alone():
    greener = dress(WORLD.layout, DressingSettings(tree_row_share=1.0, garden_tree_m2=60.0))
    assert greener.areas == WORLD.areas
    assert greener.parking_slots == WORLD.parking_slots
    assert len(greener.trees) > 1.2 * len(WORLD.trees)


def test_known_trees_stay_unless_they_stand_on_a_road():
    on_road, in_park = WORLD.layout.trees
    assert in_park in WORLD.trees
    assert on_road not in WORLD.trees


def test_tunnels_are_roofed_and_bare():
    tunnels = [s for s in WORLD.layout.streets if s.tunnel]
    roofs = shapely.union_all(
        [body_of(f).buffer(1e-6) for f in WORLD.fixtures if f.kind is FixtureKind.TUNNEL_ROOF]
    )
    assert len(tunnels) == 1
    centre = LineString(tunnels[0].centre_line_m)
    middle = shapely.ops.substring(centre, 25.0, centre.length - 25.0)
    assert roofs.covers(middle.buffer(tunnels[0].width_m / 2.0, cap_style='flat'))
    for other in WORLD.layout.streets:
        if not other.tunnel:
            line = LineString(other.centre_line_m)
            assert line.intersection(roofs).length < 1.0
    inside = roofs.buffer(-0.5)
    assert not any(inside.contains(Point(tree.x_m, tree.y_m)) for tree in WORLD.trees)
    lamps = [f for f in WORLD.fixtures if f.kind is FixtureKind.LAMP]
    assert not any(inside.contains(Point(lamp.x_m, lamp.y_m)) for lamp in lamps)


def test_bridges_have_rails_beside_the_road():
    flat = curved_town.curved_town(seed=3)
    line = flat.streets[0].centre_line_m
    middle = line[len(line) // 2]
    river = Point(*middle).buffer(14.0)
    buildings = tuple(b for b in flat.buildings if not b.footprint.intersects(river))
    layout = dataclasses.replace(flat, areas=(Area(river, AreaKind.WATER),), buildings=buildings)
    rails = [
        f
        for f in dress(layout, SETTINGS).fixtures
        if f.kind is FixtureKind.FENCE and river.contains(Point(f.x_m, f.y_m))
    ]
    assert 36.0 < sum(rail.length_m for rail in rails) < 70.0  # both sides of some 26 m
    half = flat.streets[0].width_m / 2.0
    for rail in rails:
        assert half < LineString(line).distance(Point(rail.x_m, rail.y_m)) < half + 4.0


def test_paths_stay_open():
    flat = curved_town.curved_town()
    centre = flat.areas[1].polygon.centroid
    ends = np.array([[centre.x - 40.0, centre.y], [centre.x + 40.0, centre.y + 6.0]])
    walk = Street(0, 1, ends, RoadClass.FOOTWAY, 1, 2.4)
    path = shapely.box(centre.x - 1.0, centre.y + 3.5, centre.x + 1.0, centre.y + 11.0)
    layout = dataclasses.replace(
        flat,
        streets=(*flat.streets, walk),
        areas=(*flat.areas, Area(path, AreaKind.SOIL)),
        trees=(),
    )
    world = dress(
        layout, DressingSettings(park_tree_m2=10.0, garden_tree_m2=20.0, hedge_share=1.0)
    )
    near = [t for t in world.trees if Point(t.x_m, t.y_m).distance(centre) < 15.0]
    assert len(near) > 5
    ground = shapely.union_all([LineString(ends).buffer(1.2), path])
    assert not any(ground.contains(Point(tree.x_m, tree.y_m)) for tree in world.trees)
    hedges = [f for f in world.fixtures if f.kind is FixtureKind.HEDGE]
    assert not any(LineString(ends).intersects(body_of(hedge)) for hedge in hedges)


def test_bollards_part_squares_from_roads():
    ends = np.array([[0.0, 45.0], [90.0, 45.0]])
    street = Street(0, 1, ends, RoadClass.RESIDENTIAL, 2, 6.0)
    square = shapely.box(20.0, 50.0, 60.0, 80.0)
    layout = empty(junctions_m=ends, streets=(street,), areas=(Area(square, AreaKind.SQUARE),))
    no_bays = DressingSettings(bay_share=0.0)
    found = [
        f
        for seed in range(6)
        for f in dress(dataclasses.replace(layout, seed=seed), no_bays).fixtures
        if f.kind is FixtureKind.BOLLARD
    ]
    assert len(found) > 15
    assert all(50.0 < f.y_m < 53.1 for f in found)  # within 5 m of the kerb at y = 48 m


def empty(**parts):
    none = {'junctions_m': np.zeros((0, 2)), 'streets': (), 'buildings': ()}
    return Layout('e', 1, GeodeticPosition(49.0, 8.4), (0.0, 0.0, 90.0, 90.0), **(none | parts))


def test_odd_layouts_can_be_dressed():
    nothing = dress(empty(), SETTINGS)
    assert [area.kind for area in nothing.areas] == [AreaKind.GRASS]
    ends = np.array([[5.0, 5.0], [60.0, 5.0]])
    path = Street(0, 1, ends, RoadClass.FOOTWAY, 1, 2.0)
    walk = dress(empty(junctions_m=ends, streets=(path,)), SETTINGS)
    assert AreaKind.ROAD not in {area.kind for area in walk.areas}
    assert AreaKind.SQUARE in {area.kind for area in walk.areas}
    stub = Street(0, 1, np.array([[5.0, 5.0], [6.0, 5.0]]), RoadClass.PRIMARY, 4, 13.0)
    assert AreaKind.ROAD in {
        a.kind
        for a in dress(empty(junctions_m=stub.centre_line_m, streets=(stub,)), SETTINGS).areas
    }
    angle = np.linspace(0.0, 2.0 * np.pi, 40)
    ring = 45.0 + 20.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    loop = Street(0, 0, ring, RoadClass.RESIDENTIAL, 2, 6.0)
    round_about = dress(empty(junctions_m=ring[:1], streets=(loop,)), SETTINGS)
    road = union_of(round_about, (AreaKind.ROAD,))
    assert road.area == pytest.approx(math.pi * (23.0**2 - 17.0**2), rel=0.02)


def calls_while(function):
    count = 0

    def profiler(_frame, event, _argument):
        nonlocal count
        count += event in ('call', 'c_call')

    sys.setprofile(profiler)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_work_grows_with_the_town_and_not_faster():
    small, large = curved_town.curved_town(2, 2), curved_town.curved_town(4, 4)
    small_world, large_world = dress(small, SETTINGS), dress(large, SETTINGS)
    things = [len(w.areas) + len(w.trees) + len(w.fixtures) for w in (small_world, large_world)]
    calls = [
        calls_while(lambda layout=layout: dress(layout, SETTINGS)) for layout in (small, large)
    ]
    assert calls[1] / calls[0] < 1.4 * things[1] / things[0]
    kilometres = sum(LineString(s.centre_line_m).length for s in large.streets) / 1000.0
    corners = sum(len(shapely.get_coordinates(area.polygon)) for area in large_world.areas)
    assert len(large_world.areas) < 1500 * kilometres
    assert corners < 15_000 * kilometres

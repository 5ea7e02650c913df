# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Plots, gardens, hedges and car parks against brute force."""

import curved_town
import numpy as np
import pytest
import shapely
from shapely.geometry import Point

from geoloc_ros.types import GeodeticPosition
from geoloc_sim.world.car_parks import build_car_parks
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.free_space import Obstacles, Spacing, points_inside
from geoloc_sim.world.plots import Plots, build_plots
from geoloc_sim.world.records import Area, AreaKind, FixtureKind, Layout

TOWN = curved_town.curved_town()
STREETS = curved_town.roadway(TOWN).buffer(2.0)


def test_plots_belong_to_the_nearest_building():
    plots = build_plots(TOWN, STREETS)
    assert len(plots.plots) >= 0.9 * len(TOWN.buildings)
    rng = np.random.default_rng(1)
    wrong = total = 0
    for plot in plots.plots:
        for place in points_inside(plot.ground, 12, rng):
            distances = [b.footprint.distance(Point(*place)) for b in TOWN.buildings]
            own = plot.building.footprint.distance(Point(*place))
            total += 1
            wrong += own > min(distances) + 0.8  # walls are sampled every 5 m
    assert total > 500
    assert wrong < 0.01 * total


def test_plots_do_not_overlap_nor_lie_in_the_street():
    plots = build_plots(TOWN, STREETS)
    grounds = [plot.ground for plot in plots.plots]
    union = shapely.union_all(grounds)
    assert sum(ground.area for ground in grounds) == pytest.approx(union.area, rel=1e-4)
    assert union.intersection(STREETS).area < 0.5
    box = shapely.box(*TOWN.bounds_m)
    assert sum(b.area for b in plots.blocks) == pytest.approx(
        box.difference(STREETS).area, rel=1e-3
    )


def test_borders_lie_halfway_between_two_buildings():
    plots = build_plots(TOWN, STREETS)
    assert len(plots.borders) > 20
    for border in plots.borders:
        middle = border.interpolate(0.5, normalized=True)
        nearest = sorted(b.footprint.distance(middle) for b in TOWN.buildings)[:2]
        assert nearest[1] - nearest[0] < 2.5


def test_hedges_come_as_often_as_set_and_leave_paths_open():
    none = dress(TOWN, DressingSettings(hedge_share=0.0))
    assert FixtureKind.HEDGE not in {fixture.kind for fixture in none.fixtures}
    world = dress(TOWN, DressingSettings(hedge_share=1.0))
    hedges = [f for f in world.fixtures if f.kind is FixtureKind.HEDGE]
    assert len(hedges) > 30
    assert all(1.2 <= hedge.length_m <= 12.5 and hedge.width_m > 0.0 for hedge in hedges)


def test_a_car_park_is_filled_with_rows():
    ground = shapely.box(0.0, 0.0, 51.0, 16.4)
    layout = Layout(
        'lot', 1, GeodeticPosition(49.0, 8.4), (-50.0, -50.0, 100.0, 50.0),
        np.zeros((0, 2)), (), (), (Area(ground, AreaKind.PARKING),),
    )  # fmt: skip
    parks = build_car_parks(layout, Plots((), (), ()), shapely.Point(0.0, 40.0).buffer(1.0))
    # Two rows of 5 m with an aisle of 6 m; 20 slots of 2.5 m in 50.4 m of each.
    assert len(parks.slots) == 40
    for slot in parks.slots:
        assert min(abs(slot.yaw_rad % np.pi - np.pi / 2.0), np.pi) < 1e-6
        assert ground.contains(Point(slot.x_m, slot.y_m))
    rows = sorted({round(slot.y_m, 2) for slot in parks.slots})
    assert len(rows) == 2
    assert rows[1] - rows[0] > 10.9


def test_clearance_against_brute_force():
    rng = np.random.default_rng(3)
    shapes = [
        Point(*place).buffer(radius) for *place, radius in rng.uniform(1, 30, (20, 3)) / (1, 1, 10)
    ]
    places = rng.uniform(0, 32, (300, 2))
    expected = [min(s.distance(Point(*place)) for s in shapes) > 1.5 for place in places]
    np.testing.assert_array_equal(Obstacles(shapes).clear(places, 1.5), expected)
    assert Obstacles([]).clear(places, 1.0).all()


def test_spacing_against_brute_force():
    rng = np.random.default_rng(4)
    spacing = Spacing()
    kept = []
    for x, y, radius in rng.uniform((0, 0, 0.3), (60, 60, 5.5), (400, 3)).tolist():
        free = all((x - a) ** 2 + (y - b) ** 2 >= (radius + r) ** 2 for a, b, r in kept)
        assert spacing.take(x, y, radius) == free
        if free:
            kept.append((x, y, radius))
    assert 10 < len(kept) < 200


def test_points_inside_are_uniform_in_the_polygon():
    ring = Point(0.0, 0.0).buffer(10.0).difference(Point(0.0, 0.0).buffer(6.0))
    places = points_inside(ring, 3000, np.random.default_rng(5))
    assert len(places) == pytest.approx(3000, abs=200)
    radius = np.hypot(*places.T)
    assert 5.9 < radius.min() < radius.max() < 10.01
    # Half of the area lies within sqrt((36 + 100) / 2).
    assert np.mean(radius < np.sqrt(68.0)) == pytest.approx(0.5, abs=0.04)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Towns from seeds: the same again, valid from any seed, and varied."""

from collections import Counter
import functools

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
import shapely
from shapely.geometry import LineString, box

from geoloc_ros.errors import SettingError
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import (
    AreaKind,
    BuildingUse,
    Layout,
    RoadClass,
    RoofKind,
)
from geoloc_sim.world.street_classes import PROFILES

SEEDS = tuple(range(12))


@functools.cache
def town(seed: int) -> Layout:
    return procedural_layout(ProceduralSettings(), seed)


def footprints(layout: Layout):
    return np.array([building.footprint for building in layout.buildings], dtype=object)


def degrees(layout: Layout) -> Counter:
    count: Counter = Counter()
    for street in layout.streets:
        count.update((street.start, street.end))
    return count


def test_the_same_seed_gives_the_same_town():
    one = town(3)
    two = procedural_layout(ProceduralSettings(), 3)
    assert one.bounds_m == two.bounds_m
    np.testing.assert_array_equal(one.junctions_m, two.junctions_m)
    for a, b in zip(one.streets, two.streets, strict=True):
        np.testing.assert_array_equal(a.centre_line_m, b.centre_line_m)
        assert (a.road_class, a.width_m, a.one_way) == (b.road_class, b.width_m, b.one_way)
    for a, b in zip(one.buildings, two.buildings, strict=True):
        assert a.footprint.equals_exact(b.footprint, 0.0)
        assert (a.roof, a.ridge_height_m, a.use) == (b.roof, b.ridge_height_m, b.use)
    for a, b in zip(one.areas, two.areas, strict=True):
        assert a.polygon.equals_exact(b.polygon, 0.0)
        assert a.kind is b.kind


def test_other_seeds_give_other_towns():
    bounds = {town(seed).bounds_m for seed in SEEDS}
    assert len(bounds) == len(SEEDS)
    assert len({len(town(seed).buildings) for seed in SEEDS}) > len(SEEDS) // 2


@pytest.mark.parametrize('seed', SEEDS)
def test_streets_fit_their_junctions(seed):
    layout = town(seed)
    for street in layout.streets:
        line = street.centre_line_m
        np.testing.assert_allclose(line[0], layout.junctions_m[street.start], atol=1e-9)
        np.testing.assert_allclose(line[-1], layout.junctions_m[street.end], atol=1e-9)
        steps = np.hypot(*np.diff(line, axis=0).T)
        assert 0.5 < steps.min() <= steps.max() <= 5.0
        assert LineString(line).is_simple
        profile = PROFILES[street.road_class]
        assert street.one_way or street.lanes == profile.lanes
        assert street.one_way or profile.narrowest_m <= street.width_m <= profile.widest_m
    assert set(degrees(layout)) == set(range(len(layout.junctions_m)))


@pytest.mark.parametrize('seed', SEEDS)
def test_streets_meet_at_junctions_only(seed):
    layout = town(seed)
    lines = np.array([LineString(s.centre_line_m) for s in layout.streets], dtype=object)
    first, second = shapely.STRtree(lines).query(lines, predicate='intersects')
    for a, b in zip(first, second, strict=True):
        if a >= b:
            continue
        one, two = layout.streets[a], layout.streets[b]
        shared = {one.start, one.end} & {two.start, two.end}
        assert shared
        for part in shapely.get_parts(lines[a].intersection(lines[b])):
            assert part.geom_type == 'Point'
            gaps = layout.junctions_m[sorted(shared)] - np.asarray(part.coords[0])
            assert np.hypot(*gaps.T).min() < 1e-3


@pytest.mark.parametrize('seed', SEEDS)
def test_every_place_can_be_reached_from_every_other(seed):
    layout = town(seed)
    pairs = [(street.start, street.end) for street in layout.streets]
    pairs += [(street.end, street.start) for street in layout.streets if not street.one_way]
    rows, columns = np.array(pairs).T
    size = len(layout.junctions_m)
    matrix = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    assert connected_components(matrix, connection='strong')[0] == 1


@pytest.mark.parametrize('seed', SEEDS)
def test_buildings_are_valid_and_apart(seed):
    layout = town(seed)
    shapes = footprints(layout)
    assert shapely.is_valid(shapes).all()
    assert shapely.contains(box(*layout.bounds_m), shapes).all()
    assert shapely.area(shapes).min() > 10.0
    first, second = shapely.STRtree(shapes).query(shapes, predicate='intersects')
    pairs = first < second
    overlaps = shapely.area(shapely.intersection(shapes[first[pairs]], shapes[second[pairs]]))
    assert overlaps.max(initial=0.0) < 0.02  # walls in common, rounded to a millimetre
    assert [building.number for building in layout.buildings] == list(range(len(shapes)))
    for building in layout.buildings:
        assert building.footprint.geom_type == 'Polygon'
        assert building.footprint.exterior.is_ccw
        assert building.storeys >= 1
        assert building.ridge_height_m >= building.eaves_height_m > 2.0
        assert (building.roof is RoofKind.FLAT) == (
            building.ridge_height_m == building.eaves_height_m
        )
        assert building.roof is RoofKind.FLAT or not building.footprint.interiors


@pytest.mark.parametrize('seed', SEEDS)
def test_no_building_stands_on_a_roadway_or_a_pavement_or_in_water(seed):
    layout = town(seed)
    shapes = footprints(layout)
    for street in layout.streets:
        reach = street.width_m / 2.0 + PROFILES[street.road_class].pavement_m
        distances = shapely.distance(LineString(street.centre_line_m), shapes)
        assert distances.min() > reach - 0.01
    water = [area.polygon for area in layout.areas if area.kind is AreaKind.WATER]
    for polygon in water:
        assert not shapely.intersects(polygon, shapes).any()


@pytest.mark.parametrize('seed', SEEDS)
def test_areas_are_valid(seed):
    for area in town(seed).areas:
        assert area.polygon.geom_type == 'Polygon'
        assert area.polygon.is_valid
        assert area.polygon.area > 1.0
        assert 0.8 <= area.tone <= 1.2


def test_junctions_have_differing_numbers_of_arms():
    count: Counter = Counter()
    for seed in SEEDS:
        count.update(degrees(town(seed)).values())
    total = sum(count.values())
    assert count[3] > 0.25 * total
    assert count[4] > 0.15 * total
    assert count[5] > 0.01 * total
    assert count[1] > 0.05 * total
    assert max(count) <= 6


def test_most_streets_can_be_driven_round_without_turning_back():
    """The part that is left when dead ends are taken away again and again."""
    for seed in SEEDS:
        layout = town(seed)
        left = list(layout.streets)
        while True:
            count = Counter(j for street in left for j in (street.start, street.end))
            kept = [s for s in left if min(count[s.start], count[s.end]) > 1]
            if len(kept) == len(left):
                break
            left = kept
        lengths = [
            sum(LineString(s.centre_line_m).length for s in part)
            for part in (left, layout.streets)
        ]
        assert lengths[0] > 0.5 * lengths[1]


def test_streets_are_curved_and_of_all_classes():
    classes: Counter = Counter()
    bends = []
    for seed in SEEDS:
        for street in town(seed).streets:
            classes[street.road_class] += 1
            steps = np.diff(street.centre_line_m, axis=0)
            yaws = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
            bends.append(yaws.max() - yaws.min())
    assert set(classes) == set(RoadClass) - {RoadClass.FOOTWAY}
    assert np.median(bends) > np.radians(6.0)
    assert np.quantile(bends, 0.9) > np.radians(20.0)


def test_street_directions_are_spread_evenly():
    """No lattice: over many towns no direction is preferred, nor the axes of map."""
    yaws, weights = [], []
    for seed in SEEDS:
        for street in town(seed).streets:
            steps = np.diff(street.centre_line_m, axis=0)
            yaws.append(np.arctan2(steps[:, 1], steps[:, 0]))
            weights.append(np.hypot(*steps.T))
    turn = np.concatenate(yaws)
    weight = np.concatenate(weights)
    for fold in (2, 4):
        resultant = abs((weight * np.exp(1j * fold * turn)).sum()) / weight.sum()
        assert resultant < 0.2


def test_wall_directions_are_spread_evenly():
    """Walls follow the streets; the sides of the world leave no trace."""
    total, weight = 0.0, 0.0
    for seed in SEEDS:
        for building in town(seed).buildings:
            steps = np.diff(np.asarray(building.footprint.exterior.coords), axis=0)
            lengths = np.hypot(*steps.T)
            total = total + (lengths * np.exp(4j * np.arctan2(steps[:, 1], steps[:, 0]))).sum()
            weight += lengths.sum()
    assert abs(total) / weight < 0.2


def test_buildings_are_varied():
    uses: Counter = Counter()
    roofs: Counter = Counter()
    corners: Counter = Counter()
    heights, areas, courtyards = [], [], 0
    for seed in SEEDS:
        layout = town(seed)
        assert 200 <= len(layout.buildings) <= 900
        for building in layout.buildings:
            uses[building.use] += 1
            roofs[building.roof] += 1
            corners[len(building.footprint.exterior.coords) - 1] += 1
            heights.append(building.eaves_height_m)
            areas.append(building.footprint.area)
            courtyards += len(building.footprint.interiors)
    total = sum(uses.values())
    assert set(uses) == set(BuildingUse)
    assert set(roofs) == set(RoofKind)
    assert max(roofs.values()) < 0.7 * total
    assert corners[4] < 0.85 * total
    assert courtyards >= len(SEEDS)
    assert np.quantile(heights, 0.95) > 3.0 * np.quantile(heights, 0.05)
    assert np.quantile(areas, 0.95) > 8.0 * np.quantile(areas, 0.05)


def test_towns_have_parks_squares_water_and_some_tunnels():
    tunnels = 0
    for seed in SEEDS:
        layout = town(seed)
        kinds = {area.kind for area in layout.areas}
        assert {AreaKind.GRASS, AreaKind.SQUARE} <= kinds or AreaKind.GRASS in kinds
        covered = [street for street in layout.streets if street.tunnel]
        assert len(covered) <= 1
        tunnels += len(covered)
        for street in covered:
            assert 35.0 < LineString(street.centre_line_m).length < 85.0
    assert 2 <= tunnels <= len(SEEDS) - 2
    wet = sum(any(area.kind is AreaKind.WATER for area in town(seed).areas) for seed in SEEDS)
    assert wet > 0.7 * len(SEEDS)


@pytest.mark.parametrize('side', [300.0, 1000.0])
def test_other_sizes_are_filled_too(side):
    layout = procedural_layout(ProceduralSettings(side_m=side), 5)
    west, south, east, north = layout.bounds_m
    assert (east - west, north - south) == pytest.approx((side, side))
    west, south, east, north = layout.bounds_m
    x, y = layout.junctions_m.T
    assert west - 1e-6 <= x.min() <= x.max() <= east + 1e-6
    assert south - 1e-6 <= y.min() <= y.max() <= north + 1e-6
    built = sum(building.footprint.area for building in layout.buildings)
    assert 0.08 < built / side**2 < 0.4


def test_shares_of_river_and_tunnel_are_obeyed():
    with_both = ProceduralSettings(side_m=400.0, river_share=1.0, tunnel_share=1.0)
    neither = ProceduralSettings(side_m=400.0, river_share=0.0, tunnel_share=0.0)
    wet = procedural_layout(with_both, 2)
    dry = procedural_layout(neither, 2)
    river = max(area.polygon.area for area in wet.areas if area.kind is AreaKind.WATER)
    assert river > 400.0 * 14.0
    ponds = [area.polygon.area for area in dry.areas if area.kind is AreaKind.WATER]
    assert max(ponds, default=0.0) < 4000.0
    assert not any(street.tunnel for street in dry.streets)


def test_a_side_out_of_range_is_refused():
    with pytest.raises(SettingError, match=r'side_m of a procedural town is 100\.0; expected 300'):
        procedural_layout(ProceduralSettings(side_m=100.0), 0)
    with pytest.raises(SettingError, match='expected integers from 0 up'):
        procedural_layout(ProceduralSettings(), -1)

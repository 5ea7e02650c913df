# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Blocks of houses that stand wall to wall around courtyards, as in old town centres."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_sim.world.blocks import Block
from geoloc_sim.world.building_types import BlockContents, PlannedBuilding, planned
from geoloc_sim.world.curves import left_of
from geoloc_sim.world.footprints import fronts, largest, rectangle, without_slivers
from geoloc_sim.world.records import Area, AreaKind, BuildingUse, RoofKind

_SMALLEST_HOUSE_M2 = 38.0
_NARROWEST_COURT_M = 5.0


def perimeter_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """Houses around the block with differing widths, depths, heights and rear wings."""
    outer = largest(block.polygon.buffer(-generator.choice((0.0, 0.0, 0.6)), join_style='mitre'))
    depth = float(generator.uniform(10.0, 14.5))
    if outer.buffer(-depth - _NARROWEST_COURT_M).is_empty:
        depth = 9.0
    inner = outer.buffer(-depth, join_style='mitre')
    if inner.buffer(-_NARROWEST_COURT_M / 2.0).is_empty:
        inner = Polygon()
    storeys = int(generator.choice((3, 4, 5, 6), p=(0.25, 0.35, 0.3, 0.1)))
    palace = not inner.is_empty and outer.area < 3800.0 and generator.random() < 0.1
    if palace:
        footprints = [largest(shapely.difference(outer, inner, grid_size=0.001))]
    else:
        footprints = _houses(outer, inner, depth, generator)
        footprints = _with_wings(footprints, outer, depth, generator)
    shops = block.rho < 0.55 or generator.random() < 0.25
    buildings = [_house(shape, storeys, shops, palace, generator) for shape in footprints]
    yards = [part for part in shapely.get_parts(inner) if part.area > 20.0]
    kind = AreaKind.COURTYARD if generator.random() < 0.65 else AreaKind.GRASS
    tone = float(generator.uniform(0.85, 1.15))
    areas = [Area(yard, kind, tone) for yard in yards]
    for yard in yards:
        buildings += _yard_buildings(yard, buildings, generator)
    return BlockContents(tuple(buildings), tuple(areas))


def _house(
    footprint: Polygon,
    storeys: int,
    shops: bool,
    palace: bool,
    generator: np.random.Generator,
) -> PlannedBuilding:
    if palace:
        use = BuildingUse.OFFICE
    elif shops and generator.random() < 0.6:
        use = BuildingUse.SHOPS
    else:
        use = BuildingUse.APARTMENTS
    own = max(2, storeys + int(generator.choice((-1, 0, 0, 1))))
    return planned(footprint, use, own, generator)


def _houses(
    outer: Polygon, inner: BaseGeometry, depth: float, generator: np.random.Generator
) -> list[Polygon]:
    """The ring between two outlines cut into houses, a few left out as passages."""
    dividers = []
    for front in fronts(outer):
        for along in _division(front.length_m, depth, generator):
            place, ahead = front.at(along)
            inward = left_of(ahead)
            end = place + (depth + 2.0 if not inner.is_empty else 200.0) * inward
            dividers.append(LineString((place - inward, end)))
    noded = shapely.union_all([outer.exterior, inner.boundary, *dividers], grid_size=0.001)
    cells = shapely.get_parts(shapely.polygonize(list(shapely.get_parts(noded))))
    houses = []
    for cell in cells:
        middle = cell.representative_point()
        if inner.contains(middle) or not outer.contains(middle):
            continue
        if generator.random() < 0.05:
            continue
        shape = _cut_back(cell, inner, generator)
        shape = without_slivers(shape, 3.0).simplify(0.15)
        if shape.area > _SMALLEST_HOUSE_M2:
            houses.append(shape)
    return houses


def _division(length_m: float, depth: float, generator: np.random.Generator) -> list[float]:
    """Where a front is cut into houses; none within a house's depth of its corners."""
    first, last = depth + 2.0, length_m - depth - 2.0
    if last - first < 4.0:
        return [length_m / 2.0] if length_m > 26.0 else []
    cuts = [first]
    while cuts[-1] < last - 7.0:
        cuts.append(
            cuts[-1]
            + float(generator.choice((7.5, 10.0, 13.0, 17.0, 23.0)))
            * float(generator.uniform(0.85, 1.15))
        )
    cuts[-1] = last if len(cuts) > 1 else cuts[-1]
    return cuts


def _cut_back(cell: Polygon, inner: BaseGeometry, generator: np.random.Generator) -> Polygon:
    """Some houses are less deep than their neighbours."""
    if inner.is_empty or generator.random() < 0.55:
        return cell
    back = inner.buffer(generator.uniform(1.0, 3.5), join_style='mitre')
    return largest(shapely.difference(cell, back, grid_size=0.001))


def _with_wings(
    houses: list[Polygon], outer: Polygon, depth: float, generator: np.random.Generator
) -> list[Polygon]:
    """Some houses get a wing into the courtyard, clear of all others."""
    result = list(houses)
    index = shapely.STRtree(result)
    for front in fronts(outer):
        if front.length_m < 2.0 * depth + 14.0 or generator.random() < 0.25:
            continue
        along = float(generator.uniform(depth + 6.0, front.length_m - depth - 6.0))
        place, ahead = front.at(along)
        start = place + (depth - 4.5) * left_of(ahead)
        reach = float(generator.uniform(8.0, 19.0))
        wing = rectangle(start, ahead, float(generator.uniform(5.0, 8.0)), reach)
        touched = index.query(wing.buffer(3.0), predicate='intersects')
        owner = [k for k in touched if houses[k].buffer(0.01).contains(wing.centroid)]
        owner = owner or [k for k in touched if houses[k].intersection(wing).area > 4.0]
        if len(owner) != 1:
            continue
        others = [result[k] for k in range(len(result)) if k != owner[0]]
        kept_off = shapely.union_all(others).buffer(1.5, join_style='mitre')
        wing = largest(wing.intersection(outer).difference(kept_off))
        joined = shapely.union(result[owner[0]], wing, grid_size=0.001)
        if joined.geom_type == 'Polygon' and not joined.interiors:
            result[owner[0]] = joined
    return result


def _yard_buildings(
    yard: Polygon, around: list[PlannedBuilding], generator: np.random.Generator
) -> list[PlannedBuilding]:
    """Workshops and garages in large courtyards."""
    room = largest(yard.buffer(-9.0))
    if room.area < 150.0:
        return []
    taken = shapely.union_all([building.footprint for building in around]).buffer(4.0)
    found: list[PlannedBuilding] = []
    for front in fronts(room):
        if front.length_m < 14.0 or generator.random() < 0.3:
            continue
        width = float(min(generator.uniform(8.0, 22.0), front.length_m - 2.0))
        place, ahead = front.at(front.length_m / 2.0)
        shape = rectangle(place, ahead, width, float(generator.uniform(5.0, 9.0)))
        if not room.buffer(0.1).contains(shape) or taken.intersects(shape):
            continue
        storeys = int(generator.choice((1, 1, 2, 4)))
        use = BuildingUse.GARAGE if storeys == 1 else BuildingUse.APARTMENTS
        found.append(planned(shape, use, storeys, generator, RoofKind.FLAT))
        taken = taken.union(shape.buffer(5.0))
    return found

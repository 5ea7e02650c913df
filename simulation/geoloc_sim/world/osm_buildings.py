# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Buildings of a map: footprints as mapped; what is not tagged is guessed from size and place."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from geoloc_sim.randomness import stream
from geoloc_sim.world.building_types import PlannedBuilding, planned
from geoloc_sim.world.footprints import largest, long_axis, rectangularity
from geoloc_sim.world.osm_rings import OsmOutline
from geoloc_sim.world.osm_tags import ROOFS, Tags, building_use, count, metres
from geoloc_sim.world.records import BuildingUse, RoadClass, RoofKind, Street

_GRID_M = 0.001
_SMALLEST_M2 = 6.0
_GARAGE_M2 = 42.0
_HALL_M2 = 900.0
_SLAB_DEPTH_M = 14.0
_GARAGE_REACH_M = 22.0
_KEPT_SHARE = 0.45
_KERB_ROOM_M = 0.4
_TOUCHING_M = 0.35
_STOREY_M = 3.0
_PITCHED_UP_TO_M2 = 420.0
_PITCHED_SHARE = 0.8


@dataclasses.dataclass(frozen=True, slots=True)
class Footprint:
    """A mapped building's ground; ``number`` is that of its outline."""

    number: int
    polygon: Polygon
    tags: Tags


def footprints(found: Sequence[OsmOutline], bounds: Polygon) -> list[Footprint]:
    """Disjoint footprints that lie wholly within bounds.

    Where two overlap, the larger keeps its ground; the parts of a building of several are
    buildings of their own.
    """
    parts = [
        Footprint(outline.number, part, outline.tags)
        for outline in found
        for part in shapely.get_parts(outline.shape)
        if part.area >= _SMALLEST_M2 and bounds.contains(part)
    ]
    parts.sort(key=lambda part: (-part.polygon.area, part.number))
    shapes = [_clean(part.polygon) for part in parts]
    tree = shapely.STRtree(shapes)
    kept: list[Footprint] = []
    for at, part in enumerate(parts):
        before = [k for k in tree.query(shapes[at], predicate='intersects') if k < at]
        whole = shapes[at]
        if before:
            taken = shapely.union_all([shapes[k] for k in before])
            shapes[at] = _piece(shapely.difference(whole, taken, grid_size=_GRID_M))
        if shapes[at].area >= max(_SMALLEST_M2, _KEPT_SHARE * whole.area):
            kept.append(Footprint(part.number, shapes[at], part.tags))
        else:
            shapes[at] = Polygon()
    return sorted(kept, key=lambda part: (part.number, part.polygon.bounds))


def clear_of_streets(found: Sequence[Footprint], streets: Sequence[Street]) -> list[Footprint]:
    """Footprints cut back from the roadways; those mostly on one are left out."""
    roads = [
        LineString(street.centre_line_m).buffer(
            street.width_m / 2.0 + _KERB_ROOM_M, cap_style='flat', quad_segs=4
        )
        for street in streets
        if street.road_class is not RoadClass.FOOTWAY
    ]
    roads += [
        LineString(street.centre_line_m[[0, -1]]).boundary.buffer(street.width_m / 2.0)
        for street in streets
        if street.road_class is not RoadClass.FOOTWAY
    ]
    tree = shapely.STRtree(roads)
    kept = []
    for footprint in found:
        near = tree.query(footprint.polygon, predicate='intersects')
        shape = footprint.polygon
        if len(near):
            road = shapely.union_all([roads[k] for k in near])
            shape = _piece(shapely.difference(shape, road, grid_size=_GRID_M).simplify(0.15))
            shape = _piece(shapely.difference(shape, road, grid_size=_GRID_M))
            if shape.area < max(_SMALLEST_M2, _KEPT_SHARE * footprint.polygon.area):
                continue
        kept.append(dataclasses.replace(footprint, polygon=shape))
    return kept


def plan_buildings(
    found: Sequence[Footprint], streets: Sequence[Street], industry: BaseGeometry, seed: int
) -> list[PlannedBuilding]:
    """Uses, heights and roofs: as tagged, else drawn alike for houses that touch.

    Args:
        found: disjoint footprints.
        streets: small buildings far from them are garden houses, not garages.
        industry: ground of industry and trade.
        seed: of every guess; a building keeps its own whatever else the world holds.
    """
    groups = _groups([footprint.polygon for footprint in found])
    members: dict[int, list[int]] = {}
    for at, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(at)
    shapely.prepare(industry)
    by_street = _by_streets([footprint.polygon for footprint in found], streets)
    plans: dict[int, PlannedBuilding] = {}
    for numbers in members.values():
        houses = [found[at] for at in numbers if found[at].polygon.area >= _GARAGE_M2]
        ground = sum(house.polygon.area for house in houses)
        dense = ground > 900.0 and ground / max(len(houses), 1) > 130.0
        group = stream('osm group', seed, min(found[at].number for at in numbers))
        storeys = int(group.choice((3, 4, 5)) if dense else group.choice((1, 2, 2, 3)))
        kind = RoofKind.GABLE if group.random() < _PITCHED_SHARE else RoofKind.FLAT
        for at in numbers:
            place = _Place(
                storeys,
                kind,
                dense,
                working=industry.intersects(found[at].polygon.centroid),
                by_street=bool(by_street[at]),
            )
            plans[at] = _planned(found[at], place, seed)
    return [plans[at] for at in range(len(found))]


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """What a building shares with those about it: storeys, roof, density, ground of industry."""

    storeys: int
    roof: RoofKind
    dense: bool
    working: bool
    by_street: bool


def _planned(footprint: Footprint, place: _Place, seed: int) -> PlannedBuilding:
    generator = stream('osm building', seed, footprint.number)
    shape, tags = footprint.polygon, footprint.tags
    use = building_use(tags) or _guessed_use(shape, place, generator)
    storeys = place.storeys if shape.area >= _GARAGE_M2 else 1
    floors = _floors(tags, use, storeys, generator)
    roof = ROOFS.get(tags.get('roof:shape', ''))
    if roof is None and use in (BuildingUse.HOUSE, BuildingUse.APARTMENTS, BuildingUse.SHOPS):
        roof = place.roof
        if roof is RoofKind.GABLE and rectangularity(shape) > 0.86 and generator.random() < 0.25:
            roof = RoofKind.HIP
    plan = planned(shape, use, floors, generator, roof)
    plan = _with_valleys(plan, roof, generator)
    return _as_tagged(plan, tags)


def _guessed_use(shape: Polygon, place: _Place, generator: np.random.Generator) -> BuildingUse:
    if shape.area < _GARAGE_M2:
        return BuildingUse.GARAGE if place.by_street else BuildingUse.HOUSE
    if place.working:
        return BuildingUse.INDUSTRIAL if shape.area > 250.0 else BuildingUse.OFFICE
    if shape.area > _HALL_M2:
        slab = 4.0 * shape.area / shape.length < 2.0 * _SLAB_DEPTH_M
        return BuildingUse.APARTMENTS if slab else BuildingUse.OFFICE
    if place.dense or shape.area > 300.0:
        shops = generator.random() < 0.1
        return BuildingUse.SHOPS if shops else BuildingUse.APARTMENTS
    return BuildingUse.HOUSE


def _by_streets(shapes: Sequence[Polygon], streets: Sequence[Street]) -> npt.NDArray[np.bool_]:
    """Which shapes a car reaches: near a street for vehicles, shape (n,)."""
    lines = [
        LineString(street.centre_line_m)
        for street in streets
        if street.road_class is not RoadClass.FOOTWAY
    ]
    near = np.zeros(len(shapes), dtype=np.bool_)
    if lines and len(shapes):
        hits = shapely.STRtree(lines).query(
            list(shapes), predicate='dwithin', distance=_GARAGE_REACH_M
        )
        near[hits[0]] = True
    return near


def _floors(tags: Tags, use: BuildingUse, storeys: int, generator: np.random.Generator) -> int:
    tagged = count(tags, 'building:levels')
    if tagged is not None:
        return max(1, round(tagged))
    height = metres(tags, 'height')
    if height is not None and 2.0 <= height <= 400.0:
        return max(1, int(height / (_STOREY_M + 0.2)))
    if use is BuildingUse.GARAGE:
        return 1
    if use in (BuildingUse.INDUSTRIAL, BuildingUse.CHURCH):
        return int(generator.choice((1, 2)))
    if use is BuildingUse.OFFICE:
        return int(generator.choice((1, 2, 3, 4)))
    if use is BuildingUse.HOUSE:
        return min(storeys, 3)
    return max(2, storeys + int(generator.choice((-1, 0, 0, 0, 1))))


def _with_valleys(
    plan: PlannedBuilding, roof: RoofKind | None, generator: np.random.Generator
) -> PlannedBuilding:
    """Pitched roofs on houses with wings too, which ``planned`` leaves flat."""
    shape = plan.footprint
    wanted = roof in (RoofKind.GABLE, RoofKind.HIP) and plan.roof is RoofKind.FLAT
    if not wanted or roof is None or shape.interiors or shape.area > _PITCHED_UP_TO_M2:
        return plan
    _, _, across = long_axis(shape)
    pitch = np.radians(generator.uniform(28.0, 42.0))
    rise = float(min(0.5 * min(across, 11.0) * np.tan(pitch), 6.0))
    return dataclasses.replace(plan, roof=roof, ridge_height_m=plan.eaves_height_m + rise)


def _as_tagged(plan: PlannedBuilding, tags: Tags) -> PlannedBuilding:
    """Tagged heights: ``height`` is that of the highest point, ``roof:height`` of the roof."""
    height, rise = metres(tags, 'height'), metres(tags, 'roof:height')
    if plan.roof is RoofKind.FLAT:
        rise = 0.0
    elif rise is None or rise <= 0.0:
        rise = plan.ridge_height_m - plan.eaves_height_m
    ridge = plan.eaves_height_m + rise
    if height is not None and 2.0 <= height <= 400.0:
        ridge = height
    eaves = max(ridge - rise, 0.4 * ridge)
    return dataclasses.replace(plan, eaves_height_m=eaves, ridge_height_m=ridge)


def _groups(shapes: Sequence[Polygon]) -> npt.NDArray[np.int32]:
    """Label of the row of touching buildings of each, shape (n,)."""
    size = len(shapes)
    if size == 0:
        return np.zeros(0, dtype=np.int32)
    tree = shapely.STRtree(list(shapes))
    rows, columns = tree.query(list(shapes), predicate='dwithin', distance=_TOUCHING_M)
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    labels: npt.NDArray[np.int32] = connected_components(links, directed=False)[1]
    return labels


def _clean(shape: Polygon) -> Polygon:
    """On the grid, without points that bend nothing."""
    return _piece(shapely.set_precision(shape.simplify(0.03), _GRID_M))


def _piece(shape: BaseGeometry) -> Polygon:
    """The largest polygon, counter-clockwise."""
    return orient(shapely.force_2d(largest(shape)))

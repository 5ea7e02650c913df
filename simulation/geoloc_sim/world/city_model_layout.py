# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""City models as layouts: footprints, heights and roofs of their buildings on flat ground."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.errors import MapError
from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.world.city_model import CityKind, CityModel, CityThing, SurfaceRole
from geoloc_sim.world.osm_buildings import clear_of_streets, footprints
from geoloc_sim.world.osm_rings import OsmOutline, polygonal
from geoloc_sim.world.records import (
    Area,
    AreaKind,
    Building,
    BuildingUse,
    Layout,
    RoofKind,
)

_GRID_M = 0.001
_MARGIN_M = 20.0
_LEVEL = 0.985
_ROOF_UP = 0.2
_STOREY_M = 3.0
_FLAT_SHARE = 0.6
_LOWEST_WALL_M = 1.8

#: Ground in the order of painting.
_GROUND: tuple[tuple[CityKind, AreaKind], ...] = (
    (CityKind.LAND, AreaKind.COURTYARD),
    (CityKind.GREEN, AreaKind.GRASS),
    (CityKind.WATER, AreaKind.WATER),
    (CityKind.ROAD, AreaKind.ROAD),
)


@dataclasses.dataclass(frozen=True, slots=True)
class _RoofParts:
    """Faces that look up: area, unit normal, mean height over the base, by row."""

    area_m2: FloatArray
    normal: FloatArray
    height_m: FloatArray
    lowest_m: float
    highest_m: float


def city_model_layout(model: CityModel, seed: int, streets: Layout | None = None) -> Layout:
    """The buildings of a city model as extruded footprints, each standing on z = 0.

    Args:
        model: from ``read_city_model``.
        seed: of uses and of what dressing chooses.
        streets: a layout with the same datum that gives streets, trees and bounds (city models
            have no lanes), such as an OpenStreetMap extract; footprints are cut back from its
            roadways, and it is the model's roads that are left out. Without one the model's own
            roads are painted, and nothing can be driven on.

    Raises:
        MapError: the model has no building, or the streets have another datum.
    """
    if streets is not None and streets.datum != model.datum:
        raise MapError(
            f'streets have the datum {streets.datum}, the city model {model.datum}; expected one '
            'datum; give it to read_city_model'
        )
    plans = [building_of(thing, number) for number, thing in enumerate(model.buildings)]
    if not plans:
        raise MapError(
            f'city model {model.name} has no building; expected at least one; use its mesh'
        )
    bounds = streets.bounds_m if streets is not None else _bounds(model)
    outlines = [OsmOutline(plan.number, {}, plan.footprint) for plan in plans]
    disjoint = footprints(outlines, shapely.box(*bounds))
    if streets is not None:
        disjoint = clear_of_streets(disjoint, streets.streets)
    buildings = tuple(_on_ground(plans[found.number], found.polygon, seed) for found in disjoint)
    return Layout(
        name=model.name,
        seed=seed,
        datum=model.datum,
        bounds_m=bounds,
        junctions_m=np.empty((0, 2)) if streets is None else streets.junctions_m,
        streets=() if streets is None else streets.streets,
        buildings=buildings,
        areas=_areas(model, bounds, with_roads=streets is None),
        trees=() if streets is None else streets.trees,
    )


def building_of(thing: CityThing, number: int) -> Building:
    """A thing's footprint, heights over its lowest point, and the roof most like its own."""
    base = float(thing.points_m()[:, 2].min())
    footprint = footprint_of(thing)
    roof = _roof_parts(thing, base)
    if roof is None:
        height = max(float(np.ptp(thing.points_m()[:, 2])), _LOWEST_WALL_M)
        return _with_use(number, footprint, height, RoofKind.FLAT, height)
    kind = _roof_kind(roof)
    eaves, ridge = roof.lowest_m, roof.highest_m
    if kind is RoofKind.FLAT or footprint.interiors:
        kind = RoofKind.FLAT
        eaves = ridge = float(np.average(roof.height_m, weights=roof.area_m2))
    eaves = max(eaves, min(_LOWEST_WALL_M, 0.7 * ridge))
    return _with_use(number, footprint, eaves, kind, max(ridge, eaves))


def footprint_of(thing: CityThing) -> Polygon:
    """The ground a building covers: its ground faces, else its roofs, seen from above."""
    for roles in ((SurfaceRole.GROUND,), (SurfaceRole.ROOF,), tuple(SurfaceRole)):
        shapes = [_from_above(face.rings_m) for face in thing.faces if face.role in roles]
        kept = [shape for shape in shapes if shape.area > 1e-3]
        if kept:
            together = shapely.union_all(kept, grid_size=_GRID_M)
            closed = together.buffer(0.02, join_style='mitre').buffer(-0.02, join_style='mitre')
            return _largest(polygonal(closed))
    return Polygon()


def _from_above(rings: Sequence[FloatArray]) -> BaseGeometry:
    shape = Polygon(rings[0][:, :2], [ring[:, :2] for ring in rings[1:]])
    return shape if shape.is_valid else polygonal(shape)


def _largest(shape: BaseGeometry) -> Polygon:
    part = max(shapely.get_parts(shape), key=lambda one: one.area)
    return shapely.geometry.polygon.orient(part)


def _roof_parts(thing: CityThing, base_m: float) -> _RoofParts | None:
    areas, normals, heights, corners = [], [], [], []
    for face in thing.faces:
        ring = face.rings_m[0]
        centred = ring - ring.mean(axis=0)
        normal = 0.5 * np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
        area = float(np.linalg.norm(normal))
        if area < 1e-6 or face.role in (SurfaceRole.WALL, SurfaceRole.GROUND):
            continue
        if normal[2] / area < _ROOF_UP:
            continue
        areas.append(area)
        normals.append(normal / area)
        heights.append(float(ring[:, 2].mean()) - base_m)
        corners.append(ring[:, 2] - base_m)
    if not areas:
        return None
    every = np.concatenate(corners)
    return _RoofParts(
        np.array(areas),
        np.array(normals),
        np.array(heights),
        float(np.quantile(every, 0.1)),
        float(every.max()),
    )


def _roof_kind(roof: _RoofParts) -> RoofKind:
    """By the share of level ground and by how many ways the rest slopes."""
    sloped = roof.normal[:, 2] < _LEVEL
    total = roof.area_m2.sum()
    if roof.area_m2[~sloped].sum() > _FLAT_SHARE * total:
        return RoofKind.FLAT
    yaws = np.arctan2(roof.normal[sloped, 1], roof.normal[sloped, 0])
    weights = roof.area_m2[sloped] / roof.area_m2[sloped].sum()
    main = float(yaws[int(np.argmax(weights))])
    quarter = np.round((yaws - main) / (np.pi / 2.0)).astype(np.int64) % 4
    shares = np.bincount(quarter, weights=weights, minlength=4)
    if shares[0] > 0.85:
        return RoofKind.SHED
    return RoofKind.HIP if shares[1] + shares[3] > 0.18 else RoofKind.GABLE


def _with_use(
    number: int, footprint: Polygon, eaves_m: float, roof: RoofKind, ridge_m: float
) -> Building:
    storeys = max(1, round((eaves_m - 0.3) / _STOREY_M))
    if footprint.area < 45.0 and storeys == 1:
        use = BuildingUse.GARAGE
    elif footprint.area > 900.0:
        use = BuildingUse.INDUSTRIAL if storeys < 3 else BuildingUse.OFFICE
    elif storeys > 2 or footprint.area > 300.0:
        use = BuildingUse.APARTMENTS
    else:
        use = BuildingUse.HOUSE
    return Building(number, footprint, eaves_m, roof, ridge_m, storeys, use)


def _on_ground(plan: Building, footprint: Polygon, seed: int) -> Building:
    """A building with the ground that is left to it; some flats have shops below."""
    generator = stream('city model use', seed, plan.number)
    use = plan.use
    if use is BuildingUse.APARTMENTS and generator.random() < 0.15:
        use = BuildingUse.SHOPS
    return dataclasses.replace(plan, footprint=footprint, use=use)


def _bounds(model: CityModel) -> tuple[float, float, float, float]:
    points = np.concatenate([thing.points_m() for thing in model.things])
    west, south = (points[:, :2].min(axis=0) - _MARGIN_M).tolist()
    east, north = (points[:, :2].max(axis=0) + _MARGIN_M).tolist()
    return (west, south, east, north)


def _areas(
    model: CityModel, bounds: tuple[float, float, float, float], *, with_roads: bool
) -> tuple[Area, ...]:
    box = shapely.box(*bounds)
    areas = []
    for kind, ground in _GROUND:
        if kind is CityKind.ROAD and not with_roads:
            continue
        for thing in model.things:
            if thing.kind is not kind:
                continue
            shapes = [_from_above(face.rings_m) for face in thing.faces]
            together = shapely.union_all(
                [shape for shape in shapes if shape.area > 1e-3], grid_size=_GRID_M
            )
            inside = polygonal(shapely.intersection(together, box))
            areas += [Area(p, ground) for p in shapely.get_parts(inside) if not p.is_empty]
    return tuple(areas)

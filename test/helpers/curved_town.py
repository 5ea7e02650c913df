# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A small town of bent streets and turned houses, laid out by hand rules, to be dressed."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.world.records import (
    Area,
    AreaKind,
    Building,
    BuildingUse,
    Layout,
    RoadClass,
    RoofKind,
    Street,
    Tree,
    TreeKind,
)

PITCH_M = 110.0
_WIDTH_M = {
    RoadClass.PRIMARY: 13.6,
    RoadClass.SECONDARY: 9.2,
    RoadClass.RESIDENTIAL: 6.4,
    RoadClass.SERVICE: 5.0,
}
_LANES = {RoadClass.PRIMARY: 4}


def bent(start: FloatArray, end: FloatArray, bend_m: float) -> FloatArray:
    """A parabola between two points, shape (17, 2)."""
    t = np.linspace(0.0, 1.0, 17)[:, None]
    along = end - start
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    return start + t * along + normal * bend_m * 4.0 * t * (1.0 - t)


def curved_town(columns: int = 3, rows: int = 3, seed: int = 5) -> Layout:
    """Streets on a disturbed lattice of this many junctions, houses wherever they fit."""
    rng = np.random.default_rng(seed)
    lattice = [(i, j) for j in range(rows) for i in range(columns)]
    junctions = [np.array(place) * PITCH_M + rng.uniform(-14.0, 14.0, 2) for place in lattice]
    number = {place: n for n, place in enumerate(lattice)}
    streets = []
    for i, j in lattice:
        for di, dj in ((1, 0), (0, 1)):
            if (i + di, j + dj) in number:
                a, b = number[i, j], number[i + di, j + dj]
                road_class = _class(i, j, dj)
                line = bent(junctions[a], junctions[b], rng.uniform(-9.0, 9.0))
                streets.append(_street(a, b, line, road_class, tunnel=(i, j, dj) == (1, 0, 1)))
    junctions.append(junctions[0] + (52.0, 45.0))  # a dead end in the first block
    dead_end = bent(junctions[0], junctions[-1], 3.0)
    streets.append(_street(0, len(junctions) - 1, dead_end, RoadClass.SERVICE))
    roads = shapely.union_all(
        [LineString(s.centre_line_m).buffer(s.width_m / 2.0 + 3.0) for s in streets]
    )
    areas = _areas(np.mean([junctions[n] for n in (1, 2, columns + 1, columns + 2)], axis=0))
    margin = 60.0
    bounds = (-margin, -margin, (columns - 1) * PITCH_M + margin, (rows - 1) * PITCH_M + margin)
    buildings = _buildings(bounds, roads, [area.polygon for area in areas], rng)
    on_road = tuple(junctions[0].tolist())
    trees = (
        Tree(*on_road, 8.0, 2.0, TreeKind.BROADLEAF),
        Tree(*areas[1].polygon.centroid.coords[0], 8.0, 2.0, TreeKind.CONIFER),
    )
    datum = GeodeticPosition(49.0, 8.4, 115.0)
    return Layout(
        'curved town',
        seed,
        datum,
        bounds,
        np.array(junctions),
        tuple(streets),
        buildings,
        areas,
        trees,
    )


def roadway(layout: Layout) -> Polygon:
    """Streets for vehicles from kerb to kerb, without rounded corners."""
    return shapely.union_all(
        [
            LineString(street.centre_line_m).buffer(street.width_m / 2.0, cap_style='flat')
            for street in layout.streets
            if street.road_class is not RoadClass.FOOTWAY
        ]
    )


def _class(i: int, j: int, dj: int) -> RoadClass:
    if dj == 0 and j == 1:
        return RoadClass.PRIMARY
    if dj == 1 and i == 1:
        return RoadClass.SECONDARY
    return RoadClass.RESIDENTIAL


def _street(
    start: int, end: int, line: FloatArray, road_class: RoadClass, *, tunnel: bool = False
) -> Street:
    return Street(
        start,
        end,
        line,
        road_class,
        _LANES.get(road_class, 2),
        _WIDTH_M[road_class],
        tunnel=tunnel,
    )


def _areas(centre: FloatArray) -> tuple[Area, ...]:
    def box(x: float, y: float, half: float) -> Polygon:
        east, north = centre[0] + x, centre[1] + y
        return shapely.box(east - half, north - half, east + half, north + half)

    return (
        Area(box(-16.0, -16.0, 11.0), AreaKind.WATER),
        Area(box(16.0, 16.0, 12.0), AreaKind.GRASS),
        Area(box(-16.0, 16.0, 12.0), AreaKind.SQUARE),
        Area(box(16.0, -16.0, 12.0), AreaKind.PARKING),
    )


def _buildings(
    bounds: tuple[float, float, float, float],
    roads: Polygon,
    taken: list[Polygon],
    rng: np.random.Generator,
) -> tuple[Building, ...]:
    found: list[Polygon] = []
    keep_off = [roads, *taken]
    for _ in range(int((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / 130.0)):
        x, y = rng.uniform(bounds[:2], bounds[2:])
        length, width, yaw = rng.uniform(9, 22), rng.uniform(8, 13), rng.uniform(0, math.pi)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (length / 2, width / 2)
        turn = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
        footprint = Polygon(corners @ turn + (x, y))
        if all(footprint.distance(other) > 2.5 for other in (*keep_off, *found)):
            found.append(footprint)
    uses = rng.choice(list(BuildingUse), size=len(found), p=[0.5, 0.15, 0.1, 0.1, 0.1, 0.03, 0.02])
    return tuple(
        Building(n, footprint, 7.0, RoofKind.GABLE, 10.0, 2, use)
        for n, (footprint, use) in enumerate(zip(found, uses, strict=True))
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Roadways: streets as wide as they are, rounded corners at junctions, heads of dead ends."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_sim.randomness import stream
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.junctions import Arm, Corner, Junction, find_junctions
from geoloc_sim.world.lanes import CrossSection, cross_section
from geoloc_sim.world.overlay import each_without, polygons_of, united, without
from geoloc_sim.world.records import Area, AreaKind, Layout, RoadClass, Street
from geoloc_sim.world.street_frame import StreetFrame, street_frame

_SHORTEST_BODY_M = 3.0
_BUILDING_CLEARANCE_M = 1.0
_SMALLEST_ISLAND_M2 = 14.0
#: Junctions reach this far under the bodies of streets, so that no gap opens between them.
_OVERLAP_M = 0.03


@dataclasses.dataclass(frozen=True, slots=True)
class StreetBody:
    """A street for vehicles and the part of it between its junctions.

    Attributes:
        number: of the street in its layout.
        street: as laid out.
        frame: its coordinates.
        section: its cross-section.
        start_m: station where the body begins.
        end_m: where it ends; not after start_m when junctions take all of a short street.
    """

    number: int
    street: Street
    frame: StreetFrame
    section: CrossSection
    start_m: float
    end_m: float

    @property
    def exists(self) -> bool:
        """There is road that belongs to no junction."""
        return self.end_m - self.start_m >= _SHORTEST_BODY_M


@dataclasses.dataclass(frozen=True, slots=True)
class Roads:
    """The roadways of a layout.

    Attributes:
        bodies: one for each street for vehicles.
        junctions: where they meet.
        body_polygons: roadway of the bodies that exist, by street number.
        corner_fills: what the rounding of kerbs adds, and heads of dead ends.
        region: everything that is roadway.
        areas: ``region`` in pieces, one tone each, that overlap by centimetres.
    """

    bodies: tuple[StreetBody, ...]
    junctions: tuple[Junction, ...]
    body_polygons: dict[int, Polygon]
    corner_fills: tuple[Polygon, ...]
    region: BaseGeometry
    areas: tuple[Area, ...]


def build_roads(layout: Layout, settings: DressingSettings) -> Roads:
    """Roadways of a layout; corners are rounded as far as buildings let them."""
    junctions = find_junctions(layout, settings)
    bodies = _bodies(layout, junctions)
    strips = [
        body.frame.line(0.0, body.frame.length_m).buffer(
            body.street.width_m / 2.0, cap_style='flat', join_style='round', quad_segs=6
        )
        for body in bodies
    ]
    discs = [
        Point(layout.junctions_m[junction.number]).buffer(junction.core_radius_m, quad_segs=8)
        for junction in junctions
        if len(junction.arms) > 1
    ]
    buildings = shapely.STRtree([building.footprint for building in layout.buildings])
    by_number = {body.number: body for body in bodies}
    fills = _corner_fills(layout, junctions, by_number, buildings)
    fills += _turning_heads(layout, junctions, by_number, buildings)
    region = united([*strips, *discs, *fills])
    region = _without_small_islands(region)
    body_polygons = {body.number: _body_polygon(body) for body in bodies if body.exists}
    covered = shapely.union_all(list(body_polygons.values()))
    junction_ground = without(region, covered)
    junction_ground = junction_ground.buffer(_OVERLAP_M, join_style='mitre', mitre_limit=1.5)
    areas = _road_areas(layout.seed, junction_ground, body_polygons)
    return Roads(bodies, junctions, body_polygons, tuple(fills), region, areas)


def _bodies(layout: Layout, junctions: tuple[Junction, ...]) -> tuple[StreetBody, ...]:
    trims = {
        (arm.street, arm.at_start): trim
        for junction in junctions
        for arm, trim in zip(junction.arms, junction.trims_m, strict=True)
    }
    bodies = []
    for number, street in enumerate(layout.streets):
        if street.road_class is RoadClass.FOOTWAY:
            continue
        frame = street_frame(street.centre_line_m)
        start = trims[number, True]
        end = frame.length_m - trims[number, False]
        bodies.append(StreetBody(number, street, frame, cross_section(street), start, end))
    return tuple(bodies)


def _body_polygon(body: StreetBody) -> Polygon:
    line = body.frame.line(body.start_m, body.end_m)
    return line.buffer(
        body.street.width_m / 2.0, cap_style='flat', join_style='round', quad_segs=6
    )


def _arm_strip(body: StreetBody, arm: Arm, reach_m: float) -> Polygon:
    length = body.frame.length_m
    reach = min(reach_m, length)
    line = body.frame.line(0.0, reach) if arm.at_start else body.frame.line(length - reach, length)
    return line.buffer(arm.half_m, cap_style='flat', join_style='round', quad_segs=6)


def _corner_fills(
    layout: Layout,
    junctions: tuple[Junction, ...],
    bodies: dict[int, StreetBody],
    buildings: shapely.STRtree,
) -> list[Polygon]:
    """Rounded kerbs: the closing of each pair of neighbouring arms by its radius."""
    corners: list[Corner] = []
    pairs: list[BaseGeometry] = []
    for junction in junctions:
        disc = Point(layout.junctions_m[junction.number]).buffer(
            min(min(arm.half_m for arm in junction.arms), junction.core_radius_m), quad_segs=8
        )
        for corner in junction.corners:
            first = _arm_strip(bodies[corner.first.street], corner.first, corner.reach_m[0] + 8.0)
            second = _arm_strip(
                bodies[corner.second.street], corner.second, corner.reach_m[1] + 8.0
            )
            corners.append(corner)
            pairs.append(shapely.union_all([first, second, disc]))
    if not corners:
        return []
    waiting = np.arange(len(corners))
    pair_array = np.array(pairs, dtype=object)
    radii = np.array([corner.radius_m for corner in corners])
    fills: list[Polygon] = []
    for factor in (1.0, 0.5, 0.2):
        closed = shapely.buffer(pair_array[waiting], radii[waiting] * factor, quad_segs=8)
        closed = shapely.buffer(closed, -radii[waiting] * factor, quad_segs=8)
        added = each_without(closed, pair_array[waiting])
        blocked = _near(buildings, added, _BUILDING_CLEARANCE_M)
        fills += [part for shape in added[~blocked] for part in polygons_of(shape, 0.02)]
        waiting = waiting[blocked]
    return fills


def _turning_heads(
    layout: Layout,
    junctions: tuple[Junction, ...],
    bodies: dict[int, StreetBody],
    buildings: shapely.STRtree,
) -> list[Polygon]:
    """Round heads at some dead ends that lie inside the bounds."""
    west, south, east, north = layout.bounds_m
    heads = []
    for junction in junctions:
        x, y = layout.junctions_m[junction.number]
        arm = junction.arms[0]
        if len(junction.arms) > 1 or bodies[arm.street].street.tunnel or arm.rank > 1:
            continue
        rng = stream('turning head', layout.seed, junction.number)
        radius = arm.half_m + rng.uniform(2.0, 4.5)
        at_border = min(x - west, east - x, y - south, north - y) < 9.0
        if at_border or rng.random() < (0.1 if arm.rank > 0 else 0.5):
            continue
        sideways = arm.angle_rad + np.pi / 2.0
        shift = rng.choice([-0.5, 0.0, 0.5]) * (radius - arm.half_m)
        head = Point(x + shift * np.cos(sideways), y + shift * np.sin(sideways)).buffer(radius)
        if not _near(buildings, np.array([head]), _BUILDING_CLEARANCE_M)[0]:
            heads.append(head)
    return heads


def _near(tree: shapely.STRtree, shapes: np.ndarray, distance_m: float) -> np.ndarray:
    """Which shapes come as near as this to anything in the tree."""
    near = np.zeros(len(shapes), dtype=bool)
    near[tree.query(shapes, predicate='dwithin', distance=distance_m)[0]] = True
    return near


def _without_small_islands(region: BaseGeometry) -> BaseGeometry:
    polygons = []
    for polygon in polygons_of(region):
        holes = [hole for hole in polygon.interiors if Polygon(hole).area > _SMALLEST_ISLAND_M2]
        polygons.append(Polygon(polygon.exterior, holes))
    return MultiPolygon(polygons)


def _road_areas(
    seed: int, junction_ground: BaseGeometry, body_polygons: dict[int, Polygon]
) -> tuple[Area, ...]:
    """The junctions, and bodies with the tone of their surfacing."""
    rng = stream('junction tone', seed)
    parts = polygons_of(junction_ground)
    areas = [Area(part, AreaKind.ROAD, float(rng.uniform(0.88, 1.12))) for part in parts]
    for number, polygon in body_polygons.items():
        tone = float(stream('road tone', seed, number).uniform(0.84, 1.16))
        areas.append(Area(polygon, AreaKind.ROAD, tone))
    return tuple(areas)

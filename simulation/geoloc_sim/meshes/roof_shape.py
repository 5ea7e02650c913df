# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Roofs as heights over a footprint: the highest of its wings, each the lowest of its planes.

A wing is a part of the footprint under its own gable, hip or shed; an L-shaped house has two wings
and the valley between them is where their heights are equal. A wing's planes are linear functions
z = a x + b y + c, so every face of the roof is a polygon in one plane.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.solids import area_of, polygons_of
from geoloc_sim.world.records import Building, RoofKind

_RIGHT_ANGLE_TOLERANCE_RAD = math.radians(7.0)
_SNAP_M = 0.7
_NEAR_M = 2e-3
_LEVEL_M = 1e-9
#: Corners of faces are rounded to this, which keeps cutting sound.
_GRID_M = 1e-6

#: Corners of a polygon, the last one not repeated.
Ring = list[tuple[float, float]]


@dataclasses.dataclass(frozen=True, slots=True)
class Wing:
    """A part of a roof: ``region`` under the lowest of ``planes`` (rows a, b, c).

    A filling wing is level with the eaves: it covers what the others leave over, and does not
    reach out over the walls.
    """

    region: Polygon
    planes: FloatArray
    is_filling: bool = False

    def heights(self, points_m: FloatArray) -> FloatArray:
        """Height over points (n, 2), whether in the region or not, shape (n,)."""
        lowest: FloatArray = np.min(points_m @ self.planes[:, :2].T + self.planes[:, 2], axis=1)
        return lowest


@dataclasses.dataclass(frozen=True, slots=True)
class RoofFace:
    """A flat face of a roof; ``plane`` is (a, b, c) of z = a x + b y + c."""

    polygon: Polygon
    plane: FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class RoofShape:
    """All wings of a roof and how far its edge stands out over the walls."""

    footprint: Polygon
    wings: tuple[Wing, ...]

    def heights(self, points_m: FloatArray) -> FloatArray:
        """Height of the roof over points (n, 2) of the footprint, shape (n,)."""
        if len(self.wings) == 1:
            return self.wings[0].heights(points_m)
        heights = np.full(len(points_m), -np.inf)
        for wing in self.wings:
            inside = shapely.intersects_xy(wing.region.buffer(_NEAR_M), points_m)
            heights[inside] = np.maximum(heights[inside], wing.heights(points_m[inside]))
        return heights

    def faces(self, overhang_m: float = 0.0) -> list[RoofFace]:
        """The roof's faces; together they cover the footprint widened by the overhang."""
        cover = outline(self.footprint, overhang_m)
        if len(self.wings) == 1:
            return _faces_of_one(self.wings[0], cover)
        cells = [
            _Cell(number, ring, plane)
            for number, wing in enumerate(self.wings)
            if not wing.is_filling
            for ring, plane in _convex_cells(
                _corners(outline(wing.region, overhang_m)), wing.planes
            )
        ]
        faces = []
        for cell in cells:
            shape = area_of(
                shapely.intersection(_uncovered(cell, cells), cover, grid_size=_GRID_M)
            )
            faces += [RoofFace(part, cell.plane) for part in polygons_of(shape, 1e-4)]
        return _filled(faces, self.wings, self.footprint)


def outline(footprint: Polygon, overhang_m: float) -> Polygon:
    """The footprint widened on every side, with sharp corners."""
    if overhang_m == 0.0:
        return footprint
    return footprint.buffer(overhang_m, join_style='mitre', mitre_limit=3.0)


@dataclasses.dataclass(frozen=True, slots=True)
class _Cell:
    """Where a plane is the lowest of its wing: a convex ring."""

    wing: int
    ring: Ring
    plane: FloatArray


def _corners(polygon: Polygon) -> Ring:
    """The corners of a polygon's border, counter-clockwise."""
    ring = shapely.get_coordinates(shapely.geometry.polygon.orient(polygon).exterior)[:-1]
    return [(float(x), float(y)) for x, y in ring]


def _faces_of_one(wing: Wing, cover: Polygon) -> list[RoofFace]:
    """The faces of a roof with one wing over the whole cover."""
    if len(wing.planes) == 1:
        return [RoofFace(cover, wing.planes[0])]
    if cover.convex_hull.area - cover.area < 1e-9:
        return [
            RoofFace(part, plane)
            for ring, plane in _convex_cells(_corners(cover), wing.planes)
            for part in polygons_of(Polygon(ring), 1e-4)
        ]
    faces = []
    for at, plane in enumerate(wing.planes):
        cell: BaseGeometry = cover
        for other_at, other in enumerate(wing.planes):
            if other_at != at:
                cell = _where_not_above(plane - other, cell)
        faces += [RoofFace(part, plane) for part in polygons_of(cell, 1e-4)]
    return faces


def _convex_cells(ring: Ring, planes: FloatArray) -> list[tuple[Ring, FloatArray]]:
    """The parts of a convex ring in which each plane is the lowest."""
    cells = []
    for at, plane in enumerate(planes):
        cell = ring
        for other_at, other in enumerate(planes):
            if other_at != at and len(cell) > 2:
                cell = _clipped(cell, plane - other)
        if len(cell) > 2:
            cells.append((cell, plane))
    return cells


def _uncovered(cell: _Cell, cells: list[_Cell]) -> BaseGeometry:
    """The part of a cell that no cell of another wing lies above."""
    shape: BaseGeometry = Polygon(cell.ring)
    for other in cells:
        if other.wing == cell.wing:
            continue
        difference = cell.plane - other.plane
        if np.max(np.abs(difference)) < _LEVEL_M:
            if other.wing > cell.wing:
                continue
            higher = other.ring
        else:
            higher = _clipped(other.ring, difference)
        for at in range(len(cell.ring)):
            if len(higher) < 3:
                break
            higher = _clipped(higher, _outside(cell.ring[at - 1], cell.ring[at]))
        if len(higher) > 2:
            piece = Polygon(higher)
            if piece.area > 1e-6:
                shape = area_of(shapely.difference(shape, piece, grid_size=_GRID_M))
    return shape


def _outside(start: tuple[float, float], end: tuple[float, float]) -> FloatArray:
    """A function (a, b, c) that is positive to the right of start -> end."""
    east, north = end[0] - start[0], end[1] - start[1]
    return np.array([north, -east, east * start[1] - north * start[0]])


def _filled(faces: list[RoofFace], wings: tuple[Wing, ...], footprint: Polygon) -> list[RoofFace]:
    """The faces where they are no lower than the eaves, which fill the rest of the footprint."""
    filling = next(wing for wing in wings if wing.is_filling)
    eaves = filling.planes[0]
    low: list[BaseGeometry] = []
    for face in faces:
        below = area_of(_where_not_above(face.plane - eaves + [0.0, 0.0, 1e-4], face.polygon))
        low.append(area_of(shapely.intersection(below, footprint, grid_size=_GRID_M)))
    kept = []
    for face, below in zip(faces, low, strict=True):
        shape = face.polygon
        if below.area > 1e-4:
            shape = area_of(shapely.difference(shape, below, grid_size=_GRID_M))
        kept += [RoofFace(part, face.plane) for part in polygons_of(shape, 1e-4)]
    covered = shapely.union_all([face.polygon for face in kept], grid_size=_GRID_M)
    rest = area_of(shapely.difference(footprint, covered, grid_size=_GRID_M))
    return kept + [RoofFace(part, eaves) for part in polygons_of(rest, 1e-4)]


def _where_not_above(difference: FloatArray, around: BaseGeometry) -> BaseGeometry:
    """The part of a shape where a x + b y + c <= 0."""
    if around.is_empty:
        return around
    west, south, east, north = around.bounds
    box = [(west, south), (east, south), (east, north), (west, north)]
    values = np.array(box) @ difference[:2] + difference[2]
    if np.all(values <= _LEVEL_M):
        return around
    if np.all(values >= -_LEVEL_M):
        return Polygon()
    half = _clipped(box, difference)
    if len(half) < 3:
        return Polygon()
    return area_of(shapely.intersection(around, Polygon(half), grid_size=_GRID_M))


def _clipped(ring: Ring, difference: FloatArray) -> Ring:
    """The part of a convex ring where a x + b y + c <= 0 (Sutherland and Hodgman)."""
    a, b, c = difference.tolist()
    values = [a * x + b * y + c for x, y in ring]
    kept: Ring = []
    for at, (point, value) in enumerate(zip(ring, values, strict=True)):
        before, value_before = ring[at - 1], values[at - 1]
        if min(value, value_before) < -_LEVEL_M and max(value, value_before) > _LEVEL_M:
            share = value_before / (value_before - value)
            x = before[0] + share * (point[0] - before[0])
            y = before[1] + share * (point[1] - before[1])
            kept.append((x, y))
        if value <= _LEVEL_M:
            kept.append(point)
    return kept


def roof_shape(building: Building) -> RoofShape:
    """The roof of a building; its highest point is the building's ridge height."""
    footprint = building.footprint
    rise = building.ridge_height_m - building.eaves_height_m
    if building.roof is RoofKind.FLAT or footprint.interiors or rise < 0.05:
        top = max(building.eaves_height_m, building.ridge_height_m)
        return RoofShape(footprint, (Wing(footprint, np.array([[0.0, 0.0, top]])),))
    if building.roof is RoofKind.SHED:
        wings = [_shed(footprint)]
    else:
        wings = _pitched(footprint, hipped=building.roof is RoofKind.HIP)
    scale = rise / max(_highest(wing, footprint) for wing in wings)
    lift = np.array([0.0, 0.0, building.eaves_height_m])
    return RoofShape(
        footprint,
        tuple(Wing(wing.region, wing.planes * scale + lift, wing.is_filling) for wing in wings),
    )


def _highest(wing: Wing, footprint: Polygon) -> float:
    """The greatest height of a wing over the footprint."""
    if wing.is_filling:
        return 0.0
    faces = _faces_of_one(wing, footprint if wing.region is footprint else wing.region)
    return max(
        float(np.max(shapely.get_coordinates(face.polygon) @ face.plane[:2] + face.plane[2]))
        for face in faces
    )


def _edges(polygon: Polygon) -> tuple[FloatArray, FloatArray]:
    """Starts and unit directions of a counter-clockwise ring's edges."""
    points = shapely.get_coordinates(shapely.simplify(polygon.exterior, 0.02))
    if not polygon.exterior.is_ccw:
        points = points[::-1]
    steps = np.diff(points, axis=0)
    return points[:-1], steps / np.linalg.norm(steps, axis=1)[:, None]


def _rising_planes(starts: FloatArray, directions: FloatArray) -> FloatArray:
    """Planes that are zero at the edges and rise inward by one metre a metre."""
    inward = np.stack([-directions[:, 1], directions[:, 0]], axis=1)
    return np.hstack([inward, -np.sum(inward * starts, axis=1)[:, None]])


def _main_direction(polygon: Polygon) -> FloatArray:
    """Unit vector along the longer side of the smallest rectangle around the polygon."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))
    sides = np.diff(corners[:3], axis=0)
    longer = sides[int(np.argmax(np.linalg.norm(sides, axis=1)))]
    unit: FloatArray = longer / np.linalg.norm(longer)
    return unit


def _shed(footprint: Polygon) -> Wing:
    """One plane that rises across the building, away from the edge that lies along it."""
    along = _main_direction(footprint)
    across = np.array([-along[1], along[0]])
    lowest = float(np.min(shapely.get_coordinates(footprint) @ across))
    return Wing(footprint, np.array([[across[0], across[1], -lowest]]))


def _pitched(footprint: Polygon, *, hipped: bool) -> list[Wing]:
    starts, directions = _edges(footprint)
    is_convex = footprint.convex_hull.area < 1.01 * footprint.area
    if is_convex and hipped:
        return [Wing(footprint, _rising_planes(starts, directions))]
    if is_convex and len(starts) == 4:
        lengths = np.linalg.norm(np.roll(starts, -1, axis=0) - starts, axis=1)
        first = 0 if lengths[0] + lengths[2] >= lengths[1] + lengths[3] else 1
        eaves = [first, first + 2]
        return [Wing(footprint, _rising_planes(starts[eaves], directions[eaves]))]
    wings = [] if is_convex else _right_angled_wings(footprint, hipped=hipped)
    if not wings:
        return [_spanning_gable(footprint)]
    return [*wings, Wing(footprint, np.zeros((1, 3)), is_filling=True)]


def _spanning_gable(footprint: Polygon) -> Wing:
    """Two planes over the whole footprint, with the ridge along its main direction."""
    along = _main_direction(footprint)
    across = np.array([-along[1], along[0]])
    places = shapely.get_coordinates(footprint) @ across
    low, high = float(np.min(places)), float(np.max(places))
    return Wing(
        footprint, np.array([[across[0], across[1], -low], [-across[0], -across[1], high]])
    )


def _right_angled_wings(footprint: Polygon, *, hipped: bool) -> list[Wing]:
    """Wings of a footprint with right angles: its largest rectangles; none if it has others."""
    starts, directions = _edges(footprint)
    lengths = np.linalg.norm(np.roll(starts, -1, axis=0) - starts, axis=1)
    yaw = math.atan2(*directions[int(np.argmax(lengths)), ::-1])
    off = np.abs(np.angle(np.exp(4j * (np.arctan2(directions[:, 1], directions[:, 0]) - yaw)))) / 4
    if len(starts) > 16 or np.max(off[lengths > 1.0], initial=0.0) > _RIGHT_ANGLE_TOLERANCE_RAD:
        return []
    turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    local = Polygon(starts @ turn)
    rectangles = _largest_rectangles(local, starts @ turn)
    wings = [_rectangle_wing(local, rectangle, turn, hipped=hipped) for rectangle in rectangles]
    covered = shapely.union_all([wing.region for wing in wings]) if wings else Polygon()
    return wings if footprint.difference(covered).area < 0.01 * footprint.area else []


def _snapped(values: FloatArray) -> FloatArray:
    """Sorted values with those closer than the snapping distance merged."""
    ordered = np.sort(values)
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered) > _SNAP_M) + 1)
    return np.array([group.mean() for group in groups])


def _largest_rectangles(
    polygon: Polygon, corners: FloatArray
) -> list[tuple[float, float, float, float]]:
    """Rectangles between corner lines that lie inside and in no larger one."""
    xs, ys = _snapped(corners[:, 0]), _snapped(corners[:, 1])
    inside = [
        (west, south, east, north)
        for west, east in itertools.combinations(xs.tolist(), 2)
        for south, north in itertools.combinations(ys.tolist(), 2)
        if shapely.box(west, south, east, north).difference(polygon).area
        < 0.5 * _SNAP_M * (east - west + north - south) + 1e-9
        and polygon.contains(shapely.box(west, south, east, north).centroid)
        and shapely.box(west, south, east, north).intersection(polygon).area
        > 0.94 * (east - west) * (north - south)
    ]
    return [
        mine
        for mine in inside
        if min(mine[2] - mine[0], mine[3] - mine[1]) > 1.5
        and not any(
            other != mine
            and other[0] <= mine[0]
            and other[1] <= mine[1]
            and other[2] >= mine[2]
            and other[3] >= mine[3]
            for other in inside
        )
    ]


def _rectangle_wing(
    polygon: Polygon,
    rectangle: tuple[float, float, float, float],
    turn: FloatArray,
    *,
    hipped: bool,
) -> Wing:
    """A gable along the rectangle; ends inside the footprint and hipped ones slope down."""
    west, south, east, north = rectangle
    low = np.array([[0.0, 1.0, -south], [0.0, -1.0, north]])
    ends = np.array([[1.0, 0.0, -west], [-1.0, 0.0, east]])
    sides = (((west, south), (west, north)), ((east, south), (east, north)))
    if north - south > east - west:
        low, ends = ends, low
        sides = (((west, south), (east, south)), ((west, north), (east, north)))
    border = polygon.exterior.buffer(_SNAP_M)
    sloped = [
        end
        for end, side in zip(ends, sides, strict=True)
        if hipped or not border.covers(shapely.LineString(side))
    ]
    planes = np.vstack([low, *sloped])
    planes[:, :2] = planes[:, :2] @ turn.T
    corners = np.array([(west, south), (east, south), (east, north), (west, north)]) @ turn.T
    region = shapely.geometry.polygon.orient(Polygon(corners))
    return Wing(outline(region, _SNAP_M) if _is_loose(polygon, rectangle) else region, planes)


def _is_loose(polygon: Polygon, rectangle: tuple[float, float, float, float]) -> bool:
    """Whether the rectangle's corners are not exactly those of the footprint."""
    return bool(shapely.box(*rectangle).difference(polygon).area > 1e-6)

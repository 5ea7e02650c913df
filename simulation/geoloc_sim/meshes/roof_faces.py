# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Cuts roofs into flat faces: which plane is the lowest of its wing, which wing the highest."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.solids import area_of, polygons_of

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


def outline(footprint: Polygon, overhang_m: float) -> Polygon:
    """The footprint widened on every side, with sharp corners."""
    if overhang_m == 0.0:
        return footprint
    return footprint.buffer(overhang_m, join_style='mitre', mitre_limit=3.0)


def faces_of_wings(
    wings: tuple[Wing, ...], footprint: Polygon, overhang_m: float
) -> list[RoofFace]:
    """The faces of several wings, the last one filling; each where it is the highest."""
    cover = outline(footprint, overhang_m)
    cells = [
        _Cell(number, ring, plane)
        for number, wing in enumerate(wings)
        if not wing.is_filling
        for ring, plane in _convex_cells(_corners(outline(wing.region, overhang_m)), wing.planes)
    ]
    faces = []
    for cell in cells:
        shape = area_of(shapely.intersection(_uncovered(cell, cells), cover, grid_size=_GRID_M))
        faces += [RoofFace(part, cell.plane) for part in polygons_of(shape, 1e-4)]
    return _filled(faces, wings, footprint)


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


def faces_of_one(wing: Wing, cover: Polygon) -> list[RoofFace]:
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

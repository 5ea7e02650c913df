# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Boxes, tubes and other small shapes as triangles, counter-clockwise from outside."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import TypeAlias

import mapbox_earcut
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geoloc_ros.types import FloatArray

IntArray: TypeAlias = npt.NDArray[np.int32]

#: Vertices (v, 3) in metres and faces (f, 3).
Solid: TypeAlias = tuple[FloatArray, IntArray]

_BOX_FACES: IntArray = np.array(
    [
        [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
        [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7],
    ],
    dtype=np.int32,
)  # fmt: skip


def box(size_m: Sequence[float], base_m: Sequence[float] = (0.0, 0.0, 0.0)) -> Solid:
    """An upright box; ``base_m`` is the middle of its lower face."""
    half_x, half_y = size_m[0] / 2.0, size_m[1] / 2.0
    ring = np.array(
        [
            [-half_x, -half_y, 0.0],
            [half_x, -half_y, 0.0],
            [half_x, half_y, 0.0],
            [-half_x, half_y, 0.0],
        ]
    )
    return np.concatenate([ring, ring + np.array([0.0, 0.0, size_m[2]])]) + np.asarray(
        base_m
    ), _BOX_FACES


def tube(
    start_m: Sequence[float] | FloatArray,
    end_m: Sequence[float] | FloatArray,
    start_radius_m: float,
    end_radius_m: float,
    sides: int = 6,
    *,
    capped: bool = False,
) -> Solid:
    """A straight tapered tube; ``capped`` closes its end (not its start)."""
    start, end = np.asarray(start_m, dtype=np.float64), np.asarray(end_m, dtype=np.float64)
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    helper = np.array([0.0, 0.0, 1.0]) if abs(along[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    side = np.cross(helper, along)
    side /= np.linalg.norm(side)
    angles = np.arange(sides) * (2.0 * math.pi / sides)
    circle = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * np.cross(along, side)
    vertices = np.concatenate([start + start_radius_m * circle, end + end_radius_m * circle])
    faces = _band(sides)
    if capped:
        fan = [[sides, sides + k, sides + k + 1] for k in range(1, sides - 1)]
        faces = np.concatenate([faces, np.array(fan, dtype=np.int32)])
    return vertices, faces


def _band(sides: int) -> IntArray:
    """Faces between a ring of ``sides`` vertices and the ring that follows it."""
    here = np.arange(sides)
    after = (here + 1) % sides
    lower = np.stack([here, after, after + sides], axis=1)
    upper = np.stack([here, after + sides, here + sides], axis=1)
    return np.concatenate([lower, upper]).astype(np.int32)


def loft(rings_m: FloatArray, *, closed_ends: bool = True, closed_rings: bool = True) -> Solid:
    """Skin over rings of equally many vertices, shape (rings, k, 3).

    Rings run counter-clockwise when seen from the last ring; without ``closed_rings`` the edge
    from a ring's last vertex to its first has no skin.
    """
    rings, sides = rings_m.shape[:2]
    band = _band(sides)
    if not closed_rings:
        band = np.delete(band, [sides - 1, 2 * sides - 1], axis=0)
    faces = [band + sides * k for k in range(rings - 1)]
    if closed_ends:
        fan = np.array([[0, k, k + 1] for k in range(1, sides - 1)], dtype=np.int32)
        faces += [fan[:, ::-1], fan + sides * (rings - 1)]
    return rings_m.reshape(-1, 3).astype(np.float64), np.concatenate(faces).astype(np.int32)


def joined(solids: Sequence[Solid]) -> Solid:
    """Several solids as one."""
    starts = np.cumsum([0] + [len(vertices) for vertices, _ in solids])
    return (
        np.concatenate([vertices for vertices, _ in solids]),
        np.concatenate(
            [faces + at for (_, faces), at in zip(solids, starts, strict=False)]
        ).astype(np.int32),
    )


def placed(solid: Solid, x_m: float, y_m: float, z_m: float, yaw_rad: float) -> Solid:
    """A solid turned about the vertical by ``yaw_rad``, then moved."""
    cosine, sine = math.cos(yaw_rad), math.sin(yaw_rad)
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return solid[0] @ turn + [x_m, y_m, z_m], solid[1]


def flat_polygon(polygon: Polygon) -> tuple[FloatArray, IntArray]:
    """Triangles of a polygon with holes, counter-clockwise; vertices of shape (v, 2).

    Those that have no area (three corners in a line) are left out.
    """
    rings = [shapely.get_coordinates(ring)[:-1] for ring in (polygon.exterior, *polygon.interiors)]
    vertices = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    faces = mapbox_earcut.triangulate_float64(vertices, ends).reshape(-1, 3).astype(np.int32)
    first, second, third = (vertices[faces[:, k]] for k in range(3))
    edge, other = second - first, third - first
    twice_area = edge[:, 0] * other[:, 1] - edge[:, 1] * other[:, 0]
    faces[twice_area < 0.0] = faces[twice_area < 0.0][:, ::-1]
    faces = faces[np.abs(twice_area) > 1e-9]
    return vertices, faces


def polygons_of(geometry: shapely.Geometry, smallest_m2: float = 1e-6) -> list[Polygon]:
    """The polygons in any geometry, without slivers smaller than ``smallest_m2``."""
    parts = shapely.get_parts(geometry)
    while len(parts) and np.any(shapely.get_type_id(parts) > 3):
        parts = shapely.get_parts(parts)
    keep = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > smallest_m2)
    return list(parts[keep])


def area_of(geometry: shapely.Geometry) -> shapely.Geometry:
    """The geometry without points and lines, which cutting may leave beside the polygons."""
    if geometry.geom_type in ('Polygon', 'MultiPolygon'):
        return geometry
    return MultiPolygon(polygons_of(geometry, 0.0))

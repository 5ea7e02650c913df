# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Small meshes of rectangles, plain days and parallel rays, for tests of light."""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_sim.meshes.records import PARAMETERS, SurfaceKind, SurfaceMesh, SurfaceTable
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.records import DayConditions, Rays

WHITE = (1.0, 1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Rectangle:
    """One surface: corner, and the two sides from it; its normal is side u x side v."""

    corner: tuple[float, float, float]
    side_u: tuple[float, float, float]
    side_v: tuple[float, float, float]
    kind: SurfaceKind = SurfaceKind.PLAIN
    colour: tuple[float, float, float] = WHITE
    parameters: tuple[float, ...] = ()
    seed: int = 1
    second: tuple[float, float, float] = (0.5, 0.5, 0.5)


def level(low, high, z=0.0, **surface):
    """A level rectangle that looks up, from its two corners (x, y)."""
    return Rectangle((*low, z), (high[0] - low[0], 0, 0), (0, high[1] - low[1], 0), **surface)


def mesh_of(*rectangles: Rectangle) -> SurfaceMesh:
    """A mesh with one surface for each rectangle, two triangles each."""
    corners = np.array([r.corner for r in rectangles], dtype=float)
    u = np.array([r.side_u for r in rectangles], dtype=float)
    v = np.array([r.side_v for r in rectangles], dtype=float)
    vertices = np.stack((corners, corners + u, corners + u + v, corners + v), axis=1)
    first = 4 * np.arange(len(rectangles))[:, None, None]
    faces = first + np.array(((0, 1, 2), (0, 2, 3)))
    numbers = np.zeros((len(rectangles), PARAMETERS), dtype=np.float32)
    for row, rectangle in zip(numbers, rectangles, strict=True):
        row[: len(rectangle.parameters)] = rectangle.parameters
    table = SurfaceTable(
        kind=np.array([r.kind for r in rectangles], dtype=np.uint8),
        colour=np.array([r.colour for r in rectangles], dtype=np.float32),
        second_colour=np.array([r.second for r in rectangles], dtype=np.float32),
        origin_m=corners,
        u_axis=(u / np.linalg.norm(u, axis=1, keepdims=True)).astype(np.float32),
        v_axis=(v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32),
        parameters=numbers,
        seed=np.array([r.seed for r in rectangles], dtype=np.uint32),
        object_id=np.arange(len(rectangles), dtype=np.int32),
    )
    return SurfaceMesh(
        vertices.reshape(-1, 3),
        faces.reshape(-1, 3).astype(np.int32),
        np.repeat(np.arange(len(rectangles), dtype=np.int32), 2),
        table,
    )


def box(low, high, **surface) -> tuple[Rectangle, ...]:
    """South, east, north, west walls and roof of a box, all looking out."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    up = (0, 0, z1 - z0)
    return (
        Rectangle((x0, y0, z0), (x1 - x0, 0, 0), up, **surface),
        Rectangle((x1, y0, z0), (0, y1 - y0, 0), up, **surface),
        Rectangle((x1, y1, z0), (x0 - x1, 0, 0), up, **surface),
        Rectangle((x0, y1, z0), (0, y0 - y1, 0), up, **surface),
        level((x0, y0), (x1, y1), z1, **surface),
    )


def plain_day(**changes) -> DayConditions:
    """A clear dry day without haze: sun in the east at 45 degrees, white; a grey sky."""
    values = {
        'sun_azimuth_rad': 0.0,
        'sun_elevation_rad': np.pi / 4.0,
        'sun_rgb': WHITE,
        'sky_zenith_rgb': (0.2, 0.3, 0.5),
        'sky_horizon_rgb': (0.5, 0.5, 0.5),
        'cloud_share': 0.0,
        'haze_per_m': 0.0,
        'wetness': 0.0,
        'exposure': 1.0,
        'white_balance': WHITE,
    }
    return dataclasses.replace(draw_day(0), **{**values, **changes})


def rays_down(points, z=100.0, spread_m=0.0) -> Rays:
    """Parallel rays straight down through points (x, y)."""
    points = np.asarray(points, dtype=np.float32).reshape(-1, 2)
    origins = np.column_stack((points, np.full(len(points), z))).astype(np.float32)
    directions = np.zeros_like(origins)
    directions[:, 2] = -1.0
    return Rays(origins, directions, 0.0, spread_m)


def grid(low, high, step):
    """Centres of the squares of a size between two corners, row by row, shape (n, 2)."""
    x = np.arange(low[0] + 0.5 * step, high[0], step)
    y = np.arange(low[1] + 0.5 * step, high[1], step)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)

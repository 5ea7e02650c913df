# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Smooth outlines: more rays through just those pixels that hold an edge."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import ShapeError
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.compiled import compiled, inlined
from geoloc_sim.rendering.records import Float32Array, Int32Array, Radiance, Rays
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene

_FOLIAGE = int(SurfaceKind.FOLIAGE)
#: Distance of the added rays from the pixel's centre, in pixels.
_RADIUS_PX = 0.36
#: Colours of two surfaces that differ by less need no smooth edge.
_SAME_COLOUR = 0.03


def render_smooth(
    scene: Scene, rays: Rays, shape: tuple[int, int], *, shadows: bool = True, added: int = 3
) -> Radiance:
    """As ``render``, for the rays of an image; pixels at edges average several rays.

    Hits stay those of the pixels' centres.

    Args:
        scene: what is there and how it is lit.
        rays: through the centres of the pixels, row by row.
        shape: rows and columns of the image.
        shadows: as in ``render``.
        added: rays more in each pixel at an edge, 1 or more; the centre's counts as one, too.

    Raises:
        ShapeError: rows times columns is not the number of rays.
    """
    if shape[0] * shape[1] != len(rays.origins_m):
        raise ShapeError(
            f'image is {shape[0]} x {shape[1]} but there are {len(rays.origins_m)} rays; '
            'expected one for each pixel'
        )
    seen = render(scene, rays, shadows=shadows)
    hits, packed = seen.hits, scene.packed
    columns = (hits.distance_m, hits.surface, hits.normal)
    chosen = _edge_pixels(shape[0], shape[1], *columns, packed.kind, packed.numbers)
    if not chosen.size:
        return seen
    size = (added * len(chosen), 3)
    origins, directions = np.empty(size, np.float32), np.empty(size, np.float32)
    _rays_between(chosen, shape, added, rays.origins_m, rays.directions, origins, directions)
    shrink = 1.0 / math.sqrt(added + 1.0)
    finer = Rays(origins, directions, rays.spread_rad * shrink, rays.spread_m * shrink)
    more = render(scene, finer, shadows=shadows)
    _average(chosen, added, more.rgb, seen.rgb)
    return seen


@inlined
def _is_edge(
    i: int,
    j: int,
    distance: Float32Array,
    surface: Int32Array,
    normal: Float32Array,
    kinds: npt.NDArray[np.uint8],
    numbers: Float32Array,
) -> bool:
    """Whether the hits of two neighbouring pixels lie on visibly different things."""
    first, second = surface[i], surface[j]
    if first == second:
        if first < 0 or kinds[first] == _FOLIAGE:
            return False
        dot = 0.0
        for axis in range(3):
            dot += float(normal[i, axis]) * float(normal[j, axis])
        return dot < 0.97
    if first < 0 or second < 0 or kinds[first] != kinds[second]:
        return True
    if kinds[first] == _FOLIAGE:
        return abs(float(distance[i]) - float(distance[j])) > 3.0
    change, dot = 0.0, 0.0
    for axis in range(3):
        change += abs(float(numbers[first, axis]) - float(numbers[second, axis]))
        dot += float(normal[i, axis]) * float(normal[j, axis])
    one, other = float(distance[i]), float(distance[j])
    near, far = min(one, other), max(one, other)
    return change > _SAME_COLOUR or dot < 0.97 or (far - near > 1.0 and far > 1.15 * near)


@compiled
def _edge_pixels(
    rows: int,
    columns: int,
    distance: Float32Array,
    surface: Int32Array,
    normal: Float32Array,
    kinds: npt.NDArray[np.uint8],
    numbers: Float32Array,
) -> npt.NDArray[np.int64]:
    """Numbers of the pixels on either side of an edge."""
    marked = np.zeros(rows * columns, np.bool_)
    for row in range(rows):
        for column in range(columns):
            i = row * columns + column
            if column + 1 < columns and _is_edge(
                i, i + 1, distance, surface, normal, kinds, numbers
            ):
                marked[i] = marked[i + 1] = True
            if row + 1 < rows and _is_edge(
                i, i + columns, distance, surface, normal, kinds, numbers
            ):
                marked[i] = marked[i + columns] = True
    return np.flatnonzero(marked)


@compiled
def _rays_between(
    chosen: npt.NDArray[np.int64],
    shape: tuple[int, int],
    added: int,
    origins: Float32Array,
    directions: Float32Array,
    new_origins: Float32Array,
    new_directions: Float32Array,
) -> None:
    """Rays on a circle about each chosen pixel's centre, between those of its neighbours."""
    rows, columns = shape
    for k in range(chosen.size):
        i = chosen[k]
        row, column = i // columns, i % columns
        left, right = i - (column > 0), i + (column + 1 < columns)
        above, below = i - columns * (row > 0), i + columns * (row + 1 < rows)
        wide, high = max(right - left, 1), max((below - above) // columns, 1)
        for turn in range(added):
            angle = 2.0 * math.pi * (turn + 0.27) / added + 0.8 * (row + column)
            u, v = _RADIUS_PX * math.cos(angle) / wide, _RADIUS_PX * math.sin(angle) / high
            at = k * added + turn
            length = 0.0
            for axis in range(3):
                new_origins[at, axis] = (
                    origins[i, axis]
                    + u * (origins[right, axis] - origins[left, axis])
                    + v * (origins[below, axis] - origins[above, axis])
                )
                part = (
                    directions[i, axis]
                    + u * (directions[right, axis] - directions[left, axis])
                    + v * (directions[below, axis] - directions[above, axis])
                )
                new_directions[at, axis] = part
                length += part * part
            scale = 1.0 / math.sqrt(length)
            for axis in range(3):
                new_directions[at, axis] *= scale


@compiled
def _average(
    chosen: npt.NDArray[np.int64], added: int, more: Float32Array, rgb: Float32Array
) -> None:
    for k in range(chosen.size):
        for channel in range(3):
            total = rgb[chosen[k], channel]
            for turn in range(added):
                total += more[k * added + turn, channel]
            rgb[chosen[k], channel] = total / (added + 1.0)

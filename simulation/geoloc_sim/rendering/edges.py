# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Smooth outlines: more rays through just those pixels that hold an edge."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import ShapeError
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.compiled import compiled
from geoloc_sim.rendering.records import Float32Array, Int32Array, Radiance, Rays
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene

_FOLIAGE = int(SurfaceKind.FOLIAGE)
#: Distance of the added rays from the pixel's centre, in pixels.
_RADIUS_PX = 0.36
#: Steps of colour that two surfaces of a kind may share without a smooth edge between them.
_COLOUR_STEP = 0.04


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
    looks = _looks(seen.hits.surface, scene.packed.kind, scene.packed.numbers)
    chosen = _edge_pixels(shape[0], shape[1], looks, seen.hits.distance_m, seen.hits.normal)
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


@compiled
def _looks(surface: Int32Array, kinds: npt.NDArray[np.uint8], numbers: Float32Array) -> Int32Array:
    """A number for each pixel that tells surfaces of other kind or colour apart; 0 for the sky."""
    looks = np.zeros(surface.size, np.int32)
    for i in range(surface.size):
        number = surface[i]
        if number < 0:
            continue
        look = int(kinds[number]) + 1
        if look != _FOLIAGE + 1:
            for channel in range(3):
                look = 64 * look + int(numbers[number, channel] / _COLOUR_STEP)
        looks[i] = look
    return looks


@compiled
def _edge_pixels(
    rows: int, columns: int, looks: Int32Array, distance: Float32Array, normal: Float32Array
) -> npt.NDArray[np.int64]:
    """Numbers of the pixels on either side of an edge."""
    marked = np.zeros(rows * columns, np.bool_)
    for i in range(rows * columns):
        for side in range(2):
            j = i + 1 if side == 0 else i + columns
            if (side == 0 and j % columns == 0) or j >= rows * columns:
                continue
            if looks[i] == looks[j]:
                if looks[i] == 0:
                    continue
                near, far = distance[i], distance[j]
                if near > far:
                    near, far = far, near
                apart = far > 1.15 * near and far - near > 1.0
                if looks[i] != _FOLIAGE + 1:
                    dot = normal[i, 0] * normal[j, 0] + normal[i, 1] * normal[j, 1]
                    apart = dot + normal[i, 2] * normal[j, 2] < 0.97 or (
                        apart and abs(normal[i, 2]) < 0.5
                    )
                if not apart:
                    continue
            marked[i] = marked[j] = True
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

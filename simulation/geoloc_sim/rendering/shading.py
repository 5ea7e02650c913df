# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The kernel that turns hits into light, and ``render``, which traces and shades."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_sim.rendering.compiled import compiled
from geoloc_sim.rendering.openness import sky_share
from geoloc_sim.rendering.records import Float32Array, Hits, Int32Array, Radiance, Rays
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.rendering.sky import Light, sky_on_surface, sky_rgb


def render(scene: Scene, rays: Rays, *, shadows: bool = True) -> Radiance:
    """Linear light along rays, and what they met.

    Args:
        scene: what is there and how it is lit.
        rays: shape (n, 3) each.
        shadows: trace rays to the sun; without, everything that faces the sun is lit.
    """
    hits = scene.trace(rays)
    lit = sun_share(scene, rays, hits) if shadows else np.ones(len(hits.surface), np.float32)
    rgb = np.empty((len(hits.surface), 3), np.float32)
    packed, lattice = scene.packed, scene.openness
    _shade(
        scene.light,
        packed.numbers,
        lattice.values,
        (lattice.west_m, lattice.south_m, lattice.cell_m),
        (rays.spread_rad, rays.spread_m),
        rays.origins_m,
        rays.directions,
        hits.distance_m,
        hits.surface,
        hits.normal,
        lit,
        rgb,
    )
    return Radiance(rgb, hits)


def sun_share(scene: Scene, rays: Rays, hits: Hits) -> Float32Array:
    """Share of the sun that reaches each hit: 0 in the shadow, 1 in the sun."""
    lit = np.zeros(len(hits.surface), np.float32)
    sun = np.array(scene.light.sun_direction, np.float32)
    if max(scene.light.sun_rgb) <= 0.0:
        return lit
    facing = np.flatnonzero((hits.normal @ sun > 0.0) & (hits.surface >= 0))
    origins = np.empty((len(facing), 3), np.float32)
    _lifted(facing, rays.origins_m, rays.directions, hits.distance_m, hits.normal, origins)
    towards = np.empty_like(origins)
    towards[:] = sun
    lit[facing] = ~scene.occluded(origins, towards)
    return lit


@compiled
def _lifted(
    chosen: npt.NDArray[np.int64],
    origins: Float32Array,
    directions: Float32Array,
    distance: Float32Array,
    normal: Float32Array,
    lifted: Float32Array,
) -> None:
    """The chosen hits, a little off their surface."""
    for k in range(chosen.size):
        i = chosen[k]
        lift = 0.003 + 2e-5 * distance[i]
        for axis in range(3):
            lifted[k, axis] = (
                origins[i, axis] + distance[i] * directions[i, axis] + lift * normal[i, axis]
            )


@compiled
def _shade(
    light: Light,
    numbers: Float32Array,
    openness: Float32Array,
    lattice: tuple[float, float, float],
    spread: tuple[float, float],
    origins: Float32Array,
    directions: Float32Array,
    distance: Float32Array,
    surface: Int32Array,
    normal: Float32Array,
    lit: Float32Array,
    rgb: Float32Array,
) -> None:
    sun, direct, horizon = light.sun_direction, light.sun_rgb, light.horizon_rgb
    for i in range(surface.size):
        dx, dy, dz = float(directions[i, 0]), float(directions[i, 1]), float(directions[i, 2])
        number = surface[i]
        if number < 0:
            red, green, blue = sky_rgb(light, dx, dy, dz, spread[0], True)
            rgb[i, 0], rgb[i, 1], rgb[i, 2] = red, green, blue
            continue
        along = float(distance[i])
        nx, ny, nz = float(normal[i, 0]), float(normal[i, 1]), float(normal[i, 2])
        x = origins[i, 0] + along * dx
        y = origins[i, 1] + along * dy
        z = origins[i, 2] + along * dz
        red, green, blue = numbers[number, 0], numbers[number, 1], numbers[number, 2]
        level = lit[i] * max(nx * sun[0] + ny * sun[1] + nz * sun[2], 0.0)
        sky = sky_on_surface(light, nz)
        open_share = sky_share(
            openness, lattice[0], lattice[1], lattice[2], x + 1.2 * nx, y + 1.2 * ny, z
        )
        red *= level * direct[0] + open_share * sky[0]
        green *= level * direct[1] + open_share * sky[1]
        blue *= level * direct[2] + open_share * sky[2]
        kept = math.exp(-light.haze_per_m * along)
        rgb[i, 0] = kept * red + (1.0 - kept) * horizon[0]
        rgb[i, 1] = kept * green + (1.0 - kept) * horizon[1]
        rgb[i, 2] = kept * blue + (1.0 - kept) * horizon[2]

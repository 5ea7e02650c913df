# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The kernel that turns hits into light: what a surface shows, and how the day lights it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.compiled import compiled, inlined
from geoloc_sim.rendering.noise import grain
from geoloc_sim.rendering.openness import sky_share
from geoloc_sim.rendering.records import Float32Array, Int32Array, Rgb
from geoloc_sim.rendering.shading_facade import facade
from geoloc_sim.rendering.shading_ground import ground
from geoloc_sim.rendering.shading_roof import roof
from geoloc_sim.rendering.shading_things import leaves, thing
from geoloc_sim.rendering.sky import Light, sky_on_surface, sky_rgb
from geoloc_sim.rendering.spots import (
    COLOUR,
    ORIGIN,
    PARAMETER,
    U_AXIS,
    V_AXIS,
    Material,
    Spot,
    colour_at,
    footprint,
)

_WATER = int(SurfaceKind.WATER)
_MANHOLE = int(SurfaceKind.MANHOLE)
_FACADE = int(SurfaceKind.FACADE)
_ROOF_FLAT = int(SurfaceKind.ROOF_FLAT)
_FOLIAGE = int(SurfaceKind.FOLIAGE)
_CAR_PAINT = int(SurfaceKind.CAR_PAINT)
#: Ground that mirrors more than this is worth a ray to what it mirrors.
_LEAST_TRACED = 0.02
#: Value of ``lit`` that says that only leaves stand between a hit and the sun.
LEAVES_BETWEEN = 0.5


class Lattice(NamedTuple):
    """``Openness`` as the kernel takes it."""

    values: Float32Array
    west_m: float
    south_m: float
    cell_m: float


class Seen(NamedTuple):
    """What rays met, as the kernel takes it; all of length n.

    Attributes:
        origins: shape (n, 3).
        directions: shape (n, 3).
        distance: to the hit.
        before: length of ray before the origin, for haze and footprints.
        surface: number, -1 for the sky.
        normal: shape (n, 3).
        lit: share of the sun, or LEAVES_BETWEEN.
    """

    origins: Float32Array
    directions: Float32Array
    distance: Float32Array
    before: Float32Array
    surface: Int32Array
    normal: Float32Array
    lit: Float32Array


@compiled
def shade(
    light: Light,
    numbers: Float32Array,
    kinds: npt.NDArray[np.uint8],
    seeds: npt.NDArray[np.uint32],
    lattice: Lattice,
    spread_rad: float,
    spread_m: float,
    seen: Seen,
    rgb: Float32Array,
    cover: Float32Array,
    mirrors: Float32Array,
) -> None:
    """Write light and the covered share (below 1 for leaves) of each ray.

    ``mirrors`` has shape (n, 4), or (0, 4) for none: where ground mirrors much, the share of the
    light from the mirrored direction and that direction; what comes from there is left out.
    """
    for i in range(seen.surface.size):
        direction = colour_at(seen.directions[i], 0)
        number = seen.surface[i]
        cover[i] = 1.0
        if number < 0:
            colour = sky_rgb(light, direction[0], direction[1], direction[2], spread_rad, True)
            rgb[i, 0], rgb[i, 1], rgb[i, 2] = colour
            continue
        along = float(seen.distance[i])
        normal = colour_at(seen.normal[i], 0)
        x = seen.origins[i, 0] + along * direction[0]
        y = seen.origins[i, 1] + along * direction[1]
        z = seen.origins[i, 2] + along * direction[2]
        along += seen.before[i]
        row, kind = numbers[number], int(kinds[number])
        pixel = along * spread_rad + spread_m
        spot = spot_of(row, int(seeds[number]), light.seed, x, y, z, direction, normal, pixel)
        if kind == _FOLIAGE:
            albedo, cover[i], normal = leaves(
                colour_at(row, COLOUR),
                float(row[PARAMETER]),
                x,
                y,
                z,
                normal,
                spot.facing,
                pixel,
                (spot.seed + light.seed) & 0xFFFF,
            )
            material = albedo, 0.0
        else:
            material = material_of(kind, row, spot, light, z)
        sun_lit = float(seen.lit[i])
        if sun_lit == LEAVES_BETWEEN:
            sun_lit = dappled(light, x, y, z, pixel)
        mirror = material[1]
        open_share = open_sky(lattice, x, y, z, normal)
        colour = lit_colour(light, material, kind, normal, sun_lit, open_share)
        kept = math.exp(-light.haze_per_m * along)
        if mirrors.shape[0] > 0:
            mirrors[i, 0] = 0.0
        if mirror > _LEAST_TRACED and kind <= _MANHOLE and mirrors.shape[0] > 0:
            mirrors[i, 0] = kept * mirror
            way = mirrored_way(kind, normal, direction, x, y, footprint(spot), light.seed)
            mirrors[i, 1], mirrors[i, 2], mirrors[i, 3] = way
        elif mirror > 0.002:
            more = mirrored(light, kind, normal, direction, sun_lit, open_share)
            colour = (
                colour[0] + mirror * more[0],
                colour[1] + mirror * more[1],
                colour[2] + mirror * more[2],
            )
        for channel in range(3):
            rgb[i, channel] = kept * colour[channel] + (1.0 - kept) * light.horizon_rgb[channel]


@inlined
def spot_of(
    row: Float32Array,
    seed: int,
    day_seed: int,
    x: float,
    y: float,
    z: float,
    direction: Rgb,
    normal: Rgb,
    pixel: float,
) -> Spot:
    """The spot under a pixel: place along the surface's axes, and its footprint there."""
    east, north, up = x - row[ORIGIN], y - row[ORIGIN + 1], z - row[ORIGIN + 2]
    dx, dy, dz = direction
    facing = -(dx * normal[0] + dy * normal[1] + dz * normal[2])
    facing = min(max(facing, 0.01), 1.0)
    ux, uy, uz = row[U_AXIS], row[U_AXIS + 1], row[U_AXIS + 2]
    vx, vy, vz = row[V_AXIS], row[V_AXIS + 1], row[V_AXIS + 2]
    slope_u = (dx * ux + dy * uy + dz * uz) / facing
    slope_v = (dx * vx + dy * vy + dz * vz) / facing
    return Spot(
        east * ux + north * uy + up * uz,
        east * vx + north * vy + up * vz,
        pixel * math.sqrt(1.0 + slope_u * slope_u),
        pixel * math.sqrt(1.0 + slope_v * slope_v),
        min(max(slope_u, -4.0), 4.0),
        min(max(slope_v, -4.0), 4.0),
        facing,
        seed,
        day_seed,
    )


@inlined
def material_of(kind: int, row: Float32Array, spot: Spot, light: Light, z: float) -> Material:
    """Albedo and mirror of anything but leaves."""
    if kind <= _MANHOLE:
        return ground(kind, row, spot, light)
    if kind == _FACADE:
        return facade(row, spot)
    if kind <= _ROOF_FLAT:
        return roof(kind, row, spot)
    return thing(kind, row, spot, z)


@inlined
def dappled(light: Light, x: float, y: float, z: float, pixel: float) -> float:
    """Share of the sun through a crown: spots of light, the same all along a beam."""
    sun = light.sun_direction
    steep = max(sun[2], 0.1)
    u, v = x - z * sun[0] / steep, y - z * sun[1] / steep
    spots = 0.5 + grain(u, v, 0.55, 17, pixel) + 0.7 * grain(u, v, 0.19, 18, pixel)
    return min(max(2.6 * (spots - 0.62) + 0.12, 0.04), 0.85)


@inlined
def open_sky(lattice: Lattice, x: float, y: float, z: float, normal: Rgb) -> float:
    """Share of the sky over a point, looked up a little before its surface."""
    east, north = x + 1.2 * normal[0], y + 1.2 * normal[1]
    share: float = sky_share(
        lattice.values, lattice.west_m, lattice.south_m, lattice.cell_m, east, north, z
    )
    return share


@inlined
def lit_colour(
    light: Light, material: Material, kind: int, normal: Rgb, sun_lit: float, open_share: float
) -> Rgb:
    """Light that a point scatters back: of the sun, and of the sky that it sees."""
    albedo, mirror = material
    sun, direct = light.sun_direction, light.sun_rgb
    towards = normal[0] * sun[0] + normal[1] * sun[1] + normal[2] * sun[2]
    if kind == _FOLIAGE:  # leaves scatter and let through light from behind
        towards = 0.35 + 0.5 * towards
    level = sun_lit * max(towards, 0.0)
    sky = sky_on_surface(light, normal[2])
    kept = 1.0 - mirror
    return (
        kept * albedo[0] * (level * direct[0] + open_share * sky[0]),
        kept * albedo[1] * (level * direct[1] + open_share * sky[1]),
        kept * albedo[2] * (level * direct[2] + open_share * sky[2]),
    )


@inlined
def reflected(normal: Rgb, direction: Rgb) -> Rgb:
    """Direction in which a mirror with this normal turns a ray."""
    turn = 2.0 * (direction[0] * normal[0] + direction[1] * normal[1] + direction[2] * normal[2])
    return (
        direction[0] - turn * normal[0],
        direction[1] - turn * normal[1],
        direction[2] - turn * normal[2],
    )


@inlined
def mirrored_way(
    kind: int, normal: Rgb, direction: Rgb, x: float, y: float, wide: float, seed: int
) -> Rgb:
    """Unit direction in which rough wet ground or water sends a ray on, upwards."""
    cell, rough = (0.6, 0.06) if kind == _WATER else (0.08, 0.07)
    wide = wide if kind == _WATER else 0.25 * wide
    tilt_x = rough * grain(x, y, cell, seed + 91, wide)
    tilt_y = rough * grain(x, y, cell, seed + 92, wide)
    way = reflected((normal[0] + tilt_x, normal[1] + tilt_y, normal[2]), direction)
    up = max(way[2], 0.005)
    scale = 1.0 / math.sqrt(way[0] * way[0] + way[1] * way[1] + up * up)
    return way[0] * scale, way[1] * scale, up * scale


@inlined
def mirrored(
    light: Light,
    kind: int,
    normal: Rgb,
    direction: Rgb,
    sun_lit: float,
    open_share: float,
) -> Rgb:
    """What a mirror shows: the sky over the horizon that the openness tells, houses below."""
    rx, ry, rz = reflected(normal, direction)
    sky = sky_rgb(light, rx, ry, rz, 0.03, False)
    low = light.horizon_rgb
    horizon = 0.05 + 0.9 * math.sqrt(max(1.0 - open_share, 0.0))
    share = min(max((rz - horizon) / 0.25 + 0.5, 0.0), 1.0)
    town = 0.20 if rz > 0.0 else 0.13
    red = town * low[0] + share * (sky[0] - town * low[0])
    green = town * low[1] + share * (sky[1] - town * low[1])
    blue = town * low[2] + share * (sky[2] - town * low[2])
    sun = light.sun_direction
    near = max(rx * sun[0] + ry * sun[1] + rz * sun[2], 0.0)
    if near > 0.8 and sun_lit > 0.0 and (kind <= _MANHOLE or kind >= _CAR_PAINT):
        shine = sun_lit * 6.0 * near**90
        red += shine * light.sun_rgb[0]
        green += shine * light.sun_rgb[1]
        blue += shine * light.sun_rgb[2]
    return red, green, blue

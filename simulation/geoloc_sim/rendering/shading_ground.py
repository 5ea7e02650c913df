# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the ground looks like: asphalt, slabs, grass, water, paint. u and v are x and y.

Stains, grain and cracks are seeded by the day, so no two days (nor the aerial image) share them.
"""

from __future__ import annotations

from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.compiled import inlined
from geoloc_sim.rendering.noise import faded, grain, hashed, noise_2d, pulses
from geoloc_sim.rendering.records import Float32Array, Rgb
from geoloc_sim.rendering.sky import Light
from geoloc_sim.rendering.spots import (
    COLOUR,
    Material,
    Spot,
    colour_at,
    footprint,
    fresnel,
    mixed,
    scaled,
)

_ROAD = int(SurfaceKind.ROAD)
_ROAD_PATCH = int(SurfaceKind.ROAD_PATCH)
_PAVEMENT = int(SurfaceKind.PAVEMENT)
_KERB = int(SurfaceKind.KERB)
_SQUARE = int(SurfaceKind.SQUARE)
_COURTYARD = int(SurfaceKind.COURTYARD)
_PARKING = int(SurfaceKind.PARKING)
_GRASS = int(SurfaceKind.GRASS)
_SOIL = int(SurfaceKind.SOIL)
_WATER = int(SurfaceKind.WATER)
_MARKING_WHITE = int(SurfaceKind.MARKING_WHITE)
_MARKING_YELLOW = int(SurfaceKind.MARKING_YELLOW)
_MANHOLE = int(SurfaceKind.MANHOLE)
#: Brightness of the colours that lawns have in meshes; more or less of it is a lawn's own tone.
_LAWN_LEVEL = 0.144


@inlined
def ground(kind: int, row: Float32Array, spot: Spot, light: Light) -> Material:
    """Albedo and mirror of ground of one of the kinds up to MANHOLE, dry or wet."""
    colour = colour_at(row, COLOUR)
    seed = spot.day_seed
    if kind in (_ROAD, _ROAD_PATCH, _PARKING):
        albedo = asphalt(colour, spot, seed, 0.3 if kind == _ROAD_PATCH else 1.0)
    elif kind == _GRASS:
        return grass(colour, spot, light), 0.0
    elif kind == _WATER:
        return scaled(colour, 1.0 + 0.3 * grain(spot.u, spot.v, 9.0, seed, footprint(spot))), (
            fresnel(spot.facing, 0.03)
        )
    elif kind == _SOIL:
        return soil(colour, spot, seed), 0.0
    elif kind in (_MARKING_WHITE, _MARKING_YELLOW):
        albedo = paint(colour, spot, seed)
    elif kind == _MANHOLE:
        bars = pulses(spot.u, 0.06, 0.0, 0.03, spot.wide_u)
        rows = pulses(spot.v, 0.06, 0.0, 0.03, spot.wide_v)
        albedo = scaled(
            colour, 0.7 + 0.6 * bars * rows + 0.4 * grain(spot.u, spot.v, 0.2, seed, 0.0)
        )
    elif kind == _KERB:
        wide = footprint(spot)
        stones = pulses(spot.u + spot.v, 1.0, 0.0, 0.02, wide)
        tone = 1.0 + 0.35 * grain(spot.u, spot.v, 0.3, seed, wide) - 0.4 * stones
        albedo = scaled(colour, tone)
    else:
        albedo = paving(kind, colour, spot, seed)
    return wet(albedo, spot, light)


@inlined
def wet(albedo: Rgb, spot: Spot, light: Light) -> Material:
    """Darker and mirroring when wet, most where water stands."""
    wetness = light.wetness
    if wetness <= 0.0:
        return albedo, 0.0
    wide = footprint(spot)
    low = 0.6 * grain(spot.u, spot.v, 3.7, spot.day_seed + 71, wide)
    low += 0.4 * grain(spot.u, spot.v, 0.9, spot.day_seed + 72, wide)
    puddle = min(max(0.5 + 7.0 * (low - 0.32 + 0.30 * wetness), 0.0), 1.0)
    mirror = fresnel(spot.facing, 0.02) * wetness * (0.22 + 0.68 * puddle)
    return scaled(albedo, 1.0 - wetness * (0.38 + 0.22 * puddle)), mirror


@inlined
def crack(spot: Spot, size: float, seed: int, wide: float) -> float:
    """Share of the footprint under cracks that wind about cells of a size."""
    shift = 0.25 * size
    u = spot.u + shift * (noise_2d(spot.u / shift, spot.v / shift, seed + 1) - 0.5)
    v = spot.v + shift * (noise_2d(spot.u / shift, spot.v / shift, seed + 2) - 0.5)
    off = abs(noise_2d(u / size, v / size, seed) - 0.5) * size * 0.8
    width = 0.018
    return min(max((0.5 * (width + wide) - off) / max(wide, width), 0.0), 1.0) * min(
        1.0, width / max(wide, 1e-4)
    )


@inlined
def asphalt(colour: Rgb, spot: Spot, seed: int, age: float) -> Rgb:
    """Grain of the stones, stains, bleaching, cracks; age 1 is an old road, 0 a new one."""
    u, v, wide = spot.u, spot.v, footprint(spot)
    tone = 1.0 + 0.16 * grain(u, v, 8.3, seed + 3, wide) + 0.22 * grain(u, v, 2.1, seed + 4, wide)
    tone += 0.16 * grain(u, v, 0.55, seed + 5, wide)
    if wide < 0.3:
        tone += 0.22 * grain(u, v, 0.13, seed + 6, wide)
        tone += 0.55 * grain(u, v, 0.028, seed + 7, wide)
    stain = noise_2d(u / 1.3, v / 1.3, seed + 8) + 0.35 * grain(u, v, 0.31, seed + 9, wide)
    if stain > 0.78:
        tone -= min(2.2 * (stain - 0.78), 0.28)
    if wide < 0.25 and age > 0.5:
        rough = noise_2d(u / 11.0, v / 11.0, seed + 10)
        if rough > 0.52:
            tone -= 0.6 * min(8.0 * (rough - 0.52), 1.0) * crack(spot, 2.6, seed + 20, wide)
    bleached = 0.10 * age * (noise_2d(u / 23.0, v / 23.0, seed + 12) - 0.3)
    return (
        colour[0] * (tone + bleached),
        colour[1] * (tone + 0.9 * bleached),
        colour[2] * (tone + 0.7 * bleached),
    )


@inlined
def paving(kind: int, colour: Rgb, spot: Spot, seed: int) -> Rgb:
    """Slabs, small stones or worn gravel with joints and stains, by the surface's seed."""
    wide = footprint(spot)
    tone = 1.0 + 0.20 * grain(spot.u, spot.v, 2.9, seed + 31, wide)
    tone += 0.16 * grain(spot.u, spot.v, 0.7, seed + 32, wide)
    tone += 0.18 * grain(spot.u, spot.v, 0.12, seed + 33, wide)
    sort = hashed(spot.seed & 0xFFFF, kind, 7)
    if kind == _PAVEMENT:
        length, depth = (0.4, 0.4) if sort < 0.5 else ((0.2, 0.1) if sort < 0.8 else (0.6, 0.4))
    elif kind == _SQUARE:
        length, depth = (0.14, 0.14) if sort < 0.5 else (0.9, 0.6)
    else:
        if sort < 0.4:  # gravel
            return scaled(colour, tone + 0.5 * grain(spot.u, spot.v, 0.04, seed + 34, wide))
        length, depth = 0.2, 0.16
    # The pattern begins somewhere else on every piece of ground.
    own = spot.seed & 0xFFFF
    x, y = spot.u + 7.0 * hashed(own, 1, 8), spot.v + 7.0 * hashed(own, 2, 8)
    line = int(y // depth)
    u = x + (0.5 * length if line % 2 else 0.0)
    joint = 0.012
    open_u = pulses(u, length, 0.0, joint, spot.wide_u)
    open_v = pulses(y, depth, 0.0, joint, spot.wide_v)
    gap = open_u + open_v - open_u * open_v
    stone = hashed(int(u // length), line, seed + 35) - 0.5
    tone += 0.22 * stone * faded(max(spot.wide_u / length, spot.wide_v / depth))
    if kind == _SQUARE:
        band_u = pulses(x, 5.4, 0.0, 0.45, spot.wide_u)
        band_v = pulses(y, 5.4, 0.0, 0.45, spot.wide_v)
        tone += 0.16 * (band_u + band_v - band_u * band_v)
    return scaled(colour, tone * (1.0 - 0.45 * gap))


@inlined
def grass(colour: Rgb, spot: Spot, light: Light) -> Rgb:
    """The day's lawn: tufts, worn and dry places."""
    u, v, wide, seed = spot.u, spot.v, footprint(spot), spot.day_seed
    own = (0.3 * colour[0] + 0.6 * colour[1] + 0.1 * colour[2]) / _LAWN_LEVEL
    level = 0.5 + 0.5 * min(max(own, 0.5), 1.8)
    tone = (
        1.0 + 0.30 * grain(u, v, 6.1, seed + 41, wide) + 0.35 * grain(u, v, 1.4, seed + 42, wide)
    )
    tone += 0.35 * grain(u, v, 0.37, seed + 43, wide)
    if wide < 0.3:
        tone += 0.55 * grain(u, v, 0.11, seed + 44, wide) + 0.7 * grain(
            u, v, 0.04, seed + 45, wide
        )
    dry = 0.5 + 0.6 * grain(u, v, 3.3, seed + 46, wide) + 0.5 * grain(u, v, 14.0, seed + 47, wide)
    dry = min(max(2.0 * (dry - 0.5), 0.0), 1.0)
    base = light.grass_rgb
    lawn = (
        base[0] * (1.0 + 0.45 * dry),
        base[1] * (1.0 + 0.12 * dry),
        base[2] * (1.0 + 0.15 * dry),
    )
    return scaled(lawn, level * max(tone, 0.25))


@inlined
def soil(colour: Rgb, spot: Spot, seed: int) -> Rgb:
    """Bare earth with clods, and weeds here and there."""
    u, v, wide = spot.u, spot.v, footprint(spot)
    tone = 1.0 + 0.35 * grain(u, v, 2.3, seed + 51, wide) + 0.4 * grain(u, v, 0.3, seed + 52, wide)
    tone += 0.5 * grain(u, v, 0.07, seed + 53, wide)
    weed = 2.5 * (noise_2d(u / 1.7, v / 1.7, seed + 54) - 0.62)
    weed += 0.9 * grain(u, v, 0.25, seed + 55, wide)
    return mixed(scaled(colour, tone), (0.08, 0.10, 0.03), min(max(weed, 0.0), 0.7))


@inlined
def paint(colour: Rgb, spot: Spot, seed: int) -> Rgb:
    """Road paint: dirty, and worn down to the asphalt in places."""
    u, v, wide = spot.u, spot.v, footprint(spot)
    tone = (
        0.92 + 0.22 * grain(u, v, 0.9, seed + 61, wide) + 0.2 * grain(u, v, 0.08, seed + 62, wide)
    )
    worn = (
        0.5 + 0.75 * grain(u, v, 4.7, seed + 63, wide) + 0.35 * grain(u, v, 0.22, seed + 64, wide)
    )
    worn += 0.45 * grain(u, v, 0.05, seed + 65, wide)
    bare = min(max(2.2 * (worn - 0.66), 0.0), 0.7)
    return mixed(scaled(colour, tone), (0.085, 0.085, 0.088), bare)

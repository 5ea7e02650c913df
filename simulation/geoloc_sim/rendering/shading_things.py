# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What leaves, bark, cars and street furniture look like."""

from __future__ import annotations

import math

from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.compiled import inlined
from geoloc_sim.rendering.noise import faded, grain, hashed, pulses
from geoloc_sim.rendering.records import Float32Array, Rgb
from geoloc_sim.rendering.spots import (
    COLOUR,
    SECOND,
    Material,
    Spot,
    colour_at,
    footprint,
    fresnel,
    mixed,
    scaled,
)

_BARK = int(SurfaceKind.BARK)
_CAR_PAINT = int(SurfaceKind.CAR_PAINT)
_CAR_GLASS = int(SurfaceKind.CAR_GLASS)
_METAL = int(SurfaceKind.METAL)
_SIGN = int(SurfaceKind.SIGN)
_LAMP_HEAD = int(SurfaceKind.LAMP_HEAD)
_WOOD = int(SurfaceKind.WOOD)
_BARRIER = int(SurfaceKind.BARRIER)


@inlined
def thing(kind: int, row: Float32Array, spot: Spot, z: float) -> Material:
    """Albedo and mirror of anything that is neither ground nor building nor leaf."""
    colour = colour_at(row, COLOUR)
    wide = footprint(spot)
    if kind == _CAR_PAINT:
        dirt = min(max(0.75 - z, 0.0), 0.5)
        return mixed(colour, (0.12, 0.11, 0.09), 0.5 * dirt), 0.8 * fresnel(spot.facing, 0.05)
    if kind == _CAR_GLASS:
        return colour, fresnel(spot.facing, 0.08)
    if kind == _BARK:
        tone = 1.0 + 0.7 * grain(4.0 * (spot.u + spot.v), z, 0.35, 5, wide)
        return scaled(colour, tone + 0.3 * grain(spot.u, z, 0.05, 6, wide)), 0.0
    if kind == _BARRIER:
        stripes = pulses(spot.u, 0.5, 0.0, 0.25, spot.wide_u)
        return mixed((0.75, 0.75, 0.73), (0.55, 0.03, 0.03), stripes), 0.02
    if kind == _WOOD:
        boards = pulses(spot.v, 0.12, 0.0, 0.012, spot.wide_v)
        tone = 1.0 + 0.4 * grain(0.2 * spot.u, spot.v, 0.05, spot.seed, wide) - 0.5 * boards
        return scaled(colour, tone), 0.0
    if kind == _METAL:
        return colour, 0.6 * fresnel(spot.facing, 0.06)
    if kind == _SIGN:
        return sign(colour, colour_at(row, SECOND), spot), 0.03
    if kind == _LAMP_HEAD:
        return colour, 0.5 * fresnel(spot.facing, 0.06)
    return scaled(colour, 1.0 + 0.12 * grain(spot.u, spot.v, 0.5, spot.seed, wide)), 0.0


@inlined
def sign(colour: Rgb, second: Rgb, spot: Spot) -> Rgb:
    """Rows of something written."""
    line = pulses(spot.v, 0.16, 0.04, 0.08, spot.wide_v)
    letter = hashed(int(spot.u // 0.07), int(spot.v // 0.16), spot.seed)
    letter = 0.45 + ((1.0 if letter > 0.4 else 0.0) - 0.45) * faded(spot.wide_u / 0.07)
    return mixed(colour, second, 0.8 * line * letter)


@inlined
def noise_3d(x: float, y: float, z: float, seed: int) -> float:
    """Value noise in [0, 1) with cells of size one."""
    left, low, under = math.floor(x), math.floor(y), math.floor(z)
    i, j, k = int(left), int(low), int(under)
    u, v, w = x - left, y - low, z - under
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    w = w * w * (3.0 - 2.0 * w)
    first, second = seed + 7919 * k, seed + 7919 * (k + 1)
    a = hashed(i, j, first) * (1.0 - u) + u * hashed(i + 1, j, first)
    b = hashed(i, j + 1, first) * (1.0 - u) + u * hashed(i + 1, j + 1, first)
    c = hashed(i, j, second) * (1.0 - u) + u * hashed(i + 1, j, second)
    d = hashed(i, j + 1, second) * (1.0 - u) + u * hashed(i + 1, j + 1, second)
    near, far = a + v * (b - a), c + v * (d - c)
    return near + w * (far - near)


@inlined
def leaves(
    colour: Rgb,
    density: float,
    x: float,
    y: float,
    z: float,
    normal: Rgb,
    facing: float,
    wide: float,
    seed: int,
) -> tuple[Rgb, float, Rgb]:
    """Albedo, how much of the pixel leaves cover, and their normal, at a point of a crown.

    Crowns fray where they are seen edge on, and gaps open where the clumps are thin.
    """
    clump = noise_3d(x * 2.1, y * 2.1, z * 2.1, seed) - 0.5
    leaf, fine = 0.0, 0.0
    near = faded(wide / 0.14)
    if near > 0.0:
        leaf = near * (noise_3d(x * 7.3, y * 7.3, z * 7.3, seed + 5) - 0.5)
    near = faded(wide / 0.06)
    if near > 0.0:
        fine = near * (noise_3d(x * 17.0, y * 17.0, z * 17.0, seed + 9) - 0.5)
    height = 0.5 * clump + 0.75 * leaf + 0.6 * fine
    # Of a crown's outside half to three quarters are leaves; the rest shows what lies behind.
    share = (0.30 + 0.50 * density) * min(0.35 + 1.6 * facing, 1.0)
    needed = 0.50 * (0.5 - share)
    soft = 0.03 + 0.45 * min(wide / 0.3, 1.0)
    cover = min(max((height - needed) / soft + 0.5, 0.0), 1.0)
    tone = 0.95 + 0.9 * clump + 1.1 * leaf + 1.2 * fine
    warm = 0.5 * clump + 0.4 * (hashed(int(x * 0.9), int(y * 0.9), seed + 3) - 0.5)
    albedo = (
        colour[0] * (1.0 + warm) * max(tone, 0.15),
        colour[1] * (1.0 + 0.35 * warm) * max(tone, 0.15),
        colour[2] * max(tone, 0.15),
    )
    nx = 0.7 * normal[0] + 2.2 * clump + 1.4 * leaf
    ny = 0.7 * normal[1] + 1.6 * leaf - 1.2 * fine
    nz = 0.7 * normal[2] + 0.35 + 1.6 * fine - 1.2 * clump
    length = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-6
    return albedo, cover, (nx / length, ny / length, nz / length)

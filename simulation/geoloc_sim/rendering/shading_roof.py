# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What roofs look like: rows of tiles, metal seams, felt and gravel."""

from __future__ import annotations

from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.compiled import inlined
from geoloc_sim.rendering.noise import faded, grain, hashed, noise_2d, pulses
from geoloc_sim.rendering.records import Float32Array, Rgb
from geoloc_sim.rendering.spots import (
    COLOUR,
    PARAMETER,
    Material,
    Spot,
    colour_at,
    footprint,
    fresnel,
    mixed,
    scaled,
)

_ROOF_TILES = int(SurfaceKind.ROOF_TILES)
_ROOF_METAL = int(SurfaceKind.ROOF_METAL)


@inlined
def roof(kind: int, row: Float32Array, spot: Spot) -> Material:
    """Albedo and mirror of a roof."""
    colour = colour_at(row, COLOUR)
    spacing = float(row[PARAMETER])
    if kind == _ROOF_TILES:
        return tiles(colour, spot, spacing if spacing > 0.05 else 0.33), 0.0
    if kind == _ROOF_METAL:
        return metal(colour, spot, spacing if spacing > 0.05 else 0.5)
    return felt(colour, spot, spacing if spacing > 0.1 else 1.0), 0.0


@inlined
def tiles(colour: Rgb, spot: Spot, spacing: float) -> Rgb:
    """Rows with a shadow under each, rounded tiles side by side, old and new ones, moss."""
    seed, wide = spot.seed, footprint(spot)
    across = 0.75 * spacing
    line = int(spot.v // spacing)
    shadow = pulses(spot.v, spacing, 0.0, 0.16 * spacing, spot.wide_v)
    groove = pulses(spot.u, across, 0.0, 0.22 * across, spot.wide_u)
    one = hashed(int(spot.u // across), line, seed) - 0.5
    tone = 1.06 + 0.34 * one * faded(max(spot.wide_u / across, spot.wide_v / spacing))
    tone += 0.20 * grain(spot.u, spot.v, 2.4, seed + 1, wide)
    tone += 0.14 * grain(0.25 * spot.v, spot.u, 0.6, seed + 2, wide)
    tone *= (1.0 - 0.42 * shadow) * (1.0 - 0.22 * groove)
    moss = 1.8 * (noise_2d(spot.u / 2.1, spot.v / 3.3, seed + 3) - 0.66)
    moss += 0.5 * grain(spot.u, spot.v, 0.3, seed + 4, wide)
    return mixed(scaled(colour, tone), (0.07, 0.08, 0.04), min(max(moss, 0.0), 0.5))


@inlined
def metal(colour: Rgb, spot: Spot, spacing: float) -> Material:
    """Standing seams with light and shade, streaks down the slope."""
    seed, wide = spot.seed, footprint(spot)
    bright = pulses(spot.u, spacing, 0.0, 0.04, spot.wide_u)
    dark = pulses(spot.u, spacing, 0.04, 0.05, spot.wide_u)
    sheet = hashed(int(spot.u // spacing), 0, seed) - 0.5
    tone = 1.0 + 0.10 * sheet * faded(spot.wide_u / spacing) + 0.35 * bright - 0.40 * dark
    tone += 0.16 * grain(spot.u, 0.12 * spot.v, 0.22, seed + 1, wide)
    tone += 0.12 * grain(spot.u, spot.v, 3.1, seed + 2, wide)
    return scaled(colour, tone), fresnel(spot.facing, 0.05) * 0.5


@inlined
def felt(colour: Rgb, spot: Spot, spacing: float) -> Rgb:
    """Sheets with dark seams (wide ones), or gravel; dirt where water stood."""
    seed, wide = spot.seed, footprint(spot)
    tone = 1.0 + 0.30 * grain(spot.u, spot.v, 3.7, seed + 1, wide)
    tone += 0.20 * grain(spot.u, spot.v, 0.9, seed + 2, wide)
    gravel = hashed(seed & 0xFFFF, 3, 5) < 0.45
    tone += (0.5 if gravel else 0.12) * grain(spot.u, spot.v, 0.05, seed + 3, wide)
    if not gravel:
        seam = pulses(spot.u, spacing, 0.0, 0.07, spot.wide_u)
        sheet = hashed(int(spot.u // spacing), 1, seed) - 0.5
        tone += 0.14 * sheet * faded(spot.wide_u / spacing) - 0.28 * seam
    stood = noise_2d(spot.u / 4.3, spot.v / 4.3, seed + 4) + 0.3 * grain(
        spot.u, spot.v, 0.6, seed + 5, wide
    )
    if stood > 0.68:
        tone -= min(1.4 * (stood - 0.68), 0.22)
    return scaled(colour, tone)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Seeded noise and patterns over a plane, averaged over the pixel's footprint.

Patterns of pulses are averaged exactly (difference of their integral); noise fades to its mean
where the footprint passes its cells.
"""

from __future__ import annotations

import math

from geoloc_sim.rendering.compiled import inlined


@inlined
def hashed(x: int, y: int, seed: int) -> float:
    """A number in [0, 1) for a cell; all its bits depend on all of the arguments."""
    mixed = x * 374761393 + y * 668265263 + seed * 2246822519
    mixed = ((mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 15)) * 2654435761
    mixed = ((mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 13)) * 3266489917
    mixed = (mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 16)
    return (mixed & 0xFFFFFF) * (1.0 / 16777216.0)


@inlined
def noise_2d(x: float, y: float, seed: int) -> float:
    """Value noise in [0, 1) with cells of size one, smooth."""
    left, low = math.floor(x), math.floor(y)
    i, j = int(left), int(low)
    u, v = x - left, y - low
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    bottom = hashed(i, j, seed)
    bottom += u * (hashed(i + 1, j, seed) - bottom)
    top = hashed(i, j + 1, seed)
    top += u * (hashed(i + 1, j + 1, seed) - top)
    return bottom + v * (top - bottom)


@inlined
def faded(cells: float) -> float:
    """What is left of noise under a footprint of so many of its cells: 1 down to 0."""
    return min(max(1.6 - 1.2 * cells, 0.0), 1.0)


@inlined
def grain(x: float, y: float, cell: float, seed: int, footprint: float) -> float:
    """Noise about 0 in (-0.5, 0.5) with cells of a size, faded under a footprint."""
    share = faded(footprint / cell)
    if share <= 0.0:
        return 0.0
    return share * (noise_2d(x / cell, y / cell, seed) - 0.5)


@inlined
def pulses(x: float, period: float, start: float, width: float, footprint: float) -> float:
    """Share of a footprint about x under pulses [start, start + width] + k period."""
    half = 0.5 * max(footprint, 1e-4)
    right = _pulse_integral((x + half - start) / period, width / period)
    left = _pulse_integral((x - half - start) / period, width / period)
    return (right - left) * period / (2.0 * half)


@inlined
def _pulse_integral(x: float, width: float) -> float:
    """Integral from 0 to x of pulses [0, width] of period one."""
    whole = math.floor(x)
    return whole * width + min(x - whole, width)


@inlined
def between(x: float, low: float, high: float, footprint: float) -> float:
    """Share of a footprint about x that lies in [low, high]."""
    half = 0.5 * max(footprint, 1e-4)
    covered = min(x + half, high) - max(x - half, low)
    return max(covered, 0.0) / (2.0 * half)

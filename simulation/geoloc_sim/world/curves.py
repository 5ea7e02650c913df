# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Smooth plane curves as polylines."""

from __future__ import annotations

import numpy as np

from geoloc_ros.types import FloatArray

#: Points of streets are closer than this, so that bends stay smooth.
SPACING_M = 4.0


def arc_lengths(points_m: FloatArray) -> FloatArray:
    """Distance along a polyline to each of its points, shape (k,)."""
    steps = np.hypot(*np.diff(points_m, axis=0).T)
    return np.concatenate(([0.0], np.cumsum(steps)))


def resampled(points_m: FloatArray, spacing_m: float = SPACING_M) -> FloatArray:
    """The polyline with evenly spaced points, its ends exactly kept."""
    along = arc_lengths(points_m)
    count = max(int(np.ceil(along[-1] / spacing_m)), 1) + 1
    wanted = np.linspace(0.0, along[-1], count)
    result = np.column_stack([np.interp(wanted, along, points_m[:, axis]) for axis in (0, 1)])
    result[0], result[-1] = points_m[0], points_m[-1]
    return result


def hermite(
    start_m: FloatArray, leaving: FloatArray, end_m: FloatArray, arriving: FloatArray
) -> FloatArray:
    """The cubic curve that leaves and arrives with these tangents, evenly spaced points.

    Args:
        start_m: shape (2,).
        leaving: tangent at the start, shape (2,); its length says how far it reaches.
        end_m: shape (2,).
        arriving: tangent at the end, shape (2,), pointing on beyond the end.
    """
    t = np.linspace(0.0, 1.0, 40)[:, None]
    points = (
        (2 * t**3 - 3 * t**2 + 1) * start_m
        + (t**3 - 2 * t**2 + t) * leaving
        + (3 * t**2 - 2 * t**3) * end_m
        + (t**3 - t**2) * arriving
    )
    points[0], points[-1] = start_m, end_m
    return resampled(points)


def wavy(
    generator: np.random.Generator, length_m: float, sway_m: float, straight_m: float
) -> FloatArray:
    """A curve along +x from the origin that swings from side to side, shape (k, 2).

    Args:
        generator: draws its waves.
        length_m: how far it reaches.
        sway_m: largest swing of each of its two waves.
        straight_m: the curve starts straight and reaches its full swing after this.
    """
    x = np.arange(0.0, length_m + SPACING_M, SPACING_M)
    swing = np.zeros_like(x)
    for _ in range(2):
        period = generator.uniform(260.0, 620.0)
        phase = generator.uniform(0.0, 2.0 * np.pi)
        size = generator.uniform(0.3, 1.0) * sway_m
        swing += size * (np.sin(2.0 * np.pi * x / period + phase) - np.sin(phase))
    ramp = np.clip(x / straight_m, 0.0, 1.0)
    return np.column_stack((x, swing * ramp * ramp * (3.0 - 2.0 * ramp)))


def turned(points_m: FloatArray, yaw_rad: float) -> FloatArray:
    """The points turned about the origin, counter-clockwise."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    result: FloatArray = points_m @ np.array([[c, s], [-s, c]])
    return result


def unit(vector: FloatArray) -> FloatArray:
    """The vector with length 1 (or zero where it is zero)."""
    result: FloatArray = vector / max(float(np.hypot(*vector)), 1e-12)
    return result


def left_of(vector: FloatArray) -> FloatArray:
    """The vector turned by a quarter to the left."""
    return np.array([-vector[1], vector[0]])


def shifted(points_m: FloatArray, left_m: float) -> FloatArray:
    """The curve beside a curve, to its left; it must bend less sharply than it is shifted."""
    tangents = np.gradient(points_m, axis=0)
    normals = np.column_stack((-tangents[:, 1], tangents[:, 0]))
    result: FloatArray = points_m + left_m * normals / np.hypot(*tangents.T)[:, None]
    return result


def with_end_moved(
    points_m: FloatArray, new_end_m: FloatArray, *, at_start: bool, reach_m: float = 40.0
) -> FloatArray:
    """The polyline with one end elsewhere; the shift fades out within ``reach_m``."""
    line = points_m if at_start else points_m[::-1]
    along = arc_lengths(line)
    fade = np.clip(1.0 - along / min(reach_m, along[-1]), 0.0, 1.0)
    moved: FloatArray = line + fade[:, None] * (new_end_m - line[0])
    moved[0] = new_end_m
    return moved if at_start else moved[::-1]

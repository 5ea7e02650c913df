# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The particle filter's inner loops compiled by numba; twins of ``particle_kernels_numpy``.

Importing this module imports numba (about half a second): only ``particle_backend`` does, when a
filter is made. Machine code is cached beside the file, or in the user's cache folder where that
cannot be written; where neither can, it is compiled anew in each process.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray

FunctionT = TypeVar('FunctionT', bound=Callable[..., Any])

_TWO_PI = 2.0 * math.pi
_TURNS = 1.0 / _TWO_PI
_QUARTERS = 2.0 / math.pi
# pi/2 in two parts, so that the reduced angle keeps its digits.
_QUARTER_HIGH = 1.5707963267341256
_QUARTER_LOW = 6.077100506506192e-11


def compiled(function: FunctionT) -> FunctionT:
    """The function compiled by numba, from the cache on disk where there can be one."""
    options: dict[str, Any] = {
        'fastmath': {'reassoc', 'contract', 'nsz'},
        'error_model': 'numpy',
        'nogil': True,
    }
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba finds no folder it may write its cache to
        return numba.njit(**options)(function)


@compiled
def _cosine_sine(angle: float) -> tuple[float, float]:
    """Cosine and sine by Taylor polynomials on (-pi/4, pi/4), without branches: it vectorises.

    Error below 1e-12 for the angles met here (a few turns).
    """
    quarters = np.floor(angle * _QUARTERS + 0.5)
    r = (angle - quarters * _QUARTER_HIGH) - quarters * _QUARTER_LOW
    z = r * r
    s = 1.0 - z / 72.0 * (1.0 - z / 110.0 * (1.0 - z / 156.0))
    s = r * (1.0 - z / 6.0 * (1.0 - z / 20.0 * (1.0 - z / 42.0 * s)))
    c = 1.0 - z / 2.0 * (
        1.0 - z / 12.0 * (1.0 - z / 30.0 * (1.0 - z / 56.0 * (1.0 - z / 90.0 * (1.0 - z / 132.0))))
    )
    phase = quarters - 4.0 * np.floor(quarters * 0.25)
    swap = phase == 1.0 or phase == 3.0
    cosine = s if swap else c
    sine = c if swap else s
    cosine = -cosine if (phase == 1.0 or phase == 2.0) else cosine
    sine = -sine if phase >= 2.0 else sine
    return cosine, sine


@compiled
def propagate(
    columns: FloatArray,
    normals: npt.NDArray[np.float32],
    duration_s: float,
    distance_m: float,
    rotation_rad: float,
    end_speed_m_s: float,
    distance_sigma_m: float,
    rotation_sigma_rad: float,
    speed_sigma_m_s: float,
    steering_sigma_rad: float,
    position_sigma_m: float,
    full_speed_m_s: float,
    reverse_max_m_s: float,
    scale_sigma: float,
    bias_sigma_rad_s: float,
) -> FloatArray:
    """Particles after one motion step; see the numpy twin."""
    rows, count = columns.shape
    moved = np.empty_like(columns)
    turned = np.empty(count)
    distance = np.empty(count)
    calibrated = rows == 6
    free_speed = math.isnan(end_speed_m_s) and math.isnan(distance_m)
    forward_variance = position_sigma_m**2
    if not math.isnan(distance_m):
        forward_variance += distance_sigma_m**2
        end_speed = distance_m / duration_s if math.isnan(end_speed_m_s) else end_speed_m_s
        noise = distance_sigma_m / duration_s
        for i in range(count):
            scale = columns[4, i] if calibrated else 1.0
            distance[i] = scale * distance_m
            moved[3, i] = scale * end_speed + noise * normals[0, i]
    else:
        if free_speed:
            forward_variance += speed_sigma_m_s**2 * duration_s**2 / 12.0
        for i in range(count):
            before = columns[3, i]
            if free_speed:
                floor = -reverse_max_m_s
                floor = before if before < floor else floor
                after = before + speed_sigma_m_s * normals[3, i]
                after = floor if after < floor else after
            else:
                after = columns[4, i] * end_speed_m_s if calibrated else end_speed_m_s
            moved[3, i] = after
            distance[i] = 0.5 * duration_s * (before + after)
    free_turn = math.isnan(rotation_rad)
    fade = 1.0 / (duration_s * full_speed_m_s) if full_speed_m_s > 0.0 else math.inf
    forward_sigma = math.sqrt(forward_variance)
    left_variance = position_sigma_m**2
    for i in range(count):
        path = distance[i]
        if free_turn:
            share = 1.0
            if full_speed_m_s > 0.0:
                share = abs(path) * fade
                share = 1.0 if share > 1.0 else share
            yaw_sigma = steering_sigma_rad * share
            turn = yaw_sigma * normals[2, i]
        else:
            yaw_sigma = rotation_sigma_rad
            bias_rad_s = columns[5, i] if calibrated else 0.0
            turn = rotation_rad - duration_s * bias_rad_s + yaw_sigma * normals[2, i]
        turned[i] = turn
        spread = path * yaw_sigma
        left = math.sqrt(left_variance + spread * spread / 12.0) * normals[1, i]
        half = 0.5 * turn
        square = half * half
        chord = path * (1.0 - square * (1.0 / 6.0 - square / 120.0))
        chord += forward_sigma * normals[0, i]
        cosine, sine = _cosine_sine(columns[2, i] + half)
        moved[0, i] = columns[0, i] + (cosine * chord - sine * left)
        moved[1, i] = columns[1, i] + (sine * chord + cosine * left)
    for i in range(count):
        after = columns[2, i] + turned[i]
        moved[2, i] = after - _TWO_PI * np.floor((after + math.pi) * _TURNS)
    if calibrated:
        walk = normals.shape[0] == 6
        for i in range(count):
            moved[4, i] = columns[4, i] + (scale_sigma * normals[4, i] if walk else 0.0)
            moved[5, i] = columns[5, i] + (bias_sigma_rad_s * normals[5, i] if walk else 0.0)
    return moved


@compiled
def squared_distances(
    columns: FloatArray,
    east_m: float,
    north_m: float,
    forward_m: float,
    left_m: float,
    information: FloatArray,
) -> FloatArray:
    """Squared distance of each antenna from a position; see the numpy twin."""
    count = columns.shape[1]
    squared = np.empty(count)
    a, b, c = information[0, 0], 2.0 * information[0, 1], information[1, 1]
    if forward_m == 0.0 and left_m == 0.0:
        for i in range(count):
            dx, dy = east_m - columns[0, i], north_m - columns[1, i]
            squared[i] = dx * dx * a + dy * (b * dx + dy * c)
    else:
        for i in range(count):
            cosine, sine = _cosine_sine(columns[2, i])
            dx = east_m - columns[0, i] - (cosine * forward_m - sine * left_m)
            dy = north_m - columns[1, i] - (sine * forward_m + cosine * left_m)
            squared[i] = dx * dx * a + dy * (b * dx + dy * c)
    return squared


@compiled
def copies(weights: FloatArray, offset: float) -> npt.NDArray[np.int64]:
    """How often systematic resampling takes each particle; see the numpy twin."""
    count = weights.size
    total = 0.0
    last = 0
    for i in range(count):
        total += weights[i]
        if weights[i] > 0.0:
            last = i
    factor = count / total
    taken = np.zeros(count, dtype=np.int64)
    cumulative = 0.0
    before = 0
    for i in range(last):
        cumulative += weights[i]
        edge = min(math.ceil(cumulative * factor - offset), count)
        taken[i] = edge - before
        before = edge
    taken[last] = count - before
    return taken


@compiled
def resample(columns: FloatArray, weights: FloatArray, offset: float) -> FloatArray:
    """Particles drawn in proportion to weight by systematic resampling; see the numpy twin."""
    rows, count = columns.shape
    taken = copies(weights, offset)
    chosen = np.empty(count, dtype=np.int64)
    k = 0
    for i in range(count):
        for _ in range(taken[i]):
            chosen[k] = i
            k += 1
    drawn = np.empty_like(columns)
    for row in range(rows):
        for i in range(count):
            drawn[row, i] = columns[row, chosen[i]]
    return drawn


@compiled
def moments(columns: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and covariance with yaw on the circle; see the numpy twin."""
    rows, count = columns.shape
    mean = np.zeros(rows)
    for row in range(rows):
        total = 0.0
        for i in range(count):
            total += weights[i] * columns[row, i]
        mean[row] = total
    east, north = 0.0, 0.0
    for i in range(count):
        cosine, sine = _cosine_sine(columns[2, i])
        east += weights[i] * cosine
        north += weights[i] * sine
    mean[2] = math.atan2(north, east)
    turned = np.empty(count)
    for i in range(count):
        turn = columns[2, i] - mean[2]
        turned[i] = turn - _TWO_PI * np.floor((turn + math.pi) * _TURNS)
    result = np.empty((rows, rows))
    for row in range(rows):
        first = turned if row == 2 else columns[row]
        first_mean = 0.0 if row == 2 else mean[row]
        for other in range(row + 1):
            second = turned if other == 2 else columns[other]
            second_mean = 0.0 if other == 2 else mean[other]
            total = 0.0
            for i in range(count):
                total += weights[i] * (first[i] - first_mean) * (second[i] - second_mean)
            result[row, other] = total
            result[other, row] = total
    return mean, result

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The particle filter's inner loops compiled by numba; twins of ``particle_kernels_numpy``.

Importing this module imports numba (about half a second): only ``particle_backend`` does, when a
filter is made. The normals are made in ``particle_normals``. Loops are written without branches
and without divisions by constants, so that the compiler turns them into vector instructions.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.compiled import compiled
from geoloc_ros.filters.particle_normals import fill_normals
from geoloc_ros.types import FloatArray

__all__ = [
    'centred',
    'copies',
    'cosine_sine',
    'fill_normals',
    'moments',
    'propagate',
    'resample',
    'squared_distances',
]

_TWO_PI = 2.0 * math.pi
_TURNS = 1.0 / _TWO_PI
_QUARTERS = 2.0 / math.pi
# pi/2 in two parts, so that the reduced angle keeps its digits.
_QUARTER_HIGH = 1.5707963267341256
_QUARTER_LOW = 6.077100506506192e-11
# Taylor coefficients of sine and cosine, as products: a division costs ten times as much.
_S3, _S5, _S7 = -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0
_S9, _S11, _S13 = 1.0 / 362880.0, -1.0 / 39916800.0, 1.0 / 6227020800.0
_C4, _C6, _C8 = 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40320.0
_S15 = -1.0 / 1307674368000.0
_C10, _C12, _C14 = -1.0 / 3628800.0, 1.0 / 479001600.0, -1.0 / 87178291200.0
_SIXTH, _TWELFTH, _BY_120 = 1.0 / 6.0, 1.0 / 12.0, 1.0 / 120.0
# Particles whose deviations are kept in the nearest cache at a time.
_BLOCK = 512


@compiled(fastmath=True)
def cosine_sine(angle: float) -> tuple[float, float]:
    """Cosine and sine by Taylor polynomials on (-pi/4, pi/4), without branches: it vectorises.

    Error below 1e-14 for the angles met here (a few turns).
    """
    quarters = np.floor(angle * _QUARTERS + 0.5)
    r = (angle - quarters * _QUARTER_HIGH) - quarters * _QUARTER_LOW
    z = r * r
    s = r + r * z * (_S3 + z * (_S5 + z * (_S7 + z * (_S9 + z * (_S11 + z * (_S13 + z * _S15))))))
    c = 1.0 + z * (-0.5 + z * (_C4 + z * (_C6 + z * (_C8 + z * (_C10 + z * (_C12 + z * _C14))))))
    phase = quarters - 4.0 * np.floor(quarters * 0.25)
    swap = phase == 1.0 or phase == 3.0
    cosine = s if swap else c
    sine = c if swap else s
    cosine = -cosine if (phase == 1.0 or phase == 2.0) else cosine
    sine = -sine if phase >= 2.0 else sine
    return cosine, sine


@compiled(fastmath=True)
def _advance(
    columns: FloatArray,
    normals: npt.NDArray[np.float32],
    duration_s: float,
    distance_m: float,
    end_speed_m_s: float,
    distance_sigma_m: float,
    speed_sigma_m_s: float,
    reverse_max_m_s: float,
    moved: FloatArray,
    distance: FloatArray,
) -> float:
    """Fill in each particle's path length and its speed after; variance of the forward noise."""
    rows, count = columns.shape
    calibrated = rows == 6
    before, after = columns[3], moved[3]
    if not math.isnan(distance_m):
        end_speed = distance_m / duration_s if math.isnan(end_speed_m_s) else end_speed_m_s
        noise = distance_sigma_m / duration_s
        for i in range(count):
            scale = columns[4, i] if calibrated else 1.0
            distance[i] = scale * distance_m
            after[i] = scale * end_speed + noise * normals[0, i]
        return distance_sigma_m**2
    half_s = 0.5 * duration_s
    if not math.isnan(end_speed_m_s):
        for i in range(count):
            after[i] = columns[4, i] * end_speed_m_s if calibrated else end_speed_m_s
            distance[i] = half_s * (before[i] + after[i])
        return 0.0
    for i in range(count):
        floor = -reverse_max_m_s
        floor = before[i] if before[i] < floor else floor
        speed = before[i] + speed_sigma_m_s * normals[3, i]
        speed = floor if speed < floor else speed
        after[i] = speed
        distance[i] = half_s * (before[i] + speed)
    return speed_sigma_m_s**2 * duration_s**2 * _TWELFTH


@compiled(fastmath=True)
def _displace(
    columns: FloatArray,
    normals: npt.NDArray[np.float32],
    duration_s: float,
    rotation_rad: float,
    rotation_sigma_rad: float,
    steering_sigma_rad: float,
    full_speed_m_s: float,
    forward_sigma_m: float,
    position_sigma_m: float,
    moved: FloatArray,
    distance: FloatArray,
) -> None:
    """Fill in position and yaw after a path of the length given, along an arc."""
    rows, count = columns.shape
    calibrated = rows == 6
    free_turn = math.isnan(rotation_rad)
    fades = free_turn and full_speed_m_s > 0.0
    fade = 1.0 / (duration_s * full_speed_m_s) if fades else 0.0
    sigma = steering_sigma_rad if free_turn else rotation_sigma_rad
    measured = 0.0 if free_turn else rotation_rad
    bias_s = duration_s if calibrated and not free_turn else 0.0
    bias_row = 5 if calibrated else 0
    left_variance = position_sigma_m**2
    for i in range(count):
        path = distance[i]
        share = min(abs(path) * fade, 1.0) if fades else 1.0
        yaw_sigma = sigma * share
        turn = measured - bias_s * columns[bias_row, i] + yaw_sigma * normals[2, i]
        spread = path * yaw_sigma
        left = math.sqrt(left_variance + spread * spread * _TWELFTH) * normals[1, i]
        half = 0.5 * turn
        square = half * half
        chord = path * (1.0 - square * (_SIXTH - square * _BY_120))
        chord += forward_sigma_m * normals[0, i]
        cosine, sine = cosine_sine(columns[2, i] + half)
        moved[0, i] = columns[0, i] + (cosine * chord - sine * left)
        moved[1, i] = columns[1, i] + (sine * chord + cosine * left)
        after = columns[2, i] + turn
        moved[2, i] = after - _TWO_PI * np.floor((after + math.pi) * _TURNS)


@compiled(fastmath=True)
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
    distance = np.empty(count)
    forward_variance = position_sigma_m**2 + _advance(
        columns, normals, duration_s, distance_m, end_speed_m_s, distance_sigma_m,
        speed_sigma_m_s, reverse_max_m_s, moved, distance,
    )  # fmt: skip
    _displace(
        columns, normals, duration_s, rotation_rad, rotation_sigma_rad, steering_sigma_rad,
        full_speed_m_s, math.sqrt(forward_variance), position_sigma_m, moved, distance,
    )  # fmt: skip
    if rows == 6 and normals.shape[0] == 6:
        for i in range(count):
            moved[4, i] = columns[4, i] + scale_sigma * normals[4, i]
            moved[5, i] = columns[5, i] + bias_sigma_rad_s * normals[5, i]
    elif rows == 6:
        moved[4:6] = columns[4:6]
    return moved


@compiled(fastmath=True)
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
            cosine, sine = cosine_sine(columns[2, i])
            dx = east_m - columns[0, i] - (cosine * forward_m - sine * left_m)
            dy = north_m - columns[1, i] - (sine * forward_m + cosine * left_m)
            squared[i] = dx * dx * a + dy * (b * dx + dy * c)
    return squared


@compiled(fastmath=True)
def _edges(weights: FloatArray, offset: float) -> npt.NDArray[np.int64]:
    """Number of draws taken by particles 0 to i, for each i, shape (n,)."""
    count = weights.size
    total = 0.0
    for i in range(count):
        total += weights[i]
    last = count - 1
    while last > 0 and weights[last] <= 0.0:
        last -= 1
    factor = count / total
    cumulative = 0.0
    marks = np.empty(count)
    for i in range(last):
        cumulative += weights[i]
        marks[i] = cumulative
    edges = np.empty(count, dtype=np.int64)
    for i in range(last):
        edges[i] = int(min(math.ceil(marks[i] * factor - offset), count))
    edges[last:] = count
    return edges


@compiled(fastmath=True)
def copies(weights: FloatArray, offset: float) -> npt.NDArray[np.int64]:
    """How often systematic resampling takes each particle; see the numpy twin."""
    edges = _edges(weights, offset)
    taken = edges.copy()
    taken[1:] -= edges[:-1]
    return taken


@compiled(fastmath=True)
def resample(columns: FloatArray, weights: FloatArray, offset: float) -> FloatArray:
    """Particles drawn in proportion to weight by systematic resampling; see the numpy twin."""
    rows, count = columns.shape
    edges = _edges(weights, offset)
    # Each particle signs the first draw that could be its own; a later one that shares the draw
    # overwrites it. What is unsigned belongs to the last one before. No branch to mispredict.
    chosen = np.zeros(count + 1, dtype=np.int64)
    for i in range(1, count):
        chosen[edges[i - 1]] = i
    running = 0
    for k in range(count):
        running = max(running, chosen[k])
        chosen[k] = running
    drawn = np.empty_like(columns)
    for row in range(rows):
        source, target = columns[row], drawn[row]
        for k in range(count):
            target[k] = source[chosen[k]]
    return drawn


@compiled(fastmath=True)
def _direction(yaw_rad: FloatArray, weights: FloatArray) -> float:
    """Weighted circular mean."""
    east, north = 0.0, 0.0
    for i in range(yaw_rad.size):
        cosine, sine = cosine_sine(yaw_rad[i])
        east += weights[i] * cosine
        north += weights[i] * sine
    return math.atan2(north, east)


@compiled(fastmath=True)
def _turned(yaw_rad: FloatArray, centre_rad: float, out: FloatArray) -> None:
    """Deviations of yaw from a centre, in [-pi, pi)."""
    for i in range(yaw_rad.size):
        turn = yaw_rad[i] - centre_rad
        out[i] = turn - _TWO_PI * np.floor((turn + math.pi) * _TURNS)


@compiled(fastmath=True)
def _spread(columns: FloatArray, weights: FloatArray, mean: FloatArray) -> FloatArray:
    """Weighted covariance about a mean, block by block."""
    rows, count = columns.shape
    result = np.zeros((rows, rows))
    apart = np.empty((rows, _BLOCK))
    weighted = np.empty(_BLOCK)
    for begin in range(0, count, _BLOCK):
        size = min(_BLOCK, count - begin)
        for row in range(rows):
            source, target, centre = columns[row, begin : begin + size], apart[row], mean[row]
            if row == 2:
                _turned(source, centre, target)
            else:
                for i in range(size):
                    target[i] = source[i] - centre
        for row in range(rows):
            first = apart[row]
            for i in range(size):
                weighted[i] = weights[begin + i] * first[i]
            for other in range(row + 1):
                second = apart[other]
                total = 0.0
                for i in range(size):
                    total += weighted[i] * second[i]
                result[row, other] += total
    for row in range(rows):
        for other in range(row):
            result[other, row] = result[row, other]
    return result


@compiled(fastmath=True)
def moments(columns: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and covariance with yaw on the circle; see the numpy twin."""
    rows, count = columns.shape
    mean = np.zeros(rows)
    for row in range(rows):
        column = columns[row]
        total = 0.0
        for i in range(count):
            total += weights[i] * column[i]
        mean[row] = total
    mean[2] = _direction(columns[2], weights)
    return mean, _spread(columns, weights, mean)


@compiled(fastmath=True)
def centred(columns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Equally weighted particles as deviations from a centre of theirs; see the numpy twin.

    Only yaw is moved: the other deviations are taken from zero.
    """
    rows, count = columns.shape
    east, north = 0.0, 0.0
    yaw = columns[2]
    for i in range(count):
        cosine, sine = cosine_sine(yaw[i])
        east += cosine
        north += sine
    centre = np.zeros(rows)
    centre[2] = math.atan2(north, east)
    result = columns.copy()
    _turned(yaw, centre[2], result[2])
    return result, centre, moments(columns, np.full(count, 1.0 / count))[1]

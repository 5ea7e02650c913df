# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Interpolation in a lattice of scores, state by state, compiled where numba is installed."""

from __future__ import annotations

import math

import numpy as np

from geoloc_ros.compiled import compiled
from geoloc_ros.filters.particle_kernels import cosine_sine
from geoloc_ros.types import FloatArray


@compiled(fastmath=True)
def lattice_places(
    x_m: FloatArray,
    y_m: FloatArray,
    yaw_rad: FloatArray,
    origin_m: tuple[float, float],
    turn: tuple[float, float],
    lever_m: tuple[float, float],
    layers: tuple[float, float],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where the sensor of each state is in a lattice.

    Args:
        x_m: east of each state, shape (n,).
        y_m: north, shape (n,).
        yaw_rad: shape (n,), within a million turns.
        origin_m: (east, north) of the centre of cell (0, 0).
        turn: (cosine, sine) of the lattice's rotation, over its spacing in metres.
        lever_m: (forward, left) of the sensor.
        layers: (heading of the first layer in radians, layers a radian).

    Returns:
        Columns, rows and layers as ``interpolated`` takes them, each shape (n,).
    """
    count = x_m.size
    columns, rows, places = np.empty(count), np.empty(count), np.empty(count)
    for k in range(count):
        cosine, sine = cosine_sine(yaw_rad[k])
        east_m = x_m[k] - origin_m[0] + (cosine * lever_m[0] - sine * lever_m[1])
        north_m = y_m[k] - origin_m[1] + (sine * lever_m[0] + cosine * lever_m[1])
        columns[k] = turn[0] * east_m + turn[1] * north_m
        rows[k] = turn[0] * north_m - turn[1] * east_m
        places[k] = (yaw_rad[k] - layers[0]) * layers[1]
    return columns, rows, places


@compiled
def interpolated(
    values: FloatArray,
    known: FloatArray,
    shape: tuple[int, int, int],
    columns: FloatArray,
    rows: FloatArray,
    layers: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Sum of corner weights times value, and of the weights that have data, of each state.

    Args:
        values: of a lattice with a border of one cell all round, flat, 0 without data.
        known: 1 where there is data, else 0, as ``values``.
        shape: (layers, ny, nx) of the lattice without its border.
        columns: place of each state eastward, in cells from the centre of cell (0, 0), shape (n,).
        rows: northward, shape (n,).
        layers: place around the circle in layers from the first one, any turn, shape (n,).

    Returns:
        Each shape (n,); NaN where a place is not finite.
    """
    count, ny, nx = shape
    total, weight = np.empty(columns.size), np.empty(columns.size)
    for k in range(columns.size):
        if not math.isfinite(columns[k] + rows[k] + layers[k]):
            total[k] = weight[k] = math.nan
            continue
        # In the lattice with its border; everything beyond the border lies on it.
        column = min(max(columns[k] + 1.0, 0.0), nx + 1.0)
        row = min(max(rows[k] + 1.0, 0.0), ny + 1.0)
        left, low = min(int(column), nx), min(int(row), ny)
        u, v = column - left, row - low
        below = math.floor(layers[k])
        upper_share = layers[k] - below
        first = int(below % count)
        second = first + 1 if first + 1 < count else 0
        value = has_data = 0.0
        for side in range(2 if count > 1 else 1):
            share = upper_share if side else 1.0 - upper_share
            layer = second if side else first
            corner = (layer * (ny + 2) + low) * (nx + 2) + left
            for shift, part in (
                (0, (1.0 - u) * (1.0 - v)),
                (1, u * (1.0 - v)),
                (nx + 2, (1.0 - u) * v),
                (nx + 3, u * v),
            ):
                value += values[corner + shift] * part * share
                has_data += known[corner + shift] * part * share
        total[k], weight[k] = value, has_data
    return total, weight

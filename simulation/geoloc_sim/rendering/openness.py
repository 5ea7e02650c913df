# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How much of the sky is open over each spot of the ground: what darkens streets and corners.

Heights of what stands around are read from a lattice; in each of eight directions the steepest
of a few distances is the horizon. An approximation made once for each scene.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray
from geoloc_sim.rendering.compiled import compiled, inlined
from geoloc_sim.rendering.records import Float32Array

#: Most cells of a lattice; a larger world gets larger cells.
MOST_CELLS = 2_000_000
_STEPS_M = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 36.0, 54.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Openness:
    """A lattice over the world.

    Attributes:
        west_m: x of the middle of the first cell.
        south_m: y of the middle of the first cell.
        cell_m: size of cells.
        values: shape (rows, columns, 2), rows from south to north: the share of sky light that
            reaches the ground, and the height in metres at which nothing hides the sky any more.
    """

    west_m: float
    south_m: float
    cell_m: float
    values: Float32Array


def cell_size(extent_m: FloatArray) -> float:
    """Size of cells for a world of this extent (east, north), 1 m or more."""
    return max(1.0, math.sqrt(float(extent_m[0] * extent_m[1]) / MOST_CELLS))


def openness(west_m: float, south_m: float, cell_m: float, heights_m: Float32Array) -> Openness:
    """Openness of a lattice of the heights of what is seen from above, shape (rows, columns)."""
    values = np.empty((*heights_m.shape, 2), dtype=np.float32)
    steps = np.unique(np.maximum(1, np.rint(np.array(_STEPS_M) / cell_m)).astype(np.int64))
    _scan(heights_m, steps, cell_m, values)
    return Openness(west_m, south_m, cell_m, values)


@compiled
def _scan(
    heights_m: Float32Array, steps: npt.NDArray[np.int64], cell_m: float, values: Float32Array
) -> None:
    rows, columns = heights_m.shape
    for row in range(rows):
        for column in range(columns):
            hidden, top = 0.0, 0.0
            for turn in range(8):
                x = (1, 1, 0, -1, -1, -1, 0, 1)[turn]
                y = (0, 1, 1, 1, 0, -1, -1, -1)[turn]
                stretch = cell_m * (1.0 if turn % 2 == 0 else math.sqrt(2.0))
                steepest, high = 0.0, 0.0
                for k in range(steps.size):
                    i, j = row + y * steps[k], column + x * steps[k]
                    if i < 0 or j < 0 or i >= rows or j >= columns:
                        break
                    slope = heights_m[i, j] / (stretch * steps[k])
                    if slope > steepest:
                        steepest, high = slope, heights_m[i, j]
                # Cosine-weighted share of a sky slice under a horizon: sin^2 of its elevation.
                hidden += steepest * steepest / (1.0 + steepest * steepest)
                top += high
            values[row, column, 0] = 1.0 - hidden / 8.0
            values[row, column, 1] = max(top / 8.0, 0.5)


@inlined
def sky_share(
    values: Float32Array,
    west_m: float,
    south_m: float,
    cell_m: float,
    x: float,
    y: float,
    z: float,
) -> float:
    """Share of sky light at a point: the lattice's at the ground, all of it above the roofs."""
    u, v = (x - west_m) / cell_m, (y - south_m) / cell_m
    rows, columns = values.shape[0], values.shape[1]
    if u < 0.0 or v < 0.0 or u >= columns - 1.001 or v >= rows - 1.001:
        return 1.0
    j, i = int(u), int(v)
    u -= j
    v -= i
    a, b, c, d = (1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v
    share = (
        a * values[i, j, 0]
        + b * values[i, j + 1, 0]
        + c * values[i + 1, j, 0]
        + d * values[i + 1, j + 1, 0]
    )
    top = (
        a * values[i, j, 1]
        + b * values[i, j + 1, 1]
        + c * values[i + 1, j, 1]
        + d * values[i + 1, j + 1, 1]
    )
    rise = min(max(z / top, 0.0), 1.0)
    result: float = share + (1.0 - share) * rise * rise * (3.0 - 2.0 * rise)
    return result

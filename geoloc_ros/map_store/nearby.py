# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A piece of a grid as parabolas in ``map``: exact enough, and twenty times faster than PROJ."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.types import FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class Nearby:
    """The cells about one of them, their places in ``map`` parabolas of column and row.

    What parabolas leave out is of third order: below 0.1 micrometres within 250 m of the middle.

    Attributes:
        ix0: first column.
        iy0: first row.
        half: half of the columns, and of the rows.
        known: x and y in ``map`` at 3 x 3 of the cells, shape (2, rows, columns).
    """

    ix0: int
    iy0: int
    half: int
    known: FloatArray

    def places(self, ix0: int, iy0: int, nx: int, ny: int) -> FloatArray | None:
        """(x, y) of the centres of a block, shape (ny, nx, 2); ``None`` if it goes beyond."""
        last_x, last_y = self.ix0 + 2 * self.half, self.iy0 + 2 * self.half
        if min(ix0 - self.ix0, iy0 - self.iy0, last_x - ix0 - nx + 1, last_y - iy0 - ny + 1) < 0:
            return None
        step = 0.5 / self.half
        columns = np.arange(ix0 - self.ix0, ix0 - self.ix0 + nx, dtype=np.float64)
        rows = np.arange(iy0 - self.iy0, iy0 - self.iy0 + ny, dtype=np.float64)
        found = parabola_weights(step * rows) @ self.known @ parabola_weights(step * columns).T
        return np.ascontiguousarray(found.transpose(1, 2, 0))

    def lattice_at(self, ix: float, iy: float) -> tuple[float, float]:
        """As that of ``TileGrid``: what is half a cell on less what is half a cell back."""
        across = self._value_and_step(ix - self.ix0)
        down = self._value_and_step(iy - self.iy0)
        x_m, y_m = (down @ self.known @ across.T).tolist()
        # Of x and y: [1][0] is the step from row to row, [0][1] from column to column.
        turned = (x_m[0][1] + y_m[1][0], y_m[0][1] - x_m[1][0])
        return 0.5 * math.hypot(*turned), math.atan2(turned[1], turned[0])

    def _value_and_step(self, place: float) -> FloatArray:
        """Weights of the value at a place and of the step over the cell about it, shape (2, 3)."""
        step = 0.5 / self.half
        t = step * place
        value = (2.0 * (t - 0.5) * (t - 1.0), 4.0 * t * (1.0 - t), 2.0 * t * (t - 0.5))
        # A parabola's difference over an interval is its slope in the middle times the length.
        return np.array(
            (value, ((4.0 * t - 3.0) * step, (4.0 - 8.0 * t) * step, (4.0 * t - 1.0) * step))
        )


def parabola_weights(t: FloatArray) -> FloatArray:
    """Weights at t in [0, 1] of what is known at 0, 0.5 and 1, shape (n, 3)."""
    weights = np.empty((len(t), 3))
    weights[:, 0] = 2.0 * (t - 0.5) * (t - 1.0)
    weights[:, 1] = 4.0 * t * (1.0 - t)
    weights[:, 2] = 2.0 * t * (t - 0.5)
    return weights

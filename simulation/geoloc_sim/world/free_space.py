# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where things may stand: off the roads, out of buildings, apart from each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray

_CELL_M = 6.0


class Obstacles:
    """Shapes of one kind that nothing may come too near to."""

    def __init__(self, shapes: Iterable[BaseGeometry]) -> None:
        self._tree = shapely.STRtree(list(shapes))

    def clear(self, points_m: FloatArray, distance_m: float | FloatArray) -> npt.NDArray[np.bool_]:
        """Which points are farther than this from every shape; shape (n,) for (n, 2) points."""
        return self.clear_shapes(shapely.points(np.reshape(points_m, (-1, 2))), distance_m)

    def clear_shapes(
        self,
        shapes: Sequence[BaseGeometry] | npt.NDArray[np.object_],
        distance_m: float | FloatArray,
    ) -> npt.NDArray[np.bool_]:
        """Which shapes are farther than this from every obstacle, shape (n,)."""
        array = np.asarray(shapes, dtype=object)
        clear = np.ones(len(array), dtype=bool)
        if len(array):
            hit = self._tree.query(array, predicate='dwithin', distance=distance_m)[0]
            clear[hit] = False
        return clear


class Spacing:
    """Keeps standing things apart: first come, first served."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[float, float, float]]] = {}

    def take(self, x_m: float, y_m: float, radius_m: float) -> bool:
        """Take a place if no earlier thing's radius and this one overlap there.

        Radii are at most 6 m.
        """
        column, row = int(x_m // _CELL_M), int(y_m // _CELL_M)
        for i in (-2, -1, 0, 1, 2):
            for j in (-2, -1, 0, 1, 2):
                for x, y, radius in self._cells.get((column + i, row + j), ()):
                    if (x - x_m) ** 2 + (y - y_m) ** 2 < (radius + radius_m) ** 2:
                        return False
        self._cells.setdefault((column, row), []).append((x_m, y_m, radius_m))
        return True


def points_inside(polygon: Polygon, count: int, rng: np.random.Generator) -> FloatArray:
    """Random points inside a polygon: uniform, up to ``count``, shape (k, 2)."""
    west, south, east, north = polygon.bounds
    box = max((east - west) * (north - south), 1e-9)
    draws = min(int(np.ceil(1.3 * count * box / max(polygon.area, 1e-9))) + 2, 40 * count + 40)
    points: FloatArray = rng.uniform((west, south), (east, north), size=(draws, 2))
    inside = np.asarray(shapely.contains_xy(polygon, points[:, 0], points[:, 1]), dtype=bool)
    chosen: FloatArray = points[inside][:count]
    return chosen

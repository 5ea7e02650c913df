# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Which pairs meet in a minibatch: neighbours only (local), or any (global).

Source: Xia et al., RA-L 2021, section III-C.2, equation 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geoloc_ros.errors import SettingError
from geoloc_ros.types import FloatArray

IntArray = npt.NDArray[np.int64]

#: Places of different areas are kept this far apart, so that none is another's neighbour.
_APART_M = 1e7


class Minibatches(Protocol):
    """Makes the minibatches of an epoch."""

    def epoch(self, random: np.random.Generator) -> Iterator[IntArray]:
        """Numbers of the pairs of each minibatch, shape (N,)."""
        ...


class LocalMinibatches:
    """Minibatches of pairs within a radius of the first one; the three-step procedure.

    1. The neighbourhoods N_r(i) = {j != i: |p_i - p_j| <= r} are computed once (equation 4).
    2. An epoch starts with the pool of all pairs.
    3. A pair is drawn from the pool, then N - 1 of its neighbours that are still in the pool,
       evenly and without replacement; all of them leave the pool. A pair with fewer neighbours
       left leaves it unused.

    Args:
        positions_m: of the pairs, shape (n, 2).
        radius_m: r.
        size: N, at least 2.
        places: number of the area of each pair, shape (n,); ``None`` when there is one.

    Raises:
        SettingError: a number is out of range, or no pair has N - 1 neighbours.
    """

    def __init__(
        self,
        positions_m: FloatArray,
        radius_m: float,
        size: int,
        places: IntArray | None = None,
    ) -> None:
        if size < 2 or not radius_m > 0.0:
            raise SettingError(
                f'minibatches of {size} pairs within {radius_m} m; expected at least 2 pairs and '
                'a positive radius'
            )
        points = np.asarray(positions_m, dtype=np.float64)
        if places is not None:
            points = np.column_stack((points, places * _APART_M))
        self._size = size
        tree = cKDTree(points)
        self._neighbours = []
        for number, point in enumerate(points):
            found = np.array(tree.query_ball_point(point, radius_m), dtype=np.int64)
            self._neighbours.append(found[found != number])
        most = max((len(found) for found in self._neighbours), default=0)
        if most < size - 1:
            raise SettingError(
                f'no pair has {size - 1} others within {radius_m} m (the best has {most}); '
                'expected more; lower the batch size, or drive more'
            )

    def neighbours(self, number: int) -> IntArray:
        """N_r(i) of equation 4, rising."""
        return np.sort(self._neighbours[number])

    def epoch(self, random: np.random.Generator) -> Iterator[IntArray]:
        """Numbers of the pairs of each minibatch, shape (N,), the first one first."""
        unused = np.ones(len(self._neighbours), dtype=np.bool_)
        # Walking a shuffled list draws evenly from what is left of the pool.
        for first in random.permutation(len(unused)):
            if not unused[first]:
                continue
            unused[first] = False
            near = self._neighbours[first]
            near = near[unused[near]]
            if len(near) < self._size - 1:
                continue
            others = random.choice(near, self._size - 1, replace=False)
            unused[others] = False
            yield np.concatenate(([first], others)).astype(np.int64)


class GlobalMinibatches:
    """Minibatches of a random shuffle of all pairs: the geo-global baseline.

    Args:
        count: number of pairs.
        size: N, at least 2; the last few pairs of an epoch that do not fill a batch are left out.

    Raises:
        SettingError: there are fewer pairs than one batch holds.
    """

    def __init__(self, count: int, size: int) -> None:
        if size < 2 or count < size:
            raise SettingError(
                f'minibatches of {size} out of {count} pairs; expected 2 to {count}; lower the '
                'batch size'
            )
        self._count, self._size = count, size

    def epoch(self, random: np.random.Generator) -> Iterator[IntArray]:
        """Numbers of the pairs of each minibatch, shape (N,)."""
        order = random.permutation(self._count)
        for start in range(0, self._count - self._size + 1, self._size):
            yield order[start : start + self._size].astype(np.int64)

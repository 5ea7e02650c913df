# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Searches a whole map for a picture, for a vehicle that does not know where it is.

Descriptors are kept as whole numbers of one byte. A search reads each of them once, so it is as
fast as memory: a quarter of the time of a float32 product.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from geoloc_ros.compiled import COMPILED, compiled
from geoloc_ros.errors import MapError, ShapeError
from geoloc_ros.map_store.descriptor_store import DescriptorStore

CodeArray = npt.NDArray[np.int8]
Float32Array = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.intp]

_LARGEST_CODE = 127
#: Sums of products of codes stay below this, an int32 with room for rounding.
_LARGEST_SUM = 2**31 - 2**16
_LARGEST_QUERY = 2**15 - 1
_ROWS_AT_A_TIME = 4096


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class MapSearch:
    """All descriptors of a map, rounded to int8: n x d bytes, and 4 bytes a row.

    A descriptor is its codes times a scale of its own, so that its largest value is 127. The query
    keeps about 16 bits; what is lost is the rounding of the references, which moves a distance by
    about 0.0007 (one standard deviation, unit vectors of 512 values).

    Attributes:
        codes: shape (n, d).
        scales: shape (n,); 0 for rows that are zero: they have no data and are never found.
    """

    codes: CodeArray
    scales: Float32Array

    @classmethod
    def of(cls, descriptors: npt.NDArray[np.floating]) -> MapSearch:
        """Round descriptors of unit length.

        Args:
            descriptors: shape (n, ...), float32 or as a map stores them; rows of zeros are cells
                without data.

        Raises:
            ShapeError: there are none.
            MapError: one is not finite.
        """
        if descriptors.ndim < 2 or not descriptors.size:
            raise ShapeError(
                f'descriptors have shape {descriptors.shape}; expected (n, ...), with at least '
                'one; build the map first'
            )
        rows = descriptors.reshape(len(descriptors), -1)
        search = cls(np.empty(rows.shape, np.int8), np.empty(len(rows), np.float32))
        for begin in range(0, len(rows), _ROWS_AT_A_TIME):
            part = np.s_[begin : begin + _ROWS_AT_A_TIME]
            search.codes[part], search.scales[part] = _rounded(rows[part])
        return search

    @classmethod
    def of_map(cls, store: DescriptorStore) -> MapSearch:
        """Round a map, a row of cells at a time; index i is the cell ix = i % nx, iy = i // nx.

        Raises:
            MapError: its descriptors are for several headings, or a block cannot be read.
        """
        record, grid = store.record, store.grid
        if len(record.yaws_rad) > 1:
            raise MapError(
                f'map {store.path} holds descriptors for {len(record.yaws_rad)} headings a cell; '
                'expected one; build it with a network whose patches lie north up'
            )
        values = int(np.prod(record.descriptor_shape))
        search = cls(
            np.empty((grid.cell_count, values), np.int8), np.empty(grid.cell_count, np.float32)
        )
        for row in range(grid.ny):
            read = store.read_window(0, row, grid.nx, 1)
            part = np.s_[row * grid.nx : (row + 1) * grid.nx]
            search.codes[part], search.scales[part] = _rounded(
                read.descriptors.reshape(grid.nx, values)
            )
        return search

    def best(self, query: Float32Array, count: int = 10) -> tuple[IndexArray, Float32Array]:
        """The references nearest to a query.

        Args:
            query: of unit length, d values in any shape.
            count: so many, or as many as have data.

        Returns:
            Their indices and squared Euclidean distances in [0, 4], nearest first.

        Raises:
            ShapeError: the query has another number of values, or ``count`` is not positive.
            MapError: the query is not finite.
        """
        values = query.astype(np.float32, copy=False).ravel()
        if values.size != self.codes.shape[1] or count < 1:
            raise ShapeError(
                f'query of {values.size} values, {count} wanted; expected {self.codes.shape[1]} '
                'values and a positive count; describe it with the network of the map'
            )
        largest = float(np.max(np.abs(values)))
        if not np.isfinite(largest):
            raise MapError('the query is not finite; expected a unit vector; check the weights')
        step = _query_step(values, largest)
        codes = np.rint(values / np.float32(step)).astype(np.int16)
        count = min(count, len(self.scales))
        found = np.full(count, -1, np.intp)
        similarity = np.full(count, -np.inf, np.float32)
        if COMPILED:
            _search(self.codes, self.scales, codes, found, similarity)
        else:
            found, similarity = _search_numpy(self, codes, count)
        found, similarity = found[similarity > -np.inf], similarity[similarity > -np.inf]
        distances = np.clip(2.0 - 2.0 * step * similarity, 0.0, 4.0)
        return found, distances.astype(np.float32)


def _rounded(rows: npt.NDArray[np.floating]) -> tuple[CodeArray, Float32Array]:
    """Codes of rows, and what they are worth."""
    values = rows.astype(np.float32)
    scales = np.max(np.abs(values), axis=1) / np.float32(_LARGEST_CODE)
    if not np.all(np.isfinite(scales)):
        raise MapError(
            'descriptors hold values that are not finite; expected unit vectors; check the weights'
        )
    values /= np.where(scales > 0.0, scales, np.float32(1.0))[:, None]
    return np.rint(values).astype(np.int8), scales


def _query_step(values: Float32Array, largest: float) -> float:
    """The finest step of a query's codes with which no sum of products can overflow."""
    total = float(np.sum(np.abs(values), dtype=np.float64)) * _LARGEST_CODE
    rounding = 0.5 * values.size * _LARGEST_CODE
    return max(largest / _LARGEST_QUERY, total / (_LARGEST_SUM - rounding), 1e-30)


@compiled
def _search(
    codes: CodeArray,
    scales: Float32Array,
    query: npt.NDArray[np.int16],
    found: IndexArray,
    similarity: Float32Array,
) -> None:
    """Fill ``found`` and ``similarity``, greatest first; of equals the first row counts.

    The inner loop becomes multiply-and-add of 16-bit pairs into 32-bit sums.
    """
    n, d = codes.shape
    last = similarity.size - 1
    for i in range(n):
        row = codes[i]
        total = np.int32(0)
        for j in range(d):
            total = np.int32(total + np.int32(np.int32(row[j]) * np.int32(query[j])))
        value = np.float32(total) * scales[i]
        if value <= similarity[last] or scales[i] == 0.0:
            continue
        place = last
        while place > 0 and similarity[place - 1] < value:
            similarity[place] = similarity[place - 1]
            found[place] = found[place - 1]
            place -= 1
        similarity[place] = value
        found[place] = i


def _search_numpy(
    search: MapSearch, query: npt.NDArray[np.int16], count: int
) -> tuple[IndexArray, Float32Array]:
    """The same without numba, up to rounding; rows with no data come out at -inf."""
    similarity = np.empty(len(search.scales), np.float32)
    values = query.astype(np.float32)
    for begin in range(0, len(similarity), _ROWS_AT_A_TIME):
        part = np.s_[begin : begin + _ROWS_AT_A_TIME]
        similarity[part] = search.codes[part].astype(np.float32) @ values
    similarity *= search.scales
    similarity[search.scales == 0.0] = -np.inf
    nearest = np.argpartition(-similarity, count - 1)[:count]
    nearest = nearest[np.lexsort((nearest, -similarity[nearest]))]
    return nearest, similarity[nearest]

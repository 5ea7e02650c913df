# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Descriptors of a grid's cells in a folder: float16 on disk, float32 in memory.

The folder is zarr, format 2, with two arrays beside the attributes (``map_record``):

- ``descriptors``, float16, shape (ny, nx, *descriptor_shape), in blocks of e.g. 16 x 16 cells;
  rounding a unit vector to float16 moves it by at most 2^-11 of its length.
- ``coverage``, uint8, shape (ny, nx): covered share times 200; 255 where nothing was built yet.
  It is written after the descriptors of a block, so an interrupted build knows what it has.
"""

from __future__ import annotations

from collections import OrderedDict
import dataclasses
import json
from pathlib import Path
import shutil
import threading
from typing import Any

import numpy as np

from geoloc_ros.errors import MapError, ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store import zarr_files
from geoloc_ros.map_store.map_record import (
    COVERAGE_STEPS,
    FORMAT,
    NOT_BUILT,
    MapRecord,
    coverage_steps,
    record_from_attributes,
)
from geoloc_ros.map_store.records import BoolArray, Float32Array, ImageU8, ReferenceNetwork
from geoloc_ros.map_store.tile_grid import TileGrid
from geoloc_ros.types import FloatArray

DEFAULT_CACHE_BYTES = 512 * 1024 * 1024
#: Chunks of the coverage: one file for most maps, so that opening is quick.
_COVERAGE_CELLS = 1024
#: Every map has it.
ATTRIBUTES_FILE = '.zattrs'


@dataclasses.dataclass(frozen=True, slots=True)
class DescriptorWindow:
    """Descriptors of a block of cells, read only.

    Attributes:
        descriptors: float32, shape (ny, nx, *descriptor_shape), contiguous; zeros where
            there is no data.
        has_data: shape (ny, nx).
    """

    descriptors: Float32Array
    has_data: BoolArray


class DescriptorStore:
    """A map on disk; made by ``create``, ``open`` or ``build_map``. Reading is thread-safe.

    Args:
        path: folder of the map.
        group: its open zarr group.
        cache_bytes: memory for blocks, decoded to float32; the least recently used go first.
    """

    def __init__(self, path: Path, group: Any, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self._path = path
        self._record = record_from_attributes(dict(group.attrs), path)
        try:
            self._descriptors: Any = group['descriptors']
            self._coverage: Any = group['coverage']
            self._covered: ImageU8 = np.asarray(self._coverage[:, :])
        except (KeyError, OSError, ValueError, RuntimeError) as error:
            raise MapError(f'map {path} is damaged ({error!r}); build it again') from error
        expected = (self.grid.ny, self.grid.nx, *self._record.descriptor_shape)
        if tuple(self._descriptors.shape) != expected or self._covered.shape != expected[:2]:
            raise MapError(
                f'map {path} holds descriptors {tuple(self._descriptors.shape)} and coverage '
                f'{self._covered.shape}; its attributes say {expected}; build it again'
            )
        self._chunks = zarr_files.ChunkReader(path, 'descriptors', self._descriptors)
        self._blocks: OrderedDict[tuple[int, int], Float32Array] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._bytes = 0
        self._last: tuple[tuple[int, int, int, int], DescriptorWindow] | None = None
        self._lock = threading.RLock()

    @classmethod
    def create(cls, path: Path, record: MapRecord) -> DescriptorStore:
        """A new, empty map, open for writing.

        Args:
            path: folder to make; must not exist, or be empty.
            record: what the map says of itself.

        Raises:
            MapError: something is at the path, or the folder cannot be made.
        """
        if not is_vacant(path):
            raise MapError(
                f'{path} exists; expected a new path for a map; choose another one, or remove it'
            )
        part = path.with_name(f'.{path.name}.part')
        try:
            cls._write_empty(part, record)
            part.rename(path)
        except OSError as error:
            raise MapError(
                f'folder {path} of a map cannot be made ({error}); choose a path where you may '
                'write, on a disk with room'
            ) from error
        return cls.open(path, writable=True)

    @staticmethod
    def _write_empty(folder: Path, record: MapRecord) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        group = zarr_files.create_group(folder, record.attributes())
        shape, block = (record.grid.ny, record.grid.nx), record.block_cells
        zarr_files.create_array(
            group,
            'descriptors',
            (*shape, *record.descriptor_shape),
            (block, block, *record.descriptor_shape),
            '<f2',
            0.0,
        )
        chunks = (min(_COVERAGE_CELLS, shape[0]), min(_COVERAGE_CELLS, shape[1]))
        zarr_files.create_array(group, 'coverage', shape, chunks, '|u1', NOT_BUILT)

    @classmethod
    def open(
        cls,
        path: Path,
        network: ReferenceNetwork | None = None,
        *,
        writable: bool = False,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> DescriptorStore:
        """Open a map.

        Args:
            path: its folder.
            network: whose descriptors they must be; ``None`` does not ask.
            writable: to go on building it.
            cache_bytes: memory for blocks.

        Raises:
            MapError: no map, a damaged one, or one of other weights.
        """
        try:
            if not (path / ATTRIBUTES_FILE).is_file():
                raise MapError(
                    f'{path} is no map; expected a folder of `geoloc map build`; check the path'
                )
            group = zarr_files.open_group(path, writable=writable)
        except (OSError, ValueError, KeyError) as error:
            raise MapError(
                f'map {path} cannot be opened ({error}); change its rights, or build it again'
            ) from error
        store = cls(path, group, cache_bytes)
        if network is not None:
            store.check_network(network)
        return store

    @property
    def path(self) -> Path:
        """Folder of the map."""
        return self._path

    @property
    def record(self) -> MapRecord:
        """What the map says of itself."""
        return self._record

    @property
    def grid(self) -> TileGrid:
        """The cells."""
        return self._record.grid

    @property
    def datum(self) -> Datum:
        """Suggested origin of ``map``."""
        return Datum(self._record.datum)

    @property
    def has_data(self) -> BoolArray:
        """Which cells have a descriptor, shape (ny, nx)."""
        return self._record.has_data(self._covered)

    @property
    def covered_share(self) -> FloatArray:
        """Share of each cell's patch that is imagery, in steps of 1/200; NaN where not built."""
        return np.where(self._covered == NOT_BUILT, np.nan, self._covered / COVERAGE_STEPS)

    @property
    def built_blocks(self) -> BoolArray:
        """Which blocks are built, shape ``record.block_shape``."""
        size = self._record.block_cells
        missing = self._covered == NOT_BUILT
        by_row = np.logical_or.reduceat(missing, np.arange(0, self.grid.ny, size), axis=0)
        by_block = np.logical_or.reduceat(by_row, np.arange(0, self.grid.nx, size), axis=1)
        return np.asarray(~by_block)

    @property
    def complete(self) -> bool:
        """Everything is built."""
        return not bool(np.any(self._covered == NOT_BUILT))

    @property
    def missing(self) -> str:
        """What an interrupted build has left out and what to do; empty where complete."""
        if self.complete:
            return ''
        built = self.built_blocks
        return (
            f'{np.count_nonzero(~built)} of {built.size} blocks are missing: run the same `geoloc '
            'map build` again (without --overwrite) to go on'
        )

    def check_network(self, network: ReferenceNetwork) -> None:
        """Refuse another network than the one that made the map.

        Raises:
            MapError: the weights differ.
        """
        if network.sha256 == self._record.network_sha256:
            return
        raise MapError(
            f'map {self._path} was built with {self._record.network_name} (sha256 '
            f'{self._record.network_sha256}), not with {network.name} (sha256 {network.sha256}); '
            'their descriptors cannot be compared; load those weights, or build the map again'
        )

    def block_cells(self, row: int, column: int) -> tuple[int, int, int, int]:
        """(ix0, iy0, nx, ny) of a block.

        Raises:
            MapError: there is no such block.
        """
        rows, columns = self._record.block_shape
        if not (0 <= row < rows and 0 <= column < columns):
            raise MapError(
                f'block ({row}, {column}) of map {self._path}; expected rows below {rows} and '
                f'columns below {columns}'
            )
        size = self._record.block_cells
        ix0, iy0 = column * size, row * size
        return ix0, iy0, min(size, self.grid.nx - ix0), min(size, self.grid.ny - iy0)

    def write_block(
        self, row: int, column: int, descriptors: Float32Array, covered_share: FloatArray
    ) -> None:
        """Store a block.

        Blocks may be written in any order, by one process a map.

        Args:
            row: of the block, from the south.
            column: of the block, from the west.
            descriptors: shape (ny, nx, *descriptor_shape) of the block's cells; those of
                cells without data are not kept.
            covered_share: in [0, 1], shape (ny, nx).

        Raises:
            MapError: a descriptor is not finite or too large for float16, or the disk is full.
            ShapeError: a shape is wrong.
        """
        ix0, iy0, nx, ny = self.block_cells(row, column)
        expected = (ny, nx, *self._record.descriptor_shape)
        if descriptors.shape != expected or covered_share.shape != expected[:2]:
            raise ShapeError(
                f'block ({row}, {column}) gets descriptors {descriptors.shape} and shares '
                f'{covered_share.shape}; expected {expected} and {expected[:2]}'
            )
        covered = coverage_steps(covered_share)
        kept = self._record.has_data(covered)
        stored = np.zeros(expected, dtype=np.float16)
        with np.errstate(over='ignore'):
            stored[kept] = descriptors[kept]
        if not np.all(np.isfinite(stored)):
            raise MapError(
                f'network {self._record.network_name} gave descriptors in block ({row}, {column}) '
                'that are not finite, or beyond 65504; expected unit vectors; check the weights'
            )
        cells = np.s_[iy0 : iy0 + ny, ix0 : ix0 + nx]
        try:
            self._descriptors[cells] = stored
            self._coverage[cells] = covered
        except OSError as error:
            raise MapError(
                f'block ({row}, {column}) of map {self._path} cannot be written ({error}); make '
                'room on the disk, and run the same command again to go on'
            ) from error
        with self._lock:
            self._covered[cells] = covered
            old = self._blocks.pop((row, column), None)
            self._bytes -= 0 if old is None else old.nbytes
            self._last = None

    def read_window(self, ix0: int, iy0: int, nx: int, ny: int) -> DescriptorWindow:
        """Descriptors of a block of cells.

        The same window again is handed out again; other windows are put together from blocks in
        memory.

        Args:
            ix0: first column of the grid.
            iy0: first row.
            nx: columns.
            ny: rows.

        Raises:
            MapError: not inside the grid (``TileGrid.window`` gives windows that are), or a block
                cannot be read.
        """
        key = (ix0, iy0, nx, ny)
        with self._lock:
            if self._last is not None and self._last[0] == key:
                return self._last[1]
            inside = min(ix0, iy0) >= 0 and ix0 + nx <= self.grid.nx and iy0 + ny <= self.grid.ny
            if not inside or nx < 1 or ny < 1:
                raise MapError(
                    f'window of {nx} x {ny} cells from ({ix0}, {iy0}) of map {self._path}; '
                    f'expected one inside of {self.grid.nx} x {self.grid.ny} cells'
                )
            window = self._assembled(ix0, iy0, nx, ny)
            self._last = (key, window)
            return window

    def _assembled(self, ix0: int, iy0: int, nx: int, ny: int) -> DescriptorWindow:
        size = self._record.block_cells
        descriptors = np.empty((ny, nx, *self._record.descriptor_shape), dtype=np.float32)
        for row in range(iy0 // size, (iy0 + ny - 1) // size + 1):
            low, high = max(row * size, iy0), min((row + 1) * size, iy0 + ny)
            for column in range(ix0 // size, (ix0 + nx - 1) // size + 1):
                left, right = max(column * size, ix0), min((column + 1) * size, ix0 + nx)
                block = self._block(row, column)
                descriptors[low - iy0 : high - iy0, left - ix0 : right - ix0] = block[
                    low - row * size : high - row * size,
                    left - column * size : right - column * size,
                ]
        has_data = self._record.has_data(self._covered[iy0 : iy0 + ny, ix0 : ix0 + nx])
        descriptors.setflags(write=False)
        has_data.setflags(write=False)
        return DescriptorWindow(descriptors, has_data)

    def _block(self, row: int, column: int) -> Float32Array:
        """A block as float32, from memory or disk."""
        key = (row, column)
        found = self._blocks.get(key)
        if found is not None:
            self._blocks.move_to_end(key)
            return found
        within = (0,) * len(self._record.descriptor_shape)
        try:
            block: Float32Array = self._chunks.chunk((*key, *within)).astype(np.float32)
        except OSError as error:
            raise MapError(
                f'block {key} of map {self._path} cannot be read ({error}); check the disk'
            ) from error
        self._blocks[key] = block
        self._bytes += block.nbytes
        while self._bytes > self._cache_bytes and len(self._blocks) > 1:
            _, oldest = self._blocks.popitem(last=False)
            self._bytes -= oldest.nbytes
        return block


def is_vacant(path: Path) -> bool:
    """Whether a map can be made there: nothing is, or an empty folder."""
    try:
        return not path.exists() or (path.is_dir() and path.name != '' and not any(path.iterdir()))
    except OSError as error:
        raise MapError(f'{path} cannot be looked into ({error}); choose another path') from error


def remove_map(path: Path) -> None:
    """Remove a map's folder, and nothing that is none.

    Raises:
        MapError: it is no map, or cannot be removed.
    """
    attributes = path / ATTRIBUTES_FILE
    try:
        record = json.loads(attributes.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise MapError(
            f'{path} is no map and is not removed ({error}); choose another path'
        ) from (error)
    if not isinstance(record, dict) or record.get('format') != FORMAT:
        raise MapError(f'{path} is no map and is not removed; choose another path')
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise MapError(f'map {path} cannot be removed ({error}); choose another path') from error

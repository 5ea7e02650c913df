# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Zarr format 2 folders through zarr 2.18 (Python 3.10) and zarr 3 alike.

The two libraries name the same things differently; nothing else knows that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from geoloc_ros.errors import MapError

_IS_ZARR_2 = int(zarr.__version__.split('.')[0]) < 3
_VERSION: dict[str, Any] = {'zarr_version' if _IS_ZARR_2 else 'zarr_format': 2}


def create_group(path: Path, attributes: Mapping[str, object]) -> Any:
    """A new group in a folder that does not exist or is empty."""
    group = zarr.open_group(str(path), mode='w-', **_VERSION)
    group.attrs.update(dict(attributes))
    return group


def open_group(path: Path, *, writable: bool = False) -> Any:
    """A group that exists."""
    return zarr.open_group(str(path), mode='r+' if writable else 'r', **_VERSION)


def create_array(
    group: Any,
    name: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dtype: str,
    fill_value: float,
) -> Any:
    """A new uncompressed array; chunks that nobody writes hold ``fill_value`` and take no room.

    Descriptors are noise to a compressor: it would cost time and win a few per cent.
    """
    if _IS_ZARR_2:
        return group.create_dataset(
            name,
            shape=shape,
            chunks=chunks,
            dtype=dtype,
            fill_value=fill_value,
            compressor=None,
            write_empty_chunks=True,
        )
    return group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype=dtype,
        fill_value=fill_value,
        compressors=None,
        config={'write_empty_chunks': True},
    )


class ChunkReader:
    """Reads chunks of an uncompressed array straight from their files.

    A chunk of format 2 without compressor is a file of its plain numbers in C order, of full size
    also at the border. Zarr's own way costs more than a millisecond a read; the tests hold both
    against each other.

    Args:
        folder: of the group.
        name: of the array.
        array: the open array.

    Raises:
        MapError: it is compressed or stored in another order.
    """

    def __init__(self, folder: Path, name: str, array: Any) -> None:
        compressors = array.compressor if _IS_ZARR_2 else array.compressors
        if compressors or array.filters or array.order != 'C':
            raise MapError(
                f'array {name} of {folder} is compressed, filtered or in Fortran order; expected '
                'plain numbers in C order; build the map again'
            )
        self._folder = folder / name
        self._dtype = np.dtype(array.dtype)
        self._chunks = tuple(int(size) for size in array.chunks)
        self._fill_value = array.fill_value

    def chunk(self, place: tuple[int, ...]) -> npt.NDArray[Any]:
        """The chunk at a place, counted in chunks; full of the fill value where it has no file.

        Raises:
            MapError: its file is too short or too long.
            OSError: its file cannot be read.
        """
        path = self._folder / '.'.join(map(str, place))
        try:
            values = np.fromfile(path, dtype=self._dtype)
        except FileNotFoundError:
            return np.full(self._chunks, self._fill_value, dtype=self._dtype)
        expected = int(np.prod(self._chunks))
        if values.size != expected:
            raise MapError(
                f'chunk {path} holds {values.size} numbers; expected {expected}; the map is '
                'damaged: build it again'
            )
        return values.reshape(self._chunks)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Zarr format 2 folders through zarr 2.18 (Python 3.10) and zarr 3 alike.

The two libraries name the same things differently; nothing else knows that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zarr

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

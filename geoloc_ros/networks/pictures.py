# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Checks and batches of pictures, the same for every back end."""

from __future__ import annotations

from collections.abc import Callable
import os

import numpy as np

from geoloc_ros.errors import NetworkError, ShapeError
from geoloc_ros.networks.contract import Float32Array, ImageBatchU8, InputContract

#: Pictures at once on a CPU: more do not fit its caches and are slower each.
CPU_BATCH = 8
#: And on a GPU.
GPU_BATCH = 256

_MOST_THREADS = 4


def check_ground(contract: InputContract, images: ImageBatchU8) -> None:
    """Refuse what is no batch of ground pictures of this contract."""
    expected = (contract.ground_height_px, contract.ground_width_px, 3)
    _check('ground pictures', contract.name, images, expected)


def check_reference(contract: InputContract, patches: ImageBatchU8) -> None:
    """Refuse what is no batch of reference patches of this contract."""
    expected = (contract.patch_size_px, contract.patch_size_px, 3)
    _check('reference patches', contract.name, patches, expected)


def _check(what: str, name: str, pictures: ImageBatchU8, expected: tuple[int, ...]) -> None:
    if pictures.dtype != np.uint8 or pictures.shape[1:] != expected:
        raise ShapeError(
            f'{what} of {name!r} are {pictures.dtype} {pictures.shape}; expected uint8 '
            f'(n, {", ".join(map(str, expected))}), RGB; resample them to the input contract'
        )


def in_batches(
    run: Callable[[ImageBatchU8], Float32Array],
    pictures: ImageBatchU8,
    size: int,
    shape: tuple[int, ...],
) -> Float32Array:
    """Run a branch over any number of pictures, some at a time.

    Args:
        run: describes a batch.
        pictures: shape (n, h, w, 3).
        size: pictures at once.
        shape: of one descriptor.
    """
    if 0 < len(pictures) <= size:
        return run(pictures)
    result = np.empty((len(pictures), *shape), np.float32)
    for first in range(0, len(pictures), size):
        result[first : first + size] = run(pictures[first : first + size])
    return result


def thread_count(threads: int) -> int:
    """Threads of a network on this machine: ``threads``, or for 0 half of the cores, at most 4.

    The other half belongs to the filter, the middleware and the camera's driver: a network that
    takes every core makes them wait for it.

    Raises:
        NetworkError: negative.
    """
    if threads < 0:
        raise NetworkError(f'threads is {threads}; expected 0 (half of the cores) or more')
    if threads:
        return threads
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    return min(_MOST_THREADS, max(1, (cores or 1) // 2))

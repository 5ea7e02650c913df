# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Compiles the functions that run once for each pixel.

Kernels are cached beside their file (in the user's cache folder where that cannot be written).
numba notices a change of the file a kernel stands in but not of the files it calls, so machine
code that is older than any file of this folder is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
from pathlib import Path
from typing import TypeVar

import numba

FunctionT = TypeVar('FunctionT', bound=Callable[..., object])
_OPTIONS = {'error_model': 'numpy', 'nogil': True, 'fastmath': True}


def inlined(function: FunctionT) -> FunctionT:
    """Compile a part of kernels, with each of them."""
    part: FunctionT = numba.njit(**_OPTIONS)(function)
    return part


def compiled(function: FunctionT) -> FunctionT:
    """Compile a kernel at its first call and keep the machine code."""
    try:
        kernel = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # numba finds no folder it may write its cache to
        return inlined(function)
    name = f'{Path(function.__code__.co_filename).stem}.{function.__name__}-*.nbi'
    for index in Path(kernel.stats.cache_path).glob(name):
        _forget_if_old(index)
    typed: FunctionT = kernel
    return typed


def _forget_if_old(index: Path) -> None:
    try:
        if index.stat().st_mtime < _newest_source():
            index.unlink()
    except OSError:  # another process forgot it first, or it may not be deleted
        pass


@functools.cache
def _newest_source() -> float:
    return max(path.stat().st_mtime for path in Path(__file__).parent.glob('*.py'))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Compiles the functions that run once for each pixel.

Machine code is cached beside the file where that can be written. numba notices a change of the
file a cached function stands in, not of the files it calls: ``shading.py`` is what to touch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba

FunctionT = TypeVar('FunctionT', bound=Callable[..., object])


def compiled(function: FunctionT) -> FunctionT:
    """Compile at the first call; finite arithmetic in any order, division as numpy does it."""
    options = {'error_model': 'numpy', 'nogil': True, 'fastmath': True}
    try:
        kernel: FunctionT = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba finds no folder it may write its cache to
        kernel = numba.njit(**options)(function)
    return kernel

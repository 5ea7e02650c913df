# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Compiles numeric kernels with numba where that is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

FunctionT = TypeVar('FunctionT', bound=Callable[..., object])

try:
    import numba
except ImportError:  # the pure-numpy fallback: the same functions, uncompiled
    numba = None

COMPILED = numba is not None


def compiled(function: FunctionT) -> FunctionT:
    """Compile ``function`` at its first call, cached on disk; the plain one without numba."""
    if numba is None:
        return function
    kernel: FunctionT = numba.njit(cache=True, error_model='numpy')(function)
    return kernel

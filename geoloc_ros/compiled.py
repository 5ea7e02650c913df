# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Compiles numeric kernels with numba where that is installed.

Machine code is cached beside the file, or in the user's cache folder where that cannot be
written; where neither can, it is compiled anew in each process. It is renewed when that file is
changed, not when another is from which a function is called: then remove ``*.nbi`` and ``*.nbc``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

FunctionT = TypeVar('FunctionT', bound=Callable[..., object])

try:
    import numba
except ImportError:  # the pure-numpy fallback: the same functions, uncompiled
    numba = None

COMPILED = numba is not None


@overload
def compiled(function: FunctionT, /) -> FunctionT: ...


@overload
def compiled(*, fastmath: bool) -> Callable[[FunctionT], FunctionT]: ...


def compiled(
    function: FunctionT | None = None, /, *, fastmath: bool = False
) -> FunctionT | Callable[[FunctionT], FunctionT]:
    """Compile a function at its first call, cached on disk; the plain one without numba.

    Serves as ``@compiled`` and as ``@compiled(fastmath=True)``.

    Args:
        function: what to compile.
        fastmath: allow sums to be reordered and products fused, so that loops run on vector
            instructions; NaN and infinity keep their meaning.
    """
    if function is None:
        return lambda later: _compile(later, fastmath)
    return _compile(function, fastmath)


def _compile(function: FunctionT, fastmath: bool) -> FunctionT:
    if numba is None:
        return function
    options: dict[str, Any] = {'error_model': 'numpy', 'nogil': True}
    if fastmath:
        options['fastmath'] = {'reassoc', 'contract', 'nsz'}
    try:
        kernel: FunctionT = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba finds no folder it may write its cache to
        kernel = numba.njit(**options)(function)
    return kernel

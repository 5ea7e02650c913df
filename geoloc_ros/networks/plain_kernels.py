# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Distances of a descriptor to many others in one pass over memory, compiled by numba.

What exceeds the processor's cache is read in six streams, which keeps more of the memory busy than
a library's matrix-vector product does; and no second pass makes distances out of products.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoloc_ros.compiled import compiled

Float32Array = npt.NDArray[np.float32]

#: Values (4 MiB of them) up to which one row after the other is faster.
_CACHED = 1 << 20


@compiled
def _distance(similarity: np.float32) -> np.float32:
    distance = np.float32(2) - np.float32(2) * similarity
    if distance < np.float32(0):
        return np.float32(0)
    return np.float32(4) if distance > np.float32(4) else distance


@compiled(fastmath=True)
def _fill(rows: Float32Array, ground: Float32Array, distances: Float32Array, six: bool) -> None:
    """Distances of rows, six at a time or one."""
    last = len(rows) - len(rows) % 6 if six else 0
    for i in range(0, last, 6):
        r0, r1, r2 = rows[i], rows[i + 1], rows[i + 2]
        r3, r4, r5 = rows[i + 3], rows[i + 4], rows[i + 5]
        s0 = s1 = s2 = s3 = s4 = s5 = np.float32(0)
        for j in range(len(ground)):
            value = ground[j]
            s0 += r0[j] * value
            s1 += r1[j] * value
            s2 += r2[j] * value
            s3 += r3[j] * value
            s4 += r4[j] * value
            s5 += r5[j] * value
        for k, similarity in enumerate((s0, s1, s2, s3, s4, s5)):
            distances[i + k] = _distance(similarity)
    for i in range(last, len(rows)):
        row = rows[i]
        similarity = np.float32(0)
        for j in range(len(ground)):
            similarity += row[j] * ground[j]
        distances[i] = _distance(similarity)


@compiled
def distances_of_rows(rows: Float32Array, ground: Float32Array, distances: Float32Array) -> None:
    """2 - 2 <g, r> within [0, 4].

    Args:
        rows: shape (n, d), C-contiguous.
        ground: shape (d,).
        distances: shape (n,), written.
    """
    _fill(rows, ground, distances, rows.size > _CACHED)


@compiled
def distances_of_window(
    kept: Float32Array, window: Float32Array, ground: Float32Array, distances: Float32Array
) -> bool:
    """The same for a window where it lies in a larger array: nothing is copied.

    Args:
        kept: shape (n, d), C-contiguous; what the window was cut out of.
        window: shape (ny, nx, d), a view of ``kept``.
        ground: shape (d,).
        distances: shape (ny, nx), written.

    Returns:
        False, and nothing written, where the window's cells are no runs of rows of ``kept``.
    """
    ny, nx, _ = window.shape
    row_bytes = kept.strides[0]
    begin = window.ctypes.data - kept.ctypes.data
    first, pitch = begin // row_bytes, window.strides[0] // row_bytes
    fits = (
        window.strides[2] == kept.strides[1]
        and window.strides[1] == row_bytes
        and window.strides[0] == pitch * row_bytes
        and begin == first * row_bytes
        and pitch >= 0
        and first >= 0
        and first + (ny - 1) * pitch + nx <= len(kept)
    )
    if fits:
        for y in range(ny):
            at = first + y * pitch
            _fill(kept[at : at + nx], ground, distances[y], window.size > _CACHED)
    return fits

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Distances between descriptors, in numpy, the same for every back end."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from geoloc_ros.compiled import COMPILED
from geoloc_ros.errors import ShapeError
from geoloc_ros.networks.contract import Float32Array, InputContract
from geoloc_ros.networks.plain_kernels import distances_of_rows, distances_of_window

#: Added to squared norms: a window of zeros is at distance 2 of everything.
SMALL = 1e-12
#: Cells whose columns are worked on at a time, so that they stay in the processor's cache.
_CHUNK = 256
# Arrays: for a hundred cells, numpy takes longer to convert a number than to work with it.
_ZERO, _TWO, _MINUS_TWO, _FOUR = (np.array(number, np.float32) for number in (0, 2, -2, 4))


def first_columns(reference_count: int, ground_count: int) -> npt.NDArray[np.intp]:
    """The reference column under the ground's first one, for each yaw of a contract.

    Reference columns go clockwise from north and ground columns clockwise about the heading: with
    heading at bearing b the first of w ground columns lies at column n b / 2 pi - w / 2 of n.

    Returns:
        Shape (n,), by ascending yaw as in ``InputContract.yaws_rad``.
    """
    n = reference_count
    return np.asarray((3 * n // 4 - np.arange(1, n + 1) - ground_count // 2) % n)


_cached_first_columns = functools.cache(first_columns)


def descriptor_distances(
    contract: InputContract, ground: Float32Array, references: npt.NDArray[np.floating]
) -> Float32Array:
    """Squared Euclidean distances of a ground descriptor to references.

    Args:
        contract: of the network.
        ground: shape ``ground_descriptor_shape``.
        references: shape (m, *descriptor_shape), or (ny, nx, *descriptor_shape) for a window,
            which may be cut out of a larger array.

    Returns:
        Shape (m, n_yaw), or (ny, nx, n_yaw).

    Raises:
        ShapeError: an array is not as the contract says.
    """
    if ground.shape != contract.ground_descriptor_shape:
        raise ShapeError(
            f'ground descriptor has shape {ground.shape}; expected '
            f'{contract.ground_descriptor_shape} of {contract.name!r}; pass one descriptor'
        )
    cell_axes = references.ndim - len(contract.descriptor_shape)
    if cell_axes < 1 or references.shape[cell_axes:] != contract.descriptor_shape:
        raise ShapeError(
            f'references have shape {references.shape}; expected (m, '
            f'{", ".join(map(str, contract.descriptor_shape))}) of {contract.name!r}; use a map '
            'built with the same network'
        )
    if contract.heading == 'azimuth':
        return circular_distances(ground, references)
    return plain_distances(ground, references)


def plain_distances(ground: Float32Array, references: npt.NDArray[np.floating]) -> Float32Array:
    """2 - 2 <g, r> of unit descriptors of any shape, clipped to [0, 4].

    Args:
        ground: any shape.
        references: shape (..., *ground.shape); a window cut out of a larger array is not copied.

    Returns:
        Shape (..., 1).
    """
    cells = references.shape[: references.ndim - ground.ndim]
    rows = references.astype(np.float32, copy=False).reshape(*cells, ground.size)
    vector = ground.astype(np.float32, copy=False).ravel()
    distances = _compiled_distances(rows, vector) if COMPILED else None
    if distances is None:
        distances = _from_similarity(np.matmul(rows, vector))
    return distances[..., None]


def _compiled_distances(rows: Float32Array, vector: Float32Array) -> Float32Array | None:
    """Distances (...) of rows (..., d); ``None`` where they lie in no order the kernels know."""
    distances = np.empty(rows.shape[:-1], np.float32)
    if rows.flags.c_contiguous:
        distances_of_rows(rows.reshape(-1, len(vector)), vector, distances.reshape(-1))
        return distances
    kept = rows.base
    if rows.ndim != 3 or not isinstance(kept, np.ndarray) or kept.dtype != np.float32:
        return None
    if not kept.flags.c_contiguous or kept.size % len(vector):
        return None
    fits = distances_of_window(kept.reshape(-1, len(vector)), rows, vector, distances)
    return distances if fits else None


def circular_distances(ground: Float32Array, references: npt.NDArray[np.floating]) -> Float32Array:
    """Distances of a ground descriptor to the windows of references that each heading shows.

    Every window of w columns is brought to unit length before it is compared, so that a score
    does not depend on what lies behind the camera.

    Args:
        ground: shape (w, channels).
        references: shape (..., n, channels).

    Returns:
        Shape (..., n) by ascending yaw.
    """
    n, channels = references.shape[-2:]
    cells = np.ascontiguousarray(references, np.float32).reshape(-1, n, channels)
    unit = (ground / np.sqrt(np.vdot(ground, ground) + SMALL)).astype(np.float32)
    places = _laid_out(unit, n)
    order = _cached_first_columns(n, len(ground))
    distances = np.empty(cells.shape[:2], np.float32)
    squares = np.empty((min(_CHUNK, len(cells)), n, channels), np.float32)
    ones = np.ones(channels, np.float32)
    for begin in range(0, len(cells), _CHUNK):
        chunk = cells[begin : begin + _CHUNK]
        # Windows by their first column, clockwise.
        similarity = _window_products(places, chunk)
        np.square(chunk, out=squares[: len(chunk)])
        column_squares = squares[: len(chunk)].reshape(-1, channels) @ ones
        squared_length = column_squares.reshape(-1, n) @ _windows(n, len(ground))
        squared_length += np.float32(SMALL)
        similarity /= np.sqrt(squared_length, out=squared_length)
        _from_similarity(similarity).take(order, 1, distances[begin : begin + _CHUNK], 'clip')
    return distances.reshape(references.shape[:-1])


def _from_similarity(similarity: Float32Array) -> Float32Array:
    """2 - 2 similarity within [0, 4], in place of it."""
    np.multiply(similarity, _MINUS_TWO, out=similarity)
    np.add(similarity, _TWO, out=similarity)
    np.maximum(similarity, _ZERO, out=similarity)
    return np.minimum(similarity, _FOUR, out=similarity)


def _laid_out(unit: Float32Array, n: int) -> Float32Array:
    """A ground descriptor at each of b places over two blocks of b columns.

    The circle of n columns is cut into blocks. A window begins in one and ends there or in the
    next, so that one matrix product gives both parts of its product with the ground; half of the
    factors are zero, which costs less than adding up the products of single columns.

    Args:
        unit: shape (w, channels).
        n: columns of a reference.

    Returns:
        Shape (2 b, b channels): rows for windows that begin in the block itself at each of its
        columns, then for those that began in the block before.
    """
    width, channels = unit.shape
    b = next(size for size in range(max(width - 1, 1), n + 1) if n % size == 0)
    # In rows one column longer than two blocks, equal beginnings move on by a column a row.
    laid = np.zeros((b, 2 * b + 1, channels), np.float32)
    laid[:, :width] = unit
    places = laid.reshape(-1)[: 2 * b * b * channels].reshape(b, 2, b * channels)
    return places.transpose(1, 0, 2).reshape(2 * b, b * channels)


def _window_products(places: Float32Array, references: Float32Array) -> Float32Array:
    """Products of a ground descriptor with the window that begins at each reference column.

    Args:
        places: of the ground descriptor, as ``_laid_out`` gives them.
        references: shape (m, n, channels).

    Returns:
        Shape (m, n).
    """
    m, n = references.shape[:2]
    b = len(places) // 2
    parts = (references.reshape(-1, places.shape[1]) @ places.T).reshape(m, n // b, 2 * b)
    products = np.empty((m, n // b, b), np.float32)
    np.add(parts[:, :-1, :b], parts[:, 1:, b:], out=products[:, :-1])
    np.add(parts[:, -1, :b], parts[:, 0, b:], out=products[:, -1])
    return products.reshape(m, n)


@functools.cache
def _windows(n: int, width: int) -> Float32Array:
    """Shape (n, n): 1 where a column (row) belongs to the window that begins at another."""
    return (((np.arange(n)[:, None] - np.arange(n)) % n) < width).astype(np.float32)

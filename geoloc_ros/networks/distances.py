# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Distances between descriptors, in numpy, the same for every back end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import ShapeError
from geoloc_ros.networks.contract import Float32Array, InputContract

#: Added to squared norms: a window of zeros is at distance 2 of everything.
SMALL = 1e-12


def first_columns(reference_count: int, ground_count: int) -> npt.NDArray[np.intp]:
    """The reference column under the ground's first one, for each yaw of a contract.

    Reference columns go clockwise from north and ground columns clockwise about the heading: with
    heading at bearing b the first of w ground columns lies at column n b / 2 pi - w / 2 of n.

    Returns:
        Shape (n,), by ascending yaw as in ``InputContract.yaws_rad``.
    """
    n = reference_count
    return np.asarray((3 * n // 4 - np.arange(1, n + 1) - ground_count // 2) % n)


def descriptor_distances(
    contract: InputContract, ground: Float32Array, references: npt.NDArray[np.floating]
) -> Float32Array:
    """Squared Euclidean distances of a ground descriptor to references: shape (m, n_yaw).

    Raises:
        ShapeError: an array is not as the contract says.
    """
    if ground.shape != contract.ground_descriptor_shape:
        raise ShapeError(
            f'ground descriptor has shape {ground.shape}; expected '
            f'{contract.ground_descriptor_shape} of {contract.name!r}; pass one descriptor'
        )
    if references.shape[1:] != contract.descriptor_shape:
        raise ShapeError(
            f'references have shape {references.shape}; expected (m, '
            f'{", ".join(map(str, contract.descriptor_shape))}) of {contract.name!r}; use a map '
            'built with the same network'
        )
    if contract.heading == 'azimuth':
        return circular_distances(ground, references)
    return plain_distances(ground, references)


def plain_distances(ground: Float32Array, references: npt.NDArray[np.floating]) -> Float32Array:
    """2 - 2 <g, r> of unit descriptors of any shape: shape (m, 1), clipped to [0, 4]."""
    rows = np.ascontiguousarray(references, np.float32).reshape(len(references), -1)
    similarity = rows @ np.ascontiguousarray(ground, np.float32).ravel()
    return np.clip(2.0 - 2.0 * similarity, 0.0, 4.0, dtype=np.float32)[:, None]


def circular_distances(ground: Float32Array, references: npt.NDArray[np.floating]) -> Float32Array:
    """Distances of a ground descriptor to the windows of references that each heading shows.

    Every window of w columns is brought to unit length before it is compared, so that a score
    does not depend on what lies behind the camera.

    Args:
        ground: shape (w, channels).
        references: shape (m, n, channels).

    Returns:
        Shape (m, n) by ascending yaw.
    """
    m, n, channels = references.shape
    width = len(ground)
    rows = np.ascontiguousarray(references, np.float32).reshape(m * n, channels)
    unit = ground / np.sqrt(np.vdot(ground, ground) + SMALL)
    # Of every reference column: its product with each ground column, and its squared length.
    products = (unit.astype(np.float32) @ rows.T).reshape(width, m, n)
    squares = np.einsum('rc,rc->r', rows, rows).reshape(m, n)
    similarity = np.zeros((m, n), np.float32)
    squared_length = np.full((m, n), SMALL, np.float32)
    for column in range(width):  # windows by their first column, clockwise
        _add_shifted(similarity, products[column], column)
        _add_shifted(squared_length, squares, column)
    similarity /= np.sqrt(squared_length)
    np.clip(2.0 - 2.0 * similarity, 0.0, 4.0, out=similarity)
    return np.take(similarity, first_columns(n, width), axis=1)


def _add_shifted(total: Float32Array, values: Float32Array, shift: int) -> None:
    """Add to column s what stands in column s + shift, around the circle."""
    n = total.shape[1]
    total[:, : n - shift] += values[:, shift:]
    if shift:
        total[:, n - shift :] += values[:, :shift]

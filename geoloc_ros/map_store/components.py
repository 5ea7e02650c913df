# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A map's descriptors as colours: their first three principal components."""

from __future__ import annotations

import numpy as np

from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.records import ImageU8
from geoloc_ros.types import FloatArray

_SAMPLE_CELLS = 1500
_STRETCH_PERCENT = (2.0, 98.0)


def principal_colours(store: DescriptorStore, seed: int = 0) -> ImageU8:
    """Red, green and blue are the first three principal components of each cell's descriptor.

    The axes come from a sample of cells; each component is stretched from its 2nd to its 98th
    percentile. Neighbouring cells alike in colour are alike in descriptor.

    Args:
        store: the map.
        seed: of the sample.

    Returns:
        RGBA, shape (ny, nx, 4), row 0 in the south; transparent where there is no data.
    """
    colours = np.zeros((store.grid.ny, store.grid.nx, 4), dtype=np.uint8)
    has_data = store.has_data
    if not np.any(has_data):
        return colours
    mean, axes = _axes(store, np.random.default_rng(seed))
    values = np.zeros((*has_data.shape, 3))
    for row, column in np.ndindex(*store.record.block_shape):
        ix0, iy0, nx, ny = store.block_cells(row, column)
        window = store.read_window(ix0, iy0, nx, ny)
        flat = window.descriptors.reshape(ny, nx, -1)
        values[iy0 : iy0 + ny, ix0 : ix0 + nx, : len(axes)] = (flat - mean) @ axes.T
    low, high = np.percentile(values[has_data], _STRETCH_PERCENT, axis=0)
    share = np.clip((values - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    colours[..., :3] = np.rint(255.0 * share)
    colours[..., 3] = np.where(has_data, 255, 0)
    colours[~has_data] = 0
    return colours


def _axes(store: DescriptorStore, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Mean (k,) and first three right singular vectors (3, k) of a sample of cells.

    The sample is taken block by block, so that no block is read twice.
    """
    cells = np.argwhere(store.has_data)
    chosen = rng.choice(len(cells), min(_SAMPLE_CELLS, len(cells)), replace=False)
    sample = [
        store.read_window(int(ix), int(iy), 1, 1).descriptors.ravel()
        for iy, ix in cells[np.sort(chosen)]
    ]
    descriptors = np.array(sample, dtype=np.float64)
    mean = np.mean(descriptors, axis=0)
    _, _, axes = np.linalg.svd(descriptors - mean, full_matrices=False)
    return mean, axes[:3]

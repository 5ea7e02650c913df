# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Systematic resampling and the variance-preserving re-draw of slow parameters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import ShapeError
from geoloc_ros.filters.particle_backend import ParticleKernels, load_kernels
from geoloc_ros.types import FloatArray


def systematic_counts(
    weights: FloatArray, offset: float, kernels: ParticleKernels | None = None
) -> npt.NDArray[np.int64]:
    """How often each particle is taken by systematic resampling, shape (n,), summing to n.

    One uniform number serves all draws, so the count of particle i is n w_i rounded down or up,
    and its mean over the offset is n w_i exactly.

    Args:
        weights: shape (n,), not negative, with a positive sum.
        offset: uniform in [0, 1).
        kernels: code to run; ``None`` takes the default.

    Raises:
        ShapeError: the weights are not one row of at least one number.

    Source: Carpenter, Clifford and Fearnhead, 1999, improved particle filter for nonlinear
        problems; key carpenter1999 in docs/references.bib.
    """
    if weights.ndim != 1 or weights.size == 0:
        raise ShapeError(f'weights have shape {weights.shape}; expected (n,) with n at least 1')
    return (load_kernels() if kernels is None else kernels).copies(weights, offset)


def redraw_keeping_moments(
    rows: FloatArray, normals: npt.NDArray[np.float32], share: float
) -> FloatArray:
    """Rows shrunk to their mean and spread again by noise: new values, same mean and variance.

    Copies made by resampling become distinct without the slow widening that plain jitter brings.

    Args:
        rows: unweighted samples, shape (k, n).
        normals: N(0, 1) numbers, shape (k, n).
        share: standard deviation of the noise over that of the row, in [0, 1).

    Source: Liu and West, 2001, combined parameter and state estimation in
        simulation-based filtering; key liu2001 in docs/references.bib.
    """
    mean = rows.mean(axis=1, keepdims=True)
    spread = rows.std(axis=1, keepdims=True)
    shrink = np.sqrt(1.0 - share * share)
    return np.asarray(mean + shrink * (rows - mean) + (share * spread) * normals)

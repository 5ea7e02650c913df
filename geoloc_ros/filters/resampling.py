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


def optimal_bandwidth(count: int, dimension: int) -> float:
    """Kernel width, in standard deviations, that estimates a Gaussian density best from samples.

    Source: Silverman, 1986, Density estimation, equation 4.14; key silverman1986 in
        docs/references.bib.
    """
    return float((4.0 / ((dimension + 2.0) * count)) ** (1.0 / (dimension + 4.0)))


def redrawn(
    deviations: FloatArray, normals: npt.NDArray[np.float32], bandwidth: float
) -> FloatArray:
    """Samples shrunk to their mean and spread again by a Gaussian kernel of their own shape.

    Copies made by resampling become distinct, while mean and covariance stay as they were; plain
    jitter would widen the cloud at every resampling.

    Args:
        deviations: unweighted samples less their mean, shape (k, n).
        normals: N(0, 1) numbers, shape (k, n).
        bandwidth: h, the kernel's standard deviation in units of the samples', in [0, 1).

    Returns:
        New deviations, shape (k, n).

    Source: Liu and West, 2001, combined parameter and state estimation in simulation-based
        filtering; Musso, Oudjane and Le Gland, 2001, improving regularised particle filters;
        keys liu2001 and musso2001 in docs/references.bib.
    """
    spread = np.sqrt(np.maximum(np.einsum('ij,ij->i', deviations, deviations), 1e-300))
    unit = deviations / spread[:, None]
    values, axes = np.linalg.eigh(unit @ unit.T)
    scale = spread / np.sqrt(deviations.shape[1])
    root = (bandwidth * scale)[:, None] * axes * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(np.sqrt(1.0 - bandwidth**2) * deviations + root @ normals)

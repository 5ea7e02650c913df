# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where in a picture a branch takes its descriptor from: back-propagation to the pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math

import numpy as np
from scipy.ndimage import gaussian_filter
import torch
from torch import Tensor

from geoloc_ros.errors import ShapeError
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import first_columns
from geoloc_ros.networks.module import unit
from geoloc_ros.types import FloatArray
from geoloc_training.data.records import ImageU8

#: Gradients that are taken; a descriptor of no more values than this is treated exactly.
PROBES = 32


def attention_map(
    branch: Callable[[Tensor], Tensor],
    picture: ImageU8,
    sigma_px: float,
    probes: int = PROBES,
    seed: int = 0,
) -> FloatArray:
    """How much each part of a picture can change its descriptor, relative to the strongest part.

    A(p) = sqrt((G * S)(p)) / max over p, with S of ``pixel_sensitivity`` and G a Gaussian of
    ``sigma_px``: the root mean square of the descriptor's gradient about a pixel. Nothing of the
    other branch enters, so it shows where features are taken from, not whether they match.

    Args:
        branch: as in ``pixel_sensitivity``.
        picture: RGB, shape (h, w, 3).
        sigma_px: of the smoothing, pixels; 0 for none.
        probes: as in ``pixel_sensitivity``.
        seed: as in ``pixel_sensitivity``.

    Returns:
        In [0, 1], shape (h, w); zeros where no pixel matters.

    Source: Xia et al., RA-L 2021, section IV-G and figure 6, which back-propagates the embedding
    to the image and does not say how it is reduced to one number a pixel; the norm is ours.
    """
    squares = pixel_sensitivity(branch, picture, probes, seed)
    if sigma_px > 0.0:
        squares = gaussian_filter(squares, sigma_px, mode='nearest')
    strength = np.sqrt(np.maximum(squares, 0.0))
    highest = float(strength.max())
    return np.asarray(strength / highest if highest > 0.0 else strength, dtype=np.float64)


def pixel_sensitivity(
    branch: Callable[[Tensor], Tensor], picture: ImageU8, probes: int = PROBES, seed: int = 0
) -> FloatArray:
    """The squared gradient of a whole descriptor at each pixel.

    S(p) = sum over channels c and descriptor values k of (d f_k / d x_pc)^2. A descriptor of more
    than ``probes`` values is weighed with random signs v instead: the mean of
    (d <v, f> / d x_pc)^2 over v has S(p) as its expectation (Hutchinson).

    Args:
        branch: from float pictures (1, h, w, 3) of 0 to 255 to descriptors (1, ...), such as
            ``network.ground``; in evaluation mode.
        picture: RGB, shape (h, w, 3).
        probes: gradients at most.
        seed: of the signs.

    Returns:
        Shape (h, w).

    Raises:
        ShapeError: the picture is not (h, w, 3).
    """
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise ShapeError(
            f'picture has shape {picture.shape}; expected (h, w, 3); pass one RGB picture'
        )
    pixels = torch.from_numpy(picture.astype(np.float32))[None].requires_grad_()
    values = branch(pixels).flatten()
    total = torch.zeros(picture.shape[:2], dtype=torch.float64)
    for weights in _weights(len(values), probes, seed):
        (gradient,) = torch.autograd.grad(values @ weights.to(values), pixels, retain_graph=True)
        total += gradient[0].double().square().sum(-1)
    return np.asarray(total.numpy())


def seen_part(contract: InputContract, yaw_bin: int | None, references: Tensor) -> Tensor:
    """What of reference descriptors is compared with a ground picture, of unit length.

    Args:
        contract: of the network.
        yaw_bin: number of the heading in ``contract.yaws_rad``; ``None`` keeps everything.
        references: shape (n, *descriptor_shape).

    Returns:
        Shape (n, values): those of the columns in view, where descriptors have columns.
    """
    if contract.heading == 'azimuth' and yaw_bin is not None:
        count, width = contract.descriptor_shape[0], contract.ground_descriptor_shape[0]
        first = int(first_columns(count, width)[yaw_bin])
        columns = torch.arange(first, first + width, device=references.device) % count
        references = references.index_select(1, columns)
    return unit(references.flatten(1), 1)


def _weights(count: int, probes: int, seed: int) -> Iterator[Tensor]:
    """Unit vectors where they are few enough; else random signs, so that squares average to S."""
    if count <= probes:
        yield from torch.eye(count)
        return
    signs = np.random.default_rng(seed).integers(0, 2, (probes, count)) * 2 - 1
    yield from torch.from_numpy(signs.astype(np.float32)) / math.sqrt(probes)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What every torch network here is: two branches and a distance between what they say."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import SMALL, first_columns


class CrossViewModule(nn.Module):
    """A pair of branches with an input contract, the same in training and at run time.

    Pictures come as (n, h, w, 3), uint8 or float of 0 to 255, and are normalised inside: what is
    exported takes what a camera gives.
    """

    def __init__(self, contract: InputContract) -> None:
        super().__init__()
        self.contract = contract
        for name, values in (('mean', contract.mean), ('std', contract.std)):
            channels = torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1)
            self.register_buffer(f'_{name}', channels, persistent=False)
        self._mean: Tensor
        self._std: Tensor

    def normalised(self, pictures: Tensor) -> Tensor:
        """(n, h, w, 3) of 0 to 255 as (n, 3, h, w), channels last in memory, normalised."""
        return (pictures.permute(0, 3, 1, 2).to(self._mean.dtype) - self._mean) / self._std

    def ground(self, images: Tensor) -> Tensor:
        """Descriptors of ground pictures, shape (n, *ground_descriptor_shape)."""
        raise NotImplementedError

    def reference(self, patches: Tensor) -> Tensor:
        """Descriptors of reference patches, shape (n, *descriptor_shape)."""
        raise NotImplementedError

    def pair_distances(self, references: Tensor, grounds: Tensor) -> Tensor:
        """Squared Euclidean distances of every reference to every ground descriptor.

        Returns:
            Shape (n_references, n_grounds, n_yaw), yaws as in ``contract.yaws_rad``.
        """
        if self.contract.heading == 'azimuth':
            return 2.0 - 2.0 * circular_similarity(references, grounds)
        similarity = references.flatten(1) @ grounds.flatten(1).T
        return (2.0 - 2.0 * similarity)[..., None]


def circular_similarity(references: Tensor, grounds: Tensor) -> Tensor:
    """Cosines of ground descriptors with the windows of references that each heading shows.

    Args:
        references: shape (m, n, channels).
        grounds: shape (k, w, channels).

    Returns:
        Shape (m, k, n), by ascending yaw.
    """
    n, width = references.shape[1], grounds.shape[1]
    around = torch.cat([references, references[:, : width - 1]], dim=1)
    windows = around.unfold(1, width, 1).transpose(2, 3)  # (m, n, w, channels) by first column
    starts = torch.from_numpy(first_columns(n, width)).to(references.device)
    flat = unit(windows.index_select(1, starts).flatten(2), 2)
    return torch.einsum('mnx,kx->mkn', flat, unit(grounds.flatten(1), 1))


def unit(x: Tensor, dim: int) -> Tensor:
    """``x`` brought to unit length along ``dim``; zeros stay zeros."""
    return x * torch.rsqrt((x * x).sum(dim, keepdim=True) + SMALL)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Spatial-aware feature aggregation: weigh the places of a feature map by what it shows.

Source: Shi et al., Spatial-aware feature aggregation for image based cross-view
geo-localization, NeurIPS 2019, section 3.2: the maximum over channels, two fully connected layers
(the inner one half as long) give a map of weights; the descriptor is the weighted sum of each
channel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SpatialAttention(nn.Module):
    """Several position embeddings of one feature map.

    Args:
        places: rows * columns of the feature map.
        heads: embeddings, each with weights of its own.
    """

    def __init__(self, places: int, heads: int = 8) -> None:
        super().__init__()
        inner = places // 2
        self.first_weight = nn.Parameter(torch.empty(heads, places, inner))
        self.first_bias = nn.Parameter(torch.full((heads, inner), 0.1))
        self.second_weight = nn.Parameter(torch.empty(heads, inner, places))
        self.second_bias = nn.Parameter(torch.full((heads, places), 0.1))
        nn.init.trunc_normal_(self.first_weight, std=0.005)
        nn.init.trunc_normal_(self.second_weight, std=0.005)

    def maps(self, features: Tensor) -> Tensor:
        """The weights of the places, shape (n, heads, rows, columns), as figure 6 shows them."""
        strongest = features.amax(1).flatten(1)
        inner = torch.einsum('np,hpi->nhi', strongest, self.first_weight) + self.first_bias
        weights = torch.einsum('nhi,hip->nhp', inner, self.second_weight) + self.second_bias
        return weights.unflatten(2, (features.shape[2], features.shape[3]))

    def forward(self, features: Tensor) -> Tensor:
        """(n, c, rows, columns) to (n, heads, c)."""
        weights = self.maps(features).flatten(2)
        return torch.einsum('nhp,ncp->nhc', weights, features.flatten(2))

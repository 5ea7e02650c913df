# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""DropBlock: whole squares of a feature map are dropped while training.

Source: Ghiasi, Lin and Le, "DropBlock: a regularization method for convolutional networks",
NeurIPS 2018, algorithm 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from geoloc_ros.errors import SettingError


class DropBlock(nn.Module):
    """Drops squares of all channels of a feature map, and scales up what is left.

    Squares are seeded with the rate (1 - keep) / b^2 * H W / ((H - b + 1) (W - b + 1)), b the
    block's side (at most the map's), so that about 1 - keep of the map is dropped.

    Args:
        block: side of a square, in cells of the feature map, at least 1.
        keep: share of the map that is kept, in (0, 1].

    Raises:
        SettingError: a number is out of range.
    """

    def __init__(self, block: int, keep: float) -> None:
        super().__init__()
        if block < 1 or not 0.0 < keep <= 1.0:
            raise SettingError(
                f'dropblock with block {block} and keep {keep}; expected a block of at least 1 '
                'and a share in (0, 1]'
            )
        self.block, self.keep = block, keep

    def forward(self, features: Tensor) -> Tensor:
        """Features (n, c, h, w) with squares set to 0; unchanged in evaluation."""
        if not self.training or self.keep == 1.0:
            return features
        kept = self.mask(features.shape[0], features.shape[2], features.shape[3], features)
        scale = kept.numel() / kept.sum().clamp(min=1.0)
        return features * kept * scale

    def mask(self, count: int, height: int, width: int, like: Tensor) -> Tensor:
        """1 where features are kept, 0 where they are dropped, shape (count, 1, height, width)."""
        side_h, side_w = min(self.block, height), min(self.block, width)
        rows, columns = height - side_h + 1, width - side_w + 1
        rate = (1.0 - self.keep) / (side_h * side_w) * height * width / (rows * columns)
        seeds = torch.rand(count, 1, rows, columns, device=like.device) < rate
        padding = (side_w - 1, side_w - 1, side_h - 1, side_h - 1)
        spread = nn.functional.pad(seeds.to(like.dtype), padding)
        return 1.0 - max_pool2d(spread, (side_h, side_w), stride=1)

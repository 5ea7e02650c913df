# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A compact network with one descriptor a picture, for patches north-up or along the heading.

Two EfficientNet-Lite0 branches cut at stride 16; 8 spatial heads as SAFA has them beside a path
that keeps every place; 512 values.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.networks.attention import SpatialAttention
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.efficientnet import LITE0_MEAN, LITE0_STD, EfficientNetLite0
from geoloc_ros.networks.module import CrossViewModule, unit

_GROUND_PX = (96, 192)
_PATCH_PX = 96
_PATCH_M = 50.0
_AHEAD_M = 15.0
_HEADS = 8
_HEAD_CHANNELS = 32
_PLACE_CHANNELS = 8
_DESCRIPTOR = 512


class CompactHead(nn.Module):
    """Features to 256 values by attention and 256 by place, together of unit length."""

    def __init__(self, in_channels: int, rows: int, columns: int) -> None:
        super().__init__()
        attended = _HEADS * _HEAD_CHANNELS
        self.reduce = nn.Conv2d(in_channels, _HEAD_CHANNELS, 1)
        self.attention = SpatialAttention(rows * columns, _HEADS)
        self.by_place = nn.Conv2d(in_channels, _PLACE_CHANNELS, 1)
        self.joined = nn.Linear(_PLACE_CHANNELS * rows * columns, _DESCRIPTOR - attended)

    def forward(self, features: Tensor) -> Tensor:
        """(n, c, rows, columns) to (n, 512)."""
        attended = unit(self.attention(self.reduce(features)).flatten(1), 1)
        placed = unit(self.joined(functional.relu(self.by_place(features)).flatten(1)), 1)
        return math.sqrt(0.5) * torch.cat([attended, placed], dim=1)


class CompactNetwork(CrossViewModule):
    """One vector a picture.

    Args:
        heading: ``aligned``: the patch's top is the vehicle's heading, its centre 15 m ahead;
            ``north_up``: its top is north, its centre the vehicle.
        pretrained: start both branches from ImageNet.
    """

    def __init__(
        self, heading: Literal['aligned', 'north_up'] = 'aligned', pretrained: bool = False
    ) -> None:
        contract = InputContract(
            name=f'compact_{heading}',
            ground_height_px=_GROUND_PX[0],
            ground_width_px=_GROUND_PX[1],
            ground_fov_rad=math.radians(90.0),
            patch_size_m=_PATCH_M,
            patch_size_px=_PATCH_PX,
            heading=heading,
            descriptor_shape=(_DESCRIPTOR,),
            ahead_m=_AHEAD_M if heading == 'aligned' else 0.0,
            mean=LITE0_MEAN,
            std=LITE0_STD,
        )
        super().__init__(contract)
        self.ground_backbone = EfficientNetLite0()
        self.reference_backbone = EfficientNetLite0()
        if pretrained:
            self.ground_backbone.load_imagenet()
            self.reference_backbone.load_imagenet()
        features = self.ground_backbone.out_channels
        self.ground_head = CompactHead(features, _GROUND_PX[0] // 16, _GROUND_PX[1] // 16)
        self.reference_head = CompactHead(features, _PATCH_PX // 16, _PATCH_PX // 16)

    def ground(self, images: Tensor) -> Tensor:
        """Shape (n, 512), unit length."""
        return self.ground_head(self.ground_backbone(self.normalised(images)))

    def reference(self, patches: Tensor) -> Tensor:
        """Shape (n, 512), unit length."""
        return self.reference_head(self.reference_backbone(self.normalised(patches)))

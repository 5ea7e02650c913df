# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""DSM as published: features by azimuth, compared at every orientation.

Source: Shi et al., Where am I looking at? CVPR 2020, section 3: the first ten convolutions of
VGG16 and three more (256, 64 and 16 channels, the first two halving the rows) make of a polar
patch of 128 x 512 a volume of 4 x 64 x 16; the ground picture of a limited field of view gives as
many of the 64 columns as it sees; circular correlation finds the orientation, and the distance is
that to the columns there, brought to unit length.
"""

from __future__ import annotations

import math
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.module import CrossViewModule, unit
from geoloc_ros.networks.polar import PolarGrid, PolarTransform
from geoloc_ros.networks.published import CVACT_TILE_M, IMAGENET_MEAN, IMAGENET_STD
from geoloc_ros.networks.vgg16 import CONVOLUTIONS_STRIDE_8, Vgg16Features, convolution_3x3

_POLAR_PX = (128, 512)
_COLUMNS = 64
_ROWS = 4
_CHANNELS = 16
_PATCH_PX = 256
_PATCH_M = 45.0


class DsmBranch(nn.Module):
    """Pictures of 128 rows to (n, columns, 4 x 16)."""

    def __init__(self, circular: bool) -> None:
        super().__init__()
        self.backbone = Vgg16Features(CONVOLUTIONS_STRIDE_8, circular)
        self.first = convolution_3x3(self.backbone.out_channels, 256, circular, (2, 1))
        self.second = convolution_3x3(256, 64, circular, (2, 1))
        self.third = convolution_3x3(64, _CHANNELS, circular)

    def forward(self, x: Tensor) -> Tensor:
        """Describe by columns of 8 pixels."""
        x = functional.relu(self.first(self.backbone(x)))
        x = self.third(functional.relu(self.second(x)))
        return x.permute(0, 3, 2, 1).flatten(2)


class DsmNetwork(CrossViewModule):
    """64 columns of 64 values a patch.

    Args:
        fov_rad: of the ground picture; a whole number of pairs of columns of 5.625 degrees.
        pretrained: start both branches from ImageNet.
        imagenet_weights: torchvision's vgg16-*.pth, which a user has to bring for that.

    Raises:
        NetworkError: the field of view is no such number.
    """

    def __init__(
        self,
        fov_rad: float = 2.0 * math.pi,
        pretrained: bool = False,
        imagenet_weights: Path | None = None,
    ) -> None:
        columns = round(fov_rad / (2.0 * math.pi) * _COLUMNS)
        if not math.isclose(columns * 2.0 * math.pi / _COLUMNS, fov_rad, rel_tol=1e-6):
            raise NetworkError(
                f'field of view is {math.degrees(fov_rad):.3f} degrees; expected a multiple of '
                '11.25; choose 67.5, 90 or 360'
            )
        whole = columns == _COLUMNS
        patch_m = CVACT_TILE_M if whole else _PATCH_M  # whole tiles, as the authors unroll them
        super().__init__(
            InputContract(
                name='dsm',
                ground_height_px=_POLAR_PX[0],
                ground_width_px=_POLAR_PX[1] * columns // _COLUMNS,
                ground_fov_rad=fov_rad,
                ground_up_rad=math.radians(45.0),
                ground_down_rad=math.radians(45.0),
                patch_size_m=patch_m,
                patch_size_px=_PATCH_PX,
                heading='azimuth',
                descriptor_shape=(_COLUMNS, _ROWS * _CHANNELS),
                ground_descriptor_shape=(columns, _ROWS * _CHANNELS),
                mean=IMAGENET_MEAN,
                std=IMAGENET_STD,
            )
        )
        self.polar = PolarTransform(PolarGrid(*_POLAR_PX, 0.0, 0.5 * patch_m), patch_m)
        self.ground_branch = DsmBranch(circular=whole)
        self.reference_branch = DsmBranch(circular=True)
        if pretrained:
            self.ground_branch.backbone.load_imagenet(imagenet_weights)
            self.reference_branch.backbone.load_imagenet(imagenet_weights)

    def ground(self, images: Tensor) -> Tensor:
        """Shape (n, columns, 64), the whole of unit length."""
        columns = self.ground_branch(self.normalised(images))
        return unit(columns.flatten(1), 1).view_as(columns)

    def reference(self, patches: Tensor) -> Tensor:
        """Shape (n, 64, 64), scaled so that what a ground picture sees is of length 1 on average.

        Scoring brings what is seen to unit length: the scale only keeps float16 in its range.
        """
        columns = self.reference_branch(self.polar(self.normalised(patches)))
        seen = self.contract.ground_descriptor_shape[0] / _COLUMNS
        return unit(columns.flatten(1), 1).view_as(columns) / math.sqrt(seen)

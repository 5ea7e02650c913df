# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The convolutions of VGG16, with the tensor names of torchvision's weights.

Source: Simonyan and Zisserman, Very deep convolutional networks, ICLR 2015, configuration D.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.published import published_state, take_published

_BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))

#: Convolutions up to which DSM goes, at stride 8, and those of SAFA, at stride 16.
CONVOLUTIONS_STRIDE_8 = 10
CONVOLUTIONS_STRIDE_16 = 13


class CircularConvolution(nn.Conv2d):
    """3 x 3, zeros above and below, the other side of the picture to the left and right."""

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c', h / stride, w / stride)."""
        around = torch.cat([x[..., -1:], x, x[..., :1]], dim=3)
        return functional.conv2d(around, self.weight, self.bias, self.stride, (1, 0))


def convolution_3x3(
    in_channels: int, out_channels: int, circular: bool, stride: tuple[int, int] = (1, 1)
) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the size, apart from its stride."""
    if circular:
        return CircularConvolution(in_channels, out_channels, 3, stride)
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)


class Vgg16Features(nn.Module):
    """The first convolutions of VGG16, each with ReLU, and the poolings between them.

    Args:
        convolutions: 1 to 13.
        circular: the picture's left edge follows its right one.
        dropout: share of the values of block 5 that training drops.
    """

    def __init__(
        self,
        convolutions: int = CONVOLUTIONS_STRIDE_16,
        circular: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not 1 <= convolutions <= CONVOLUTIONS_STRIDE_16:
            raise NetworkError(
                f'VGG16 is cut after convolution {convolutions}; expected 1 to '
                f'{CONVOLUTIONS_STRIDE_16}'
            )
        layers: list[nn.Module] = []
        channels, left = 3, convolutions
        for block, widths in enumerate(_BLOCKS):
            if block > 0 and left > 0:
                layers.append(nn.MaxPool2d(2))
            for width in widths[:left]:
                layers += [convolution_3x3(channels, width, circular), nn.ReLU()]
                channels = width
            left -= min(left, len(widths))
        self.out_channels = channels
        self.features = nn.Sequential(*layers)
        # torchvision numbers the layers: dropout has no place among them.
        self._first_of_block_5 = 24
        self._dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Features of normalised pictures (n, 3, h, w)."""
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index >= self._first_of_block_5 and isinstance(layer, nn.ReLU):
                x = self._dropout(x)
        return x

    def load_imagenet(self, path: Path | None) -> None:
        """Load torchvision's ImageNet weights (vgg16-*.pth), which the user has to bring.

        Raises:
            NetworkError: no file was given, or a tensor in it is missing or of another shape.
        """
        take_published(self, *published_state(path, 'vgg16-*.pth'))

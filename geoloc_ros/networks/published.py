# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Weights that others published, of which a network takes what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import pickle
import struct
from typing import Any

import torch
from torch import Tensor, nn

from geoloc_ros.errors import NetworkError

#: Sides of the satellite tiles of published data sets, zoom 20 of web Mercator: 600 px at Oxford
#: (RobotCar), 1200 px of 0.1218 m at Canberra, 35.3 degrees south (CVACT).
ROBOTCAR_TILE_M = 55.44
CVACT_TILE_M = 146.2
#: What ``torch.load`` raises of a file that torch did not write, whatever its first bytes are.
UNREADABLE = (
    OSError,
    RuntimeError,
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    struct.error,
)
#: What torchvision's ImageNet weights take off and divide by, of values of 0 to 255.
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


def read_state(path: Path) -> dict[str, Any]:
    """The tensors of a weights file by name; nothing else in it is run.

    Raises:
        NetworkError: it cannot be read.
    """
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except UNREADABLE as error:
        raise NetworkError(
            f'{path} cannot be read ({type(error).__name__}); expected a file of tensors that '
            'torch saved; fetch it again'
        ) from error
    if not isinstance(state, dict):
        raise NetworkError(f'{path} holds a {type(state).__name__}; expected tensors by name')
    return state


def published_state(path: Path | None, pattern: str) -> tuple[dict[str, Any], str]:
    """The tensors of torchvision's file, and its name for messages.

    Raises:
        NetworkError: there is no path, or the file cannot be read.
    """
    if path is None:
        raise NetworkError(
            f'no ImageNet weights were given; expected the path of {pattern} as torchvision '
            'publishes it; fetch it and name it with --imagenet FILE, or start without by '
            '--set pretrained=False'
        )
    return read_state(path), str(path)


def take_published(module: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load every tensor of a module; what it does not have (a classifier) is left.

    Raises:
        NetworkError: a tensor is missing or has another shape.
    """
    own = {
        name: tensor
        for name, tensor in module.state_dict().items()
        if not name.endswith('num_batches_tracked')
    }
    missing = sorted(own.keys() - state.keys())
    shapes = sorted(
        name for name in own.keys() & state.keys() if state[name].shape != own[name].shape
    )
    if missing or shapes:
        raise NetworkError(
            f'{source} lacks {missing[:3]} ({len(missing)}) and has other shapes for {shapes[:3]} '
            f'({len(shapes)}); expected the published tensors of this network; use its file'
        )
    module.load_state_dict({name: state[name] for name in own}, strict=False)

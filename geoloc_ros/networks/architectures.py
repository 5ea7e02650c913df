# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The networks by name, with the arguments that make each: what weights files refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
from typing import TypeAlias

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.azimuth import AzimuthNetwork
from geoloc_ros.networks.compact import CompactNetwork
from geoloc_ros.networks.module import CrossViewModule

Builder: TypeAlias = Callable[..., CrossViewModule]

#: By name; each takes ``pretrained`` to begin from ImageNet weights.
ARCHITECTURES: Mapping[str, Builder] = {
    'azimuth': AzimuthNetwork,
    'compact_aligned': functools.partial(CompactNetwork, 'aligned'),
    'compact_north_up': functools.partial(CompactNetwork, 'north_up'),
}


def build(architecture: str, *, pretrained: bool = False) -> CrossViewModule:
    """A network of random or ImageNet weights.

    Raises:
        NetworkError: no such architecture, or no ImageNet weights.
    """
    builder = ARCHITECTURES.get(architecture)
    if builder is None:
        raise NetworkError(
            f'architecture {architecture!r} is not known; expected one of '
            f'{", ".join(ARCHITECTURES)}; the weights are of another version of the package'
        )
    return builder(pretrained=pretrained)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Joins descriptor networks and maps, which do not know each other."""

from __future__ import annotations

import dataclasses
import math

from geoloc_ros.map_store.records import NORTH_UP_YAW_RAD, Float32Array, ImageU8
from geoloc_ros.networks.contract import DescriptorNetwork


@dataclasses.dataclass(frozen=True, slots=True)
class MapNetwork:
    """A descriptor network as map building wants it.

    Attributes:
        network: with its contract.
    """

    network: DescriptorNetwork

    @property
    def name(self) -> str:
        """For people."""
        return self.network.contract.name

    @property
    def sha256(self) -> str:
        """Of the weights."""
        return self.network.sha256

    @property
    def descriptor_shape(self) -> tuple[int, ...]:
        """Of the descriptor of one patch."""
        return self.network.contract.descriptor_shape

    @property
    def patch_size_m(self) -> float:
        """Side of a reference patch on the ground."""
        return self.network.contract.patch_size_m

    @property
    def patch_size_px(self) -> int:
        """Its rows, and columns."""
        return self.network.contract.patch_size_px

    def describe_reference(self, patches: ImageU8) -> Float32Array:
        """Descriptors of patches (n, s, s, 3): shape (n, *descriptor_shape)."""
        return self.network.describe_reference(patches)

    def reference_yaws_rad(self, headings: int) -> tuple[float, ...]:
        """Where the tops of a cell's patches point: north, or ``headings`` ways when aligned."""
        if self.network.contract.heading != 'aligned':
            return (NORTH_UP_YAW_RAD,)
        steps = (2.0 * math.pi * (step + 1) / headings - math.pi for step in range(headings))
        return tuple(steps)

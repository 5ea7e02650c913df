# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a descriptor network takes and gives, so that maps, matchers and back ends agree."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import NetworkError
from geoloc_ros.types import FloatArray

Float32Array: TypeAlias = npt.NDArray[np.float32]
ImageBatchU8: TypeAlias = npt.NDArray[np.uint8]

#: How reference patches lie: north at the top for every heading; the vehicle's heading at the top;
#: or north at the top and scored at every azimuth.
Heading: TypeAlias = Literal['north_up', 'aligned', 'azimuth']
HEADINGS: tuple[Heading, ...] = ('north_up', 'aligned', 'azimuth')


@dataclasses.dataclass(frozen=True, slots=True)
class InputContract:
    """The pictures a network was trained on and the shape of what it says of them.

    The ground picture is a cylinder: its columns are equally spaced in azimuth, left to right
    clockwise, the camera's (or vehicle's) forward direction in the middle; its rows are equally
    spaced in the tangent of elevation.

    Attributes:
        name: of the network, for people and files.
        ground_height_px: rows of the ground picture.
        ground_width_px: columns of the ground picture.
        ground_fov_rad: azimuth from its left to its right edge; 2 pi is a whole panorama.
        patch_size_m: side of a reference patch on the ground.
        patch_size_px: rows, and columns, of a reference patch.
        heading: how reference patches lie and whether scores tell the heading.
        descriptor_shape: of one reference; (azimuth bins, channels) for ``azimuth``.
        ground_descriptor_shape: of one ground image; empty means as the reference's.
        ahead_m: how far ahead of the vehicle the patch's centre lies; 0 unless ``aligned``.
        ground_up_rad: elevation of the top edge of the ground picture.
        ground_down_rad: depression of its bottom edge.
        mean: of the channels, taken off values of 0 to 255.
        std: what they are divided by afterwards.
        distance_scale: temperature for log-likelihood = -distance / temperature until one has been
            calibrated; 1 is the paper's.

    Raises:
        NetworkError: a size is not positive, or shapes and heading do not fit each other.
    """

    name: str
    ground_height_px: int
    ground_width_px: int
    ground_fov_rad: float
    patch_size_m: float
    patch_size_px: int
    heading: Heading
    descriptor_shape: tuple[int, ...]
    ground_descriptor_shape: tuple[int, ...] = ()
    ahead_m: float = 0.0
    ground_up_rad: float = math.radians(30.0)
    ground_down_rad: float = math.radians(15.0)
    mean: tuple[float, float, float] = (127.0, 127.0, 127.0)
    std: tuple[float, float, float] = (128.0, 128.0, 128.0)
    distance_scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.ground_descriptor_shape:
            object.__setattr__(self, 'ground_descriptor_shape', self.descriptor_shape)
        self._check_pictures()
        self._check_descriptors()

    def _check_pictures(self) -> None:
        sizes = (self.ground_height_px, self.ground_width_px, self.patch_size_px)
        lengths = (self.patch_size_m, self.distance_scale, *self.std)
        if min(sizes) < 1 or not all(0.0 < length < math.inf for length in lengths):
            raise NetworkError(
                f'contract {self.name!r} has ground and patch sizes {sizes} px, patch side, '
                f'distance scale and std {lengths}; expected positive numbers; mend the contract'
            )
        upright = -math.pi / 2 < -self.ground_down_rad < self.ground_up_rad < math.pi / 2
        if not (0.0 < self.ground_fov_rad <= 2.0 * math.pi + 1e-9 and upright):
            raise NetworkError(
                f'contract {self.name!r} sees {self.ground_fov_rad} rad, {self.ground_up_rad} rad '
                f'up and {self.ground_down_rad} rad down; expected up to a whole circle and less '
                'than a quarter up and down; mend the contract'
            )

    def _check_descriptors(self) -> None:
        shapes = f'{self.descriptor_shape} and {self.ground_descriptor_shape}'
        if self.heading not in HEADINGS:
            raise NetworkError(
                f'contract {self.name!r} has heading {self.heading!r}; expected one of '
                f'{", ".join(HEADINGS)}; mend the contract'
            )
        if self.heading != 'azimuth':
            if self.descriptor_shape != self.ground_descriptor_shape:
                raise NetworkError(
                    f'contract {self.name!r} has descriptor shapes {shapes}; expected the same '
                    f'for heading {self.heading!r}; mend the contract'
                )
            return
        reference, ground = self.descriptor_shape, self.ground_descriptor_shape
        good = len(reference) == len(ground) == 2 and reference[1] == ground[1]
        if not (good and reference[0] % 4 == 0 and ground[0] % 2 == 0 < ground[0] <= reference[0]):
            raise NetworkError(
                f'contract {self.name!r} has descriptor shapes {shapes}; expected (bins, '
                'channels), bins a multiple of 4 and an even number of them for the ground'
            )

    @property
    def yaw_count(self) -> int:
        """Headings that each score comes in; 1 where the scores say nothing of heading."""
        return self.descriptor_shape[0] if self.heading == 'azimuth' else 1

    @property
    def yaws_rad(self) -> FloatArray:
        """Yaw of each score of ``distances``: 0 = east, counter-clockwise, ascending.

        In (-pi, pi], shape (n_yaw,); empty where the scores say nothing of heading. It is the
        yaw of the middle of the ground picture when up in the patch is north.
        """
        if self.heading != 'azimuth':
            return np.empty(0)
        count = self.yaw_count
        return 2.0 * np.pi * np.arange(1, count + 1) / count - np.pi


class DescriptorNetwork(Protocol):
    """A network ready to run, whatever runs it. An extension point: docs/networks.md."""

    @property
    def contract(self) -> InputContract:
        """What it takes and gives."""
        ...

    @property
    def sha256(self) -> str:
        """Of the weights, the same in every back end: maps and networks belong together."""
        ...

    @property
    def domain(self) -> str:
        """What the weights were trained on, as ``simulation`` or ``real``."""
        ...

    def describe_ground(self, images: ImageBatchU8) -> Float32Array:
        """Descriptors of ground pictures (n, h, w, 3): shape (n, *ground_descriptor_shape)."""
        ...

    def describe_reference(self, patches: ImageBatchU8) -> Float32Array:
        """Descriptors of reference patches (n, s, s, 3): shape (n, *descriptor_shape)."""
        ...

    def distances(self, ground: Float32Array, references: Float32Array) -> Float32Array:
        """Squared Euclidean distances of one ground descriptor to m references.

        Args:
            ground: shape ``ground_descriptor_shape``.
            references: shape (m, *descriptor_shape), float32 or as a map stores them.

        Returns:
            Of unit vectors, hence in [0, 4]: shape (m, n_yaw); n_yaw = 1 unless the heading is
            ``azimuth``, then those of ``contract.yaws_rad``.
        """
        ...

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What passes between imagery, map building and those who read a map."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MapError
from geoloc_ros.types import GeodeticPosition

ImageU8: TypeAlias = npt.NDArray[np.uint8]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Float32Array: TypeAlias = npt.NDArray[np.float32]

#: Called with what is done and what there is to do.
Progress: TypeAlias = Callable[[int, int], None]

#: Yaw of "up" in a patch whose top lies north.
NORTH_UP_YAW_RAD = 0.5 * math.pi

_LARGEST_PATCH_PX = 8192


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class GeodeticBounds:
    """A rectangle of WGS-84 latitudes and longitudes that does not cross longitude 180."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    @property
    def centre(self) -> GeodeticPosition:
        """The middle, at height 0.

        Raises:
            MapError: it crosses longitude 180.
        """
        if not 0.0 <= self.east_deg - self.west_deg <= 180.0:
            raise MapError(
                f'an area from longitude {self.west_deg:.5f} to {self.east_deg:.5f} crosses '
                'longitude 180 or goes half around the Earth, which is not supported; expected '
                'one on one side of 180: name a part (--around, --bounds), or cut the imagery '
                'there (gdalwarp -te)'
            )
        return GeodeticPosition(
            0.5 * (self.south_deg + self.north_deg), 0.5 * (self.west_deg + self.east_deg)
        )

    def contains(self, lat_deg: float, lon_deg: float) -> bool:
        """Whether a place lies in it, borders included."""
        return (
            self.south_deg <= lat_deg <= self.north_deg
            and self.west_deg <= lon_deg <= self.east_deg
        )

    def overlaps(self, other: GeodeticBounds) -> bool:
        """Whether the two have a place in common, borders included."""
        return (
            self.south_deg <= other.north_deg
            and other.south_deg <= self.north_deg
            and self.west_deg <= other.east_deg
            and other.west_deg <= self.east_deg
        )


@dataclasses.dataclass(frozen=True, slots=True)
class PatchRequest:
    """A square piece of ground, in true metres on the ground.

    Attributes:
        centre: its middle; metres are those at its height above the ellipsoid.
        size_m: side on the ground, from the outer edge of the first pixel to that of the last.
        size_px: rows, and columns.
        up_yaw_rad: yaw of the patch's top in the east-north-up frame **at the centre**
            (0 = east, counter-clockwise); pi/2 is north up. A yaw of ``map`` differs by
            ``geodesy.headings.true_north_yaw_rad``: 0.27 degrees 25 km from the datum.

    Raises:
        MapError: a size is not positive, or not finite.
    """

    centre: GeodeticPosition
    size_m: float
    size_px: int
    up_yaw_rad: float = NORTH_UP_YAW_RAD

    def __post_init__(self) -> None:
        good = 0.0 < self.size_m < math.inf and math.isfinite(self.up_yaw_rad)
        if not (good and 1 <= self.size_px <= _LARGEST_PATCH_PX):
            raise MapError(
                f'patch of {self.size_m} m, {self.size_px} px, yaw {self.up_yaw_rad} rad; '
                f'expected a positive size, 1 to {_LARGEST_PATCH_PX} px and a finite yaw'
            )


@dataclasses.dataclass(frozen=True, slots=True)
class Patch:
    """A piece of an aerial image.

    Attributes:
        rgb: shape (size_px, size_px, 3); black where there is no imagery.
        covered_share: share of the pixels for which there is imagery, in [0, 1].
    """

    rgb: ImageU8
    covered_share: float


class ImagerySource(Protocol):
    """A georeferenced aerial image of an area, whatever it is stored in."""

    @property
    def crs(self) -> str:
        """Coordinate reference system of its pixels, as PROJ understands it."""
        ...

    @property
    def attribution(self) -> str:
        """Who is to be named beside the imagery; empty where the files do not say."""
        ...

    @property
    def licence(self) -> str:
        """Under what it may be used; empty where the files do not say."""
        ...

    @property
    def description(self) -> str:
        """The imagery in words: kind, name, size. It tells two sources apart."""
        ...

    @property
    def bounds(self) -> GeodeticBounds:
        """Where its raster lies; there may be holes in it."""
        ...

    def ground_sampling_m(self, lat_deg: float, lon_deg: float) -> float:
        """Side of a square as large as one pixel on the ground at a place, metres."""
        ...

    def patch(self, request: PatchRequest) -> Patch:
        """Cut a piece; what lies outside of the imagery is black and not covered."""
        ...


class ReferenceNetwork(Protocol):
    """What building a map needs of a descriptor network."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def sha256(self) -> str:
        """Of the weights: maps and networks belong together."""
        ...

    @property
    def descriptor_shape(self) -> tuple[int, ...]:
        """Of the descriptor of one patch."""
        ...

    @property
    def patch_size_m(self) -> float:
        """Side of a reference patch on the ground."""
        ...

    @property
    def patch_size_px(self) -> int:
        """Its rows, and columns."""
        ...

    def describe_reference(self, patches: ImageU8) -> Float32Array:
        """Descriptors of patches (n, s, s, 3): shape (n, *descriptor_shape), float32."""
        ...

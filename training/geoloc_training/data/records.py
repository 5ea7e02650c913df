# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Pairs of a ground image and a place in aerial imagery: the records of every data set.

A data set is a sequence of drives. A drive is what one camera saw on one day along one way,
together with the aerial imagery around it. Images stay compressed until they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import DriveError, ShapeError
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.types import FloatArray, GeodeticPosition

ImageU8: TypeAlias = npt.NDArray[np.uint8]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

#: Told what is done and what there is to do.
Progress: TypeAlias = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Show nothing."""
    del done, total


@dataclasses.dataclass(frozen=True, slots=True)
class CameraModel:
    """How ground images were taken.

    Attributes:
        camera: intrinsics.
        optical_from_forward: rotation, row by row, from the level optical frame that looks along
            the vehicle's heading (x right, y down, z ahead) to the camera's own; empty for a
            camera that looks level and straight ahead.
    """

    camera: Camera
    optical_from_forward: tuple[float, ...] = ()


class GroundImages(Protocol):
    """The ground images of a drive, read when asked for."""

    def __len__(self) -> int:
        """How many."""
        ...

    def image(self, number: int) -> ImageU8:
        """RGB of one image, shape (height, width, 3).

        Raises:
            DriveError: it cannot be read.
        """
        ...


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """What one camera saw on one day.

    Attributes:
        name: of day and place, for tables.
        place: area of which it is a part: pairs of different places are never compared.
        day: number of the day within the data set.
        datum: origin of ``map``.
        positions_m: of the camera (not of ``base_link``) at each image, (east, north) in ``map``,
            shape (n, 2).
        yaws_rad: heading at each image, 0 = east, counter-clockwise, shape (n,); NaN where it is
            not known.
        camera: how they were taken.
        images: the pixels.
        simulated: the images were drawn by the simulation.
        listed: a published list chose the images: tests look up all of them.
    """

    name: str
    place: str
    day: int
    datum: GeodeticPosition
    positions_m: FloatArray
    yaws_rad: FloatArray
    camera: CameraModel
    images: GroundImages
    simulated: bool = False
    listed: bool = False

    def __post_init__(self) -> None:
        count = len(self.images)
        if self.positions_m.shape != (count, 2) or self.yaws_rad.shape != (count,):
            raise ShapeError(
                f'drive {self.name!r} has {count} images, positions {self.positions_m.shape} and '
                f'yaws {self.yaws_rad.shape}; expected ({count}, 2) and ({count},)'
            )
        if not np.all(np.isfinite(self.positions_m)):
            raise DriveError(
                f'drive {self.name!r} has positions that are not finite; expected one for every '
                'image; leave out images without a position'
            )

    def __len__(self) -> int:
        """Number of images."""
        return len(self.yaws_rad)

    def thinned(self, spacing_m: float) -> IntArray:
        """Numbers of images at least this far apart along the way, shape (k,)."""
        return thinned(self.positions_m, spacing_m)


def thinned(positions_m: FloatArray, spacing_m: float) -> IntArray:
    """Numbers of points each at least ``spacing_m`` from the one kept before it.

    Args:
        positions_m: in the order driven, shape (n, 2).
        spacing_m: least distance, metres.

    Returns:
        Rising, beginning with 0, shape (k,); empty for no points.
    """
    kept: list[int] = []
    for number, place in enumerate(positions_m):
        if not kept or float(np.hypot(*(place - positions_m[kept[-1]]))) >= spacing_m:
            kept.append(number)
    return np.array(kept, dtype=np.int64)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """The pairs of several drives of places far from one another, as columns of length n.

    Attributes:
        positions_m: (east, north) in the ``map`` of each pair's place, shape (n, 2).
        yaws_rad: heading, shape (n,).
        places: number of the place, shape (n,).
        days: number of the day, shape (n,).
        drives: number of the drive in the sequence it was made of, shape (n,).
        frames: number of the image in its drive, shape (n,).
        place_names: by number.
    """

    positions_m: FloatArray
    yaws_rad: FloatArray
    places: IntArray
    days: IntArray
    drives: IntArray
    frames: IntArray
    place_names: tuple[str, ...]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.yaws_rad)

    def rows(self, numbers: IntArray) -> PairTable:
        """Some of the pairs, in the order of ``numbers``."""
        return PairTable(
            self.positions_m[numbers],
            self.yaws_rad[numbers],
            self.places[numbers],
            self.days[numbers],
            self.drives[numbers],
            self.frames[numbers],
            self.place_names,
        )


def require_headings(table: PairTable, network: str, advice: str) -> None:
    """Refuse pairs without a heading.

    Args:
        table: of the pairs.
        network: that needs headings, for the error.
        advice: what to do, for the error.

    Raises:
        DriveError: a pair has none.
    """
    unknown = int(np.count_nonzero(~np.isfinite(table.yaws_rad)))
    if unknown:
        raise DriveError(
            f'{unknown} of {len(table)} pairs have no heading; expected one for each, as network '
            f'{network!r} needs it; {advice}'
        )


def pair_table(drives: Sequence[Drive], spacing_m: float = 0.0) -> PairTable:
    """The pairs of drives, thinned.

    Args:
        drives: at least one.
        spacing_m: least distance between two pairs that follow one another, 0 for all.

    Raises:
        DriveError: there is no drive, or drives of one place have different datums.
    """
    if not drives:
        raise DriveError('no drives; expected at least one; name a data set that holds some')
    names = tuple(dict.fromkeys(drive.place for drive in drives))
    datums = {drive.place: drive.datum for drive in drives}
    rows = []
    for number, drive in enumerate(drives):
        if drive.datum != datums[drive.place]:
            raise DriveError(
                f'drive {drive.name!r} of {drive.place!r} has the datum {drive.datum}, another '
                f'has {datums[drive.place]}; expected one datum for each place'
            )
        frames = drive.thinned(spacing_m) if spacing_m > 0.0 else np.arange(len(drive))
        rows.append((number, drive, frames))
    return PairTable(
        np.concatenate([drive.positions_m[frames] for _, drive, frames in rows]),
        np.concatenate([drive.yaws_rad[frames] for _, drive, frames in rows]),
        np.concatenate(
            [np.full(len(frames), names.index(drive.place)) for _, drive, frames in rows]
        ),
        np.concatenate([np.full(len(frames), drive.day) for _, drive, frames in rows]),
        np.concatenate([np.full(len(frames), number) for number, _, frames in rows]),
        np.concatenate([frames for _, _, frames in rows]),
        names,
    )

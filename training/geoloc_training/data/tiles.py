# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""References of data sets that come with one aerial tile for each ground image."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from geoloc_ros.errors import DriveError
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_training.data.records import ImageU8
from geoloc_training.data.references import NORTH_UP_RAD


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class TileReferences:
    """Square north-up tiles.

    Attributes:
        paths: of the images, n of them.
        positions_m: of their centres in ``map``, shape (n, 2).
        size_m: side of each on the ground.
    """

    paths: tuple[Path, ...]
    positions_m: FloatArray
    size_m: float

    @property
    def origin(self) -> str:
        """The first tile, and how many there are."""
        return f'{self.paths[0].resolve()} and {len(self.paths) - 1} more tiles'

    def patches(self, datum: GeodeticPosition, contract: InputContract) -> TilePatches:
        """Patches of the size and heading that a network wants."""
        del datum
        return TilePatches(self.paths, self.positions_m, self.size_m, contract)


class TilePatches:
    """Patches out of tiles, each centred on its own tile.

    A patch is taken from the tile nearest to where it is wanted; positions that ``near``,
    ``around`` and ``candidates`` give are those of tiles.

    Args:
        paths: of the images.
        positions_m: of their centres, shape (n, 2).
        size_m: side of each on the ground.
        contract: of the network.

    Raises:
        DriveError: the network looks ahead, which tiles do not allow.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        positions_m: FloatArray,
        size_m: float,
        contract: InputContract,
    ) -> None:
        if contract.ahead_m != 0.0:
            raise DriveError(
                f'network {contract.name!r} wants patches {contract.ahead_m} m ahead; expected 0 '
                'for tiles that are centred on the vehicle; train a north-up or azimuth network'
            )
        self._paths, self._positions_m, self._size_m = paths, positions_m, size_m
        self._contract = contract
        self._tree = cKDTree(positions_m)

    def near(
        self, truth_m: FloatArray, radius_m: float, random: np.random.Generator
    ) -> FloatArray:
        """A tile within a radius of each truth, at random; the nearest where there is none."""
        return self._drawn(truth_m, 0.0, radius_m, random)

    def around(
        self,
        truth_m: FloatArray,
        nearest_m: float,
        farthest_m: float,
        random: np.random.Generator,
    ) -> FloatArray:
        """A tile between two distances from each truth, at random."""
        return self._drawn(truth_m, nearest_m, farthest_m, random)

    def candidates(
        self, truth_m: FloatArray, spacing_m: float, reach_m: float, seed: int
    ) -> FloatArray:
        """All tiles."""
        del truth_m, spacing_m, reach_m, seed
        return self._positions_m

    def cut(self, positions_m: FloatArray, up_yaws_rad: FloatArray) -> ImageU8:
        """Patches of the tiles nearest to positions, shape (k, size_px, size_px, 3).

        Raises:
            DriveError: a tile cannot be read.
        """
        numbers = np.asarray(self._tree.query(positions_m)[1])
        size_px = self._contract.patch_size_px
        patches = np.empty((len(numbers), size_px, size_px, 3), dtype=np.uint8)
        for row, (number, up) in enumerate(zip(numbers, up_yaws_rad, strict=True)):
            patches[row] = self._patch(self._paths[int(number)], float(up))
        return patches

    def covered(self, positions_m: FloatArray, up_yaws_rad: FloatArray) -> FloatArray:
        """All of it: each pair has its tile."""
        del up_yaws_rad
        return np.ones(len(positions_m))

    def _drawn(
        self,
        truth_m: FloatArray,
        nearest_m: float,
        farthest_m: float,
        random: np.random.Generator,
    ) -> FloatArray:
        drawn = np.empty_like(truth_m)
        for row, truth in enumerate(truth_m):
            found = np.array(sorted(self._tree.query_ball_point(truth, farthest_m)), dtype=int)
            apart = np.hypot(*(self._positions_m[found] - truth).T)
            found = found[apart >= nearest_m]
            chosen = random.choice(found) if len(found) else self._tree.query(truth)[1]
            drawn[row] = self._positions_m[chosen]
        return drawn

    def _patch(self, path: Path, up_rad: float) -> ImageU8:
        tile = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if tile is None:
            raise DriveError(
                f'{path} is no image that can be read; expected a PNG or JPEG tile; fetch it again'
            )
        contract = self._contract
        tile_px = self._size_m / tile.shape[0]  # metres in a pixel of the tile
        step = contract.patch_size_m / contract.patch_size_px / tile_px
        if step > 1.5:
            smaller = max(1, round(tile.shape[0] / step))
            tile = cv2.resize(tile, (smaller, smaller), interpolation=cv2.INTER_AREA)
            step = contract.patch_size_m / contract.patch_size_px * smaller / self._size_m
        matrix = _tile_from_patch(up_rad - NORTH_UP_RAD, step, tile.shape[0], contract)
        size = (contract.patch_size_px, contract.patch_size_px)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cut = cv2.warpAffine(tile, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
        return np.ascontiguousarray(cut[..., ::-1], dtype=np.uint8)


def _tile_from_patch(
    turn_rad: float, step: float, tile_px: int, contract: InputContract
) -> FloatArray:
    """The affine map from a patch's pixels to its tile's, shape (2, 3).

    Args:
        turn_rad: of the patch's top from north, counter-clockwise.
        step: pixels of the tile in one of the patch.
        tile_px: side of the tile.
        contract: size of the patch.
    """
    cosine, sine = step * math.cos(turn_rad), step * math.sin(turn_rad)
    axes = np.array([[cosine, sine], [-sine, cosine]])  # right and down of the patch
    middle = 0.5 * (contract.patch_size_px - 1)
    offset = 0.5 * (tile_px - 1) - axes @ (middle, middle)
    return np.column_stack((axes, offset))

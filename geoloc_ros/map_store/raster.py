# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A raster in square tiles, at full size and halved again and again, kept in memory as needed.

Level k halves the picture k times by averaging 2 x 2 pixels over those that hold imagery. Sources
give tiles of level 0; the others are made of them, so that every kind of imagery is reduced alike.
"""

from __future__ import annotations

from collections import OrderedDict
import dataclasses
import threading
from typing import Protocol

import cv2
import numpy as np

from geoloc_ros.map_store.records import ImageU8
from geoloc_ros.types import FloatArray

DEFAULT_CACHE_BYTES = 512 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class RasterTile:
    """A piece of a raster.

    Attributes:
        rgb: shape (rows, columns, 3); black where there is no imagery.
        valid: shape (rows, columns), 255 where there is imagery, else 0; ``None`` when there is
            imagery everywhere.
    """

    rgb: ImageU8
    valid: ImageU8 | None

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self.rgb.nbytes + (0 if self.valid is None else self.valid.nbytes)


class Raster(Protocol):
    """What a kind of imagery must give; everything else is made of it."""

    @property
    def crs(self) -> str:
        """Coordinate reference system, as PROJ understands it."""
        ...

    @property
    def crs_from_corner(self) -> FloatArray:
        """The affine map from pixel corners (0, 0 = outer corner) to the CRS, shape (2, 3)."""
        ...

    @property
    def width(self) -> int:
        """Columns."""
        ...

    @property
    def height(self) -> int:
        """Rows."""
        ...

    @property
    def tile_px(self) -> int:
        """Side of a tile, even; tile (column, row) begins at pixel (column, row) * tile_px."""
        ...

    @property
    def attribution(self) -> str:
        """Who is to be named; empty when not said."""
        ...

    @property
    def licence(self) -> str:
        """Terms of use; empty when not said."""
        ...

    @property
    def description(self) -> str:
        """Kind, name and size in words."""
        ...

    def tile(self, column: int, row: int) -> RasterTile | None:
        """A tile of full size, padded where the raster ends; ``None`` where there is nothing."""
        ...


class TilePyramid:
    """The tiles of a raster at every level, those used last in memory; safe between threads.

    Args:
        raster: what is read.
        cache_bytes: memory for tiles; the least recently used go first.
    """

    def __init__(self, raster: Raster, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self._raster = raster
        self._cache_bytes = cache_bytes
        self._tiles: OrderedDict[tuple[int, int, int], RasterTile | None] = OrderedDict()
        self._bytes = 0
        self._lock = threading.RLock()

    def window(self, level: int, left: int, top: int, columns: int, rows: int) -> RasterTile:
        """A rectangle of a level's pixels, any of which may lie outside of the raster.

        Args:
            level: of the pyramid.
            left: first column.
            top: first row.
            columns: how many, at least 1.
            rows: how many, at least 1.

        Returns:
            A view of one tile where it lies in one, else a copy; its ``valid`` is ``None`` where
            it holds imagery everywhere, whatever its tiles lack elsewhere.
        """
        side = self._raster.tile_px
        with self._lock:
            pieces = [
                (column * side - left, row * side - top, self._tile(level, column, row))
                for row in range(top // side, (top + rows - 1) // side + 1)
                for column in range(left // side, (left + columns - 1) // side + 1)
            ]
        x, y, only = pieces[0]
        if len(pieces) == 1 and only is not None:
            part = np.s_[-y : rows - y, -x : columns - x]
            return RasterTile(only.rgb[part], _holes(only, part))
        whole = all(tile is not None and tile.valid is None for _, _, tile in pieces)
        make = np.empty if whole else np.zeros
        rgb: ImageU8 = make((rows, columns, 3), dtype=np.uint8)
        valid = None if whole else np.zeros((rows, columns), dtype=np.uint8)
        for x, y, tile in pieces:
            if tile is None:
                continue
            place = np.s_[max(y, 0) : y + side, max(x, 0) : x + side]
            part = np.s_[max(-y, 0) : rows - y, max(-x, 0) : columns - x]
            rgb[place] = tile.rgb[part]
            if valid is not None:
                valid[place] = 255 if tile.valid is None else tile.valid[part]
        return RasterTile(rgb, None if valid is None or valid.min() == 255 else valid)

    def _tile(self, level: int, column: int, row: int) -> RasterTile | None:
        """A tile of a level; ``None`` where there is nothing."""
        side = self._raster.tile_px << level
        if not (0 <= column * side < self._raster.width and 0 <= row * side < self._raster.height):
            return None
        key = (level, column, row)
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        tile = self._raster.tile(column, row) if level == 0 else self._made(level, column, row)
        self._tiles[key] = tile
        self._bytes += 0 if tile is None else tile.nbytes
        while self._bytes > self._cache_bytes and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self._bytes -= 0 if oldest is None else oldest.nbytes
        return tile

    def _made(self, level: int, column: int, row: int) -> RasterTile | None:
        """A tile out of the four of the level below."""
        half = self._raster.tile_px // 2
        quarters = [
            (y, x, self._tile(level - 1, 2 * column + x, 2 * row + y))
            for y in (0, 1)
            for x in (0, 1)
        ]
        if all(tile is None for _, _, tile in quarters):
            return None
        rgb = np.zeros((2 * half, 2 * half, 3), dtype=np.uint8)
        valid = np.zeros((2 * half, 2 * half), dtype=np.uint8)
        for y, x, tile in quarters:
            if tile is None:
                continue
            reduced = halved(tile)
            place = np.s_[y * half : (y + 1) * half, x * half : (x + 1) * half]
            rgb[place] = reduced.rgb
            valid[place] = 255 if reduced.valid is None else reduced.valid
        return RasterTile(rgb, None if np.all(valid) else valid)


def _holes(tile: RasterTile, part: tuple[slice, slice]) -> ImageU8 | None:
    """Where a part of a tile holds imagery; ``None`` when it does everywhere."""
    valid = None if tile.valid is None else tile.valid[part]
    return None if valid is None or valid.min() == 255 else valid


def halved(tile: RasterTile) -> RasterTile:
    """Each 2 x 2 pixels averaged over those with imagery; there is some where half of them have.

    Args:
        tile: of even height and width.
    """
    size = (tile.rgb.shape[1] // 2, tile.rgb.shape[0] // 2)
    rgb = cv2.resize(tile.rgb, size, interpolation=cv2.INTER_AREA)
    if tile.valid is None:
        return RasterTile(rgb, None)
    share = cv2.resize(tile.valid, size, interpolation=cv2.INTER_AREA)
    return premultiplied(rgb, share)


def premultiplied(rgb: ImageU8, share: ImageU8) -> RasterTile:
    """A tile whose colours were averaged together with black where nothing was.

    Args:
        rgb: averages in which pixels without imagery counted as black, shape (rows, columns, 3).
        share: 255 times the weight of the pixels with imagery, shape (rows, columns).
    """
    valid = np.where(share >= 127, np.uint8(255), np.uint8(0))
    partly = (share >= 127) & (share < 255)
    rgb = np.where(valid[..., None] > 0, rgb, np.uint8(0))
    if np.any(partly):
        raised = rgb[partly] * (255.0 / share[partly, None])
        rgb[partly] = np.minimum(np.rint(raised), 255.0).astype(np.uint8)
    return RasterTile(rgb, None if np.all(valid) else valid)

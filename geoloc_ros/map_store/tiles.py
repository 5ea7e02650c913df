# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Web Mercator tiles as one raster, whatever they are stored in.

Tiles are (x, y) of one zoom, y counted from the north (docs/conventions.md). The raster begins at
the first tile that exists, so that pixel coordinates stay small.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Protocol

import cv2
import numpy as np

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.raster import RasterTile
from geoloc_ros.map_store.records import ImageU8
from geoloc_ros.types import FloatArray

WEB_MERCATOR = 'EPSG:3857'
#: Half the side of the web Mercator square: half the Earth's girth at the equator.
HALF_WORLD_M = math.pi * 6378137.0
HIGHEST_ZOOM = 24
TILE_SIDES_PX = (256, 512, 1024)


@dataclasses.dataclass(frozen=True, slots=True)
class TileSetInfo:
    """What is known of a set of tiles of one zoom.

    Attributes:
        zoom: of the tiles.
        x_first: westernmost column.
        x_last: easternmost column, included.
        y_first: northernmost row.
        y_last: southernmost row, included.
        count: tiles that exist.
        attribution: empty when not said.
        licence: empty when not said.
        kind: ``'XYZ tiles'`` or ``'MBTiles'``.
        name: of the file or folder.
    """

    zoom: int
    x_first: int
    x_last: int
    y_first: int
    y_last: int
    count: int
    attribution: str
    licence: str
    kind: str
    name: str


class TileStore(Protocol):
    """Where the encoded tiles are."""

    @property
    def info(self) -> TileSetInfo:
        """What there is."""
        ...

    def encoded(self, x: int, y: int) -> bytes | None:
        """A tile's file (PNG, JPEG or WebP), y from the north; ``None`` where there is none."""
        ...


class TileRaster:
    """The tiles of one zoom as a raster.

    Args:
        store: where the tiles are.

    Raises:
        MapError: the first tile cannot be decoded, or its size is unusual.
    """

    def __init__(self, store: TileStore) -> None:
        self._store = store
        info = store.info
        self._info = info
        first = self._first_tile()
        self._tile_px = int(first.shape[0])
        self._columns = info.x_last - info.x_first + 1
        self._rows = info.y_last - info.y_first + 1

    @property
    def crs(self) -> str:
        """Web Mercator."""
        return WEB_MERCATOR

    @property
    def crs_from_corner(self) -> FloatArray:
        """From pixel corners to web Mercator, shape (2, 3)."""
        tile_m = 2.0 * HALF_WORLD_M / (1 << self._info.zoom)
        step = tile_m / self._tile_px
        left = self._info.x_first * tile_m - HALF_WORLD_M
        top = HALF_WORLD_M - self._info.y_first * tile_m
        return np.array([[step, 0.0, left], [0.0, -step, top]])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self._columns * self._tile_px

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return self._rows * self._tile_px

    @property
    def tile_px(self) -> int:
        """Side of a tile."""
        return self._tile_px

    @property
    def attribution(self) -> str:
        """As the tile set says."""
        return self._info.attribution

    @property
    def licence(self) -> str:
        """As the tile set says."""
        return self._info.licence

    @property
    def description(self) -> str:
        """Kind, name, zoom and count."""
        info = self._info
        return (
            f'{info.kind} {info.name}, zoom {info.zoom}, x {info.x_first}-{info.x_last}, '
            f'y {info.y_first}-{info.y_last}, {info.count} tiles of {self._tile_px} px'
        )

    def tile(self, column: int, row: int) -> RasterTile | None:
        """A tile by its place in the raster; ``None`` where there is none.

        Raises:
            MapError: it cannot be decoded, or has another size than the first.
        """
        x, y = self._info.x_first + column, self._info.y_first + row
        data = self._store.encoded(x, y)
        if data is None:
            return None
        picture = decoded(data, self._name(x, y))
        if picture.shape[:2] != (self._tile_px, self._tile_px):
            raise MapError(
                f'{self._name(x, y)} is {picture.shape[1]} x {picture.shape[0]} px; expected '
                f'{self._tile_px} x {self._tile_px} like the others; replace or delete it'
            )
        return rgb_tile(picture)

    def _first_tile(self) -> ImageU8:
        """Any tile: its size is that of all."""
        info = self._info
        for y in range(info.y_first, info.y_last + 1):
            for x in range(info.x_first, info.x_last + 1):
                data = self._store.encoded(x, y)
                if data is None:
                    continue
                picture = decoded(data, self._name(x, y))
                rows, columns = picture.shape[:2]
                if rows != columns or rows not in TILE_SIDES_PX:
                    raise MapError(
                        f'{self._name(x, y)} is {columns} x {rows} px; expected a square of '
                        f'{", ".join(map(str, TILE_SIDES_PX))} px'
                    )
                return picture
        raise MapError(f'{info.kind} {info.name} holds no tile of zoom {info.zoom}')

    def _name(self, x: int, y: int) -> str:
        return f'tile {self._info.zoom}/{x}/{y} of {self._info.name}'


def decoded(data: bytes, name: str) -> ImageU8:
    """A tile's pixels as OpenCV reads them, uint8: grey, BGR or BGRA.

    Raises:
        MapError: the bytes are no picture.
    """
    raw = np.frombuffer(data, dtype=np.uint8)
    picture = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED) if raw.size else None
    if picture is None:
        raise MapError(
            f'{name} ({len(data)} bytes) cannot be decoded; expected PNG, JPEG or WebP; fetch it '
            'again, or delete it to leave a hole'
        )
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    return np.asarray(picture, dtype=np.uint8)


def rgb_tile(picture: ImageU8) -> RasterTile | None:
    """RGB and validity of a decoded picture; ``None`` when it is transparent everywhere."""
    if picture.ndim == 2 or picture.shape[2] == 1:
        return RasterTile(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), None)
    if picture.shape[2] == 3:
        return RasterTile(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), None)
    seen = picture[..., 3] >= 128
    rgb = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGB)
    if np.all(seen):
        return RasterTile(rgb, None)
    if not np.any(seen):
        return None
    rgb[~seen] = 0
    return RasterTile(rgb, np.where(seen, np.uint8(255), np.uint8(0)))


def valid_zoom(zoom: int, zooms: list[int], name: str) -> int:
    """The zoom wanted, or the highest there is when it is negative.

    Raises:
        MapError: there is none like it.
    """
    if not zooms:
        raise MapError(f'{name} holds no tiles; expected zoom/x/y.png or an MBTiles file')
    if zoom < 0:
        return max(zooms)
    if zoom not in zooms:
        raise MapError(
            f'{name} holds no tiles of zoom {zoom}; it has {min(zooms)} to {max(zooms)}; choose '
            'one of them (--zoom)'
        )
    return zoom

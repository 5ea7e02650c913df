# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Web Mercator tiles of an aerial image: drawn at the highest zoom, averaged for the others.

Tiles are (z, x, y), y south (docs/conventions.md).
"""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
import enum
import math

import cv2
import numpy as np

from geoloc_ros.errors import SettingError
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.grids import CrsGrid, Window, crs_from_ground
from geoloc_sim.aerial.records import AerialImage, ImageSource
from geoloc_sim.rendering.records import ImageU8

TILE_PX = 256
WEB_MERCATOR = 'EPSG:3857'

#: Half the side of the web Mercator square: half the Earth's girth at the equator.
HALF_WORLD_M = math.pi * 6378137.0
HIGHEST_ZOOM = 23


class TileFormat(enum.Enum):
    """How a tile is encoded."""

    JPEG = 'jpg'
    PNG = 'png'


@dataclasses.dataclass(frozen=True, slots=True)
class Tile:
    """A tile, RGBA, shape (256, 256, 4); alpha is 0 where nothing was seen."""

    z: int
    x: int
    y: int
    rgba: ImageU8

    @property
    def whole(self) -> bool:
        """Something was seen in every pixel."""
        return bool(np.all(self.rgba[..., 3] == 255))


@dataclasses.dataclass(frozen=True, slots=True)
class TileRange:
    """The tiles of one zoom that an image touches, the last ones included."""

    z: int
    x_first: int
    x_last: int
    y_first: int
    y_last: int

    def at_zoom(self, z: int) -> TileRange:
        """The tiles of a lower zoom that hold these."""
        shift = self.z - z
        return TileRange(
            z,
            self.x_first >> shift,
            self.x_last >> shift,
            self.y_first >> shift,
            self.y_last >> shift,
        )

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.x_last - self.x_first + 1) * (self.y_last - self.y_first + 1)

    def has(self, x: int, y: int) -> bool:
        """Whether a tile is among them."""
        return self.x_first <= x <= self.x_last and self.y_first <= y <= self.y_last


def zoom_of_gsd(lat_deg: float, gsd_m_per_px: float) -> int:
    """The lowest zoom whose pixels on the ground are no larger than wanted.

    A pixel of zoom z is 156 543 m cos(latitude) / 2^z on the ground.
    """
    widest_m = 2.0 * HALF_WORLD_M / TILE_PX * math.cos(math.radians(lat_deg))
    return min(max(math.ceil(math.log2(widest_m / gsd_m_per_px) - 1e-9), 0), HIGHEST_ZOOM)


def tile_grid(datum: GeodeticPosition, z: int) -> CrsGrid:
    """The raster of all tiles of a zoom: tile (x, y) begins at pixel (256 x, 256 y)."""
    pixels = TILE_PX << z
    step = 2.0 * HALF_WORLD_M / pixels
    return CrsGrid(datum, WEB_MERCATOR, -HALF_WORLD_M, HALF_WORLD_M, step, step, pixels, pixels)


def tiles_over(source: ImageSource, z: int) -> TileRange:
    """The tiles of a zoom that an image's raster touches."""
    grid = source.grid
    share = np.linspace(0.0, 1.0, 65)
    u, v = share * grid.width - 0.5, share * grid.height - 0.5
    border = np.concatenate(
        [np.stack(np.broadcast_arrays(u, edge), axis=-1) for edge in (v[0], v[-1])]
        + [np.stack(np.broadcast_arrays(edge, v), axis=-1) for edge in (u[0], u[-1])]
    )
    x, y = crs_from_ground(grid.datum, WEB_MERCATOR, grid.ground_from_pixels(border))
    side = 2.0 * HALF_WORLD_M / (1 << z)
    return TileRange(
        z,
        math.floor((float(np.min(x)) + HALF_WORLD_M) / side),
        math.ceil((float(np.max(x)) + HALF_WORLD_M) / side) - 1,
        math.floor((HALF_WORLD_M - float(np.max(y))) / side),
        math.ceil((HALF_WORLD_M - float(np.min(y))) / side) - 1,
    )


def tile_count(source: ImageSource, min_zoom: int, max_zoom: int) -> int:
    """How many tiles ``tiles`` yields at most (those without anything seen are left out)."""
    lowest = tiles_over(source, max_zoom)
    return sum(lowest.at_zoom(z).count for z in range(min_zoom, max_zoom + 1))


def tiles(source: ImageSource, min_zoom: int, max_zoom: int) -> Iterator[Tile]:
    """Every tile of an image in which anything is seen, children before their parents.

    Only the highest zoom is drawn; holds a few tiles of each zoom in memory.

    Raises:
        SettingError: the zooms are not 0 <= min_zoom <= max_zoom <= 23.
    """
    if not 0 <= min_zoom <= max_zoom <= HIGHEST_ZOOM:
        raise SettingError(
            f'zooms are {min_zoom} to {max_zoom}; expected 0 <= lowest <= highest <= '
            f'{HIGHEST_ZOOM}'
        )
    drawn = source.on_grid(tile_grid(source.grid.datum, max_zoom))
    covered = tiles_over(source, max_zoom)
    top = covered.at_zoom(min_zoom)
    for y in range(top.y_first, top.y_last + 1):
        for x in range(top.x_first, top.x_last + 1):
            yield from _tree(drawn, covered, min_zoom, x, y)


def _tree(drawn: ImageSource, covered: TileRange, z: int, x: int, y: int) -> Iterator[Tile]:
    """The tile and all below it, itself last."""
    if not covered.at_zoom(z).has(x, y):
        return
    if z == covered.z:
        image = drawn.image(Window(TILE_PX * x, TILE_PX * y, TILE_PX, TILE_PX))
        rgba = _with_alpha(image)
    else:
        quarters = np.zeros((2 * TILE_PX, 2 * TILE_PX, 4), dtype=np.uint8)
        for child_y in (2 * y, 2 * y + 1):
            for child_x in (2 * x, 2 * x + 1):
                for tile in _tree(drawn, covered, z + 1, child_x, child_y):
                    if tile.z == z + 1:
                        row, column = TILE_PX * (tile.y - 2 * y), TILE_PX * (tile.x - 2 * x)
                        quarters[row : row + TILE_PX, column : column + TILE_PX] = tile.rgba
                    yield tile
        rgba = _halved(quarters)
    if np.any(rgba[..., 3]):
        yield Tile(z, x, y, rgba)


def _with_alpha(image: AerialImage) -> ImageU8:
    alpha = np.where(image.valid, 255, 0).astype(np.uint8)
    return np.concatenate((image.rgb, alpha[..., None]), axis=-1)


def _halved(rgba: ImageU8) -> ImageU8:
    """Each 2 x 2 pixels averaged over those in which anything was seen."""
    height, width = rgba.shape[0] // 2, rgba.shape[1] // 2
    fours = rgba.reshape(height, 2, width, 2, 4).astype(np.uint16)
    seen = fours[..., 3:] > 0
    count = np.sum(seen, axis=(1, 3), dtype=np.uint16)
    total = np.sum(fours[..., :3] * seen, axis=(1, 3), dtype=np.uint16)
    rgb = (total + count // 2) // np.maximum(count, 1)
    alpha = np.where(count > 0, 255, 0)
    return np.concatenate((rgb, alpha), axis=-1).astype(np.uint8)


def encoded(tile: Tile, tile_format: TileFormat) -> bytes:
    """The tile as a file: JPEG at quality 90 (what was not seen is black) or PNG with alpha.

    A PNG of a tile that is whole has no alpha channel.
    """
    if tile_format is TileFormat.JPEG:
        picture = cv2.cvtColor(tile.rgba, cv2.COLOR_RGBA2BGR)
        made, data = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    else:
        code = cv2.COLOR_RGBA2BGR if tile.whole else cv2.COLOR_RGBA2BGRA
        made, data = cv2.imencode('.png', cv2.cvtColor(tile.rgba, code))
    if not made:
        raise SettingError(f'OpenCV writes no {tile_format.value}; install another build of it')
    return bytes(data)

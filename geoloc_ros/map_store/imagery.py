# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Opens imagery by what it is: a GeoTIFF, an MBTiles file or a folder of XYZ tiles."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from pathlib import Path

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.geotiff import GeoTiffRaster
from geoloc_ros.map_store.mbtiles import MbtilesFile
from geoloc_ros.map_store.raster import DEFAULT_CACHE_BYTES, Raster
from geoloc_ros.map_store.raster_source import RasterSource
from geoloc_ros.map_store.tiles import TileRaster
from geoloc_ros.map_store.xyz import XyzFolder

_SQLITE = b'SQLite format 3\x00'


@dataclasses.dataclass(frozen=True, slots=True)
class ImageryOptions:
    """How imagery is read.

    Attributes:
        zoom: of tiles; negative for the highest.
        scheme: of tiles, ``'xyz'`` or ``'tms'``; empty to go by their metadata.
        bands: of a GeoTIFF, shown as red, green and blue; empty to go by the file.
        attribution: overrides what the files say; ``None`` leaves it.
        licence: overrides what the files say; ``None`` leaves it.
        cache_bytes: memory for decoded tiles.
    """

    zoom: int = -1
    scheme: str = ''
    bands: Sequence[int] = ()
    attribution: str | None = None
    licence: str | None = None
    cache_bytes: int = DEFAULT_CACHE_BYTES


def open_imagery(path: Path, options: ImageryOptions | None = None) -> RasterSource:
    """Open imagery.

    Args:
        path: GeoTIFF (or another raster that GDAL reads), MBTiles file, or folder of XYZ tiles.
        options: how it is read.

    Raises:
        MapError: it does not exist or cannot be used, or an option is for another kind.
    """
    chosen = ImageryOptions() if options is None else options
    try:
        raster = _raster(path, chosen)
    except OSError as error:
        raise MapError(
            f'imagery {path} cannot be read ({error}); expected files and folders that you may '
            'read; change their rights (chmod)'
        ) from error
    return RasterSource(raster, chosen.cache_bytes, chosen.attribution, chosen.licence)


def _raster(path: Path, options: ImageryOptions) -> Raster:
    if path.is_dir():
        _refuse_bands(path, options)
        return TileRaster(XyzFolder(path, options.zoom, options.scheme))
    if not path.is_file():
        raise MapError(
            f'imagery {path} does not exist; expected a GeoTIFF, an MBTiles file or a folder of '
            'XYZ tiles'
        )
    with path.open('rb') as file:
        is_sqlite = file.read(len(_SQLITE)) == _SQLITE
    if is_sqlite:
        _refuse_bands(path, options)
        return TileRaster(MbtilesFile(path, options.zoom, options.scheme))
    if options.zoom >= 0 or options.scheme:
        raise MapError(
            f'{path} is one image, and zoom or scheme is given; expected those with MBTiles or a '
            'folder of XYZ tiles only; leave --zoom and --scheme out'
        )
    return GeoTiffRaster(path, options.bands)


def _refuse_bands(path: Path, options: ImageryOptions) -> None:
    if options.bands:
        raise MapError(
            f'{path} holds tiles, and bands are given; expected those with a GeoTIFF only; leave '
            '--bands out'
        )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Writes an aerial image as a GeoTIFF: tiled, compressed, with overviews, CRS and attribution."""

from __future__ import annotations

import enum
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine
import rasterio.windows

from geoloc_sim.aerial.grids import CrsGrid, Window
from geoloc_sim.aerial.records import ATTRIBUTION, ImageSource, Progress, no_progress
from geoloc_sim.output_paths import whole_file

_BLOCK_PX = 512
_SMALLEST_OVERVIEW_PX = 256


class Compression(enum.Enum):
    """How a GeoTIFF is compressed."""

    DEFLATE = 'deflate'  # lossless
    JPEG = 'jpeg'  # quality 90: a sixth of the size


def write_geotiff(
    path: Path,
    source: ImageSource,
    compression: Compression = Compression.DEFLATE,
    attribution: str = ATTRIBUTION,
    progress: Progress = no_progress,
) -> None:
    """Draw the whole raster into a file, 512 x 512 pixels at a time.

    What lies outside of the world is masked. The file appears under its name when it is whole.

    Args:
        path: of the file; replaced where it exists.
        source: the image.
        compression: of the pixels.
        attribution: stored as the tags ATTRIBUTION and TIFFTAG_COPYRIGHT.
        progress: told of each block drawn.

    Raises:
        DriveError: the file cannot be written.
    """
    grid = source.grid
    windows = list(_blocks(grid))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), whole_file(path) as part:
        with rasterio.open(part, 'w', **_profile(grid, compression)) as file:
            file.update_tags(ATTRIBUTION=attribution, TIFFTAG_COPYRIGHT=attribution)
            for number, window in enumerate(windows):
                image = source.image(window)
                place = rasterio.windows.Window(
                    window.column, window.row, window.width, window.height
                )
                file.write(np.moveaxis(image.rgb, -1, 0), window=place)
                file.write_mask(image.valid, window=place)
                progress(number + 1, len(windows))
        with rasterio.open(part, 'r+') as file:
            factors = _overview_factors(grid)
            if factors:
                file.build_overviews(factors, Resampling.average)


def _profile(grid: CrsGrid, compression: Compression) -> dict[str, object]:
    """Creation options of GDAL's GTiff driver."""
    profile: dict[str, object] = {
        'driver': 'GTiff',
        'width': grid.width,
        'height': grid.height,
        'count': 3,
        'dtype': 'uint8',
        'crs': rasterio.crs.CRS.from_user_input(grid.crs),
        'transform': Affine(grid.step_x, 0.0, grid.left, 0.0, -grid.step_y, grid.top),
        'tiled': True,
        'blockxsize': _BLOCK_PX,
        'blockysize': _BLOCK_PX,
        'interleave': 'pixel',
        'bigtiff': 'if_safer',
    }
    if compression is Compression.JPEG:
        return {**profile, 'compress': 'jpeg', 'jpeg_quality': 90, 'photometric': 'ycbcr'}
    deflate = {'compress': 'deflate', 'predictor': 2, 'zlevel': 3, 'photometric': 'rgb'}
    return {**profile, **deflate}


def _blocks(grid: CrsGrid) -> list[Window]:
    """Windows that are the file's blocks, in its order."""
    return [
        Window(
            column,
            row,
            min(_BLOCK_PX, grid.width - column),
            min(_BLOCK_PX, grid.height - row),
        )
        for row in range(0, grid.height, _BLOCK_PX)
        for column in range(0, grid.width, _BLOCK_PX)
    ]


def _overview_factors(grid: CrsGrid) -> list[int]:
    """2, 4, 8 ... until the image is a thumbnail."""
    factors, side, factor = [], max(grid.width, grid.height), 2
    while side / factor >= _SMALLEST_OVERVIEW_PX / 2:
        factors.append(factor)
        factor *= 2
    return factors

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""An aerial image of bright spots at known places: what writers of files are judged with."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyproj
import rasterio
import rasterio.warp

from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.aerial.grids import CrsGrid, Window
from geoloc_sim.aerial.records import AerialImage

#: Far from the central meridian (2.4 degrees), from the equator and from sea level.
DATUM = GeodeticPosition(49.2, 11.4, 310.0)
SPOTS_M = np.array([[-61.3, 40.2], [55.7, 33.4], [3.1, -7.7], [-47.9, -38.6], [66.6, -44.4]])
BOUNDS_M = (-80.0, -60.0, 80.0, 60.0)
_RADIUS_M = 1.5


@dataclasses.dataclass(frozen=True)
class Spots:
    """Gaussian spots, 1.5 m wide, on black; nothing is seen east of ``east_m``."""

    grid: CrsGrid
    east_m: float = 1e9

    def on_grid(self, grid: CrsGrid) -> Spots:
        """The same on another raster."""
        return dataclasses.replace(self, grid=grid)

    def image(self, window: Window) -> AerialImage:
        """The pixels of a window, each by its own exact transform."""
        u, v = np.meshgrid(
            window.column + np.arange(window.width), window.row + np.arange(window.height)
        )
        pixels = np.stack((u.ravel(), v.ravel()), axis=-1).astype(np.float64)
        ground = self.grid.ground_from_pixels(pixels)
        squared = np.sum((ground[:, None] - SPOTS_M[None]) ** 2, axis=-1)
        light = np.sum(np.exp(-0.5 * squared / _RADIUS_M**2), axis=1)
        rgb = np.repeat(np.round(250.0 * light)[:, None], 3, axis=1).astype(np.uint8)
        valid = ground[:, 0] <= self.east_m
        rgb[~valid] = 0
        shape = (window.height, window.width)
        return AerialImage(rgb.reshape(*shape, 3), valid.reshape(shape))


def spots_lon_lat() -> FloatArray:
    """Longitude and latitude of the spots by PROJ's own topocentric frame, shape (n, 2)."""
    to_enu = pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart '
        f'+ellps=WGS84 +step +proj=topocentric +ellps=WGS84 +lat_0={DATUM.lat_deg} '
        f'+lon_0={DATUM.lon_deg} +h_0={DATUM.alt_m}'
    )
    lon, lat, _ = to_enu.transform(
        SPOTS_M[:, 0], SPOTS_M[:, 1], np.zeros(len(SPOTS_M)), direction='INVERSE'
    )
    return np.stack((lon, lat), axis=-1)


def centroids(grey: FloatArray, guesses_px: FloatArray, reach_px: int) -> FloatArray:
    """Centres of light (u, v) around guesses, shape (n, 2)."""
    found = []
    for u, v in guesses_px:
        column, row = round(float(u)), round(float(v))
        rows = np.arange(row - reach_px, row + reach_px + 1)
        columns = np.arange(column - reach_px, column + reach_px + 1)
        piece = grey[np.ix_(rows, columns)].astype(np.float64)
        found.append(
            (np.sum(piece.sum(axis=0) * columns), np.sum(piece.sum(axis=1) * rows)) / piece.sum()
        )
    return np.array(found)


def pixels_in(file: rasterio.DatasetReader) -> FloatArray:
    """Where the spots lie in a file by its own transform, pixel centres at (0, 0), (n, 2)."""
    x, y = rasterio.warp.transform('EPSG:4326', file.crs, *spots_lon_lat().T)
    step_x, _, left, _, step_y, top = file.transform[:6]
    # GDAL's transforms count from the corner of the first pixel
    return np.stack(
        ((np.array(x) - left) / step_x - 0.5, (np.array(y) - top) / step_y - 0.5), axis=-1
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Aerial images of a pattern known in closed form at every place: the oracle of map building."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyproj

from geoloc_ros.map_store.records import PatchRequest
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.aerial.grids import CrsGrid, Window
from geoloc_sim.aerial.records import AerialImage

#: Far from the central meridian of its UTM zone (2.4 degrees), from the equator, from sea level.
DATUM = GeodeticPosition(49.2, 11.4, 310.0)
BOUNDS_M = (-67.0, -57.0, 67.0, 57.0)
#: Wave vectors (radians a metre) of the three colours: lengths of 7 to 14 m, none parallel.
_WAVES = np.array([[0.72, 0.31], [-0.28, 0.55], [0.40, -0.50]])


def colours(ground_m: FloatArray) -> FloatArray:
    """Colours, shape (n, 3), of points (x, y) about the datum, shape (n, 2)."""
    return 127.0 + 100.0 * np.sin(ground_m @ _WAVES.T)


@dataclasses.dataclass(frozen=True)
class Waves:
    """Three plane waves, one a colour; nothing is seen east of ``east_m``."""

    grid: CrsGrid
    east_m: float = 1e9

    def on_grid(self, grid: CrsGrid) -> Waves:
        """The same on another raster."""
        return dataclasses.replace(self, grid=grid)

    def image(self, window: Window) -> AerialImage:
        """The pixels of a window, each by its own exact transform."""
        u, v = np.meshgrid(
            window.column + np.arange(window.width), window.row + np.arange(window.height)
        )
        pixels = np.stack((u.ravel(), v.ravel()), axis=-1).astype(np.float64)
        ground = self.grid.ground_from_pixels(pixels)
        west, south, east, north = BOUNDS_M
        inside = np.all((ground >= (west, south)) & (ground <= (east, north)), axis=1)
        valid = inside & (ground[:, 0] <= self.east_m)
        rgb = np.rint(colours(ground)).astype(np.uint8)
        rgb[~valid] = 0
        shape = (window.height, window.width)
        return AerialImage(rgb.reshape(*shape, 3), valid.reshape(shape))


def place(x_m: float, y_m: float) -> GeodeticPosition:
    """A point of the datum's plane, by PROJ's own topocentric frame."""
    lon, lat, alt = topocentric(DATUM).transform(x_m, y_m, 0.0, direction='INVERSE')
    return GeodeticPosition(lat, lon, alt)


def topocentric(origin: GeodeticPosition) -> pyproj.Transformer:
    """PROJ's transform from (lon, lat, height) to east, north, up about a place."""
    return pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart '
        f'+ellps=WGS84 +step +proj=topocentric +ellps=WGS84 +lat_0={origin.lat_deg} '
        f'+lon_0={origin.lon_deg} +h_0={origin.alt_m}'
    )


def ground_of_patch(request: PatchRequest) -> FloatArray:
    """(x, y) about the datum of each pixel centre of a patch, shape (n, n, 2): PROJ throughout."""
    gsd = request.size_m / request.size_px
    right, up = np.meshgrid(
        gsd * (np.arange(request.size_px) - 0.5 * (request.size_px - 1)),
        gsd * (0.5 * (request.size_px - 1) - np.arange(request.size_px)),
    )
    cosine, sine = np.cos(request.up_yaw_rad), np.sin(request.up_yaw_rad)
    east, north = right * sine + up * cosine, -right * cosine + up * sine
    zeros = np.zeros(east.size)
    geodetic = topocentric(request.centre).transform(
        east.ravel(), north.ravel(), zeros, direction='INVERSE'
    )
    x, y, _ = topocentric(DATUM).transform(*geodetic)
    return np.stack((x, y), axis=-1).reshape(*east.shape, 2)

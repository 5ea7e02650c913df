# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Rasters on the ground: which point of the plane z = 0 of ``map`` a pixel shows.

Pixel (0, 0) is the centre of the top left pixel (docs/conventions.md); GeoTIFF transforms count
from its corner, half a pixel up and left. A coordinate system is never shifted or scaled into
``map`` as a whole: each point goes by way of latitude and longitude.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Protocol

import numpy as np
import pyproj

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.utm import epsg_of_zone, zone_of
from geoloc_ros.types import FloatArray, GeodeticPosition

#: Nodes of the exact transform lie at most this far apart; the rest is bilinear, with an error
#: below s^2 tan(lat) / (4 R): 0.3 mm at 60 degrees latitude for 64 m (web Mercator, the worst).
NODE_SPACING_M = 64.0
NODE_SPACING_PX = 64

#: A raster may be this much longer than its area is on the ground (grids turn and stretch).
_LARGEST_STRETCH = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels: first column, first row, width and height."""

    column: int
    row: int
    width: int
    height: int

    def grown(self, margin: int) -> Window:
        """The window with ``margin`` more pixels on every side."""
        return Window(
            self.column - margin,
            self.row - margin,
            self.width + 2 * margin,
            self.height + 2 * margin,
        )


class GroundGrid(Protocol):
    """A raster that lies on the plane z = 0 of ``map``."""

    @property
    def width(self) -> int:
        """Columns."""

    @property
    def height(self) -> int:
        """Rows."""

    @property
    def gsd_m_per_px(self) -> float:
        """Size of a pixel on the ground."""

    def ground_from_pixels(self, pixels: FloatArray) -> FloatArray:
        """(x, y) in ``map`` at z = 0 of pixels (u, v), each shape (n, 2), exact."""

    def pixels_from_ground(self, ground_m: FloatArray) -> FloatArray:
        """Pixels (u, v) of points (x, y) of the plane z = 0, each shape (n, 2), exact."""


@dataclasses.dataclass(frozen=True, slots=True)
class CrsGrid:
    """A raster in a coordinate reference system, north up.

    Attributes:
        datum: origin of ``map``.
        crs: as PROJ understands it: ``'EPSG:32632'``.
        left: coordinate of the left **edge**, in units of the CRS (east first, as in GIS files).
        top: coordinate of the top edge.
        step_x: width of a pixel in units of the CRS, positive.
        step_y: height of a pixel, positive.
        width: columns.
        height: rows.
    """

    datum: GeodeticPosition
    crs: str
    left: float
    top: float
    step_x: float
    step_y: float
    width: int
    height: int

    @property
    def gsd_m_per_px(self) -> float:
        """Size of a pixel on the ground at the datum: the mean of both directions."""
        u, v = self.pixels_from_ground(np.zeros((1, 2)))[0]
        ground = self.ground_from_pixels(
            np.array([[u - 0.5, v], [u + 0.5, v], [u, v - 0.5], [u, v + 0.5]])
        )
        sizes = np.hypot(*(ground[1::2] - ground[0::2]).T)
        return float(np.mean(sizes))

    def ground_from_pixels(self, pixels: FloatArray) -> FloatArray:
        """(x, y) in ``map`` at z = 0 of pixels (u, v), each shape (n, 2), exact."""
        points = checked_points(pixels, 2, 'pixels')
        return ground_from_crs(
            self.datum,
            self.crs,
            self.left + (points[:, 0] + 0.5) * self.step_x,
            self.top - (points[:, 1] + 0.5) * self.step_y,
        )

    def pixels_from_ground(self, ground_m: FloatArray) -> FloatArray:
        """Pixels (u, v) of points (x, y) of the plane z = 0, each shape (n, 2), exact."""
        x, y = crs_from_ground(self.datum, self.crs, checked_points(ground_m, 2, 'ground_m'))
        return np.stack(
            ((x - self.left) / self.step_x - 0.5, (self.top - y) / self.step_y - 0.5), axis=-1
        )


@dataclasses.dataclass(frozen=True, slots=True)
class PatchGrid:
    """A square raster turned with a heading: its top lies ahead.

    Attributes:
        x_m: centre, in ``map``.
        y_m: centre.
        yaw_rad: direction of "up" in the patch; pi/2 is north up.
        size_m: side on the ground.
        pixels: columns, and rows.
    """

    x_m: float
    y_m: float
    yaw_rad: float
    size_m: float
    pixels: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.pixels

    @property
    def height(self) -> int:
        """Rows."""
        return self.pixels

    @property
    def gsd_m_per_px(self) -> float:
        """Size of a pixel on the ground."""
        return self.size_m / self.pixels

    def ground_from_pixels(self, pixels: FloatArray) -> FloatArray:
        """(x, y) in ``map`` of pixels (u, v), each shape (n, 2)."""
        centred = (checked_points(pixels, 2, 'pixels') - 0.5 * (self.pixels - 1)) * (
            self.gsd_m_per_px
        )
        return centred @ self._axes() + (self.x_m, self.y_m)

    def pixels_from_ground(self, ground_m: FloatArray) -> FloatArray:
        """Pixels (u, v) of points (x, y), each shape (n, 2)."""
        centred = checked_points(ground_m, 2, 'ground_m') - (self.x_m, self.y_m)
        return centred @ self._axes().T / self.gsd_m_per_px + 0.5 * (self.pixels - 1)

    def _axes(self) -> FloatArray:
        """Rows: where u (right) and v (back) point in ``map``."""
        cosine, sine = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        return np.array([[sine, -cosine], [-cosine, -sine]])


def crs_of(datum: GeodeticPosition, crs: str) -> str:
    """The coordinate system meant: that of the datum's UTM zone where ``crs`` is empty.

    Raises:
        GeodesyError: PROJ does not know it, or it is not horizontal.
    """
    if not crs:
        return f'EPSG:{epsg_of_zone(zone_of(datum.lat_deg, datum.lon_deg))}'
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise GeodesyError(
            f'coordinate system {crs!r} is not known to PROJ ({error}); expected a name such as '
            "'EPSG:25832'; set aerial.crs"
        ) from error
    if not (known.is_projected or known.is_geographic):
        raise GeodesyError(
            f'coordinate system {crs!r} is neither projected nor geographic; expected one with '
            'horizontal axes; set aerial.crs'
        )
    return crs


def grid_over(
    datum: GeodeticPosition,
    crs: str,
    bounds_m: tuple[float, float, float, float],
    gsd_m_per_px: float,
) -> CrsGrid:
    """The raster that covers a rectangle of ``map``, its pixel edges on multiples of its step.

    The step is the ground sampling distance itself where a metre of the CRS is one on the ground
    within 1 % (UTM); else it is scaled, so that pixels have that size on the ground in the middle
    (web Mercator: gsd / cos(latitude); degrees: different steps for x and y).

    Args:
        datum: origin of ``map``.
        crs: see ``crs_of``.
        bounds_m: (west, south, east, north) in ``map``.
        gsd_m_per_px: wanted.

    Raises:
        GeodesyError: the CRS is unknown, does not reach here, or ends amid the area (longitude
            180 in degrees or web Mercator).
    """
    name = crs_of(datum, crs)
    west, south, east, north = bounds_m
    middle = 0.5 * np.array([west + east, south + north])
    cross = middle + np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, -0.5], [0.0, 0.5]])
    x, y = crs_from_ground(datum, name, cross)
    # Columns of the local matrix from metres to units; its rows' lengths are units in a metre.
    matrix = np.array([[x[1] - x[0], x[3] - x[2]], [y[1] - y[0], y[3] - y[2]]])
    scales = np.linalg.norm(matrix, axis=1)
    if np.all(np.abs(scales - 1.0) < 0.01):
        scales = np.ones(2)
    step_x, step_y = (gsd_m_per_px * scales).tolist()
    share = np.linspace(0.0, 1.0, 33)
    along_x, along_y = west + (east - west) * share, south + (north - south) * share
    border = np.concatenate(
        [np.stack(np.broadcast_arrays(along_x, edge), axis=-1) for edge in (south, north)]
        + [np.stack(np.broadcast_arrays(edge, along_y), axis=-1) for edge in (west, east)]
    )
    x, y = crs_from_ground(datum, name, border)
    first_column, last_column = math.floor(np.min(x) / step_x), math.ceil(np.max(x) / step_x)
    first_row, last_row = math.floor(-np.max(y) / step_y), math.ceil(-np.min(y) / step_y)
    longest = _LARGEST_STRETCH * max(east - west, north - south) / gsd_m_per_px + 10.0
    if max(last_column - first_column, last_row - first_row) > longest:
        raise GeodesyError(
            f'a raster in {name} around {datum} would have {last_column - first_column} x '
            f'{last_row - first_row} pixels; expected {longest:.0f} at most: its border runs '
            'through the area; choose another CRS'
        )
    return CrsGrid(
        datum,
        name,
        first_column * step_x,
        -first_row * step_y,
        step_x,
        step_y,
        last_column - first_column,
        last_row - first_row,
    )


def ground_of_window(grid: GroundGrid, window: Window) -> FloatArray:
    """(x, y) of every pixel centre of a window, shape (height, width, 2).

    Exact on a coarse lattice of pixels, bilinear in between (error: ``NODE_SPACING_M``).
    """
    step = int(min(max(NODE_SPACING_M / grid.gsd_m_per_px, 1.0), NODE_SPACING_PX))
    rows = np.arange(window.row, window.row + window.height, dtype=np.float64)
    columns = np.arange(window.column, window.column + window.width, dtype=np.float64)
    row_weights, row_nodes = _bilinear(rows, step)
    column_weights, column_nodes = _bilinear(columns, step)
    u, v = np.meshgrid(column_nodes, row_nodes)
    nodes = grid.ground_from_pixels(np.stack((u.ravel(), v.ravel()), axis=-1))
    shape = (len(row_nodes), len(column_nodes))
    parts = [row_weights @ nodes[:, k].reshape(shape) @ column_weights.T for k in range(2)]
    return np.stack(parts, axis=-1)


def _bilinear(places: FloatArray, step: int) -> tuple[FloatArray, FloatArray]:
    """Weights (n, nodes) of linear interpolation between nodes ``step`` apart, and the nodes."""
    count = max(2, math.ceil((places[-1] - places[0]) / step) + 1)
    nodes = places[0] + step * np.arange(count, dtype=np.float64)
    at = (places - places[0]) / step
    weights = np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(count)[None, :]))
    return weights, nodes


def crs_from_ground(
    datum: GeodeticPosition, crs: str, ground_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Coordinates (east first) of points (x, y) of the plane z = 0 of ``map``, each (n,).

    Raises:
        GeodesyError: a point is not finite or the CRS does not reach it.
    """
    latitudes, longitudes, _ = Datum(datum).geodetic_from_enu_array(ground_m)
    x, y = _from_geodetic(crs).transform(longitudes, latitudes)
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise GeodesyError(f'{crs} does not reach all points around {datum}; choose another CRS')
    return x, y


def ground_from_crs(datum: GeodeticPosition, crs: str, x: FloatArray, y: FloatArray) -> FloatArray:
    """Points (x, y) of the plane z = 0 of ``map``, shape (n, 2), by coordinates (east first).

    The height over the ellipsoid at which the plane is met is solved for.

    Raises:
        GeodesyError: a coordinate lies outside the CRS, or too far from the datum.
    """
    longitudes, latitudes = _from_geodetic(crs).transform(x, y, direction='INVERSE')
    if not (np.all(np.isfinite(longitudes)) and np.all(np.isfinite(latitudes))):
        raise GeodesyError(f'a coordinate lies outside {crs}; choose another CRS')
    frame = Datum(datum)
    heights = np.full(len(latitudes), datum.alt_m)
    for _ in range(8):
        points = frame.enu_from_geodetic_array(latitudes, longitudes, heights)
        if np.max(np.abs(points[:, 2]), initial=0.0) < 1e-7:
            return points[:, :2]
        heights = heights - points[:, 2]
    raise GeodesyError(
        f'a pixel in {crs} lies too far from {datum} to meet its plane; set a nearer datum'
    )


@functools.lru_cache(maxsize=32)
def _from_geodetic(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs('EPSG:4326', crs, always_xy=True)


def checked_points(points: FloatArray, columns: int, name: str) -> FloatArray:
    """The array as float64 of shape (n, columns).

    Raises:
        ShapeError: it has another shape.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != columns:
        raise ShapeError(f'{name} has shape {array.shape}; expected (n, {columns})')
    return array

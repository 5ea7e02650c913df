# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The regular grid of cells that a map describes, and its windows in ``map``.

The grid is regular in metres of a named coordinate reference system, x east and y north from its
lower left cell. Cells go into ``map`` point by point, by way of latitude and longitude: neither
the grid's convergence nor its scale is ignored.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pyproj

from geoloc_ros.errors import GeodesyError, MapError, ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.utm import epsg_of_zone, zone_of
from geoloc_ros.map_store.nearby import Nearby, parabola_weights
from geoloc_ros.map_store.placement import crs_bounds, crs_from_geodetic, from_geodetic
from geoloc_ros.map_store.records import BoolArray, GeodeticBounds
from geoloc_ros.types import FloatArray, GeodeticPosition

DEFAULT_SPACING_M = 5.0
#: More cells than this on a side are taken for a mistake in the bounds.
_LONGEST_SIDE = 1_000_000
#: More in all are not handled: one byte a cell is held in memory.
_MOST_CELLS = 1_000_000_000
#: Blocks up to this wide are parabolas in ``map``.
_PARABOLA_M = 1000.0
#: Half the width of those that are kept for the next window.
_NEARBY_M = 250.0


@dataclasses.dataclass(frozen=True, slots=True)
class TileGrid:
    """Cells on a regular grid.

    Attributes:
        crs: coordinate reference system, in metres, as PROJ understands it.
        origin_x: of the centre of cell (0, 0), the lower left one.
        origin_y: of the centre of cell (0, 0).
        spacing_m: between centres, in metres of the system (on the ground it differs by the
            system's scale: UTM 0.9996 to 1.001, web Mercator 1 / cos(latitude)).
        nx: cells from west to east.
        ny: cells from south to north.

    Raises:
        MapError: the system is unknown or not in metres, or there are no cells, or too many.
    """

    crs: str
    origin_x: float
    origin_y: float
    spacing_m: float
    nx: int
    ny: int

    def __post_init__(self) -> None:
        _check_metres(self.crs)
        sizes = 1 <= self.nx <= _LONGEST_SIDE and 1 <= self.ny <= _LONGEST_SIDE
        fits = sizes and self.cell_count <= _MOST_CELLS
        if not (fits and 0.0 < self.spacing_m < math.inf):
            raise MapError(
                f'grid of {self.nx} x {self.ny} cells, {self.spacing_m} m apart; expected 1 to '
                f'{_LONGEST_SIDE} a side, at most {_MOST_CELLS} in all, and a positive spacing; '
                'check bounds and spacing'
            )

    @property
    def cell_count(self) -> int:
        """How many cells there are."""
        return self.nx * self.ny

    @property
    def centre(self) -> GeodeticPosition:
        """The middle of the grid, at height 0."""
        lat, lon = self.lat_lon(np.array([0.5 * (self.nx - 1)]), np.array([0.5 * (self.ny - 1)]))
        return GeodeticPosition(float(lat[0]), float(lon[0]))

    @property
    def centres_lat_lon(self) -> tuple[FloatArray, FloatArray]:
        """Latitude and longitude of every cell's centre, degrees, each shape (ny, nx)."""
        return self.block_lat_lon(0, 0, self.nx, self.ny)

    def lat_lon(self, ix: FloatArray, iy: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Latitude and longitude of places counted in cells, degrees, each shape (n,).

        Args:
            ix: eastward from the centre of cell (0, 0), shape (n,); fractions lie between cells.
            iy: northward, shape (n,).

        Raises:
            ShapeError: the shapes differ.
            GeodesyError: a place lies outside of the CRS.
        """
        columns, rows = np.asarray(ix, dtype=np.float64), np.asarray(iy, dtype=np.float64)
        if columns.ndim != 1 or columns.shape != rows.shape:
            raise ShapeError(
                f'ix, iy have shapes {columns.shape}, {rows.shape}; expected one shape (n,)'
            )
        lon, lat = from_geodetic(self.crs).transform(
            self.origin_x + self.spacing_m * columns,
            self.origin_y + self.spacing_m * rows,
            direction='INVERSE',
        )
        if not (np.all(np.isfinite(lon)) and np.all(np.isfinite(lat))):
            raise GeodesyError(
                f'cells lie outside of {self.crs[:80]}; expected a grid inside of it; choose '
                'another CRS'
            )
        return np.asarray(lat), np.asarray(lon)

    def block_lat_lon(self, ix0: int, iy0: int, nx: int, ny: int) -> tuple[FloatArray, FloatArray]:
        """Latitude and longitude of the centres of a block of cells, each shape (ny, nx)."""
        ix, iy = np.meshgrid(ix0 + np.arange(nx), iy0 + np.arange(ny))
        lat, lon = self.lat_lon(ix.ravel().astype(np.float64), iy.ravel().astype(np.float64))
        return lat.reshape(ny, nx), lon.reshape(ny, nx)

    def cell_of(self, position: GeodeticPosition) -> tuple[float, float]:
        """A place counted in cells from the centre of cell (0, 0), (ix, iy); it may lie outside.

        Raises:
            GeodesyError: the grid's CRS does not reach there.
        """
        x, y = crs_from_geodetic(self.crs, position)
        return (x - self.origin_x) / self.spacing_m, (y - self.origin_y) / self.spacing_m

    def window(
        self,
        datum: Datum,
        x_m: float,
        y_m: float,
        radius_m: float,
        alt_m: float | None = None,
    ) -> GridWindow | None:
        """The cells that a circle in ``map`` touches, with their places in ``map``.

        Args:
            datum: of ``map``.
            x_m: east of the circle's centre.
            y_m: north of it.
            radius_m: of the circle; 0 gives the cell that holds the centre.
            alt_m: ellipsoidal height of the ground there; the datum's where ``None``.

        Returns:
            The smallest block of cells that holds all of them, cut at the border of the grid;
            ``None`` where the circle touches no cell.

        Raises:
            GeodesyError: the circle is not finite, or lies outside of the grid's CRS.
        """
        height_m = datum.origin.alt_m if alt_m is None else alt_m
        if not (math.isfinite(x_m) and math.isfinite(y_m) and 0.0 <= radius_m < math.inf):
            raise GeodesyError(
                f'circle ({x_m}, {y_m}) m, radius {radius_m} m; expected finite numbers'
            )
        ix, iy = self.cell_of(datum.geodetic_at_altitude(x_m, y_m, height_m))
        nearby = _nearby(self, datum, height_m, *self._node_of(ix, iy))
        spacing_m, rotation_rad = nearby.lattice_at(ix, iy)
        reach = radius_m / spacing_m + 1.0  # half a cell would do on a plane
        ix0, ix1 = max(math.ceil(ix - reach), 0), min(math.floor(ix + reach), self.nx - 1)
        iy0, iy1 = max(math.ceil(iy - reach), 0), min(math.floor(iy + reach), self.ny - 1)
        if ix0 > ix1 or iy0 > iy1:
            return None
        size = (ix1 - ix0 + 1, iy1 - iy0 + 1)
        places = nearby.places(ix0, iy0, *size)
        if places is None:
            places = self._places(datum, ix0, iy0, *size, height_m)
        cosine, sine = math.cos(rotation_rad), math.sin(rotation_rad)
        offsets = np.abs((places - (x_m, y_m)) @ np.array([[cosine, -sine], [sine, cosine]]))
        gaps = np.maximum(offsets - 0.5 * spacing_m, 0.0)
        touched: BoolArray = np.hypot(gaps[..., 0], gaps[..., 1]) <= radius_m
        columns, rows = np.flatnonzero(touched.any(axis=0)), np.flatnonzero(touched.any(axis=1))
        if not columns.size:
            return None
        block = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return GridWindow(
            ix0 + int(columns[0]),
            iy0 + int(rows[0]),
            places[block],
            touched[block],
            spacing_m,
            rotation_rad,
        )

    def _node_of(self, ix: float, iy: float) -> tuple[int, int, int]:
        """Middle (column, row) and half of the ``Nearby`` about a place."""
        half = max(1, int(_NEARBY_M / self.spacing_m))
        return half * round(ix / half), half * round(iy / half), half

    def _places(
        self, datum: Datum, ix0: int, iy0: int, nx: int, ny: int, alt_m: float
    ) -> FloatArray:
        """(x, y) in ``map`` of the centres of a block of cells, shape (ny, nx, 2).

        Of a block up to 1 km wide nine places are transformed, and parabolas drawn through them:
        what those leave out is of third order, below 0.01 mm.
        """
        if self.spacing_m * (max(nx, ny) - 1) > _PARABOLA_M:
            lat, lon = self.block_lat_lon(ix0, iy0, nx, ny)
            exact = datum.enu_from_geodetic_array(lat.ravel(), lon.ravel(), alt_m)
            return np.ascontiguousarray(exact[:, :2]).reshape(ny, nx, 2)
        nodes = np.array([0.0, 0.5, 1.0])
        ix, iy = np.meshgrid(ix0 + (nx - 1) * nodes, iy0 + (ny - 1) * nodes)
        lat, lon = self.lat_lon(ix.ravel(), iy.ravel())
        known = datum.enu_from_geodetic_array(lat, lon, alt_m)[:, :2].T.reshape(2, 3, 3)
        found = _parabolas(ny) @ known @ _parabolas(nx).T
        return np.ascontiguousarray(found.transpose(1, 2, 0))

    def lattice_at(self, datum: Datum, ix: float, iy: float, alt_m: float) -> tuple[float, float]:
        """How the grid lies in ``map`` about a place.

        Args:
            datum: of ``map``.
            ix: of the place, eastward in cells from cell (0, 0).
            iy: northward.
            alt_m: its ellipsoidal height.

        Returns:
            Distance of neighbouring cells in metres, and how far rows turn from east,
            counter-clockwise.
        """
        lat, lon = self.lat_lon(
            np.array([ix - 0.5, ix + 0.5, ix, ix]), np.array([iy, iy, iy - 0.5, iy + 0.5])
        )
        enu = datum.enu_from_geodetic_array(lat, lon, alt_m)[:, :2]
        east, north = enu[1] - enu[0], enu[3] - enu[2]
        turned = east + np.array([north[1], -north[0]])  # their mean, north turned onto east
        return 0.5 * float(np.hypot(*turned)), math.atan2(turned[1], turned[0])


@dataclasses.dataclass(frozen=True, slots=True)
class GridWindow:
    """A block of cells and where they lie in ``map``.

    Attributes:
        ix0: first column of the grid.
        iy0: first row.
        enu_m: (x, y) of each cell's centre in ``map``, exact, shape (ny, nx, 2).
        touched: which of them the circle touches, shape (ny, nx).
        spacing_m: between neighbouring centres in ``map``.
        rotation_rad: of the rows against east, counter-clockwise.
    """

    ix0: int
    iy0: int
    enu_m: FloatArray
    touched: BoolArray
    spacing_m: float
    rotation_rad: float

    @property
    def nx(self) -> int:
        """Columns."""
        return int(self.touched.shape[1])

    @property
    def ny(self) -> int:
        """Rows."""
        return int(self.touched.shape[0])

    @property
    def origin_m(self) -> tuple[float, float]:
        """(x, y) of the lattice's cell (0, 0) in ``map``, fitted to all cells.

        Origin, rotation and spacing are the regular lattice nearest to the cells (a
        ``types.ScoreLattice``). In UTM, 300 m off its middle, it is off by less than 3 mm.
        """
        cosine, sine = math.cos(self.rotation_rad), math.sin(self.rotation_rad)
        east_m = 0.5 * (self.nx - 1) * self.spacing_m  # of the cells' mean, along the rows
        north_m = 0.5 * (self.ny - 1) * self.spacing_m
        x_m, y_m = self.enu_m.reshape(-1, 2).mean(axis=0)
        return (
            float(x_m) - cosine * east_m + sine * north_m,
            float(y_m) - sine * east_m - cosine * north_m,
        )


@functools.lru_cache(maxsize=64)
def _nearby(grid: TileGrid, datum: Datum, alt_m: float, ix: int, iy: int, half: int) -> Nearby:
    """The cells about one of them; the same ones whatever the vehicle has seen before."""
    nodes = np.array([-half, 0.0, half])
    columns, rows = np.meshgrid(ix + nodes, iy + nodes)
    lat, lon = grid.lat_lon(columns.ravel(), rows.ravel())
    known = datum.enu_from_geodetic_array(lat, lon, alt_m)[:, :2].T.reshape(2, 3, 3)
    return Nearby(ix - half, iy - half, half, known)


@functools.cache
def _parabolas(count: int) -> FloatArray:
    """Weights of the first, middle and last of ``count`` equally spaced places, (count, 3)."""
    return parabola_weights(np.linspace(0.0, 1.0, count))


def _check_metres(crs: str) -> None:
    known = pyproj.CRS.from_user_input(from_geodetic(crs).target_crs)
    unit = known.axis_info[0].unit_name if known.axis_info else 'unknown'
    if not (known.is_projected and unit == 'metre'):
        raise MapError(
            f'grid CRS {crs[:80]!r} has axes in {unit}; expected a projected system in metres; '
            'leave it out (--grid-crs) for the UTM zone of the area'
        )


def utm_crs(position: GeodeticPosition) -> str:
    """Name of the UTM zone of a place.

    Raises:
        GeodesyError: UTM is not defined there.
    """
    return f'EPSG:{epsg_of_zone(zone_of(position.lat_deg, position.lon_deg))}'


def grid_over(
    bounds: GeodeticBounds, spacing_m: float = DEFAULT_SPACING_M, crs: str = ''
) -> TileGrid:
    """The grid whose cells' centres lie in the bounds, on multiples of the spacing.

    So maps of neighbouring or growing areas share their cells.

    Args:
        bounds: of the area.
        spacing_m: between centres.
        crs: in metres; empty for the UTM zone of the area's middle.

    Raises:
        MapError: the CRS cannot be used, or the area is smaller than a cell or crosses longitude
            180.
        GeodesyError: the CRS does not reach the area.
    """
    if not 0.0 < spacing_m < math.inf:
        raise MapError(f'grid spacing is {spacing_m} m; expected a positive length')
    middle = bounds.centre
    name = crs or utm_crs(middle)
    _check_metres(name)
    left, bottom, right, top = crs_bounds(name, bounds)
    first_x, last_x = math.ceil(left / spacing_m), math.floor(right / spacing_m)
    first_y, last_y = math.ceil(bottom / spacing_m), math.floor(top / spacing_m)
    if last_x < first_x or last_y < first_y:
        raise MapError(
            f'an area of {right - left:.1f} x {top - bottom:.1f} m holds no cell of {spacing_m} '
            'm; expected a larger area or a smaller spacing'
        )
    return TileGrid(
        name,
        first_x * spacing_m,
        first_y * spacing_m,
        spacing_m,
        last_x - first_x + 1,
        last_y - first_y + 1,
    )

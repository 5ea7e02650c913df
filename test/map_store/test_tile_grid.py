# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The grid against PROJ, and its windows against every cell tried one by one."""

import dataclasses
import math

import numpy as np
import pyproj
import pytest
import shapely

from geoloc_ros.errors import GeodesyError, MapError, ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.records import GeodeticBounds
from geoloc_ros.map_store.tile_grid import TileGrid, grid_over, utm_crs
from geoloc_ros.types import GeodeticPosition

#: 2.6 degrees from the central meridian of zone 32: rows turn by 2 degrees.
DATUM = Datum(GeodeticPosition(49.2, 11.6, 310.0))
BOUNDS = GeodeticBounds(11.597, 49.1985, 11.603, 49.2015)
SYSTEMS = ['', 'EPSG:32633', 'EPSG:25832', 'EPSG:3857', 'EPSG:31468']


def every_cell(grid, datum=DATUM):
    """(x, y) in map of all cells, shape (ny, nx, 2), by PROJ alone."""
    x, y = np.meshgrid(
        grid.origin_x + grid.spacing_m * np.arange(grid.nx),
        grid.origin_y + grid.spacing_m * np.arange(grid.ny),
    )
    lon, lat = pyproj.Transformer.from_crs(grid.crs, 'EPSG:4326', always_xy=True).transform(x, y)
    origin = datum.origin
    to_enu = pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart '
        f'+ellps=WGS84 +step +proj=topocentric +ellps=WGS84 +lat_0={origin.lat_deg} '
        f'+lon_0={origin.lon_deg} +h_0={origin.alt_m}'
    )
    east, north, _ = to_enu.transform(lon, lat, np.full(lat.shape, origin.alt_m))
    return np.stack((east, north), axis=-1)


def squares_touched(grid, x_m, y_m, radius_m):
    """Cells whose quadrilateral in map, by PROJ, meets a circle of shapely's."""
    corners = every_cell(
        TileGrid(
            grid.crs,
            grid.origin_x - 0.5 * grid.spacing_m,
            grid.origin_y - 0.5 * grid.spacing_m,
            grid.spacing_m,
            grid.nx + 1,
            grid.ny + 1,
        )
    )
    rings = np.stack(
        (corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]), axis=2
    )
    return shapely.distance(shapely.polygons(rings), shapely.Point(x_m, y_m)) <= radius_m


@pytest.mark.parametrize('crs', SYSTEMS)
@pytest.mark.parametrize(
    'circle',
    [(0.0, 0.0, 60.0), (33.3, -41.7, 25.0), (8.0, 9.0, 0.0), (-210.0, 150.0, 40.0), (0, 0, 2e3)],
)
def test_window_is_every_cell_the_circle_touches(crs, circle):
    grid = grid_over(BOUNDS, 5.0, crs)
    window = grid.window(DATUM, *circle)
    touched = squares_touched(grid, *circle)
    found = np.zeros((grid.ny, grid.nx), dtype=bool)
    rows, columns = (
        slice(window.iy0, window.iy0 + window.ny),
        slice(window.ix0, window.ix0 + window.nx),
    )
    found[rows, columns] = window.touched
    np.testing.assert_array_equal(found, touched)
    # Tight: each side of the block has a cell that is touched.
    assert window.touched[0].any()
    assert window.touched[-1].any()
    assert window.touched[:, 0].any()
    assert window.touched[:, -1].any()
    np.testing.assert_allclose(window.enu_m, every_cell(grid)[rows, columns], atol=1e-6)


@pytest.mark.parametrize('crs', SYSTEMS)
def test_window_is_nearly_a_lattice(crs):
    grid = grid_over(BOUNDS, 5.0, crs)
    window = grid.window(DATUM, 20.0, -10.0, 150.0)
    steps = np.stack(np.meshgrid(np.arange(window.nx), np.arange(window.ny)), axis=-1)
    cosine, sine = math.cos(window.rotation_rad), math.sin(window.rotation_rad)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    lattice = np.array(window.origin_m) + window.spacing_m * steps @ turn.T
    # Web Mercator's scale differs east and north by 0.3 % (ellipsoid), and along the meridian.
    limit_m = 0.5 if crs == 'EPSG:3857' else 0.01
    assert np.max(np.abs(lattice - window.enu_m)) < limit_m
    if not crs:
        convergence = pyproj.Proj('EPSG:32632').get_factors(11.6, 49.2).meridian_convergence
        # Grid north lies east of true north here, so rows point south of east.
        assert math.degrees(window.rotation_rad) == pytest.approx(-convergence, abs=0.005)
        assert window.spacing_m == pytest.approx(5.0 / 0.99996, rel=2e-4)


def test_circle_off_the_grid_touches_nothing():
    grid = grid_over(BOUNDS, 5.0)
    assert grid.window(DATUM, 1000.0, 0.0, 50.0) is None
    cells = every_cell(grid)
    x_m, y_m = cells[10, -1]
    # Half a cell beyond the last cell's centre its square ends.
    assert grid.window(DATUM, x_m + 12.4, y_m, 10.0) is not None
    assert grid.window(DATUM, x_m + 12.6, y_m, 10.0) is None


def test_one_cell_is_a_grid():
    grid = TileGrid('EPSG:32632', 689000.0, 5452000.0, 5.0, 1, 1)
    x_m, y_m = every_cell(grid)[0, 0]
    window = grid.window(DATUM, x_m, y_m, 0.0)
    assert (window.nx, window.ny) == (1, 1)
    np.testing.assert_allclose(window.origin_m, (x_m, y_m), atol=1e-6)


def test_grid_lies_inside_its_bounds_on_whole_multiples():
    grid = grid_over(BOUNDS, 5.0)
    assert grid.crs == 'EPSG:32632'
    assert grid.origin_x % 5.0 == 0.0
    assert grid.origin_y % 5.0 == 0.0
    lat, lon = grid.centres_lat_lon
    assert lat.shape == (grid.ny, grid.nx)
    # A turned grid overhangs the bounds by the convergence: 2 degrees over 435 m.
    assert np.mean((lon >= BOUNDS.west_deg) & (lon <= BOUNDS.east_deg)) > 0.93
    assert np.all(np.diff(lat, axis=0) > 0.0)
    assert np.all(np.diff(lon, axis=1) > 0.0)
    smaller = grid_over(GeodeticBounds(11.599, 49.199, 11.601, 49.201), 5.0)
    assert (smaller.origin_x - grid.origin_x) % 5.0 == 0.0


def test_cell_of_is_the_way_back():
    grid = grid_over(BOUNDS, 5.0, 'EPSG:31468')
    lat, lon = grid.lat_lon(np.array([3.25]), np.array([17.5]))
    assert grid.cell_of(GeodeticPosition(float(lat[0]), float(lon[0]))) == pytest.approx(
        (3.25, 17.5), abs=1e-4
    )


def test_hemispheres_have_their_zones():
    assert utm_crs(GeodeticPosition(-33.9, 151.2)) == 'EPSG:32756'
    assert utm_crs(GeodeticPosition(60.4, 5.3)) == 'EPSG:32632'  # Bergen's exception


@pytest.mark.parametrize(
    ('crs', 'words'),
    [
        ('EPSG:4326', 'axes in degree'),
        ('EPSG:2229', 'US survey foot'),
        ('EPSG:4978', 'neither projected nor geographic'),
        ('nowhere', 'not known to PROJ'),
    ],
)
def test_grids_are_in_metres(crs, words):
    with pytest.raises(MapError, match=words):
        TileGrid(crs, 0.0, 0.0, 5.0, 10, 10)
    with pytest.raises(MapError, match=words):
        grid_over(BOUNDS, 5.0, crs)


@pytest.mark.parametrize(('spacing_m', 'nx'), [(0.0, 10), (-1.0, 10), (math.nan, 10), (5.0, 0)])
def test_senseless_grids_are_refused(spacing_m, nx):
    with pytest.raises(MapError, match='expected 1 to'):
        TileGrid('EPSG:32632', 0.0, 0.0, spacing_m, nx, 10)


def test_grids_too_large_to_hold_are_refused():
    assert TileGrid('EPSG:32632', 0.0, 0.0, 5.0, 30_000, 30_000).cell_count == 900_000_000
    with pytest.raises(MapError, match='at most 1000000000 in all'):
        TileGrid('EPSG:32632', 0.0, 0.0, 5.0, 1_000_000, 1_000_000)


def test_areas_smaller_than_a_cell_are_refused():
    with pytest.raises(MapError, match='holds no cell'):
        grid_over(GeodeticBounds(11.6, 49.2, 11.60001, 49.20001), 5.0)
    with pytest.raises(MapError, match='expected a positive length'):
        grid_over(BOUNDS, 0.0)


def test_senseless_circles_are_refused():
    grid = grid_over(BOUNDS, 5.0)
    for circle in ((math.nan, 0.0, 1.0), (0.0, 0.0, -1.0), (0.0, 0.0, math.inf)):
        with pytest.raises(GeodesyError, match='expected finite numbers'):
            grid.window(DATUM, *circle)
    with pytest.raises(ShapeError, match='one shape'):
        grid.lat_lon(np.zeros(2), np.zeros(3))


@pytest.mark.parametrize('crs', ['EPSG:32632', 'EPSG:3857'])
@pytest.mark.parametrize('side', [200, 420])
def test_wide_windows_are_exact_too(crs, side):
    """A kilometre by parabolas, two of them cell by cell."""
    wide = GeodeticBounds(11.585, 49.19, 11.62, 49.215)
    grid = dataclasses.replace(grid_over(wide, 5.0, crs), nx=side, ny=side)
    x_m, y_m = every_cell(grid)[side // 2, side // 2]
    window = grid.window(DATUM, x_m, y_m, 3.0 * side)
    assert (window.nx, window.ny) == (side, side)
    np.testing.assert_allclose(window.enu_m, every_cell(grid), atol=1e-5)

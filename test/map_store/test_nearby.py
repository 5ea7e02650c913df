# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parabolas through a piece of a grid against PROJ, cell by cell."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.nearby import Nearby, parabola_weights
from geoloc_ros.map_store.tile_grid import TileGrid
from geoloc_ros.types import GeodeticPosition

DATUM = Datum(GeodeticPosition(60.03, 9.95, 80.0))
HALF = 50


def exact(crs, x, y):
    """(x, y) in map of places in a system, at the datum's height."""
    lon, lat = pyproj.Transformer.from_crs(crs, 'EPSG:4326', always_xy=True).transform(x, y)
    shape = np.shape(lat)
    enu = DATUM.enu_from_geodetic_array(np.ravel(lat), np.ravel(lon), DATUM.origin.alt_m)
    return enu[:, :2].reshape(*shape, 2)


@pytest.fixture(params=['EPSG:32632', 'EPSG:3857'])
def grid(request):
    x, y = pyproj.Transformer.from_crs('EPSG:4326', request.param, always_xy=True).transform(
        10, 60
    )
    return TileGrid(request.param, x, y, 5.0, 300, 300)


@pytest.fixture
def nearby(grid):
    cells = 5.0 * np.array([100, 100 + HALF, 100 + 2 * HALF])
    x, y = np.meshgrid(grid.origin_x + cells, grid.origin_y + cells)
    return Nearby(100, 100, HALF, exact(grid.crs, x, y).transpose(2, 0, 1))


@pytest.mark.parametrize('corner', [(100, 100), (137, 181), (192, 194)])
def test_places_are_those_of_proj(grid, nearby, corner):
    found = nearby.places(*corner, 9, 7)
    columns, rows = np.meshgrid(corner[0] + np.arange(9), corner[1] + np.arange(7))
    x, y = grid.origin_x + 5.0 * columns, grid.origin_y + 5.0 * rows
    np.testing.assert_allclose(found, exact(grid.crs, x, y), rtol=0, atol=1e-7)


@pytest.mark.parametrize('place', [(150.0, 150.0), (121.3, 178.8)])
def test_spacing_and_rotation_are_those_of_proj(grid, nearby, place):
    spacing_m, rotation_rad = nearby.lattice_at(*place)
    x, y = grid.origin_x + 5.0 * place[0], grid.origin_y + 5.0 * place[1]
    west, east, south, north = exact(
        grid.crs, np.array([x - 2.5, x + 2.5, x, x]), np.array([y, y, y - 2.5, y + 2.5])
    )
    along, up = east - west, north - south
    assert spacing_m == pytest.approx(0.5 * math.hypot(along[0] + up[1], along[1] - up[0]), 1e-8)
    assert rotation_rad == pytest.approx(
        math.atan2(along[1] - up[0], along[0] + up[1]), rel=0, abs=1e-8
    )


@pytest.mark.parametrize('block', [(99, 150, 9, 7), (150, 99, 9, 7), (193, 150, 9, 7)])
def test_a_block_that_goes_beyond_has_no_places(nearby, block):
    assert nearby.places(*block) is None


def test_parabolas_go_through_what_is_known():
    np.testing.assert_array_equal(parabola_weights(np.array([0.0, 0.5, 1.0])), np.eye(3))


def test_windows_hang_on_no_window_before(grid):
    """The same window whether or not another was asked for, near by or far away."""
    x_m, y_m = exact(grid.crs, np.array(grid.origin_x + 700.0), np.array(grid.origin_y + 700.0))
    first = grid.window(DATUM, x_m, y_m, 30.0)
    for shift_m in (7.0, 120.0, 260.0, -400.0):
        grid.window(DATUM, x_m + shift_m, y_m - shift_m, 20.0)
    again = grid.window(DATUM, x_m, y_m, 30.0)
    np.testing.assert_array_equal(again.enu_m, first.enu_m)
    assert (again.spacing_m, again.rotation_rad) == (first.spacing_m, first.rotation_rad)


def test_windows_of_two_heights_are_not_mixed_up(grid):
    """100 m of height move a place by 0.16 m at 10 km; the heights share no memory."""
    x_m, y_m = exact(grid.crs, np.array(grid.origin_x + 700.0), np.array(grid.origin_y + 700.0))
    low = grid.window(DATUM, x_m, y_m, 0.0, alt_m=80.0)
    high = grid.window(DATUM, x_m, y_m, 0.0, alt_m=1080.0)
    way = math.hypot(x_m, y_m)
    shift = np.linalg.norm(high.enu_m[0, 0] - low.enu_m[0, 0])
    assert shift == pytest.approx(way / 6.38e3, rel=0.01)

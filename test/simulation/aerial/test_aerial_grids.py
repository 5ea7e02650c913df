# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pyproj
import pytest

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.grids import (
    CrsGrid,
    PatchGrid,
    Window,
    crs_from_ground,
    crs_of,
    grid_over,
    ground_from_crs,
    ground_of_window,
)

PLACES = {
    'karlsruhe': GeodeticPosition(49.0, 8.4, 115.0),
    'zone border': GeodeticPosition(60.3, 11.99, 20.0),
    'south': GeodeticPosition(-33.9, 151.2, 40.0),
    'arctic': GeodeticPosition(69.6, 18.9, 0.0),
}
BOUNDS_M = (-400.0, -300.0, 500.0, 600.0)


def topocentric(datum):
    """PROJ's own ENU frame: (lon, lat, height) in degrees and metres to (x, y, z)."""
    return pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart '
        f'+ellps=WGS84 +step +proj=topocentric +ellps=WGS84 +lat_0={datum.lat_deg} '
        f'+lon_0={datum.lon_deg} +h_0={datum.alt_m}'
    )


@pytest.mark.parametrize('crs', ['', 'EPSG:3857', 'EPSG:4326', 'EPSG:3035'])
@pytest.mark.parametrize('place', PLACES)
def test_ground_and_crs_agree_with_proj(place, crs):
    datum = PLACES[place]
    if crs == 'EPSG:3035' and datum.lat_deg < 0.0:
        pytest.skip('EPSG:3035 is for Europe')
    name = crs_of(datum, crs)
    rng = np.random.default_rng(3)
    ground = rng.uniform(-9000.0, 9000.0, (200, 2))
    lon, lat, _ = topocentric(datum).transform(
        ground[:, 0], ground[:, 1], np.zeros(200), direction='INVERSE'
    )
    wanted = pyproj.Transformer.from_crs('EPSG:4326', name, always_xy=True).transform(lon, lat)
    tolerance = 1e-10 if crs == 'EPSG:4326' else 1e-5
    x, y = crs_from_ground(datum, name, ground)
    np.testing.assert_allclose(np.stack((x, y)), wanted, rtol=0, atol=tolerance)
    # PROJ's own inverse of EPSG:3035 (equal area) misses its forward by up to 0.4 mm
    tolerance = 1e-3 if crs == 'EPSG:3035' else 1e-5
    np.testing.assert_allclose(ground_from_crs(datum, name, x, y), ground, rtol=0, atol=tolerance)


@pytest.mark.parametrize('gsd', [0.1, 0.25, 3.0])
@pytest.mark.parametrize('crs', ['', 'EPSG:3857', 'EPSG:4326'])
@pytest.mark.parametrize('place', PLACES)
def test_coarse_lattice_is_exact_to_a_millimetre(place, crs, gsd):
    datum = PLACES[place]
    bounds = (5000.0, -7000.0, 5000.0 + 512 * gsd, -7000.0 + 512 * gsd)
    grid = grid_over(datum, crs, bounds, gsd)
    window = Window(-7, 30, 397, 301)
    u, v = np.meshgrid(window.column + np.arange(397.0), window.row + np.arange(301.0))
    exact = grid.ground_from_pixels(np.stack((u.ravel(), v.ravel()), axis=-1))
    error = ground_of_window(grid, window).reshape(-1, 2) - exact
    assert np.max(np.hypot(*error.T)) < 1e-3


@pytest.mark.parametrize('crs', ['', 'EPSG:3857', 'EPSG:4326', 'EPSG:25832'])
def test_grid_covers_the_bounds_and_no_more(crs):
    datum = PLACES['karlsruhe']
    grid = grid_over(datum, crs, BOUNDS_M, 0.5)
    west, south, east, north = BOUNDS_M
    corners = np.array([[west, south], [west, north], [east, south], [east, north]])
    pixels = grid.pixels_from_ground(corners)
    assert np.min(pixels) >= -0.5
    assert np.all(np.max(pixels, axis=0) <= (grid.width - 0.5, grid.height - 0.5))
    # each side touches: the raster reaches less than a pixel beyond
    assert np.max(np.min(pixels, axis=0)) < 0.5
    assert np.all(np.max(pixels, axis=0) > (grid.width - 1.5, grid.height - 1.5))


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('crs', ['EPSG:3857', 'EPSG:4326', ''])
def test_pixels_have_the_size_asked_for_on_the_ground(place, crs):
    grid = grid_over(PLACES[place], crs, BOUNDS_M, 0.5)
    assert grid.gsd_m_per_px == pytest.approx(0.5, rel=1e-3)
    u, v = 0.5 * grid.width, 0.5 * grid.height
    ground = grid.ground_from_pixels(np.array([[u, v], [u + 100.0, v], [u, v + 100.0]]))
    assert math.dist(ground[0], ground[1]) == pytest.approx(50.0, rel=1e-3)
    assert math.dist(ground[0], ground[2]) == pytest.approx(50.0, rel=1e-3)


def test_utm_pixels_lie_on_multiples_of_the_gsd_and_turn_by_the_convergence():
    datum = PLACES['zone border']
    grid = grid_over(datum, '', BOUNDS_M, 0.25)
    assert (grid.crs, grid.step_x, grid.step_y) == ('EPSG:32632', 0.25, 0.25)
    assert grid.left % 0.25 == 0.0
    assert grid.top % 0.25 == 0.0
    up = np.diff(grid.ground_from_pixels(np.array([[900.0, 900.0], [900.0, 0.0]])), axis=0)[0]
    # grid north east of the central meridian (9 E) points east of true north, by about
    # (longitude - meridian) sin(latitude)
    bearing_deg = math.degrees(math.atan2(up[0], up[1]))
    assert bearing_deg == pytest.approx(2.99 * math.sin(math.radians(60.3)), abs=0.01)


def test_web_mercator_steps_grow_with_the_latitude():
    grid = grid_over(PLACES['arctic'], 'EPSG:3857', BOUNDS_M, 0.25)
    assert grid.step_x == pytest.approx(0.25 / math.cos(math.radians(69.6)), rel=4e-3)


def test_pixel_zero_is_the_centre_of_the_top_left_pixel():
    datum = PLACES['karlsruhe']
    grid = CrsGrid(datum, 'EPSG:32632', 450_000.0, 5_430_000.0, 2.0, 2.0, 10, 10)
    centre = grid.ground_from_pixels(np.zeros((1, 2)))
    x, y = crs_from_ground(datum, 'EPSG:32632', centre)
    assert (float(x[0]), float(y[0])) == pytest.approx((450_001.0, 5_429_999.0), abs=1e-6)


def test_patch_points_its_heading_up():
    east_up = PatchGrid(10.0, 20.0, 0.0, 8.0, 4)
    # heading east: up is east, right is south; pixel (0, 0) is half a pixel inside
    np.testing.assert_allclose(
        east_up.ground_from_pixels(np.array([[0.0, 0.0], [3.0, 0.0], [1.5, 1.5]])),
        [[13.0, 23.0], [13.0, 17.0], [10.0, 20.0]],
        atol=1e-12,
    )
    turned = PatchGrid(-5.0, 3.0, 2.1, 50.0, 96)
    points = np.random.default_rng(1).uniform(-40.0, 40.0, (20, 2))
    np.testing.assert_allclose(
        turned.ground_from_pixels(turned.pixels_from_ground(points)), points, atol=1e-12
    )
    ahead = np.array([[-5.0 + 10.0 * math.cos(2.1), 3.0 + 10.0 * math.sin(2.1)]])
    np.testing.assert_allclose(
        turned.pixels_from_ground(ahead), [[47.5, 47.5 - 10.0 * 96 / 50.0]], atol=1e-9
    )


@pytest.mark.parametrize('crs', ['EPSG:999999', 'nonsense', 'EPSG:5773'])
def test_refuses_a_crs_without_a_plane(crs):
    with pytest.raises(GeodesyError, match=r'set aerial\.crs'):
        crs_of(PLACES['karlsruhe'], crs)


@pytest.mark.parametrize('crs', ['EPSG:3857', 'EPSG:4326'])
def test_refuses_a_crs_that_ends_amid_the_area(crs):
    fiji = GeodeticPosition(-16.8, 179.999, 0.0)
    with pytest.raises(GeodesyError, match='choose another CRS'):
        grid_over(fiji, crs, BOUNDS_M, 1.0)
    assert grid_over(fiji, '', BOUNDS_M, 1.0).crs == 'EPSG:32760'


def test_refuses_points_of_another_shape():
    grid = grid_over(PLACES['karlsruhe'], '', BOUNDS_M, 1.0)
    with pytest.raises(ShapeError, match=r'pixels has shape \(2,\); expected \(n, 2\)'):
        grid.ground_from_pixels(np.zeros(2))
    with pytest.raises(ShapeError, match=r'ground_m has shape \(3, 3\)'):
        grid.pixels_from_ground(np.zeros((3, 3)))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Patches of every kind of imagery against a pattern in closed form, and against GDAL's warper."""

import dataclasses
import functools
import math

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
import rasterio.warp
from wavy_imagery import BOUNDS_M, DATUM, Waves, colours, ground_of_patch, place

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.imagery import ImageryOptions, open_imagery
from geoloc_ros.map_store.records import GeodeticBounds, PatchRequest
from geoloc_ros.map_store.tile_grid import grid_over as cells_over
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.geotiff import write_geotiff
from geoloc_sim.aerial.grids import grid_over
from geoloc_sim.aerial.tile_files import write_mbtiles, write_xyz
from geoloc_sim.aerial.tiles import TileFormat, zoom_of_gsd

GSD_M = 0.25
KINDS = ('utm', 'next zone', 'web mercator', 'degrees', 'gauss', 'mbtiles', 'xyz')
CRS = {
    'utm': '',
    'next zone': 'EPSG:32633',
    'web mercator': 'EPSG:3857',
    'degrees': 'EPSG:4326',
    'gauss': 'EPSG:31468',  # Bessel ellipsoid, another datum
}


def write(folder, kind, waves):
    if kind in CRS:
        write_geotiff(folder / 'image.tif', waves)
        return folder / 'image.tif'
    zoom = zoom_of_gsd(DATUM.lat_deg, GSD_M)
    if kind == 'mbtiles':
        write_mbtiles(folder / 'image.mbtiles', waves, zoom - 1, zoom, TileFormat.PNG)
        return folder / 'image.mbtiles'
    write_xyz(folder / 'xyz', waves, zoom - 1, zoom, TileFormat.PNG)
    return folder / 'xyz'


@pytest.fixture(scope='module')
def image_of(tmp_path_factory):
    """Makes an image of a kind, once."""

    @functools.cache
    def made(kind, east_m=1e9):
        grid = grid_over(DATUM, CRS.get(kind, ''), BOUNDS_M, GSD_M)
        return write(tmp_path_factory.mktemp(kind.replace(' ', '_')), kind, Waves(grid, east_m))

    return made


@pytest.fixture
def utm(image_of):
    return image_of('utm')


@pytest.mark.parametrize('kind', KINDS)
def test_patch_shows_what_is_there(image_of, kind):
    """Every pixel of a turned patch: bilinear error below 1.2 grey levels, 2 cm are 2 levels."""
    source = open_imagery(image_of(kind))
    for x_m, y_m, yaw in ((0.0, 0.0, 0.5 * math.pi), (31.3, -17.2, 0.4), (-30.1, 20.9, -2.6)):
        request = PatchRequest(place(x_m, y_m), 50.0, 200, yaw)
        patch = source.patch(request)
        assert patch.covered_share == 1.0
        expected = colours(ground_of_patch(request))
        # EPSG:31468 is tied to WGS 84 by a published shift; PROJ's choices of it agree here.
        difference = patch.rgb - expected
        assert np.max(np.abs(difference)) < 4.0
        assert np.sqrt(np.mean(difference**2)) < 1.2
        assert abs(np.mean(difference)) < 0.3


@pytest.mark.parametrize('kind', ['utm', 'web mercator', 'degrees'])
def test_patch_is_what_gdal_warps(image_of, kind):
    """GDAL warps into a transverse Mercator plane about the centre, turned, at the same pixels."""
    path = image_of(kind)
    # GDAL knows no height: metres at height 0.
    centre = dataclasses.replace(place(12.3, -8.4), alt_m=0.0)
    request = PatchRequest(centre, 40.0, 160, 1.1)
    up = 90.0 - math.degrees(request.up_yaw_rad)
    transform = Affine.rotation(-up) @ Affine.scale(0.25, -0.25) @ Affine.translation(-80.0, -80.0)
    plane = f'+proj=tmerc +lat_0={centre.lat_deg} +lon_0={centre.lon_deg} +ellps=WGS84 +units=m'
    with rasterio.open(path) as file, WarpedVRT(
        file, crs=plane, transform=transform, width=160, height=160,
        resampling=Resampling.bilinear, tolerance=0.01,
    ) as warped:  # fmt: skip
        theirs = np.moveaxis(warped.read([1, 2, 3]), 0, -1).astype(float)
    ours = open_imagery(path).patch(request).rgb
    assert np.max(np.abs(ours - theirs)) <= 5.0
    assert np.sqrt(np.mean((ours - theirs) ** 2)) < 1.0


def test_a_metre_is_a_metre_of_ground(utm, image_of):
    """600 px of zoom 20 are 55.4 m at Oxford; our pixels have the size they were given."""
    assert open_imagery(utm).ground_sampling_m(49.2, 11.4) == pytest.approx(GSD_M, rel=5e-4)
    source = open_imagery(image_of('xyz'))
    zoom = zoom_of_gsd(DATUM.lat_deg, GSD_M)
    circles_m = 2.0 * math.pi * 6378137.0
    # On the ellipsoid east and north scales of web Mercator differ by 0.3 %: the mean of both.
    sphere_m = circles_m * math.cos(math.radians(51.76)) / 256 / 2**zoom
    assert source.ground_sampling_m(51.76, -1.26) == pytest.approx(sphere_m, rel=4e-3)
    assert 600 * sphere_m * 2.0 ** (zoom - 20) == pytest.approx(55.4, abs=0.1)


def test_metres_grow_with_height(utm):
    """At 1000 m height a metre of ground is 1.6e-4 less of the Earth's surface."""
    source = open_imagery(utm)
    low, high = (
        source._corner_from_ground(GeodeticPosition(49.2, 11.4, alt_m)) for alt_m in (0.0, 1000.0)
    )
    ratio = np.linalg.det(high[:, :2]) / np.linalg.det(low[:, :2])
    assert math.sqrt(ratio) == pytest.approx(6.375e6 / 6.376e6, abs=2e-6)


@pytest.mark.parametrize(('size_px', 'level'), [(160, 0), (80, 1), (40, 2), (30, 2)])
def test_smaller_patches_are_averages(utm, size_px, level):
    """A reduced patch is the mean over its pixels' squares, of the closed form.

    Half a pixel of the coarse levels would be 10 grey levels and more.
    """
    request = PatchRequest(place(5.0, 3.0), 40.0, size_px, 0.7)
    fine = PatchRequest(place(5.0, 3.0), 40.0, size_px * 4, 0.7)
    parts = colours(ground_of_patch(fine)).reshape(size_px, 4, size_px, 4, 3)
    difference = open_imagery(utm).patch(request).rgb - parts.mean(axis=(1, 3))
    assert np.sqrt(np.mean(difference**2)) < 1.5 + 1.5 * level
    assert level == round(math.log2(40.0 / size_px / GSD_M) - 0.01)


def test_fine_patterns_do_not_alias(tmp_path):
    """A chessboard of single pixels, reduced 4 times, is even grey."""
    board = np.indices((400, 400)).sum(axis=0) % 2 * np.uint8(250)
    profile = {
        'driver': 'GTiff', 'width': 400, 'height': 400, 'count': 1, 'dtype': 'uint8',
        'crs': 'EPSG:32632', 'transform': Affine(0.25, 0.0, 674800.0, 0.0, -0.25, 5452100.0),
    }  # fmt: skip
    with rasterio.open(tmp_path / 'board.tif', 'w', **profile) as file:
        file.write(board.astype(np.uint8), 1)
    source = open_imagery(tmp_path / 'board.tif')
    patch = source.patch(PatchRequest(source.bounds.centre, 60.0, 60, 0.3))
    assert patch.covered_share == 1.0
    assert np.all(np.abs(patch.rgb.astype(float) - 125.0) <= 1.0)


@pytest.mark.parametrize('kind', ['utm', 'mbtiles', 'xyz'])
@pytest.mark.parametrize('size_px', [200, 50])
def test_holes_are_known(image_of, kind, size_px):
    """East of 10 m nothing is seen: 5/8 of a patch about the datum, its colours unharmed."""
    source = open_imagery(image_of(kind, 10.0))
    request = PatchRequest(place(0.0, 0.0), 80.0, size_px)
    patch = source.patch(request)
    assert patch.covered_share == pytest.approx(0.625, abs=1.5 / size_px)
    ground = ground_of_patch(request)
    seen = ground[..., 0] < 10.0 - 0.6 * 80.0 / size_px
    assert np.all(patch.rgb[ground[..., 0] > 10.0 + 80.0 / size_px] == 0)
    error = np.abs(patch.rgb - colours(ground))[seen]
    # At 2 m a pixel its own square is averaged: waves of 7 m lose a third.
    assert np.max(error) < (5.0 if size_px == 200 else 45.0)


def test_what_lies_outside_is_not_covered(utm):
    source = open_imagery(utm)
    far = source.patch(PatchRequest(place(5000.0, 0.0), 50.0, 40))
    assert far.covered_share == 0.0
    assert not far.rgb.any()
    corner = source.patch(PatchRequest(place(-67.0, -57.0), 40.0, 80))
    assert corner.covered_share == pytest.approx(0.25, abs=0.03)


def test_bounds_hold_the_image(utm):
    bounds = open_imagery(utm).bounds
    for x_m, y_m in ((-67.0, -57.0), (67.0, -57.0), (67.0, 57.0), (-67.0, 57.0)):
        corner = place(x_m, y_m)
        assert bounds.contains(corner.lat_deg, corner.lon_deg)
    assert bounds.east_deg - bounds.west_deg < 0.0028


def grey(path, crs, middle, pixel, size=200):
    """A grey square about a place, written by rasterio."""
    x, y = rasterio.warp.transform('EPSG:4326', crs, [middle.lon_deg], [middle.lat_deg])
    corner = Affine(pixel, 0.0, x[0] - 0.5 * size * pixel, 0.0, -pixel, y[0] + 0.5 * size * pixel)
    profile = {'driver': 'GTiff', 'count': 1, 'height': size, 'width': size, 'dtype': 'uint8'}
    with rasterio.open(path, 'w', **profile, crs=crs, transform=corner) as file:
        file.write(np.full((1, size, size), 90, np.uint8))
    return open_imagery(path)


@pytest.mark.parametrize(('crs', 'pixel'), [('EPSG:4326', 2e-6), ('EPSG:3857', 0.2)])
def test_imagery_that_ends_at_longitude_180_is_seen_to_its_end(tmp_path, crs, pixel):
    for lon_deg in (179.9997, -179.9997):
        end = GeodeticPosition(-17.0, lon_deg)
        source = grey(tmp_path / 'a.tif', crs, end, pixel)
        size_m = source.ground_sampling_m(end.lat_deg, end.lon_deg)
        assert size_m == pytest.approx(0.2, rel=0.1)
        assert source.patch(PatchRequest(end, 20.0, 40)).covered_share == 1.0


def test_imagery_across_longitude_180_is_refused_as_a_whole_and_used_in_part(tmp_path):
    source = grey(tmp_path / 'a.tif', 'EPSG:32760', GeodeticPosition(-17.0, 180.0), 1.0)
    for crs in ('', 'EPSG:32760'):
        with pytest.raises(MapError, match='crosses longitude 180'):
            cells_over(source.bounds, 5.0, crs)
    part = GeodeticBounds(179.9995, -17.0002, 179.9998, -16.9998)
    assert part.overlaps(source.bounds)
    assert cells_over(part).cell_count > 1
    assert source.patch(PatchRequest(part.centre, 20.0, 20)).covered_share == 1.0


def test_attribution_comes_from_the_files_or_the_user(utm):
    assert 'Simulated' in open_imagery(utm).attribution
    chosen = open_imagery(utm, ImageryOptions(attribution='me', licence='CC0'))
    assert (chosen.attribution, chosen.licence) == ('me', 'CC0')


def test_pixels_lie_where_the_file_says(utm):
    source = open_imagery(utm)
    with rasterio.open(utm) as file:
        u, v = source.pixel_at(place(11.0, 7.0))
        x, y = file.transform @ (u + 0.5, v + 0.5)
        (lon,), (lat,) = rasterio.warp.transform(file.crs, 'EPSG:4326', [x], [y])
    assert lon == pytest.approx(place(11.0, 7.0).lon_deg, abs=1e-9)
    assert lat == pytest.approx(place(11.0, 7.0).lat_deg, abs=1e-9)


@pytest.mark.parametrize(
    'wrong', [{'size_m': 0.0}, {'size_m': math.nan}, {'size_px': 0}, {'up_yaw_rad': math.inf}]
)
def test_senseless_patches_are_refused(wrong):
    with pytest.raises(MapError, match='expected a positive size'):
        PatchRequest(**{'centre': DATUM, 'size_m': 40.0, 'size_px': 64, **wrong})


def test_missing_imagery_is_named(tmp_path):
    with pytest.raises(MapError, match=r'nothing\.tif does not exist'):
        open_imagery(tmp_path / 'nothing.tif')

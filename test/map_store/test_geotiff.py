# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""GeoTIFFs of every depth, band count, mask and georeferencing, written by rasterio."""

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import Affine
import rasterio.warp

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.geotiff import TILE_PX, GeoTiffRaster
from geoloc_ros.map_store.imagery import ImageryOptions, open_imagery
from geoloc_ros.map_store.records import PatchRequest
from geoloc_ros.types import GeodeticPosition

TRANSFORM = Affine(0.5, 0.0, 689000.0, 0.0, -0.5, 5452000.0)


def write(path, samples, colours=None, mask=None, **more):
    """A file of samples (bands, rows, columns)."""
    profile = {
        'driver': 'GTiff', 'count': len(samples), 'height': samples.shape[1],
        'width': samples.shape[2], 'dtype': samples.dtype, 'crs': 'EPSG:32632',
        'transform': TRANSFORM, **more,
    }  # fmt: skip
    with rasterio.open(path, 'w', **profile) as file:
        file.write(samples)
        if colours is not None:
            file.colorinterp = colours
        if mask is not None:
            file.write_mask(mask)
    return path


def ramp(bands, dtype='uint8', rows=60, columns=80):
    rng = np.random.default_rng(5)
    return rng.integers(1, 250, (bands, rows, columns)).astype(dtype)


def shown(path, **more):
    """The pixels of the whole file, and where there is imagery."""
    with GeoTiffRaster(path, **more) as raster:
        tile = raster.tile(0, 0)
        rows, columns = raster.height, raster.width
    return tile.rgb[:rows, :columns], tile.valid[:rows, :columns] > 0


def test_rgb_is_taken_as_it_is(tmp_path):
    samples = ramp(3)
    rgb, valid = shown(write(tmp_path / 'a.tif', samples))
    np.testing.assert_array_equal(rgb, np.moveaxis(samples, 0, -1))
    assert valid.all()


def test_one_band_is_grey(tmp_path):
    samples = ramp(1)
    rgb, _ = shown(write(tmp_path / 'a.tif', samples))
    np.testing.assert_array_equal(rgb, np.repeat(samples[0][..., None], 3, axis=2))


def test_colours_are_found_by_name(tmp_path):
    """Near infrared first, as some surveys deliver."""
    samples = ramp(4)
    colours = [ColorInterp.undefined, ColorInterp.red, ColorInterp.green, ColorInterp.blue]
    rgb, _ = shown(write(tmp_path / 'a.tif', samples, colours, photometric='MINISBLACK'))
    np.testing.assert_array_equal(rgb, np.moveaxis(samples[1:], 0, -1))


def test_bands_can_be_chosen(tmp_path):
    samples = ramp(8)
    path = write(tmp_path / 'a.tif', samples, photometric='MINISBLACK')
    rgb, _ = shown(path, bands=(5, 3, 2))
    np.testing.assert_array_equal(rgb, np.moveaxis(samples[[4, 2, 1]], 0, -1))
    rgb, _ = shown(path, bands=(7,))
    np.testing.assert_array_equal(rgb[..., 0], samples[6])
    for wrong in ((1, 2), (0, 1, 2), (9,)):
        with pytest.raises(MapError, match='numbers from 1 to 8'):
            GeoTiffRaster(path, wrong)


@pytest.mark.parametrize('bands', [2, 4])
def test_alpha_bands_are_masks(tmp_path, bands):
    samples = ramp(bands)
    samples[-1] = 255
    samples[-1, :, 40:] = 0
    photometric = 'MINISBLACK' if bands == 2 else 'RGB'
    rgb, valid = shown(write(tmp_path / 'a.tif', samples, alpha='YES', photometric=photometric))
    assert valid[:, :40].all()
    assert not valid[:, 40:].any()
    assert not rgb[:, 40:].any()
    np.testing.assert_array_equal(rgb[:, :40, 0], samples[0, :, :40])


def test_masks_and_no_data_are_holes(tmp_path):
    samples = ramp(3)
    mask = np.full((60, 80), 255, np.uint8)
    mask[:30] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        _, valid = shown(write(tmp_path / 'a.tif', samples, mask=mask))
    np.testing.assert_array_equal(valid, mask > 0)
    samples[:, 10:20] = 0
    _, valid = shown(write(tmp_path / 'b.tif', samples, nodata=0))
    assert not valid[10:20].any()
    assert valid[20:].all()


@pytest.mark.parametrize('dtype', ['uint16', 'int16', 'float32'])
def test_deep_samples_are_stretched(tmp_path, dtype):
    """The 2nd percentile is black, the 98th white, in proportion between; rank is kept."""
    values = np.linspace(300.0, 2300.0, 60 * 80).reshape(1, 60, 80)
    path = write(tmp_path / 'a.tif', values.astype(dtype))
    rgb, _ = shown(path)
    grey = rgb[..., 0].astype(float)
    expected = 255.0 * np.clip((values[0] - 340.0) / (2260.0 - 340.0), 0.0, 1.0)
    np.testing.assert_allclose(grey, expected, atol=1.0)
    with GeoTiffRaster(path) as raster:
        assert 'stretched from 340 to 2260' in raster.description.replace('339.', '340.')[
            :200
        ] or ('stretched from' in raster.description)


def test_no_data_does_not_count_in_the_stretch(tmp_path):
    values = np.linspace(1000.0, 2000.0, 60 * 80).reshape(1, 60, 80).astype(np.float32)
    values[:, :30] = np.nan
    rgb, valid = shown(write(tmp_path / 'a.tif', values))
    assert not valid[:30].any()
    assert rgb[30, 0, 0] == 0
    assert rgb[59, 79, 0] == 255


def test_even_deep_images_do_not_fail(tmp_path):
    rgb, _ = shown(write(tmp_path / 'a.tif', np.full((1, 60, 80), 700, np.uint16)))
    assert not rgb.any()


def test_colour_tables_are_looked_up(tmp_path):
    samples = np.tile(np.arange(80, dtype=np.uint8) % 3, (60, 1))[None]
    path = tmp_path / 'a.tif'
    profile = {'driver': 'GTiff', 'count': 1, 'height': 60, 'width': 80, 'dtype': 'uint8'}
    table = {0: (10, 20, 30, 255), 1: (200, 100, 50, 255), 2: (0, 255, 0, 255)}
    with rasterio.open(path, 'w', crs='EPSG:32632', transform=TRANSFORM, **profile) as file:
        file.write(samples)
        file.write_colormap(1, table)
    rgb, _ = shown(path)
    np.testing.assert_array_equal(rgb[0, :3], [table[value][:3] for value in range(3)])


def test_tiles_join_without_seams(tmp_path):
    """A file of several tiles, cut by a patch over their corner."""
    row, column = np.mgrid[:1200, :1300]
    samples = np.stack((row % 200, column % 200, (row + column) % 200)).astype(np.uint8)
    path = write(tmp_path / 'a.tif', samples)
    with GeoTiffRaster(path) as raster:
        assert raster.tile(1, 1).valid is None
        np.testing.assert_array_equal(
            raster.tile(1, 1).rgb, np.moveaxis(samples[:, 512:1024, 512:1024], 0, -1)
        )
        edge = raster.tile(2, 2)
    assert edge.rgb.shape == (TILE_PX, TILE_PX, 3)
    assert np.count_nonzero(edge.valid) == (1200 - 1024) * (1300 - 1024)
    flat = open_imagery(write(tmp_path / 'b.tif', np.full((1, 1200, 1300), 99, np.uint8)))
    patch = flat.patch(PatchRequest(flat.bounds.centre, 300.0, 600, 0.7))
    assert patch.covered_share == 1.0
    assert np.all(patch.rgb == 99)


def test_turned_files_are_north_up_in_patches(tmp_path):
    """A file flown along a street: its transform turns by 30 degrees; the patch does not."""
    turned = (
        Affine.translation(689000.0, 5452000.0) @ Affine.rotation(-30.0) @ Affine.scale(0.5, -0.5)
    )
    samples = np.zeros((1, 400, 400), np.uint8)
    path = write(tmp_path / 'a.tif', samples, transform=turned)
    # A bright spot 40 m grid north of the middle.
    middle_x, middle_y = turned @ (200.0, 200.0)
    column, line = ~turned @ (middle_x, middle_y + 40.0)
    samples[0, int(line) - 2 : int(line) + 3, int(column) - 2 : int(column) + 3] = 255
    write(path, samples, transform=turned)
    lon, lat = rasterio.warp.transform('EPSG:32632', 'EPSG:4326', [middle_x], [middle_y])
    source = open_imagery(path)
    patch = source.patch(PatchRequest(GeodeticPosition(lat[0], lon[0]), 100.0, 200))
    rows, columns = np.nonzero(patch.rgb[..., 0] > 100)
    # Grid north is 2 degrees from true north here: 1.4 m in 40.
    assert np.mean(rows) == pytest.approx(99.5 - 80.0, abs=1.0)
    assert abs(np.mean(columns) - 99.5) < 4.0


def test_files_without_a_place_are_refused(tmp_path):
    samples = ramp(1)
    with pytest.raises(MapError, match='no coordinate reference system'):
        GeoTiffRaster(write(tmp_path / 'a.tif', samples, crs=None))
    with pytest.raises(MapError, match='no affine georeferencing'):
        GeoTiffRaster(write(tmp_path / 'b.tif', samples, transform=Affine.identity()))
    with pytest.raises(MapError, match='expected bands'):
        GeoTiffRaster(write(tmp_path / 'c.tif', samples.astype('complex64')))
    (tmp_path / 'd.tif').write_bytes(b'no picture')
    with pytest.raises(MapError, match='cannot be opened as an image'):
        open_imagery(tmp_path / 'd.tif')


def test_damaged_files_are_named(tmp_path):
    path = write(tmp_path / 'a.tif', ramp(1, rows=700, columns=700))
    path.write_bytes(path.read_bytes()[:200_000])
    source = open_imagery(path)
    with pytest.raises(MapError, match='damaged'):
        source.patch(PatchRequest(source.bounds.centre, 300.0, 100))


@pytest.mark.parametrize('dtype', ['uint16', 'float32'])
def test_a_deep_file_cut_short_is_named_as_it_is_opened(tmp_path, dtype):
    """All of it is read for its range."""
    path = write(tmp_path / 'a.tif', ramp(1, dtype, rows=700, columns=700))
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(MapError, match=r'a\.tif cannot be read to its end .* fetch it again'):
        open_imagery(path)


def test_tags_name_the_makers(tmp_path):
    path = write(tmp_path / 'a.tif', ramp(1))
    with rasterio.open(path, 'r+') as file:
        file.update_tags(TIFFTAG_COPYRIGHT='The survey', LICENSE='CC-BY-4.0')
    source = open_imagery(path)
    assert (source.attribution, source.licence) == ('The survey', 'CC-BY-4.0')
    assert open_imagery(path, ImageryOptions(attribution='')).attribution == ''

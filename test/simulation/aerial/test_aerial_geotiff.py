# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from aerial_spots import BOUNDS_M, DATUM, Spots, centroids, pixels_in
import numpy as np
import pytest
import rasterio

from geoloc_sim.aerial.geotiff import Compression, write_geotiff
from geoloc_sim.aerial.grids import Window, grid_over


@pytest.mark.parametrize('crs', ['', 'EPSG:3857', 'EPSG:4326', 'EPSG:25832'])
def test_rasterio_finds_every_spot_where_it_is(tmp_path, crs):
    path = tmp_path / 'spots.tif'
    write_geotiff(path, Spots(grid_over(DATUM, crs, BOUNDS_M, 0.3)))
    with rasterio.open(path) as file:
        assert file.crs == rasterio.crs.CRS.from_user_input(crs or 'EPSG:32632')
        wanted = pixels_in(file)
        found = centroids(file.read(2), wanted, 20)
    assert np.max(np.abs(found - wanted)) < 0.02  # 6 mm


def test_file_is_tiled_compressed_with_overviews_and_attribution(tmp_path):
    path = tmp_path / 'spots.tif'
    seen = []
    source = Spots(grid_over(DATUM, '', BOUNDS_M, 0.2))
    write_geotiff(path, source, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with rasterio.open(path) as file:
        assert (file.driver, file.count, file.dtypes) == ('GTiff', 3, ('uint8',) * 3)
        assert file.block_shapes == [(512, 512)] * 3
        assert file.compression.name == 'deflate'
        assert file.overviews(1) == [2, 4]
        assert file.tags()['ATTRIBUTION'].startswith('Simulated by geoloc_sim')
        assert file.tags()['AREA_OR_POINT'] == 'Area'
        whole = source.image(source_window(source)).rgb
        assert np.array_equal(np.moveaxis(file.read(), 0, -1), whole)
        assert np.all(file.dataset_mask() == 255)
    assert [entry.name for entry in tmp_path.iterdir()] == ['spots.tif']


def source_window(source):
    return Window(0, 0, source.grid.width, source.grid.height)


@pytest.mark.parametrize('compression', Compression)
def test_what_was_not_seen_is_masked(tmp_path, compression):
    path = tmp_path / 'spots.tif'
    source = Spots(grid_over(DATUM, '', BOUNDS_M, 0.5), east_m=20.0)
    write_geotiff(path, source, compression)
    valid = source.image(source_window(source)).valid
    with rasterio.open(path) as file:
        assert np.array_equal(file.dataset_mask() == 255, valid)
        assert file.compression.name == compression.value
        assert 0.5 < np.mean(valid) < 0.7


def test_jpeg_is_close_to_what_was_drawn(tmp_path):
    path = tmp_path / 'spots.tif'
    source = Spots(grid_over(DATUM, '', BOUNDS_M, 0.5))
    write_geotiff(path, source, Compression.JPEG)
    with rasterio.open(path) as file:
        read = np.moveaxis(file.read(), 0, -1).astype(float)
        assert file.overviews(1) == [2]
    assert np.max(np.abs(read - source.image(source_window(source)).rgb)) < 12

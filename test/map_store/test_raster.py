# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Windows of a pyramid over a raster that ends within its last tiles."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from geoloc_ros.map_store.geotiff import TILE_PX, GeoTiffRaster
from geoloc_ros.map_store.raster import TilePyramid

WIDTH, HEIGHT = 700, 560


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


@pytest.fixture
def pyramid(tmp_path, picture):
    path = tmp_path / 'image.tif'
    with rasterio.open(
        path, 'w', driver='GTiff', width=WIDTH, height=HEIGHT, count=3, dtype='uint8',
        crs='EPSG:32632', transform=Affine(0.5, 0.0, 689000.0, 0.0, -0.5, 5452000.0),
    ) as file:  # fmt: skip
        file.write(np.moveaxis(picture, -1, 0))
    return TilePyramid(GeoTiffRaster(path))


@pytest.mark.parametrize(
    ('left', 'top', 'columns', 'rows'),
    [
        (20, 30, 100, 90),  # in a whole tile
        (TILE_PX + 10, 20, WIDTH - TILE_PX - 10, 40),  # in a tile that the raster only begins
        (TILE_PX - 50, TILE_PX - 40, 120, 80),  # over four tiles
        (0, 0, WIDTH, HEIGHT),
    ],
)
def test_a_window_inside_of_the_raster_has_no_holes(pyramid, picture, left, top, columns, rows):
    window = pyramid.window(0, left, top, columns, rows)
    np.testing.assert_array_equal(window.rgb, picture[top : top + rows, left : left + columns])
    assert window.valid is None  # nothing to resample beside the colours


@pytest.mark.parametrize(('left', 'top'), [(WIDTH - 9, 40), (40, HEIGHT - 9), (-11, -11)])
def test_a_window_over_the_edge_says_where_it_has_imagery(pyramid, picture, left, top):
    window = pyramid.window(0, left, top, 20, 20)
    padded = np.pad(picture, ((20, 20), (20, 20), (0, 0)))
    inside = np.pad(np.full((HEIGHT, WIDTH), 255, np.uint8), 20)
    place = np.s_[top + 20 : top + 40, left + 20 : left + 40]
    np.testing.assert_array_equal(window.rgb, padded[place])
    np.testing.assert_array_equal(window.valid, inside[place])


def test_halved_windows_end_where_the_raster_does(pyramid, picture):
    window = pyramid.window(1, 0, 0, WIDTH // 2, HEIGHT // 2)
    quarters = picture.reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 3).astype(float).mean((1, 3))
    assert window.valid is None
    np.testing.assert_allclose(window.rgb, quarters, atol=0.51)
    assert pyramid.window(1, WIDTH // 2 - 5, 0, 10, 10).valid[:, 5:].max() == 0

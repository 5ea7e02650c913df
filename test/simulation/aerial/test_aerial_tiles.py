# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import json
import math
import sqlite3

from aerial_spots import BOUNDS_M, DATUM, Spots, centroids, pixels_in, spots_lon_lat
import cv2
import numpy as np
import pytest
import rasterio

from geoloc_ros.errors import SettingError
from geoloc_sim.aerial.grids import grid_over
from geoloc_sim.aerial.tile_files import write_mbtiles, write_xyz
from geoloc_sim.aerial.tiles import (
    TileFormat,
    encoded,
    tile_count,
    tile_grid,
    tiles,
    tiles_over,
    zoom_of_gsd,
)


@pytest.fixture(scope='module')
def source():
    return Spots(grid_over(DATUM, '', BOUNDS_M, 0.5))


def slippy(lon, lat, z):
    """Tile coordinates (fractions) of a place: the formula every slippy map uses."""
    y = math.asinh(math.tan(math.radians(lat)))
    return (lon / 360.0 + 0.5) * 2**z, (0.5 - y / (2.0 * math.pi)) * 2**z


@pytest.mark.parametrize('tile_format', TileFormat)
def test_gdal_reads_the_mbtiles_where_they_are(tmp_path, source, tile_format):
    path = tmp_path / 'spots.mbtiles'
    write_mbtiles(path, source, 15, 18, tile_format)
    with rasterio.open(path) as file:
        assert file.driver == 'MBTiles'
        assert file.crs == rasterio.crs.CRS.from_epsg(3857)
        assert file.overviews(1)[:2] == [2, 4]
        wanted = pixels_in(file)
        found = centroids(file.read(2).astype(float), wanted, 12)
    assert np.max(np.abs(found - wanted)) < 0.05  # 2 cm


def test_mbtiles_metadata_and_rows_from_the_south(tmp_path, source):
    path = tmp_path / 'spots.mbtiles'
    write_mbtiles(path, source, 16, 17, attribution='mine')
    with sqlite3.connect(path) as database:
        metadata = dict(database.execute('SELECT name, value FROM metadata'))
        rows = set(database.execute('SELECT zoom_level, tile_column, tile_row FROM tiles'))
        (application,) = database.execute('PRAGMA application_id').fetchone()
    assert application == 0x4D504258
    assert metadata['attribution'] == 'mine'
    assert (metadata['format'], metadata['minzoom'], metadata['maxzoom']) == ('jpg', '16', '17')
    west, south, east, north = (float(number) for number in metadata['bounds'].split(','))
    assert west < DATUM.lon_deg < east
    assert south < DATUM.lat_deg < north
    x, y = slippy(DATUM.lon_deg, DATUM.lat_deg, 17)
    assert (17, int(x), 2**17 - 1 - int(y)) in rows
    assert len(rows) == tile_count(source, 16, 17)
    assert [entry.name for entry in tmp_path.iterdir()] == ['spots.mbtiles']


@pytest.mark.parametrize('zoom', [17, 18])
def test_xyz_folder_by_the_slippy_formula(tmp_path, source, zoom):
    write_xyz(tmp_path / 'xyz', source, 17, 18)
    for lon, lat in spots_lon_lat():
        x, y = slippy(lon, lat, zoom)
        picture = cv2.imread(str(tmp_path / 'xyz' / f'{zoom}/{int(x)}/{int(y)}.png'))
        u, v = (x - int(x)) * 256 - 0.5, (y - int(y)) * 256 - 0.5
        if not (12 < u < 243 and 12 < v < 243):
            continue
        found = centroids(picture[..., 1].astype(float), np.array([[u, v]]), 10)
        assert np.max(np.abs(found - (u, v))) < 0.05
    record = json.loads((tmp_path / 'xyz' / 'tiles.json').read_text())
    assert record['scheme'] == 'xyz'
    assert record['maxzoom'] == 18
    assert record['attribution'].startswith('Simulated')


def test_lower_zooms_are_means_of_what_was_seen():
    source = Spots(grid_over(DATUM, '', BOUNDS_M, 0.5), east_m=10.0)
    found = {(tile.z, tile.x, tile.y): tile for tile in tiles(source, 17, 18)}
    parent = next(t for t in found.values() if t.z == 17 and t.rgba[..., :3].max() > 100)
    blank = np.zeros((256, 256, 4), np.uint8)
    keys = [[(18, 2 * parent.x + i, 2 * parent.y + j) for i in (0, 1)] for j in (0, 1)]
    children = [[found[key].rgba if key in found else blank for key in row] for row in keys]
    mosaic = np.concatenate([np.concatenate(pair, axis=1) for pair in children])
    for row, column in np.random.default_rng(2).integers(0, 256, (500, 2)):
        four = mosaic[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].reshape(4, 4)
        seen = four[four[:, 3] > 0]
        assert parent.rgba[row, column, 3] == (255 if len(seen) else 0)
        if len(seen):
            mean = np.mean(seen[:, :3].astype(float), axis=0)
            assert np.max(np.abs(parent.rgba[row, column, :3] - mean)) <= 0.5
    assert not all(tile.whole for tile in found.values())


def test_partly_seen_tiles_keep_their_holes(source):
    half = Spots(source.grid, east_m=10.0)
    tile = next(tile for tile in tiles(half, 18, 18) if not tile.whole)
    picture = cv2.imdecode(np.frombuffer(encoded(tile, TileFormat.PNG), np.uint8), -1)
    assert np.array_equal(picture, tile.rgba[..., [2, 1, 0, 3]])
    picture = cv2.imdecode(np.frombuffer(encoded(tile, TileFormat.JPEG), np.uint8), -1)
    assert picture.shape == (256, 256, 3)


def test_zoom_of_gsd_by_hand():
    # 156543.03 m / 2^18 = 0.597 m on the equator, 0.390 m at 49.2 degrees
    assert zoom_of_gsd(0.0, 0.598) == 18
    assert zoom_of_gsd(0.0, 0.597) == 19
    assert zoom_of_gsd(49.2, 0.4) == 18
    assert zoom_of_gsd(49.2, 0.25) == 19


def test_tile_grid_and_range_hold_the_raster(source):
    covered = tiles_over(source, 18)
    for lon, lat in spots_lon_lat():
        x, y = slippy(lon, lat, 18)
        assert covered.has(int(x), int(y))
    corners = np.array([[-0.5, -0.5], [source.grid.width - 0.5, source.grid.height - 0.5]])
    pixels = tile_grid(DATUM, 18).pixels_from_ground(source.grid.ground_from_pixels(corners))
    (west, north), (east, south) = (pixels + 0.5) // 256
    # convergence (1.8 degrees) moves the other two corners by a few metres of a 100 m tile
    assert 0 <= west - covered.x_first <= 1
    assert 0 <= covered.x_last - east <= 1
    assert 0 <= north - covered.y_first <= 1
    assert 0 <= covered.y_last - south <= 1


def test_refuses_zooms_out_of_order(source):
    with pytest.raises(SettingError, match='zooms are 18 to 17'):
        list(tiles(source, 18, 17))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Folders and MBTiles written by hand: schemes, zooms, encodings, holes, broken files."""

import contextlib
import json
import sqlite3

import cv2
import numpy as np
import pytest

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.imagery import ImageryOptions, open_imagery
from geoloc_ros.map_store.mbtiles import MbtilesFile
from geoloc_ros.map_store.records import PatchRequest
from geoloc_ros.map_store.tiles import TileRaster
from geoloc_ros.map_store.xyz import XyzFolder
from geoloc_ros.types import GeodeticPosition

ZOOM, X, Y = 18, 138000, 90000
COLOURS = {(0, 0): (250, 10, 20), (1, 0): (30, 240, 40), (0, 1): (50, 60, 230), (1, 1): (9, 99, 9)}


def encoded(rgb, ending='.png', side=256):
    picture = np.full((side, side, len(rgb)), rgb, np.uint8)
    code = cv2.COLOR_RGB2BGR if len(rgb) == 3 else cv2.COLOR_RGBA2BGRA
    return bytes(cv2.imencode(ending, cv2.cvtColor(picture, code))[1])


def folder_of(path, tiles, ending='.png', zoom=ZOOM):
    """Tiles by (x, y), as files."""
    for (x, y), data in tiles.items():
        file = path / str(zoom) / str(x) / f'{y}{ending}'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def database_of(path, tiles, metadata=None, zoom=ZOOM):
    """Tiles by (column, row), rows as given."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute('CREATE TABLE metadata (name TEXT, value TEXT)')
        database.execute(
            'CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, '
            'tile_data BLOB)'
        )
        database.executemany('INSERT INTO metadata VALUES (?, ?)', (metadata or {}).items())
        database.executemany(
            'INSERT INTO tiles VALUES (?, ?, ?, ?)',
            [(zoom, x, y, data) for (x, y), data in tiles.items()],
        )
    return path


def four(side=256, ending='.png'):
    return {(X + x, Y + y): encoded(rgb, ending, side) for (x, y), rgb in COLOURS.items()}


def south(tiles):
    return {(x, 2**ZOOM - 1 - y): data for (x, y), data in tiles.items()}


def tile_centre(x, y):
    """By the slippy map's own formula."""
    count = 2.0**ZOOM
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * (Y + y + 0.5) / count))))
    return GeodeticPosition(float(lat), 360.0 * (X + x + 0.5) / count - 180.0)


def check_four(source, tolerance=0):
    for (x, y), rgb in COLOURS.items():
        patch = source.patch(PatchRequest(tile_centre(x, y), 40.0, 32))
        assert patch.covered_share == 1.0
        assert np.max(np.abs(patch.rgb.astype(int) - rgb)) <= tolerance


@pytest.mark.parametrize(('ending', 'tolerance'), [('.png', 0), ('.jpg', 12), ('.webp', 12)])
def test_tiles_lie_where_slippy_maps_have_them(tmp_path, ending, tolerance):
    check_four(open_imagery(folder_of(tmp_path / 't', four(ending=ending), ending)), tolerance)


def test_rows_may_count_from_the_south(tmp_path):
    path = folder_of(tmp_path / 't', south(four()))
    check_four(open_imagery(path, ImageryOptions(scheme='tms')))
    (path / 'tiles.json').write_text(json.dumps({'scheme': 'tms', 'attribution': 'a survey'}))
    source = open_imagery(path)
    check_four(source)
    assert source.attribution == 'a survey'


def test_mbtiles_count_from_the_south(tmp_path):
    metadata = {'format': 'png', 'attribution': 'a survey', 'license': 'ODbL'}
    source = open_imagery(database_of(tmp_path / 'a.mbtiles', south(four()), metadata))
    check_four(source)
    assert (source.attribution, source.licence) == ('a survey', 'ODbL')
    wrong = database_of(tmp_path / 'b.mbtiles', four(), {'format': 'png'})
    check_four(open_imagery(wrong, ImageryOptions(scheme='xyz')))
    with contextlib.closing(MbtilesFile(wrong, scheme='xyz')) as file:
        assert file.info.count == 4
        assert (file.info.y_first, file.info.y_last) == (Y, Y + 1)


def test_large_tiles_are_the_same_ground(tmp_path):
    source = open_imagery(folder_of(tmp_path / 't', four(side=512)))
    check_four(source)
    small = open_imagery(folder_of(tmp_path / 's', four()))
    place = tile_centre(0, 0)
    ratio = small.ground_sampling_m(place.lat_deg, place.lon_deg) / source.ground_sampling_m(
        place.lat_deg, place.lon_deg
    )
    assert ratio == pytest.approx(2.0)


def test_highest_zoom_unless_said(tmp_path):
    path = folder_of(tmp_path / 't', four())
    folder_of(path, {(X // 2, Y // 2): encoded((1, 2, 3))}, zoom=ZOOM - 1)
    check_four(open_imagery(path))
    coarse = open_imagery(path, ImageryOptions(zoom=ZOOM - 1))
    assert tuple(coarse.patch(PatchRequest(tile_centre(0, 0), 20.0, 9)).rgb[4, 4]) == (1, 2, 3)
    with pytest.raises(MapError, match='no tiles of zoom 12; it has 17 to 18'):
        open_imagery(path, ImageryOptions(zoom=12))


def test_missing_and_transparent_tiles_are_holes(tmp_path):
    tiles = four()
    del tiles[X + 1, Y]
    tiles[X, Y + 1] = encoded((50, 60, 230, 0))
    source = open_imagery(folder_of(tmp_path / 't', tiles))
    assert source.patch(PatchRequest(tile_centre(0, 0), 40.0, 32)).covered_share == 1.0
    for x, y in ((1, 0), (0, 1)):
        patch = source.patch(PatchRequest(tile_centre(x, y), 40.0, 32))
        assert patch.covered_share == 0.0
        assert not patch.rgb.any()
    across = source.patch(PatchRequest(tile_centre(0.5, 0.5), 60.0, 100))
    assert across.covered_share == pytest.approx(0.5, abs=0.01)


def test_grey_and_deep_tiles_are_read(tmp_path):
    grey = bytes(cv2.imencode('.png', np.full((256, 256), 77, np.uint8))[1])
    deep = bytes(cv2.imencode('.png', np.full((256, 256, 3), 0x4D33, np.uint16))[1])
    source = open_imagery(folder_of(tmp_path / 't', {(X, Y): grey, (X + 1, Y): deep}))
    for x in (0, 1):
        assert np.all(source.patch(PatchRequest(tile_centre(x, 0), 40.0, 32)).rgb == 77)


def test_broken_tiles_are_named(tmp_path):
    tiles = four()
    tiles[X + 1, Y + 1] = b'<html>429 too many requests</html>'
    source = open_imagery(folder_of(tmp_path / 't', tiles))
    with pytest.raises(MapError, match=rf'tile {ZOOM}/{X + 1}/{Y + 1} of t .* cannot be decoded'):
        source.patch(PatchRequest(tile_centre(1, 1), 40.0, 32))
    tiles[X + 1, Y + 1] = encoded((1, 2, 3), side=512)
    source = open_imagery(folder_of(tmp_path / 't', tiles))
    with pytest.raises(MapError, match='expected 256 x 256 like the others'):
        source.patch(PatchRequest(tile_centre(1, 1), 40.0, 32))
    with pytest.raises(MapError, match='expected a square'):
        TileRaster(XyzFolder(folder_of(tmp_path / 'u', {(X, Y): encoded((1, 2, 3), side=100)})))


def test_what_holds_no_pictures_is_refused(tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(MapError, match='holds no tiles'):
        open_imagery(tmp_path / 'empty')
    (tmp_path / 'bare' / '18' / '5').mkdir(parents=True)
    with pytest.raises(MapError, match='holds no tiles'):
        open_imagery(tmp_path / 'bare')
    path = folder_of(tmp_path / 't', four())
    with pytest.raises(MapError, match="scheme is 'wms'"):
        open_imagery(path, ImageryOptions(scheme='wms'))
    with pytest.raises(MapError, match='leave --bands out'):
        open_imagery(path, ImageryOptions(bands=(1,)))
    (path / 'tiles.json').write_text('{')
    with pytest.raises(MapError, match='is not JSON'):
        open_imagery(path)
    vectors = database_of(tmp_path / 'v.mbtiles', {(1, 1): b'x'}, {'format': 'pbf'})
    with pytest.raises(MapError, match='vectors'):
        open_imagery(vectors)
    with contextlib.closing(sqlite3.connect(tmp_path / 'o.mbtiles')) as database, database:
        database.execute('CREATE TABLE other (name TEXT)')
    with pytest.raises(MapError, match='cannot be read as MBTiles'):
        open_imagery(tmp_path / 'o.mbtiles')


def test_a_damaged_database_is_named(tmp_path):
    noise = np.random.default_rng(4).integers(0, 255, (256, 256, 3), np.uint8)
    data = bytes(cv2.imencode('.png', noise)[1])
    path = database_of(tmp_path / 'a.mbtiles', {(x, 9): data for x in range(3)})
    with contextlib.closing(MbtilesFile(path)) as file:
        assert file.encoded(0, file.info.y_first) == data
        with path.open('r+b') as cut:
            cut.truncate(250_000)
        with pytest.raises(MapError, match=r'tile 18/2/\d+ of .*a\.mbtiles cannot be read'):
            file.encoded(2, file.info.y_first)


def refuse(*args, **more):
    raise PermissionError(13, 'Permission denied')


def test_files_without_the_right_to_read_are_named(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / 't', four())
    database = database_of(tmp_path / 'a.mbtiles', south(four()))
    source = open_imagery(folder)
    for path, reading in ((database, 'open'), (folder, 'iterdir'), (folder, 'is_dir')):
        with monkeypatch.context() as patch:
            patch.setattr(f'pathlib.Path.{reading}', refuse)
            with pytest.raises(MapError, match=f'imagery {path} cannot be read .*chmod'):
                open_imagery(path)
    monkeypatch.setattr('pathlib.Path.read_bytes', refuse)
    with pytest.raises(MapError, match=r'tile .*\.png cannot be read .*chmod'):
        source.patch(PatchRequest(tile_centre(1, 1), 40.0, 32))

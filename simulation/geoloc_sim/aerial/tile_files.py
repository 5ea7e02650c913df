# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Writes tiles as MBTiles (version 1.3, rows counted from the south) or as an XYZ folder."""

from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path
import sqlite3

from geoloc_sim.aerial.records import ATTRIBUTION, ImageSource, Progress, no_progress
from geoloc_sim.aerial.tiles import TileFormat, TileRange, encoded, tile_count, tiles, tiles_over
from geoloc_sim.output_paths import whole_file, writing

#: Marks an SQLite file as MBTiles ('MPBX').
_APPLICATION_ID = 0x4D504258


def write_mbtiles(
    path: Path,
    source: ImageSource,
    min_zoom: int,
    max_zoom: int,
    tile_format: TileFormat = TileFormat.JPEG,
    attribution: str = ATTRIBUTION,
    progress: Progress = no_progress,
) -> None:
    """Write tiles of zooms ``min_zoom`` to ``max_zoom`` into one SQLite file.

    With JPEG, tiles on the border of the world are PNG all the same, so that what was not seen
    stays known; readers tell by a tile's first bytes (as with GDAL's PNG_JPEG). The file appears
    under its name when it is whole.

    Args:
        path: of the file; replaced where it exists.
        source: the image.
        min_zoom: lowest zoom.
        max_zoom: highest zoom, the one that is drawn (``zoom_of_gsd``).
        tile_format: of the tiles.
        attribution: stored in the metadata.
        progress: told of each tile.

    Raises:
        SettingError: the zooms are out of order or range.
        DriveError: the file cannot be written.
    """
    total = tile_count(source, min_zoom, max_zoom)
    west, south, east, north = _bounds_deg(tiles_over(source, max_zoom))
    metadata = {
        'name': path.stem,
        'format': tile_format.value,
        'bounds': f'{west:.8f},{south:.8f},{east:.8f},{north:.8f}',
        'center': f'{0.5 * (west + east):.8f},{0.5 * (south + north):.8f},{max_zoom}',
        'minzoom': str(min_zoom),
        'maxzoom': str(max_zoom),
        'type': 'baselayer',
        'version': '1',
        'description': 'aerial image of a simulated world',
        'attribution': attribution,
    }
    with (
        whole_file(path) as part,
        contextlib.closing(sqlite3.connect(part)) as database,
        database,
    ):
        database.execute(f'PRAGMA application_id = {_APPLICATION_ID}')
        database.execute('CREATE TABLE metadata (name TEXT, value TEXT)')
        database.execute(
            'CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, '
            'tile_data BLOB)'
        )
        database.executemany('INSERT INTO metadata VALUES (?, ?)', metadata.items())
        for number, tile in enumerate(tiles(source, min_zoom, max_zoom)):
            kind = tile_format if tile.whole else TileFormat.PNG
            row_from_south = (1 << tile.z) - 1 - tile.y
            database.execute(
                'INSERT INTO tiles VALUES (?, ?, ?, ?)',
                (tile.z, tile.x, row_from_south, encoded(tile, kind)),
            )
            progress(number + 1, total)
        database.execute(
            'CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row)'
        )


def write_xyz(
    folder: Path,
    source: ImageSource,
    min_zoom: int,
    max_zoom: int,
    tile_format: TileFormat = TileFormat.PNG,
    attribution: str = ATTRIBUTION,
    progress: Progress = no_progress,
) -> None:
    """Write tiles as ``folder/z/x/y.png`` (or ``.jpg``), and ``tiles.json`` (TileJSON 3.0).

    ``tiles.json`` comes last: a folder without it is not whole.
    All have the one format, as readers expect of such a folder: with JPEG, what was not seen is
    black.

    Args:
        folder: created where it does not exist; tiles in it are replaced.
        source: the image.
        min_zoom: lowest zoom.
        max_zoom: highest zoom, the one that is drawn (``zoom_of_gsd``).
        tile_format: of the tiles.
        attribution: stored in ``tiles.json``.
        progress: told of each tile.

    Raises:
        SettingError: the zooms are out of order or range.
        DriveError: the folder cannot be written.
    """
    with writing(folder):
        _write_xyz(folder, source, (min_zoom, max_zoom), tile_format, attribution, progress)


def _write_xyz(
    folder: Path,
    source: ImageSource,
    zooms: tuple[int, int],
    tile_format: TileFormat,
    attribution: str,
    progress: Progress,
) -> None:
    min_zoom, max_zoom = zooms
    total = tile_count(source, min_zoom, max_zoom)
    ending = tile_format.value
    for number, tile in enumerate(tiles(source, min_zoom, max_zoom)):
        path = folder / str(tile.z) / str(tile.x) / f'{tile.y}.{ending}'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(tile, tile_format))
        progress(number + 1, total)
    record = {
        'tilejson': '3.0.0',
        'name': folder.name,
        'tiles': [f'{{z}}/{{x}}/{{y}}.{ending}'],
        'scheme': 'xyz',
        'minzoom': min_zoom,
        'maxzoom': max_zoom,
        'bounds': _bounds_deg(tiles_over(source, max_zoom)),
        'attribution': attribution,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'tiles.json').write_text(json.dumps(record, indent=2) + '\n')


def _bounds_deg(covered: TileRange) -> tuple[float, float, float, float]:
    """(west, south, east, north) of tiles, degrees."""
    count = 1 << covered.z
    return (
        _longitude_deg(covered.x_first, count),
        _latitude_deg(covered.y_last + 1, count),
        _longitude_deg(covered.x_last + 1, count),
        _latitude_deg(covered.y_first, count),
    )


def _longitude_deg(x: int, count: int) -> float:
    return 360.0 * x / count - 180.0


def _latitude_deg(y: int, count: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * y / count))))

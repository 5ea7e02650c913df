# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""MBTiles: web Mercator tiles in an SQLite file, rows counted from the south.

Source: MBTiles specification 1.3; key ``mbtiles``.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
import sqlite3
import threading

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.tiles import TileSetInfo, valid_zoom
from geoloc_ros.map_store.xyz import checked_scheme

_PICTURES = ('png', 'jpg', 'jpeg', 'webp')
_TILE = 'SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?'
_EXTENT = (
    'SELECT min(tile_column), max(tile_column), min(tile_row), max(tile_row), count(*) '
    'FROM tiles WHERE zoom_level = ?'
)


class MbtilesFile:
    """The tiles of one zoom in an MBTiles file, opened for reading; safe between threads.

    Args:
        path: of the file.
        zoom: of the tiles; negative for the highest.
        scheme: ``'tms'`` as the specification says, ``'xyz'`` for files that count rows from the
            north against it; empty to do as their metadata says, or ``'tms'``.

    Raises:
        MapError: not an MBTiles file of pictures, or no such zoom.
    """

    def __init__(self, path: Path, zoom: int = -1, scheme: str = '') -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(
                f'{path.resolve().as_uri()}?mode=ro', uri=True, check_same_thread=False
            )
            metadata = self._metadata()
            zooms = [
                int(row[0])
                for row in self._database.execute('SELECT DISTINCT zoom_level FROM tiles')
            ]
            self._zoom = valid_zoom(zoom, zooms, str(path))
            extent = self._database.execute(_EXTENT, (self._zoom,)).fetchone()
        except sqlite3.Error as error:
            raise MapError(
                f'{path} cannot be read as MBTiles ({error}); expected an SQLite file with the '
                'tables metadata and tiles'
            ) from error
        stored = metadata.get('format', 'png').lower()
        if stored not in _PICTURES:
            raise MapError(
                f'{path} holds {stored!r} tiles; expected pictures ({", ".join(_PICTURES)}): a '
                'map of vectors shows nothing that a camera sees'
            )
        self._from_south = checked_scheme(scheme or metadata.get('scheme', 'tms')) == 'tms'
        x_first, x_last, low, high, count = (int(number) for number in extent)
        y_first, y_last = sorted((self._row(low), self._row(high)))
        self._info = TileSetInfo(
            self._zoom,
            x_first,
            x_last,
            y_first,
            y_last,
            count,
            metadata.get('attribution', ''),
            metadata.get('licence', metadata.get('license', '')),
            'MBTiles',
            path.name,
        )

    @property
    def info(self) -> TileSetInfo:
        """What there is."""
        return self._info

    def encoded(self, x: int, y: int) -> bytes | None:
        """A tile's file, y from the north; ``None`` where there is none.

        Raises:
            MapError: the file is damaged there.
        """
        try:
            with self._lock:
                row = self._database.execute(_TILE, (self._zoom, x, self._row(y))).fetchone()
        except sqlite3.Error as error:
            raise MapError(
                f'tile {self._zoom}/{x}/{y} of {self._path} cannot be read ({error}); expected '
                'an SQLite file without damage; fetch it again'
            ) from error
        return None if row is None else bytes(row[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _row(self, row: int) -> int:
        return (1 << self._zoom) - 1 - row if self._from_south else row

    def _metadata(self) -> dict[str, str]:
        with contextlib.closing(
            self._database.execute('SELECT name, value FROM metadata')
        ) as rows:
            return {str(name): str(value) for name, value in rows}

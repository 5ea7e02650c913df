# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A folder of tiles, ``zoom/x/y.png`` (or ``.jpg``, ``.webp``), as slippy maps have them.

``tiles.json`` or ``metadata.json`` in it (TileJSON) may name attribution, licence and scheme; in
scheme ``tms`` rows are counted from the south.
"""

from __future__ import annotations

import json
from pathlib import Path

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.tiles import HIGHEST_ZOOM, TileSetInfo, valid_zoom

_ENDINGS = ('.png', '.jpg', '.jpeg', '.webp')
_RECORDS = ('tiles.json', 'metadata.json', 'tilejson.json')
SCHEMES = ('xyz', 'tms')


class XyzFolder:
    """The tiles of one zoom in a folder.

    Args:
        folder: with one folder a zoom in it.
        zoom: which of them; negative for the highest.
        scheme: ``'xyz'`` (rows from the north) or ``'tms'``; empty to do as the folder's record
            says, or ``'xyz'``.

    Raises:
        MapError: not such a folder, no such zoom, or an unknown scheme.
    """

    def __init__(self, folder: Path, zoom: int = -1, scheme: str = '') -> None:
        record = _record(folder)
        self._from_south = checked_scheme(scheme or str(record.get('scheme', 'xyz'))) == 'tms'
        zooms = [number for number in _numbers(folder) if number <= HIGHEST_ZOOM]
        self._zoom = valid_zoom(zoom, zooms, str(folder))
        self._paths: dict[tuple[int, int], Path] = {}
        for x in _numbers(folder / str(self._zoom)):
            for path in (folder / str(self._zoom) / str(x)).iterdir():
                if path.suffix.lower() in _ENDINGS and path.stem.isdecimal():
                    self._paths[x, self._row(int(path.stem))] = path
        if not self._paths:
            raise MapError(
                f'{folder / str(self._zoom)} holds no tiles; expected x/y with one of the endings '
                f'{", ".join(_ENDINGS)}'
            )
        columns, rows = {x for x, _ in self._paths}, {y for _, y in self._paths}
        self._info = TileSetInfo(
            self._zoom,
            min(columns),
            max(columns),
            min(rows),
            max(rows),
            len(self._paths),
            str(record.get('attribution', '')),
            str(record.get('licence', record.get('license', ''))),
            'XYZ tiles',
            folder.name,
        )

    @property
    def info(self) -> TileSetInfo:
        """What there is."""
        return self._info

    def encoded(self, x: int, y: int) -> bytes | None:
        """A tile's file; ``None`` where there is none.

        Raises:
            MapError: it cannot be read.
        """
        path = self._paths.get((x, y))
        try:
            return None if path is None else path.read_bytes()
        except OSError as error:
            raise MapError(
                f'tile {path} cannot be read ({error}); expected a file that you may read; change '
                'its rights (chmod), or fetch it again'
            ) from error

    def _row(self, row: int) -> int:
        return (1 << self._zoom) - 1 - row if self._from_south else row


def checked_scheme(scheme: str) -> str:
    """A scheme that is known.

    Raises:
        MapError: it is not.
    """
    if scheme not in SCHEMES:
        raise MapError(f'tile scheme is {scheme!r}; expected one of {", ".join(SCHEMES)}')
    return scheme


def _numbers(folder: Path) -> list[int]:
    """Folders whose names are numbers."""
    return sorted(
        int(path.name) for path in folder.iterdir() if path.is_dir() and path.name.isdecimal()
    )


def _record(folder: Path) -> dict[str, object]:
    """The TileJSON of a folder; empty where there is none.

    Raises:
        MapError: there is one, and it cannot be read.
    """
    for name in _RECORDS:
        path = folder / name
        if not path.is_file():
            continue
        try:
            record = json.loads(path.read_text(encoding='utf-8'))
        except ValueError as error:
            raise MapError(f'{path} is not JSON ({error}); mend or delete it') from error
        if isinstance(record, dict):
            return record
    return {}

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets by a word of the command line: ``KIND:PATH`` or, for drive folders, ``PATH``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from geoloc_ros.errors import DriveError
from geoloc_training.data.prepared import DataSet, folder_data_set

Opener = Callable[[Path], DataSet]

#: What opens each kind. An extension point: add an entry here for data of your own.
OPENERS: Mapping[str, Opener] = {
    'folder': lambda path: folder_data_set([path]),
}


def open_data(words: Sequence[str]) -> DataSet:
    """The data sets of all words as one.

    Raises:
        DriveError: a kind is not known, nothing is there, or places of one name differ.
    """
    parts = [_open(word) for word in words]
    if not parts:
        raise DriveError('no data set is named; expected at least one; give a folder of drives')
    imagery = {name: source for part in parts for name, source in part.imagery}
    drives = tuple(drive for part in parts for drive in part.drives)
    return DataSet(drives, tuple(imagery.items()))


def _open(word: str) -> DataSet:
    kind, separator, path = word.partition(':')
    if not separator:
        kind, path = 'folder', word
    opener = OPENERS.get(kind)
    if opener is None:
        raise DriveError(
            f'data set {word!r} is of kind {kind!r}; expected one of {", ".join(OPENERS)} before '
            'the colon, or a folder of drives'
        )
    return opener(Path(path))

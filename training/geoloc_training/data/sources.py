# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets by a word of the command line.

PATH                      drive folders (data.folders), those that "geoloc-train data" writes
robotcar:LIST[,ROOT]      Oxford RobotCar with satellite tiles, by a published split list
cvact:LIST[,ROOT]         CVACT, by a published split list
bag:BAG,IMAGERY[,TOPIC[,IMAGES]]  a rosbag2 recording of one's own, and aerial imagery of the
                          area; TOPIC says where the vehicle was (empty: the bag's truth), IMAGES
                          is the topic of the pictures, where the bag has several cameras
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from geoloc_ros.errors import DriveError
from geoloc_training.data.bags import bag_data_set
from geoloc_training.data.listed import CVACT, ROBOTCAR, listed_data_set
from geoloc_training.data.prepared import DataSet, References, add_references, folder_data_set

#: What a word of the command line may be, for help texts.
DATA_HELP = (
    'drives: a folder of one or of a place, bag:BAG,IMAGERY[,TOPIC[,IMAGES]], '
    'robotcar:LIST[,ROOT] or cvact:LIST[,ROOT]'
)

Opener = Callable[[Sequence[str]], DataSet]

#: What opens each kind. An extension point: add an entry here for data of your own.
OPENERS: Mapping[str, Opener] = {
    'folder': lambda words: folder_data_set([Path(words[0])]),
    'robotcar': lambda words: listed_data_set(ROBOTCAR, Path(words[0]), root_of(words)),
    'cvact': lambda words: listed_data_set(CVACT, Path(words[0]), root_of(words)),
    'bag': lambda words: bag_data_set(words),
}


def open_data(words: Sequence[str]) -> DataSet:
    """The data sets of all words as one.

    Raises:
        DriveError: a kind is not known, nothing is there, or places of one name differ.
    """
    parts = [_open(word) for word in words]
    if not parts:
        raise DriveError('no data set is named; expected at least one; give a folder of drives')
    references: dict[str, References] = {}
    for part in parts:
        for name, found in part.references.items():
            add_references(references, name, found)
    drives = tuple(drive for part in parts for drive in part.drives)
    return DataSet(drives, references)


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
    return opener([path] if kind == 'folder' else path.split(','))


def root_of(words: Sequence[str]) -> Path:
    """The folder that a list's paths are relative to: the second word, else the list's own."""
    return Path(words[1]) if len(words) > 1 else Path(words[0]).parent

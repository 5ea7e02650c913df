# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets by a word of the command line.

PATH                      drive folders (data.folders), those that "geoloc-train data" writes
robotcar:LIST[,ROOT[,MORE]...]  Oxford RobotCar with satellite tiles, by a published split list;
                          the tiles of MORE lists are searched too
cvact:LIST[,ROOT[,MORE]...]  CVACT, likewise
bag:BAG,IMAGERY[,TOPIC[,IMAGES]]  a rosbag2 recording of one's own, and aerial imagery of the
                          area; TOPIC says where the vehicle was (empty: the bag's truth), IMAGES
                          is the topic of the pictures, where the bag has several cameras
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from geoloc_ros.errors import DriveError
from geoloc_training.data.bags import bag_data_set
from geoloc_training.data.listed import CVACT, ROBOTCAR, ListedFormat, listed_data_set
from geoloc_training.data.prepared import DataSet, References, add_references, folder_data_set

#: What a word of the command line may be, for help texts.
DATA_HELP = (
    'drives: a folder of one or of a place, bag:BAG,IMAGERY[,TOPIC[,IMAGES]], '
    'robotcar:LIST[,ROOT[,MORE]...] or cvact:LIST[,ROOT[,MORE]...] (MORE lists: their tiles too)'
)

Opener = Callable[[Sequence[str]], DataSet]

#: What opens each kind. An extension point: add an entry here for data of your own.
OPENERS: Mapping[str, Opener] = {
    'folder': lambda words: folder_data_set([Path(words[0])]),
    'robotcar': lambda words: _listed(ROBOTCAR, words),
    'cvact': lambda words: _listed(CVACT, words),
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


def _listed(form: ListedFormat, words: Sequence[str]) -> DataSet:
    """A list; its paths are relative to the second word, else to the list's own folder."""
    path, root, *more = [*words, ''] if len(words) == 1 else words
    own = Path(root) if root else Path(path).parent
    return listed_data_set(form, Path(path), own, [Path(word) for word in more])

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Everything a training run looks at: pairs, their pictures, imagery of their places."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from pathlib import Path

from geoloc_ros.errors import DriveError
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.map_store.records import ImagerySource
from geoloc_ros.networks.contract import InputContract
from geoloc_training.data.folders import IMAGERY_NAME, find_drives, read_drive_folder
from geoloc_training.data.ground import ground_pictures
from geoloc_training.data.records import (
    Drive,
    ImageU8,
    PairTable,
    Progress,
    no_progress,
    pair_table,
)
from geoloc_training.data.references import ReferencePatches


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Drives, and the imagery of their places by name."""

    drives: tuple[Drive, ...]
    imagery: tuple[tuple[str, ImagerySource], ...]

    def source(self, place: str) -> ImagerySource:
        """The imagery of a place.

        Raises:
            DriveError: there is none.
        """
        for name, source in self.imagery:
            if name == place:
                return source
        raise DriveError(f'no imagery of place {place!r}; expected some; give its file')


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PreparedData:
    """Pairs as a network sees them.

    Attributes:
        table: of the pairs.
        pictures: their ground pictures, uint8, shape (n, h, w, 3).
        patches: of each place of the table.
    """

    table: PairTable
    pictures: ImageU8
    patches: list[ReferencePatches]


def folder_data_set(folders: Sequence[Path]) -> DataSet:
    """Drive folders (``data.folders``), each beside the imagery of its place.

    Args:
        folders: of drives, or of places for all of their drives.

    Raises:
        DriveError: one holds no drive.
        MapError: imagery is missing or cannot be read.
    """
    drives: list[Drive] = []
    sources: dict[str, ImagerySource] = {}
    for folder in folders:
        own = (folder,) if (folder / 'drive.json').exists() else find_drives(folder)
        for path in own:
            drive = read_drive_folder(path)
            drives.append(drive)
            if drive.place not in sources:
                sources[drive.place] = open_imagery(path.parent / IMAGERY_NAME)
    return DataSet(tuple(drives), tuple(sources.items()))


def prepared(
    data: DataSet,
    contract: InputContract,
    spacing_m: float,
    show: Progress = no_progress,
) -> PreparedData:
    """Decode and resample the ground pictures; open the reference patches.

    Args:
        data: drives and imagery.
        contract: of the network.
        spacing_m: way between two pairs of a drive; 0 for all images.
        show: told how many pictures are done, and of how many.
    """
    table = pair_table(data.drives, spacing_m)
    datums = {drive.place: drive.datum for drive in data.drives}
    patches = [
        ReferencePatches(data.source(name), datums[name], contract) for name in table.place_names
    ]
    return PreparedData(table, ground_pictures(data.drives, table, contract, show), patches)

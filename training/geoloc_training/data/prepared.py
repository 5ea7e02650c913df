# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Everything a training run looks at: pairs, their pictures, imagery of their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from pathlib import Path
from typing import Protocol

import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.map_store.build import BuildOptions
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.map_store.records import ImagerySource
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.types import GeodeticPosition
from geoloc_training.data.folders import IMAGERY_NAME, find_drives, read_drive_folder
from geoloc_training.data.ground import ground_pictures
from geoloc_training.data.records import (
    Drive,
    ImageU8,
    IntArray,
    PairTable,
    Progress,
    no_progress,
    pair_table,
)
from geoloc_training.data.references import NORTH_UP_RAD, PatchProvider, ReferencePatches

#: Way between two pictures of a drive that are looked up, where no published list chose them.
TEST_SPACING_M = 5.0
#: Pairs of which less of the reference patch is imagery are left out, as cells of a map are.
LEAST_COVERED_SHARE = BuildOptions().min_covered_share


class References(Protocol):
    """Reference imagery of a place, of which a network's patches can be made."""

    @property
    def origin(self) -> str:
        """Where it comes from, which tells places of one name apart."""
        ...

    def patches(self, datum: GeodeticPosition, contract: InputContract) -> PatchProvider:
        """Patches of the size and heading that a network wants."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class ImageryReferences:
    """Georeferenced imagery (GeoTIFF, MBTiles, XYZ): patches anywhere.

    Attributes:
        source: what patches are cut from.
        path: of the file or folder.
    """

    source: ImagerySource
    path: Path

    @property
    def origin(self) -> str:
        """The whole path."""
        return str(self.path.resolve())

    def patches(self, datum: GeodeticPosition, contract: InputContract) -> PatchProvider:
        """Patches cut as map building cuts them."""
        return ReferencePatches(self.source, datum, contract)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Drives, and the references of their places by name."""

    drives: tuple[Drive, ...]
    references: Mapping[str, References]

    @property
    def domain(self) -> str:
        """``simulation`` where every drive says that it was simulated, else ``real``."""
        return 'simulation' if all(drive.simulated for drive in self.drives) else 'real'

    @property
    def test_spacing_m(self) -> float:
        """Way between two pictures of a drive in tests; 0, for all, where they were listed."""
        return 0.0 if all(drive.listed for drive in self.drives) else TEST_SPACING_M


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PreparedData:
    """Pairs as a network sees them.

    Attributes:
        table: of the pairs.
        pictures: their ground pictures, uint8, shape (n, h, w, 3).
        patches: of each place of the table.
        uncovered: pairs that were left out, as imagery does not cover their patches.
    """

    table: PairTable
    pictures: ImageU8
    patches: Sequence[PatchProvider]
    uncovered: int = 0


def folder_data_set(folders: Sequence[Path]) -> DataSet:
    """Drive folders (``data.folders``), each beside the imagery of its place.

    Args:
        folders: of drives, or of places for all of their drives.

    Raises:
        DriveError: one holds no drive, or places of one name differ.
        MapError: imagery is missing or cannot be read.
    """
    drives: list[Drive] = []
    sources: dict[str, References] = {}
    for folder in folders:
        own = (folder,) if (folder / 'drive.json').exists() else find_drives(folder)
        for path in own:
            drive = read_drive_folder(path)
            drives.append(drive)
            imagery = path.parent / IMAGERY_NAME
            add_references(sources, drive.place, ImageryReferences(open_imagery(imagery), imagery))
    return DataSet(tuple(drives), sources)


def add_references(known: dict[str, References], place: str, references: References) -> None:
    """Note the imagery of a place.

    Raises:
        DriveError: a place of that name has other imagery.
    """
    other = known.setdefault(place, references)
    if other.origin != references.origin:
        raise DriveError(
            f'two places are named {place!r}: one has the imagery {other.origin}, the other '
            f'{references.origin}; expected a name of its own for each; rename a folder'
        )


def prepared(
    data: DataSet,
    contract: InputContract,
    spacing_m: float,
    show: Progress = no_progress,
) -> PreparedData:
    """Decode and resample the ground pictures; open the reference patches.

    Pairs whose patch is not covered by imagery are left out, as cells of a map are.

    Args:
        data: drives and imagery.
        contract: of the network.
        spacing_m: way between two pairs of a drive; 0 for all images.
        show: told how many pictures are done, and of how many.

    Raises:
        DriveError: a place has no pairs, or imagery covers none of them.
    """
    table = pair_table(data.drives, spacing_m)
    datums = {drive.place: drive.datum for drive in data.drives}
    patches = [data.references[name].patches(datums[name], contract) for name in table.place_names]
    covered = table.rows(_covered(table, patches, contract))
    pictures = ground_pictures(data.drives, covered, contract, show)
    return PreparedData(covered, pictures, patches, len(table) - len(covered))


def _covered(
    table: PairTable, patches: Sequence[PatchProvider], contract: InputContract
) -> IntArray:
    """Numbers of the pairs whose patches are imagery, rising.

    Raises:
        DriveError: there are none of a place.
    """
    turned = np.isfinite(table.yaws_rad) & (contract.heading == 'aligned')
    up = np.where(turned, table.yaws_rad, NORTH_UP_RAD)
    kept = np.zeros(len(table), dtype=np.bool_)
    for place, name in enumerate(table.place_names):
        here = np.flatnonzero(table.places == place)
        if len(here) == 0:
            raise DriveError(
                f'the drives of {name!r} have no pictures; expected at least one; leave them out'
            )
        shares = patches[place].covered(table.positions_m[here], up[here])
        kept[here] = shares >= LEAST_COVERED_SHARE
        if not kept[here].any():
            raise DriveError(
                f'imagery covers at most {100.0 * shares.max():.0f} % of the '
                f'{contract.patch_size_m:g} m patch of any of the {len(here)} pictures of '
                f'{name!r}; expected {100.0 * LEAST_COVERED_SHARE:g} %; give imagery of the area '
                'that was driven through'
            )
    return np.flatnonzero(kept)

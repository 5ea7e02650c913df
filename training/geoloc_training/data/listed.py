# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets whose pairs are listed in text files: Oxford RobotCar with satellite tiles, CVACT.

A line is ``ground.png satellite.png easting northing``, as the authors of Xia et al., RA-L 2021,
published their splits (github.com/tudelft-iv/Visual-Localization-with-Spatial-Prior). The lists do
not say the heading: RobotCar pairs have none, and CVACT's panoramas have north in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.utm import UtmZone, enu_from_utm_array, geodetic_from_utm
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.networks.published import CVACT_TILE_M, ROBOTCAR_TILE_M
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_training.data.folders import ImageFiles
from geoloc_training.data.prepared import DataSet
from geoloc_training.data.records import CameraModel, Drive
from geoloc_training.data.tiles import TileReferences


@dataclasses.dataclass(frozen=True, slots=True)
class ListedFormat:
    """What a list leaves unsaid.

    Attributes:
        name: of the data set; its area is one place.
        zone: UTM zone of eastings and northings.
        tile_m: side of the satellite tiles on the ground.
        panorama: ground images are panoramas with north in the middle.
        focal_share: focal length over the width, for pictures of a camera.
        centre_share: of the optical axis over the width, (u, v) from the top left corner.
    """

    name: str
    zone: UtmZone
    tile_m: float
    panorama: bool
    focal_share: float = 0.0
    centre_share: tuple[float, float] = (0.5, 0.5)


#: The front camera's wide lens, of which the RobotCar SDK says fx = 983.04, cx = 643.65 and
#: cy = 493.38 of 1280 x 960 pixels; its rows are cropped at the bottom.
ROBOTCAR = ListedFormat(
    'robotcar',
    UtmZone(30, True),
    ROBOTCAR_TILE_M,
    False,
    983.044 / 1280.0,
    (644.147 / 1280, 493.879 / 1280),
)
CVACT = ListedFormat('cvact', UtmZone(55, False), CVACT_TILE_M, True)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PairList:
    """The lines of a list.

    Attributes:
        ground: paths of ground images, as written.
        satellite: paths of tiles, as written.
        utm_m: (easting, northing), shape (n, 2).
    """

    ground: tuple[str, ...]
    satellite: tuple[str, ...]
    utm_m: FloatArray

    def traversals(self) -> tuple[str, ...]:
        """First folder of each ground image: the traversal, on RobotCar."""
        return tuple(path.split('/', 1)[0] if '/' in path else '' for path in self.ground)


def read_pair_list(path: Path) -> PairList:
    """Read a list.

    Raises:
        DriveError: it is missing, empty, or a line is not of the form above.
    """
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DriveError(
            f'list {path} cannot be read ({error}); expected one of the published splits'
        ) from error
    rows = [_pair(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise DriveError(f'list {path} has no pairs; expected some; fetch it again')
    ground, satellite, eastings, northings = zip(*rows, strict=True)
    return PairList(ground, satellite, np.column_stack((eastings, northings)))


def _pair(path: Path, number: int, line: str) -> tuple[str, str, float, float]:
    try:
        ground, satellite, easting, northing = line.split()
        return ground, satellite, float(easting), float(northing)
    except ValueError as error:
        raise DriveError(
            f'{path}, line {number}: {line[:80]!r}; expected "ground.png satellite.png easting '
            'northing"'
        ) from error


def listed_data_set(
    form: ListedFormat, path: Path, root: Path, more: Sequence[Path] = ()
) -> DataSet:
    """The pairs of a list: a drive for each traversal, one place.

    Positions are exact in ``map``, whose datum is the whole metre nearest to the mean position;
    lists of one area have different datums and are loaded one by one.

    Args:
        form: of the data set.
        path: of the list.
        root: that the lists' paths are relative to.
        more: lists whose tiles are references too: the paper searches those of all its splits.

    Raises:
        DriveError: a list or the first ground image cannot be read.
    """
    pairs = read_pair_list(path)
    middle = np.round(pairs.utm_m.mean(axis=0))
    lat_deg, lon_deg = geodetic_from_utm(form.zone, float(middle[0]), float(middle[1]))
    datum = GeodeticPosition(lat_deg, lon_deg)
    east_north = _east_north(form, datum, pairs)
    camera = _camera(form, root / pairs.ground[0])
    traversals = np.array(pairs.traversals())
    drives = []
    for day, name in enumerate(sorted(set(traversals.tolist())), 1):
        here = np.flatnonzero(traversals == name)
        heading = 0.5 * math.pi if form.panorama else math.nan
        drives.append(
            Drive(
                name or path.stem,
                form.name,
                day,
                datum,
                east_north[here],
                np.full(len(here), heading),
                camera,
                ImageFiles(tuple(root / pairs.ground[number] for number in here)),
                listed=True,
            )
        )
    lists = [pairs, *(read_pair_list(other) for other in more)]
    return DataSet(tuple(drives), {form.name: _tiles(form, datum, lists, root)})


def _east_north(form: ListedFormat, datum: GeodeticPosition, pairs: PairList) -> FloatArray:
    """Positions in ``map``, shape (n, 2)."""
    utm_m = pairs.utm_m
    return enu_from_utm_array(Datum(datum), form.zone, utm_m[:, 0], utm_m[:, 1], 0.0)[:, :2]


def _tiles(
    form: ListedFormat, datum: GeodeticPosition, lists: Sequence[PairList], root: Path
) -> TileReferences:
    """The tiles of lists, each once."""
    places = {
        tile: place
        for pairs in lists
        for tile, place in zip(pairs.satellite, _east_north(form, datum, pairs), strict=True)
    }
    paths = tuple(root / tile for tile in places)
    return TileReferences(paths, np.array(list(places.values())), form.tile_m)


def _camera(form: ListedFormat, first: Path) -> CameraModel:
    image = cv2.imread(str(first), cv2.IMREAD_COLOR)
    if image is None:
        raise DriveError(
            f'{first} is no image that can be read; expected the first ground image of the list; '
            'name the folder of the images after the list, separated by a comma'
        )
    height, width = image.shape[:2]
    if form.panorama:
        return CameraModel(Camera(width, height, model='panorama'))
    focal = form.focal_share * width
    u, v = (share * width - 0.5 for share in form.centre_share)
    return CameraModel(Camera(width, height, focal, focal, u, v))

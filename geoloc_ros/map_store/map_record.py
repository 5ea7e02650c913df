# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a map says of itself, and how that is written into its attributes (JSON)."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import math
from pathlib import Path

import numpy as np

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.records import NORTH_UP_YAW_RAD, BoolArray, ImageU8
from geoloc_ros.map_store.tile_grid import TileGrid
from geoloc_ros.types import FloatArray, GeodeticPosition

FORMAT = 'geoloc descriptor map'
FORMAT_VERSION = 1
#: A covered share of 1 as it is stored, and what is stored where nothing was built yet.
COVERAGE_STEPS = 200
NOT_BUILT = 255
#: Lets a share that is a whole number of steps but for rounding count as one.
_STEP_SLACK = 1e-9
#: The fields of a record for people.
_WORDS = {
    'network_name': 'network',
    'network_sha256': 'sha256 of the weights',
    'descriptor_shape': 'descriptor shape',
    'patch_size_m': 'patch size in metres',
    'patch_size_px': 'patch size in pixels',
    'yaws_rad': 'yaws of the patches (--headings)',
    'ahead_m': 'patches ahead of the cell by metres',
    'min_covered_share': 'least coverage (--min-coverage)',
    'block_cells': 'cells a side of a block',
    'imagery': 'imagery',
    'attribution': 'attribution (--attribution)',
    'licence': 'licence (--licence)',
    'grid.crs': 'CRS of the grid (--grid-crs)',
    'grid.origin_x': 'easting of cell (0, 0)',
    'grid.origin_y': 'northing of cell (0, 0)',
    'grid.spacing_m': 'spacing in metres (--spacing)',
    'grid.nx': 'cells eastward',
    'grid.ny': 'cells northward',
    'datum.lat_deg': 'latitude of the datum',
    'datum.lon_deg': 'longitude of the datum',
    'datum.alt_m': 'height of the datum',
}


@dataclasses.dataclass(frozen=True, slots=True)
class MapRecord:
    """Everything about a map but its descriptors.

    Attributes:
        grid: the cells.
        datum: suggested origin of ``map``; the authority where this map is used.
        network_name: of the network that described the patches, for people.
        network_sha256: of its weights.
        descriptor_shape: of what is stored for a cell: the network's own shape, or, where
            ``yaws_rad`` holds several, (yaws, *network's shape).
        patch_size_m: side of a patch on the ground.
        patch_size_px: its rows, and columns.
        yaws_rad: where the top of a cell's patches points, yaw at the cell.
        ahead_m: how far a patch's centre lies from its cell's towards the patch's top.
        min_covered_share: a cell has data where at least this share of its patches is imagery.
        block_cells: side of the blocks (chunks) in which descriptors are stored.
        imagery: the imagery in words.
        attribution: who is to be named beside it.
        licence: under what the imagery may be used.
    """

    grid: TileGrid
    datum: GeodeticPosition
    network_name: str
    network_sha256: str
    descriptor_shape: tuple[int, ...]
    patch_size_m: float
    patch_size_px: int
    yaws_rad: tuple[float, ...] = (NORTH_UP_YAW_RAD,)
    ahead_m: float = 0.0
    min_covered_share: float = 0.95
    block_cells: int = 16
    imagery: str = ''
    attribution: str = ''
    licence: str = ''

    def __post_init__(self) -> None:
        """Refuse what cannot be stored.

        Raises:
            MapError: a number is out of its range.
        """
        good = (
            self.patch_size_m > 0.0
            and self.patch_size_px >= 1
            and self.yaws_rad
            and all(math.isfinite(yaw) for yaw in (*self.yaws_rad, self.ahead_m))
            and 0.0 < self.min_covered_share <= 1.0
            and 1 <= self.block_cells <= 256
            and all(size >= 1 for size in self.descriptor_shape)
        )
        if not good:
            raise MapError(
                f'a map with {self} cannot be stored; expected positive sizes, at least one yaw, '
                'min_covered_share in (0, 1] and blocks of 1 to 256 cells'
            )

    @property
    def block_shape(self) -> tuple[int, int]:
        """Blocks from south to north, and from west to east."""
        return (
            -(-self.grid.ny // self.block_cells),
            -(-self.grid.nx // self.block_cells),
        )

    def has_data(self, covered: ImageU8) -> BoolArray:
        """Where coverage, as it is stored, is enough for a descriptor; nowhere without imagery."""
        least = max(1, math.ceil(self.min_covered_share * COVERAGE_STEPS - _STEP_SLACK))
        return np.asarray((covered >= least) & (covered != NOT_BUILT))

    def attributes(self) -> dict[str, object]:
        """As JSON."""
        record = dataclasses.asdict(self)
        for name in ('descriptor_shape', 'yaws_rad'):
            record[name] = list(record[name])
        return {'format': FORMAT, 'format_version': FORMAT_VERSION, **record}

    def differences(self, stored: MapRecord) -> list[str]:
        """In which fields a stored map differs from this one, asked for, in words for people."""
        asked, found = self._fields(), stored._fields()
        return [
            f'{name}: stored {_said(found[name])}, asked {_said(asked[name])}'
            for name in asked
            if asked[name] != found[name]
        ]

    def _fields(self) -> dict[str, object]:
        """All fields by words, those of grid and datum among them."""
        fields = dataclasses.asdict(self)
        for owner in ('grid', 'datum'):
            fields |= {f'{owner}.{name}': value for name, value in fields.pop(owner).items()}
        return {_WORDS[name]: value for name, value in fields.items()}


def coverage_steps(covered_share: FloatArray) -> ImageU8:
    """Shares as they are stored, rounded down: a cell that lacks a sliver is never whole."""
    steps = np.floor(np.clip(covered_share, 0.0, 1.0) * COVERAGE_STEPS + _STEP_SLACK)
    return np.asarray(steps.astype(np.uint8))


def _said(value: object) -> str:
    if isinstance(value, tuple):
        separator = ' x ' if all(isinstance(one, int) for one in value) else ', '
        value = separator.join(map(str, value))
    return str(value) or 'none'


def record_from_attributes(attributes: Mapping[str, object], path: Path) -> MapRecord:
    """The record in a map's attributes.

    Raises:
        MapError: not a map, or one of another version, or incomplete.
    """
    if attributes.get('format') != FORMAT:
        raise MapError(
            f'{path} is no map of this package; expected a folder made by `geoloc map build`'
        )
    version = attributes.get('format_version')
    if version != FORMAT_VERSION:
        raise MapError(
            f'map {path} has format version {version}; this program reads {FORMAT_VERSION}; build '
            'it again, or use the program that wrote it'
        )
    try:
        return _read(attributes)
    except (KeyError, TypeError, ValueError) as error:
        raise MapError(
            f'the attributes of map {path} are incomplete ({error!r}); build it again'
        ) from error


def _read(attributes: Mapping[str, object]) -> MapRecord:
    values = {field.name: attributes[field.name] for field in dataclasses.fields(MapRecord)}
    grid, datum = values.pop('grid'), values.pop('datum')
    shape, yaws = values.pop('descriptor_shape'), values.pop('yaws_rad')
    if not (isinstance(grid, Mapping) and isinstance(datum, Mapping)):
        raise TypeError('grid and datum are no records')
    if not (isinstance(shape, list) and isinstance(yaws, list)):
        raise TypeError('descriptor_shape and yaws_rad are no lists')
    return MapRecord(
        grid=TileGrid(**grid),
        datum=GeodeticPosition(**datum),
        descriptor_shape=tuple(int(size) for size in shape),
        yaws_rad=tuple(float(yaw) for yaw in yaws),
        **values,  # type: ignore[arg-type]
    )

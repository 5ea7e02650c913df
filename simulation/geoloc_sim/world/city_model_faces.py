# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the readers of city models give: faces by point numbers, coordinates as in the file."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray


class SurfaceRole(enum.Enum):
    """What a face of a building is, as a model states it."""

    WALL = 'wall'
    ROOF = 'roof'
    GROUND = 'ground'
    UNKNOWN = 'unknown'


class CityKind(enum.Enum):
    """What a thing of a city model is."""

    BUILDING = 'building'
    ROAD = 'road'
    GREEN = 'green'
    WATER = 'water'
    LAND = 'land'
    OTHER = 'other'


KINDS: dict[str, CityKind] = {
    'Building': CityKind.BUILDING,
    'BuildingPart': CityKind.BUILDING,
    'BuildingInstallation': CityKind.BUILDING,
    'BuildingUnit': CityKind.BUILDING,
    'Road': CityKind.ROAD,
    'Track': CityKind.ROAD,
    'Square': CityKind.ROAD,
    'TransportSquare': CityKind.ROAD,
    'TransportationComplex': CityKind.ROAD,
    'PlantCover': CityKind.GREEN,
    'WaterBody': CityKind.WATER,
    'LandUse': CityKind.LAND,
}

ROLES: dict[str, SurfaceRole] = {
    'WallSurface': SurfaceRole.WALL,
    'Door': SurfaceRole.WALL,
    'Window': SurfaceRole.WALL,
    'RoofSurface': SurfaceRole.ROOF,
    'OuterCeilingSurface': SurfaceRole.GROUND,
    'GroundSurface': SurfaceRole.GROUND,
    'OuterFloorSurface': SurfaceRole.ROOF,
}


@dataclasses.dataclass(frozen=True, slots=True)
class RawFace:
    """Outline and holes as numbers of points, and its role."""

    rings: tuple[npt.NDArray[np.int64], ...]
    role: SurfaceRole


@dataclasses.dataclass(frozen=True, slots=True)
class RawThing:
    """A thing with its faces."""

    name: str
    kind: CityKind
    lod: float
    faces: tuple[RawFace, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class RawModel:
    """A file's contents.

    Attributes:
        points: coordinates as in the file, shape (n, 3).
        things: those that have faces.
        crs: reference system as the file states it.
    """

    points: FloatArray
    things: tuple[RawThing, ...]
    crs: str | None

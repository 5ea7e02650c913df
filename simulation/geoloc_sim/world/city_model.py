# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""City models (CityJSON, CityGML) in ``map``: buildings and ground as flat faces with a role.

Horizontal coordinates go from the model's own reference system to WGS-84 and to the datum's plane,
point by point; heights are taken as they are, over the datum's height, with no vertical datum
shift and no curvature.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
import re

import numpy as np
import pyproj
from pyproj.exceptions import ProjError

from geoloc_ros.errors import MapError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.world.city_model_faces import CityKind, RawModel, SurfaceRole
from geoloc_sim.world.city_model_gml import read_citygml
from geoloc_sim.world.city_model_json import read_cityjson

__all__ = ['CityFace', 'CityKind', 'CityModel', 'CityThing', 'SurfaceRole', 'read_city_model']

_EPSG = re.compile(r'EPSG(?:::|:[\d.]*:|/[\d.]*/|:)(\d{4,6})', re.IGNORECASE)
_ADV_UTM = re.compile(r'ETRS89_UTM(\d\d)')


@dataclasses.dataclass(frozen=True, slots=True)
class CityFace:
    """A flat face.

    Attributes:
        rings_m: outline, then holes, each shape (k, 3), the first point not repeated; the outline
            runs counter-clockwise when seen from outside.
        role: wall, roof or ground as stated; ``UNKNOWN`` where the model does not say.
    """

    rings_m: tuple[FloatArray, ...]
    role: SurfaceRole


@dataclasses.dataclass(frozen=True, slots=True)
class CityThing:
    """A building with all its parts, or a piece of ground.

    Attributes:
        name: as in the file.
        kind: what it is.
        lod: its level of detail, the highest that the file has of it.
        faces: all of them.
    """

    name: str
    kind: CityKind
    lod: float
    faces: tuple[CityFace, ...]

    def points_m(self) -> FloatArray:
        """All corners, shape (n, 3)."""
        return np.concatenate([ring for face in self.faces for ring in face.rings_m])


@dataclasses.dataclass(frozen=True, slots=True)
class CityModel:
    """What a file holds.

    Attributes:
        name: of the file.
        datum: origin of ``map``; z is the model's height minus ``datum.alt_m``.
        things: those with faces, in the order of the file.
    """

    name: str
    datum: GeodeticPosition
    things: tuple[CityThing, ...]

    @property
    def buildings(self) -> tuple[CityThing, ...]:
        """The buildings; their numbers everywhere are their places in this tuple."""
        return tuple(thing for thing in self.things if thing.kind is CityKind.BUILDING)


def read_city_model(
    path: Path, crs: str | None = None, datum: GeodeticPosition | None = None
) -> CityModel:
    """Read a CityJSON (1.0 to 2.0) or CityGML (1.0 to 3.0) file.

    Args:
        path: .json or .city.json file, else GML.
        crs: reference system of the coordinates, such as ``'EPSG:7415'``; that which the file
            states when ``None``. Its horizontal part alone is used. Projected coordinates are
            easting then northing, geographic ones latitude then longitude.
        datum: origin of ``map``; when ``None`` the middle of the model at its lowest height.

    Raises:
        MapError: the file cannot be read, holds no face, or its reference system is not known.
    """
    raw = read_cityjson(path) if path.suffix == '.json' else read_citygml(path)
    if not raw.things:
        raise MapError(
            f'{path} holds no object with faces; expected buildings or ground of LoD 1 or more; '
            'geometry templates and LoD 0 are not read'
        )
    degrees = _degrees(raw, crs, path)
    heights = raw.points[:, 2]
    if datum is None:
        middle = (degrees.min(axis=0) + degrees.max(axis=0)) / 2.0
        datum = GeodeticPosition(float(middle[0]), float(middle[1]), float(heights.min()))
    level = np.full(len(degrees), datum.alt_m)
    enu = Datum(datum).enu_from_geodetic_array(degrees[:, 0], degrees[:, 1], level)
    points = np.column_stack((enu[:, :2], heights - datum.alt_m))
    things = tuple(
        CityThing(
            thing.name,
            thing.kind,
            thing.lod,
            tuple(
                CityFace(tuple(points[ring] for ring in face.rings), face.role)
                for face in thing.faces
            ),
        )
        for thing in raw.things
    )
    return CityModel(path.name.split('.')[0], datum, things)


def epsg_of(name: str) -> str:
    """The form ``EPSG:n`` of a reference system's name (URN, URL, short form, AdV).

    Of a compound URN the first (horizontal) part is taken.
    """
    found = _EPSG.search(name)
    if found:
        return f'EPSG:{found[1]}'
    zone = _ADV_UTM.search(name)
    return f'EPSG:258{zone[1]}' if zone else name


def _degrees(raw: RawModel, crs: str | None, path: Path) -> FloatArray:
    """WGS-84 latitude and longitude of every point, shape (n, 2)."""
    name = crs or raw.crs
    if name is None:
        raise MapError(
            f'{path} does not state its reference system; expected one such as EPSG:7415; '
            'give it as crs'
        )
    try:
        system = pyproj.CRS.from_user_input(epsg_of(name)).to_2d()
        change = pyproj.Transformer.from_crs(system, 'EPSG:4326', always_xy=True)
        first, second = raw.points[:, 0], raw.points[:, 1]
        if system.is_geographic:
            first, second = second, first
        lon, lat = change.transform(first, second, errcheck=True)
    except ProjError as error:
        raise MapError(
            f'{path}: coordinates in {name!r} cannot be converted ({error}); expected a '
            'reference system that PROJ knows; give it as crs, for example EPSG:25832'
        ) from error
    degrees: FloatArray = np.column_stack((lat, lon))
    if not np.all(np.isfinite(degrees)):
        raise MapError(
            f'{path}: coordinates lie outside of {name!r}; expected points that it can '
            'represent; check crs and the order of the axes'
        )
    return degrees

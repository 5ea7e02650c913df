# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""CityGML 1.0, 2.0 and 3.0: faces of buildings and ground.

Source: OGC 08-007r1 (1.0), 12-019 (2.0), 20-010 (3.0); key ``citygml``. Elements are told by their
local names, which the versions share. Faces that a solid only refers to (xlink) are those of its
boundary surfaces, which are read where they stand. Rooms, implicit geometries and appearances are
not read.
"""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
from pathlib import Path
import re
from xml.etree import ElementTree

import numpy as np

from geoloc_ros.errors import MapError
from geoloc_sim.world.city_model_faces import (
    KINDS,
    ROLES,
    CityKind,
    RawFace,
    RawModel,
    RawThing,
    SurfaceRole,
)

_LOD = re.compile(r'^lod([0-4])')
_SKIPPED = ('interiorRoom', 'buildingRoom', 'appearance', 'appearanceMember', 'address')


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """A polygon met on the way down."""

    element: ElementTree.Element
    lod: float
    role: SurfaceRole
    flipped: bool


def read_citygml(path: Path) -> RawModel:
    """Read a file; parts of buildings become faces of their building.

    Raises:
        MapError: it cannot be read or is no CityGML.
    """
    try:
        root = ElementTree.parse(path).getroot()
        if _local(root) != 'CityModel':
            raise ValueError(f'its root element is {_local(root)!r}, not CityModel')
        points: list[list[float]] = []
        things = []
        members = [e for e in root if _local(e) in ('cityObjectMember', 'featureMember')]
        for number, element in enumerate(item for member in members for item in member):
            thing = _thing(element, number, points)
            if thing is not None:
                things.append(thing)
        crs = next((e.attrib['srsName'] for e in root.iter() if 'srsName' in e.attrib), None)
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise MapError(
            f'{path} cannot be read ({type(error).__name__}: {error}); expected CityJSON '
            '(.json) or a CityGML 1.0, 2.0 or 3.0 document; check the file'
        ) from error
    return RawModel(np.array(points, dtype=np.float64).reshape(-1, 3), tuple(things), crs)


def _thing(
    element: ElementTree.Element, number: int, points: list[list[float]]
) -> RawThing | None:
    found = list(_polygons(element, -1.0, SurfaceRole.UNKNOWN, flipped=False))
    kind = KINDS.get(_local(element), CityKind.OTHER)
    lods = [one.lod for one in found if one.lod > 0.0 or kind is not CityKind.BUILDING]
    if not lods:
        return None
    best = max(lods)
    faces = [_face(one, points) for one in found if one.lod == best]
    name = next((v for k, v in element.attrib.items() if k.endswith('}id')), f'thing_{number}')
    kept = tuple(face for face in faces if face is not None)
    return RawThing(name, kind, max(best, 0.0), kept) if kept else None


def _polygons(
    element: ElementTree.Element, lod: float, role: SurfaceRole, *, flipped: bool
) -> Iterator[_Found]:
    """Polygons under an element with the LoD and the role of what they stand in."""
    name = _local(element)
    if name in _SKIPPED or name.endswith('TerrainIntersection'):
        return
    matched = _LOD.match(name)
    lod = float(matched[1]) if matched else lod
    role = ROLES.get(name, role)
    if name == 'OrientableSurface' and element.get('orientation') == '-':
        flipped = not flipped
    if name in ('Polygon', 'PolygonPatch', 'Triangle', 'Rectangle'):
        yield _Found(element, lod, role, flipped)
        return
    for child in element:
        yield from _polygons(child, lod, role, flipped=flipped)


def _face(found: _Found, points: list[list[float]]) -> RawFace | None:
    """A polygon's rings; its points are appended."""
    rings = []
    for ring in found.element.iter():
        if _local(ring) != 'LinearRing':
            continue
        corners = _corners(ring)
        if len(corners) > 1 and corners[0] == corners[-1]:
            corners = corners[:-1]
        if len(corners) < 3:
            continue
        numbers = len(points) + np.arange(len(corners), dtype=np.int64)
        points += corners[::-1] if found.flipped else corners
        rings.append(numbers)
    return RawFace(tuple(rings), found.role) if rings else None


def _corners(ring: ElementTree.Element) -> list[list[float]]:
    """Coordinates of a ring in any of the forms that GML has had."""
    numbers: list[float] = []
    for element in ring.iter():
        name = _local(element)
        if name in ('posList', 'pos'):
            numbers += [float(word) for word in (element.text or '').split()]
        elif name == 'coordinates':
            numbers += [float(word) for word in re.split(r'[\s,]+', (element.text or '').strip())]
    if len(numbers) % 3:
        raise ValueError(f'a ring has {len(numbers)} coordinates, which is no multiple of 3')
    return [numbers[k : k + 3] for k in range(0, len(numbers), 3)]


def _local(element: ElementTree.Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition('}')[2]

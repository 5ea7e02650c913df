# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""CityJSON 1.0, 1.1 and 2.0.

Source: CityJSON Specifications 2.0.1, sections 2 to 4; key ``cityjson``. Read are MultiSurface,
CompositeSurface, Solid, MultiSolid and CompositeSolid of the highest LoD of each object; geometry
templates, textures and extensions are not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from geoloc_ros.errors import MapError
from geoloc_ros.types import FloatArray
from geoloc_sim.world.city_model_faces import (
    KINDS,
    ROLES,
    CityKind,
    RawFace,
    RawModel,
    RawThing,
    SurfaceRole,
)

#: How many lists lie around the list of surfaces.
_DEPTHS = {
    'MultiSurface': 0,
    'CompositeSurface': 0,
    'Solid': 1,
    'MultiSolid': 2,
    'CompositeSolid': 2,
}


def read_cityjson(path: Path) -> RawModel:
    """Read a file; parts of buildings become faces of their building.

    Raises:
        MapError: it cannot be read or is no CityJSON.
    """
    try:
        document = json.loads(path.read_text(encoding='utf-8'))
        if document.get('type') != 'CityJSON':
            raise ValueError(f'its type is {document.get("type")!r}, not CityJSON')
        points = _points(document)
        things = _things(document['CityObjects'], len(points))
        crs = document.get('metadata', {}).get('referenceSystem')
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise MapError(
            f'{path} cannot be read ({type(error).__name__}: {error}); expected a CityJSON 1.0, '
            '1.1 or 2.0 document; check the file'
        ) from error
    return RawModel(points, things, None if crs is None else str(crs))


def _points(document: dict[str, Any]) -> FloatArray:
    points = np.array(document['vertices'], dtype=np.float64).reshape(-1, 3)
    transform = document.get('transform')
    if transform is not None:
        points = points * np.array(transform['scale']) + np.array(transform['translate'])
    return points


def _things(objects: dict[str, Any], point_count: int) -> tuple[RawThing, ...]:
    gathered: dict[str, list[RawFace]] = {}
    lods: dict[str, float] = {}
    for name, item in objects.items():
        geometries = [
            geometry
            for geometry in item.get('geometry', ())
            if geometry['type'] in _DEPTHS and float(geometry.get('lod', 0)) >= 0.5
        ]
        # Ground may be of LoD 0; it lies flat anyway.
        if not geometries and _kind(objects, name) is not CityKind.BUILDING:
            geometries = [g for g in item.get('geometry', ()) if g['type'] in _DEPTHS]
        if not geometries:
            continue
        lod = max(float(geometry.get('lod', 0)) for geometry in geometries)
        root = _root(objects, name)
        lods[root] = max(lods.get(root, 0.0), lod)
        for geometry in geometries:
            if float(geometry.get('lod', 0)) == lod:
                gathered.setdefault(root, []).extend(_faces(geometry, point_count))
    return tuple(
        RawThing(name, _kind(objects, name), lods[name], tuple(gathered[name]))
        for name in objects
        if gathered.get(name)
    )


def _root(objects: dict[str, Any], name: str) -> str:
    """The building of a part (of a part); an object without parents itself."""
    for _ in range(10):
        parents = objects[name].get('parents', ())
        if not parents or parents[0] not in objects:
            break
        name = parents[0]
    return name


def _kind(objects: dict[str, Any], name: str) -> CityKind:
    return KINDS.get(objects[name]['type'].lstrip('+'), CityKind.OTHER)


def _faces(geometry: dict[str, Any], point_count: int) -> list[RawFace]:
    depth = _DEPTHS[geometry['type']]
    surfaces = _flat(geometry['boundaries'], depth)
    semantics = geometry.get('semantics')
    roles = [SurfaceRole.UNKNOWN] * len(surfaces)
    if semantics is not None:
        values = _flat_values(semantics['values'], depth, geometry['boundaries'])
        kinds = [ROLES.get(one['type'], SurfaceRole.UNKNOWN) for one in semantics['surfaces']]
        roles = [SurfaceRole.UNKNOWN if at is None else kinds[at] for at in values]
    faces = []
    for surface, role in zip(surfaces, roles, strict=True):
        rings = tuple(np.array(ring, dtype=np.int64) for ring in surface if len(ring) > 2)
        if any(ring.min() < 0 or ring.max() >= point_count for ring in rings):
            raise ValueError(f'a face names a vertex outside of 0 to {point_count - 1}')
        if rings:
            faces.append(RawFace(rings, role))
    return faces


def _flat(nested: list[Any], depth: int) -> list[Any]:
    for _ in range(depth):
        nested = [item for inner in nested for item in inner]
    return nested


def _flat_values(values: Any, depth: int, boundaries: list[Any]) -> list[int | None]:
    """Semantic values in the order of the surfaces; ``null`` may stand for a whole shell."""
    if depth == 0:
        return [None] * len(boundaries) if values is None else list(values)
    if values is None:
        return [None] * len(_flat(boundaries, depth))
    return [
        value
        for inner, part in zip(values, boundaries, strict=True)
        for value in _flat_values(inner, depth - 1, part)
    ]

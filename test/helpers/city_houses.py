# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A house with a gable roof as CityJSON and as CityGML 1.0, 2.0 and 3.0, written by hand.

Ground plan 10 m (easting) by 8 m (northing) in EPSG:25832, ground at 110 m, eaves 5 m and ridge
8 m above it, the ridge along the easting. Volume 10 x 8 x 5 + 10 x 8 x 3 / 2 = 520 m3.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ORIGIN = (455000.0, 5427000.0, 110.0)
VOLUME_M3 = 520.0

_CORNERS = (
    (0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (10.0, 8.0, 0.0), (0.0, 8.0, 0.0),
    (0.0, 0.0, 5.0), (10.0, 0.0, 5.0), (10.0, 8.0, 5.0), (0.0, 8.0, 5.0),
    (0.0, 4.0, 8.0), (10.0, 4.0, 8.0),
)  # fmt: skip

CORNERS = tuple(tuple(a + b for a, b in zip(ORIGIN, corner, strict=True)) for corner in _CORNERS)

#: Rings counter-clockwise from outside, and what each is.
FACES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ('GroundSurface', (0, 3, 2, 1)),
    ('WallSurface', (0, 1, 5, 4)),
    ('WallSurface', (1, 2, 6, 9, 5)),
    ('WallSurface', (2, 3, 7, 6)),
    ('WallSurface', (3, 0, 4, 8, 7)),
    ('RoofSurface', (4, 5, 9, 8)),
    ('RoofSurface', (6, 7, 8, 9)),
)


def cityjson(version: str = '2.0', *, semantics: bool = True) -> dict[str, Any]:
    """The document; 1.0 as plain metres with a number as LoD, later ones as millimetres."""
    lod: Any = 2 if version == '1.0' else '2.2'
    geometry: dict[str, Any] = {
        'type': 'Solid',
        'lod': lod,
        'boundaries': [[[list(ring)] for _, ring in FACES]],
    }
    kinds = ['GroundSurface', 'WallSurface', 'RoofSurface']
    if semantics:
        geometry['semantics'] = {
            'surfaces': [{'type': kind} for kind in kinds],
            'values': [[kinds.index(kind) for kind, _ in FACES]],
        }
    document: dict[str, Any] = {
        'type': 'CityJSON',
        'version': version,
        'metadata': {'referenceSystem': 'https://www.opengis.net/def/crs/EPSG/0/25832'},
        'CityObjects': {'house': {'type': 'Building', 'geometry': [geometry]}},
        'vertices': [list(corner) for corner in CORNERS],
    }
    if version != '1.0':
        document['transform'] = {'scale': [0.001, 0.001, 0.001], 'translate': list(ORIGIN)}
        document['vertices'] = [[round(1000.0 * value) for value in c] for c in _CORNERS]
    else:
        document['metadata'] = {'referenceSystem': 'urn:ogc:def:crs:EPSG::25832'}
    return document


def write_cityjson(path: Path, document: dict[str, Any]) -> Path:
    """Write a document and give its path."""
    path.write_text(json.dumps(document))
    return path


_NAMESPACES = {
    '1.0': (
        'http://www.opengis.net/citygml/1.0',
        'http://www.opengis.net/citygml/building/1.0',
        'http://www.opengis.net/gml',
    ),
    '2.0': (
        'http://www.opengis.net/citygml/2.0',
        'http://www.opengis.net/citygml/building/2.0',
        'http://www.opengis.net/gml',
    ),
    '3.0': (
        'http://www.opengis.net/citygml/3.0',
        'http://www.opengis.net/citygml/building/3.0',
        'http://www.opengis.net/gml/3.2',
    ),
}


def citygml(version: str, *, crs: str = 'EPSG:25832') -> str:
    """The document: boundary surfaces, and a solid that refers to them."""
    core, building, gml = _NAMESPACES[version]
    bounded = 'core:boundary' if version == '3.0' else 'bldg:boundedBy'
    prefix = 'core' if version == '3.0' else 'bldg'
    surface = 'con' if version == '3.0' else 'bldg'
    surfaces = ''.join(
        f'<{bounded}><{surface}:{kind} gml:id="s{number}"><{prefix}:lod2MultiSurface>'
        f'<gml:MultiSurface><gml:surfaceMember>{_polygon(number, ring, version)}'
        f'</gml:surfaceMember></gml:MultiSurface></{prefix}:lod2MultiSurface>'
        f'</{surface}:{kind}></{bounded}>'
        for number, (kind, ring) in enumerate(FACES)
    )
    shell = ''.join(f'<gml:surfaceMember xlink:href="#p{n}"/>' for n in range(len(FACES)))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<core:CityModel xmlns:core="{core}" xmlns:bldg="{building}" xmlns:gml="{gml}" '
        'xmlns:con="http://www.opengis.net/citygml/construction/3.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<gml:boundedBy><gml:Envelope srsName="{crs}" srsDimension="3"/></gml:boundedBy>'
        '<core:cityObjectMember><bldg:Building gml:id="house">'
        f'<{prefix}:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface>{shell}'
        f'</gml:CompositeSurface></gml:exterior></gml:Solid></{prefix}:lod2Solid>'
        f'{surfaces}</bldg:Building></core:cityObjectMember></core:CityModel>'
    )


def _polygon(number: int, ring: tuple[int, ...], version: str) -> str:
    """Coordinates as pos in 1.0, as posList later."""
    closed = [*ring, ring[0]]
    words = [' '.join(f'{value:.3f}' for value in CORNERS[at]) for at in closed]
    if version == '1.0':
        places = ''.join(f'<gml:pos>{word}</gml:pos>' for word in words)
    else:
        places = f'<gml:posList srsDimension="3">{" ".join(words)}</gml:posList>'
    return (
        f'<gml:Polygon gml:id="p{number}"><gml:exterior><gml:LinearRing>{places}'
        '</gml:LinearRing></gml:exterior></gml:Polygon>'
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""OpenStreetMap XML (API 0.6) as it is written: nodes, ways, relations, tags.

Source: OpenStreetMap wiki, "OSM XML"; key ``osm_xml``. Data of OpenStreetMap is under the ODbL,
(c) OpenStreetMap contributors: say so wherever a world made of it is shown.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator, Mapping
import dataclasses
import gzip
from pathlib import Path
from typing import IO, cast
from xml.etree import ElementTree

import numpy as np

from geoloc_ros.errors import MapError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import FloatArray, GeodeticPosition


@dataclasses.dataclass(frozen=True, slots=True)
class OsmNode:
    """A place; ``tags`` is empty for most."""

    lat_deg: float
    lon_deg: float
    tags: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class OsmWay:
    """A line, or an outline where its first node is its last."""

    number: int
    nodes: tuple[int, ...]
    tags: Mapping[str, str]

    @property
    def is_closed(self) -> bool:
        """It ends where it begins and has an inside."""
        return len(self.nodes) > 3 and self.nodes[0] == self.nodes[-1]


@dataclasses.dataclass(frozen=True, slots=True)
class OsmMember:
    """A member of a relation; ``kind`` is node, way or relation."""

    kind: str
    number: int
    role: str


@dataclasses.dataclass(frozen=True, slots=True)
class OsmRelation:
    """Things that belong together."""

    number: int
    members: tuple[OsmMember, ...]
    tags: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class OsmMap:
    """A file's contents by number; what an editor has deleted is left out.

    Attributes:
        nodes: places.
        ways: in the order of the file; nodes that the file lacks are left out of them.
        relations: in the order of the file.
        bounds_deg: (south, west, north, east) as the file states them, ``None`` if it does not.
    """

    nodes: Mapping[int, OsmNode]
    ways: Mapping[int, OsmWay]
    relations: Mapping[int, OsmRelation]
    bounds_deg: tuple[float, float, float, float] | None

    def middle(self) -> GeodeticPosition:
        """Middle of the bounds at height 0, a datum for a map that nobody gave one."""
        south, west, north, east = self.extent_deg()
        return GeodeticPosition((south + north) / 2.0, (west + east) / 2.0)

    def extent_deg(self) -> tuple[float, float, float, float]:
        """(south, west, north, east) of the stated bounds, of all nodes where there are none."""
        if self.bounds_deg is not None:
            return self.bounds_deg
        degrees = np.array([(node.lat_deg, node.lon_deg) for node in self.nodes.values()])
        (south, west), (north, east) = degrees.min(axis=0), degrees.max(axis=0)
        return float(south), float(west), float(north), float(east)

    def places_m(self, datum: GeodeticPosition) -> dict[int, FloatArray]:
        """Place of every node in ``map``, shape (2,) each.

        The nodes have no heights. They get the datum's: a wrong height moves a place (see
        ``geodesy.datum``), and this one is that of the trajectories driven here.
        """
        degrees = np.array([(node.lat_deg, node.lon_deg) for node in self.nodes.values()])
        heights = np.full(len(degrees), datum.alt_m)
        enu = Datum(datum).enu_from_geodetic_array(degrees[:, 0], degrees[:, 1], heights)
        return dict(zip(self.nodes, enu[:, :2].copy(), strict=True))


def read_osm(path: Path) -> OsmMap:
    """Read a .osm file, plain or compressed (.bz2, .gz).

    Raises:
        MapError: it cannot be read, is no OSM XML or holds no node.
    """
    nodes: dict[int, OsmNode] = {}
    ways: dict[int, OsmWay] = {}
    relations: dict[int, OsmRelation] = {}
    bounds: tuple[float, float, float, float] | None = None
    try:
        with _opened(path) as file:
            for element in _elements(file):
                number = int(element.get('id', '0'))
                if element.tag == 'bounds':
                    bounds = _bounds(element)
                elif element.get('action') == 'delete' or element.get('visible') == 'false':
                    continue
                elif element.tag == 'node':
                    lat, lon = float(element.attrib['lat']), float(element.attrib['lon'])
                    nodes[number] = OsmNode(lat, lon, _tags(element))
                elif element.tag == 'way':
                    refs = tuple(int(ref.attrib['ref']) for ref in element.iter('nd'))
                    ways[number] = OsmWay(number, refs, _tags(element))
                elif element.tag == 'relation':
                    relations[number] = OsmRelation(number, _members(element), _tags(element))
    except (OSError, EOFError, ElementTree.ParseError, ValueError, KeyError) as error:
        raise MapError(
            f'{path} cannot be read ({type(error).__name__}: {error}); expected OpenStreetMap '
            'XML, plain or compressed as .bz2 or .gz; download the extract again'
        ) from error
    if not nodes:
        raise MapError(
            f'{path} holds no node; expected an OpenStreetMap extract; check that it is the '
            'XML form (.osm), not PBF'
        )
    whole = {
        number: dataclasses.replace(way, nodes=tuple(n for n in way.nodes if n in nodes))
        for number, way in ways.items()
    }
    return OsmMap(nodes, whole, relations, bounds)


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == '.bz2':
        return cast('IO[bytes]', bz2.open(path, 'rb'))
    if path.suffix == '.gz':
        return cast('IO[bytes]', gzip.open(path, 'rb'))
    return path.open('rb')


def _elements(file: IO[bytes]) -> Iterator[ElementTree.Element]:
    """The things of a file one by one; memory is given back after each."""
    events = ElementTree.iterparse(file, events=('start', 'end'))
    _, root = next(events)
    if root.tag != 'osm':
        raise ValueError(f'its root element is {root.tag!r}, not osm')
    for event, element in events:
        if event == 'end' and element.tag in ('bounds', 'node', 'way', 'relation'):
            yield element
            root.clear()


def _tags(element: ElementTree.Element) -> dict[str, str]:
    return {tag.attrib['k']: tag.attrib['v'] for tag in element.iter('tag')}


def _members(element: ElementTree.Element) -> tuple[OsmMember, ...]:
    return tuple(
        OsmMember(member.attrib['type'], int(member.attrib['ref']), member.get('role', ''))
        for member in element.iter('member')
    )


def _bounds(element: ElementTree.Element) -> tuple[float, float, float, float]:
    south, west, north, east = (
        float(element.attrib[name]) for name in ('minlat', 'minlon', 'maxlat', 'maxlon')
    )
    return south, west, north, east

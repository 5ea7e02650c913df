# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Outlines of a map as polygons: closed ways, and multipolygons put together of open ones.

Source: OpenStreetMap wiki, "Relation:multipolygon"; key ``osm_multipolygon``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
import dataclasses

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.world.osm_reader import OsmMap, OsmRelation
from geoloc_sim.world.osm_tags import Tags

_SMALLEST_M2 = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class OsmOutline:
    """An area of a map.

    Attributes:
        number: of its way or relation; relations are counted from 2^40 to keep them apart.
        tags: its own; those of its outer way where a relation has none.
        shape: valid, not empty; a MultiPolygon for an area of several parts.
    """

    number: int
    tags: Tags
    shape: Polygon | MultiPolygon


def outlines(
    osm_map: OsmMap, places_m: Mapping[int, FloatArray], wanted: Callable[[Tags], bool]
) -> Iterator[OsmOutline]:
    """The areas whose tags are wanted: multipolygon relations first, then closed ways.

    An outer way that bears the tags of its relation, as in old maps, is not given again.
    """
    used: set[int] = set()
    for relation in osm_map.relations.values():
        if relation.tags.get('type') not in ('multipolygon', 'boundary'):
            continue
        outers = [
            member.number
            for member in relation.members
            if member.kind == 'way' and member.role != 'inner' and member.number in osm_map.ways
        ]
        own = {key: value for key, value in relation.tags.items() if key != 'type'}
        from_way = not wanted(own) and bool(outers)
        tags = osm_map.ways[outers[0]].tags if from_way else own
        if not wanted(tags):
            continue
        shape = _relation_shape(relation, osm_map, places_m)
        if not shape.is_empty:
            used.update(outers)
            yield OsmOutline(2**40 + abs(relation.number), tags, shape)
    for way in osm_map.ways.values():
        if way.number in used or not way.is_closed or not wanted(way.tags):
            continue
        shape = polygonal(Polygon([places_m[node] for node in way.nodes]))
        if not shape.is_empty:
            yield OsmOutline(abs(way.number), way.tags, shape)


def polygonal(shape: BaseGeometry) -> Polygon | MultiPolygon:
    """A shape made valid, without lines, points and slivers; an empty polygon if none is left."""
    valid = shape if shape.is_valid else shapely.make_valid(shape)
    parts = shapely.get_parts(shapely.get_parts(valid))
    kept = [part for part in parts if part.geom_type == 'Polygon' and part.area >= _SMALLEST_M2]
    if not kept:
        return Polygon()
    return kept[0] if len(kept) == 1 else MultiPolygon(kept)


def rings_of(lines: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Closed rings of nodes put together of lines that share end nodes; the rest is dropped."""
    rings = []
    waiting = [line for line in lines if len(line) > 1]
    while waiting:
        ring = waiting.pop()
        while ring[0] != ring[-1]:
            found = next(
                (k for k, line in enumerate(waiting) if ring[-1] in (line[0], line[-1])), -1
            )
            if found < 0:
                break
            line = waiting.pop(found)
            ring += (line if line[0] == ring[-1] else line[::-1])[1:]
        if len(ring) > 3 and ring[0] == ring[-1]:
            rings.append(ring)
    return rings


def _relation_shape(
    relation: OsmRelation, osm_map: OsmMap, places_m: Mapping[int, FloatArray]
) -> Polygon | MultiPolygon:
    """Outer rings without the inner ones."""
    sides: list[BaseGeometry] = []
    for inner in (False, True):
        lines = [
            osm_map.ways[member.number].nodes
            for member in relation.members
            if member.kind == 'way'
            and (member.role == 'inner') is inner
            and member.number in osm_map.ways
        ]
        shapes = [
            polygonal(Polygon(np.array([places_m[node] for node in ring])))
            for ring in rings_of(lines)
        ]
        sides.append(shapely.union_all(shapes) if shapes else Polygon())
    return polygonal(shapely.difference(sides[0], sides[1]))

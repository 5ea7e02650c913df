# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Ground and trees of a map: green, water, squares, car parks; single trees and rows of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.world.osm_reader import OsmMap
from geoloc_sim.world.osm_rings import OsmOutline, outlines, polygonal
from geoloc_sim.world.osm_tags import GROUND, WATERWAYS_M, Tags, is_area, metres
from geoloc_sim.world.records import Area, AreaKind, Tree, TreeKind

_TREE_SPACING_M = 9.0
_CONIFERS = ('needleleaved', 'needle-leaved', 'conifer', 'coniferous')


def ground_rank(tags: Tags) -> int | None:
    """Place in ``osm_tags.GROUND`` of an area's ground; ``None`` for other things."""
    if not (is_area(tags) or tags.get('area') == 'yes'):
        return None
    if tags.get('parking') in ('underground', 'multi-storey') or tags.get('tunnel') == 'yes':
        return None
    for rank, (key, values, _) in enumerate(GROUND):
        if tags.get(key) in values:
            return rank
    return None


def build_areas(
    osm_map: OsmMap, places_m: Mapping[int, FloatArray], bounds: Polygon, seed: int
) -> tuple[Area, ...]:
    """Ground within bounds, the larger of a kind below the smaller."""
    found: list[tuple[int, float, OsmOutline]] = []
    for outline in outlines(osm_map, places_m, lambda tags: ground_rank(tags) is not None):
        rank = ground_rank(outline.tags)
        if rank is not None and bounds.intersects(outline.shape):
            found.append((rank, -outline.shape.area, outline))
    found.sort(key=lambda entry: (entry[0], entry[1], entry[2].number))
    areas = []
    water_rank = next(k for k, (_, _, kind) in enumerate(GROUND) if kind is AreaKind.WATER)
    streams = _waterways(osm_map, places_m, bounds)
    for rank, _, outline in found:
        if rank > water_rank:
            areas += streams
            streams = []
        tone = float(stream('osm ground', seed, outline.number).uniform(0.88, 1.12))
        areas += _parts(outline.shape, bounds, GROUND[rank][2], tone)
    return (*areas, *streams)


def industry(
    osm_map: OsmMap, places_m: Mapping[int, FloatArray], bounds: Polygon
) -> shapely.Geometry:
    """Ground of industry and trade."""
    kinds = ('industrial', 'commercial', 'retail', 'railway', 'greenhouse_horticulture')
    shapes = [
        outline.shape
        for outline in outlines(osm_map, places_m, lambda tags: tags.get('landuse') in kinds)
        if outline.shape.intersects(bounds)
    ]
    return shapely.union_all(shapes) if shapes else Polygon()


def homes(
    osm_map: OsmMap, places_m: Mapping[int, FloatArray], bounds: Polygon
) -> shapely.Geometry:
    """Ground that is mapped as residential."""
    wanted = outlines(osm_map, places_m, lambda tags: tags.get('landuse') == 'residential')
    shapes = [outline.shape for outline in wanted if outline.shape.intersects(bounds)]
    return shapely.union_all(shapes) if shapes else Polygon()


def build_trees(
    osm_map: OsmMap, places_m: Mapping[int, FloatArray], bounds: Polygon, seed: int
) -> tuple[Tree, ...]:
    """Mapped trees and rows of trees within bounds; sizes as tagged, else drawn."""
    spots = [
        (number, 0, places_m[number], node.tags)
        for number, node in osm_map.nodes.items()
        if node.tags.get('natural') == 'tree'
    ]
    for way in osm_map.ways.values():
        if way.tags.get('natural') != 'tree_row' or len(way.nodes) < 2:
            continue
        line = LineString([places_m[node] for node in way.nodes])
        count = max(1, round(line.length / _TREE_SPACING_M))
        places = shapely.get_coordinates(
            shapely.line_interpolate_point(line, np.linspace(0.0, line.length, count + 1))
        )
        spots += [(way.number, at, place, way.tags) for at, place in enumerate(places)]
    west, south, east, north = bounds.bounds
    return tuple(
        _tree(place, tags, stream('osm tree', seed, abs(number), at))
        for number, at, place, tags in spots
        if west < place[0] < east and south < place[1] < north
    )


def _tree(place: FloatArray, tags: Tags, generator: np.random.Generator) -> Tree:
    height = metres(tags, 'height') or float(generator.uniform(6.0, 15.0))
    height = float(np.clip(height, 1.5, 40.0))
    crown = metres(tags, 'diameter_crown')
    share = float(generator.uniform(0.22, 0.36))
    radius = crown / 2.0 if crown is not None else share * height
    leaves = tags.get('leaf_type', tags.get('type', ''))
    columnar = generator.random() < 0.08
    kind = TreeKind.COLUMNAR if columnar else TreeKind.BROADLEAF
    if leaves in _CONIFERS:
        kind = TreeKind.CONIFER
    radius = float(np.clip(radius, 0.4, 9.0))
    return Tree(float(place[0]), float(place[1]), height, radius, kind)


def _parts(shape: shapely.Geometry, bounds: Polygon, kind: AreaKind, tone: float) -> list[Area]:
    inside = polygonal(shapely.intersection(shape, bounds, grid_size=0.001))
    return [Area(part, kind, tone) for part in shapely.get_parts(inside) if not part.is_empty]


def _waterways(osm_map: OsmMap, places_m: Mapping[int, FloatArray], bounds: Polygon) -> list[Area]:
    """Running water mapped as a line, unless it runs in a pipe."""
    strips: list[shapely.Geometry] = []
    for way in osm_map.ways.values():
        kind = way.tags.get('waterway', '')
        if kind not in WATERWAYS_M or way.tags.get('tunnel', 'no') != 'no' or len(way.nodes) < 2:
            continue
        width = metres(way.tags, 'width') or WATERWAYS_M[kind]
        line = LineString([places_m[node] for node in way.nodes])
        strips.append(line.buffer(width / 2.0, quad_segs=3))
    return _parts(shapely.union_all(strips), bounds, AreaKind.WATER, 1.0) if strips else []

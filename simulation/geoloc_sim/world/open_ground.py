# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Ground that belongs to no building: verges, leftover strips, meadows, rails of bridges."""

from __future__ import annotations

import itertools

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_sim.randomness import stream
from geoloc_sim.world.gardens import Lawn
from geoloc_sim.world.overlay import polygons_of, united, without
from geoloc_sim.world.planting import Ground
from geoloc_sim.world.plots import Plots
from geoloc_sim.world.records import (
    Area,
    AreaKind,
    BuildingUse,
    Fixture,
    FixtureKind,
    Layout,
)
from geoloc_sim.world.roads import Roads

_NARROW_M = 5.0
_RAIL_M = 6.0
_RAIL_WIDTH_M = 0.08


def open_ground(layout: Layout, plots: Plots) -> tuple[list[Area], list[Lawn]]:
    """Cover what plots and the layout's own areas leave of the blocks.

    Narrow strips beside paved ground or town houses are paved, everything else is green.
    """
    own = [area.polygon for area in layout.areas]
    tree = shapely.STRtree(own)
    hard = _hard_ground(layout)
    by_block: dict[int, list[Polygon]] = {}
    for plot in plots.plots:
        by_block.setdefault(plot.block, []).append(plot.ground)
    areas: list[Area] = []
    lawns: list[Lawn] = []
    for number, block in enumerate(plots.blocks):
        rng = stream('open ground', layout.seed, number)
        near = np.sort(tree.query(block, predicate='intersects'))
        taken = [*by_block.get(number, []), *(own[i] for i in near.tolist())]
        rest = without(block, united(taken))
        for part in polygons_of(rest, 0.3):
            tone = float(rng.uniform(0.85, 1.12))
            narrow = 2.0 * part.area / part.length < _NARROW_M / 2.0
            if narrow and len(hard.query(part, predicate='dwithin', distance=1.0)):
                areas.append(Area(part, AreaKind.PAVEMENT, tone))
                continue
            areas.append(Area(part, AreaKind.GRASS, tone))
            if not narrow:
                lawns.append(Lawn(part, BuildingUse.APARTMENTS))
    return areas, lawns


def bridge_rails(
    layout: Layout, roads: Roads, widths: dict[int, float], ground: Ground
) -> list[Fixture]:
    """Rails along the outer edges of streets over water."""
    water = [area.polygon for area in layout.areas if area.kind is AreaKind.WATER]
    if not water:
        return []
    wet = shapely.buffer(shapely.union_all(water), 1.0)
    shapely.prepare(wet)
    rails: list[Fixture] = []
    for body in roads.bodies:
        length = body.frame.length_m
        if body.street.tunnel or not wet.intersects(body.frame.line(0.0, length)):
            continue
        for side in (-1.0, 1.0):
            offset = side * (body.street.width_m / 2.0 + max(widths[body.number] - 0.12, 0.4))
            edge = body.frame.line(0.0, length, offset)
            over = shapely.difference(shapely.intersection(edge, wet), roads.region)
            rails += [rail for part in shapely.get_parts(over) for rail in _rails(part, ground)]
    return rails


def _rails(line: BaseGeometry, ground: Ground) -> list[Fixture]:
    """Straight pieces along a line, where neither a road nor a building is in the way."""
    if line.geom_type != 'LineString' or line.length < 2.0:
        return []
    rails = []
    points = shapely.get_coordinates(shapely.segmentize(line.simplify(0.05), _RAIL_M)).tolist()
    pieces = shapely.linestrings(list(itertools.pairwise(points)))
    free = ground.roads.clear_shapes(pieces, _RAIL_WIDTH_M)
    free &= ground.buildings.clear_shapes(pieces, _RAIL_WIDTH_M)
    for piece in pieces[free]:
        (x0, y0), (x1, y1) = piece.coords
        yaw = float(np.arctan2(y1 - y0, x1 - x0))
        x, y = (x0 + x1) / 2.0, (y0 + y1) / 2.0
        rails.append(Fixture(x, y, yaw, FixtureKind.FENCE, piece.length, _RAIL_WIDTH_M))
    return rails


def _hard_ground(layout: Layout) -> shapely.STRtree:
    """Squares, courtyards, car parks and buildings of towns: beside them strips are paved."""
    kinds = (AreaKind.SQUARE, AreaKind.COURTYARD, AreaKind.PARKING)
    town = (BuildingUse.SHOPS, BuildingUse.OFFICE, BuildingUse.INDUSTRIAL, BuildingUse.CHURCH)
    shapes = [area.polygon for area in layout.areas if area.kind in kinds]
    shapes += [building.footprint for building in layout.buildings if building.use in town]
    return shapely.STRtree(shapes)

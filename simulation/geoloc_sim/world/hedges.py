# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Hedges and fences along the plots, with gaps where paths lead in."""

from __future__ import annotations

import itertools

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoloc_sim.randomness import stream
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.gardens import Gardens
from geoloc_sim.world.planting import Ground
from geoloc_sim.world.plots import Plots
from geoloc_sim.world.records import BuildingUse, Fixture, FixtureKind, Layout

_SETBACK_M = 0.45
_WIDTH_M = {FixtureKind.HEDGE: 0.7, FixtureKind.FENCE: 0.06}
_SHORTEST_M = 1.2
_LONGEST_M = 12.0


def hedges(
    layout: Layout, plots: Plots, gardens: Gardens, ground: Ground, settings: DressingSettings
) -> list[Fixture]:
    """Fixtures along street fronts of houses and along the borders between gardens."""
    green = shapely.STRtree([lawn.ground for lawn in gardens.lawns])
    paths = shapely.union_all([path.buffer(0.3) for path in gardens.paths])
    shapely.prepare(paths)
    fixtures: list[Fixture] = []
    rims = [block.buffer(-_SETBACK_M, quad_segs=2).boundary for block in plots.blocks]
    for plot in plots.plots:
        rng = stream('front hedge', layout.seed, plot.building.number, plot.block)
        share = settings.hedge_share
        if plot.building.use is not BuildingUse.HOUSE:
            share *= 0.25
        if rng.random() >= share:
            continue
        kind = FixtureKind.HEDGE if rng.random() < 0.6 else FixtureKind.FENCE
        front = shapely.intersection(rims[plot.block], plot.ground.buffer(-0.3))
        fixtures += _along(front, kind, paths, green, ground)
    rng = stream('border hedge', layout.seed)
    for border in plots.borders:
        if rng.random() < settings.hedge_share:
            kind = FixtureKind.HEDGE if rng.random() < 0.45 else FixtureKind.FENCE
            fixtures += _along(border, kind, paths, green, ground)
    return fixtures


def _along(
    line: BaseGeometry,
    kind: FixtureKind,
    paths: BaseGeometry,
    green: shapely.STRtree,
    ground: Ground,
) -> list[Fixture]:
    """Straight pieces along a line, where it runs through gardens and nothing is in the way."""
    free = line.difference(paths) if paths.intersects(line) else line
    segments = []
    for part in shapely.get_parts(free):
        if part.geom_type not in ('LineString', 'LinearRing') or part.length < _SHORTEST_M:
            continue
        points = shapely.get_coordinates(shapely.segmentize(part.simplify(0.25), _LONGEST_M))
        segments += list(itertools.pairwise(points))
    if not segments:
        return []
    pieces = shapely.linestrings(np.array(segments))
    half = _WIDTH_M[kind] / 2.0
    in_garden = np.zeros(len(pieces), dtype=bool)
    in_garden[green.query(pieces, predicate='dwithin', distance=0.8)[0]] = True
    keep = (
        in_garden
        & (shapely.length(pieces) >= _SHORTEST_M)
        & ground.roads.clear_shapes(pieces, half + 0.1)
        & ground.buildings.clear_shapes(pieces, half + 0.15)
        & ground.wet.clear_shapes(pieces, half + 0.1)
    )
    fixtures = []
    for (start, end), kept in zip(segments, keep, strict=True):
        if kept:
            x, y = ((start + end) / 2.0).tolist()
            east, north = end - start
            length = float(np.hypot(east, north))
            yaw = float(np.arctan2(north, east))
            fixtures.append(Fixture(x, y, yaw, kind, length, _WIDTH_M[kind]))
    return fixtures

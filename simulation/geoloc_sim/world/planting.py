# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Trees and bushes along streets, in gardens, in parks and on car parks."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.world.bays import Bay
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.free_space import Obstacles, Spacing, points_inside
from geoloc_sim.world.gardens import Lawn
from geoloc_sim.world.records import AreaKind, BuildingUse, Layout, RoadClass, Tree, TreeKind
from geoloc_sim.world.roads import Roads, StreetBody

_ROAD_CLEARANCE_M = 0.55
_LARGEST_PARK_TREES = 4000


@dataclasses.dataclass(frozen=True, slots=True)
class Ground:
    """What trees and furniture keep away from.

    Attributes:
        roads: roadways, bays, car parks and slots.
        buildings: footprints.
        wet: water.
        paths: paths and driveways.
        spacing: of the things already placed.
    """

    roads: Obstacles
    buildings: Obstacles
    wet: Obstacles
    paths: Obstacles
    spacing: Spacing


def known_trees(layout: Layout, ground: Ground) -> list[Tree]:
    """The layout's own trees, but for those on a roadway or in a building."""
    places = np.array([(tree.x_m, tree.y_m) for tree in layout.trees]).reshape(-1, 2)
    free = ground.roads.clear(places, 0.3) & ground.buildings.clear(places, 0.5)
    return [
        tree
        for tree, is_free in zip(layout.trees, free, strict=True)
        if is_free and ground.spacing.take(tree.x_m, tree.y_m, 0.6)
    ]


def tree_rows(
    layout: Layout,
    roads: Roads,
    bays: tuple[Bay, ...],
    widths: dict[int, float],
    ground: Ground,
    settings: DressingSettings,
) -> list[Tree]:
    """Rows of one kind and about one size along some street sides, and between bays."""
    trees: list[Tree] = []
    with_bays = {(bay.street, bay.side) for bay in bays}
    for body in roads.bodies:
        for side in (-1, 1):
            rng = stream('tree row', layout.seed, body.number, 1 + side)
            share = settings.tree_row_share * (1.5 if (body.number, side) in with_bays else 1.0)
            if body.street.tunnel or not body.exists or rng.random() >= share:
                continue
            width = widths[body.number]
            places = _row(body, side, width, rng, settings)
            if (body.number, side) in with_bays:
                depth = max(b.depth_m for b in bays if (b.street, b.side) == (body.number, side))
                beyond = body.frame.points(
                    np.arange(body.start_m + 6.0, body.end_m - 6.0, 9.0),
                    side * (body.street.width_m / 2.0 + depth + max(width - 0.6, 0.8)),
                )
                places = np.concatenate([places, beyond])
            kind, height, crown = _row_habit(body.street.road_class, rng)
            trees += _placed(places, kind, height, crown, ground, rng, apart_m=2.6)
    return trees


def garden_trees(
    layout: Layout, lawns: Sequence[Lawn], ground: Ground, settings: DressingSettings
) -> list[Tree]:
    """Trees and bushes of the lawns, mixed in kind and size."""
    trees: list[Tree] = []
    for number, lawn in enumerate(lawns):
        rng = stream('garden trees', layout.seed, number)
        inner = lawn.ground.buffer(-0.7)
        if inner.is_empty:
            continue
        count = int(rng.poisson(lawn.ground.area / settings.garden_tree_m2))
        tall = 1.0 if lawn.use is BuildingUse.HOUSE else 1.35
        trees += _mixed(inner, count, 0.35, tall, ground, rng)
    return trees


def park_trees(layout: Layout, ground: Ground, settings: DressingSettings) -> list[Tree]:
    """Groups of trees on the layout's own green, bushes at the water."""
    trees: list[Tree] = []
    for number, area in enumerate(layout.areas):
        rng = stream('park trees', layout.seed, number)
        if area.kind is AreaKind.GRASS and area.polygon.area > 30.0:
            count = min(
                rng.poisson(area.polygon.area / settings.park_tree_m2), _LARGEST_PARK_TREES
            )
            trees += _mixed(area.polygon.buffer(-0.8), int(count), 0.15, 1.4, ground, rng)
        elif area.kind is AreaKind.WATER:
            bank = area.polygon.buffer(5.0).difference(area.polygon.buffer(1.2))
            count = int(rng.poisson(bank.area / 60.0))
            trees += _mixed(bank, count, 0.5, 1.2, ground, rng)
        elif area.kind is AreaKind.SQUARE and area.polygon.area > 200.0:
            trees += _square_trees(area.polygon, ground, rng)
    return trees


def _row(
    body: StreetBody, side: int, width: float, rng: np.random.Generator, settings: DressingSettings
) -> FloatArray:
    """Regular places behind the kerb, a little uneven."""
    spacing = settings.tree_spacing_m * rng.uniform(0.75, 1.35)
    start = body.start_m + 7.0 + rng.uniform(0.0, spacing)
    stations = np.arange(start, body.end_m - 7.0, spacing)
    stations = stations + rng.normal(0.0, 0.3, size=len(stations))
    behind = 0.75 if width > 1.9 else width + 1.0
    return body.frame.points(stations, side * (body.street.width_m / 2.0 + behind))


def _row_habit(road_class: RoadClass, rng: np.random.Generator) -> tuple[TreeKind, float, float]:
    """Kind, height and crown radius that a row has in common."""
    columnar = rng.random() < 0.22
    tall = 1.25 if road_class in (RoadClass.PRIMARY, RoadClass.SECONDARY) else 1.0
    height = float(rng.uniform(6.0, 12.0)) * tall
    if columnar:
        return TreeKind.COLUMNAR, height * 1.1, 0.14 * height
    return TreeKind.BROADLEAF, height, height * float(rng.uniform(0.26, 0.36))


def _placed(
    places: FloatArray,
    kind: TreeKind,
    height: float,
    crown: float,
    ground: Ground,
    rng: np.random.Generator,
    *,
    apart_m: float,
) -> list[Tree]:
    sizes = np.clip(rng.normal(1.0, 0.12, size=len(places)), 0.6, 1.35)
    missing = rng.random(len(places)) < 0.07
    free = (
        ground.roads.clear(places, _ROAD_CLEARANCE_M)
        & ground.buildings.clear(places, np.maximum(0.7 * crown * sizes, 0.9))
        & ground.wet.clear(places, 0.8)
        & ground.paths.clear(places, 0.3)
        & ~missing
    )
    return [
        Tree(x, y, height * size, crown * size, kind)
        for (x, y), size, is_free in zip(places.tolist(), sizes.tolist(), free, strict=True)
        if is_free and ground.spacing.take(x, y, apart_m / 2.0)
    ]


def _mixed(
    polygon: Polygon,
    count: int,
    bush_share: float,
    tall: float,
    ground: Ground,
    rng: np.random.Generator,
) -> list[Tree]:
    """Trees of all kinds, partly in groups."""
    if polygon.is_empty or count == 0:
        return []
    places = points_inside(polygon, count, rng)
    grouped = rng.random(len(places)) < 0.4
    if grouped.any() and len(places) > 4:
        leaders = places[rng.integers(0, len(places), size=int(grouped.sum()))]
        places[grouped] = leaders + rng.normal(0.0, 4.0, size=leaders.shape)
        inside = Obstacles([polygon]).clear(places, 0.0)
        places = places[~inside]
    trees: list[Tree] = []
    for place in places:
        kind, height, crown = _habit(bush_share, tall, rng)
        trees += _placed(place[None], kind, height, crown, ground, rng, apart_m=crown)
    return trees


def _habit(
    bush_share: float, tall: float, rng: np.random.Generator
) -> tuple[TreeKind, float, float]:
    draw = rng.random()
    if draw < bush_share:
        height = float(rng.uniform(0.8, 2.4))
        return TreeKind.BUSH, height, height * float(rng.uniform(0.5, 0.8))
    if draw > 0.84:
        height = float(rng.uniform(6.0, 14.0)) * tall
        return TreeKind.CONIFER, height, height * float(rng.uniform(0.16, 0.24))
    height = float(np.clip(rng.gamma(6.0, 1.2), 3.0, 14.0)) * tall
    return TreeKind.BROADLEAF, height, min(height * float(rng.uniform(0.28, 0.45)), 6.0)


def _square_trees(square: Polygon, ground: Ground, rng: np.random.Generator) -> list[Tree]:
    """A grid of equal trees over part of a square."""
    west, south, east, north = square.bounds
    spacing = rng.uniform(6.5, 9.0)
    yaw = rng.uniform(0.0, np.pi / 2.0)
    reach = np.hypot(east - west, north - south) / 2.0
    axis = np.arange(-reach, reach, spacing)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    keep = grid[:, 0] * rng.choice([-1.0, 1.0]) > reach * rng.uniform(-0.1, 0.3)
    cos, sin = np.cos(yaw), np.sin(yaw)
    places = grid[keep] @ np.array([[cos, sin], [-sin, cos]])
    places += ((west + east) / 2.0, (south + north) / 2.0)
    inside = ~Obstacles([square.buffer(-2.5)]).clear(places, 0.0)
    height = float(rng.uniform(6.0, 10.0))
    return _placed(
        places[inside], TreeKind.BROADLEAF, height, 0.32 * height, ground, rng, apart_m=4.0
    )

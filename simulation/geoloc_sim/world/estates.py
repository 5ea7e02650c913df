# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Large buildings that stand free: slabs and towers, schools and offices, industrial halls."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.world.blocks import Block
from geoloc_sim.world.building_types import BlockContents, PlannedBuilding, planned
from geoloc_sim.world.curves import left_of
from geoloc_sim.world.footprints import extent_along, inscribed_middle, largest, placed
from geoloc_sim.world.records import Area, AreaKind, BuildingUse, RoofKind


def slab_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """Parallel slabs on a lawn, a tower among some of them, a parking ground beside."""
    room = block.polygon.buffer(-float(generator.uniform(3.0, 7.0)))
    ahead, length, width = block.axes()
    if generator.random() < 0.5:
        ahead, length, width = left_of(ahead), width, length
    middle = np.asarray(block.polygon.centroid.coords[0])
    spacing = float(generator.uniform(24.0, 34.0))
    depth = float(generator.uniform(11.0, 13.5))
    storeys = int(generator.integers(3, 8))
    count = int(width // spacing) + 1
    buildings: list[PlannedBuilding] = []
    for k in range(count):
        offset = (k - (count - 1) / 2.0) * spacing
        strip = _strip(middle + offset * left_of(ahead), ahead, length, depth)
        for piece in _fitting(strip, room, depth, ahead):
            tall = generator.random() < 0.2
            buildings += _slab_or_tower(piece, tall, depth, storeys, ahead, room, generator)
    buildings = _apart(buildings, 5.0)
    return BlockContents(tuple(buildings), _parking(block, buildings, generator, 0.6))


def _strip(middle: FloatArray, ahead: FloatArray, length: float, depth: float) -> Polygon:
    box = shapely.box(-length / 2.0, -depth / 2.0, length / 2.0, depth / 2.0)
    return placed(box, middle, ahead)


def _fitting(strip: Polygon, room: BaseGeometry, depth: float, ahead: FloatArray) -> list[Polygon]:
    """Rectangles of the strip that lie inside the room."""
    found = []
    middle = np.asarray(strip.centroid.coords[0])
    edges = [middle + sign * depth / 2.0 * left_of(ahead) for sign in (-1.0, 1.0)]
    inside: BaseGeometry | None = None
    for edge in edges:
        line = LineString((edge - 2000.0 * ahead, edge + 2000.0 * ahead)).intersection(room)
        onto = shapely.transform(
            line, lambda points: ((points - middle) @ ahead)[:, None] * [1, 0]
        )
        inside = onto if inside is None else inside.intersection(onto)
    for part in shapely.get_parts(inside):
        first, last = sorted((part.bounds[0], part.bounds[2]))
        if last - first < 18.0:
            continue
        box = shapely.box(first + 0.5, -depth / 2.0, last - 0.5, depth / 2.0)
        piece = placed(box, middle, ahead)
        if room.buffer(0.5).contains(piece):
            found.append(piece)
    return found


def _slab_or_tower(
    piece: Polygon,
    tall: bool,
    depth: float,
    storeys: int,
    ahead: FloatArray,
    room: BaseGeometry,
    generator: np.random.Generator,
) -> list[PlannedBuilding]:
    """Cut a long rectangle into slabs, or put a tower on it."""
    middle = np.asarray(piece.centroid.coords[0])
    length = piece.area / depth
    if tall:
        side = float(generator.uniform(17.0, 23.0))
        box = shapely.box(-side / 2.0, -side / 2.4, side / 2.0, side / 2.4)
        tower = placed(box, middle, ahead)
        if room.contains(tower):
            floors = int(generator.integers(8, 15))
            return [planned(tower, BuildingUse.APARTMENTS, floors, generator, RoofKind.FLAT)]
    count = max(int(np.ceil(length / generator.uniform(38.0, 62.0))), 1)
    gap = 9.0
    each = (length - gap * (count - 1)) / count
    slabs = []
    for k in range(count):
        shift = (k - (count - 1) / 2.0) * (each + gap)
        slab = _strip(middle + shift * ahead, ahead, each, depth)
        own = storeys + int(generator.choice((0, 0, 1)))
        slabs.append(planned(slab, BuildingUse.APARTMENTS, own, generator))
    return slabs


def _apart(buildings: list[PlannedBuilding], gap_m: float) -> list[PlannedBuilding]:
    """The buildings without those that come too near to an earlier one."""
    kept: list[PlannedBuilding] = []
    for building in buildings:
        if all(building.footprint.distance(other.footprint) >= gap_m for other in kept):
            kept.append(building)
    return kept


def campus_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """A school or an office: one or two winged buildings."""
    room = block.polygon.buffer(-3.0)
    ahead, length, width = block.axes()
    middle, _ = inscribed_middle(block.polygon)
    use = BuildingUse.OFFICE
    buildings: list[PlannedBuilding] = []
    for scale in (0.85, 0.7, 0.55, 0.42, 0.3):
        shape = _winged(scale * length, scale * width, generator)
        turn = -1.0 if generator.random() < 0.5 else 1.0
        footprint = placed(shape, middle, turn * ahead)
        if room.contains(footprint):
            storeys = int(generator.integers(2, 6))
            buildings.append(planned(footprint, use, storeys, generator))
            break
    rest = largest(
        room.difference(shapely.union_all([b.footprint for b in buildings]).buffer(9.0))
    )
    if rest.area > 500.0:
        spot, radius = inscribed_middle(rest)
        size = min(1.3 * radius, 24.0)
        if radius > 7.0:
            box = shapely.box(-size / 2.0, -size / 2.0, size / 2.0, size / 2.0)
            hall = placed(box, spot, ahead)
            if rest.contains(hall):
                buildings.append(planned(hall, use, 2, generator, RoofKind.FLAT))
    return BlockContents(tuple(buildings), _parking(block, buildings, generator, 0.7))


def _winged(length: float, width: float, generator: np.random.Generator) -> Polygon:
    """An L, U, T, H, E or courtyard shape in local axes, centred."""
    depth = float(min(generator.uniform(10.0, 15.0), 0.4 * width, 0.33 * length))
    x, y = length / 2.0, width / 2.0
    base = shapely.box(-x, -y, x, -y + depth)
    left, right = shapely.box(-x, -y, -x + depth, y), shapely.box(x - depth, -y, x, y)
    middle, top = shapely.box(-depth / 2.0, -y, depth / 2.0, y), shapely.box(-x, y - depth, x, y)
    bar = shapely.box(-x, -depth / 2.0, x, depth / 2.0)
    kinds = (
        (base, left),
        (base, left, right),
        (base, middle),
        (left, right, bar),
        (base, left, right, middle),
        (base, left, right, top),
    )
    return shapely.union_all(list(kinds[int(generator.integers(len(kinds)))]))


def industry_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """Halls on plots of a hard yard, with an office before some of them."""
    yard = Area(block.polygon, AreaKind.COURTYARD, float(generator.uniform(0.9, 1.1)))
    buildings: list[PlannedBuilding] = []
    ahead, _, _ = block.axes()
    for plot in _plots(block.polygon, ahead, generator):
        room = plot.buffer(-float(generator.uniform(4.0, 8.0)))
        hall = _largest_rectangle(room, ahead, generator)
        if hall.area > 180.0:
            storeys = int(generator.choice((1, 2)))
            buildings.append(planned(hall, BuildingUse.INDUSTRIAL, storeys, generator))
    parking = _parking(block, buildings, generator, 0.8)
    return BlockContents(tuple(buildings), (yard, *parking))


def _plots(polygon: Polygon, ahead: FloatArray, generator: np.random.Generator) -> list[Polygon]:
    """A polygon cut across its longer extent until its pieces are small enough."""
    if polygon.area < generator.uniform(2500.0, 7000.0):
        return [polygon]
    length, width = extent_along(polygon, ahead), extent_along(polygon, left_of(ahead))
    longer = ahead if length > width else left_of(ahead)
    middle = np.asarray(polygon.centroid.coords[0])
    place = middle + generator.uniform(-0.12, 0.12) * max(length, width) * longer
    half = placed(shapely.box(0.0, -3000.0, 3000.0, 3000.0), place, longer)
    sides = (largest(polygon.intersection(half)), largest(polygon.difference(half)))
    return [
        piece for side in sides if side.area > 300.0 for piece in _plots(side, ahead, generator)
    ]


def _largest_rectangle(
    room: BaseGeometry, ahead: FloatArray, generator: np.random.Generator
) -> Polygon:
    """A large rectangle along a direction in a room."""
    polygon = largest(room)
    if polygon.is_empty:
        return polygon
    length, width = extent_along(polygon, ahead), extent_along(polygon, left_of(ahead))
    middle, _ = inscribed_middle(polygon)
    for scale in np.linspace(1.0, 0.3, 15):
        x = scale * length / 2.0 * generator.uniform(0.75, 1.0)
        y = scale * width / 2.0 * generator.uniform(0.75, 1.0)
        hall = placed(shapely.box(-x, -y, x, y), middle, ahead)
        if polygon.contains(hall):
            return hall
    return Polygon()


def _parking(
    block: Block,
    buildings: list[PlannedBuilding],
    generator: np.random.Generator,
    probability: float,
) -> tuple[Area, ...]:
    """A parking ground in the largest gap between the buildings."""
    if generator.random() > probability:
        return ()
    taken = shapely.union_all([building.footprint for building in buildings]).buffer(3.0)
    free = largest(block.polygon.buffer(-2.0).difference(taken))
    if free.area < 400.0:
        return ()
    middle, radius = inscribed_middle(free)
    ahead, _, _ = block.axes()
    for length in (60.0, 45.0, 32.0, 24.0, 18.0):
        for width in (34.0, 17.0):
            if radius > 5.0 and length >= width:
                box = shapely.box(-length / 2.0, -width / 2.0, length / 2.0, width / 2.0)
                ground = placed(box, middle, ahead)
                if free.contains(ground):
                    return (Area(ground, AreaKind.PARKING, float(generator.uniform(0.9, 1.1))),)
    return ()

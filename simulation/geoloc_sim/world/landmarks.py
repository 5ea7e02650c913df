# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parks with ponds, squares, churches, islands and river banks."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.world.blocks import Block
from geoloc_sim.world.building_types import BlockContents, PlannedBuilding, planned
from geoloc_sim.world.curves import hermite, left_of
from geoloc_sim.world.footprints import (
    blob,
    disc,
    inscribed_middle,
    largest,
    placed,
)
from geoloc_sim.world.records import Area, AreaKind, BuildingUse, RoofKind


def park_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """A lawn with paths, a pond in the larger ones and a small pavilion."""
    lawn = Area(block.polygon, AreaKind.GRASS, float(generator.uniform(0.95, 1.15)))
    middle, radius = inscribed_middle(block.polygon)
    paths = _paths(block.polygon, middle, generator)
    areas = [lawn, *(Area(path, AreaKind.SOIL, 1.1) for path in paths)]
    pond = Polygon()
    if radius > 22.0:
        reach = float(generator.uniform(0.35, 0.55)) * radius
        pond = largest(blob(generator, middle, reach).intersection(block.polygon.buffer(-5.0)))
        shore = pond.buffer(2.2).intersection(block.polygon)
        areas += [Area(largest(shore), AreaKind.SOIL, 1.0), Area(pond, AreaKind.WATER, 1.0)]
    buildings: list[PlannedBuilding] = []
    yaw = float(generator.uniform(0.0, 2.0 * np.pi))
    spot = middle + 0.72 * radius * np.array([np.cos(yaw), np.sin(yaw)])
    pavilion = disc(spot, 4.0).simplify(0.6)
    free = block.polygon.buffer(-3.0).difference(pond.buffer(3.0))
    if radius > 18.0 and free.contains(pavilion):
        buildings.append(planned(pavilion, BuildingUse.SHOPS, 1, generator, RoofKind.FLAT))
    return BlockContents(tuple(buildings), tuple(areas))


def _paths(park: Polygon, middle: FloatArray, generator: np.random.Generator) -> list[Polygon]:
    """Curved gravel paths from the edge past the middle, and a round walk inside the edge."""
    half = float(generator.uniform(1.0, 1.6))
    outline = park.exterior
    count = int(generator.integers(3, 6))
    first = float(generator.uniform(0.0, 1.0))
    shapes = []
    for k in range(count):
        share = (first + (k + generator.uniform(-0.2, 0.2)) / count) % 1.0
        gate = np.asarray(outline.interpolate(share, normalized=True).coords[0])
        toward = middle - gate
        bend = generator.uniform(-0.8, 0.8) * left_of(toward)
        shapes.append(LineString(hermite(gate, toward + bend, middle, toward - bend)).buffer(half))
    walk = park.buffer(-9.0).buffer(-6.0).buffer(6.0)
    shapes += [part.exterior.buffer(half) for part in shapely.get_parts(walk) if part.area > 400.0]
    cut = shapely.intersection(shapely.union_all(shapes), park, grid_size=0.001)
    return [part for part in shapely.get_parts(cut) if part.area > 2.0]


def square_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """A paved square, some with a hall or a fountain on it."""
    areas = [Area(block.polygon, AreaKind.SQUARE, float(generator.uniform(0.9, 1.1)))]
    middle, radius = inscribed_middle(block.polygon)
    drawn = generator.random()
    buildings: list[PlannedBuilding] = []
    if radius > 13.0 and drawn < 0.4:
        ahead, _, _ = block.axes()
        hall = placed(shapely.box(-9.0, -6.0, 9.0, 6.0), middle, ahead)
        if block.polygon.buffer(-3.0).contains(hall):
            buildings.append(planned(hall, BuildingUse.OFFICE, 2, generator, RoofKind.HIP))
    elif radius > 7.0 and drawn < 0.8:
        areas.append(Area(disc(middle, 0.25 * radius), AreaKind.WATER, 1.0))
    return BlockContents(tuple(buildings), tuple(areas))


def church_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """A church with its tower on a square."""
    middle, radius = inscribed_middle(block.polygon)
    ahead, _, _ = block.axes()
    half_length = min(0.78 * radius, float(generator.uniform(15.0, 21.0)))
    half_width = 0.42 * half_length
    side = 1.1 * half_width
    nave = placed(
        shapely.box(-half_length, -half_width, half_length - side, half_width), middle, ahead
    )
    tower = placed(
        shapely.box(half_length - side, -side / 2.0, half_length, side / 2.0), middle, ahead
    )
    body = planned(nave, BuildingUse.CHURCH, 2, generator)
    spire = planned(
        tower, BuildingUse.CHURCH, int(generator.integers(5, 8)), generator, RoofKind.HIP
    )
    kind = AreaKind.SQUARE if generator.random() < 0.6 else AreaKind.GRASS
    yard = Area(block.polygon, kind, float(generator.uniform(0.9, 1.1)))
    return BlockContents((body, spire), (yard,))


def green_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """A lawn, as on islands, banks and corners too small to build on."""
    return BlockContents(
        (), (Area(block.polygon, AreaKind.GRASS, float(generator.uniform(0.9, 1.1))),)
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Terraced houses and villas along the streets, with front gardens and garages."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.world.blocks import Block
from geoloc_sim.world.building_types import BlockContents, PlannedBuilding, planned
from geoloc_sim.world.curves import left_of
from geoloc_sim.world.footprints import Front, placed, rectangle
from geoloc_sim.world.records import BuildingUse, RoofKind


class _Ground:
    """Keeps what is built on a block inside it and apart."""

    def __init__(self, block: Polygon, gap_m: float) -> None:
        self._inside = block.buffer(0.05)
        shapely.prepare(self._inside)
        self._taken: list[Polygon] = []
        self._gap_m = gap_m

    def take(self, shape: Polygon, gap_m: float | None = None) -> bool:
        """Reserve a place; whether it was free and inside."""
        if not self._inside.contains(shape):
            return False
        gap = self._gap_m if gap_m is None else gap_m
        if self._taken and shapely.distance(np.array(self._taken), shape).min() < gap:
            return False
        self._taken.append(shape)
        return True


def row_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """Rows of equal houses along every side of a block."""
    ground = _Ground(block.polygon, 3.0)
    buildings: list[PlannedBuilding] = []
    setback = float(generator.uniform(1.0, 6.0))
    depth = float(generator.uniform(8.5, 11.5))
    for front in block.street_fronts():
        along = float(generator.uniform(1.0, 6.0))
        while along < front.length_m - 12.0:
            width = float(generator.uniform(5.4, 8.5))
            count = int(generator.integers(3, 9))
            length = width * count
            while length > front.length_m - along - 1.0 and count > 1:
                count -= 1
                length = width * count
            if count < 2:
                break
            row = _row(front, along + length / 2.0, (setback, width, depth), count, generator)
            if ground.take(shapely.union_all(row).convex_hull):
                buildings += _equal_houses(row, generator)
            along += length + float(generator.uniform(3.0, 9.0))
    return BlockContents(tuple(buildings))


def _row(
    front: Front,
    middle_m: float,
    sizes_m: tuple[float, float, float],
    count: int,
    generator: np.random.Generator,
) -> list[Polygon]:
    """Footprints of a straight row, its houses stepped back and forth in some rows."""
    setback, width, depth = sizes_m
    place, _ = front.at(middle_m)
    ends = [front.at(middle_m + sign * count * width / 2.0)[0] for sign in (-1.0, 1.0)]
    ahead = (ends[1] - ends[0]) / max(float(np.hypot(*(ends[1] - ends[0]))), 1e-9)
    inward = left_of(ahead)
    sag = max(float((end - place) @ inward) for end in ends)
    stepped = generator.random() < 0.3
    row = []
    for k in range(count):
        step = float(generator.choice((0.0, 1.2))) if stepped else 0.0
        shift = (k + 0.5 - count / 2.0) * width
        start = place + (setback + max(sag, 0.0) + step) * inward + shift * ahead
        row.append(rectangle(start, ahead, width, depth))
    return row


def _equal_houses(row: list[Polygon], generator: np.random.Generator) -> list[PlannedBuilding]:
    storeys = int(generator.choice((1, 2, 3), p=(0.15, 0.6, 0.25)))
    roof = RoofKind.FLAT if generator.random() < 0.15 else RoofKind.GABLE
    first = planned(row[0], BuildingUse.HOUSE, storeys, generator, roof)
    rest = [
        PlannedBuilding(
            shape, first.eaves_height_m, first.roof, first.ridge_height_m, storeys, first.use
        )
        for shape in row[1:]
    ]
    return [first, *rest]


def villa_block(block: Block, generator: np.random.Generator) -> BlockContents:
    """Free-standing houses with gardens; garages beside some of them."""
    ground = _Ground(block.polygon, 4.0)
    buildings: list[PlannedBuilding] = []
    setback = float(generator.uniform(3.0, 8.0))
    for front in block.street_fronts():
        along = float(generator.uniform(7.0, 13.0))
        while along < front.length_m - 6.0:
            place, ahead = front.at(along)
            yaw = float(generator.choice((0.0, 0.0, np.pi / 2.0, generator.normal(0.0, 0.15))))
            shape, reach = _villa(generator)
            back = setback + reach + generator.uniform(0.0, 3.0)
            middle = place + back * left_of(ahead)
            turned = np.cos(yaw) * ahead + np.sin(yaw) * left_of(ahead)
            footprint = placed(shape, middle, turned)
            if ground.take(footprint):
                storeys = int(generator.choice((1, 2, 3), p=(0.45, 0.48, 0.07)))
                buildings.append(planned(footprint, BuildingUse.HOUSE, storeys, generator))
                buildings += _garage(place, ahead, back, ground, generator)
            along += float(generator.uniform(14.0, 22.0))
    return BlockContents(tuple(buildings))


def _villa(generator: np.random.Generator) -> tuple[Polygon, float]:
    """A house around the origin in local axes, and how far it reaches to the street."""
    length, width = generator.uniform((9.0, 7.5), (15.0, 10.5))
    shape = shapely.box(-length / 2.0, -width / 2.0, length / 2.0, width / 2.0)
    if generator.random() < 0.3:
        side = generator.uniform(4.0, 0.6 * length)
        out = generator.uniform(2.0, 4.5)
        left = -length / 2.0 if generator.random() < 0.5 else length / 2.0 - side
        annex = shapely.box(left, width / 2.0, left + side, width / 2.0 + out)
        shape = shapely.union(shape, annex)
    return shape, float(max(length, width) / 2.0)


def _garage(
    place: FloatArray,
    ahead: FloatArray,
    back_m: float,
    ground: _Ground,
    generator: np.random.Generator,
) -> list[PlannedBuilding]:
    if generator.random() < 0.45:
        return []
    side = float(generator.choice((-1.0, 1.0))) * float(generator.uniform(9.5, 11.5))
    start = place + side * ahead + max(back_m - 5.0, 2.0) * left_of(ahead)
    width = float(generator.choice((3.2, 6.0)))
    shape = rectangle(start, ahead, width, float(generator.uniform(5.5, 7.0)))
    if not ground.take(shape, gap_m=0.6):
        return []
    return [planned(shape, BuildingUse.GARAGE, 1, generator)]

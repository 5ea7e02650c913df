# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Towns from a seed: irregular, of the European kind, different everywhere."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math

import numpy as np
import shapely
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from geoloc_ros.errors import SettingError
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.randomness import stream
from geoloc_sim.world.blocks import Block, BlockUse, make_blocks
from geoloc_sim.world.building_types import BlockContents, PlannedBuilding
from geoloc_sim.world.estates import campus_block, industry_block, slab_block
from geoloc_sim.world.footprints import largest
from geoloc_sim.world.house_rows import row_block, villa_block
from geoloc_sim.world.landmarks import church_block, green_block, park_block, square_block
from geoloc_sim.world.perimeter_blocks import perimeter_block
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import Area, AreaKind, Building, Layout, RoofKind
from geoloc_sim.world.street_plan import plan_streets
from geoloc_sim.world.street_skeleton import Skeleton

_SMALLEST_BUILDING_M2 = 12.0
_GRID_M = 0.001  # coordinates are rounded to this, so that walls that touch are equal

_FILLERS: dict[BlockUse, Callable[[Block, np.random.Generator], BlockContents]] = {
    BlockUse.PERIMETER: perimeter_block,
    BlockUse.ROWS: row_block,
    BlockUse.VILLAS: villa_block,
    BlockUse.SLABS: slab_block,
    BlockUse.CAMPUS: campus_block,
    BlockUse.INDUSTRY: industry_block,
    BlockUse.PARK: park_block,
    BlockUse.SQUARE: square_block,
    BlockUse.ISLAND: green_block,
    BlockUse.CHURCH: church_block,
    BlockUse.RIVERSIDE: green_block,
    BlockUse.GREEN: green_block,
}


def procedural_layout(settings: ProceduralSettings, seed: int) -> Layout:
    """The town of a seed: the same settings and seed give the same town anywhere.

    Args:
        settings: size and shares.
        seed: of everything, from 0 up.

    Raises:
        SettingError: the seed is negative or a setting is out of its range.
    """
    if not 300.0 <= settings.side_m <= 2000.0 or not math.isfinite(settings.side_m):
        raise SettingError(
            f'side_m of a procedural town is {settings.side_m}; expected 300 to 2000 m: '
            'draw several towns for more ground'
        )
    plan = plan_streets(settings, seed)
    blocks = make_blocks(plan.skeleton, plan.junctions_m, plan.streets, seed)
    contents = [_filled(block, seed) for block in blocks]
    buildings = [building for content in contents for building in content.buildings]
    areas = [area for content in contents for area in content.areas]
    return Layout(
        name=f'town_{seed}',
        seed=seed,
        datum=GeodeticPosition(
            settings.datum_lat_deg, settings.datum_lon_deg, settings.datum_alt_m
        ),
        bounds_m=plan.skeleton.bounds_m,
        junctions_m=plan.junctions_m,
        streets=plan.streets,
        buildings=_numbered(buildings),
        areas=(*areas, *_river_areas(plan.skeleton)),
    )


def _filled(block: Block, seed: int) -> BlockContents:
    """What is built on a block, cut to the block, nothing overlapping."""
    content = _FILLERS[block.use](block, stream('town block', seed, block.number))
    buildings: list[PlannedBuilding] = []
    taken: BaseGeometry = Polygon()
    for building in content.buildings:
        inside = shapely.intersection(building.footprint, block.polygon, grid_size=_GRID_M)
        shape = largest(inside)
        shape = largest(shapely.difference(shape, taken, grid_size=_GRID_M))
        if shape.area < _SMALLEST_BUILDING_M2:
            continue
        taken = shapely.union(taken, shape, grid_size=_GRID_M)
        flat = len(shape.interiors) > 0
        buildings.append(
            dataclasses.replace(
                building,
                footprint=shape,
                roof=RoofKind.FLAT if flat else building.roof,
                ridge_height_m=building.eaves_height_m if flat else building.ridge_height_m,
            )
        )
    return BlockContents(tuple(buildings), content.areas)


def _numbered(buildings: list[PlannedBuilding]) -> tuple[Building, ...]:
    return tuple(
        Building(
            number=number,
            footprint=_oriented(building.footprint),
            eaves_height_m=building.eaves_height_m,
            roof=building.roof,
            ridge_height_m=building.ridge_height_m,
            storeys=building.storeys,
            use=building.use,
        )
        for number, building in enumerate(buildings)
    )


def _oriented(footprint: Polygon) -> Polygon:
    return orient(shapely.force_2d(footprint))


def _river_areas(skeleton: Skeleton) -> tuple[Area, ...]:
    if skeleton.river is None:
        return ()
    water = skeleton.river.water.intersection(box(*skeleton.bounds_m))
    return tuple(
        Area(part, AreaKind.WATER, 1.0) for part in shapely.get_parts(water) if part.area > 1.0
    )

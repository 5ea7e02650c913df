# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Houses guessed along streets where a map has none, so that a drive is not through lawns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_sim.randomness import stream
from geoloc_sim.world.blocks import Block, BlockUse
from geoloc_sim.world.building_types import PlannedBuilding
from geoloc_sim.world.footprints import largest
from geoloc_sim.world.house_rows import row_block, villa_block
from geoloc_sim.world.osm_settings import OsmSettings
from geoloc_sim.world.osm_streets import Bounds
from geoloc_sim.world.records import Area, AreaKind, RoadClass, Street
from geoloc_sim.world.street_classes import free_half_width_m

_DEPTH_M = 30.0
_SMALLEST_M2 = 350.0
_NARROWEST_M = 11.0
_EDGE_M = 3.0
_STREET_REACH_M = 1.5
_BUILT_NEAR_M = 150.0
_HOUSE_M2 = 30.0


def fill_plots(
    streets: Sequence[Street],
    standing: Sequence[PlannedBuilding],
    areas: Sequence[Area],
    homes: BaseGeometry,
    bounds_m: Bounds,
    settings: OsmSettings,
    seed: int,
) -> list[PlannedBuilding]:
    """Houses along residential streets on free ground.

    Free is what lies within 30 m of the street, on or near residential ground or other houses,
    off every road and path, off mapped areas (parks, car parks, water, fields) and farther than
    ``settings.fill_distance_m`` from every mapped building.

    Args:
        streets: all of them.
        standing: buildings of the map.
        areas: ground of the map.
        homes: ground that is mapped as residential; may be empty.
        bounds_m: of the world.
        settings: distance to mapped buildings.
        seed: of what is guessed.
    """
    free = _free_ground(streets, standing, areas, homes, bounds_m, settings)
    roads = shapely.union_all(
        [
            LineString(street.centre_line_m).buffer(free_half_width_m(street), quad_segs=4)
            for street in streets
            if street.road_class is RoadClass.RESIDENTIAL
        ]
    )
    guessed: list[PlannedBuilding] = []
    for number, polygon in enumerate(free):
        generator = stream('osm infill', seed, number)
        # Houses look at streets: the rest of the outline is a border nobody builds towards.
        border = shapely.difference(polygon.exterior, roads.buffer(_STREET_REACH_M))
        use = BlockUse.VILLAS if generator.random() < 0.6 else BlockUse.ROWS
        block = Block(number, polygon, use, 2.0, border)
        fill = villa_block if use is BlockUse.VILLAS else row_block
        for plan in fill(block, generator).buildings:
            shape = largest(shapely.intersection(plan.footprint, polygon, grid_size=0.001))
            if shape.area > 0.9 * plan.footprint.area and not shape.interiors:
                guessed.append(plan)
    return guessed


def _free_ground(
    streets: Sequence[Street],
    standing: Sequence[PlannedBuilding],
    areas: Sequence[Area],
    homes: BaseGeometry,
    bounds_m: Bounds,
    settings: OsmSettings,
) -> list[Polygon]:
    west, south, east, north = bounds_m
    inside = shapely.box(west + _EDGE_M, south + _EDGE_M, east - _EDGE_M, north - _EDGE_M)
    beside = [
        LineString(street.centre_line_m).buffer(free_half_width_m(street) + _DEPTH_M, quad_segs=3)
        for street in streets
        if street.road_class is RoadClass.RESIDENTIAL and not street.tunnel
    ]
    if not beside:
        return []
    houses = [plan.footprint for plan in standing]
    large = [shape for shape in houses if shape.area > _HOUSE_M2]
    settled = shapely.union_all(shapely.buffer(large, _BUILT_NEAR_M, quad_segs=2))
    taken: list[BaseGeometry] = [
        LineString(street.centre_line_m).buffer(free_half_width_m(street), quad_segs=6)
        for street in streets
    ]
    taken += list(shapely.buffer(np.array(houses, dtype=object), settings.fill_distance_m / 2.0))
    taken += [area.polygon for area in areas if area.kind is not AreaKind.COURTYARD]
    ground = shapely.intersection(shapely.union_all(beside), inside)
    ground = shapely.intersection(ground, shapely.union_all([settled, homes]))
    ground = shapely.difference(ground, shapely.union_all(taken), grid_size=0.001)
    wide = ground.buffer(-_NARROWEST_M / 2.0).buffer(_NARROWEST_M / 2.0, quad_segs=4)
    parts = shapely.get_parts(shapely.intersection(ground, wide, grid_size=0.001))
    kept = [part for part in parts if part.geom_type == 'Polygon' and part.area > _SMALLEST_M2]
    return sorted(kept, key=lambda part: (part.bounds, part.area))

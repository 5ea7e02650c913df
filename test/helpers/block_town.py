# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A town of square blocks, made by hand, and box buildings that block rays by closed form."""

import dataclasses
import math

import numpy as np
from shapely.geometry import box

from geoloc_ros.types import GeodeticPosition
from geoloc_sim.rendering.records import DayConditions, Season
from geoloc_sim.world.records import (
    Building,
    BuildingUse,
    Layout,
    RoadClass,
    RoofKind,
    Street,
    World,
)

BLOCK_M = 90.0
WIDTH_M = 7.0
DATUM = GeodeticPosition(49.0, 8.4, 115.0)

DAY = DayConditions(
    seed=3,
    season=Season.SUMMER,
    sun_azimuth_rad=1.0,
    sun_elevation_rad=0.8,
    sun_rgb=(2.0, 2.0, 2.0),
    sky_zenith_rgb=(0.3, 0.4, 0.8),
    sky_horizon_rgb=(0.6, 0.7, 0.9),
    cloud_share=0.2,
    haze_per_m=0.001,
    exposure=1.0,
    white_balance=(1.0, 1.0, 1.0),
    wetness=0.0,
    grass_rgb=(0.1, 0.2, 0.05),
    leaf_rgb=(0.1, 0.2, 0.05),
    leaf_share=1.0,
    parked_share=0.5,
    traffic_per_km=4.0,
    road_works=0,
)


def day(seed):
    return dataclasses.replace(DAY, seed=seed)


class Boxes:
    """Upright boxes that block rays (slab method), without any ray-tracing library.

    Args:
        bounds: (west, south, bottom, east, north, top) of each, shape (b, 6).
    """

    def __init__(self, bounds):
        self.bounds = np.asarray(bounds, dtype=np.float64).reshape(-1, 6)

    def occluded(self, origins, directions, far_m=math.inf):
        found = np.zeros(len(origins), dtype=bool)
        with np.errstate(divide='ignore', invalid='ignore'):
            for bounds in self.bounds:
                first = (bounds[:3] - origins) / directions
                second = (bounds[3:] - origins) / directions
                enter = np.minimum(first, second).max(axis=1)
                leave = np.maximum(first, second).min(axis=1)
                found |= (leave >= np.maximum(enter, 0.0)) & (enter < far_m)
        return found


def block_town(side=4, high_m=25.0, low_m=4.0, tunnel=False, trees=(), seed=0):
    """Streets on a square grid; houses stand high in the western half and low in the eastern."""
    places = (np.arange(side) - (side - 1) / 2.0) * BLOCK_M
    junctions = np.array([(x, y) for y in places for x in places])
    streets = []
    for row in range(side):
        for column in range(side):
            here = row * side + column
            if column + 1 < side:
                is_tunnel = tunnel and row == 0 and column == 1
                streets.append(_street(junctions, here, here + 1, is_tunnel))
            if row + 1 < side:
                streets.append(_street(junctions, here, here + side, False))
    buildings = []
    for row in range(side - 1):
        for column in range(side - 1):
            west, south = places[column] + 8.0, places[row] + 8.0
            height = high_m if west < 0.0 else low_m
            footprint = box(west, south, west + BLOCK_M - 16.0, south + BLOCK_M - 16.0)
            buildings.append(
                Building(
                    len(buildings),
                    footprint,
                    height,
                    RoofKind.FLAT,
                    height,
                    max(1, int(height / 3.0)),
                    BuildingUse.HOUSE,
                )
            )
    reach = float(places[-1]) + 20.0
    layout = Layout(
        'blocks',
        seed,
        DATUM,
        (-reach, -reach, reach, reach),
        junctions,
        tuple(streets),
        tuple(buildings),
        (),
        tuple(trees),
    )
    return World(layout, (), tuple(trees), (), ())


def boxes_of(world):
    bounds = []
    for building in world.layout.buildings:
        west, south, east, north = building.footprint.bounds
        bounds.append((west, south, 0.0, east, north, building.eaves_height_m))
    return Boxes(bounds)


def _street(junctions, start, end, tunnel):
    line = np.linspace(junctions[start], junctions[end], 19)
    return Street(start, end, line, RoadClass.RESIDENTIAL, 2, WIDTH_M, False, tunnel)

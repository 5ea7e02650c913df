# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Balconies, awnings and garage doors: relief on walls, drawn from the facade's own seed."""

from __future__ import annotations

import math

import numpy as np

from geoloc_sim.meshes import colours
from geoloc_sim.meshes.builder import MeshBuilder, Surface
from geoloc_sim.meshes.facades import Facade, GroundFloor, WallSide
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.solids import box, placed
from geoloc_sim.meshes.walls import Wall
from geoloc_sim.randomness import stream
from geoloc_sim.world.records import KERB_HEIGHT_M, Building, BuildingUse

_AWNING_FOOT_M = 2.5


def add_wall_details(
    builder: MeshBuilder, building: Building, facade: Facade, walls: list[Wall]
) -> None:
    """Add what stands out of the walls."""
    rng = stream('wall_details', facade.seed)
    for wall in walls:
        if wall.side is WallSide.PARTY or wall.width_m < 3.0:
            continue
        if facade.has_balconies and wall.width_m > 7.0:
            _add_balconies(builder, building, facade, wall, rng)
        if facade.has_awnings and wall.side is WallSide.STREET:
            _add_awnings(builder, building, facade, wall, rng)
        if building.use is BuildingUse.GARAGE and wall.side is WallSide.STREET:
            _add_garage_door(builder, building, facade, wall)


def _yaw(wall: Wall) -> float:
    return math.atan2(wall.along[1], wall.along[0])


def _add_balconies(
    builder: MeshBuilder,
    building: Building,
    facade: Facade,
    wall: Wall,
    rng: np.random.Generator,
) -> None:
    """One stack of balconies in every third bay or so, from the first floor up."""
    bays = max(1, round(wall.width_m / facade.bay_m))
    bay_m = wall.width_m / bays
    tone = colours.varied((colours.WHITE, colours.STEEL, facade.colour)[rng.integers(3)], rng)
    surface = builder.surface(Surface(SurfaceKind.PLAIN, tone, object_id=building.number))
    first = int(rng.integers(3))
    width, depth = min(bay_m * 0.95, 3.2), 1.2
    for bay in range(first, bays, 3):
        centre = wall.start_m + (bay + 0.5) * bay_m * wall.along + depth / 2.0 * wall.outward
        for storey in range(1, building.storeys):
            floor = KERB_HEIGHT_M + storey * facade.storey_m
            slab = placed(box((width, depth, 0.15)), centre[0], centre[1], floor, _yaw(wall))
            rail_at = centre + (depth / 2.0 - 0.03) * wall.outward
            rail = placed(box((width, 0.06, 0.95)), rail_at[0], rail_at[1], floor, _yaw(wall))
            builder.add(slab, surface)
            builder.add(rail, surface)


def _add_awnings(
    builder: MeshBuilder,
    building: Building,
    facade: Facade,
    wall: Wall,
    rng: np.random.Generator,
) -> None:
    """Sloping cloths over some shop windows."""
    if facade.street_floor is not GroundFloor.SHOP:
        return
    high = min(_AWNING_FOOT_M + 0.6, KERB_HEIGHT_M + facade.storey_m - 0.1)
    count = max(1, int(wall.width_m / 5.0))
    step = wall.width_m / count
    tone = colours.varied(colours.SHOP_FRONTS[rng.integers(len(colours.SHOP_FRONTS))], rng, 0.2)
    surface = builder.surface(Surface(SurfaceKind.PLAIN, tone, object_id=building.number))
    for at in range(count):
        if rng.random() < 0.5:
            continue
        left = wall.start_m + (at * step + 0.4) * wall.along
        right = wall.start_m + ((at + 1) * step - 0.4) * wall.along
        out = 1.3 * wall.outward
        builder.quad(
            np.array(
                [
                    [*(left + out), _AWNING_FOOT_M],
                    [*(right + out), _AWNING_FOOT_M],
                    [*right, high],
                    [*left, high],
                ]
            ),
            surface,
        )


def _add_garage_door(builder: MeshBuilder, building: Building, facade: Facade, wall: Wall) -> None:
    width = min(2.5, wall.width_m - 0.5)
    height = min(2.1, building.eaves_height_m - 0.3)
    centre = (wall.start_m + wall.end_m) / 2.0 + 0.02 * wall.outward
    surface = builder.surface(
        Surface(
            SurfaceKind.METAL,
            facade.second_colour,
            u_axis=(float(wall.along[0]), float(wall.along[1]), 0.0),
            v_axis=(0.0, 0.0, 1.0),
            object_id=building.number,
        )
    )
    door = placed(box((width, 0.06, height)), centre[0], centre[1], KERB_HEIGHT_M, _yaw(wall))
    builder.add(door, surface)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A world as triangles: what stands there always, what a day adds, and the bare city model."""

from __future__ import annotations

import numpy as np

from geoloc_ros.errors import ShapeError
from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.builder import CAR_ID, MeshBuilder
from geoloc_sim.meshes.buildings import add_bare_buildings, add_buildings
from geoloc_sim.meshes.cars import add_car
from geoloc_sim.meshes.furniture import add_furniture, add_hedges
from geoloc_sim.meshes.ground import Levels, add_ground
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.meshes.road_works import add_road_works
from geoloc_sim.meshes.trees import add_leaves, add_stems
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.records import World

#: Object ids of moving cars begin here; those of parked ones at ``CAR_ID``.
MOVING_CAR_ID = CAR_ID + 500_000


def static_mesh(world: World) -> SurfaceMesh:
    """Ground, buildings, trunks and furniture: the same on every day.

    Object ids: buildings their number, trees 1 000 000 + number in the world, fixtures 2 000 000 +
    number, ground -1.
    """
    builder = MeshBuilder()
    add_ground(builder, world)
    add_buildings(builder, world)
    add_stems(builder, world)
    add_furniture(builder, world)
    return builder.build()


def day_mesh(world: World, day: DayConditions) -> SurfaceMesh:
    """What a day adds: leaves or bare twigs, hedges, parked cars and road works.

    Object ids: trees and hedges as in ``static_mesh``; parked cars 3 000 000 + number of their
    slot; sites of road works 2 500 000 + number.
    """
    builder = MeshBuilder()
    add_leaves(builder, world, day)
    add_hedges(builder, world, day)
    _add_parked_cars(builder, world, day)
    add_road_works(builder, world, day)
    return builder.build()


def _add_parked_cars(builder: MeshBuilder, world: World, day: DayConditions) -> None:
    places = np.array([(slot.x_m, slot.y_m) for slot in world.parking_slots]).reshape(-1, 2)
    ground = Levels(world.areas).at(places)
    for number, slot in enumerate(world.parking_slots):
        rng = stream('parked', day.seed, number)
        if rng.random() >= day.parked_share:
            continue
        cosine, sine = np.cos(slot.yaw_rad), np.sin(slot.yaw_rad)
        ahead, beside = rng.normal(0.0, 0.15), rng.normal(0.0, 0.05)
        yaw = slot.yaw_rad + rng.normal(0.0, 0.02) + (np.pi if rng.random() < 0.2 else 0.0)
        pose = (
            float(slot.x_m + ahead * cosine - beside * sine),
            float(slot.y_m + ahead * sine + beside * cosine),
            float(ground[number]),
            float(yaw),
        )
        add_car(builder, pose, rng, CAR_ID + number)


def moving_cars(poses: FloatArray, seed: int) -> SurfaceMesh:
    """Cars on the road at poses (n, 3) of (x, y, yaw); car k looks the same in every call.

    Object ids: 3 500 000 + row.

    Raises:
        ShapeError: the poses are not of shape (n, 3).
    """
    if poses.ndim != 2 or poses.shape[1] != 3:
        raise ShapeError(f'poses have shape {poses.shape}; expected (n, 3): x_m, y_m, yaw_rad')
    builder = MeshBuilder()
    for number, (x, y, yaw) in enumerate(poses.tolist()):
        add_car(
            builder, (x, y, 0.0, yaw), stream('moving_car', seed, number), MOVING_CAR_ID + number
        )
    return builder.build()


def lean_mesh(world: World) -> SurfaceMesh:
    """Walls and roofs of the buildings alone, without any detail: a city model."""
    builder = MeshBuilder()
    add_bare_buildings(builder, world)
    return builder.build()

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Buildings as meshes: walls with facades, roofs, and what stands out of both."""

from __future__ import annotations

from geoloc_sim.meshes.builder import MeshBuilder, Surface
from geoloc_sim.meshes.facades import Facade, draw_facade, wall_parameters
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.roof_details import add_roof_details
from geoloc_sim.meshes.roof_shape import RoofShape, roof_shape
from geoloc_sim.meshes.roofs import RoofLook, add_roof, draw_roof, lifted, roof_surface
from geoloc_sim.meshes.wall_details import add_wall_details
from geoloc_sim.meshes.walls import Wall, building_walls, top_profiles, wall_solid
from geoloc_sim.world.records import KERB_HEIGHT_M, Building, World


def add_buildings(builder: MeshBuilder, world: World) -> None:
    """Add all buildings with their details."""
    buildings, seed = world.layout.buildings, world.layout.seed
    for building, walls in zip(
        buildings, building_walls(buildings, world.layout.streets), strict=True
    ):
        facade, look = draw_facade(building, seed), draw_roof(building, seed)
        shape = roof_shape(building)
        _add_walls(builder, building, facade, shape, walls)
        faces = shape.faces(look.overhang_m)
        add_roof(builder, building, look, shape, faces)
        add_wall_details(builder, building, facade, walls)
        add_roof_details(builder, building, look, shape, faces)


def add_bare_buildings(builder: MeshBuilder, world: World) -> None:
    """Add walls and roofs alone, closed but for their floors, as a city model has them."""
    buildings, seed = world.layout.buildings, world.layout.seed
    for building, walls in zip(
        buildings, building_walls(buildings, world.layout.streets), strict=True
    ):
        shape = roof_shape(building)
        _add_walls(builder, building, draw_facade(building, seed), shape, walls)
        _add_bare_roof(builder, building, draw_roof(building, seed), shape)


def _add_bare_roof(
    builder: MeshBuilder, building: Building, look: RoofLook, shape: RoofShape
) -> None:
    for face in shape.faces():
        surface = builder.surface(roof_surface(building, look, face))
        builder.add(lifted(face.polygon, face.plane), surface)


def _add_walls(
    builder: MeshBuilder,
    building: Building,
    facade: Facade,
    shape: RoofShape,
    walls: list[Wall],
) -> None:
    height = building.eaves_height_m - KERB_HEIGHT_M
    profiles = top_profiles(walls, shape)
    for number, (wall, profile) in enumerate(zip(walls, profiles, strict=True)):
        along = wall.along
        surface = builder.surface(
            Surface(
                SurfaceKind.FACADE,
                facade.colour,
                facade.second_colour,
                origin_m=(float(wall.start_m[0]), float(wall.start_m[1]), KERB_HEIGHT_M),
                u_axis=(float(along[0]), float(along[1]), 0.0),
                v_axis=(0.0, 0.0, 1.0),
                parameters=wall_parameters(facade, wall.width_m, height, wall.side),
                seed=facade.seed + number,
                object_id=building.number,
            )
        )
        builder.add(wall_solid(wall, profile), surface)

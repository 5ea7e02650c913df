# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A whole city from one line: world, triangles, and a scene for any day or aerial flight."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from geoloc_sim.aerial.model import draw_aerial_model
from geoloc_sim.aerial.orthophoto import Orthophoto
from geoloc_sim.aerial.settings import AerialSettings
from geoloc_sim.drives.lane_graph import line_length_m
from geoloc_sim.drives.walls import Walls
from geoloc_sim.meshes.city import day_mesh, moving_cars, static_mesh
from geoloc_sim.meshes.city_model_mesh import city_model_mesh
from geoloc_sim.meshes.records import SurfaceMesh, merge
from geoloc_sim.records import TruthTrajectory
from geoloc_sim.rendering.days import aerial_day, draw_day
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.world.city_model import read_city_model
from geoloc_sim.world.city_model_layout import city_model_layout
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.osm_layout import osm_layout
from geoloc_sim.world.osm_settings import OsmSettings, bounds_around
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import Layout, World
from geoloc_sim.world.street_poses import street_poses

#: Ground that is built around a drive: farther things are hardly seen from it.
TRACK_MARGIN_M = 100.0


@dataclasses.dataclass(frozen=True)
class City:
    """A world with the triangles that stand there every day.

    Attributes:
        world: what stands where.
        mesh: of everything that no day changes.
    """

    world: World
    mesh: SurfaceMesh

    @property
    def seed(self) -> int:
        """Seed of the world."""
        return self.world.layout.seed

    def mesh_on(self, day: DayConditions) -> SurfaceMesh:
        """All triangles on a day: leaves, parked cars and road works too."""
        return merge([self.mesh, day_mesh(self.world, day)])

    def on(self, day: DayConditions) -> Scene:
        """The city on a day, and its light."""
        return Scene(self.mesh_on(day), day)

    def on_day(self, number: int) -> Scene:
        """The city on the day with this seed."""
        return self.on(draw_day(number))

    def walls(self) -> Walls:
        """What hides the sky from an antenna."""
        return Walls(self.world.layout)

    def from_above(self, settings: AerialSettings | None = None, flight: int = 0) -> Orthophoto:
        """The aerial image of a flight, taken on a day of its own.

        Args:
            settings: raster, camera and look; the defaults when ``None``.
            flight: seed of the flight: its day, its camera, its georeferencing offset.
        """
        settings = settings or AerialSettings()
        layout = self.world.layout
        model = draw_aerial_model(layout.datum, layout.bounds_m, settings, flight)
        day = aerial_day(flight)
        scene = self.on(day).with_moving(self._cars_at_an_instant(day))
        return Orthophoto(scene, model, settings, flight)

    def _cars_at_an_instant(self, day: DayConditions) -> SurfaceMesh:
        streets = self.world.layout.streets
        driven_km = 1e-3 * sum(line_length_m(street.centre_line_m) for street in streets)
        count = round(day.traffic_per_km * driven_km)
        poses = street_poses(self.world.layout, count, 'cars from above', day.seed)
        rows = [(pose.x_m, pose.y_m, pose.yaw_rad) for pose in poses]
        return moving_cars(np.array(rows, dtype=np.float64).reshape(-1, 3), day.seed)


def build_city(layout: Layout, dressing: DressingSettings | None = None) -> City:
    """Dress a layout and triangulate it."""
    world = dress(layout, dressing or DressingSettings())
    return City(world, static_mesh(world))


def procedural_city(seed: int, settings: ProceduralSettings | None = None) -> City:
    """The town of a seed; the same seed gives the same town anywhere."""
    return build_city(procedural_layout(settings or ProceduralSettings(), seed))


def osm_city(
    path: Path,
    seed: int = 0,
    track: TruthTrajectory | None = None,
    settings: OsmSettings | None = None,
    dressing: DressingSettings | None = None,
) -> City:
    """The town of an OpenStreetMap extract.

    Args:
        path: .osm or .osm.bz2 file.
        seed: of heights, roofs and everything else that the file does not tell.
        track: a drive through it, which gives the origin of ``map`` and, unless the settings have
            bounds, the part that is built; the map is bent by the few metres by which its streets
            miss the drive. All of it around its own middle when ``None``.
        settings: how the file is read.
        dressing: how it is dressed.

    Raises:
        GeolocError: the file cannot be read or holds no streets.
    """
    settings = settings or OsmSettings()
    if track is None:
        return build_city(osm_layout(path, settings, seed), dressing)
    driven_m = np.column_stack((track.x_m, track.y_m))
    if not settings.bounds_m:
        around = bounds_around(driven_m, TRACK_MARGIN_M)
        settings = dataclasses.replace(settings, bounds_m=around)
    return build_city(osm_layout(path, settings, seed, track.datum, driven_m), dressing)


def model_city(
    path: Path,
    seed: int = 0,
    streets: Path | None = None,
    settings: OsmSettings | None = None,
    dressing: DressingSettings | None = None,
) -> City:
    """The town of a city model (CityJSON or CityGML): its own walls and roofs on level ground.

    Args:
        path: .json or .city.json file, else GML.
        seed: of colours and of everything that the model does not tell.
        streets: OpenStreetMap extract that gives the streets; without it nothing can be driven on.
        settings: how the extract is read.
        dressing: how the town is dressed.

    Raises:
        GeolocError: a file cannot be read, or the model holds no building.
    """
    model = read_city_model(path)
    driven = None
    if streets is not None:
        driven = osm_layout(streets, settings or OsmSettings(), seed, model.datum)
    layout = city_model_layout(model, seed, driven)
    world = dress(layout, dressing or DressingSettings())
    bare = dataclasses.replace(world, layout=dataclasses.replace(layout, buildings=()))
    return City(world, merge([static_mesh(bare), city_model_mesh(model, seed, grounded=True)]))

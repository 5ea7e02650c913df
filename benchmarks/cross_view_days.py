# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Simulated days for ``cross_view.py``: what a camera saw, and what sensors made of the drive.

Pictures are drawn once a day and kept under a folder, so is the aerial image of a city; fixes and
odometry are drawn anew for every seed.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import functools
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.types import FloatArray
from geoloc_sim.aerial.geotiff import Compression, write_geotiff
from geoloc_sim.city import City
from geoloc_sim.drive import measurements
from geoloc_sim.drives.city_camera import CityView, drive_frames, start_camera
from geoloc_sim.drives.city_drive import start_stamp_ns, street_points, tunnel_mask
from geoloc_sim.drives.city_gnss import CitySky, simulate_city_gnss
from geoloc_sim.drives.frame_workers import in_workers
from geoloc_sim.drives.lane_graph import lane_graph
from geoloc_sim.drives.lane_route import random_lane_route
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.drives.sky_view import world_sky
from geoloc_sim.drives.traffic import traffic
from geoloc_sim.drives.walls import Walls
from geoloc_sim.gnss_error import ErrorSeeds
from geoloc_sim.meshes.city import static_mesh
from geoloc_sim.motion import drive_route
from geoloc_sim.odometry import simulate_gyro, simulate_wheel_speed
from geoloc_sim.randomness import stream
from geoloc_sim.records import SimulatedDrive, TruthTrajectory
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.effects import CameraEffects
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import World

WIDTH_PX, HEIGHT_PX, FIELD_OF_VIEW_DEG = 320, 240, 90.0
JPEG_QUALITY = 90
SPACING_M = 5.0
WORKERS = 2

ImageU8 = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Place:
    """A procedural town and its aerial image.

    Attributes:
        seed: of the town.
        folder: where its files are kept.
        say: told what is being drawn.
    """

    seed: int
    folder: Path
    say: Say

    @functools.cached_property
    def world(self) -> World:
        """What stands where."""
        return dress(procedural_layout(ProceduralSettings(), self.seed), DressingSettings())

    @functools.cached_property
    def city(self) -> City:
        """With its triangles: needed for pictures only."""
        self.say(f'building city {self.seed}')
        return City(self.world, static_mesh(self.world))

    def imagery(self) -> Path:
        """The aerial image, drawn unless it is there."""
        path = self.folder / 'imagery.tif'
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            photo = self.city.from_above()
            self.say(f'city {self.seed} from above')
            write_geotiff(path, photo, Compression.DEFLATE)
        return path

    def day(self, number: int, distance_m: float) -> Day:
        """A day's drive with its pictures, drawn unless they are there."""
        settings = CityDriveSettings(distance_m=distance_m)
        conditions = draw_day(number)
        layout = self.world.layout
        random = stream('lane route', layout.seed, number)
        graph = lane_graph(layout, settings.lanes)
        route = random_lane_route(graph, distance_m, settings.lanes, random)
        start_ns = start_stamp_ns(conditions)
        truth = drive_route(route, settings.motion, layout.datum, start_ns, number)
        frames = frames_every(truth, SPACING_M)
        path = self.folder / f'day_{number}_{distance_m:g}m.npz'
        if not path.exists():
            self.say(f'city {self.seed}, day {number}: {len(frames)} pictures')
            files = _pictures(self.city, conditions, truth, frames, settings, number)
            lengths = np.array([len(file) for file in files])
            data = np.frombuffer(b''.join(files), np.uint8)
            np.savez(path, frames=frames, lengths=lengths, data=data)
        with np.load(path) as kept:
            if not np.array_equal(kept['frames'], frames):
                raise SystemExit(f'{path} is of another drive; remove it')
            files = np.split(kept['data'], np.cumsum(kept['lengths'])[:-1])
        return Day(self, number, conditions, settings, truth, frames, tuple(files))


@dataclasses.dataclass(frozen=True)
class Day:
    """One drive: its truth and its pictures; what sensors measure comes by seed.

    Attributes:
        place: where.
        number: seed of the day and of the route.
        conditions: light, leaves.
        settings: of the sensors.
        truth: of ``base_link``.
        frames: numbers of the truth's samples at which pictures were taken, shape (n,).
        files: those pictures as JPEG.
    """

    place: Place
    number: int
    conditions: DayConditions
    settings: CityDriveSettings
    truth: TruthTrajectory
    frames: IntArray
    files: tuple[ImageU8, ...]

    @property
    def name(self) -> str:
        """For tables."""
        return f'city {self.place.seed}, day {self.number}'

    @property
    def stamps_ns(self) -> IntArray:
        """Of the pictures, shape (n,)."""
        return np.asarray(self.truth.stamps_ns[self.frames])

    @property
    def positions_m(self) -> FloatArray:
        """Where they were taken, shape (n, 2)."""
        return np.column_stack((self.truth.x_m, self.truth.y_m))[self.frames]

    def images(self) -> list[ImageU8]:
        """The pictures, RGB."""
        return [
            np.ascontiguousarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1])
            for file in self.files
        ]

    @functools.cached_property
    def sky(self) -> CitySky:
        """What buildings do to the receiver on this day, the same for every seed."""
        world, sky = self.place.world, self.settings.sky
        return CitySky(
            world_sky(world, Walls(world.layout), self.conditions.leaf_share, sky),
            street_points(world.layout, sky.street_spacing_m, self.settings.lanes),
            sky,
            self.settings.error,
            ErrorSeeds(world.layout.seed, self.number, 0),
        )

    def sensed(self, seed: int) -> SimulatedDrive:
        """The drive with the noise of a seed, as ``geoloc_sim`` draws it for whole drives."""
        layout, settings = self.place.world.layout, self.settings
        seeds = ErrorSeeds(layout.seed, self.number, seed)
        gnss = simulate_city_gnss(
            self.truth,
            self.sky,
            settings.receiver,
            settings.error,
            seeds,
            tunnel_mask(layout, self.truth),
        )
        noise = (layout.seed, self.number, seed)
        return SimulatedDrive(
            f'{self.name}, seed {seed}',
            self.truth,
            gnss,
            simulate_wheel_speed(self.truth, settings.odometry, *noise),
            None,
            simulate_gyro(self.truth, settings.odometry, *noise),
            (settings.receiver.forward_m, settings.receiver.left_m),
        )

    def road_centres_m(self) -> FloatArray:
        """Points of the centre lines of streets that drives use, 1 m apart, shape (n, 2)."""
        return street_points(self.place.world.layout, 1.0, self.settings.lanes)


def received(drive: SimulatedDrive) -> list[ReceivedMeasurement]:
    """What a localizer gets without a camera, in order of arrival."""
    return measurements(drive)


def frames_every(truth: TruthTrajectory, spacing_m: float) -> IntArray:
    """Numbers of the samples at which so much further has been driven, shape (n,).

    Where the vehicle stands, as it does at the start, the last sample before it goes on: by then
    the receiver has a fix to look around.
    """
    steps = np.hypot(np.diff(truth.x_m), np.diff(truth.y_m))
    way = np.concatenate(([0.0], steps.cumsum()))
    marks = np.arange(0.0, way[-1], spacing_m)
    return (np.searchsorted(way, marks, side='right') - 1).astype(np.int64)


def pinhole() -> PinholeCamera:
    """The camera of every drive."""
    return PinholeCamera.with_field_of_view(WIDTH_PX, HEIGHT_PX, FIELD_OF_VIEW_DEG)


def camera() -> Camera:
    """The same, as networks take it."""
    lens = pinhole()
    return Camera(
        lens.width,
        lens.height,
        lens.fx,
        lens.fy,
        lens.cx,
        lens.cy,
        dataclasses.astuple(lens.distortion),
    )


def _pictures(
    city: City,
    day: DayConditions,
    truth: TruthTrajectory,
    frames: IntArray,
    settings: CityDriveSettings,
    seed: int,
) -> list[bytes]:
    cars = traffic(city.world, day, truth, settings)
    view = CityView(
        city.mesh_on(day), day, pinhole(), CameraEffects(), JPEG_QUALITY, 1, seed, len(cars.poses)
    )
    shots = drive_frames(truth, truth.stamps_ns[frames], cars)
    return list(in_workers(start_camera, view, shots, WORKERS))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Simulated drives as data: a city, its aerial image, and what a camera sees on several days."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import dataclasses
from pathlib import Path

import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.settings import SettingValue, setting, to_flat
from geoloc_ros.types import FloatArray
from geoloc_sim.aerial.geotiff import Compression, write_geotiff
from geoloc_sim.city import City, procedural_city
from geoloc_sim.drives.city_camera import CityView, city_mesh, drive_frames, start_camera
from geoloc_sim.drives.city_drive import start_stamp_ns
from geoloc_sim.drives.frame_workers import in_workers
from geoloc_sim.drives.lane_graph import lane_graph
from geoloc_sim.drives.lane_route import random_lane_route
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.drives.traffic import traffic
from geoloc_sim.motion import drive_route
from geoloc_sim.randomness import stream
from geoloc_sim.records import TruthTrajectory
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.effects import CameraEffects
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_training.data.folders import (
    DRIVE_NAME,
    IMAGERY_NAME,
    DriveAbout,
    read_drive_about,
    write_drive_folder,
)
from geoloc_training.data.records import CameraModel, IntArray, thinned

#: Days from this number on are for tests only; nothing is ever trained on them.
FIRST_TEST_DAY = 1000

#: Settings that do not change what is drawn.
_FREE = ('workers',)
#: Settings that all drives of a place share with its aerial image.
_OF_PLACE = ('side_m', 'flight')

Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True)
class SimulatedDataSettings:
    """Simulated drives: how long, how dense, through which camera."""

    side_m: float = setting(640.0, 'side of the city', unit='m', minimum=300.0, maximum=2000.0)
    distance_m: float = setting(6000.0, 'length of each drive', unit='m', minimum=50.0)
    spacing_m: float = setting(5.0, 'way between two ground images', unit='m', minimum=0.5)
    flight: int = setting(0, 'seed of the aerial image', minimum=0)
    width: int = setting(320, 'columns of the camera', unit='px', minimum=16)
    height: int = setting(240, 'rows of the camera', unit='px', minimum=16)
    fov_deg: float = setting(
        90.0, 'horizontal field of view', unit='deg', minimum=10.0, maximum=170.0
    )
    jpeg_quality: int = setting(90, 'of the image files', minimum=1, maximum=100)
    cars: bool = setting(True, 'other cars move through the pictures')
    workers: int = setting(2, 'processes that draw', minimum=1)


def place_folder(root: Path, world: int) -> Path:
    """Where the data of a world lie."""
    return root / f'city_{world}'


def drive_folder(root: Path, world: int, day: int) -> Path:
    """Where the drive of a day through a world lies."""
    return place_folder(root, world) / f'day_{day}'


def write_simulated_data(
    root: Path, world: int, days: tuple[int, ...], settings: SimulatedDataSettings, show: Progress
) -> tuple[int, ...]:
    """Write the aerial image of a world and a drive for each day; what is there already is kept.

    Args:
        root: folder of all places.
        world: seed of the city.
        days: seeds of the days; the drive of a day has the day's number as its seed.
        settings: how the drives are made.
        show: told what is being done, how much of it is done, and of how much.

    Returns:
        The days whose drives were there.

    Raises:
        DriveError: what is there was made with other settings.
    """
    folder = place_folder(root, world)
    folder.mkdir(parents=True, exist_ok=True)
    kept = tuple(day for day in days if (drive_folder(root, world, day) / DRIVE_NAME).exists())
    missing = [day for day in days if day not in kept]
    check_made_alike(folder, [drive_folder(root, world, day) for day in kept], settings)
    imagery = folder / IMAGERY_NAME
    if imagery.exists() and not missing:
        return kept
    show(f'city {world}', 0, 1)
    city = procedural_city(world, ProceduralSettings(side_m=settings.side_m))
    if not imagery.exists():
        photo = city.from_above(flight=settings.flight)
        write_geotiff(
            imagery,
            photo,
            Compression.DEFLATE,
            progress=lambda done, total: show(f'city {world} from above', done, total),
        )
    for day in missing:
        write_simulated_drive(drive_folder(root, world, day), city, day, settings, show)
    return kept


def check_made_alike(place: Path, kept: Sequence[Path], settings: SimulatedDataSettings) -> None:
    """Refuse drives that were made with other settings; some do not say with which.

    Args:
        place: folder of all drives of a world.
        kept: the drives that are to be used as they are.
        settings: that are asked for.

    Raises:
        DriveError: a drive is of other settings, or its city and aerial image are.
    """
    wanted = _drawn_with(settings)
    for folder in sorted(path.parent for path in place.glob(f'*/{DRIVE_NAME}')):
        found = read_drive_about(folder).simulation
        if found is None:
            continue
        names = wanted if folder in kept else _OF_PLACE
        other = [name for name in names if found.get(name) != wanted[name]]
        if other:
            raise DriveError(
                f'{folder} was made with '
                f'{", ".join(f"{name}={found.get(name)}" for name in other)}; expected '
                f'{", ".join(f"{name}={wanted[name]}" for name in other)}; give the settings that '
                'it was made with, or another --out, or delete the folder'
            )


def _drawn_with(settings: SimulatedDataSettings) -> dict[str, SettingValue]:
    """The settings that change what is drawn."""
    return {name: value for name, value in to_flat(settings).items() if name not in _FREE}


def write_simulated_drive(
    folder: Path, city: City, day_number: int, settings: SimulatedDataSettings, show: Progress
) -> None:
    """Write one drive: images, then the tables that make the folder whole."""
    day = draw_day(day_number)
    truth = simulated_truth(city, day, settings.distance_m, day_number)
    kept = thinned(np.column_stack((truth.x_m, truth.y_m)), settings.spacing_m)
    images = folder / 'images'
    images.mkdir(parents=True, exist_ok=True)
    files = []
    for number, picture in enumerate(_pictures(city, day, truth, kept, settings, day_number)):
        name = f'{number:06d}.jpg'
        (images / name).write_bytes(picture)
        files.append(f'images/{name}')
        show(f'{folder.parent.name} {folder.name}', number + 1, len(kept))
    camera, yaws = _camera(settings), wrap_angle(truth.yaw_rad[kept])
    base_m = np.column_stack((truth.x_m[kept], truth.y_m[kept]))
    write_drive_folder(
        folder,
        DriveAbout(
            day_number, city.world.layout.datum, camera_model(camera), _drawn_with(settings)
        ),
        camera_positions(base_m, yaws, camera),
        yaws,
        tuple(files),
    )


def camera_positions(
    base_m: FloatArray, yaws_rad: FloatArray, camera: PinholeCamera
) -> FloatArray:
    """Where a camera is above the ground with ``base_link`` at poses, shape (n, 2)."""
    forward_m, left_m = camera.base_from_camera.translation_m[:2]
    cosine, sine = np.cos(yaws_rad), np.sin(yaws_rad)
    moved = np.column_stack(
        (cosine * forward_m - sine * left_m, sine * forward_m + cosine * left_m)
    )
    return np.asarray(base_m + moved, dtype=np.float64)


def simulated_truth(
    city: City, day: DayConditions, distance_m: float, seed: int
) -> TruthTrajectory:
    """The trajectory that ``geoloc_sim.drives.city_drive`` gives for the same seed."""
    drive = CityDriveSettings(distance_m=distance_m)
    layout = city.world.layout
    random = stream('lane route', layout.seed, seed)
    route = random_lane_route(lane_graph(layout, drive.lanes), distance_m, drive.lanes, random)
    return drive_route(route, drive.motion, layout.datum, start_stamp_ns(day), seed)


def camera_model(camera: PinholeCamera) -> CameraModel:
    """The record of a simulated camera, which looks level and straight ahead."""
    lens = dataclasses.astuple(camera.distortion)
    return CameraModel(
        Camera(
            camera.width,
            camera.height,
            camera.fx,
            camera.fy,
            camera.cx,
            camera.cy,
            lens if any(lens) else (),
        )
    )


def _camera(settings: SimulatedDataSettings) -> PinholeCamera:
    return PinholeCamera.with_field_of_view(settings.width, settings.height, settings.fov_deg)


def _pictures(
    city: City,
    day: DayConditions,
    truth: TruthTrajectory,
    kept: IntArray,
    settings: SimulatedDataSettings,
    seed: int,
) -> Iterator[bytes]:
    drive = CityDriveSettings(distance_m=settings.distance_m)
    cars = traffic(city.world, day, truth, drive) if settings.cars else None
    view = CityView(
        city_mesh(city.world, day),
        day,
        _camera(settings),
        CameraEffects(),
        settings.jpeg_quality,
        1,
        seed,
        0 if cars is None else len(cars.poses),
    )
    frames = drive_frames(truth, truth.stamps_ns[kept], cars)
    return in_workers(start_camera, view, frames, settings.workers)

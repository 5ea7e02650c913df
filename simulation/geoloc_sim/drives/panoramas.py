# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Panoramas with depth along the streets of a world, as street-view providers have them.

A data set is a folder:

File              Content
NAME.jpg          picture, equirectangular, the vehicle's heading in the middle
NAME_depth.png    distance along the ray in centimetres, 16 bit; 0: the sky, or beyond 655.35 m
poses.csv         a row for each: name, where, street
panoramas.json    size, conventions, world, day
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
import csv
import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import shapely

from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.settings import setting
from geoloc_sim.drive import level_positions
from geoloc_sim.drives.city_camera import city_mesh
from geoloc_sim.drives.frame_workers import in_workers
from geoloc_sim.drives.lane_graph import DRIVEN_CLASSES
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.output_paths import new_folder, require_new
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.effects import CameraEffects, encode_jpeg
from geoloc_sim.rendering.ground_view import Shot, ground_view
from geoloc_sim.rendering.panorama import EquirectangularCamera
from geoloc_sim.rendering.records import DayConditions, Float32Array
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.world.lanes import lane_centre_lines
from geoloc_sim.world.records import Layout, World

POSES_FILE = 'poses.csv'
ABOUT_FILE = 'panoramas.json'
#: Steps of the depth files.
DEPTH_M = 0.01
_DEEPEST = 65535
_COLUMNS = ('name', 'x_m', 'y_m', 'yaw_rad', 'lat_deg', 'lon_deg', 'street')


@dataclasses.dataclass(frozen=True)
class PanoramaEffects(CameraEffects):
    """A panorama is put together of many pictures: no dark corners, no motion blur."""

    exposure_s: float = setting(0.0, 'time over which motion blurs', unit='s', minimum=0.0)
    vignetting: float = setting(
        0.0, 'share of the light that is lost in the corners', minimum=0.0, maximum=1.0
    )


@dataclasses.dataclass(frozen=True)
class PanoramaSettings:
    """Where panoramas are taken, and how."""

    spacing_m: float = setting(
        15.0, 'distance of neighbours along a street', unit='m', minimum=1.0, maximum=200.0
    )
    width: int = setting(1024, 'columns', unit='px', minimum=16)
    height: int = setting(512, 'rows', unit='px', minimum=8)
    height_m: float = setting(2.5, 'of the camera over the ground', unit='m', minimum=0.1)
    jpeg_quality: int = setting(92, 'of the pictures', minimum=1, maximum=100)
    workers: int = setting(2, 'processes that draw', minimum=1)
    effects: PanoramaEffects = dataclasses.field(default_factory=PanoramaEffects)


@dataclasses.dataclass(frozen=True, slots=True)
class Panorama:
    """One panorama to be taken.

    Attributes:
        name: of its files.
        pose: of the vehicle, whose heading is in the middle.
        street: number in the layout.
    """

    name: str
    pose: Pose2
    street: int


@dataclasses.dataclass(frozen=True, slots=True)
class PanoramaView:
    """All that drawing panoramas needs."""

    mesh: SurfaceMesh
    day: DayConditions
    camera: EquirectangularCamera
    effects: CameraEffects
    jpeg_quality: int


def panorama_places(layout: Layout, spacing_m: float, seed: int) -> tuple[Panorama, ...]:
    """Places in the right lane of every driven street under open sky.

    Where on a street they begin is random, so that they share no lattice with anything.
    """
    random = stream('panoramas', layout.seed, seed)
    places: list[Panorama] = []
    for number, street in enumerate(layout.streets):
        if street.road_class not in DRIVEN_CLASSES or street.tunnel:
            continue
        lane = shapely.LineString(lane_centre_lines(street)[0])
        stations = np.arange(random.uniform(0.0, spacing_m), lane.length, spacing_m)
        points = shapely.get_coordinates(shapely.line_interpolate_point(lane, stations))
        ahead = np.minimum(stations + 0.5, lane.length)
        steps = shapely.get_coordinates(
            shapely.line_interpolate_point(lane, ahead)
        ) - shapely.get_coordinates(
            shapely.line_interpolate_point(lane, np.maximum(ahead - 1.0, 0.0))
        )
        for point, step in zip(points, steps, strict=True):
            yaw = float(wrap_angle(np.arctan2(step[1], step[0])))
            pose = Pose2(float(point[0]), float(point[1]), yaw)
            places.append(Panorama(f'{len(places):06d}', pose, number))
    return tuple(places)


def write_panoramas(
    world: World,
    day: DayConditions,
    out: Path,
    settings: PanoramaSettings,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    mesh: SurfaceMesh | None = None,
) -> int:
    """Write the panoramas of a world; the folder appears when all are there.

    Args:
        world: where.
        day: when they were taken, parked cars included.
        out: the folder, which must not exist yet.
        settings: spacing, size, processes.
        seed: of where they begin on each street.
        progress: called with panoramas written and panoramas in all.
        mesh: ``city_mesh`` of world and day, where it is there already.

    Returns:
        How many there are.

    Raises:
        DriveError: the folder exists, cannot be written, or the world has no place for one.
    """
    require_new(out)
    places = panorama_places(world.layout, settings.spacing_m, seed)
    if not places:
        raise DriveError(
            f'world {world.layout.name!r} has no street of {settings.spacing_m} m under open '
            'sky; expected at least one; lower the spacing'
        )
    camera = EquirectangularCamera(settings.width, settings.height, settings.height_m)
    view = PanoramaView(
        mesh or city_mesh(world, day), day, camera, settings.effects, settings.jpeg_quality
    )
    taken = in_workers(start_panorama_camera, view, places, settings.workers)
    with new_folder(out) as part:
        with contextlib.closing(taken):  # type: ignore[type-var]
            _write_pictures(part, places, taken, progress)
        _write_poses(part / POSES_FILE, places, world.layout)
        _write_about(part / ABOUT_FILE, settings, world.layout, day)
    return len(places)


def start_panorama_camera(view: PanoramaView) -> Callable[[Panorama], tuple[bytes, bytes]]:
    """What draws panoramas: the files of picture and depth."""
    scene = Scene(view.mesh, view.day)

    def take(panorama: Panorama) -> tuple[bytes, bytes]:
        shot = Shot(view.effects, seeds=(view.day.seed, int(panorama.name)))
        seen = ground_view(scene, view.camera, panorama.pose, shot)
        return encode_jpeg(seen.rgb, view.jpeg_quality), encode_depth(seen.depth_m)

    return take


def encode_depth(depth_m: Float32Array) -> bytes:
    """Depth as a 16-bit PNG in steps of ``DEPTH_M``; 0 for the sky and beyond the range."""
    steps = np.where(np.isfinite(depth_m), np.round(depth_m / DEPTH_M), 0.0)
    _, coded = cv2.imencode('.png', np.where(steps > _DEEPEST, 0.0, steps).astype(np.uint16))
    return bytes(coded.tobytes())


def read_depth(path: Path) -> Float32Array:
    """Depth of a file of a data set, metres, inf where it is unknown, shape (height, width).

    Raises:
        DriveError: it is no such file.
    """
    steps = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if steps is None or steps.dtype != np.uint16:
        raise DriveError(f'{path} is no depth file; expected a 16-bit PNG; write the set again')
    depth = steps.astype(np.float32) * np.float32(DEPTH_M)
    return np.where(steps > 0, depth, np.float32(np.inf)).astype(np.float32)


def _write_pictures(
    folder: Path,
    places: Sequence[Panorama],
    taken: Iterator[tuple[bytes, bytes]],
    progress: Callable[[int, int], None] | None,
) -> None:
    for done, (place, (picture, depth)) in enumerate(zip(places, taken, strict=True), start=1):
        (folder / f'{place.name}.jpg').write_bytes(picture)
        (folder / f'{place.name}_depth.png').write_bytes(depth)
        if progress is not None:
            progress(done, len(places))


def _write_poses(path: Path, places: Sequence[Panorama], layout: Layout) -> None:
    points = np.array([(place.pose.x_m, place.pose.y_m) for place in places])
    positions = level_positions(layout.datum, points)
    with path.open('w', encoding='utf-8', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for place, position in zip(places, positions, strict=True):
            rows.writerow(
                (
                    place.name,
                    f'{place.pose.x_m:.4f}',
                    f'{place.pose.y_m:.4f}',
                    f'{place.pose.yaw_rad:.6f}',
                    f'{position.lat_deg:.9f}',
                    f'{position.lon_deg:.9f}',
                    place.street,
                )
            )


def _write_about(
    path: Path, settings: PanoramaSettings, layout: Layout, day: DayConditions
) -> None:
    about = {
        'projection': 'equirectangular: heading in the middle, azimuth clockwise to the right',
        'width': settings.width,
        'height': settings.height,
        'camera_height_m': settings.height_m,
        'depth_step_m': DEPTH_M,
        'datum': dataclasses.asdict(layout.datum),
        'world': layout.name,
        'world_seed': layout.seed,
        'day_seed': day.seed,
    }
    path.write_text(json.dumps(about, indent=2) + '\n', encoding='utf-8')

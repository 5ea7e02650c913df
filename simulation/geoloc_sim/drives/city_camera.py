# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Pictures along a drive: which frames there are, and what draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import dataclasses

import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray
from geoloc_sim.drives.car_fleet import CarFleet
from geoloc_sim.drives.traffic import Traffic
from geoloc_sim.meshes.city import day_mesh, static_mesh
from geoloc_sim.meshes.records import SurfaceMesh, merge
from geoloc_sim.records import StampArray, TruthTrajectory
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.effects import BodyMotion, CameraEffects, encode_jpeg
from geoloc_sim.rendering.ground_view import Shot, ground_view
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.world.records import World

#: Moving cars farther away than this are not drawn.
_CARS_WITHIN_M = 250.0


@dataclasses.dataclass(frozen=True, slots=True)
class CityView:
    """All that drawing the frames of a drive needs.

    Attributes:
        mesh: the world on its day, without moving cars.
        day: its light.
        camera: on the vehicle.
        effects: of lens and sensor.
        jpeg_quality: of the pictures as files; 0 for raw RGB.
        supersampling: rays along each side of a pixel.
        seed: of the noise.
        cars: moving ones in every frame.
    """

    mesh: SurfaceMesh
    day: DayConditions
    camera: PinholeCamera
    effects: CameraEffects
    jpeg_quality: int
    supersampling: int
    seed: int
    cars: int


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One picture to be taken.

    Attributes:
        number: from 0.
        stamp_ns: middle of the exposure.
        pose: of ``base_link``.
        motion: of ``base_link``.
        cars: poses of the moving cars, shape (cars, 3).
    """

    number: int
    stamp_ns: int
    pose: Pose2
    motion: BodyMotion
    cars: FloatArray


def city_mesh(world: World, day: DayConditions) -> SurfaceMesh:
    """Everything that stands in a world on a day."""
    return merge((static_mesh(world), day_mesh(world, day)))


def image_stamps(truth: TruthTrajectory, rate_hz: float) -> StampArray:
    """Stamps of the truth at which pictures are taken: evenly, at about a rate.

    Raises:
        DriveError: the truth is too coarse for the rate.
    """
    steps_s = np.diff(truth.stamps_ns) / NANOSECONDS_PER_SECOND
    step_s = float(np.median(steps_s))
    every = round(1.0 / (rate_hz * step_s))
    if every < 1:
        raise DriveError(
            f'{rate_hz} pictures a second of a trajectory with a pose every {step_s:.4f} s; '
            f'expected at most {1.0 / step_s:.1f}; lower the rate'
        )
    return truth.stamps_ns[::every]


def drive_frames(
    truth: TruthTrajectory, stamps_ns: StampArray, traffic: Traffic | None
) -> Iterator[Frame]:
    """The pictures of a drive, in order."""
    at = truth.at(stamps_ns)
    nobody = np.zeros((0, 3))
    for number, stamp in enumerate(stamps_ns.tolist()):
        pose = Pose2(
            float(at.x_m[number]),
            float(at.y_m[number]),
            float(wrap_angle(at.yaw_rad[number])),
        )
        motion = BodyMotion(float(at.speed_m_s[number]), float(at.yaw_rate_rad_s[number]))
        yield Frame(number, stamp, pose, motion, nobody if traffic is None else traffic.at(stamp))


def start_camera(view: CityView) -> Callable[[Frame], bytes]:
    """What draws frames: JPEG files, or the pixels of raw RGB row by row."""
    scene = Scene(view.mesh, view.day)
    fleet = CarFleet(view.cars, view.day.seed) if view.cars else None

    def take(frame: Frame) -> bytes:
        shot = Shot(
            view.effects,
            frame.motion,
            (view.seed, view.day.seed, frame.number),
            view.supersampling,
        )
        seen = ground_view(_with_cars(scene, frame, fleet), view.camera, frame.pose, shot)
        if view.jpeg_quality:
            return encode_jpeg(seen.rgb, view.jpeg_quality)
        return seen.rgb.tobytes()

    return take


def _with_cars(scene: Scene, frame: Frame, fleet: CarFleet | None) -> Scene:
    """The scene with the cars near the camera; a car keeps its looks from frame to frame."""
    if fleet is None:
        return scene
    apart = frame.cars[:, :2] - (frame.pose.x_m, frame.pose.y_m)
    near = np.hypot(apart[:, 0], apart[:, 1]) < _CARS_WITHIN_M
    return scene.with_moving(fleet.at(frame.cars, near)) if near.any() else scene

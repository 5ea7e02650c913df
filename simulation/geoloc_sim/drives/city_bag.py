# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Writes a drive through a city as a rosbag2 bag with what its camera saw.

Beside the topics of ``geoloc_sim.drive_bag``:

Topic                     Type                          Content
/camera/image/compressed  sensor_msgs/CompressedImage   JPEG (or, without compression,
/camera/image             sensor_msgs/Image             ``rgb8``)
/camera/camera_info       sensor_msgs/CameraInfo        at the stamp of every picture
/tf_static                tf2_msgs/TFMessage            the camera's optical frame too
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from geoloc_ros.bags.conversion import (
    ConversionReport,
    Event,
    Progress,
    StaticTransform,
    write_drive,
)
from geoloc_ros.bags.writer import Storage
from geoloc_ros.messages.outbound import set_header
from geoloc_ros.messages.shapes import MessageFactory
from geoloc_ros.settings import setting
from geoloc_sim.drive import BASE_FRAME
from geoloc_sim.drive_bag import drive_events, drive_note, drive_transforms
from geoloc_sim.drives.city_camera import (
    CityView,
    city_mesh,
    drive_frames,
    image_stamps,
    start_camera,
)
from geoloc_sim.drives.frame_workers import in_workers
from geoloc_sim.drives.traffic import Traffic
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.records import SimulatedDrive, StampArray
from geoloc_sim.rendering.cameras import CameraInfo, PinholeCamera
from geoloc_sim.rendering.effects import CameraEffects
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.records import World

IMAGE_TOPIC = '/camera/image'
COMPRESSED_TOPIC = '/camera/image/compressed'
INFO_TOPIC = '/camera/camera_info'


@dataclasses.dataclass(frozen=True)
class FilmSettings:
    """How a drive is filmed."""

    rate_hz: float = setting(10.0, 'pictures in a second', unit='Hz', minimum=0.01)
    compressed: bool = setting(True, 'write JPEG files, else raw pixels')
    jpeg_quality: int = setting(90, 'of the JPEG files', minimum=1, maximum=100)
    supersampling: int = setting(
        1, 'rays along each side of a pixel; 2 smooths edges at four times the cost', minimum=1
    )
    workers: int = setting(2, 'processes that draw', minimum=1)
    effects: CameraEffects = dataclasses.field(default_factory=CameraEffects)


def write_city_bag(
    drive: SimulatedDrive,
    world: World,
    day: DayConditions,
    path: Path,
    *,
    camera: PinholeCamera,
    film: FilmSettings,
    traffic: Traffic | None = None,
    seed: int = 0,
    storage: Storage = Storage.MCAP,
    progress: Progress | None = None,
    mesh: SurfaceMesh | None = None,
) -> ConversionReport:
    """Write a drive with the pictures of its camera; the same arguments, the same pictures.

    Args:
        drive: what to write.
        world: where it takes place.
        day: how it looks there.
        path: the bag's folder, which must not exist yet.
        camera: on the vehicle.
        film: rate, compression, processes.
        traffic: other cars; ``None`` for empty streets.
        seed: of the camera's noise.
        storage: file format.
        progress: called with messages written and messages in all.
        mesh: ``city_mesh`` of world and day, where it is there already.

    Raises:
        DriveError: the folder exists or cannot be written, or the drive is too coarse for the
            rate.
    """
    stamps = image_stamps(drive.truth, film.rate_hz)
    quality = film.jpeg_quality if film.compressed else 0
    view = CityView(
        mesh or city_mesh(world, day),
        day,
        camera,
        film.effects,
        quality,
        film.supersampling,
        seed,
        0 if traffic is None else len(traffic.poses),
    )
    transforms = drive_transforms(drive)
    transforms.append(StaticTransform(BASE_FRAME, camera.frame_id, camera.base_from_camera))
    notes = [
        drive_note(drive),
        f'pictures: world {world.layout.name!r} (seed {world.layout.seed}) on day {day.seed}',
    ]
    frames = drive_frames(drive.truth, stamps, traffic)
    pictures = in_workers(start_camera, view, frames, film.workers)
    with contextlib.closing(pictures):  # type: ignore[type-var]
        events = [*drive_events(drive), *_camera_events(stamps, camera, pictures, quality)]
        return write_drive(path, storage, events, transforms, drive.truth.datum, notes, progress)


def camera_info_message(info: CameraInfo, stamp_ns: int, factory: MessageFactory) -> Any:
    """``sensor_msgs/CameraInfo`` of a camera."""
    message = factory.new('sensor_msgs/msg/CameraInfo')
    set_header(message.header, stamp_ns, info.frame_id)
    message.height, message.width = info.height, info.width
    message.distortion_model = info.distortion_model
    message.d = np.array(info.d)
    message.k, message.r, message.p = np.array(info.k), np.array(info.r), np.array(info.p)
    return message


def _camera_events(
    stamps_ns: StampArray, camera: PinholeCamera, pictures: Iterator[bytes], quality: int
) -> Iterator[Event]:
    """Pictures are taken from the iterator as they are written, which is in order of stamps."""
    info = camera.camera_info()
    for stamp in stamps_ns.tolist():
        if quality:
            make = partial(_compressed_message, pictures, stamp, camera.frame_id)
            yield Event(stamp, COMPRESSED_TOPIC, make)
        else:
            yield Event(stamp, IMAGE_TOPIC, partial(_raw_message, pictures, stamp, camera))
        yield Event(stamp, INFO_TOPIC, partial(camera_info_message, info, stamp))


def _compressed_message(
    pictures: Iterator[bytes], stamp_ns: int, frame_id: str, factory: MessageFactory
) -> Any:
    message = factory.new('sensor_msgs/msg/CompressedImage')
    set_header(message.header, stamp_ns, frame_id)
    message.format = 'rgb8; jpeg compressed bgr8'
    message.data = np.frombuffer(next(pictures), dtype=np.uint8)
    return message


def _raw_message(
    pictures: Iterator[bytes], stamp_ns: int, camera: PinholeCamera, factory: MessageFactory
) -> Any:
    message = factory.new('sensor_msgs/msg/Image')
    set_header(message.header, stamp_ns, camera.frame_id)
    message.height, message.width = camera.height, camera.width
    message.encoding, message.is_bigendian, message.step = 'rgb8', 0, 3 * camera.width
    message.data = np.frombuffer(next(pictures), dtype=np.uint8)
    return message

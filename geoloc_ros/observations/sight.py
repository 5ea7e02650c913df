# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""From camera images to scores: what the node and the offline run have in common."""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.errors import GeolocError, MeasurementError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.observations.cross_view import CrossViewMatcher, GroundCamera, ImageU8, Match
from geoloc_ros.observations.search_area import SearchCircle


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """A picture and where to look for it: all that matching needs, decided when it came."""

    stamp_ns: int
    circle: SearchCircle
    datum: Datum
    camera: GroundCamera


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """A match and the network's picture that made it."""

    match: Match
    picture: ImageU8


class CameraCabinet:
    """Keeps the camera on the vehicle ready: its maps are made anew only when it changes."""

    def __init__(self, matcher: CrossViewMatcher) -> None:
        self._network = matcher.network
        self._camera: GroundCamera | None = None

    def get(self, camera: Camera, base_from_optical: Pose3) -> GroundCamera:
        """The camera with these intrinsics, mounted there.

        Raises:
            NetworkError: it sees nothing of what the network looks at.
        """
        known = self._camera
        if (
            known is None
            or known.camera != camera
            or not np.array_equal(
                known.base_from_optical.translation_m, base_from_optical.translation_m
            )
            or not np.array_equal(known.base_from_optical.quat_xyzw, base_from_optical.quat_xyzw)
        ):
            known = self._camera = GroundCamera(camera, base_from_optical, self._network)
        return known


def level_camera(forward_m: float, left_m: float) -> Pose3:
    """``base_link`` from the optical frame of a camera that looks level and straight ahead."""
    return Pose3(np.array((forward_m, left_m, 0.0)), np.array((-0.5, 0.5, -0.5, 0.5)))


def look(
    matcher: CrossViewMatcher, image_rgb_u8: ImageU8, task: Task, reduction: int = 1
) -> Sighting | None:
    """Match an image.

    Args:
        matcher: has the network and the map.
        image_rgb_u8: whole, or its size divided by ``reduction`` and rounded up.
        task: where to look.
        reduction: 1, or ``task.camera.reduction``.

    Returns:
        ``None`` where the map has no data.

    Raises:
        MeasurementError: the image does not fit its camera.
    """
    try:
        picture = task.camera.picture(image_rgb_u8, reduction)
    except GeolocError as error:
        raise MeasurementError(str(error)) from error
    match = matcher.match(picture, task.stamp_ns, task.circle, task.datum, task.camera.place_m)
    return None if match is None else Sighting(match, picture)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Cameras: which ray belongs to a pixel, and which pixel to a point.

``base_link`` stands on the ground, x forward; pixels follow docs/conventions.md: the centre of
the top left pixel is (0, 0), u goes right, v down.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Protocol

import numpy as np

from geoloc_ros.bags.conversion import BODY_FROM_OPTICAL_XYZW
from geoloc_ros.errors import SettingError, ShapeError
from geoloc_ros.geometry.quaternions import quat_from_rotation, rotation_from_quat
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.types import FloatArray
from geoloc_sim.rendering.compiled import compiled
from geoloc_sim.rendering.distortion import Distortion
from geoloc_sim.rendering.records import Float32Array, Rays

#: The front camera's place in ``base_link``.
FRONT_FORWARD_M = 1.6
FRONT_HEIGHT_M = 1.5


class Camera(Protocol):
    """What pictures need of a camera."""

    @property
    def width(self) -> int:
        """Columns."""
        ...

    @property
    def height(self) -> int:
        """Rows."""
        ...

    def rays(self, x_m: float, y_m: float, yaw_rad: float, z_m: float = 0.0) -> Rays:
        """The ray of every pixel, row by row, with ``base_link`` at this pose."""
        ...

    def project(
        self, points_m: FloatArray, x_m: float, y_m: float, yaw_rad: float, z_m: float = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Pixels, shape (n, 2), NaN where there is none, and depths, shape (n,)."""
        ...

    def depth_factors(self) -> Float32Array:
        """Depth over distance along the ray, by pixel, shape (height * width,)."""
        ...

    def finer(self, factor: int) -> Camera:
        """The same camera with each pixel cut into ``factor`` x ``factor``."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class CameraInfo:
    """The fields of ``sensor_msgs/CameraInfo``, matrices in row order."""

    width: int
    height: int
    distortion_model: str
    d: tuple[float, ...]
    k: tuple[float, ...]
    r: tuple[float, ...]
    p: tuple[float, ...]
    frame_id: str


def mounting(
    forward_m: float,
    left_m: float,
    up_m: float,
    yaw_rad: float = 0.0,
    elevation_rad: float = 0.0,
    roll_rad: float = 0.0,
) -> Pose3:
    """``base_from_camera`` of an optical frame (z forward, x right, y down).

    Args:
        forward_m: place in ``base_link``.
        left_m: place in ``base_link``.
        up_m: height over the ground.
        yaw_rad: turn to the left.
        elevation_rad: of the optical axis over the horizon; positive looks up (the opposite sign
            of pitch about y of REP-103).
        roll_rad: turn about the view axis; positive lowers the right side.
    """
    cy, sy = math.cos(yaw_rad), math.sin(yaw_rad)
    cp, sp = math.cos(-elevation_rad), math.sin(-elevation_rad)
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    turn = np.array(((cy, -sy, 0.0), (sy, cy, 0.0), (0.0, 0.0, 1.0)))
    nod = np.array(((cp, 0.0, sp), (0.0, 1.0, 0.0), (-sp, 0.0, cp)))
    lean = np.array(((1.0, 0.0, 0.0), (0.0, cr, -sr), (0.0, sr, cr)))
    rotation = turn @ nod @ lean @ rotation_from_quat(BODY_FROM_OPTICAL_XYZW)
    return Pose3(np.array((forward_m, left_m, up_m)), quat_from_rotation(rotation))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PinholeCamera:
    """A perspective camera.

    Attributes:
        width: columns.
        height: rows.
        fx: focal length along u, pixels.
        fy: focal length along v, pixels.
        cx: column of the optical axis, pixels.
        cy: row of the optical axis, pixels.
        distortion: of its lens.
        base_from_camera: its optical frame in ``base_link``.
        frame_id: name of its optical frame.

    Raises:
        SettingError: a size or focal length is not positive.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: Distortion = dataclasses.field(default_factory=Distortion)
    base_from_camera: Pose3 = dataclasses.field(
        default_factory=lambda: mounting(FRONT_FORWARD_M, 0.0, FRONT_HEIGHT_M)
    )
    frame_id: str = 'camera_optical'

    def __post_init__(self) -> None:
        _check_size(self.width, self.height)
        if not (self.fx > 0.0 and self.fy > 0.0):
            raise SettingError(
                f'focal lengths are {self.fx} and {self.fy} px; expected positive numbers'
            )

    @staticmethod
    def with_field_of_view(
        width: int = 320,
        height: int = 240,
        horizontal_fov_deg: float = 90.0,
        base_from_camera: Pose3 | None = None,
    ) -> PinholeCamera:
        """Square pixels, the axis in the middle, no distortion; the front camera by default.

        Args:
            width: columns.
            height: rows.
            horizontal_fov_deg: between the outer edges of the first and last column.
            base_from_camera: its mounting; ``None`` for the front camera's.

        Raises:
            SettingError: the field of view is not inside (0, 180) degrees.
        """
        if not 0.0 < horizontal_fov_deg < 180.0:
            raise SettingError(
                f'field of view is {horizontal_fov_deg} degrees; expected inside (0, 180); '
                'use EquirectangularCamera for a wider one'
            )
        focal_px = 0.5 * width / math.tan(math.radians(0.5 * horizontal_fov_deg))
        camera = PinholeCamera(
            width, height, focal_px, focal_px, 0.5 * (width - 1), 0.5 * (height - 1)
        )
        if base_from_camera is None:
            return camera
        return dataclasses.replace(camera, base_from_camera=base_from_camera)

    def rays(self, x_m: float, y_m: float, yaw_rad: float, z_m: float = 0.0) -> Rays:
        """The ray of every pixel, row by row, with ``base_link`` at this pose, level.

        Raises:
            SettingError: the lens folds within the picture.
        """
        map_from_camera = self._map_from_camera(x_m, y_m, yaw_rad, z_m)
        rotation, origin = map_from_camera.rotation(), map_from_camera.translation_m
        return rays_from(self._directions(), rotation, origin, 1.0 / math.sqrt(self.fx * self.fy))

    def project(
        self, points_m: FloatArray, x_m: float, y_m: float, yaw_rad: float, z_m: float = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Where points of ``map`` appear; whether within the picture is for the caller to see.

        Args:
            points_m: shape (n, 3).
            x_m: of ``base_link``.
            y_m: of ``base_link``.
            yaw_rad: of ``base_link``.
            z_m: of the ground under it.

        Returns:
            Pixels (u, v), shape (n, 2), and depth along the optical axis, shape (n,). Pixels are
            NaN for points behind the camera and where the lens would fold them back.

        Raises:
            ShapeError: the points are not (n, 3).
        """
        if points_m.ndim != 2 or points_m.shape[1] != 3:
            raise ShapeError(f'points_m has shape {points_m.shape}; expected (n, 3)')
        map_from_camera = self._map_from_camera(x_m, y_m, yaw_rad, z_m)
        rotation, origin = map_from_camera.rotation(), map_from_camera.translation_m
        # Column by column: numpy is slow on rows of three.
        east, north, up = (points_m[:, axis] - origin[axis] for axis in range(3))
        right, down, depth = (
            rotation[0, axis] * east + rotation[1, axis] * north + rotation[2, axis] * up
            for axis in range(3)
        )
        ahead = np.where(depth > 1e-9, depth, np.nan)
        u, v = right / ahead, down / ahead
        if not self.distortion.is_none():
            folded = np.hypot(u, v) > self.distortion.radius_limit()
            flat = self.distortion.distort(np.column_stack((u, v)))
            flat[folded] = np.nan
            u, v = flat[:, 0], flat[:, 1]
        return np.column_stack((u * self.fx + self.cx, v * self.fy + self.cy)), depth

    def depth_factors(self) -> Float32Array:
        """Depth along the optical axis over distance along the ray, shape (height * width,)."""
        return self._directions()[:, 2]

    def finer(self, factor: int) -> PinholeCamera:
        """The same picture with each pixel cut into ``factor`` x ``factor``."""
        return dataclasses.replace(
            self,
            width=self.width * factor,
            height=self.height * factor,
            fx=self.fx * factor,
            fy=self.fy * factor,
            cx=(self.cx + 0.5) * factor - 0.5,
            cy=(self.cy + 0.5) * factor - 0.5,
        )

    def camera_info(self) -> CameraInfo:
        """What the driver of this camera would publish beside its pictures."""
        lens = self.distortion
        k = (self.fx, 0.0, self.cx, 0.0, self.fy, self.cy, 0.0, 0.0, 1.0)
        return CameraInfo(
            width=self.width,
            height=self.height,
            distortion_model='plumb_bob',
            d=(lens.k1, lens.k2, lens.p1, lens.p2, lens.k3),
            k=k,
            r=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
            p=(*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0),
            frame_id=self.frame_id,
        )

    def _map_from_camera(self, x_m: float, y_m: float, yaw_rad: float, z_m: float) -> Pose3:
        return Pose3.from_planar(Pose2(x_m, y_m, yaw_rad), z_m) @ self.base_from_camera

    def _directions(self) -> Float32Array:
        """Unit directions of all pixels in the optical frame, shape (n, 3), not to be written."""
        return _pixel_directions(
            self.width, self.height, self.fx, self.fy, self.cx, self.cy, self.distortion
        )


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise SettingError(f'a picture of {width} x {height} pixels; expected at least 1 x 1')


def pixel_centres(width: int, height: int) -> FloatArray:
    """(u, v) of every pixel's centre, row by row, shape (height * width, 2)."""
    v, u = np.mgrid[0:height, 0:width]
    return np.column_stack((u.ravel(), v.ravel())).astype(np.float64)


def rays_from(
    directions: Float32Array, rotation: FloatArray, origin_m: FloatArray, spread_rad: float
) -> Rays:
    """Rays from one point.

    Args:
        directions: in the camera's frame, shape (n, 3).
        rotation: from that frame to ``map``, shape (3, 3).
        origin_m: of all rays, shape (3,).
        spread_rad: angle of a pixel.
    """
    turned, origins = np.empty_like(directions), np.empty_like(directions)
    _turn(directions, rotation, origin_m, turned, origins)
    return Rays(origins, turned, spread_rad)


@compiled
def _turn(
    directions: Float32Array,
    rotation: FloatArray,
    origin_m: FloatArray,
    turned: Float32Array,
    origins: Float32Array,
) -> None:
    """One pass without BLAS, whose threads get in each other's way on a busy machine."""
    for i in range(directions.shape[0]):
        x, y, z = directions[i, 0], directions[i, 1], directions[i, 2]
        for axis in range(3):
            turned[i, axis] = rotation[axis, 0] * x + rotation[axis, 1] * y + rotation[axis, 2] * z
            origins[i, axis] = origin_m[axis]


@functools.lru_cache(maxsize=32)
def _pixel_directions(
    width: int, height: int, fx: float, fy: float, cx: float, cy: float, distortion: Distortion
) -> Float32Array:
    flat = distortion.undistort((pixel_centres(width, height) - (cx, cy)) / (fx, fy))
    directions = np.column_stack((flat, np.ones(len(flat))))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = directions.astype(np.float32)
    found.flags.writeable = False
    return found

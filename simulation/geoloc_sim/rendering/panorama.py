# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Full panoramas, and perspective views cut out of them.

An equirectangular picture shows azimuth along u and elevation along v. Azimuth 0 is in the middle
of the picture and turns to the right (clockwise from above), as a bearing does; elevation +90
degrees is the upper edge. The middle is the vehicle's heading, or north.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import TypeVar

import cv2
import numpy as np

from geoloc_ros.errors import SettingError, ShapeError
from geoloc_ros.types import FloatArray
from geoloc_sim.rendering.cameras import pixel_centres, rays_from
from geoloc_sim.rendering.records import Float32Array, ImageU8, Rays

ImageT = TypeVar('ImageT', ImageU8, Float32Array)

_NORTH_YAW_RAD = 0.5 * math.pi
_LOOK_UP_COLUMNS = 1024  # cv2.remap takes at most 32767 rows


@dataclasses.dataclass(frozen=True, slots=True)
class EquirectangularCamera:
    """A panorama of the full turn.

    Attributes:
        width: columns, 360 degrees.
        height: rows, from ``top_rad`` down to ``bottom_rad``.
        height_m: of the camera over the ground.
        forward_m: of the camera before ``base_link``.
        north_centred: north is in the middle, else the vehicle's heading.
        top_rad: elevation of the upper edge.
        bottom_rad: elevation of the lower edge.

    Raises:
        SettingError: a size is not positive or the edges are not in order.
    """

    width: int = 1024
    height: int = 512
    height_m: float = 2.5
    forward_m: float = 0.0
    north_centred: bool = False
    top_rad: float = 0.5 * math.pi
    bottom_rad: float = -0.5 * math.pi

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise SettingError(
                f'a picture of {self.width} x {self.height} pixels; expected at least 1 x 1'
            )
        if not -0.5 * math.pi <= self.bottom_rad < self.top_rad <= 0.5 * math.pi:
            raise SettingError(
                f'edges at elevations {self.bottom_rad} and {self.top_rad} rad; '
                'expected -pi/2 <= bottom < top <= pi/2'
            )

    def rays(self, x_m: float, y_m: float, yaw_rad: float, z_m: float = 0.0) -> Rays:
        """The ray of every pixel, row by row, with ``base_link`` at this pose."""
        yaw = self._middle_yaw_rad(yaw_rad)
        spread_rad = math.sqrt(
            math.tau / self.width * (self.top_rad - self.bottom_rad) / self.height
        )
        origin = self._origin(x_m, y_m, yaw_rad, z_m)
        return rays_from(self._directions(), _yaw_rotation(yaw), origin, spread_rad)

    def project(
        self, points_m: FloatArray, x_m: float, y_m: float, yaw_rad: float, z_m: float = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Where points of ``map`` appear.

        Args:
            points_m: shape (n, 3).
            x_m: of ``base_link``.
            y_m: of ``base_link``.
            yaw_rad: of ``base_link``.
            z_m: of the ground under it.

        Returns:
            Pixels (u, v), shape (n, 2), u in [-0.5, width - 0.5), and distances, shape (n,).

        Raises:
            ShapeError: the points are not (n, 3).
        """
        if points_m.ndim != 2 or points_m.shape[1] != 3:
            raise ShapeError(f'points_m has shape {points_m.shape}; expected (n, 3)')
        seen = points_m - self._origin(x_m, y_m, yaw_rad, z_m)
        pixels = self._pixels(_turned(seen, -self._middle_yaw_rad(yaw_rad)))
        return pixels, np.linalg.norm(seen, axis=1)

    def depth_factors(self) -> Float32Array:
        """All one: the depth of a panorama is the distance along the ray."""
        return np.ones(self.width * self.height, dtype=np.float32)

    def finer(self, factor: int) -> EquirectangularCamera:
        """The same picture with each pixel cut into ``factor`` x ``factor``."""
        return dataclasses.replace(self, width=self.width * factor, height=self.height * factor)

    def sample(self, image: ImageT, rays: Rays, yaw_rad: float) -> ImageT:
        """Look up a panorama along directions of ``map``: a perspective view cut out of it.

        Args:
            image: shape (height, width) or (height, width, c), taken at ``yaw_rad``.
            rays: of the view, n of them; only their directions matter.
            yaw_rad: of ``base_link`` when the panorama was taken.

        Returns:
            Shape (n,) or (n, c), between neighbouring pixels, around the seam as well.

        Raises:
            ShapeError: the image has another size.
        """
        if image.shape[:2] != (self.height, self.width):
            raise ShapeError(
                f'panorama has shape {image.shape}; expected ({self.height}, {self.width}, ...)'
            )
        directions = rays.directions.astype(np.float64)
        pixels = self._pixels(_turned(directions, -self._middle_yaw_rad(yaw_rad)))
        padded = np.zeros((-(-len(pixels) // _LOOK_UP_COLUMNS) * _LOOK_UP_COLUMNS, 2), np.float32)
        padded[: len(pixels)] = pixels + np.array((1.0, 0.0))
        u, v = padded.reshape(-1, _LOOK_UP_COLUMNS, 2).transpose(2, 0, 1)
        wide = np.concatenate((image[:, -1:], image, image[:, :1]), axis=1)
        found = cv2.remap(wide, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        looked_up: ImageT = found.reshape((len(padded), *image.shape[2:]))[: len(pixels)]
        return looked_up

    def _pixels(self, seen: FloatArray) -> FloatArray:
        """Pixels of directions whose x points to the middle of the picture, shape (n, 2)."""
        azimuth = np.arctan2(-seen[:, 1], seen[:, 0])  # to the right
        elevation = np.arctan2(seen[:, 2], np.hypot(seen[:, 0], seen[:, 1]))
        u = (azimuth / math.tau + 0.5) * self.width - 0.5
        u = np.where(u >= self.width - 0.5, u - self.width, u)
        v = (self.top_rad - elevation) / (self.top_rad - self.bottom_rad) * self.height - 0.5
        return np.column_stack((u, v))

    def _origin(self, x_m: float, y_m: float, yaw_rad: float, z_m: float) -> FloatArray:
        return np.array(
            (
                x_m + self.forward_m * math.cos(yaw_rad),
                y_m + self.forward_m * math.sin(yaw_rad),
                z_m + self.height_m,
            )
        )

    def _middle_yaw_rad(self, yaw_rad: float) -> float:
        """Yaw of the direction in the middle of the picture."""
        return _NORTH_YAW_RAD if self.north_centred else yaw_rad

    def _directions(self) -> Float32Array:
        return _pixel_directions(self.width, self.height, self.top_rad, self.bottom_rad)


def _yaw_rotation(yaw_rad: float) -> FloatArray:
    cosine, sine = math.cos(yaw_rad), math.sin(yaw_rad)
    return np.array(((cosine, -sine, 0.0), (sine, cosine, 0.0), (0.0, 0.0, 1.0)))


def _turned(vectors: FloatArray, yaw_rad: float) -> FloatArray:
    """The vectors turned about z, shape (n, 3)."""
    cosine, sine = math.cos(yaw_rad), math.sin(yaw_rad)
    x, y = vectors[:, 0], vectors[:, 1]
    return np.column_stack((cosine * x - sine * y, sine * x + cosine * y, vectors[:, 2]))


@functools.lru_cache(maxsize=8)
def _pixel_directions(width: int, height: int, top_rad: float, bottom_rad: float) -> Float32Array:
    """Unit directions by pixel with x towards the middle of the picture, not to be written."""
    pixels = pixel_centres(width, height)
    azimuth = ((pixels[:, 0] + 0.5) / width - 0.5) * math.tau
    elevation = top_rad - (pixels[:, 1] + 0.5) / height * (top_rad - bottom_rad)
    level = np.cos(elevation)
    directions = np.column_stack(
        (level * np.cos(azimuth), -level * np.sin(azimuth), np.sin(elevation))
    ).astype(np.float32)
    directions.flags.writeable = False
    return directions

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where things appear in an aerial image: a high camera, rectified on the ground, a bit shifted.

The image is a perspective one taken from ``camera_m`` and rectified on the plane z = 0, as an
orthophoto without a surface model is: what stands on the ground leans away from the point under
the camera. A point p at height h shows where its line of sight meets the ground,

    g = c + (p - c) H / (H - h),    c the point under the camera, H the camera's height,

and that ground is georeferenced wrongly by ``offset_m``: the image claims that g lies at g + o.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np

from geoloc_ros.errors import GeodesyError, GeolocError
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.aerial.grids import (
    CrsGrid,
    GroundGrid,
    Window,
    checked_points,
    grid_over,
    ground_of_window,
)
from geoloc_sim.aerial.settings import AerialSettings
from geoloc_sim.output_paths import whole_file
from geoloc_sim.randomness import stream


@dataclasses.dataclass(frozen=True, slots=True)
class AerialModel:
    """Projection of ``map`` into the pixels of an aerial image, and back; exact.

    Attributes:
        grid: the raster, by what the image claims of itself.
        camera_m: (x, y, z) of the camera in ``map``.
        offset_m: claimed minus true position of everything, (x, y) in ``map``.
    """

    grid: GroundGrid
    camera_m: tuple[float, float, float]
    offset_m: tuple[float, float]

    def on_grid(self, grid: GroundGrid) -> AerialModel:
        """The same image (camera and offset) on another raster."""
        return dataclasses.replace(self, grid=grid)

    def project(self, points_m: FloatArray) -> FloatArray:
        """Pixels (u, v), shape (n, 2), in which points (x, y, z) of ``map``, (n, 3), appear.

        Nothing is hidden behind anything here; pixels may lie outside of the raster.

        Raises:
            ShapeError: the points are not (n, 3).
            GeodesyError: a point is not finite, not below the camera, or off the CRS.
        """
        points = checked_points(points_m, 3, 'points_m')
        camera = np.array(self.camera_m)
        if not np.all(points[:, 2] < camera[2]):
            raise GeodesyError(
                f'a point at height {np.max(points[:, 2])} m is not below the aerial camera at '
                f'{camera[2]} m; raise aerial.camera_height_m'
            )
        stretch = camera[2] / (camera[2] - points[:, 2:])
        ground = camera[:2] + (points[:, :2] - camera[:2]) * stretch
        return self.grid.pixels_from_ground(ground + self.offset_m)

    def unproject(self, pixels: FloatArray, z_m: FloatArray | float = 0.0) -> FloatArray:
        """Points of ``map``, shape (n, 3), that appear in pixels (u, v), (n, 2), at height z.

        Args:
            pixels: shape (n, 2).
            z_m: height of each, shape (n,) or one number.

        Raises:
            ShapeError: the pixels are not (n, 2).
            GeodesyError: a pixel lies off the CRS.
        """
        ground = self.grid.ground_from_pixels(pixels) - self.offset_m
        heights = np.broadcast_to(np.asarray(z_m, dtype=np.float64), len(ground))
        return np.concatenate((self._raised(ground, heights), heights[:, None]), axis=1)

    def ground_of_window(self, window: Window) -> FloatArray:
        """True (x, y) at z = 0 that each pixel centre shows, shape (height, width, 2); < 1 mm."""
        ground: FloatArray = ground_of_window(self.grid, window) - np.array(self.offset_m)
        return ground

    def _raised(self, ground_m: FloatArray, heights_m: FloatArray) -> FloatArray:
        camera = np.array(self.camera_m)
        shrink = (camera[2] - heights_m[:, None]) / camera[2]
        raised: FloatArray = camera[:2] + (ground_m - camera[:2]) * shrink
        return raised


def draw_aerial_model(
    datum: GeodeticPosition,
    bounds_m: tuple[float, float, float, float],
    settings: AerialSettings,
    seed: int,
) -> AerialModel:
    """The model of an image that covers a rectangle: camera and offset are drawn from the seed.

    Args:
        datum: origin of ``map``.
        bounds_m: (west, south, east, north) in ``map``.
        settings: raster, camera and offset.
        seed: of the image.

    Raises:
        GeodesyError: the CRS is unknown or does not reach here.
    """
    west, south, east, north = bounds_m
    camera_x, camera_y = _in_disc(
        stream('aerial camera', seed),
        settings.camera_height_m * math.tan(math.radians(settings.off_nadir_deg)),
    )
    return AerialModel(
        grid_over(datum, settings.crs, bounds_m, settings.gsd_m_per_px),
        (
            0.5 * (west + east) + camera_x,
            0.5 * (south + north) + camera_y,
            settings.camera_height_m,
        ),
        _in_disc(stream('aerial offset', seed), settings.offset_m),
    )


def _in_disc(rng: np.random.Generator, radius: float) -> tuple[float, float]:
    """A point spread evenly over a disc."""
    length, angle = radius * math.sqrt(rng.random()), rng.uniform(-math.pi, math.pi)
    return length * math.cos(angle), length * math.sin(angle)


def write_model(path: Path, model: AerialModel) -> None:
    """Write what is true of an image beside it, as JSON: the answer key, not for localizers.

    Raises:
        GeodesyError: the raster has no coordinate system.
        DriveError: the file cannot be written.
    """
    if not isinstance(model.grid, CrsGrid):
        raise GeodesyError(
            f'raster is a {type(model.grid).__name__}; expected a CrsGrid: only rasters with a '
            'coordinate system are kept'
        )
    with whole_file(path) as part:
        part.write_text(json.dumps(dataclasses.asdict(model), indent=2) + '\n', encoding='utf-8')


def read_model(path: Path) -> AerialModel:
    """Read what ``write_model`` wrote.

    Raises:
        GeolocError: the file is not one of those.
    """
    try:
        record = json.loads(path.read_text())
        grid = record['grid']
        datum = GeodeticPosition(**grid.pop('datum'))
        x, y, z = record['camera_m']
        east, north = record['offset_m']
        return AerialModel(CrsGrid(datum, **grid), (x, y, z), (east, north))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise GeolocError(
            f'{path} holds no aerial model ({error}); expected the JSON that geoloc-sim writes '
            'beside an aerial image'
        ) from error

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Draws an aerial image, window by window, so that memory does not grow with the image.

Each pixel is sampled twice, and four times where the samples meet different surfaces (edges,
markings down to half a pixel wide). Light then gets the air's veil and the sensor's noise, is
blurred as lens and resampling do, and developed. A pixel's value does not depend on the window.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import cv2
import numpy as np

from geoloc_ros.errors import GeodesyError
from geoloc_ros.types import FloatArray
from geoloc_sim.aerial.grids import CrsGrid, PatchGrid, Window
from geoloc_sim.aerial.model import AerialModel
from geoloc_sim.aerial.records import AerialImage, BoolImage
from geoloc_sim.aerial.settings import AerialSettings
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.develop import develop
from geoloc_sim.rendering.records import DayConditions, Float32Array, Int32Array, Rays
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.rendering.sky import light_of, sky_on_surface

#: Where a pixel is sampled, in pixels from its centre (u, v): always, and at edges as well.
_FIRST_SAMPLES = ((-0.25, -0.25), (0.25, 0.25))
_EDGE_SAMPLES = ((0.25, -0.25), (-0.25, 0.25))

#: Rays start this far over the highest thing in the scene.
_CLEARANCE_M = 1.0

#: Size of the pattern of noise, which repeats.
_NOISE_PX = 1024


@dataclasses.dataclass(frozen=True)
class Orthophoto:
    """An aerial image of a scene, drawn where it is asked for.

    Attributes:
        scene: the world on the day of the flight.
        model: where things appear.
        settings: what the image looks like.
        seed: of the noise.
    """

    scene: Scene
    model: AerialModel
    settings: AerialSettings
    seed: int
    _top_m: float = dataclasses.field(init=False, repr=False, compare=False)
    _gains: Float32Array = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        top_m = float(np.max(self.scene.mesh.vertices_m[:, 2], initial=0.0)) + _CLEARANCE_M
        object.__setattr__(self, '_top_m', top_m)
        spread = 0.08 * stream('aerial brightness', self.seed).standard_normal()
        gains = self.settings.brightness * math.exp(spread) * _balance(self.scene.day)
        object.__setattr__(self, '_gains', gains)
        if not top_m < self.model.camera_m[2]:
            raise GeodesyError(
                f'aerial camera at {self.model.camera_m[2]} m is not above the scene, which '
                f'reaches {top_m} m; raise aerial.camera_height_m, or make the mesh finite'
            )

    @property
    def grid(self) -> CrsGrid:
        """Raster of the whole image.

        Raises:
            GeodesyError: it is a patch, which has no coordinate system.
        """
        if not isinstance(self.model.grid, CrsGrid):
            raise GeodesyError(
                f'raster is a {type(self.model.grid).__name__}; expected a CrsGrid; call on_grid'
            )
        return self.model.grid

    def on_grid(self, grid: CrsGrid) -> Orthophoto:
        """The same image (camera and offset) on another raster."""
        return dataclasses.replace(self, model=self.model.on_grid(grid))

    def image(self, window: Window) -> AerialImage:
        """The pixels of a window, which may reach out of the raster."""
        margin = math.ceil(3.0 * self.settings.blur_px) if self.settings.blur_px > 0.0 else 0
        grown = window.grown(margin)
        light, valid = self._light(grown)
        light = _mixed(light * self._gains, self.settings.saturation)
        light *= self._noise(grown)
        if margin:
            light = self._blurred(light, valid)
        inside = slice(margin, margin + window.height), slice(margin, margin + window.width)
        valid = np.ascontiguousarray(valid[inside])
        rgb = develop(np.ascontiguousarray(light[inside]), self.scene.day)
        rgb[~valid] = 0
        return AerialImage(rgb, valid)

    def object_ids(self, window: Window) -> Int32Array:
        """``object_id`` seen at each pixel's centre, -1 for none, shape (height, width)."""
        ground = self.model.ground_of_window(window).reshape(-1, 2)
        surface = self.scene.trace(self._rays(ground)).surface
        ids = np.where(surface >= 0, self.scene.surfaces.object_id[surface], -1)
        return np.asarray(ids, dtype=np.int32).reshape(window.height, window.width)

    def _light(self, window: Window) -> tuple[Float32Array, BoolImage]:
        """Linear light with the air's veil, (height, width, 3), and where anything was seen."""
        ground = self.model.ground_of_window(window)
        along_u, along_v = _steps(ground)
        samples = []
        for u, v in _FIRST_SAMPLES:
            seen = render(self.scene, self._rays(ground + u * along_u + v * along_v))
            samples.append((seen.rgb, seen.hits.surface.reshape(ground.shape[:2])))
        (first_rgb, first), (second_rgb, second) = samples
        light = (0.5 * (first_rgb + second_rgb)).reshape(*ground.shape[:2], 3)
        edges = _edges(first, second)
        for u, v in _EDGE_SAMPLES:
            seen = render(self.scene, self._rays(ground[edges] + u * along_u + v * along_v))
            light[edges] += 0.5 * seen.rgb
        light[edges] *= 0.5
        share = np.float32(self.settings.veil)
        veil = share * np.asarray(self.scene.day.sky_zenith_rgb, dtype=np.float32)
        return light * (1 - share) + veil, (first >= 0) & (second >= 0)

    def _rays(self, ground_m: FloatArray) -> Rays:
        """Rays down to points (x, y) of the ground, from just over the scene."""
        ground = ground_m.reshape(-1, 2)
        camera_x, camera_y, height = self.model.camera_m
        down = np.empty((len(ground), 3))
        down[:, 0], down[:, 1] = ground[:, 0] - camera_x, ground[:, 1] - camera_y
        down[:, 2] = -height
        origins = down * (-self._top_m / height)
        origins[:, :2] += ground
        down /= np.sqrt(np.einsum('ij,ij->i', down, down))[:, None]
        # two samples share a pixel: each stands for the area of a square 0.7 pixels wide
        spread_m = math.sqrt(0.5) * self.model.grid.gsd_m_per_px
        return Rays(origins.astype(np.float32), down.astype(np.float32), 0.0, spread_m)

    def _noise(self, window: Window) -> Float32Array:
        """Factors about 1 for each pixel and channel: mostly grey, a little coloured."""
        rows = np.arange(window.row, window.row + window.height) % _NOISE_PX
        columns = np.arange(window.column, window.column + window.width) % _NOISE_PX
        drawn = _noise_pattern(self.seed)[rows[:, None], columns[None, :]]
        return np.float32(1.0) + np.float32(self.settings.noise) * drawn

    def _blurred(self, light: Float32Array, valid: BoolImage) -> Float32Array:
        """Light blurred over what was seen, so that the border of the world does not glow."""
        sigma = self.settings.blur_px
        if np.all(valid):
            return _gaussian(light, sigma)
        weight = _gaussian(valid.astype(np.float32), sigma)
        seen = _gaussian(light * valid[..., None], sigma)
        seen /= np.maximum(weight, np.float32(1e-3))[..., None]
        return seen


def aerial_patch(
    photo: Orthophoto, x_m: float, y_m: float, yaw_rad: float, size_m: float, pixels: int
) -> AerialImage:
    """A square piece around a place of the map that the image claims to show, heading up.

    Args:
        photo: the image; drawn anew for the patch, not cut out.
        x_m: centre, in ``map``.
        y_m: centre.
        yaw_rad: direction that points up in the patch; pi/2 is north up.
        size_m: its side on the ground.
        pixels: its side in pixels.
    """
    grid = PatchGrid(x_m, y_m, yaw_rad, size_m, pixels)
    turned = dataclasses.replace(photo, model=photo.model.on_grid(grid))
    return turned.image(Window(0, 0, pixels, pixels))


def _balance(day: DayConditions) -> Float32Array:
    """Factors on linear R, G, B that expose an 18 % grey surface in the sun to 1 on average.

    Half of the day's tint is taken out, as those who balance flights do by eye.
    """
    sky = sky_on_surface(light_of(day), 1.0)
    falling = np.add(sky, math.sin(day.sun_elevation_rad) * np.array(day.sun_rgb))
    grey = 0.18 * day.exposure * falling * np.array(day.white_balance)
    gains: Float32Array = (1.0 / np.sqrt(grey * np.mean(grey))).astype(np.float32)
    return gains


def _mixed(light: Float32Array, saturation: float) -> Float32Array:
    """Light whose channels are drawn towards their mean (1: unchanged); never negative."""
    third = np.float32((1.0 - saturation) / 3.0)
    matrix = np.full((3, 3), third) + np.float32(saturation) * np.eye(3, dtype=np.float32)
    mixed: Float32Array = np.maximum(cv2.transform(light, matrix), np.float32(0.0))
    return mixed


def _steps(ground: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What one column and one row more mean on the ground; constant over a window to 1e-5."""
    rows, columns = ground.shape[:2]
    along_u = (ground[0, -1] - ground[0, 0]) / (columns - 1)
    along_v = (ground[-1, 0] - ground[0, 0]) / (rows - 1)
    return along_u, along_v


def _edges(first: Int32Array, second: Int32Array) -> BoolImage:
    """Pixels whose two samples, or whose neighbours, show different surfaces."""
    edges: BoolImage = first != second
    for one, other in (
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
    ):
        differs = first[one] != second[other]
        edges[one] |= differs
        edges[other] |= differs
    return edges


@functools.lru_cache(maxsize=2)
def _noise_pattern(seed: int) -> Float32Array:
    """Standard normal numbers whose channels agree in part, shape (1024, 1024, 3)."""
    drawn = stream('aerial noise', seed).standard_normal(
        (_NOISE_PX, _NOISE_PX, 4), dtype=np.float32
    )
    pattern: Float32Array = np.float32(0.8) * drawn[..., :1] + np.float32(0.6) * drawn[..., 1:]
    return pattern


def _gaussian(image: Float32Array, sigma: float) -> Float32Array:
    size = 2 * math.ceil(3.0 * sigma) + 1
    blurred: Float32Array = cv2.GaussianBlur(image, (size, size), sigma)
    return blurred

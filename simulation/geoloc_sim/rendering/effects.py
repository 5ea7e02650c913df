# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a real camera does to light: motion blur, lens blur, vignetting, noise, JPEG.

Everything up to the noise acts on linear light, before exposure and response curve.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import cv2
import numpy as np

from geoloc_ros.errors import ShapeError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.settings import setting
from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.cameras import Camera, pixel_centres
from geoloc_sim.rendering.develop import develop
from geoloc_sim.rendering.records import DayConditions, Float32Array, ImageU8

_FAR_M = 1.0e4  # where the sky is taken to be: it turns but does not pass by


@dataclasses.dataclass(frozen=True)
class CameraEffects:
    """How far a picture is from the perfect one; the defaults are a plain camera by day."""

    exposure_s: float = setting(
        0.006, 'time over which motion blurs the picture; 0 for none', unit='s', minimum=0.0
    )
    blur_frames: int = setting(
        5, 'moments averaged over the exposure; more are smoother and slower', minimum=2
    )
    lens_blur_px: float = setting(
        0.45, 'sigma of the blur of lens and sensor; 0 for none', unit='px', minimum=0.0
    )
    vignetting: float = setting(
        0.25, 'share of the light that is lost in the corners', minimum=0.0, maximum=1.0
    )
    shot_noise: float = setting(
        4e-4, 'variance of the noise at white, growing with the light', minimum=0.0
    )
    read_noise: float = setting(0.003, 'sigma of the noise in the dark', minimum=0.0)
    jpeg_quality: int = setting(
        0, 'compressed and opened again at this quality; 0 for not', minimum=0, maximum=100
    )


#: The picture as it is traced.
PERFECT = CameraEffects(
    exposure_s=0.0, lens_blur_px=0.0, vignetting=0.0, shot_noise=0.0, read_noise=0.0
)


@dataclasses.dataclass(frozen=True, slots=True)
class BodyMotion:
    """How ``base_link`` moves while the shutter is open."""

    speed_m_s: float = 0.0
    yaw_rate_rad_s: float = 0.0


STANDING = BodyMotion()


def expose(
    rgb_linear: Float32Array,
    day: DayConditions,
    effects: CameraEffects,
    *seeds: int,
) -> ImageU8:
    """Lens, sensor and file: everything after motion blur.

    Args:
        rgb_linear: shape (height, width, 3).
        day: its exposure and white balance.
        effects: how much of each.
        seeds: of the noise: another for every picture.

    Raises:
        ShapeError: the picture is not (height, width, 3).
    """
    if rgb_linear.ndim != 3 or rgb_linear.shape[2] != 3:
        raise ShapeError(f'picture has shape {rgb_linear.shape}; expected (height, width, 3)')
    light = rgb_linear
    if effects.lens_blur_px > 0.0:
        light = cv2.GaussianBlur(light, (0, 0), effects.lens_blur_px)
    if effects.vignetting > 0.0:
        light = light * vignette(light.shape[1], light.shape[0], effects.vignetting)[..., None]
    if effects.shot_noise > 0.0 or effects.read_noise > 0.0:
        light = _noisy(light, day.exposure, effects, *seeds)
    pixels = develop(np.ascontiguousarray(light, dtype=np.float32), day)
    if effects.jpeg_quality > 0:
        pixels = through_jpeg(pixels, effects.jpeg_quality)
    return pixels


@functools.lru_cache(maxsize=8)
def vignette(width: int, height: int, corner_loss: float) -> Float32Array:
    """Share of the light kept, 1 in the middle and 1 - ``corner_loss`` in the corners.

    It falls with the fourth power of the cosine, the law of an ideal lens, at whatever angle
    gives that loss.
    """
    pixels = pixel_centres(width, height) - (0.5 * (width - 1), 0.5 * (height - 1))
    square = (pixels**2).sum(axis=1) / max(0.25 * ((width - 1) ** 2 + (height - 1) ** 2), 1e-9)
    corner_tangent_square = 1.0 / math.sqrt(max(1.0 - corner_loss, 1e-6)) - 1.0
    kept: Float32Array = ((1.0 + square * corner_tangent_square) ** -2).astype(np.float32)
    kept.flags.writeable = False
    return kept.reshape(height, width)


def motion_flow(
    camera: Camera,
    distance_m: Float32Array,
    pose: Pose2,
    motion: BodyMotion,
    duration_s: float,
) -> FloatArray:
    """How far each pixel's content comes from over a time around the picture's, pixels.

    Args:
        camera: that took the picture.
        distance_m: along each ray of the picture, inf for the sky, shape (n,).
        pose: of ``base_link`` at the middle of the exposure.
        motion: of ``base_link``.
        duration_s: of the exposure.

    Returns:
        Shape (n, 2): what a pixel shows at the end of the exposure lies at ``pixel + flow / 2`` in
        the middle's picture, and at the start at ``pixel - flow / 2``, with the depth of the
        middle's; 0 where it leaves the field of view.
    """
    far = np.minimum(distance_m, _FAR_M).astype(np.float64)
    ends = []
    for time_s in (-0.5 * duration_s, 0.5 * duration_s):
        moved = pose @ Pose2.exp(motion.speed_m_s, motion.yaw_rate_rad_s, time_s)
        # The pixel's ray as it will stand then, in the picture as it is now.
        turned = camera.rays(moved.x_m, moved.y_m, moved.yaw_rad)
        points = np.empty((3, len(far))).T  # column by column: numpy is slow on rows of three
        for axis in range(3):
            points[:, axis] = turned.origins_m[:, axis] + far * turned.directions[:, axis]
        ends.append(camera.project(points, pose.x_m, pose.y_m, pose.yaw_rad)[0])
    flow: FloatArray = ends[1] - ends[0]
    # NaN, or over the seam of a panorama.
    unknown = ~(np.abs(flow[:, 0]) <= 0.5 * camera.width) | ~np.isfinite(flow[:, 1])
    flow[unknown] = 0.0
    return flow


def blur_along(rgb_linear: Float32Array, flow: FloatArray, frames: int) -> Float32Array:
    """Mean of the picture at ``frames`` moments along the flow.

    Args:
        rgb_linear: shape (height, width, 3).
        flow: shape (height * width, 2), pixels over the whole exposure.
        frames: at least 2.
    """
    height, width = rgb_linear.shape[:2]
    pixels = _pixel_grid(width, height)
    step = flow.reshape(height, width, 2).astype(np.float32)
    total = np.zeros_like(rgb_linear)
    # The middles of equal slices of the exposure.
    for moment in (np.arange(frames) + 0.5) / frames - 0.5:
        at = pixels + np.float32(moment) * step
        total += cv2.remap(
            rgb_linear,
            at[..., 0],
            at[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return total / np.float32(frames)


@functools.lru_cache(maxsize=8)
def _pixel_grid(width: int, height: int) -> Float32Array:
    """(u, v) of every pixel, shape (height, width, 2), not to be written."""
    grid = pixel_centres(width, height).reshape(height, width, 2).astype(np.float32)
    grid.flags.writeable = False
    return grid


def encode_jpeg(rgb: ImageU8, quality: int = 90) -> bytes:
    """A JPEG file of an RGB picture, as a ``sensor_msgs/CompressedImage`` holds it."""
    _, coded = cv2.imencode('.jpg', rgb[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, quality))
    return bytes(coded.tobytes())


def through_jpeg(rgb: ImageU8, quality: int) -> ImageU8:
    """The picture as it is after compression, with its artefacts."""
    coded = np.frombuffer(encode_jpeg(rgb, quality), dtype=np.uint8)
    opened: ImageU8 = np.ascontiguousarray(
        np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)[..., ::-1]
    )
    return opened


def _noisy(
    light: Float32Array, exposure: float, effects: CameraEffects, *seeds: int
) -> Float32Array:
    """Light with photon and read noise, both stated for exposed light (1 = white)."""
    draws = stream('camera noise', *seeds).standard_normal(light.shape, dtype=np.float32)
    variance = effects.read_noise**2 + effects.shot_noise * np.maximum(light * exposure, 0.0)
    noisy: Float32Array = light + draws * np.sqrt(variance) / np.float32(exposure)
    return noisy

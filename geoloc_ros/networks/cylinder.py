# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A camera's picture (perspective, fisheye or panorama) as the cylinder that networks look at.

A column of the cylinder is an azimuth, so that turning the vehicle moves the picture sideways and
cameras of any focal length look alike. The maps are computed once a camera; a picture then costs a
box reduction and one remap.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import NetworkError, ShapeError
from geoloc_ros.networks.contract import Float32Array, InputContract
from geoloc_ros.types import FloatArray

ImageU8: TypeAlias = npt.NDArray[np.uint8]
CameraModel: TypeAlias = Literal['plumb_bob', 'rational_polynomial', 'equidistant', 'panorama']

_DISTORTIONS = {
    'plumb_bob': (0, 4, 5),
    'rational_polynomial': (0, 8),
    'equidistant': (0, 4),
    'panorama': (0,),
}
_STEEPEST = math.tan(math.radians(85.0))  # no perspective lens looks further from its axis
_OUTSIDE = -1e6
# A power of two is taken that leaves 0.8 to 1.6 reduced pixels a step: halving is the fastest
# way to average, and bilinear sampling covers the rest.
_COARSER = 0.3
_MOST_REDUCED = 8  # JPEG is coded in blocks of so many pixels


@dataclasses.dataclass(frozen=True, slots=True)
class Camera:
    """Intrinsics as ``sensor_msgs/CameraInfo`` has them, before any rectification.

    Pixel (0, 0) is the centre of the top left pixel. A panorama is equirectangular: its columns
    span the whole circle with straight ahead in the middle, its rows half of it.

    Raises:
        NetworkError: a size or focal length is not positive, or the model is not known.
    """

    width_px: int
    height_px: int
    fx: float = 1.0
    fy: float = 1.0
    cx: float = 0.0
    cy: float = 0.0
    distortion: tuple[float, ...] = ()
    model: CameraModel = 'plumb_bob'

    def __post_init__(self) -> None:
        if min(self.width_px, self.height_px) < 1 or min(self.fx, self.fy) <= 0.0:
            raise NetworkError(
                f'camera is {self.width_px} x {self.height_px} px with focal lengths {self.fx} '
                f'and {self.fy} px; expected positive numbers; calibrate the camera (camera_info '
                'is not filled in)'
            )
        known = _DISTORTIONS.get(self.model)
        if known is None or len(self.distortion) not in known:
            raise NetworkError(
                f'distortion model {self.model!r} with {len(self.distortion)} coefficients; '
                f'expected one of {_DISTORTIONS} (coefficients by model); rectify the picture, or '
                'calibrate with one of these'
            )

    def project(self, rays: FloatArray) -> FloatArray:
        """Pixels (u, v) of optical rays, shape (n, 3) to (n, 2); far out where not seen."""
        if self.model == 'panorama':
            return self._project_panorama(rays)
        pixels = np.full((len(rays), 2), _OUTSIDE)
        seen = rays[:, 2] > 0.0
        if self.model != 'equidistant':
            slope = np.hypot(rays[:, 0], rays[:, 1])
            seen &= slope < self._steepest_slope() * rays[:, 2]
        if np.any(seen):
            pixels[seen] = self._project_seen(rays[seen])
        return pixels

    def _project_seen(self, rays: FloatArray) -> FloatArray:
        matrix = np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])
        none = np.zeros(3)
        points = rays[:, None, :]
        if self.model == 'equidistant':
            coefficients = np.array(self.distortion or (0.0,) * 4)
            points = points / points[..., 2:]
            projected, _ = cv2.fisheye.projectPoints(points, none, none, matrix, coefficients)
        else:
            coefficients = np.array(self.distortion or (0.0,) * 4)
            projected, _ = cv2.projectPoints(points, none, none, matrix, coefficients)
        return np.asarray(projected, np.float64).reshape(-1, 2)

    def _project_panorama(self, rays: FloatArray) -> FloatArray:
        azimuth = np.arctan2(rays[:, 0], rays[:, 2])
        depression = np.arctan2(rays[:, 1], np.hypot(rays[:, 0], rays[:, 2]))
        u = (azimuth / (2.0 * math.pi) + 0.5) * self.width_px - 0.5
        v = (depression / math.pi + 0.5) * self.height_px - 0.5
        return np.column_stack((u, v))

    def _steepest_slope(self) -> float:
        """Tangent of the angle off the axis up to which the distortion's radius still grows.

        Beyond it a distortion polynomial folds the outside back into the picture.
        """
        if not self.distortion:
            return _STEEPEST
        k = [*self.distortion, *(0.0,) * (8 - len(self.distortion))]
        slope = np.linspace(0.0, _STEEPEST, 4096)
        s = slope**2
        radius = (
            slope
            * (1.0 + s * (k[0] + s * (k[1] + s * k[4])))
            / (1.0 + s * (k[5] + s * (k[6] + s * k[7])))
        )
        folded = np.flatnonzero(np.diff(radius) <= 0.0)
        return float(slope[folded[0]]) if folded.size else _STEEPEST


def cylinder_rays(contract: InputContract) -> FloatArray:
    """Rays of the cylinder's pixels in a level optical frame (x right, y down, z ahead).

    Returns:
        Shape (height, width, 3), horizontal length 1.
    """
    height, width = contract.ground_height_px, contract.ground_width_px
    azimuth = ((np.arange(width) + 0.5) / width - 0.5) * contract.ground_fov_rad
    top, bottom = math.tan(contract.ground_up_rad), -math.tan(contract.ground_down_rad)
    upward = top + (np.arange(height) + 0.5) / height * (bottom - top)
    rays = np.empty((height, width, 3))
    rays[..., 0] = np.sin(azimuth)
    rays[..., 1] = -upward[:, None]
    rays[..., 2] = np.cos(azimuth)
    return rays


@dataclasses.dataclass(frozen=True, slots=True)
class _Sampling:
    """How pictures of one size are sampled.

    Attributes:
        shape: (height, width) of the pictures.
        window: (left, top, right, bottom) of what is used of them.
        scales: pixels along u and v averaged into one before they are sampled.
        places: in those averages, as ``cv2.remap`` wants them.
        fraction: of a pixel, beside ``places``.
    """

    shape: tuple[int, int]
    window: tuple[int, int, int, int]
    scales: tuple[int, int]
    places: npt.NDArray[np.int16]
    fraction: npt.NDArray[np.uint16]


class Cylinder:
    """Resamples the pictures of one camera to a network's ground input.

    Args:
        camera: intrinsics of the pictures.
        contract: of the network.
        optical_from_forward: rotation, shape (3, 3), from the level optical frame that looks along
            the vehicle's heading (x right, y down, z ahead) to the camera's; the identity is a
            camera that looks level and straight ahead.
    """

    def __init__(
        self,
        camera: Camera,
        contract: InputContract,
        optical_from_forward: FloatArray | None = None,
    ) -> None:
        self.camera = camera
        shape = (contract.ground_height_px, contract.ground_width_px)
        rays = cylinder_rays(contract).reshape(-1, 3)
        if optical_from_forward is not None:
            rays = rays @ optical_from_forward.T
        pixels = camera.project(rays).reshape(*shape, 2)
        inside = (
            (pixels[..., 0] > -0.5)
            & (pixels[..., 0] < camera.width_px - 0.5)
            & (pixels[..., 1] > -0.5)
            & (pixels[..., 1] < camera.height_px - 0.5)
        )
        #: Share of the cylinder that the camera sees; the rest is black.
        self.seen_share = float(np.mean(inside))
        if not np.any(inside):
            raise NetworkError(
                'the camera sees nothing of the ground picture; expected one that looks ahead; '
                'check its extrinsics'
            )
        scales = _scales(pixels, inside)
        #: Greatest factor, a power of two, by which pictures may come smaller (``__call__``).
        self.reduction = min(*scales, _MOST_REDUCED)
        self._samplings = {
            factor: _sampling(pixels, inside, camera, scales, factor)
            for factor in {1, self.reduction}
        }

    def __call__(self, image_rgb_u8: ImageU8, reduction: int = 1) -> ImageU8:
        """The network's ground picture; black where the camera does not see.

        Args:
            image_rgb_u8: shape (height, width, 3), of the camera's size over ``reduction``,
                rounded up.
            reduction: 1, or ``self.reduction``: as many pixels each way were averaged into one
                when the picture was decoded.

        Returns:
            Shape (ground_height_px, ground_width_px, 3).

        Raises:
            ShapeError: the picture is not as large as the camera says.
        """
        sampling = self._samplings.get(reduction)
        if sampling is None:
            raise ShapeError(
                f'picture is reduced by {reduction}; expected 1 or {self.reduction}; decode it '
                'whole'
            )
        expected = (*sampling.shape, 3)
        if image_rgb_u8.shape != expected:
            raise ShapeError(
                f'picture has shape {image_rgb_u8.shape}; expected {expected} as the camera info '
                'says; publish the camera info that belongs to the picture'
            )
        left, top, right, bottom = sampling.window
        reduced = image_rgb_u8[top:bottom, left:right]
        across, down = sampling.scales
        while across > 1 or down > 1:
            step_u, step_v = min(across, 2), min(down, 2)
            size = (reduced.shape[1] // step_u, reduced.shape[0] // step_v)
            reduced = cv2.resize(reduced, size, interpolation=cv2.INTER_AREA)
            across, down = across // step_u, down // step_v
        result = cv2.remap(
            reduced,
            sampling.places,
            sampling.fraction,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0.0, 0.0, 0.0),
        )
        return np.asarray(result, np.uint8)


def _sampling(
    pixels: FloatArray,
    inside: npt.NDArray[np.bool_],
    camera: Camera,
    scales: tuple[int, int],
    reduction: int,
) -> _Sampling:
    """How pictures are sampled that come smaller by a factor.

    Args:
        pixels: of the camera, (u, v) of each pixel of the cylinder, shape (height, width, 2).
        inside: which of them the camera sees.
        camera: of the whole picture.
        scales: pixels of the whole picture to be averaged into one, multiples of ``reduction``.
        reduction: how many of them, each way, one pixel of the smaller picture is the mean of.
    """
    # Pixel i of the smaller picture is centred at reduction * i + (reduction - 1) / 2.
    pixels = (pixels - 0.5 * (reduction - 1)) / reduction
    scales = (scales[0] // reduction, scales[1] // reduction)
    # A last pixel that hangs over the border is not used: what it shows there is made up.
    size = (camera.width_px // reduction, camera.height_px // reduction)
    window = _window(pixels, inside, size, scales)
    maps: list[Float32Array] = []
    for axis, scale in enumerate(scales):
        first, last = window[axis], window[axis + 2]
        place = (pixels[..., axis] - first - 0.5 * (scale - 1)) / scale
        clipped = np.clip(place, 0.0, (last - first) // scale - 1.0)
        maps.append(np.where(inside, clipped, -10.0).astype(np.float32))
    places, fraction = cv2.convertMaps(maps[0], maps[1], cv2.CV_16SC2)
    return _Sampling(
        (-(-camera.height_px // reduction), -(-camera.width_px // reduction)),
        window,
        scales,
        np.asarray(places, np.int16),
        np.asarray(fraction, np.uint16),
    )


def _scales(pixels: FloatArray, inside: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Pixels of the picture, along u and v, averaged into one before they are sampled."""
    scales: list[int] = []
    for axis, (one, other) in enumerate(
        ((inside[:, 1:], inside[:, :-1]), (inside[1:], inside[:-1]))
    ):
        steps = np.abs(np.diff(pixels[..., axis], axis=1 - axis))[one & other]
        step = float(np.median(steps)) if steps.size else 1.0
        scales.append(1 << max(0, math.floor(math.log2(max(step, 1.0)) + _COARSER)))
    return scales[0], scales[1]


def _window(
    pixels: FloatArray,
    inside: npt.NDArray[np.bool_],
    size_px: tuple[int, int],
    scales: tuple[int, int],
) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what is used, a whole number of reduced pixels."""
    edges: list[tuple[int, int]] = []
    for axis, size in enumerate(size_px):
        places, scale = pixels[..., axis][inside], scales[axis]
        # On whole reduced pixels, so that pictures decoded smaller are averaged alike.
        first = max(0, math.floor(float(places.min())) - scale) // scale * scale
        last = min(size, math.ceil(float(places.max())) + 2 * scale)
        length = max(scale, (last - first) // scale * scale)
        first = min(first, (size - length) // scale * scale)
        if first < 0:
            raise NetworkError(f'camera of {size} px is too small; expected at least {scale} px')
        edges.append((first, first + length))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Pictures and camera models in messages, for rclpy's and rosbags' objects alike."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MeasurementError, NetworkError
from geoloc_ros.messages.jpeg import jpeg_size
from geoloc_ros.messages.shapes import CameraInfoMessage, CompressedImageMessage, ImageMessage
from geoloc_ros.networks.cylinder import Camera, CameraModel

ImageArray: TypeAlias = npt.NDArray[Any]

#: Element type and channels of the encodings read here.
LAYOUTS: dict[str, tuple[type[np.generic], int]] = {
    'rgb8': (np.uint8, 3),
    'bgr8': (np.uint8, 3),
    'rgba8': (np.uint8, 4),
    'bgra8': (np.uint8, 4),
    'mono8': (np.uint8, 1),
    'mono16': (np.uint16, 1),
    '8UC1': (np.uint8, 1),
    '8UC3': (np.uint8, 3),
    '16UC1': (np.uint16, 1),
    '32FC1': (np.float32, 1),
    'bayer_rggb8': (np.uint8, 1),
    'bayer_bggr8': (np.uint8, 1),
    'bayer_gbrg8': (np.uint8, 1),
    'bayer_grbg8': (np.uint8, 1),
}
#: To RGB. OpenCV names a Bayer pattern by its second row and column: ROS rggb is its BG.
_TO_RGB = {
    'bgr8': cv2.COLOR_BGR2RGB,
    'rgba8': cv2.COLOR_RGBA2RGB,
    'bgra8': cv2.COLOR_BGRA2RGB,
    'mono8': cv2.COLOR_GRAY2RGB,
    'bayer_rggb8': cv2.COLOR_BayerBG2RGB,
    'bayer_bggr8': cv2.COLOR_BayerRG2RGB,
    'bayer_gbrg8': cv2.COLOR_BayerGR2RGB,
    'bayer_grbg8': cv2.COLOR_BayerGB2RGB,
}
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_PANORAMAS = ('equirectangular', 'panorama')
_MODELS: dict[str, CameraModel] = {
    'plumb_bob': 'plumb_bob',
    'rational_polynomial': 'rational_polynomial',
    'equidistant': 'equidistant',
    '': 'plumb_bob',
}


class Pixels(NamedTuple):
    """A picture of 8-bit RGB, perhaps smaller than the camera's.

    Attributes:
        rgb_u8: shape (height, width, 3).
        reduction: pixels of the camera, each way, in one of these; a last one may hang over the
            border.
    """

    rgb_u8: npt.NDArray[np.uint8]
    reduction: int = 1


def image_array(message: ImageMessage) -> ImageArray:
    """Pixels as they are encoded, in this machine's byte order.

    Returns:
        shape (height, width) or (height, width, channels); a view of the message where row step
        and byte order allow.

    Raises:
        MeasurementError: the encoding is unknown, the image has no pixels, or the data is shorter
            than the image.
    """
    layout = LAYOUTS.get(message.encoding)
    if layout is None:
        raise MeasurementError(
            f'image encoding {message.encoding!r} is not known here; expected one of '
            f'{", ".join(LAYOUTS)}; a ROS distribution with cv_bridge reads more'
        )
    if message.width == 0 or message.height == 0:
        raise MeasurementError(
            f'image of {message.width} x {message.height} pixels is empty; expected at least one '
            'pixel; mend the sender'
        )
    order: Literal['<', '>'] = '>' if message.is_bigendian else '<'
    dtype = np.dtype(layout[0]).newbyteorder(order)
    row_bytes = message.width * layout[1] * dtype.itemsize
    if (
        message.step < row_bytes
        or len(message.data) < message.step * (message.height - 1) + row_bytes
    ):
        raise MeasurementError(
            f'image of {message.width} x {message.height} pixels {message.encoding} has rows of '
            f'{message.step} and in all {len(message.data)} bytes; expected rows of at least '
            f'{row_bytes} bytes; mend the sender'
        )
    strides: tuple[int, ...] = (message.step, layout[1] * dtype.itemsize)
    shape: tuple[int, ...] = (message.height, message.width)
    if layout[1] > 1:
        strides, shape = (*strides, dtype.itemsize), (*shape, layout[1])
    pixels: ImageArray = np.ndarray(shape, dtype, memoryview(message.data), strides=strides)
    return pixels if dtype.isnative else pixels.astype(dtype.newbyteorder('='))


def image_rgb_u8(message: ImageMessage | CompressedImageMessage) -> npt.NDArray[np.uint8]:
    """A ``sensor_msgs/Image`` or ``CompressedImage`` as 8-bit RGB, shape (height, width, 3).

    Raises:
        MeasurementError: the encoding has no colours we know, or the data is damaged.
    """
    if hasattr(message, 'format'):
        return _decompressed(message)
    return rgb_of(image_array(message), message.encoding)


def rgb_of(pixels: ImageArray, encoding: str) -> npt.NDArray[np.uint8]:
    """Pixels of an encoding as 8-bit RGB, shape (height, width, 3).

    Raises:
        MeasurementError: the encoding has no colours we know.
    """
    if encoding in ('rgb8', '8UC3'):
        return np.ascontiguousarray(pixels)
    if encoding == 'mono16':
        pixels = (pixels >> 8).astype(np.uint8)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    code = _TO_RGB.get(encoding)
    if code is None:
        raise MeasurementError(
            f'an image encoded {encoding!r} is no picture; expected one of '
            f'{", ".join(sorted([*_TO_RGB, "rgb8", "mono16"]))}'
        )
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code), dtype=np.uint8)


def decoded_for(
    message: ImageMessage | CompressedImageMessage, camera: Camera, reduction: int
) -> Pixels:
    """An image as 8-bit RGB, and where it is a JPEG, decoded at a fraction of its size.

    A JPEG is decoded faster when only the coarse part of each block is: that is what a network
    needs whose picture is much smaller. Any other image comes whole, and so does one whose size
    is not the camera's or that may have to be turned (Exif).

    Args:
        message: ``sensor_msgs/Image`` or ``CompressedImage``.
        camera: which made it.
        reduction: by which it may come smaller, 1, 2, 4 or 8.

    Raises:
        MeasurementError: as ``image_rgb_u8``.
    """
    if reduction > 1 and hasattr(message, 'format'):
        data = np.frombuffer(message.data, dtype=np.uint8)
        if jpeg_size(data) == (camera.width_px, camera.height_px):
            return Pixels(_decompressed(message, reduction), reduction)
    return Pixels(image_rgb_u8(message))


def _decompressed(message: Any, reduction: int = 1) -> npt.NDArray[np.uint8]:
    data = np.frombuffer(message.data, dtype=np.uint8)
    try:
        decoded = cv2.imdecode(data, _REDUCED[reduction]) if data.size else None
    except cv2.error:  # a header that claims more pixels than OpenCV takes
        decoded = None
    if decoded is None:
        raise MeasurementError(
            f'compressed image of format {message.format!r} and {data.size} bytes cannot be '
            'decoded; expected JPEG or PNG; mend the sender'
        )
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB, dst=decoded), dtype=np.uint8)


def camera_of(message: CameraInfoMessage, *, rectified: bool = False) -> Camera:
    """``sensor_msgs/CameraInfo`` as a camera.

    Args:
        message: ``distortion_model`` may also be ``equirectangular``, a whole panorama.
        rectified: the pictures are rectified: P counts, without distortion.

    Raises:
        MeasurementError: the camera is not calibrated, or its model is not known and the pictures
            are not rectified.
    """
    width, height = int(message.width), int(message.height)
    model = message.distortion_model
    try:
        if model in _PANORAMAS:
            return Camera(width, height, model='panorama')
        if rectified:
            P = np.array(message.p, dtype=np.float64).reshape(3, 4)
            return Camera(width, height, *_intrinsics(P))
        if model not in _MODELS:
            raise MeasurementError(
                f'camera info has distortion model {model!r}; expected one of '
                f'{", ".join(sorted(filter(None, (*_MODELS, *_PANORAMAS))))}; calibrate again, or '
                'rectify the pictures (camera.rectified)'
            )
        K = np.array(message.k, dtype=np.float64).reshape(3, 3)
        distortion = np.array(message.d, dtype=np.float64)
        used = tuple(float(part) for part in distortion) if np.any(distortion) else ()
        return Camera(width, height, *_intrinsics(K), used, _MODELS[model])
    except (NetworkError, ValueError) as error:
        raise MeasurementError(f'camera info cannot be used: {error}') from error


def _intrinsics(matrix: npt.NDArray[np.float64]) -> tuple[float, float, float, float]:
    fx, fy, cx, cy = (float(matrix[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
    return fx, fy, cx, cy

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Images to and from messages: the usual encodings, honouring row step and byte order.

``cv_bridge`` is asked for exotic encodings only, where a distribution has it.
"""

from __future__ import annotations

import array
import importlib.util
import sys
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CompressedImage, Image

from geoloc_ros.errors import MeasurementError

ImageArray: TypeAlias = npt.NDArray[Any]

#: Element type and channels of the encodings read without cv_bridge.
_LAYOUTS: dict[str, tuple[type[np.generic], int]] = {
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


def image_array(message: Image) -> ImageArray:
    """Pixels as they are encoded, in this machine's byte order.

    Returns:
        shape (height, width) or (height, width, channels); a view of the message where row step
        and byte order allow.

    Raises:
        MeasurementError: the encoding is unknown, or the data is shorter than the image.
    """
    layout = _LAYOUTS.get(message.encoding)
    if layout is None:
        return _by_cv_bridge(message)
    order: Literal['<', '>'] = '>' if message.is_bigendian else '<'
    dtype = np.dtype(layout[0]).newbyteorder(order)
    row_bytes = message.width * layout[1] * dtype.itemsize
    if message.step < row_bytes or len(message.data) < message.step * (message.height - 1) + (
        row_bytes if message.height else 0
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


def image_rgb_u8(message: Image | CompressedImage) -> npt.NDArray[np.uint8]:
    """An image as 8-bit RGB, shape (height, width, 3).

    Raises:
        MeasurementError: the encoding has no colours we know, or the data is damaged.
    """
    if isinstance(message, CompressedImage):
        return _decompressed(message)
    pixels = image_array(message)
    if message.encoding in ('rgb8', '8UC3'):
        return np.ascontiguousarray(pixels)
    if message.encoding == 'mono16':
        pixels = (pixels >> 8).astype(np.uint8)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    code = _TO_RGB.get(message.encoding)
    if code is None:
        raise MeasurementError(
            f'an image encoded {message.encoding!r} is no picture; expected one of '
            f'{", ".join(sorted([*_TO_RGB, "rgb8", "mono16"]))}'
        )
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code), dtype=np.uint8)


def image_message(pixels: ImageArray, encoding: str) -> Image:
    """A message of pixels, with an empty header.

    Args:
        pixels: shape (height, width) or (height, width, channels), of the encoding's type.
        encoding: one of the usual ones, such as ``rgb8``.

    Raises:
        MeasurementError: the array is not of that encoding.
    """
    layout = _LAYOUTS.get(encoding)
    channels = 1 if pixels.ndim == 2 else pixels.shape[-1]
    if layout is None or pixels.dtype != layout[0] or channels != layout[1]:
        raise MeasurementError(
            f'pixels of shape {pixels.shape} and type {pixels.dtype} are no {encoding!r}; '
            f'expected one of {", ".join(_LAYOUTS)} with its own type and channels'
        )
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding)
    message.is_bigendian = int(sys.byteorder == 'big')
    message.step = pixels.shape[1] * channels * pixels.itemsize
    message.data = array.array('B', np.ascontiguousarray(pixels).tobytes())
    return message


def _decompressed(message: CompressedImage) -> npt.NDArray[np.uint8]:
    data = np.frombuffer(message.data, dtype=np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if decoded is None:
        raise MeasurementError(
            f'compressed image of format {message.format!r} and {data.size} bytes cannot be '
            'decoded; expected JPEG or PNG; mend the sender'
        )
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _by_cv_bridge(message: Image) -> ImageArray:
    if importlib.util.find_spec('cv_bridge') is None:
        raise MeasurementError(
            f'image encoding {message.encoding!r} is not known here; expected one of '
            f'{", ".join(_LAYOUTS)}; a ROS distribution with cv_bridge reads more'
        )
    from cv_bridge import CvBridge, CvBridgeError

    try:
        return np.asarray(CvBridge().imgmsg_to_cv2(message))
    except CvBridgeError as error:
        raise MeasurementError(f'image encoding {message.encoding!r}: {error}') from error

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Images to and from messages: the usual encodings, honouring row step and byte order.

``cv_bridge`` is asked for exotic encodings only, where a distribution has it.
"""

from __future__ import annotations

import array
import importlib.util
import sys
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CompressedImage, Image

from geoloc_ros.errors import MeasurementError
from geoloc_ros.messages import pictures
from geoloc_ros.messages.pictures import LAYOUTS, Pixels
from geoloc_ros.networks.cylinder import Camera

ImageArray: TypeAlias = pictures.ImageArray


def calm_opencv() -> None:
    """Let OpenCV work in the thread that calls it, so that its pool fights no other."""
    cv2.setNumThreads(1)


def image_array(message: Image) -> ImageArray:
    """Pixels as they are encoded (``messages.pictures.image_array``), or as cv_bridge reads them.

    Raises:
        MeasurementError: the encoding is unknown, or the data is shorter than the image.
    """
    return pictures.image_array(message) if message.encoding in LAYOUTS else _by_cv_bridge(message)


def image_rgb_u8(message: Image | CompressedImage) -> npt.NDArray[np.uint8]:
    """An image as 8-bit RGB, shape (height, width, 3).

    Raises:
        MeasurementError: the encoding has no colours we know, or the data is damaged.
    """
    if isinstance(message, CompressedImage):
        return pictures.image_rgb_u8(message)
    return pictures.rgb_of(image_array(message), message.encoding)


def decoded_for(message: Image | CompressedImage, camera: Camera, reduction: int) -> Pixels:
    """An image as 8-bit RGB, a JPEG at a fraction of its size (``messages.pictures.decoded_for``).

    Raises:
        MeasurementError: as ``image_rgb_u8``.
    """
    if isinstance(message, CompressedImage):
        return pictures.decoded_for(message, camera, reduction)
    return Pixels(image_rgb_u8(message))


def image_message(pixels: ImageArray, encoding: str) -> Image:
    """A message of pixels, with an empty header.

    Args:
        pixels: shape (height, width) or (height, width, channels), of the encoding's type.
        encoding: one of the usual ones, such as ``rgb8``.

    Raises:
        MeasurementError: the array is not of that encoding.
    """
    layout = LAYOUTS.get(encoding)
    channels = 1 if pixels.ndim == 2 else pixels.shape[-1]
    if layout is None or pixels.dtype != layout[0] or channels != layout[1]:
        raise MeasurementError(
            f'pixels of shape {pixels.shape} and type {pixels.dtype} are no {encoding!r}; '
            f'expected one of {", ".join(LAYOUTS)} with its own type and channels'
        )
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding)
    message.is_bigendian = int(sys.byteorder == 'big')
    message.step = pixels.shape[1] * channels * pixels.itemsize
    message.data = array.array('B', np.ascontiguousarray(pixels).tobytes())
    return message


def _by_cv_bridge(message: Image) -> ImageArray:
    if importlib.util.find_spec('cv_bridge') is None:
        raise MeasurementError(
            f'image encoding {message.encoding!r} is not known here; expected one of '
            f'{", ".join(LAYOUTS)}; a ROS distribution with cv_bridge reads more'
        )
    from cv_bridge import CvBridge, CvBridgeError

    try:
        return np.asarray(CvBridge().imgmsg_to_cv2(message))
    except CvBridgeError as error:
        raise MeasurementError(f'image encoding {message.encoding!r}: {error}') from error

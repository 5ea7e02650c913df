# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Image files to ``sensor_msgs/Image``, ``CompressedImage`` and ``CameraInfo``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.messages.outbound import set_header
from geoloc_ros.messages.shapes import MessageFactory
from geoloc_ros.types import FloatArray

_COMPRESSED_FORMATS = {'.png': 'png', '.jpg': 'jpeg', '.jpeg': 'jpeg'}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PinholeCamera:
    """A camera without distortion.

    Attributes:
        width_px: image width.
        height_px: image height.
        matrix: K, shape (3, 3), pixels, the centre of the top left pixel at (0, 0).
    """

    width_px: int
    height_px: int
    matrix: FloatArray

    def scaled(self, width_px: int, height_px: int) -> PinholeCamera:
        """The camera of the same picture at another size.

        Pixel centres are integers, so u' = (u + 0.5) s - 0.5.
        """
        scale = np.diag((width_px / self.width_px, height_px / self.height_px, 1.0))
        shift = np.array(((1.0, 0.0, 0.5), (0.0, 1.0, 0.5), (0.0, 0.0, 1.0)))
        matrix = np.linalg.inv(shift) @ scale @ shift @ self.matrix
        return PinholeCamera(width_px, height_px, matrix)


def read_image(path: Path, *, grey: bool) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """An image file as (height, width) or, in the order blue, green, red, (height, width, 3).

    Raises:
        DriveError: it is missing or no image.
    """
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
    if image is None:
        raise DriveError(
            f'{path} is no image that can be read; expected a PNG or JPEG file; fetch it again '
            '(a file kept by Git LFS may be a pointer only)'
        )
    return np.ascontiguousarray(image, dtype=np.uint8)


def image_message(
    path: Path, stamp_ns: int, frame_id: str, factory: MessageFactory, *, grey: bool
) -> Any:
    """``sensor_msgs/Image`` of a file: ``mono8`` or ``bgr8``.

    Raises:
        DriveError: it is missing or no image.
    """
    image = read_image(path, grey=grey)
    message = factory.new('sensor_msgs/msg/Image')
    set_header(message.header, stamp_ns, frame_id)
    message.height, message.width = int(image.shape[0]), int(image.shape[1])
    message.encoding = 'mono8' if grey else 'bgr8'
    message.is_bigendian = 0
    message.step = int(image.strides[0])
    message.data = image.reshape(-1)
    return message


def compressed_image_message(
    path: Path, stamp_ns: int, frame_id: str, factory: MessageFactory
) -> Any:
    """``sensor_msgs/CompressedImage``: the file's own bytes.

    Raises:
        DriveError: it is missing, or neither PNG nor JPEG.
    """
    kind = _COMPRESSED_FORMATS.get(path.suffix.lower())
    if kind is None or not path.is_file():
        raise DriveError(f'{path} is no PNG or JPEG file; expected one; fetch it again')
    message = factory.new('sensor_msgs/msg/CompressedImage')
    set_header(message.header, stamp_ns, frame_id)
    message.format = kind
    message.data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    return message


def camera_info_message(
    camera: PinholeCamera, stamp_ns: int, frame_id: str, factory: MessageFactory
) -> Any:
    """``sensor_msgs/CameraInfo`` of a camera without distortion (plumb_bob, all zeros)."""
    message = factory.new('sensor_msgs/msg/CameraInfo')
    set_header(message.header, stamp_ns, frame_id)
    message.height, message.width = camera.height_px, camera.width_px
    message.distortion_model = 'plumb_bob'
    message.d = np.zeros(5)
    message.k = np.array(camera.matrix, dtype=np.float64).ravel()
    message.r = np.eye(3).ravel()
    message.p = np.hstack((camera.matrix, np.zeros((3, 1)))).ravel()
    return message

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Image files and cameras as messages."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc_ros.bags.images import (
    PinholeCamera,
    camera_info_message,
    compressed_image_message,
    image_message,
    read_image,
)
from geoloc_ros.bags.typestore import BagMessages
from geoloc_ros.errors import DriveError

MATRIX = np.array(((700.0, 0.0, 63.0), (0.0, 710.0, 30.0), (0.0, 0.0, 1.0)))
FACTORY = BagMessages()


def test_a_scaled_camera_sees_points_where_a_resized_picture_has_them():
    """A resized picture keeps its corners, not the centres of its corner pixels."""
    camera = PinholeCamera(128, 64, MATRIX)
    point = np.array(((79.0 - 63.0) / 700.0, (23.0 - 30.0) / 710.0, 1.0))
    u, v, _ = camera.matrix @ point
    picture = np.zeros((64, 128), dtype=np.float32)
    picture[round(v), round(u)] = 1.0
    small = cv2.resize(picture, (32, 16), interpolation=cv2.INTER_AREA)
    v_small, u_small = np.unravel_index(small.argmax(), small.shape)
    got_u, got_v, _ = camera.scaled(32, 16).matrix @ point
    assert (round(got_u), round(got_v)) == (u_small, v_small)


@pytest.mark.parametrize(
    ('suffix', 'kind'), [('.png', 'png'), ('.jpg', 'jpeg'), ('.JPEG', 'jpeg')]
)
def test_a_compressed_image_is_the_file(tmp_path, suffix, kind):
    path = tmp_path / f'picture{suffix}'
    cv2.imwrite(str(path), np.full((4, 6, 3), 100, dtype=np.uint8))
    message = compressed_image_message(path, 5, 'camera', FACTORY)
    assert message.format == kind
    assert bytes(message.data) == path.read_bytes()


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / 'picture.tiff'
    path.write_bytes(b'II')
    with pytest.raises(DriveError, match='no PNG or JPEG'):
        compressed_image_message(path, 5, 'camera', FACTORY)
    with pytest.raises(DriveError, match='no image that can be read'):
        read_image(tmp_path / 'missing.png', grey=False)


def test_a_grey_camera_stays_grey_when_its_file_has_three_channels(tmp_path):
    path = tmp_path / 'picture.png'
    grey = np.arange(24, dtype=np.uint8).reshape(4, 6)
    cv2.imwrite(str(path), np.dstack((grey, grey, grey)))
    message = image_message(path, 5, 'camera', FACTORY, grey=True)
    assert (message.encoding, message.step, message.width) == ('mono8', 6, 6)
    np.testing.assert_array_equal(message.data.reshape(4, 6), grey)


def test_the_camera_info_of_a_camera():
    message = camera_info_message(PinholeCamera(128, 64, MATRIX), 5, 'camera', FACTORY)
    assert (message.width, message.height, message.header.frame_id) == (128, 64, 'camera')
    np.testing.assert_array_equal(message.k.reshape(3, 3), MATRIX)
    np.testing.assert_array_equal(message.r.reshape(3, 3), np.eye(3))

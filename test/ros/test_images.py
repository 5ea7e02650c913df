# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Image messages: encodings, row step, byte order."""

from __future__ import annotations

import array
import importlib.util

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from geoloc_ros.errors import MeasurementError
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.ros.images import decoded_for, image_array, image_message, image_rgb_u8


def colours(height=4, width=5):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ('encoding', 'dtype', 'channels'),
    [('rgb8', np.uint8, 3), ('bgr8', np.uint8, 3), ('mono8', np.uint8, 1),
     ('mono16', np.uint16, 1), ('32FC1', np.float32, 1), ('bayer_rggb8', np.uint8, 1)],
)  # fmt: skip
def test_pixels_come_back(encoding, dtype, channels):
    shape = (3, 4, channels) if channels > 1 else (3, 4)
    pixels = (np.random.default_rng(1).random(shape) * 200).astype(dtype)
    message = image_message(pixels, encoding)
    assert (message.height, message.width, message.step) == (3, 4, 4 * channels * pixels.itemsize)
    found = image_array(message)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pixels)


def test_padded_rows_are_honoured():
    pixels = colours()
    message = image_message(pixels, 'rgb8')
    message.step += 7
    padded = np.zeros((4, message.step), dtype=np.uint8)
    padded[:, :15] = pixels.reshape(4, 15)
    message.data = array.array('B', padded.tobytes())
    np.testing.assert_array_equal(image_rgb_u8(message), pixels)


def test_big_endian_is_honoured():
    message = Image(height=1, width=2, encoding='mono16', is_bigendian=1, step=4)
    message.data = array.array('B', b'\x01\x02\xff\x00')
    assert image_array(message).tolist() == [[0x0102, 0xFF00]]
    assert image_rgb_u8(message)[0, :, 0].tolist() == [0x01, 0xFF]


def test_bgr_becomes_rgb():
    pixels = colours()
    np.testing.assert_array_equal(image_rgb_u8(image_message(pixels, 'bgr8')), pixels[..., ::-1])


@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_a_bayer_picture_of_one_colour_becomes_that_colour(pattern):
    """A mosaic written by hand from its name: the pixels of rows 0 and 1 in reading order."""
    colour = {'r': 200, 'g': 120, 'b': 40}
    mosaic = np.zeros((8, 8), dtype=np.uint8)
    for index, letter in enumerate(pattern):
        mosaic[index // 2 :: 2, index % 2 :: 2] = colour[letter]
    rgb = image_rgb_u8(image_message(mosaic, f'bayer_{pattern}8'))
    np.testing.assert_array_equal(rgb[2:-2, 2:-2], np.full((4, 4, 3), (200, 120, 40)))


def test_a_compressed_image_is_decoded():
    pixels = colours(16, 16)
    ok, data = cv2.imencode('.png', pixels[..., ::-1])
    assert ok
    message = CompressedImage(format='png')
    message.data = array.array('B', data.tobytes())
    np.testing.assert_array_equal(image_rgb_u8(message), pixels)


def test_a_jpeg_is_decoded_smaller_for_its_camera_and_nothing_else_is():
    pixels = np.full((32, 48, 3), (200, 120, 40), np.uint8)
    message = CompressedImage(format='jpeg')
    message.data = array.array('B', cv2.imencode('.jpg', pixels[..., ::-1])[1].tobytes())
    smaller = decoded_for(message, Camera(48, 32), 2)
    assert (smaller.rgb_u8.shape, smaller.reduction) == ((16, 24, 3), 2)
    np.testing.assert_allclose(smaller.rgb_u8.astype(int), pixels[:16, :24].astype(int), atol=2)
    plain = decoded_for(image_message(pixels, 'rgb8'), Camera(48, 32), 2)
    assert plain.reduction == 1
    np.testing.assert_array_equal(plain.rgb_u8, pixels)


def test_what_is_wrong_is_named():
    short = image_message(colours(), 'rgb8')
    short.data = short.data[:-1]
    with pytest.raises(MeasurementError, match='59 bytes'):
        image_array(short)
    with pytest.raises(MeasurementError, match='no picture'):
        image_rgb_u8(image_message(np.zeros((2, 2), np.float32), '32FC1'))
    with pytest.raises(MeasurementError, match='cannot be decoded'):
        image_rgb_u8(CompressedImage(format='jpeg'))
    with pytest.raises(MeasurementError, match="no 'rgb8'"):
        image_message(np.zeros((2, 2, 3)), 'rgb8')


def test_an_exotic_encoding_needs_cv_bridge():
    message = Image(height=2, width=2, encoding='yuv422', step=4)
    message.data = array.array('B', bytes(8))
    if importlib.util.find_spec('cv_bridge') is None:
        with pytest.raises(MeasurementError, match='yuv422'):
            image_array(message)
    else:
        assert image_array(message).shape[:2] == (2, 2)

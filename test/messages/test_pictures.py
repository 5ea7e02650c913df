# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Camera models and pictures out of messages, as rosbags reads them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc_ros.bags.typestore import BagMessages
from geoloc_ros.errors import MeasurementError
from geoloc_ros.messages.pictures import camera_of, decoded_for, image_rgb_u8
from geoloc_ros.networks.cylinder import Camera

FACTORY = BagMessages()


def info(**changes):
    message = FACTORY.new('sensor_msgs/msg/CameraInfo')
    message.width, message.height, message.distortion_model = 320, 160, 'plumb_bob'
    message.k = np.array((150.0, 0.0, 160.0, 0.0, 151.0, 80.0, 0.0, 0.0, 1.0))
    message.p = np.array((140.0, 0.0, 158.0, 0.0, 0.0, 141.0, 79.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    message.d = np.array((-0.1, 0.01, 0.0, 0.0, 0.0))
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def test_a_camera_is_what_its_info_says():
    raw = camera_of(info())
    assert (raw.fx, raw.fy, raw.cx, raw.cy) == (150.0, 151.0, 160.0, 80.0)
    assert (raw.distortion[0], raw.model) == (-0.1, 'plumb_bob')
    rectified = camera_of(info(), rectified=True)
    assert (rectified.fx, rectified.cx, rectified.distortion) == (140.0, 158.0, ())
    assert camera_of(info(distortion_model='magic'), rectified=True) == rectified
    assert camera_of(info(d=np.zeros(0))).distortion == ()
    assert camera_of(info(d=np.zeros(4), distortion_model='')).distortion == ()
    assert camera_of(info(distortion_model='equirectangular')).model == 'panorama'
    fisheye = camera_of(info(distortion_model='equidistant', d=np.array((0.1, 0.0, 0.0, 0.0))))
    assert fisheye.model == 'equidistant'


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'k': np.zeros(9)}, 'not filled in'),
        ({'distortion_model': 'magic'}, "'magic'"),
        ({'d': np.array((0.1, 0.2))}, '2 coefficients'),
    ],
)
def test_a_camera_that_is_not_calibrated_is_refused(changes, words):
    with pytest.raises(MeasurementError, match=words):
        camera_of(info(**changes))


def test_pictures_of_a_bag_are_read_as_rgb():
    rgb = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    plain = FACTORY.new('sensor_msgs/msg/Image')
    plain.height, plain.width, plain.encoding, plain.step = 6, 8, 'bgr8', 24
    plain.data = np.ascontiguousarray(rgb[..., ::-1]).ravel()
    np.testing.assert_array_equal(image_rgb_u8(plain), rgb)
    packed = FACTORY.new('sensor_msgs/msg/CompressedImage')
    packed.format = 'png'
    packed.data = cv2.imencode('.png', rgb[..., ::-1])[1].ravel()
    np.testing.assert_array_equal(image_rgb_u8(packed), rgb)
    packed.data = packed.data[:10]
    with pytest.raises(MeasurementError, match='cannot be'):
        image_rgb_u8(packed)
    plain.encoding = 'yuv422'
    with pytest.raises(MeasurementError, match='yuv422'):
        image_rgb_u8(plain)


@pytest.mark.parametrize(('width', 'height'), [(0, 0), (8, 0), (0, 6)])
@pytest.mark.parametrize('encoding', ['bgr8', 'mono16'])
def test_a_picture_without_pixels_is_refused(encoding, width, height):
    plain = FACTORY.new('sensor_msgs/msg/Image')
    plain.height, plain.width, plain.encoding, plain.step = height, width, encoding, 3 * width
    plain.data = np.zeros(0, np.uint8)
    with pytest.raises(MeasurementError, match=f'{width} x {height} pixels is empty'):
        image_rgb_u8(plain)


def packed_message(data, form='jpeg'):
    message = FACTORY.new('sensor_msgs/msg/CompressedImage')
    message.format, message.data = form, np.asarray(data, np.uint8).ravel()
    return message


def wavy(height, width):
    """Waves of 40 pixels and more in each colour."""
    v, u = np.mgrid[:height, :width]
    waves = (np.sin(u / 7.0 + v / 29.0), np.cos(v / 9.0), np.sin((u - v) / 11.0))
    return np.stack([np.rint(127.5 + 100.0 * wave) for wave in waves], axis=-1).astype(np.uint8)


@pytest.mark.parametrize('reduction', [2, 4, 8])
@pytest.mark.parametrize('size', [(96, 160), (93, 155)])
def test_a_jpeg_comes_smaller_as_the_mean_of_its_pixels(reduction, size):
    picture = wavy(*size)
    options = (cv2.IMWRITE_JPEG_QUALITY, 98, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111)
    message = packed_message(cv2.imencode('.jpg', picture[..., ::-1], options)[1])
    pixels = decoded_for(message, Camera(size[1], size[0]), reduction)
    assert pixels.reduction == reduction
    assert pixels.rgb_u8.shape == (-(-size[0] // reduction), -(-size[1] // reduction), 3)
    height, width = size[0] // reduction, size[1] // reduction
    cut = picture[: height * reduction, : width * reduction].astype(float)
    means = cut.reshape(height, reduction, width, reduction, 3).mean(axis=(1, 3))
    inner = np.s_[:height, :width]
    # The coarse waves of a block are not quite its means: a shift by a pixel would differ by 14.
    assert np.sqrt(np.mean((pixels.rgb_u8[inner] - means) ** 2)) < 2.5


def test_a_grey_jpeg_comes_smaller_too():
    message = packed_message(cv2.imencode('.jpg', wavy(64, 64)[..., 0])[1])
    pixels = decoded_for(message, Camera(64, 64), 4)
    assert pixels.rgb_u8.shape == (16, 16, 3)
    np.testing.assert_array_equal(pixels.rgb_u8[..., 0], pixels.rgb_u8[..., 2])


def test_other_images_come_whole():
    picture = wavy(64, 80)
    camera = Camera(80, 64)
    jpeg = packed_message(cv2.imencode('.jpg', picture[..., ::-1])[1])
    png = packed_message(cv2.imencode('.png', picture[..., ::-1])[1], 'png')
    plain = FACTORY.new('sensor_msgs/msg/Image')
    plain.height, plain.width, plain.encoding, plain.step = 64, 80, 'rgb8', 240
    plain.data = picture.ravel()
    for message, reduction, of in (
        (plain, 4, camera),
        (png, 4, camera),
        (jpeg, 1, camera),
        (jpeg, 4, Camera(79, 64)),  # as large in quarters, yet not the camera's
    ):
        pixels = decoded_for(message, of, reduction)
        assert pixels.reduction == 1
        np.testing.assert_array_equal(pixels.rgb_u8, image_rgb_u8(message))


def test_a_jpeg_turned_by_exif_comes_whole_and_turned():
    data = cv2.imencode('.jpg', wavy(64, 80)[..., ::-1])[1].tobytes()
    # A TIFF header (big-endian) with one entry: orientation (0x112), a short, 6: turn right.
    entry = b'\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00'
    tiff = b'MM\x00\x2a\x00\x00\x00\x08\x00\x01' + entry + bytes(4)
    block = b'Exif\x00\x00' + tiff
    exif = b'\xff\xe1' + (len(block) + 2).to_bytes(2, 'big') + block
    message = packed_message(np.frombuffer(data[:2] + exif + data[2:], np.uint8))
    pixels = decoded_for(message, Camera(80, 64), 4)
    assert (pixels.rgb_u8.shape, pixels.reduction) == ((80, 64, 3), 1)


@pytest.mark.parametrize('count', [0, 2, 30, 300])
def test_a_damaged_jpeg_is_refused_as_ever(count):
    data = cv2.imencode('.jpg', wavy(64, 80))[1].ravel()[:count]
    with pytest.raises(MeasurementError, match='expected JPEG or PNG; mend the sender'):
        decoded_for(packed_message(data), Camera(80, 64), 4)


def test_a_jpeg_of_a_size_that_cannot_be_is_refused():
    """65500 x 65500 pixels are more than OpenCV decodes."""
    data = cv2.imencode('.jpg', wavy(64, 80))[1].tobytes()
    frame = data.index(b'\xff\xc0') + 5  # past the marker, its length and the precision
    huge = data[:frame] + 2 * (65500).to_bytes(2, 'big') + data[frame + 4 :]
    with pytest.raises(MeasurementError, match='expected JPEG or PNG; mend the sender'):
        image_rgb_u8(packed_message(np.frombuffer(huge, np.uint8)))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Camera models and pictures out of messages, as rosbags reads them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc_ros.bags.typestore import BagMessages
from geoloc_ros.errors import MeasurementError
from geoloc_ros.messages.pictures import camera_of, image_rgb_u8

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

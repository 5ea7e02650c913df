# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Sizes in JPEG headers against what OpenCV wrote, and against headers written by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc_ros.messages.jpeg import jpeg_size

RGB = np.random.default_rng(0).integers(0, 255, (37, 301, 3), dtype=np.uint8)


def coded(extension, picture, *options):
    return np.asarray(cv2.imencode(extension, picture, options)[1]).ravel()


def from_bytes(data):
    return np.frombuffer(data, dtype=np.uint8)


@pytest.mark.parametrize(
    ('picture', 'options'),
    [
        (RGB, ()),
        (RGB[..., 0], ()),
        (RGB, (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        (RGB, (cv2.IMWRITE_JPEG_RST_INTERVAL, 2)),
    ],
    ids=['colour', 'grey', 'progressive', 'restarts'],
)
def test_size_is_what_was_coded(picture, options):
    assert jpeg_size(coded('.jpg', picture, *options)) == (301, 37)


def test_filling_bytes_and_comments_are_passed_over():
    header = b'\xff\xd8' + b'\xff\xfe\x00\x05abc' + b'\xff\xff\xff\xc0\x00\x0b\x08\x01\x02\x03\x04'
    assert jpeg_size(from_bytes(header)) == (0x0304, 0x0102)


def test_a_picture_that_may_have_to_be_turned_has_no_size():
    whole = bytes(coded('.jpg', RGB))
    exif = b'\xff\xe1\x00\x08Exif\x00\x00'
    assert jpeg_size(from_bytes(whole[:2] + exif + whole[2:])) is None


@pytest.mark.parametrize(
    'data',
    [
        b'',
        b'\xff\xd8',
        b'\xff\xd8' + b'\xff\xe0\x00\x00' * 4,
        b'\xff\xd8' + b'\xff\xda' + bytes(20),
        b'\xff\xd8' + bytes(20),
        bytes(coded('.png', RGB)),
        bytes(coded('.jpg', RGB))[:40],
    ],
    ids=['empty', 'start only', 'no length', 'no header', 'no marker', 'PNG', 'cut off'],
)
def test_what_is_no_jpeg_has_no_size(data):
    assert jpeg_size(from_bytes(data)) is None

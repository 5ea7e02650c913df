# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Cameras on a cylinder against pinhole algebra written out, and pictures of known colours."""

from __future__ import annotations

import math

import numpy as np
import pytest

cv2 = pytest.importorskip('cv2')

from geoloc_ros.errors import NetworkError, ShapeError  # noqa: E402
from geoloc_ros.networks.contract import InputContract  # noqa: E402
from geoloc_ros.networks.cylinder import Camera, Cylinder, cylinder_rays  # noqa: E402

CONTRACT = InputContract('test', 96, 256, math.pi / 2, 80.0, 160, 'north_up', (8,))
WIDE = Camera(1280, 960, 640.0, 640.0, 639.5, 479.5)  # 90 degrees


def smooth_picture(camera):
    """Red is the column and green the row, in steps of 1 / 255 of the size."""
    v, u = np.mgrid[: camera.height_px, : camera.width_px]
    picture = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
    picture[..., 0] = np.rint(255.0 * u / (camera.width_px - 1))
    picture[..., 1] = np.rint(255.0 * v / (camera.height_px - 1))
    picture[..., 2] = 255
    return picture


def test_rays_are_equal_azimuths_and_equal_tangents():
    rays = cylinder_rays(CONTRACT)
    azimuth = np.degrees(np.arctan2(rays[..., 0], rays[..., 2]))
    np.testing.assert_allclose(
        azimuth[0, [0, 127, 128, 255]], [-44.824, -0.176, 0.176, 44.824], atol=1e-3
    )
    tangent = -rays[:, 5, 1]
    half = (math.tan(math.radians(30)) + math.tan(math.radians(15))) / 192
    assert tangent[0] == pytest.approx(math.tan(math.radians(30)) - half)
    assert tangent[-1] == pytest.approx(-math.tan(math.radians(15)) + half)
    np.testing.assert_allclose(np.diff(tangent), -2 * half)


@pytest.mark.parametrize('width', [256, 1280])  # without and with reduction by 4
def test_a_pinhole_picture_lands_where_trigonometry_says(width):
    height, focal = width * 3 // 4, width / 2
    camera = Camera(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
    result = Cylinder(camera, CONTRACT)(smooth_picture(camera)).astype(float)
    for row, column in ((48, 128), (70, 20), (90, 240), (60, 3), (30, 60)):
        azimuth = math.radians(((column + 0.5) / 256 - 0.5) * 90.0)
        top, bottom = math.tan(math.radians(30)), -math.tan(math.radians(15))
        tangent = top + (row + 0.5) / 96 * (bottom - top)
        u = (width - 1) / 2 + focal * math.tan(azimuth)
        v = (height - 1) / 2 - focal * tangent / math.cos(azimuth)
        tolerance = 0.7 if width == 256 else 1.2  # halving twice rounds up twice
        assert result[row, column, 2] == 255
        assert result[row, column, 0] == pytest.approx(255 * u / (width - 1), abs=tolerance)
        assert result[row, column, 1] == pytest.approx(255 * v / (height - 1), abs=tolerance)


def test_what_the_camera_does_not_see_is_black():
    narrow = Camera(640, 480, 640.0, 640.0, 319.5, 239.5)
    cylinder = Cylinder(narrow, CONTRACT)
    result = cylinder(smooth_picture(narrow))
    half_fov_columns = math.degrees(math.atan(320 / 640)) / 90 * 256
    seen = np.flatnonzero(result[60, :, 2])
    assert seen[0] == pytest.approx(128 - half_fov_columns, abs=1.0)
    assert seen[-1] == pytest.approx(127 + half_fov_columns, abs=1.0)
    assert cylinder.seen_share == pytest.approx(np.mean(result[..., 2] > 0), abs=0.01)


def test_a_camera_turned_right_sees_the_right_half():
    angle = math.radians(30.0)
    # Columns: the forward frame's axes as the turned camera sees them.
    optical_from_forward = np.array(
        [
            [math.cos(angle), 0.0, -math.sin(angle)],
            [0.0, 1.0, 0.0],
            [math.sin(angle), 0.0, math.cos(angle)],
        ]
    )
    cylinder = Cylinder(WIDE, CONTRACT, optical_from_forward)
    result = cylinder(smooth_picture(WIDE)).astype(float)
    column = round((30.0 / 90.0 + 0.5) * 256 - 0.5)
    assert result[60, column, 0] == pytest.approx(127.5, abs=1.5)
    assert result[60, 10, 2] == 0  # 41 degrees left of ahead, 71 left of the axis


def test_distortion_follows_the_published_polynomial():
    k1, k2, p1, p2 = -0.2, 0.05, 0.001, -0.002
    camera = Camera(1280, 960, 700.0, 700.0, 640.0, 480.0, (k1, k2, p1, p2, 0.0))
    x, y = 0.3, -0.2
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2 * r2
    xd = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    yd = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    expected = [[640 + 700 * xd, 480 + 700 * yd]]
    np.testing.assert_allclose(camera.project(np.array([[x, y, 1.0]]) * 2.5), expected)


def test_equidistant_radius_is_the_angle():
    camera = Camera(1280, 960, 400.0, 400.0, 640.0, 480.0, (0.0,) * 4, 'equidistant')
    ray = np.array([[math.sin(1.2), 0.0, math.cos(1.2)]])
    np.testing.assert_allclose(camera.project(ray), [[640 + 400 * 1.2, 480.0]], rtol=1e-9)


def test_a_folding_polynomial_shows_nothing_twice():
    camera = Camera(1280, 960, 640.0, 640.0, 640.0, 480.0, (-0.35, 0.0, 0.0, 0.0, 0.0))
    turning = math.sqrt(1 / (3 * 0.35))  # where d(r - 0.35 r^3)/dr = 0
    slopes = np.array([0.9 * turning, 1.2 * turning, 1.7 * turning])
    rays = np.column_stack((slopes, np.zeros(3), np.ones(3)))
    seen = camera.project(rays)[:, 0] > 0
    np.testing.assert_array_equal(seen, [True, False, False])


def test_behind_the_camera_is_not_seen():
    assert WIDE.project(np.array([[0.0, 0.0, -1.0]]))[0, 0] < -1e5


def test_a_panorama_keeps_its_azimuths():
    camera = Camera(1024, 512, model='panorama')
    result = Cylinder(camera, CONTRACT)(smooth_picture(camera)).astype(float)
    for column in (0, 100, 255):
        azimuth_share = ((column + 0.5) / 256 - 0.5) / 4
        expected = 255 * ((azimuth_share + 0.5) * 1024 - 0.5) / 1023
        assert result[40, column, 0] == pytest.approx(expected, abs=1.0)


def test_fine_stripes_do_not_alias():
    picture = np.zeros((960, 1280, 3), np.uint8)
    picture[:, ::2] = 255
    result = Cylinder(WIDE, CONTRACT)(picture)[60, 10:-10, 0].astype(float)
    assert result.std() < 30.0
    assert result.mean() == pytest.approx(127.5, abs=10.0)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'fx': 0.0}, 'calibrate the camera'),
        ({'width_px': 0}, 'positive'),
        ({'distortion': (0.1,)}, '1 coefficients'),
        ({'model': 'thin_prism'}, 'rectify'),
    ],
)
def test_impossible_cameras_are_refused(arguments, message):
    values = {'width_px': 64, 'height_px': 48, 'fx': 50.0, 'fy': 50.0, **arguments}
    with pytest.raises(NetworkError, match=message):
        Camera(**values)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ShapeError, match=r'\(480, 640, 3\); expected \(960, 1280, 3\)'):
        Cylinder(WIDE, CONTRACT)(np.zeros((480, 640, 3), np.uint8))


def test_a_camera_that_looks_back_is_refused():
    with pytest.raises(NetworkError, match='extrinsics'):
        Cylinder(WIDE, CONTRACT, np.diag([-1.0, 1.0, -1.0]))

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


#: Of odd size and with its axis off the middle, and one that all factors divide.
CAMERAS = {
    'odd': Camera(1277, 957, 650.0, 655.0, 611.3, 470.8),
    'distorted': Camera(1278, 958, 700.0, 700.0, 640.0, 480.0, (-0.2, 0.05, 0.001, -0.002, 0.0)),
    'even': WIDE,
    'large': Camera(2560, 1920, 1280.0, 1280.0, 1279.5, 959.5),
    'panorama': Camera(4092, 2046, model='panorama'),
}
REDUCTIONS = {'odd': 4, 'distorted': 4, 'even': 4, 'large': 8, 'panorama': 4}
_FLAGS = {4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}


def pictures_of(camera, picture):
    """The network's picture of a JPEG decoded whole, and decoded smaller."""
    coded = cv2.imencode('.jpg', picture, (cv2.IMWRITE_JPEG_QUALITY, 90))[1]
    cylinder = Cylinder(camera, CONTRACT)
    whole = cylinder(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    smaller = cv2.imdecode(coded, _FLAGS[cylinder.reduction])
    return whole.astype(float), cylinder(smaller, cylinder.reduction).astype(float)


def blob_pixel(camera, row, column):
    """Where a camera sees the middle of a pixel of the network's picture."""
    return camera.project(cylinder_rays(CONTRACT)[row, column][None])[0]


def centroid(picture, row, column, reach=9):
    """Of what is brighter than the ground about a place, (row, column)."""
    bright = picture[row - reach : row + reach + 1, column - reach : column + reach + 1, 1] - 20.0
    bright = np.maximum(bright - 4.0, 0.0)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.array([np.sum(rows * bright), np.sum(columns * bright)]) / np.sum(bright)


@pytest.mark.parametrize('name', CAMERAS)
def test_a_point_lands_in_the_same_place_decoded_whole_or_smaller(name):
    camera = CAMERAS[name]
    assert Cylinder(camera, CONTRACT).reduction == REDUCTIONS[name]
    v, u = np.mgrid[: camera.height_px, : camera.width_px]
    spots = [(48, 128), (30, 60), (70, 200), (60, 40)]
    picture = np.full((camera.height_px, camera.width_px, 3), 20.0)
    step = camera.width_px / 320.0
    for row, column in spots:
        at_u, at_v = blob_pixel(camera, row, column)
        squared = ((u - at_u) ** 2 + (v - at_v) ** 2) / (2.5 * step) ** 2
        picture += 200.0 * np.exp(-0.5 * squared)[..., None]
    whole, smaller = pictures_of(camera, np.rint(picture).astype(np.uint8))
    for row, column in spots:
        ours, theirs = centroid(smaller, row, column), centroid(whole, row, column)
        assert np.abs(ours - theirs).max() < 0.06
        assert np.abs(ours).max() < 0.1


def street(camera, seed=0):
    """Sky, road, houses with windows, leaves and sensor noise: as many edges as a street has."""
    rng = np.random.default_rng(seed)
    width, height = camera.width_px, camera.height_px
    picture = np.full((height, width, 3), (210, 180, 150), np.uint8)
    cv2.rectangle(picture, (0, height * 5 // 8), (width, height), (90, 92, 95), cv2.FILLED)
    for left in range(0, width, width // 12):
        top = int(height * rng.uniform(0.1, 0.4))
        colour = tuple(int(part) for part in rng.integers(60, 200, 3))
        right, bottom = left + width // 12, height * 5 // 8
        cv2.rectangle(picture, (left, top), (right, bottom), colour, cv2.FILLED)
        for y in range(top + 10, bottom - 30, height // 16):
            for x in range(left + 8, right - 20, width // 40):
                cv2.rectangle(picture, (x, y), (x + width // 80, y + height // 32), (40,) * 3, -1)
    for _ in range(1500):
        at = (int(rng.normal(0.8, 0.08) * width), int(rng.normal(0.35, 0.1) * height))
        green = (30, int(rng.integers(60, 160)), 40)
        cv2.circle(picture, at, max(2, width // 250), green, cv2.FILLED, cv2.LINE_AA)
    noisy = picture + rng.normal(scale=4.0, size=picture.shape)
    return np.clip(noisy, 0.0, 255.0).astype(np.uint8)


@pytest.mark.parametrize('name', CAMERAS)
def test_a_street_looks_the_same_decoded_whole_or_smaller(name):
    camera = CAMERAS[name]
    whole, smaller = pictures_of(camera, street(camera))
    difference = smaller - whole
    assert whole.std() > 30.0
    assert np.sqrt(np.mean(difference**2)) < 1.5
    assert abs(difference.mean()) < 0.5
    np.testing.assert_array_equal(whole.any(axis=-1), smaller.any(axis=-1))


def test_a_picture_that_is_not_twice_too_large_is_not_reduced():
    small = Camera(400, 300, 200.0, 200.0, 199.5, 149.5)
    cylinder = Cylinder(small, CONTRACT)
    assert cylinder.reduction == 1
    with pytest.raises(ShapeError, match='reduced by 2; expected 1 or 1; decode it whole'):
        cylinder(np.zeros((150, 200, 3), np.uint8), 2)
    with pytest.raises(ShapeError, match=r'\(241, 320, 3\); expected \(240, 320, 3\)'):
        Cylinder(WIDE, CONTRACT)(np.zeros((241, 320, 3), np.uint8), 4)


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

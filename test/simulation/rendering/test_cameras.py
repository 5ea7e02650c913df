# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Rays and projections against OpenCV, against each other and against hand computation."""

import dataclasses
import math

import cv2
import numpy as np
import pytest

from geoloc_ros.errors import SettingError, ShapeError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.geometry.se3 import Pose3
from geoloc_sim.rendering.cameras import PinholeCamera, mounting, pixel_centres
from geoloc_sim.rendering.distortion import Distortion
from geoloc_sim.rendering.panorama import EquirectangularCamera

BARREL = Distortion(-0.28, 0.07, 0.0012, -0.0008, -0.006)
PINCUSHION = Distortion(0.15, 0.03, -0.001, 0.002, 0.01)
POSE = (12.0, -40.0, 2.2)
CAMERAS = {
    'front': PinholeCamera.with_field_of_view(),
    'barrel': PinholeCamera(
        320, 200, 210.0, 214.0, 155.3, 103.8, BARREL, mounting(1.2, 0.4, 1.8, 0.3, -0.1, 0.05)
    ),
    'pincushion': PinholeCamera(120, 90, 80.0, 80.0, 60.0, 44.0, PINCUSHION),
    'panorama': EquirectangularCamera(128, 64, 2.2, 0.3),
    'north': EquirectangularCamera(90, 30, 2.2, north_centred=True, top_rad=0.7, bottom_rad=-0.5),
}


@pytest.fixture(params=CAMERAS)
def camera(request):
    return CAMERAS[request.param]


def points_along(rays, distance_m=30.0):
    return rays.origins_m.astype(float) + distance_m * rays.directions.astype(float)


def test_what_a_pixel_sees_is_projected_to_that_pixel(camera):
    rays = camera.rays(*POSE, z_m=0.5)
    pixels, _ = camera.project(points_along(rays), *POSE, z_m=0.5)
    assert np.abs(pixels - pixel_centres(camera.width, camera.height)).max() < 1e-3


def test_depth_is_distance_times_the_factor(camera):
    rays = camera.rays(*POSE)
    _, depth = camera.project(points_along(rays), *POSE)
    np.testing.assert_allclose(depth, 30.0 * camera.depth_factors(), rtol=1e-5)


def test_finer_pixels_lie_within_their_pixel(camera):
    fine = camera.finer(3)
    pixels, _ = camera.project(points_along(fine.rays(*POSE)), *POSE)
    expected = (pixel_centres(fine.width, fine.height) + 0.5) / 3.0 - 0.5
    assert np.abs(pixels - expected).max() < 1e-3


@pytest.mark.parametrize('name', ['front', 'barrel', 'pincushion'])
def test_project_agrees_with_opencv(name):
    camera = CAMERAS[name]
    pose = Pose3.from_planar(Pose2(*POSE), 0.7) @ camera.base_from_camera
    rng = np.random.default_rng(4)
    seen = rng.uniform((-6.0, -4.0, 6.0), (6.0, 4.0, 60.0), (500, 3))
    info = camera.camera_info()
    camera_from_map = pose.inverse()
    expected, _ = cv2.projectPoints(
        pose.transform_points(seen),
        cv2.Rodrigues(camera_from_map.rotation())[0],
        camera_from_map.translation_m,
        np.reshape(info.k, (3, 3)),
        np.array(info.d),
    )
    pixels, depth = camera.project(pose.transform_points(seen), *POSE, z_m=0.7)
    np.testing.assert_allclose(pixels, expected[:, 0], atol=1e-8)
    np.testing.assert_allclose(depth, seen[:, 2], atol=1e-9)


@pytest.mark.parametrize('distortion', [BARREL, PINCUSHION, Distortion(k1=0.3), Distortion()])
def test_undistort_agrees_with_opencv(distortion):
    bent = np.random.default_rng(1).uniform(-0.7, 0.7, (300, 2))
    expected = cv2.undistortPointsIter(
        bent[:, None],
        np.eye(3),
        np.array(dataclasses.astuple(distortion)),
        None,
        None,
        (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14),
    )
    np.testing.assert_allclose(distortion.undistort(bent), expected[:, 0], atol=1e-9)
    np.testing.assert_allclose(distortion.distort(distortion.undistort(bent)), bent, atol=1e-12)


def test_front_camera_by_hand():
    # At the origin, facing east: 90 degrees over 320 columns is a focal length of 160 px.
    camera = PinholeCamera.with_field_of_view()
    points = np.array(((11.6, 0.0, 1.5), (11.6, 10.0, 1.5), (11.6, 0.0, 0.0), (-5.0, 0.0, 1.5)))
    pixels, depth = camera.project(points, 0.0, 0.0, 0.0)
    np.testing.assert_allclose(
        pixels[:3], ((159.5, 119.5), (-0.5, 119.5), (159.5, 119.5 + 24.0)), atol=1e-9
    )
    np.testing.assert_allclose(depth, (10.0, 10.0, 10.0, -6.6), atol=1e-9)
    assert np.isnan(pixels[3]).all()
    rays = camera.rays(0.0, 0.0, 0.0)
    np.testing.assert_allclose(rays.origins_m[0], (1.6, 0.0, 1.5), atol=1e-6)
    assert rays.origins_m.dtype == rays.directions.dtype == np.float32
    assert rays.directions.flags.c_contiguous
    assert rays.spread_rad == pytest.approx(1.0 / 160.0)
    corner = np.array((1.0, 159.5 / 160.0, 119.5 / 160.0))
    np.testing.assert_allclose(rays.directions[0], corner / np.linalg.norm(corner), atol=1e-6)


def test_mounting_angles_by_hand():
    camera = PinholeCamera.with_field_of_view(
        101, 101, base_from_camera=mounting(0.0, 0.0, 0.0, math.radians(90.0), math.radians(30.0))
    )
    middle = camera.rays(0.0, 0.0, 0.0).directions[50 * 101 + 50]
    np.testing.assert_allclose(middle, (0.0, math.cos(math.pi / 6), 0.5), atol=1e-6)
    rolled = PinholeCamera.with_field_of_view(
        101, 101, base_from_camera=mounting(0.0, 0.0, 0.0, roll_rad=0.2)
    )
    right = rolled.rays(0.0, 0.0, 0.0).directions[50 * 101 + 100]
    assert right[2] == pytest.approx(-math.sin(0.2) * abs(np.hypot(right[1], right[2])), abs=1e-6)


def test_equirectangular_by_hand():
    heading = EquirectangularCamera(360, 180, 2.0)
    north = dataclasses.replace(heading, north_centred=True)
    # Ten metres ahead, to the right, behind on the left, up; the vehicle faces south (-90 deg).
    yaw = -0.5 * math.pi
    points = np.array(((0, -10, 2), (-10, 0, 2), (1e-9, 10, 2), (0, -10, 12)), dtype=float)
    pixels, distance = heading.project(points, 0.0, 0.0, yaw)
    np.testing.assert_allclose(
        pixels, ((179.5, 89.5), (269.5, 89.5), (-0.5, 89.5), (179.5, 44.5)), atol=1e-6
    )
    assert distance[3] == pytest.approx(math.sqrt(200.0))
    pixels, _ = north.project(points, 0.0, 0.0, yaw)
    # West is 90 degrees to the left of north; south is at the seam.
    np.testing.assert_allclose(pixels[1], (89.5, 89.5), atol=1e-6)
    np.testing.assert_allclose(pixels[2], (179.5, 89.5), atol=1e-6)
    assert pixels[0, 0] == pytest.approx(-0.5)


def test_camera_info_carries_the_whole_camera():
    info = CAMERAS['barrel'].camera_info()
    assert (info.width, info.height, info.distortion_model) == (320, 200, 'plumb_bob')
    assert info.d == (-0.28, 0.07, 0.0012, -0.0008, -0.006)
    assert info.k == (210.0, 0.0, 155.3, 0.0, 214.0, 103.8, 0.0, 0.0, 1.0)
    assert info.p == (210.0, 0.0, 155.3, 0.0, 0.0, 214.0, 103.8, 0.0, 0.0, 0.0, 1.0, 0.0)
    assert info.r == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def test_a_lens_that_folds_is_refused_and_points_beyond_it_are_not_seen():
    # r (1 - 0.4 r^2) turns back at r = sqrt(1 / 1.2) = 0.913, where it reaches 0.609.
    lens = Distortion(k1=-0.4)
    assert lens.radius_limit() == pytest.approx(math.sqrt(1.0 / 1.2))
    edge = 2.0 / 3.0 * math.sqrt(1.0 / 1.2)
    lens.undistort(np.array(((edge - 1e-3, 0.0),)))
    with pytest.raises(SettingError, match='use a smaller picture'):
        lens.undistort(np.array(((edge + 1e-3, 0.0),)))
    camera = dataclasses.replace(CAMERAS['front'], distortion=lens)
    pixels, _ = camera.project(np.array(((11.6, 9.0, 1.5), (11.6, 9.3, 1.5))), 0.0, 0.0, 0.0)
    assert np.isfinite(pixels[0]).all()
    assert np.isnan(pixels[1]).all()
    with pytest.raises(SettingError, match='picture'):
        camera.rays(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ('make', 'error', 'text'),
    [
        (lambda: PinholeCamera.with_field_of_view(0, 10), SettingError, '0 x 10'),
        (lambda: PinholeCamera(4, 4, -1.0, 1.0, 0.0, 0.0), SettingError, 'focal lengths are -1'),
        (lambda: PinholeCamera.with_field_of_view(9, 9, 180.0), SettingError, '180.0 degrees'),
        (lambda: EquirectangularCamera(0), SettingError, '0 x 512'),
        (lambda: EquirectangularCamera(top_rad=-2.0), SettingError, 'edges at elevations'),
        (lambda: CAMERAS['front'].project(np.zeros(3), *POSE), ShapeError, r'\(3,\)'),
        (lambda: CAMERAS['north'].project(np.zeros((3, 2)), *POSE), ShapeError, r'\(3, 2\)'),
    ],
)
def test_wrong_input_is_named(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize('north_centred', [False, True])
def test_a_view_cut_from_a_panorama_sees_the_panorama(north_centred):
    # A panorama painted with a smooth function of direction, looked up across the seam.
    panorama = EquirectangularCamera(512, 256, north_centred=north_centred)
    painted = panorama.rays(*POSE).directions.reshape(256, 512, 3)
    behind = PinholeCamera.with_field_of_view(
        320, 240, base_from_camera=mounting(0.0, 0.0, 1.5, math.pi)
    )
    rays = behind.rays(*POSE)
    found = panorama.sample(painted, rays, POSE[2])
    assert found.shape == (320 * 240, 3)
    assert np.abs(found - rays.directions).max() < 1e-3
    assert panorama.sample(painted[..., 0], rays, POSE[2]).shape == (320 * 240,)
    with pytest.raises(ShapeError, match='panorama has shape'):
        panorama.sample(painted[:5], rays, POSE[2])

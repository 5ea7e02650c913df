# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Ground views of a box on a plane against the formulas of both, and what effects do."""

import dataclasses
import math

import numpy as np
from prism_meshes import box_mesh, on_ground
import pytest

from geoloc_ros.errors import SettingError, ShapeError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_sim.rendering.cameras import PinholeCamera, mounting
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.develop import develop
from geoloc_sim.rendering.distortion import Distortion
from geoloc_sim.rendering.effects import (
    PERFECT,
    BodyMotion,
    CameraEffects,
    blur_along,
    encode_jpeg,
    expose,
    motion_flow,
    through_jpeg,
    vignette,
)
from geoloc_sim.rendering.ground_view import SKY, Shot, geometry_view, ground_view
from geoloc_sim.rendering.panorama import EquirectangularCamera
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene

LOW, HIGH = np.array((10.0, -3.0, 0.0)), np.array((14.0, 2.0, 5.0))
NUMBER = 42
DAY = dataclasses.replace(draw_day(3), exposure=1.0)
POSE = Pose2(-2.0, 1.0, 0.15)
CAMERAS = {
    'front': PinholeCamera.with_field_of_view(160, 120),
    'bent': PinholeCamera(
        120,
        90,
        70.0,
        72.0,
        58.0,
        46.0,
        Distortion(-0.2, 0.04, 0.001),
        mounting(1.0, 0.2, 1.7, 0.1),
    ),
    'panorama': EquirectangularCamera(256, 128),
}


@pytest.fixture(scope='module')
def scene():
    return Scene(on_ground(box_mesh(LOW[:2], HIGH[:2], HIGH[2], NUMBER)), DAY)


def analytic(rays):
    """Distance, surface (0 ground, 1 to 4 walls S E N W, 5 roof), normal; by slabs and a plane."""
    origin, direction = rays.origins_m.astype(float), rays.directions.astype(float)
    with np.errstate(divide='ignore'):
        to_low, to_high = (LOW - origin) / direction, (HIGH - origin) / direction
    enter, leave = np.minimum(to_low, to_high), np.maximum(to_low, to_high)
    axis = enter.argmax(axis=1)
    near = enter.max(axis=1)
    hit = (near > 0.0) & (near < leave.min(axis=1))
    ground = np.where(direction[:, 2] < 0.0, -origin[:, 2] / direction[:, 2], np.inf)
    at = origin + np.where(np.isfinite(ground), ground, 0.0)[:, None] * direction
    ground[np.abs(at[:, :2]).max(axis=1) > 200.0] = np.inf
    box = np.where(hit, near, np.inf)
    distance = np.minimum(box, ground)
    backward = np.take_along_axis(direction, axis[:, None], 1)[:, 0] < 0.0
    wall = np.array(((4, 2), (1, 3), (-9, 5)))[axis, backward.astype(int)]
    surface = np.where(box < ground, wall, np.where(np.isfinite(ground), 0, SKY))
    normal = np.zeros_like(direction)
    rows = np.arange(len(normal))
    normal[rows, axis] = np.where(backward, 1.0, -1.0)
    normal[surface == 0] = (0.0, 0.0, 1.0)
    normal[surface == SKY] = 0.0
    return distance, surface, normal


@pytest.mark.parametrize('name', CAMERAS)
def test_geometry_agrees_with_the_formulas(scene, name):
    camera = CAMERAS[name]
    view = geometry_view(scene, camera, POSE)
    rays = camera.rays(POSE.x_m, POSE.y_m, POSE.yaw_rad)
    distance, surface, normal = analytic(rays)
    shape = (camera.height, camera.width)
    # Rays along an edge may go either way in single precision: none or next to none.
    same = view.surface_ids == surface.reshape(shape)
    assert (~same).sum() <= 2
    depth = (distance * camera.depth_factors()).reshape(shape)
    near = same & np.isfinite(depth) & (depth < 60.0)
    np.testing.assert_allclose(view.depth_m[near], depth[near], rtol=2e-4)
    assert np.isinf(view.depth_m[view.surface_ids == SKY]).all()
    assert np.abs(view.normals - normal.reshape(*shape, 3))[same].max() < 1e-6
    objects = np.where(surface >= 1, NUMBER, -1).reshape(shape)
    np.testing.assert_array_equal(view.object_ids[same], objects[same])
    assert {0, 4, SKY} <= set(np.unique(view.surface_ids))


def test_ground_and_wall_depth_by_hand(scene):
    # Level camera 1.5 m up at x = 1.6, facing the west wall 8.4 m away; f = 80 px.
    view = geometry_view(scene, CAMERAS['front'], Pose2(0.0, 0.0, 0.0))
    assert view.depth_m[60, 80] == pytest.approx(8.4, abs=1e-4)
    assert view.depth_m[119, 80] == pytest.approx(1.5 * 80.0 / 59.5, abs=1e-4)
    assert view.surface_ids[60, 80] == 4
    # The roof's edge is 3.5 m over the camera: 33.3 px over the middle, between rows 26 and 27.
    assert view.surface_ids[26, 80] == SKY
    assert view.surface_ids[27, 80] == 4


def test_ground_view_is_the_developed_light_with_the_same_geometry(scene):
    camera = CAMERAS['front']
    view = ground_view(scene, camera, POSE, Shot(edge_rays=0))
    rays = camera.rays(POSE.x_m, POSE.y_m, POSE.yaw_rad)
    expected = develop(render(scene, rays).rgb.reshape(120, 160, 3), DAY)
    np.testing.assert_array_equal(view.rgb, expected)
    bare = geometry_view(scene, camera, POSE)
    for name in ('depth_m', 'normals', 'surface_ids', 'object_ids'):
        np.testing.assert_array_equal(getattr(view, name), getattr(bare, name))


def test_moving_objects_have_their_ids_and_hide_what_is_behind(scene):
    car = box_mesh((6.0, -1.0), (8.0, 1.0), 1.2, 3_000_005)
    view = geometry_view(scene.with_moving(car), CAMERAS['front'], Pose2(0.0, 0.0, 0.0))
    assert view.object_ids[70, 80] == 3_000_005
    assert view.depth_m[70, 80] == pytest.approx(4.4, abs=1e-4)
    assert view.object_ids[50, 80] == NUMBER


def test_ground_height_lifts_the_camera(scene):
    view = ground_view(scene, CAMERAS['front'], Pose2(0.0, 0.0, 0.0), Shot(ground_z_m=0.5))
    assert view.depth_m[119, 80] == pytest.approx(2.0 * 80.0 / 59.5, abs=1e-4)


def test_supersampling_is_the_mean_of_finer_rays(scene):
    camera = CAMERAS['front']
    rays = camera.finer(2).rays(POSE.x_m, POSE.y_m, POSE.yaw_rad)
    fine = render(scene, rays).rgb.reshape(120, 2, 160, 2, 3)
    view = ground_view(scene, camera, POSE, Shot(supersampling=2))
    expected = develop(np.ascontiguousarray(fine.mean(axis=(1, 3))), DAY)
    assert np.abs(view.rgb.astype(int) - expected.astype(int)).max() <= 1
    with pytest.raises(SettingError, match='supersampling is 0'):
        Shot(supersampling=0)


def test_edge_rays_bring_outlines_nearer_to_the_finer_picture(scene):
    camera = CAMERAS['front']
    fine = ground_view(scene, camera, POSE, Shot(supersampling=5))
    plain = ground_view(scene, camera, POSE, Shot(edge_rays=0))
    smooth = ground_view(scene, camera, POSE)
    errors = [
        np.sqrt(((view.rgb.astype(float) - fine.rgb) ** 2).mean()) for view in (smooth, plain)
    ]
    assert errors[0] < 0.6 * errors[1]
    np.testing.assert_array_equal(smooth.surface_ids, plain.surface_ids)
    np.testing.assert_array_equal(smooth.depth_m, fine.depth_m)
    with pytest.raises(SettingError, match='edge_rays is -1'):
        Shot(edge_rays=-1)


def test_motion_blur_is_the_mean_over_poses(scene):
    """Against the picture truly traced at many poses along the exposure."""
    camera = CAMERAS['front']
    motion = BodyMotion(15.0, 0.6)
    effects = dataclasses.replace(PERFECT, exposure_s=0.03, blur_frames=9)
    blurred = ground_view(scene, camera, POSE, Shot(effects, motion, edge_rays=0)).rgb.astype(
        float
    )
    sharp = ground_view(scene, camera, POSE, Shot(edge_rays=0)).rgb.astype(float)
    light = np.zeros((120, 160, 3), np.float32)
    for moment in (np.arange(9) + 0.5) / 9 - 0.5:
        moved = POSE @ Pose2.exp(15.0, 0.6, 0.03 * moment)
        rays = camera.rays(moved.x_m, moved.y_m, moved.yaw_rad)
        light += render(scene, rays).rgb.reshape(120, 160, 3) / 9
    truth = develop(light, DAY).astype(float)
    error = np.sqrt(((blurred - truth) ** 2).mean())
    assert error < 0.4 * np.sqrt(((sharp - truth) ** 2).mean())
    assert error < 2.0


def test_motion_flow_by_hand(scene):
    camera = CAMERAS['front']
    pose = Pose2(0.0, 0.0, 0.0)
    distance = scene.trace(camera.rays(0.0, 0.0, 0.0)).distance_m
    # Turning left by w, 1.6 m before the axle, moves the wall 8.4 m away to the right; what a
    # pixel shows later lies left of it now.
    flow = motion_flow(camera, distance, pose, BodyMotion(0.0, 1.0), 0.01)
    middle = flow.reshape(120, 160, 2)[59, 79]
    np.testing.assert_allclose(middle, (-0.8 * (1.0 + 1.6 / 8.4), 0.0), atol=0.01)
    # Driving 0.1 m towards a point 8.4 m away at row offset 20.5 px: 20.5 * 0.1 / 8.4 px inwards.
    flow = motion_flow(camera, distance, pose, BodyMotion(10.0), 0.01).reshape(120, 160, 2)
    np.testing.assert_allclose(flow[39, 79, 1], 20.5 * 0.1 / 8.4, rtol=0.02)
    still = motion_flow(camera, distance, pose, BodyMotion(), 0.01)
    assert np.abs(still).max() < 1e-4


def test_flow_does_not_jump_over_the_seam():
    camera = EquirectangularCamera(128, 64)
    distance = np.full(128 * 64, 20.0, np.float32)
    flow = motion_flow(camera, distance, POSE, BodyMotion(10.0, 1.0), 0.02)
    assert np.abs(flow[:, 0]).max() < 10.0


def test_blur_spreads_a_point_along_the_flow():
    light = np.zeros((9, 21, 3), np.float32)
    light[4, 10] = 1.0
    flow = np.tile((6.0, 0.0), (9 * 21, 1))
    blurred = blur_along(light, flow, 6)
    assert blurred.sum() == pytest.approx(3.0, rel=1e-5)
    assert set(np.nonzero(blurred[..., 0])[0]) == {4}
    columns = np.nonzero(blurred[4, :, 0] > 0.01)[0]
    assert (columns.min(), columns.max()) == (7, 13)


def test_vignette_by_hand():
    kept = vignette(321, 241, 0.25)
    assert kept.shape == (241, 321)
    assert kept[120, 160] == pytest.approx(1.0)
    assert kept[0, 0] == pytest.approx(0.75, abs=1e-6)
    # Halfway to the corner: cos^4 with a quarter of the squared tangent.
    tangent_square = (1.0 / math.sqrt(0.75) - 1.0) / 4.0
    assert kept[60, 80] == pytest.approx((1.0 + tangent_square) ** -2, abs=1e-6)


def test_noise_has_the_stated_variance_and_follows_its_seed():
    day = dataclasses.replace(DAY, exposure=0.5, white_balance=(1.0, 1.0, 1.0))
    effects = dataclasses.replace(PERFECT, shot_noise=4e-4, read_noise=0.01)
    light = np.full((200, 300, 3), 0.4, np.float32)  # exposed: 0.2
    noisy = expose(light, day, effects, 5, 1)
    np.testing.assert_array_equal(noisy, expose(light, day, effects, 5, 1))
    assert (noisy != expose(light, day, effects, 5, 2)).mean() > 0.5
    # Through the slope of the sRGB curve at 0.2.
    sigma = math.sqrt(0.01**2 + 4e-4 * 0.2)
    slope = 255.0 * 1.055 / 2.4 * 0.2 ** (1.0 / 2.4 - 1.0)
    assert noisy.std() == pytest.approx(sigma * slope, rel=0.05)


def test_lens_blur_softens_an_edge():
    light = np.zeros((40, 40, 3), np.float32)
    light[:, 20:] = 0.5
    sharp = expose(light, DAY, PERFECT)
    soft = expose(light, DAY, dataclasses.replace(PERFECT, lens_blur_px=1.0))
    assert len(np.unique(sharp[20, :, 0])) == 2
    assert len(np.unique(soft[20, :, 0])) > 4


def test_jpeg_keeps_the_picture_but_for_its_artefacts(scene):
    view = ground_view(scene, CAMERAS['front'], POSE)
    coded = encode_jpeg(view.rgb, 90)
    assert coded[:3] == b'\xff\xd8\xff'
    assert len(coded) < view.rgb.size / 3
    rough, fine = (np.abs(through_jpeg(view.rgb, q).astype(int) - view.rgb) for q in (20, 95))
    assert 0.0 < fine.mean() < rough.mean() < 12.0
    shot = Shot(dataclasses.replace(PERFECT, jpeg_quality=20))
    taken = ground_view(scene, CAMERAS['front'], POSE, shot).rgb
    np.testing.assert_array_equal(taken, through_jpeg(view.rgb, 20))


def test_default_effects_change_the_picture_by_a_little(scene):
    camera = CAMERAS['front']
    perfect = ground_view(scene, camera, POSE).rgb.astype(int)
    shot = Shot(CameraEffects(), BodyMotion(11.0, 0.0), seeds=(1, 2))
    taken = ground_view(scene, camera, POSE, shot).rgb.astype(int)
    assert 0.5 < np.abs(taken - perfect).mean() < 15.0
    again = ground_view(scene, camera, POSE, shot).rgb.astype(int)
    np.testing.assert_array_equal(taken, again)


def test_a_flat_picture_is_refused():
    with pytest.raises(ShapeError, match=r'\(5, 3\)'):
        expose(np.zeros((5, 3), np.float32), DAY, PERFECT)

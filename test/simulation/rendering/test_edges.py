# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Smooth outlines against images of many rays for each pixel."""

from lit_rectangles import box, level, mesh_of, plain_day
import numpy as np
import pytest

from geoloc_ros.errors import ShapeError
from geoloc_sim.rendering.edges import render_smooth
from geoloc_sim.rendering.records import Rays
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene

ROWS, COLUMNS, FOCAL_PX = 60, 80, 40.0


def camera_rays(factor=1):
    x = (np.arange(COLUMNS * factor) + 0.5) / factor - 0.5 * COLUMNS
    y = (np.arange(ROWS * factor) + 0.5) / factor - 0.5 * ROWS
    u, v = np.meshgrid(x / FOCAL_PX, y / FOCAL_PX)
    ways = np.stack((np.ones_like(u), -u, -v), axis=-1).reshape(-1, 3)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    origins = np.tile(np.float32((0.0, 0.0, 1.5)), (len(ways), 1))
    return Rays(origins, ways.astype(np.float32), 1.0 / (FOCAL_PX * factor))


@pytest.fixture(scope='module')
def scene():
    ground = level((-60, -60), (60, 60), colour=(0.1, 0.1, 0.1))
    house = box((12, -7, 0), (20, 3.3, 6), colour=(0.7, 0.7, 0.7))
    line = level((3, -1), (30, -0.8), 0.01, colour=(0.8, 0.8, 0.8))
    return Scene(mesh_of(ground, line, *house), plain_day(seed=3))


def test_smooth_image_is_nearer_the_average_of_many_rays(scene):
    rays = camera_rays()
    plain = render(scene, rays)
    smooth = render_smooth(scene, rays, (ROWS, COLUMNS))
    many = render(scene, camera_rays(8)).rgb.reshape(ROWS, 8, COLUMNS, 8, 3)
    average = many.mean(axis=(1, 3)).reshape(-1, 3)
    before = np.abs(plain.rgb - average).mean()
    after = np.abs(smooth.rgb - average).mean()
    assert after < 0.6 * before
    np.testing.assert_array_equal(smooth.hits.surface, plain.hits.surface)
    np.testing.assert_array_equal(smooth.hits.distance_m, plain.hits.distance_m)


def test_pixels_away_from_edges_stay(scene):
    rays = camera_rays()
    changed = np.abs(
        render_smooth(scene, rays, (ROWS, COLUMNS)).rgb - render(scene, rays).rgb
    ).max(axis=1)
    assert 0.02 < np.mean(changed > 0.0) < 0.3


def test_an_image_of_another_shape_is_refused(scene):
    with pytest.raises(ShapeError, match='expected one for each pixel'):
        render_smooth(scene, camera_rays(), (ROWS, COLUMNS + 1))

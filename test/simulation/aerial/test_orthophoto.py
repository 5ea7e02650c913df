# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import math

import numpy as np
from prism_meshes import box_mesh, on_ground, prism_mesh
import pytest

from geoloc_ros.errors import GeodesyError
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.grids import PatchGrid, Window
from geoloc_sim.aerial.model import draw_aerial_model
from geoloc_sim.aerial.orthophoto import Orthophoto, aerial_patch
from geoloc_sim.aerial.settings import AerialSettings
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.days import aerial_day
from geoloc_sim.rendering.scene import Scene

DATUM = GeodeticPosition(49.0, 8.4, 115.0)
BOUNDS_M = (-60.0, -60.0, 60.0, 60.0)


@pytest.fixture(scope='module')
def scene():
    turned = np.array([[20.0, 5.0], [40.0, 15.0], [33.0, 29.0], [13.0, 19.0]])
    mesh = on_ground(box_mesh((-40.0, -30.0), (-22.0, -8.0), 18.0, 5), prism_mesh(turned, 30.0, 9))
    return Scene(mesh, aerial_day(3))


def photo_of(scene, seed=4, **changes):
    settings = AerialSettings(
        **{'gsd_m_per_px': 0.5, 'camera_height_m': 900.0, 'brightness': 0.15, **changes}
    )
    return Orthophoto(scene, draw_aerial_model(DATUM, BOUNDS_M, settings, seed), settings, seed)


def whole(photo):
    return Window(0, 0, photo.grid.width, photo.grid.height)


def test_pixels_do_not_depend_on_the_window(scene):
    photo = photo_of(scene)
    image = photo.image(whole(photo)).rgb
    for window in (Window(30, 50, 64, 47), Window(100, 0, 33, 128)):
        piece = photo.image(window).rgb
        same = image[window.row : window.row + window.height][
            :, window.column : window.column + window.width
        ]
        difference = np.abs(piece.astype(int) - same)
        # rays are float32: where one meets an edge, either side may be taken
        assert np.mean(difference > 1) < 1e-3


def test_same_seed_same_image_other_seed_other_noise(scene):
    photo = photo_of(scene)
    window = Window(20, 20, 80, 80)
    first, second = photo.image(window).rgb, photo_of(scene).image(window).rgb
    assert np.array_equal(first, second)
    other = dataclasses.replace(photo, seed=5).image(window).rgb.astype(float)
    difference = other - first
    # noise apart, and a little brighter or darker as a whole
    assert 0.3 < np.std(difference) < 6.0
    assert 0.1 < abs(np.mean(difference)) < 25.0


def test_blur_and_noise_do_what_they_say(scene):
    still = photo_of(scene, noise=0.0, blur_px=0.0)
    window = Window(0, 0, 60, 60)  # ground only: one plain colour in the sun
    flat = still.image(window).rgb.astype(float)
    noisy = photo_of(scene, noise=0.15, blur_px=0.0).image(window).rgb.astype(float)
    soft = photo_of(scene, noise=0.15, blur_px=1.0).image(window).rgb.astype(float)
    soft_flat = photo_of(scene, noise=0.0, blur_px=1.0).image(window).rgb.astype(float)
    spread = [float(np.std(noisy - flat)), float(np.std(soft - soft_flat))]
    assert spread[0] > 2.0
    # a Gaussian of sigma 1 keeps 1 / (2 sigma sqrt pi) of white noise
    assert spread[1] / spread[0] == pytest.approx(1.0 / (2.0 * math.sqrt(math.pi)), rel=0.1)


def test_brightness_and_saturation_do_what_they_say(scene):
    window = Window(0, 0, 40, 40)  # plain ground, albedo 0.5 in every channel, in the sun
    plain = {'noise': 0.0, 'blur_px': 0.0, 'veil': 0.0}
    grey = photo_of(scene, saturation=0.0, **plain).image(window).rgb.astype(int)
    assert np.max(np.ptp(grey, axis=-1)) <= 6  # the day's white balance is left
    tinted = photo_of(scene, saturation=1.0, **plain).image(window).rgb.astype(int)
    half = photo_of(scene, saturation=0.5, **plain).image(window).rgb.astype(int)
    spreads = [np.mean(np.ptp(image, axis=-1)) for image in (grey, half, tinted)]
    assert spreads == sorted(spreads)
    means = [
        np.mean(photo_of(scene, brightness=level, **plain).image(window).rgb)
        for level in (0.05, 0.1, 0.2)
    ]
    # an albedo of 0.5 is 2.8 times an 18 % grey; sRGB of twice the light, far below the shoulder
    assert means[0] < means[1] < means[2]
    assert np.log2(linear(means[1]) / linear(means[0])) == pytest.approx(1.0, abs=0.08)


def linear(value):
    """Light of an sRGB value (IEC 61966-2-1)."""
    return ((value / 255.0 + 0.055) / 1.055) ** 2.4


def test_roof_ids_lie_where_the_model_projects_the_roof(scene):
    photo = photo_of(scene, offset_m=1.0, off_nadir_deg=12.0)
    ids = photo.object_ids(whole(photo))
    roof = np.array(
        [[20.0, 5.0, 30.0], [40.0, 15.0, 30.0], [33.0, 29.0, 30.0], [13.0, 19.0, 30.0]]
    )
    corners = photo.model.project(roof)
    surface = photo.scene.trace(photo._rays(photo.model.ground_of_window(whole(photo)))).surface
    mask = (surface == np.flatnonzero(photo.scene.surfaces.object_id == 9)[-1]).reshape(ids.shape)
    rows, columns = np.nonzero(mask)
    # shoelace area and centroid of the projected corners against the pixels'
    x, y = corners.T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = 0.5 * np.sum(cross)
    centre = [np.sum((p + np.roll(p, -1)) * cross) / (6.0 * area) for p in (x, y)]
    assert len(rows) == pytest.approx(abs(area), rel=0.01)
    assert [np.mean(columns), np.mean(rows)] == pytest.approx(centre, abs=0.1)
    assert np.all(ids[rows, columns] == 9)


def white(surfaces):
    plain = np.full_like(surfaces.kind, SurfaceKind.PLAIN)
    return dataclasses.replace(surfaces, kind=plain, colour=np.full_like(surfaces.colour, 0.9))


def test_markings_half_a_pixel_wide_do_not_break_up(scene):
    ends = (-41.1, -35.17, 41.27)
    lines = [box_mesh((-50.0, y), (50.0, y + 0.26), 0.02, 30) for y in ends]
    lines = [dataclasses.replace(line, surfaces=white(line.surfaces)) for line in lines]
    marked = Scene(on_ground(*lines), scene.day)
    photo = photo_of(marked, noise=0.0, blur_px=0.0)
    bare = dataclasses.replace(photo, scene=Scene(on_ground(), scene.day))
    images = [p.image(whole(photo)).rgb.astype(float) for p in (photo, bare)]
    brighter = np.max(images[0] - images[1], axis=-1)
    for y in ends:
        points = [[x, y + 0.13, 0.02] for x in np.arange(-49.0, 49.0, 0.1)]
        columns, rows = np.round(photo.model.project(np.array(points))).astype(int).T
        above_and_below = np.stack([brighter[rows + k, columns] for k in (-1, 0, 1)])
        assert np.min(np.max(above_and_below, axis=0)) > 3.0


def test_outside_of_the_world_nothing_is_seen(scene):
    photo = photo_of(scene)
    image = photo.image(Window(-380, 0, 200, 100))
    assert not np.all(image.valid)
    assert np.any(image.valid)
    assert np.all(image.rgb[~image.valid] == 0)
    assert np.min(image.rgb[image.valid]) > 0


def test_patch_shows_what_lies_ahead_above(scene):
    photo = photo_of(scene, offset_m=0.0)
    x, y, yaw = 0.0, -60.0, math.atan2(77.0, 26.5)  # towards the tall prism
    patch = aerial_patch(photo, x, y, yaw, 200.0, 100)
    assert patch.rgb.shape == (100, 100, 3)
    turned = dataclasses.replace(
        photo, model=photo.model.on_grid(PatchGrid(x, y, yaw, 200.0, 100))
    )
    rows, columns = np.nonzero(turned.object_ids(Window(0, 0, 100, 100)) == 9)
    assert np.max(rows) < 45
    assert 40 < np.mean(columns) < 60
    with pytest.raises(GeodesyError, match='expected a CrsGrid'):
        _ = turned.grid


def test_refuses_a_camera_among_the_roofs(scene):
    settings = AerialSettings()
    model = draw_aerial_model(DATUM, BOUNDS_M, settings, 1)
    low = dataclasses.replace(model, camera_m=(0.0, 0.0, 30.5))
    with pytest.raises(GeodesyError, match='not above the scene'):
        Orthophoto(scene, low, settings, 1)

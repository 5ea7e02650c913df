# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Light on surfaces: energy, shadows, haze, seeds, and averages over a pixel's footprint."""

import dataclasses

from lit_rectangles import Rectangle, box, grid, level, mesh_of, plain_day, rays_down
import numpy as np
import pytest

from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.records import Rays
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.rendering.sky import light_of, sky_on_surface

GROUND = level((-60.0, -60.0), (60.0, 60.0))
GREY = (0.3, 0.3, 0.3)
FACADE = (12.0, 9.6, 3.2, 3.0, 0.45, 0.5, 2.0, 0.0)


def test_level_white_ground_sends_back_sun_and_sky():
    day = plain_day()
    seen = render(Scene(mesh_of(GROUND), day), rays_down([(0.0, 0.0)], spread_m=5.0))
    zenith, horizon = np.array(day.sky_zenith_rgb), np.array(day.sky_horizon_rgb)
    expected = np.sin(np.pi / 4.0) * np.array(day.sun_rgb) + 0.8 * zenith + 0.2 * horizon
    np.testing.assert_allclose(seen.rgb[0], expected, rtol=1e-4)


def test_white_facing_the_sun_sends_back_sun_and_sky():
    slope = Rectangle((0, -50, 0), (0, 100, 0), (-70, 0, 70))
    day = plain_day()
    seen = render(Scene(mesh_of(slope), day), rays_down([(-30.0, 0.0)], spread_m=5.0))
    sky = sky_on_surface(light_of(day), np.sqrt(0.5))
    expected = np.array(day.sun_rgb) + np.array(sky)
    assert seen.rgb[0] == pytest.approx(expected, rel=0.35)  # the slope hides some of its sky
    assert np.all(seen.rgb[0] <= expected * 1.0001)
    without_sky = plain_day(sky_zenith_rgb=(0, 0, 0), sky_horizon_rgb=(0, 0, 0))
    seen = render(Scene(mesh_of(slope), without_sky), rays_down([(-30.0, 0.0)], spread_m=5.0))
    assert seen.rgb[0] == pytest.approx(np.array(day.sun_rgb), rel=0.02)


def test_shadow_of_a_box_has_its_length():
    # Sun in the east at 30 degrees: a box 6 m high throws its shadow 6 / tan(30) = 10.39 m west.
    day = plain_day(sun_elevation_rad=np.pi / 6.0)
    scene = Scene(mesh_of(GROUND, *box((0, -5, 0), (4, 5, 6))), day)
    x = np.arange(-20.0, -0.5, 0.05)
    rays = rays_down(np.column_stack((x, np.zeros_like(x))), spread_m=3.0)
    lit, free = render(scene, rays).rgb[:, 0], render(scene, rays, shadows=False).rgb[:, 0]
    dark = lit < 0.8 * free
    np.testing.assert_array_equal(dark, x > -6.0 / np.tan(np.pi / 6.0))
    beside = render(scene, rays_down([(-3.0, 5.2), (-3.0, -5.2)], spread_m=3.0)).rgb[:, 0]
    assert np.all(beside > 0.5)


def test_light_decays_with_the_haze():
    wall = Rectangle((0, -5, 0), (0, 10, 0), (0, 0, 10))
    horizon = np.array((0.5, 0.5, 0.5))
    for distance in (10.0, 200.0):
        rays = Rays(
            np.array([[distance, 0.0, 5.0]], np.float32),
            np.array([[-1.0, 0.0, 0.0]], np.float32),
            0.01,
        )
        clear = render(Scene(mesh_of(wall), plain_day()), rays).rgb[0]
        hazy = render(Scene(mesh_of(wall), plain_day(haze_per_m=0.004)), rays).rgb[0]
        kept = np.exp(-0.004 * distance)
        np.testing.assert_allclose(hazy, kept * clear + (1.0 - kept) * horizon, rtol=1e-4)


def test_no_sun_no_shadow():
    day = plain_day(sun_rgb=(0.0, 0.0, 0.0), cloud_share=1.0)
    scene = Scene(mesh_of(GROUND, *box((0, -5, 0), (4, 5, 6))), day)
    rays = rays_down(grid((-9, -9), (9, 9), 1.0))
    np.testing.assert_array_equal(render(scene, rays).rgb, render(scene, rays, shadows=False).rgb)


def patterned(kind, day=None):
    """A vertical facade, or ground or a roof of a kind, and rays that look straight at it."""
    day = plain_day() if day is None else day
    if kind is SurfaceKind.FACADE:
        surface = Rectangle(
            (0, 0, 0), (12, 0, 0), (0, 0, 9.6), kind, GREY, FACADE, second=(0.1, 0.2, 0.1)
        )
    else:
        surface = level((0, 0), (12, 12), kind=kind, colour=GREY, parameters=(0.4, 0.8), seed=5)
    return Scene(mesh_of(surface), day)


def straight_rays(kind, points, spread_m):
    if kind is SurfaceKind.FACADE:
        origins = np.column_stack((points[:, 0], np.full(len(points), -30.0), points[:, 1]))
        directions = np.tile(np.float32((0, 1, 0)), (len(points), 1))
        return Rays(origins.astype(np.float32), directions, 0.0, spread_m)
    return rays_down(points, spread_m=spread_m)


@pytest.mark.parametrize(
    'kind',
    [
        SurfaceKind.FACADE,
        SurfaceKind.ROAD,
        SurfaceKind.PAVEMENT,
        SurfaceKind.SQUARE,
        SurfaceKind.GRASS,
        SurfaceKind.MARKING_WHITE,
        SurfaceKind.ROOF_TILES,
        SurfaceKind.ROOF_METAL,
        SurfaceKind.ROOF_FLAT,
        SurfaceKind.BARRIER,
    ],
    ids=lambda kind: kind.name,
)
@pytest.mark.parametrize('size', [0.3, 1.2])
def test_a_pixel_shows_the_average_of_its_footprint(kind, size):
    scene, fine = patterned(kind), 24
    high = (12.0, 8.4)
    rgb = render(scene, straight_rays(kind, grid((0, 0), high, size), size), shadows=False).rgb
    points = grid((0, 0), high, size / fine)
    many = render(scene, straight_rays(kind, points, size / fine), shadows=False).rgb
    rows, columns = round(high[1] / size), round(high[0] / size)
    blocks = many.reshape(rows, fine, columns, fine, 3).mean(axis=(1, 3)).reshape(-1, 3)
    # A single ray that did not average would differ by the pattern's own spread.
    spread = many.std(axis=0).mean()
    error = np.sqrt(np.mean((rgb - blocks) ** 2))
    assert error < max(0.5 * spread, 0.012)
    np.testing.assert_allclose(rgb.mean(axis=0), blocks.mean(axis=0), rtol=0.05)


def test_two_scenes_of_the_same_things_give_the_same_image():
    points = grid((0, 0), (12, 9.6), 0.1)
    rays = straight_rays(SurfaceKind.FACADE, points, 0.1)
    first, second = (render(patterned(SurfaceKind.FACADE), rays) for _ in range(2))
    np.testing.assert_array_equal(first.rgb, second.rgb)


def test_fine_ground_changes_with_the_day_and_facades_do_not():
    other = plain_day(seed=99)
    points = grid((0, 0), (6, 6), 0.1)
    ground = (SurfaceKind.ROAD, SurfaceKind.PAVEMENT, SurfaceKind.GRASS)
    for kind, shared in (*((kind, False) for kind in ground), (SurfaceKind.FACADE, True)):
        rays = straight_rays(kind, points, 0.25 if kind is SurfaceKind.PAVEMENT else 0.05)
        one = render(patterned(kind), rays, shadows=False).rgb[:, 1]
        two = render(patterned(kind, other), rays, shadows=False).rgb[:, 1]
        relation = np.corrcoef(one, two)[0, 1]
        assert relation == pytest.approx(1.0) if shared else abs(relation) < 0.3


def test_facades_differ_by_seed_and_have_windows():
    def image(seed):
        wall = Rectangle(
            (0, 0, 0), (12, 0, 0), (0, 0, 9.6), SurfaceKind.FACADE, GREY, FACADE, seed
        )
        rays = straight_rays(SurfaceKind.FACADE, grid((0, 0), (12, 9.6), 0.05), 0.05)
        return render(Scene(mesh_of(wall), plain_day()), rays, shadows=False).rgb[:, 1]

    first, second = image(1).reshape(192, 240), image(2).reshape(192, 240)
    assert np.abs(first - second).mean() > 0.01
    # Bays of 3 m, windows 1.35 m wide in their middles, 1.6 m high: dark panes between walls.
    by_bay = first[86:112].reshape(26, 4, 60)
    panes, walls = by_bay[:, :, 20:40].mean(), by_bay[:, :, (0, 1, 2, 57, 58, 59)].mean()
    assert panes < 0.75 * walls


def test_wet_road_mirrors_the_sky():
    road = level((-60, -60), (60, 60), kind=SurfaceKind.ROAD, colour=(0.08, 0.08, 0.08))
    rays = Rays(
        np.tile(np.float32((0, 0, 1.5)), (200, 1)),
        np.column_stack(
            (np.full(200, 0.995), np.linspace(-0.05, 0.05, 200), np.full(200, -0.0866))
        ).astype(np.float32),
        0.004,
    )
    dry = render(Scene(mesh_of(road), plain_day(sun_rgb=(0, 0, 0))), rays).rgb
    wet = render(Scene(mesh_of(road), plain_day(sun_rgb=(0, 0, 0), wetness=1.0)), rays).rgb
    assert wet.mean() > 1.3 * dry.mean()
    down = rays_down([(0.0, 0.0)], spread_m=3.0)
    dry = render(Scene(mesh_of(road), plain_day()), down).rgb
    wet = render(Scene(mesh_of(road), plain_day(wetness=1.0)), down).rgb
    assert wet.mean() < dry.mean()


def crown(density, height=4.0, **changes):
    leaf = level((-6, -6), (6, 6), height, kind=SurfaceKind.FOLIAGE, colour=(0.05, 0.1, 0.02))
    return mesh_of(GROUND, dataclasses.replace(leaf, parameters=(density,), **changes))


@pytest.mark.parametrize('density', [0.2, 0.6, 1.0])
def test_leaves_cover_more_the_denser_they_are(density):
    rays = rays_down(grid((-5, -5), (5, 5), 0.05), spread_m=0.02)
    seen = render(Scene(crown(density), plain_day()), rays)
    through = np.mean(seen.hits.surface == 0)
    assert through == pytest.approx(1.0 - (0.30 + 0.50 * density), abs=0.1)
    np.testing.assert_allclose(seen.hits.distance_m[seen.hits.surface == 0], 100.0, atol=0.05)


def test_leaves_let_spots_of_sun_through():
    scene = Scene(crown(0.8), plain_day(sun_elevation_rad=np.pi / 2.0 - 1e-3))
    points = grid((-5, -5), (5, 5), 0.1)
    under = rays_down(points, z=3.0, spread_m=0.02)
    shaded, free = render(scene, under).rgb[:, 0], render(scene, under, shadows=False).rgb[:, 0]
    share = np.mean(shaded / free)
    assert 0.1 < share < 0.7
    assert np.std(shaded / free) > 0.1


def test_days_differ_by_more_than_brightness():
    town = mesh_of(
        level((-60, -60), (60, 60), kind=SurfaceKind.GRASS),
        level((-60, -4), (60, 4), 0.01, kind=SurfaceKind.ROAD, colour=(0.08, 0.08, 0.08)),
        *box(
            (10, 6, 0),
            (25, 16, 9),
            kind=SurfaceKind.FACADE,
            colour=(0.5, 0.4, 0.3),
            parameters=FACADE,
        ),
    )
    way = grid((-0.8, -0.6), (0.8, 0.6), 0.02)
    directions = np.column_stack((np.ones(len(way)), -way[:, 0], -way[:, 1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    rays = Rays(
        np.tile(np.float32((0, -1, 1.5)), (len(way), 1)), directions.astype(np.float32), 0.02
    )
    images = [render(Scene(town, draw_day(seed)), rays).rgb.mean(axis=1) for seed in range(6)]
    left = []
    for k, one in enumerate(images):
        for two in images[:k]:
            factor = (one @ two) / (two @ two)
            left.append(np.linalg.norm(one - factor * two) / np.linalg.norm(one))
    assert min(left) > 0.05
    assert np.median(left) > 0.15


def test_wet_road_mirrors_the_wall_behind_it():
    # Seen from 1.5 m, 10 m away from a red wall: the ray to the road 4 m ahead meets the wall's
    # mirror image at 1.5 * 6 / 4 = 2.25 m.
    road = level((-60, -60), (60, 60), kind=SurfaceKind.ROAD, colour=(0.08, 0.08, 0.08))
    wall = box((10, -20, 0), (12, 20, 8), colour=(0.9, 0.1, 0.1))
    y = np.linspace(-1.5, 1.5, 60)
    way = np.column_stack((np.full(60, 4.0), y, np.full(60, -1.5)))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    origins = np.tile(np.float32((0, 0, 1.5)), (60, 1))
    rays = Rays(origins, way.astype(np.float32), 0.05)
    day = plain_day(sun_azimuth_rad=np.pi, wetness=1.0)
    with_wall = render(Scene(mesh_of(road, *wall), day), rays).rgb.mean(axis=0)
    alone = render(Scene(mesh_of(road), day), rays).rgb.mean(axis=0)
    # In place of the sky (bluer by 0.3 sqrt(1.5 / hypot)) the road shows the wall (redder by 0.8
    # times sun and half the sky), by Schlick's share or, where no water stands, 0.22 of it.
    mirror = 0.02 + 0.98 * (1.0 - 1.5 / np.hypot(1.5, 4.0)) ** 5
    redder = 0.8 * (np.sqrt(0.5) + 0.2) + 0.3 * np.sqrt(1.5 / np.hypot(1.5, 4.0))
    change = (with_wall[0] - with_wall[2]) - (alone[0] - alone[2])
    assert 0.2 * mirror * redder < change < 1.05 * mirror * redder

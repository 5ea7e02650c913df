# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Light of the sky against the integral over it, clouds against their share."""

from lit_rectangles import plain_day
import numpy as np
import pytest

from geoloc_sim.rendering.sky import clear_sky, cloud_cover, light_of, sky_on_surface, sky_rgb


def directions(count=4000):
    """Directions of the upper half, even in solid angle (spiral of Fibonacci)."""
    z = (np.arange(count) + 0.5) / count
    turn = np.pi * (1.0 + 5.0**0.5) * np.arange(count)
    level = np.sqrt(1.0 - z * z)
    return np.column_stack((level * np.cos(turn), level * np.sin(turn), z))


def test_level_surface_gets_the_cosine_weighted_sky():
    light = light_of(plain_day())
    sky = np.array([clear_sky(light, z) for z in directions()[:, 2]])
    weighted = 2.0 * (sky * directions()[:, 2:]).mean(axis=0)
    np.testing.assert_allclose(sky_on_surface(light, 1.0), weighted, rtol=1e-3)


def test_wall_gets_about_half_the_sky_and_ground_below():
    light = light_of(plain_day(sun_rgb=(0.0, 0.0, 0.0)))
    way = directions()
    sky = np.array([clear_sky(light, z) for z in way[:, 2]])
    weighted = 2.0 * (sky * np.maximum(way[:, :1], 0.0)).mean(axis=0)
    below = 0.16 * 0.5 * np.array(sky_on_surface(light, 1.0))
    np.testing.assert_allclose(sky_on_surface(light, 0.0), weighted + below, rtol=0.12)


@pytest.mark.parametrize('share', [0.1, 0.3, 0.5, 0.9])
def test_clouds_cover_their_share(share):
    covers = []
    for seed in range(6):
        light = light_of(plain_day(cloud_share=share, seed=seed))
        covers += [cloud_cover(light, *way, 0.0)[0] for way in directions(800) if way[2] > 0.15]
    assert np.mean(covers) == pytest.approx(share, abs=0.12)


def test_sun_and_glow_stand_where_the_sun_is():
    day = plain_day(sun_azimuth_rad=2.0)
    light = light_of(day)
    sun = light.sun_direction
    np.testing.assert_allclose(np.linalg.norm(sun), 1.0)
    assert np.arctan2(sun[1], sun[0]) == pytest.approx(2.0)
    brightness = [sum(sky_rgb(light, *way, 1e-3, True)) for way in directions()]
    assert directions()[int(np.argmax(brightness))] @ np.array(sun) > 0.998


def test_fine_clouds_average_under_a_wide_pixel():
    light = light_of(plain_day(cloud_share=0.5))
    way = [w for w in directions(3000) if w[2] > 0.3]
    sharp = np.std([cloud_cover(light, *w, 0.0)[1] for w in way])
    wide = np.std([cloud_cover(light, *w, 0.6)[1] for w in way])
    assert wide < 0.9 * sharp

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Days: the sun stands where it can stand, and no two days are alike."""

import dataclasses
import math

import numpy as np
import pytest

from geoloc_ros.errors import SettingError
from geoloc_sim.rendering.days import aerial_day, draw_day
from geoloc_sim.rendering.records import Season

LATITUDE = math.radians(49.0)
DAYS = [draw_day(seed) for seed in range(300)]
FLIGHTS = [aerial_day(seed) for seed in range(100)]
#: Declination of the sun in degrees over each season's months, with a margin.
DECLINATIONS = {
    Season.SPRING: (5.0, 24.0),
    Season.SUMMER: (2.0, 24.0),
    Season.AUTUMN: (-24.0, 0.0),
    Season.WINTER: (-24.0, -3.0),
}


def declination_deg(day):
    """Back from azimuth and elevation, by spherical trigonometry."""
    north = math.cos(day.sun_elevation_rad) * math.sin(day.sun_azimuth_rad)
    up = math.sin(day.sun_elevation_rad)
    return math.degrees(math.asin(math.sin(LATITUDE) * up + math.cos(LATITUDE) * north))


def test_sun_stands_where_the_season_allows():
    for day in DAYS + FLIGHTS:
        low, high = DECLINATIONS[day.season]
        assert low < declination_deg(day) < high
        assert math.radians(7.0) <= day.sun_elevation_rad <= math.pi / 2.0


def test_a_seed_gives_its_day_again_and_the_flight_has_its_own():
    assert draw_day(7) == draw_day(7)
    assert aerial_day(7) == aerial_day(7)
    assert draw_day(7) != draw_day(8)
    assert draw_day(7).sun_azimuth_rad != aerial_day(7).sun_azimuth_rad
    with pytest.raises(SettingError, match="seeds of 'day' are"):
        draw_day(-1)


def test_days_vary_broadly():
    for season in Season:
        assert sum(day.season is season for day in DAYS) > 45
    overcast = [day for day in DAYS if max(day.sun_rgb) == 0.0]
    assert 0.2 < len(overcast) / len(DAYS) < 0.4
    assert all(day.cloud_share > 0.8 for day in overcast)
    assert 0.1 < np.mean([day.wetness > 0.0 for day in DAYS]) < 0.5
    haze = np.array([day.haze_per_m for day in DAYS])
    assert haze.min() < 2e-4 < 3e-3 < haze.max()
    east = np.array([math.cos(day.sun_azimuth_rad) for day in DAYS])
    assert east.min() < -0.8 < 0.8 < east.max()
    exposures = np.log2([day.exposure for day in DAYS])
    assert np.ptp(exposures) > 2.0


def test_leaves_follow_the_season():
    for day in DAYS:
        share = day.leaf_share
        assert {
            Season.SPRING: 0.5 <= share <= 1.0,
            Season.SUMMER: share == 1.0,
            Season.AUTUMN: 0.3 <= share <= 0.95,
            Season.WINTER: share < 0.1,
        }[day.season]
    autumn = [day.leaf_rgb for day in DAYS if day.season is Season.AUTUMN]
    assert np.mean([red > green for red, green, _ in autumn]) > 0.95


def test_flights_are_on_clear_dry_days_with_a_high_sun():
    for day in FLIGHTS:
        assert day.season in (Season.SPRING, Season.SUMMER)
        assert day.sun_elevation_rad > math.radians(37.0)
        assert day.cloud_share <= 0.15
        assert day.wetness == 0.0
        assert day.haze_per_m <= 1e-4


def test_low_sun_is_red():
    by_height = sorted(
        (d for d in DAYS if max(d.sun_rgb) > 0.0), key=lambda d: d.sun_elevation_rad
    )
    ratio = [day.sun_rgb[2] / day.sun_rgb[0] for day in by_height]
    assert np.all(np.diff(ratio) >= -1e-9)
    assert ratio[0] < 0.75 < 0.95 < ratio[-1]


def test_every_number_of_a_day_is_finite():
    for day in DAYS + FLIGHTS:
        for value in dataclasses.asdict(day).values():
            if not isinstance(value, Season):
                assert np.all(np.isfinite(value))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Draws days: hour and season, weather, light, what the season leaves on the trees.

A white surface that faces a high sun in clear air gets 1 from it; skies are relative to that.
"""

from __future__ import annotations

import math

import numpy as np

from geoloc_sim.randomness import stream
from geoloc_sim.rendering.records import DayConditions, Rgb, Season

_LATITUDE_RAD = math.radians(49.0)
_MONTHS = {
    Season.SPRING: (3.3, 5.6),
    Season.SUMMER: (5.8, 8.4),
    Season.AUTUMN: (9.3, 11.2),
    Season.WINTER: (11.8, 14.4),
}
_GRASS: dict[Season, Rgb] = {
    Season.SPRING: (0.085, 0.165, 0.035),
    Season.SUMMER: (0.110, 0.155, 0.042),
    Season.AUTUMN: (0.120, 0.135, 0.045),
    Season.WINTER: (0.125, 0.120, 0.060),
}
_LEAVES: dict[Season, Rgb] = {
    Season.SPRING: (0.105, 0.190, 0.035),
    Season.SUMMER: (0.055, 0.110, 0.022),
    Season.AUTUMN: (0.260, 0.150, 0.028),
    Season.WINTER: (0.110, 0.085, 0.050),
}


def draw_day(seed: int) -> DayConditions:
    """The day of a seed: any season, hour and weather in which people drive by daylight."""
    generator = stream('day', seed)
    season = list(Season)[int(generator.integers(4))]
    azimuth, elevation = _sun(generator, season, math.radians(7.0), math.pi / 2.0)
    cloud = _cloud_share(generator)
    hazy = generator.random() < 0.15
    haze = generator.uniform(0.002, 0.006) if hazy else 10.0 ** generator.uniform(-4.0, -3.0)
    wet_chance = 0.05 + 0.5 * cloud
    wetness = generator.uniform(0.3, 1.0) if generator.random() < wet_chance else 0.0
    return _day(generator, seed, season, (azimuth, elevation), cloud, haze, wetness)


def aerial_day(seed: int) -> DayConditions:
    """A day on which aerial images are taken: clear, dry, high sun, leaves mostly on."""
    generator = stream('aerial day', seed)
    season = Season.SUMMER if generator.random() < 0.6 else Season.SPRING
    azimuth, elevation = _sun(generator, season, math.radians(38.0), math.pi / 2.0)
    cloud = generator.uniform(0.0, 0.15)
    haze = 10.0 ** generator.uniform(-4.6, -4.0)
    # What the day places (cars, road works) is never that of the ground's day of the same number.
    placed = int(stream('aerial day places', seed).integers(2**31, 2**32))
    return _day(generator, placed, season, (azimuth, elevation), cloud, haze, 0.0)


def _sun(
    generator: np.random.Generator, season: Season, lowest_rad: float, highest_rad: float
) -> tuple[float, float]:
    """Azimuth (0 = east, counter-clockwise) and elevation at some hour of some day."""
    while True:
        month = generator.uniform(*_MONTHS[season])
        hour_rad = generator.uniform(-1.0, 1.0) * math.radians(115.0)
        declination = math.radians(23.44) * math.sin(2.0 * math.pi * (month - 2.72) / 12.0)
        up = math.sin(_LATITUDE_RAD) * math.sin(declination) + math.cos(_LATITUDE_RAD) * math.cos(
            declination
        ) * math.cos(hour_rad)
        elevation = math.asin(up)
        if lowest_rad <= elevation <= highest_rad:
            east = -math.cos(declination) * math.sin(hour_rad)
            north = math.cos(_LATITUDE_RAD) * math.sin(declination) - math.sin(
                _LATITUDE_RAD
            ) * math.cos(declination) * math.cos(hour_rad)
            return math.atan2(north, east), elevation


def _cloud_share(generator: np.random.Generator) -> float:
    """Clear, broken or overcast, about a third each."""
    weather = generator.random()
    if weather < 0.35:
        return float(generator.uniform(0.0, 0.15))
    if weather < 0.70:
        return float(generator.uniform(0.2, 0.6))
    return float(generator.uniform(0.85, 1.0))


def _day(
    generator: np.random.Generator,
    seed: int,
    season: Season,
    sun: tuple[float, float],
    cloud: float,
    haze_per_m: float,
    wetness: float,
) -> DayConditions:
    sun_rgb = _sun_rgb(generator, sun[1], cloud)
    zenith, horizon = _sky(generator, sun[1], cloud)
    # What an exposure meter sees: ground and walls, half in the sun.
    sky = (sum(zenith) + sum(horizon)) / 6.0
    level = 0.45 * math.sin(sun[1]) + 0.30 * math.cos(sun[1])
    middle = 0.20 * (level * sum(sun_rgb) / 3.0 + 0.75 * sky)
    warm = generator.normal(0.0, 0.05)
    green = generator.normal(0.0, 0.02)
    leaf_share = {
        Season.SPRING: generator.uniform(0.55, 1.0),
        Season.SUMMER: 1.0,
        Season.AUTUMN: generator.uniform(0.35, 0.9),
        Season.WINTER: generator.uniform(0.0, 0.06),
    }[season]
    return DayConditions(
        seed=seed,
        season=season,
        sun_azimuth_rad=sun[0],
        sun_elevation_rad=sun[1],
        sun_rgb=sun_rgb,
        sky_zenith_rgb=zenith,
        sky_horizon_rgb=horizon,
        cloud_share=cloud,
        haze_per_m=float(haze_per_m),
        exposure=float(0.18 / middle * 2.0 ** generator.normal(0.0, 0.3)),
        white_balance=(float(1.0 + warm), float(1.0 + green), float(1.0 - warm)),
        wetness=float(wetness),
        grass_rgb=_varied(generator, _GRASS[season]),
        leaf_rgb=_varied(generator, _LEAVES[season]),
        leaf_share=float(leaf_share),
        parked_share=float(generator.uniform(0.25, 0.9)),
        traffic_per_km=float(generator.uniform(2.0, 20.0)),
        road_works=int(generator.integers(0, 5)),
    )


def _sun_rgb(generator: np.random.Generator, elevation_rad: float, cloud: float) -> Rgb:
    """Sunlight through the air (redder when low) and through thin cloud; none when overcast."""
    if cloud > 0.8:
        return 0.0, 0.0, 0.0
    air_mass = 1.0 / (math.sin(elevation_rad) + 0.05)
    strength = float(generator.uniform(0.95, 1.25)) * (1.0 - 0.35 * cloud)
    red, green, blue = (
        strength * math.exp(-depth * (air_mass - 1.0)) for depth in (0.055, 0.095, 0.190)
    )
    return red, green, blue


def _sky(generator: np.random.Generator, elevation_rad: float, cloud: float) -> tuple[Rgb, Rgb]:
    """Zenith and horizon light."""
    day = math.sin(elevation_rad) ** 0.4
    if cloud > 0.8:
        grey = float(generator.uniform(0.35, 0.75)) * day
        tint = float(generator.uniform(0.98, 1.08))
        zenith = (1.05 * grey, 1.05 * grey, 1.05 * grey * tint)
        horizon = (0.85 * grey, 0.87 * grey, 0.88 * grey * tint)
        return zenith, horizon
    level = float(generator.uniform(0.85, 1.15)) * day
    milk = float(generator.uniform(0.0, 0.25))
    blue = (0.13 + 0.35 * milk, 0.26 + 0.26 * milk, 0.55 + 0.05 * milk)
    low = float(generator.uniform(0.75, 1.0))
    warm = 0.25 * max(0.0, 1.0 - elevation_rad / 0.4)
    pale = (low * (0.62 + warm), low * (0.72 + 0.2 * warm), low * (0.84 - 0.5 * warm))
    return (
        (blue[0] * level, blue[1] * level, blue[2] * level),
        (pale[0] * level, pale[1] * level, pale[2] * level),
    )


def _varied(generator: np.random.Generator, rgb: Rgb) -> Rgb:
    """A colour a little brighter or darker, warmer or cooler."""
    level = 2.0 ** generator.normal(0.0, 0.15)
    red, green, blue = (float(value * level * 2.0 ** generator.normal(0.0, 0.08)) for value in rgb)
    return red, green, blue

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Light of a day: sun, sky with clouds, and haze.

The clear sky goes from horizon to zenith with the square root of the sine of elevation, of which
a level surface gets 1/5 horizon and 4/5 zenith (the integral of 2 z sqrt(z) over z from 0 to 1).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from geoloc_sim.rendering.compiled import inlined
from geoloc_sim.rendering.noise import faded, noise_2d
from geoloc_sim.rendering.records import DayConditions, Rgb

#: Standard deviation of the clouds' height, a sum of four noises.
_HEIGHT_SPREAD = 0.12


class Light(NamedTuple):
    """What of a day the kernels need, as numbers that numba knows.

    Attributes:
        sun_direction: unit vector towards the sun.
        sun_rgb: as in ``DayConditions``.
        zenith_rgb: likewise.
        horizon_rgb: likewise.
        cloud_rgb: of clouds, seen from below.
        cloud_share: likewise.
        haze_per_m: likewise.
        wetness: likewise.
        grass_rgb: likewise.
        seed: of clouds and of the fine noise of surfaces.
    """

    sun_direction: Rgb
    sun_rgb: Rgb
    zenith_rgb: Rgb
    horizon_rgb: Rgb
    cloud_rgb: Rgb
    cloud_share: float
    haze_per_m: float
    wetness: float
    grass_rgb: Rgb
    seed: int


def light_of(day: DayConditions) -> Light:
    """The day's light."""
    level = math.cos(day.sun_elevation_rad)
    sun = (
        level * math.cos(day.sun_azimuth_rad),
        level * math.sin(day.sun_azimuth_rad),
        math.sin(day.sun_elevation_rad),
    )
    grey = sum(day.sky_horizon_rgb) / 3.0
    red, green, blue = (
        0.75 * grey + 0.25 * horizon + 0.09 * direct
        for horizon, direct in zip(day.sky_horizon_rgb, day.sun_rgb, strict=True)
    )
    return Light(
        sun,
        _rgb(day.sun_rgb),
        _rgb(day.sky_zenith_rgb),
        _rgb(day.sky_horizon_rgb),
        (red, green, blue),
        float(day.cloud_share),
        float(day.haze_per_m),
        float(day.wetness),
        _rgb(day.grass_rgb),
        int(day.seed) & 0xFFFFFFFF,
    )


def _rgb(values: Rgb) -> Rgb:
    return float(values[0]), float(values[1]), float(values[2])


@inlined
def clear_sky(light: Light, z: float) -> Rgb:
    """Light of the cloudless sky where the sine of elevation is z; the horizon's below it."""
    share = math.sqrt(max(z, 0.0))
    low, high = light.horizon_rgb, light.zenith_rgb
    return (
        low[0] + share * (high[0] - low[0]),
        low[1] + share * (high[1] - low[1]),
        low[2] + share * (high[2] - low[2]),
    )


@inlined
def cloud_cover(light: Light, x: float, y: float, z: float, spread: float) -> tuple[float, float]:
    """Cover, and brightness of the cloud (about 1), in a direction; a layer of clouds above."""
    scale = 1.0 / (max(z, 0.0) + 0.06)
    u, v = 1.3 * x * scale, 1.3 * y * scale
    size = 1.3 * spread * scale * scale
    seed = light.seed
    large = noise_2d(u * 0.9, v * 0.9, seed + 11)
    middle = 0.5 + (noise_2d(u * 2.3, v * 2.3, seed + 12) - 0.5) * faded(size * 2.3)
    small = 0.5 + (noise_2d(u * 5.9, v * 5.9, seed + 13) - 0.5) * faded(size * 5.9)
    fine = 0.5 + (noise_2d(u * 14.0, v * 14.0, seed + 14) - 0.5) * faded(size * 14.0)
    height = 0.48 * large + 0.27 * middle + 0.16 * small + 0.09 * fine
    # Near normal about 0.5; the logistic curve stands for the normal distribution's.
    share = min(max(light.cloud_share, 0.005), 0.995)
    level = 0.5 + _HEIGHT_SPREAD * math.log((1.0 - share) / share) / 1.7
    cover = min(max((height - level) / 0.10 + 0.5, 0.0), 1.0)
    thick = min(max((height - level) / 0.3, 0.0), 1.0)
    return cover * cover * (3.0 - 2.0 * cover), 1.12 - 0.32 * thick + 0.25 * (small - 0.5)


@inlined
def sky_rgb(light: Light, x: float, y: float, z: float, spread: float, disk: bool) -> Rgb:
    """Light from a direction (unit vector) of the sky.

    Args:
        light: the day's.
        x: east.
        y: north.
        z: up.
        spread: angle of the pixel in radians; finer clouds are averaged.
        disk: include the sun itself and the bright glow at it.
    """
    red, green, blue = clear_sky(light, z)
    sun = light.sun_direction
    near = max(x * sun[0] + y * sun[1] + z * sun[2], 0.0)
    cover = 0.0
    if light.cloud_share > 0.0:
        cover, tone = cloud_cover(light, x, y, z, spread)
        cover *= min(1.0, 0.35 + 4.0 * max(z, 0.0))
        cloud = light.cloud_rgb
        red += cover * (cloud[0] * tone - red)
        green += cover * (cloud[1] * tone - green)
        blue += cover * (cloud[2] * tone - blue)
    glow = 0.10 * near**8 + 0.25 * near**64
    if disk:
        glow += 1.2 * near**600
        if near > 0.99996:
            glow += 60.0 * (1.0 - cover)
    direct = light.sun_rgb
    return red + glow * direct[0], green + glow * direct[1], blue + glow * direct[2]


@inlined
def sky_on_surface(light: Light, normal_z: float) -> Rgb:
    """Light of sky (and of the ground, for what looks down) on a surface nothing hides.

    A level surface gets all of the sky, a wall half of it and half of the ground's reflection.
    """
    up = 0.5 + 0.5 * normal_z
    cloud = light.cloud_share
    keep = 1.0 - cloud
    low, high, grey, direct = light.horizon_rgb, light.zenith_rgb, light.cloud_rgb, light.sun_rgb
    sun_z = max(light.sun_direction[2], 0.0)
    side = 1.0 - abs(normal_z)
    zenith = 0.8 - 0.19 * side  # 0.61 on a wall: sqrt(z) weighted by sqrt(1 - z^2)
    red = keep * (low[0] + zenith * (high[0] - low[0])) + cloud * grey[0]
    green = keep * (low[1] + zenith * (high[1] - low[1])) + cloud * grey[1]
    blue = keep * (low[2] + zenith * (high[2] - low[2])) + cloud * grey[2]
    down = 0.16 * (1.0 - up)
    return (
        up * red + down * (red + sun_z * direct[0]),
        up * green + down * (green + sun_z * direct[1]),
        up * blue + down * (blue + sun_z * direct[2]),
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What passes between days, rays and images; immutable."""

from __future__ import annotations

import dataclasses
import enum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float32Array: TypeAlias = npt.NDArray[np.float32]
Int32Array: TypeAlias = npt.NDArray[np.int32]
ImageU8: TypeAlias = npt.NDArray[np.uint8]
Rgb: TypeAlias = tuple[float, float, float]


class Season(enum.Enum):
    """Decides leaves, grass and the sun's height."""

    SPRING = 'spring'
    SUMMER = 'summer'
    AUTUMN = 'autumn'
    WINTER = 'winter'


@dataclasses.dataclass(frozen=True, slots=True)
class DayConditions:
    """Everything that differs from day to day, drawn from a seed.

    Attributes:
        seed: of what the day places: cars, road works, leaves, fine noise of surfaces.
        season: of the leaves.
        sun_azimuth_rad: where the sun stands, 0 = east, counter-clockwise.
        sun_elevation_rad: over the horizon, positive.
        sun_rgb: linear light of the sun on a surface that faces it; black when overcast.
        sky_zenith_rgb: linear light of the sky overhead.
        sky_horizon_rgb: linear light of the sky at the horizon.
        cloud_share: share of the sky under cloud, 0 to 1.
        haze_per_m: extinction; light from d metres keeps exp(-haze d).
        exposure: factor on linear light before the response curve.
        white_balance: factors on R, G, B, about 1.
        wetness: of roads, 0 dry to 1 wet.
        grass_rgb: linear albedo of lawns.
        leaf_rgb: linear albedo of broad leaves.
        leaf_share: leaves on broadleaf trees, 0 (winter) to 1.
        parked_share: share of parking slots taken.
        traffic_per_km: moving cars on a kilometre of street.
        road_works: number of small sites in the world.
    """

    seed: int
    season: Season
    sun_azimuth_rad: float
    sun_elevation_rad: float
    sun_rgb: Rgb
    sky_zenith_rgb: Rgb
    sky_horizon_rgb: Rgb
    cloud_share: float
    haze_per_m: float
    exposure: float
    white_balance: Rgb
    wetness: float
    grass_rgb: Rgb
    leaf_rgb: Rgb
    leaf_share: float
    parked_share: float
    traffic_per_km: float
    road_works: int


@dataclasses.dataclass(frozen=True, slots=True)
class Rays:
    """n rays, all float32 (positions near the origin of ``map``).

    Attributes:
        origins_m: shape (n, 3).
        directions: unit vectors, shape (n, 3).
        spread_rad: angle of a pixel; detail finer than the pixel's footprint is averaged.
        spread_m: size of a pixel at the origin (parallel rays of an orthophoto).
    """

    origins_m: Float32Array
    directions: Float32Array
    spread_rad: float
    spread_m: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Hits:
    """What n rays met.

    Attributes:
        distance_m: along the ray; inf for the sky, float32, shape (n,).
        surface: number in ``Scene.surfaces``; -1 for the sky, int32, shape (n,).
        normal: unit, facing the ray, float32, shape (n, 3); zero for the sky.
    """

    distance_m: Float32Array
    surface: Int32Array
    normal: Float32Array


@dataclasses.dataclass(frozen=True, slots=True)
class Radiance:
    """Linear light along n rays, float32, shape (n, 3), and what they met."""

    rgb: Float32Array
    hits: Hits

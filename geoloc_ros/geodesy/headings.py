# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Headings: yaw in ``map`` (0 = east, counter-clockwise) and bearings (0 = north, clockwise).

There are three norths. ``map``'s y is true north *at the datum*; true north elsewhere is turned
from it by ``true_north_yaw_rad`` (0.27 degrees 25 km east of a datum at 50 degrees north); grid
north (UTM) is turned from true north by the convergence (``utm.grid_factors``), up to some 3
degrees inside a zone. Magnetic north is no business of this package.
"""

from __future__ import annotations

import math
from typing import overload

import numpy as np

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.ecef import check_geodetic
from geoloc_ros.types import FloatArray, GeodeticPosition


@overload
def bearing_from_yaw(yaw_enu_rad: float) -> float: ...
@overload
def bearing_from_yaw(yaw_enu_rad: FloatArray) -> FloatArray: ...
def bearing_from_yaw(yaw_enu_rad: float | FloatArray) -> float | FloatArray:
    """Bearing in degrees, 0 = north, clockwise, in [0, 360), of a yaw (or an array of them)."""
    if isinstance(yaw_enu_rad, np.ndarray):
        return _in_full_turn(90.0 - np.degrees(yaw_enu_rad))
    return _in_full_turn(90.0 - math.degrees(yaw_enu_rad))


@overload
def yaw_from_bearing(bearing_deg: float) -> float: ...
@overload
def yaw_from_bearing(bearing_deg: FloatArray) -> FloatArray: ...
def yaw_from_bearing(bearing_deg: float | FloatArray) -> float | FloatArray:
    """Yaw in radians, 0 = east, counter-clockwise, in (-pi, pi], of a bearing (or an array)."""
    # In degrees the turn is exact: 180 - [0, 360) is (-180, 180].
    if isinstance(bearing_deg, np.ndarray):
        return np.radians(180.0 - _in_full_turn(bearing_deg + 90.0))
    return math.radians(180.0 - _in_full_turn(bearing_deg + 90.0))


@overload
def grid_bearing_from_true(bearing_deg: float, convergence_deg: float) -> float: ...
@overload
def grid_bearing_from_true(bearing_deg: FloatArray, convergence_deg: FloatArray) -> FloatArray: ...
def grid_bearing_from_true(
    bearing_deg: float | FloatArray, convergence_deg: float | FloatArray
) -> float | FloatArray:
    """Bearing from grid north, in [0, 360), of one from true north at the same place.

    Args:
        bearing_deg: 0 = true north, clockwise.
        convergence_deg: bearing of grid north, from ``utm.grid_factors``.

    Source: Snyder (1987), p. 19 and section 8; key ``snyder1987``.
    """
    return _in_full_turn(bearing_deg - convergence_deg)


@overload
def true_bearing_from_grid(grid_bearing_deg: float, convergence_deg: float) -> float: ...
@overload
def true_bearing_from_grid(
    grid_bearing_deg: FloatArray, convergence_deg: FloatArray
) -> FloatArray: ...
def true_bearing_from_grid(
    grid_bearing_deg: float | FloatArray, convergence_deg: float | FloatArray
) -> float | FloatArray:
    """Bearing from true north, in [0, 360), of one from grid north at the same place."""
    return _in_full_turn(grid_bearing_deg + convergence_deg)


def true_north_yaw_rad(datum: Datum, position: GeodeticPosition) -> float:
    """How far true north at a place is turned from ``map``'s y axis, counter-clockwise, rad.

    Add it to a yaw measured against true north there (a gyrocompass, an OxTS unit) for the yaw
    in ``map``. It is about (lon - lon0) sin(lat), as meridians meet at the
    pole, and zero along the datum's meridian.

    Raises:
        GeodesyError: the position is not on Earth.
    """
    check_geodetic(position.lat_deg, position.lon_deg, position.alt_m)
    here, there = math.radians(datum.origin.lat_deg), math.radians(position.lat_deg)
    east = math.radians(position.lon_deg - datum.origin.lon_deg)
    # North there as seen here: -(its part along east), and its part along north.
    westward = math.sin(there) * math.sin(east)
    northward = math.sin(here) * math.sin(there) * math.cos(east)
    return math.atan2(westward, northward + math.cos(here) * math.cos(there))


@overload
def _in_full_turn(angle_deg: float) -> float: ...
@overload
def _in_full_turn(angle_deg: FloatArray) -> FloatArray: ...
def _in_full_turn(angle_deg: float | FloatArray) -> float | FloatArray:
    """The same direction in [0, 360); a tiny negative angle is 0, never 360."""
    if isinstance(angle_deg, np.ndarray):
        rest = np.mod(angle_deg, 360.0)
        return np.where(rest >= 360.0, 0.0, rest)
    if not math.isfinite(angle_deg):
        return math.nan
    rest_deg = float(angle_deg) % 360.0
    return 0.0 if rest_deg >= 360.0 else rest_deg

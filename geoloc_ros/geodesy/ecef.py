# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""WGS-84 geodetic coordinates to and from Earth-centred, Earth-fixed ones (frame ``earth``).

Closed forms in plain floats for one point, and the same in numpy for many: a scalar call of
pyproj costs more than the mathematics. The tests hold both against pyproj's ``cart``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.types import FloatArray, GeodeticPosition

#: WGS-84 defining constants. Source: NGA.STND.0036_1.0.0_WGS84; key ``nga_wgs84``.
SEMI_MAJOR_AXIS_M = 6378137.0
INVERSE_FLATTENING = 298.257223563
FLATTENING = 1.0 / INVERSE_FLATTENING
SEMI_MINOR_AXIS_M = SEMI_MAJOR_AXIS_M * (1.0 - FLATTENING)
ECCENTRICITY_SQUARED = FLATTENING * (2.0 - FLATTENING)
SECOND_ECCENTRICITY_SQUARED = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED)

#: Nearer to the centre of the Earth than this, latitude and height stop being well defined.
SMALLEST_RADIUS_M = 1.0e6


def check_geodetic(lat_deg: float, lon_deg: float, alt_m: float) -> None:
    """Refuse a position that is not on Earth.

    Raises:
        GeodesyError: a number is not finite, |latitude| > 90, |longitude| > 360 degrees, or the
            height lies below ``SMALLEST_RADIUS_M`` from the centre of the Earth.
    """
    if (
        abs(lat_deg) <= 90.0
        and abs(lon_deg) <= 360.0
        and SMALLEST_RADIUS_M - SEMI_MINOR_AXIS_M <= alt_m < math.inf
    ):
        return
    raise GeodesyError(
        f'position lat {lat_deg} deg, lon {lon_deg} deg, height {alt_m} m is not on Earth; '
        'expected finite numbers, |lat| <= 90, |lon| <= 360 and a height near the ellipsoid; '
        'drop the fix, or give height 0 where the receiver states none'
    )


def ecef_from_geodetic(position: GeodeticPosition) -> tuple[float, float, float]:
    """ECEF coordinates (x, y, z) in metres of one WGS-84 position.

    Raises:
        GeodesyError: the position is not on Earth (``check_geodetic``).
    """
    check_geodetic(position.lat_deg, position.lon_deg, position.alt_m)
    latitude, longitude = math.radians(position.lat_deg), math.radians(position.lon_deg)
    sine, cosine = math.sin(latitude), math.cos(latitude)
    normal_m = SEMI_MAJOR_AXIS_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    equatorial_m = (normal_m + position.alt_m) * cosine
    return (
        equatorial_m * math.cos(longitude),
        equatorial_m * math.sin(longitude),
        ((1.0 - ECCENTRICITY_SQUARED) * normal_m + position.alt_m) * sine,
    )


def geodetic_from_ecef(x_m: float, y_m: float, z_m: float) -> GeodeticPosition:
    """WGS-84 position of one ECEF point; longitude in (-180, 180].

    Two rounds of Bowring's formula on the parametric latitude; below one nanometre of
    rounding from 1000 km under the ellipsoid to 36 000 km above it (tested there).

    Args:
        x_m: towards latitude 0, longitude 0.
        y_m: towards latitude 0, longitude 90 east.
        z_m: towards the north pole.

    Raises:
        GeodesyError: not finite, or nearer to the centre than ``SMALLEST_RADIUS_M``.
    Source: Bowring (1976), "Transformation from spatial to geographical coordinates"; key
    ``bowring1976``.
    """
    radius_m = math.sqrt(x_m * x_m + y_m * y_m + z_m * z_m)
    if not SMALLEST_RADIUS_M <= radius_m < math.inf:
        raise GeodesyError(
            f'ECEF point ({x_m}, {y_m}, {z_m}) m is {radius_m} m from the centre of the Earth; '
            f'expected a finite point at least {SMALLEST_RADIUS_M:.0f} m away; '
            'check the frame and the unit'
        )
    equatorial_m = math.sqrt(x_m * x_m + y_m * y_m)
    # (c, s) is proportional to (cos, sin) of the parametric latitude.
    c = equatorial_m * SEMI_MAJOR_AXIS_M
    s = (
        z_m
        * SEMI_MINOR_AXIS_M
        * (1.0 + SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_AXIS_M / radius_m)
    )
    for _ in range(2):
        length = math.sqrt(c * c + s * s)
        c, s = c / length, s / length
        sine_part = z_m + SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_AXIS_M * s * s * s
        cosine_part = equatorial_m - ECCENTRICITY_SQUARED * SEMI_MAJOR_AXIS_M * c * c * c
        c, s = cosine_part, (1.0 - FLATTENING) * sine_part
    length = math.sqrt(sine_part * sine_part + cosine_part * cosine_part)
    sine, cosine = sine_part / length, cosine_part / length
    height_m = (
        equatorial_m * cosine
        + z_m * sine
        - SEMI_MAJOR_AXIS_M * math.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    )
    return GeodeticPosition(
        math.degrees(math.atan2(sine_part, cosine_part)),
        math.degrees(math.atan2(y_m, x_m)),
        float(height_m),
    )


def ecef_from_geodetic_array(
    lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, alt_m: npt.ArrayLike = 0.0
) -> FloatArray:
    """ECEF coordinates of n WGS-84 positions, shape (n, 3), metres.

    Args:
        lat_deg: shape (n,), degrees north.
        lon_deg: shape (n,), degrees east.
        alt_m: ellipsoidal height, shape (n,) or a number.

    Raises:
        GeodesyError: a position is not on Earth (the first is named).
        ShapeError: the three do not broadcast to one shape (n,).
    """
    latitudes, longitudes, heights = _broadcast(lat_deg, lon_deg, alt_m)
    good = (
        (np.abs(latitudes) <= 90.0)
        & (np.abs(longitudes) <= 360.0)
        & (heights >= SMALLEST_RADIUS_M - SEMI_MINOR_AXIS_M)
        & (heights < np.inf)
    )
    if not good.all():
        first = int(np.argmin(good))
        check_geodetic(float(latitudes[first]), float(longitudes[first]), float(heights[first]))
    latitude, longitude = np.radians(latitudes), np.radians(longitudes)
    sine = np.sin(latitude)
    normal_m = SEMI_MAJOR_AXIS_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine**2)
    equatorial_m = (normal_m + heights) * np.cos(latitude)
    return np.stack(
        (
            equatorial_m * np.cos(longitude),
            equatorial_m * np.sin(longitude),
            ((1.0 - ECCENTRICITY_SQUARED) * normal_m + heights) * sine,
        ),
        axis=-1,
    )


def geodetic_from_ecef_array(
    points_ecef_m: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Latitude (deg), longitude (deg) and ellipsoidal height (m) of ECEF points, each (n,).

    Args:
        points_ecef_m: shape (n, 3), frame ``earth``.

    Raises:
        GeodesyError: a point is not finite or too near to the centre (the first is named).
        ShapeError: the array is not (n, 3).
    Source: as ``geodetic_from_ecef``.
    """
    points = np.asarray(points_ecef_m, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ShapeError(f'points_ecef_m has shape {points.shape}; expected (n, 3)')
    x_m, y_m, z_m = points.T
    with np.errstate(over='ignore'):
        radius_m = np.sqrt(x_m**2 + y_m**2 + z_m**2)
    good = (radius_m >= SMALLEST_RADIUS_M) & (radius_m < np.inf)
    if not good.all():
        geodetic_from_ecef(*(float(value) for value in points[int(np.argmin(good))]))
    equatorial_m = np.sqrt(x_m**2 + y_m**2)
    ratio = 1.0 + SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_AXIS_M / radius_m
    beta = np.arctan2(z_m * SEMI_MINOR_AXIS_M * ratio, equatorial_m * SEMI_MAJOR_AXIS_M)
    for _ in range(2):
        latitude = np.arctan2(
            z_m + SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_AXIS_M * np.sin(beta) ** 3,
            equatorial_m - ECCENTRICITY_SQUARED * SEMI_MAJOR_AXIS_M * np.cos(beta) ** 3,
        )
        beta = np.arctan2((1.0 - FLATTENING) * np.sin(latitude), np.cos(latitude))
    sine, cosine = np.sin(latitude), np.cos(latitude)
    height_m = (
        equatorial_m * cosine
        + z_m * sine
        - SEMI_MAJOR_AXIS_M * np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine**2)
    )
    return np.degrees(latitude), np.degrees(np.arctan2(y_m, x_m)), height_m


def _broadcast(
    lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, alt_m: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    arrays = [np.asarray(values, dtype=np.float64) for values in (lat_deg, lon_deg, alt_m)]
    try:
        latitudes, longitudes, heights = np.broadcast_arrays(*arrays)
    except ValueError as error:
        raise ShapeError(_shape_text(arrays)) from error
    if latitudes.ndim != 1:
        raise ShapeError(_shape_text(arrays))
    return latitudes, longitudes, heights


def _shape_text(arrays: list[FloatArray]) -> str:
    shapes = ', '.join(str(array.shape) for array in arrays)
    return f'lat, lon, alt have shapes {shapes}; expected one shape (n,) or numbers with it'

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Universal Transverse Mercator (UTM), by pyproj, and its way into ``map``.

A grid is not ENU: grid north turns from true north by the convergence, a metre of grid is not a
metre of ground (0.9996 on the central meridian, 4 m in 10 km), and eastings jump by hundreds of
kilometres at a zone border. So nothing here shifts or scales a grid into ``map``: each point goes
by way of latitude and longitude.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import numpy.typing as npt
import pyproj

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.ecef import check_geodetic
from geoloc_ros.types import FloatArray

SOUTH_LIMIT_DEG = -80.0
NORTH_LIMIT_DEG = 84.0

#: Farther from its central meridian no zone is used; the far side of the Earth lies on the grid
#: too, and would pass unseen.
REACH_DEG = 30.0


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class UtmZone:
    """One zone and hemisphere, on WGS-84.

    Attributes:
        number: 1 (180 to 174 degrees west) to 60.
        north: northern hemisphere, whose northings count from the equator; else 10 000 000 m
            are added.

    Raises:
        GeodesyError: the number is not in 1..60.
    """

    number: int
    north: bool

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 60:
            raise GeodesyError(f'UTM zone is {self.number}; expected a number from 1 to 60')

    def __str__(self) -> str:
        return f'{self.number}{"N" if self.north else "S"}'

    @property
    def central_meridian_deg(self) -> float:
        """Longitude where grid north is true north."""
        return 6.0 * self.number - 183.0


def zone_of(lat_deg: float, lon_deg: float) -> UtmZone:
    """The zone a place belongs to; a border belongs to the zone east or north of it.

    Holds the exceptions of south-west Norway (32 instead of 31) and Svalbard (31, 33, 35, 37).

    Raises:
        GeodesyError: not on Earth, or outside 80 S to 84 N, where UTM is not defined.
    Source: NGA.SIG.0012_2.0.0_UTMUPS, section 7; key ``nga_utmups``.
    """
    check_geodetic(lat_deg, lon_deg, 0.0)
    if not SOUTH_LIMIT_DEG <= lat_deg <= NORTH_LIMIT_DEG:
        raise GeodesyError(
            f'latitude {lat_deg} deg lies outside UTM; expected {SOUTH_LIMIT_DEG} to '
            f'{NORTH_LIMIT_DEG}; name a polar CRS instead'
        )
    inside = -180.0 <= lon_deg < 180.0
    wrapped_deg = lon_deg if inside else (lon_deg + 180.0) % 360.0 - 180.0
    number = math.floor(wrapped_deg / 6.0) + 31
    if 56.0 <= lat_deg < 64.0 and 3.0 <= wrapped_deg < 6.0:
        number = 32
    elif lat_deg >= 72.0 and 0.0 <= wrapped_deg < 42.0:
        number = 31 + 2 * math.floor((wrapped_deg + 3.0) / 12.0)
    return UtmZone(number, lat_deg >= 0.0)


def epsg_of_zone(zone: UtmZone) -> int:
    """EPSG code of a zone on WGS-84: 32601 to 32660 north, 32701 to 32760 south."""
    return (32600 if zone.north else 32700) + zone.number


def utm_from_geodetic(zone: UtmZone, lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """Easting and northing in metres of one place, in the named zone (it may lie beside it).

    Raises:
        GeodesyError: not on Earth, or too far from the zone for the projection.
    """
    check_geodetic(lat_deg, lon_deg, 0.0)
    if not _in_reach(zone, lon_deg):
        raise _far_from_zone(zone, f'lat {lat_deg} deg, lon {lon_deg} deg')
    easting_m, northing_m = _to_zone(zone).transform(lon_deg, lat_deg)
    return float(easting_m), float(northing_m)


def geodetic_from_utm(zone: UtmZone, easting_m: float, northing_m: float) -> tuple[float, float]:
    """Latitude and longitude in degrees of one grid point.

    Raises:
        GeodesyError: not finite, or too far from the zone for the projection.
    """
    lon_deg, lat_deg = _to_zone(zone).transform(easting_m, northing_m, direction='INVERSE')
    if not (math.isfinite(lat_deg) and _in_reach(zone, lon_deg)):
        raise _far_from_zone(zone, f'easting {easting_m} m, northing {northing_m} m')
    return float(lat_deg), float(lon_deg)


def utm_from_geodetic_array(
    zone: UtmZone, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike
) -> FloatArray:
    """(easting, northing) of n places in one zone, shape (n, 2), metres.

    Args:
        zone: the zone wanted for all of them.
        lat_deg: shape (n,), degrees north.
        lon_deg: shape (n,), degrees east.

    Raises:
        GeodesyError: a place is not on Earth, or too far from the zone (the first is named).
        ShapeError: the shapes differ.
    """
    latitudes, longitudes = _pair(lat_deg, lon_deg, 'lat_deg, lon_deg')
    good = (np.abs(latitudes) <= 90.0) & _in_reach(zone, longitudes)
    if not np.all(good):
        first = int(np.argmin(good))
        utm_from_geodetic(zone, float(latitudes[first]), float(longitudes[first]))
    eastings, northings = _to_zone(zone).transform(longitudes, latitudes)
    return np.stack((eastings, northings), axis=-1)


def geodetic_from_utm_array(
    zone: UtmZone, easting_m: npt.ArrayLike, northing_m: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude in degrees of n grid points of one zone, each shape (n,).

    Args:
        zone: the zone of all of them.
        easting_m: shape (n,).
        northing_m: shape (n,).

    Raises:
        GeodesyError: not finite, or too far from the zone (the first is named).
        ShapeError: the shapes differ.
    """
    eastings, northings = _pair(easting_m, northing_m, 'easting_m, northing_m')
    longitudes, latitudes = _to_zone(zone).transform(eastings, northings, direction='INVERSE')
    good = np.isfinite(latitudes) & _in_reach(zone, longitudes)
    if not np.all(good):
        first = int(np.argmin(good))
        geodetic_from_utm(zone, float(eastings[first]), float(northings[first]))
    return latitudes, longitudes


def enu_from_utm_array(
    datum: Datum,
    zone: UtmZone,
    easting_m: npt.ArrayLike,
    northing_m: npt.ArrayLike,
    alt_m: npt.ArrayLike,
) -> FloatArray:
    """Grid points in ``map``, each by way of its latitude and longitude, shape (n, 3), metres.

    Args:
        datum: the datum of ``map``.
        zone: the zone of all points.
        easting_m: shape (n,).
        northing_m: shape (n,).
        alt_m: ellipsoidal height, shape (n,) or a number; an error of h moves a point d away
            from the datum by h d / R.

    Raises:
        GeodesyError: a point is not finite or too far from the zone.
        ShapeError: the shapes disagree.
    """
    latitudes, longitudes = geodetic_from_utm_array(zone, easting_m, northing_m)
    return datum.enu_from_geodetic_array(latitudes, longitudes, alt_m)


def utm_from_enu_array(datum: Datum, zone: UtmZone, points_enu_m: FloatArray) -> FloatArray:
    """(easting, northing) of points of ``map``, shape (n, 2), metres.

    Args:
        datum: the datum of ``map``.
        zone: the zone wanted.
        points_enu_m: shape (n, 3), or (n, 2) for z = 0.

    Raises:
        GeodesyError: a point is not finite or too far from the zone.
        ShapeError: the array is neither (n, 3) nor (n, 2).
    """
    latitudes, longitudes, _ = datum.geodetic_from_enu_array(points_enu_m)
    return utm_from_geodetic_array(zone, latitudes, longitudes)


@dataclasses.dataclass(frozen=True, slots=True)
class GridFactors:
    """How a grid lies on the ground at one place.

    Attributes:
        convergence_deg: bearing of grid north from true north, clockwise; in the northern
            hemisphere positive east of the central meridian.
        point_scale: grid metres in a metre on the ellipsoid, the same in every direction.
    """

    convergence_deg: float
    point_scale: float


def grid_factors(zone: UtmZone, lat_deg: float, lon_deg: float) -> GridFactors:
    """Grid convergence and point scale at a place.

    Raises:
        GeodesyError: not on Earth, or too far from the zone for the projection.
    """
    check_geodetic(lat_deg, lon_deg, 0.0)
    if not _in_reach(zone, lon_deg):
        raise _far_from_zone(zone, f'lat {lat_deg} deg, lon {lon_deg} deg')
    factors = pyproj.Proj(_to_zone(zone).target_crs).get_factors(lon_deg, lat_deg)
    return GridFactors(float(factors.meridian_convergence), float(factors.meridional_scale))


@functools.lru_cache(maxsize=120)
def _to_zone(zone: UtmZone) -> pyproj.Transformer:
    """From (lon, lat) in degrees on WGS-84 to the grid; safe between threads (pyproj >= 3.1)."""
    return pyproj.Transformer.from_crs('EPSG:4326', f'EPSG:{epsg_of_zone(zone)}', always_xy=True)


def _in_reach(zone: UtmZone, lon_deg: float | FloatArray) -> bool | npt.NDArray[np.bool_]:
    """Whether a longitude lies within ``REACH_DEG`` of the central meridian; NaN does not."""
    with np.errstate(invalid='ignore'):
        offset_deg = (lon_deg - zone.central_meridian_deg + 180.0) % 360.0 - 180.0
    return offset_deg * offset_deg <= REACH_DEG * REACH_DEG


def _pair(
    first: npt.ArrayLike, second: npt.ArrayLike, names: str
) -> tuple[FloatArray, FloatArray]:
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.shape != two.shape:
        raise ShapeError(f'{names} have shapes {one.shape}, {two.shape}; expected one shape (n,)')
    return one, two


def _far_from_zone(zone: UtmZone, place: str) -> GeodesyError:
    return GeodesyError(
        f'{place} cannot be projected in UTM zone {zone}; expected finite numbers within '
        f'{REACH_DEG} deg of the meridian {zone.central_meridian_deg} deg; use the zone of the '
        'place'
    )

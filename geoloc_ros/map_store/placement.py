# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where a piece of ground lies in a coordinate system: its true metres, its true north.

A metre of a grid is not a metre on the ground (web Mercator stretches by 1 / cos(latitude), UTM by
0.9996 to 1.001), and its north is not north (UTM turns by up to 3 degrees in a zone). A patch is
placed by the exact projection of its centre; about it the map is affine, which is wrong by less
than s^2 tan(latitude) / (8 R) at the end of a diagonal of length s: 0.4 mm for 100 m at 60 degrees
latitude in web Mercator, the worst of the common systems.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import pyproj

from geoloc_ros.errors import GeodesyError, MapError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.ecef import check_geodetic
from geoloc_ros.map_store.records import GeodeticBounds, PatchRequest
from geoloc_ros.types import FloatArray, GeodeticPosition

#: Spacing of the nodes at which scale and direction of a system are computed: 111 m and less.
NODE_DEG = 0.001
#: Spacing of their heights: metres grow by 1.6e-7 a metre of height.
NODE_M = 10.0
_DERIVATIVE_M = 50.0
_BORDER_POINTS = 33


@functools.lru_cache(maxsize=64)
def from_geodetic(crs: str) -> pyproj.Transformer:
    """From (lon, lat) in degrees on WGS-84 to (x, y) of a system, east first.

    Raises:
        MapError: PROJ does not know the system, or it is not horizontal.
    """
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise MapError(
            f'coordinate system {crs[:80]!r} is not known to PROJ ({error}); expected a name such '
            "as 'EPSG:25832'; write the right one into the imagery (gdal_edit.py -a_srs)"
        ) from error
    flat = known.to_2d()
    if not (flat.is_projected or flat.is_geographic):
        raise MapError(
            f'coordinate system {known.name!r} is neither projected nor geographic; expected one '
            'with horizontal axes; warp the imagery to UTM (gdalwarp -t_srs)'
        )
    return pyproj.Transformer.from_crs('EPSG:4326', flat, always_xy=True)


def crs_from_geodetic(crs: str, position: GeodeticPosition) -> tuple[float, float]:
    """(x, y) of a place in a system.

    Raises:
        GeodesyError: the system does not reach the place.
    """
    x, y = from_geodetic(crs).transform(position.lon_deg, position.lat_deg)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise GeodesyError(f'{position} cannot be projected in {crs[:80]}; expected a place in it')
    return float(x), float(y)


def crs_from_ground(crs: str, centre: GeodeticPosition) -> FloatArray:
    """The affine map from metres on the ground about a place to a system, shape (2, 3).

    The place itself is projected exactly. Scale and direction are those of the nearest node of a
    lattice of ``NODE_DEG``: they change by at most 9e-6 tan(latitude) on the way there, 0.6 mm at
    60 degrees latitude and 40 m from the centre.

    Args:
        crs: of the result.
        centre: the place; metres are those at its height.

    Returns:
        A of (x, y) = A (east, north, 1).

    Raises:
        GeodesyError: not on Earth, or the system does not reach the place.
    """
    check_geodetic(centre.lat_deg, centre.lon_deg, centre.alt_m)
    x, y = crs_from_geodetic(crs, centre)
    node = (round(centre.lat_deg / NODE_DEG), round(centre.lon_deg / NODE_DEG))
    linear = _linear_at(crs, *node, round(centre.alt_m / NODE_M))
    return np.column_stack((linear, (x, y)))


@functools.lru_cache(maxsize=4096)
def _linear_at(crs: str, lat_node: int, lon_node: int, alt_node: int) -> FloatArray:
    """Derivative of a system's (x, y) by metres on the ground at a node, shape (2, 2)."""
    latitude = min(max(lat_node * NODE_DEG, -90.0), 90.0)
    # Not on longitude 180: beyond it some systems go on at their other end.
    longitude = min(max(lon_node * NODE_DEG, -180.0 + NODE_DEG), 180.0 - NODE_DEG)
    datum = Datum(GeodeticPosition(latitude, longitude, alt_node * NODE_M))
    half_m = 0.5 * _DERIVATIVE_M
    ends = [
        datum.geodetic_from_enu(east_m, north_m)
        for east_m, north_m in ((half_m, 0.0), (-half_m, 0.0), (0.0, half_m), (0.0, -half_m))
    ]
    x, y = from_geodetic(crs).transform(
        np.array([end.lon_deg for end in ends]), np.array([end.lat_deg for end in ends])
    )
    linear = np.array([[x[0] - x[1], x[2] - x[3]], [y[0] - y[1], y[2] - y[3]]]) / _DERIVATIVE_M
    if not np.all(np.isfinite(linear)):
        raise GeodesyError(
            f'{datum.origin} cannot be projected in {crs[:80]}; expected a place in it'
        )
    linear.setflags(write=False)
    return linear


def ground_from_patch(request: PatchRequest) -> FloatArray:
    """The affine map from a patch's pixels (u, v) to (east, north) about its centre, (2, 3).

    Pixel (0, 0) is the centre of the top left pixel; up is the request's yaw.
    """
    gsd = request.size_m / request.size_px
    cosine, sine = math.cos(request.up_yaw_rad), math.sin(request.up_yaw_rad)
    axes = gsd * np.array([[sine, -cosine], [-cosine, -sine]])  # columns: right, down
    middle = 0.5 * (request.size_px - 1)
    return np.column_stack((axes, -axes @ (middle, middle)))


def composed(second: FloatArray, first: FloatArray) -> FloatArray:
    """The affine map that does ``first``, then ``second``, each of shape (2, 3)."""
    both = second[:, :2] @ first
    both[:, 2] += second[:, 2]
    return both


def inverted(affine: FloatArray) -> FloatArray:
    """The inverse of an affine map of shape (2, 3)."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack((linear, -linear @ affine[:, 2]))


def geodetic_bounds(crs: str, corners: FloatArray) -> GeodeticBounds:
    """Latitudes and longitudes around a quadrilateral of a system, by points of its border.

    Args:
        crs: of the corners.
        corners: (x, y) in order around it, shape (4, 2).

    Raises:
        GeodesyError: a point of the border cannot be projected back.
    """
    border = along_border(corners)
    lon, lat = from_geodetic(crs).transform(border[:, 0], border[:, 1], direction='INVERSE')
    if not (np.all(np.isfinite(lon)) and np.all(np.isfinite(lat))):
        raise GeodesyError(
            f'the border {corners.tolist()} lies outside of {crs[:80]}; expected one inside '
            'of it; check the georeferencing of the imagery'
        )
    return GeodeticBounds(
        float(np.min(lon)), float(np.min(lat)), float(np.max(lon)), float(np.max(lat))
    )


def crs_bounds(crs: str, bounds: GeodeticBounds) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of latitudes and longitudes in a system.

    Raises:
        GeodesyError: the system does not reach them.
    """
    corners = np.array(
        [
            [bounds.west_deg, bounds.south_deg],
            [bounds.east_deg, bounds.south_deg],
            [bounds.east_deg, bounds.north_deg],
            [bounds.west_deg, bounds.north_deg],
        ]
    )
    border = along_border(corners)
    x, y = from_geodetic(crs).transform(border[:, 0], border[:, 1])
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise GeodesyError(f'{bounds} cannot be projected in {crs[:80]}; name another CRS')
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))


def along_border(corners: FloatArray) -> FloatArray:
    """Points along a closed polygon, shape (n, 2)."""
    share = np.linspace(0.0, 1.0, _BORDER_POINTS)[:, None]
    sides = [
        corner + share * (following - corner)
        for corner, following in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    ]
    return np.concatenate(sides)

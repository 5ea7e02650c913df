# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The local east-north-up frame ``map`` on the tangent plane at a datum.

The frame is exact and Cartesian: x east, y north, z along the ellipsoid normal *at the datum*,
and no projection is in it, so nothing jumps at a UTM zone border. What it is not:

- The plane leaves the ground. A point d metres away on the ellipsoid has z = -d^2 / (2 R) (R about
  6371 km): -0.08 m at 1 km, -7.8 m at 10 km, -49 m at 25 km.
- The horizontal distance from the datum in the plane is shorter than along the ground by
  d^3 / (6 R^2): 0.004 mm at 1 km, 4 mm at 10 km, 64 mm at 25 km.
- A height that is wrong by h metres moves the horizontal coordinates by h d / R: 0.16 m for
  h = 100 m at 10 km. So give the same height in and out (``geodetic_at_altitude``); taking z = 0
  for a vehicle on the ground costs d^3 / (2 R^2): 12 mm at 10 km, 0.19 m at 25 km.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.geodesy import ecef
from geoloc_ros.types import FloatArray, GeodeticPosition


@dataclasses.dataclass(frozen=True, slots=True)
class Datum:
    """Origin of ``map`` and the conversions to and from it.

    Attributes:
        origin: WGS-84 position of the origin; ``alt_m`` is ellipsoidal height.

    Raises:
        GeodesyError: the origin is not on Earth.
    """

    origin: GeodeticPosition
    _origin_ecef_m: tuple[float, float, float] = dataclasses.field(
        init=False, repr=False, compare=False
    )
    _trigonometry: tuple[float, float, float, float] = dataclasses.field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, '_origin_ecef_m', ecef.ecef_from_geodetic(self.origin))
        latitude = math.radians(self.origin.lat_deg)
        longitude = math.radians(self.origin.lon_deg)
        object.__setattr__(
            self,
            '_trigonometry',
            (math.sin(latitude), math.cos(latitude), math.sin(longitude), math.cos(longitude)),
        )

    def enu_from_geodetic(self, position: GeodeticPosition) -> FloatArray:
        """(east, north, up) of one WGS-84 position in ``map``, shape (3,), metres.

        Raises:
            GeodesyError: the position is not on Earth.
        """
        x, y, z = ecef.ecef_from_geodetic(position)
        origin_x, origin_y, origin_z = self._origin_ecef_m
        x, y, z = x - origin_x, y - origin_y, z - origin_z
        sin_lat, cos_lat, sin_lon, cos_lon = self._trigonometry
        outward = cos_lon * x + sin_lon * y
        return np.array(
            (
                cos_lon * y - sin_lon * x,
                cos_lat * z - sin_lat * outward,
                sin_lat * z + cos_lat * outward,
            )
        )

    def geodetic_from_enu(self, x_m: float, y_m: float, z_m: float = 0.0) -> GeodeticPosition:
        """WGS-84 position of one point of ``map``; longitude in (-180, 180].

        ``z_m = 0`` is the tangent plane, which stands above the ground away from the datum (see
        the module); use ``geodetic_at_altitude`` for a vehicle whose height is known.

        Raises:
            GeodesyError: a coordinate is not finite, or the point is near the Earth's centre.
        """
        sin_lat, cos_lat, sin_lon, cos_lon = self._trigonometry
        origin_x, origin_y, origin_z = self._origin_ecef_m
        outward = cos_lat * z_m - sin_lat * y_m
        return ecef.geodetic_from_ecef(
            origin_x + cos_lon * outward - sin_lon * x_m,
            origin_y + sin_lon * outward + cos_lon * x_m,
            origin_z + cos_lat * y_m + sin_lat * z_m,
        )

    def geodetic_at_altitude(self, x_m: float, y_m: float, alt_m: float) -> GeodeticPosition:
        """WGS-84 position over ``map`` point (x, y) whose ellipsoidal height is ``alt_m``.

        The inverse of ``enu_from_geodetic`` for a vehicle of known height: z is solved for, to
        a tenth of a micrometre (Earth-centred doubles are a nanometre apart).

        Raises:
            GeodesyError: not finite, or so far from the datum that no such point exists.
        """
        z_m = alt_m - self.origin.alt_m
        before_m = math.inf
        for _ in range(50):
            position = self.geodetic_from_enu(x_m, y_m, z_m)
            residual_m = alt_m - position.alt_m
            # Stop where rounding takes over: it may toggle between two neighbouring doubles.
            if abs(residual_m) < 2e-9 or 1e-7 > abs(residual_m) >= before_m:
                return position
            before_m = abs(residual_m)
            z_m += residual_m
        raise GeodesyError(
            f'no point over ({x_m}, {y_m}) m in the plane at {self.origin} has height {alt_m} m; '
            'expected a place within some 1000 km of the datum; set a nearer datum'
        )

    def enu_from_geodetic_array(
        self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, alt_m: npt.ArrayLike = 0.0
    ) -> FloatArray:
        """(east, north, up) of n WGS-84 positions in ``map``, shape (n, 3), metres.

        Args:
            lat_deg: shape (n,), degrees north.
            lon_deg: shape (n,), degrees east.
            alt_m: ellipsoidal height, shape (n,) or a number.

        Raises:
            GeodesyError: a position is not on Earth (the first is named).
            ShapeError: the three do not broadcast to one shape (n,).
        """
        offsets = ecef.ecef_from_geodetic_array(lat_deg, lon_deg, alt_m) - self._origin_ecef_m
        enu: FloatArray = offsets @ self.ecef_from_enu()[0]
        return enu

    def geodetic_from_enu_array(
        self, points_enu_m: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Latitude (deg), longitude (deg) and ellipsoidal height (m) of points, each (n,).

        Args:
            points_enu_m: shape (n, 3), or (n, 2) for z = 0, in ``map``.

        Raises:
            GeodesyError: a point is not finite, or is near the Earth's centre.
            ShapeError: the array is neither (n, 3) nor (n, 2).
        """
        points = np.asarray(points_enu_m, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] not in (2, 3):
            raise ShapeError(f'points_enu_m has shape {points.shape}; expected (n, 3) or (n, 2)')
        rotation, translation = self.ecef_from_enu()
        columns = rotation[:, : points.shape[1]]
        return ecef.geodetic_from_ecef_array(points @ columns.T + translation)

    def ecef_from_enu(self) -> tuple[FloatArray, FloatArray]:
        """The transform ``earth_from_map``: p_earth = R p_map + t.

        Returns:
            R, shape (3, 3), whose columns are east, north and up in ``earth``; and t, shape (3,),
            the origin in ``earth``, metres.
        """
        sin_lat, cos_lat, sin_lon, cos_lon = self._trigonometry
        rotation = np.array(
            (
                (-sin_lon, -sin_lat * cos_lon, cos_lat * cos_lon),
                (cos_lon, -sin_lat * sin_lon, cos_lat * sin_lon),
                (0.0, cos_lat, sin_lat),
            )
        )
        return rotation, np.array(self._origin_ecef_m)

    def enu_from_other(self, other: Datum) -> tuple[FloatArray, FloatArray]:
        """The transform from another datum's plane: p_here = R p_there + t.

        A covariance goes along as R C R^T. Exact: both frames are Cartesian.

        Returns:
            R, shape (3, 3), and t, shape (3,), metres.
        """
        here_rotation, here_origin = self.ecef_from_enu()
        there_rotation, there_origin = other.ecef_from_enu()
        rotation: FloatArray = here_rotation.T @ there_rotation
        translation: FloatArray = here_rotation.T @ (there_origin - here_origin)
        return rotation, translation

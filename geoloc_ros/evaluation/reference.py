# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Trajectories from and to WGS-84, and from one datum to another.

A trajectory is planar: it knows no height but its datum's. Giving a point another height than it
has moves it by h d / R horizontally (0.16 m for 100 m at 10 km from the datum, see
``geodesy.datum``), so heights are used where they are known, on the way in.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from geoloc_ros.evaluation.trajectory import StampArray, Trajectory, in_time_order
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import FloatArray, GeodeticPosition


def trajectory_from_geodetic(
    name: str,
    stamps_ns: StampArray,
    lat_deg: FloatArray,
    lon_deg: FloatArray,
    alt_m: npt.ArrayLike,
    datum: GeodeticPosition,
    *,
    yaw_enu_rad: FloatArray | None = None,
    covariance: FloatArray | None = None,
    lever_arm_m: tuple[float, float] = (0.0, 0.0),
    source: str = '',
) -> Trajectory:
    """A trajectory about ``datum`` from WGS-84 positions in any order.

    Args:
        name: key in the report.
        stamps_ns: shape (n,); of equal stamps the last counts.
        lat_deg: shape (n,), degrees north.
        lon_deg: shape (n,), degrees east.
        alt_m: ellipsoidal height, shape (n,) or a number.
        datum: origin of the ENU plane.
        yaw_enu_rad: shape (n,) or ``None``.
        covariance: shape (n, 3, 3) over (east m, north m, yaw rad) or ``None``.
        lever_arm_m: the point described, (forward, left) of ``base_link``.
        source: what this is, in words.

    Raises:
        GeodesyError: a position is not on Earth.
    """
    positions = Datum(datum).enu_from_geodetic_array(lat_deg, lon_deg, alt_m)[:, :2]
    order = in_time_order(stamps_ns)
    return Trajectory(
        name=name,
        stamps_ns=np.asarray(stamps_ns, dtype=np.int64)[order],
        positions_enu_m=positions[order],
        datum=datum,
        yaw_enu_rad=None if yaw_enu_rad is None else yaw_enu_rad[order],
        covariance=None if covariance is None else covariance[order],
        lever_arm_m=lever_arm_m,
        source=source,
    )


def geodetic_of(trajectory: Trajectory) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude of every sample in degrees, each shape (n,), at the datum's height.

    The height in the plane is solved for, to a micrometre within 100 km of the datum.
    """
    datum = Datum(trajectory.datum)
    points = np.column_stack([trajectory.positions_enu_m, np.zeros(len(trajectory))])
    for _ in range(8):
        _, _, heights = datum.geodetic_from_enu_array(points)
        residual = trajectory.datum.alt_m - heights
        if len(residual) == 0 or float(np.max(np.abs(residual))) < 1e-7:
            break
        points[:, 2] += residual
    latitudes, longitudes, _ = datum.geodetic_from_enu_array(points)
    return latitudes, longitudes


def about_datum(trajectory: Trajectory, datum: GeodeticPosition) -> Trajectory:
    """The same trajectory in the ENU plane of another datum.

    Positions go over WGS-84 at the old datum's height; yaw and covariance are turned by the angle
    between the two norths, which is small (0.06 degrees over 10 km at 45 degrees north).
    """
    if datum == trajectory.datum:
        return trajectory
    latitudes, longitudes = geodetic_of(trajectory)
    here = Datum(datum)
    positions = here.enu_from_geodetic_array(latitudes, longitudes, trajectory.datum.alt_m)
    rotation, _ = here.enu_from_other(Datum(trajectory.datum))
    turn = float(np.arctan2(rotation[1, 0] - rotation[0, 1], rotation[0, 0] + rotation[1, 1]))
    turned = np.array(
        [[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]]
    )
    yaw, covariance = trajectory.yaw_enu_rad, trajectory.covariance
    return dataclasses.replace(
        trajectory,
        positions_enu_m=positions[:, :2],
        datum=datum,
        yaw_enu_rad=None if yaw is None else wrap_angle(yaw + turn),
        covariance=None if covariance is None else turned @ covariance @ turned.T,
    )

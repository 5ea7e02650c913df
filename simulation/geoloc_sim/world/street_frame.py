# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Coordinates along a street: station s from its start, offset d to its left, both in metres."""

from __future__ import annotations

import dataclasses
import functools
import itertools

import numpy as np
import numpy.typing as npt
from shapely.affinity import affine_transform
from shapely.geometry import LineString, Polygon

from geoloc_ros.errors import ShapeError
from geoloc_ros.types import FloatArray

#: How far from a bend the cross-section is square to the street again.
_BEND_REACH_M = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class StreetFrame:
    """A polyline with a left normal at each point.

    Offset points lie within |d| of the centre line, so what is drawn between the kerbs stays
    between them, at bends too.

    Attributes:
        stations_m: arc length of the points, increasing, shape (n,).
        points_m: shape (n, 2).
        normals: unit vectors to the left, shape (n, 2).
    """

    stations_m: FloatArray
    points_m: FloatArray
    normals: FloatArray

    @property
    def length_m(self) -> float:
        """Arc length."""
        return float(self.stations_m[-1])

    def points(self, s: npt.ArrayLike, d: npt.ArrayLike) -> FloatArray:
        """Street coordinates in ``map``, shape (k, 2)."""
        s, d = np.broadcast_arrays(np.asarray(s, dtype=float), np.asarray(d, dtype=float))
        x = np.interp(s, self.stations_m, self.points_m[:, 0])
        y = np.interp(s, self.stations_m, self.points_m[:, 1])
        nx = np.interp(s, self.stations_m, self.normals[:, 0])
        ny = np.interp(s, self.stations_m, self.normals[:, 1])
        length = np.maximum(np.hypot(nx, ny), 1e-9)
        return np.stack([x + d * nx / length, y + d * ny / length], axis=-1)

    def yaw(self, s: float) -> float:
        """Direction of the street at a station, radians."""
        nx = np.interp(s, self.stations_m, self.normals[:, 0])
        ny = np.interp(s, self.stations_m, self.normals[:, 1])
        return float(np.arctan2(-nx, ny))

    def stations_between(self, start_m: float, end_m: float) -> FloatArray:
        """The two ends and every point of the frame between them."""
        inside = (self.stations_m > start_m + 1e-6) & (self.stations_m < end_m - 1e-6)
        return np.concatenate([[start_m], self.stations_m[inside], [end_m]])

    def line(self, start_m: float, end_m: float, d: float = 0.0) -> LineString:
        """Part of the street, moved to the left by d."""
        return LineString(self.points(self.stations_between(start_m, end_m), d))

    def strip(self, start_m: float, end_m: float, right_d: float, left_d: float) -> Polygon:
        """The ground between two stations and two offsets, following the bends."""
        s = self.stations_between(start_m, end_m)
        right, left = self.points(s, right_d), self.points(s[::-1], left_d)
        return Polygon(np.concatenate([right, left]))

    def placed(self, shape: Polygon, s: float, d: float, sign: int = 1) -> Polygon:
        """A small flat shape laid on the street.

        Args:
            shape: x metres ahead of and y metres to the left of someone who reads it.
            s: station of the shape's origin.
            d: offset of the shape's origin.
            sign: 1 when that person goes along the street, -1 against it.
        """
        yaw = self.yaw(s) + (0.0 if sign > 0 else np.pi)
        x, y = self.points(s, d)
        cos, sin = np.cos(yaw), np.sin(yaw)
        return affine_transform(shape, [cos, -sin, sin, cos, float(x), float(y)])


def street_frame(centre_line_m: FloatArray) -> StreetFrame:
    """The frame of a centre line.

    Args:
        centre_line_m: shape (k, 2), k >= 2; repeated points are ignored.

    Raises:
        ShapeError: it has no two different points.
    """
    return _cached_frame(np.ascontiguousarray(centre_line_m, dtype=np.float64).tobytes())


@functools.lru_cache(maxsize=8192)
def _cached_frame(raw: bytes) -> StreetFrame:
    points = np.frombuffer(raw).reshape(-1, 2)
    steps = np.hypot(*np.diff(points, axis=0).T)
    points = points[np.concatenate([[True], steps > 1e-6])] if len(points) else points
    if len(points) < 2:
        raise ShapeError(
            f'centre line has {len(points)} different points; expected at least 2 along it'
        )
    points = _with_bend_points(points)
    directions = np.diff(points, axis=0)
    lengths = np.hypot(*directions.T)
    directions /= lengths[:, None]
    tangents = np.concatenate([directions[:1], directions[:-1] + directions[1:], directions[-1:]])
    size = np.hypot(*tangents.T)
    reversal = size < 1e-6
    tangents[reversal] = np.concatenate([directions[:1], directions])[reversal]
    size[reversal] = 1.0
    tangents /= size[:, None]
    normals = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    stations = np.concatenate([[0.0], np.cumsum(lengths)])
    for array in (stations, points, normals):
        array.flags.writeable = False
    return StreetFrame(stations, points, normals)


def _with_bend_points(points: FloatArray) -> FloatArray:
    """Long segments get a point near each end, so that a bend turns the normals only there."""
    parts = [points[:1]]
    for start, end in itertools.pairwise(points):
        length = float(np.hypot(*(end - start)))
        if length > 2.5 * _BEND_REACH_M:
            near = _BEND_REACH_M / length
            parts.append(np.stack([start + near * (end - start), end - near * (end - start)]))
        parts.append(end[None])
    return np.concatenate(parts)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""GeoJSON (RFC 7946, WGS-84): any map viewer draws it, and nothing is lost that we need.

One feature a trajectory: a LineString of (longitude, latitude, height) with the properties
``name``, ``source``, ``datum``, ``lever_arm_m``, ``coordTimes`` (UTC, ISO 8601, nanoseconds),
``bearing_deg`` (0 = north, clockwise; null where unknown) and ``covariance`` (the upper triangle
over east m, north m, yaw rad: ee, en, ey, nn, ny, yy; null where unknown, absent where there is
none).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.reference import geodetic_of, trajectory_from_geodetic
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import FloatArray, GeodeticPosition

_UPPER = np.triu_indices(3)


def feature(trajectory: Trajectory) -> dict[str, Any]:
    """The trajectory as a GeoJSON Feature; one sample gives a Point, none a null geometry."""
    latitudes, longitudes = geodetic_of(trajectory)
    height = round(trajectory.datum.alt_m, 3)
    coordinates = [
        [round(longitude, 9), round(latitude, 9), height]
        for longitude, latitude in zip(longitudes.tolist(), latitudes.tolist(), strict=True)
    ]
    geometry: dict[str, Any] | None = {'type': 'LineString', 'coordinates': coordinates}
    if len(coordinates) < 2:
        geometry = {'type': 'Point', 'coordinates': coordinates[0]} if coordinates else None
    return {'type': 'Feature', 'geometry': geometry, 'properties': _properties(trajectory)}


def _properties(trajectory: Trajectory) -> dict[str, Any]:
    datum = trajectory.datum
    times = np.datetime_as_string(trajectory.stamps_ns.astype('datetime64[ns]'), unit='ns')
    properties: dict[str, Any] = {
        'name': trajectory.name,
        'source': trajectory.source,
        'datum': [datum.lon_deg, datum.lat_deg, datum.alt_m],
        'lever_arm_m': list(trajectory.lever_arm_m),
        'coordTimes': [f'{time}Z' for time in times.tolist()],
    }
    if trajectory.yaw_enu_rad is not None:
        bearings = np.mod(90.0 - np.rad2deg(trajectory.yaw_enu_rad), 360.0)
        properties['bearing_deg'] = [
            None if np.isnan(bearing) else round(bearing, 6) for bearing in bearings.tolist()
        ]
    if trajectory.covariance is not None:
        upper = trajectory.covariance[:, _UPPER[0], _UPPER[1]]
        properties['covariance'] = [
            [float(f'{v:.6g}') for v in row] if np.isfinite(row).all() else None
            for row in upper.tolist()
        ]
    return properties


def write_geojson(path: Path, trajectory: Trajectory) -> None:
    """Write one trajectory as a FeatureCollection."""
    document = {'type': 'FeatureCollection', 'features': [feature(trajectory)]}
    path.write_text(json.dumps(document, allow_nan=False) + '\n', encoding='utf-8')


def read_geojson(path: Path, name: str, datum: GeodeticPosition | None = None) -> Trajectory:
    """Read the first line feature of a GeoJSON file.

    Args:
        path: the file; its feature needs ``coordTimes``, or nothing says when it was where.
        name: name of the trajectory.
        datum: origin of the ENU plane; without it, the file's own, else its first position.

    Raises:
        EvaluationError: not readable, no line in it, or no times.
        GeodesyError: a position is not on Earth.
    """
    document = _document(path)
    try:
        return _trajectory(path, _line_feature(path, document), name, datum)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise EvaluationError(
            f'{path} holds no trajectory that can be read ({error!r}); expected coordinates of '
            'numbers [longitude, latitude, height], and properties as this program writes them; '
            'correct the file, or leave out the property'
        ) from error


def _trajectory(
    path: Path, found: dict[str, Any], name: str, datum: GeodeticPosition | None
) -> Trajectory:
    properties = found.get('properties') or {}
    points = np.array([_position(path, point) for point in _points(found['geometry'])])
    if not len(points):
        raise EvaluationError(f'{path} holds a line without positions; expected a trajectory')
    times = properties.get('coordTimes')
    if not isinstance(times, list) or len(times) != len(points):
        raise EvaluationError(
            f'{path} has {len(points)} positions and '
            f'{len(times) if isinstance(times, list) else "no"} coordTimes; expected one time '
            'a position, as "2018-08-02T15:34:47.123456789Z"'
        )
    origin = datum or _datum(properties) or GeodeticPosition(*points[0, [1, 0, 2]].tolist())
    forward_m, left_m = map(float, properties.get('lever_arm_m') or (0.0, 0.0))
    if not math.isfinite(forward_m + left_m):
        raise ValueError('lever_arm_m is not finite')
    return trajectory_from_geodetic(
        name,
        _stamps(path, times),
        points[:, 1],
        points[:, 0],
        points[:, 2],
        origin,
        yaw_enu_rad=_yaw(path, properties, len(points)),
        covariance=_covariance(path, properties, len(points)),
        lever_arm_m=(forward_m, left_m),
        source=str(properties.get('source') or path.name),
    )


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f'cannot read {path} as GeoJSON: {error}; expected an RFC 7946 FeatureCollection'
        ) from error


def _line_feature(path: Path, document: Any) -> dict[str, Any]:
    candidates = [document] if isinstance(document, dict) else []
    if candidates and document.get('type') == 'FeatureCollection':
        candidates = document.get('features') or []
    for candidate in filter(None, candidates):
        geometry = candidate.get('geometry') or {}
        if geometry.get('type') in ('LineString', 'Point'):
            return dict(candidate)
    raise EvaluationError(
        f'{path} has no feature with a LineString; expected a trajectory as this program or a '
        'GPX converter writes it'
    )


def _points(geometry: dict[str, Any]) -> list[Any]:
    coordinates = geometry['coordinates']
    return [coordinates] if geometry['type'] == 'Point' else list(coordinates)


def _position(path: Path, point: Any) -> list[float]:
    """Longitude, latitude and height (0 where the position has none)."""
    if not isinstance(point, list) or len(point) < 2:
        raise EvaluationError(
            f'{path} holds the position {point!r}; expected [longitude, latitude, height]'
        )
    return [float(point[0]), float(point[1]), float(point[2]) if len(point) > 2 else 0.0]


def _datum(properties: dict[str, Any]) -> GeodeticPosition | None:
    datum = properties.get('datum')
    if not isinstance(datum, list) or len(datum) != 3:
        return None
    return GeodeticPosition(float(datum[1]), float(datum[0]), float(datum[2]))


def _stamps(path: Path, times: list[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    try:
        for time in times:
            if not isinstance(time, str) or not 1678 <= int(time[:4]) <= 2261:  # fits 64 bits
                raise ValueError(f'{time!r} is no time that can be read')
        words = [time.removesuffix('Z') for time in times]
        return np.array(words, dtype='datetime64[ns]').astype(np.int64)
    except ValueError as error:
        raise EvaluationError(
            f'coordTimes of {path}: {error}; expected UTC as "2018-08-02T15:34:47.123456789Z"'
        ) from error


def _yaw(path: Path, properties: dict[str, Any], count: int) -> FloatArray | None:
    bearings = properties.get('bearing_deg')
    if bearings is None:
        return None
    _check_count(path, 'bearing_deg', bearings, count)
    degrees = np.array([np.nan if value is None else float(value) for value in bearings])
    return wrap_angle(np.deg2rad(90.0 - degrees))


def _covariance(path: Path, properties: dict[str, Any], count: int) -> FloatArray | None:
    upper = properties.get('covariance')
    if upper is None:
        return None
    _check_count(path, 'covariance', upper, count)
    full = np.zeros((count, 3, 3))
    rows = [[np.nan] * len(_UPPER[0]) if row is None else row for row in upper]
    full[:, _UPPER[0], _UPPER[1]] = np.array(rows, dtype=np.float64).reshape(count, 6)
    full[:, _UPPER[1], _UPPER[0]] = full[:, _UPPER[0], _UPPER[1]]
    return full


def _check_count(path: Path, key: str, values: Any, count: int) -> None:
    if not isinstance(values, list) or len(values) != count:
        raise EvaluationError(f'{key} of {path} is not a list of {count} values, one a position')

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lattices of scores to and from messages, and as heat maps.

``cross_view/scores`` is a ``sensor_msgs/PointCloud2`` of width nx and height ny x n_yaw, heading
after heading. A point is a pose of ``base_link``: x, y, z = 0, yaw (NaN where the scores say
nothing of heading), its ``log_likelihood`` (NaN: no data), and ``calibrated`` (0: nobody knows
what these are worth here; a cloud without this field counts as calibrated). Where the place that
was scored is not the origin of ``base_link``, each heading has its own x and y.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MeasurementError
from geoloc_ros.geometry.quaternions import quat_from_yaw
from geoloc_ros.messages.clouds import cloud_columns, point_cloud, set_numbers
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.messages.outbound import set_header, set_quaternion, set_stamp
from geoloc_ros.messages.shapes import MessageFactory, OccupancyGridMessage, PointCloud2Message
from geoloc_ros.types import FloatArray, ScoreLattice

_POINT = np.dtype(
    {
        'names': ['x', 'y', 'z', 'yaw', 'log_likelihood', 'calibrated'],
        'formats': ['<f4', '<f4', '<f4', '<f4', '<f4', 'u1'],
        'offsets': [0, 4, 8, 12, 16, 20],
        'itemsize': 24,
    }
)
_NEEDED = ('x', 'y', 'log_likelihood')
#: Points of a lattice may lie so far off it, in cells: float32 far from the datum rounds.
_OFF_LATTICE = 0.02


def score_cloud(
    lattice: ScoreLattice, frame_id: str, factory: MessageFactory
) -> PointCloud2Message:
    """``sensor_msgs/PointCloud2`` of a lattice, in ``frame_id`` (``map``)."""
    layers, ny, nx = lattice.log_likelihood.shape
    points = np.zeros((layers, ny, nx), dtype=_POINT)
    columns, rows = np.meshgrid(np.arange(nx), np.arange(ny))
    cosine = math.cos(lattice.rotation_rad) * lattice.spacing_m
    sine = math.sin(lattice.rotation_rad) * lattice.spacing_m
    x_m = lattice.origin_x_m + cosine * columns - sine * rows
    y_m = lattice.origin_y_m + sine * columns + cosine * rows
    yaws = lattice.yaws_rad if len(lattice.yaws_rad) else np.array([np.nan])
    lever = _levers(lattice)
    points['x'] = x_m - lever[:, 0, None, None]
    points['y'] = y_m - lever[:, 1, None, None]
    points['yaw'] = yaws[:, None, None]
    points['log_likelihood'] = lattice.log_likelihood
    points['calibrated'] = int(lattice.calibrated)
    return point_cloud(lattice.stamp_ns, frame_id, points.reshape(layers * ny, nx), factory)


def score_lattice(message: PointCloud2Message, source: str = 'cross_view/scores') -> ScoreLattice:
    """The lattice in a cloud; the caller looks at ``header.frame_id``.

    Raises:
        MeasurementError: a field is missing, or the points are no lattice.
    """
    cells = cloud_columns(message, _POINT.names or (), source)
    missing = [name for name in _NEEDED if name not in cells]
    if missing or 0 in cells['x'].shape or cells['x'].size < 2:
        raise MeasurementError(
            f'cloud from {source!r} of {message.height} x {message.width} points lacks '
            f'{", ".join(missing) or "points"}; expected a lattice of at least two points with '
            f'{", ".join(_NEEDED)}, yaw'
        )
    yaws = _headings(cells, source)
    layers = max(len(yaws), 1)
    shape = (layers, cells['x'].shape[0] // layers, cells['x'].shape[1])
    places = np.stack((cells['x'], cells['y']), axis=-1).astype(np.float64).reshape(*shape, 2)
    origins, step = _fitted(places, source)
    origin, lever = _sensor_place(origins, yaws)
    calibrated = cells.get('calibrated')
    return ScoreLattice(
        stamp_ns=stamp_ns(message.header.stamp),
        source=source,
        origin_x_m=float(origin[0]),
        origin_y_m=float(origin[1]),
        rotation_rad=math.atan2(step[1], step[0]),
        spacing_m=math.hypot(step[0], step[1]),
        yaws_rad=yaws,
        log_likelihood=np.array(cells['log_likelihood'], dtype=np.float32).reshape(shape),
        calibrated=True if calibrated is None else bool(np.all(calibrated != 0)),
        sensor_forward_m=float(lever[0]),
        sensor_left_m=float(lever[1]),
    )


def heat_map(
    lattice: ScoreLattice, frame_id: str, factory: MessageFactory
) -> OccupancyGridMessage:
    """``nav_msgs/OccupancyGrid``: likelihood over all headings, 100 for the best cell, -1 unknown.

    The cells are drawn where the sensor would be.
    """
    message: OccupancyGridMessage = factory.new('nav_msgs/msg/OccupancyGrid')
    set_header(message.header, lattice.stamp_ns, frame_id)
    _, ny, nx = lattice.log_likelihood.shape
    info = message.info
    set_stamp(info.map_load_time, lattice.stamp_ns)
    info.resolution = float(lattice.spacing_m)
    info.width, info.height = nx, ny
    half_m = 0.5 * lattice.spacing_m
    cosine, sine = math.cos(lattice.rotation_rad), math.sin(lattice.rotation_rad)
    info.origin.position.x = float(lattice.origin_x_m - half_m * (cosine - sine))
    info.origin.position.y = float(lattice.origin_y_m - half_m * (cosine + sine))
    set_quaternion(info.origin.orientation, quat_from_yaw(lattice.rotation_rad))
    set_numbers(message, heat_of_cells(lattice).ravel())
    return message


def heat_of_cells(lattice: ScoreLattice) -> npt.NDArray[np.int8]:
    """Likelihood of each cell over all headings in percent of the best cell's, shape (ny, nx).

    -1 where there is no data.
    """
    scores = lattice.log_likelihood.astype(np.float64)
    known = np.isfinite(scores).any(axis=0)
    likelihood = np.nan_to_num(np.exp(scores - np.nanmax(scores)), nan=0.0).sum(axis=0)
    percent = np.rint(100.0 * likelihood / max(float(likelihood.max()), 1e-300))
    return np.where(known, percent, -1).astype(np.int8)


def _levers(lattice: ScoreLattice) -> FloatArray:
    """Place of the sensor from ``base_link`` in ``map`` at each heading, shape (layers, 2).

    Scores without headings cannot carry a lever arm: it would have to be taken off before.
    """
    forward, left = lattice.sensor_forward_m, lattice.sensor_left_m
    if not len(lattice.yaws_rad):
        if forward or left:
            raise MeasurementError(
                f'scores from {lattice.source!r} without headings are of a place ({forward}, '
                f'{left}) m in base_link; expected none: take it off by the heading believed'
            )
        return np.zeros((1, 2))
    cosine, sine = np.cos(lattice.yaws_rad), np.sin(lattice.yaws_rad)
    return np.stack((cosine * forward - sine * left, sine * forward + cosine * left), axis=-1)


def _headings(cells: dict[str, npt.NDArray[np.float32]], source: str) -> FloatArray:
    """The heading of each layer, empty where there is none."""
    rows = cells['x'].shape[0]
    if 'yaw' not in cells or np.isnan(cells['yaw']).all():
        return np.empty(0)
    column = np.asarray(cells['yaw'][:, 0], dtype=np.float64)
    starts = np.flatnonzero(np.diff(column, prepend=np.nan) != 0.0)
    count = len(starts)
    same = np.all(cells['yaw'] == cells['yaw'][:, :1])
    if not same or rows % count or not np.array_equal(starts, np.arange(count) * (rows // count)):
        raise MeasurementError(
            f'cloud from {source!r} has {count} headings in {rows} rows; expected heading after '
            'heading, each with the same number of rows'
        )
    return column[starts]


def _fitted(places: FloatArray, source: str) -> tuple[FloatArray, FloatArray]:
    """Origin of each layer, shape (layers, 2), and the step from column to column, shape (2,)."""
    layers, ny, nx = places.shape[:3]
    along = (places[:, :, -1] - places[:, :, 0]).mean(axis=(0, 1)) * (nx - 1)
    across = (places[:, -1] - places[:, 0]).mean(axis=(0, 1)) * (ny - 1)
    # The row step is the column step turned by a right angle: both tell the same two numbers.
    step = (along + np.array((across[1], -across[0]))) / ((nx - 1) ** 2 + (ny - 1) ** 2)
    columns, rows = np.meshgrid(np.arange(nx), np.arange(ny))
    x_m = step[0] * columns - step[1] * rows
    y_m = step[1] * columns + step[0] * rows
    origins = (places - np.stack((x_m, y_m), axis=-1)).mean(axis=(1, 2))
    residual = places - origins[:, None, None] - np.stack((x_m, y_m), axis=-1)
    spacing_m = math.hypot(step[0], step[1])
    allowed_m = _OFF_LATTICE * spacing_m + 1e-6 * float(np.abs(places).max())
    if not (np.isfinite(places).all() and spacing_m > 0.0 and np.abs(residual).max() <= allowed_m):
        raise MeasurementError(
            f'the {layers} x {ny} x {nx} points from {source!r} are no square lattice; expected '
            'finite, equally spaced x and y, columns along rows turned by a right angle'
        )
    return origins, step


def _sensor_place(origins: FloatArray, yaws_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Origin of the sensor's lattice and its lever arm, from the layers' origins.

    Layer k begins at o - R(yaw_k) l; over headings all round the second term has mean zero.
    """
    origin = origins.mean(axis=0)
    if not len(yaws_rad):
        return origin, np.zeros(2)
    east, north = (origin - origins).T
    cosine, sine = np.cos(yaws_rad), np.sin(yaws_rad)
    lever = np.array(
        (np.mean(cosine * east + sine * north), np.mean(cosine * north - sine * east))
    )
    return origin, np.where(np.abs(lever) < 1e-3, 0.0, lever)

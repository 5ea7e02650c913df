# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What we use of ``sensor_msgs_py.point_cloud2``, for machines without it."""

from __future__ import annotations

import array
from collections.abc import Sequence
import sys
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from geoloc_ros.errors import MeasurementError, ShapeError

_NUMPY_OF_DATATYPE: dict[int, np.dtype[Any]] = {
    PointField.INT8: np.dtype(np.int8),
    PointField.UINT8: np.dtype(np.uint8),
    PointField.INT16: np.dtype(np.int16),
    PointField.UINT16: np.dtype(np.uint16),
    PointField.INT32: np.dtype(np.int32),
    PointField.UINT32: np.dtype(np.uint32),
    PointField.FLOAT32: np.dtype(np.float32),
    PointField.FLOAT64: np.dtype(np.float64),
}


def point_dtype(
    fields: Sequence[PointField], point_step: int | None, is_bigendian: bool
) -> np.dtype[np.void]:
    """The memory layout of one point as a structured numpy type.

    Raises:
        MeasurementError: a field has a type that PointField does not define.
    """
    order: Literal['<', '>'] = '>' if is_bigendian else '<'
    names, formats, offsets = [], [], []
    for field in fields:
        kind = _NUMPY_OF_DATATYPE.get(field.datatype)
        if kind is None:
            raise MeasurementError(
                f'point field {field.name!r} has datatype {field.datatype}; expected '
                f'{min(_NUMPY_OF_DATATYPE)} to {max(_NUMPY_OF_DATATYPE)} (sensor_msgs/PointField)'
            )
        names.append(field.name)
        part = kind.newbyteorder(order)
        formats.append(part if field.count <= 1 else np.dtype((part, (field.count,))))
        offsets.append(field.offset)
    ends = [offset + kind.itemsize for offset, kind in zip(offsets, formats, strict=True)]
    size = point_step if point_step is not None else max(ends, default=0)
    return np.dtype({'names': names, 'formats': formats, 'offsets': offsets, 'itemsize': size})


def create_cloud(
    header: Header, fields: Sequence[PointField], points: npt.NDArray[Any]
) -> PointCloud2:
    """A cloud of points.

    Args:
        header: stamp and frame.
        fields: what a point is made of.
        points: shape (n, fields) or (height, width, fields) of numbers, or a structured array of
            shape (n,) or (height, width) with the layout of the fields.

    Raises:
        ShapeError: the points do not have as many columns as there are fields.
        MeasurementError: a field's type is unknown.
    """
    dtype = point_dtype(fields, None, sys.byteorder == 'big')
    packed = _packed(np.asarray(points), dtype, len(fields))
    rows = packed if packed.ndim == 2 else packed[np.newaxis]
    cloud = PointCloud2(
        header=header,
        height=rows.shape[0],
        width=rows.shape[1],
        fields=list(fields),
        is_bigendian=sys.byteorder == 'big',
        is_dense=False,
        point_step=dtype.itemsize,
        row_step=dtype.itemsize * rows.shape[1],
    )
    cloud.data = array.array('B', rows.tobytes())
    return cloud


def read_points(
    cloud: PointCloud2, field_names: Sequence[str] | None = None, skip_nans: bool = False
) -> npt.NDArray[np.void]:
    """Points of a cloud as a structured array, shape (height * width,).

    Args:
        cloud: any byte order and padding.
        field_names: only these, in this order; ``None`` for all.
        skip_nans: leave out points with a value that is not a number.

    Raises:
        MeasurementError: a name is unknown, or the data is shorter than the cloud says.
    """
    dtype = point_dtype(cloud.fields, cloud.point_step, bool(cloud.is_bigendian))
    needed = cloud.row_step * cloud.height
    if len(cloud.data) < needed or cloud.row_step < cloud.point_step * cloud.width:
        raise MeasurementError(
            f'cloud of {cloud.height} x {cloud.width} points of {cloud.point_step} bytes in rows '
            f'of {cloud.row_step} has {len(cloud.data)} bytes; expected {needed}'
        )
    points: npt.NDArray[np.void] = np.ndarray(
        (cloud.height, cloud.width),
        dtype=dtype,
        buffer=memoryview(cloud.data),
        strides=(cloud.row_step, cloud.point_step),
    ).ravel()
    names = list(points.dtype.names or ()) if field_names is None else list(field_names)
    unknown = set(names) - set(points.dtype.names or ())
    if unknown:
        raise MeasurementError(
            f'cloud has no field {", ".join(sorted(unknown))}; it has '
            f'{", ".join(points.dtype.names or ())}'
        )
    if skip_nans:
        keep = np.ones(points.shape, dtype=bool)
        for name in names:
            column = points[name]
            keep &= ~np.isnan(column.reshape(len(points), -1)).any(axis=1)
        points = points[keep]
    return points[names]


def _packed(points: npt.NDArray[Any], dtype: np.dtype[np.void], columns: int) -> npt.NDArray[Any]:
    if points.dtype.names is not None:
        return np.ascontiguousarray(points.astype(dtype))
    if points.ndim not in (2, 3) or points.shape[-1] != columns:
        raise ShapeError(
            f'points have shape {points.shape}; expected (n, {columns}) or '
            f'(height, width, {columns})'
        )
    packed = np.zeros(points.shape[:-1], dtype=dtype)
    for index, name in enumerate(dtype.names or ()):
        packed[name] = points[..., index]
    return packed

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Points and cells in messages, for rclpy's and rosbags' objects alike."""

from __future__ import annotations

import array
from collections.abc import Sequence
import sys
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MeasurementError
from geoloc_ros.messages.outbound import set_header
from geoloc_ros.messages.shapes import MessageFactory, PointCloud2Message

#: ``sensor_msgs/PointField.datatype``.
_NUMPY_OF_DATATYPE: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.int8),
    2: np.dtype(np.uint8),
    3: np.dtype(np.int16),
    4: np.dtype(np.uint16),
    5: np.dtype(np.int32),
    6: np.dtype(np.uint32),
    7: np.dtype(np.float32),
    8: np.dtype(np.float64),
}
_DATATYPE_OF_NUMPY = {dtype: datatype for datatype, dtype in _NUMPY_OF_DATATYPE.items()}


def set_numbers(message: Any, numbers: npt.NDArray[Any]) -> None:
    """Fill ``data``: rclpy wants an ``array.array``, which takes bytes at once; rosbags numpy."""
    if isinstance(message.data, array.array):
        message.data = array.array(message.data.typecode, np.ascontiguousarray(numbers).tobytes())
    else:
        message.data = np.array(numbers).ravel()


def point_cloud(
    stamp_ns: int, frame_id: str, points: npt.NDArray[np.void], factory: MessageFactory
) -> PointCloud2Message:
    """``sensor_msgs/PointCloud2`` of a structured array, shape (height, width)."""
    message: PointCloud2Message = factory.new('sensor_msgs/msg/PointCloud2')
    set_header(message.header, stamp_ns, frame_id)
    message.height, message.width = points.shape
    fields, start = [], points.__array_interface__['data'][0]
    for name in points.dtype.names or ():
        column = points[name]
        field = factory.new('sensor_msgs/msg/PointField')
        field.name, field.count = name, 1
        field.offset = column.__array_interface__['data'][0] - start
        field.datatype = _DATATYPE_OF_NUMPY[column.dtype]
        fields.append(field)
    message.fields = fields
    message.is_bigendian = sys.byteorder == 'big'
    message.point_step = points.dtype.itemsize
    message.row_step = points.dtype.itemsize * points.shape[1]
    message.is_dense = False
    set_numbers(message, np.frombuffer(points.tobytes(), dtype=np.uint8))
    return message


def cloud_columns(
    message: PointCloud2Message, names: Sequence[str], source: str
) -> dict[str, npt.NDArray[Any]]:
    """Fields of a cloud that are there, each of shape (height, width), views of the message.

    Raises:
        MeasurementError: a field's type is unknown or the data is shorter than the cloud says.
    """
    order: Literal['<', '>'] = '>' if message.is_bigendian else '<'
    height, width = int(message.height), int(message.width)
    data = memoryview(message.data).cast('B')
    used_bytes = int(message.point_step) * width
    if int(message.row_step) < used_bytes or len(data) < int(message.row_step) * height:
        raise MeasurementError(
            f'cloud from {source!r} of {height} x {width} points of {message.point_step} bytes '
            f'has rows of {message.row_step} and in all {len(data)} bytes; mend the sender'
        )
    columns: dict[str, npt.NDArray[Any]] = {}
    for field in message.fields:
        if field.name not in names:
            continue
        kind = _NUMPY_OF_DATATYPE.get(int(field.datatype))
        if kind is None or int(field.offset) + kind.itemsize > int(message.point_step):
            raise MeasurementError(
                f'cloud from {source!r} has field {field.name!r} of type {field.datatype} at '
                f'{field.offset}; expected a type of 1 to 8 within {message.point_step} bytes'
            )
        columns[field.name] = np.ndarray(
            (height, width),
            kind.newbyteorder(order),
            data,
            int(field.offset),
            (int(message.row_step), int(message.point_step)),
        )
    return columns

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One contract for point clouds, over sensor_msgs_py and over our own module."""

from __future__ import annotations

import array
import importlib
import math
import struct

import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from geoloc_ros.errors import MeasurementError, ShapeError
from geoloc_ros.ros import pointcloud_fallback

FIELDS = [
    PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
    for index, name in enumerate(('x', 'y', 'z'))
]


@pytest.fixture(params=['sensor_msgs_py.point_cloud2', 'geoloc_ros.ros.pointcloud_fallback'])
def clouds(request):
    pytest.importorskip(
        request.param.split('.')[0], reason=f'{request.param} is not installed here (ROS has it)'
    )
    return importlib.import_module(request.param)


def test_points_come_back(clouds):
    points = np.arange(12, dtype=np.float32).reshape(4, 3)
    header = Header(frame_id='map')
    cloud = clouds.create_cloud(header, FIELDS, points)
    assert (cloud.header.frame_id, cloud.height, cloud.width) == ('map', 1, 4)
    assert (cloud.point_step, cloud.row_step) == (12, 48)
    assert bytes(cloud.data) == struct.pack('<12f', *range(12))
    found = clouds.read_points(cloud, ('z', 'x'))
    assert found['z'].tolist() == [2.0, 5.0, 8.0, 11.0]
    assert found['x'].tolist() == [0.0, 3.0, 6.0, 9.0]


def test_points_that_are_not_numbers_can_be_left_out(clouds):
    points = np.array([[1, 2, 3], [4, math.nan, 6], [7, 8, 9]], dtype=np.float32)
    cloud = clouds.create_cloud(Header(), FIELDS, points)
    assert clouds.read_points(cloud, skip_nans=True)['x'].tolist() == [1.0, 7.0]
    assert clouds.read_points(cloud, ('x', 'z'), skip_nans=True)['x'].tolist() == [1.0, 4.0, 7.0]


def test_padding_and_big_endian_are_honoured():
    cloud = PointCloud2(height=2, width=1, point_step=20, row_step=24, is_bigendian=True)
    cloud.fields = [
        PointField(name='x', offset=4, datatype=PointField.FLOAT64, count=1),
        PointField(name='ring', offset=16, datatype=PointField.UINT16, count=1),
    ]
    row = b'....' + struct.pack('>d', 2.5) + b'....' + struct.pack('>H', 513) + b'..' + b'pad!'
    cloud.data = array.array('B', row * 2)
    found = pointcloud_fallback.read_points(cloud)
    assert found['x'].tolist() == [2.5, 2.5]
    assert found['ring'].tolist() == [513, 513]


def test_a_lattice_keeps_its_shape():
    points = np.zeros((2, 3, 3), dtype=np.float32)
    cloud = pointcloud_fallback.create_cloud(Header(), FIELDS, points)
    assert (cloud.height, cloud.width) == (2, 3)


def test_what_is_wrong_is_named():
    cloud = pointcloud_fallback.create_cloud(Header(), FIELDS, np.zeros((2, 3)))
    with pytest.raises(MeasurementError, match='no field intensity'):
        pointcloud_fallback.read_points(cloud, ('intensity',))
    cloud.data = cloud.data[:-1]
    with pytest.raises(MeasurementError, match='23 bytes; expected 24'):
        pointcloud_fallback.read_points(cloud)
    with pytest.raises(ShapeError, match=r'\(2, 4\)'):
        pointcloud_fallback.create_cloud(Header(), FIELDS, np.zeros((2, 4)))
    odd = PointField(name='x', datatype=99, count=1)
    with pytest.raises(MeasurementError, match='datatype 99'):
        pointcloud_fallback.create_cloud(Header(), [odd], np.zeros((1, 1)))

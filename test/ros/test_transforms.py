# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One contract for transforms, over tf2_ros and over our own module."""

from __future__ import annotations

import importlib
import math
import time

from geometry_msgs.msg import TransformStamped
import numpy as np
import pytest
import rclpy
from rclpy.time import Time

from geoloc_ros.geometry.quaternions import quat_from_yaw, yaw_from_quat
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.ros.tf_fallback import pose_of

SECOND = 1_000_000_000


@pytest.fixture(params=['tf2_ros', 'geoloc_ros.ros.tf_fallback'])
def tf(request):
    return pytest.importorskip(
        request.param, reason=f'{request.param} is not installed here (it comes with ROS)'
    )


@pytest.fixture
def node():
    rclpy.init()
    made = rclpy.create_node('frames')
    yield made
    made.destroy_node()
    rclpy.try_shutdown()


def transform(parent, child, seconds, x_m, y_m=0.0, yaw_rad=0.0):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp.sec, nanoseconds = int(seconds), (seconds % 1) * SECOND
    message.header.stamp.nanosec = round(nanoseconds)
    message.transform.translation.x, message.transform.translation.y = x_m, y_m
    quat = quat_from_yaw(yaw_rad)
    message.transform.rotation.z, message.transform.rotation.w = float(quat[2]), float(quat[3])
    return message


def at(seconds):
    return Time(nanoseconds=round(seconds * SECOND))


def planar(message):
    pose = pose_of(message)
    return (*pose.translation_m[:2].tolist(), yaw_from_quat(pose.quat_xyzw))


def test_a_transform_is_interpolated(tf):
    buffer = tf.Buffer()
    buffer.set_transform(transform('odom', 'base', 10.0, 0.0, yaw_rad=0.0), 'me')
    buffer.set_transform(transform('odom', 'base', 12.0, 4.0, yaw_rad=1.0), 'me')
    found = buffer.lookup_transform('odom', 'base', at(10.5))
    assert planar(found) == pytest.approx((1.0, 0.0, 0.25))
    assert (found.header.frame_id, found.child_frame_id) == ('odom', 'base')


def test_a_chain_is_composed_and_inverted(tf):
    buffer = tf.Buffer()
    buffer.set_transform(transform('map', 'odom', 1.0, 10.0, yaw_rad=math.pi / 2), 'me')
    buffer.set_transform(transform('odom', 'base', 1.0, 5.0), 'me')
    buffer.set_transform_static(transform('base', 'gnss', 0.0, 0.0, 1.0), 'me')
    found = buffer.lookup_transform('map', 'gnss', at(1.0))
    assert planar(found) == pytest.approx((9.0, 5.0, math.pi / 2))
    back = buffer.lookup_transform('gnss', 'map', at(1.0))
    assert planar(back) == pytest.approx((-5.0, 9.0, -math.pi / 2))


def test_siblings_meet_at_their_common_parent(tf):
    buffer = tf.Buffer()
    buffer.set_transform_static(transform('base', 'left', 0.0, 0.0, 1.0), 'me')
    buffer.set_transform_static(transform('base', 'right', 0.0, 0.0, -1.0), 'me')
    assert planar(buffer.lookup_transform('left', 'right', at(7.0))) == pytest.approx((0, -2, 0))


def test_time_zero_is_the_latest_common_time(tf):
    buffer = tf.Buffer()
    for seconds in (1.0, 2.0, 3.0):
        buffer.set_transform(transform('map', 'odom', seconds, 0.0), 'me')
    for seconds in (1.0, 2.0):
        buffer.set_transform(transform('odom', 'base', seconds, seconds), 'me')
    found = buffer.lookup_transform('map', 'base', Time())
    assert found.header.stamp.sec == 2
    assert planar(found)[0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ('target', 'source', 'seconds', 'error'),
    [
        ('map', 'nobody', 1.0, 'LookupException'),
        ('map', 'island', 1.0, 'ConnectivityException'),
        ('map', 'base', 5.0, 'ExtrapolationException'),
        ('map', 'base', 0.5, 'ExtrapolationException'),
    ],
)
def test_what_is_not_known_raises_the_error_of_that_name(tf, target, source, seconds, error):
    buffer = tf.Buffer()
    buffer.set_transform(transform('map', 'base', 1.0, 0.0), 'me')
    buffer.set_transform(transform('map', 'base', 2.0, 0.0), 'me')
    buffer.set_transform(transform('sea', 'island', 1.0, 0.0), 'me')
    with pytest.raises(getattr(tf, error)):
        buffer.lookup_transform(target, source, at(seconds))
    assert issubclass(getattr(tf, error), tf.TransformException)
    assert not buffer.can_transform(target, source, at(seconds))


def test_old_transforms_are_forgotten(tf):
    buffer = tf.Buffer(cache_time=rclpy.duration.Duration(seconds=2.0))
    for seconds in (1.0, 2.0, 3.0, 4.0, 5.0):
        buffer.set_transform(transform('map', 'base', seconds, seconds), 'me')
    assert buffer.can_transform('map', 'base', at(3.5))
    assert not buffer.can_transform('map', 'base', at(1.5))


def test_broadcasts_reach_a_listener_that_comes_later(tf, node):
    moving, static = tf.TransformBroadcaster(node), tf.StaticTransformBroadcaster(node)
    static.sendTransform(transform('base', 'gnss', 0.0, 1.0))
    static.sendTransform(transform('base', 'imu', 0.0, 2.0))
    buffer = tf.Buffer()
    listener = tf.TransformListener(buffer, node)
    deadline_s = time.monotonic() + 10
    while time.monotonic() < deadline_s and not (
        buffer.can_transform('map', 'imu', Time()) and buffer.can_transform('map', 'gnss', Time())
    ):
        moving.sendTransform([transform('map', 'base', 3.0, 10.0)])
        rclpy.spin_once(node, timeout_sec=0.05)
    assert planar(buffer.lookup_transform('map', 'gnss', at(3.0)))[0] == pytest.approx(11.0)
    assert planar(buffer.lookup_transform('map', 'imu', at(3.0)))[0] == pytest.approx(12.0)
    listener.unregister()


def test_a_senseless_transform_does_not_stop_the_listener(node):
    ours = importlib.import_module('geoloc_ros.ros.tf_fallback')
    buffer = ours.Buffer()
    broadcaster = ours.TransformBroadcaster(node)
    listener = ours.TransformListener(buffer, node)
    broken = transform('map', 'base', 1.0, math.nan)
    turned = transform('map', 'base', 1.0, 0.0)
    turned.transform.rotation.w = 0.0
    deadline_s = time.monotonic() + 10
    while time.monotonic() < deadline_s and not buffer.can_transform('map', 'good', Time()):
        broadcaster.sendTransform(
            [broken, turned, transform('a', 'a', 1.0, 0.0), transform('map', 'good', 1.0, 1.0)]
        )
        rclpy.spin_once(node, timeout_sec=0.05)
    assert buffer.can_transform('map', 'good', Time())
    with pytest.raises(ours.LookupException, match='base'):
        buffer.lookup_transform('map', 'base', Time())
    listener.unregister()


def test_interpolation_against_the_matrix_logarithm():
    """Half way of a turn about a slanted axis, by scipy's rotation vectors."""
    from scipy.spatial.transform import Rotation

    from geoloc_ros.ros.tf_graph import TransformGraph

    end = Rotation.from_rotvec([0.3, -0.5, 1.1])
    graph = TransformGraph()
    graph.insert('a', 'b', 1 * SECOND, Pose3.identity())
    graph.insert('a', 'b', 2 * SECOND, Pose3(np.array((2.0, 0.0, 4.0)), end.as_quat()))
    _, pose = graph.lookup('a', 'b', int(1.25 * SECOND))
    assert pose.translation_m == pytest.approx((0.5, 0.0, 1.0))
    expected = Rotation.from_rotvec(0.25 * end.as_rotvec()).as_matrix()
    assert pose.rotation() == pytest.approx(expected)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What we use of ``tf2_ros``, for machines without it: the same calls, the same behaviour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from geometry_msgs.msg import TransformStamped
import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time

from geoloc_ros.errors import MeasurementError
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.inbound import quat_xyzw, stamp_ns
from geoloc_ros.messages.outbound import transform_stamped
from geoloc_ros.ros.factory import RosMessages, message_class
from geoloc_ros.ros.qos import latched_qos, reliable_qos
from geoloc_ros.ros.tf_graph import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
    TransformGraph,
)

__all__ = [
    'Buffer',
    'ConnectivityException',
    'ExtrapolationException',
    'InvalidArgumentException',
    'LookupException',
    'StaticTransformBroadcaster',
    'TransformBroadcaster',
    'TransformException',
    'TransformListener',
]

_TF_TYPE = 'tf2_msgs/msg/TFMessage'
_STATIC_DEPTH = 100


def pose_of(transform: TransformStamped) -> Pose3:
    """``parent_from_child`` of a message.

    Raises:
        InvalidArgumentException: a number is not finite or the rotation is none.
    """
    shift = transform.transform.translation
    try:
        return Pose3(
            np.array((shift.x, shift.y, shift.z)), quat_xyzw(transform.transform.rotation)
        )
    except MeasurementError as error:
        raise InvalidArgumentException(
            f'transform of {transform.child_frame_id!r}: {error}'
        ) from error


class Buffer:
    """Remembers transforms and answers for any pair of frames (``tf2_ros.Buffer``).

    Args:
        cache_time: how long transforms are kept (10 s).
        node: accepted for likeness; not used.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        del node
        cache_s = 10.0 if cache_time is None else cache_time.nanoseconds * 1e-9
        self._graph = TransformGraph(cache_s)
        self._messages = RosMessages()

    def clear(self) -> None:
        """Forget everything."""
        self._graph.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Take a transform that changes over time; a senseless one is left out."""
        self._set(transform, authority, is_static=False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Take a transform that holds for ever."""
        self._set(transform, authority, is_static=True)

    def lookup_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration | None = None,
    ) -> TransformStamped:
        """``target_from_source`` at a time, the latest common one for a time of zero.

        Raises:
            TransformException: one of its children, as in tf2.
        """
        del timeout
        at_ns, pose = self._graph.lookup(target_frame, source_frame, time.nanoseconds)
        message: Any = transform_stamped(
            at_ns, target_frame.lstrip('/'), source_frame.lstrip('/'), pose, self._messages
        )
        return message

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration | None = None,
    ) -> bool:
        """Whether ``lookup_transform`` would answer."""
        try:
            self.lookup_transform(target_frame, source_frame, time, timeout)
        except TransformException:
            return False
        return True

    def _set(self, transform: TransformStamped, authority: str, *, is_static: bool) -> None:
        del authority
        at_ns = stamp_ns(transform.header.stamp)
        self._graph.insert(
            transform.header.frame_id,
            transform.child_frame_id,
            at_ns,
            pose_of(transform),
            is_static=is_static,
        )


class TransformListener:
    """Fills a buffer from ``/tf`` and ``/tf_static``."""

    def __init__(self, buffer: Buffer, node: Node, *, spin_thread: bool = False) -> None:
        del spin_thread
        self._buffer = buffer
        self._node = node
        kind = message_class(_TF_TYPE)
        self._subscriptions = [
            node.create_subscription(kind, '/tf', self._take, reliable_qos(100)),
            node.create_subscription(
                kind, '/tf_static', self._take_static, latched_qos(_STATIC_DEPTH)
            ),
        ]

    def unregister(self) -> None:
        """Stop listening."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def _take(self, message: Any) -> None:
        self._set_all(message, is_static=False)

    def _take_static(self, message: Any) -> None:
        self._set_all(message, is_static=True)

    def _set_all(self, message: Any, *, is_static: bool) -> None:
        for transform in message.transforms:
            self._set_one(transform, is_static=is_static)

    def _set_one(self, transform: TransformStamped, *, is_static: bool) -> None:
        try:
            if is_static:
                self._buffer.set_transform_static(transform, 'tf')
            else:
                self._buffer.set_transform(transform, 'tf')
        except TransformException as error:
            self._node.get_logger().warning(
                f'transform left out: {error}', throttle_duration_sec=5.0
            )


class TransformBroadcaster:
    """Publishes transforms that change."""

    def __init__(self, node: Node, qos: QoSProfile | None = None) -> None:
        self._type = message_class(_TF_TYPE)
        self.pub_tf = node.create_publisher(self._type, '/tf', qos or reliable_qos(100))

    def sendTransform(  # noqa: N802 - the name of tf2_ros
        self, transform: TransformStamped | Iterable[TransformStamped]
    ) -> None:
        """Publish one transform or several."""
        self.pub_tf.publish(self._type(transforms=_as_list(transform)))


class StaticTransformBroadcaster:
    """Publishes transforms that hold for ever, latched; it repeats all it ever sent."""

    def __init__(self, node: Node, qos: QoSProfile | None = None) -> None:
        self._type = message_class(_TF_TYPE)
        self._sent: dict[str, TransformStamped] = {}
        self.pub_tf = node.create_publisher(self._type, '/tf_static', qos or latched_qos())

    def sendTransform(  # noqa: N802 - the name of tf2_ros
        self, transform: TransformStamped | Iterable[TransformStamped]
    ) -> None:
        """Publish one transform or several; of one child the last counts."""
        self._sent.update({one.child_frame_id: one for one in _as_list(transform)})
        self.pub_tf.publish(self._type(transforms=list(self._sent.values())))


def _as_list(
    transform: TransformStamped | Iterable[TransformStamped],
) -> list[TransformStamped]:
    return list(transform) if isinstance(transform, Iterable) else [transform]

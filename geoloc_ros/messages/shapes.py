# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The shapes of the ROS messages we read and write, as protocols.

A class of rclpy, of ``rosbags`` and a plain record of a test fit alike: only attributes count.
Each protocol is the message of the same name (without ``Message``) and lists what we use of it;
units and frames are those of the message definitions. Arrays may be lists, tuples or numpy.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy.typing as npt


class TimeMessage(Protocol):
    """``builtin_interfaces/Time``."""

    sec: int
    nanosec: int


class HeaderMessage(Protocol):
    """``std_msgs/Header``."""

    stamp: TimeMessage
    frame_id: str


class XyzMessage(Protocol):
    """``geometry_msgs/Vector3`` and ``geometry_msgs/Point``."""

    x: float
    y: float
    z: float


class QuaternionMessage(Protocol):
    """``geometry_msgs/Quaternion``."""

    x: float
    y: float
    z: float
    w: float


class PoseMessage(Protocol):
    """``geometry_msgs/Pose``."""

    position: XyzMessage
    orientation: QuaternionMessage


class PoseWithCovarianceMessage(Protocol):
    """``geometry_msgs/PoseWithCovariance``; the covariance is 6 x 6, row by row."""

    pose: PoseMessage
    covariance: npt.ArrayLike


class TwistMessage(Protocol):
    """``geometry_msgs/Twist``."""

    linear: XyzMessage
    angular: XyzMessage


class TwistWithCovarianceMessage(Protocol):
    """``geometry_msgs/TwistWithCovariance``; the covariance is 6 x 6, row by row."""

    twist: TwistMessage
    covariance: npt.ArrayLike


class NavSatStatusMessage(Protocol):
    """``sensor_msgs/NavSatStatus``."""

    status: int
    service: int


class NavSatFixMessage(Protocol):
    """``sensor_msgs/NavSatFix``."""

    header: HeaderMessage
    status: NavSatStatusMessage
    latitude: float
    longitude: float
    altitude: float
    position_covariance: npt.ArrayLike
    position_covariance_type: int


class ImuMessage(Protocol):
    """``sensor_msgs/Imu``."""

    header: HeaderMessage
    orientation: QuaternionMessage
    orientation_covariance: npt.ArrayLike
    angular_velocity: XyzMessage
    angular_velocity_covariance: npt.ArrayLike
    linear_acceleration: XyzMessage
    linear_acceleration_covariance: npt.ArrayLike


class OdometryMessage(Protocol):
    """``nav_msgs/Odometry``: pose in ``header.frame_id``, twist in ``child_frame_id``."""

    header: HeaderMessage
    child_frame_id: str
    pose: PoseWithCovarianceMessage
    twist: TwistWithCovarianceMessage


class TwistStampedMessage(Protocol):
    """``geometry_msgs/TwistStamped``."""

    header: HeaderMessage
    twist: TwistMessage


class TwistWithCovarianceStampedMessage(Protocol):
    """``geometry_msgs/TwistWithCovarianceStamped``."""

    header: HeaderMessage
    twist: TwistWithCovarianceMessage


class PoseStampedMessage(Protocol):
    """``geometry_msgs/PoseStamped``."""

    header: HeaderMessage
    pose: PoseMessage


class PoseWithCovarianceStampedMessage(Protocol):
    """``geometry_msgs/PoseWithCovarianceStamped``."""

    header: HeaderMessage
    pose: PoseWithCovarianceMessage


class PoseArrayMessage(Protocol):
    """``geometry_msgs/PoseArray``."""

    header: HeaderMessage
    poses: list[Any]


class PathMessage(Protocol):
    """``nav_msgs/Path``."""

    header: HeaderMessage
    poses: list[Any]


class TransformMessage(Protocol):
    """``geometry_msgs/Transform``."""

    translation: XyzMessage
    rotation: QuaternionMessage


class TransformStampedMessage(Protocol):
    """``geometry_msgs/TransformStamped``: ``child_frame_id`` seen from ``header.frame_id``."""

    header: HeaderMessage
    child_frame_id: str
    transform: TransformMessage


class ImageMessage(Protocol):
    """``sensor_msgs/Image``."""

    header: HeaderMessage
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: Any


class CompressedImageMessage(Protocol):
    """``sensor_msgs/CompressedImage``."""

    header: HeaderMessage
    format: str
    data: Any


class CameraInfoMessage(Protocol):
    """``sensor_msgs/CameraInfo``; k is 3 x 3 and p 3 x 4, row by row."""

    header: HeaderMessage
    height: int
    width: int
    distortion_model: str
    d: npt.ArrayLike
    k: npt.ArrayLike
    p: npt.ArrayLike


class PointFieldMessage(Protocol):
    """``sensor_msgs/PointField``."""

    name: str
    offset: int
    datatype: int
    count: int


class PointCloud2Message(Protocol):
    """``sensor_msgs/PointCloud2``; ``data`` is any buffer of bytes."""

    header: HeaderMessage
    height: int
    width: int
    fields: list[Any]
    is_bigendian: bool
    point_step: int
    row_step: int
    data: Any
    is_dense: bool


class MapMetaDataMessage(Protocol):
    """``nav_msgs/MapMetaData``."""

    map_load_time: TimeMessage
    resolution: float
    width: int
    height: int
    origin: PoseMessage


class OccupancyGridMessage(Protocol):
    """``nav_msgs/OccupancyGrid``."""

    header: HeaderMessage
    info: MapMetaDataMessage
    data: Any


class MessageFactory(Protocol):
    """Makes empty messages: rclpy's in a node, those of ``rosbags`` for a bag.

    So one mapping (``messages.outbound``) serves both.
    """

    def new(self, message_type: str) -> Any:
        """An empty message, every field at zero, of a type such as ``nav_msgs/msg/Odometry``."""
        ...

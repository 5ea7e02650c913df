# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Estimates to messages: one mapping for the nodes and for bags.

Every function fills a message that a ``MessageFactory`` makes. An estimate is planar: height,
roll and pitch are zero with zero covariance, which is how RViz and the ROS navigation stack
know a planar pose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoloc_ros.errors import ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.quaternions import quat_from_yaw
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.shapes import (
    HeaderMessage,
    MessageFactory,
    NavSatFixMessage,
    OdometryMessage,
    PathMessage,
    PoseArrayMessage,
    PoseMessage,
    PoseStampedMessage,
    PoseWithCovarianceStampedMessage,
    QuaternionMessage,
    TimeMessage,
    TransformStampedMessage,
)
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    SPEED,
    YAW_RATE,
    CovarianceType,
    Estimate,
    FixStatus,
    FloatArray,
    GeodeticPosition,
    GnssFix,
)

#: Variance of what is not measured at all: large, and still a number that can be inverted.
UNMEASURED_VARIANCE = 1e6
#: ``sensor_msgs/NavSatStatus.SERVICE_GPS``.
SERVICE_GPS = 1
_PLANAR_AXES = [0, 1, 5]
_TWIST_AXES = [0, 5]


def set_stamp(stamp: TimeMessage, stamp_ns: int) -> None:
    """Write nanoseconds into a ``builtin_interfaces/Time``, exactly."""
    stamp.sec, stamp.nanosec = divmod(int(stamp_ns), NANOSECONDS_PER_SECOND)


def set_header(header: HeaderMessage, stamp_ns: int, frame_id: str) -> None:
    """Write stamp and frame into a ``std_msgs/Header``."""
    set_stamp(header.stamp, stamp_ns)
    header.frame_id = frame_id


def set_quaternion(message: QuaternionMessage, quat_xyzw: FloatArray) -> None:
    """Write a quaternion, shape (4,), into a ``geometry_msgs/Quaternion``."""
    message.x, message.y, message.z, message.w = (float(part) for part in quat_xyzw)


def set_pose(message: PoseMessage, pose: Pose3) -> None:
    """Write a pose into a ``geometry_msgs/Pose``."""
    position = message.position
    position.x, position.y, position.z = (float(part) for part in pose.translation_m)
    set_quaternion(message.orientation, pose.quat_xyzw)


def set_planar_pose(message: PoseMessage, x_m: float, y_m: float, yaw_rad: float) -> None:
    """Write a level pose at height zero into a ``geometry_msgs/Pose``."""
    message.position.x, message.position.y, message.position.z = float(x_m), float(y_m), 0.0
    set_quaternion(message.orientation, quat_from_yaw(yaw_rad))


def pose_covariance(estimate: Estimate) -> FloatArray:
    """Covariance of x, y and yaw among the six axes of a ROS pose, row by row, shape (36,)."""
    covariance = np.zeros((6, 6))
    covariance[np.ix_(_PLANAR_AXES, _PLANAR_AXES)] = estimate.covariance[:3, :3]
    return covariance.ravel()


def twist_covariance(estimate: Estimate) -> FloatArray:
    """Covariance of speed and yaw rate among the six axes of a ROS twist, shape (36,)."""
    covariance = np.zeros((6, 6))
    rows = np.ix_([SPEED, YAW_RATE], [SPEED, YAW_RATE])
    covariance[np.ix_(_TWIST_AXES, _TWIST_AXES)] = estimate.covariance[rows]
    return covariance.ravel()


def pose_with_covariance(
    estimate: Estimate, frame_id: str, factory: MessageFactory
) -> PoseWithCovarianceStampedMessage:
    """``geometry_msgs/PoseWithCovarianceStamped`` of an estimate, in ``frame_id`` (``map``)."""
    message: PoseWithCovarianceStampedMessage = factory.new(
        'geometry_msgs/msg/PoseWithCovarianceStamped'
    )
    set_header(message.header, estimate.stamp_ns, frame_id)
    set_planar_pose(message.pose.pose, estimate.x_m, estimate.y_m, estimate.yaw_rad)
    message.pose.covariance = pose_covariance(estimate)
    return message


def pose_stamped(estimate: Estimate, frame_id: str, factory: MessageFactory) -> PoseStampedMessage:
    """``geometry_msgs/PoseStamped`` of an estimate, for a path."""
    message: PoseStampedMessage = factory.new('geometry_msgs/msg/PoseStamped')
    set_header(message.header, estimate.stamp_ns, frame_id)
    set_planar_pose(message.pose, estimate.x_m, estimate.y_m, estimate.yaw_rad)
    return message


def path(
    stamp_ns: int, frame_id: str, poses: Sequence[PoseStampedMessage], factory: MessageFactory
) -> PathMessage:
    """``nav_msgs/Path`` of poses made by ``pose_stamped`` (the messages are not copied)."""
    message: PathMessage = factory.new('nav_msgs/msg/Path')
    set_header(message.header, stamp_ns, frame_id)
    message.poses = list(poses)
    return message


def odometry(
    estimate: Estimate, frame_id: str, child_frame_id: str, factory: MessageFactory
) -> OdometryMessage:
    """``nav_msgs/Odometry``: pose in ``frame_id``; speed and yaw rate in ``child_frame_id``."""
    message: OdometryMessage = factory.new('nav_msgs/msg/Odometry')
    set_header(message.header, estimate.stamp_ns, frame_id)
    message.child_frame_id = child_frame_id
    set_planar_pose(message.pose.pose, estimate.x_m, estimate.y_m, estimate.yaw_rad)
    message.pose.covariance = pose_covariance(estimate)
    message.twist.twist.linear.x = estimate.speed_m_s
    message.twist.twist.angular.z = float(estimate.state[YAW_RATE])
    message.twist.covariance = twist_covariance(estimate)
    return message


def fused_fix(
    estimate: Estimate,
    datum: Datum,
    frame_id: str,
    factory: MessageFactory,
    alt_m: float | None = None,
) -> NavSatFixMessage:
    """``sensor_msgs/NavSatFix`` of an estimate: where ``base_link`` is on Earth.

    The covariance is turned from the datum's axes into east-north-up at the place itself
    (meridian convergence). Height is not estimated: its variance is ``UNMEASURED_VARIANCE``.

    Args:
        estimate: in ``map``.
        datum: where ``map`` is.
        frame_id: the frame located (``base_link``).
        factory: makes the message.
        alt_m: ellipsoidal height to state, such as the last fix's; ``None`` for the datum's.

    Raises:
        GeodesyError: the estimate is not finite, or no place near the datum.
    """
    height_m = datum.origin.alt_m if alt_m is None else alt_m
    position = datum.geodetic_at_altitude(estimate.x_m, estimate.y_m, height_m)
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = estimate.covariance[:2, :2]
    there_from_map = Datum(position).enu_from_other(datum)[0]
    covariance = there_from_map @ covariance @ there_from_map.T
    covariance[2, :] = covariance[:, 2] = 0.0
    covariance[2, 2] = UNMEASURED_VARIANCE
    return nav_sat_fix(
        GnssFix(
            stamp_ns=estimate.stamp_ns,
            frame_id=frame_id,
            position=position,
            covariance_enu_m2=covariance,
            covariance_type=CovarianceType.KNOWN,
            status=FixStatus.FIX,
        ),
        factory,
    )


def nav_sat_fix(fix: GnssFix, factory: MessageFactory) -> NavSatFixMessage:
    """``sensor_msgs/NavSatFix`` of a fix, as it stands; the service named is GPS."""
    message: NavSatFixMessage = factory.new('sensor_msgs/msg/NavSatFix')
    set_header(message.header, fix.stamp_ns, fix.frame_id)
    message.status.status = int(fix.status)
    message.status.service = SERVICE_GPS
    message.latitude = float(fix.position.lat_deg)
    message.longitude = float(fix.position.lon_deg)
    message.altitude = float(fix.position.alt_m)
    message.position_covariance = np.array(fix.covariance_enu_m2, dtype=np.float64).ravel()
    message.position_covariance_type = int(fix.covariance_type)
    return message


def datum_fix(
    origin: GeodeticPosition, stamp_ns: int, frame_id: str, factory: MessageFactory
) -> NavSatFixMessage:
    """The datum as a ``sensor_msgs/NavSatFix`` without error, in the frame it is origin of."""
    return nav_sat_fix(
        GnssFix(
            stamp_ns=stamp_ns,
            frame_id=frame_id,
            position=origin,
            covariance_enu_m2=np.zeros((3, 3)),
            covariance_type=CovarianceType.KNOWN,
            status=FixStatus.FIX,
        ),
        factory,
    )


def pose_array(
    stamp_ns: int, frame_id: str, poses: FloatArray, factory: MessageFactory
) -> PoseArrayMessage:
    """``geometry_msgs/PoseArray`` of particles.

    Args:
        stamp_ns: time they hold at.
        frame_id: the frame they are in (``map``).
        poses: x (m), y (m) and yaw (rad), shape (n, 3).
        factory: makes the messages.

    Raises:
        ShapeError: ``poses`` is not (n, 3).
    """
    if poses.ndim != 2 or poses.shape[1] != 3:
        raise ShapeError(f'poses has shape {poses.shape}; expected (n, 3): x, y, yaw')
    message: PoseArrayMessage = factory.new('geometry_msgs/msg/PoseArray')
    set_header(message.header, stamp_ns, frame_id)
    pose_messages = []
    for x_m, y_m, yaw_rad in poses.tolist():
        pose: PoseMessage = factory.new('geometry_msgs/msg/Pose')
        set_planar_pose(pose, x_m, y_m, yaw_rad)
        pose_messages.append(pose)
    message.poses = pose_messages
    return message


def transform_stamped(
    stamp_ns: int, frame_id: str, child_frame_id: str, pose: Pose3, factory: MessageFactory
) -> TransformStampedMessage:
    """``geometry_msgs/TransformStamped``: ``pose`` is ``frame_id`` from ``child_frame_id``."""
    message: TransformStampedMessage = factory.new('geometry_msgs/msg/TransformStamped')
    set_header(message.header, stamp_ns, frame_id)
    message.child_frame_id = child_frame_id
    translation = message.transform.translation
    translation.x, translation.y, translation.z = (float(part) for part in pose.translation_m)
    set_quaternion(message.transform.rotation, pose.quat_xyzw)
    return message

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Sensor readings to messages, for what writes drives: converters and the simulation.

A fix is written by ``messages.outbound.nav_sat_fix``. What a sensor does not measure is said so
as ROS says it: a first covariance element of -1 in an ``Imu``, a large variance elsewhere.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import (
    UNMEASURED_VARIANCE,
    set_header,
    set_pose,
    set_quaternion,
)
from geoloc_ros.messages.shapes import ImuMessage, MessageFactory, OdometryMessage
from geoloc_ros.types import FloatArray

_IDENTITY_XYZW = np.array((0.0, 0.0, 0.0, 1.0))


@dataclasses.dataclass(frozen=True, slots=True)
class ImuReading:
    """One reading of an inertial unit, in its own frame.

    Attributes:
        stamp_ns: time of the measurement.
        frame_id: frame of the unit.
        angular_velocity_rad_s: shape (3,).
        linear_acceleration_m_s2: specific force, shape (3,), +9.8 upwards at rest; ``None``
            where not measured.
        quat_xyzw: attitude towards east-north-up, shape (4,); ``None`` where not measured.
        angular_velocity_variance: per axis; 0 where not stated.
        linear_acceleration_variance: per axis; 0 where not stated.
        orientation_variance_rad2: per axis; 0 where not stated.
    """

    stamp_ns: int
    frame_id: str
    angular_velocity_rad_s: FloatArray
    linear_acceleration_m_s2: FloatArray | None = None
    quat_xyzw: FloatArray | None = None
    angular_velocity_variance: float = 0.0
    linear_acceleration_variance: float = 0.0
    orientation_variance_rad2: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class OdometryReading:
    """One reading of an odometry source.

    Attributes:
        stamp_ns: time of the measurement.
        frame_id: frame of the pose (``odom``, or ``map`` for a true pose).
        child_frame_id: the body frame.
        pose: body in ``frame_id``; ``None`` where the source integrates none.
        linear_m_s: velocity in the body frame, shape (3,).
        angular_rad_s: angular velocity in the body frame, shape (3,).
        measures_yaw_rate: otherwise the yaw rate's variance is ``UNMEASURED_VARIANCE``.
        pose_covariance: row by row, shape (36,); ``None`` where not stated.
        speed_variance: of the first element of ``linear_m_s``; 0 where not stated.
        yaw_rate_variance: of the last element of ``angular_rad_s``; 0 where not stated.
    """

    stamp_ns: int
    frame_id: str
    child_frame_id: str
    pose: Pose3 | None
    linear_m_s: FloatArray
    angular_rad_s: FloatArray
    measures_yaw_rate: bool = True
    pose_covariance: FloatArray | None = None
    speed_variance: float = 0.0
    yaw_rate_variance: float = 0.0


def imu(reading: ImuReading, factory: MessageFactory) -> ImuMessage:
    """``sensor_msgs/Imu`` of a reading."""
    message: ImuMessage = factory.new('sensor_msgs/msg/Imu')
    set_header(message.header, reading.stamp_ns, reading.frame_id)
    rate, force = message.angular_velocity, message.linear_acceleration
    rate.x, rate.y, rate.z = (float(part) for part in reading.angular_velocity_rad_s)
    message.angular_velocity_covariance = _diagonal(reading.angular_velocity_variance)
    if reading.linear_acceleration_m_s2 is None:
        message.linear_acceleration_covariance = _diagonal(None)
    else:
        force.x, force.y, force.z = (float(part) for part in reading.linear_acceleration_m_s2)
        message.linear_acceleration_covariance = _diagonal(reading.linear_acceleration_variance)
    if reading.quat_xyzw is None:
        set_quaternion(message.orientation, _IDENTITY_XYZW)
        message.orientation_covariance = _diagonal(None)
    else:
        set_quaternion(message.orientation, reading.quat_xyzw)
        message.orientation_covariance = _diagonal(reading.orientation_variance_rad2)
    return message


def odometry_reading(reading: OdometryReading, factory: MessageFactory) -> OdometryMessage:
    """``nav_msgs/Odometry`` of a reading."""
    message: OdometryMessage = factory.new('nav_msgs/msg/Odometry')
    set_header(message.header, reading.stamp_ns, reading.frame_id)
    message.child_frame_id = reading.child_frame_id
    if reading.pose is None:
        set_quaternion(message.pose.pose.orientation, _IDENTITY_XYZW)
        message.pose.covariance = (np.eye(6) * UNMEASURED_VARIANCE).ravel()
    else:
        set_pose(message.pose.pose, reading.pose)
        if reading.pose_covariance is not None:
            message.pose.covariance = np.array(reading.pose_covariance, dtype=np.float64)
    linear, angular = message.twist.twist.linear, message.twist.twist.angular
    linear.x, linear.y, linear.z = (float(part) for part in reading.linear_m_s)
    angular.x, angular.y, angular.z = (float(part) for part in reading.angular_rad_s)
    covariance = np.zeros(36)
    covariance[0] = reading.speed_variance
    covariance[35] = (
        reading.yaw_rate_variance if reading.measures_yaw_rate else UNMEASURED_VARIANCE
    )
    message.twist.covariance = covariance
    return message


def _diagonal(variance: float | None) -> FloatArray:
    """A 3 x 3 covariance, row by row; ``None``: not measured (first element -1)."""
    if variance is None:
        covariance = np.zeros(9)
        covariance[0] = -1.0
        return covariance
    return (np.eye(3) * variance).ravel()

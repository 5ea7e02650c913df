# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Sensor messages to measurements: pure functions that read attributes only, and import no ROS.

What is passed on and what is refused: a number that is not finite is passed on, for the
localizer counts and names it; what cannot be put into the record at all (an array of the wrong
size, an unknown constant, a negative variance, a quaternion that is no rotation) raises
``MeasurementError``. Variances of zero mean "not stated" (ROS has no other word for it) and
become ``None``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MeasurementError
from geoloc_ros.geometry.quaternions import rotation_from_quat, yaw_from_quat
from geoloc_ros.messages.shapes import (
    ImuMessage,
    NavSatFixMessage,
    OdometryMessage,
    PoseWithCovarianceStampedMessage,
    QuaternionMessage,
    TimeMessage,
    TwistMessage,
    TwistStampedMessage,
    TwistWithCovarianceStampedMessage,
    XyzMessage,
)
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    CovarianceType,
    FixStatus,
    FloatArray,
    GeodeticPosition,
    GnssFix,
    OdometryPose,
    PoseMeasurement,
    PosePrior,
    TwistSample,
)

#: x, y and yaw among the six axes of a ROS pose (x, y, z, rotations about x, y, z).
_PLANAR_AXES = [0, 1, 5]
_SPEED_AXIS, _YAW_AXIS = 0, 5
#: First element of a covariance whose quantity the sender does not measure (``sensor_msgs/Imu``).
_NOT_MEASURED = -1.0
#: (100 m/s)^2 and (100 rad/s)^2: no ground vehicle is that uncertain of a motion it measures.
NOT_MEASURED_VARIANCE = 1e4


def stamp_ns(stamp: TimeMessage) -> int:
    """``builtin_interfaces/Time`` as nanoseconds, exact."""
    return int(stamp.sec) * NANOSECONDS_PER_SECOND + int(stamp.nanosec)


def quat_xyzw(orientation: QuaternionMessage) -> FloatArray:
    """``geometry_msgs/Quaternion``, shape (4,), as it stands."""
    return np.array((orientation.x, orientation.y, orientation.z, orientation.w), dtype=np.float64)


def gnss_fix(message: NavSatFixMessage, source: str = 'fix') -> GnssFix:
    """``sensor_msgs/NavSatFix`` as it stands: the observation layer judges position and sigma.

    Raises:
        MeasurementError: the covariance is not nine numbers, or status or covariance type is
            none of the message's constants.
    """
    try:
        status = FixStatus(int(message.status.status))
        covariance_type = CovarianceType(int(message.position_covariance_type))
    except ValueError as error:
        raise MeasurementError(
            f'fix from {source!r} has status {message.status.status} and covariance type '
            f'{message.position_covariance_type}; expected a status from -2 to 2 and a type from '
            '0 to 3 (sensor_msgs/NavSatFix); mend the driver'
        ) from error
    return GnssFix(
        stamp_ns=stamp_ns(message.header.stamp),
        frame_id=message.header.frame_id,
        position=GeodeticPosition(
            float(message.latitude), float(message.longitude), float(message.altitude)
        ),
        covariance_enu_m2=_square(message.position_covariance, 3, source),
        covariance_type=covariance_type,
        status=status,
        source=source,
    )


def twist_sample_from_odometry(message: OdometryMessage, source: str = 'odom') -> TwistSample:
    """Forward speed and yaw rate of ``nav_msgs/Odometry``, in its ``child_frame_id``.

    Raises:
        MeasurementError: the covariance is not 36 numbers, a variance is negative, or neither
            component is measured.
    """
    covariance = _square(message.twist.covariance, 6, source)
    return _twist_sample(
        stamp_ns(message.header.stamp),
        message.child_frame_id,
        message.twist.twist,
        covariance,
        source,
    )


def odometry_pose(message: OdometryMessage, source: str = 'odom') -> OdometryPose:
    """Pose of ``nav_msgs/Odometry`` in its drifting ``header.frame_id``.

    Raises:
        MeasurementError: the orientation is no rotation.
    """
    pose = message.pose.pose
    return OdometryPose(
        stamp_ns=stamp_ns(message.header.stamp),
        frame_id=message.header.frame_id,
        x_m=float(pose.position.x),
        y_m=float(pose.position.y),
        yaw_rad=yaw_from_quat(quat_xyzw(pose.orientation)),
        source=source,
    )


def twist_sample_from_twist(message: TwistStampedMessage, source: str = 'twist') -> TwistSample:
    """Forward speed and yaw rate of ``geometry_msgs/TwistStamped``; it states no variance."""
    return _twist_sample(
        stamp_ns(message.header.stamp),
        message.header.frame_id,
        message.twist,
        np.zeros((6, 6)),
        source,
    )


def twist_sample_from_twist_with_covariance(
    message: TwistWithCovarianceStampedMessage, source: str = 'twist'
) -> TwistSample:
    """Forward speed and yaw rate of ``geometry_msgs/TwistWithCovarianceStamped``.

    Raises:
        MeasurementError: the covariance is not 36 numbers, a variance is negative, or neither
            component is measured.
    """
    covariance = _square(message.twist.covariance, 6, source)
    return _twist_sample(
        stamp_ns(message.header.stamp),
        message.header.frame_id,
        message.twist.twist,
        covariance,
        source,
    )


def twist_sample_from_imu(
    message: ImuMessage,
    base_from_imu_xyzw: npt.ArrayLike = (0.0, 0.0, 0.0, 1.0),
    source: str = 'imu',
) -> TwistSample:
    """Yaw rate of ``sensor_msgs/Imu``: z of its angular velocity turned into ``base_link``.

    Args:
        message: angular velocity in rad/s in its ``header.frame_id``.
        base_from_imu_xyzw: mounting, as tf gives it: the turn of the IMU's frame seen from
            ``base_link``, shape (4,).
        source: name for counters and warnings.

    Raises:
        MeasurementError: the sender says that it measures no angular velocity, the covariance is
            not nine numbers, or a variance is negative.
    """
    covariance = _square(message.angular_velocity_covariance, 3, source)
    if covariance[0, 0] == _NOT_MEASURED:
        raise MeasurementError(
            f'{source!r} says that it measures no angular velocity '
            '(angular_velocity_covariance[0] = -1); expected a yaw rate; take it off the sources'
        )
    _check_variances(covariance, source)
    base_from_imu = rotation_from_quat(base_from_imu_xyzw)
    yaw_axis = base_from_imu[2]
    return TwistSample(
        stamp_ns=stamp_ns(message.header.stamp),
        frame_id=message.header.frame_id,
        speed_m_s=None,
        yaw_rate_rad_s=float(yaw_axis @ _xyz(message.angular_velocity)),
        yaw_rate_variance=_variance(float(yaw_axis @ covariance @ yaw_axis)),
        source=source,
    )


def pose_measurement(
    message: PoseWithCovarianceStampedMessage, source: str = 'pose_observation'
) -> PoseMeasurement:
    """An absolute pose from another system, in its ``header.frame_id``.

    It has no yaw where its orientation is all zeros (not filled in), or where the variance of
    its yaw, or of its first rotation, is -1 (the convention of ``sensor_msgs/Imu``).

    Raises:
        MeasurementError: the covariance is not 36 numbers, a variance of the position is
            negative, or the orientation is no rotation.
    """
    covariance = _square(message.pose.covariance, 6, source)
    orientation = quat_xyzw(message.pose.pose.orientation)
    planar = covariance[np.ix_(_PLANAR_AXES, _PLANAR_AXES)]
    has_yaw = bool(np.any(orientation != 0.0)) and _NOT_MEASURED not in (
        covariance[_YAW_AXIS, _YAW_AXIS],
        covariance[3, 3],
    )
    _check_variances(planar if has_yaw else planar[:2, :2], source)
    return PoseMeasurement(
        stamp_ns=stamp_ns(message.header.stamp),
        frame_id=message.header.frame_id,
        x_m=float(message.pose.pose.position.x),
        y_m=float(message.pose.pose.position.y),
        yaw_rad=yaw_from_quat(orientation) if has_yaw else None,
        covariance=planar,
        source=source,
    )


def pose_prior(
    message: PoseWithCovarianceStampedMessage,
    default_sigma_m: float = 0.5,
    default_yaw_sigma_rad: float = math.pi / 12.0,
) -> PosePrior:
    """``initialpose``, as RViz sends it, as a pose to start from.

    The caller looks at ``header.frame_id``: a prior has no frame, it is in ``map``.

    Args:
        message: pose in ``map``.
        default_sigma_m: standard deviation per axis where the message states none (RViz's own).
        default_yaw_sigma_rad: the same for yaw (RViz's own, 15 degrees).

    Raises:
        MeasurementError: as ``pose_measurement``; or the pose is not finite.
    """
    pose = pose_measurement(message, 'initialpose')
    values = np.array((pose.x_m, pose.y_m, pose.yaw_rad or 0.0))
    if not (np.isfinite(values).all() and np.isfinite(pose.covariance).all()):
        raise MeasurementError(
            f'initial pose is {values.tolist()} with covariance {pose.covariance.tolist()}; '
            'expected finite numbers; send it again'
        )
    position_covariance = pose.covariance[:2, :2].copy()
    if np.any(np.diag(position_covariance) <= 0.0):
        position_covariance = np.eye(2) * default_sigma_m**2
    yaw_variance = float(pose.covariance[2, 2])
    return PosePrior(
        stamp_ns=pose.stamp_ns,
        x_m=pose.x_m,
        y_m=pose.y_m,
        position_covariance_m2=position_covariance,
        yaw_rad=pose.yaw_rad,
        yaw_variance_rad2=yaw_variance if yaw_variance > 0.0 else default_yaw_sigma_rad**2,
    )


def _twist_sample(
    stamp: int, frame_id: str, twist: TwistMessage, covariance: FloatArray, source: str
) -> TwistSample:
    _check_variances(covariance, source)
    speed_variance = float(covariance[_SPEED_AXIS, _SPEED_AXIS])
    yaw_rate_variance = float(covariance[_YAW_AXIS, _YAW_AXIS])
    has_speed = speed_variance < NOT_MEASURED_VARIANCE
    has_yaw_rate = yaw_rate_variance < NOT_MEASURED_VARIANCE
    if not (has_speed or has_yaw_rate):
        raise MeasurementError(
            f'{source!r} states the variances {speed_variance} of its speed and '
            f'{yaw_rate_variance} of its yaw rate; expected one below {NOT_MEASURED_VARIANCE:g}, '
            'above which it counts as not measured; take it off the sources, or use its pose'
        )
    return TwistSample(
        stamp_ns=stamp,
        frame_id=frame_id,
        speed_m_s=float(twist.linear.x) if has_speed else None,
        yaw_rate_rad_s=float(twist.angular.z) if has_yaw_rate else None,
        speed_variance=_variance(speed_variance) if has_speed else None,
        yaw_rate_variance=_variance(yaw_rate_variance) if has_yaw_rate else None,
        source=source,
    )


def _xyz(vector: XyzMessage) -> FloatArray:
    return np.array((vector.x, vector.y, vector.z), dtype=np.float64)


def _variance(number: float) -> float | None:
    return number if number > 0.0 else None


def _square(numbers: npt.ArrayLike, size: int, source: str) -> FloatArray:
    """Row-major numbers as a matrix of our own, shape (size, size)."""
    array = np.array(numbers, dtype=np.float64)
    if array.size != size * size:
        raise MeasurementError(
            f'{source!r} has a covariance of {array.size} numbers; expected {size * size} '
            f'({size} x {size}, row by row); mend the sender'
        )
    return array.reshape(size, size)


def _check_variances(covariance: FloatArray, source: str) -> None:
    """Refuse variances that are negative or not a number."""
    variances = np.diag(covariance)
    if not np.all(variances >= 0.0):
        raise MeasurementError(
            f'{source!r} states the variances {variances.tolist()}; expected numbers that are not '
            'negative (zero: not stated); mend the sender'
        )

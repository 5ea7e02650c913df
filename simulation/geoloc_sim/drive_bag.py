# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Writes a simulated drive as a rosbag2 bag.

Topic                    Type                     Content
/fix                     sensor_msgs/NavSatFix    frame ``gnss``, received late by its latency
/odom                    nav_msgs/Odometry        wheel speed; pose by dead reckoning
/imu                     sensor_msgs/Imu          yaw rate only (no attitude, no acceleration)
/ground_truth/odometry   nav_msgs/Odometry        true pose in ``map``
/ground_truth/fix        sensor_msgs/NavSatFix    true position of ``base_link``, 10 Hz
/ground_truth/datum      sensor_msgs/NavSatFix    origin of ``map``, latched
/tf_static               tf2_msgs/TFMessage       ``base_link`` to ``gnss`` and ``imu``
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from geoloc_ros.bags.conversion import (
    ConversionReport,
    Event,
    Progress,
    StaticTransform,
    write_drive,
)
from geoloc_ros.bags.writer import Storage
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.geometry.quaternions import quat_from_yaw
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import nav_sat_fix
from geoloc_ros.messages.sensors import ImuReading, OdometryReading, imu, odometry_reading
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    CovarianceType,
    FixStatus,
    FloatArray,
    GnssFix,
)
from geoloc_sim.drive import BASE_FRAME, GNSS_FRAME, IMU_FRAME, gnss_fixes, level_positions
from geoloc_sim.records import SimulatedDrive

_TRUTH_FIX_PERIOD_NS = NANOSECONDS_PER_SECOND // 10
_TRUTH_FIX_SIGMA_M = 0.001
_IDENTITY_XYZW = np.array((0.0, 0.0, 0.0, 1.0))


def write_bag(
    drive: SimulatedDrive,
    path: Path,
    storage: Storage = Storage.MCAP,
    progress: Progress | None = None,
) -> ConversionReport:
    """Write a drive as a bag.

    Args:
        drive: what to write.
        path: the bag's folder, which must not exist yet.
        storage: file format.
        progress: called with messages written and messages in all.

    Raises:
        DriveError: the folder exists or cannot be written.
    """
    events, transforms = list(drive_events(drive)), drive_transforms(drive)
    notes = [drive_note(drive)]
    return write_drive(path, storage, events, transforms, drive.truth.datum, notes, progress)


def drive_note(drive: SimulatedDrive) -> str:
    """What a bag says of its origin."""
    return f'{drive.name}: simulated by geoloc_sim; it says nothing about real accuracy'


def drive_transforms(drive: SimulatedDrive) -> list[StaticTransform]:
    """Where antenna and gyroscope sit."""
    forward_m, left_m = drive.antenna_lever_arm_m
    gnss_pose = Pose3(np.array((forward_m, left_m, 0.0)), _IDENTITY_XYZW)
    transforms = [StaticTransform(BASE_FRAME, GNSS_FRAME, gnss_pose)]
    if drive.imu_yaw_rate is not None:
        transforms.append(StaticTransform(BASE_FRAME, IMU_FRAME, Pose3.identity()))
    return transforms


def dead_reckoning(drive: SimulatedDrive) -> FloatArray:
    """Pose that the odometry integrates from its first sample, shape (n, 3): x, y, yaw.

    The yaw rate is the odometry's own, else that of the gyroscope, interpolated.
    """
    wheel = drive.wheel_speed
    times_s = (wheel.stamps_ns - wheel.stamps_ns[0]) / NANOSECONDS_PER_SECOND
    turning = drive.wheel_yaw_rate or drive.imu_yaw_rate
    rate = np.zeros_like(wheel.values)
    if turning is not None:
        own_s = (turning.stamps_ns - wheel.stamps_ns[0]) / NANOSECONDS_PER_SECOND
        rate = np.interp(times_s, own_s, turning.values)
    step_s = np.diff(times_s)
    turns = 0.5 * (rate[1:] + rate[:-1]) * step_s
    yaw = np.concatenate(([0.0], turns.cumsum()))
    distances = 0.5 * (wheel.values[1:] + wheel.values[:-1]) * step_s
    middle = yaw[:-1] + 0.5 * turns
    x = np.concatenate(([0.0], (distances * np.cos(middle)).cumsum()))
    y = np.concatenate(([0.0], (distances * np.sin(middle)).cumsum()))
    return np.column_stack((x, y, wrap_angle(yaw)))


def drive_events(drive: SimulatedDrive) -> Iterator[Event]:
    """Truth, fixes, odometry and gyroscope as messages to be."""
    yield from _truth_events(drive)
    fixes = gnss_fixes(drive.gnss, drive.truth.datum)
    for receive_ns, fix in zip(drive.gnss.receive_stamps_ns.tolist(), fixes, strict=True):
        yield Event(receive_ns, '/fix', partial(nav_sat_fix, fix))
    yield from _odometry_events(drive)
    gyro = drive.imu_yaw_rate
    if gyro is None:
        return
    for stamp, rate in zip(gyro.stamps_ns.tolist(), gyro.values.tolist(), strict=True):
        reading = ImuReading(
            stamp,
            IMU_FRAME,
            np.array((0.0, 0.0, rate)),
            angular_velocity_variance=gyro.variance,
        )
        yield Event(stamp, '/imu', partial(imu, reading))


def _odometry_events(drive: SimulatedDrive) -> Iterator[Event]:
    wheel, turning = drive.wheel_speed, drive.wheel_yaw_rate
    rates = np.zeros_like(wheel.values) if turning is None else turning.values
    for stamp, speed, rate, (x_m, y_m, yaw_rad) in zip(
        wheel.stamps_ns.tolist(), wheel.values, rates, dead_reckoning(drive), strict=True
    ):
        reading = OdometryReading(
            stamp,
            'odom',
            BASE_FRAME,
            Pose3(np.array((x_m, y_m, 0.0)), quat_from_yaw(float(yaw_rad))),
            np.array((speed, 0.0, 0.0)),
            np.array((0.0, 0.0, rate)),
            measures_yaw_rate=turning is not None,
            speed_variance=wheel.variance,
            yaw_rate_variance=0.0 if turning is None else turning.variance,
        )
        yield Event(stamp, '/odom', partial(odometry_reading, reading))


def _truth_events(drive: SimulatedDrive) -> Iterator[Event]:
    truth = drive.truth
    positions = level_positions(truth.datum, np.column_stack((truth.x_m, truth.y_m)))
    next_fix_ns = int(truth.stamps_ns[0])
    covariance = np.eye(3) * _TRUTH_FIX_SIGMA_M**2
    columns = np.column_stack(
        (truth.x_m, truth.y_m, wrap_angle(truth.yaw_rad), truth.speed_m_s, truth.yaw_rate_rad_s)
    )
    for stamp, (x_m, y_m, yaw_rad, speed, rate), position in zip(
        truth.stamps_ns.tolist(), columns.tolist(), positions, strict=True
    ):
        reading = OdometryReading(
            stamp,
            'map',
            BASE_FRAME,
            Pose3(np.array((x_m, y_m, 0.0)), quat_from_yaw(yaw_rad)),
            np.array((speed, 0.0, 0.0)),
            np.array((0.0, 0.0, rate)),
        )
        yield Event(stamp, '/ground_truth/odometry', partial(odometry_reading, reading))
        if stamp >= next_fix_ns:
            next_fix_ns += _TRUTH_FIX_PERIOD_NS
            fix = GnssFix(
                stamp, BASE_FRAME, position, covariance, CovarianceType.KNOWN, FixStatus.FIX
            )
            yield Event(stamp, '/ground_truth/fix', partial(nav_sat_fix, fix))

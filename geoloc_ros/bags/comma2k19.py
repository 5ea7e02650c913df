# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""comma2k19 segments as bags.

``base_link`` stands in the phone behind the windscreen (its camera, whose pose is the truth),
x along the car's course, y left, z up. The phone looks a little to the side of the course; that
mounting yaw is measured over the segment and stands in ``/tf_static``.

=========================== =============================== =======================================
topic                       type                            content
=========================== =============================== =======================================
/fix                        sensor_msgs/NavSatFix           as logged; no accuracy is stated
/odom                       nav_msgs/Odometry               mean wheel speed; no pose, no yaw rate
/imu                        sensor_msgs/Imu                 gyroscope, accelerometer; no attitude
/ground_truth/odometry      nav_msgs/Odometry               ENU about the first frame, 20 Hz
/ground_truth/fix           sensor_msgs/NavSatFix           of ``base_link``, 20 Hz
/ground_truth/datum         sensor_msgs/NavSatFix           where ENU of the truth begins; latched
/tf_static                  tf2_msgs/TFMessage              base_link to imu_link, gps, camera
=========================== =============================== =======================================

Header stamps are the log's own times (since boot) moved to Unix time by one constant. A fix's own
UTC column is not used: it lies 0.15 s (qcom) or 0.20 s (ublox) before the time of its log entry,
and positions fit the truth better at the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
import math
from pathlib import Path

import numpy as np

from geoloc_ros.bags.comma2k19_files import CameraTruth, Log, Segment, read_segment
from geoloc_ros.bags.conversion import (
    BODY_FROM_OPTICAL_XYZW,
    IDENTITY_XYZW,
    ConversionReport,
    Event,
    Progress,
    StaticTransform,
    write_drive,
)
from geoloc_ros.bags.writer import Storage
from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.ecef import geodetic_from_ecef
from geoloc_ros.geometry.angles import angle_difference, circular_mean
from geoloc_ros.geometry.quaternions import (
    checked_quat,
    quat_from_rotation,
    quat_from_yaw,
    quat_multiply,
    rotation_from_quat,
    yaw_from_quat,
)
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import nav_sat_fix
from geoloc_ros.messages.sensors import ImuReading, OdometryReading, imu, odometry_reading
from geoloc_ros.types import (
    CovarianceType,
    FixStatus,
    FloatArray,
    GeodeticPosition,
    GnssFix,
)

#: Half a turn about x: forward, right, down seen from forward, left, up; and the other way.
_FLU_FROM_FRD_XYZW = np.array((1.0, 0.0, 0.0, 0.0))
#: The course of the car says where its nose points only when it moves.
_MIN_COURSE_SPEED_M_S = 5.0


def from_comma2k19(
    source: Path,
    out: Path,
    receiver: str = 'qcom',
    storage: Storage = Storage.MCAP,
    progress: Progress | None = None,
) -> ConversionReport:
    """Convert a comma2k19 segment to a bag.

    Args:
        source: the segment's folder (with ``global_pose`` and ``processed_log``).
        out: the bag to make; must not exist.
        receiver: whose fixes become ``/fix``: ``qcom`` or ``ublox``.
        storage: file format of the bag.
        progress: called after each message.

    Raises:
        DriveError: the source is no such segment, or the bag cannot be written.
    """
    segment = read_segment(source, receiver)
    datum = Datum(_geodetic(segment.truth.positions_ecef_m[0]))
    mounting_yaw_rad = mounting_yaw(segment.truth, datum)
    events = [
        *_fix_events(segment.fixes),
        *_wheel_events(segment.wheel_speeds),
        *_imu_events(segment),
        *_truth_events(segment.truth, datum, mounting_yaw_rad),
    ]
    transforms = _transforms(mounting_yaw_rad)
    notes = _notes(mounting_yaw_rad)
    return write_drive(out, storage, events, transforms, datum.origin, notes, progress)


def _notes(mounting_yaw_rad: float) -> tuple[str, ...]:
    times = (
        'header stamps are the log times since boot plus one constant, from frame_gps_times, '
        "with 18 leap seconds; the fixes' own UTC column is not used"
    )
    turned = (
        f'the phone looks {math.degrees(mounting_yaw_rad):.2f} deg to the left of the course '
        '(mean over the segment at more than 5 m/s): base_link looks along the course'
    )
    return (
        times,
        'the receiver states no accuracy: the covariance of /fix is zero and of unknown type',
        'lever arms are not known: gps, imu_link and camera_link stand where base_link does',
        turned,
        'the folder holds no video: no images are written',
    )


def mounting_yaw(truth: CameraTruth, datum: Datum) -> float:
    """Mean turn from the car's course to where the camera looks, rad; 0 when it never drives."""
    map_from_earth = datum.ecef_from_enu()[0].T
    turns = []
    for velocity, quat in zip(truth.velocities_ecef_m_s, truth.ecef_from_camera_xyzw, strict=True):
        east, north, _ = map_from_earth @ velocity
        if math.hypot(east, north) < _MIN_COURSE_SPEED_M_S:
            continue
        forward = map_from_earth @ rotation_from_quat(quat)[:, 0]
        turns.append(angle_difference(math.atan2(forward[1], forward[0]), math.atan2(north, east)))
    return circular_mean(turns) if turns else 0.0


def _transforms(mounting_yaw_rad: float) -> list[StaticTransform]:
    """The phone's axes turned by the mounting yaw; nobody measured where anything sits."""
    phone_quat = quat_from_yaw(mounting_yaw_rad)
    return [
        StaticTransform('base_link', 'gps', _at_origin(IDENTITY_XYZW)),
        StaticTransform(
            'base_link', 'imu_link', _at_origin(quat_multiply(phone_quat, _FLU_FROM_FRD_XYZW))
        ),
        StaticTransform('base_link', 'camera_link', _at_origin(phone_quat)),
        StaticTransform('camera_link', 'camera_optical', _at_origin(BODY_FROM_OPTICAL_XYZW)),
    ]


def _at_origin(quat_xyzw: FloatArray) -> Pose3:
    return Pose3(np.zeros(3), quat_xyzw)


def _geodetic(position_ecef_m: FloatArray) -> GeodeticPosition:
    return geodetic_from_ecef(*(float(part) for part in position_ecef_m))


def _fix_events(fixes: Log) -> Iterator[Event]:
    for stamp, row in zip(fixes.stamps_ns.tolist(), fixes.values, strict=True):
        lat_deg, lon_deg, _, _, alt_m, _ = row.tolist()
        fix = GnssFix(
            stamp_ns=stamp,
            frame_id='gps',
            position=GeodeticPosition(lat_deg, lon_deg, alt_m),
            covariance_enu_m2=np.zeros((3, 3)),
            covariance_type=CovarianceType.UNKNOWN,
            status=FixStatus.FIX,
        )
        yield Event(stamp, '/fix', partial(nav_sat_fix, fix))


def _wheel_events(wheel_speeds: Log) -> Iterator[Event]:
    speeds = wheel_speeds.values.mean(axis=1).tolist()
    for stamp, speed_m_s in zip(wheel_speeds.stamps_ns.tolist(), speeds, strict=True):
        reading = OdometryReading(
            stamp_ns=stamp,
            frame_id='odom',
            child_frame_id='base_link',
            pose=None,
            linear_m_s=np.array((speed_m_s, 0.0, 0.0)),
            angular_rad_s=np.zeros(3),
            measures_yaw_rate=False,
        )
        yield Event(stamp, '/odom', partial(odometry_reading, reading))


def _imu_events(segment: Segment) -> Iterator[Event]:
    """Gyroscope and accelerometer, which the phone logs at the same instants."""
    gyroscope, accelerometer = segment.gyroscope, segment.accelerometer
    if not np.array_equal(gyroscope.stamps_ns, accelerometer.stamps_ns):
        raise DriveError(
            'gyroscope and accelerometer of this segment were not logged at the same times; '
            'expected equal IMU/gyro/t and IMU/accelerometer/t; use another segment'
        )
    rows = zip(gyroscope.stamps_ns.tolist(), gyroscope.values, accelerometer.values, strict=True)
    for stamp, rate, force in rows:
        reading = ImuReading(
            stamp_ns=stamp,
            frame_id='imu_link',
            angular_velocity_rad_s=rate,
            linear_acceleration_m_s2=force,
        )
        yield Event(stamp, '/imu', partial(imu, reading))


def _truth_events(truth: CameraTruth, datum: Datum, mounting_yaw_rad: float) -> Iterator[Event]:
    earth_rotation = datum.ecef_from_enu()[0]
    map_from_earth = quat_from_rotation(earth_rotation.T)
    camera_from_base = quat_multiply(_FLU_FROM_FRD_XYZW, quat_from_yaw(-mounting_yaw_rad))
    rows = zip(
        truth.stamps_ns.tolist(),
        truth.positions_ecef_m,
        truth.velocities_ecef_m_s,
        truth.ecef_from_camera_xyzw,
        strict=True,
    )
    yaws = []
    poses = []
    for _, position_ecef_m, _, quat in rows:
        map_from_camera = quat_multiply(map_from_earth, checked_quat(quat))
        map_from_base = quat_multiply(map_from_camera, camera_from_base)
        poses.append(Pose3(datum.enu_from_geodetic(_geodetic(position_ecef_m)), map_from_base))
        yaws.append(yaw_from_quat(map_from_base))
    yaw_rates = np.gradient(np.unwrap(yaws), (truth.stamps_ns - truth.stamps_ns[0]) * 1e-9)
    for index, stamp in enumerate(truth.stamps_ns.tolist()):
        pose = poses[index]
        velocity_enu = earth_rotation.T @ truth.velocities_ecef_m_s[index]
        reading = OdometryReading(
            stamp_ns=stamp,
            frame_id='map',
            child_frame_id='base_link',
            pose=pose,
            linear_m_s=pose.rotation().T @ velocity_enu,
            angular_rad_s=np.array((0.0, 0.0, yaw_rates[index])),
        )
        fix = GnssFix(
            stamp_ns=stamp,
            frame_id='base_link',
            position=_geodetic(truth.positions_ecef_m[index]),
            covariance_enu_m2=np.zeros((3, 3)),
            covariance_type=CovarianceType.UNKNOWN,
            status=FixStatus.FIX,
        )
        yield Event(stamp, '/ground_truth/odometry', partial(odometry_reading, reading))
        yield Event(stamp, '/ground_truth/fix', partial(nav_sat_fix, fix))

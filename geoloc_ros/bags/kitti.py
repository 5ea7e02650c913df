# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""KITTI raw drives as bags.

``base_link`` stands in the OXTS unit with its axes (x forward, y left, z up), about 0.93 m above
the ground; the truth is the unit's own RTK solution.

=========================== =============================== =======================================
topic                       type                            content
=========================== =============================== =======================================
/fix                        sensor_msgs/NavSatFix           the unit's position, stated accuracy
/imu                        sensor_msgs/Imu                 angular rates, specific force, attitude
/odom                       nav_msgs/Odometry               forward speed, yaw rate, their integral
/camera_0X/image_raw        sensor_msgs/Image               ``mono8`` (00, 01) or ``bgr8`` (02, 03)
/camera_0X/camera_info      sensor_msgs/CameraInfo          of the rectified picture as it is
/ground_truth/odometry      nav_msgs/Odometry               ENU about the first record
/ground_truth/fix           sensor_msgs/NavSatFix           of ``base_link``
/ground_truth/datum         sensor_msgs/NavSatFix           where ENU of the truth begins; latched
/tf_static                  tf2_msgs/TFMessage              base_link to imu_link, gps, cameras
=========================== =============================== =======================================

``/fix``, ``/odom`` and the truth come from one unit: errors of a filter fed with them say nothing
of GNSS or odometry in the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import dataclasses
from functools import partial
from pathlib import Path

import numpy as np

from geoloc_ros.bags.conversion import (
    IDENTITY_XYZW,
    ConversionReport,
    Event,
    Progress,
    StaticTransform,
    write_drive,
)
from geoloc_ros.bags.images import (
    camera_info_message,
    compressed_image_message,
    image_message,
    read_image,
)
from geoloc_ros.bags.kitti_files import (
    GREY_CAMERAS,
    KittiCamera,
    OxtsTrack,
    camera_names,
    find_drive,
    read_camera,
    read_oxts,
)
from geoloc_ros.bags.writer import Storage
from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.quaternions import quat_from_rotation, quat_multiply
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import nav_sat_fix
from geoloc_ros.messages.sensors import ImuReading, OdometryReading, imu, odometry_reading
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    CovarianceType,
    FixStatus,
    FloatArray,
    GeodeticPosition,
    GnssFix,
)

_TIME_NOTE = (
    'time stamps are the wall time of Karlsruhe in the files, which name no zone, taken as UTC'
)
_SAME_UNIT_NOTE = (
    '/fix, /odom, /imu and /ground_truth come from one RTK inertial unit: this drive cannot show '
    'how well a filter copes with real GNSS or odometry'
)


@dataclasses.dataclass(frozen=True, slots=True)
class KittiOptions:
    """How to convert.

    Attributes:
        storage: file format of the bag.
        cameras: which to take, as ``00`` to ``03``; ``None`` for all that are there.
        compressed: write the files as they are to ``image_raw/compressed``.
    """

    storage: Storage = Storage.MCAP
    cameras: tuple[str, ...] | None = None
    compressed: bool = False


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class KittiMotion:
    """Motion of the unit, with what the records lack put right.

    Attributes:
        angular_rate_rad_s: about x, y, z, shape (n, 3).
        acceleration_m_s2: shape (n, 3); ``None`` where the records hold none that is real.
        notes: what was put right.
    """

    angular_rate_rad_s: FloatArray
    acceleration_m_s2: FloatArray | None
    notes: tuple[str, ...]


def from_kitti(
    source: Path,
    out: Path,
    options: KittiOptions | None = None,
    progress: Progress | None = None,
) -> ConversionReport:
    """Convert a drive of KITTI raw (synced and rectified) to a bag.

    Args:
        source: the drive's folder, or the folder of its date when it holds one drive.
        out: the bag to make; must not exist.
        options: how.
        progress: called after each message.

    Raises:
        DriveError: the source is no such drive, or the bag cannot be written.
    """
    chosen = KittiOptions() if options is None else options
    drive = find_drive(Path(source))
    track = read_oxts(drive)
    motion = checked_motion(track)
    cameras = [read_camera(drive, name) for name in _chosen_cameras(drive, chosen)]
    events = [*_unit_events(track, motion)]
    for camera in cameras:
        events.extend(_camera_events(camera, chosen))
    identity = Pose3(np.zeros(3), IDENTITY_XYZW)
    transforms = [
        StaticTransform('base_link', 'imu_link', identity),
        StaticTransform('base_link', 'gps', identity),
        *(
            StaticTransform('base_link', _frame(camera), camera.imu_from_camera)
            for camera in cameras
        ),
    ]
    notes = [_TIME_NOTE, _SAME_UNIT_NOTE, *motion.notes]
    datum = _positions(track)[0]
    return write_drive(out, chosen.storage, events, transforms, datum, notes, progress)


def checked_motion(track: OxtsTrack) -> KittiMotion:
    """Angular rates and acceleration, without numbers that somebody made up.

    No gyroscope reads exactly zero on three axes, and no accelerometer exactly zero to the left:
    records like that were rebuilt from poses. Yaw rates are then the central differences of yaw
    for the whole drive, rates about x and y are zero, and acceleration counts as not measured.
    """
    notes = []
    rates = track.angular_rate_rad_s
    made_up = np.all(rates == 0.0, axis=1)
    if made_up.any():
        rates = np.zeros_like(rates)
        if len(rates) > 1:
            seconds = (track.stamps_ns - track.stamps_ns[0]) / NANOSECONDS_PER_SECOND
            rates[:, 2] = np.gradient(np.unwrap(track.attitude_rad[:, 2]), seconds)
        notes.append(
            f'{int(made_up.sum())} of {len(made_up)} oxts records hold angular rates of exactly '
            'zero, which no gyroscope measures: yaw rates are derived from yaw for all records, '
            'those about x and y are left at zero'
        )
    acceleration: FloatArray | None = track.acceleration_m_s2
    made_up = track.acceleration_m_s2[:, 1] == 0.0
    if made_up.any():
        acceleration = None
        notes.append(
            f'{int(made_up.sum())} of {len(made_up)} oxts records hold a leftward acceleration '
            'of exactly zero: acceleration is left out of /imu '
            '(linear_acceleration_covariance[0] = -1)'
        )
    return KittiMotion(rates, acceleration, tuple(notes))


def attitude_quat(roll_rad: float, pitch_rad: float, yaw_rad: float) -> FloatArray:
    """Attitude of the unit towards east-north-up: Rz(yaw) Ry(pitch) Rx(roll), shape (4,).

    Source: the data set's ``dataformat.txt``: left side up, front down, counter-clockwise from
    east are positive.
    """
    about_x = np.array((np.sin(0.5 * roll_rad), 0.0, 0.0, np.cos(0.5 * roll_rad)))
    about_y = np.array((0.0, np.sin(0.5 * pitch_rad), 0.0, np.cos(0.5 * pitch_rad)))
    about_z = np.array((0.0, 0.0, np.sin(0.5 * yaw_rad), np.cos(0.5 * yaw_rad)))
    return quat_multiply(quat_multiply(about_z, about_y), about_x)


def integrated_poses(
    stamps_ns: Sequence[int], speeds_m_s: FloatArray, yaw_rates_rad_s: FloatArray
) -> list[Pose2]:
    """Poses from the first stamp on, each step an arc at the mean speed and yaw rate of its ends.

    Args:
        stamps_ns: n of them, growing.
        speeds_m_s: forward, shape (n,).
        yaw_rates_rad_s: shape (n,).
    """
    poses = [Pose2.identity()]
    for index in range(1, len(stamps_ns)):
        step = Pose2.exp(
            float(speeds_m_s[index - 1] + speeds_m_s[index]) / 2.0,
            float(yaw_rates_rad_s[index - 1] + yaw_rates_rad_s[index]) / 2.0,
            (stamps_ns[index] - stamps_ns[index - 1]) / NANOSECONDS_PER_SECOND,
        )
        poses.append(poses[-1] @ step)
    return poses


def _chosen_cameras(drive: Path, options: KittiOptions) -> tuple[str, ...]:
    present = camera_names(drive)
    if options.cameras is None:
        return present
    missing = [name for name in options.cameras if name not in present]
    if missing:
        raise DriveError(
            f'{drive} has no pictures of camera {", ".join(missing)}; it has '
            f'{", ".join(present) or "none"}; name one of those'
        )
    return options.cameras


def _frame(camera: KittiCamera) -> str:
    return f'camera_{camera.name}_optical'


def _camera_events(camera: KittiCamera, options: KittiOptions) -> Iterator[Event]:
    grey = camera.name in GREY_CAMERAS
    height_px, width_px = read_image(camera.frames[0].path, grey=grey).shape[:2]
    scaled = camera.camera.scaled(width_px, height_px)
    topic, frame_id = f'/camera_{camera.name}', _frame(camera)
    for frame in camera.frames:
        if options.compressed:
            yield Event(
                frame.stamp_ns,
                f'{topic}/image_raw/compressed',
                partial(compressed_image_message, frame.path, frame.stamp_ns, frame_id),
            )
        else:
            yield Event(
                frame.stamp_ns,
                f'{topic}/image_raw',
                partial(image_message, frame.path, frame.stamp_ns, frame_id, grey=grey),
            )
        yield Event(
            frame.stamp_ns,
            f'{topic}/camera_info',
            partial(camera_info_message, scaled, frame.stamp_ns, frame_id),
        )


def _positions(track: OxtsTrack) -> list[GeodeticPosition]:
    rows = zip(track.lat_deg.tolist(), track.lon_deg.tolist(), track.alt_m.tolist(), strict=True)
    return [GeodeticPosition(lat_deg, lon_deg, alt_m) for lat_deg, lon_deg, alt_m in rows]


def _unit_events(track: OxtsTrack, motion: KittiMotion) -> Iterator[Event]:
    """Fix, IMU, odometry and truth of each record."""
    positions = _positions(track)
    datum = Datum(positions[0])
    stamps = [int(stamp) for stamp in track.stamps_ns]
    speeds = track.velocity_flu_m_s[:, 0]
    odom_poses = integrated_poses(stamps, speeds, motion.angular_rate_rad_s[:, 2])
    for index, (stamp_ns, position) in enumerate(zip(stamps, positions, strict=True)):
        local_quat = attitude_quat(*track.attitude_rad[index])
        rates = motion.angular_rate_rad_s[index]
        force = motion.acceleration_m_s2
        reading = ImuReading(
            stamp_ns=stamp_ns,
            frame_id='imu_link',
            angular_velocity_rad_s=rates,
            linear_acceleration_m_s2=None if force is None else force[index],
            quat_xyzw=local_quat,
        )
        wheels = OdometryReading(
            stamp_ns=stamp_ns,
            frame_id='odom',
            child_frame_id='base_link',
            pose=Pose3.from_planar(odom_poses[index]),
            linear_m_s=np.array((speeds[index], 0.0, 0.0)),
            angular_rad_s=np.array((0.0, 0.0, rates[2])),
        )
        fix = _fix(track, index, position)
        truth = _truth(track, index, datum, position, local_quat, rates)
        yield Event(stamp_ns, '/fix', partial(nav_sat_fix, fix))
        yield Event(stamp_ns, '/imu', partial(imu, reading))
        yield Event(stamp_ns, '/odom', partial(odometry_reading, wheels))
        yield Event(stamp_ns, '/ground_truth/odometry', partial(odometry_reading, truth))
        yield Event(
            stamp_ns,
            '/ground_truth/fix',
            partial(nav_sat_fix, dataclasses.replace(fix, frame_id='base_link')),
        )


def _fix(track: OxtsTrack, index: int, position: GeodeticPosition) -> GnssFix:
    return GnssFix(
        stamp_ns=int(track.stamps_ns[index]),
        frame_id='gps',
        position=position,
        covariance_enu_m2=np.eye(3) * track.position_sigma_m[index] ** 2,
        covariance_type=CovarianceType.APPROXIMATED,
        status=FixStatus.GBAS_FIX,
    )


def _truth(
    track: OxtsTrack,
    index: int,
    datum: Datum,
    position: GeodeticPosition,
    local_quat: FloatArray,
    rates: FloatArray,
) -> OdometryReading:
    """Pose in ENU about the first record, its attitude turned there from the place's own ENU.

    The velocity is the unit's level one: at a pitch of 2 degrees it differs from the one along
    the axes of ``base_link`` by 0.06 %.
    """
    map_from_local = quat_from_rotation(datum.enu_from_other(Datum(position))[0])
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = np.eye(3) * track.position_sigma_m[index] ** 2
    return OdometryReading(
        stamp_ns=int(track.stamps_ns[index]),
        frame_id='map',
        child_frame_id='base_link',
        pose=Pose3(datum.enu_from_geodetic(position), quat_multiply(map_from_local, local_quat)),
        linear_m_s=track.velocity_flu_m_s[index],
        angular_rad_s=rates,
        pose_covariance=covariance.ravel(),
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The files of a comma2k19 segment as records, on Unix time.

Source: Schafer, Santana, Haden and Biasini (2018), "A commute in data: the comma2k19 dataset",
and its README; key ``schafer2018``.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geoloc_ros.bags.conversion import StampArray
from geoloc_ros.errors import DriveError
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray

RECEIVERS = ('qcom', 'ublox')
#: 1980-01-06, the beginning of GPS time, in Unix time.
_GPS_EPOCH_UNIX_S = 315_964_800
_SECONDS_PER_WEEK = 604_800
#: GPS minus UTC from 2017-01-01 on; the data set was recorded in 2018.
_LEAP_SECONDS = 18


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Log:
    """One log: values and when they were logged.

    Attributes:
        stamps_ns: Unix time, shape (n,), not decreasing.
        values: shape (n, m).
    """

    stamps_ns: StampArray
    values: FloatArray


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class CameraTruth:
    """Poses of the road camera, from the data set's own optimizer.

    Attributes:
        stamps_ns: Unix time, shape (n,).
        positions_ecef_m: shape (n, 3).
        velocities_ecef_m_s: shape (n, 3).
        ecef_from_camera_xyzw: the camera (x forward, y right, z down) in ECEF, shape (n, 4).
    """

    stamps_ns: StampArray
    positions_ecef_m: FloatArray
    velocities_ecef_m_s: FloatArray
    ecef_from_camera_xyzw: FloatArray


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One minute of driving.

    Attributes:
        fixes: latitude (deg), longitude (deg), speed (m/s), UTC (ms), altitude (m), bearing
            (deg), shape (n, 6).
        wheel_speeds: front left, front right, rear left, rear right, m/s, shape (n, 4).
        gyroscope: forward, right, down, rad/s, bias taken off by Android, shape (n, 3).
        accelerometer: specific force forward, right, down, m/s^2, shape (n, 3).
        truth: poses of the camera.
    """

    fixes: Log
    wheel_speeds: Log
    gyroscope: Log
    accelerometer: Log
    truth: CameraTruth


def read_segment(source: Path, receiver: str) -> Segment:
    """Read a segment.

    Args:
        source: the folder that holds ``global_pose`` and ``processed_log``.
        receiver: ``qcom`` (phone-grade, 0.5 Hz) or ``ublox`` (10 Hz).

    Raises:
        DriveError: a file is missing or damaged, or the receiver has no log.
    """
    folder = find_segment(Path(source))
    if receiver not in RECEIVERS:
        raise DriveError(
            f'receiver {receiver!r} is not known; expected one of {", ".join(RECEIVERS)}'
        )
    offset_ns = _unix_minus_boot_ns(folder)
    truth = folder / 'global_pose'
    frame_stamps = _stamps(truth / 'frame_times', offset_ns)
    count = len(frame_stamps)
    if count < 2 or np.any(np.diff(frame_stamps) <= 0):
        raise DriveError(
            f'{truth / "frame_times"} holds {count} times; expected at least 2, each later than '
            'the one before; the segment is damaged: fetch it again'
        )
    quats_wxyz = _array(truth / 'frame_orientations', (count, 4))
    return Segment(
        fixes=_log(folder, f'GNSS/live_gnss_{receiver}', 6, offset_ns),
        wheel_speeds=_log(folder, 'CAN/wheel_speed', 4, offset_ns),
        gyroscope=_log(folder, 'IMU/gyro', 3, offset_ns),
        accelerometer=_log(folder, 'IMU/accelerometer', 3, offset_ns),
        truth=CameraTruth(
            stamps_ns=frame_stamps,
            positions_ecef_m=_array(truth / 'frame_positions', (count, 3)),
            velocities_ecef_m_s=_array(truth / 'frame_velocities', (count, 3)),
            ecef_from_camera_xyzw=np.roll(quats_wxyz, -1, axis=1),
        ),
    )


def find_segment(source: Path) -> Path:
    """The segment's folder: ``source`` itself, or the only segment below it.

    Raises:
        DriveError: there is none, or there are several.
    """
    if (source / 'global_pose').is_dir():
        return source
    found = sorted(folder.parent for folder in source.glob('*/global_pose') if folder.is_dir())
    if len(found) != 1:
        raise DriveError(
            f'{source} holds {len(found)} comma2k19 segments; expected a folder with global_pose '
            'and processed_log in it; name the folder of one segment'
        )
    return found[0]


def _unix_minus_boot_ns(folder: Path) -> int:
    """What to add to boot time for Unix time, from the frames' GPS times: one constant.

    The median over the frames, computed on small numbers (seconds of the week minus seconds
    since boot), so that no digit of it is lost.
    """
    path = folder / 'global_pose' / 'frame_gps_times'
    boot_s = _array(folder / 'global_pose' / 'frame_times', (None,))
    gps = _array(path, (len(boot_s), 2))
    weeks = gps[:, 0].astype(np.int64)
    since_first_week_s = (weeks - weeks[0]) * _SECONDS_PER_WEEK + gps[:, 1]
    offsets_s = since_first_week_s - boot_s
    offset_s = float(np.median(offsets_s))
    if not np.all(np.abs(offsets_s - offset_s) < 0.01):
        raise DriveError(
            f'{path} and frame_times drift apart by {float(np.ptp(offsets_s)):.3f} s; expected '
            'a constant difference; the segment is damaged'
        )
    first_week_s = int(weeks[0]) * _SECONDS_PER_WEEK + _GPS_EPOCH_UNIX_S - _LEAP_SECONDS
    return first_week_s * NANOSECONDS_PER_SECOND + round(offset_s * NANOSECONDS_PER_SECOND)


def _log(folder: Path, name: str, columns: int, offset_ns: int) -> Log:
    log = folder / 'processed_log' / name
    stamps_ns = _stamps(log / 't', offset_ns)
    return Log(stamps_ns, _array(log / 'value', (len(stamps_ns), columns)))


def _stamps(path: Path, offset_ns: int) -> StampArray:
    seconds = _array(path, (None,))
    if not np.all(np.isfinite(seconds)) or np.any(np.diff(seconds) < 0.0):
        raise DriveError(
            f'{path} holds times that go back or are not finite; expected seconds since boot in '
            'order; the segment is damaged'
        )
    nanoseconds: StampArray = np.rint(seconds * NANOSECONDS_PER_SECOND).astype(np.int64)
    return nanoseconds + offset_ns


def _array(path: Path, shape: tuple[int | None, ...]) -> FloatArray:
    """A numpy file of float64; ``None`` in the shape is any length but zero."""
    try:
        loaded: npt.NDArray[np.generic] = np.load(path, allow_pickle=False)
        array = np.asarray(loaded, dtype=np.float64)
    except (OSError, ValueError, EOFError) as error:
        raise DriveError(
            f'{path} cannot be read ({error}); expected a numpy file of a comma2k19 segment; '
            'fetch it again'
        ) from error
    fits = array.ndim == len(shape) and all(
        length > 0 if expected is None else length == expected
        for length, expected in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise DriveError(f'{path} has shape {array.shape}; expected {shape}; fetch it again')
    return array

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The files of a KITTI raw drive (synced and rectified), as records.

Source: Geiger, Lenz, Stiller and Urtasun (2013), "Vision meets robotics: the KITTI dataset";
key ``geiger2013``. File formats: the ``dataformat.txt`` of each folder.
"""

from __future__ import annotations

import calendar
import dataclasses
from pathlib import Path
import re
import time

import numpy as np

from geoloc_ros.bags.conversion import StampArray
from geoloc_ros.bags.images import PinholeCamera
from geoloc_ros.errors import DriveError, GeolocError
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray

#: Cameras 0 and 1 are grey, 2 and 3 are coloured.
GREY_CAMERAS = ('00', '01')
_OXTS_FIELDS = 30
_STAMP = re.compile(r'(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?')


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class OxtsTrack:
    """Records of the OXTS RT3003 inertial and GNSS unit, each array of shape (n,) or (n, 3).

    Attributes:
        stamps_ns: wall time of Karlsruhe read as if it were UTC (the files state no zone).
        lat_deg: latitude of the unit.
        lon_deg: longitude of the unit.
        alt_m: altitude of the unit.
        attitude_rad: roll, pitch, yaw; yaw 0 = east, counter-clockwise; shape (n, 3).
        velocity_flu_m_s: forward, left, up, level with the ground; shape (n, 3).
        acceleration_m_s2: specific force in the unit's x, y, z; shape (n, 3).
        angular_rate_rad_s: about the unit's x, y, z; shape (n, 3).
        position_sigma_m: stated accuracy of the position.
        satellites: number of satellites tracked.
    """

    stamps_ns: StampArray
    lat_deg: FloatArray
    lon_deg: FloatArray
    alt_m: FloatArray
    attitude_rad: FloatArray
    velocity_flu_m_s: FloatArray
    acceleration_m_s2: FloatArray
    angular_rate_rad_s: FloatArray
    position_sigma_m: FloatArray
    satellites: FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class CameraFrame:
    """One picture."""

    stamp_ns: int
    path: Path


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class KittiCamera:
    """One rectified camera.

    Attributes:
        name: ``00`` to ``03``.
        camera: intrinsics at the size of the calibration.
        imu_from_camera: pose of the rectified camera (z forward) in the OXTS unit's frame.
        frames: its pictures in order.
    """

    name: str
    camera: PinholeCamera
    imu_from_camera: Pose3
    frames: tuple[CameraFrame, ...]


def find_drive(source: Path) -> Path:
    """The drive's folder: ``source`` itself, or the only drive in a folder of a date.

    Raises:
        DriveError: there is none, there are several, or it is not rectified.
    """
    if not source.is_dir():
        raise DriveError(
            f'no folder at {source}; expected a KITTI raw drive such as 2011_09_26_drive_0001_sync'
        )
    if (source / 'oxts').is_dir():
        drives = [source]
    else:
        drives = sorted({found.parent for found in source.glob('*/oxts') if found.is_dir()})
        drives = drives or sorted({found.parent for found in source.glob('*/*/oxts')})
    if len(drives) != 1:
        names = ', '.join(drive.name for drive in drives) or 'none'
        raise DriveError(
            f'{source} holds {len(drives)} drives with an oxts folder ({names}); expected one; '
            'name the folder of the drive'
        )
    if drives[0].name.endswith('_extract'):
        raise DriveError(
            f'{drives[0]} is unsynced and unrectified (_extract); expected the _sync recording, '
            'whose images need no undistortion; download that one'
        )
    return drives[0]


def parse_stamp(text: str) -> int:
    """Nanoseconds of ``2011-09-26 13:02:25.964389445``, exact, taken as UTC.

    Raises:
        DriveError: it is not written like that.
    """
    match = _STAMP.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(text)
        whole = calendar.timegm(time.strptime(match[1], '%Y-%m-%d %H:%M:%S'))
    except ValueError as error:
        raise DriveError(
            f'time stamp {text!r} is not understood; expected 2011-09-26 13:02:25.964389445'
        ) from error
    return whole * NANOSECONDS_PER_SECOND + int((match[2] or '0').ljust(9, '0'))


def read_oxts(drive: Path) -> OxtsTrack:
    """The records of ``oxts``; those whose file is missing are passed over.

    Raises:
        DriveError: a file is missing, damaged, or the stamps do not grow.
    """
    stamps, paths = _stamped_files(drive / 'oxts', '.txt')
    rows = np.array([_oxts_row(path) for path in paths])
    return OxtsTrack(
        stamps_ns=np.array(stamps, dtype=np.int64),
        lat_deg=rows[:, 0],
        lon_deg=rows[:, 1],
        alt_m=rows[:, 2],
        attitude_rad=rows[:, 3:6],
        velocity_flu_m_s=rows[:, 8:11],
        acceleration_m_s2=rows[:, 11:14],
        angular_rate_rad_s=rows[:, 17:20],
        position_sigma_m=rows[:, 23],
        satellites=rows[:, 26],
    )


def camera_names(drive: Path) -> tuple[str, ...]:
    """Cameras whose pictures are there: ``00`` to ``03``."""
    folders = sorted(drive.glob('image_0[0-3]'))
    return tuple(folder.name[-2:] for folder in folders if any((folder / 'data').glob('*.*')))


def read_camera(drive: Path, name: str) -> KittiCamera:
    """One camera's calibration and list of pictures.

    The calibration stands in the drive's folder or in the one above (the date's).

    Raises:
        DriveError: a file is missing or damaged.
    """
    folder = drive / f'image_{name}'
    suffix = '.png' if any((folder / 'data').glob('*.png')) else '.jpg'
    stamps, paths = _stamped_files(folder, suffix)
    cameras = _read_calibration(_calibration_file(drive, 'calib_cam_to_cam.txt'))
    projection = _entry(cameras, f'P_rect_{name}', 12, drive).reshape(3, 4)
    width_px, height_px = _entry(cameras, f'S_rect_{name}', 2, drive)
    matrix = projection[:, :3]
    if not (np.linalg.det(matrix) > 0.0 and min(width_px, height_px) >= 1.0):
        raise DriveError(
            f'calibration of {drive} has the camera matrix {matrix.tolist()} and the size '
            f'{width_px:g} x {height_px:g} px for camera {name}; expected focal lengths and a '
            'size above 0; fetch the calibration again'
        )
    rectified_from_camera_0 = _rigid(
        _entry(cameras, 'R_rect_00', 9, drive).reshape(3, 3), np.zeros(3)
    )
    # P = K [I | t]: the rectified cameras look the same way, and t tells where each stands.
    translation_m: FloatArray = np.linalg.solve(matrix, projection[:, 3]).astype(np.float64)
    camera_from_rectified = _rigid(np.eye(3), translation_m)
    camera_from_imu = (
        camera_from_rectified
        @ rectified_from_camera_0
        @ _read_rigid(drive, 'calib_velo_to_cam.txt')
        @ _read_rigid(drive, 'calib_imu_to_velo.txt')
    )
    return KittiCamera(
        name=name,
        camera=PinholeCamera(int(width_px), int(height_px), matrix),
        imu_from_camera=camera_from_imu.inverse(),
        frames=tuple(CameraFrame(*pair) for pair in zip(stamps, paths, strict=True)),
    )


def _stamped_files(folder: Path, suffix: str) -> tuple[list[int], list[Path]]:
    """Stamps and data files that belong together, by the number in the file's name."""
    stamp_file = folder / 'timestamps.txt'
    try:
        lines = stamp_file.read_text(encoding='ascii').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DriveError(
            f'{stamp_file} cannot be read ({error}); expected a time for each file of data/'
        ) from error
    stamps_of_lines = [parse_stamp(line) for line in lines if line.strip()]
    stamps, paths = [], []
    for path in sorted((folder / 'data').glob(f'*{suffix}')):
        if not path.stem.isdigit() or int(path.stem) >= len(stamps_of_lines):
            raise DriveError(
                f'{path} has no time: {stamp_file} has {len(stamps_of_lines)} lines; expected '
                'one for each file, counted from 0; fetch both again'
            )
        stamps.append(stamps_of_lines[int(path.stem)])
        paths.append(path)
    if not paths:
        raise DriveError(f'{folder / "data"} holds no {suffix} files; expected those of a drive')
    backward = np.flatnonzero(np.diff(np.array(stamps, dtype=np.int64)) <= 0)
    if backward.size:
        raise DriveError(
            f'{stamp_file} goes back in time at line {int(backward[0]) + 2}; expected times that '
            'grow (known of some _extract drives); use the _sync recording'
        )
    return stamps, paths


def _oxts_row(path: Path) -> FloatArray:
    try:
        row = np.array(path.read_text(encoding='ascii').split(), dtype=np.float64)
    except (OSError, ValueError) as error:
        raise DriveError(
            f'{path} cannot be read ({error}); expected {_OXTS_FIELDS} numbers'
        ) from error
    if row.size != _OXTS_FIELDS:
        raise DriveError(f'{path} holds {row.size} numbers; expected {_OXTS_FIELDS}')
    return row


def _calibration_file(drive: Path, name: str) -> Path:
    for folder in (drive, drive.parent):
        if (folder / name).is_file():
            return folder / name
    raise DriveError(
        f'no {name} in {drive} or {drive.parent}; expected the calibration of the date '
        '(the file ..._calib.zip of the data set); put it beside the drive'
    )


def _read_calibration(path: Path) -> dict[str, FloatArray]:
    """Lines "key: numbers"; lines whose value is no list of numbers (a date) are left out."""
    entries: dict[str, FloatArray] = {}
    for line in path.read_text(encoding='ascii', errors='replace').splitlines():
        key, _, value = line.partition(':')
        try:
            entries[key.strip()] = np.array(value.split(), dtype=np.float64)
        except ValueError:
            continue
    return entries


def _entry(entries: dict[str, FloatArray], key: str, size: int, drive: Path) -> FloatArray:
    entry = entries.get(key)
    if entry is None or entry.size != size:
        got = 'nothing' if entry is None else f'{entry.size} numbers'
        raise DriveError(
            f'calibration of {drive} has {got} for {key!r}; expected {size} numbers; '
            'fetch the calibration again'
        )
    if not np.all(np.isfinite(entry)):
        raise DriveError(
            f'calibration of {drive} has {entry.tolist()} for {key!r}; expected finite numbers; '
            'fetch the calibration again'
        )
    return entry


def _read_rigid(drive: Path, name: str) -> Pose3:
    path = _calibration_file(drive, name)
    entries = _read_calibration(path)
    return _rigid(
        _entry(entries, 'R', 9, path).reshape(3, 3),
        _entry(entries, 'T', 3, path),
    )


def _rigid(rotation: FloatArray, translation_m: FloatArray) -> Pose3:
    """A pose from a rotation of seven digits: the nearest true rotation is taken."""
    u, _, vt = np.linalg.svd(rotation)
    nearest = u @ vt
    if not np.allclose(nearest, rotation, atol=1e-3):
        raise DriveError(
            f'calibration matrix {rotation.tolist()} is no rotation; fetch the calibration again'
        )
    try:
        return Pose3.from_rotation(nearest, translation_m)
    except GeolocError as error:
        raise DriveError(f'calibration is damaged: {error}') from error

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A real KITTI trajectory with synthesised odometry and GNSS.

The 30-column oxts records carry no stamps. Their velocities imply the time between frames: path
length over mean speed, 0.1037 s for sequence 00, not the 0.1 s of KITTI's nominal rate.
"""

from __future__ import annotations

import bz2
from pathlib import Path

import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray, GeodeticPosition
from geoloc_sim.randomness import stream
from geoloc_sim.records import (
    GnssTrack,
    RateTrack,
    SimulatedDrive,
    TruthTrajectory,
    regular_stamps,
)

#: Our choice: it gives the offset paper's mean raw error of 8.58 m (sigma sqrt(pi / 2)).
GNSS_SIGMA_M = 6.85
GNSS_RATE_HZ = 1.0
SCALE_ERROR = 0.01
YAW_RATE_SIGMA_RAD_S = float(np.radians(0.2))

_COLUMNS = 30
_LAT, _LON, _ALT, _YAW = 0, 1, 2, 5
_BODY_VELOCITY = slice(8, 11)
_START_NS = 1_317_600_000 * NANOSECONDS_PER_SECOND


def kitti_drive(trajectory: Path, seed: int) -> SimulatedDrive:
    """The drive of one trajectory file, with errors drawn from a seed.

    GNSS is white, 6.85 m per axis at 1 Hz, and says so. Odometry, a sample each frame, has
    a speed 1 % too large or too small (a coin decides) and 0.2 deg/s of yaw-rate noise,
    independent from sample to sample.

    Args:
        trajectory: oxts records, one line a frame, plain or bz2.
        seed: of every error.

    Raises:
        DriveError: the file is missing or has another form.
    """
    truth = kitti_truth(trajectory)
    random = stream('kitti', seed)
    scale = 1.0 + SCALE_ERROR * float(random.choice((-1.0, 1.0)))
    rates = truth.yaw_rate_rad_s + YAW_RATE_SIGMA_RAD_S * random.standard_normal(
        len(truth.stamps_ns)
    )
    stamps = regular_stamps(int(truth.stamps_ns[0]), int(truth.stamps_ns[-1]), GNSS_RATE_HZ)
    at_fix = truth.at(stamps)
    errors = GNSS_SIGMA_M * random.standard_normal((len(stamps), 2))
    gnss = GnssTrack(
        stamps,
        stamps,
        np.column_stack((at_fix.x_m, at_fix.y_m)) + errors,
        np.ones(len(stamps), dtype=np.bool_),
        np.full(len(stamps), GNSS_SIGMA_M),
    )
    return SimulatedDrive(
        f'kitti_{trajectory.name.split(".")[0]}_seed{seed}',
        truth,
        gnss,
        RateTrack(truth.stamps_ns, scale * truth.speed_m_s, 0.0),
        RateTrack(truth.stamps_ns, rates, YAW_RATE_SIGMA_RAD_S**2),
        None,
    )


def kitti_truth(trajectory: Path) -> TruthTrajectory:
    """Truth of a trajectory file at its frames, with the estimated time step.

    Speed and yaw rate are central differences, so that they integrate to the trajectory.

    Raises:
        DriveError: the file is missing or has another form.
    """
    rows = _read_rows(trajectory)
    first = GeodeticPosition(*(float(value) for value in rows[0, [_LAT, _LON, _ALT]]))
    # One height for all: a hill must not move the plane's coordinates.
    heights = np.full(len(rows), first.alt_m)
    enu = Datum(first).enu_from_geodetic_array(rows[:, _LAT], rows[:, _LON], heights)
    spatial = Datum(first).enu_from_geodetic_array(rows[:, _LAT], rows[:, _LON], rows[:, _ALT])
    step_s = frame_step_s(spatial, np.linalg.norm(rows[:, _BODY_VELOCITY], axis=1))
    yaw = np.unwrap(rows[:, _YAW])
    east_speed, north_speed = np.gradient(enu[:, 0], step_s), np.gradient(enu[:, 1], step_s)
    stamps = _START_NS + np.round(np.arange(len(rows)) * step_s * NANOSECONDS_PER_SECOND)
    return TruthTrajectory(
        first,
        stamps.astype(np.int64),
        enu[:, 0].copy(),
        enu[:, 1].copy(),
        yaw,
        np.cos(yaw) * east_speed + np.sin(yaw) * north_speed,
        np.gradient(yaw, step_s),
    )


def frame_step_s(positions_m: FloatArray, speeds_m_s: FloatArray) -> float:
    """Time between frames: path length over the sum of the legs' mean speeds.

    Args:
        positions_m: shape (n, 3).
        speeds_m_s: speed at each frame, shape (n,).
    """
    path_m = float(np.linalg.norm(np.diff(positions_m, axis=0), axis=1).sum())
    return path_m / float((0.5 * (speeds_m_s[1:] + speeds_m_s[:-1])).sum())


def _read_rows(trajectory: Path) -> FloatArray:
    try:
        raw = trajectory.read_bytes()
        text = (bz2.decompress(raw) if trajectory.suffix == '.bz2' else raw).decode()
        rows = np.array([line.split() for line in text.splitlines() if line.strip()], dtype=float)
    except (OSError, ValueError) as error:
        raise DriveError(
            f'{trajectory} cannot be read ({error}); expected lines of {_COLUMNS} oxts numbers, '
            'plain or bz2; check the path'
        ) from error
    if rows.ndim != 2 or rows.shape[1] != _COLUMNS or len(rows) < 2:
        raise DriveError(
            f'{trajectory} holds an array of shape {rows.shape}; expected (n, {_COLUMNS}) oxts '
            'records, n at least 2; give a KITTI odometry trajectory'
        )
    return rows

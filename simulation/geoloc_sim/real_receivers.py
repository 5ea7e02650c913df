# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Errors of real receivers: comma2k19 as recorded, smartLoc solved from pseudoranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.ecef import geodetic_from_ecef, geodetic_from_ecef_array
from geoloc_ros.types import FloatArray, GeodeticPosition

_EARTH_RATE_RAD_S = 7.292115e-5
_LIGHT_M_S = 299_792_458.0
_HUBER_SIGMAS = 1.0
_ITERATIONS = 12
_SYSTEM, _VARIANCE, _RANGE = 6, 1, 0
_SATELLITE = slice(2, 5)


def comma2k19_errors(segment: Path, receiver: str) -> tuple[FloatArray, FloatArray]:
    """Times (n,) in seconds and errors (n, 2), east and north, of one receiver of a segment.

    The antenna stands near the camera whose pose is the truth; its lever arm is not known, so
    some constant part of the error (below 2 m) is not the receiver's.

    Args:
        segment: folder with ``processed_log`` and ``global_pose``.
        receiver: qcom or ublox.

    Raises:
        DriveError: a file is missing.
    """
    fixes = segment / 'processed_log' / 'GNSS' / f'live_gnss_{receiver}'
    truth = segment / 'global_pose'
    try:
        times_s, values = _array(fixes / 't'), _array(fixes / 'value')
        truth_s = _array(truth / 'frame_times')
        truth_ecef_m = _array(truth / 'frame_positions')
    except OSError as error:
        raise DriveError(
            f'{segment} has no fixes of {receiver!r} or no truth ({error}); expected a comma2k19 '
            'segment folder'
        ) from error
    datum = Datum(geodetic_from_ecef(*(float(value) for value in truth_ecef_m[0])))
    truth_enu = datum.enu_from_geodetic_array(*geodetic_from_ecef_array(truth_ecef_m))
    inside = (times_s >= truth_s[0]) & (times_s <= truth_s[-1])
    times_s, values = times_s[inside], values[inside]
    measured = datum.enu_from_geodetic_array(values[:, 0], values[:, 1], values[:, 4])
    true = np.column_stack([np.interp(times_s, truth_s, truth_enu[:, k]) for k in (0, 1)])
    return times_s, measured[:, :2] - true


def smartloc_errors(folder: Path, place: str) -> tuple[FloatArray, FloatArray]:
    """Times (n,) in seconds and errors (n, 2) of single-epoch fixes in an urban canyon.

    Each epoch's pseudoranges are solved by least squares with Huber weights, one receiver clock
    for each satellite system, and the Earth's turning during the signal's flight.

    Raises:
        DriveError: a file is missing or has an unknown form.
    """
    truth: dict[str, FloatArray] = {}
    ranges: dict[str, list[list[float]]] = {}
    try:
        for line in (folder / f'{place}_GT.txt').read_text().splitlines():
            words = line.split()
            truth[words[1]] = np.array(words[2:5], dtype=np.float64)
        for line in (folder / f'{place}_Input.txt').read_text().splitlines():
            words = line.split()
            if words[0] == 'pseudorange3':
                ranges.setdefault(words[1], []).append([float(word) for word in words[2:11]])
    except (OSError, ValueError, IndexError) as error:
        raise DriveError(
            f'{folder} cannot be read as smartLoc {place!r} ({error}); expected its _GT.txt and '
            '_Input.txt'
        ) from error
    first = next(iter(truth.values()))
    origin: GeodeticPosition = geodetic_from_ecef(*(float(value) for value in first))
    rotation = Datum(origin).ecef_from_enu()[0]
    times, errors = [], []
    for stamp, position in truth.items():
        rows = np.array(ranges.get(stamp, []))
        if len(rows) < 6:
            continue
        times.append(float(stamp))
        errors.append(((_solve_position(rows, position) - position) @ rotation)[:2])
    return np.array(times), np.array(errors)


def _array(path: Path) -> FloatArray:
    with path.open('rb') as file:  # the recordings' names have no suffix
        return np.asarray(np.load(file), dtype=np.float64)


def _solve_position(rows: FloatArray, start_m: FloatArray) -> FloatArray:
    """Receiver position in ECEF from the pseudoranges of one epoch, shape (3,).

    Source: Kaplan, Hegarty 2017, section 11.2 (Gauss-Newton on pseudoranges, Sagnac term).
    """
    satellites, measured = rows[:, _SATELLITE], rows[:, _RANGE]
    systems, clock = np.unique(rows[:, _SYSTEM], return_inverse=True)
    position, clocks_m = start_m.copy(), np.zeros(len(systems))
    jacobian = np.zeros((len(rows), 3 + len(systems)))
    jacobian[np.arange(len(rows)), 3 + clock] = 1.0
    for iteration in range(_ITERATIONS):
        line = position - satellites
        distance = np.linalg.norm(line, axis=1)
        turning = satellites[:, 0] * position[1] - satellites[:, 1] * position[0]
        predicted = distance + _EARTH_RATE_RAD_S / _LIGHT_M_S * turning
        residual = measured - predicted - clocks_m[clock]
        if iteration == 0:
            clocks_m = np.array([np.median(residual[clock == k]) for k in range(len(systems))])
            continue
        jacobian[:, :3] = line / distance[:, None]
        sigmas = np.abs(residual) / np.sqrt(rows[:, _VARIANCE])
        huber = np.minimum(1.0, _HUBER_SIGMAS / np.maximum(sigmas, 1e-9))
        weight = np.sqrt(huber / rows[:, _VARIANCE])
        step = np.linalg.lstsq(jacobian * weight[:, None], residual * weight, rcond=None)[0]
        position, clocks_m = position + step[:3], clocks_m + step[3:]
    return np.asarray(position)

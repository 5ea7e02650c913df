# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""TUM trajectory text: ``stamp_s x y z qx qy qz qw`` a line, as evo and many others read it.

Ours add comment lines with the datum, so that a file alone says where on Earth it is. z is 0, as
trajectories are planar. The format has no way to say that a heading is unknown: the identity
(0 0 0 1) stands for it, and a comment line says so where no sample has a heading.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.trajectory import Trajectory, in_time_order
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray, GeodeticPosition

_DATUM = '# datum_lat_deg_lon_deg_alt_m:'
_LEVER_ARM = '# lever_arm_forward_m_left_m:'
_SOURCE = '# source:'
_NO_YAW = '# yaw: unknown'
#: Nanoseconds from here on (the year 2262) are beyond 64 bits.
_END_OF_TIME_S = 9.2e9


def write_tum(path: Path, trajectory: Trajectory) -> None:
    """Write a trajectory as TUM text; stamps keep every nanosecond."""
    datum = trajectory.datum
    forward_m, left_m = trajectory.lever_arm_m
    lines = [
        '# stamp_s x_east_m y_north_m z_m qx qy qz qw',
        f'{_DATUM} {datum.lat_deg!r} {datum.lon_deg!r} {datum.alt_m!r}',
        f'{_LEVER_ARM} {forward_m!r} {left_m!r}',
        f'{_SOURCE} {" ".join(trajectory.source.split())}',
    ]
    yaw = trajectory.yaw_enu_rad
    if yaw is None:
        lines.append(_NO_YAW)
        yaw = np.zeros(len(trajectory))
    half = 0.5 * np.where(np.isnan(yaw), 0.0, yaw)
    rows = zip(
        trajectory.stamps_ns.tolist(),
        trajectory.positions_enu_m.tolist(),
        np.sin(half).tolist(),
        np.cos(half).tolist(),
        strict=True,
    )
    for stamp_ns, (x, y), sine, cosine in rows:
        seconds, nanoseconds = divmod(stamp_ns, NANOSECONDS_PER_SECOND)
        lines.append(
            f'{seconds}.{nanoseconds:09d} {x:.6f} {y:.6f} 0.0 0.0 0.0 {sine:.12f} {cosine:.12f}'
        )
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')


def read_tum(path: Path, name: str, datum: GeodeticPosition | None = None) -> Trajectory:
    """Read a TUM file, ours or another program's; z, roll and pitch are left out.

    Args:
        path: the file.
        name: name of the trajectory.
        datum: where x = y = 0 lies, for a file that does not say.

    Raises:
        EvaluationError: not readable as TUM, or nobody says where its origin is.
    """
    stamps: list[int] = []
    rows: list[list[float]] = []
    header: dict[str, list[str]] = {}
    for number, line in enumerate(_lines(path), start=1):
        text = line.strip()
        if text.startswith('#'):
            for key in (_DATUM, _LEVER_ARM, _SOURCE, _NO_YAW):
                if text.startswith(key):
                    header[key] = text[len(key) :].split()
            continue
        if text:
            stamp_ns, row = _parsed(path, number, text)
            stamps.append(stamp_ns)
            rows.append(row)
    origin = _position(path, header[_DATUM]) if _DATUM in header else datum
    if origin is None:
        raise EvaluationError(
            f'{path} does not say where on Earth its origin is; give it with '
            '--datum LAT LON ALT, or add a line "' + _DATUM + ' LAT LON ALT"'
        )
    return _trajectory(name, path, stamps, rows, origin, header)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(
            f'cannot read {path} as TUM text: {error}; expected lines of "stamp_s x y z qx qy qz '
            'qw"'
        ) from error


def _parsed(path: Path, number: int, text: str) -> tuple[int, list[float]]:
    """Stamp in nanoseconds, exactly as written, and the seven numbers after it."""
    words = text.replace(',', ' ').split()
    try:
        if len(words) != 8:
            raise ValueError(f'{len(words)} numbers')
        values = [float(word) for word in words[1:]]
        if not np.all(np.isfinite(values)):
            raise ValueError('a number is not finite')
        return _nanoseconds(words[0]), values
    except ValueError as error:
        raise EvaluationError(
            f'line {number} of {path} is {text!r} ({error}); expected eight finite numbers '
            '"stamp_s x y z qx qy qz qw"'
        ) from error


def _nanoseconds(word: str) -> int:
    whole, _, decimals = word.partition('.')
    if not abs(float(word)) < _END_OF_TIME_S:
        raise ValueError(f'{word} s is no time; are these nanoseconds?')
    if whole.isdigit() and (decimals.isdigit() or not decimals):
        return int(whole) * NANOSECONDS_PER_SECOND + int(decimals[:9].ljust(9, '0'))
    return round(float(word) * NANOSECONDS_PER_SECOND)


def _position(path: Path, words: list[str]) -> GeodeticPosition:
    try:
        latitude, longitude, altitude = (float(word) for word in words)
    except ValueError as error:
        raise EvaluationError(
            f'datum line of {path} holds {words}; expected latitude, longitude in degrees and '
            'ellipsoidal height in metres'
        ) from error
    return GeodeticPosition(latitude, longitude, altitude)


def _lever_arm(path: Path, words: list[str]) -> tuple[float, float]:
    try:
        forward_m, left_m = (float(word) for word in words)
        if not (math.isfinite(forward_m) and math.isfinite(left_m)):
            raise ValueError('a number is not finite')
    except ValueError as error:
        raise EvaluationError(
            f'lever arm line of {path} holds {words}; expected two numbers, metres forward and '
            'left of base_link'
        ) from error
    return forward_m, left_m


def _trajectory(
    name: str,
    path: Path,
    stamps: list[int],
    rows: list[list[float]],
    datum: GeodeticPosition,
    header: dict[str, list[str]],
) -> Trajectory:
    stamps_ns = np.array(stamps, dtype=np.int64)
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 7)
    order = in_time_order(stamps_ns)
    return Trajectory(
        name=name,
        stamps_ns=stamps_ns[order],
        positions_enu_m=table[order, :2],
        datum=datum,
        yaw_enu_rad=None if _NO_YAW in header else _yaw_of(table[order, 3:]),
        lever_arm_m=_lever_arm(path, header.get(_LEVER_ARM, ['0', '0'])),
        source=' '.join(header.get(_SOURCE, [])) or path.name,
    )


def _yaw_of(quat_xyzw: FloatArray) -> FloatArray:
    x, y, z, w = quat_xyzw.T
    return np.asarray(np.arctan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Statistics by which real and simulated GNSS errors are compared: the same for both.

Errors are cut into windows of 60 s sampled every 2 s (30 fixes, the length of the shortest real
recording), because an autocorrelation about a window's own mean depends on the window's length.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from geoloc_ros.errors import EvaluationError
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray
from geoloc_sim.drive import simulate_drive
from geoloc_sim.gnss_error import ErrorParts, ErrorSeeds, antenna_positions, draw_error_parts
from geoloc_sim.settings import DriveSettings

WINDOW_FIXES = 30
SPACING_S = 2.0
LAGS = (1, 2, 3, 5)


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorStatistics:
    """Horizontal errors of a receiver in numbers.

    Attributes:
        windows: of 60 s each.
        mean_m: mean horizontal error.
        sigma_m: root mean square error of one axis (offsets included).
        within_sigma_m: standard deviation of one axis about each window's own mean.
        p95_over_median: of the horizontal error, in each window, then averaged; 1.97 for
            white Gaussian errors (2.08 in long windows), less where an offset
            prevails, more with heavy tails.
        autocorrelation: about the window's own mean at lags of 2, 4, 6 and 10 s, each lag's mean
            product over the variance, averaged over axes and windows.
    """

    windows: int
    mean_m: float
    sigma_m: float
    within_sigma_m: float
    p95_over_median: float
    autocorrelation: tuple[float, ...]


def error_statistics(windows: Sequence[FloatArray]) -> ErrorStatistics:
    """Statistics over windows of errors, each (30, 2): east and north, one every 2 s.

    Raises:
        EvaluationError: there is no window.
    """
    if not windows:
        raise EvaluationError(
            f'no window of {WINDOW_FIXES} errors; expected at least 60 s of fixes; give more'
        )
    errors = np.stack(windows)
    horizontal = np.hypot(errors[..., 0], errors[..., 1])
    ratio = np.percentile(horizontal, 95, axis=1) / np.median(horizontal, axis=1)
    centred = errors - errors.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1)
    correlations = tuple(
        float(((centred[:, lag:] * centred[:, :-lag]).mean(axis=1) / variance).mean())
        for lag in LAGS
    )
    return ErrorStatistics(
        len(windows),
        float(horizontal.mean()),
        float(np.sqrt((errors**2).mean())),
        float(np.sqrt(variance.mean())),
        float(ratio.mean()),
        correlations,
    )


def cut_windows(times_s: FloatArray, errors_m: FloatArray) -> list[FloatArray]:
    """Windows of 30 errors one every 2 s, each the newest at its time; a rest is left out.

    Args:
        times_s: rising, shape (n,).
        errors_m: shape (n, 2).
    """
    wanted = np.arange(times_s[0], times_s[-1] + 0.5 * SPACING_S, SPACING_S)
    index = np.searchsorted(times_s, wanted + 0.05 * SPACING_S, side='right') - 1
    sampled = errors_m[index]
    count = len(sampled) // WINDOW_FIXES
    return [sampled[i * WINDOW_FIXES : (i + 1) * WINDOW_FIXES] for i in range(count)]


@dataclasses.dataclass(frozen=True, slots=True)
class SimulatedErrors:
    """Errors drawn along simulated drives.

    Attributes:
        windows: of the whole error, as ``cut_windows`` makes them.
        parts: of each drive.
    """

    windows: tuple[FloatArray, ...]
    parts: tuple[ErrorParts, ...]


def simulate_errors(settings: DriveSettings, drives: int) -> SimulatedErrors:
    """Errors of the receiver along drives, each in its own world and on its own day."""
    windows: list[FloatArray] = []
    parts = []
    receiver = settings.receiver
    for seed in range(drives):
        drive = simulate_drive(settings, world=seed, day=seed, seed=seed)
        stamps = drive.gnss.stamps_ns
        antenna = antenna_positions(drive.truth.at(stamps), receiver.forward_m, receiver.left_m)
        times_s = (stamps - stamps[0]) / NANOSECONDS_PER_SECOND
        drawn = draw_error_parts(receiver.error, times_s, antenna, ErrorSeeds(seed, seed, seed))
        parts.append(drawn)
        windows += cut_windows(times_s, drawn.total())
    return SimulatedErrors(tuple(windows), tuple(parts))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Odometry with the drift of a stereo camera: scale and heading errors that add up."""

from __future__ import annotations

import numpy as np

from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray
from geoloc_sim.drives.settings import StereoSettings
from geoloc_sim.gnss_error import gauss_markov
from geoloc_sim.randomness import stream
from geoloc_sim.records import RateTrack, TruthTrajectory, regular_stamps


def simulate_stereo(
    truth: TruthTrajectory, settings: StereoSettings, *seeds: int
) -> tuple[RateTrack, RateTrack]:
    """Speed and yaw rate as the increments from frame to frame, stamped at the later frame.

    The scale errs by a constant and by a part that changes over the way driven (the depth of what
    is in view changes); the heading errs by white noise and a little with the way. The stated
    variances are those of the white errors at the mean speed.
    """
    random = stream('stereo', *seeds)
    stamps = regular_stamps(int(truth.stamps_ns[0]), int(truth.stamps_ns[-1]), settings.rate_hz)
    at = truth.at(stamps)
    step_m, turn_rad = _increments(at)
    way_m = np.concatenate(([0.0], np.abs(step_m).cumsum()))[:-1]
    scale = 1.0 + settings.scale_sigma * float(random.standard_normal())
    # Over the way instead of over time: the process only needs rising coordinates.
    changing = gauss_markov(
        way_m + 1e-6 * np.arange(len(way_m)),
        settings.scale_walk_sigma,
        settings.scale_walk_m,
        random,
    )[:, 0]
    turn_scale = 1.0 + settings.turn_scale_sigma * float(random.standard_normal())
    turn_bias = settings.turn_bias_rad_m * float(random.standard_normal())
    white = random.standard_normal((3, len(step_m)))
    measured_m = (
        scale + changing + settings.step_sigma * white[0]
    ) * step_m + settings.still_sigma_m * white[1]
    measured_rad = (
        turn_scale * turn_rad + turn_bias * np.abs(step_m) + settings.turn_sigma_rad * white[2]
    )
    step_s = np.diff(stamps) / NANOSECONDS_PER_SECOND
    mean_m = float(np.abs(step_m).mean())
    period_s = 1.0 / settings.rate_hz
    speed_variance = (
        (settings.step_sigma * mean_m) ** 2 + settings.still_sigma_m**2
    ) / period_s**2
    return (
        RateTrack(stamps[1:], measured_m / step_s, speed_variance),
        RateTrack(stamps[1:], measured_rad / step_s, (settings.turn_sigma_rad / period_s) ** 2),
    )


def _increments(truth: TruthTrajectory) -> tuple[FloatArray, FloatArray]:
    """Signed way and turn from each sample to the next."""
    east, north = np.diff(truth.x_m), np.diff(truth.y_m)
    turn = np.diff(truth.yaw_rad)
    middle = truth.yaw_rad[:-1] + 0.5 * turn
    return np.cos(middle) * east + np.sin(middle) * north, turn

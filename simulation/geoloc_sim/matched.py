# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Drives that follow a filter's own model exactly, for consistency tests (NEES, NIS).

The start is drawn from the prior; each step's true arc is the measured one plus Gaussian noise of
the stated variance; GNSS is white. On such data a filter that is told these numbers must be
consistent, whatever its numbers are on realistic data.
"""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses

import numpy as np

from geoloc_ros.settings import setting
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    STATE_SIZE,
    FloatArray,
    Motion,
    PosePrior,
    PositionObservation,
)
from geoloc_sim.randomness import stream

_START_NS = 1_780_000_000 * NANOSECONDS_PER_SECOND


@dataclasses.dataclass(frozen=True)
class MatchedSettings:
    """Every number that the filter is told too."""

    duration_s: float = setting(60.0, 'length of the drive', unit='s', minimum=1.0)
    step_s: float = setting(0.1, 'time between odometry readings', unit='s', minimum=0.001)
    fix_every: int = setting(10, 'steps from fix to fix', minimum=1)
    distance_sigma_m: float = setting(0.02, 'error of a step in length', unit='m', minimum=0.0)
    rotation_sigma_rad: float = setting(
        0.003, 'error of a step in rotation', unit='rad', minimum=0.0
    )
    position_noise: float = setting(
        0.05, 'random walk beside the arc, per axis', unit='m/sqrt(s)', minimum=0.0
    )
    yaw_noise: float = setting(
        0.002, 'random walk of the heading', unit='rad/sqrt(s)', minimum=0.0
    )
    scale_sigma: float = setting(0.0, 'constant scale error of the odometry', minimum=0.0)
    yaw_rate_bias_sigma_rad_s: float = setting(
        0.0, 'constant yaw-rate bias of the odometry', unit='rad/s', minimum=0.0
    )
    gnss_sigma_m: float = setting(3.0, 'white error of a fix per axis', unit='m', minimum=0.0)
    prior_position_sigma_m: float = setting(3.0, 'spread of the start', unit='m', minimum=0.0)
    prior_yaw_sigma_rad: float = setting(0.1, 'spread of the start', unit='rad', minimum=0.0)


@dataclasses.dataclass(frozen=True, slots=True)
class MatchedStep:
    """One step of a matched drive.

    Attributes:
        stamp_ns: its end.
        motion: the measured motion over it, with its true noise variances.
        observation: the fix at its end, where there is one.
    """

    stamp_ns: int
    motion: Motion
    observation: PositionObservation | None


@dataclasses.dataclass(frozen=True, slots=True)
class MatchedDrive:
    """A drive by a filter's own model.

    Attributes:
        prior: what the filter starts from.
        steps: in order.
        true_states: at the end of each step, shape (n, STATE_SIZE), yaw not wrapped.
    """

    prior: PosePrior
    steps: tuple[MatchedStep, ...]
    true_states: FloatArray


def matched_drives(settings: MatchedSettings, seeds: int) -> Iterator[MatchedDrive]:
    """Drives of the seeds 0 to ``seeds`` - 1: same measured motion, other noise."""
    for seed in range(seeds):
        yield matched_drive(settings, seed)


def matched_drive(settings: MatchedSettings, seed: int) -> MatchedDrive:
    """One drive of gentle curves at about 10 m/s."""
    random = stream('matched', seed)
    count = round(settings.duration_s / settings.step_s)
    step_s = settings.step_s
    times_s = step_s * np.arange(1, count + 1)
    speeds = 10.0 + 3.0 * np.sin(2.0 * np.pi * times_s / 40.0)
    rates = 0.2 * np.sin(2.0 * np.pi * times_s / 25.0)
    scale = 1.0 + settings.scale_sigma * random.standard_normal()
    bias = settings.yaw_rate_bias_sigma_rad_s * random.standard_normal()
    pose = np.array((0.0, 0.0, 0.5)) + random.standard_normal(3) * (
        settings.prior_position_sigma_m,
        settings.prior_position_sigma_m,
        settings.prior_yaw_sigma_rad,
    )
    states = np.zeros((count, STATE_SIZE))
    steps = []
    for i in range(count):
        measured = Motion(
            step_s,
            float(speeds[i] * step_s),
            float(rates[i] * step_s),
            settings.distance_sigma_m**2,
            settings.rotation_sigma_rad**2,
            float(speeds[i]),
            float(rates[i]),
        )
        distance = scale * speeds[i] * step_s + settings.distance_sigma_m * random.normal()
        rotation = (rates[i] - bias) * step_s + random.normal() * np.hypot(
            settings.rotation_sigma_rad, settings.yaw_noise * np.sqrt(step_s)
        )
        pose = _along_arc(pose, distance, rotation)
        pose[:2] += settings.position_noise * np.sqrt(step_s) * random.standard_normal(2)
        states[i] = (*pose, distance / step_s, rotation / step_s)
        stamp_ns = _START_NS + round(float(times_s[i]) * NANOSECONDS_PER_SECOND)
        fix = None
        if (i + 1) % settings.fix_every == 0:
            fix = _fix(stamp_ns, pose, settings.gnss_sigma_m, random)
        steps.append(MatchedStep(stamp_ns, measured, fix))
    prior = PosePrior(
        _START_NS,
        0.0,
        0.0,
        np.eye(2) * settings.prior_position_sigma_m**2,
        0.5,
        settings.prior_yaw_sigma_rad**2,
        float(speeds[0]),
        1.0,
    )
    return MatchedDrive(prior, tuple(steps), states)


def _along_arc(pose: FloatArray, distance_m: float, rotation_rad: float) -> FloatArray:
    chord_m = distance_m * np.sinc(0.5 * rotation_rad / np.pi)
    middle = pose[2] + 0.5 * rotation_rad
    step: FloatArray = np.array((chord_m * np.cos(middle), chord_m * np.sin(middle), rotation_rad))
    moved: FloatArray = pose + step
    return moved


def _fix(
    stamp_ns: int, pose: FloatArray, sigma_m: float, random: np.random.Generator
) -> PositionObservation:
    return PositionObservation(
        stamp_ns,
        'fix',
        pose[:2] + sigma_m * random.standard_normal(2),
        np.eye(2) * sigma_m**2,
        np.zeros(2),
    )

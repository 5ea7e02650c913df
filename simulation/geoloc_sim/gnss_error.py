# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The simulated GNSS receiver: a position error of several parts, outages, stated covariance."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from scipy.signal import lfilter

from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.records import BoolArray, GnssTrack, StampArray, TruthTrajectory, regular_stamps
from geoloc_sim.settings import GnssErrorSettings, ReceiverSettings
from geoloc_sim.smooth_field import SmoothField


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorSeeds:
    """What the parts of the error are shared over: the world, a day of it, one drive."""

    world: int
    day: int
    drive: int


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorParts:
    """The parts of the error at n epochs, each shape (n, 2), east and north in metres."""

    constant: FloatArray
    day: FloatArray
    place: FloatArray
    slow: FloatArray
    white: FloatArray
    jump: FloatArray

    def total(self) -> FloatArray:
        """Their sum, shape (n, 2)."""
        return self.constant + self.day + self.place + self.slow + self.white + self.jump


def part_variances_m2(settings: GnssErrorSettings) -> dict[str, float]:
    """Variance per axis of each part, by name, in closed form.

    Jumps overlap: the number that last at an instant is Poisson with mean rate x duration.
    """
    return {
        'constant': settings.constant_sigma_m**2,
        'day': settings.day_sigma_m**2,
        'place': settings.place_sigma_m**2,
        'slow': settings.slow_sigma_m**2,
        'white': settings.white_sigma_m**2,
        'jump': settings.jump_rate_hz * settings.jump_duration_s * settings.jump_sigma_m**2,
    }


def total_sigma_m(settings: GnssErrorSettings) -> float:
    """Standard deviation per axis of the whole error."""
    return math.sqrt(sum(part_variances_m2(settings).values()))


def draw_error_parts(
    settings: GnssErrorSettings, times_s: FloatArray, points_m: FloatArray, seeds: ErrorSeeds
) -> ErrorParts:
    """The error of a receiver at given times and places.

    Args:
        settings: size of each part.
        times_s: rising, shape (n,).
        points_m: true antenna positions, shape (n, 2).
        seeds: the constant and the place part depend on the world alone, the day part on world
            and day, the others on all three.
    """
    world, day = (seeds.world,), (seeds.world, seeds.day)
    drive = (seeds.world, seeds.day, seeds.drive)
    shape = points_m.shape
    constant = settings.constant_sigma_m * stream('gnss constant', *world).standard_normal(2)
    of_day = settings.day_sigma_m * stream('gnss day', *day).standard_normal(2)
    place = SmoothField.draw(
        stream('gnss place', *world), settings.place_sigma_m, settings.place_length_m
    )
    white = settings.white_sigma_m * stream('gnss white', *drive).standard_normal(shape)
    slow = gauss_markov(
        times_s, settings.slow_sigma_m, settings.slow_time_s, stream('gnss slow', *drive)
    )
    jump = _jumps(settings, times_s, stream('gnss jump', *drive))
    return ErrorParts(
        np.broadcast_to(constant, shape),
        np.broadcast_to(of_day, shape),
        place.at(points_m),
        slow,
        white,
        jump,
    )


def gauss_markov(
    times_s: FloatArray, sigma: float, time_constant_s: float, random: np.random.Generator
) -> FloatArray:
    """A stationary first-order Gauss-Markov process in two components, shape (n, 2).

    Its autocorrelation is exp(-|dt| / time constant), and it starts in its stationary state.
    """
    noise = random.standard_normal((len(times_s), 2))
    decay = np.exp(-np.diff(times_s) / time_constant_s)
    if len(decay) and np.ptp(decay) < 1e-9:
        noise[1:] *= math.sqrt(1.0 - decay[0] ** 2)
        return np.asarray(sigma * lfilter([1.0], [1.0, -decay[0]], noise, axis=0))
    values = noise
    for i, kept in enumerate(decay, start=1):
        values[i] = kept * values[i - 1] + math.sqrt(1.0 - kept * kept) * values[i]
    return sigma * values


def _jumps(
    settings: GnssErrorSettings, times_s: FloatArray, random: np.random.Generator
) -> FloatArray:
    errors = np.zeros((len(times_s), 2))
    for begin_s, end_s in poisson_spans(
        times_s, settings.jump_rate_hz, settings.jump_duration_s, random
    ):
        size = settings.jump_sigma_m * random.standard_normal(2)
        errors[(times_s >= begin_s) & (times_s < end_s)] += size
    return errors


def poisson_spans(
    times_s: FloatArray, rate_hz: float, duration_s: float, random: np.random.Generator
) -> list[tuple[float, float]]:
    """Begin and end of events that start at random and last exponentially long.

    They start from ten mean durations before the first time on, so the process is stationary.
    """
    begin_s = float(times_s[0]) - 10.0 * duration_s
    span_s = float(times_s[-1]) - begin_s
    count = int(random.poisson(rate_hz * span_s))
    begins = begin_s + np.sort(random.uniform(0.0, span_s, count))
    lengths = random.exponential(duration_s, count)
    return [(float(b), float(b + d)) for b, d in zip(begins, lengths, strict=True)]


def simulate_gnss(
    truth: TruthTrajectory, settings: ReceiverSettings, seeds: ErrorSeeds
) -> GnssTrack:
    """What the receiver makes of a drive."""
    random = stream('gnss receiver', seeds.world, seeds.day, seeds.drive)
    period_ns = round(NANOSECONDS_PER_SECOND / settings.rate_hz)
    first_ns = int(truth.stamps_ns[0]) + int(random.integers(period_ns // 2))
    stamps = regular_stamps(first_ns, int(truth.stamps_ns[-1]), settings.rate_hz)
    antenna = antenna_positions(truth.at(stamps), settings.forward_m, settings.left_m)
    times_s = (stamps - stamps[0]) / NANOSECONDS_PER_SECOND
    errors = draw_error_parts(settings.error, times_s, antenna, seeds).total()
    sigma = total_sigma_m(settings.error) / settings.overconfidence
    stated = sigma * np.exp(settings.stated_spread * random.standard_normal(len(stamps)))
    latency_ns = round(settings.latency_s * NANOSECONDS_PER_SECOND)
    return GnssTrack(
        stamps,
        stamps + latency_ns,
        antenna + errors,
        ~_outages(settings.error, stamps, times_s, seeds),
        stated,
    )


def _outages(
    settings: GnssErrorSettings, stamps: StampArray, times_s: FloatArray, seeds: ErrorSeeds
) -> BoolArray:
    random = stream('gnss outage', seeds.world, seeds.day, seeds.drive)
    out: BoolArray = np.zeros(len(stamps), dtype=np.bool_)
    spans = poisson_spans(times_s, settings.outage_rate_hz, settings.outage_duration_s, random)
    for begin_s, end_s in spans:
        out |= (times_s >= begin_s) & (times_s < end_s)
    return out


def antenna_positions(truth: TruthTrajectory, forward_m: float, left_m: float) -> FloatArray:
    """True antenna positions from those of base_link, shape (n, 2)."""
    cosine, sine = np.cos(truth.yaw_rad), np.sin(truth.yaw_rad)
    return np.column_stack(
        (
            truth.x_m + cosine * forward_m - sine * left_m,
            truth.y_m + sine * forward_m + cosine * left_m,
        )
    )

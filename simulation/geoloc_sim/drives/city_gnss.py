# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""GNSS errors that follow the buildings; their mean over the streets is the frozen model's.

Where satellites are hidden the receiver's geometry is worse, most of all across a street canyon:
the parts *place* (by the whole sky, alike on every day) and *slow* (by the day's satellites) are
multiplied by a matrix of the place, and jumps and outages start more often. Averaged over the
world's streets the matrices have a mean square of one and the rates are the frozen ones. The
satellites stand still over a drive (they move by some degrees in ten minutes).
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from scipy.ndimage import gaussian_filter1d

from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray
from geoloc_sim.drives.settings import CityErrorSettings, SkySettings
from geoloc_sim.drives.sky_view import SkyView, sky_directions
from geoloc_sim.gnss_error import (
    ErrorParts,
    ErrorSeeds,
    antenna_positions,
    draw_error_parts,
    part_variances_m2,
    poisson_spans,
)
from geoloc_sim.randomness import stream
from geoloc_sim.records import BoolArray, GnssTrack, TruthTrajectory, regular_stamps
from geoloc_sim.settings import GnssErrorSettings, ReceiverSettings


@dataclasses.dataclass(frozen=True, slots=True)
class SkyAlong:
    """What the sky does to a receiver at n places.

    Attributes:
        place: factor on the place part, shape (n, 2, 2).
        slow: factor on the slow part, shape (n, 2, 2).
        hazard: how often jumps and outages start beside the average, shape (n,).
        open_share: of the sky, shape (n,).
    """

    place: FloatArray
    slow: FloatArray
    hazard: FloatArray
    open_share: FloatArray


class CitySky:
    """Sky factors of one world on one day, averaged over its streets.

    Args:
        sky: open sky of the world.
        street_points_m: points spread evenly over the driven streets, shape (n, 2).
        settings: of the sky.
        error: how the sky changes the errors.
        seeds: world and day place the satellites.
    """

    def __init__(
        self,
        sky: SkyView,
        street_points_m: FloatArray,
        settings: SkySettings,
        error: CityErrorSettings,
        seeds: ErrorSeeds,
    ) -> None:
        self._sky = sky
        self._error = error
        self._whole = sky_directions(lowest_rad=settings.lowest_rad)
        self._satellites = satellite_directions(settings, seeds)
        place, slow, hazard, _ = self._raw(street_points_m)
        self._place_scale = 1.0 / math.sqrt(_mean_square(place))
        self._slow_scale = 1.0 / math.sqrt(_mean_square(slow))
        self._hazard_scale = 1.0 / float(hazard.mean())

    def along(self, points_m: FloatArray) -> SkyAlong:
        """The factors at points, shape (n, 2)."""
        place, slow, hazard, open_share = self._raw(points_m)
        return SkyAlong(
            place * self._place_scale,
            slow * self._slow_scale,
            hazard * self._hazard_scale,
            open_share,
        )

    def _raw(self, points_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        whole = self._sky.passing(points_m, self._whole)
        satellites = self._sky.passing(points_m, self._satellites)
        hazard = 1.0 - satellites.mean(axis=1) + self._error.jump_floor
        return (
            self._factor(whole, self._whole),
            self._factor(satellites, self._satellites),
            hazard,
            whole.mean(axis=1),
        )

    def _factor(self, passing: FloatArray, directions: FloatArray) -> FloatArray:
        floor = self._error.blocked_weight
        shape = dilution(floor + (1.0 - floor) * passing, directions)
        gain = 1.0 + self._error.multipath_gain * (1.0 - passing.mean(axis=1))
        return np.asarray(shape * gain[:, None, None])


def satellite_directions(settings: SkySettings, seeds: ErrorSeeds) -> FloatArray:
    """Where the satellites of a day stand, even over the sky by solid angle, shape (m, 3)."""
    random = stream('gnss satellites', seeds.world, seeds.day)
    up = random.uniform(math.sin(settings.lowest_rad), 1.0, settings.satellites)
    azimuth = random.uniform(0.0, 2.0 * np.pi, settings.satellites)
    level = np.sqrt(1.0 - up**2)
    return np.column_stack((level * np.cos(azimuth), level * np.sin(azimuth), up))


def dilution(weights: FloatArray, directions: FloatArray) -> FloatArray:
    """Root of the horizontal covariance of a position solved from weighted pseudoranges.

    With G = sum of w a a^T over the satellites, a = (direction, 1), the covariance is the east
    and north part of the inverse of G, and the result is its symmetric root.

    Args:
        weights: of each satellite's range, shape (n, m), positive.
        directions: unit vectors, shape (m, 3), at least four that are not on a cone.

    Returns:
        Shape (n, 2, 2).
    """
    rows = np.column_stack((directions, np.ones(len(directions))))
    information = np.einsum('nm,mi,mj->nij', weights, rows, rows)
    covariance = np.linalg.inv(information)[:, :2, :2]
    values, vectors = np.linalg.eigh(covariance)
    roots = np.sqrt(np.maximum(values, 0.0))
    return np.asarray(np.einsum('nik,nk,njk->nij', vectors, roots, vectors))


def draw_city_errors(
    settings: GnssErrorSettings,
    times_s: FloatArray,
    points_m: FloatArray,
    sky: SkyAlong,
    seeds: ErrorSeeds,
) -> ErrorParts:
    """The error of a receiver at given times and places under a given sky.

    Args:
        settings: size of each part, averaged over the world's streets.
        times_s: rising, shape (n,).
        points_m: true antenna positions, shape (n, 2).
        sky: at those points.
        seeds: as in ``draw_error_parts``.
    """
    parts = draw_error_parts(settings, times_s, points_m, seeds)
    return dataclasses.replace(
        parts,
        place=np.einsum('nij,nj->ni', sky.place, parts.place),
        slow=np.einsum('nij,nj->ni', sky.slow, parts.slow),
        jump=_jumps(settings, times_s, sky.hazard, seeds),
    )


def simulate_city_gnss(
    truth: TruthTrajectory,
    city: CitySky,
    settings: ReceiverSettings,
    error: CityErrorSettings,
    seeds: ErrorSeeds,
    in_tunnel: BoolArray | None = None,
) -> GnssTrack:
    """What the receiver makes of a drive through a city.

    It knows half of what the sky does to it: its stated standard deviation is the geometric mean
    of the true one at the place and the average.

    Args:
        truth: the drive.
        city: the sky over its world.
        settings: the receiver.
        error: how the sky changes its errors.
        seeds: world, day, drive.
        in_tunnel: at each stamp of the truth, for roofs that the sky's geometry lacks.
    """
    random = stream('gnss receiver', seeds.world, seeds.day, seeds.drive)
    period_ns = round(NANOSECONDS_PER_SECOND / settings.rate_hz)
    first_ns = int(truth.stamps_ns[0]) + int(random.integers(period_ns // 2))
    stamps = regular_stamps(first_ns, int(truth.stamps_ns[-1]), settings.rate_hz)
    at_fix = truth.at(stamps)
    antenna = antenna_positions(at_fix, settings.forward_m, settings.left_m)
    times_s = (stamps - stamps[0]) / NANOSECONDS_PER_SECOND
    sky = averaged_along(city.along(antenna), antenna, error.averaging_m)
    errors = draw_city_errors(settings.error, times_s, antenna, sky, seeds).total()
    average = sum(part_variances_m2(settings.error).values())
    sigma = (average * place_variance_m2(settings.error, sky)) ** 0.25 / settings.overconfidence
    stated = sigma * np.exp(settings.stated_spread * random.standard_normal(len(stamps)))
    hidden = sky.open_share < error.outage_open_share
    if in_tunnel is not None:
        own = (truth.stamps_ns - stamps[0]) / NANOSECONDS_PER_SECOND
        hidden |= np.interp(times_s, own, in_tunnel.astype(np.float64)) > 0.5
    out = _held(hidden, times_s, error.reacquire_s)
    out |= _random_outages(settings.error, times_s, sky.hazard, seeds)
    latency_ns = round(settings.latency_s * NANOSECONDS_PER_SECOND)
    return GnssTrack(stamps, stamps + latency_ns, antenna + errors, ~out, stated)


def place_variance_m2(settings: GnssErrorSettings, sky: SkyAlong) -> FloatArray:
    """Variance per axis of the whole error under a sky, in closed form, shape (n,)."""
    parts = part_variances_m2(settings)
    steady = parts['constant'] + parts['day'] + parts['white']
    place, slow = (0.5 * (factor**2).sum(axis=(1, 2)) for factor in (sky.place, sky.slow))
    return np.asarray(
        steady + parts['place'] * place + parts['slow'] * slow + parts['jump'] * sky.hazard
    )


def averaged_along(sky: SkyAlong, points_m: FloatArray, length_m: float) -> SkyAlong:
    """Factors and hazard averaged over the way by a Gaussian; the open share stays."""
    way = np.concatenate(([0.0], np.hypot(*np.diff(points_m, axis=0).T).cumsum()))
    if length_m <= 0.0 or way[-1] < length_m:
        return sky
    even = np.arange(0.0, way[-1] + 2.0, 2.0)

    def averaged(values: FloatArray) -> FloatArray:
        flat = values.reshape(len(values), -1)
        on_even = np.column_stack([np.interp(even, way, column) for column in flat.T])
        smooth = gaussian_filter1d(on_even, length_m / 2.0, axis=0, mode='nearest')
        back = np.column_stack([np.interp(way, even, column) for column in smooth.T])
        return back.reshape(values.shape)

    return SkyAlong(averaged(sky.place), averaged(sky.slow), averaged(sky.hazard), sky.open_share)


def _jumps(
    settings: GnssErrorSettings, times_s: FloatArray, hazard: FloatArray, seeds: ErrorSeeds
) -> FloatArray:
    random = stream('gnss city jump', seeds.world, seeds.day, seeds.drive)
    errors = np.zeros((len(times_s), 2))
    for begin_s, end_s in _spans(
        times_s, hazard, settings.jump_rate_hz, settings.jump_duration_s, random
    ):
        size = settings.jump_sigma_m * random.standard_normal(2)
        errors[(times_s >= begin_s) & (times_s < end_s)] += size
    return errors


def _random_outages(
    settings: GnssErrorSettings, times_s: FloatArray, hazard: FloatArray, seeds: ErrorSeeds
) -> BoolArray:
    random = stream('gnss city outage', seeds.world, seeds.day, seeds.drive)
    out: BoolArray = np.zeros(len(times_s), dtype=np.bool_)
    for begin_s, end_s in _spans(
        times_s, hazard, settings.outage_rate_hz, settings.outage_duration_s, random
    ):
        out |= (times_s >= begin_s) & (times_s < end_s)
    return out


def _spans(
    times_s: FloatArray,
    hazard: FloatArray,
    rate_hz: float,
    duration_s: float,
    random: np.random.Generator,
) -> list[tuple[float, float]]:
    """Events whose rate follows the hazard: a faster process, thinned."""
    most = float(hazard.max())
    spans = poisson_spans(times_s, most * rate_hz, duration_s, random)
    kept = random.uniform(0.0, most, len(spans))
    here = np.interp([begin for begin, _ in spans], times_s, hazard)
    return [span for span, drawn, at in zip(spans, kept, here, strict=True) if drawn < at]


def _held(hidden: BoolArray, times_s: FloatArray, hold_s: float) -> BoolArray:
    """Hidden epochs and those up to ``hold_s`` after one."""
    at = np.flatnonzero(hidden)
    if not len(at):
        return hidden
    last = np.searchsorted(at, np.arange(len(hidden)), side='right') - 1
    since_s = times_s - times_s[at[np.maximum(last, 0)]]
    return np.asarray((last >= 0) & (since_s <= hold_s))


def _mean_square(factors: FloatArray) -> float:
    return 0.5 * float((factors**2).sum(axis=(1, 2)).mean())

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.localizer.preparation import score_settings
from geoloc_ros.localizer.process import temper_power
from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.localizer.settings import ParticleLocalizerSettings
from geoloc_ros.observations.gnss import correlation_inflation
from geoloc_ros.observations.score_field import ScoreFieldSettings
from geoloc_ros.types import ScoreLattice, TrackingState, UpdateReason
from short_drives import KINDS, drive, eastward_drive, fix, make, ns, twist


def scores(stamp_s, east, north, sigma_m=3.0, source='cross_view/scores', size=33):
    """A Gaussian mode on a lattice about (100, 0), north-east aligned."""
    spacing_m = 5.0
    origin = np.round((east / 5.0, north / 5.0)) * 5.0 - 0.5 * (size - 1) * spacing_m
    x_m = origin[0] + spacing_m * np.arange(size)
    y_m = origin[1] + spacing_m * np.arange(size)
    squared = (x_m[None, :] - east) ** 2 + (y_m[:, None] - north) ** 2
    values = (-0.5 * squared / sigma_m**2).astype(np.float32)
    return ScoreLattice(ns(stamp_s), source, *origin, 0.0, spacing_m, np.empty(0), values[None])


def reasons(localizer, source='cross_view/scores'):
    found = next(one for one in localizer.statistics() if one.source == source)
    return {'accepted': found.accepted, **{r.value: count for r, count in found.rejected}}


@pytest.mark.parametrize('kind', KINDS)
def test_scores_pull_the_belief_and_the_state_is_tracking(kind):
    localizer = make(kind)
    measurements = eastward_drive()
    drive(localizer, measurements)
    assert localizer.state is TrackingState.GPS_ONLY
    before = localizer.estimate()
    result = localizer.push(scores(12.0, before.x_m, before.y_m + 2.0, sigma_m=1.0))
    assert [report.result.reason for report in result.reports] == [UpdateReason.ACCEPTED]
    assert result.state is TrackingState.TRACKING
    after = localizer.estimate()
    assert 0.2 < after.y_m - before.y_m < 2.0
    assert after.covariance[1, 1] < before.covariance[1, 1]


@pytest.mark.parametrize('kind', KINDS)
def test_late_scores_give_what_scores_in_time_give(kind):
    base = eastward_drive(8.0)
    made = [scores(k, 10.0 * k, 1.0) for k in range(2, 8)]
    in_time = sorted(base + made, key=lambda m: m.stamp_ns)
    late = sorted(
        base + made, key=lambda m: m.stamp_ns + 400_000_000 * isinstance(m, ScoreLattice)
    )
    ends = []
    for measurements in (in_time, late):
        localizer = make(kind)
        drive(localizer, measurements)
        localizer.push(twist(9.0))
        ends.append(localizer.estimate())
        assert reasons(localizer)['accepted'] == 6
    np.testing.assert_allclose(ends[0].state, ends[1].state, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ends[0].covariance, ends[1].covariance, rtol=0, atol=1e-9)


@pytest.mark.parametrize('kind', KINDS)
def test_scores_are_thinned_by_distance_and_not_used_while_standing(kind):
    # 10 m/s and one picture each 0.1 s: every fifth is used, for they come each metre.
    localizer = make(kind)
    pictures = [scores(2.0 + k / 10.0, 20.0 + k, 0.0) for k in range(41)]
    drive(localizer, sorted(eastward_drive(6.0) + pictures, key=lambda m: m.stamp_ns))
    assert reasons(localizer) == {'accepted': 9, 'thinned': 32}
    standing = make(kind)
    still = [twist(k / 20.0, 0.0) for k in range(200)] + [fix(k, 0.0, 0.0) for k in range(10)]
    pictures = [scores(2.0 + k / 10.0, 0.0, 0.0) for k in range(70)]
    drive(standing, sorted(still + pictures, key=lambda m: m.stamp_ns))
    assert reasons(standing) == {'accepted': 1, 'thinned': 69}
    assert standing.state is TrackingState.TRACKING


@pytest.mark.parametrize('kind', KINDS)
def test_without_odometry_distance_is_that_of_the_believed_speed(kind):
    localizer = make(kind)
    moving = [m for m in eastward_drive(12.0) if hasattr(m, 'status')]
    pictures = [scores(8.0 + k / 10.0, 80.0 + k, 0.0) for k in range(41)]
    drive(localizer, sorted(moving + pictures, key=lambda m: m.stamp_ns))
    found = reasons(localizer)
    assert 6 <= found['accepted'] <= 12


@pytest.mark.parametrize('thinning', ['distance', 'temper', 'none'])
def test_thinning_keeps_repeated_errors_from_counting_as_news(thinning):
    localizer = make('kalman', scores=ScoreFieldSettings(thinning=thinning))
    pictures = [scores(2.0 + k / 10.0, 20.0 + k, 0.0) for k in range(41)]
    drive(localizer, sorted(eastward_drive(6.0) + pictures, key=lambda m: m.stamp_ns))
    sigma = math.sqrt(localizer.estimate().covariance[1, 1])
    none = make('kalman', scores=ScoreFieldSettings(thinning='none'))
    drive(none, sorted(eastward_drive(6.0) + pictures, key=lambda m: m.stamp_ns))
    ratio = sigma / math.sqrt(none.estimate().covariance[1, 1])
    assert ratio == 1.0 if thinning == 'none' else 1.3 < ratio < 4.0


def test_temper_power_is_the_inverse_of_the_inflation_of_fixes():
    for driven_m in (0.5, 2.0, 10.0):
        expected = 1.0 / correlation_inflation(driven_m, 5.0)
        assert temper_power(driven_m, 5.0) == pytest.approx(expected)
    assert temper_power(0.0, 0.0) == 1.0


@pytest.mark.parametrize('kind', KINDS)
def test_uncalibrated_scores_are_left_out_unless_told_otherwise(kind):
    lattice = dataclasses.replace(scores(12.0, 120.0, 2.0, 1.0), calibrated=False)
    localizer = make(kind)
    drive(localizer, eastward_drive())
    before = localizer.estimate()
    result = localizer.push(lattice)
    assert [warning.kind for warning in result.warnings] == [WarningKind.UNCALIBRATED]
    assert 'geoloc calibrate' in result.warnings[0].text
    assert result.state is TrackingState.GPS_ONLY
    assert reasons(localizer) == {'accepted': 0, 'uncalibrated': 1}
    np.testing.assert_array_equal(localizer.estimate().state, before.state)
    daring = make(kind, scores=ScoreFieldSettings(accept_uncalibrated=True))
    drive(daring, eastward_drive())
    assert daring.push(lattice).state is TrackingState.TRACKING


def test_what_is_no_field_is_refused_and_moves_nothing():
    localizer = make('particle')
    drive(localizer, eastward_drive())
    nothing = scores(12.0, 120.0, 0.0)
    nothing.log_likelihood[:] = np.nan
    result = localizer.push(nothing)
    assert [warning.kind for warning in result.warnings] == [WarningKind.UNREADABLE]
    assert reasons(localizer) == {'accepted': 0, 'invalid': 1}


def test_several_modes_are_no_gaussian_for_kalman_and_news_for_particles():
    two = scores(12.0, 120.0, -10.0)
    values = np.logaddexp(two.log_likelihood, np.roll(two.log_likelihood, 4, axis=1))
    two = dataclasses.replace(two, log_likelihood=values)
    for kind, reason in (('kalman', 'no_gaussian'), ('particle', 'accepted')):
        localizer = make(kind)
        drive(localizer, eastward_drive())
        localizer.push(two)
        assert reasons(localizer)[reason] == 1


def headed(stamp_s, east, north, yaw_rad, size=33, count=32):
    """As ``scores``, of one heading among 32 (of circular deviation 0.2)."""
    flat = scores(stamp_s, east, north, 4.0, size=size)
    yaws = 2.0 * math.pi * np.arange(count) / count
    turned = (-0.5 * (wrap_angle(yaws - yaw_rad) / 0.2) ** 2).astype(np.float32)
    values = flat.log_likelihood + turned[:, None, None]
    return dataclasses.replace(flat, yaws_rad=yaws, log_likelihood=values)


def start_with_a_wrong_heading(settings, wrong_rad, seconds=3.0):
    """Drive east; the first two pictures agree on another heading, later ones say nothing."""
    localizer = make('particle', scores=settings)
    pictures = [headed(0.1, 0.0, 0.0, wrong_rad)]
    way = 5.0 * np.array((math.cos(wrong_rad), math.sin(wrong_rad)))
    pictures.append(headed(0.6, *way, wrong_rad))
    drive(localizer, sorted(eastward_drive(seconds) + pictures, key=lambda m: m.stamp_ns))
    return localizer.estimate()


@pytest.mark.parametrize('wrong_rad', [-2.0, 1.2, 3.0])
def test_a_wrong_heading_of_the_first_pictures_is_given_up_sooner(wrong_rad):
    believed = start_with_a_wrong_heading(ScoreFieldSettings(settling_m=0.0), wrong_rad)
    doubted = start_with_a_wrong_heading(ScoreFieldSettings(), wrong_rad)
    assert math.hypot(30.0 - believed.x_m, believed.y_m) > 20.0
    assert math.hypot(30.0 - doubted.x_m, doubted.y_m) < 4.0


def test_a_heading_that_fixes_told_first_is_not_in_doubt():
    ends = []
    for settling_m in (0.0, 30.0):
        localizer = make('particle', scores=ScoreFieldSettings(settling_m=settling_m))
        drive(localizer, eastward_drive(12.0))
        localizer.push(headed(12.1, 121.0, 1.0, 0.1))
        ends.append(localizer.estimate().state)
    np.testing.assert_array_equal(ends[0], ends[1])


def test_a_picture_that_is_refused_leaves_nothing_in_doubt():
    """Two modes are no Gaussian; the fixes then tell the heading, and later pictures count."""
    ends = []
    two = scores(0.3, 3.0, -30.0)
    values = np.logaddexp(two.log_likelihood, np.roll(two.log_likelihood, 12, axis=1))
    two = dataclasses.replace(two, log_likelihood=values)
    for settling_m in (0.0, 30.0):
        localizer = make('kalman', scores=ScoreFieldSettings(settling_m=settling_m))
        measurements = sorted([*eastward_drive(12.0), two], key=lambda m: m.stamp_ns)
        drive(localizer, measurements)
        assert reasons(localizer)['no_gaussian'] == 1
        localizer.push(scores(12.1, 121.0, 1.0))
        assert reasons(localizer)['accepted'] == 1
        ends.append(localizer.estimate().state)
    np.testing.assert_array_equal(ends[0], ends[1])


@pytest.mark.parametrize('kind', KINDS)
def test_after_a_new_start_the_heading_is_in_doubt_again(kind):
    """The fixes jump by 200 m, the filter starts anew there, and two pictures lead it astray."""
    errors_m = []
    for settling_m in (0.0, 30.0):
        localizer = make(kind, scores=ScoreFieldSettings(settling_m=settling_m))
        first = [*eastward_drive(20.0), scores(10.0, 100.0, 0.0)]
        drive(localizer, sorted(first, key=lambda m: m.stamp_ns))
        odometry = [twist(20.0 + k / 20.0) for k in range(1, 121)]
        jumped = [fix(20.0 + k + 0.013, 10.0 * (20.0 + k), 200.0) for k in range(1, 7)]
        wrong = [headed(23.1, 231.0, 200.0, 2.0), headed(23.6, 229.0, 204.5, 2.0)]
        results = drive(localizer, sorted(odometry + jumped + wrong, key=lambda m: m.stamp_ns))
        restarts = [
            report.stamp_ns
            for result in results
            for report in result.reports
            if report.result.reason is UpdateReason.RESEEDED
        ]
        assert restarts
        assert restarts[0] < ns(23.1)
        assert reasons(localizer)['accepted'] >= 2
        end = localizer.estimate()
        errors_m.append(math.hypot(260.0 - end.x_m, 200.0 - end.y_m))
    assert errors_m[1] < 0.5 * errors_m[0]


def test_the_papers_filter_takes_scores_as_printed():
    settings = ParticleLocalizerSettings(particle=ParticleSettings(preset='paper'))
    used = score_settings(settings)
    assert (used.thinning, used.outlier_probability, used.no_data) == ('none', 0.0, 'discard')
    assert used.settling_m == 0.0
    assert score_settings(ParticleLocalizerSettings()) == ScoreFieldSettings()

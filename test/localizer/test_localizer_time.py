# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.types import (
    GnssFix,
    UpdateReason,
)
from short_drives import KINDS, drive, eastward_drive, fix, kinds, make, ns, placed, reasons, twist


@pytest.mark.parametrize('kind', KINDS)
def test_late_and_shuffled_measurements_give_the_estimate_they_give_in_order(kind):
    in_order = eastward_drive()
    rng = np.random.default_rng(11)
    delays_s = rng.uniform(0.0, 0.95, size=len(in_order))
    arrival = sorted(range(len(in_order)), key=lambda k: in_order[k].stamp_ns * 1e-9 + delays_s[k])
    # The first fix starts both runs, and the newest measurement ends both.
    first = next(k for k, m in enumerate(in_order) if isinstance(m, GnssFix))
    order = list(range(first + 1)) + [k for k in arrival if first < k < len(in_order) - 1]
    shuffled = [in_order[k] for k in order] + [in_order[-1]]
    assert [m.stamp_ns for m in shuffled] != sorted(m.stamp_ns for m in shuffled)
    straight, late = make(kind), make(kind)
    drive(straight, in_order)
    results = drive(late, shuffled)
    assert UpdateReason.TOO_LATE not in reasons(results)
    expected, got = straight.estimate(), late.estimate()
    assert got.stamp_ns == expected.stamp_ns
    np.testing.assert_allclose(got.state, expected.state, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.covariance, expected.covariance, rtol=1e-9, atol=1e-12)


def test_a_fix_older_than_the_one_that_started_is_used_too():
    early, later = fix(0.0, 0.0, 0.0), fix(0.5, 5.0, 0.0)
    straight, late = make('kalman'), make('kalman')
    drive(straight, [early, later, fix(1.0, 10.0, 0.0)])
    drive(late, [later, early, fix(1.0, 10.0, 0.0)])
    expected, got = straight.estimate(), late.estimate()
    np.testing.assert_allclose(got.state[:2], expected.state[:2], atol=1e-9)
    np.testing.assert_allclose(got.covariance[:2, :2], expected.covariance[:2, :2], rtol=1e-9)


@pytest.mark.parametrize(('delay_s', 'expected'), [(0.999, 'accepted'), (1.001, 'too_late')])
def test_delay_limit(delay_s, expected):
    localizer = make('kalman')
    drive(localizer, [fix(0.0, 0.0, 0.0), fix(10.0, 0.0, 0.0), twist(10.0, 0.0)])
    result = localizer.push(fix(10.0 - delay_s, 0.0, 0.0, source='slow'))
    assert result.reports[0].result.reason.value == expected


def test_corrected_fix_replaces_the_raw_one_whichever_comes_first():
    raw, corrected = fix(1.0, 8.0, 0.0), fix(1.0, 0.0, 0.0, source='fix/corrected')
    outcomes = []
    for pair in ((raw, corrected), (corrected, raw), (corrected,)):
        localizer = make('kalman')
        drive(localizer, [fix(0.0, 0.0, 0.0), twist(0.0, 0.0), twist(0.2, 0.0), *pair])
        outcomes.append(localizer.estimate().state)
    np.testing.assert_allclose(outcomes[0], outcomes[2], atol=1e-9)
    np.testing.assert_allclose(outcomes[1], outcomes[2], atol=1e-9)


def test_duplicate_is_counted_and_dropped():
    localizer = make('kalman')
    drive(localizer, [fix(0.0, 0.0, 0.0), fix(1.0, 1.0, 0.0)])
    before = localizer.estimate()
    result = localizer.push(fix(1.0, 1.0, 0.0))
    assert reasons([result]) == [UpdateReason.DUPLICATE]
    np.testing.assert_array_equal(localizer.estimate().covariance, before.covariance)


@pytest.mark.parametrize('kind', KINDS)
def test_clock_that_goes_back_resets_after_the_second_message(kind):
    localizer = make(kind)
    drive(localizer, eastward_drive())
    first = localizer.push(fix(-100.0, 0.0, 0.0))
    assert kinds([first]) == [WarningKind.STAMP_JUMP]
    assert localizer.estimate().stamp_ns > ns(11.0)
    second = localizer.push(fix(-99.0, 3.0, 0.0))
    assert second.was_reset
    assert WarningKind.CLOCK_BACKWARDS in kinds([second])
    assert localizer.estimate().stamp_ns == ns(-99.0)


def test_one_absurd_stamp_loses_only_itself():
    localizer = make('kalman')
    before = drive(localizer, eastward_drive())[-1]
    absurd = localizer.push(twist(1e9))
    assert reasons([absurd]) == [UpdateReason.SUSPECT_STAMP]
    after = localizer.push(twist(12.05))
    assert not after.was_reset
    assert after.state is before.state
    zero = localizer.push(dataclasses.replace(twist(0.0), stamp_ns=0))
    assert 'header.stamp' in zero.warnings[0].text


def test_slow_source_is_late_and_never_a_reset():
    localizer = make('kalman')
    drive(localizer, eastward_drive())
    results = [localizer.push(fix(5.0 + k, 50.0, 0.0, source='slow')) for k in range(5)]
    assert set(reasons(results)) == {UpdateReason.TOO_LATE}
    assert not any(result.was_reset for result in results)


def test_long_gap_starts_anew_once_two_messages_agree():
    localizer = make('kalman')
    drive(localizer, eastward_drive())
    results = drive(localizer, [fix(500.0, 0.0, 0.0), fix(501.0, 0.0, 0.0)])
    assert [result.was_reset for result in results] == [False, True]
    shorter = make('kalman')
    drive(shorter, eastward_drive())
    results = drive(shorter, [fix(60.0, 600.0, 0.0), fix(61.0, 610.0, 0.0)])
    assert not any(result.was_reset for result in results)
    assert abs(shorter.estimate().yaw_rad) < 0.5


def test_advance_with_a_foreign_clock_does_nothing():
    localizer = make('kalman')
    drive(localizer, eastward_drive(3.0))
    assert localizer.advance(ns(10_000_000.0)).estimates == ()


def test_gps_alone_still_gives_estimates_between_fixes():
    localizer = make('kalman')
    first = localizer.push(fix(0.0, 0.0, 0.0))
    stamps = [estimate.stamp_ns for estimate in first.estimates]
    for k in range(1, 20):
        stamps += [e.stamp_ns for e in localizer.advance(ns(k * 0.05)).estimates]
    assert stamps == [ns(k / 10.0) for k in range(9)]


@pytest.mark.parametrize('bad', [placed(math.nan, 1.0), twist(0.0, math.nan)])
def test_bad_message_does_not_move_time(bad):
    localizer = make('kalman')
    drive(localizer, eastward_drive(5.0))
    result = localizer.push(dataclasses.replace(bad, stamp_ns=ns(12.0)))
    assert result.estimates == ()
    after = drive(localizer, [twist(5.05 + k / 20.0) for k in range(10)])
    assert set(reasons(after)) == {UpdateReason.ACCEPTED}


@pytest.mark.parametrize('lead_s', [-3.0, 0.0, 2.0, 40.0])
def test_sensors_with_a_clock_of_their_own_lose_nothing(lead_s):
    localizer = make('kalman')
    results = []
    for measurement in eastward_drive(20.0):
        results.append(localizer.push(measurement))
        results.append(localizer.advance(measurement.stamp_ns + round((lead_s + 0.01) * 1e9)))
    assert UpdateReason.TOO_LATE not in reasons(results)
    gap = [e for k in range(30) for e in localizer.advance(ns(20.0 + lead_s + k / 10)).estimates]
    assert len(gap) >= 20


@pytest.mark.parametrize('with_fixes', [True, False])
def test_hours_of_messages_do_not_pile_up(with_fixes):
    localizer = make('kalman')
    for k in range(3000):
        localizer.push(twist(k / 20.0))
        if with_fixes and k % 20 == 0:
            localizer.push(fix(k / 20.0, 10.0 * k / 20.0, 0.0))
    assert len(localizer._motion._speed._samples) < 60
    assert len(localizer._buffer._entries) < 40

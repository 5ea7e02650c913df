# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from geoloc_ros.filters.kalman_filter import KalmanFilter
from geoloc_ros.localizer.localizer import Localizer
from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.localizer.settings import (
    DatumSettings,
    KalmanLocalizerSettings,
    OutputSettings,
)
from geoloc_ros.types import (
    FixStatus,
    GeodeticPosition,
    GnssFix,
    OdometryPose,
    PoseMeasurement,
    PosePrior,
    TrackingState,
)
from short_drives import KINDS, ORIGIN, drive, eastward_drive, fix, kinds, make, ns, placed, twist


@pytest.mark.parametrize('kind', KINDS)
def test_straight_drive_is_followed(kind):
    localizer = make(kind)
    drive(localizer, eastward_drive())
    estimate = localizer.estimate()
    assert abs(estimate.x_m - 120.13) < 3.0
    assert abs(estimate.y_m) < 3.0
    assert abs(estimate.yaw_rad) < 0.1
    assert estimate.speed_m_s == pytest.approx(10.0, abs=0.5)
    assert localizer.state is TrackingState.GPS_ONLY


@pytest.mark.parametrize('kind', KINDS)
def test_estimates_come_at_whole_periods(kind):
    localizer = make(kind, output=OutputSettings(rate_hz=5.0, at_fixes=False))
    results = drive(localizer, eastward_drive(4.0))
    stamps = [estimate.stamp_ns for result in results for estimate in result.estimates]
    assert all(stamp % 200_000_000 == 0 for stamp in stamps)
    assert np.all(np.diff(stamps) == 200_000_000)
    assert stamps[-1] == ns(4.0)


@pytest.mark.parametrize('kind', KINDS)
def test_estimate_at_each_fix_has_used_it(kind):
    localizer = make(kind)
    measurements = eastward_drive(4.0)
    results = drive(localizer, measurements)
    stamps = [estimate.stamp_ns for result in results for estimate in result.estimates]
    assert np.all(np.diff(stamps) > 0)
    fixes = [(m, r) for m, r in zip(measurements, results, strict=True) if isinstance(m, GnssFix)]
    assert all(result.estimates[-1].stamp_ns == m.stamp_ns for m, result in fixes)
    late = localizer.push(fix(3.5, 35.0, 0.0, source='slow'))
    assert late.estimates == ()


@pytest.mark.parametrize(
    ('measurement', 'kind'),
    [
        (
            dataclasses.replace(fix(1.0, 0, 0), position=GeodeticPosition(math.nan, 1.0)),
            'NOT_FINITE',
        ),
        (dataclasses.replace(fix(1.0, 0, 0), position=GeodeticPosition(95.0, 1.0)), 'OFF_EARTH'),
        (dataclasses.replace(fix(1.0, 0, 0), position=GeodeticPosition(0.0, 0.0)), 'OFF_EARTH'),
        (fix(1.0, 0.0, 0.0, sigma=1e4), 'BAD_COVARIANCE'),
        (fix(1.0, 0.0, 0.0, sigma=0.0), 'BAD_COVARIANCE'),
        (fix(1.0, 0.0, 0.0, status=FixStatus.NO_FIX), 'NO_FIX'),
        (fix(1.0, 2e5, 0.0), 'FAR_FROM_DATUM'),
        (twist(1.0, math.nan), 'NOT_FINITE'),
        (twist(1.0, 300.0), 'IMPLAUSIBLE'),
        (twist(1.0, 1.0, 50.0), 'IMPLAUSIBLE'),
        (OdometryPose(ns(1.0), 'odom', math.inf, 0.0, 0.0), 'NOT_FINITE'),
        (PoseMeasurement(ns(1.0), 'odom', 0.0, 0.0, 0.0, np.eye(3)), 'WRONG_FRAME'),
        (PoseMeasurement(ns(1.0), 'map', 0.0, 0.0, 0.0, np.zeros((3, 3))), 'BAD_COVARIANCE'),
        (PoseMeasurement(ns(1.0), 'map', math.nan, 0.0, 0.0, np.eye(3)), 'NOT_FINITE'),
    ],
)
@pytest.mark.parametrize('filter_name', KINDS)
def test_bad_measurement_is_named_counted_and_survived(filter_name, measurement, kind):
    localizer = make(filter_name)
    drive(localizer, [fix(0.0, 0.0, 0.0), OdometryPose(ns(0.5), 'odom', 0.0, 0.0, 0.0, 'poses')])
    if isinstance(measurement, OdometryPose):
        measurement = dataclasses.replace(measurement, source='poses')
    result = localizer.push(measurement)
    assert WarningKind[kind] in [warning.kind for warning in result.warnings]
    assert all(len(warning.text) > 20 for warning in result.warnings)
    after = localizer.push(fix(2.0, 1.0, 0.0))
    assert np.all(np.isfinite(localizer.estimate().covariance))
    assert after.reports[-1].result.accepted
    counters = {one.source: one for one in localizer.statistics()}
    assert counters[measurement.source].received >= 1


@pytest.mark.parametrize('kind', KINDS)
def test_outage_grows_the_covariance_and_kidnap_is_recovered(kind):
    localizer = make(kind)
    drive(localizer, eastward_drive(20.0))
    sigma_before = math.sqrt(localizer.estimate().covariance[0, 0])
    for k in range(1, 301):
        localizer.advance(ns(20.0 + k * 0.1))
    sigma_after = math.sqrt(localizer.estimate().covariance[0, 0])
    assert sigma_after > 3.0 * sigma_before
    assert localizer.state in (TrackingState.DEAD_RECKONING, TrackingState.LOST)
    covered = []
    for k in range(12):
        stamp = 50.5 + k
        east, north = 10.0 * stamp, 200.0
        localizer.push(twist(stamp - 0.05))
        localizer.push(fix(stamp, east, north))
        estimate = localizer.estimate()
        offset = estimate.state[:2] - [east, north]
        nis = offset @ np.linalg.solve(estimate.covariance[:2, :2], offset)
        covered.append(localizer.state is TrackingState.LOST or nis < 9.21)
    assert all(covered[4:])
    assert math.hypot(*offset) < 10.0
    assert localizer.state is TrackingState.GPS_ONLY


def test_state_follows_what_is_known():
    localizer = make('kalman')
    assert localizer.state is TrackingState.INITIALIZING
    drive(localizer, eastward_drive(6.0))
    assert localizer.state is TrackingState.GPS_ONLY
    localizer.push(PoseMeasurement(ns(6.1), 'map', 61.0, 0.0, 0.0, np.eye(3) * 0.5))
    assert localizer.state is TrackingState.TRACKING
    drive(localizer, [twist(6.1 + k / 10.0) for k in range(1, 70)])
    assert localizer.state is TrackingState.DEAD_RECKONING


def test_initial_pose_needs_a_datum_and_is_then_obeyed():
    waiting = make('kalman', datum=DatumSettings('first_fix'))
    prior = PosePrior(0, 50.0, 60.0, np.eye(2), 1.2, 0.01)
    assert kinds([waiting.set_pose(prior)]) == [WarningKind.NOT_INITIALIZED]
    localizer = make('kalman')
    localizer.set_pose(prior)
    assert localizer.state is TrackingState.INITIALIZING
    localizer.push(twist(1.0, 0.0))
    np.testing.assert_allclose(localizer.estimate().state[:3], [50.0, 60.0, 1.2])
    assert localizer.estimate().stamp_ns == ns(1.0)


def test_relocalize_starts_from_the_next_fix():
    localizer = make('kalman')
    drive(localizer, eastward_drive())
    localizer.relocalize()
    assert localizer.state is TrackingState.INITIALIZING
    localizer.push(fix(12.5, -500.0, 40.0))
    np.testing.assert_allclose(localizer.estimate().state[:2], [-500.0, 40.0], atol=0.01)


def test_datum_is_the_first_good_fix_and_is_waited_for_on_a_topic():
    localizer = make('kalman', datum=DatumSettings('first_fix'))
    localizer.push(fix(0.0, 5.0, 5.0, status=FixStatus.NO_FIX))
    assert localizer.datum is None
    localizer.push(fix(1.0, 5.0, 5.0))
    np.testing.assert_allclose(localizer.estimate().state[:2], 0.0, atol=1e-6)
    waiting = make('kalman', datum=DatumSettings('topic'))
    assert kinds([waiting.push(fix(0.0, 0.0, 0.0))]) == [WarningKind.NOT_INITIALIZED]
    waiting.set_datum(ORIGIN)
    waiting.push(fix(1.0, 7.0, 0.0))
    np.testing.assert_allclose(waiting.estimate().state[:2], [7.0, 0.0], atol=1e-3)


def test_fix_without_height_is_used():
    localizer = make('kalman')
    flat = dataclasses.replace(placed(49.0, 8.4), position=GeodeticPosition(49.0, 8.4, math.nan))
    assert localizer.push(flat).reports[0].result.accepted
    np.testing.assert_allclose(localizer.estimate().state[:2], 0.0, atol=1e-6)


def test_lever_arm_by_frame_of_the_fix():
    localizer = make('kalman')
    localizer.set_lever_arm('roof', 2.0, 0.0)
    for k in range(40):
        localizer.push(twist(k / 10.0))
        if k % 10 == 0:
            localizer.push(fix(k / 10.0, 1.0 * k + 2.0, 0.0, sigma=2.0, frame='roof'))
    assert localizer.estimate().x_m == pytest.approx(39.0, abs=0.6)


def test_odometry_poses_are_increments_of_any_frame():
    localizer = make('kalman')
    localizer.push(fix(0.0, 0.0, 0.0))
    turned = 2.0  # the odom frame looks elsewhere, and starts elsewhere
    for k in range(81):
        along = 1.0 * k
        east, north = 40.0 + along * math.cos(turned), -7.0 + along * math.sin(turned)
        localizer.push(OdometryPose(ns(0.01 + k / 10.0), 'odom', east, north, turned))
        if k and k % 10 == 0:
            localizer.push(fix(0.01 + k / 10.0, along, 0.0))
    estimate = localizer.estimate()
    assert abs(estimate.yaw_rad) < 0.1
    assert estimate.x_m == pytest.approx(80.0, abs=1.5)


@pytest.mark.parametrize('kind', KINDS)
def test_wheels_stuck_at_zero_do_not_silence_the_fixes(kind):
    localizer = make(kind)
    drive(localizer, eastward_drive(20.0))
    states, errors = [], []
    for k in range(1, 31):
        stamp = 20.0 + k
        for part in range(10):
            localizer.push(twist(stamp - 1.0 + part / 10 + 0.001, 0.0))
        localizer.push(fix(stamp, 10.0 * stamp, 0.0))
        states.append(localizer.state)
        errors.append(abs(localizer.estimate().x_m - 10.0 * stamp))
    assert TrackingState.LOST in states[:10]
    assert max(errors) < 90.0
    assert min(errors[10:]) < 5.0


def test_any_filter_can_be_put_in():
    settings = KalmanLocalizerSettings()
    localizer = Localizer(settings, KalmanFilter(settings.kalman, np.random.default_rng(0)))
    localizer.push(fix(0.0, 0.0, 0.0))
    assert localizer.particles(10).shape == (10, 3)

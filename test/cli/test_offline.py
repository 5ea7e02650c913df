# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The offline runner on a drive written out by hand: a circle at constant speed."""

import dataclasses

import numpy as np
import pytest

from geoloc_ros.cli.offline import (
    ReceivedMeasurement,
    drain_s,
    run_offline,
    set_lever_arms,
    trajectory_from_estimates,
    trajectory_from_fixes,
)
from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.metrics import measure
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.localizer.settings import KalmanLocalizerSettings, ParticleLocalizerSettings
from geoloc_ros.observations.gnss import GnssSettings
from geoloc_ros.types import (
    CovarianceType,
    Estimate,
    FixStatus,
    GeodeticPosition,
    GnssFix,
    TwistSample,
)

SECOND = 1_000_000_000
START_NS = 1_700_000_000 * SECOND
ORIGIN = GeodeticPosition(49.0, 8.4, 110.0)
SPEED_M_S, YAW_RATE_RAD_S = 8.0, 0.05
SIGMA_M = 3.0


def true_pose(elapsed_s):
    yaw = YAW_RATE_RAD_S * np.asarray(elapsed_s, dtype=float)
    radius = SPEED_M_S / YAW_RATE_RAD_S
    return radius * np.sin(yaw), radius * (1.0 - np.cos(yaw)), np.arctan2(np.sin(yaw), np.cos(yaw))


def truth(duration_s=60):
    elapsed = np.arange(0.0, duration_s + 0.01, 0.05)
    x, y, yaw = true_pose(elapsed)
    stamps = START_NS + np.round(elapsed * SECOND).astype(np.int64)
    return Trajectory('truth', stamps, np.column_stack([x, y]), ORIGIN, yaw)


def fix_at(elapsed_s, noise_m=(0.0, 0.0), **changes):
    x, y, _ = true_pose(elapsed_s)
    position = Datum(ORIGIN).geodetic_at_altitude(
        float(x) + noise_m[0], float(y) + noise_m[1], ORIGIN.alt_m
    )
    fix = GnssFix(
        START_NS + round(elapsed_s * SECOND),
        'gps',
        position,
        np.diag([SIGMA_M**2, SIGMA_M**2, 25.0]),
        CovarianceType.DIAGONAL_KNOWN,
        FixStatus.FIX,
    )
    return dataclasses.replace(fix, **changes)


def twist_at(elapsed_s):
    stamp_ns = START_NS + round(elapsed_s * SECOND)
    return TwistSample(stamp_ns, 'base_link', SPEED_M_S, YAW_RATE_RAD_S, 0.01, 1e-4)


def drive(duration_s=60, seed=4):
    generator = np.random.default_rng(seed)
    measurements = [twist_at(0.05 * k) for k in range(20 * duration_s + 1)]
    measurements += [
        fix_at(float(k), generator.normal(size=2) * SIGMA_M) for k in range(duration_s + 1)
    ]
    # A fix takes 80 ms to come out of its receiver, a wheel tick 2 ms.
    delays = {True: 80_000_000, False: 2_000_000}
    received = [
        ReceivedMeasurement(one.stamp_ns + delays[isinstance(one, GnssFix)], one)
        for one in measurements
    ]
    return sorted(received, key=lambda item: item.receive_stamp_ns)


@pytest.mark.parametrize('settings', [ParticleLocalizerSettings(), KalmanLocalizerSettings()])
def test_a_drive_is_localized_better_than_by_its_fixes(settings):
    received = drive()
    localizer = build_localizer(settings, 1)
    localizer.set_datum(ORIGIN)
    run = run_offline(localizer, received, drain_s=drain_s(settings))
    fused = trajectory_from_estimates('fused', run.estimates, ORIGIN, 'fused')
    fixes = [item.measurement for item in received if isinstance(item.measurement, GnssFix)]
    raw = trajectory_from_fixes('gps', fixes, ORIGIN, GnssSettings(), {}, 'raw')
    of_raw, of_fused = measure(raw, raw, truth()), measure(fused, raw, truth())
    # The mean of a Rayleigh variable is 1.253 sigma; 60 fixes.
    assert of_raw.position_error_m.mean == pytest.approx(1.253 * SIGMA_M, rel=0.2)
    assert of_fused.position_error_m.mean < 0.85 * of_raw.position_error_m.mean
    assert of_fused.availability == 1.0
    assert of_fused.samples == 60
    assert of_fused.yaw_error_deg.median < 5.0
    assert run.resets == 0
    assert run.datum == ORIGIN


def test_estimates_come_at_regular_stamps_up_to_the_last_measurement():
    settings = KalmanLocalizerSettings()
    run = run_offline(build_localizer(settings, 1), drive(10), drain_s=drain_s(settings))
    stamps = [estimate.stamp_ns for estimate in run.estimates]
    assert stamps[0] == START_NS
    assert stamps[-1] >= START_NS + 10 * SECOND
    assert set(np.diff(stamps).tolist()) == {SECOND // 10}


def test_equal_seeds_give_equal_bits_and_another_seed_differs():
    def positions(seed):
        run = run_offline(build_localizer(ParticleLocalizerSettings(), seed), drive(10))
        return np.array([estimate.state for estimate in run.estimates])

    assert np.array_equal(positions(3), positions(3))
    assert not np.array_equal(positions(3), positions(4))


def test_warnings_are_counted_by_kind_with_the_first_text():
    received = drive(10)
    for second in (3.5, 4.5):
        bad = fix_at(second, position=GeodeticPosition(float('nan'), 8.4, 110.0))
        received.append(ReceivedMeasurement(bad.stamp_ns, bad))
    received.sort(key=lambda item: item.receive_stamp_ns)
    run = run_offline(build_localizer(KalmanLocalizerSettings(), 1), received)
    counts = {warning.kind: warning for warning in run.warnings}
    kind = next(k for k in counts if k in (WarningKind.NOT_FINITE, WarningKind.OFF_EARTH))
    assert counts[kind].count == 2
    assert 'nan' in counts[kind].first_text


def test_lever_arms_reach_the_localizer():
    def final_position(lever_arms):
        localizer = build_localizer(KalmanLocalizerSettings(), 1)
        localizer.set_datum(ORIGIN)
        set_lever_arms(localizer, lever_arms)
        return run_offline(localizer, drive(40)).estimates[-1].state[:2]

    moved = final_position({'gps': (2.0, 0.0)}) - final_position({})
    yaw = float(true_pose(40.0)[2])
    assert moved == pytest.approx([-2.0 * np.cos(yaw), -2.0 * np.sin(yaw)], abs=0.3)


def test_raw_trajectory_leaves_out_what_is_no_position():
    fixes = [
        fix_at(0.0),
        fix_at(1.0, status=FixStatus.NO_FIX),
        fix_at(2.0, position=GeodeticPosition(float('nan'), 8.4)),
        fix_at(3.0, position=GeodeticPosition(0.0, 0.0)),
        fix_at(4.0, covariance_enu_m2=np.diag([4.0, 9.0, 1.0])),
    ]
    raw = trajectory_from_fixes('gps', fixes, ORIGIN, GnssSettings(), {'gps': (1.0, 0.5)}, 'raw')
    assert (raw.stamps_ns - START_NS).tolist() == [0, 4 * SECOND]
    assert raw.positions_enu_m[1] == pytest.approx(np.array(true_pose(4.0)[:2]), abs=1e-6)
    assert np.diag(raw.covariance[1]).tolist() == [4.0, 9.0, 0.0]
    assert raw.lever_arm_m == (1.0, 0.5)


def test_a_receiver_that_states_nothing_has_no_covariance():
    fixes = [fix_at(0.0, covariance_type=CovarianceType.UNKNOWN)]
    raw = trajectory_from_fixes('gps', fixes, ORIGIN, GnssSettings(), {}, 'raw')
    assert raw.covariance is None


def test_no_fix_at_all_is_named():
    with pytest.raises(EvaluationError, match='none of 1 fixes has a position'):
        trajectory_from_fixes(
            'gps', [fix_at(0.0, status=FixStatus.NO_FIX)], ORIGIN, GnssSettings(), {}, 'raw'
        )


def test_the_last_of_two_estimates_at_one_stamp_counts_and_none_is_fine():
    def estimate(stamp_ns, x):
        return Estimate(stamp_ns, np.array([x, 0.0, 0.0, 0.0, 0.0]), np.eye(5))

    trajectory = trajectory_from_estimates(
        'e', [estimate(5, 1.0), estimate(6, 2.0), estimate(5, 3.0)], ORIGIN, ''
    )
    assert trajectory.stamps_ns.tolist() == [5, 6]
    assert trajectory.positions_enu_m[:, 0].tolist() == [3.0, 2.0]
    assert len(trajectory_from_estimates('e', [], ORIGIN, '')) == 0

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The offline runner on a drive written out by hand: a circle at constant speed."""

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
)

SECOND = 1_000_000_000


@pytest.mark.parametrize('settings', [ParticleLocalizerSettings(), KalmanLocalizerSettings()])
def test_a_drive_is_localized_better_than_by_its_fixes(circle, settings):
    received = circle.drive()
    localizer = build_localizer(settings, 1)
    localizer.set_datum(circle.origin)
    run = run_offline(localizer, received, drain_s=drain_s(settings))
    fused = trajectory_from_estimates('fused', run.estimates, circle.origin, 'fused')
    fixes = [item.measurement for item in received if isinstance(item.measurement, GnssFix)]
    raw = trajectory_from_fixes('gps', fixes, circle.origin, GnssSettings(), {}, 'raw')
    of_raw, of_fused = measure(raw, raw, circle.truth()), measure(fused, raw, circle.truth())
    # The mean of a Rayleigh variable is 1.253 sigma; 60 fixes.
    assert of_raw.position_error_m.mean == pytest.approx(1.253 * circle.sigma_m, rel=0.2)
    assert of_fused.position_error_m.mean < 0.85 * of_raw.position_error_m.mean
    assert of_fused.availability == 1.0
    assert of_fused.samples == 60
    assert of_fused.yaw_error_deg.median < 5.0
    assert run.resets == 0
    assert run.datum == circle.origin


def test_estimates_come_at_regular_stamps_up_to_the_last_measurement(circle):
    settings = KalmanLocalizerSettings()
    run = run_offline(build_localizer(settings, 1), circle.drive(10), drain_s=drain_s(settings))
    stamps = [estimate.stamp_ns for estimate in run.estimates]
    assert stamps[0] == circle.start_ns
    assert stamps[-1] >= circle.start_ns + 10 * SECOND
    assert set(np.diff(stamps).tolist()) == {SECOND // 10}


def test_equal_seeds_give_equal_bits_and_another_seed_differs(circle):
    def positions(seed):
        run = run_offline(build_localizer(ParticleLocalizerSettings(), seed), circle.drive(10))
        return np.array([estimate.state for estimate in run.estimates])

    assert np.array_equal(positions(3), positions(3))
    assert not np.array_equal(positions(3), positions(4))


def test_warnings_are_counted_by_kind_with_the_first_text(circle):
    received = circle.drive(10)
    for second in (3.5, 4.5):
        bad = circle.fix_at(second, position=GeodeticPosition(float('nan'), 8.4, 110.0))
        received.append(ReceivedMeasurement(bad.stamp_ns, bad))
    received.sort(key=lambda item: item.receive_stamp_ns)
    run = run_offline(build_localizer(KalmanLocalizerSettings(), 1), received)
    counts = {warning.kind: warning for warning in run.warnings}
    kind = next(k for k in counts if k in (WarningKind.NOT_FINITE, WarningKind.OFF_EARTH))
    assert counts[kind].count == 2
    assert 'nan' in counts[kind].first_text


def test_lever_arms_reach_the_localizer(circle):
    def final_position(lever_arms):
        localizer = build_localizer(KalmanLocalizerSettings(), 1)
        localizer.set_datum(circle.origin)
        set_lever_arms(localizer, lever_arms)
        return run_offline(localizer, circle.drive(40)).estimates[-1].state[:2]

    moved = final_position({'gps': (2.0, 0.0)}) - final_position({})
    yaw = float(circle.true_pose(40.0)[2])
    assert moved == pytest.approx([-2.0 * np.cos(yaw), -2.0 * np.sin(yaw)], abs=0.3)


def test_raw_trajectory_leaves_out_what_is_no_position(circle):
    fixes = [
        circle.fix_at(0.0),
        circle.fix_at(1.0, status=FixStatus.NO_FIX),
        circle.fix_at(2.0, position=GeodeticPosition(float('nan'), 8.4)),
        circle.fix_at(3.0, position=GeodeticPosition(0.0, 0.0)),
        circle.fix_at(4.0, covariance_enu_m2=np.diag([4.0, 9.0, 1.0])),
    ]
    raw = trajectory_from_fixes(
        'gps', fixes, circle.origin, GnssSettings(), {'gps': (1.0, 0.5)}, 'raw'
    )
    assert (raw.stamps_ns - circle.start_ns).tolist() == [0, 4 * SECOND]
    assert raw.positions_enu_m[1] == pytest.approx(np.array(circle.true_pose(4.0)[:2]), abs=1e-6)
    assert np.diag(raw.covariance[1]).tolist() == [4.0, 9.0, 0.0]
    assert raw.lever_arm_m == (1.0, 0.5)
    settings = GnssSettings(antenna_forward_m=2.0, antenna_left_m=-1.0)
    raw = trajectory_from_fixes('gps', fixes, circle.origin, settings, {}, 'raw')
    assert raw.lever_arm_m == (2.0, -1.0)


def test_a_receiver_that_states_nothing_has_no_covariance(circle):
    fixes = [circle.fix_at(0.0, covariance_type=CovarianceType.UNKNOWN)]
    raw = trajectory_from_fixes('gps', fixes, circle.origin, GnssSettings(), {}, 'raw')
    assert raw.covariance is None


def test_no_fix_at_all_is_named(circle):
    with pytest.raises(EvaluationError, match='none of 1 fixes has a position'):
        trajectory_from_fixes(
            'gps',
            [circle.fix_at(0.0, status=FixStatus.NO_FIX)],
            circle.origin,
            GnssSettings(),
            {},
            'raw',
        )


def test_the_last_of_two_estimates_at_one_stamp_counts_and_none_is_fine(circle):
    def estimate(stamp_ns, x):
        return Estimate(stamp_ns, np.array([x, 0.0, 0.0, 0.0, 0.0]), np.eye(5))

    trajectory = trajectory_from_estimates(
        'e', [estimate(5, 1.0), estimate(6, 2.0), estimate(5, 3.0)], circle.origin, ''
    )
    assert trajectory.stamps_ns.tolist() == [5, 6]
    assert trajectory.positions_enu_m[:, 0].tolist() == [3.0, 2.0]
    assert len(trajectory_from_estimates('e', [], circle.origin, '')) == 0

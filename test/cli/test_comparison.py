# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest

from geoloc_ros.cli.comparison import RecordedDrive, localize_drive, paper_settings
from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.report import make_report
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.localizer.settings import KalmanLocalizerSettings, ParticleLocalizerSettings
from geoloc_ros.observations.gnss import GnssSettings
from geoloc_ros.types import FixStatus, GnssFix


def recorded(circle, **changes):
    drive = RecordedDrive('circle', tuple(circle.drive()), {}, circle.truth())
    return dataclasses.replace(drive, **changes)


def test_the_three_trajectories_are_about_one_datum_and_judged_at_the_same_stamps(circle):
    result = localize_drive(recorded(circle), KalmanLocalizerSettings(), 1)
    assert [one.name for one in result.trajectories] == ['gps', 'gps_filtered', 'fused']
    assert len({one.datum for one in (*result.trajectories, result.truth)}) == 1
    # The datum is the first fix, not the truth's own.
    assert result.truth.datum != circle.origin
    report = make_report('circle', result.trajectories, result.truth)
    assert {row.samples for row in report.rows} == {60}
    gps, filtered, fused = (row.position_error_m.mean for row in report.rows)
    assert gps == pytest.approx(1.253 * circle.sigma_m, rel=0.2)
    assert fused < 0.8 * gps
    assert fused < filtered


def test_gps_filtered_sees_the_fixes_alone(circle):
    whole = recorded(circle)
    fixes = tuple(one for one in whole.received if isinstance(one.measurement, GnssFix))
    settings = KalmanLocalizerSettings()
    with_all = localize_drive(whole, settings, 1).trajectories[1]
    with_fixes = localize_drive(recorded(circle, received=fixes), settings, 1).trajectories[1]
    assert np.array_equal(with_all.positions_enu_m, with_fixes.positions_enu_m)


def test_the_paper_preset_keeps_what_is_not_the_filters(circle):
    settings = ParticleLocalizerSettings(gnss=GnssSettings(default_sigma_m=9.0))
    paper = paper_settings(settings)
    assert paper.particle.preset == 'paper'
    assert paper.gnss.default_sigma_m == 9.0
    assert paper_settings(KalmanLocalizerSettings()).particle.preset == 'paper'


def test_sources_and_warnings_are_told(circle):
    bad = circle.fix_at(3.5, status=FixStatus.NO_FIX)
    received = sorted(
        [*circle.drive(20), ReceivedMeasurement(bad.stamp_ns, bad)],
        key=lambda item: item.receive_stamp_ns,
    )
    drive = recorded(circle, received=tuple(received), notes=('from the bag',))
    result = localize_drive(drive, ParticleLocalizerSettings(), 1)
    particles = ParticleSettings().particle_count
    assert result.trajectories[2].source == (
        f'particle filter, preset robust, {particles} particles, from fix, odom'
    )
    assert result.notes[0] == 'from the bag'
    assert any('1 x no_fix' in note for note in result.notes)


def test_progress_sees_both_runs(circle):
    seen = []

    def progress(received, total, name):
        seen.append((name, total))
        return received

    localize_drive(recorded(circle), KalmanLocalizerSettings(), 1, progress=progress)
    assert seen == [('fused', 1262), ('gps_filtered', 61)]


def test_a_drive_without_fixes_is_named(circle):
    received = tuple(one for one in circle.drive() if not isinstance(one.measurement, GnssFix))
    with pytest.raises(EvaluationError, match=r'0 fixes and no estimate .*geoloc bag info'):
        localize_drive(recorded(circle, received=received), KalmanLocalizerSettings(), 1)

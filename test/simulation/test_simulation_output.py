# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Simulated drives as bags, the command line, KITTI trajectories and real receivers."""

import bz2
import math
from pathlib import Path

import numpy as np
import pytest

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.bags.writer import Storage
from geoloc_ros.cli.bag_trajectory import bag_trajectory
from geoloc_ros.errors import DriveError
from geoloc_ros.filters.kalman_filter import KalmanFilter
from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.messages import inbound
from geoloc_sim import cli
from geoloc_sim.drive import measurements, simulate_drive
from geoloc_sim.drive_bag import dead_reckoning, write_bag
from geoloc_sim.error_statistics import cut_windows, error_statistics
from geoloc_sim.kitti_drive import kitti_drive, kitti_truth
from geoloc_sim.matched import MatchedSettings, matched_drive, matched_drives
from geoloc_sim.real_receivers import comma2k19_errors, smartloc_errors
from geoloc_sim.settings import DriveSettings, MotionSettings

SHORT = DriveSettings(motion=MotionSettings(distance_m=150.0))
DATA = Path(__file__).resolve().parents[3] / 'shared' / 'data'
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason='no ../shared/data beside the project')


@pytest.mark.parametrize('storage', list(Storage))
def test_bag_round_trip(tmp_path, storage):
    drive = simulate_drive(SHORT, seed=3)
    write_bag(drive, tmp_path / 'bag', storage)
    expected = measurements(drive)
    convert = {
        'fix': inbound.gnss_fix,
        'odom': inbound.twist_sample_from_odometry,
        'imu': inbound.twist_sample_from_imu,
    }
    with BagReader(tmp_path / 'bag') as bag:
        for source, conversion in convert.items():
            mine = [item for item in expected if item.measurement.source == source]
            back = list(bag.messages([f'/{source}']))
            assert [i.receive_stamp_ns for i in mine] == [i.receive_stamp_ns for i in back]
            for one, other in zip(mine, back, strict=True):
                assert str(one.measurement) == str(conversion(other.message, source=source))
    truth = bag_trajectory(tmp_path / 'bag', '/ground_truth/odometry', 'truth')
    np.testing.assert_array_equal(truth.stamps_ns, drive.truth.stamps_ns)
    np.testing.assert_allclose(truth.positions_enu_m[:, 0], drive.truth.x_m, atol=1e-6)
    turned = truth.yaw_enu_rad - drive.truth.yaw_rad
    np.testing.assert_allclose(np.cos(turned), 1.0, atol=1e-9)


def test_bag_topics_and_true_fixes(tmp_path):
    assert (
        cli.main(
            ['plain-drive', '--seed', '2', '--distance-m', '120', '--out', str(tmp_path / 'b')]
        )
        == 0
    )
    with BagReader(tmp_path / 'b') as bag:
        assert {topic.name for topic in bag.topics} == {
            '/fix',
            '/odom',
            '/imu',
            '/ground_truth/odometry',
            '/ground_truth/fix',
            '/ground_truth/datum',
            '/tf_static',
        }
        stamps = [item.receive_stamp_ns for item in bag.messages(['/ground_truth/fix'])]
        assert set(np.diff(stamps)) == {100_000_000}


def test_a_bag_that_exists_is_not_overwritten(tmp_path, capsys):
    assert cli.main(['plain-drive', '--distance-m', '60', '--out', str(tmp_path)]) == 1
    assert 'exists already' in capsys.readouterr().err


def test_dead_reckoning_drifts_as_its_errors_say():
    drive = simulate_drive(DriveSettings(), seed=6)
    pose = dead_reckoning(drive)
    scale = 1.0 + 0.04  # four sigma
    length = np.hypot(*np.diff(pose[:, :2], axis=0).T).sum()
    assert drive.truth.length_m / scale < length < drive.truth.length_m * scale
    turned = drive.truth.yaw_rad[-1] - drive.truth.yaw_rad[0] - pose[-1, 2]
    drift = math.remainder(turned, math.tau)
    assert 1e-4 < abs(drift) < 4.0 * 0.003 * drive.truth.duration_s + 0.1


def test_matched_drives_fit_the_filter_they_match():
    settings = MatchedSettings()
    told = KalmanSettings(
        position_noise=settings.position_noise,
        yaw_noise=settings.yaw_noise,
        scale_sigma=0.0,
        scale_noise=0.0,
        yaw_rate_bias_sigma_rad_s=0.0,
        yaw_rate_bias_noise=0.0,
        gate_probability=1.0,
    )
    nees = []
    for drive in matched_drives(settings, 30):
        kalman = KalmanFilter(told, np.random.default_rng(0))
        kalman.initialize(drive.prior)
        for step in drive.steps:
            kalman.predict(step.stamp_ns, step.motion)
            if step.observation is not None:
                kalman.update(step.observation)
        found = kalman.estimate()
        error = found.state[:3] - drive.true_states[-1, :3]
        error[2] = math.remainder(error[2], math.tau)
        nees.append(error @ np.linalg.solve(found.covariance[:3, :3], error))
    assert 63.0 < sum(nees) < 124.0  # chi-square, 90 degrees of freedom, 1 % each side


def test_matched_drive_is_its_seed():
    one, again = matched_drive(MatchedSettings(), 5), matched_drive(MatchedSettings(), 5)
    np.testing.assert_array_equal(one.true_states, again.true_states)
    assert not np.array_equal(one.true_states, matched_drive(MatchedSettings(), 6).true_states)


def test_kitti_step_from_velocities(tmp_path):
    rows = np.zeros((40, 30))
    rows[:, 0] = 49.0
    rows[:, 1] = 8.4 + np.arange(40) * 1.2 / (6_378_137.0 * math.radians(1.0) * math.cos(0.855))
    rows[:, 8] = 10.0
    file = tmp_path / '99.txt.bz2'
    file.write_bytes(bz2.compress('\n'.join(' '.join(map(str, row)) for row in rows).encode()))
    truth = kitti_truth(file)
    assert np.diff(truth.stamps_ns).mean() == pytest.approx(0.12e9, rel=0.01)
    np.testing.assert_allclose(truth.speed_m_s, 10.0, rtol=1e-4)
    file.write_bytes(bz2.compress(b'1 2 3\n4 5 6\n'))
    with pytest.raises(DriveError, match=r'expected \(n, 30\) oxts'):
        kitti_truth(file)
    with pytest.raises(DriveError, match='cannot be read'):
        kitti_truth(tmp_path / 'none.txt')


@needs_data
@pytest.mark.shared_data
def test_kitti_00():
    file = DATA / 'kitti_oxts_osm' / 'map_trajectories' / '00.txt.bz2'
    raw = []
    for seed in range(20):
        drive = kitti_drive(file, seed)
        true = drive.truth.at(drive.gnss.stamps_ns)
        errors = drive.gnss.antenna_m - np.column_stack((true.x_m, true.y_m))
        raw.append(np.hypot(errors[:, 0], errors[:, 1]).mean())
    assert np.mean(raw) == pytest.approx(8.58, abs=0.1)
    assert np.diff(drive.truth.stamps_ns).mean() == pytest.approx(0.1037e9, abs=0.0001e9)
    ratio = drive.wheel_speed.values[100:] / drive.truth.speed_m_s[100:]
    assert abs(np.median(ratio) - 1.0) == pytest.approx(0.01, abs=1e-9)
    noise = drive.wheel_yaw_rate.values - drive.truth.yaw_rate_rad_s
    assert math.degrees(noise.std()) == pytest.approx(0.2, rel=0.05)
    assert abs((noise[1:] * noise[:-1]).mean() / noise.var()) < 0.05
    assert drive.truth.length_m == pytest.approx(3724.0, rel=0.005)


@needs_data
@pytest.mark.shared_data
def test_real_receivers():
    # Measured once more by hand with pyproj: qcom mean 3.28 m, ublox (every 0.1 s) 1.45 m.
    times_s, errors = comma2k19_errors(DATA / 'comma2k19' / 'segment', 'qcom')
    assert np.hypot(errors[:, 0], errors[:, 1]).mean() == pytest.approx(3.28, abs=0.01)
    assert error_statistics(cut_windows(times_s, errors)).autocorrelation[0] == pytest.approx(
        0.60, abs=0.01
    )
    _, errors = comma2k19_errors(DATA / 'comma2k19' / 'segment', 'ublox')
    assert np.hypot(errors[:, 0], errors[:, 1]).mean() == pytest.approx(1.451, abs=0.01)
    times_s, errors = smartloc_errors(DATA / 'smartloc' / 'smartLoc', 'Berlin_Potsdamer_Platz')
    assert np.hypot(errors[:, 0], errors[:, 1]).mean() == pytest.approx(27.6, abs=0.3)
    with pytest.raises(DriveError, match='smartLoc'):
        smartloc_errors(DATA, 'nowhere')


def test_report_names_what_is_missing(tmp_path, capsys):
    assert cli.main(['gnss-report', '--data', str(tmp_path), '--drives', '2']) == 0
    text = capsys.readouterr().out
    assert 'comma2k19 left out' in text
    assert '| slow | 3.50 | 42% |' in text


def test_other_numbers_of_the_settings_can_be_set(tmp_path, capsys):
    words = ['plain-drive', '--distance-m', '60', '--out', str(tmp_path / 'b')]
    assert cli.main([*words, '--set', 'odometry.imu_rate_hz=20', 'receiver.rate_hz=2']) == 0
    with BagReader(tmp_path / 'b') as bag:
        counts = {topic.name: topic.count for topic in bag.topics}
    # A hundred poses of the truth a second, twenty readings of the gyroscope.
    assert counts['/imu'] == pytest.approx(counts['/ground_truth/odometry'] / 5, abs=2)
    assert counts['/fix'] == pytest.approx(counts['/ground_truth/odometry'] / 50, abs=2)
    assert cli.main([*words, '--set', 'odometry.imu_rate_hz=fast']) == 1
    assert 'odometry.imu_rate_hz' in capsys.readouterr().err
    assert cli.main([*words, '--set', 'fast']) == 1
    assert 'expected NAME=VALUE' in capsys.readouterr().err

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc localize`` on a bag written here, from the command line to the files."""

import json

import numpy as np
import pytest

from geoloc_ros.cli.drive_input import node_topics, read_drive
from geoloc_ros.cli.localize import parse_topics
from geoloc_ros.cli.main import main
from geoloc_ros.errors import DriveError
from geoloc_ros.evaluation.tum import read_tum
from geoloc_ros.ros.node_settings import SourceSettings
from geoloc_ros.types import GnssFix, OdometryPose, TwistSample

TOPICS = node_topics(SourceSettings())


@pytest.fixture
def bag(circle, tmp_path):
    circle.write_bag(tmp_path / 'circle')
    return tmp_path / 'circle'


def test_localize_writes_everything_and_prints_the_table(bag, tmp_path, capsys):
    config = tmp_path / 'params.yaml'
    config.write_text(
        'kalman_filter_node:\n  ros__parameters:\n    output.rate_hz: 20.0\n'
        '    use_sim_time: true\n    frames: {map: map}\n    seed: 7\n'
    )
    out = tmp_path / 'out'
    words = ['localize', str(bag), '--config', str(config), '--filter', 'kalman', '--quiet']
    assert main([*words, '--out', str(out)]) == 0
    document = json.loads((out / 'report.json').read_text())
    assert document['schema'] == 1
    assert document['drive'] == 'circle'
    rows = document['trajectories']
    assert list(rows) == ['gps', 'gps_filtered', 'fused']
    assert all(row['samples'] == 60 for row in rows.values())
    assert rows['fused']['position_error_m']['mean'] < rows['gps']['position_error_m']['mean']
    fused = read_tum(out / 'fused.tum', 'fused')
    assert set(np.diff(fused.stamps_ns).tolist()) == {50_000_000}
    printed = capsys.readouterr().out
    assert 'gps_filtered' in printed
    assert '/ground_truth/odometry' in printed
    assert (out / 'trajectory.png').stat().st_size > 10_000


def test_the_same_seed_gives_the_same_bits(bag, tmp_path):
    def fused(seed, folder):
        words = ['localize', str(bag), '--seed', seed, '--quiet', '--out', str(tmp_path / folder)]
        assert main(words) == 0
        return (tmp_path / folder / 'fused.tum').read_bytes()

    assert fused('5', 'a') == fused('5', 'b')
    assert fused('5', 'a') != fused('6', 'c')


def test_a_drive_is_read_with_mounting_datum_and_truth(circle, bag):
    drive = read_drive(bag, TOPICS)
    kinds = [type(item.measurement) for item in drive.received]
    assert kinds.count(GnssFix) == 61
    assert kinds.count(TwistSample) == 1201
    assert [item.receive_stamp_ns for item in drive.received] == sorted(
        item.receive_stamp_ns for item in drive.received
    )
    assert drive.lever_arms_m == {'gps': (1.0, 0.5)}
    assert drive.truth.datum == circle.origin
    assert drive.truth.positions_enu_m == pytest.approx(circle.truth().positions_enu_m, abs=1e-9)
    assert {item.measurement.source for item in drive.received} == {'fix', 'odom'}


def test_an_antenna_that_nobody_places_is_told(bag):
    drive = read_drive(bag, node_topics(SourceSettings(), 'chassis'))
    assert drive.lever_arms_m == {}
    (note,) = drive.notes
    assert "does not say where the antenna 'gps' is on 'chassis'" in note


def test_a_truth_in_earth_coordinates_is_the_same_truth(circle, tmp_path):
    circle.write_bag(tmp_path / 'b', duration_s=5, truth_frame='earth')
    drive = read_drive(tmp_path / 'b', TOPICS)
    expected = circle.truth(5)
    assert drive.truth.positions_enu_m == pytest.approx(expected.positions_enu_m, abs=1e-6)
    assert drive.truth.yaw_enu_rad == pytest.approx(expected.yaw_enu_rad, abs=1e-9)


def test_a_drive_without_truth_says_so(circle, tmp_path, capsys):
    circle.write_bag(tmp_path / 'b', duration_s=10, with_truth=False)
    words = ['localize', str(tmp_path / 'b'), '--quiet', '--out', str(tmp_path / 'out')]
    assert main(words) == 0
    assert 'no truth' in capsys.readouterr().out
    rows = json.loads((tmp_path / 'out/report.json').read_text())['trajectories']
    assert rows['fused']['position_error_m'] is None
    assert rows['fused']['availability'] == 1.0


def test_the_only_fix_topic_is_found_whatever_its_name(circle, tmp_path):
    circle.write_bag(tmp_path / 'b', duration_s=5, fix_topic='/gnss/receiver')
    assert len(read_drive(tmp_path / 'b', TOPICS).fixes()) == 6


def test_topics_can_be_named(bag):
    topics = parse_topics(['fix=/gnss', 'truth=/ground_truth/odometry'], TOPICS)
    assert topics.truth == '/ground_truth/odometry'
    assert topics.sources['fix'] == '/gnss'
    assert topics.sources['imu'] == '/imu'
    with pytest.raises(DriveError, match='has no topic /nowhere'):
        read_drive(bag, parse_topics(['odom=/nowhere'], TOPICS))
    with pytest.raises(DriveError, match=r'expected SOURCE=/TOPIC .* fix, fix/corrected'):
        parse_topics(['gps=/fix'], TOPICS)
    with pytest.raises(DriveError, match=r"'fix=fix'; expected SOURCE=/TOPIC"):
        parse_topics(['fix=fix'], TOPICS)


def test_sources_are_switched_as_in_the_nodes(bag):
    settings = SourceSettings(odom='off', pose_observations=('other/pose', ''))
    assert node_topics(settings).sources == {
        'fix': '/fix',
        'fix/corrected': '/fix/corrected',
        'twist': '/twist',
        'imu': '/imu',
        'other/pose': '/other/pose',
        'cross_view/scores': '/cross_view/scores',
    }
    drive = read_drive(bag, node_topics(settings))
    assert {item.measurement.source for item in drive.received} == {'fix'}
    as_pose = read_drive(bag, node_topics(SourceSettings(odom='pose')))
    assert any(isinstance(item.measurement, OdometryPose) for item in as_pose.received)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['localize', 'no_such_bag', '--out', 'o'], 'no bag at no_such_bag'),
        (['localize', '.', '--config', 'no.yaml', '--out', 'o'], 'cannot read the parameter'),
        (['localize', '.', '--weights', 'azimuth', '--out', 'o'], '--weights without --map'),
        (['localize', '.', '--image', '/i', '--out', 'o'], '--image without --map'),
    ],
)
def test_errors_are_one_line_and_status_one(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith('geoloc: error: ')
    assert message in captured.err
    assert captured.out == ''


def test_a_misspelt_parameter_is_named(bag, tmp_path, capsys):
    config = tmp_path / 'params.yaml'
    config.write_text('/**: {ros__parameters: {gnss: {sigma_flor_m: 1.0}}}\n')
    words = ['localize', str(bag), '--config', str(config), '--out', str(tmp_path / 'out')]
    assert main(words) == 1
    assert "did you mean 'gnss.sigma_floor_m'" in capsys.readouterr().err


def test_what_cannot_be_written_is_said_before_the_work(bag, tmp_path, capsys):
    taken = tmp_path / 'taken'
    taken.write_text('mine')
    assert main(['localize', str(bag), '--out', str(taken)]) == 1
    assert 'is a file' in capsys.readouterr().err
    assert taken.read_text() == 'mine'


@pytest.mark.parametrize('word', ['-4', '1.5', 'one'])
def test_a_seed_is_a_whole_number(word, capsys):
    with pytest.raises(SystemExit) as ended:
        main(['localize', '.', '--seed', word, '--out', 'o'])
    assert ended.value.code == 2
    assert f'{word!r}; expected a whole number from 0 on' in capsys.readouterr().err


@pytest.mark.parametrize('word', ['-5', '0', 'nan', 'far'])
def test_a_radius_is_above_zero(word, capsys):
    with pytest.raises(SystemExit) as ended:
        main(['calibrate', '.', '--map', 'm', '--radius', word])
    assert ended.value.code == 2
    assert 'argument --radius' in capsys.readouterr().err

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc evaluate`` on files and topics written here."""

import json

import numpy as np
import pytest

from geoloc_ros.cli.main import main
from geoloc_ros.cli.trajectory_input import parse_argument
from geoloc_ros.evaluation.geojson import write_geojson
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.evaluation.tum import write_tum


def shifted(circle, name, north_m, step):
    truth = circle.truth()
    return Trajectory(
        name,
        truth.stamps_ns[::step],
        truth.positions_enu_m[::step] + np.array([0.0, north_m]),
        truth.datum,
    )


@pytest.fixture
def files(circle, tmp_path):
    write_tum(tmp_path / 'truth.tum', circle.truth())
    write_tum(tmp_path / 'gps.tum', shifted(circle, 'gps', 4.0, 20))
    write_geojson(tmp_path / 'mine.geojson', shifted(circle, 'mine', -1.0, 2))
    return tmp_path


def rows(folder):
    return json.loads((folder / 'report.json').read_text())['trajectories']


def test_tum_and_geojson_against_a_truth(files, capsys):
    words = ['evaluate', str(files / 'gps.tum'), f'fused={files}/mine.geojson']
    words += ['--truth', str(files / 'truth.tum'), '--out', str(files / 'out')]
    assert main(words) == 0
    found = rows(files / 'out')
    assert list(found) == ['gps', 'fused']
    assert found['gps']['position_error_m']['max'] == pytest.approx(4.0, abs=1e-5)
    assert found['fused']['position_error_m']['mean'] == pytest.approx(1.0, abs=1e-3)
    assert 'ratio of means' in capsys.readouterr().out
    comparison = json.loads((files / 'out/comparison.json').read_text())
    assert comparison['ratios'][0]['mean']['ratio'] == pytest.approx(0.25, abs=1e-3)


def test_topics_of_a_bag(circle, tmp_path):
    circle.write_bag(tmp_path / 'b', duration_s=20)
    words = ['evaluate', f'gps={tmp_path}/b:/fix', f'best={tmp_path}/b:/ground_truth/odometry']
    words += ['--truth', str(tmp_path / 'b'), '--out', str(tmp_path / 'out'), '--name', 'trip']
    assert main(words) == 0
    found = rows(tmp_path / 'out')
    assert found['best']['position_error_m']['max'] == pytest.approx(0.0, abs=1e-6)
    assert 2.0 < found['gps']['position_error_m']['mean'] < 6.0
    assert json.loads((tmp_path / 'out/report.json').read_text())['drive'] == 'trip'


def test_without_gps_the_first_is_the_yardstick_and_the_report_says_so(files, capsys):
    words = ['evaluate', f'a={files}/mine.geojson', '--truth', str(files / 'truth.tum')]
    assert main([*words, '--out', str(files / 'out')]) == 0
    assert "the stamps of 'a' are the yardstick" in capsys.readouterr().out


def test_arguments_are_taken_apart():
    assert parse_argument('x/run.tum').name == 'run'
    assert parse_argument('a=b.tum').path.name == 'b.tum'
    topic = parse_argument('n=dir/bag:/ns/pose')
    assert (topic.name, str(topic.path), topic.topic) == ('n', 'dir/bag', '/ns/pose')
    assert parse_argument('bag:/ns/pose').name == 'pose'


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['none.tum'], 'none.tum does not exist'),
        (['gps.tum', '--raw', 'other'], "no trajectory 'other' among 'gps'"),
        (['.'], 'is a bag; name the topic'),
        (['a.csv'], "has the suffix '.csv'"),
    ],
)
def test_errors_are_named(files, words, message, capsys, monkeypatch):
    monkeypatch.chdir(files)
    (files / 'a.csv').write_text('')
    assert main(['evaluate', *words, '--out', 'out']) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('word', ['truth.tum', 'my/run=gps.tum'])
def test_a_name_that_no_file_can_have_is_refused_before_anything_is_written(
    files, word, capsys, monkeypatch
):
    monkeypatch.chdir(files)
    assert main(['evaluate', word, '--truth', 'truth.tum', '--out', 'out']) == 1
    assert 'as files are named after it; rename it' in capsys.readouterr().err
    assert not (files / 'out').exists()


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('# datum_lat_deg_lon_deg_alt_m: 490 8 0', 'is not on Earth'),
        ('2000000000 1e300 0 0 0 0 0 1', 'not within 1e+08 m'),
    ],
)
def test_what_is_not_on_earth_is_refused_before_anything_is_written(files, line, message, capsys):
    with (files / 'gps.tum').open('a') as file:
        file.write(f'{line}\n')
    assert main(['evaluate', str(files / 'gps.tum'), '--out', str(files / 'out')]) == 1
    assert message in capsys.readouterr().err
    assert not (files / 'out').exists()


def test_names_with_dollars_are_drawn_as_they_are(files):
    words = ['evaluate', f'$a_{{$={files}/gps.tum', '--name', '$x_{$']
    assert main([*words, '--out', str(files / 'out')]) == 0
    assert (files / 'out/trajectory.png').exists()

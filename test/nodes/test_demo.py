# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The demo, short: a simulated drive through the real nodes, and offline."""

import json
import os
from pathlib import Path
import re

import pytest

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli import demo_sight
from geoloc_ros.cli.main import main
from geoloc_ros.messages.scores import score_lattice

pytest.importorskip('rclpy', reason='rclpy is not installed')

COMMAND = ('demo', '--no-camera')


def processes_of(folder):
    """Command lines of the processes of this machine that mention a folder."""
    found = []
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        try:
            line = path.read_bytes().replace(b'\0', b' ').decode()
        except OSError:
            continue
        if str(folder) in line and path.parent.name != str(os.getpid()):
            found.append(line)
    return found


def test_the_demo_ends_with_a_table_a_report_and_no_process_left(tmp_path, capsys):
    out = tmp_path / 'demo'
    assert main([*COMMAND, '--out', str(out), '--distance-m', '150', '--rate', '2']) == 0
    assert processes_of(out) == []
    document = json.loads((out / 'report.json').read_text())
    rows = document['trajectories']
    assert list(rows) == ['gps', 'gps_filtered', 'fused', 'fused_kalman', 'fused_offline']
    for name in ('fused', 'fused_kalman'):
        assert rows[name]['availability'] > 0.8
        assert rows[name]['position_error_m']['mean'] < 15.0
        assert 0.0 < rows[name]['latency_ms']['median'] < 1000.0
    assert rows['fused_offline']['latency_ms'] is None
    printed = capsys.readouterr().out
    assert 'fused_kalman' in printed
    assert (out / 'trajectory.png').is_file()
    # The offline run is the node's core fed the same messages. On an idle machine all stamps
    # agree; a busy one may make the middleware drop a message, so the median is asked for.
    found = re.search(r'at (\d+) common stamps: median ([\d.]+) mm apart', printed)
    assert found is not None
    assert int(found[1]) > 100
    assert float(found[2]) < 1.0


def test_a_failing_simulation_is_named_and_ends_everything(tmp_path, capsys):
    out = tmp_path / 'demo'
    assert main([*COMMAND, '--out', str(out), '--distance-m', '-5']) == 1
    assert 'simulation ended early with status 1' in capsys.readouterr().err
    assert processes_of(out) == []


def test_weights_that_are_not_there_are_missed_before_the_filming(tmp_path, capsys):
    out = tmp_path / 'demo'
    assert main(['demo', '--out', str(out), '--weights', 'nope']) == 1
    assert 'nope' in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_in_the_way_is_not_removed(tmp_path, capsys):
    (tmp_path / 'drive').mkdir()
    (tmp_path / 'drive' / 'precious.txt').write_text('x')
    assert main([*COMMAND, '--out', str(tmp_path)]) == 1
    assert 'in the way and is no bag' in capsys.readouterr().err
    assert (tmp_path / 'drive' / 'precious.txt').exists()


@pytest.mark.skipif(not demo_sight.shipped_weights(), reason='models/ holds no weights')
def test_the_demo_sees_with_the_shipped_weights(tmp_path, capsys):
    """Filmed, mapped and matched, short: the scores reach the filter, and the picture is drawn."""
    out = tmp_path / 'demo'
    assert main(['demo', '--out', str(out), '--distance-m', '100', '--rate', '2']) == 0
    assert processes_of(out) == []
    rows = json.loads((out / 'report.json').read_text())['trajectories']
    assert list(rows) == ['gps', 'gps_filtered', 'no_camera', 'fused']
    for name in ('no_camera', 'fused'):
        assert rows[name]['availability'] > 0.8
    assert rows['fused']['position_error_m']['mean'] < 15.0
    with BagReader(out / 'recording') as recorded:
        lattices = [score_lattice(i.message) for i in recorded.messages([demo_sight.SCORES_TOPIC])]
    assert len(lattices) > 10
    assert all(one.calibrated and len(one.yaws_rad) == 32 for one in lattices)
    assert 'no_camera' in capsys.readouterr().out
    told = (out / 'report.md').read_text(encoding='utf-8')
    assert told.count('imu, odom, camera; published by the node') == 1
    assert told.count('imu, odom; published by the node') == 1
    assert (out / 'trajectory.png').stat().st_size > 100_000

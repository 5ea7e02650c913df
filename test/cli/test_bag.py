# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc bag`` as typed: converters on the real drives, and what it says of a bag."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from geoloc_ros.bags.typestore import BagMessages
from geoloc_ros.bags.writer import BagWriter
from geoloc_ros.cli import bag
from geoloc_ros.errors import DriveError
from geoloc_ros.messages.outbound import nav_sat_fix
from geoloc_ros.types import CovarianceType, FixStatus, GeodeticPosition, GnssFix

DATA = Path(__file__).parents[3] / 'shared' / 'data'
KITTI, COMMA = DATA / 'kitti_drive0001' / '2011_09_26', DATA / 'comma2k19' / 'segment'
START_NS = 1_700_000_000_000_000_000


def geoloc(*words):
    parser = argparse.ArgumentParser()
    bag.add_parser(parser.add_subparsers(required=True))
    options = parser.parse_args(['bag', *map(str, words)])
    return options.run(options)


@pytest.fixture
def small_bag(tmp_path):
    path = tmp_path / 'small'
    factory = BagMessages()
    with BagWriter(path) as writer:
        for index in range(3):
            fix = GnssFix(
                START_NS - index * 10**9,
                'gps',
                GeodeticPosition(48.0 + index, 11.0, 0.0),
                np.zeros((3, 3)),
                CovarianceType.UNKNOWN,
                FixStatus.FIX,
            )
            writer.write('/fix', nav_sat_fix(fix, factory), START_NS + index * 10**9)
    return path


def test_info_prints_what_matters(small_bag, capsys):
    assert geoloc('info', small_bag) == 0
    out = capsys.readouterr().out
    assert f'{small_bag} (mcap)' in out
    assert '2023-11-14 22:13:20 UTC' in out
    assert 'duration  2.000 s, 3 messages' in out
    row = next(line for line in out.splitlines() if line.startswith('/fix'))
    assert row.split() == [
        '/fix',
        'sensor_msgs/msg/NavSatFix',
        '3',
        '1.00',
        '4.000',
        '2',
        'go',
        'back',
    ]
    assert '3 of 3 valid, latitude 48.0000000 to 50.0000000' in out
    assert 'tf_static none' in out


def test_quiet_shows_no_bar(small_bag, capsys):
    geoloc('info', small_bag, '--quiet')
    assert capsys.readouterr().err == ''
    geoloc('info', small_bag)
    assert 'small' in capsys.readouterr().err


def test_an_error_is_left_to_the_program(tmp_path):
    with pytest.raises(DriveError, match='no bag at'):
        geoloc('info', tmp_path / 'nothing', '--quiet')


@pytest.mark.parametrize(
    'words', [('from-comma2k19', 'a', 'b', '--receiver', 'galileo'), ('from-kitti', 'a'), ()]
)
def test_wrong_usage_is_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        geoloc(*words)
    assert stop.value.code == 2
    assert 'usage' in capsys.readouterr().err


@pytest.mark.shared_data
@pytest.mark.skipif(not KITTI.exists(), reason='kitti_drive0001 is not in ../shared/data')
def test_from_kitti(tmp_path, capsys):
    out = tmp_path / 'kitti'
    words = ('--cameras', '02', '--compressed', '--storage', 'sqlite3')
    assert geoloc('from-kitti', KITTI, out, *words) == 0
    printed = capsys.readouterr().out
    assert f'written: {out}' in printed
    assert '/camera_02/image_raw/compressed       108' in printed
    assert '/camera_00' not in printed
    assert 'note: 107 of 108 oxts records' in printed
    assert (out / 'kitti.db3').exists()
    geoloc('info', out, '--quiet')
    assert 'base_link -> camera_02_optical' in capsys.readouterr().out


@pytest.mark.shared_data
@pytest.mark.skipif(not COMMA.exists(), reason='comma2k19 is not in ../shared/data')
@pytest.mark.parametrize(('receiver', 'fixes'), [('qcom', 30), ('ublox', 579)])
def test_from_comma2k19(tmp_path, capsys, receiver, fixes):
    out = tmp_path / 'comma'
    assert geoloc('from-comma2k19', COMMA, out, '--receiver', receiver, '--quiet') == 0
    captured = capsys.readouterr()
    row = next(line for line in captured.out.splitlines() if line.strip().startswith('/fix'))
    assert row.split() == ['/fix', str(fixes)]
    assert captured.err == ''
    assert (out / 'comma.mcap').exists()

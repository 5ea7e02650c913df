# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A real drive with a phone-grade receiver: converted, localized, within the targets."""

import json
from pathlib import Path

import pytest

from geoloc_ros.bags.comma2k19 import from_comma2k19
from geoloc_ros.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SEGMENT = ROOT.parent / 'shared' / 'data' / 'comma2k19' / 'segment'

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SEGMENT.is_dir(), reason='no ../shared/data/comma2k19 here'),
]


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    path = tmp_path_factory.mktemp('comma2k19') / 'qcom'
    from_comma2k19(SEGMENT, path, 'qcom')
    return path


@pytest.mark.parametrize('name', ['particle', 'kalman'])
def test_fused_is_better_than_raw_by_the_targets(bag, tmp_path, name):
    config = ROOT / 'config' / f'{name}_filter.yaml'
    words = ['localize', str(bag), '--filter', name, '--config', str(config), '--quiet']
    assert main([*words, '--out', str(tmp_path)]) == 0
    comparison = json.loads((tmp_path / 'comparison.json').read_text())
    (fused,) = [ratio for ratio in comparison['ratios'] if ratio['name'] == 'fused']
    assert fused['fixes'] == 29
    assert fused['mean']['ratio'] <= 0.8
    assert fused['p95']['ratio'] <= 0.6
    row = json.loads((tmp_path / 'report.json').read_text())['trajectories']['fused']
    assert row['availability'] == 1.0
    assert row['yaw_error_deg']['median'] < 5.0

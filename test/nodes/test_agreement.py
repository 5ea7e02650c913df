# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The node fed a bag's messages publishes what ``geoloc localize`` computes, to 1 mm."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

from geoloc_ros.cli.drive_input import node_topics, read_drive
from geoloc_ros.cli.offline import run_offline, set_lever_arms
from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.ros.node_settings import (
    KalmanNodeSettings,
    ParticleNodeSettings,
    SourceSettings,
)

_spec = importlib.util.spec_from_file_location(
    'nodes_conftest', Path(__file__).with_name('conftest.py')
)
bench = importlib.util.module_from_spec(_spec)
sys.modules['nodes_conftest'] = bench
_spec.loader.exec_module(bench)

ROOT = Path(__file__).resolve().parents[2]
COMMA2K19 = ROOT.parent / 'shared' / 'data' / 'comma2k19'


def offline_positions(bag, settings):
    drive = read_drive(bag, node_topics(SourceSettings()))
    localizer = build_localizer(settings, settings.seed)
    set_lever_arms(localizer, drive.lever_arms_m)
    run = run_offline(localizer, drive.received)
    return {one.stamp_ns: (one.x_m, one.y_m) for one in run.estimates}


def node_positions(run_filter, kind, bag, rate):
    session = run_filter(kind, {'use_sim_time': True})
    poses = session.talker.received['pose']
    process = subprocess.Popen(
        [
            sys.executable, '-m', 'geoloc_ros.nodes.replay_node', '--ros-args',
            '-p', f'bag:={bag}', '-p', f'rate:={rate}', '-p', 'wait_for:=[/fix, /odom, /imu]',
        ],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    bench.wait_for(lambda: poses, 'poses')
    return {bench.stamp_of(pose): bench.position(pose) for pose in poses}


def assert_agreement(online, offline):
    common = sorted(set(online) & set(offline))
    assert len(common) >= 0.97 * len(offline)
    difference_m = np.linalg.norm(
        np.array([online[at] for at in common]) - np.array([offline[at] for at in common]), axis=1
    )
    worst = int(np.argmax(difference_m))
    assert difference_m.max() <= 1e-3, (
        f'{difference_m[worst]:.4f} m at stamp {common[worst]}, number {worst} of {len(common)}; '
        f'{int((difference_m > 1e-3).sum())} stamps differ'
    )


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    """A short simulated drive."""
    path = tmp_path_factory.mktemp('simulated') / 'drive'
    subprocess.run(
        [sys.executable, '-m', 'geoloc_sim', 'drive', '--distance-m', '60', '--out', path],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': str(ROOT / 'simulation')},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return path


@pytest.mark.parametrize(
    ('kind', 'settings'),
    [(ParticleFilterNode, ParticleNodeSettings()), (KalmanFilterNode, KalmanNodeSettings())],
)
def test_node_and_localize_agree_on_a_simulated_drive(run_filter, bag, kind, settings):
    offline = offline_positions(bag, settings)
    assert len(offline) > 80
    assert_agreement(node_positions(run_filter, kind, bag, 3.0), offline)


@pytest.mark.shared_data
def test_node_and_localize_agree_on_a_real_drive(run_filter, tmp_path):
    if not COMMA2K19.is_dir():
        pytest.skip(f'no {COMMA2K19}: the comma2k19 segment is not on this machine')
    bag = tmp_path / 'drive'
    words = ['bag', 'from-comma2k19', COMMA2K19, bag, '--receiver', 'qcom', '--quiet']
    subprocess.run(
        [sys.executable, '-m', 'geoloc_ros.cli.main', *words],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    offline = offline_positions(bag, ParticleNodeSettings())
    assert_agreement(node_positions(run_filter, ParticleFilterNode, bag, 3.0), offline)

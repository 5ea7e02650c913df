# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The node fed a bag's messages publishes what ``geoloc localize`` computes, to 1 mm.

The messages go over DDS, each when the node has taken the one before: on a busy machine topics
come out of step, and an estimate is out before the odometry of its time came.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
import subprocess
import sys
import time

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli.drive_input import node_topics, read_drive
from geoloc_ros.cli.offline import run_offline, set_lever_arms
from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.nodes.playback import Playback
from geoloc_ros.ros.node_settings import (
    KalmanNodeSettings,
    ParticleNodeSettings,
    ReplaySettings,
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
SENSORS = ('/fix', '/odom', '/imu')


class SteppedPlayback(Playback):
    """Publishes the next message when the node has taken the last one."""

    executor: SingleThreadedExecutor
    listener: ParticleFilterNode | KalmanFilterNode

    def _wait_until(self, timeline, stamp_ns):
        del timeline, stamp_ns
        published = sum(self.counts.published.get(name, 0) for name in SENSORS)
        deadline_s = time.monotonic() + 40.0
        while sum(one.received for one in self.listener.localizer.statistics()) < published:
            self.executor.spin_once(timeout_sec=0.05)
            assert time.monotonic() < deadline_s, f'message {published} did not come'


def offline_positions(bag, settings):
    drive = read_drive(bag, node_topics(SourceSettings()))
    localizer = build_localizer(settings, settings.seed)
    set_lever_arms(localizer, drive.lever_arms_m)
    run = run_offline(localizer, drive.received)
    return {one.stamp_ns: (one.x_m, one.y_m) for one in run.estimates}


def node_positions(kind, bag):
    # The clock goes on while messages wait for each other: nothing is extrapolated meanwhile.
    given = {'use_sim_time': True, 'output.wait_s': 10.0}
    node = kind(parameter_overrides=[Parameter(name, value=given[name]) for name in given])
    talker = bench.Talker()
    talker.listen(PoseWithCovarianceStamped, 'pose')
    poses = talker.received['pose']
    executor = SingleThreadedExecutor()
    executor.add_node(talker)
    executor.add_node(node)
    replayed = ReplaySettings(
        topics=(*SENSORS, '/tf_static'), wait_for=SENSORS, publish_clock=True
    )
    try:
        with BagReader(bag) as opened:
            playback = SteppedPlayback(talker, opened, replayed, pytest.fail)
            playback.executor, playback.listener = executor, node
            playback.play()
            playback._wait_until(None, 0)
            heard = -1
            while heard < len(poses):
                heard = len(poses)
                for _ in range(100):
                    executor.spin_once(timeout_sec=0.01)
    finally:
        executor.shutdown()
        node.destroy_node()
        talker.destroy_node()
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
        [sys.executable, '-m', 'geoloc_sim', 'plain-drive', '--distance-m', '200', '--out', path],
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
def test_node_and_localize_agree_on_a_simulated_drive(ros, bag, kind, settings):
    offline = offline_positions(bag, settings)
    assert len(offline) > 80
    assert_agreement(node_positions(kind, bag), offline)


@pytest.mark.shared_data
def test_node_and_localize_agree_on_a_real_drive(ros, tmp_path):
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
    assert_agreement(node_positions(ParticleFilterNode, bag), offline)

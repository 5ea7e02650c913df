# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Scores of a matcher reach both filter nodes over real DDS."""

from __future__ import annotations

import importlib.util
from pathlib import Path
import sys

import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2

from geoloc_ros.messages.scores import score_cloud
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.ros.factory import RosMessages
from geoloc_ros.types import ScoreLattice

_spec = importlib.util.spec_from_file_location(
    'nodes_conftest', Path(__file__).with_name('conftest.py')
)
bench = importlib.util.module_from_spec(_spec)
sys.modules['nodes_conftest'] = bench
_spec.loader.exec_module(bench)
pytestmark = pytest.mark.ros


def cloud(seconds, x_m, y_m, calibrated=True, frame='map'):
    """A Gaussian mode, 1.5 m wide, on a lattice of 105 m about the origin of the drive's end."""
    places = 5.0 * np.arange(21)
    squared = (places[None, :] + 10.0 - x_m) ** 2 + (places[:, None] - 50.0 - y_m) ** 2
    scores = (-0.5 * squared / 2.25).astype(np.float32)[None]
    lattice = ScoreLattice(
        bench.stamp(seconds), 's', 10.0, -50.0, 0.0, 5.0, np.empty(0), scores, calibrated
    )
    return score_cloud(lattice, frame, RosMessages())


@pytest.mark.parametrize('kind', [ParticleFilterNode, KalmanFilterNode])
def test_scores_are_fused_at_the_stamp_of_their_picture(run_filter, kind):
    session = run_filter(kind)
    session.drive(0, 6)
    # Late by 0.5 s, 2.5 m to the left of the track.
    session.talker.publisher(PointCloud2, 'cross_view/scores')
    session.talker.say('cross_view/scores', cloud(5.5, 55.0, 2.5))
    pose = session.drive(6.05, 8)
    assert 0.3 < bench.position(pose)[1] < 2.5
    assert bench.position(pose)[0] == pytest.approx(80.0, abs=2.0)
    session.wait_for_status('source cross_view/scores', accepted='1')
    session.wait_for_status('localizer', state='TRACKING')
    # Foreign, then in the wrong frame: left out and named.
    session.talker.say('cross_view/scores', cloud(7.5, 75.0, 2.5, calibrated=False))
    session.wait_for_status('source cross_view/scores', rejected__uncalibrated='1', accepted='1')
    session.talker.say('cross_view/scores', cloud(7.6, 76.0, 2.5, frame='odom'))
    session.wait_for_status('localizer', warning__unreadable='1')

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a running node makes of malformed and absurd messages: counted, named, survived."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
import sys
import time

import numpy as np
import pytest

from geoloc_ros.localizer.result import LocalizerWarning, WarningKind
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.nodes.warning_log import WarningLog

_spec = importlib.util.spec_from_file_location(
    'nodes_conftest', Path(__file__).with_name('conftest.py')
)
bench = importlib.util.module_from_spec(_spec)
sys.modules['nodes_conftest'] = bench
_spec.loader.exec_module(bench)


def fix(**changes):
    message = bench.fix_message(3.5, 35.0, 0.0)
    for name, value in changes.items():
        if name == 'status':
            message.status.status = value
        else:
            setattr(message, name, value)
    return message


def odometry(speed_m_s=10.0, **changes):
    message = bench.odometry_message(3.5, speed_m_s)
    for name, value in changes.items():
        setattr(message.twist, name, value)
    return message


def imu(rate_rad_s=0.0, covariance=None):
    message = bench.imu_message(3.5, rate_rad_s)
    if covariance is not None:
        message.angular_velocity_covariance = covariance
    return message


def broken_pose():
    message = bench.pose_message(3.5, 35.0, 0.0, 0.0)
    message.pose.pose.orientation.w = math.nan
    return message


NAN9 = np.full(9, math.nan)
#: What is sent, where, and the warning that names it.
BAD = {
    'NaN latitude': ('fix', fix(latitude=math.nan), 'not_finite'),
    'infinite longitude': ('fix', fix(longitude=math.inf), 'not_finite'),
    'latitude 95': ('fix', fix(latitude=95.0), 'off_earth'),
    'no fix': ('fix', fix(status=-1), 'no_fix'),
    'unknown status constant': ('fix', fix(status=77), 'unreadable'),
    'zero covariance said to be known': ('fix', fix(position_covariance=np.zeros(9)),
                                         'bad_covariance'),
    'NaN covariance': ('fix', fix(position_covariance=NAN9), 'bad_covariance'),
    'negative covariance': ('fix', fix(position_covariance=-np.eye(3).ravel()),
                            'bad_covariance'),
    'NaN speed': ('odom', odometry(math.nan), 'not_finite'),
    'speed of 900 m/s': ('odom', odometry(900.0), 'implausible'),
    'negative twist variance': ('odom', odometry(covariance=-np.eye(6).ravel()), 'unreadable'),
    'NaN yaw rate': ('imu', imu(math.nan), 'not_finite'),
    'imu that measures no rate': ('imu', imu(covariance=[-1.0, *[0.0] * 8]), 'unreadable'),
    'pose in another frame': (
        'pose_observation', bench.pose_message(3.5, 0.0, 0.0, 0.0, frame_id='mars'), 'wrong_frame',
    ),
    'pose with a NaN quaternion': ('pose_observation', broken_pose(), 'unreadable'),
    'initial pose with a NaN': ('initialpose', broken_pose(), 'unreadable'),
}  # fmt: skip


@pytest.mark.parametrize('kind', [ParticleFilterNode, KalmanFilterNode])
def test_every_bad_message_is_counted_and_named_and_the_pose_stays_right(run_filter, kind):
    session = run_filter(kind)
    session.drive(0, 3)
    expected = {}
    for topic, message, warning in BAD.values():
        session.talker.say(topic, message)
        expected[warning] = expected.get(warning, 0) + 1
    bench.wait_for(
        lambda: all(
            session.node._warnings.counts.get(WarningKind(name), 0) >= count
            for name, count in expected.items()
        ),
        f'warnings {expected}',
    )
    pose = session.drive(3.55, 8)
    assert bench.position(pose) == pytest.approx((80.0, 0.0), abs=2.5)
    session.wait_for_status(': localizer', state='GPS_ONLY')
    status = session.status(': localizer')
    counted = {name: int(status[f'warning.{name}']) for name in expected}
    assert all(counted[name] >= count for name, count in expected.items()), counted


@pytest.mark.parametrize(('seconds', 'what'), [(-1000.0, 'past'), (5000.0, 'future')])
def test_one_absurd_stamp_is_left_out(run_filter, seconds, what):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 3)
    session.talker.say('fix', bench.fix_message(seconds, 900.0, 900.0))
    pose = session.drive(3.05, 6)
    assert bench.position(pose) == pytest.approx((60.0, 0.0), abs=2.5)
    session.wait_for_status(': source fix', rejected__suspect_stamp='1')


def test_a_message_without_a_stamp_is_left_out(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 3)
    message = bench.fix_message(0, 0.0, 0.0)
    message.header.stamp.sec = message.header.stamp.nanosec = 0
    session.talker.say('fix', message)
    session.wait_for_status(': source fix', rejected__invalid='1')


def test_a_clock_that_goes_back_starts_the_filter_anew(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 8)
    session.talker.received['pose'].clear()
    pose = session.drive(0, 6, heading=math.pi / 2)
    assert bench.position(pose) == pytest.approx((0.0, 60.0), abs=2.5)
    session.wait_for_status(': localizer', warning__clock_backwards='1')


def test_random_bytes_of_numbers_never_end_the_node(run_filter):
    """Whatever finite or infinite numbers come in, the node lives and finds back."""
    session = run_filter(KalmanFilterNode)
    session.drive(0, 3)
    rng = np.random.default_rng(5)
    odd = [math.nan, math.inf, -math.inf, 0.0, 1e308, -1e-308, 5.0]
    for _ in range(60):
        message = bench.fix_message(3.0 + rng.random(), 0.0, 0.0)
        message.latitude, message.longitude, message.altitude = rng.choice(odd, 3).tolist()
        message.position_covariance = rng.choice(odd, 9)
        message.status.status = int(rng.integers(-128, 127))
        message.position_covariance_type = int(rng.integers(0, 255))
        session.talker.say('fix', message)
        motion = bench.odometry_message(3.0 + rng.random(), float(rng.choice(odd)))
        motion.twist.covariance = rng.choice(odd, 36)
        session.talker.say('odom', motion)
        time.sleep(0.001)
    pose = session.drive(6, 20)
    assert bench.position(pose) == pytest.approx((200.0, 0.0), abs=4.0)


def test_a_kind_of_warning_is_written_once_a_period_and_always_counted():
    lines = []
    now_s = [0.0]
    log = WarningLog(lines.append, 5.0, lambda: now_s[0])
    for tick in range(12):
        now_s[0] = float(tick)
        log.add([LocalizerWarning(WarningKind.NO_FIX, 'no fix')])
    log.warn(WarningKind.GATED, 'gated')
    assert lines == [
        '[no_fix] no fix',
        '[no_fix] no fix (6 so far)',
        '[no_fix] no fix (11 so far)',
        '[gated] gated',
    ]
    assert log.counts == {WarningKind.NO_FIX: 12, WarningKind.GATED: 1}

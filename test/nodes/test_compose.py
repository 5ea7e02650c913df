# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc replay``: the command lines it makes, and a bag through a filter in one process."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys
import time

from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import rclpy

from geoloc_ros.bags.writer import BagWriter, Storage
from geoloc_ros.cli.main import make_parser
from geoloc_ros.cli.replay import replay_command
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.messages.outbound import nav_sat_fix
from geoloc_ros.nodes.compose import compose
from geoloc_ros.types import CovarianceType, FixStatus, GeodeticPosition, GnssFix

ROOT = Path(__file__).resolve().parents[2]
START_NS = 1_700_000_000_000_000_000


def asked(*words: str) -> list[str]:
    return replay_command(make_parser().parse_args(['replay', *words]))[1:]


def test_only_what_was_asked_becomes_a_parameter():
    assert asked('2024') == [
        '-m', 'geoloc_ros.nodes.replay_node', '--ros-args', '-p', 'replay_node:bag:="2024"',
    ]  # fmt: skip


def test_a_filter_gets_all_that_was_asked_of_the_replay():
    words = ['--start-offset', '30', '--prefix', 'car', '--topics', '/fix', '/odom', '--loop']
    words += ['--wait-for', '/car/fix', '--rate', '2', '--params-file', 'both.yaml']
    composed = asked('a.mcap', '--filter', 'particle', *words)
    assert composed[:4] == ['-m', 'geoloc_ros.nodes.compose', '--filter', 'particle']
    assert composed[4:] == asked('a.mcap', *words)[2:]
    assert composed[5:7] == ['--params-file', 'both.yaml']
    assert composed[8::2] == [
        'replay_node:bag:="a.mcap"', 'replay_node:rate:=2.0', 'replay_node:loop:=true',
        'replay_node:start_offset_s:=30.0', 'replay_node:prefix:="car"',
        'replay_node:topics:=["/fix", "/odom"]', 'replay_node:wait_for:=["/car/fix"]',
    ]  # fmt: skip


def test_the_filter_listens_where_the_bag_is_played():
    rclpy.init(args=['--ros-args', '-p', 'replay_node:prefix:=fleet/car1/'])
    nodes = compose('kalman')
    names = [node.get_namespace() for node in nodes]
    simulated = [node.get_parameter('use_sim_time').value for node in nodes]
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()
    assert names == ['/fleet/car1', '/']
    assert simulated == [True, False]


def test_a_bag_goes_through_a_filter_in_one_process(tmp_path):
    origin = GeodeticPosition(49.0, 8.4, 100.0)
    datum = Datum(origin)
    (tmp_path / 'both.yaml').write_text('replay_node: {ros__parameters: {rate: 8.0}}')
    bag = tmp_path / '2024'
    with BagWriter(bag, Storage.MCAP) as writer:
        for number in range(41):
            at_ns = START_NS + number * 500_000_000
            place = datum.geodetic_from_enu(2.5 * number, 0.0)
            fix = GnssFix(
                at_ns, 'base_link', place, np.eye(3), CovarianceType.KNOWN, FixStatus.FIX
            )
            writer.write('/fix', nav_sat_fix(fix, writer.messages), at_ns)
    poses = []
    rclpy.init()
    node = rclpy.create_node('listener')
    node.create_subscription(PoseWithCovarianceStamped, 'car/pose', poses.append, 500)
    command = [sys.executable, '-m', 'geoloc_ros.cli.main', 'replay', bag.name]
    process = subprocess.Popen(
        [
            *command, '--filter', 'kalman', '--params-file', 'both.yaml', '--prefix', 'car',
            '--topics', '/fix', '--wait-for', '/car/fix', '/car/pose', '--start-offset', '5',
        ],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip
    deadline_s = time.monotonic() + 40
    while process.poll() is None and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.05)
    if process.poll() is None:
        process.kill()
    node.destroy_node()
    rclpy.try_shutdown()
    assert process.returncode == 0
    first, last = poses[0], poses[-1]
    assert first.header.stamp.sec - START_NS // 10**9 >= 5
    assert last.header.frame_id == 'map'
    seconds = last.header.stamp.sec + last.header.stamp.nanosec * 1e-9 - START_NS * 1e-9
    assert seconds > 15.0
    assert abs(last.pose.pose.position.x - 5.0 * (seconds - 5.0)) < 3.0
    assert abs(last.pose.pose.position.y) < 3.0

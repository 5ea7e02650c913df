# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A bag played by a process of its own, heard here: what, when, how much."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
import subprocess
import sys
import time

from lifecycle_msgs.msg import State
import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, NavSatFix
from tf2_msgs.msg import TFMessage

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.bags.writer import BagWriter, Storage
from geoloc_ros.errors import DriveError, SettingError
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import datum_fix, transform_stamped
from geoloc_ros.nodes.lifecycle import start
from geoloc_ros.nodes.playback import Playback, Timeline, namespace_of, published_name
from geoloc_ros.nodes.replay_node import ReplayNode
from geoloc_ros.ros.node_settings import ReplaySettings
from geoloc_ros.ros.transport import transport_environment
from geoloc_ros.types import GeodeticPosition

START_NS = 1_700_000_000_000_000_000
ROOT = Path(__file__).resolve().parents[2]
KITTI = ROOT.parent / 'shared' / 'data' / 'kitti_drive0001'
COUNT = 20


@pytest.fixture(params=list(Storage))
def bag(tmp_path, request):
    """Twenty fixes at 20 Hz behind a static transform; latitude counts them."""
    path = tmp_path / 'drive'
    with BagWriter(path, request.param) as writer:
        mounting = Pose3(np.array((1.0, 2.0, 3.0)), np.array((0.0, 0.0, 0.0, 1.0)))
        writer.write_static_transforms(
            [transform_stamped(START_NS, 'base_link', 'gnss', mounting, writer.messages)], START_NS
        )
        writer.add_topic('/fix', 'sensor_msgs/msg/NavSatFix')
        writer.add_topic('/other', 'sensor_msgs/msg/NavSatFix')
        for number in range(COUNT):
            at_ns = START_NS + number * 50_000_000
            for topic in ('/fix', '/other'):
                place = GeodeticPosition(float(number), 0.0)
                writer.write(topic, datum_fix(place, at_ns, 'gnss', writer.messages), at_ns)
    return path


@pytest.fixture
def node():
    rclpy.init()
    made = rclpy.create_node('listener')
    yield made
    made.destroy_node()
    rclpy.try_shutdown()


def play(bag, *parameters, environment=None, words=()):
    command = [sys.executable, '-m', 'geoloc_ros.nodes.replay_node', '--ros-args', *words]
    for parameter in (f'bag:={bag}', *parameters):
        command += ['-p', parameter]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def spin_until_end(node, process, timeout_s=120.0):
    """Spin until the process ended and nothing more comes; its output."""
    deadline_s = time.monotonic() + timeout_s
    while process.poll() is None and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.05)
    if process.poll() is None:
        process.kill()
    for _ in range(20):
        rclpy.spin_once(node, timeout_sec=0.01)
    return process.communicate()[0]


def test_everything_comes_in_order_with_the_clock(node, bag):
    fixes, clocks, transforms = [], [], []
    node.create_subscription(NavSatFix, '/fix', fixes.append, 100)
    node.create_subscription(Clock, '/clock', clocks.append, 500)
    latched = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_subscription(TFMessage, '/tf_static', transforms.append, latched)
    process = play(bag, 'rate:=2.0', 'wait_for:=[/fix, /clock]')
    output = spin_until_end(node, process)
    assert process.returncode == 0, output
    assert [message.latitude for message in fixes] == list(range(COUNT))
    stamps_ns = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in fixes]
    assert stamps_ns == [START_NS + number * 50_000_000 for number in range(COUNT)]
    times_ns = [message.clock.sec * 10**9 + message.clock.nanosec for message in clocks]
    assert times_ns == sorted(times_ns)
    assert times_ns[-1] == START_NS + (COUNT - 1) * 50_000_000
    assert len(clocks) >= COUNT
    (transform,) = transforms[0].transforms
    assert (transform.header.frame_id, transform.child_frame_id) == ('base_link', 'gnss')
    assert transform.transform.translation.z == 3.0
    assert f'/fix {COUNT}' in output
    assert '/other 20' in output
    assert '0 could not be published' in output


def test_nothing_is_played_before_its_time(node, bag):
    """A busy machine may be late, so only the lower bound is sure."""
    settings = dataclasses.replace(ReplaySettings(), bag=str(bag), rate=0.4)
    with BagReader(bag) as reader:
        playback = Playback(node, reader, settings, print)
        started_s = time.monotonic()
        playback.play()
        assert time.monotonic() - started_s >= (COUNT - 1) * 0.05 / 0.4
        assert playback.counts.published['/fix'] == COUNT
        playback.close()


def test_a_prefix_a_start_and_a_choice_of_topics(node, bag):
    fixes, others = [], []
    node.create_subscription(NavSatFix, '/car/fix', fixes.append, 100)
    node.create_subscription(NavSatFix, '/car/other', others.append, 100)
    process = play(
        bag, 'prefix:=car', 'start_offset_s:=0.5', 'topics:=[/fix]', 'wait_for:=[/car/fix]',
        'rate:=5.0', 'publish_clock:=false',
    )  # fmt: skip
    output = spin_until_end(node, process)
    assert process.returncode == 0, output
    assert [message.latitude for message in fixes] == list(range(10, COUNT))
    assert not others
    assert node.count_publishers('/clock') == 0


@pytest.mark.parametrize('namespace', ['', 'car'])
def test_a_node_in_a_namespace_waits_for_the_name_it_publishes(node, bag, namespace):
    """What localize.launch.py passes: namespace and prefix alike, and a relative name."""
    fixes = []
    topic = f'/{namespace}/fix' if namespace else '/fix'
    node.create_subscription(NavSatFix, topic, fixes.append, 100)
    own = ['-r', f'__ns:=/{namespace}', '-p', f"prefix:='{namespace}'"]
    process = play(bag, 'wait_for:=[fix]', 'rate:=10.0', 'wait_timeout_s:=8.0', words=own)
    output = spin_until_end(node, process)
    assert process.returncode == 0, output
    assert [message.latitude for message in fixes] == list(range(COUNT))
    assert 'nobody subscribed' not in output


def test_a_loop_starts_over_until_it_is_told_to_end(node, bag):
    fixes = []
    node.create_subscription(NavSatFix, '/fix', fixes.append, 100)
    process = play(bag, 'loop:=true', 'rate:=20.0', 'wait_for:=[/fix]')
    deadline_s = time.monotonic() + 60
    while len(fixes) < 2 * COUNT + 5 and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.05)
    process.send_signal(2)
    assert process.wait(40) == 0
    process.communicate()
    assert [m.latitude for m in fixes[: 2 * COUNT]] == [*range(COUNT), *range(COUNT)]


def test_a_shutdown_stops_the_playing_and_closes_the_bag(node, bag):
    given = {'bag': str(bag), 'loop': True, 'autostart': False}
    player = ReplayNode(parameter_overrides=[Parameter(n, value=v) for n, v in given.items()])
    start(player)
    thread = player._thread
    assert thread.is_alive()
    player.trigger_shutdown()
    assert not thread.is_alive()
    assert player.done.done()
    assert player._bag is None
    assert player._state_machine.current_state[0] == State.PRIMARY_STATE_FINALIZED
    player.stop()
    player.destroy_node()


def test_a_bag_that_is_not_there_is_explained(tmp_path):
    process = play(tmp_path / 'nothing')
    output = process.communicate(timeout=90)[0]
    assert process.returncode == 1
    assert 'no bag at' in output
    assert 'Traceback' not in output


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        ({'topics': ('/nope',)}, r'has no topic /nope; it has /fix, /other, /tf_static'),
        ({'start_offset_s': 30.0}, r'start_offset_s is 30 and bag .* is 0\.95 s long'),
    ],
)
def test_what_would_play_nothing_is_refused(node, bag, changes, expected):
    settings = dataclasses.replace(ReplaySettings(), bag=str(bag), **changes)
    with BagReader(bag) as reader, pytest.raises(DriveError, match=expected):
        Playback(node, reader, settings, print)


def test_a_topic_that_is_not_there_is_named_and_the_others_are_played(node, bag):
    said = []
    settings = dataclasses.replace(ReplaySettings(), bag=str(bag), topics=('/fix', '/nope'))
    with BagReader(bag) as reader:
        Playback(node, reader, settings, said.append).close()
    assert said == ['the bag has no topic /nope']


def test_bag_time_runs_at_the_rate():
    now_s = [100.0]
    timeline = Timeline(START_NS, 4.0, lambda: now_s[0])
    now_s[0] = 100.5
    assert timeline.now_ns() == START_NS + 2_000_000_000
    assert timeline.wait_s(START_NS + 4_000_000_000) == pytest.approx(0.5)
    assert timeline.wait_s(START_NS) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ('topic', 'prefix', 'expected'),
    [
        ('/fix', '', '/fix'),
        ('/fix', 'car', '/car/fix'),
        ('/fix', '/car/', '/car/fix'),
        ('/tf', 'car', '/tf'),
        ('/tf_static', 'car', '/tf_static'),
    ],
)
def test_names_under_a_prefix(topic, prefix, expected):
    assert published_name(topic, prefix) == expected


@pytest.mark.parametrize(
    ('prefix', 'expected'), [('', ''), ('/', ''), ('car', '/car'), ('/fleet/car1/', '/fleet/car1')]
)
def test_the_namespace_of_a_prefix(prefix, expected):
    assert namespace_of(prefix) == expected


@pytest.mark.parametrize('prefix', ['a b', '1car', 'a-b'])
def test_a_prefix_that_is_no_name_is_refused(prefix):
    with pytest.raises(SettingError, match=f"prefix is '{prefix}'; expected letters"):
        namespace_of(prefix)


@pytest.mark.shared_data
def test_all_images_of_the_kitti_drive_arrive_in_another_process(node, tmp_path):
    if not KITTI.is_dir():
        pytest.skip(f'no {KITTI}: the KITTI drive is not on this machine')
    path = tmp_path / 'kitti'
    subprocess.run(
        [sys.executable, '-m', 'geoloc_ros.cli.main', 'bag', 'from-kitti', KITTI, path],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with BagReader(path) as bag:
        topic = next(t for t in bag.topics if t.message_type == 'sensor_msgs/msg/Image')
        recorded = [
            (item.message.header.stamp.sec, item.message.header.stamp.nanosec,
             bytes(item.message.data))
            for item in bag.messages([topic.name])
        ]  # fmt: skip
    images = []
    node.create_subscription(Image, topic.name, images.append, 120)
    process = play(
        path, 'rate:=5.0', f'wait_for:=[{topic.name}]', environment=transport_environment()
    )
    output = spin_until_end(node, process)
    assert process.returncode == 0, output
    assert len(images) == len(recorded) == 108
    for message, (sec, nanosec, data) in zip(images, recorded, strict=True):
        assert (message.header.stamp.sec, message.header.stamp.nanosec) == (sec, nanosec)
        assert bytes(message.data) == data

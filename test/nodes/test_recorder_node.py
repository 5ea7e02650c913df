# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import time

import pytest

rclpy = pytest.importorskip('rclpy', reason='rclpy is not installed')
from geometry_msgs.msg import PoseWithCovarianceStamped  # noqa: E402
from sensor_msgs.msg import NavSatFix  # noqa: E402

from geoloc_ros.bags.reader import BagReader  # noqa: E402
from geoloc_ros.errors import SettingError  # noqa: E402
from geoloc_ros.nodes.recorder_node import RecorderNode, parse_topic  # noqa: E402
from geoloc_ros.ros.qos import latched_qos, reliable_qos  # noqa: E402

pytestmark = pytest.mark.ros


@pytest.fixture
def context():
    rclpy.init()
    yield
    rclpy.try_shutdown()


def recorder(path, topics):
    arguments = ['--ros-args', '-p', f'path:={path}', '-p', f'topics:={topics}']
    rclpy.init(args=arguments)
    return RecorderNode()


def test_what_is_published_is_in_the_bag_in_order(tmp_path):
    topics = [
        'poses/pose geometry_msgs/msg/PoseWithCovarianceStamped reliable',
        '/datum sensor_msgs/msg/NavSatFix latched',
    ]
    node = recorder(tmp_path / 'b', topics)
    try:
        pose_publisher = node.create_publisher(
            PoseWithCovarianceStamped, '/poses/pose', reliable_qos(100)
        )
        datum_publisher = node.create_publisher(NavSatFix, '/datum', latched_qos())
        datum_publisher.publish(NavSatFix(latitude=48.5))
        before_ns = time.time_ns()
        for number in range(20):
            message = PoseWithCovarianceStamped()
            message.header.stamp.sec = number
            message.pose.pose.position.x = 0.5 * number
            pose_publisher.publish(message)
        deadline = time.monotonic() + 20.0
        while node.count < 21 and time.monotonic() < deadline:
            rclpy.spin_once(node, timeout_sec=0.1)
        assert not (tmp_path / 'b').exists()
        node.close()
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    with BagReader(tmp_path / 'b') as bag:
        poses = list(bag.messages(['/poses/pose']))
        (datum,) = bag.messages(['/datum'])
    assert [item.message.header.stamp.sec for item in poses] == list(range(20))
    assert poses[7].message.pose.pose.position.x == 3.5
    assert before_ns <= poses[0].receive_stamp_ns <= poses[-1].receive_stamp_ns
    assert poses[-1].receive_stamp_ns <= time.time_ns()
    assert datum.message.latitude == 48.5


def test_topics_are_taken_apart():
    topic = parse_topic('fix sensor_msgs/msg/NavSatFix sensor')
    assert (topic.name, topic.message_type, topic.qos) == (
        'fix',
        'sensor_msgs/msg/NavSatFix',
        'sensor',
    )
    for text in ('fix', 'fix sensor_msgs/msg/NavSatFix loud'):
        with pytest.raises(SettingError, match='expected "NAME TYPE QOS"'):
            parse_topic(text)


def test_without_a_path_it_says_so(context):
    with pytest.raises(SettingError, match='parameter path is empty'):
        RecorderNode()

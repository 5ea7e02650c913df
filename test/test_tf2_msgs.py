# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The generated tf2_msgs is the real one: same type hash, and it crosses between processes."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from rosbags.typesys import Stores, get_typestore

pytestmark = pytest.mark.ros
TOPIC = 'tf_between_processes'
SENDER = """
import time
import rclpy
from geometry_msgs.msg import TransformStamped
from tf2_msgs.msg import TFMessage

with rclpy.init():
    node = rclpy.create_node('sender')
    publisher = node.create_publisher(TFMessage, '{topic}', 10)
    transform = TransformStamped(child_frame_id='base_link')
    transform.header.frame_id = 'map'
    transform.transform.translation.x = 12.5
    while True:
        publisher.publish(TFMessage(transforms=[transform]))
        time.sleep(0.05)
"""


@pytest.fixture
def node():
    rclpy = pytest.importorskip('rclpy')
    with rclpy.init():
        made = rclpy.create_node('receiver')
        yield made
        made.destroy_node()


def test_a_transform_crosses_between_processes_with_the_upstream_hash(node):
    import rclpy
    from tf2_msgs.msg import TFMessage

    received = []
    node.create_subscription(TFMessage, TOPIC, received.append, 10)
    sender = subprocess.Popen([sys.executable, '-c', SENDER.format(topic=TOPIC)])
    try:
        deadline_s = time.monotonic() + 20
        while not received and time.monotonic() < deadline_s:
            rclpy.spin_once(node, timeout_sec=0.1)
        hashes = {str(info.topic_type_hash) for info in node.get_publishers_info_by_topic(TOPIC)}
    finally:
        sender.kill()
        sender.wait()
    assert received, 'no TFMessage within 20 s'
    transform = received[0].transforms[0]
    assert (transform.header.frame_id, transform.child_frame_id) == ('map', 'base_link')
    assert transform.transform.translation.x == 12.5
    expected = get_typestore(Stores.ROS2_KILTED).hash_rihs01('tf2_msgs/msg/TFMessage')
    assert len(hashes) == 1
    assert expected in hashes.pop()

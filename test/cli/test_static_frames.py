# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from geoloc_ros.bags.typestore import BagMessages
from geoloc_ros.cli.static_frames import StaticFrames
from geoloc_ros.geometry.quaternions import quat_from_yaw
from geoloc_ros.messages.outbound import set_quaternion


def transform(parent, child, translation, yaw=0.0):
    message = BagMessages().new('geometry_msgs/msg/TransformStamped')
    message.header.frame_id, message.child_frame_id = parent, child
    offset = message.transform.translation
    offset.x, offset.y, offset.z = translation
    set_quaternion(message.transform.rotation, quat_from_yaw(yaw))
    return message


FRAMES = StaticFrames(
    [
        transform('base_link', 'roof', (1.0, 0.0, 2.0), np.pi / 2),
        transform('roof', 'gps', (0.5, 0.0, 0.0)),
        transform('/base_link', '/imu', (0.0, 0.2, 0.0), np.pi),
        transform('elsewhere', 'lonely', (1.0, 1.0, 1.0)),
    ]
)


def test_chains_are_composed():
    # The roof is turned left by 90 degrees: half a metre ahead on it is half a metre to the left.
    assert FRAMES.lookup('base_link', 'gps').translation_m == pytest.approx([1.0, 0.5, 2.0])


def test_siblings_meet_at_their_common_ancestor():
    imu_from_gps = FRAMES.lookup('imu', 'gps')
    assert imu_from_gps.translation_m == pytest.approx([-1.0, -0.3, 2.0])
    assert imu_from_gps.planar().yaw_rad == pytest.approx(-np.pi / 2)


def test_a_frame_is_itself_and_strangers_are_not_joined():
    assert FRAMES.lookup('base_link', 'base_link').translation_m == pytest.approx([0, 0, 0])
    assert FRAMES.lookup('base_link', 'lonely') is None


def test_lever_arms_are_of_everything_joined_to_the_base():
    arms = FRAMES.lever_arms_m()
    assert set(arms) == {'roof', 'gps', 'imu'}
    assert arms['gps'] == pytest.approx((1.0, 0.5))


def test_a_loop_of_transforms_ends():
    loop = StaticFrames([transform('a', 'b', (1, 0, 0)), transform('b', 'a', (1, 0, 0))])
    assert loop.lookup('base_link', 'a') is None

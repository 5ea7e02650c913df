# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Trajectories out of topics: datums by namespace, bodies by static transforms, bad messages."""

import numpy as np
import pytest

from geoloc_ros.bags.writer import BagWriter
from geoloc_ros.cli.bag_trajectory import bag_trajectory, bag_truth
from geoloc_ros.errors import DriveError, EvaluationError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages import outbound, sensors
from geoloc_ros.types import Estimate, GeodeticPosition

NEAR, FAR = GeodeticPosition(49.0, 8.4, 110.0), GeodeticPosition(49.1, 8.5, 110.0)


POSE = Pose2(3.0, 4.0, 0.5)


def odometry(bag, stamp_ns, child='base_link', pose=POSE):
    reading = sensors.OdometryReading(
        stamp_ns, 'map', child, Pose3.from_planar(pose), np.zeros(3), np.zeros(3)
    )
    return sensors.odometry_reading(reading, bag.messages)


def write_datum(bag, topic, place):
    bag.write(topic, outbound.datum_fix(place, 1, 'map', bag.messages), 1)


def test_the_datum_of_the_nearest_namespace_counts(tmp_path):
    with BagWriter(tmp_path / 'b') as bag:
        write_datum(bag, '/datum', NEAR)
        write_datum(bag, '/ground_truth/datum', FAR)
        bag.write('/ground_truth/odometry', odometry(bag, 10), 10)
        bag.write('/filter/odometry', odometry(bag, 10), 10)
    assert bag_truth(tmp_path / 'b').datum == FAR
    assert bag_trajectory(tmp_path / 'b', '/filter/odometry', 'x').datum == NEAR


def test_poses_without_a_datum_are_named_unless_one_is_given(tmp_path):
    with BagWriter(tmp_path / 'b') as bag:
        bag.write('/filter/odometry', odometry(bag, 10), 10)
    with pytest.raises(EvaluationError, match=r"frame 'map' .* --datum LAT LON ALT"):
        bag_trajectory(tmp_path / 'b', '/filter/odometry', 'x')
    trajectory = bag_trajectory(tmp_path / 'b', '/filter/odometry', 'x', NEAR)
    assert trajectory.positions_enu_m[0] == pytest.approx([3.0, 4.0])


def test_positions_come_from_fixes_where_map_has_no_place(tmp_path):
    with BagWriter(tmp_path / 'b') as bag:
        for stamp_ns in (10, 20):
            fix = outbound.datum_fix(NEAR, stamp_ns, 'base_link', bag.messages)
            bag.write('/ground_truth/fix', fix, stamp_ns)
            bag.write('/ground_truth/odometry', odometry(bag, stamp_ns), stamp_ns)
    truth = bag_truth(tmp_path / 'b')
    assert truth.datum == NEAR
    assert truth.positions_enu_m == pytest.approx(np.zeros((2, 2)), abs=1e-9)
    assert truth.yaw_enu_rad == pytest.approx([0.5, 0.5])


def test_the_pose_of_another_body_is_moved_to_base_link(tmp_path):
    base_from_camera = Pose3.from_planar(Pose2(2.0, 0.0, np.pi / 2))
    with BagWriter(tmp_path / 'b') as bag:
        transform = outbound.transform_stamped(
            1, 'base_link', 'camera', base_from_camera, bag.messages
        )
        bag.write_static_transforms([transform], 1)
        write_datum(bag, '/datum', NEAR)
        bag.write('/truth/odometry', odometry(bag, 10, 'camera', Pose2(5.0, 5.0, np.pi / 2)), 10)
    truth = bag_truth(tmp_path / 'b')
    # The camera looks north and to the vehicle's left, so the vehicle heads east, 2 m behind it.
    assert truth.positions_enu_m[0] == pytest.approx([3.0, 5.0])
    assert truth.yaw_enu_rad[0] == pytest.approx(0.0, abs=1e-12)


def test_poses_keep_their_covariance_and_bad_ones_are_left_out(tmp_path):
    covariance = np.diag([4.0, 9.0, 0.01, 1.0, 1.0])
    with BagWriter(tmp_path / 'b') as bag:
        write_datum(bag, '/datum', NEAR)
        for stamp_ns, x in ((10, 1.0), (20, np.nan), (30, 3.0)):
            state = np.array([x, 0.0, 0.1, 0.0, 0.0])
            estimate = Estimate(stamp_ns, state, covariance)
            message = outbound.pose_with_covariance(estimate, 'map', bag.messages)
            bag.write('/pose', message, stamp_ns)
    trajectory = bag_trajectory(tmp_path / 'b', '/pose', 'x')
    assert trajectory.stamps_ns.tolist() == [10, 30]
    assert trajectory.covariance[1] == pytest.approx(np.diag([4.0, 9.0, 0.01]))


def test_fixes_are_about_their_first_position(tmp_path):
    beyond = Datum(NEAR).geodetic_at_altitude(100.0, -50.0, 110.0)
    with BagWriter(tmp_path / 'b') as bag:
        for stamp_ns, place in ((10, NEAR), (20, beyond)):
            bag.write('/gnss', outbound.datum_fix(place, stamp_ns, 'gps', bag.messages), stamp_ns)
    trajectory = bag_trajectory(tmp_path / 'b', '/gnss', 'gps')
    assert trajectory.datum == NEAR
    assert trajectory.positions_enu_m[1] == pytest.approx([100.0, -50.0], abs=1e-6)
    assert trajectory.covariance is None


def test_wrong_topics_are_named(tmp_path):
    with BagWriter(tmp_path / 'b') as bag:
        bag.write('/words', bag.messages.new('std_msgs/msg/String'), 1)
    with pytest.raises(EvaluationError, match='is of type std_msgs/msg/String; expected one of'):
        bag_trajectory(tmp_path / 'b', '/words', 'x')
    with pytest.raises(DriveError, match='has no topic /pose'):
        bag_trajectory(tmp_path / 'b', '/pose', 'x')
    with pytest.raises(EvaluationError, match='carries no truth'):
        bag_truth(tmp_path / 'b')


def test_topics_without_messages_are_named_and_state_no_datum(tmp_path):
    with BagWriter(tmp_path / 'b') as bag:
        bag.add_topic('/ground_truth/datum', 'sensor_msgs/msg/NavSatFix')
        bag.add_topic('/filter/odometry', 'nav_msgs/msg/Odometry')
        write_datum(bag, '/datum', NEAR)
        bag.write('/ground_truth/odometry', odometry(bag, 10), 10)
    assert bag_truth(tmp_path / 'b').datum == NEAR
    with pytest.raises(EvaluationError, match='was announced but holds no messages'):
        bag_trajectory(tmp_path / 'b', '/filter/odometry', 'x')


def test_static_transforms_of_another_type_are_named(tmp_path):
    with BagWriter(tmp_path / 'b') as bag:
        bag.write('/tf_static', bag.messages.new('std_msgs/msg/String'), 1)
        bag.write('/ground_truth/odometry', odometry(bag, 10), 10)
    with pytest.raises(DriveError, match='expected tf2_msgs/msg/TFMessage; rename the topic'):
        bag_truth(tmp_path / 'b', NEAR)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One mapping fills rclpy's messages and those of bags: both mean the same on the wire."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from rclpy.serialization import serialize_message

from geoloc_ros.bags.typestore import BagMessages, bag_typestore
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages import inbound, outbound, sensors
from geoloc_ros.types import Estimate, GeodeticPosition

STAMP_NS = 1_700_000_000_987_654_321
ESTIMATE = Estimate(
    STAMP_NS, np.array((3.0, -4.0, 2.5, 6.0, -0.7)), np.diag((1.0, 2.0, 0.3, 0.04, 0.05))
)
DATUM = Datum(GeodeticPosition(48.0, 11.0, 500.0))
READING = sensors.ImuReading(STAMP_NS, 'imu_link', np.array((0.1, 0.2, 0.3)))
WHEELS = sensors.OdometryReading(
    STAMP_NS, 'odom', 'base_link', None, np.array((5.0, 0.0, 0.0)), np.zeros(3)
)


class RosMessages:
    """The factory over rclpy's classes."""

    def new(self, message_type):
        package, _, name = message_type.split('/')
        return getattr(importlib.import_module(f'{package}.msg'), name)()


MAKERS = [
    lambda factory: outbound.pose_with_covariance(ESTIMATE, 'map', factory),
    lambda factory: outbound.odometry(ESTIMATE, 'map', 'base_link', factory),
    lambda factory: outbound.fused_fix(ESTIMATE, DATUM, 'base_link', factory),
    lambda factory: outbound.datum_fix(DATUM.origin, STAMP_NS, 'map', factory),
    lambda factory: outbound.pose_array(STAMP_NS, 'map', np.ones((3, 3)), factory),
    lambda factory: outbound.path(
        STAMP_NS, 'map', [outbound.pose_stamped(ESTIMATE, 'map', factory)] * 2, factory
    ),
    lambda factory: outbound.transform_stamped(STAMP_NS, 'a', 'b', Pose3.identity(), factory),
    lambda factory: sensors.imu(READING, factory),
    lambda factory: sensors.odometry_reading(WHEELS, factory),
]


@pytest.mark.parametrize('maker', MAKERS)
def test_both_mean_the_same_on_the_wire(maker):
    """Compared after decoding: rclpy leaves padding bytes as they happen to be."""
    of_bag = maker(BagMessages())
    name = of_bag.__msgtype__
    decoded = bag_typestore().deserialize_cdr(serialize_message(maker(RosMessages())), name)
    assert bytes(bag_typestore().serialize_cdr(decoded, name)) == bytes(
        bag_typestore().serialize_cdr(of_bag, name)
    )


def test_messages_of_rclpy_are_read_by_attribute_too():
    factory = RosMessages()
    odometry = outbound.odometry(ESTIMATE, 'map', 'base_link', factory)
    assert inbound.twist_sample_from_odometry(odometry).speed_m_s == 6.0
    assert inbound.odometry_pose(odometry).yaw_rad == pytest.approx(2.5)
    pose = outbound.pose_with_covariance(ESTIMATE, 'map', factory)
    assert inbound.pose_measurement(pose).covariance[1, 1] == 2.0
    assert inbound.pose_prior(pose).yaw_variance_rad2 == 0.3
    fix = inbound.gnss_fix(outbound.datum_fix(DATUM.origin, STAMP_NS, 'map', factory))
    assert fix.position == DATUM.origin
    assert inbound.twist_sample_from_imu(sensors.imu(READING, factory)).yaw_rate_rad_s == 0.3


def test_the_defaults_of_rclpy_are_understood():
    """A NavSatFix nobody filled in has status -2 in Kilted and 0 before; no fix is made up."""
    factory = RosMessages()
    fix = inbound.gnss_fix(factory.new('sensor_msgs/msg/NavSatFix'))
    assert fix.status in (-2, -1, 0)
    pose = inbound.pose_measurement(factory.new('geometry_msgs/msg/PoseWithCovarianceStamped'))
    assert pose.yaw_rad == 0.0

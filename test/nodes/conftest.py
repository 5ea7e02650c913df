# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A running node under test, and another node that talks to it."""

from __future__ import annotations

import contextlib
import math
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Imu, NavSatFix

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.messages.outbound import set_header
from geoloc_ros.ros.qos import latched_qos, reliable_qos
from geoloc_ros.types import GeodeticPosition

ORIGIN = GeodeticPosition(49.0, 8.4, 100.0)
DATUM = Datum(ORIGIN)
START_NS = 1_700_000_000_000_000_000
AT_ORIGIN = {
    'datum.source': 'parameters',
    'datum.lat_deg': ORIGIN.lat_deg,
    'datum.lon_deg': ORIGIN.lon_deg,
    'datum.alt_m': ORIGIN.alt_m,
}


class Spinner:
    """Spins nodes in a thread of its own."""

    def __init__(self):
        self.executor = SingleThreadedExecutor()
        self._stopped = False
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def add(self, node):
        self.executor.add_node(node)

    def _spin(self):
        while not self._stopped:
            self.executor.spin_once(timeout_sec=0.05)

    def stop(self):
        self._stopped = True
        self._thread.join()
        for node in self.executor.get_nodes():
            self.executor.remove_node(node)
            node.destroy_node()
        self.executor.shutdown()


class Talker(Node):
    """Publishes sensor messages and keeps what comes back."""

    def __init__(self):
        super().__init__('talker')
        self.received = {}
        self.topic_publishers = {}

    def listen(self, kind, topic, qos=None):
        self.received.setdefault(topic, [])
        self.create_subscription(kind, topic, self.received[topic].append, qos or 200)

    def publisher(self, kind, topic, qos=None):
        if topic not in self.topic_publishers:
            made = self.create_publisher(kind, topic, qos or reliable_qos(100))
            self.topic_publishers[topic] = made
            wait_for(lambda: made.get_subscription_count() > 0, f'a subscriber of {topic}')
        return self.topic_publishers[topic]

    def say(self, topic, message, qos=None):
        self.publisher(type(message), topic, qos).publish(message)


def wait_for(condition, what='', timeout_s=40.0):
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f'not within {timeout_s} s: {what}')


def stamp(seconds):
    return START_NS + round(seconds * 1e9)


def fix_message(seconds, x_m, y_m, sigma_m=2.0, frame_id='base_link'):
    message = NavSatFix()
    place = DATUM.geodetic_from_enu(x_m, y_m)
    set_header(message.header, stamp(seconds), frame_id)
    message.latitude, message.longitude, message.altitude = (
        place.lat_deg, place.lon_deg, place.alt_m,
    )  # fmt: skip
    message.status.status = 0
    message.position_covariance = (np.eye(3) * sigma_m**2).ravel()
    message.position_covariance_type = 2
    return message


def odometry_message(seconds, speed_m_s, yaw_rate_rad_s=0.0):
    message = Odometry()
    set_header(message.header, stamp(seconds), 'odom')
    message.child_frame_id = 'base_link'
    message.twist.twist.linear.x = speed_m_s
    message.twist.twist.angular.z = yaw_rate_rad_s
    return message


def imu_message(seconds, yaw_rate_rad_s, frame_id='base_link'):
    message = Imu()
    set_header(message.header, stamp(seconds), frame_id)
    message.angular_velocity.z = yaw_rate_rad_s
    return message


def pose_message(seconds, x_m, y_m, yaw_rad, sigma_m=1.0, frame_id='map'):
    message = PoseWithCovarianceStamped()
    set_header(message.header, stamp(seconds), frame_id)
    message.pose.pose.position.x, message.pose.pose.position.y = x_m, y_m
    message.pose.pose.orientation.z = math.sin(yaw_rad / 2)
    message.pose.pose.orientation.w = math.cos(yaw_rad / 2)
    covariance = np.zeros((6, 6))
    covariance[0, 0] = covariance[1, 1] = sigma_m**2
    covariance[5, 5] = 0.05**2
    message.pose.covariance = covariance.ravel()
    return message


def position(message):
    return message.pose.pose.position.x, message.pose.pose.position.y


def stamp_of(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


class Session:
    """A filter node on the air, and a talker beside it."""

    def __init__(self, spinner, talker, node):
        self.spinner, self.talker, self.node = spinner, talker, node

    def drive(self, from_s, to_s, speed_m_s=10.0, heading=0.0, start=(0.0, 0.0)):
        """Odometry at 20 Hz and exact fixes at 1 Hz along a straight line, then wait for it."""
        for tick in range(round(from_s * 20), round(to_s * 20) + 1):
            seconds = tick / 20
            self.talker.say('odom', odometry_message(seconds, speed_m_s))
            if tick % 20 == 0:
                way_m = speed_m_s * seconds
                self.talker.say(
                    'fix',
                    fix_message(
                        seconds,
                        start[0] + way_m * math.cos(heading),
                        start[1] + way_m * math.sin(heading),
                    ),
                )
            time.sleep(0.003)
        return self.pose_at(to_s)

    def pose_at(self, seconds):
        """The last pose published for this stamp or a later one."""
        poses = self.talker.received['pose']
        return wait_for(
            lambda: next((p for p in reversed(poses) if stamp_of(p) >= stamp(seconds)), None),
            f'a pose at {seconds} s; last: {stamp_of(poses[-1]) - START_NS if poses else None}',
        )

    def status(self, name):
        """Values of the newest diagnostic status whose name ends so."""
        for array in reversed(self.talker.received['/diagnostics']):
            for status in array.status:
                if status.name.endswith(name):
                    return {item.key: item.value for item in status.values}
        return {}

    def wait_for_status(self, name, **expected):
        wanted = {key.replace('__', '.'): value for key, value in expected.items()}
        try:
            wait_for(lambda: wanted.items() <= self.status(name).items(), f'{name}: {wanted}')
        except AssertionError as error:
            raise AssertionError(f'{error}; it is {self.status(name)}') from None


@pytest.fixture(scope='module')
def ros():
    rclpy.init()
    yield rclpy
    rclpy.try_shutdown()


@pytest.fixture
def run_filter(ros):
    """Starts a filter node with parameters; everything ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(kind, parameters=None, **arguments):
            spinner = Spinner()
            stack.callback(spinner.stop)
            talker = Talker()
            talker.listen(PoseWithCovarianceStamped, 'pose')
            talker.listen(DiagnosticArray, '/diagnostics')
            given = {'output.wait_s': 0.1, **(AT_ORIGIN if parameters is None else parameters)}
            node = kind(
                parameter_overrides=[Parameter(n, value=v) for n, v in given.items()],
                **arguments,
            )
            spinner.add(talker)
            spinner.add(node)
            return Session(spinner, talker, node)

        yield start


@pytest.fixture
def latched():
    return latched_qos

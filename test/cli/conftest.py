# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A drive written out by hand: a circle at constant speed, with a receiver and wheels."""

import dataclasses

import numpy as np
import pytest

from geoloc_ros.bags.writer import BagWriter
from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages import outbound, sensors
from geoloc_ros.types import (
    CovarianceType,
    FixStatus,
    GeodeticPosition,
    GnssFix,
    TwistSample,
)

SECOND = 1_000_000_000


class CircleDrive:
    """The drive's constants and makers of its measurements and truth."""

    start_ns = 1_700_000_000 * SECOND
    origin = GeodeticPosition(49.0, 8.4, 110.0)
    speed_m_s, yaw_rate_rad_s = 8.0, 0.05
    sigma_m = 3.0

    def true_pose(self, elapsed_s):
        yaw = self.yaw_rate_rad_s * np.asarray(elapsed_s, dtype=float)
        radius = self.speed_m_s / self.yaw_rate_rad_s
        return (
            radius * np.sin(yaw),
            radius * (1.0 - np.cos(yaw)),
            np.arctan2(np.sin(yaw), np.cos(yaw)),
        )

    def truth(self, duration_s=60):
        elapsed = np.arange(0.0, duration_s + 0.01, 0.05)
        x, y, yaw = self.true_pose(elapsed)
        stamps = self.start_ns + np.round(elapsed * SECOND).astype(np.int64)
        return Trajectory('truth', stamps, np.column_stack([x, y]), self.origin, yaw)

    def fix_at(self, elapsed_s, noise_m=(0.0, 0.0), **changes):
        x, y, _ = self.true_pose(elapsed_s)
        position = Datum(self.origin).geodetic_at_altitude(
            float(x) + noise_m[0], float(y) + noise_m[1], self.origin.alt_m
        )
        fix = GnssFix(
            self.start_ns + round(elapsed_s * SECOND),
            'gps',
            position,
            np.diag([self.sigma_m**2, self.sigma_m**2, 25.0]),
            CovarianceType.DIAGONAL_KNOWN,
            FixStatus.FIX,
        )
        return dataclasses.replace(fix, **changes)

    def twist_at(self, elapsed_s):
        stamp_ns = self.start_ns + round(elapsed_s * SECOND)
        return TwistSample(stamp_ns, 'base_link', self.speed_m_s, self.yaw_rate_rad_s, 0.01, 1e-4)

    def drive(self, duration_s=60, seed=4):
        generator = np.random.default_rng(seed)
        measurements = [self.twist_at(0.05 * k) for k in range(20 * duration_s + 1)]
        measurements += [
            self.fix_at(float(k), generator.normal(size=2) * self.sigma_m)
            for k in range(duration_s + 1)
        ]
        # A fix takes 80 ms to come out of its receiver, a wheel tick 2 ms.
        delays = {True: 80_000_000, False: 2_000_000}
        received = [
            ReceivedMeasurement(one.stamp_ns + delays[isinstance(one, GnssFix)], one)
            for one in measurements
        ]
        return sorted(received, key=lambda item: item.receive_stamp_ns)

    def write_bag(self, path, duration_s=60, truth_frame='map', with_truth=True, fix_topic='/fix'):
        """The drive as a bag: fixes, odometry, tf_static, the datum and the truth."""
        antenna_arm = np.array([1.0, 0.5, 1.5])
        with BagWriter(path) as bag:
            transform = bag.messages.new('geometry_msgs/msg/TransformStamped')
            outbound.set_header(transform.header, self.start_ns, 'base_link')
            transform.child_frame_id = 'gps'
            offset = transform.transform.translation
            offset.x, offset.y, offset.z = antenna_arm
            bag.write_static_transforms([transform], self.start_ns)
            datum = outbound.datum_fix(self.origin, self.start_ns, 'map', bag.messages)
            bag.write('/datum', datum, self.start_ns)
            for item in self.drive(duration_s):
                one = item.measurement
                if isinstance(one, GnssFix):
                    message = outbound.nav_sat_fix(one, bag.messages)
                    bag.write(fix_topic, message, item.receive_stamp_ns)
                else:
                    bag.write('/odom', self._odometry(one, bag.messages), item.receive_stamp_ns)
            if with_truth:
                self._write_truth(bag, duration_s, truth_frame)

    def _odometry(self, sample, messages):
        reading = sensors.OdometryReading(
            sample.stamp_ns,
            'odom',
            'base_link',
            None,
            np.array([sample.speed_m_s, 0.0, 0.0]),
            np.array([0.0, 0.0, sample.yaw_rate_rad_s]),
            speed_variance=sample.speed_variance,
            yaw_rate_variance=sample.yaw_rate_variance,
        )
        return sensors.odometry_reading(reading, messages)

    def _write_truth(self, bag, duration_s, truth_frame):
        truth = self.truth(duration_s)
        rotation, translation = Datum(self.origin).ecef_from_enu()
        earth_from_map = Pose3.from_rotation(rotation, translation)
        for stamp_ns, (x, y), yaw in zip(
            truth.stamps_ns.tolist(),
            truth.positions_enu_m.tolist(),
            truth.yaw_enu_rad.tolist(),
            strict=True,
        ):
            pose = Pose3.from_planar(Pose2(x, y, yaw))
            if truth_frame == 'earth':
                pose = earth_from_map @ pose
            reading = sensors.OdometryReading(
                stamp_ns, truth_frame, 'base_link', pose, np.zeros(3), np.zeros(3)
            )
            message = sensors.odometry_reading(reading, bag.messages)
            bag.write('/ground_truth/odometry', message, stamp_ns)


@pytest.fixture
def circle():
    return CircleDrive()

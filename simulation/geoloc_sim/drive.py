# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A whole simulated drive from its seeds, and its measurements in the order they arrive."""

from __future__ import annotations

import numpy as np

from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    CovarianceType,
    FixStatus,
    FloatArray,
    GeodeticPosition,
    GnssFix,
    TwistSample,
)
from geoloc_sim.gnss_error import ErrorSeeds, simulate_gnss
from geoloc_sim.motion import drive_route
from geoloc_sim.odometry import simulate_gyro, simulate_wheel_speed
from geoloc_sim.records import GnssTrack, SimulatedDrive
from geoloc_sim.route import make_route
from geoloc_sim.settings import DriveSettings
from geoloc_sim.streets import make_streets

BASE_FRAME = 'base_link'
GNSS_FRAME = 'gnss'
IMU_FRAME = 'imu'

_FIRST_DAY_NS = 1_780_000_000 * NANOSECONDS_PER_SECOND
_DAY_NS = 86_400 * NANOSECONDS_PER_SECOND
_UP_FACTOR = 1.6


def simulate_drive(
    settings: DriveSettings, *, world: int = 0, day: int = 0, seed: int = 0
) -> SimulatedDrive:
    """A drive in a procedural town.

    Args:
        settings: everything but the seeds.
        world: seed of the streets, and of the GNSS errors that belong to places.
        day: seed of the day's GNSS offset.
        seed: seed of the route, the driving and every noise.

    Returns:
        The same arrays, bit for bit, for the same arguments.
    """
    motion = settings.motion
    datum = GeodeticPosition(settings.datum_lat_deg, settings.datum_lon_deg, settings.datum_alt_m)
    network = make_streets(settings.streets, world)
    route = make_route(network, motion.distance_m, motion.corner_m, world, seed)
    start_ns = _FIRST_DAY_NS + day * _DAY_NS
    truth = drive_route(route, motion, datum, start_ns, seed)
    return SimulatedDrive(
        f'sim_world{world}_day{day}_drive{seed}',
        truth,
        simulate_gnss(truth, settings.receiver, ErrorSeeds(world, day, seed)),
        simulate_wheel_speed(truth, settings.odometry, world, day, seed),
        None,
        simulate_gyro(truth, settings.odometry, world, day, seed),
        (settings.receiver.forward_m, settings.receiver.left_m),
    )


def gnss_fixes(gnss: GnssTrack, datum: GeodeticPosition, source: str = 'fix') -> list[GnssFix]:
    """The receiver's output as fixes; in an outage the position is NaN and the status NO_FIX."""
    places = level_positions(datum, gnss.antenna_m)
    nowhere = GeodeticPosition(np.nan, np.nan, np.nan)
    fixes = []
    for stamp_ns, place, good, sigma_m in zip(
        gnss.stamps_ns, places, gnss.has_fix, gnss.stated_sigma_m, strict=True
    ):
        position = place if good else nowhere
        covariance = np.diag([sigma_m**2, sigma_m**2, (_UP_FACTOR * sigma_m) ** 2])
        kind = CovarianceType.APPROXIMATED if good else CovarianceType.UNKNOWN
        status = FixStatus.FIX if good else FixStatus.NO_FIX
        fixes.append(
            GnssFix(int(stamp_ns), GNSS_FRAME, position, covariance, kind, status, source)
        )
    return fixes


def level_positions(datum: GeodeticPosition, points_m: FloatArray) -> list[GeodeticPosition]:
    """WGS-84 positions over points of ``map`` on ground as high as the datum.

    Args:
        datum: origin of ``map``.
        points_m: east and north, shape (n, 2).
    """
    frame = Datum(datum)
    points = np.column_stack((points_m, np.zeros(len(points_m))))
    for _ in range(3):  # the plane stands above the ground: come down to it
        lat_deg, lon_deg, alt_m = frame.geodetic_from_enu_array(points)
        points[:, 2] += datum.alt_m - alt_m
    return [
        GeodeticPosition(lat, lon, datum.alt_m)
        for lat, lon in zip(lat_deg.tolist(), lon_deg.tolist(), strict=True)
    ]


def twist_samples(drive: SimulatedDrive) -> list[TwistSample]:
    """Wheel and gyroscope samples, in the order of their stamps."""
    wheel, yaw_rate, imu = drive.wheel_speed, drive.wheel_yaw_rate, drive.imu_yaw_rate
    turns = [None] * len(wheel.values) if yaw_rate is None else yaw_rate.values.tolist()
    turn_variance = None if yaw_rate is None else yaw_rate.variance
    samples = [
        TwistSample(
            int(stamp), BASE_FRAME, float(speed), turn, wheel.variance or None, turn_variance
        )
        for stamp, speed, turn in zip(wheel.stamps_ns, wheel.values, turns, strict=True)
    ]
    if imu is not None:
        samples += [
            TwistSample(int(stamp), IMU_FRAME, None, float(rate), None, imu.variance, 'imu')
            for stamp, rate in zip(imu.stamps_ns, imu.values, strict=True)
        ]
    return sorted(samples, key=lambda sample: sample.stamp_ns)


def measurements(drive: SimulatedDrive) -> list[ReceivedMeasurement]:
    """Every measurement of a drive in the order it arrives (fixes come late)."""
    fixes = gnss_fixes(drive.gnss, drive.truth.datum)
    arrived = [
        ReceivedMeasurement(int(receive_ns), fix)
        for receive_ns, fix in zip(drive.gnss.receive_stamps_ns, fixes, strict=True)
    ]
    arrived += [ReceivedMeasurement(sample.stamp_ns, sample) for sample in twist_samples(drive)]
    return sorted(arrived, key=lambda item: item.receive_stamp_ns)

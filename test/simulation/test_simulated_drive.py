# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Simulated drives: kinematics, bounds, determinism, odometry drift, order of arrival."""

import dataclasses

import numpy as np
import pytest

from geoloc_ros.errors import ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import GnssFix
from geoloc_sim.drive import measurements, simulate_drive
from geoloc_sim.motion import drive_route
from geoloc_sim.records import RateTrack
from geoloc_sim.route import make_route
from geoloc_sim.settings import DriveSettings, MotionSettings, OdometrySettings, StreetSettings
from geoloc_sim.streets import make_streets

DRIVE = simulate_drive(DriveSettings(), world=4, day=1, seed=7)


def arrays(drive):
    for part in (drive.truth, drive.gnss, drive.wheel_speed, drive.imu_yaw_rate):
        for field in dataclasses.fields(part):
            yield np.asarray(
                getattr(part, field.name), dtype=object if field.name == 'datum' else None
            )


def test_same_seeds_give_the_same_arrays():
    again = simulate_drive(DriveSettings(), world=4, day=1, seed=7)
    for one, other in zip(arrays(DRIVE), arrays(again), strict=True):
        np.testing.assert_array_equal(one, other)
    other = simulate_drive(DriveSettings(), world=4, day=1, seed=8)
    assert not np.array_equal(DRIVE.truth.x_m[:1000], other.truth.x_m[:1000])


def test_truth_is_at_100_hz():
    assert set(np.diff(DRIVE.truth.stamps_ns).tolist()) == {10_000_000}


def test_speed_and_yaw_rate_are_derivatives():
    truth = DRIVE.truth
    east, north = np.gradient(truth.x_m, 0.01), np.gradient(truth.y_m, 0.01)
    np.testing.assert_allclose(np.hypot(east, north), truth.speed_m_s, atol=0.002)
    np.testing.assert_allclose(np.gradient(truth.yaw_rad, 0.01), truth.yaw_rate_rad_s, atol=0.005)
    moving = truth.speed_m_s > 0.5
    sideways = np.cos(truth.yaw_rad) * north - np.sin(truth.yaw_rad) * east
    assert np.abs(sideways[moving]).max() < 0.005
    assert np.abs(np.diff(truth.yaw_rad)).max() < 0.02


@pytest.mark.parametrize('seed', range(4))
def test_accelerations_stay_within_bounds(seed):
    settings = MotionSettings()
    truth = simulate_drive(DriveSettings(), world=seed, seed=seed).truth
    acceleration = np.diff(truth.speed_m_s) / 0.01
    assert acceleration.max() <= 1.01 * settings.acceleration_m_s2
    assert acceleration.min() >= -1.01 * settings.braking_m_s2
    assert np.abs(truth.speed_m_s * truth.yaw_rate_rad_s).max() <= settings.lateral_m_s2
    assert truth.speed_m_s.max() <= settings.cruise_speed_m_s + 1e-6
    assert truth.length_m >= settings.distance_m


def test_it_stops_and_turns():
    truth = DRIVE.truth
    still = truth.speed_m_s < 1e-6
    starts = np.flatnonzero(np.diff(still.astype(int)) == 1)
    assert len(starts) >= 3
    assert np.ptp(truth.yaw_rad) > np.pi / 2


def test_streets_are_connected_and_without_dead_ends():
    network = make_streets(StreetSettings(blocks=5, removed_share=0.3), 11)
    assert len(network.streets) == 60 - 18
    reached, frontier = {0}, [0]
    while frontier:
        here = frontier.pop()
        assert len(network.neighbours(here)) >= 2
        for there in set(network.neighbours(here)) - reached:
            reached.add(there)
            frontier.append(there)
    assert len(reached) == 36
    line = network.centre_line_m(7, network.neighbours(7)[0])
    np.testing.assert_allclose(line[0], network.junctions_m[7], atol=1e-9)


def test_corner_radius():
    network = make_streets(StreetSettings(bend_m=0.0), 0)
    route = make_route(network, 2000.0, 8.0, 0, 0)
    curvature = np.abs(route.curvature_per_m(np.arange(0.0, route.length_m, 0.5))).max()
    assert 1.0 / curvature == pytest.approx(0.89 * 8.0, rel=0.03)
    np.testing.assert_allclose(
        np.hypot(*route.tangent(np.arange(0.0, route.length_m, 0.3)).T), 1.0, atol=2e-3
    )


def test_wheel_scale_and_noise():
    settings = DriveSettings(odometry=OdometrySettings(wheel_noise_m_s=0.05))
    scales = []
    for seed in range(30):
        drive = simulate_drive(settings, seed=seed)
        wheel, true = drive.wheel_speed, drive.truth.at(drive.wheel_speed.stamps_ns).speed_m_s
        scale = (wheel.values * true).sum() / (true * true).sum()
        scales.append(scale)
        rest = (wheel.values - scale * true)[true > 2.0]
        assert rest.std() == pytest.approx(0.05, rel=0.05)
        assert np.all(wheel.values[true == 0.0] == 0.0)
    assert np.std(scales) == pytest.approx(0.01, rel=0.4)
    assert wheel.variance == pytest.approx(0.05**2)


def test_wheel_quantisation():
    odometry = OdometrySettings(wheel_step_m_s=0.1)
    wheel = simulate_drive(DriveSettings(odometry=odometry), seed=1).wheel_speed
    np.testing.assert_allclose(wheel.values, 0.1 * np.round(wheel.values / 0.1), atol=1e-12)
    assert wheel.variance == pytest.approx(0.05**2 + 0.1**2 / 12.0)


def test_gyro_noise_and_bias():
    biases = []
    for seed in range(30):
        drive = simulate_drive(DriveSettings(), seed=seed)
        error = drive.imu_yaw_rate.values - drive.truth.yaw_rate_rad_s
        biases.append(error[:2000].mean())
        assert np.diff(error).std() == pytest.approx(0.005 * np.sqrt(2.0), rel=0.03)
    assert np.std(biases) == pytest.approx(0.003, rel=0.4)


def test_measurements_come_in_order_of_arrival():
    arrived = measurements(DRIVE)
    assert len(arrived) == sum(
        len(track.stamps_ns) for track in (DRIVE.gnss, DRIVE.wheel_speed, DRIVE.imu_yaw_rate)
    )
    assert np.all(np.diff([item.receive_stamp_ns for item in arrived]) >= 0)
    fix = next(item for item in arrived if isinstance(item.measurement, GnssFix))
    assert fix.receive_stamp_ns - fix.measurement.stamp_ns == 80_000_000
    enu = Datum(DRIVE.truth.datum).enu_from_geodetic(fix.measurement.position)
    np.testing.assert_allclose(enu[:2], DRIVE.gnss.antenna_m[0], atol=1e-6)


def test_antenna_lever_arm():
    base = DriveSettings()
    receiver = dataclasses.replace(base.receiver, forward_m=1.5, left_m=-0.5)
    moved = simulate_drive(dataclasses.replace(base, receiver=receiver), seed=5)
    plain = simulate_drive(base, seed=5)
    yaw = plain.truth.at(plain.gnss.stamps_ns).yaw_rad
    offset = moved.gnss.antenna_m - plain.gnss.antenna_m
    forward = np.cos(yaw) * offset[:, 0] + np.sin(yaw) * offset[:, 1]
    # The place-dependent error is read where the antenna is, so it differs by some centimetres.
    np.testing.assert_allclose(forward, 1.5, atol=0.6)


def test_truth_columns_must_agree():
    with pytest.raises(ShapeError, match='speed_m_s has shape'):
        dataclasses.replace(DRIVE.truth, speed_m_s=np.zeros(3))


def test_interpolation_of_truth():
    between = DRIVE.truth.stamps_ns[1000:1001] + 5_000_000
    found = DRIVE.truth.at(between)
    assert found.x_m[0] == pytest.approx(DRIVE.truth.x_m[1000:1002].mean())


def test_a_route_is_driven_from_rest_to_rest():
    network = make_streets(StreetSettings(), 3)
    route = make_route(network, 500.0, 8.0, 3, 1)
    truth = drive_route(route, MotionSettings(), DRIVE.truth.datum, 0, 1)
    assert truth.speed_m_s[0] == pytest.approx(0.0, abs=1e-9)
    assert truth.speed_m_s[-1] == pytest.approx(0.0, abs=1e-6)
    assert truth.length_m == pytest.approx(route.length_m, abs=0.1)
    assert isinstance(DRIVE.wheel_speed, RateTrack)

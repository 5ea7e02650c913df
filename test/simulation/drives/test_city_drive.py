# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Whole drives: reproducible, in their world, with stereo drift, tunnels and traffic."""

import dataclasses

from block_town import BLOCK_M, WIDTH_M, block_town, boxes_of, day
import numpy as np
import pytest

from geoloc_ros.errors import DriveError
from geoloc_ros.types import NANOSECONDS_PER_SECOND, GeodeticPosition
from geoloc_sim.drives.city_drive import (
    check_inside,
    city_drive,
    street_points,
    tunnel_mask,
)
from geoloc_sim.drives.settings import CityDriveSettings, LaneSettings, StereoSettings
from geoloc_sim.drives.traffic import traffic
from geoloc_sim.drives.visual_odometry import simulate_stereo
from geoloc_sim.records import TruthTrajectory
from geoloc_sim.world.records import RoadClass, Tree, TreeKind

SHORT = CityDriveSettings(distance_m=600.0)


def arc(speed_m_s, yaw_rate_rad_s, seconds):
    times_s = np.arange(0.0, seconds, 0.01)
    yaw = yaw_rate_rad_s * times_s
    if yaw_rate_rad_s == 0.0:
        x_m, y_m = speed_m_s * times_s, np.zeros_like(times_s)
    else:
        radius = speed_m_s / yaw_rate_rad_s
        x_m, y_m = radius * np.sin(yaw), radius * (1.0 - np.cos(yaw))
    return TruthTrajectory(
        GeodeticPosition(49.0, 8.4),
        np.round(times_s * NANOSECONDS_PER_SECOND).astype(np.int64),
        x_m,
        y_m,
        yaw,
        np.full_like(times_s, speed_m_s),
        np.full_like(times_s, yaw_rate_rad_s),
    )


def test_the_same_arguments_give_the_same_drive():
    world = block_town()
    first, again, other = (
        city_drive(world, boxes_of(world), SHORT, day(2), seed) for seed in (4, 4, 5)
    )
    assert first.name == again.name == 'blocks_day2_drive4'
    for field in ('stamps_ns', 'antenna_m', 'stated_sigma_m', 'has_fix'):
        np.testing.assert_array_equal(getattr(first.gnss, field), getattr(again.gnss, field))
    np.testing.assert_array_equal(first.truth.x_m, again.truth.x_m)
    np.testing.assert_array_equal(first.wheel_speed.values, again.wheel_speed.values)
    assert not np.array_equal(first.truth.x_m[:2000], other.truth.x_m[:2000])


def test_days_start_on_dates_of_their_own():
    world = block_town()
    stamps = [
        city_drive(world, boxes_of(world), SHORT, day(seed), 0).truth.stamps_ns[0]
        for seed in (0, 1)
    ]
    assert stamps[1] - stamps[0] == 86_400 * NANOSECONDS_PER_SECOND


def test_gnss_errors_of_a_drive_have_the_stated_size():
    world = block_town()
    settings = CityDriveSettings(distance_m=2000.0)
    ratios = []
    for seed in range(3):
        drive = city_drive(world, boxes_of(world), settings, day(seed), seed)
        at_fix = drive.truth.at(drive.gnss.stamps_ns)
        errors = drive.gnss.antenna_m - np.column_stack((at_fix.x_m, at_fix.y_m))
        good = drive.gnss.has_fix
        ratios.append((errors[good] / drive.gnss.stated_sigma_m[good, None]) ** 2)
    assert 0.6 < np.sqrt(np.concatenate(ratios).mean()) < 1.5


def test_dense_leaves_take_the_fix():
    trees = tuple(
        Tree(float(x), float(y), 14.0, 6.0, TreeKind.BROADLEAF)
        for x in np.arange(-180.0, 180.0, 8.0)
        for y in np.arange(-180.0, 180.0, 8.0)
    )
    world = block_town(high_m=1.0, low_m=1.0, trees=trees)
    settings = dataclasses.replace(SHORT, distance_m=200.0)
    in_leaf = city_drive(world, boxes_of(world), settings, day(1), 0)
    bare = dataclasses.replace(day(1), leaf_share=0.0)
    in_winter = city_drive(world, boxes_of(world), settings, bare, 0)
    assert in_leaf.gnss.has_fix.mean() < 0.1
    assert in_winter.gnss.has_fix.mean() > 0.8


def test_tunnel_counts_only_along_it():
    world = block_town(tunnel=True)
    tunnel = next(street for street in world.layout.streets if street.tunnel)
    middle = tunnel.centre_line_m.mean(axis=0)
    way = np.linspace(-60.0, 60.0, 121)
    level = np.zeros_like(way)
    stamps = np.arange(121, dtype=np.int64)
    along = TruthTrajectory(
        world.layout.datum, stamps, middle[0] + way, middle[1] + level - 1.5, level, level, level
    )
    across = TruthTrajectory(
        world.layout.datum, stamps, middle[0] + level, middle[1] + way, level + 1.6, level, level
    )
    back = dataclasses.replace(along, yaw_rad=level + np.pi)
    expected = np.abs(way) < BLOCK_M / 2.0
    np.testing.assert_array_equal(tunnel_mask(world.layout, along), expected)
    np.testing.assert_array_equal(tunnel_mask(world.layout, back), expected)
    assert not tunnel_mask(world.layout, across).any()
    beside = dataclasses.replace(along, y_m=along.y_m + WIDTH_M)
    assert not tunnel_mask(world.layout, beside).any()
    assert tunnel_mask(block_town().layout, along) is None


def test_a_trajectory_of_another_world_is_refused():
    world = block_town()
    truth = arc(5.0, 0.0, 10.0)
    with pytest.raises(DriveError, match='datum'):
        check_inside(truth, world.layout)
    placed = dataclasses.replace(truth, datum=world.layout.datum)
    check_inside(placed, world.layout)
    with pytest.raises(DriveError, match='leaves world'):
        check_inside(dataclasses.replace(placed, x_m=placed.x_m + 150.0), world.layout)


def test_street_points_lie_evenly_on_driven_open_streets():
    world = block_town(tunnel=True)
    points = street_points(world.layout, 15.0, LaneSettings())
    assert len(points) == 23 * round(BLOCK_M / 15.0)
    grid = (points + BLOCK_M * 1.5) / BLOCK_M
    assert np.abs(grid - np.round(grid)).min(axis=1).max() < 1e-9
    footways = tuple(
        dataclasses.replace(street, road_class=RoadClass.FOOTWAY)
        for street in world.layout.streets
    )
    with pytest.raises(DriveError, match='no street under open sky'):
        street_points(dataclasses.replace(world.layout, streets=footways), 15.0, LaneSettings())


def test_stereo_without_errors_is_the_chord_and_the_turn():
    perfect = StereoSettings(
        scale_sigma=0.0,
        scale_walk_sigma=0.0,
        step_sigma=0.0,
        still_sigma_m=0.0,
        turn_sigma_rad=0.0,
        turn_bias_rad_m=0.0,
        turn_scale_sigma=0.0,
    )
    speed, turning = simulate_stereo(arc(8.0, 0.4, 20.0), perfect, 0)
    np.testing.assert_allclose(turning.values, 0.4, atol=1e-9)
    chord = 2.0 * (8.0 / 0.4) * np.sin(0.5 * 0.4 * 0.1) / 0.1
    np.testing.assert_allclose(speed.values, chord, rtol=1e-9)
    np.testing.assert_array_equal(speed.stamps_ns, turning.stamps_ns)


def test_stereo_drifts_as_visual_odometry_does():
    # KITTI's measure: error of the end of a stretch beside its length; stereo methods of the
    # leader board lie at 0.5 to 2 % and 0.001 to 0.005 deg/m.
    truth = arc(10.0, 0.0, 41.0)
    ends, turns = [], []
    for seed in range(60):
        speed, turning = simulate_stereo(truth, StereoSettings(), seed)
        yaw = 0.1 * turning.values.cumsum()
        x_m, y_m = (0.1 * speed.values * part(yaw) for part in (np.cos, np.sin))
        ends.append(np.hypot(x_m.sum() - 409.9, y_m.sum()) / 409.9)
        turns.append(np.degrees(abs(yaw[-1])) / 409.9)
    assert 0.004 < np.mean(ends) < 0.02
    assert 0.0005 < np.mean(turns) < 0.005


def test_stereo_variance_is_that_of_its_white_error():
    settings = StereoSettings(
        scale_sigma=0.0, scale_walk_sigma=0.0, turn_bias_rad_m=0.0, turn_scale_sigma=0.0
    )
    speed, turning = simulate_stereo(arc(10.0, 0.0, 400.0), settings, 1)
    assert np.var(speed.values) == pytest.approx(speed.variance, rel=0.1)
    assert np.var(turning.values) == pytest.approx(turning.variance, rel=0.1)


def test_stereo_is_the_odometry_of_a_drive_on_demand():
    world = block_town()
    settings = dataclasses.replace(SHORT, odometry_source='stereo')
    drive = city_drive(world, boxes_of(world), settings, day(1), 0)
    assert drive.wheel_yaw_rate is not None
    np.testing.assert_array_equal(drive.wheel_yaw_rate.stamps_ns, drive.wheel_speed.stamps_ns)
    wheels = city_drive(world, boxes_of(world), SHORT, day(1), 0)
    assert wheels.wheel_yaw_rate is None
    np.testing.assert_array_equal(wheels.gnss.antenna_m, drive.gnss.antenna_m)


@pytest.fixture(scope='module')
def busy():
    world = block_town(side=5)
    ego = city_drive(world, boxes_of(world), SHORT, day(1), 0).truth
    crowded = dataclasses.replace(day(1), traffic_per_km=8.0)
    return world, ego, traffic(world, crowded, ego, SHORT)


def test_traffic_is_there_all_the_time_and_moves(busy):
    _, ego, cars = busy
    assert len(cars.poses) >= 5
    assert cars.stamps_ns[0] == ego.stamps_ns[0]
    assert cars.stamps_ns[-1] == ego.stamps_ns[-1]
    steps = np.hypot(*np.diff(cars.poses[..., :2], axis=1).transpose(2, 0, 1))
    assert steps.max() < 14.0 / 5.0 * 1.1  # no car jumps
    assert (steps.sum(axis=1) > 50.0).all()
    seconds = np.diff(cars.stamps_ns) / NANOSECONDS_PER_SECOND
    assert np.ptp(seconds) < 1e-6


def test_traffic_keeps_clear_of_ego_and_of_itself(busy):
    _, ego, cars = busy
    at = ego.at(cars.stamps_ns)
    own = np.column_stack(
        (at.x_m + 1.3 * np.cos(at.yaw_rad), at.y_m + 1.3 * np.sin(at.yaw_rad), at.yaw_rad)
    )
    everybody = np.concatenate((own[None], cars.poses))
    for i in range(len(everybody)):
        gap = everybody[i + 1 :, :, :2] - everybody[i, :, :2]
        yaw = everybody[i, :, 2]
        along = gap[..., 0] * np.cos(yaw) + gap[..., 1] * np.sin(yaw)
        across = -gap[..., 0] * np.sin(yaw) + gap[..., 1] * np.cos(yaw)
        assert not ((np.abs(along) < 4.5) & (np.abs(across) < 1.8)).any()


def test_traffic_keeps_right(busy):
    world, _, cars = busy
    half = 0.0 if len(world.layout.junctions_m) == 25 else 0.5 * BLOCK_M  # where grid lines lie
    x_m, y_m, yaw = cars.poses.reshape(-1, 3).T
    north = (y_m - half) / BLOCK_M - np.round((y_m - half) / BLOCK_M)
    east = (x_m - half) / BLOCK_M - np.round((x_m - half) / BLOCK_M)
    straight = (np.abs(np.cos(yaw)) > 0.9999) & (np.abs(east) * BLOCK_M > 22.0)
    left = north[straight] * BLOCK_M * np.sign(np.cos(yaw[straight]))
    assert len(left) > 100
    np.testing.assert_allclose(left, -WIDTH_M / 4.0, atol=0.4)


def test_traffic_between_and_outside_its_stamps(busy):
    _, _, cars = busy
    first, second = (int(stamp) for stamp in cars.stamps_ns[10:12])
    middle = cars.at((first + second) // 2)
    np.testing.assert_allclose(middle, cars.poses[:, 10:12].mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(cars.at(int(cars.stamps_ns[-1])), cars.poses[:, -1])
    with pytest.raises(DriveError, match='traffic is known from'):
        cars.at(int(cars.stamps_ns[-1]) + 1)


def test_other_days_have_other_traffic(busy):
    world, ego, cars = busy
    other = traffic(world, dataclasses.replace(day(2), traffic_per_km=8.0), ego, SHORT)
    again = traffic(world, dataclasses.replace(day(1), traffic_per_km=8.0), ego, SHORT)
    np.testing.assert_array_equal(again.poses, cars.poses)
    assert other.poses.shape != cars.poses.shape or not np.allclose(other.poses, cars.poses)
    quiet = traffic(world, dataclasses.replace(day(1), traffic_per_km=0.0), ego, SHORT)
    assert quiet.at(int(ego.stamps_ns[0])).shape == (0, 3)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Driving over lanes: on the right, within the kerbs, at the speed of the street, never back."""

import dataclasses
import itertools

from block_town import BLOCK_M, WIDTH_M, block_town, day
import numpy as np
import pytest
import shapely

from geoloc_ros.errors import DriveError
from geoloc_sim.drives.city_drive import start_stamp_ns
from geoloc_sim.drives.lane_graph import lane_graph, through_streets
from geoloc_sim.drives.lane_route import lane_route, random_lane_route, random_legs
from geoloc_sim.drives.settings import LaneSettings
from geoloc_sim.motion import drive_route
from geoloc_sim.randomness import stream
from geoloc_sim.settings import MotionSettings
from geoloc_sim.world.records import RoadClass, Street

SETTINGS = LaneSettings()


def truth_over(world, seed=0, distance_m=2500.0):
    graph = lane_graph(world.layout, SETTINGS)
    route = random_lane_route(graph, distance_m, SETTINGS, stream('test route', seed))
    return drive_route(route, MotionSettings(), world.layout.datum, start_stamp_ns(day(0)), seed)


def roadway(world):
    """Roads whose corners are rounded with a kerb radius of 4 m."""
    roads = shapely.union_all(
        [
            shapely.LineString(street.centre_line_m).buffer(street.width_m / 2.0)
            for street in world.layout.streets
        ]
    )
    return roads.buffer(4.0).buffer(-4.0)


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_drives_in_the_middle_of_the_right_lane(seed):
    world = block_town(seed=seed)
    truth = truth_over(world, seed)
    # Away from junctions on a grid, the nearest street is the nearest grid line.
    half = 0.5 * BLOCK_M
    east = (truth.x_m - half) / BLOCK_M - np.round((truth.x_m - half) / BLOCK_M)
    north = (truth.y_m - half) / BLOCK_M - np.round((truth.y_m - half) / BLOCK_M)
    eastward = np.abs(north) * BLOCK_M < 5.0
    northward = np.abs(east) * BLOCK_M < 5.0
    assert (eastward | northward).all()
    along_x = eastward & (np.abs(east) * BLOCK_M > 22.0)
    along_y = northward & (np.abs(north) * BLOCK_M > 22.0)
    assert along_x.sum() > 1000
    assert along_y.sum() > 1000
    left_x = north * BLOCK_M * np.sign(np.cos(truth.yaw_rad))
    left_y = -east * BLOCK_M * np.sign(np.sin(truth.yaw_rad))
    np.testing.assert_allclose(left_x[along_x], -WIDTH_M / 4.0, atol=0.3)
    np.testing.assert_allclose(left_y[along_y], -WIDTH_M / 4.0, atol=0.3)


@pytest.mark.parametrize('seed', [0, 1, 2, 3])
def test_stays_on_the_roadway_and_turns_as_a_car_can(seed):
    world = block_town(seed=seed)
    truth = truth_over(world, seed)
    for_the_middle = roadway(world).buffer(-0.9)  # half a car stays within the kerbs
    places = shapely.points(truth.x_m, truth.y_m)[::5]
    assert shapely.contains(for_the_middle, places).all()
    moving = truth.speed_m_s > 0.5
    curvature = np.abs(truth.yaw_rate_rad_s[moving] / truth.speed_m_s[moving])
    assert curvature.max() < 1.0 / 4.0  # the turning circle of a small car: some 5 m


def test_never_turns_back_in_a_street():
    graph = lane_graph(block_town().layout, SETTINGS)
    legs = [graph.legs[n] for n in random_legs(graph, 30_000.0, SETTINGS, stream('test walk', 0))]
    assert sum(leg.length_m for leg in legs) >= 30_000.0
    for leg, after in itertools.pairwise(legs):
        assert leg.end == after.start
        assert leg.street != after.street


def test_speed_follows_the_class_of_the_street():
    world = block_town()
    slow = tuple(
        dataclasses.replace(street, road_class=RoadClass.SERVICE)
        if np.ptp(street.centre_line_m[:, 0]) == 0.0
        else street
        for street in world.layout.streets
    )
    layout = dataclasses.replace(world.layout, streets=slow)
    truth = truth_over(dataclasses.replace(world, layout=layout), 4, 6000.0)
    north = np.abs(np.sin(truth.yaw_rad)) > 0.999
    east = np.abs(np.cos(truth.yaw_rad)) > 0.999
    middle = np.abs((truth.x_m - 45.0) % BLOCK_M - 45.0) < 15.0
    assert truth.speed_m_s[north].max() <= SETTINGS.service_m_s + 1e-6
    assert truth.speed_m_s[north].max() > 0.7 * SETTINGS.service_m_s
    assert truth.speed_m_s[east & middle].max() > SETTINGS.service_m_s
    assert truth.speed_m_s.max() <= SETTINGS.residential_m_s + 1e-6


def test_drive_is_long_enough_and_repeats():
    world = block_town()
    first, again, other = truth_over(world, 1), truth_over(world, 1), truth_over(world, 2)
    assert first.length_m >= 2500.0
    np.testing.assert_array_equal(first.x_m, again.x_m)
    assert len(first.x_m) != len(other.x_m)


def test_left_lane_before_a_turn_to_the_left():
    world = block_town()
    wide = tuple(
        dataclasses.replace(street, lanes=4, width_m=13.0, road_class=RoadClass.PRIMARY)
        for street in world.layout.streets
    )
    graph = lane_graph(dataclasses.replace(world.layout, streets=wide), SETTINGS)
    by_ends = {(leg.start, leg.end): leg for leg in graph.legs}
    for ends, offset in (((1, 5, 4), 1), ((1, 5, 9), 3), ((1, 5, 6), 3)):
        legs = [by_ends[ends[0], ends[1]], by_ends[ends[1], ends[2]]]
        assert len(legs[0].lanes_m) == 2
        route = lane_route(legs, SETTINGS)
        points = route.curve(np.arange(10.0, 50.0))
        right = points[:, 0] - world.layout.junctions_m[1][0]  # northward: right is east
        np.testing.assert_allclose(right, offset * 13.0 / 8.0, atol=0.8)


def test_one_way_streets_are_driven_one_way():
    world = block_town()
    streets = tuple(
        dataclasses.replace(street, one_way=True, lanes=1) if number == 0 else street
        for number, street in enumerate(world.layout.streets)
    )
    graph = lane_graph(dataclasses.replace(world.layout, streets=streets), SETTINGS)
    ends = [(leg.start, leg.end) for leg in graph.legs if leg.street == 0]
    assert ends == [(streets[0].start, streets[0].end)]


def test_dead_ends_and_footways_are_not_driven():
    world = block_town()
    junctions = np.vstack((world.layout.junctions_m, [[0.0, 300.0]]))
    line = np.linspace(junctions[13], junctions[16], 10)
    dead_end = Street(13, 16, line, RoadClass.RESIDENTIAL, 2, WIDTH_M)
    footway = dataclasses.replace(world.layout.streets[3], road_class=RoadClass.FOOTWAY)
    streets = (*world.layout.streets[:3], footway, *world.layout.streets[4:], dead_end)
    layout = dataclasses.replace(world.layout, junctions_m=junctions, streets=streets)
    driven = {leg.street for leg in lane_graph(layout, SETTINGS).legs}
    assert driven == set(range(24)) - {3}


def test_a_world_without_a_round_trip_is_refused():
    world = block_town()
    layout = dataclasses.replace(world.layout, streets=world.layout.streets[:1])
    with pytest.raises(DriveError, match='no way to drive on without turning back'):
        lane_graph(layout, SETTINGS)


def test_through_streets_are_those_of_the_graph_or_all():
    world = block_town()
    junctions = np.vstack((world.layout.junctions_m, [[0.0, 300.0]]))
    line = np.linspace(junctions[13], junctions[16], 10)
    dead_end = Street(13, 16, line, RoadClass.RESIDENTIAL, 2, WIDTH_M)
    layout = dataclasses.replace(
        world.layout, junctions_m=junctions, streets=(*world.layout.streets, dead_end)
    )
    assert through_streets(layout, SETTINGS) == tuple(range(24))
    alone = dataclasses.replace(layout, streets=(dead_end,))
    assert through_streets(alone, SETTINGS) == (0,)

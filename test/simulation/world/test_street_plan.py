# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The growing street network and the check of the finished one, on small plans made by hand."""

import numpy as np
import pytest

from geoloc_sim.world.records import RoadClass, Street
from geoloc_sim.world.street_graph import PlannedStreet, StreetGraph
from geoloc_sim.world.street_plan import meet_at_junctions_only


def straight(start, end, junctions):
    line = np.array([junctions[start], junctions[end]], dtype=np.float64)
    return Street(start, end, line, RoadClass.RESIDENTIAL, 2, 6.0)


def graph_of(places, pairs, road_class=RoadClass.RESIDENTIAL):
    graph = StreetGraph()
    for place in places:
        graph.add_junction(np.array(place, dtype=np.float64))
    for start, end in pairs:
        line = np.linspace(graph.places_m[start], graph.places_m[end], 11)
        graph.add_street(PlannedStreet(start, end, line, road_class, 6.0))
    return graph


def test_streets_that_share_a_junction_are_accepted():
    junctions = np.array([(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)])
    assert meet_at_junctions_only(
        junctions, (straight(0, 1, junctions), straight(0, 2, junctions))
    )


def test_a_crossing_without_a_junction_is_found():
    junctions = np.array([(0.0, 0.0), (10.0, 10.0), (0.0, 10.0), (10.0, 0.0)])
    assert not meet_at_junctions_only(
        junctions, (straight(0, 1, junctions), straight(2, 3, junctions))
    )


def test_a_second_meeting_of_streets_that_share_a_junction_is_found():
    junctions = np.array([(0.0, 0.0), (10.0, 0.0), (5.0, -5.0)])
    bent = np.array([(0.0, 0.0), (3.0, 4.0), (5.0, -5.0)])
    streets = (straight(0, 1, junctions), Street(0, 2, bent, RoadClass.RESIDENTIAL, 2, 6.0))
    assert not meet_at_junctions_only(junctions, streets)


def test_a_street_that_crosses_itself_is_found():
    loop = np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (5.0, -5.0)])
    street = Street(0, 1, loop, RoadClass.RESIDENTIAL, 2, 6.0)
    assert not meet_at_junctions_only(loop[[0, -1]], (street,))


def test_a_split_street_keeps_its_length_and_meets_at_the_new_junction():
    graph = graph_of([(0, 0), (100, 0)], [(0, 1)])
    junction = graph.split(0, np.array([33.0, 0.0]))
    lengths = sorted(street.length_m for street in graph.streets.values())
    assert lengths == pytest.approx([33.0, 67.0])
    assert sorted(graph.streets_at()[junction]) == sorted(graph.streets)


def test_the_nearest_street_follows_changes():
    graph = graph_of([(0, 0), (100, 0), (0, 50), (100, 50)], [(0, 1), (2, 3)])
    assert graph.nearest(np.array([50.0, 40.0])) == (1, pytest.approx(10.0))
    graph.remove([1])
    assert graph.nearest(np.array([50.0, 40.0])) == (0, pytest.approx(40.0))


def test_arms_point_away_from_their_junction():
    graph = graph_of([(0, 0), (100, 0), (0, 100)], [(0, 1), (2, 0)])
    arms = sorted(tuple(np.round(arm, 9)) for arm in graph.arms(0))
    assert arms == [(0.0, 1.0), (1.0, 0.0)]


def test_contraction_merges_an_offset_crossing_into_one():
    graph = graph_of(
        [(-100, 0), (0, 0), (6, 0), (100, 0), (0, 100), (6, -100)],
        [(0, 1), (1, 2), (2, 3), (1, 4), (2, 5)],
    )
    graph.contract_short(10.0)
    at = graph.streets_at()
    degrees = sorted(len(numbers) for numbers in at.values())
    assert degrees == [1, 1, 1, 1, 4]
    crossing = next(junction for junction, numbers in at.items() if len(numbers) == 4)
    np.testing.assert_allclose(graph.places_m[crossing], (3.0, 0.0))
    for street in graph.streets.values():
        np.testing.assert_allclose(street.line_m[0], graph.places_m[street.start])
        np.testing.assert_allclose(street.line_m[-1], graph.places_m[street.end])


def test_two_like_streets_become_one_and_unlike_ones_stay():
    like = graph_of([(0, 0), (50, 0), (100, 0)], [(0, 1), (2, 1)])
    like.merge_pass_through()
    (street,) = like.streets.values()
    assert street.length_m == pytest.approx(100.0)
    assert {street.start, street.end} == {0, 2}
    unlike = graph_of([(0, 0), (50, 0), (100, 0)], [(0, 1)])
    line = np.array([(50.0, 0.0), (100.0, 0.0)])
    unlike.add_street(PlannedStreet(1, 2, line, RoadClass.SECONDARY, 8.0))
    unlike.merge_pass_through()
    assert len(unlike.streets) == 2

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Curves and footprints against closed forms."""

import numpy as np
import pytest
from shapely.geometry import Polygon, box

from geoloc_sim.world.building_types import planned
from geoloc_sim.world.curves import (
    arc_lengths,
    hermite,
    left_of,
    resampled,
    shifted,
    turned,
    wavy,
    with_end_moved,
)
from geoloc_sim.world.footprints import (
    blob,
    fronts,
    has_right_angles,
    inscribed_middle,
    long_axis,
    placed,
    rectangle,
    rectangularity,
    without_slivers,
)
from geoloc_sim.world.records import BuildingUse, RoofKind


def test_resampling_keeps_ends_and_spaces_evenly():
    line = resampled(np.array([(0.0, 0.0), (7.0, 0.0), (30.0, 0.0)]), 4.0)
    np.testing.assert_allclose(np.diff(arc_lengths(line)), 30.0 / 8.0)
    np.testing.assert_array_equal(line[[0, -1]], [(0.0, 0.0), (30.0, 0.0)])


def test_a_hermite_curve_has_its_tangents():
    east, north = np.array([60.0, 0.0]), np.array([0.0, 60.0])
    curve = hermite(np.zeros(2), east, np.array([40.0, 40.0]), north)
    first, last = curve[1] - curve[0], curve[-1] - curve[-2]
    assert abs(np.arctan2(first[1], first[0])) < 0.12
    assert abs(np.arctan2(last[1], last[0]) - np.pi / 2.0) < 0.12


def test_a_shifted_circle_is_a_smaller_circle():
    angles = np.linspace(0.0, np.pi, 400)
    circle = 50.0 * np.column_stack((np.cos(angles), np.sin(angles)))
    inner = shifted(circle, 10.0)
    np.testing.assert_allclose(np.hypot(*inner.T), 40.0, atol=0.01)


def test_turning_by_a_quarter_is_left():
    np.testing.assert_allclose(turned(np.array([[2.0, 1.0]]), np.pi / 2.0), [[-1.0, 2.0]])
    np.testing.assert_allclose(left_of(np.array([2.0, 1.0])), [-1.0, 2.0])


def test_a_wavy_line_starts_straight_and_stays_within_its_sway():
    curve = wavy(np.random.default_rng(3), 500.0, 20.0, 150.0)
    np.testing.assert_array_equal(curve[0], (0.0, 0.0))
    assert abs(curve[1, 1]) < 0.05
    assert np.abs(curve[:, 1]).max() <= 4.0 * 20.0


def test_moving_an_end_leaves_the_far_part_alone():
    line = np.column_stack((np.linspace(0.0, 100.0, 26), np.zeros(26)))
    moved = with_end_moved(line, np.array([0.0, 5.0]), at_start=True, reach_m=40.0)
    np.testing.assert_allclose(moved[0], (0.0, 5.0))
    np.testing.assert_array_equal(moved[11:], line[11:])


def test_a_rectangle_has_four_fronts_with_the_block_on_the_left():
    block = box(0.0, 0.0, 40.0, 20.0)
    found = fronts(block)
    assert sorted(front.length_m for front in found) == pytest.approx([20.0, 20.0, 40.0, 40.0])
    for front in found:
        place, ahead = front.at(front.length_m / 2.0)
        assert block.contains(rectangle(place, ahead, 4.0, 3.0).buffer(-0.01))


def test_a_front_follows_a_bend_that_is_not_a_corner():
    angles = np.linspace(0.0, np.pi / 2.0, 30)
    arc = 100.0 * np.column_stack((np.cos(angles), np.sin(angles)))
    sector = Polygon([(0.0, 0.0), *arc])
    lengths = sorted(front.length_m for front in fronts(sector))
    assert lengths == pytest.approx([100.0, 100.0, 50.0 * np.pi], rel=0.01)


def test_rectangularity_and_long_axis_of_a_turned_shape():
    triangle = placed(
        Polygon([(0, 0), (10, 0), (0, 4)]), np.array([3.0, 5.0]), np.array([0.6, 0.8])
    )
    assert rectangularity(triangle) == pytest.approx(0.5, abs=0.05)
    bar = placed(box(0, 0, 10, 4), np.array([3.0, 5.0]), np.array([0.6, 0.8]))
    axis, length, width = long_axis(bar)
    assert abs(axis @ (0.6, 0.8)) == pytest.approx(1.0)
    assert (length, width) == pytest.approx((10.0, 4.0))


def test_right_angles_are_told_from_others():
    ell = box(0, 0, 20, 6).union(box(0, 0, 6, 20))
    turned_ell = placed(ell, np.array([3.0, 5.0]), np.array([0.6, 0.8]))
    assert has_right_angles(turned_ell)
    assert has_right_angles(Polygon([(0, 0), (20, 1.0), (20, 10), (0, 10)]))  # 2.9 degrees off
    assert not has_right_angles(Polygon([(0, 0), (20, 4.0), (20, 10), (0, 10)]))  # 11.3


def test_slivers_are_taken_away():
    spiked = box(0, 0, 10, 10).union(box(10, 4, 30, 5))
    assert without_slivers(spiked, 3.0).area == pytest.approx(100.0)


def test_the_inscribed_circle_of_a_rectangle():
    middle, radius = inscribed_middle(box(0, 0, 30, 30))
    np.testing.assert_allclose(middle, (15.0, 15.0), atol=1.0)
    assert radius == pytest.approx(15.0, abs=1.0)


def test_ponds_are_valid_and_differ():
    ponds = [blob(np.random.default_rng(seed), np.zeros(2), 20.0) for seed in range(20)]
    assert all(pond.is_valid for pond in ponds)
    areas = [pond.area for pond in ponds]
    assert 0.6 * np.pi * 400.0 < min(areas) < max(areas) < 1.6 * np.pi * 400.0


@pytest.mark.parametrize('use', list(BuildingUse))
def test_roofs_suit_their_footprints(use):
    generator = np.random.default_rng(5)
    ell = box(0, 0, 20, 6).union(box(0, 0, 6, 20))
    court = box(0, 0, 30, 30).difference(box(10, 10, 20, 20))
    fan = Polygon([(0, 0), (30, 0), (4, 4), (0, 30)])
    for shape in (fan, court):
        assert planned(shape, use, 2, generator, RoofKind.GABLE).roof is RoofKind.FLAT
    assert planned(ell, use, 2, generator, RoofKind.GABLE).roof is RoofKind.GABLE
    hall = planned(box(0, 0, 20, 9), use, 2, generator, RoofKind.GABLE)
    assert hall.roof is RoofKind.GABLE
    pitch = np.degrees(np.arctan2(hall.ridge_height_m - hall.eaves_height_m, 4.5))
    assert 5.0 < pitch < 60.0
    taller = planned(box(0, 0, 20, 9), use, 5, generator)
    assert taller.eaves_height_m > 2.0 * hall.eaves_height_m

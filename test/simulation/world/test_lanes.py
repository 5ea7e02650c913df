# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lanes lie on the roadway, keep right, and run the way they are driven."""

import itertools

import curved_town
import numpy as np
import pytest
from shapely.geometry import LineString, Point

from geoloc_ros.errors import ShapeError
from geoloc_sim.world.lanes import Margin, cross_section, lane_centre_lines
from geoloc_sim.world.records import RoadClass, Street
from geoloc_sim.world.street_frame import street_frame

EAST = np.array([[0.0, 0.0], [40.0, 0.0]])


def street(road_class, lanes, width_m, *, line=EAST, start=0, end=1, **rest):
    return Street(start, end, np.asarray(line, dtype=float), road_class, lanes, width_m, **rest)


@pytest.mark.parametrize(
    ('road_class', 'lanes', 'width_m', 'one_way', 'offsets'),
    [
        # Hand-computed: lane middles, positive to the left (north) of an eastward street.
        (RoadClass.RESIDENTIAL, 2, 6.0, False, [-1.5, 1.5]),
        (RoadClass.PRIMARY, 4, 13.6, False, [-5.1, -1.7, 5.1, 1.7]),
        (RoadClass.SECONDARY, 3, 9.6, False, [-3.2, 0.0, 3.2]),
        (RoadClass.SECONDARY, 2, 6.4, True, [-1.6, 1.6]),
        # Margins: 9.2 m leaves two cycle lanes of 1.5 m, lanes of 3.1 m.
        (RoadClass.SECONDARY, 2, 9.2, False, [-1.55, 1.55]),
        # One lane for both directions: each keeps 1.3 m from its kerb, at most 0.75 m off centre.
        (RoadClass.SERVICE, 1, 3.6, False, [-0.5, 0.5]),
        (RoadClass.SERVICE, 1, 5.0, False, [-0.75, 0.75]),
        (RoadClass.SERVICE, 1, 2.2, False, [0.0, 0.0]),
        (RoadClass.FOOTWAY, 1, 2.5, False, []),
    ],
)
def test_offsets_on_a_straight_street(road_class, lanes, width_m, one_way, offsets):
    lines = lane_centre_lines(street(road_class, lanes, width_m, one_way=one_way))
    assert len(lines) == len(offsets)
    for line, offset in zip(lines, offsets, strict=True):
        np.testing.assert_allclose(line[:, 1], offset, atol=1e-9)
        forward = offset < 0.0 or one_way or (lanes == 3 and offset == 0.0)
        if offset != 0.0 or lanes == 3:
            assert (line[-1, 0] - line[0, 0] > 0.0) == forward
        np.testing.assert_allclose(sorted(line[[0, -1], 0]), [0.0, 40.0], atol=1e-9)


def test_spare_width_becomes_parking():
    section = cross_section(street(RoadClass.RESIDENTIAL, 2, 9.8, start=1, end=2))
    assert (section.right_margin, section.left_margin) == (Margin.PARKING, Margin.PARKING)
    assert section.lane_m == pytest.approx((9.8 - 4.0) / 2.0)
    one_side = cross_section(street(RoadClass.RESIDENTIAL, 2, 7.6, start=0, end=2))
    assert (one_side.right_margin, one_side.left_margin) == (Margin.PARKING, Margin.NONE)
    # Lanes move away from the parked cars: -3.8 + 2.0 + 1.4 and 3.8 - 1.4.
    assert one_side.forward_m == pytest.approx((-0.4,))
    assert one_side.backward_m == pytest.approx((2.4,))
    tunnel = cross_section(street(RoadClass.RESIDENTIAL, 2, 9.8, tunnel=True))
    assert tunnel.right_margin is Margin.NONE


@pytest.mark.parametrize('seed', range(3))
def test_lanes_of_bent_streets_lie_on_the_roadway_and_keep_right(seed):
    town = curved_town.curved_town(seed=seed)
    for each in town.streets:
        centre = LineString(each.centre_line_m)
        kerbs = centre.buffer(each.width_m / 2.0 - 1.0, cap_style='flat').buffer(1e-3)
        for lane in lane_centre_lines(each):
            assert kerbs.covers(LineString(lane))
            for (x0, y0), (x1, y1) in itertools.pairwise(lane):
                middle = Point((x0 + x1) / 2.0, (y0 + y1) / 2.0)
                nearest = centre.interpolate(centre.project(middle))
                left = (x1 - x0) * (nearest.y - middle.y) - (y1 - y0) * (nearest.x - middle.x)
                assert left > 0.0  # the middle of the street is to the driver's left


def test_lanes_stay_between_the_kerbs_at_a_sharp_corner():
    corner = np.array([[0.0, 0.0], [30.0, 0.0], [30.0, 30.0]])
    each = street(RoadClass.PRIMARY, 4, 13.0, line=corner)
    kerbs = LineString(corner).buffer(6.5)
    for lane in lane_centre_lines(each):
        assert kerbs.covers(LineString(lane))
        steps = np.diff(lane, axis=0)
        turns = np.sum(steps[:-1] * steps[1:], axis=1)
        assert np.all(turns > -1e-9)  # never folds back


def test_a_loop_has_lanes_all_around():
    angle = np.linspace(0.0, 2.0 * np.pi, 40)
    ring = 15.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)  # counter-clockwise
    (lane,) = lane_centre_lines(
        street(RoadClass.RESIDENTIAL, 1, 4.0, line=ring, end=0, one_way=True)
    )
    np.testing.assert_allclose(np.hypot(*lane.T), 15.0, atol=0.1)
    outer, inner = lane_centre_lines(street(RoadClass.RESIDENTIAL, 2, 6.0, line=ring, end=0))
    np.testing.assert_allclose(np.hypot(*outer.T), 16.5, atol=0.1)
    np.testing.assert_allclose(np.hypot(*inner.T), 13.5, atol=0.1)


def test_frame_knows_stations_offsets_and_directions():
    frame = street_frame(np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 12.0]]))  # north
    assert frame.length_m == pytest.approx(10.0)
    np.testing.assert_allclose(frame.points([4.0], [3.0]), [[-2.0, 6.0]], atol=1e-12)
    assert frame.yaw(5.0) == pytest.approx(np.pi / 2.0)
    strip = frame.strip(2.0, 6.0, -1.0, 0.5)
    assert strip.area == pytest.approx(6.0)
    assert strip.exterior.is_ccw
    assert strip.bounds == pytest.approx((0.5, 4.0, 2.0, 8.0))


def test_a_street_without_length_is_refused():
    with pytest.raises(ShapeError, match='1 different points; expected at least 2'):
        street_frame(np.array([[3.0, 4.0], [3.0, 4.0]]))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from geoloc_ros.observations.cross_view_settings import SearchSettings
from geoloc_ros.observations.search_area import BelievedPose, SearchArea, largest_sigma_m

SETTINGS = SearchSettings(min_radius_m=10.0, max_radius_m=80.0)
START_NS = 1_700_000_000_000_000_000


def ns(seconds):
    return START_NS + round(seconds * 1e9)


def belief(seconds, x_m, y_m, sigma_m=4.0, yaw=None):
    return BelievedPose(ns(seconds), x_m, y_m, sigma_m, yaw, 0.1 if yaw is not None else math.inf)


def test_radius_is_that_of_the_wider_of_gnss_and_belief_within_limits():
    for belief_sigma, fix_sigma, radius in (
        (4.0, 7.0, 21.0), (9.0, 7.0, 27.0), (1.0, 2.0, 10.0), (50.0, 2.0, 80.0),
        (4.0, math.nan, 30.0), (4.0, 0.0, 30.0),
    ):  # fmt: skip
        area = SearchArea(SETTINGS)
        area.note_belief(belief(0.0, 5.0, 6.0, belief_sigma))
        area.note_fix(belief(0.1, 5.0, 6.0, 1.0 if math.isnan(fix_sigma) else fix_sigma))
        if math.isnan(fix_sigma):
            continue
        circle = area.circle(ns(0.3))
        assert (circle.x_m, circle.y_m, circle.radius_m) == (5.0, 6.0, radius)


def test_the_circle_reaches_a_fix_that_the_belief_denies():
    """40 m apart when the fix was taken, and twice its 5 m; not counting what was driven since."""
    area = SearchArea(SETTINGS)
    for k in range(11):
        area.note_belief(belief(k / 10.0, 10.0 * k / 10.0, 0.0, sigma_m=1.0))
    area.note_fix(belief(0.5, 5.0, 40.0, 5.0))
    assert area.circle(ns(1.0)).radius_m == pytest.approx(50.0)
    area.note_fix(belief(0.7, 7.0, 200.0, 5.0))
    assert area.circle(ns(1.0)).radius_m == SETTINGS.max_radius_m


def test_the_reach_hangs_neither_on_the_order_of_messages_nor_on_the_way_driven():
    """30 m/s, a fix 30 m aside; whether the beliefs after 0.8 s have come already or not."""
    radii = set()
    for until in (8, 9, 10):
        area = SearchArea(SETTINGS)
        for k in range(until + 1):
            area.note_belief(belief(k / 10.0, 3.0 * k, 0.0, 1.0, yaw=0.0))
        area.note_fix(belief(1.0, 30.0, 30.0, 6.0))
        radii.add(round(area.circle(ns(1.0)).radius_m, 6))
    assert radii == {42.0}
    late = SearchArea(SETTINGS)
    late.note_fix(belief(0.0, 0.0, 0.0, 2.0))
    for k in range(10, 45):
        late.note_belief(belief(k / 10.0, 3.0 * k, 0.0, 1.0))
    assert late.circle(ns(4.5)).radius_m == 10.0


def test_the_belief_is_moved_on_to_the_picture():
    area = SearchArea(SETTINGS)
    for k in range(11):
        area.note_belief(belief(k / 10.0, 10.0 * k / 10.0, 0.0, yaw=0.0))
    # The newest belief older than 0.2 s is that of 0.8 s; the picture is of 1.05 s.
    circle = area.circle(ns(1.05))
    assert (circle.x_m, circle.y_m) == pytest.approx((10.5, 0.0))
    assert circle.yaw_rad == 0.0


def test_the_belief_is_moved_on_along_its_curve():
    """On a circle of 20 m at 10 m/s the place 0.3 s later is met to a few centimetres."""
    area = SearchArea(SETTINGS)
    rate = 0.5
    for k in range(21):
        angle = rate * k / 10.0
        area.note_belief(
            belief(k / 10.0, 20.0 * math.sin(angle), 20.0 - 20.0 * math.cos(angle), yaw=angle)
        )
    angle = rate * 2.1
    circle = area.circle(ns(2.1))
    assert circle.x_m == pytest.approx(20.0 * math.sin(angle), abs=0.05)
    assert circle.y_m == pytest.approx(20.0 - 20.0 * math.cos(angle), abs=0.05)


def test_what_came_after_the_picture_changes_nothing():
    area = SearchArea(SETTINGS)
    area.note_belief(belief(0.0, 0.0, 0.0))
    before = area.circle(ns(0.5))
    area.note_belief(belief(0.45, 70.0, 0.0))
    area.note_fix(belief(0.6, 70.0, 0.0, 20.0))
    assert area.circle(ns(0.5)) == before


def test_without_a_belief_the_fix_and_without_either_nothing():
    area = SearchArea(SETTINGS)
    assert area.circle(ns(0.0)) is None
    area.note_fix(belief(0.0, 3.0, 4.0, 5.0))
    circle = area.circle(ns(1.0))
    assert (circle.x_m, circle.y_m, circle.radius_m, circle.yaw_rad) == (3.0, 4.0, 15.0, None)
    assert area.circle(ns(5.5)) is None


def test_a_clock_that_went_back_and_nonsense_are_survived():
    area = SearchArea(SETTINGS)
    area.note_belief(belief(100.0, 1.0, 1.0))
    area.note_belief(belief(50.0, 2.0, 2.0))
    area.note_belief(belief(50.1, math.nan, 2.0))
    assert area.circle(ns(50.5)).x_m == 2.0
    area.clear()
    assert area.circle(ns(50.5)) is None


def test_largest_sigma():
    assert largest_sigma_m(np.diag((4.0, 9.0, 100.0))) == 3.0
    assert largest_sigma_m(np.array([[5.0, 4.0], [4.0, 5.0]])) == pytest.approx(3.0)
    assert math.isnan(largest_sigma_m(np.full((2, 2), math.nan)))

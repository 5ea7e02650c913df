# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One contract for approximate time sync, over message_filters and over our own module."""

from __future__ import annotations

import pytest
from sensor_msgs.msg import NavSatFix

from geoloc_ros.errors import SettingError
from geoloc_ros.ros import message_filters_fallback


@pytest.fixture(params=['message_filters', 'geoloc_ros.ros.message_filters_fallback'])
def filters(request):
    return pytest.importorskip(
        request.param, reason=f'{request.param} is not installed here (it comes with ROS)'
    )


def message(seconds):
    made = NavSatFix()
    made.header.stamp.sec = int(seconds)
    made.header.stamp.nanosec = round((seconds % 1) * 1e9)
    return made


@pytest.fixture
def pairs(filters):
    sources = [filters.SimpleFilter(), filters.SimpleFilter()]
    sync = filters.ApproximateTimeSynchronizer(sources, 5, 0.1)
    found = []
    sync.registerCallback(
        lambda one, two: found.append(
            tuple(m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in (one, two))
        )
    )
    return sources, found


def test_messages_near_in_time_come_together(pairs):
    (first, second), found = pairs
    first.signalMessage(message(1.0))
    second.signalMessage(message(1.05))
    second.signalMessage(message(2.02))
    first.signalMessage(message(2.0))
    assert found == [pytest.approx((1.0, 1.05)), pytest.approx((2.0, 2.02))]


@pytest.mark.parametrize(('apart_s', 'count'), [(0.099, 1), (0.101, 0)])
def test_the_slop_is_the_largest_difference(pairs, apart_s, count):
    (first, second), found = pairs
    first.signalMessage(message(1.0))
    second.signalMessage(message(1.0 + apart_s))
    assert len(found) == count


def test_a_message_is_used_once(pairs):
    (first, second), found = pairs
    first.signalMessage(message(1.0))
    second.signalMessage(message(1.01))
    second.signalMessage(message(1.02))
    assert len(found) == 1


def test_the_queue_is_bounded(pairs):
    (first, second), found = pairs
    for number in range(10):
        first.signalMessage(message(float(number)))
    second.signalMessage(message(1.0))
    assert not found
    second.signalMessage(message(8.0))
    assert found == [pytest.approx((8.0, 8.0))]


def test_a_synchroniser_of_nothing_is_refused():
    with pytest.raises(SettingError, match='at least 2'):
        message_filters_fallback.ApproximateTimeSynchronizer([], 5, 0.1)

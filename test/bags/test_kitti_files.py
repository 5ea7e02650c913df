# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Time stamps of KITTI raw."""

from __future__ import annotations

import calendar

import pytest

from geoloc_ros.bags.kitti_files import parse_stamp
from geoloc_ros.errors import DriveError

START_NS = calendar.timegm((2011, 9, 26, 13, 2, 25)) * 1_000_000_000


@pytest.mark.parametrize(
    ('text', 'nanoseconds'),
    [
        ('2011-09-26 13:02:25.964389445', START_NS + 964_389_445),
        ('2011-09-26 13:02:25.5', START_NS + 500_000_000),
        ('2011-09-26 13:02:25', START_NS),
        ('1970-01-01 00:00:00.000000001', 1),
    ],
)
def test_a_stamp_is_read_to_the_nanosecond(text, nanoseconds):
    assert parse_stamp(text) == nanoseconds


@pytest.mark.parametrize('text', ['yesterday', '2011-13-26 13:02:25.9', '2011-09-26T13:02:25'])
def test_a_stamp_that_is_none(text):
    with pytest.raises(DriveError, match='not understood'):
        parse_stamp(text)

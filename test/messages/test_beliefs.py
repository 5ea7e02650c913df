# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What is believed of a fix: nothing that the filters would refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.messages.beliefs import believed_fix
from geoloc_ros.types import CovarianceType, FixStatus, GeodeticPosition, GnssFix

DATUM = Datum(GeodeticPosition(40.7, -74.0, 10.0))


def fix(lat_deg, lon_deg, status=FixStatus.FIX):
    place = GeodeticPosition(lat_deg, lon_deg, 10.0)
    return GnssFix(1, 'gnss', place, np.eye(3) * 9.0, CovarianceType.KNOWN, status)


def test_a_fix_is_where_the_receiver_says():
    place = DATUM.geodetic_from_enu(30.0, -20.0)
    pose = believed_fix(fix(place.lat_deg, place.lon_deg), DATUM)
    assert (pose.x_m, pose.y_m, pose.sigma_m) == pytest.approx((30.0, -20.0, 3.0), abs=1e-3)


@pytest.mark.parametrize(
    ('lat_deg', 'lon_deg', 'status'),
    [
        (0.0, 0.0, FixStatus.FIX),  # what a receiver says before it knows
        (97.0, -74.0, FixStatus.FIX),
        (40.7, math.nan, FixStatus.FIX),
        (40.7, -74.0, FixStatus.NO_FIX),
    ],
)
def test_a_fix_that_filters_refuse_is_no_belief(lat_deg, lon_deg, status):
    assert believed_fix(fix(lat_deg, lon_deg, status), DATUM) is None

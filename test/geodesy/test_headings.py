# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Headings by hand, by property, and against pyproj's ``Geod``."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pyproj
import pytest

from geoloc_ros.geodesy import headings, utm
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import GeodeticPosition

PROPERTY = settings(derandomize=True, deadline=None, max_examples=200, database=None)
COMPASS = [  # yaw (rad), bearing (deg): east, north, west, south, north-east
    (0.0, 90.0),
    (math.pi / 2.0, 0.0),
    (math.pi, 270.0),
    (-math.pi / 2.0, 180.0),
    (math.pi / 4.0, 45.0),
]


@pytest.mark.parametrize(('yaw_rad', 'bearing_deg'), COMPASS)
def test_the_compass_rose(yaw_rad, bearing_deg):
    assert headings.bearing_from_yaw(yaw_rad) == pytest.approx(bearing_deg, abs=1e-13)
    assert headings.yaw_from_bearing(bearing_deg) == yaw_rad
    assert headings.yaw_from_bearing(bearing_deg - 720.0) == yaw_rad
    assert type(headings.bearing_from_yaw(np.float64(yaw_rad))) is float
    assert type(headings.yaw_from_bearing(np.float64(bearing_deg))) is float


def test_arrays():
    yaws, bearings = (np.array(column) for column in zip(*COMPASS, strict=True))
    np.testing.assert_allclose(headings.bearing_from_yaw(yaws), bearings, rtol=0.0, atol=1e-13)
    np.testing.assert_array_equal(headings.yaw_from_bearing(bearings), yaws)


@PROPERTY
@given(bearing_deg=st.floats(-1e4, 1e4))
def test_ranges_and_round_trip(bearing_deg):
    yaw_rad = headings.yaw_from_bearing(bearing_deg)
    assert -math.pi < yaw_rad <= math.pi
    back_deg = headings.bearing_from_yaw(yaw_rad)
    assert 0.0 <= back_deg < 360.0
    assert math.remainder(back_deg - bearing_deg, 360.0) == pytest.approx(0.0, abs=1e-11)
    many = headings.yaw_from_bearing(np.array([bearing_deg]))
    assert many[0] == yaw_rad


@pytest.mark.parametrize('value', [-1e-17, 360.0, -360.0, 0.0])
def test_due_north_is_zero_never_360(value):
    assert headings.true_bearing_from_grid(value, 0.0) == 0.0
    zeros = headings.true_bearing_from_grid(np.array([value]), np.zeros(1))
    assert zeros[0] == 0.0


def test_what_is_not_finite_stays_so():
    assert math.isnan(headings.bearing_from_yaw(math.nan))
    assert math.isnan(headings.yaw_from_bearing(math.inf))


def test_grid_bearing_of_a_line_on_the_grid():
    lat_deg, lon_deg, bearing_deg = 48.15, 11.58, 37.0
    zone = utm.zone_of(lat_deg, lon_deg)
    lon2_deg, lat2_deg, _ = pyproj.Geod(ellps='WGS84').fwd(lon_deg, lat_deg, bearing_deg, 10.0)
    start = utm.utm_from_geodetic(zone, lat_deg, lon_deg)
    end = utm.utm_from_geodetic(zone, lat2_deg, lon2_deg)
    measured_deg = math.degrees(math.atan2(end[0] - start[0], end[1] - start[1]))
    convergence_deg = utm.grid_factors(zone, lat_deg, lon_deg).convergence_deg
    grid_deg = headings.grid_bearing_from_true(bearing_deg, convergence_deg)
    assert grid_deg == pytest.approx(measured_deg, abs=1e-4)
    assert abs(grid_deg - bearing_deg) > 1.5
    assert headings.true_bearing_from_grid(grid_deg, convergence_deg) == pytest.approx(bearing_deg)


@pytest.mark.parametrize(('lat_deg', 'lon_deg'), [(50.0, 8.35), (50.2, 7.7), (50.0, 8.0)])
def test_true_north_away_from_the_datum(lat_deg, lon_deg):
    datum = Datum(GeodeticPosition(50.0, 8.0))
    here = datum.enu_from_geodetic(GeodeticPosition(lat_deg, lon_deg))
    north = datum.enu_from_geodetic(GeodeticPosition(lat_deg + 1e-5, lon_deg))
    expected_rad = math.atan2(-(north[0] - here[0]), north[1] - here[1])
    got_rad = headings.true_north_yaw_rad(datum, GeodeticPosition(lat_deg, lon_deg))
    assert got_rad == pytest.approx(expected_rad, abs=1e-8)
    formula_rad = math.radians(lon_deg - 8.0) * math.sin(math.radians(lat_deg))
    assert got_rad == pytest.approx(formula_rad, rel=0.01, abs=1e-12)


def test_the_turn_of_north_is_what_the_module_says():
    # 25 km east of a datum at 50 degrees north: 0.27 degrees, counter-clockwise.
    lon_deg, lat_deg, _ = pyproj.Geod(ellps='WGS84').fwd(8.0, 50.0, 90.0, 25_000.0)
    turn_rad = headings.true_north_yaw_rad(
        Datum(GeodeticPosition(50.0, 8.0)), GeodeticPosition(lat_deg, lon_deg)
    )
    assert math.degrees(turn_rad) == pytest.approx(0.27, abs=0.005)

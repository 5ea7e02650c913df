# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""ENU at a datum against pyproj's ``topocentric``, ``Geod`` and published coordinates."""

import dataclasses
import math
import pickle
import timeit

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pyproj
import pytest

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.geodesy import ecef
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import GeodeticPosition

PROPERTY = settings(derandomize=True, deadline=None, max_examples=100, database=None)
MUNICH = Datum(GeodeticPosition(48.15, 11.58, 520.0))
GEOD = pyproj.Geod(ellps='WGS84')


def topocentric(origin):
    return pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad '
        '+step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84 '
        f'+lon_0={origin.lon_deg!r} +lat_0={origin.lat_deg!r} +h_0={origin.alt_m!r}'
    )


def test_published_topocentric_example():
    # IOGP 373-7-2 (EPSG guidance note 7-2), geocentric/topocentric conversion, method 9836, and
    # geographic/topocentric, method 9837: worked example.
    datum = Datum(GeodeticPosition(55.0, 5.0, 200.0))
    point = ecef.geodetic_from_ecef(3771793.968, 140253.342, 5124304.349)
    expected = (-189013.869, -128642.040, -4220.171)
    assert datum.enu_from_geodetic(point) == pytest.approx(expected, abs=1e-3)
    rotation, origin = datum.ecef_from_enu()
    assert rotation @ expected + origin == pytest.approx(
        (3771793.968, 140253.342, 5124304.349), abs=1e-3
    )


@pytest.mark.parametrize(
    'origin',
    [
        GeodeticPosition(48.15, 11.58, 520.0),
        GeodeticPosition(-33.9, 151.2, 20.0),
        GeodeticPosition(0.0, 180.0, 0.0),
        GeodeticPosition(78.2, -15.6, -3.0),
    ],
)
def test_agrees_with_pyproj(origin):
    datum = Datum(origin)
    rng = np.random.default_rng(3)
    lat_deg = origin.lat_deg + rng.uniform(-0.3, 0.3, 200)
    lon_deg = origin.lon_deg + rng.uniform(-0.3, 0.3, 200)
    alt_m = rng.uniform(-100.0, 3000.0, 200)
    expected = np.stack(topocentric(origin).transform(lon_deg, lat_deg, alt_m), axis=-1)
    points = datum.enu_from_geodetic_array(lat_deg, lon_deg, alt_m)
    np.testing.assert_allclose(points, expected, rtol=0.0, atol=5e-9)
    for index in range(0, 200, 20):
        position = GeodeticPosition(lat_deg[index], lon_deg[index], alt_m[index])
        one = datum.enu_from_geodetic(position)
        assert one.shape == (3,)
        assert one.dtype == np.float64
        np.testing.assert_allclose(one, expected[index], rtol=0.0, atol=5e-9)
        back = datum.geodetic_from_enu(*expected[index])
        assert back.lat_deg == pytest.approx(lat_deg[index], abs=2e-13)
        # Beyond 180 degrees the longitude comes back from the other side.
        assert math.remainder(back.lon_deg - lon_deg[index], 360.0) == pytest.approx(
            0.0, abs=1e-12
        )
        assert back.alt_m == pytest.approx(alt_m[index], abs=5e-9)
    latitudes, longitudes, heights = datum.geodetic_from_enu_array(expected)
    np.testing.assert_allclose(latitudes, lat_deg, rtol=0.0, atol=2e-13)
    wrapped = (longitudes - lon_deg + 180.0) % 360.0 - 180.0
    np.testing.assert_allclose(wrapped, 0.0, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(heights, alt_m, rtol=0.0, atol=5e-9)


def test_axes_are_east_north_up():
    datum = Datum(GeodeticPosition(0.0, 0.0, 0.0))
    # One arc second at the equator by hand: a = 6378137 m times 4.848137e-6 is 30.9221 m east;
    # a (1 - e^2) = 6335439.3 m times that is 30.7151 m north.
    east = datum.enu_from_geodetic(GeodeticPosition(0.0, 1.0 / 3600.0, 0.0))
    north = datum.enu_from_geodetic(GeodeticPosition(1.0 / 3600.0, 0.0, 0.0))
    up = datum.enu_from_geodetic(GeodeticPosition(0.0, 0.0, 5.0))
    assert east == pytest.approx((30.9221, 0.0, 0.0), abs=2e-4)
    assert north == pytest.approx((0.0, 30.7151, 0.0), abs=2e-4)
    assert up == pytest.approx((0.0, 0.0, 5.0), abs=1e-8)
    rotation, _ = datum.ecef_from_enu()
    np.testing.assert_array_equal(rotation, [(0, 0, 1), (1, 0, 0), (0, 1, 0)])


@PROPERTY
@given(
    lat_deg=st.floats(-90.0, 90.0),
    lon_deg=st.floats(-180.0, 180.0),
    x_m=st.floats(-1e5, 1e5),
    y_m=st.floats(-1e5, 1e5),
    z_m=st.floats(-1e3, 1e4),
)
def test_round_trip(lat_deg, lon_deg, x_m, y_m, z_m):
    datum = Datum(GeodeticPosition(lat_deg, lon_deg, 100.0))
    position = datum.geodetic_from_enu(x_m, y_m, z_m)
    assert datum.enu_from_geodetic(position) == pytest.approx((x_m, y_m, z_m), abs=1e-8)
    level = datum.geodetic_at_altitude(x_m, y_m, 300.0)
    assert level.alt_m == pytest.approx(300.0, abs=1e-8)
    assert datum.enu_from_geodetic(level)[:2] == pytest.approx((x_m, y_m), abs=1e-8)


@pytest.mark.parametrize(
    ('distance_m', 'shortfall_m'), [(1e3, 4e-6), (1e4, 4.1e-3), (2.5e4, 0.064)]
)
@pytest.mark.parametrize('bearing_deg', [0.0, 65.0, 270.0])
def test_the_plane_differs_from_the_ground_by_what_the_module_says(
    distance_m, shortfall_m, bearing_deg
):
    lat_deg, lon_deg = 48.15, 11.58
    datum = Datum(GeodeticPosition(lat_deg, lon_deg))
    lon2_deg, lat2_deg, _ = GEOD.fwd(lon_deg, lat_deg, bearing_deg, distance_m)
    east_m, north_m, up_m = datum.enu_from_geodetic(GeodeticPosition(lat2_deg, lon2_deg))
    shortfall = distance_m - math.hypot(east_m, north_m)
    assert shortfall == pytest.approx(shortfall_m, rel=0.05, abs=1e-7)
    assert up_m == pytest.approx(-(distance_m**2) / (2.0 * 6371e3), rel=0.01)
    # Bearing to 20 arc seconds: the plane keeps directions at the datum.
    assert math.degrees(math.atan2(east_m, north_m)) % 360.0 == pytest.approx(
        bearing_deg, abs=20.0 / 3600.0
    )
    on_plane = datum.geodetic_from_enu(east_m, north_m)
    _, _, moved_m = GEOD.inv(lon2_deg, lat2_deg, on_plane.lon_deg, on_plane.lat_deg)
    assert moved_m == pytest.approx(distance_m**3 / (2.0 * 6371e3**2), rel=0.02, abs=1e-7)
    on_ground = datum.geodetic_at_altitude(east_m, north_m, 0.0)
    _, _, moved_m = GEOD.inv(lon2_deg, lat2_deg, on_ground.lon_deg, on_ground.lat_deg)
    assert moved_m < 2e-8


def test_a_wrong_height_moves_the_point_by_what_the_module_says():
    right = MUNICH.enu_from_geodetic(GeodeticPosition(48.15, 11.7144, 520.0))
    wrong = MUNICH.enu_from_geodetic(GeodeticPosition(48.15, 11.7144, 620.0))
    assert right[0] == pytest.approx(1e4, abs=10.0)
    assert wrong[0] - right[0] == pytest.approx(100.0 * 1e4 / 6371e3, rel=0.02)


def test_two_datums_are_joined_exactly():
    other = Datum(GeodeticPosition(48.35, 11.20, 480.0))
    points = np.random.default_rng(1).uniform(-2e4, 2e4, (50, 3))
    rotation, translation = MUNICH.enu_from_other(other)
    expected = MUNICH.enu_from_geodetic_array(*other.geodetic_from_enu_array(points))
    np.testing.assert_allclose(points @ rotation.T + translation, expected, rtol=0.0, atol=1e-8)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), rtol=0.0, atol=1e-15)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_points_without_height_lie_in_the_plane():
    flat = np.array([(100.0, -50.0), (3.0, 4.0)])
    expected = MUNICH.geodetic_from_enu_array(np.column_stack((flat, np.zeros(2))))
    np.testing.assert_array_equal(MUNICH.geodetic_from_enu_array(flat), expected)


def test_it_is_a_value():
    same = Datum(GeodeticPosition(48.15, 11.58, 520.0))
    assert same == MUNICH
    assert hash(same) == hash(MUNICH)
    assert Datum(GeodeticPosition(48.15, 11.58, 521.0)) != MUNICH
    assert pickle.loads(pickle.dumps(MUNICH)).geodetic_from_enu(1.0, 2.0) == (
        MUNICH.geodetic_from_enu(1.0, 2.0)
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        MUNICH.origin = GeodeticPosition(0.0, 0.0)


@pytest.mark.parametrize('lat_deg', [math.nan, 91.0, -math.inf])
def test_a_datum_off_the_earth_is_refused(lat_deg):
    with pytest.raises(GeodesyError, match='not on Earth'):
        Datum(GeodeticPosition(lat_deg, 0.0))
    with pytest.raises(GeodesyError, match='not on Earth'):
        MUNICH.enu_from_geodetic(GeodeticPosition(lat_deg, 0.0))
    with pytest.raises(GeodesyError, match='not on Earth'):
        MUNICH.enu_from_geodetic_array([lat_deg], [0.0])


def test_points_of_no_place_are_refused():
    with pytest.raises(GeodesyError, match='centre of the Earth'):
        MUNICH.geodetic_from_enu(math.nan, 0.0)
    with pytest.raises(GeodesyError, match='centre of the Earth'):
        MUNICH.geodetic_from_enu_array(np.array([(0.0, math.inf, 0.0)]))
    with pytest.raises(GeodesyError, match='nearer datum'):
        MUNICH.geodetic_at_altitude(7e6, 0.0, 0.0)
    with pytest.raises(ShapeError, match=r'\(4,\); expected \(n, 3\) or \(n, 2\)'):
        MUNICH.geodetic_from_enu_array(np.zeros(4))


def test_scalar_calls_are_fast():
    position = GeodeticPosition(48.2, 11.6, 500.0)
    for call in (
        lambda: MUNICH.enu_from_geodetic(position),
        lambda: MUNICH.geodetic_from_enu(1000.0, 2000.0, 3.0),
        lambda: MUNICH.geodetic_at_altitude(1000.0, 2000.0, 500.0),
    ):
        best_s = min(timeit.repeat(call, number=500, repeat=10)) / 500
        assert best_s < 15e-6


def test_height_is_reached_at_points_where_rounding_is_worst():
    datum = Datum(GeodeticPosition(49.0, 8.4, 110.0))
    rng = np.random.default_rng(0)
    points = [(-263.0112060881238, -338.31704402349277), *rng.uniform(-500.0, 500.0, (5000, 2))]
    for x_m, y_m in points:
        position = datum.geodetic_at_altitude(float(x_m), float(y_m), 110.0)
        assert abs(position.alt_m - 110.0) < 1e-7

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""ECEF against pyproj's ``cart`` and published coordinates."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pyproj
import pytest

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.geodesy import ecef
from geoloc_ros.types import GeodeticPosition

PROPERTY = settings(derandomize=True, deadline=None, max_examples=200, database=None)
CART = pyproj.Transformer.from_pipeline(
    '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84'
)


def degrees(whole, minutes, seconds):
    return whole + minutes / 60.0 + seconds / 3600.0


def random_positions(count=500):
    rng = np.random.default_rng(7)
    lat_deg = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, count)))
    return lat_deg, rng.uniform(-180.0, 180.0, count), rng.uniform(-500.0, 9000.0, count)


def test_constants_are_those_of_wgs84():
    ellipsoid = pyproj.CRS('EPSG:4326').ellipsoid
    assert ellipsoid.semi_major_metre == ecef.SEMI_MAJOR_AXIS_M
    assert ellipsoid.inverse_flattening == ecef.INVERSE_FLATTENING
    # b as NGA.STND.0036 prints it.
    assert pytest.approx(6356752.3142, abs=5e-5) == ecef.SEMI_MINOR_AXIS_M


def test_published_geocentric_example():
    # IOGP 373-7-2 (EPSG guidance note 7-2), geographic/geocentric conversions: worked example.
    position = GeodeticPosition(degrees(53, 48, 33.820), degrees(2, 7, 46.380), 73.0)
    published = (3771793.968, 140253.342, 5124304.349)
    # The angles are printed to 0.001 arc seconds, which is 31 mm of latitude.
    assert ecef.ecef_from_geodetic(position) == pytest.approx(published, abs=0.02)
    back = ecef.geodetic_from_ecef(*published)
    assert back.lat_deg == pytest.approx(position.lat_deg, abs=0.0005 / 3600.0)
    assert back.lon_deg == pytest.approx(position.lon_deg, abs=0.0005 / 3600.0)
    assert back.alt_m == pytest.approx(73.0, abs=0.05)


@pytest.mark.parametrize(
    ('position', 'expected'),
    [
        (GeodeticPosition(0.0, 0.0, 0.0), (6378137.0, 0.0, 0.0)),
        (GeodeticPosition(0.0, 90.0, 10.0), (0.0, 6378147.0, 0.0)),
        (GeodeticPosition(90.0, 0.0, 0.0), (0.0, 0.0, 6356752.314245179)),
        (GeodeticPosition(-90.0, 45.0, 100.0), (0.0, 0.0, -6356852.314245179)),
    ],
)
def test_hand_computed_points(position, expected):
    assert ecef.ecef_from_geodetic(position) == pytest.approx(expected, abs=2e-9)
    back = ecef.geodetic_from_ecef(*expected)
    assert back.lat_deg == pytest.approx(position.lat_deg, abs=1e-13)
    assert back.alt_m == pytest.approx(position.alt_m, abs=2e-9)


def test_agrees_with_pyproj_both_ways():
    lat_deg, lon_deg, alt_m = random_positions()
    expected = np.stack(CART.transform(lon_deg, lat_deg, alt_m), axis=-1)
    points = ecef.ecef_from_geodetic_array(lat_deg, lon_deg, alt_m)
    np.testing.assert_allclose(points, expected, rtol=0.0, atol=5e-9)
    longitude, latitude, height = CART.transform(*expected.T, direction='INVERSE')
    got = ecef.geodetic_from_ecef_array(expected)
    # PROJ's inverse makes one round of Bowring's formula: 1e-11 degrees (a micrometre) here.
    np.testing.assert_allclose(got[0], latitude, rtol=0.0, atol=1e-11)
    np.testing.assert_allclose(got[1], longitude, rtol=0.0, atol=2e-13)
    np.testing.assert_allclose(got[2], height, rtol=0.0, atol=2e-6)
    np.testing.assert_allclose(got[2], alt_m, rtol=0.0, atol=5e-9)
    np.testing.assert_allclose(got[0], lat_deg, rtol=0.0, atol=2e-13)


def test_array_and_scalar_agree():
    lat_deg, lon_deg, alt_m = random_positions(50)
    points = ecef.ecef_from_geodetic_array(lat_deg, lon_deg, alt_m)
    latitudes, longitudes, heights = ecef.geodetic_from_ecef_array(points)
    for index in range(50):
        position = GeodeticPosition(lat_deg[index], lon_deg[index], alt_m[index])
        assert ecef.ecef_from_geodetic(position) == pytest.approx(points[index], abs=3e-9)
        back = ecef.geodetic_from_ecef(*points[index])
        assert back.lat_deg == pytest.approx(latitudes[index], abs=1e-13)
        assert back.lon_deg == pytest.approx(longitudes[index], abs=1e-13)
        assert back.alt_m == pytest.approx(heights[index], abs=5e-9)
        assert {type(back.lat_deg), type(back.lon_deg), type(back.alt_m)} == {float}


@PROPERTY
@given(
    lat_deg=st.floats(-90.0, 90.0),
    lon_deg=st.floats(-360.0, 360.0),
    alt_m=st.floats(-1.0e6, 3.6e7),
)
def test_round_trip_is_exact_from_deep_to_geostationary(lat_deg, lon_deg, alt_m):
    position = GeodeticPosition(lat_deg, lon_deg, alt_m)
    there = ecef.ecef_from_geodetic(position)
    back = ecef.geodetic_from_ecef(*there)
    assert ecef.ecef_from_geodetic(back) == pytest.approx(there, abs=3e-8)
    assert -180.0 <= back.lon_deg <= 180.0
    assert back.lat_deg == pytest.approx(lat_deg, abs=1e-12)
    assert back.alt_m == pytest.approx(alt_m, abs=3e-8)


@pytest.mark.parametrize(
    ('lat_deg', 'lon_deg', 'alt_m'),
    [
        (math.nan, 0.0, 0.0),
        (0.0, math.nan, 0.0),
        (0.0, 0.0, math.nan),
        (math.inf, 0.0, 0.0),
        (0.0, 0.0, math.inf),
        (90.0000001, 0.0, 0.0),
        (-90.0000001, 0.0, 0.0),
        (0.0, 360.0000001, 0.0),
        (0.0, -360.0000001, 0.0),
        (0.0, 0.0, -6.0e6),
    ],
)
def test_positions_off_the_earth_are_refused(lat_deg, lon_deg, alt_m):
    with pytest.raises(
        GeodesyError, match=r'not on Earth; expected finite numbers, \|lat\| <= 90'
    ):
        ecef.ecef_from_geodetic(GeodeticPosition(lat_deg, lon_deg, alt_m))
    with pytest.raises(GeodesyError, match='not on Earth'):
        ecef.ecef_from_geodetic_array([10.0, lat_deg], [10.0, lon_deg], [0.0, alt_m])


def test_positions_on_the_border_are_taken():
    for lat_deg, lon_deg in ((90.0, 360.0), (-90.0, -360.0)):
        assert ecef.ecef_from_geodetic(GeodeticPosition(lat_deg, lon_deg))


@pytest.mark.parametrize(
    'point', [(math.nan, 0.0, 7e6), (math.inf, 0.0, 0.0), (0.0, 0.0, 0.0), (1e200, 0.0, 0.0)]
)
def test_ecef_points_without_a_latitude_are_refused(point):
    with pytest.raises(GeodesyError, match='from the centre of the Earth'):
        ecef.geodetic_from_ecef(*point)
    with pytest.raises(GeodesyError, match='from the centre of the Earth'):
        ecef.geodetic_from_ecef_array(np.array([(7e6, 0.0, 0.0), point]))


def test_wrong_shapes_are_named():
    with pytest.raises(ShapeError, match=r'\(2,\), \(3,\), \(\)'):
        ecef.ecef_from_geodetic_array([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r'\(\), \(\), \(\)'):
        ecef.ecef_from_geodetic_array(1.0, 2.0)
    with pytest.raises(ShapeError, match=r'shape \(3,\); expected \(n, 3\)'):
        ecef.geodetic_from_ecef_array(np.zeros(3))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""UTM against published figures, Snyder's series and pyproj; and what does not jump in ENU."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pyproj
import pytest

from geoloc_ros.errors import GeodesyError, ShapeError
from geoloc_ros.geodesy import utm
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.utm import UtmZone, zone_of
from geoloc_ros.types import GeodeticPosition

PROPERTY = settings(derandomize=True, deadline=None, max_examples=100, database=None)
ZONE_32 = UtmZone(32, True)


def snyder_forward(lat_deg, lon_offset_deg, a_m, e2):
    """Easting from the meridian, northing and scale: Snyder (1987), equations 8-9 to 8-11."""
    phi, ep2 = math.radians(lat_deg), e2 / (1.0 - e2)
    sine, cosine, tangent = math.sin(phi), math.cos(phi), math.tan(phi)
    n, t, c = a_m / math.sqrt(1.0 - e2 * sine**2), tangent**2, ep2 * cosine**2
    a = math.radians(lon_offset_deg) * cosine
    m = a_m * (
        (1.0 - e2 / 4.0 - 3.0 * e2**2 / 64.0 - 5.0 * e2**3 / 256.0) * phi
        - (3.0 * e2 / 8.0 + 3.0 * e2**2 / 32.0 + 45.0 * e2**3 / 1024.0) * math.sin(2.0 * phi)
        + (15.0 * e2**2 / 256.0 + 45.0 * e2**3 / 1024.0) * math.sin(4.0 * phi)
        - 35.0 * e2**3 / 3072.0 * math.sin(6.0 * phi)
    )
    x = n * (
        a
        + (1.0 - t + c) * a**3 / 6.0
        + (5.0 - 18.0 * t + t**2 + 72.0 * c - 58.0 * ep2) * a**5 / 120.0
    )
    y = m + n * tangent * (
        a**2 / 2.0
        + (5.0 - t + 9.0 * c + 4.0 * c**2) * a**4 / 24.0
        + (61.0 - 58.0 * t + t**2 + 600.0 * c - 330.0 * ep2) * a**6 / 720.0
    )
    k = (
        1.0
        + (1.0 + c) * a**2 / 2.0
        + (5.0 - 4.0 * t + 42.0 * c + 13.0 * c**2 - 28.0 * ep2) * a**4 / 24.0
        + (61.0 - 148.0 * t + 16.0 * t**2) * a**6 / 720.0
    )
    return 0.9996 * x, 0.9996 * y, 0.9996 * k


def test_the_oracle_gives_snyders_printed_example():
    # Snyder (1987), appendix A, p. 269: Clarke 1866, 40 deg 30' N, 73 deg 30' W, zone 18.
    easting_m, northing_m, scale = snyder_forward(40.5, 1.5, 6378206.4, 0.00676866)
    assert easting_m == pytest.approx(127106.5, abs=0.05)
    assert northing_m == pytest.approx(4484124.4, abs=0.05)
    assert scale == pytest.approx(0.9997989, abs=5e-8)


@pytest.mark.parametrize(
    ('lat_deg', 'lon_deg'), [(40.5, -73.5), (48.15, 11.58), (1.0, 103.8), (-33.9, 151.2)]
)
def test_agrees_with_snyders_series_on_wgs84(lat_deg, lon_deg):
    zone = zone_of(lat_deg, lon_deg)
    f = 1.0 / 298.257223563
    offset_deg = lon_deg - zone.central_meridian_deg
    x_m, y_m, scale = snyder_forward(lat_deg, offset_deg, 6378137.0, f * (2.0 - f))
    expected = (500000.0 + x_m, y_m + (0.0 if zone.north else 1e7))
    # His series stop at the sixth power: 0.02 m inside a zone.
    assert utm.utm_from_geodetic(zone, lat_deg, lon_deg) == pytest.approx(expected, abs=0.02)
    assert utm.grid_factors(zone, lat_deg, lon_deg).point_scale == pytest.approx(scale, abs=1e-8)


def test_the_cn_tower():
    # Widely published as 43 deg 38' 33.24" N, 79 deg 23' 13.7" W = 17N 630084 m E 4833438 m N.
    lat_deg, lon_deg = 43 + 38 / 60 + 33.24 / 3600, -(79 + 23 / 60 + 13.7 / 3600)
    zone = zone_of(lat_deg, lon_deg)
    assert str(zone) == '17N'
    assert utm.utm_from_geodetic(zone, lat_deg, lon_deg) == pytest.approx(
        (630084, 4833438), abs=1.5
    )


@pytest.mark.parametrize(
    ('lat_deg', 'lon_deg', 'name'),
    [
        (48.0, 5.999999999, '31N'),
        (48.0, 6.0, '32N'),
        (0.0, -180.0, '1N'),
        (0.0, 180.0, '1N'),
        (0.0, 360.0, '31N'),
        (0.0, 179.999, '60N'),
        (0.0, 190.0, '2N'),
        (-1e-9, 0.0, '31S'),
        (0.0, -1e-9, '30N'),
        (60.39, 5.32, '32N'),  # Bergen, the exception of south-west Norway
        (56.0, 3.0, '32N'),
        (56.0, 2.999, '31N'),
        (55.999, 5.0, '31N'),
        (63.999, 5.0, '32N'),
        (64.0, 5.0, '31N'),
        (78.22, 15.65, '33N'),  # Longyearbyen, Svalbard
        (72.0, 0.0, '31N'),
        (72.0, 8.999, '31N'),
        (72.0, 9.0, '33N'),
        (72.0, 20.999, '33N'),
        (72.0, 21.0, '35N'),
        (72.0, 32.999, '35N'),
        (72.0, 33.0, '37N'),
        (84.0, 41.999, '37N'),
        (72.0, 42.0, '38N'),
        (71.999, 9.0, '32N'),
        (72.0, -0.001, '30N'),
        (-80.0, 0.0, '31S'),
    ],
)
def test_zone_of(lat_deg, lon_deg, name):
    assert str(zone_of(lat_deg, lon_deg)) == name


@pytest.mark.parametrize('lat_deg', [84.001, -80.001])
def test_the_poles_have_no_zone(lat_deg):
    with pytest.raises(GeodesyError, match=r'outside UTM; expected -80\.0 to 84\.0'):
        zone_of(lat_deg, 0.0)


def test_absurd_places_have_no_zone():
    with pytest.raises(GeodesyError, match='not on Earth'):
        zone_of(math.nan, 0.0)
    for number in (0, 61):
        with pytest.raises(GeodesyError, match=f'UTM zone is {number}'):
            UtmZone(number, True)


@pytest.mark.parametrize('zone', [UtmZone(1, True), UtmZone(32, True), UtmZone(60, False)])
def test_epsg_names_the_same_grid(zone):
    crs = pyproj.CRS(utm.epsg_of_zone(zone))
    assert crs.utm_zone == str(zone)
    assert crs.ellipsoid.semi_major_metre == 6378137.0


@PROPERTY
@given(lat_deg=st.floats(-80.0, 84.0), lon_deg=st.floats(-180.0, 180.0))
def test_round_trip(lat_deg, lon_deg):
    zone = zone_of(lat_deg, lon_deg)
    back = utm.geodetic_from_utm(zone, *utm.utm_from_geodetic(zone, lat_deg, lon_deg))
    assert back[0] == pytest.approx(lat_deg, abs=1e-11)
    assert math.remainder(back[1] - lon_deg, 360.0) == pytest.approx(0.0, abs=1e-10)


def test_arrays_agree_with_single_points():
    rng = np.random.default_rng(5)
    lat_deg, lon_deg = rng.uniform(45.0, 50.0, 20), rng.uniform(4.0, 14.0, 20)
    points = utm.utm_from_geodetic_array(ZONE_32, lat_deg, lon_deg)
    latitudes, longitudes = utm.geodetic_from_utm_array(ZONE_32, *points.T)
    for index in range(20):
        one = utm.utm_from_geodetic(ZONE_32, lat_deg[index], lon_deg[index])
        assert points[index] == pytest.approx(one, abs=1e-9)
    np.testing.assert_allclose(latitudes, lat_deg, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(longitudes, lon_deg, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize(
    ('lat_deg', 'lon_deg'), [(48.15, 11.58), (48.15, 6.1), (-33.9, 10.9), (60.0, 9.0)]
)
def test_convergence_is_the_bearing_of_grid_north(lat_deg, lon_deg):
    zone = UtmZone(32, lat_deg > 0.0)
    south = utm.utm_from_geodetic(zone, lat_deg - 1e-4, lon_deg)
    north = utm.utm_from_geodetic(zone, lat_deg + 1e-4, lon_deg)
    # True north as the grid sees it lies at grid bearing -convergence.
    grid_bearing_deg = math.degrees(math.atan2(north[0] - south[0], north[1] - south[1]))
    factors = utm.grid_factors(zone, lat_deg, lon_deg)
    assert factors.convergence_deg == pytest.approx(-grid_bearing_deg, abs=1e-6)
    ground_m = pyproj.Geod(ellps='WGS84').line_length(
        [lon_deg] * 2, [lat_deg - 1e-4, lat_deg + 1e-4]
    )
    assert math.dist(south, north) / ground_m == pytest.approx(factors.point_scale, abs=1e-8)


def test_enu_does_not_jump_at_a_zone_border():
    lat_deg = 48.0
    metre_deg = 1.0 / (111320.0 * math.cos(math.radians(lat_deg)))
    west = GeodeticPosition(lat_deg, 6.0 - 0.5 * metre_deg, 300.0)
    east = GeodeticPosition(lat_deg, 6.0 + 0.5 * metre_deg, 300.0)
    assert (zone_of(west.lat_deg, west.lon_deg), zone_of(east.lat_deg, east.lon_deg)) == (
        UtmZone(31, True),
        ZONE_32,
    )
    datum = Datum(GeodeticPosition(47.98, 5.95, 300.0))
    step_m = datum.enu_from_geodetic(east) - datum.enu_from_geodetic(west)
    assert step_m == pytest.approx((1.0, 0.0, 0.0), abs=5e-3)
    # The same two points by way of the grids they belong to: still one metre.
    enu = []
    eastings = []
    for place in (west, east):
        zone = zone_of(place.lat_deg, place.lon_deg)
        easting_m, northing_m = utm.utm_from_geodetic(zone, place.lat_deg, place.lon_deg)
        enu.append(utm.enu_from_utm_array(datum, zone, [easting_m], [northing_m], 300.0)[0])
        eastings.append(easting_m)
    np.testing.assert_allclose(enu[1] - enu[0], step_m, rtol=0.0, atol=1e-7)
    # The grid itself jumps from one edge to the other, 447 km.
    assert eastings[0] - eastings[1] == pytest.approx(447_500.0, abs=1000.0)


def test_a_grid_is_not_enu():
    datum = Datum(GeodeticPosition(48.15, 11.58, 0.0))
    origin = utm.utm_from_geodetic(ZONE_32, 48.15, 11.58)
    points = np.array([(0.0, 0.0, 0.0), (0.0, 10_000.0, 0.0)])
    grid = utm.utm_from_enu_array(datum, ZONE_32, points)
    assert grid[0] == pytest.approx(origin, abs=1e-8)
    offset = grid[1] - grid[0]
    # 10 km north in map: 1.92 degrees of convergence moves it 335 m west on the grid.
    convergence_deg = utm.grid_factors(ZONE_32, 48.15, 11.58).convergence_deg
    assert offset[0] == pytest.approx(-1e4 * math.sin(math.radians(convergence_deg)), abs=1.0)
    assert offset[0] < -300.0
    _, _, heights = datum.geodetic_from_enu_array(points)
    back = utm.enu_from_utm_array(datum, ZONE_32, *grid.T, heights)
    np.testing.assert_allclose(back, points, rtol=0.0, atol=1e-7)


def test_places_out_of_reach_are_refused():
    assert utm.utm_from_geodetic(ZONE_32, 10.0, 39.0)
    # 190 deg E lies on the far side of the Earth, where the projection gives numbers again.
    for lat_deg, lon_deg in ((10.0, 39.1), (0.0, 190.0), (0.0, 95.0)):
        with pytest.raises(GeodesyError, match='cannot be projected in UTM zone 32N'):
            utm.utm_from_geodetic(ZONE_32, lat_deg, lon_deg)
        with pytest.raises(GeodesyError, match=f'lon {lon_deg}'):
            utm.utm_from_geodetic_array(ZONE_32, [48.0, lat_deg], [9.0, lon_deg])
        with pytest.raises(GeodesyError, match=r'30\.0 deg of the meridian 9\.0'):
            utm.grid_factors(ZONE_32, lat_deg, lon_deg)
    with pytest.raises(GeodesyError, match='not on Earth'):
        utm.utm_from_geodetic(ZONE_32, math.nan, 9.0)
    with pytest.raises(GeodesyError, match='not on Earth'):
        utm.utm_from_geodetic_array(ZONE_32, [48.0, math.nan], [9.0, 9.0])


@pytest.mark.parametrize('easting_m', [1e9, math.nan, 2e7])
def test_grid_points_out_of_reach_are_refused(easting_m):
    with pytest.raises(GeodesyError, match='easting'):
        utm.geodetic_from_utm(ZONE_32, easting_m, 5e6)
    with pytest.raises(GeodesyError, match='easting'):
        utm.geodetic_from_utm_array(ZONE_32, [5e5, easting_m], [5e6, 5e6])


def test_wrong_shapes_are_named():
    with pytest.raises(ShapeError, match=r'lat_deg, lon_deg have shapes \(2,\), \(3,\)'):
        utm.utm_from_geodetic_array(ZONE_32, [1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r'easting_m, northing_m have shapes \(\), \(\)'):
        utm.geodetic_from_utm_array(ZONE_32, 1.0, 2.0)

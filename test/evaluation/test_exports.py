# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""TUM text, GeoJSON and changes of datum."""

import dataclasses
import json

import numpy as np
import pyproj
import pytest

from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.geojson import read_geojson, write_geojson
from geoloc_ros.evaluation.reference import about_datum, geodetic_of, trajectory_from_geodetic
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.evaluation.tum import read_tum, write_tum
from geoloc_ros.types import GeodeticPosition

DATUM = GeodeticPosition(48.137, 11.575, 519.25)


def drive(count=40):
    generator = np.random.default_rng(2)
    stamps = 1_533_224_087_123_456_789 + np.cumsum(generator.integers(1, 10**9, size=count))
    yaw = generator.uniform(-np.pi, np.pi, size=count)
    factor = generator.normal(size=(count, 3, 3))
    return Trajectory(
        'fused',
        stamps,
        generator.normal(size=(count, 2)) * 3000.0,
        DATUM,
        yaw,
        factor @ factor.transpose(0, 2, 1),
        lever_arm_m=(1.5, -0.25),
        source='a test drive',
    )


def test_tum_round_trip(tmp_path):
    original = drive()
    write_tum(tmp_path / 'a.tum', original)
    read = read_tum(tmp_path / 'a.tum', 'fused')
    assert np.array_equal(read.stamps_ns, original.stamps_ns)
    assert read.positions_enu_m == pytest.approx(original.positions_enu_m, abs=1e-6)
    assert read.yaw_enu_rad == pytest.approx(original.yaw_enu_rad, abs=1e-9)
    assert (read.datum, read.lever_arm_m, read.source) == (
        DATUM,
        original.lever_arm_m,
        original.source,
    )


def test_tum_lines_are_what_the_format_says(tmp_path):
    trajectory = Trajectory(
        't', np.array([1_500_000_001]), np.array([[1.0, -2.5]]), DATUM, np.array([np.pi / 2])
    )
    write_tum(tmp_path / 'a.tum', trajectory)
    lines = [x for x in (tmp_path / 'a.tum').read_text().splitlines() if not x.startswith('#')]
    assert lines == ['1.500000001 1.000000 -2.500000 0.0 0.0 0.0 0.707106781187 0.707106781187']
    table = np.loadtxt(tmp_path / 'a.tum')
    assert table.shape == (8,)


def test_unknown_yaw_stays_unknown_through_tum(tmp_path):
    write_tum(tmp_path / 'a.tum', dataclasses.replace(drive(), yaw_enu_rad=None))
    assert read_tum(tmp_path / 'a.tum', 'x').yaw_enu_rad is None


def test_a_foreign_tum_file_needs_a_datum(tmp_path):
    path = tmp_path / 'a.tum'
    path.write_text('1.5 1 2 3 0 0 0 1\n1.25,4,5,6,0,0,0.6,0.8\n')
    with pytest.raises(EvaluationError, match='--datum'):
        read_tum(path, 'x')
    read = read_tum(path, 'x', DATUM)
    assert read.stamps_ns.tolist() == [1_250_000_000, 1_500_000_000]
    assert read.yaw_enu_rad[0] == pytest.approx(2.0 * np.arctan2(0.6, 0.8))


@pytest.mark.parametrize('line', ['1 2 3', '1 2 3 4 5 6 7 x', '1 nan 0 0 0 0 0 1'])
def test_a_bad_tum_line_is_named(tmp_path, line):
    (tmp_path / 'a.tum').write_text('# x\n' + line + '\n')
    with pytest.raises(EvaluationError, match=r'line 2 of .*expected eight finite numbers'):
        read_tum(tmp_path / 'a.tum', 'x', DATUM)


@pytest.mark.parametrize('stamp', ['1700000000000000000', '1.7e18', '-inf', 'nan', '1e30.5'])
def test_a_tum_stamp_that_is_no_time_in_seconds_is_named(tmp_path, stamp):
    (tmp_path / 'a.tum').write_text(f'1.5 0 0 0 0 0 0 1\n{stamp} 0 0 0 0 0 0 1\n')
    with pytest.raises(EvaluationError, match=r'line 2 of .*expected eight finite numbers'):
        read_tum(tmp_path / 'a.tum', 'x', DATUM)


@pytest.mark.parametrize('words', ['1', 'a b', '1 2 3', 'nan 0', ''])
def test_a_bad_lever_arm_in_tum_is_named(tmp_path, words):
    line = f'# lever_arm_forward_m_left_m: {words}\n'
    (tmp_path / 'a.tum').write_text(line + '1 0 0 0 0 0 0 1\n')
    with pytest.raises(EvaluationError, match=r'lever arm line .* expected two numbers'):
        read_tum(tmp_path / 'a.tum', 'x', DATUM)


def test_geojson_round_trip(tmp_path):
    original = drive()
    write_geojson(tmp_path / 'a.geojson', original)
    read = read_geojson(tmp_path / 'a.geojson', 'fused')
    assert np.array_equal(read.stamps_ns, original.stamps_ns)
    assert read.positions_enu_m == pytest.approx(original.positions_enu_m, abs=1e-3)
    assert read.yaw_enu_rad == pytest.approx(original.yaw_enu_rad, abs=1e-7)
    assert read.covariance == pytest.approx(original.covariance, rel=1e-5)
    assert read.datum == DATUM


def test_a_covariance_that_is_not_finite_is_null_in_geojson(tmp_path):
    original = drive(3)
    original.covariance[1, :2, :2] = np.nan
    original.covariance[2, 0, 0] = np.inf
    write_geojson(tmp_path / 'a.geojson', original)
    stated = json.loads((tmp_path / 'a.geojson').read_text())['features'][0]['properties']
    assert [row is None for row in stated['covariance']] == [False, True, True]
    read = read_geojson(tmp_path / 'a.geojson', 'fused').covariance
    assert read[0] == pytest.approx(original.covariance[0], rel=1e-5)
    assert np.isnan(read[1:]).all()


def test_geojson_is_longitude_first_at_the_place_pyproj_says(tmp_path):
    trajectory = Trajectory(
        't', np.array([0, 10**9]), np.array([[0.0, 0.0], [1000.0, 2000.0]]), DATUM
    )
    write_geojson(tmp_path / 'a.geojson', trajectory)
    document = json.loads((tmp_path / 'a.geojson').read_text())
    (feature,) = document['features']
    assert document['type'] == 'FeatureCollection'
    assert feature['geometry']['type'] == 'LineString'
    assert feature['geometry']['coordinates'][0] == pytest.approx([11.575, 48.137, 519.25])
    assert feature['properties']['coordTimes'] == [
        '1970-01-01T00:00:00.000000000Z',
        '1970-01-01T00:00:01.000000000Z',
    ]
    longitude, latitude, _ = feature['geometry']['coordinates'][1]
    geodesic = pyproj.Geod(ellps='WGS84')
    azimuth, _, distance = geodesic.inv(11.575, 48.137, longitude, latitude)
    # 519 m up, a metre of plane is 519 / 6371000 longer than on the ellipsoid.
    assert distance == pytest.approx(np.hypot(1000, 2000) * (1 - 519.25 / 6.371e6), abs=0.01)
    assert azimuth == pytest.approx(np.degrees(np.arctan2(1000, 2000)), abs=1e-2)


def test_geojson_of_one_sample_and_of_none(tmp_path):
    one = drive(1)
    write_geojson(tmp_path / 'a.geojson', one)
    assert len(read_geojson(tmp_path / 'a.geojson', 'x')) == 1
    write_geojson(tmp_path / 'b.geojson', one.subset(np.zeros(1, dtype=bool)))
    feature = json.loads((tmp_path / 'b.geojson').read_text())['features'][0]
    assert feature['geometry'] is None


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{', 'cannot read'),
        ('{"type": "FeatureCollection", "features": []}', 'no feature with a LineString'),
        (
            (
                '{"type": "Feature", "geometry": {"type": "LineString", '
                '"coordinates": [[1, 2], [1, 3]]}, "properties": {}}'
            ),
            '2 positions and no coordTimes',
        ),
    ],
)
def test_bad_geojson_is_named(tmp_path, text, message):
    (tmp_path / 'a.geojson').write_text(text)
    with pytest.raises(EvaluationError, match=message):
        read_geojson(tmp_path / 'a.geojson', 'x')


TIMES = ['2020-01-01T00:00:00Z', '2020-01-01T00:00:01Z']
LINE = [[8.0, 49.0, 0.0], [8.001, 49.0, 0.0]]


def line_feature(coordinates, properties):
    geometry = {'type': 'LineString', 'coordinates': coordinates}
    return {'type': 'Feature', 'geometry': geometry, 'properties': properties}


@pytest.mark.parametrize(
    ('document', 'message'),
    [
        (line_feature([], {'coordTimes': []}), 'a line without positions'),
        (line_feature([[8, 49, None], [8, 49, 0]], {'coordTimes': TIMES}), 'of numbers'),
        (line_feature([['a', 49], [8, 49]], {'coordTimes': TIMES}), 'of numbers'),
        (line_feature(LINE, {'coordTimes': TIMES, 'covariance': [[1, 2], [3, 4]]}), 'reshape'),
        (line_feature(LINE, {'coordTimes': TIMES, 'covariance': [1, 2]}), 'as this program'),
        (line_feature(LINE, {'coordTimes': TIMES, 'bearing_deg': ['n', 'e']}), 'as this program'),
        (line_feature(LINE, {'coordTimes': TIMES, 'lever_arm_m': [1]}), 'as this program'),
        (line_feature(LINE, {'coordTimes': TIMES, 'lever_arm_m': [np.nan, 0]}), 'not finite'),
        (line_feature(LINE, {'coordTimes': TIMES, 'datum': ['a', 'b', 'c']}), 'as this program'),
        (line_feature(LINE, [1]), 'as this program'),
        (line_feature(None, {}), 'as this program'),
        ({'type': 'Feature', 'geometry': {'type': 'LineString'}}, 'coordinates'),
        ({'type': 'Feature', 'geometry': [1]}, 'no trajectory that can be read'),
        ({'type': 'FeatureCollection', 'features': [None]}, 'no feature with a LineString'),
        ({'type': 'FeatureCollection', 'features': 'x'}, 'no trajectory that can be read'),
        ({'type': 'FeatureCollection', 'features': 3}, 'no trajectory that can be read'),
        ([1], 'no feature with a LineString'),
    ],
)
def test_geojson_that_holds_no_trajectory_is_explained(tmp_path, document, message):
    (tmp_path / 'a.geojson').write_text(json.dumps(document))
    with pytest.raises(EvaluationError, match=message):
        read_geojson(tmp_path / 'a.geojson', 'x')


@pytest.mark.parametrize(
    'time', [1577836800000, None, '', 'NaT', '1500-01-01T00:00:00Z', '2020-13-01T00:00:00Z', [1]]
)
def test_geojson_times_that_are_no_text_of_a_time_are_named(tmp_path, time):
    document = line_feature(LINE, {'coordTimes': [time, TIMES[1]]})
    (tmp_path / 'a.geojson').write_text(json.dumps(document))
    with pytest.raises(EvaluationError, match=r'coordTimes of .*expected UTC as'):
        read_geojson(tmp_path / 'a.geojson', 'x')


def test_geodetic_of_keeps_the_datum_height():
    trajectory = Trajectory('t', np.array([0, 1]), np.array([[3e4, 4e4], [-2e4, 1e4]]), DATUM)
    latitudes, longitudes = geodetic_of(trajectory)
    back = trajectory_from_geodetic(
        't', trajectory.stamps_ns, latitudes, longitudes, DATUM.alt_m, DATUM
    )
    assert back.positions_enu_m == pytest.approx(trajectory.positions_enu_m, abs=1e-6)


def test_a_change_of_datum_and_back_changes_nothing():
    original = drive()
    other = GeodeticPosition(48.2, 11.7, 519.25)
    there = about_datum(original, other)
    back = about_datum(there, DATUM)
    assert not np.allclose(there.positions_enu_m, original.positions_enu_m, atol=100.0)
    assert back.positions_enu_m == pytest.approx(original.positions_enu_m, abs=1e-4)
    assert back.yaw_enu_rad == pytest.approx(original.yaw_enu_rad, abs=1e-9)
    assert back.covariance == pytest.approx(original.covariance, abs=1e-9)


def test_yaw_turns_by_the_meridian_convergence():
    origin = GeodeticPosition(60.0, 10.0)
    north = Trajectory('t', np.array([0]), np.array([[0.0, 0.0]]), origin, np.array([np.pi / 2]))
    there = about_datum(north, GeodeticPosition(60.0, 10.1))
    # Seen from 0.1 degrees further east, north there leans by 0.1 sin(60) degrees clockwise.
    assert np.degrees(there.yaw_enu_rad[0]) - 90.0 == pytest.approx(
        -0.1 * np.sin(np.radians(60.0)), rel=1e-3
    )

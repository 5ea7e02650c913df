# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from geoloc_ros.errors import EvaluationError, GeodesyError, ShapeError
from geoloc_ros.evaluation.trajectory import (
    Trajectory,
    in_time_order,
    moved_to_point,
    sample_at,
)
from geoloc_ros.types import GeodeticPosition

DATUM = GeodeticPosition(48.0, 11.0, 500.0)
SECOND = 1_000_000_000


def make(stamps_s, points, yaw=None, **more):
    stamps = np.array([round(stamp * SECOND) for stamp in stamps_s], dtype=np.int64)
    return Trajectory(
        't', stamps, np.array(points, dtype=float).reshape(-1, 2), DATUM, yaw, **more
    )


def at(trajectory, stamps_s, max_gap_s=1.0):
    stamps = np.array([round(stamp * SECOND) for stamp in stamps_s], dtype=np.int64)
    return sample_at(trajectory, stamps, max_gap_s)


def test_position_is_linear_between_samples():
    samples = at(make([10.0, 11.0], [(0.0, 0.0), (4.0, -2.0)]), [10.25])
    assert samples.available.tolist() == [True]
    assert samples.positions_enu_m[0] == pytest.approx([1.0, -0.5])


def test_own_stamps_return_the_samples_bit_for_bit():
    points = np.random.default_rng(1).normal(size=(5, 2)) * 1e4
    trajectory = make([1.0, 2.0, 3.0, 4.0, 5.0], points)
    assert np.array_equal(sample_at(trajectory, trajectory.stamps_ns).positions_enu_m, points)


def test_yaw_takes_the_shorter_arc_over_the_cut():
    yaw = np.deg2rad([170.0, -170.0])
    samples = at(make([0.0, 1.0], [(0, 0), (1, 0)], yaw), [0.25, 0.75])
    assert np.rad2deg(samples.yaw_enu_rad) == pytest.approx([175.0, -175.0])


def test_nothing_is_extrapolated():
    samples = at(make([10.0, 11.0], [(0, 0), (1, 1)]), [9.999, 10.0, 11.0, 11.001])
    assert samples.available.tolist() == [False, True, True, False]
    assert np.isnan(samples.positions_enu_m[[0, 3]]).all()


@pytest.mark.parametrize(('gap_s', 'expected'), [(1.0, True), (1.000000001, False)])
def test_gaps_are_bridged_up_to_the_limit_and_no_further(gap_s, expected):
    samples = at(make([5.0, 5.0 + gap_s], [(0, 0), (1, 1)]), [5.5], max_gap_s=1.0)
    assert samples.available.tolist() == [expected]


def test_own_stamps_beside_a_gap_stay_available():
    samples = at(make([0.0, 100.0], [(0, 0), (1, 1)]), [0.0, 50.0, 100.0])
    assert samples.available.tolist() == [True, False, True]


def test_large_stamps_lose_no_precision():
    start = 1_700_000_000 * SECOND
    stamps = np.array([start, start + 3], dtype=np.int64)
    trajectory = Trajectory('t', stamps, np.array([[0.0, 0.0], [3.0, 0.0]]), DATUM)
    samples = sample_at(trajectory, np.array([start + 1, start + 2]))
    assert samples.positions_enu_m[:, 0] == pytest.approx([1.0, 2.0], abs=1e-12)


def test_an_empty_trajectory_is_nowhere():
    samples = at(make([], []), [1.0])
    assert samples.available.tolist() == [False]


def test_interpolation_agrees_with_numpy_interp():
    generator = np.random.default_rng(7)
    stamps = np.sort(generator.choice(100_000, size=50, replace=False)).astype(np.int64)
    points = generator.normal(size=(50, 2))
    trajectory = Trajectory('t', stamps, points, DATUM)
    wanted = np.sort(generator.integers(stamps[0], stamps[-1], size=200))
    samples = sample_at(trajectory, wanted)
    for axis in range(2):
        expected = np.interp(wanted, stamps, points[:, axis])
        assert samples.positions_enu_m[:, axis] == pytest.approx(expected, abs=1e-12)


def test_equal_stamps_keep_the_last():
    assert in_time_order(np.array([3, 1, 3, 2])).tolist() == [1, 3, 2]
    assert in_time_order(np.array([], dtype=np.int64)).tolist() == []


def test_a_lever_arm_moves_by_heading():
    samples = at(make([0.0, 1.0], [(0, 0), (0, 0)], np.full(2, np.pi / 2)), [0.5])
    assert moved_to_point(samples, (2.0, 1.0))[0] == pytest.approx([-1.0, 2.0])


def test_a_lever_arm_without_heading_moves_nothing():
    samples = at(make([0.0, 1.0], [(5, 6), (5, 6)]), [0.5])
    assert moved_to_point(samples, (2.0, 1.0))[0] == pytest.approx([5.0, 6.0])


def test_wrong_input_is_named():
    with pytest.raises(EvaluationError, match='do not increase'):
        make([1.0, 1.0], [(0, 0), (1, 1)])
    with pytest.raises(EvaluationError, match='not finite'):
        make([1.0, 2.0], [(0, 0), (np.nan, 1)])
    with pytest.raises(EvaluationError, match=r'not within 1e\+08 m'):
        make([1.0, 2.0], [(0, 0), (1e300, 1)])
    with pytest.raises(EvaluationError, match=r'not within 1e\+08 m'):
        Trajectory('t', np.array([1]), np.zeros((1, 2)), GeodeticPosition(49.0, 8.0, 1e300))
    with pytest.raises(GeodesyError, match=r'lat 490\.0 deg'):
        Trajectory('t', np.array([1]), np.zeros((1, 2)), GeodeticPosition(490.0, 8.0))
    with pytest.raises(ShapeError, match=r'yaw_enu_rad of trajectory .* \(1,\); expected \(2,\)'):
        make([1.0, 2.0], [(0, 0), (1, 1)], np.zeros(1))
    with pytest.raises(ShapeError, match='covariance'):
        make([1.0], [(0, 0)], covariance=np.zeros((1, 2, 2)))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from geoloc_ros.evaluation.metrics import Statistics, measure, position_nees, yaw_errors_deg
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.types import GeodeticPosition

DATUM = GeodeticPosition(48.0, 11.0, 500.0)
SECOND = 1_000_000_000


def make(name, stamps_s, points, **more):
    stamps = np.array([round(stamp * SECOND) for stamp in stamps_s], dtype=np.int64)
    return Trajectory(name, stamps, np.array(points, dtype=float).reshape(-1, 2), DATUM, **more)


def eastward(name='truth', until_s=10, **more):
    """1 m/s east, a sample a second, heading east."""
    stamps = np.arange(until_s + 1)
    points = np.column_stack([stamps, np.zeros(len(stamps))])
    return make(name, stamps, points, yaw_enu_rad=np.zeros(len(stamps)), **more)


def brute_percentile(values, percent):
    """Linear interpolation between order statistics, written out."""
    ordered = sorted(values)
    rank = percent / 100.0 * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])


def test_statistics_against_order_statistics_by_hand():
    values = np.random.default_rng(3).gamma(2.0, size=137)
    got = Statistics.of(values)
    assert got.mean == pytest.approx(sum(values.tolist()) / 137)
    assert got.max == max(values.tolist())
    for name, percent in (('median', 50), ('p90', 90), ('p95', 95), ('p99', 99)):
        assert getattr(got, name) == pytest.approx(brute_percentile(values.tolist(), percent))


def test_statistics_leave_out_nan_and_know_nothing_of_nothing():
    assert Statistics.of(np.array([np.nan, 2.0, 4.0])).mean == 3.0
    assert Statistics.of(np.array([np.nan])) is None


def test_errors_at_raw_stamps_and_at_own_stamps_differ_as_computed_by_hand():
    truth = eastward()
    # Raw fixes at 0, 2, 4, 6 s: 3 m, 3 m, 4 m, 5 m off to the north.
    raw = make('gps', [0, 2, 4, 6], [(0, 3), (2, 3), (4, 4), (6, 5)])
    # The estimate starts late, is 1 m off at 2 s, 2 m at 3 s, 3 m at 4 s, and ends.
    estimate = make('fused', [2, 3, 4], [(2, 1), (3, 2), (4, 3)])
    row = measure(estimate, raw, truth)
    assert row.samples == 2
    assert row.own_samples == 3
    assert row.availability == pytest.approx(2 / 3)
    assert row.position_error_m.mean == pytest.approx((1 + 3) / 2)
    assert row.position_error_own_stamps_m.mean == pytest.approx(2.0)
    assert row.difference_to_raw_m.mean == pytest.approx((2 + 1) / 2)
    of_raw = measure(raw, raw, truth)
    assert of_raw.samples == 3
    assert of_raw.availability == 1.0
    assert of_raw.position_error_m.mean == pytest.approx(4.0)
    assert of_raw.position_error_m == of_raw.position_error_own_stamps_m


def test_the_raw_antenna_is_judged_by_the_truth_of_the_antenna():
    truth = eastward()
    raw = make('gps', [1, 2, 3], [(2, 0), (3, 0), (4, 0)], lever_arm_m=(1.0, 0.0))
    assert measure(raw, raw, truth).position_error_m.max == pytest.approx(0.0, abs=1e-12)


def test_yaw_error_is_the_shorter_way_round_in_degrees():
    truth = make('truth', [0, 1], [(0, 0), (0, 0)], yaw_enu_rad=np.deg2rad([179.0, 179.0]))
    estimate = make('e', [0, 1], [(0, 0), (0, 0)], yaw_enu_rad=np.deg2rad([-179.0, 90.0]))
    assert yaw_errors_deg(estimate, truth) == pytest.approx([2.0, 89.0])


def test_nees_against_the_matrix_inverse():
    generator = np.random.default_rng(11)
    factor = generator.normal(size=(6, 3, 3))
    covariance = factor @ factor.transpose(0, 2, 1) + 0.1 * np.eye(3)
    errors = generator.normal(size=(6, 2))
    truth = make('truth', range(6), np.zeros((6, 2)))
    estimate = make('e', range(6), errors, covariance=covariance)
    expected = [e @ np.linalg.inv(p[:2, :2]) @ e for e, p in zip(errors, covariance, strict=True)]
    assert position_nees(estimate, truth) == pytest.approx(expected)


def test_a_consistent_estimate_has_mean_nees_two():
    generator = np.random.default_rng(5)
    count = 20_000
    covariance = np.array([[4.0, 1.5, 0.0], [1.5, 2.0, 0.0], [0.0, 0.0, 0.01]])
    errors = generator.multivariate_normal([0.0, 0.0], covariance[:2, :2], size=count)
    raw = make('gps', [0, count], [(0, 0), (0, 0)])
    truth = make('truth', range(count), np.zeros((count, 2)))
    estimate = make('e', range(count), errors, covariance=np.tile(covariance, (count, 1, 1)))
    # Standard error of the mean of chi-square(2) values is 2 / sqrt(n).
    assert measure(estimate, raw, truth).nees_mean == pytest.approx(2.0, abs=5 * 2 / count**0.5)


def test_a_singular_covariance_is_left_out_of_nees():
    truth = make('truth', [0, 1], np.zeros((2, 2)))
    covariance = np.stack([np.zeros((3, 3)), np.eye(3)])
    estimate = make('e', [0, 1], [(1, 0), (1, 0)], covariance=covariance)
    nees = position_nees(estimate, truth)
    assert np.isnan(nees[0])
    assert nees[1] == pytest.approx(1.0)


def test_without_truth_only_differences_are_given():
    raw = make('gps', [0, 1, 2], [(0, 0), (1, 0), (2, 0)])
    estimate = make('fused', [0, 1, 2], [(0, 0), (1, 1), (2, 3)])
    row = measure(estimate, raw, None)
    assert row.position_error_m is None
    assert row.position_error_own_stamps_m is None
    assert row.yaw_error_deg is None
    assert row.nees_mean is None
    assert row.difference_to_raw_m.mean == pytest.approx(2.0)


def test_latency_statistics_leave_out_unknown_ones():
    raw = make('gps', [0, 1, 2, 3], np.zeros((4, 2)))
    estimate = make('e', [1, 2, 3], np.zeros((3, 2)), latency_ms=np.array([10.0, np.nan, 30.0]))
    assert measure(estimate, raw, None).latency_ms.mean == pytest.approx(20.0)


def test_stamps_without_truth_make_no_error_but_count_for_availability():
    raw = make('gps', [0, 5, 20], [(0, 0), (5, 1), (20, 0)])
    row = measure(raw, raw, eastward(until_s=10))
    assert row.samples == 1
    assert row.availability == 1.0
    assert row.position_error_m.mean == pytest.approx(1.0)


def test_covariance_of_rounding_errors_gives_no_nees():
    stamps = np.arange(3, dtype=np.int64) * 1_000_000_000
    origin = GeodeticPosition(49.0, 8.4, 100.0)
    covariance = np.zeros((3, 3, 3))
    covariance[:] = np.diag([1e-29, 1e-29, 1.0])
    covariance[2] = np.diag([4.0, 4.0, 1.0])
    truth = Trajectory('truth', stamps, np.zeros((3, 2)), origin)
    found = Trajectory('found', stamps, np.full((3, 2), 2.0), origin, covariance=covariance)
    np.testing.assert_array_equal(np.isnan(position_nees(found, truth)), [True, True, False])
    assert position_nees(found, truth)[2] == pytest.approx(2.0)

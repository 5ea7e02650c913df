# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid

from geoloc_ros.filters.motion import Channel, ChannelSample, MotionBuffer, MotionSettings
from geoloc_ros.types import TwistSample

SECOND = 1_000_000_000


def channel_of(stamps_s, values, variance=0.04, timeout_s=0.5, interval_mean=False):
    channel = Channel(timeout_s)
    for stamp, value in zip(stamps_s, values, strict=True):
        channel.insert(ChannelSample(round(stamp * SECOND), value, variance, interval_mean))
    return channel


def test_linear_rate_integrates_exactly():
    stamps = np.arange(0.0, 2.01, 0.1)
    channel = channel_of(stamps, 3.0 + 2.0 * stamps)
    integral = channel.integrate(0, 2 * SECOND)
    assert integral.value == pytest.approx(3.0 * 2.0 + 2.0 * 2.0**2 / 2.0, rel=1e-12)
    assert integral.end_value == pytest.approx(7.0)


def test_partial_interval_matches_dense_quadrature():
    rng = np.random.default_rng(1)
    stamps = np.cumsum(rng.uniform(0.05, 0.2, size=30))
    values = rng.normal(size=30)
    channel = channel_of(stamps, values)
    start, end = stamps[3] + 0.013, stamps[20]
    dense = np.linspace(start, end, 200_001)
    expected = trapezoid(np.interp(dense, stamps, values), dense)
    got = channel.integrate(round(start * SECOND), round(end * SECOND))
    assert got.value == pytest.approx(expected, abs=1e-6)


def test_variance_is_that_of_a_sum_of_white_samples():
    channel = channel_of(np.arange(0.0, 1.01, 0.1), np.zeros(11), variance=0.09)
    assert channel.integrate(0, SECOND).variance == pytest.approx(10 * 0.09 * 0.1**2)


def test_splitting_an_interval_changes_neither_value_nor_variance():
    stamps = np.arange(0.0, 1.01, 0.1)
    channel = channel_of(stamps, np.sin(stamps))
    whole = channel.integrate(0, SECOND)
    parts = [channel.integrate(k * SECOND // 10, (k + 1) * SECOND // 10) for k in range(10)]
    assert sum(part.value for part in parts) == pytest.approx(whole.value, rel=1e-12)
    assert sum(part.variance for part in parts) == pytest.approx(whole.variance, rel=1e-12)


def test_steps_between_samples_add_up_to_the_variance_of_the_samples():
    stamps = np.arange(0.0, 2.01, 0.2)
    channel = channel_of(stamps, np.zeros(11), variance=0.01)
    fine = range(20, 200)  # 10 ms steps from 0.2 s on: samples inside the interval are rare
    total = sum(
        channel.integrate(k * SECOND // 100, (k + 1) * SECOND // 100).variance for k in fine
    )
    assert total == pytest.approx(0.01 * 0.2 * 1.8, rel=0.01)


def test_interval_means_hold_since_the_sample_before():
    channel = channel_of([0.0, 0.1, 0.2], [9.0, 1.0, 2.0], interval_mean=True)
    assert channel.integrate(0, SECOND // 5).value == pytest.approx(0.1 * 1.0 + 0.1 * 2.0)


def test_last_value_is_held_up_to_the_timeout_and_no_longer():
    channel = channel_of([0.0, 0.1], [1.0, 2.0], timeout_s=0.5)
    assert channel.integrate(SECOND // 10, 6 * SECOND // 10).value == pytest.approx(2.0 * 0.5)
    assert channel.integrate(SECOND // 10, 6 * SECOND // 10 + 1) is None


def test_gap_longer_than_the_timeout_counts_as_not_measured():
    channel = channel_of([0.0, 0.6], [1.0, 1.0], timeout_s=0.5)
    assert channel.integrate(0, 6 * SECOND // 10) is None


def test_samples_after_the_interval_are_not_used():
    channel = channel_of([0.0, 0.1], [1.0, 100.0])
    assert channel.integrate(0, SECOND // 20).value == pytest.approx(0.05)


def test_duplicate_stamp_is_left_out():
    channel = channel_of([0.0], [1.0])
    assert not channel.insert(ChannelSample(0, 5.0, 1.0))
    assert channel.latest(0).value == 1.0


def test_forgetting_keeps_what_an_interval_from_there_needs():
    stamps = np.arange(0.0, 1.01, 0.1)
    channel = channel_of(stamps, np.cos(stamps))
    before = channel.integrate(SECOND * 55 // 100, SECOND)
    channel.forget_before(SECOND * 55 // 100)
    assert channel.integrate(SECOND * 55 // 100, SECOND) == before


def twist(stamp_s, speed=None, rate=None, **kwargs):
    return TwistSample(round(stamp_s * SECOND), 'base_link', speed, rate, **kwargs)


def test_imu_yaw_rate_is_preferred_to_odometry():
    buffer = MotionBuffer(MotionSettings())
    for stamp in (0.0, 0.1):
        buffer.insert(twist(stamp, 5.0, 0.5))
        buffer.insert(twist(stamp, None, 0.2, source='imu'))
    motion = buffer.between(0, SECOND // 10)
    assert motion.distance_m == pytest.approx(0.5)
    assert motion.rotation_rad == pytest.approx(0.02)


def test_odometry_yaw_rate_serves_when_no_imu_speaks():
    buffer = MotionBuffer(MotionSettings())
    for stamp in (0.0, 0.1):
        buffer.insert(twist(stamp, 5.0, 0.5))
    assert buffer.between(0, SECOND // 10).rotation_rad == pytest.approx(0.05)


def test_unmeasured_components_are_none():
    motion = MotionBuffer(MotionSettings()).between(0, SECOND)
    assert motion.distance_m is None
    assert motion.rotation_rad is None
    assert motion.duration_s == 1.0


def test_standstill_stops_the_rotation_too():
    buffer = MotionBuffer(MotionSettings())
    for stamp in (0.0, 0.1):
        buffer.insert(twist(stamp, 0.01))
        buffer.insert(twist(stamp, None, 0.03, source='imu'))
    motion = buffer.between(0, SECOND // 10)
    assert motion.standstill
    assert (motion.distance_m, motion.rotation_rad) == (0.0, 0.0)
    assert buffer.stands_at(SECOND // 10)


def test_stated_variance_replaces_the_configured_one():
    settings = MotionSettings(speed_sigma_m_s=0.1)
    buffer = MotionBuffer(settings)
    for stamp in (0.0, 0.1):
        buffer.insert(twist(stamp, 5.0, speed_variance=0.25))
    assert buffer.between(0, SECOND // 10).distance_variance_m2 == pytest.approx(0.25 * 0.01)
    assert buffer.speed_at(SECOND // 10) == (5.0, 0.25)

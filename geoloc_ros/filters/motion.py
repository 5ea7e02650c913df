# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Odometry and IMU samples, kept by stamp and integrated over any interval.

Odometry is used as motion only, never as an absolute pose (DESIGN section 4). Speed and yaw rate
are two channels, because they come from different sensors at different rates.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math

from geoloc_ros.settings import setting
from geoloc_ros.types import NANOSECONDS_PER_SECOND, Motion, TwistSample, seconds_between


@dataclasses.dataclass(frozen=True)
class MotionSettings:
    """How odometry and IMU samples become motion."""

    speed_sigma_m_s: float = setting(
        0.1,
        'white error of a speed sample whose source states no variance; larger trusts GNSS more',
        unit='m/s',
        minimum=0.0,
        maximum=100.0,
    )
    yaw_rate_sigma_rad_s: float = setting(
        0.01,
        'white error of a yaw-rate sample whose source states no variance; larger lets GNSS '
        'bend the heading more',
        unit='rad/s',
        minimum=0.0,
        maximum=10.0,
    )
    variance_floor_share: float = setting(
        0.0,
        'smallest standard deviation of a sample as a share of the configured one, for sources '
        'that claim too much; 0 believes every source that states a variance',
        minimum=0.0,
        maximum=10.0,
    )
    timeout_s: float = setting(
        0.5,
        'a sample is held this long after its stamp; then the motion counts as not measured',
        unit='s',
        minimum=0.0,
        maximum=10.0,
    )
    yaw_rate_source: str = setting(
        'auto',
        'source of the yaw rate: auto takes the IMU where one speaks and else the odometry',
        choices=('auto', 'imu', 'odom'),
    )
    standstill_speed_m_s: float = setting(
        0.03,
        'below this measured speed the vehicle stands: heading and position are held still',
        unit='m/s',
        minimum=0.0,
        maximum=1.0,
    )
    max_speed_m_s: float = setting(
        70.0,
        'a faster speed sample is a malfunction and is not used',
        unit='m/s',
        minimum=0.1,
        maximum=1000.0,
    )
    max_yaw_rate_rad_s: float = setting(
        4.0,
        'a faster yaw-rate sample is a malfunction and is not used',
        unit='rad/s',
        minimum=0.01,
        maximum=100.0,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class ChannelSample:
    """One value of a channel; ``interval_mean``: the mean since the sample before it."""

    stamp_ns: int
    value: float
    variance: float
    interval_mean: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Integral:
    """A channel integrated over an interval, the variance of that, and its last value."""

    value: float
    variance: float
    end_value: float


class Channel:
    """A measured rate over time: linear between samples, held after the last one.

    Args:
        timeout_s: longest time a value is held, and longest gap that is bridged.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._timeout_ns = round(timeout_s * NANOSECONDS_PER_SECOND)
        self._stamps_ns: list[int] = []
        self._samples: list[ChannelSample] = []

    def insert(self, sample: ChannelSample) -> bool:
        """Put a sample in its place; a second one of the same stamp is left out.

        Returns:
            Whether it was taken.
        """
        index = bisect.bisect_left(self._stamps_ns, sample.stamp_ns)
        if index < len(self._stamps_ns) and self._stamps_ns[index] == sample.stamp_ns:
            return False
        self._stamps_ns.insert(index, sample.stamp_ns)
        self._samples.insert(index, sample)
        return True

    def forget_before(self, stamp_ns: int) -> None:
        """Drop samples that no interval starting at or after ``stamp_ns`` needs."""
        keep_from = bisect.bisect_right(self._stamps_ns, stamp_ns) - 2
        if keep_from > 0:
            del self._stamps_ns[:keep_from]
            del self._samples[:keep_from]

    def clear(self) -> None:
        """Forget every sample."""
        self._stamps_ns.clear()
        self._samples.clear()

    def latest(self, stamp_ns: int) -> ChannelSample | None:
        """Newest sample at or before ``stamp_ns`` that is not too old to hold."""
        index = bisect.bisect_right(self._stamps_ns, stamp_ns) - 1
        if index < 0 or stamp_ns - self._stamps_ns[index] > self._timeout_ns:
            return None
        return self._samples[index]

    def integrate(self, from_ns: int, to_ns: int) -> Integral | None:
        """Integral over an interval from the samples stamped up to its end.

        Samples of independent white error sigma, dt apart, give an integral over T the variance
        sigma^2 dt T (each one stands for dt), so splitting an interval changes nothing.

        Returns:
            ``None`` where some part of the interval is further than the timeout from a sample.
        """
        first = max(bisect.bisect_right(self._stamps_ns, from_ns) - 1, 0)
        last = bisect.bisect_right(self._stamps_ns, to_ns)
        if last == 0:
            return None
        known = self._samples[first:last]
        if known[0].stamp_ns - from_ns > self._timeout_ns or (
            to_ns - known[-1].stamp_ns > self._timeout_ns
        ):
            return None
        value = variance = 0.0
        head_s = seconds_between(from_ns, known[0].stamp_ns)
        if head_s > 0.0:  # before the very first sample: its value is held backwards
            value += known[0].value * head_s
            variance += known[0].variance * head_s * head_s
        for before, after in itertools.pairwise(known):
            if after.stamp_ns - before.stamp_ns > self._timeout_ns:
                return None
            part = _segment(before, after, max(from_ns, before.stamp_ns), after.stamp_ns)
            value += part.value
            variance += part.variance
        tail = known[-1]
        tail_s = seconds_between(max(from_ns, tail.stamp_ns), to_ns)
        spacing_s = tail_s
        if last > 1:
            before_ns = self._stamps_ns[last - 2]
            spacing_s = min(seconds_between(before_ns, tail.stamp_ns), self._timeout_s)
        value += tail.value * tail_s
        variance += tail.variance * spacing_s * tail_s
        return Integral(value, variance, tail.value)


def _segment(before: ChannelSample, after: ChannelSample, from_ns: int, to_ns: int) -> Integral:
    span_s = seconds_between(before.stamp_ns, after.stamp_ns)
    part_s = seconds_between(from_ns, to_ns)
    if after.interval_mean:
        mean = after.value
    else:
        slope = (after.value - before.value) / span_s
        mean = after.value - 0.5 * slope * part_s
    return Integral(mean * part_s, after.variance * span_s * part_s, after.value)


class MotionBuffer:
    """Speed and yaw rate over time, from every motion source, as ``Motion`` of an interval."""

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings
        self._speed = Channel(settings.timeout_s)
        self._odom_yaw_rate = Channel(settings.timeout_s)
        self._imu_yaw_rate = Channel(settings.timeout_s)

    def insert(self, sample: TwistSample, *, interval_mean: bool = False) -> bool:
        """Take a sample into its channels; ``False`` when all of it was there already."""
        taken = False
        if sample.speed_m_s is not None:
            variance = self._variance(sample.speed_variance, self._settings.speed_sigma_m_s)
            value = ChannelSample(sample.stamp_ns, sample.speed_m_s, variance, interval_mean)
            taken |= self._speed.insert(value)
        if sample.yaw_rate_rad_s is not None:
            variance = self._variance(
                sample.yaw_rate_variance, self._settings.yaw_rate_sigma_rad_s
            )
            value = ChannelSample(sample.stamp_ns, sample.yaw_rate_rad_s, variance, interval_mean)
            channel = self._odom_yaw_rate if sample.speed_m_s is not None else self._imu_yaw_rate
            taken |= channel.insert(value)
        return taken

    def between(self, from_ns: int, to_ns: int) -> Motion:
        """Motion measured over an interval; components nobody measured are ``None``."""
        duration_s = seconds_between(from_ns, to_ns)
        distance = self._speed.integrate(from_ns, to_ns)
        rotation = self._rotation(from_ns, to_ns)
        if distance is not None and self._stands(distance, duration_s):
            return Motion(duration_s, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, standstill=True)
        return Motion(
            duration_s,
            None if distance is None else distance.value,
            None if rotation is None else rotation.value,
            0.0 if distance is None else distance.variance,
            0.0 if rotation is None else rotation.variance,
            None if distance is None else distance.end_value,
            None if rotation is None else rotation.end_value,
        )

    def speed_at(self, stamp_ns: int) -> tuple[float, float] | None:
        """Measured speed and its variance at an instant, or ``None``."""
        sample = self._speed.latest(stamp_ns)
        return None if sample is None else (sample.value, sample.variance)

    def stands_at(self, stamp_ns: int) -> bool:
        """Whether the wheels say that the vehicle stands."""
        sample = self._speed.latest(stamp_ns)
        return sample is not None and abs(sample.value) < self._settings.standstill_speed_m_s

    def forget_before(self, stamp_ns: int) -> None:
        """Drop samples that no interval starting at or after ``stamp_ns`` needs."""
        for channel in (self._speed, self._odom_yaw_rate, self._imu_yaw_rate):
            channel.forget_before(stamp_ns)

    def clear(self) -> None:
        """Forget every sample."""
        for channel in (self._speed, self._odom_yaw_rate, self._imu_yaw_rate):
            channel.clear()

    def _rotation(self, from_ns: int, to_ns: int) -> Integral | None:
        source = self._settings.yaw_rate_source
        rotation = None
        if source in ('auto', 'imu'):
            rotation = self._imu_yaw_rate.integrate(from_ns, to_ns)
        if rotation is None and source in ('auto', 'odom'):
            rotation = self._odom_yaw_rate.integrate(from_ns, to_ns)
        return rotation

    def _stands(self, distance: Integral, duration_s: float) -> bool:
        threshold = self._settings.standstill_speed_m_s
        return (
            abs(distance.value) <= threshold * duration_s and abs(distance.end_value) < threshold
        )

    def _variance(self, stated: float | None, sigma: float) -> float:
        if stated is None or not math.isfinite(stated) or stated < 0.0:
            return sigma * sigma
        return max(stated, (self._settings.variance_floor_share * sigma) ** 2)

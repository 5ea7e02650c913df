# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The localizer: measurements and time go in, estimates and what became of them come out.

It reads no clock, owns no logger and no publisher. Every measurement goes through one line in
time (``filters.delay_buffer``), and so do the output stamps, so a late measurement is put in its
place and any order of arrival ends in the same belief.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.filters.delay_buffer import Applied, DelayBuffer, EntryKey
from geoloc_ros.filters.interface import Filter
from geoloc_ros.filters.motion import MotionBuffer
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.collector import Collector
from geoloc_ros.localizer.preparation import (
    Measurement,
    Rejection,
    check,
    prepare_fix,
    prepare_observation,
    twist_between,
)
from geoloc_ros.localizer.process import (
    FixItem,
    FusionProcess,
    Item,
    ItemResult,
    ObservationItem,
    PriorItem,
    TickItem,
)
from geoloc_ros.localizer.result import StepResult, WarningKind
from geoloc_ros.localizer.settings import LocalizerSettings
from geoloc_ros.localizer.stamps import ClockLead, StampGuard, StampVerdict
from geoloc_ros.localizer.statistics import SourceStatistics, StatisticsCounter
from geoloc_ros.observations.gnss import has_fix
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    Estimate,
    FloatArray,
    GeodeticPosition,
    GnssFix,
    OdometryPose,
    PosePrior,
    TrackingState,
    TwistSample,
    UpdateReason,
    seconds_between,
)

#: A fix from a source of this name takes the place of the plain fix of the same stamp.
CORRECTED_SUFFIX = '/corrected'
_RANK_PRIOR, _RANK_MEASUREMENT, _RANK_TICK = 0, 1, 9


class Localizer:
    """Composes motion, observations and a filter.

    Args:
        settings: every parameter but the filter's own.
        filter_: any ``filters.interface.Filter``, not yet initialised.
    """

    def __init__(self, settings: LocalizerSettings, filter_: Filter) -> None:
        self._settings = settings
        self._filter = filter_
        self._motion = MotionBuffer(settings.motion)
        self._period_ns = round(NANOSECONDS_PER_SECOND / settings.output.rate_hz)
        self._process = FusionProcess(filter_, self._motion, settings.gnss, self._period_ns)
        self._buffer: DelayBuffer[Item, ItemResult] = DelayBuffer(
            self._process, settings.time.max_delay_s
        )
        self._guard = StampGuard(
            settings.time.max_delay_s, settings.time.max_gap_s, settings.time.reset_gap_s
        )
        self._counter = StatisticsCounter()
        self._lever_arms_m: dict[str, FloatArray] = {}
        self._odometry_poses: dict[str, OdometryPose] = {}
        self._pending_prior: PosePrior | None = None
        self._next_tick_ns: int | None = None
        self._last_output_ns: int | None = None
        self._newest_message_ns: int | None = None
        self._leading_source = ''
        self._judged: tuple[int, TrackingState] | None = None
        self._clock_lead = ClockLead()
        self._datum: Datum | None = None
        if settings.datum.source == 'parameters':
            place = settings.datum
            self.set_datum(GeodeticPosition(place.lat_deg, place.lon_deg, place.alt_m))

    @property
    def datum(self) -> Datum | None:
        """Origin of ``map``, or ``None`` while nobody has placed it."""
        return self._datum

    @property
    def state(self) -> TrackingState:
        """What the localizer says of itself now; judged anew only when the belief has changed."""
        revision = self._process.revision
        if self._judged is None or self._judged[0] != revision:
            self._judged = (revision, self._judge_state())
        return self._judged[1]

    def _judge_state(self) -> TrackingState:
        if not self._filter.initialized:
            return TrackingState.INITIALIZING
        tracking, track = self._settings.tracking, self._process.track
        covariance = self._filter.estimate().covariance
        sigma_m = math.sqrt(max(float(np.linalg.eigvalsh(covariance[:2, :2])[-1]), 0.0))
        if track.rejections >= tracking.lost_after_rejections or sigma_m > tracking.lost_sigma_m:
            return TrackingState.LOST
        now_ns = self._filter.stamp_ns
        limit_s = tracking.dead_reckoning_after_s
        if _older(track.last_position_ns, now_ns, limit_s):
            return TrackingState.DEAD_RECKONING
        if _older(track.last_sight_ns, now_ns, limit_s):
            return TrackingState.GPS_ONLY
        return TrackingState.TRACKING

    def set_datum(self, datum: GeodeticPosition) -> None:
        """Place the origin of ``map``; a belief held about another origin is forgotten."""
        placed = Datum(datum)
        if self._datum is not None and placed != self._datum:
            self._start_anew()
        self._datum = placed

    def set_lever_arm(self, frame_id: str, forward_m: float, left_m: float) -> None:
        """Place the antenna of the fixes in frame ``frame_id`` in ``base_link``."""
        self._lever_arms_m[frame_id] = np.array([forward_m, left_m])

    def push(self, measurement: Measurement) -> StepResult:
        """Take one measurement; a bad one is counted and named, and changes nothing."""
        collector = Collector(self._counter)
        self._counter.received(measurement.source, measurement.stamp_ns)
        try:
            check(measurement, self._settings)  # a bad message moves no clock
            usable = self._stamp_is_usable(measurement, collector)
            if usable:
                self._emit_ticks(measurement.stamp_ns - 1, collector)
                self._take(measurement, collector)
        except Rejection as rejection:
            usable = False
            collector.reject(
                measurement.stamp_ns,
                measurement.source,
                rejection.reason,
                rejection.warning,
            )
        if usable:
            if self._newest_message_ns is None or measurement.stamp_ns > self._newest_message_ns:
                self._leading_source = measurement.source
            self._newest_message_ns = max(self._newest_message_ns or 0, measurement.stamp_ns)
            self._emit_ticks(self._buffer.newest_ns, collector)
            if self._settings.output.at_fixes and isinstance(measurement, GnssFix):
                self._emit(measurement.stamp_ns, collector)
        return collector.result(self.state)

    def advance(self, now_ns: int) -> StepResult:
        """Let time pass: output stamps nobody's measurement has reached are extrapolated.

        Args:
            now_ns: any clock that runs at the rate of the stamps. How far it is ahead of them is
                learned as messages come, so sensors with a clock of their own lose nothing.
        """
        collector = Collector(self._counter)
        newest_ns = self._newest_message_ns
        if newest_ns is not None:
            lead_ns = self._clock_lead.learned(now_ns, newest_ns)
            due_ns = now_ns - lead_ns - _nanoseconds(self._settings.output.wait_s)
            if due_ns - newest_ns <= _nanoseconds(self._settings.output.max_extrapolation_s):
                self._emit_ticks(due_ns, collector)
        return collector.result(self.state)

    def set_pose(self, prior: PosePrior) -> StepResult:
        """Start anew from a stated pose (``initialpose``)."""
        collector = Collector(self._counter)
        if self._datum is None:
            collector.warn(
                WarningKind.NOT_INITIALIZED,
                'an initial pose in map came before anybody placed map on Earth; wait for the '
                'first fix or set datum.source',
            )
            return collector.result(self.state)
        newest_ns = self._buffer.newest_ns
        if newest_ns is None:
            self._pending_prior = prior
            return collector.result(self.state)
        self._begin_at(prior, newest_ns, collector)
        return collector.result(self.state, was_reset=True)

    def reset(self) -> StepResult:
        """Forget everything but the datum, the lever arms and the counters."""
        self._start_anew()
        self._guard.clear()
        return Collector(self._counter).result(self.state, was_reset=True)

    def relocalize(self) -> StepResult:
        """Start anew at the next good fix; motion samples are kept."""
        self._process.forget()
        self._buffer.clear()
        self._next_tick_ns = None
        return Collector(self._counter).result(self.state, was_reset=True)

    def estimate(self) -> Estimate | None:
        """The belief at the filter's own stamp, or ``None`` before the start."""
        return self._filter.estimate() if self._filter.initialized else None

    def particles(self, count: int) -> FloatArray:
        """Sample poses (x m, y m, yaw rad) for display, shape (n, 3)."""
        return self._filter.particles(count) if self._filter.initialized else np.zeros((0, 3))

    def statistics(self) -> tuple[SourceStatistics, ...]:
        """Counters by source since the start."""
        return self._counter.snapshot()

    def _stamp_is_usable(self, measurement: Measurement, collector: Collector) -> bool:
        stamp_ns, source = measurement.stamp_ns, measurement.source
        verdict = self._guard.judge(source, stamp_ns)
        if verdict in (StampVerdict.WENT_BACK, StampVerdict.JUMPED_AHEAD):
            self._start_anew()
            collector.was_reset = True
            ahead = verdict is StampVerdict.JUMPED_AHEAD
            collector.warn(
                WarningKind.STAMP_JUMP if ahead else WarningKind.CLOCK_BACKWARDS,
                f'the clock of {source!r} went {"far ahead" if ahead else "backwards"} to '
                f'{stamp_ns} ns; starting anew',
            )
            return True
        if verdict is not StampVerdict.GOOD:
            collector.reject_stamp(stamp_ns, source, is_zero=verdict is StampVerdict.ZERO)
            return False
        if self._buffer.is_too_late(stamp_ns):
            collector.reject_late(stamp_ns, source, self._buffer.newest_ns, self._leading_source)
            return False
        return True

    def _take(self, measurement: Measurement, collector: Collector) -> None:
        if isinstance(measurement, TwistSample):
            self._take_twist(measurement, collector)
        elif isinstance(measurement, OdometryPose):
            self._take_odometry_pose(measurement, collector)
        elif isinstance(measurement, GnssFix):
            self._take_fix(measurement, collector)
        else:
            self._insert(prepare_observation(measurement, self._settings), collector)

    def _take_twist(
        self, sample: TwistSample, collector: Collector, *, interval_mean: bool = False
    ) -> None:
        if not self._motion.insert(sample, interval_mean=interval_mean):
            collector.drop(sample.stamp_ns, sample.source, UpdateReason.DUPLICATE)
            return
        collector.drop(sample.stamp_ns, sample.source, UpdateReason.ACCEPTED)
        self._buffer.replay_from(sample.stamp_ns)
        self._buffer.note_stamp(sample.stamp_ns)
        self._begin_pending(collector)
        if self._buffer.newest_ns is not None:
            oldest_ns = self._buffer.newest_ns - _nanoseconds(self._settings.time.max_delay_s)
            self._motion.forget_before(self._buffer.oldest_needed_ns(oldest_ns))

    def _take_odometry_pose(self, pose: OdometryPose, collector: Collector) -> None:
        before = self._odometry_poses.get(pose.source)
        if before is None:
            self._odometry_poses[pose.source] = pose
            return
        sample = twist_between(before, pose)
        check(sample, self._settings)
        self._odometry_poses[pose.source] = pose
        self._take_twist(sample, collector, interval_mean=True)

    def _take_fix(self, fix: GnssFix, collector: Collector) -> None:
        if self._datum is None and not self._place_datum(fix, collector):
            return
        assert self._datum is not None
        prepared = prepare_fix(fix, self._datum, self._lever_arm_m(fix), self._settings)
        if prepared.warning is not None:
            collector.warn(prepared.warning.kind, prepared.warning.text)
        base = fix.source.removesuffix(CORRECTED_SUFFIX)
        if fix.source == base:
            corrected = EntryKey(fix.stamp_ns, _RANK_MEASUREMENT, base + CORRECTED_SUFFIX)
            if self._buffer.contains(corrected):
                collector.drop(fix.stamp_ns, fix.source, UpdateReason.REPLACED)
                return
        else:
            self._buffer.remove(EntryKey(fix.stamp_ns, _RANK_MEASUREMENT, base))
        self._insert(prepared.item, collector)

    def _place_datum(self, fix: GnssFix, collector: Collector) -> bool:
        if self._settings.datum.source != 'first_fix':
            collector.drop(fix.stamp_ns, fix.source, UpdateReason.INVALID)
            collector.warn(
                WarningKind.NOT_INITIALIZED,
                'fixes wait for the datum; publish it on the datum topic or set '
                'datum.source to first_fix',
            )
            return False
        if not has_fix(fix, self._settings.gnss):
            collector.drop(fix.stamp_ns, fix.source, UpdateReason.NO_FIX)
            collector.warn(
                WarningKind.NO_FIX, f'{fix.source!r} has no fix yet (status {int(fix.status)})'
            )
            return False
        altitude_m = fix.position.alt_m if math.isfinite(fix.position.alt_m) else 0.0
        self.set_datum(dataclasses.replace(fix.position, alt_m=altitude_m))
        return True

    def _insert(self, item: FixItem | ObservationItem, collector: Collector) -> None:
        self._begin_pending(collector, item.stamp_ns)
        key = EntryKey(item.stamp_ns, _RANK_MEASUREMENT, item.source)
        if self._buffer.contains(key):
            collector.drop(item.stamp_ns, item.source, UpdateReason.DUPLICATE)
            return
        self._collect(self._buffer.insert(key, item), collector)

    def _collect(self, applied: list[Applied[Item, ItemResult]], collector: Collector) -> None:
        for one in applied:
            if one.result.update is not None and not one.replayed:
                collector.judged(one.key.stamp_ns, one.item.source, one.result.update)

    def _begin_pending(self, collector: Collector, stamp_ns: int | None = None) -> None:
        at_ns = stamp_ns if stamp_ns is not None else self._buffer.newest_ns
        if self._pending_prior is not None and at_ns is not None:
            prior, self._pending_prior = self._pending_prior, None
            self._begin_at(prior, at_ns, collector)

    def _begin_at(self, prior: PosePrior, stamp_ns: int, collector: Collector) -> None:
        self._process.forget()
        self._buffer.clear()
        self._next_tick_ns = None
        placed = dataclasses.replace(prior, stamp_ns=stamp_ns)
        if placed.speed_m_s is None:
            speed = self._motion.speed_at(stamp_ns)
            if speed is not None:
                placed = dataclasses.replace(
                    placed, speed_m_s=speed[0], speed_variance_m2_s2=speed[1]
                )
        item = PriorItem(stamp_ns, 'initialpose', placed)
        self._collect(
            self._buffer.insert(EntryKey(stamp_ns, _RANK_PRIOR, item.source), item), collector
        )

    def _emit_ticks(self, until_ns: int | None, collector: Collector) -> None:
        if until_ns is None or not self._filter.initialized:
            return
        if self._next_tick_ns is None:
            stamp_ns = self._filter.stamp_ns
            self._next_tick_ns = -(-stamp_ns // self._period_ns) * self._period_ns
        while self._next_tick_ns <= until_ns:
            self._emit(self._next_tick_ns, collector)
            self._next_tick_ns += self._period_ns

    def _emit(self, stamp_ns: int, collector: Collector) -> None:
        """Give the estimate at a stamp, unless a later one has been given already."""
        if self._last_output_ns is not None and stamp_ns <= self._last_output_ns:
            return
        key = EntryKey(stamp_ns, _RANK_TICK, '')
        estimate = self._buffer.insert(key, TickItem(stamp_ns))[0].result.estimate
        if estimate is not None:
            self._last_output_ns = stamp_ns
            collector.estimates.append(estimate)

    def _lever_arm_m(self, fix: GnssFix) -> FloatArray:
        known = self._lever_arms_m.get(fix.frame_id)
        if known is not None:
            return known
        return np.array(
            [self._settings.gnss.antenna_forward_m, self._settings.gnss.antenna_left_m]
        )

    def _start_anew(self) -> None:
        self._process.forget()
        self._buffer.clear()
        self._motion.clear()
        self._odometry_poses.clear()
        self._next_tick_ns = None
        self._last_output_ns = None
        self._newest_message_ns = None
        self._clock_lead = ClockLead()
        self._pending_prior = None


def _older(stamp_ns: int | None, now_ns: int, limit_s: float) -> bool:
    return stamp_ns is None or seconds_between(stamp_ns, now_ns) > limit_s


def _nanoseconds(duration_s: float) -> int:
    return round(duration_s * NANOSECONDS_PER_SECOND)

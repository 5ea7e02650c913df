# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Gathers what one call of the localizer brings about."""

from __future__ import annotations

import math

from geoloc_ros.localizer.result import (
    LocalizerWarning,
    MeasurementReport,
    StepResult,
    WarningKind,
)
from geoloc_ros.localizer.statistics import StatisticsCounter
from geoloc_ros.types import (
    Estimate,
    TrackingState,
    UpdateReason,
    UpdateResult,
    seconds_between,
)

_WARNED_REASONS = {
    UpdateReason.GATED: WarningKind.GATED,
    UpdateReason.RESEEDED: WarningKind.RESEEDED,
    UpdateReason.ALL_PARTICLES_OUTSIDE: WarningKind.ALL_PARTICLES_OUTSIDE,
}
_WARNING_TEXTS = {
    UpdateReason.GATED: 'was rejected: too far from the belief',
    UpdateReason.RESEEDED: 'disagreed several times in a row; the filter starts anew from it',
    UpdateReason.ALL_PARTICLES_OUTSIDE: (
        'has every particle outside its 3 sigma circle; the prediction is kept'
    ),
}


class Collector:
    """Estimates, reports and warnings of one call, counted as they come."""

    def __init__(self, counter: StatisticsCounter) -> None:
        self._counter = counter
        self._reports: list[MeasurementReport] = []
        self._warnings: list[LocalizerWarning] = []
        self.estimates: list[Estimate] = []
        self.was_reset = False

    def judged(self, stamp_ns: int, source: str, result: UpdateResult) -> None:
        """Note a verdict of the filter; the ones a person should know of become warnings."""
        self._reports.append(MeasurementReport(stamp_ns, source, result))
        self._counter.judged(source, result)
        kind = _WARNED_REASONS.get(result.reason)
        if kind is not None:
            text = f'{source!r} {_WARNING_TEXTS[result.reason]} (NIS {result.nis:.1f})'
            self.warn(kind, text)

    def drop(self, stamp_ns: int, source: str, reason: UpdateReason) -> None:
        """Note a measurement that never reached the filter, or that is motion."""
        accepted = reason is UpdateReason.ACCEPTED
        self.judged(stamp_ns, source, UpdateResult(accepted, math.nan, reason))

    def warn(self, kind: WarningKind, text: str) -> None:
        """Note a warning."""
        self._warnings.append(LocalizerWarning(kind, text))

    def reject(
        self, stamp_ns: int, source: str, reason: UpdateReason, warning: LocalizerWarning
    ) -> None:
        """Note a measurement that cannot be used, and why."""
        self.drop(stamp_ns, source, reason)
        self._warnings.append(warning)

    def reject_stamp(self, stamp_ns: int, source: str, *, is_zero: bool) -> None:
        """Note a stamp that cannot be right."""
        text = (
            f'{source!r} has stamp {stamp_ns} ns; expected the time of measurement: fill '
            'header.stamp'
            if is_zero
            else f'{source!r} has stamp {stamp_ns} ns, far from the stamps before it; it is '
            'left out unless the next message agrees'
        )
        reason = UpdateReason.INVALID if is_zero else UpdateReason.SUSPECT_STAMP
        self.reject(stamp_ns, source, reason, LocalizerWarning(WarningKind.STAMP_JUMP, text))

    def reject_late(
        self, stamp_ns: int, source: str, newest_ns: int | None, leading_source: str
    ) -> None:
        """Note a measurement that came too late, and who is ahead of it."""
        behind_s = seconds_between(stamp_ns, newest_ns or stamp_ns)
        text = (
            f'{source!r} is {behind_s:.2f} s behind the newest measurement, which came from '
            f'{leading_source!r}; it is left out (time.max_delay_s): if it stays so, one of the '
            'two has a wrong clock'
        )
        self.reject(
            stamp_ns,
            source,
            UpdateReason.TOO_LATE,
            LocalizerWarning(WarningKind.TOO_LATE, text),
        )

    def result(self, state: TrackingState, *, was_reset: bool = False) -> StepResult:
        """Everything gathered."""
        return StepResult(
            tuple(self.estimates),
            tuple(self._reports),
            tuple(self._warnings),
            state,
            was_reset or self.was_reset,
        )

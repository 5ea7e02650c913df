# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Judges the stamps of messages: late, jumped ahead, or gone back."""

from __future__ import annotations

import dataclasses
import enum

from geoloc_ros.types import NANOSECONDS_PER_SECOND


class StampVerdict(enum.Enum):
    """What a stamp means."""

    GOOD = 'good'
    ZERO = 'zero'
    SUSPECT = 'suspect'
    WENT_BACK = 'went_back'
    JUMPED_AHEAD = 'jumped_ahead'


@dataclasses.dataclass(frozen=True, slots=True)
class _Suspect:
    stamp_ns: int
    verdict: StampVerdict


class StampGuard:
    """Tells a clock that jumped from one absurd stamp: the next message must agree.

    A source whose stamp lies more than the delay behind its *own* newest one has a clock that
    went back (a bag that loops); one that is merely slow never does that. The first such stamp is
    only suspect, and dropped; when the next odd one agrees with it, the clock did jump.

    Args:
        max_delay_s: how far stamps of one source may go back (messages out of order).
        max_gap_s: how far ahead of everything a stamp may be without being suspect.
        reset_gap_s: a longer gap, once two messages agree, is another drive.
    """

    def __init__(self, max_delay_s: float, max_gap_s: float, reset_gap_s: float) -> None:
        self._max_delay_ns = round(max_delay_s * NANOSECONDS_PER_SECOND)
        self._max_gap_ns = round(max_gap_s * NANOSECONDS_PER_SECOND)
        self._reset_gap_ns = round(reset_gap_s * NANOSECONDS_PER_SECOND)
        self._newest_by_source: dict[str, int] = {}
        self._newest_ns: int | None = None
        self._suspect: _Suspect | None = None

    def judge(self, source: str, stamp_ns: int) -> StampVerdict:
        """Verdict on one message; a good stamp is remembered, and so is a suspect one."""
        if stamp_ns <= 0:
            return StampVerdict.ZERO
        verdict = self._raw_verdict(source, stamp_ns)
        if verdict is StampVerdict.GOOD:
            self._suspect = None
            self._remember(source, stamp_ns)
            return verdict
        before = self._suspect
        self._suspect = _Suspect(stamp_ns, verdict)
        if (
            before is None
            or before.verdict is not verdict
            or not -self._max_delay_ns <= stamp_ns - before.stamp_ns <= self._max_gap_ns
        ):
            return StampVerdict.SUSPECT
        ahead = verdict is StampVerdict.JUMPED_AHEAD and self._newest_ns is not None
        if ahead and stamp_ns - (self._newest_ns or 0) <= self._reset_gap_ns:
            verdict = StampVerdict.GOOD  # everybody was silent for a while
            self._suspect = None
        else:
            self.clear()
        self._remember(source, stamp_ns)
        return verdict

    def clear(self) -> None:
        """Forget every stamp."""
        self._newest_by_source.clear()
        self._newest_ns = None
        self._suspect = None

    def _raw_verdict(self, source: str, stamp_ns: int) -> StampVerdict:
        own_ns = self._newest_by_source.get(source)
        if own_ns is not None and stamp_ns < own_ns - self._max_delay_ns:
            return StampVerdict.WENT_BACK
        if self._newest_ns is not None and stamp_ns > self._newest_ns + self._max_gap_ns:
            return StampVerdict.JUMPED_AHEAD
        return StampVerdict.GOOD

    def _remember(self, source: str, stamp_ns: int) -> None:
        self._newest_by_source[source] = max(
            stamp_ns, self._newest_by_source.get(source, stamp_ns)
        )
        if self._newest_ns is None or stamp_ns > self._newest_ns:
            self._newest_ns = stamp_ns


class ClockLead:
    """How far a clock is ahead of the stamps of the messages that come while it runs.

    The newest stamp is most nearly the present just after a message has come, so the lead is the
    least of the differences met, forgotten slowly so that a drifting clock is followed.
    """

    def __init__(self) -> None:
        self._lead_ns: int | None = None
        self._seen_ns: int | None = None

    def learned(self, now_ns: int, newest_stamp_ns: int) -> int:
        """The lead after one more look at both clocks, nanoseconds."""
        if newest_stamp_ns != self._seen_ns:
            self._seen_ns = newest_stamp_ns
            difference_ns = now_ns - newest_stamp_ns
            if self._lead_ns is None or difference_ns <= self._lead_ns:
                self._lead_ns = difference_ns
            else:
                self._lead_ns += (difference_ns - self._lead_ns) // 50
        return self._lead_ns or 0

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Counts what became of the messages of each source."""

from __future__ import annotations

import collections
import dataclasses
import math

from geoloc_ros.types import UpdateReason, UpdateResult


@dataclasses.dataclass(frozen=True, slots=True)
class SourceStatistics:
    """Counters of one source since the start.

    Attributes:
        source: its name.
        received: messages pushed, good or not.
        accepted: measurements the filter used.
        rejected: (reason, count) pairs, most frequent first.
        last_nis: NIS of the last one the filter judged, NaN before.
        last_stamp_ns: stamp of the last one.
    """

    source: str
    received: int
    accepted: int
    rejected: tuple[tuple[UpdateReason, int], ...]
    last_nis: float
    last_stamp_ns: int


class StatisticsCounter:
    """Keeps ``SourceStatistics`` up to date."""

    def __init__(self) -> None:
        self._received: collections.Counter[str] = collections.Counter()
        self._reasons: dict[str, collections.Counter[UpdateReason]] = {}
        self._last_nis: dict[str, float] = {}
        self._last_stamp_ns: dict[str, int] = {}

    def received(self, source: str, stamp_ns: int) -> None:
        """Count a message."""
        self._received[source] += 1
        self._last_stamp_ns[source] = stamp_ns

    def judged(self, source: str, result: UpdateResult) -> None:
        """Count what became of it."""
        reasons = self._reasons.setdefault(source, collections.Counter())
        reasons[result.reason] += 1
        if not math.isnan(result.nis):
            self._last_nis[source] = result.nis

    def snapshot(self) -> tuple[SourceStatistics, ...]:
        """The counters as they are now, by name of source."""
        return tuple(self._of(source) for source in sorted(self._received))

    def _of(self, source: str) -> SourceStatistics:
        reasons = self._reasons.get(source, collections.Counter())
        used = (UpdateReason.ACCEPTED, UpdateReason.RESEEDED, UpdateReason.LAST_ESTIMATE_USED)
        return SourceStatistics(
            source,
            self._received[source],
            sum(reasons[reason] for reason in used),
            tuple(item for item in reasons.most_common() if item[0] not in used),
            self._last_nis.get(source, math.nan),
            self._last_stamp_ns[source],
        )

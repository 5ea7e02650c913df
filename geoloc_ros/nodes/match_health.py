# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What ``/diagnostics`` says of the matcher."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np

from geoloc_ros.messages.outbound import set_stamp
from geoloc_ros.nodes.warning_log import WarningLog
from geoloc_ros.observations.cross_view import CrossViewMatcher, Match


class MatchHealth:
    """Counts between reports; notes come from the matching thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received = 0
        self.matched = 0
        self.dropped = 0
        self._since = (time.monotonic(), 0)
        self._work_s: list[float] = []
        self._latency_s: list[float] = []
        self._last: Match | None = None

    def note(self, match: Match, work_s: float, latency_s: float) -> None:
        """Note a match, how long it took, and how old its picture is."""
        with self._lock:
            self.matched += 1
            self._last = match
            self._work_s.append(work_s)
            self._latency_s.append(latency_s)

    def report(
        self, matcher: CrossViewMatcher, warnings: WarningLog, node_name: str, stamp_ns: int
    ) -> DiagnosticArray:
        """One status; a new start of the period.

        Keys: ``received``, ``matched``, ``dropped``, ``rate_hz``, ``match_ms`` and ``latency_ms``
        (95th percentiles), ``map_coverage``, ``entropy_bits``, ``temperature``, ``calibrated``,
        ``domain``, ``warning.KIND``.
        """
        with self._lock:
            work_s, self._work_s = self._work_s, []
            latency_s, self._latency_s = self._latency_s, []
            last, matched = self._last, self.matched
        now_s = time.monotonic()
        elapsed_s = max(now_s - self._since[0], 1e-3)
        rate_hz = (matched - self._since[1]) / elapsed_s
        self._since = (now_s, matched)
        values = {
            'received': str(self.received),
            'matched': str(matched),
            'dropped': str(self.dropped),
            'rate_hz': f'{rate_hz:.2f}',
            'match_ms': _percentile_ms(work_s),
            'latency_ms': _percentile_ms(latency_s),
            'map_coverage': 'nan' if last is None else f'{last.coverage:.3f}',
            'entropy_bits': 'nan' if last is None else f'{last.entropy_bits:.2f}',
            'temperature': f'{matcher.temperature:.4g}',
            'calibrated': str(matcher.is_calibrated).lower(),
            'domain': matcher.network.domain,
            **{f'warning.{kind.value}': str(n) for kind, n in warnings.counts.items()},
        }
        level, message = DiagnosticStatus.OK, 'pictures are matched'
        if not matcher.is_calibrated:
            level, message = (
                DiagnosticStatus.WARN,
                'scores are not calibrated; filters ignore them',
            )
        elif rate_hz == 0.0:
            level, message = DiagnosticStatus.WARN, 'no picture was matched lately'
        array = DiagnosticArray()
        set_stamp(array.header.stamp, stamp_ns)
        array.status = [
            DiagnosticStatus(
                level=level,
                name=f'{node_name}: matcher',
                message=message,
                hardware_id='geoloc_ros',
                values=[KeyValue(key=key, value=value) for key, value in values.items()],
            )
        ]
        return array


class Silence:
    """Notices that nothing has come for a while.

    Args:
        limit_s: how long a while is.
        clock: steady time in seconds.
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_s = limit_s
        self._clock = clock
        self._since_s = clock()

    def end(self) -> None:
        """Something came."""
        self._since_s = self._clock()

    def is_noticed(self) -> bool:
        """Whether a while has passed since something came, or since this said so."""
        now_s = self._clock()
        if now_s - self._since_s < self.limit_s:
            return False
        self._since_s = now_s
        return True


def _percentile_ms(durations_s: list[float]) -> str:
    return f'{1e3 * float(np.percentile(durations_s, 95)):.1f}' if durations_s else 'nan'

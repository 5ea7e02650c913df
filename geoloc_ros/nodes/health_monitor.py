# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Gathers what ``/diagnostics`` says: rates, latency, counters, state."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from geoloc_ros.localizer.localizer import Localizer
from geoloc_ros.nodes.warning_log import WarningLog
from geoloc_ros.ros.diagnostics import Health

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_LATENCY_S = 60.0


class HealthMonitor:
    """Watches one localizer between reports."""

    def __init__(self) -> None:
        self._latencies_s: list[float] = []
        self._estimates = 0
        self._last_report_s = time.monotonic()
        self._last_received: Mapping[str, int] = {}
        self.failed_publishes = 0

    def published(self, latency_s: float) -> None:
        """Note an estimate that went out this long after its stamp, by the node's clock.

        A clock that has nothing to do with the stamps gives no latency.
        """
        self._estimates += 1
        if abs(latency_s) <= _MAX_LATENCY_S:
            self._latencies_s.append(latency_s)

    def report(self, localizer: Localizer, warnings: WarningLog) -> Health:
        """The condition since the last report, and a new start of the period."""
        now_s = time.monotonic()
        elapsed_s = max(now_s - self._last_report_s, 1e-3)
        sources = localizer.statistics()
        received = {source.source: source.received for source in sources}
        estimate = localizer.estimate()
        sigma_m = math.nan
        if estimate is not None:
            variances = np.linalg.eigvalsh(estimate.covariance[:2, :2])
            sigma_m = math.sqrt(max(float(variances[-1]), 0.0))
        health = Health(
            state=localizer.state,
            output_rate_hz=self._estimates / elapsed_s,
            latency_ms=(
                float(np.percentile(self._latencies_s, 95)) * 1e3
                if self._latencies_s
                else math.nan
            ),
            position_sigma_m=sigma_m,
            effective_sample_size=None if estimate is None else estimate.effective_sample_size,
            sources=sources,
            source_rates_hz={
                name: max(count - self._last_received.get(name, 0), 0) / elapsed_s
                for name, count in received.items()
            },
            warnings=warnings.counts,
            failed_publishes=self.failed_publishes,
        )
        self._latencies_s.clear()
        self._estimates = 0
        self._last_report_s, self._last_received = now_s, received
        return health

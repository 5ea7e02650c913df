# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the localizer knows of itself as ``diagnostic_msgs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
import math

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.localizer.statistics import SourceStatistics
from geoloc_ros.messages.outbound import set_stamp
from geoloc_ros.types import TrackingState

_LEVELS = {
    TrackingState.INITIALIZING: DiagnosticStatus.WARN,
    TrackingState.TRACKING: DiagnosticStatus.OK,
    TrackingState.GPS_ONLY: DiagnosticStatus.OK,
    TrackingState.DEAD_RECKONING: DiagnosticStatus.WARN,
    TrackingState.LOST: DiagnosticStatus.ERROR,
}
_MEANINGS = {
    TrackingState.INITIALIZING: 'waiting for a first position',
    TrackingState.TRACKING: 'positions from the camera and GNSS agree',
    TrackingState.GPS_ONLY: 'GNSS and motion, no camera',
    TrackingState.DEAD_RECKONING: 'no position was accepted lately; the covariance grows',
    TrackingState.LOST: 'positions disagree with the belief, or nobody knows where it is',
}


@dataclasses.dataclass(frozen=True, slots=True)
class Health:
    """A node's condition over the last reporting period.

    Attributes:
        state: what the localizer says of itself.
        output_rate_hz: estimates a second.
        latency_ms: from the newest measurement an estimate waited for to its publishing, the
            95th percentile; NaN when unknown.
        position_sigma_m: largest standard deviation of the position; NaN before the start.
        effective_sample_size: of the particle set; ``None`` for a Kalman filter.
        sources: counters by source since the start.
        source_rates_hz: messages a second by source.
        warnings: how often each kind of warning came since the start.
        failed_publishes: messages the middleware refused.
    """

    state: TrackingState
    output_rate_hz: float
    latency_ms: float
    position_sigma_m: float
    effective_sample_size: float | None
    sources: Sequence[SourceStatistics]
    source_rates_hz: Mapping[str, float]
    warnings: Mapping[WarningKind, int]
    failed_publishes: int


def diagnostic_array(health: Health, node_name: str, stamp_ns: int) -> DiagnosticArray:
    """One status for the localizer and one for each source.

    Keys: ``state``, ``output_rate_hz``, ``latency_ms``, ``position_sigma_m``,
    ``effective_sample_size``, ``warning.KIND``; by source ``received``, ``rate_hz``,
    ``accepted``, ``rejected.REASON``, ``last_nis``.
    """
    array = DiagnosticArray()
    set_stamp(array.header.stamp, stamp_ns)
    array.status = [
        _localizer_status(health, node_name),
        *(_source_status(source, health, node_name) for source in health.sources),
    ]
    return array


def _localizer_status(health: Health, node_name: str) -> DiagnosticStatus:
    values = {
        'state': health.state.value,
        'output_rate_hz': _number(health.output_rate_hz),
        'latency_ms': _number(health.latency_ms),
        'position_sigma_m': _number(health.position_sigma_m),
        'failed_publishes': str(health.failed_publishes),
    }
    if health.effective_sample_size is not None:
        values['effective_sample_size'] = _number(health.effective_sample_size)
    values.update({f'warning.{kind.value}': str(count) for kind, count in health.warnings.items()})
    return DiagnosticStatus(
        level=_LEVELS[health.state],
        name=f'{node_name}: localizer',
        message=f'{health.state.value}: {_MEANINGS[health.state]}',
        hardware_id='geoloc_ros',
        values=_key_values(values),
    )


def _source_status(source: SourceStatistics, health: Health, node_name: str) -> DiagnosticStatus:
    values = {
        'received': str(source.received),
        'rate_hz': _number(health.source_rates_hz.get(source.source, 0.0)),
        'accepted': str(source.accepted),
        'last_nis': _number(source.last_nis),
    }
    values.update({f'rejected.{reason.value}': str(count) for reason, count in source.rejected})
    return DiagnosticStatus(
        level=DiagnosticStatus.OK,
        name=f'{node_name}: source {source.source}',
        message=f'{source.accepted} of {source.received} used',
        hardware_id='geoloc_ros',
        values=_key_values(values),
    )


def _key_values(values: Mapping[str, str]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value) for key, value in values.items()]


def _number(value: float) -> str:
    return 'nan' if math.isnan(value) else f'{value:.3f}'

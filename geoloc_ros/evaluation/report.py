# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The report of a drive: what was compared, the figures, and the files that hold them.

``report.json`` has a fixed schema (number 1) that other programs may rely on:

    {"schema": 1, "drive": str, "trajectories": {NAME: {
        "samples": int,                       # raw-fix stamps behind position_error_m
        "availability": 0..1,                 # share of raw-fix stamps with a value
        "position_error_m": STATISTICS,       # at the raw fixes' stamps, horizontal
        "position_error_own_stamps_m": STATISTICS,
        "yaw_error_deg": STATISTICS or null,
        "nees_mean": float or null,           # 2 degrees of freedom: 2 is consistent
        "latency_ms": STATISTICS or null}}}

STATISTICS is {"mean", "median", "p90", "p95", "p99", "max"}. On a drive without truth both
position errors are null; ``comparison.json`` and the report's text then hold the differences to
the raw fixes.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.bootstrap import PairedRatio, paired_ratio
from geoloc_ros.evaluation.metrics import (
    Statistics,
    TrajectoryMetrics,
    evaluation_stamps,
    measure,
    position_errors,
)
from geoloc_ros.evaluation.trajectory import DEFAULT_MAX_GAP_S, Trajectory

SCHEMA = 1
RAW_NAME = 'gps'


@dataclasses.dataclass(frozen=True)
class Report:
    """What is known of one drive's trajectories.

    Attributes:
        drive: name of the drive.
        command: command line that makes this report again.
        truth: what the truth is, in words; ``None`` when the drive has none.
        rows: figures by trajectory, in the order given.
        ratios: errors over the raw fixes' errors, with bootstrap intervals; empty without truth.
        notes: what else a reader must know.
    """

    drive: str
    command: str
    truth: str | None
    rows: tuple[TrajectoryMetrics, ...]
    ratios: tuple[PairedRatio, ...]
    notes: tuple[str, ...] = ()


def make_report(
    drive: str,
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    *,
    raw_name: str = RAW_NAME,
    command: str = '',
    notes: Sequence[str] = (),
    max_gap_s: float = DEFAULT_MAX_GAP_S,
) -> Report:
    """Judge trajectories by the truth, and against the raw fixes.

    Args:
        drive: name of the drive.
        trajectories: at least the raw fixes, each with its own name, about one datum.
        truth: where the vehicle was; ``None`` when nobody knows.
        raw_name: which of them are the raw fixes.
        command: command line that makes this report again.
        notes: sentences for the reader.
        max_gap_s: longest gap between samples to bridge.

    Raises:
        EvaluationError: no raw fixes, two trajectories of one name, different datums, or a truth
            that covers none of the drive.
    """
    raw = _raw(trajectories, raw_name)
    _check_comparable(trajectories, truth)
    rows = tuple(measure(one, raw, truth, max_gap_s) for one in trajectories)
    ratios: list[PairedRatio] = []
    if truth is not None:
        stamps = evaluation_stamps(raw)
        raw_errors = position_errors(raw, truth, stamps, max_gap_s)
        if Statistics.of(raw_errors) is None:
            raise EvaluationError(
                f'the truth ({len(truth)} samples) covers none of the {len(stamps)} raw fixes '
                f'after the first; check its time base, or raise the longest gap ({max_gap_s} s)'
            )
        for one in trajectories:
            errors = position_errors(one, truth, stamps, max_gap_s)
            if one is not raw and np.count_nonzero(~np.isnan(errors)) >= 2:
                ratios.append(paired_ratio(one.name, errors, raw_name, raw_errors))
    described = None if truth is None else (truth.source or truth.name)
    return Report(drive, command, described, rows, tuple(ratios), tuple(notes))


def _raw(trajectories: Sequence[Trajectory], raw_name: str) -> Trajectory:
    for one in trajectories:
        if one.name == raw_name:
            if len(one) < 2:
                raise EvaluationError(
                    f'{raw_name!r} has {len(one)} fixes; expected at least 2: errors are taken '
                    'at the stamps after the first fix'
                )
            return one
    names = ', '.join(repr(one.name) for one in trajectories) or 'none'
    raise EvaluationError(
        f'no trajectory {raw_name!r} among {names}; the raw fixes must be one of them, as their '
        'stamps are the common yardstick'
    )


def _check_comparable(trajectories: Sequence[Trajectory], truth: Trajectory | None) -> None:
    names = [one.name for one in trajectories]
    if len(set(names)) != len(names):
        raise EvaluationError(f'two trajectories of one name among {names}; rename one')
    everything = [*trajectories, *([] if truth is None else [truth])]
    datum = everything[0].datum
    for one in everything:
        if one.datum != datum:
            raise EvaluationError(
                f'{one.name!r} is about datum {one.datum}, {everything[0].name!r} about {datum}; '
                'bring them to one datum first (evaluation.reference.about_datum)'
            )


def to_document(report: Report) -> dict[str, Any]:
    """The report in the schema of ``report.json``."""
    return {
        'schema': SCHEMA,
        'drive': report.drive,
        'trajectories': {
            row.name: {
                'samples': row.samples,
                'availability': row.availability,
                'position_error_m': _plain(row.position_error_m),
                'position_error_own_stamps_m': _plain(row.position_error_own_stamps_m),
                'yaw_error_deg': _plain(row.yaw_error_deg),
                'nees_mean': row.nees_mean,
                'latency_ms': _plain(row.latency_ms),
            }
            for row in report.rows
        },
    }


def to_comparison_document(report: Report) -> dict[str, Any]:
    """What stands beside the fixed schema: ratios with intervals, differences to the raw fixes."""
    return {
        'schema': SCHEMA,
        'drive': report.drive,
        'command': report.command,
        'truth': report.truth,
        'ratios': [_plain_ratio(ratio) for ratio in report.ratios],
        'difference_to_raw_m': {row.name: _plain(row.difference_to_raw_m) for row in report.rows},
        'notes': list(report.notes),
    }


def _plain(statistics: Statistics | None) -> dict[str, float] | None:
    return None if statistics is None else dataclasses.asdict(statistics)


def _plain_ratio(ratio: PairedRatio) -> dict[str, Any]:
    """The ratio's fields; null for an interval without an upper end, as JSON has no infinity."""
    fields = dataclasses.asdict(ratio)
    for interval in (fields['mean'], fields['p95']):
        for end in ('low', 'high'):
            interval[end] = interval[end] if math.isfinite(interval[end]) else None
    return fields


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a document as strict JSON (a NaN is an error, not a word JSON does not know)."""
    text = json.dumps(document, indent=2, allow_nan=False)
    path.write_text(text + '\n', encoding='utf-8')

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Everything an evaluation leaves in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.geojson import write_geojson
from geoloc_ros.evaluation.plot import write_plot
from geoloc_ros.evaluation.report import (
    RAW_NAME,
    Report,
    to_comparison_document,
    to_document,
    write_json,
)
from geoloc_ros.evaluation.trajectory import DEFAULT_MAX_GAP_S, Trajectory
from geoloc_ros.evaluation.tum import write_tum

FIGURE_NAME = 'trajectory.png'
TRUTH_NAME = 'truth'


def write_output(
    folder: Path,
    report: Report,
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    *,
    raw_name: str = RAW_NAME,
    main_name: str = 'fused',
    max_gap_s: float = DEFAULT_MAX_GAP_S,
) -> None:
    """Write report.json, comparison.json, report.md, trajectory.png and every trajectory.

    Trajectories go to ``NAME.tum`` and ``NAME.geojson``, the truth to ``truth.*``.

    Args:
        folder: made where it is missing.
        report: made from these trajectories.
        trajectories: what the report judges.
        truth: ``None`` when nobody knows.
        raw_name: the raw fixes.
        main_name: the trajectory the picture puts first.
        max_gap_s: longest gap to bridge in the picture.

    Raises:
        EvaluationError: a trajectory's name is the truth's or no file's; nothing is written.
    """
    for one in trajectories:
        _check_name(one.name)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / 'report.json', to_document(report))
    write_json(folder / 'comparison.json', to_comparison_document(report))
    text = tables.markdown_report(report, FIGURE_NAME)
    (folder / 'report.md').write_text(text, encoding='utf-8')
    write_plot(
        folder / FIGURE_NAME,
        trajectories,
        truth,
        report.drive,
        raw_name=raw_name,
        main_name=main_name,
        max_gap_s=max_gap_s,
    )
    for one in trajectories:
        write_trajectory(folder, one.name, one)
    if truth is not None:
        write_trajectory(folder, TRUTH_NAME, truth)


def _check_name(name: str) -> None:
    if name == TRUTH_NAME or '/' in name or '\\' in name:
        raise EvaluationError(
            f'a trajectory is named {name!r}; expected a name without / and \\, other than '
            f'{TRUTH_NAME!r}, as files are named after it; rename it, as fused=FILE'
        )


def write_trajectory(folder: Path, stem: str, trajectory: Trajectory) -> None:
    """Write one trajectory as TUM text and GeoJSON."""
    write_tum(folder / f'{stem}.tum', trajectory)
    write_geojson(folder / f'{stem}.geojson', trajectory)

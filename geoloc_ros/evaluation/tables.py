# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The report for people: Markdown for the file, aligned text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

from geoloc_ros.evaluation.bootstrap import PairedRatio, RatioInterval
from geoloc_ros.evaluation.metrics import Statistics, TrajectoryMetrics
from geoloc_ros.evaluation.report import Report

_NOTHING = '-'


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A heading and rows of text, all of one length."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary_table(report: Report) -> Table:
    """One row a trajectory: errors at the raw fixes' stamps, yaw, NEES, latency."""
    if report.truth is None:
        columns = ('trajectory', 'samples', 'available', *_statistic_names('from raw [m]'))
        rows = tuple(
            (
                row.name,
                str(row.samples),
                _percent(row.availability),
                *_statistics(row.difference_to_raw_m),
            )
            for row in report.rows
        )
        return Table(columns, rows)
    columns = (
        *('trajectory', 'fixes', 'available', 'mean [m]', 'median', 'p90', 'p95', 'p99', 'max'),
        *('yaw [deg]', 'NEES (2)', 'latency [ms]'),
    )
    return Table(columns, tuple(_summary_row(row) for row in report.rows))


def _summary_row(row: TrajectoryMetrics) -> tuple[str, ...]:
    return (
        row.name,
        str(row.samples),
        _percent(row.availability),
        *_statistics(row.position_error_m),
        _mean(row.yaw_error_deg, 1),
        _NOTHING if row.nees_mean is None else f'{row.nees_mean:.2f}',
        _mean(row.latency_ms, 1),
    )


def own_stamps_table(report: Report) -> Table:
    """Errors at every trajectory's own stamps: outages of the receiver count here."""
    columns = ('trajectory', 'samples', *_statistic_names('[m]'))
    rows = tuple(
        (row.name, str(row.own_samples), *_statistics(row.position_error_own_stamps_m))
        for row in report.rows
    )
    return Table(columns, rows)


def statistics_table(
    report: Report, unit: str, values: Sequence[Statistics | None], digits: int
) -> Table:
    """One row for each trajectory that has the statistics."""
    columns = ('trajectory', *_statistic_names(f'[{unit}]'))
    rows = tuple(
        (row.name, *_statistics(value, digits))
        for row, value in zip(report.rows, values, strict=True)
        if value is not None
    )
    return Table(columns, rows)


def ratio_table(report: Report) -> Table:
    """Errors over the raw fixes' errors, with 95 % bootstrap intervals."""
    columns = ('trajectory', 'over', 'fixes', 'ratio of means', 'ratio of p95')
    return Table(columns, tuple(_ratio_row(ratio) for ratio in report.ratios))


def _ratio_row(ratio: PairedRatio) -> tuple[str, ...]:
    return (
        ratio.name,
        ratio.against,
        str(ratio.fixes),
        _with_interval(ratio.mean),
        _with_interval(ratio.p95),
    )


def _with_interval(value: RatioInterval) -> str:
    return f'{value.ratio:.3f} ({value.low:.3f} to {value.high:.3f})'


def _statistic_names(unit: str) -> tuple[str, ...]:
    return (f'mean {unit}', 'median', 'p90', 'p95', 'p99', 'max')


def _statistics(statistics: Statistics | None, digits: int = 2) -> tuple[str, ...]:
    if statistics is None:
        return (_NOTHING,) * 6
    return tuple(f'{value:.{digits}f}' for value in dataclasses.astuple(statistics))


def _mean(statistics: Statistics | None, digits: int) -> str:
    return _NOTHING if statistics is None else f'{statistics.mean:.{digits}f}'


def _percent(share: float) -> str:
    return f'{100.0 * share:.1f} %'


def as_text(table: Table) -> str:
    """The table for a terminal: columns aligned, numbers to the right."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    rule = '  '.join('-' * width for width in widths)
    text = [_aligned(line, widths) for line in lines]
    return '\n'.join([text[0], rule, *text[1:]])


def _aligned(line: tuple[str, ...], widths: Sequence[int]) -> str:
    cells = [line[0].ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
    return '  '.join(cells).rstrip()


def as_markdown(table: Table) -> str:
    """The table as GitHub Markdown."""
    head = '| ' + ' | '.join(table.columns) + ' |'
    rule = '|:---|' + '---:|' * (len(table.columns) - 1)
    return '\n'.join([head, rule, *('| ' + ' | '.join(row) + ' |' for row in table.rows)])


def terminal_report(report: Report) -> str:
    """What a command prints when it is done."""
    parts = [f'drive: {report.drive}', as_text(summary_table(report))]
    if report.truth is None:
        parts.insert(1, 'This drive has no truth: only distances to the raw fixes are known.')
    else:
        parts.insert(1, f'horizontal error at the raw fixes; truth: {report.truth}')
    if report.ratios:
        parts += ['', 'error over raw, with 95 % bootstrap interval', as_text(ratio_table(report))]
    parts += [f'note: {note}' for note in report.notes]
    return '\n'.join(parts)


def markdown_report(report: Report, figure: str | None = None) -> str:
    """The whole of ``report.md``.

    Args:
        report: the figures.
        figure: file name of the picture to show, beside the report.
    """
    parts = [f'# {report.drive}', '']
    if report.command:
        parts += ['Made by:', '', '```', report.command, '```', '']
    if figure is not None:
        parts += [f'![trajectories and errors]({figure})', '']
    parts += ['## Trajectories', '']
    parts += [f'- `{row.name}`: {row.source or "no description"}' for row in report.rows]
    parts += [f'- truth: {report.truth or "none"}', '']
    parts += _with_truth(report) if report.truth is not None else _without_truth(report)
    if report.notes:
        parts += ['', '## Notes', '', *(f'- {note}' for note in report.notes)]
    return '\n'.join(parts) + '\n'


def _without_truth(report: Report) -> list[str]:
    return [
        '## Difference to the raw fixes',
        '',
        (
            'This drive has no truth, so no error can be given. The table shows how far each '
            "trajectory is from the raw fix at the fix's stamp: a measure of smoothing, not of "
            'accuracy.'
        ),
        '',
        as_markdown(summary_table(report)),
    ]


def _with_truth(report: Report) -> list[str]:
    parts = [
        '## Horizontal position error at the raw fixes',
        '',
        (
            'At the stamps of the raw fixes after the first one, the same for all. `available` '
            'is the share of those stamps at which the trajectory has a value. `yaw` is the mean '
            'absolute heading error and `NEES (2)` the mean normalised estimation error squared '
            'over (east, north), both at own stamps; a consistent estimate gives 2. Latency is '
            'a mean.'
        ),
        '',
        as_markdown(summary_table(report)),
        '',
        '## Horizontal position error at own stamps',
        '',
        as_markdown(own_stamps_table(report)),
    ]
    yaw = [row.yaw_error_deg for row in report.rows]
    latency = [row.latency_ms for row in report.rows]
    if any(value is not None for value in yaw):
        table = statistics_table(report, 'deg', yaw, 2)
        parts += ['', '## Heading error at own stamps', '', as_markdown(table)]
    if any(value is not None for value in latency):
        table = statistics_table(report, 'ms', latency, 1)
        parts += ['', '## Latency', '', as_markdown(table)]
    if report.ratios:
        parts += [
            '',
            '## Error over raw',
            '',
            (
                'Paired over the same fixes, with the 95 % interval of a percentile bootstrap '
                'over fixes (10 000 draws, seed 0). Neighbouring fixes err alike, which the draw '
                'ignores: take the interval of one drive as somewhat too narrow.'
            ),
            '',
            as_markdown(ratio_table(report)),
        ]
    return parts

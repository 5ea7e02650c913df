# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Results of ``cross_view.py`` as Markdown, and training curves as a picture.

``python benchmarks/cross_view_tables.py`` prints, from ``results/cross_view.json``, the table of
every row and control, and Table III of Xia et al. (RA-L 2021): mean error and error at the 99 %
quantile of GPS alone, global + GPS and geo-local + GPS. ``--curves FILE.png LOG...`` draws the
logs that ``geoloc-train fit`` wrote.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path('benchmarks/results/cross_view.json')
#: Rows of Table III by what the paper calls them.
TABLE_THREE = {
    'GPS': 'gps_filtered',
    'global + GPS (filter as printed)': 'paper_fused_global',
    'geo-local + GPS (filter as printed)': 'paper_fused',
    'GPS (ours)': 'gps_alone',
    'global + GPS (ours)': 'alone_fused_global',
    'geo-local + GPS (ours)': 'alone_fused',
    'GPS + odometry': 'no_camera',
    'global + GPS + odometry': 'fused_global',
    'geo-local + GPS + odometry': 'fused',
}
WITHOUT = 'no_camera'
_SMOOTHED_ROWS = 10

Days = dict[str, dict[str, Any]]


def cell(record: dict[str, Any] | None) -> str:
    """Mean and 99 % quantile of a row on a day."""
    if record is None or record['error_m'] is None:
        return '-'
    return f'{record["error_m"]["mean"]:.2f} ({record["error_m"]["p99"]:.2f})'


def table_three(days: Days) -> str:
    """Mean error (99 % quantile) in metres, a column a day, then the mean over days."""
    lines = ['| mean (p99) [m] | ' + ' | '.join([*days, 'mean']) + ' |']
    lines.append('|---' * (len(days) + 2) + '|')
    for title, row in TABLE_THREE.items():
        records = [day['rows'].get(row) for day in days.values()]
        known = [r['error_m'] for r in records if r is not None]
        if not known:
            continue
        mean = ' '.join(
            text.format(np.mean([one[key] for one in known]))
            for text, key in (('{:.2f}', 'mean'), ('({:.2f})', 'p99'))
        )
        lines.append(f'| {title} | ' + ' | '.join([*map(cell, records), mean]) + ' |')
    return '\n'.join(lines)


def table_of_rows(days: Days) -> str:
    """Every row: mean and 99 % quantile over ``no_camera``, heading, coverage; a column a day."""
    names = list(dict.fromkeys(name for day in days.values() for name in day['rows']))
    lines = ['| row | ' + ' | '.join(days) + ' |', '|---' * (len(days) + 1) + '|']
    for name in names:
        texts = []
        for day in days.values():
            record = day['rows'].get(name)
            texts.append('-' if record is None else _ratios(record))
        lines.append(f'| `{name}` | ' + ' | '.join(texts) + ' |')
    return '\n'.join(lines)


def _ratios(record: dict[str, Any]) -> str:
    ratio = record['over_no_camera']
    mean, tail = ratio['mean'], ratio['p99']
    text = f'{mean["ratio"]:.2f} ({mean["high"]:.2f}), {tail["ratio"]:.2f} ({tail["high"]:.2f})'
    if record['yaw_error_deg'] is not None:
        text += f'; {record["yaw_error_deg"]["mean"]:.1f} deg'
    if record['nees_mean'] is not None:
        text += (
            f'; {record["nees_mean"]:.2f}, {100.0 * record["covered_50"]:.0f} %, '
            f'{100.0 * record["covered_90"]:.0f} %'
        )
    return text


def table_of_training(days: Days, area: dict[str, Any]) -> str:
    """Mean error with geo-local over that with global weights (95 % interval), a column a day."""
    every = {**days, 'all drives': area}
    lines = ['| | ' + ' | '.join(every) + ' |', '|---' * (len(every) + 1) + '|']
    for name in area['local_over_global']:
        ratios = [one['local_over_global'][name]['mean'] for one in every.values()]
        texts = [f'{one["ratio"]:.2f} ({one["low"]:.2f} to {one["high"]:.2f})' for one in ratios]
        lines.append(f'| `{name}` | ' + ' | '.join(texts) + ' |')
    return '\n'.join(lines)


def print_day(name: str, records: dict[str, dict[str, object]]) -> None:
    """One day as a table."""
    print(f'\n{name}')
    print(
        f'{"":18s} {"mean":>6s} {"median":>6s} {"p90":>6s} {"p95":>6s} {"p99":>6s} {"yaw":>5s} '
        f'{"NEES":>5s} {"50 %":>4s} {"90 %":>4s}  mean and p99 over {WITHOUT} (95 % interval)'
    )
    for row, record in records.items():
        error, yaw = record['error_m'], record['yaw_error_deg']
        ratio = record[f'over_{WITHOUT}']
        assert isinstance(error, dict)
        assert isinstance(ratio, dict)
        figures = ' '.join(f'{error[k]:6.2f}' for k in ('mean', 'median', 'p90', 'p95', 'p99'))
        heading = f'{yaw["mean"]:5.1f}' if isinstance(yaw, dict) else '    -'
        honest = '    -    -    -'
        if record['nees_mean'] is not None:
            honest = (
                f'{record["nees_mean"]:5.2f} {record["covered_50"]:4.2f} '
                f'{record["covered_90"]:4.2f}'
            )
        ratios = '  '.join(
            f'{one["ratio"]:.2f} ({one["low"]:.2f} to {one["high"]:.2f})'
            for one in (ratio['mean'], ratio['p99'])
        )
        print(f'{row:18s} {figures} {heading} {honest}  {ratios}')


def draw_curves(path: Path, logs: Sequence[Path]) -> None:
    """The triplet loss and the distances of training runs over their steps.

    Args:
        path: PNG to be written.
        logs: ``log.jsonl`` files, named after their folders.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.4), layout='constrained')
    FigureCanvasAgg(figure)
    loss, apart = figure.subplots(1, 2)
    for log in logs:
        lines = map(json.loads, log.read_text(encoding='utf-8').splitlines())
        by_step = {row['step']: row for row in lines}  # done twice, where a run was taken up again
        rows, name = [by_step[step] for step in sorted(by_step)], log.parent.name
        at = [row['step'] for row in rows][_SMOOTHED_ROWS - 1 :]
        triplets, others, pairs = (
            np.convolve(
                [row[key] for row in rows], np.ones(_SMOOTHED_ROWS) / _SMOOTHED_ROWS, 'valid'
            )
            for key in ('triplets', 'negative', 'positive')
        )
        loss.semilogy(at, triplets, label=name)
        (line,) = apart.plot(at, others, label=f'{name}: others in the minibatch')
        apart.plot(at, pairs, '--', color=line.get_color(), label=f'{name}: pairs')
    loss.set(xlabel='step', ylabel='triplet loss', title='Each in its own minibatches')
    apart.set(xlabel='step', ylabel='squared distance', title='Mean distance of descriptors')
    loss.legend()
    apart.legend(fontsize='small')
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print the tables, or draw curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--results', type=Path, default=RESULTS)
    parser.add_argument('--curves', type=Path, nargs='+', metavar='FILE', help='PNG, then logs')
    options = parser.parse_args()
    if options.curves:
        draw_curves(options.curves[0], options.curves[1:])
        return
    results = json.loads(options.results.read_text(encoding='utf-8'))
    for area, pooled in results['areas'].items():
        own = {name: day for name, day in results['days'].items() if day['area'] == area}
        print(f'\n{area}, Table III\n\n{table_three(own)}')
        print(
            f'\n{area}, over `no_camera` with the upper 95 % bound: mean, p99; heading; NEES of '
            'two, truth in the 50 % and 90 % regions\n\n'
            f'{table_of_rows({**own, "all drives": pooled})}\n\n{table_of_training(own, pooled)}'
        )


if __name__ == '__main__':
    main()

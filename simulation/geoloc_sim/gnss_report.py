# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The comparison of the GNSS error model with real receivers, as text in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from geoloc_sim.error_statistics import (
    ErrorStatistics,
    cut_windows,
    error_statistics,
    simulate_errors,
)
from geoloc_sim.gnss_error import part_variances_m2
from geoloc_sim.real_receivers import comma2k19_errors, smartloc_errors
from geoloc_sim.settings import DriveSettings

_HEAD = (
    '| errors of | 60 s windows | mean m | rms per axis m | std in window m | p95 / median '
    '| correlation at 2 s | 4 s | 6 s | 10 s |'
)


def gnss_report(data: Path, drives: int, progress: Callable[[str], None]) -> str:
    """Two Markdown tables: real against simulated, and the parts of the simulated error.

    Real receivers whose recordings are not in ``data`` are left out, and the text says so.

    Args:
        data: folder with ``comma2k19`` and ``smartloc``.
        drives: simulated drives, each in a world and on a day of its own.
        progress: told what is being done.
    """
    lines = [_HEAD, '|' + '---|' * (_HEAD.count('|') - 1)]
    lines += _real_rows(data, progress)
    settings = DriveSettings()
    progress(f'simulating {drives} drives')
    simulated = simulate_errors(settings, drives)
    lines.append(_row(f'simulated, {drives} drives', error_statistics(simulated.windows)))
    expected = part_variances_m2(settings.receiver.error)
    total = sum(expected.values())
    lines += ['', '| part | sigma per axis m | share of variance | drawn |', '|---|---|---|---|']
    drawn = {
        name: sum(float((getattr(parts, name) ** 2).mean()) for parts in simulated.parts)
        for name in expected
    }
    drawn_total = sum(drawn.values())
    lines += [
        f'| {name} | {variance**0.5:.2f} | {variance / total:.0%} '
        f'| {drawn[name] / drawn_total:.0%} |'
        for name, variance in expected.items()
    ]
    lines.append(f'| all | {total**0.5:.2f} | 100% | 100% |')
    return '\n'.join(lines)


def _real_rows(data: Path, progress: Callable[[str], None]) -> Iterator[str]:
    segment, city = data / 'comma2k19' / 'segment', data / 'smartloc' / 'smartLoc'
    if segment.is_dir():
        for receiver in ('qcom', 'ublox'):
            progress(f'reading comma2k19 {receiver}')
            windows = cut_windows(*comma2k19_errors(segment, receiver))
            yield _row(f'comma2k19 {receiver}', error_statistics(windows))
    else:
        yield f'(comma2k19 left out: no folder {segment})'
    if city.is_dir():
        progress('solving smartLoc pseudoranges')
        windows = cut_windows(*smartloc_errors(city, 'Berlin_Potsdamer_Platz'))
        yield _row('smartLoc Potsdamer Platz', error_statistics(windows))
    else:
        yield f'(smartLoc left out: no folder {city})'


def _row(name: str, found: ErrorStatistics) -> str:
    lags = ' | '.join(f'{value:.2f}' for value in found.autocorrelation)
    return (
        f'| {name} | {found.windows} | {found.mean_m:.2f} | {found.sigma_m:.2f} '
        f'| {found.within_sigma_m:.2f} | {found.p95_over_median:.2f} | {lags} |'
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Times functions side by side and writes what was measured, with what, on what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import importlib.metadata
import json
from pathlib import Path
import platform
import subprocess
import sys
import time

import numpy as np


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """Median and quartiles of the time of one call, in microseconds."""

    median_us: float
    lower_quartile_us: float
    upper_quartile_us: float
    rounds: int
    calls_a_round: int


def time_alternating(
    functions: Mapping[str, Callable[[], object]], rounds: int, calls_a_round: int
) -> dict[str, Timing]:
    """Time functions in turn, round by round, so that a drifting machine slows all alike.

    Their order is drawn anew each round: whoever runs after the largest of them finds its own data
    gone from the processor's cache.

    Args:
        functions: what to time, by name; each is warmed up first.
        rounds: how often each is timed.
        calls_a_round: calls in a round, over which its time is averaged.
    """
    times_us: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        for _ in range(max(3, calls_a_round // 5)):
            function()
    rng = np.random.default_rng(rounds)
    names = list(functions)
    for _ in range(rounds):
        for number in rng.permutation(len(names)):
            name = names[number]
            function = functions[name]
            begin = time.perf_counter()
            for _ in range(calls_a_round):
                function()
            times_us[name].append((time.perf_counter() - begin) / calls_a_round * 1e6)
    return {name: _summary(np.array(times_us[name]), calls_a_round) for name in functions}


def _summary(times_us: np.ndarray, calls_a_round: int) -> Timing:
    lower, median, upper = np.percentile(times_us, [25.0, 50.0, 75.0])
    return Timing(float(median), float(lower), float(upper), len(times_us), calls_a_round)


def print_table(title: str, timings: Mapping[str, Timing], ours: str) -> None:
    """Print a table whose last column is our time over theirs."""
    print(f'\n{title}')
    print(f'{"":28s} {"median":>10s} {"quartiles":>19s} {"ours/theirs":>12s}')
    for name, timing in timings.items():
        ratio = timings[ours].median_us / timing.median_us
        print(
            f'{name:28s} {timing.median_us:8.1f} us '
            f'{timing.lower_quartile_us:8.1f} - {timing.upper_quartile_us:8.1f} {ratio:12.2f}'
        )


def machine_record(packages: Sequence[str], seed: int) -> dict[str, object]:
    """Command, commit, machine, versions and seed, as every results file begins."""
    return {
        'command': 'python ' + ' '.join(sys.argv),
        'commit': _commit(),
        'machine': {
            'processor': _processor(),
            'system': platform.platform(),
            'python': platform.python_version(),
        },
        'versions': {name: importlib.metadata.version(name) for name in packages},
        'seed': seed,
    }


def write_results(
    path: Path, tables: Mapping[str, Mapping[str, Timing]], packages: Sequence[str], seed: int
) -> None:
    """Write timings as JSON with command, commit, machine, versions and seed."""
    record = {
        **machine_record(packages, seed),
        'tables': {
            title: {name: dataclasses.asdict(timing) for name, timing in timings.items()}
            for title, timings in tables.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + '\n')
    print(f'\nwritten to {path}')


def _commit() -> str:
    answer = subprocess.run(
        ['git', 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or 'unknown'


def _processor() -> str:
    path = Path('/proc/cpuinfo')
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor()

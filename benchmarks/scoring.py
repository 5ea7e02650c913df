# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Scores of windows and of whole maps beside np.dot: ``python benchmarks/scoring.py``.

- A window of n references of 4096 float32 values, contiguous, against np.dot of the same bytes.
- A circle of n cells in a larger window that is kept: ours scores the block about the circle where
  it lies; np.dot gets the n cells side by side, as if somebody had put them there.
- Azimuth descriptors at 32 headings, against the product of every ground column with every
  reference column (the least that circular scores need) and against np.dot of the same bytes.
- A map of a million cells, 512 values each, in int8, ten best, against np.dot in float32; and the
  share of the ten best of float32 that it finds, on places that look alike in groups (as the
  descriptors of a street do) and on random directions.

Set OPENBLAS_NUM_THREADS=1: everything runs on one thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
import math
from pathlib import Path

from measuring import Timing, print_table, time_alternating, write_results
import numpy as np
import numpy.typing as npt

from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.observations.map_search import MapSearch

SEED = 20261121
VALUES = 4096
RADII = (6, 18, 56)  # cells; circles of 113, 1009 and 9845 of them
WINDOWS = (113, 1000, 10_000)
CITY, CITY_VALUES, GROUP = 1_000_000, 512, 20
BEST = 10
PLAIN = InputContract('plain', 96, 192, math.pi / 2, 50.0, 96, 'north_up', (VALUES,))
AZIMUTH = InputContract('azimuth', 96, 256, math.pi / 2, 80.0, 160, 'azimuth', (32, 24), (8, 24))
PACKAGES = ('numpy', 'numba')

Float32Array = npt.NDArray[np.float32]


def unit_vectors(rng: np.random.Generator, *shape: int) -> Float32Array:
    """Random directions."""
    values = rng.standard_normal(shape, dtype=np.float32)
    values /= np.sqrt(np.einsum('...d,...d->...', values, values))[..., None]
    return values


def calls_for(count: int) -> int:
    """Calls in a round, for rounds of a few milliseconds."""
    return max(1, 20_000 // count)


def contiguous_table(count: int, rounds: int) -> dict[str, Timing]:
    """A window whose references lie side by side."""
    rng = np.random.default_rng(SEED)
    references = unit_vectors(rng, count, VALUES)
    ground = references[count // 2].copy()
    check(
        descriptor_distances(PLAIN, ground, references)[:, 0],
        np.sum((references.astype(np.float64) - ground) ** 2, axis=1),
    )
    return time_alternating(
        {
            'ours': lambda: descriptor_distances(PLAIN, ground, references),
            'np.dot': lambda: np.dot(references, ground),
        },
        rounds,
        calls_for(count),
    )


def circle_table(radius: int, rounds: int) -> dict[str, Timing]:
    """A circle of cells inside of a larger window."""
    rng = np.random.default_rng(SEED)
    side = 2 * radius + 1
    kept = unit_vectors(rng, side + 8, side + 8, VALUES)
    block = kept[3 : 3 + side, 5 : 5 + side]
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    touched = np.hypot(x, y) <= radius
    circle = np.ascontiguousarray(block[touched])
    ground = circle[len(circle) // 2].copy()
    ours = descriptor_distances(PLAIN, ground, block)[touched][:, 0]
    check(ours, np.sum((circle.astype(np.float64) - ground) ** 2, axis=1))
    return time_alternating(
        {
            'ours': lambda: descriptor_distances(PLAIN, ground, block),
            'np.dot, cells side by side': lambda: np.dot(circle, ground),
            'gather, then np.dot': lambda: np.dot(block[touched], ground),
        },
        rounds,
        calls_for(side * side),
    )


def azimuth_table(count: int, rounds: int) -> dict[str, Timing]:
    """Scores at every heading."""
    rng = np.random.default_rng(SEED)
    references = unit_vectors(rng, count, *AZIMUTH.descriptor_shape)
    ground = unit_vectors(rng, *AZIMUTH.ground_descriptor_shape)
    columns, transposed = references.reshape(-1, ground.shape[1]), np.ascontiguousarray(ground.T)
    flat = references.reshape(count, -1)
    vector = flat[0].copy()
    return time_alternating(
        {
            'ours': lambda: descriptor_distances(AZIMUTH, ground, references),
            'np.dot of all column pairs': lambda: np.dot(columns, transposed),
            'np.dot of the same bytes': lambda: np.dot(flat, vector),
        },
        rounds,
        calls_for(count),
    )


def city(rng: np.random.Generator, *, alike: bool) -> Float32Array:
    """Descriptors of a map: groups of places that look alike, or directions at random."""
    references = unit_vectors(rng, CITY, CITY_VALUES)
    if alike:
        groups = unit_vectors(rng, CITY // GROUP, CITY_VALUES)
        references *= 0.8
        references.reshape(-1, GROUP, CITY_VALUES)[...] += groups[:, None]
        references /= np.sqrt(np.einsum('rd,rd->r', references, references))[:, None]
    return references


def recall(
    search: MapSearch, references: Float32Array, rng: np.random.Generator, queries: int
) -> float:
    """Share of the ten best of float32 that int8 finds, for noisy looks at places of the map."""
    found = 0
    for at in rng.integers(0, CITY, queries):
        query = references[at] + 0.6 * unit_vectors(rng, CITY_VALUES)
        query /= np.linalg.norm(query)
        exact = np.argpartition(-np.dot(references, query), BEST)[:BEST]
        found += len(np.intersect1d(exact, search.best(query, BEST)[0]))
    return found / (queries * BEST)


def city_table(rounds: int, queries: int) -> tuple[dict[str, Timing], dict[str, float]]:
    """A whole map: times, and recall at ten by kind of city."""
    recalls = {}
    for name in ('random directions', 'places alike in groups'):
        rng = np.random.default_rng(SEED)
        references = city(rng, alike=name != 'random directions')
        search = MapSearch.of(references)
        recalls[name] = recall(search, references, rng, queries)
    query = references[CITY // 3].copy()
    contenders: dict[str, Callable[[], object]] = {
        'ours, int8, ten best': lambda: search.best(query, BEST),
        'np.dot, float32, no search': lambda: np.dot(references, query),
    }
    return time_alternating(contenders, rounds, 1), recalls


def check(ours: Float32Array, exact: npt.NDArray[np.float64]) -> None:
    """Stop where ours is not the distance."""
    worst = float(np.max(np.abs(ours - exact)))
    if worst > 1e-5:
        raise SystemExit(f'distances are off by {worst:.1e}: not the same job')


def print_verdict(name: str, timings: dict[str, Timing], peer: str, limit: float) -> None:
    """Say whether a demand is met."""
    ratio = next(iter(timings.values())).median_us / timings[peer].median_us
    verdict = 'met' if ratio <= limit else 'MISSED'
    print(f'{name}: {ratio:.2f} x {peer}; demanded at most {limit:g}: {verdict}')


def main() -> None:
    """Run all, print tables and verdicts, write the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=40)
    parser.add_argument('--queries', type=int, default=100, help='for recall, of each kind')
    default = Path(__file__).parent / 'results' / 'cross_view_scoring.json'
    parser.add_argument('--out', type=Path, default=default)
    arguments = parser.parse_args()
    tables: dict[str, dict[str, Timing]] = {}
    demands: list[tuple[str, str, float]] = []
    for count in WINDOWS:
        title = f'window of {count} references, {VALUES} values'
        tables[title] = contiguous_table(count, arguments.rounds)
        demands.append((title, 'np.dot', 1.15))
    for radius in RADII:
        title = f'circle of radius {radius} cells in a larger window, {VALUES} values'
        tables[title] = circle_table(radius, arguments.rounds)
        demands.append((title, 'np.dot, cells side by side', 1.7))
    for count in WINDOWS:
        title = f'azimuth descriptors of {count} references at 32 headings'
        tables[title] = azimuth_table(count, arguments.rounds)
    title = f'map of {CITY} cells, {CITY_VALUES} values'
    tables[title], recalls = city_table(max(5, arguments.rounds // 2), arguments.queries)
    demands.append((title, 'np.dot, float32, no search', 0.3))
    for name, timings in tables.items():
        print_table(name, timings, next(iter(timings)))
    for name, peer, limit in demands:
        print_verdict(name, tables[name], peer, limit)
    for name, share in recalls.items():
        print(f'recall@{BEST} of int8, {name}: {share:.3f}')
    write_results(arguments.out, tables, PACKAGES, SEED)
    record = json.loads(arguments.out.read_text())
    record['recall_at_10'] = recalls
    arguments.out.write_text(json.dumps(record, indent=2) + '\n')


if __name__ == '__main__':
    main()

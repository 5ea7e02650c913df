# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Tables of retrieval in the layouts of the paper's Tables I and II, and as JSON.

Source: Xia et al., RA-L 2021, Tables I (CVACT) and II (RobotCar).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
import math

from geoloc_training.recall import Retrieval


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """Retrievals of one test set with one network.

    Attributes:
        test: name of the test set: ``T.1``.
        network: what was trained and how: ``geo-local``.
        near: with the test radius.
        everywhere: without one; ``None`` where it was not measured.
    """

    test: str
    network: str
    near: Retrieval
    everywhere: Retrieval | None = None


def table_two(rows: Sequence[Measured]) -> str:
    """Recall@1, 1 m, 3 m and 5 m within the test radius, and 5 m without, for each day.

    The mean over the days of each network comes last.
    """
    radius = _radius(rows)
    head = ('', '1', '1m', '3m', '5m', '5m')
    lines: list[tuple[str, ...]] = [('Recall@', *head[1:]), ('Test radius', *(radius,) * 4, 'inf')]
    networks = list(dict.fromkeys(row.network for row in rows))
    lines += [(f'{row.test} {row.network} (%)', *_texts(_row_two(row))) for row in rows]
    if len({row.test for row in rows}) > 1:
        for network in networks:
            values = [_row_two(row) for row in rows if row.network == network]
            lines.append((f'Mean {network} (%)', *_texts(_mean(values))))
    return _table(lines)


def table_one(rows: Sequence[Measured]) -> str:
    """Recall@1 within the test radius and without, 5 m and 10 m within it."""
    radius = _radius(rows)
    lines: list[tuple[str, ...]] = [
        ('Recall@', '1', '1', '5m', '10m'),
        ('Test radius', radius, 'inf', radius, radius),
    ]
    for row in rows:
        near, all_of_it = row.near, row.everywhere
        values = (
            near.recall_at_1(),
            math.nan if all_of_it is None else all_of_it.recall_at_1(),
            near.recall_within(5.0),
            near.recall_within(10.0),
        )
        lines.append((f'{row.network} (%)', *_texts(values)))
    return _table(lines)


def figures(row: Measured) -> dict[str, float]:
    """The numbers of a row by name, for JSON and the manifest of weights."""
    near = row.near
    numbers = {'recall_at_1': near.recall_at_1()}
    numbers |= {f'recall_{x}m': near.recall_within(float(x)) for x in (1, 3, 5, 10)}
    numbers['mean_error_m'] = near.mean_error_m()
    numbers['queries'] = float(len(near.errors_m))
    if row.everywhere is not None:
        numbers['recall_at_1_everywhere'] = row.everywhere.recall_at_1()
        numbers['recall_5m_everywhere'] = row.everywhere.recall_within(5.0)
    return {name: round(value, 4) for name, value in numbers.items()}


def figures_text(numbers: Mapping[str, float]) -> str:
    """What ``figures`` gives within the test radius, as a line to read."""
    within = ', '.join(f'{x} m {100.0 * numbers[f"recall_{x}m"]:.1f} %' for x in (1, 3, 5, 10))
    return (
        f'recall@1 {100.0 * numbers["recall_at_1"]:.1f} %, within {within}, mean error '
        f'{numbers["mean_error_m"]:.2f} m, {numbers["queries"]:.0f} queries'
    )


def _row_two(row: Measured) -> tuple[float, ...]:
    near = row.near
    far = math.nan if row.everywhere is None else row.everywhere.recall_within(5.0)
    return (near.recall_at_1(), *(near.recall_within(x) for x in (1.0, 3.0, 5.0)), far)


def _mean(values: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(sum(column) / len(values) for column in zip(*values, strict=True))


def _texts(shares: Sequence[float]) -> tuple[str, ...]:
    return tuple('-' if math.isnan(share) else f'{100.0 * share:.1f}' for share in shares)


def _radius(rows: Sequence[Measured]) -> str:
    return f'{rows[0].near.radius_m:g}m'


def _table(lines: Sequence[tuple[str, ...]]) -> str:
    """Lines as a Markdown table."""
    rows = ['| ' + ' | '.join(line) + ' |' for line in lines]
    rule = '|' + '|'.join(['---'] * len(lines[0])) + '|'
    return '\n'.join([rows[0], rule, *rows[1:]])

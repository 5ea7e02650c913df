# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How much better than raw, and how sure one can be with so few fixes.

The paired bootstrap draws fixes with replacement, takes the errors of both trajectories at the
same fixes, and forms the ratio anew each time; the interval holds the middle 95 % of the ratios.
Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13
(percentile interval). Errors of neighbouring fixes are correlated and the draw ignores that, so
the interval of a single drive is somewhat too narrow; across drives or seeds it is not affected.
A draw whose divisor is zero counts as an infinite ratio, so an upper end may be infinite; zero
over zero says nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import math

import numpy as np

from geoloc_ros.errors import EvaluationError
from geoloc_ros.types import FloatArray

_RESAMPLES = 10_000
_ROWS_AT_ONCE_ELEMENTS = 2_000_000

_StatisticByRow = Callable[[FloatArray], FloatArray]


@dataclasses.dataclass(frozen=True, slots=True)
class RatioInterval:
    """A ratio and the 95 % interval of its bootstrap distribution; ``high`` may be infinite."""

    ratio: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, slots=True)
class PairedRatio:
    """One trajectory's error over another's at the fixes where both are known.

    Attributes:
        name: the trajectory judged.
        against: the trajectory it is held against.
        fixes: how many fixes both have an error at.
        mean: ratio of the mean errors.
        p95: ratio of the 95th percentiles.
    """

    name: str
    against: str
    fixes: int
    mean: RatioInterval
    p95: RatioInterval


def paired_ratio(
    name: str,
    errors_m: FloatArray,
    against: str,
    against_errors_m: FloatArray,
    *,
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> PairedRatio:
    """Ratio of two trajectories' errors with its bootstrap interval.

    Args:
        name: of the trajectory judged.
        errors_m: its errors at the common stamps, shape (m,), NaN where missing.
        against: name of the trajectory it is held against.
        against_errors_m: that one's errors at the same stamps, shape (m,).
        seed: of the draws; equal seeds give equal intervals.
        resamples: how many draws.

    Raises:
        EvaluationError: fewer than two stamps where both errors are known, or a zero to divide by.
    """
    both = ~(np.isnan(errors_m) | np.isnan(against_errors_m))
    ours, theirs = errors_m[both], against_errors_m[both]
    if len(ours) < 2:
        raise EvaluationError(
            f'{name!r} and {against!r} share {len(ours)} stamps with a known error; expected at '
            'least 2 to form a ratio; check that the trajectories and the truth overlap in time'
        )
    if not np.percentile(theirs, 95.0) > 0.0:
        raise EvaluationError(
            f'the errors of {against!r} are zero (95th percentile); expected something to '
            'improve on; check that it was not compared with itself'
        )
    return PairedRatio(
        name=name,
        against=against,
        fixes=len(ours),
        mean=_interval(ours, theirs, _row_means, seed, resamples),
        p95=_interval(ours, theirs, _row_p95, seed, resamples),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class PooledRatio:
    """Errors of several drives over another trajectory's on the same drives, pooled.

    Attributes:
        drives: how many drives (or seeds) there are.
        mean: ratio of the mean errors.
        p99: ratio of the 99th percentiles.
    """

    drives: int
    mean: RatioInterval
    p99: RatioInterval


def pooled_ratio(
    errors_m: Sequence[FloatArray],
    against_errors_m: Sequence[FloatArray],
    *,
    seed: int = 0,
    resamples: int = 2000,
) -> PooledRatio:
    """Ratio of two sets of errors over several drives; whole drives are drawn anew.

    Errors within a drive are correlated, so a drive is the least that may be drawn.

    Args:
        errors_m: of each drive, NaN where missing.
        against_errors_m: of the same drives.
        seed: of the draws.
        resamples: how many draws.

    Raises:
        EvaluationError: not the same number of drives, or a drive without any error.
    """
    ours = [np.asarray(one)[~np.isnan(one)] for one in errors_m]
    theirs = [np.asarray(one)[~np.isnan(one)] for one in against_errors_m]
    if not ours or len(ours) != len(theirs) or not all(map(len, (*ours, *theirs))):
        raise EvaluationError(
            f'{len(ours)} and {len(theirs)} drives, errors in each: '
            f'{[len(one) for one in (*ours, *theirs)]}; expected the same drives, with errors in '
            'each; check that the trajectories and the truth overlap in time'
        )
    generator = np.random.default_rng(seed)
    draws = [np.arange(len(ours)), *generator.integers(0, len(ours), (resamples, len(ours)))]
    ratios = np.array(
        [_pooled([ours[k] for k in drawn], [theirs[k] for k in drawn]) for drawn in draws]
    )
    low, high = np.percentile(ratios[1:], [2.5, 97.5], axis=0)
    mean, p99 = (
        RatioInterval(float(ratios[0, k]), float(low[k]), float(high[k])) for k in range(2)
    )
    return PooledRatio(len(ours), mean, p99)


def _pooled(ours: list[FloatArray], theirs: list[FloatArray]) -> tuple[float, float]:
    mine, others = np.concatenate(ours), np.concatenate(theirs)
    return (
        float(mine.mean() / others.mean()),
        float(np.percentile(mine, 99.0) / np.percentile(others, 99.0)),
    )


def _row_means(rows: FloatArray) -> FloatArray:
    return np.asarray(np.mean(rows, axis=1))


def _row_p95(rows: FloatArray) -> FloatArray:
    return np.asarray(np.percentile(rows, 95.0, axis=1))


def _interval(
    ours: FloatArray, theirs: FloatArray, statistic: _StatisticByRow, seed: int, resamples: int
) -> RatioInterval:
    generator = np.random.default_rng(seed)
    count = len(ours)
    rows_at_once = max(1, _ROWS_AT_ONCE_ELEMENTS // count)
    ratios = []
    for start in range(0, resamples, rows_at_once):
        rows = min(rows_at_once, resamples - start)
        drawn = generator.integers(0, count, size=(rows, count))
        with np.errstate(divide='ignore', invalid='ignore'):  # a draw of zeros alone
            ratios.append(statistic(ours[drawn]) / statistic(theirs[drawn]))
    ratio = statistic(ours[None, :])[0] / statistic(theirs[None, :])[0]
    return RatioInterval(float(ratio), *_middle(np.concatenate(ratios)))


def _middle(ratios: FloatArray) -> tuple[float, float]:
    """Ends of the middle 95 %; with infinite ratios nothing is interpolated."""
    known = np.sort(ratios[~np.isnan(ratios)])
    if not known.size:
        return 0.0, math.inf
    if math.isfinite(known[-1]):
        low, high = np.percentile(known, [2.5, 97.5])
    else:
        outside = int(0.025 * known.size)
        low, high = known[outside], known[-1 - outside]
    return float(low), float(high)

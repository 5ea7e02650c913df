# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import itertools

import numpy as np
import pytest

from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.bootstrap import paired_ratio, pooled_ratio


def test_the_ratio_is_the_ratio():
    result = paired_ratio('a', np.array([1.0, 2.0, 3.0]), 'b', np.array([2.0, 4.0, 6.0]))
    assert (result.mean.ratio, result.p95.ratio, result.fixes) == (0.5, 0.5, 3)
    # Paired: the ratio is one half in every draw.
    assert (result.mean.low, result.mean.high) == (0.5, 0.5)


def test_the_interval_against_every_possible_draw():
    ours, theirs = np.array([1.0, 5.0, 2.0, 2.5]), np.array([4.0, 4.5, 9.0, 1.0])
    draws = np.array(list(itertools.product(range(4), repeat=4)))
    exact = ours[draws].mean(axis=1) / theirs[draws].mean(axis=1)
    low, high = np.quantile(exact, [0.025, 0.975], method='inverted_cdf')
    result = paired_ratio('a', ours, 'b', theirs, resamples=40_000)
    # All 256 draws are equally likely; sampled quantiles lie between neighbouring ratios.
    assert result.mean.low == pytest.approx(low, rel=0.05)
    assert result.mean.high == pytest.approx(high, rel=0.05)


def test_a_seed_repeats_and_another_differs():
    ours, theirs = np.random.default_rng(0).gamma(2.0, size=(2, 30))
    one = paired_ratio('a', ours, 'b', theirs, seed=1)
    assert one == paired_ratio('a', ours, 'b', theirs, seed=1)
    assert one != paired_ratio('a', ours, 'b', theirs, seed=2)


def test_the_interval_covers_the_true_ratio_as_often_as_it_says():
    generator = np.random.default_rng(17)
    hits = 0
    for _ in range(200):
        theirs = generator.gamma(4.0, size=60)
        ours = 0.5 * theirs * generator.gamma(9.0, 1.0 / 9.0, size=60)
        interval = paired_ratio('a', ours, 'b', theirs, resamples=400).mean
        hits += interval.low <= 0.5 <= interval.high
    # 95 % of 200 is 190, with a binomial standard deviation of 3.1; percentile intervals of 60
    # samples fall short by a point or two.
    assert 176 <= hits <= 199


def test_only_common_stamps_count():
    ours = np.array([1.0, np.nan, 3.0, 5.0])
    theirs = np.array([2.0, 2.0, 6.0, np.nan])
    result = paired_ratio('a', ours, 'b', theirs)
    assert (result.fixes, result.mean.ratio) == (2, 0.5)


def test_draws_without_any_error_to_divide_by_leave_the_upper_end_open():
    theirs = np.zeros(40)
    theirs[:3] = 5.0
    both = paired_ratio('a', np.full(40, 0.5), 'b', theirs)
    assert (both.mean.ratio, both.p95.ratio) == (pytest.approx(4 / 3), pytest.approx(0.1))
    # 4.4 % of the draws of 40 hold none of the three.
    assert 0.0 < both.mean.low < both.mean.ratio
    assert (both.mean.high, both.p95.high) == (np.inf, np.inf)
    # Zero over zero is left out: where ours errs at the same fixes, the ratio is known.
    alike = paired_ratio('a', 0.5 * theirs, 'b', theirs).mean
    assert (alike.ratio, alike.low, alike.high) == (0.5, 0.5, 0.5)


def test_wrong_input_is_named():
    with pytest.raises(EvaluationError, match='share 1 stamps'):
        paired_ratio('a', np.array([1.0, np.nan]), 'b', np.array([1.0, 1.0]))
    with pytest.raises(EvaluationError, match='compared with itself'):
        paired_ratio('a', np.ones(3), 'b', np.zeros(3))


def test_pooled_ratio_of_drives_against_every_possible_draw():
    ours = [np.array([1.0, 2.0]), np.array([4.0]), np.array([2.0, np.nan, 6.0])]
    theirs = [np.array([2.0, 3.0]), np.array([5.0]), np.array([9.0, 1.0, np.nan])]
    draws = list(itertools.product(range(3), repeat=3))
    exact_mean, exact_p99 = [], []
    for draw in draws:
        mine = np.concatenate([ours[k][~np.isnan(ours[k])] for k in draw])
        others = np.concatenate([theirs[k][~np.isnan(theirs[k])] for k in draw])
        exact_mean.append(mine.mean() / others.mean())
        exact_p99.append(np.percentile(mine, 99.0) / np.percentile(others, 99.0))
    result = pooled_ratio(ours, theirs, resamples=40_000)
    assert result.drives == 3
    assert result.mean.ratio == pytest.approx((15.0 / 5.0) / (20.0 / 5.0))
    for found, exact in ((result.mean, exact_mean), (result.p99, exact_p99)):
        low, high = np.quantile(exact, [0.025, 0.975], method='inverted_cdf')
        assert found.low == pytest.approx(low, rel=0.05)
        assert found.high == pytest.approx(high, rel=0.05)


def test_pooled_ratio_of_different_drives_is_refused():
    with pytest.raises(EvaluationError, match='the same drives'):
        pooled_ratio([np.ones(2)], [np.ones(2), np.ones(2)])
    with pytest.raises(EvaluationError, match='the same drives'):
        pooled_ratio([np.array([np.nan])], [np.ones(1)])

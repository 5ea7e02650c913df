# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Recall against a hand-made case and a brute-force search."""

import math

import numpy as np
import pytest

from geoloc_ros.errors import EvaluationError
from geoloc_training.recall import joined, retrieve
from geoloc_training.tables import Measured, figures, figures_text

REFERENCES = np.array([[0.0, 0.0], [3.0, 0.0], [5.0, 0.0], [100.0, 0.0]])


def matcher(table):
    return lambda query, near: np.asarray(table, dtype=np.float32)[query, near]


def test_by_hand():
    truth = np.array([[0.0, 0.0], [0.0, 0.0], [3.4, 0.0]])
    table = [[0.1, 0.2, 0.3, 0.0], [0.5, 0.4, 0.3, 0.0], [0.9, 0.1, 0.5, 0.0]]
    near = retrieve(truth, REFERENCES, 50.0, matcher(table))
    np.testing.assert_allclose(near.errors_m, [0.0, 5.0, 0.4])
    assert near.exact.tolist() == [True, False, True]
    assert near.searched.tolist() == [3, 3, 3]
    assert near.recall_at_1() == pytest.approx(2 / 3)
    assert near.recall_within(4.999) == pytest.approx(2 / 3)
    assert near.recall_within(5.0) == 1.0  # within means <=
    assert near.mean_error_m() == pytest.approx(1.8)
    assert figures_text(figures(Measured('T', 'n', near))) == (
        'recall@1 66.7 %, within 1 m 66.7 %, 3 m 66.7 %, 5 m 100.0 %, 10 m 100.0 %, mean error '
        '1.80 m, 3 queries'
    )
    everywhere = retrieve(truth, REFERENCES, math.inf, matcher(table))
    np.testing.assert_allclose(everywhere.errors_m, [100.0, 100.0, 96.6])


def test_either_of_two_references_at_one_place_is_exact():
    twice = REFERENCES[[0, 0, 1]]
    found = retrieve(np.zeros((2, 2)), twice, 50.0, matcher([[0.1, 0.2, 0.3], [0.2, 0.1, 0.3]]))
    assert found.recall_at_1() == 1.0


def test_a_reference_at_the_radius_is_searched():
    truth = np.array([[0.0, 0.0]])
    table = [[0.9, 0.8, 0.7, 0.0]]
    assert retrieve(truth, REFERENCES, 5.0, matcher(table)).errors_m[0] == 5.0
    assert retrieve(truth, REFERENCES, 4.999, matcher(table)).errors_m[0] == 3.0


def test_headings_are_searched_together_with_places():
    table = np.full((1, 4, 8), 2.0, dtype=np.float32)
    table[0, 1, 6] = 0.5
    found = retrieve(np.zeros((1, 2)), REFERENCES, 50.0, lambda q, near: table[q, near])
    assert found.errors_m[0] == 3.0
    assert found.yaw_bins[0] == 6


def test_against_brute_force():
    random = np.random.default_rng(0)
    truth, references = random.uniform(0, 100, (30, 2)), random.uniform(0, 100, (200, 2))
    table = random.uniform(0, 4, (30, 200)).astype(np.float32)
    found = retrieve(truth, references, 30.0, matcher(table))
    for q in range(30):
        apart = np.hypot(*(references - truth[q]).T)
        best = np.argmin(np.where(apart <= 30.0, table[q], np.inf))
        assert found.errors_m[q] == pytest.approx(apart[best])
        assert found.exact[q] == (best == np.argmin(apart))


def test_parts_are_joined():
    one = retrieve(np.zeros((1, 2)), REFERENCES, 50.0, matcher([[0.1, 0.2, 0.3, 0.4]]))
    two = retrieve(np.zeros((2, 2)), REFERENCES, 50.0, matcher([[0.9, 0.2, 0.3, 0.4]] * 2))
    assert joined([one, two]).errors_m.tolist() == [0.0, 3.0, 3.0]
    far = retrieve(np.zeros((1, 2)), REFERENCES, math.inf, matcher([[0.9, 0.2, 0.3, 0.4]]))
    with pytest.raises(EvaluationError, match='one radius'):
        joined([one, far])


def test_errors_are_explained():
    with pytest.raises(EvaluationError, match='no reference within'):
        retrieve(np.array([[500.0, 0.0]]), REFERENCES, 50.0, matcher([[0.0] * 4]))
    with pytest.raises(EvaluationError, match='expected some of both'):
        retrieve(np.zeros((0, 2)), REFERENCES, 50.0, matcher([[0.0] * 4]))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The sampler's properties, checked against brute force."""

import numpy as np
import pytest

from geoloc_ros.errors import SettingError
from geoloc_training.minibatches import GlobalMinibatches, LocalMinibatches

RADIUS_M = 50.0


@pytest.fixture(name='positions')
def made_positions():
    """Dense places, and a lonely group of 3 a kilometre away."""
    random = np.random.default_rng(0)
    return np.concatenate((random.uniform(0, 300, (400, 2)), [[2000, 0], [2010, 0], [2020, 0]]))


def test_neighbours_are_those_within_the_radius(positions):
    sampler = LocalMinibatches(positions, RADIUS_M, 8)
    for number in (0, 17, 402):
        apart = np.hypot(*(positions - positions[number]).T)
        expected = [j for j in np.flatnonzero(apart <= RADIUS_M) if j != number]
        assert sampler.neighbours(number).tolist() == expected


def test_radius_itself_is_inside():
    sampler = LocalMinibatches(np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.001]]), RADIUS_M, 2)
    assert sampler.neighbours(0).tolist() == [1]


def test_each_pair_at_most_once_an_epoch(positions):
    batches = list(LocalMinibatches(positions, RADIUS_M, 8).epoch(np.random.default_rng(1)))
    used = np.concatenate(batches)
    assert len(used) == len(set(used.tolist()))
    assert len(used) > 0.75 * len(positions)
    assert all(len(batch) == 8 for batch in batches)


def test_only_neighbours_of_the_first_meet(positions):
    for batch in LocalMinibatches(positions, RADIUS_M, 8).epoch(np.random.default_rng(2)):
        apart = np.hypot(*(positions[batch] - positions[batch[0]]).T)
        assert apart.max() <= RADIUS_M


def test_pairs_with_too_few_neighbours_are_left_out(positions):
    sampler = LocalMinibatches(positions, RADIUS_M, 8)
    for seed in range(5):
        used = np.concatenate(list(sampler.epoch(np.random.default_rng(seed))))
        assert not set(used.tolist()) & {400, 401, 402}


def test_others_are_drawn_evenly():
    """Of 9 pairs all near one another, every other is as likely to join the first one."""
    sampler = LocalMinibatches(np.zeros((9, 2)), 1.0, 3)
    counts = np.zeros((9, 9))
    random = np.random.default_rng(4)
    for _ in range(3000):
        batch = next(sampler.epoch(random))
        counts[batch[0], batch[1:]] += 1
    share = counts[~np.eye(9, dtype=bool)] / counts.sum()
    np.testing.assert_allclose(share, 1 / 72, atol=0.0068)  # 4.5 standard deviations


def test_places_never_mix():
    positions = np.zeros((40, 2))
    places = np.repeat([0, 1], 20)
    sampler = LocalMinibatches(positions, RADIUS_M, 6, places)
    for batch in sampler.epoch(np.random.default_rng(5)):
        assert len(set(places[batch].tolist())) == 1


def test_epochs_differ_and_repeat_with_the_seed(positions):
    sampler = LocalMinibatches(positions, RADIUS_M, 8)
    random = np.random.default_rng(6)
    first, second = (np.concatenate(list(sampler.epoch(random))) for _ in range(2))
    again = np.concatenate(list(sampler.epoch(np.random.default_rng(6))))
    assert first.tolist() != second.tolist()
    assert first.tolist() == again.tolist()


def test_local_refuses_what_cannot_make_a_batch():
    with pytest.raises(SettingError, match='the best has 1'):
        LocalMinibatches(np.zeros((2, 2)), RADIUS_M, 8)
    with pytest.raises(SettingError, match='positive radius'):
        LocalMinibatches(np.zeros((20, 2)), 0.0, 8)


def test_global_minibatches_are_a_shuffle():
    batches = list(GlobalMinibatches(50, 8).epoch(np.random.default_rng(7)))
    used = np.concatenate(batches)
    assert len(batches) == 6
    assert len(set(used.tolist())) == 48
    assert used.tolist() != sorted(used.tolist())
    with pytest.raises(SettingError, match='out of 5 pairs'):
        GlobalMinibatches(5, 8)

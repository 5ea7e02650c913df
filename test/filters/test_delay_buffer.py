# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import numpy as np
import pytest

from geoloc_ros.filters.delay_buffer import DelayBuffer, EntryKey


class NonCommutingProcess:
    """x -> 2 x + value: the order of items changes the result, so replay must be right."""

    def __init__(self):
        self.x = 1.0
        self.applied = []

    def apply(self, item):
        self.x = 2.0 * self.x + item
        self.applied.append(item)
        return self.x

    def checkpoint(self):
        x = self.x

        def restore():
            self.x = x

        return restore


def key(stamp_ms, name='a', rank=1):
    return EntryKey(stamp_ms * 1_000_000, rank, name)


def in_order(items):
    x = 1.0
    for _, value in sorted(items):
        x = 2.0 * x + value
    return x


@pytest.mark.parametrize('order', list(itertools.permutations(range(4))))
def test_any_order_of_arrival_ends_alike(order):
    items = [(0, 3.0), (10, 5.0), (20, -1.0), (30, 7.0)]
    process = NonCommutingProcess()
    buffer = DelayBuffer(process, 1.0)
    for index in order:
        stamp, value = items[index]
        buffer.insert(key(stamp), value)
    assert process.x == in_order(items)


def test_random_arrival_matches_brute_force():
    rng = np.random.default_rng(5)
    for _ in range(20):
        items = [(int(t), float(rng.normal())) for t in rng.permutation(200)[:60]]
        process = NonCommutingProcess()
        buffer = DelayBuffer(process, 10.0)
        for stamp, value in items:
            buffer.insert(key(stamp), value)
        assert process.x == pytest.approx(in_order(items), rel=1e-12)


def test_equal_stamps_are_ordered_by_rank_and_name_not_arrival():
    results = []
    for names in (('a', 'b'), ('b', 'a')):
        process = NonCommutingProcess()
        buffer = DelayBuffer(process, 1.0)
        for name in names:
            buffer.insert(key(5, name), 1.0 if name == 'a' else 10.0)
        results.append(process.x)
    assert results[0] == results[1] == 2.0 * (2.0 + 1.0) + 10.0


def test_results_say_which_were_replayed():
    buffer = DelayBuffer(NonCommutingProcess(), 1.0)
    buffer.insert(key(10), 1.0)
    applied = buffer.insert(key(5), 2.0)
    assert [(one.item, one.replayed) for one in applied] == [(2.0, False), (1.0, True)]


def test_delay_limit_just_inside_and_just_outside():
    buffer = DelayBuffer(NonCommutingProcess(), 1.0)
    buffer.insert(key(0), 1.0)
    buffer.insert(key(5000), 1.0)
    assert not buffer.is_too_late(4_000_000_000)
    assert buffer.is_too_late(3_999_999_999)


def test_old_entries_are_dropped_but_the_last_second_can_be_replayed():
    process = NonCommutingProcess()
    buffer = DelayBuffer(process, 1.0)
    items = [(100 * k, float(k)) for k in range(40)]
    for stamp, value in items:
        buffer.insert(key(stamp), value)
    late = (3050, 100.0)
    assert not buffer.is_too_late(late[0] * 1_000_000)
    buffer.insert(key(late[0]), late[1])
    assert process.x == pytest.approx(in_order([*items, late]), rel=1e-12)
    assert len(buffer._entries) <= 13


def test_removing_an_entry_undoes_it():
    process = NonCommutingProcess()
    buffer = DelayBuffer(process, 1.0)
    for stamp, value in ((0, 1.0), (10, 2.0), (20, 3.0)):
        buffer.insert(key(stamp), value)
    buffer.remove(key(10))
    assert process.x == in_order([(0, 1.0), (20, 3.0)])
    assert buffer.remove(key(10)) == []


def test_replay_from_repeats_everything_at_or_after_the_stamp():
    process = NonCommutingProcess()
    buffer = DelayBuffer(process, 1.0)
    for stamp in (0, 10, 20):
        buffer.insert(key(stamp), float(stamp))
    process.applied.clear()
    before = process.x
    buffer.replay_from(10_000_000)
    assert process.applied == [10.0, 20.0]
    assert process.x == before


def test_item_that_raises_leaves_no_trace():
    process = NonCommutingProcess()
    buffer = DelayBuffer(process, 1.0)
    for stamp in (0, 10, 20):
        buffer.insert(key(stamp), float(stamp))
    before = process.x
    with pytest.raises(TypeError):
        buffer.insert(key(5), 'no number')
    assert process.x == before
    assert not buffer.contains(key(5))
    buffer.insert(key(5), 1.0)
    assert process.x == in_order([(0, 0.0), (5, 1.0), (10, 10.0), (20, 20.0)])

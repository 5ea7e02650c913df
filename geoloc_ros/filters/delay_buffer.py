# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A line in time that accepts late entries: roll back, put in place, replay.

A result computed on a GPU is late by its own inference time; at 15 m/s, 100 ms are 1.5 m. The
buffer keeps every entry of the last ``max_delay_s`` with a checkpoint of the process before it, so
an entry that arrives late is applied where it belongs and everything after it again.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
import dataclasses
from typing import Generic, Protocol, TypeVar

from geoloc_ros.types import NANOSECONDS_PER_SECOND

ItemT = TypeVar('ItemT')
ResultT = TypeVar('ResultT')
ItemIn = TypeVar('ItemIn', contravariant=True)
ResultOut = TypeVar('ResultOut', covariant=True)


class Replayable(Protocol[ItemIn, ResultOut]):
    """A process that the buffer drives: it applies items and can be put back."""

    def apply(self, item: ItemIn) -> ResultOut:
        """Apply one item; items come in the order of their keys."""
        ...

    def checkpoint(self) -> Callable[[], None]:
        """A function that puts the process back as it is now."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class EntryKey:
    """Place of an entry in time; equal stamps are ordered by rank, then by name.

    The order never depends on arrival, so that any order of arrival gives the same estimate.
    """

    stamp_ns: int
    rank: int
    name: str


@dataclasses.dataclass(slots=True)
class _Entry(Generic[ItemT]):
    key: EntryKey
    item: ItemT
    restore_before: Callable[[], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Applied(Generic[ItemT, ResultT]):
    """What came of applying one item; ``replayed`` when it had been applied before."""

    key: EntryKey
    item: ItemT
    result: ResultT
    replayed: bool


class DelayBuffer(Generic[ItemT, ResultT]):
    """Keeps the recent past of a process open for late entries.

    Args:
        process: what the entries are applied to.
        max_delay_s: how far behind the newest entry a late one may be.
    """

    def __init__(self, process: Replayable[ItemT, ResultT], max_delay_s: float) -> None:
        self._process = process
        self._max_delay_ns = round(max_delay_s * NANOSECONDS_PER_SECOND)
        self._entries: list[_Entry[ItemT]] = []
        self._newest_ns: int | None = None
        self._horizon_ns: int | None = None

    @property
    def newest_ns(self) -> int | None:
        """Newest stamp seen, or ``None`` before the first."""
        return self._newest_ns

    def is_too_late(self, stamp_ns: int) -> bool:
        """Whether an entry at ``stamp_ns`` lies before what can still be replayed."""
        if self._newest_ns is None:
            return False
        if stamp_ns < self._newest_ns - self._max_delay_ns:
            return True
        return self._horizon_ns is not None and stamp_ns < self._horizon_ns

    def contains(self, key: EntryKey) -> bool:
        """Whether an entry with exactly this key is in the buffer."""
        index = bisect.bisect_left(self._entries, key, key=lambda entry: entry.key)
        return index < len(self._entries) and self._entries[index].key == key

    def insert(self, key: EntryKey, item: ItemT) -> list[Applied[ItemT, ResultT]]:
        """Apply ``item`` at its place in time, and everything after it again.

        Returns:
            The item itself and the replayed ones, in time order.

        An item whose application raises leaves the process as if it had never come.
        """
        index = bisect.bisect_right(self._entries, key, key=lambda entry: entry.key)
        if index < len(self._entries):
            self._entries[index].restore_before()
        entry = _Entry(key, item, self._process.checkpoint())
        try:
            results = [self._apply(entry, replayed=False)]
        except Exception:  # whatever it was, the item leaves no trace
            entry.restore_before()
            self._replay(index)
            raise
        self._entries.insert(index, entry)
        self.note_stamp(key.stamp_ns)
        results.extend(self._replay(index + 1))
        self._prune()
        return results

    def remove(self, key: EntryKey) -> list[Applied[ItemT, ResultT]]:
        """Take an entry out as if it had never come; the replayed ones are returned."""
        index = bisect.bisect_left(self._entries, key, key=lambda entry: entry.key)
        if index == len(self._entries) or self._entries[index].key != key:
            return []
        self._entries.pop(index).restore_before()
        return self._replay(index)

    def replay_from(self, stamp_ns: int) -> list[Applied[ItemT, ResultT]]:
        """Apply every entry at or after ``stamp_ns`` again (a motion sample came late)."""
        first = EntryKey(stamp_ns, -(2**31), '')
        index = bisect.bisect_left(self._entries, first, key=lambda entry: entry.key)
        if index == len(self._entries):
            return []
        self._entries[index].restore_before()
        return self._replay(index)

    def note_stamp(self, stamp_ns: int) -> None:
        """Let time pass to ``stamp_ns`` without an entry."""
        if self._newest_ns is None or stamp_ns > self._newest_ns:
            self._newest_ns = stamp_ns

    def oldest_needed_ns(self, oldest_ns: int) -> int:
        """Start of the past that a late entry may still make the process repeat.

        Args:
            oldest_ns: oldest stamp a late entry may have.
        """
        reached_ns = [oldest_ns]
        if self._horizon_ns is not None:
            reached_ns.append(self._horizon_ns)
        elif self._entries:
            reached_ns.append(self._entries[0].key.stamp_ns)
        return min(reached_ns)

    def clear(self) -> None:
        """Forget everything, the newest stamp too."""
        self._entries.clear()
        self._newest_ns = None
        self._horizon_ns = None

    def _apply(self, entry: _Entry[ItemT], *, replayed: bool) -> Applied[ItemT, ResultT]:
        return Applied(entry.key, entry.item, self._process.apply(entry.item), replayed)

    def _replay(self, first_index: int) -> list[Applied[ItemT, ResultT]]:
        results = []
        for entry in self._entries[first_index:]:
            entry.restore_before = self._process.checkpoint()
            results.append(self._apply(entry, replayed=True))
        return results

    def _prune(self) -> None:
        if self._newest_ns is None:
            return
        oldest_ns = self._newest_ns - self._max_delay_ns
        count = 0
        while count < len(self._entries) - 1 and self._entries[count].key.stamp_ns < oldest_ns:
            count += 1
        if count:
            self._horizon_ns = self._entries[count - 1].key.stamp_ns
            del self._entries[:count]

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Counts warnings by kind and writes each kind to the log now and then, not every time."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Mapping
import time

from geoloc_ros.localizer.result import LocalizerWarning, WarningKind


class WarningLog:
    """Throttles by kind; the first of a kind is written at once, later ones with their count.

    Args:
        write: writes one line at warning level.
        period_s: shortest time between two lines of one kind.
        clock: steady time in seconds.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        period_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._period_s = period_s
        self._clock = clock
        self._counts: collections.Counter[WarningKind] = collections.Counter()
        self._last_s: dict[WarningKind, float] = {}

    @property
    def counts(self) -> Mapping[WarningKind, int]:
        """How often each kind came since the start."""
        return dict(self._counts)

    def add(self, warnings: Iterable[LocalizerWarning]) -> None:
        """Count warnings, and write those that are due."""
        for warning in warnings:
            self.warn(warning.kind, warning.text)

    def warn(self, kind: WarningKind, text: str) -> None:
        """Count one warning, and write it when one of its kind is due."""
        self._counts[kind] += 1
        now_s = self._clock()
        last_s = self._last_s.get(kind)
        if last_s is None or now_s - last_s >= self._period_s:
            self._last_s[kind] = now_s
            count = self._counts[kind]
            self._write(f'[{kind.value}] {text}' + (f' ({count} so far)' if count > 1 else ''))

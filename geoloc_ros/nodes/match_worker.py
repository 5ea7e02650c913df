# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A thread that matches pictures one after another, so that the node goes on listening."""

from __future__ import annotations

import collections
from collections.abc import Callable
import threading
from typing import Generic, TypeVar

JobT = TypeVar('JobT')


class MatchWorker(Generic[JobT]):
    """Works off a queue in a thread of its own; of too many waiting jobs the oldest go.

    Args:
        work: does one job; what it raises goes to ``failed``.
        failed: told of errors.
        capacity: so many jobs may wait.
    """

    def __init__(
        self,
        work: Callable[[JobT], None],
        failed: Callable[[Exception], None],
        capacity: int,
    ) -> None:
        self._work = work
        self._failed = failed
        self._capacity = capacity
        self._jobs: collections.deque[JobT] = collections.deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name='matching', daemon=True)
        self._thread.start()

    def put(self, job: JobT) -> int:
        """Queue a job; returns how many older ones were dropped for it."""
        with self._changed:
            self._jobs.append(job)
            dropped = max(len(self._jobs) - self._capacity, 0)
            for _ in range(dropped):
                self._jobs.popleft()
            self._changed.notify()
        return dropped

    def stop(self) -> None:
        """Finish the job at hand, forget the others, and end the thread."""
        with self._changed:
            self._stopped = True
            self._jobs.clear()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    return
                job = self._jobs.popleft()
            try:
                self._work(job)
            except Exception as error:  # a picture must never end the thread
                self._failed(error)

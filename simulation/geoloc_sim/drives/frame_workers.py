# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Work on many tasks in processes of their own, results in order.

Processes are spawned, never forked: ray tracing and compiled code bring threads along. They end
with the iterator, on an error, on Ctrl-C and with this process, however that ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
import contextlib
import multiprocessing
from multiprocessing.connection import wait
import os
import signal
import threading
from typing import Any, TypeVar

from geoloc_ros.errors import DriveError

JobT = TypeVar('JobT')
TaskT = TypeVar('TaskT')
ResultT = TypeVar('ResultT')

#: Tasks handed out ahead of the one that is waited for, for each process.
_AHEAD = 4
_THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')

# What this process does with a task, once it is a worker.
_work: Callable[[Any], Any] | None = None


def in_workers(
    start: Callable[[JobT], Callable[[TaskT], ResultT]],
    job: JobT,
    tasks: Iterable[TaskT],
    workers: int,
) -> Iterator[ResultT]:
    """Results of all tasks, in their order.

    Args:
        start: called once in each process with the job; returns what works on a task. A function
            of a module, as spawned processes need it.
        job: what every process needs; it is sent once to each.
        tasks: taken from only some steps ahead of the results.
        workers: processes; with 1 the work is done in this one.

    Raises:
        DriveError: a process ended by itself (memory), or ``workers`` is below 1.
    """
    if workers < 1:
        raise DriveError(f'{workers} workers; expected at least 1')
    if workers == 1:
        work = start(job)
        yield from (work(task) for task in tasks)
        return
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context('spawn'),
        initializer=_start_worker,
        initargs=(start, job),
    )
    waiting: deque[Future[ResultT]] = deque()
    try:
        for number, task in enumerate(tasks):
            # Processes start with the first tasks.
            with _one_thread_each() if number < workers else contextlib.nullcontext():
                waiting.append(pool.submit(_work_on, task))
            if len(waiting) >= _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException as error:  # Ctrl-C and an abandoned iterator too
        pool.shutdown(wait=False, cancel_futures=True)
        ours = set(multiprocessing.active_children()) - before
        for process in ours:
            process.terminate()
        for process in ours:
            process.join()
        if isinstance(error, BrokenProcessPool):
            raise DriveError(
                f'one of {workers} worker processes ended by itself ({error}); expected it to '
                'last; most often memory ran out: use fewer workers or a smaller world'
            ) from error
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile do linear algebra on one thread: they are the parallel part."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, '1'))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_worker(start: Callable[[Any], Callable[[Any], Any]], job: object) -> None:
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent ends us in order
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work = start(job)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work_on(task: object) -> Any:
    if _work is None:
        raise DriveError('a worker got a task before its job; expected it to be started first')
    return _work(task)

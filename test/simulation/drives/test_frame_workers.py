# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Worker processes: order, errors, and that none outlives its work."""

import itertools
import multiprocessing
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
import worker_tasks

from geoloc_ros.errors import DriveError
from geoloc_sim.drives.frame_workers import in_workers


@pytest.mark.parametrize('workers', [1, 2])
def test_results_come_in_order(workers):
    found = list(in_workers(worker_tasks.start_squaring, 7, range(40), workers))
    assert [value for value, _, _ in found] == [i**2 + 7 for i in range(40)]
    processes = {process for _, process, _ in found}
    assert (os.getpid() in processes) == (workers == 1)
    assert len(processes) <= workers
    wait_until(lambda: not multiprocessing.active_children(), 5.0)


def test_workers_compute_on_one_thread_and_this_process_as_before(monkeypatch):
    monkeypatch.setenv('OPENBLAS_NUM_THREADS', '5')
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    found = list(in_workers(worker_tasks.start_squaring, 0, range(6), 2))
    assert {threads for _, _, threads in found} == {'1'}
    assert os.environ['OPENBLAS_NUM_THREADS'] == '5'
    assert 'OMP_NUM_THREADS' not in os.environ


def test_tasks_are_taken_only_some_steps_ahead():
    taken = []
    results = in_workers(
        worker_tasks.start_squaring, 0, (taken.append(i) or i for i in range(1000)), 2
    )
    for _ in itertools.islice(results, 3):
        pass
    assert len(taken) < 20
    results.close()
    wait_until(lambda: not multiprocessing.active_children(), 5.0)


def test_an_error_in_a_task_is_that_of_the_caller():
    with pytest.raises(ValueError, match='task 0 cannot be done'):
        list(in_workers(worker_tasks.start_failing, None, range(5), 2))
    wait_until(lambda: not multiprocessing.active_children(), 5.0)


def test_a_process_that_ends_by_itself_is_reported():
    with pytest.raises(DriveError, match='ended by itself'):
        list(in_workers(worker_tasks.start_dying, 3, range(50), 2))
    wait_until(lambda: not multiprocessing.active_children(), 5.0)


def test_at_least_one_worker():
    with pytest.raises(DriveError, match='expected at least 1'):
        list(in_workers(worker_tasks.start_squaring, 0, range(5), 0))


@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(tmp_path, how):
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)}
    command = [sys.executable, worker_tasks.__file__, str(tmp_path)]
    parent = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2, 60.0)
        workers = [int(path.name) for path in tmp_path.iterdir()]
        time.sleep(0.5)
        # As a terminal does it, Ctrl-C reaches the whole group.
        if how is signal.SIGINT:
            os.killpg(parent.pid, how)
        else:
            parent.send_signal(how)
        words = parent.communicate(timeout=60.0)[1].decode()
        assert parent.returncode != 0
        wait_until(lambda: not any(map(is_running, workers)), 40.0)
        if how is signal.SIGINT:
            assert words.count('KeyboardInterrupt') == 1  # the workers say nothing
    finally:
        if parent.poll() is None:
            parent.kill()


def is_running(process):
    try:
        stat = Path(f'/proc/{process}/stat').read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(')', 1)[1].split()[0] != 'Z'


def wait_until(condition, patience_s):
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, 'waited in vain'
        time.sleep(0.05)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import os
import sys

import pytest

from geoloc_ros.cli.processes import ProcessError, ProcessGroup

SLEEP = [sys.executable, '-c', 'import time; time.sleep(60)']
STUBBORN_SCRIPT = """
import signal, time
for s in (signal.SIGINT, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
STUBBORN = [sys.executable, '-c', STUBBORN_SCRIPT]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def group(tmp_path, **environment):
    return ProcessGroup(tmp_path, environment, patience_s=0.3)


def test_leaving_the_block_ends_every_child(tmp_path):
    with group(tmp_path) as processes:
        pids = [processes.start(name, SLEEP).process.pid for name in ('a', 'b')]
        assert all(is_alive(pid) for pid in pids)
    assert not any(is_alive(pid) for pid in pids)


def test_an_exception_ends_every_child(tmp_path):
    pids = []

    def interrupted():
        with group(tmp_path) as processes:
            pids.append(processes.start('a', SLEEP).process.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not is_alive(pids[0])


def test_a_child_that_ignores_signals_is_killed(tmp_path):
    with group(tmp_path) as processes:
        child = processes.start('stubborn', STUBBORN)
        processes.wait_for_words(child, 'ready', 20.0)
    assert child.process.returncode == -9


def test_a_failure_is_named_with_the_last_words(tmp_path):
    script = 'print("it broke here"); raise SystemExit(3)'
    with (
        group(tmp_path) as processes,
        pytest.raises(ProcessError, match=r'(?s)maker ended early with status 3.*it broke here'),
    ):
        processes.run('maker', [sys.executable, '-c', script], 30.0)


def test_a_slow_child_is_named(tmp_path):
    with (
        group(tmp_path) as processes,
        pytest.raises(ProcessError, match=r'slow did not end within 0\.2 s'),
    ):
        processes.run('slow', SLEEP, 0.2)


def test_the_end_of_a_child_needed_meanwhile_is_noticed(tmp_path):
    script = 'import time; time.sleep(0.5); raise SystemExit("gone")'
    with group(tmp_path) as processes:
        processes.start('server', [sys.executable, '-c', script])
        with pytest.raises(ProcessError, match=r'(?s)server ended early.*gone'):
            processes.run('client', SLEEP, 30.0)


def test_words_that_never_come_are_named(tmp_path):
    with group(tmp_path) as processes:
        child = processes.start('silent', SLEEP)
        with pytest.raises(ProcessError, match=r"silent did not say 'hello' within 0\.1 s"):
            processes.wait_for_words(child, 'hello', 0.1)
        child = processes.start('gone', [sys.executable, '-c', 'print("bye")'])
        with pytest.raises(ProcessError, match=r'(?s)gone ended early.*bye'):
            processes.wait_for_words(child, 'hello', 20.0)


def test_the_environment_reaches_the_child(tmp_path):
    script = 'import os; print(os.environ["GEOLOC_TEST_WORD"])'
    with group(tmp_path, GEOLOC_TEST_WORD='hello') as processes:
        processes.run('printer', [sys.executable, '-c', script], 30.0)
    assert (tmp_path / 'printer.log').read_text() == 'hello\n'


def test_a_missing_program_is_named(tmp_path):
    with group(tmp_path) as processes, pytest.raises(ProcessError, match='cannot start ghost'):
        processes.start('ghost', ['/nowhere/program'])

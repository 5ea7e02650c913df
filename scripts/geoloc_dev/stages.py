# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The stages of `make test` and `make lint`, each with its verdict and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import time

from geoloc_dev.console import SetupError, say
from geoloc_dev.environment import set_up, set_up_core
from geoloc_dev.interpreters import find_version, probe
from geoloc_dev.layout import CORE_VENV, ROOT, VENV
from geoloc_dev.shell import run_visible

# numpy 2.2, the last for Python 3.10, is annotated differently from what later Pythons get.
_OLDEST_FOR_TYPES = (3, 11)
_PYTEST = ('-m', 'pytest', '-n', '2', '--dist', 'loadfile')
_TEST_ENV = {
    # Two workers on two cores: a thread pool in each would only fight for them.
    'OPENBLAS_NUM_THREADS': '1',
    'OMP_NUM_THREADS': '1',
    'MPLBACKEND': 'Agg',
    # Discovery must not leave the machine; test/conftest.py gives each worker its own domain.
    'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How one stage ended."""

    stage: str
    word: str
    detail: str


def _run(stage: str, command: Sequence[str]) -> Verdict:
    say(f'{stage}: {" ".join(command[1:])}')
    started_s = time.monotonic()
    status = run_visible(command, ROOT, _TEST_ENV)
    elapsed = f'{time.monotonic() - started_s:.1f} s'
    if status == 0:
        return Verdict(stage, 'passed', elapsed)
    return Verdict(stage, 'FAILED', f'{elapsed}, exit status {status}')


def _python_stage(stage: str, *arguments: str) -> Verdict:
    return _run(stage, [str(VENV / 'bin' / 'python'), *arguments])


def format_stage() -> Verdict:
    """The layout of every Python file is what ruff writes."""
    return _python_stage('format', '-m', 'ruff', 'format', '--check', '.')


def lint_stage() -> Verdict:
    """Ruff finds nothing."""
    return _python_stage('lint', '-m', 'ruff', 'check', '.')


def types_stage() -> Verdict:
    """Strict mypy finds nothing; left out where numpy's stubs are of another generation."""
    interpreter = probe(VENV / 'bin' / 'python')
    if interpreter is not None and interpreter.version[:2] < _OLDEST_FOR_TYPES:
        return Verdict('types', 'skipped', 'numpy for Python 3.10 has older stubs; needs 3.11')
    return _python_stage('types', '-m', 'mypy', '--strict')


def unit_stage() -> Verdict:
    """Tests that need no ROS."""
    return _python_stage('unit tests', *_PYTEST, '-m', 'not ros')


def ros_stage() -> Verdict:
    """Tests that start real nodes."""
    return _python_stage('ROS tests', *_PYTEST, '-m', 'ros')


def core_stage() -> Verdict:
    """The core tests on Python 3.10 and numpy 1.26, in an environment without ROS."""
    stage = 'core on Python 3.10'
    interpreter = find_version(3, 10)
    if interpreter is None:
        return Verdict(stage, 'skipped', 'no Python 3.10 found on this machine')
    try:
        set_up_core(interpreter)
    except SetupError as error:
        say(f'stopped: {error}')
        return Verdict(stage, 'FAILED', f'no environment with {interpreter.label}')
    return _run(stage, [str(CORE_VENV / 'bin' / 'python'), *_PYTEST, '-m', 'not ros'])


_LINT: tuple[Callable[[], Verdict], ...] = (format_stage, lint_stage, types_stage)
_TESTS: tuple[Callable[[], Verdict], ...] = (unit_stage, ros_stage, core_stage)


def lint() -> int:
    """Format, lint and types."""
    set_up()
    return _report([stage() for stage in _LINT])


def test() -> int:
    """All stages; every one runs even when an earlier one failed."""
    set_up()
    return _report([stage() for stage in (*_LINT, *_TESTS)])


def _report(verdicts: Sequence[Verdict]) -> int:
    say('summary')
    for verdict in verdicts:
        say(f'  {verdict.stage:<20} {verdict.word:<8} {verdict.detail}')
    failed = [verdict.stage for verdict in verdicts if verdict.word == 'FAILED']
    say(f'failed: {", ".join(failed)}' if failed else 'every stage passed')
    return 1 if failed else 0

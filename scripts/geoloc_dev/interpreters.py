# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Finds Python interpreters that really run, pyenv's included."""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
import os
from pathlib import Path
import shutil
import sys

from geoloc_dev.console import SetupError, say
from geoloc_dev.shell import output_of

OLDEST = (3, 10)
NEWEST = (3, 13)
_PROBE = (
    'import sys;'
    'base = getattr(sys, "_base_executable", None) or sys.executable;'
    'print(sys.version_info[0], sys.version_info[1], sys.version_info[2], base)'
)


@dataclasses.dataclass(frozen=True)
class Interpreter:
    """A Python that answered: its path outside any virtual environment, and its version."""

    path: Path
    version: tuple[int, int, int]

    @property
    def supported(self) -> bool:
        """Whether the project runs on it."""
        return OLDEST <= self.version[:2] <= NEWEST

    @property
    def label(self) -> str:
        """Version and path for people."""
        return 'Python {}.{}.{} ({})'.format(*self.version, self.path)


def probe(path: Path | str) -> Interpreter | None:
    """Ask an interpreter who it is; None when it does not run (a pyenv shim without a target)."""
    words = output_of([path, '-c', _PROBE]).split(maxsplit=3)
    if len(words) != 4:
        return None
    major, minor, micro = (int(word) for word in words[:3])
    return Interpreter(Path(words[3]), (major, minor, micro))


def _named(name: str) -> Iterator[str]:
    """Every place that may hold an interpreter called `name`, such as python3.10."""
    for folder in os.environ.get('PATH', '').split(os.pathsep):
        found = shutil.which(name, path=folder) if folder else None
        if found:
            yield found
    version = name[len('python') :]
    home = Path.home()
    pyenv = Path(os.environ.get('PYENV_ROOT') or home / '.pyenv')
    places = (
        (pyenv / 'versions', f'{version}.*/bin/{name}'),
        (home / '.local' / 'share' / 'uv' / 'python', f'cpython-{version}.*/bin/{name}'),
        (home / '.local' / 'bin', name),
        (Path('/usr/local/bin'), name),
        (Path('/usr/bin'), name),
    )
    for folder_path, pattern in places:
        yield from (str(path) for path in sorted(folder_path.glob(pattern), reverse=True))


def find_version(major: int, minor: int) -> Interpreter | None:
    """The first working interpreter of exactly this version, wherever it is installed."""
    for candidate in _named(f'python{major}.{minor}'):
        found = probe(candidate)
        if found is not None and found.version[:2] == (major, minor):
            return found
    return None


def choose() -> Interpreter:
    """The interpreter to build the environment with: the one that runs us, else a fitting one.

    Raises:
        SetupError: none between OLDEST and NEWEST is installed.
    """
    own = probe(sys.executable)
    if own is not None and own.supported:
        return own
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = find_version(3, minor)
        if found is not None:
            say(f'{own.label if own else sys.executable} does not fit; using {found.label}')
            return found
    raise SetupError(
        f'Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} is needed, found only '
        f'{own.label if own else sys.executable}; install one (Debian, Ubuntu: sudo apt install '
        'python3 python3-venv python3-dev) or name it: PYTHON=/path/to/python3.12 make setup'
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Child processes with a clean environment, logged or visible."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
import subprocess
from typing import TYPE_CHECKING

from geoloc_dev.console import SetupError, Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Command: TypeAlias = Sequence[str | Path]

# Set by a virtual environment that is active around us; a child in another one must not see them.
_FOREIGN_VARIABLES = (
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
    'VIRTUAL_ENV',
    'PYTHONHOME',
    '__PYVENV_LAUNCHER__',
    'MAKEFLAGS',
    'MAKELEVEL',
)
_LOG_TAIL_LINES = 25


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what belongs to another virtual environment."""
    kept = {name: text for name, text in os.environ.items() if name not in _FOREIGN_VARIABLES}
    return {**kept, **(extra or {})}


def run_logged(
    command: Command,
    log: Path,
    step: Step,
    extra_env: Mapping[str, str] | None = None,
) -> None:
    """Run a command with its output in `log`; on failure raise with the log's last lines."""
    words = [str(word) for word in command]
    with log.open('a', encoding='utf-8') as sink:
        sink.write(f'$ {" ".join(words)}\n')
        with subprocess.Popen(
            words,
            env=child_environment(extra_env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
        ) as child:
            assert child.stdout is not None
            for line in child.stdout:
                sink.write(line)
                sink.flush()
                step.busy_with(line.strip())
    if child.returncode != 0:
        tail = log.read_text(encoding='utf-8', errors='replace').splitlines()[-_LOG_TAIL_LINES:]
        raise SetupError(
            f'{Path(words[0]).name} ended with {child.returncode}; whole output in {log}, '
            'which ends:\n' + '\n'.join(f'    {line}' for line in tail)
        )


def run_visible(
    command: Command,
    cwd: Path,
    extra_env: Mapping[str, str] | None = None,
) -> int:
    """Run a command with its output on the terminal and return its exit status."""
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=cwd, env=child_environment(extra_env), stdin=subprocess.DEVNULL, check=False
    ).returncode


def output_of(command: Command, extra_env: Mapping[str, str] | None = None) -> str:
    """The standard output of a short command, or an empty text when it fails or is not there."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            env=child_environment(extra_env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return done.stdout.strip() if done.returncode == 0 else ''

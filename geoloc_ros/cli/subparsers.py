# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What commands with subcommands share: their type, their words, how they run and end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import math
import os
import shlex
import sys
from typing import TypeAlias

from geoloc_ros.errors import GeolocError

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
_NOBODY_READS = 141  # 128 + SIGPIPE

#: What ``add_subparsers`` returns (a string, as the class is not generic at run time).
Subparsers: TypeAlias = 'argparse._SubParsersAction[argparse.ArgumentParser]'


def whole_number(word: str) -> int:
    """A whole number from 0 on, for ``type=`` of an option."""
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f'{word!r}; expected a whole number from 0 on')
    return int(word)


def positive_number(word: str) -> float:
    """A number above 0, for ``type=`` of an option."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0.0):
        raise argparse.ArgumentTypeError(f'{word!r}; expected a number above 0')
    return value


def command_line() -> str:
    """This process's command line as a reader would type it, for reports."""
    return shlex.join(['geoloc', *sys.argv[1:]])


def run_command(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Run the subcommand that the arguments name; each has set ``run``, which returns a status.

    Args:
        parser: of the whole command.
        arguments: words after the program's name; those of the process when ``None``.

    Returns:
        Exit status: 0 done, 1 an error that was explained, 2 wrong usage, 130 interrupted,
        141 nobody reads the output any more (as behind ``| head``).
    """
    options = parser.parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except GeolocError as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except BrokenPipeError:
        _discard_output()
        return _NOBODY_READS
    except OSError as error:
        print(f'{parser.prog}: error: {_explained(error)}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'{parser.prog}: interrupted', file=sys.stderr)
        return _INTERRUPTED


def _explained(error: OSError) -> str:
    """Which file, what the system says, what to do."""
    if error.filename is None:
        return f'{error.strerror or error}; check the disk and the connections, then try again'
    return (
        f'{error.filename}: {error.strerror}; expected a path that can be read or written; check '
        'its folder, its permissions and the space on the disk, or name another path'
    )


def _discard_output() -> None:
    """Let the interpreter's last flush of a closed pipe go nowhere, without a complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

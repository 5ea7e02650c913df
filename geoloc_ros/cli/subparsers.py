# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What commands with subcommands share: their type, their words, how they run and end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import math
import shlex
import sys
from typing import TypeAlias

from geoloc_ros.errors import GeolocError

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

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
        Exit status: 0 done, 1 an error that was explained, 2 wrong usage, 130 interrupted.
    """
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except GeolocError as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'{parser.prog}: interrupted', file=sys.stderr)
        return _INTERRUPTED

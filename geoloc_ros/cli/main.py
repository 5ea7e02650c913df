# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc``: every offline task under one command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from geoloc_ros.cli import bag, calibrate, demo, evaluate, localize, map, replay  # noqa: A004
from geoloc_ros.cli.subparsers import run_command


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command; each subcommand sets ``run``, which returns a status."""
    parser = argparse.ArgumentParser(
        prog='geoloc',
        description='Where a ground vehicle is on Earth: convert, localize, replay, evaluate.',
    )
    subparsers = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    for command in (bag, map, calibrate, localize, replay, evaluate, demo):
        command.add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``geoloc``.

    Args:
        arguments: words after the program's name; those of the process when ``None``.

    Returns:
        Exit status: 0 done, 1 an error that was explained, 2 wrong usage, 130 interrupted,
        141 nobody reads the output any more.
    """
    return run_command(make_parser(), arguments)


if __name__ == '__main__':
    raise SystemExit(main())

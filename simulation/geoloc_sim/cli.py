# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-sim``: worlds, aerial images, drives, panoramas and lean images from a seed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from geoloc_ros.cli.subparsers import run_command
from geoloc_sim.commands.drives import add_drive_commands
from geoloc_sim.commands.pictures import add_picture_commands
from geoloc_sim.commands.progress import working
from geoloc_sim.commands.worlds import add_world_command
from geoloc_sim.gnss_report import gnss_report


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command; each subcommand sets ``run``, which returns a status."""
    parser = argparse.ArgumentParser(prog='geoloc-sim', description=__doc__)
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    add_world_command(commands)
    add_picture_commands(commands)
    add_drive_commands(commands)
    report = commands.add_parser('gnss-report', help='compare the GNSS errors with real ones')
    report.add_argument(
        '--data', type=Path, default=Path('../shared/data'), help='comma2k19 and smartloc'
    )
    report.add_argument('--drives', type=int, default=40, help='simulated drives')
    report.set_defaults(run=_run_report)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``geoloc-sim``.

    Args:
        arguments: words after the program's name; those of the process when ``None``.

    Returns:
        Exit status: 0 done, 1 an error that was explained, 2 wrong usage, 130 interrupted,
        141 nobody reads the output any more.
    """
    return run_command(make_parser(), arguments)


def _run_report(options: argparse.Namespace) -> int:
    with working('gnss-report') as show:
        text = gnss_report(options.data, options.drives, show)
    print(text)
    return 0

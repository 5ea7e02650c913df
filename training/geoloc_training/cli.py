# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-train``: data, training, evaluation and export of the matching networks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from geoloc_ros.cli.subparsers import run_command
from geoloc_training.commands.data import add_data_command
from geoloc_training.commands.evaluate import add_evaluate_command
from geoloc_training.commands.export import add_export_command
from geoloc_training.commands.fit import add_fit_command
from geoloc_training.commands.picture import add_picture_command


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command; each subcommand sets ``run``, which returns a status."""
    parser = argparse.ArgumentParser(prog='geoloc-train', description=__doc__)
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    add_data_command(commands)
    add_fit_command(commands)
    add_evaluate_command(commands)
    add_picture_command(commands)
    add_export_command(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``geoloc-train``.

    Args:
        arguments: words after the program's name; those of the process when ``None``.

    Returns:
        Exit status: 0 done, 1 an error that was explained, 2 wrong usage, 130 interrupted.
    """
    return run_command(make_parser(), arguments)

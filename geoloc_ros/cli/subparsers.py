# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The type of the object that subcommands add themselves to, and words they share."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TypeAlias

#: What ``add_subparsers`` returns (a string, as the class is not generic at run time).
Subparsers: TypeAlias = 'argparse._SubParsersAction[argparse.ArgumentParser]'


def command_line() -> str:
    """This process's command line as a reader would type it, for reports."""
    return shlex.join(['geoloc', *sys.argv[1:]])

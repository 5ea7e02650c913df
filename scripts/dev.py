# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Sets up the development environment and runs the checks; the Makefile calls it.

Uses the standard library only and stays readable for Python 3.8, so that an interpreter that is
too old for the project can still say so.
"""

from __future__ import annotations

import argparse
import sys

from geoloc_dev import stages
from geoloc_dev.console import SetupError, say
from geoloc_dev.environment import set_up
from geoloc_dev.layout import BENCHMARK_RUNNER, ROOT, VENV
from geoloc_dev.shell import run_visible


def bench() -> int:
    """Install the peers beside our own packages and run every benchmark."""
    set_up(with_benchmarks=True)
    return run_visible([VENV / 'bin' / 'python', BENCHMARK_RUNNER], cwd=ROOT)


def setup() -> int:
    """Create or complete the environment."""
    set_up()
    return 0


COMMANDS = {'setup': setup, 'test': stages.test, 'lint': stages.lint, 'bench': bench}


def main() -> int:
    """Run one command; 0 when it did what it should."""
    parser = argparse.ArgumentParser(description='Set up geoloc_ros and run its checks.')
    parser.add_argument('command', choices=sorted(COMMANDS))
    try:
        return COMMANDS[parser.parse_args().command]()
    except SetupError as error:
        say(f'stopped: {error}')
        return 1
    except KeyboardInterrupt:
        say('interrupted; the next call goes on from here')
        return 130


if __name__ == '__main__':
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Progress on the terminal, and the one error that ends a set-up."""

from __future__ import annotations

import sys
import time
from types import TracebackType


class SetupError(Exception):
    """The set-up cannot go on; the text says what is missing and what to do."""


def say(text: str) -> None:
    """Print one line at once, also where the output is a pipe."""
    print(f'[geoloc] {text}', flush=True)


class Step:
    """Announces a step, shows what it is busy with on a terminal, and closes with the time."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started_s = time.monotonic()

    def __enter__(self) -> Step:
        say(f'{self._title} ...')
        return self

    def busy_with(self, text: str) -> None:
        """Show the latest detail on the terminal's current line; silent in a pipe."""
        if sys.stdout.isatty():
            print(f'\r\033[K  {text[:76]}', end='', flush=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if sys.stdout.isatty():
            print('\r\033[K', end='')
        elapsed_s = time.monotonic() - self._started_s
        say(f'{self._title}: {"done" if kind is None else "failed"} ({elapsed_s:.1f} s)')

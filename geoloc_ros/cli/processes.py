# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive their parent's task, however that ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import contextlib
import dataclasses
import os
from pathlib import Path
import signal
import subprocess
import time
from types import TracebackType

from geoloc_ros.errors import GeolocError

_POLL_S = 0.02
_LOG_TAIL_LINES = 25


class ProcessError(GeolocError):
    """A child process failed, ended too early or did not end; the message holds its last words."""


@dataclasses.dataclass(frozen=True)
class Child:
    """A process this one started.

    Attributes:
        name: in words, for messages and the log's file name.
        process: its handle.
        log_path: where its output goes.
    """

    name: str
    process: subprocess.Popen[bytes]
    log_path: Path

    def last_words(self) -> str:
        """The end of the child's output."""
        lines = self.log_path.read_text(encoding='utf-8', errors='replace').splitlines()
        return '\n'.join(lines[-_LOG_TAIL_LINES:])


class ProcessGroup:
    """Starts processes and ends each of them, by its own id, when the block is left.

    Leaving the block, by whatever way, sends SIGINT, then SIGTERM, then SIGKILL to those that
    still run. A child gets its own session, so that Ctrl-C in a terminal reaches this process
    alone, which then ends the children in order, last started first.

    Args:
        log_folder: gets one ``NAME.log`` a child.
        environment: of the children, over this process's own.
        patience_s: how long to wait after each signal.
    """

    def __init__(
        self, log_folder: Path, environment: Mapping[str, str], patience_s: float = 5.0
    ) -> None:
        self._log_folder = log_folder
        self._environment = {**os.environ, **environment}
        self._patience_s = patience_s
        self._children: list[Child] = []

    def __enter__(self) -> ProcessGroup:
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start one process; its output goes to ``NAME.log``.

        Raises:
            ProcessError: the program cannot be started.
        """
        log_path = self._log_folder / f'{name}.log'
        try:
            with log_path.open('wb') as log:
                process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    start_new_session=True,
                )
        except OSError as error:
            raise ProcessError(f'cannot start {name} ({command[0]}): {error}') from error
        child = Child(name, process, log_path)
        self._children.append(child)
        return child

    def run(self, name: str, command: Sequence[str], timeout_s: float) -> None:
        """Start one process and wait for its good end.

        Raises:
            ProcessError: it failed, or took longer than ``timeout_s``.
        """
        self.wait_for(self.start(name, command), timeout_s)

    def wait_for(self, child: Child, timeout_s: float) -> None:
        """Wait for one child's good end while all that started before it keep running.

        Raises:
            ProcessError: it failed, took longer than ``timeout_s``, or another child ended.
        """
        before = self._children[: self._children.index(child)]
        running = [other for other in before if other.process.poll() is None]
        deadline = time.monotonic() + timeout_s
        while (status := child.process.poll()) is None:
            for other in running:
                self.check_running(other)
            if time.monotonic() > deadline:
                raise ProcessError(
                    f'{child.name} did not end within {timeout_s:g} s; its last words '
                    f'({child.log_path}):\n{child.last_words()}'
                )
            time.sleep(_POLL_S)
        if status != 0:
            raise ProcessError(_failure(child, status))

    def wait_for_words(self, child: Child, words: str, timeout_s: float) -> None:
        """Wait until a child has written something, while it runs.

        Raises:
            ProcessError: it ended, or did not write it within ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s
        while words not in child.log_path.read_text(encoding='utf-8', errors='replace'):
            self.check_running(child)
            if time.monotonic() > deadline:
                raise ProcessError(
                    f'{child.name} did not say {words!r} within {timeout_s:g} s; its last words '
                    f'({child.log_path}):\n{child.last_words()}'
                )
            time.sleep(_POLL_S)

    def check_running(self, child: Child) -> None:
        """Make sure that a child still runs.

        Raises:
            ProcessError: it has ended.
        """
        status = child.process.poll()
        if status is not None:
            raise ProcessError(_failure(child, status))

    def stop(self, child: Child | None = None) -> None:
        """End one child, or all, last started first; those that ended are left alone."""
        chosen = [child] if child is not None else list(reversed(self._children))
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            remaining = [one for one in chosen if one.process.poll() is None]
            for one in remaining:
                one.process.send_signal(sign)
            deadline = time.monotonic() + self._patience_s
            for one in remaining:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    one.process.wait(max(0.0, deadline - time.monotonic()))


def _failure(child: Child, status: int) -> str:
    how = f'signal {signal.Signals(-status).name}' if status < 0 else f'status {status}'
    return (
        f'{child.name} ended early with {how}; its last words ({child.log_path}):\n'
        f'{child.last_words()}'
    )

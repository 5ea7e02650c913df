# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that appear under their name when they are whole, and else not at all."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
from pathlib import Path
import shutil

from geoloc_ros.errors import DriveError


def require_new(folder: Path) -> None:
    """Refuse a folder that is there already.

    Raises:
        DriveError: something of that name exists.
    """
    if folder.exists():
        raise DriveError(
            f'{folder} exists already; expected a new folder; remove it, or give another name'
        )


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Another folder beside ``folder`` to write into; it takes that name at the end.

    After an error or Ctrl-C nothing of it is left.

    Raises:
        DriveError: the folder exists already, or cannot be written.
    """
    require_new(folder)
    part = folder.parent / f'.{folder.name}.partial-{os.getpid()}'
    try:
        with writing(folder):
            part.mkdir(parents=True)
            yield part
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Another file beside ``path`` to write; it replaces ``path`` at the end.

    After an error or Ctrl-C what was there before is still there, and nothing else.

    Raises:
        DriveError: it is a folder, or cannot be written.
    """
    if path.is_dir():
        raise DriveError(f'{path} is a folder; expected the name of a file; give another name')
    part = path.with_name(f'.{os.getpid()}.partial-{path.name}')
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield part
            part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says what a failed write means.

    Raises:
        DriveError: something could not be written.
    """
    try:
        yield
    except OSError as error:
        raise DriveError(
            f'{path} cannot be written ({error}); expected a folder that can be written and room '
            'on the disk; give another name, or make room'
        ) from error

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Checks what the machine must bring, and names all that is missing at once."""

from __future__ import annotations

import dataclasses
import platform
import shutil
import sys

from geoloc_dev.console import SetupError
from geoloc_dev.interpreters import Interpreter
from geoloc_dev.shell import output_of

_OLDEST_CMAKE = (3, 20)
_VENV_CODE = 'import venv, ensurepip; print("ok")'
_HEADER_CODE = (
    'import os, sysconfig; print(os.path.exists('
    'os.path.join(sysconfig.get_path("include"), "Python.h")))'
)


@dataclasses.dataclass(frozen=True)
class Missing:
    """One thing that is not there, and the Debian or Ubuntu package that brings it."""

    what: str
    package: str


def missing_for_environment(interpreter: Interpreter) -> list[Missing]:
    """What creating a virtual environment lacks."""
    if output_of([interpreter.path, '-c', _VENV_CODE]) == 'ok':
        return []
    major, minor, _ = interpreter.version
    return [
        Missing(
            f'the venv and ensurepip modules of {interpreter.label}', f'python{major}.{minor}-venv'
        )
    ]


def missing_for_messages(interpreter: Interpreter) -> list[Missing]:
    """What generating tf2_msgs lacks; cmake is not asked for, PyPI has it."""
    missing = []
    for tool, package in (('cc', 'gcc'), ('c++', 'g++'), ('make', 'make')):
        if shutil.which(tool) is None:
            missing.append(Missing(f'the program {tool}', package))
    if output_of([interpreter.path, '-c', _HEADER_CODE]) != 'True':
        major, minor, _ = interpreter.version
        missing.append(
            Missing(f'the header Python.h of {interpreter.label}', f'python{major}.{minor}-dev')
        )
    return missing


def check(interpreter: Interpreter, generates_messages: bool) -> None:
    """Raise one SetupError that names everything missing and the command that installs it."""
    missing = missing_for_environment(interpreter)
    if generates_messages:
        check_platform()
        missing += missing_for_messages(interpreter)
    if missing:
        lines = ''.join(f'\n    - {item.what} (package {item.package})' for item in missing)
        packages = ' '.join(item.package for item in missing)
        raise SetupError(
            f'this machine lacks{lines}\n  On Debian or Ubuntu: sudo apt install {packages}'
        )


def check_platform() -> None:
    """Raise when the ROS wheels cannot run here."""
    machine = platform.machine()
    if sys.platform != 'linux' or machine not in ('x86_64', 'AMD64'):
        raise SetupError(
            f'the ROS 2 wheels are made for Linux on x86-64, this is {sys.platform} on {machine}; '
            'install a ROS 2 distribution, source its setup file and call make again'
        )


def cmake_is_usable() -> bool:
    """Whether a cmake on PATH is new enough; otherwise the one from PyPI is installed."""
    words = output_of(['cmake', '--version']).split()
    if len(words) < 3:
        return False
    numbers = [int(part) for part in words[2].split('.')[:2] if part.isdigit()]
    return len(numbers) == 2 and tuple(numbers) >= _OLDEST_CMAKE

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Recognises a sourced ROS distribution, whose own packages are then used."""

from __future__ import annotations

import os
from pathlib import Path

from geoloc_dev.interpreters import Interpreter, probe
from geoloc_dev.shell import output_of


def sourced_interpreter() -> Interpreter | None:
    """The interpreter that imports the sourced distribution's rclpy; None where none is sourced.

    The compiled parts of rclpy fit one Python version only, so the system's own python3 is asked
    when the first python3 on PATH (pyenv, conda) cannot import them.
    """
    if not os.environ.get('ROS_DISTRO') or not os.environ.get('AMENT_PREFIX_PATH'):
        return None
    for candidate in ('python3', '/usr/bin/python3'):
        where = output_of([candidate, '-c', 'import rclpy; print(rclpy.__file__)'])
        prefixes = os.environ['AMENT_PREFIX_PATH'].split(os.pathsep)
        if where and any(Path(prefix) in Path(where).parents for prefix in prefixes if prefix):
            return probe(candidate)
    return None

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The command line of a node that a command of ours starts; imports no ROS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json
from pathlib import Path
import sys

ParameterValue = bool | int | float | str | Sequence[str]


def ros_words(
    parameters: Mapping[str, ParameterValue],
    rules: Sequence[str] = (),
    *,
    params_file: Path | None = None,
    node_name: str = '',
) -> list[str]:
    """What follows a node's command: ``--ros-args``, its parameters and remapping rules.

    Args:
        parameters: by name. A text stays one whatever it looks like: a bag called 2024 is none
            of ROS's integers.
        rules: remapping rules, FROM:=TO.
        params_file: parameter file; ``parameters`` go before it.
        node_name: whom the parameters are for, where the process has several nodes.
    """
    words = ['--ros-args']
    if params_file is not None:
        words += ['--params-file', str(params_file)]
    owner = f'{node_name}:' if node_name else ''
    for name, value in parameters.items():
        # JSON is YAML, which is what ROS reads a value as.
        words += ['-p', f'{owner}{name}:={json.dumps(value, ensure_ascii=False)}']
    for rule in rules:
        words += ['-r', rule]
    return words


def ros_command(
    module: str, parameters: Mapping[str, ParameterValue], rules: Sequence[str] = ()
) -> list[str]:
    """Command line of a node, of the module that it lies in."""
    return [sys.executable, '-m', module, *ros_words(parameters, rules)]

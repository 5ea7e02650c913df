# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Writes the parameter files of ``config/`` from the declarations, so that they cannot drift.

python -m geoloc_ros.nodes.config_files config
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from pathlib import Path
import sys
from typing import Any

from geoloc_ros.ros.matcher_settings import CrossViewNodeSettings, MapServerSettings
from geoloc_ros.ros.node_settings import KalmanNodeSettings, ParticleNodeSettings, ReplaySettings
from geoloc_ros.ros.parameter_text import markdown_table, yaml_text

_COMMON = (
    'Every parameter at its default; written by "python -m geoloc_ros.nodes.config_files config". '
    'Copy it, keep what you change. In brackets the unit, in parentheses what is allowed; '
    '"only at start" cannot be changed while the node runs.'
)


@dataclasses.dataclass(frozen=True)
class ConfigFile:
    """One file of ``config/`` and what it is for."""

    name: str
    node_name: str
    settings_type: type[Any]


CONFIG_FILES = (
    ConfigFile('particle_filter.yaml', 'particle_filter_node', ParticleNodeSettings),
    ConfigFile('kalman_filter.yaml', 'kalman_filter_node', KalmanNodeSettings),
    ConfigFile('cross_view.yaml', 'cross_view_node', CrossViewNodeSettings),
    ConfigFile('map_server.yaml', 'map_server_node', MapServerSettings),
    ConfigFile('replay.yaml', 'replay_node', ReplaySettings),
)


def text_of(file: ConfigFile) -> str:
    """The whole file."""
    heading = f'Parameters of {file.node_name}. {_COMMON}'
    return yaml_text(file.node_name, file.settings_type, heading)


def tables() -> str:
    """Tables of the parameters of every node, for docs/parameters.md."""
    parts = [
        '<!-- Written by "python -m geoloc_ros.nodes.config_files config docs/parameters.md". -->',
        '# Parameters',
        '',
        'Names are those of ROS parameters and of the files in `config/`.',
    ]
    for file in CONFIG_FILES:
        parts += ['', f'## {file.node_name}', '', markdown_table(file.settings_type).rstrip()]
    return '\n'.join(parts) + '\n'


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files into the folder named first, and the tables into the file named second."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not 1 <= len(words) <= 2:
        print('usage: python -m geoloc_ros.nodes.config_files CONFIG_FOLDER [TABLES.md]')
        return 2
    for file in CONFIG_FILES:
        (Path(words[0]) / file.name).write_text(text_of(file), encoding='utf-8')
    if len(words) == 2:
        Path(words[1]).write_text(tables(), encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())

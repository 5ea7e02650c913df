# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Reads the ROS 2 parameter files that the nodes read, without ROS.

    /**:                       # every node
      ros__parameters:
        output: {rate_hz: 20.0}
    particle_filter_node:      # this node, over what stands above
      ros__parameters:
        particle.preset: robust

Where several sections name a node, later ones win, as in ROS.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
import fnmatch
from pathlib import Path
from typing import Any, TypeVar

import yaml

from geoloc_ros.errors import SettingError
from geoloc_ros.settings import from_flat, specs

SettingsT = TypeVar('SettingsT')

_PARAMETERS = 'ros__parameters'


def load_parameters(path: Path, node_name: str) -> dict[str, Any]:
    """The parameters that a file gives to one node, under dotted names.

    Args:
        path: a ROS 2 parameter file.
        node_name: the node's name, without namespace; sections for any namespace count.

    Raises:
        SettingError: the file cannot be read, is no parameter file, or has nothing for the node.
    """
    document = _document(path)
    values: dict[str, Any] = {}
    matched = False
    for section, content in document.items():
        if not _section_matches(str(section), node_name):
            continue
        matched = True
        if not isinstance(content, Mapping) or not isinstance(content.get(_PARAMETERS), Mapping):
            raise SettingError(
                f'section {section!r} of {path} has no mapping {_PARAMETERS!r}; expected the '
                'parameters of the node below it'
            )
        _flatten(content[_PARAMETERS], '', values)
    if not matched:
        raise SettingError(
            f'{path} has nothing for node {node_name!r}: its sections are '
            f'{", ".join(repr(str(section)) for section in document)}; expected one of them to be '
            f'"/**" or {node_name!r}'
        )
    return values


def has_section(path: Path, node_name: str) -> bool:
    """Whether a file has a section of a node's own, beside those for every node.

    Raises:
        SettingError: the file cannot be read.
    """
    return any(str(section).rsplit('/', 1)[-1] == node_name for section in _document(path))


def load_settings(
    path: Path, node_name: str, settings_type: type[SettingsT], ignored: Collection[str] = ()
) -> SettingsT:
    """Settings of one node from a ROS 2 parameter file, every name and value checked.

    Args:
        path: a ROS 2 parameter file.
        node_name: the node's name.
        settings_type: the settings dataclass.
        ignored: names that the node has beside them (topics, frames), of no use here; a name
            that ends in a dot stands for all below it.

    Raises:
        SettingError: the file is unreadable or a parameter is unknown or out of range.
    """
    values = load_parameters(path, node_name)
    known = {spec.name for spec in specs(settings_type)}
    used = {
        name: value
        for name, value in values.items()
        if name in known or not _is_ignored(name, ignored)
    }
    try:
        return from_flat(settings_type, used)
    except SettingError as error:
        raise SettingError(f'{path}, node {node_name!r}: {error}') from error


def _is_ignored(name: str, ignored: Collection[str]) -> bool:
    return any(
        name == entry or (entry.endswith('.') and name.startswith(entry)) for entry in ignored
    )


def _document(path: Path) -> Mapping[Any, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f'cannot read the parameter file {path}: {error}') from error
    except yaml.YAMLError as error:
        raise SettingError(f'{path} is not YAML: {error}') from error
    if not isinstance(document, Mapping):
        raise SettingError(
            f'{path} holds {type(document).__name__}; expected a ROS 2 parameter file, a mapping '
            f'from node names to {_PARAMETERS!r}'
        )
    return document


def _section_matches(section: str, node_name: str) -> bool:
    """Whether a section of a parameter file is for a node, in whatever namespace."""
    last = section.rsplit('/', 1)[-1]
    return fnmatch.fnmatchcase(node_name, last.replace('**', '*'))


def _flatten(tree: Mapping[Any, Any], prefix: str, values: dict[str, Any]) -> None:
    for key, value in tree.items():
        name = f'{prefix}{key}'
        if isinstance(value, Mapping):
            _flatten(value, f'{name}.', values)
        else:
            values[name] = value

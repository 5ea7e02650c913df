# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Renders settings as a parameter file and as a table, so that documents cannot drift."""

from __future__ import annotations

from collections.abc import Iterator
import textwrap
from typing import Any

import yaml

from geoloc_ros.settings import SettingSpec, SettingValue, specs

_WIDTH = 96


def yaml_text(node_name: str, settings_type: type[Any], heading: str) -> str:
    """A ROS 2 parameter file with every parameter at its default, commented.

    Args:
        node_name: name the parameters are for.
        settings_type: the settings dataclass.
        heading: what the file is, the first comment.
    """
    lines = ['# SPDX-FileCopyrightText: 2026 The geoloc_ros developers']
    lines += ['# SPDX-License-Identifier: Apache-2.0']
    lines += [f'# {line}' for line in textwrap.wrap(heading, _WIDTH)]
    lines += [f'/**/{node_name}:', '  ros__parameters:']
    open_groups: list[str] = []
    for spec in specs(settings_type):
        *groups, leaf = spec.name.split('.')
        lines += list(_group_lines(open_groups, groups))
        open_groups = groups
        indent = ' ' * (4 + 2 * len(groups))
        comment = _comment(spec)
        lines += [f'{indent}# {line}' for line in textwrap.wrap(comment, _WIDTH - len(indent))]
        lines.append(f'{indent}{leaf}: {_yaml_value(spec.default)}')
    return '\n'.join(lines) + '\n'


def markdown_table(settings_type: type[Any]) -> str:
    """A table of every parameter: name, default, unit, range and consequence."""
    rows = ['| parameter | default | unit | range | what it does |', '|---|---|---|---|---|']
    for spec in specs(settings_type):
        fixed = ' (only at start)' if spec.info.read_only else ''
        rows.append(
            f'| `{spec.name}` | `{_yaml_value(spec.default)}` | {spec.info.unit} | '
            f'{_range(spec)} | {spec.info.description}{fixed} |'
        )
    return '\n'.join(rows) + '\n'


def _group_lines(open_groups: list[str], groups: list[str]) -> Iterator[str]:
    """Opens the groups of a parameter that are not open yet."""
    common = 0
    while common < min(len(open_groups), len(groups)) and open_groups[common] == groups[common]:
        common += 1
    for depth in range(common, len(groups)):
        yield f'{" " * (4 + 2 * depth)}{groups[depth]}:'


def _comment(spec: SettingSpec) -> str:
    parts = [f'[{spec.info.unit}] ' if spec.info.unit else '', spec.info.description]
    limits = _range(spec)
    parts.append(f' ({limits})' if limits else '')
    parts.append('; only at start' if spec.info.read_only else '')
    return ''.join(parts)


def _range(spec: SettingSpec) -> str:
    info = spec.info
    if info.choices:
        return ', '.join(choice or "''" for choice in info.choices)
    if info.minimum is None and info.maximum is None:
        return ''
    if info.minimum is None:
        return f'at most {info.maximum:g}'
    if info.maximum is None:
        return f'at least {info.minimum:g}'
    return f'{info.minimum:g} to {info.maximum:g}'


def _yaml_value(value: SettingValue) -> str:
    """The value as YAML reads it back with the same type."""
    if isinstance(value, tuple):
        return f'[{", ".join(_yaml_value(element) for element in value)}]'
    if isinstance(value, float):
        text = repr(value)
        mantissa, _, exponent = text.partition('e')
        return text if not exponent or '.' in mantissa else f'{mantissa}.0e{exponent}'
    text = yaml.safe_dump(value, default_flow_style=True, default_style=None)
    return str(text).splitlines()[0].strip()

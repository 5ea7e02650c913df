# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Enforces docs/architecture.md: imports go down the rows, ROS stays in two rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import dataclasses
from pathlib import Path
import re
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = 'geoloc_ros'
ROWS = {
    'errors': 0, 'types': 0, 'settings': 0, 'compiled': 0,
    'geometry': 1, 'geodesy': 1,
    'filters': 2, 'map_store': 2, 'networks': 2,
    'observations': 3,
    'localizer': 4, 'evaluation': 4, 'messages': 4,
    'ros': 5, 'bags': 5,
    'nodes': 6, 'cli': 6,
}  # fmt: skip
# Third-party packages a room may import beside the standard library and numpy.
THIRD_PARTY = {
    'compiled': {'numba'},
    'geometry': {'transforms3d'},
    'geodesy': {'pyproj', 'transforms3d'},
    'filters': {'scipy', 'numba'},
    'map_store': {'pyproj', 'rasterio', 'zarr', 'cv2'},
    'networks': {'torch', 'onnx', 'onnxruntime', 'openvino', 'cv2'},
    'observations': {'scipy'},
    'localizer': {'scipy'},
    'evaluation': {'scipy', 'matplotlib'},
    'messages': {'cv2'},
    'bags': {'rosbags', 'yaml', 'cv2', 'tqdm'},
    'ros': {'yaml', 'cv2'},
    'nodes': {'yaml'},
    'cli': {'yaml', 'tqdm', 'matplotlib'},
}  # fmt: skip
ROS_ROOMS = {'ros', 'nodes'}
ROS_MODULES = re.compile(
    r'(rclpy|tf2_ros|tf2_py|message_filters|cv_bridge|sensor_msgs_py|ament_index_python'
    r'|launch|launch_ros|rosidl_\w+|\w+_msgs|std_srvs|\w+_interfaces)\Z'
)
STANDARD_LIBRARY = sys.stdlib_module_names | {'__future__'}


@dataclasses.dataclass(frozen=True)
class Import:
    """One imported module, by its full name, and the line that does it."""

    name: str
    line: int


def imports_of(source: str, module: str) -> Iterator[Import]:
    """Every import statement of a module, those inside functions and TYPE_CHECKING included.

    Args:
        source: text of the module.
        module: its full name, to resolve relative imports; a package ends in .__init__.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parts = module.split('.')[: -node.level]
                base = '.'.join([*parts, base] if base else parts)
            if base == PACKAGE:
                yield from (Import(f'{PACKAGE}.{alias.name}', node.lineno) for alias in node.names)
            else:
                yield Import(base, node.lineno)


def room_of(module: str) -> str | None:
    """The room a module of the package lies in; None for the package itself."""
    parts = [part for part in module.split('.') if part != '__init__']
    return parts[1] if len(parts) > 1 else None


def complaint(module: str, imported: str) -> str | None:
    """Why a module of the package may not import another one; None when it may."""
    room = room_of(module)
    top = imported.split('.')[0]
    if top == PACKAGE:
        return _inner_complaint(room, room_of(imported))
    if top in ('geoloc_sim', 'geoloc_training', 'geoloc_dev'):
        return f'the runtime never imports {top}'
    if ROS_MODULES.match(top):
        return None if room in ROS_ROOMS else f'only {sorted(ROS_ROOMS)} import ROS'
    if top in STANDARD_LIBRARY or top == 'numpy' or top in THIRD_PARTY.get(room or '', set()):
        return None
    return f'{top} is not among the packages that {room} may use'


def _inner_complaint(room: str | None, imported_room: str | None) -> str | None:
    if imported_room is None or imported_room in ('__version__', room):
        return None
    if room is None:
        return f'{PACKAGE}/__init__.py imports no room'
    if imported_room not in ROWS:
        return f'{imported_room} is no room that has a row'
    if ROWS[room] == 0 == ROWS[imported_room] or ROWS[imported_room] < ROWS[room]:
        return None
    return f'row {ROWS[room]} ({room}) may not see row {ROWS[imported_room]} ({imported_room})'


def module_name(path: Path, base: Path) -> str:
    """The dotted name of a file below `base`."""
    return '.'.join(path.relative_to(base).with_suffix('').parts)


def test_every_room_has_a_row():
    rooms = {
        path.stem
        for path in (ROOT / PACKAGE).iterdir()
        if path.suffix == '.py' or (path / '__init__.py').exists()
    }
    assert rooms - {'__init__'} == set(ROWS)


def test_imports_go_down():
    found = []
    for path in sorted((ROOT / PACKAGE).rglob('*.py')):
        module = module_name(path, ROOT)
        for imported in imports_of(path.read_text(encoding='utf-8'), module):
            why = complaint(module, imported.name)
            if why is not None:
                where = f'{path.relative_to(ROOT)}:{imported.line}'
                found.append(f'{where}: imports {imported.name}: {why}')
    assert not found, '\n'.join(found)


def test_simulation_knows_no_ros():
    base = ROOT / 'simulation'
    found = []
    for path in sorted(base.rglob('*.py')):
        for imported in imports_of(path.read_text(encoding='utf-8'), module_name(path, base)):
            parts = imported.name.split('.')
            ros_room = parts[0] == PACKAGE and room_of(imported.name) in ROS_ROOMS
            if ros_room or ROS_MODULES.match(parts[0]):
                found.append(f'{path.relative_to(ROOT)}:{imported.line}: {imported.name}')
    assert not found, '\n'.join(found)


@pytest.mark.parametrize(
    ('module', 'source', 'imported'),
    [
        (
            'geoloc_ros.filters.x',
            'from geoloc_ros.localizer import result',
            'geoloc_ros.localizer',
        ),
        ('geoloc_ros.geometry.x', 'import geoloc_ros.geodesy.ecef', 'geoloc_ros.geodesy.ecef'),
        ('geoloc_ros.types', 'def f():\n    from geoloc_ros import filters', 'geoloc_ros.filters'),
        ('geoloc_ros.filters.x', 'from ..cli import main', 'geoloc_ros.cli'),
        ('geoloc_ros.messages.x', 'from sensor_msgs.msg import NavSatFix', 'sensor_msgs.msg'),
        ('geoloc_ros.cli.x', 'import rclpy.node', 'rclpy.node'),
        ('geoloc_ros.cli.x', 'import geoloc_sim.cli', 'geoloc_sim.cli'),
        ('geoloc_ros.filters.x', 'import matplotlib.pyplot as plt', 'matplotlib.pyplot'),
        ('geoloc_ros.cli.x', 'from geoloc_ros.nodes import replay_node', 'geoloc_ros.nodes'),
        ('geoloc_ros.__init__', 'from . import types', 'geoloc_ros.types'),
    ],
)
def test_forbidden_edge_is_caught(module, source, imported):
    (found,) = imports_of(source, module)
    assert found.name == imported
    assert complaint(module, found.name)


@pytest.mark.parametrize(
    ('module', 'source'),
    [
        ('geoloc_ros.filters.x', 'from geoloc_ros.types import Estimate'),
        ('geoloc_ros.filters.x', 'from geoloc_ros.filters.motion import MotionBuffer'),
        ('geoloc_ros.filters.x', 'from . import motion'),
        ('geoloc_ros.settings', 'from geoloc_ros.errors import GeolocError'),
        ('geoloc_ros.nodes.x', 'import rclpy'),
        ('geoloc_ros.cli.x', 'from geoloc_ros import __version__'),
        ('geoloc_ros.geodesy.x', 'import pyproj, numpy, math'),
    ],
)
def test_allowed_edge_passes(module, source):
    complaints = [complaint(module, found.name) for found in imports_of(source, module)]
    assert complaints
    assert not any(complaints)

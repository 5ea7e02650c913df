# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The package as colcon, pip and readers of the repository see it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import importlib
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

import geoloc_ros

ROOT = Path(__file__).resolve().parents[1]
ROS_DEPENDENCIES = {
    'rclpy', 'lifecycle_msgs', 'sensor_msgs', 'geometry_msgs', 'nav_msgs', 'diagnostic_msgs',
    'std_srvs', 'visualization_msgs', 'tf2_ros', 'tf2_msgs', 'message_filters', 'cv_bridge',
    'sensor_msgs_py', 'launch', 'launch_ros',
}  # fmt: skip
# A folder of somebody's machine, and where packages come from: neither belongs in a file.
MACHINE_PATH = re.compile(r'(?<![\w.~}])/(?:work|root|tmp|home/\w+)(?![\w.-])')
REGISTRY = re.compile(r'\b(?:pypi|pythonhosted|debian|ubuntu|npmjs)\.(?:org|com)\b')
SPDX = (
    'SPDX-FileCopyrightText: 2026 The geoloc_ros developers',
    'SPDX-License-Identifier: Apache-2.0',
)
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def manifest() -> ElementTree.Element:
    return ElementTree.parse(ROOT / 'package.xml').getroot()


def setup_arguments() -> dict[str, object]:
    """What setup.py hands to setuptools, evaluated as pip does, without building."""
    code = (
        'import json, setuptools, runpy\n'
        'seen = {}\n'
        'setuptools.setup = lambda **words: seen.update(words)\n'
        'runpy.run_path("setup.py", run_name="__main__")\n'
        'print(json.dumps(seen))'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


@pytest.fixture(scope='module')
def arguments() -> dict[str, object]:
    return setup_arguments()


def tracked_files() -> list[Path]:
    done = subprocess.run(
        ['git', 'ls-files', '-z'], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip('not a git checkout: the tracked files are not known')
    return [ROOT / name for name in done.stdout.split('\0') if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        try:
            yield path, path.read_text(encoding='utf-8')
        except UnicodeDecodeError:
            continue


def python_files() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == '.py']


def test_one_version_everywhere(arguments):
    version = manifest().findtext('version')
    assert version == geoloc_ros.__version__
    assert arguments['version'] == version
    citation = (ROOT / 'CITATION.cff').read_text(encoding='utf-8')
    assert re.search(rf'^version: {re.escape(version)}$', citation, re.MULTILINE)
    simulation = (ROOT / 'simulation' / 'pyproject.toml').read_text(encoding='utf-8')
    assert f"version = '{version}'" in simulation


def test_manifest_names_every_ros_dependency():
    root = manifest()
    assert root.get('format') == '3'
    assert root.findtext('export/build_type') == 'ament_python'
    assert {element.text for element in root.findall('exec_depend')} >= ROS_DEPENDENCIES


def test_manifest_covers_the_requirements():
    """Each library that pip installs is a rosdep key too, under the name rosdep gives it."""
    rosdep_names = {
        'pyyaml': 'python3-yaml',
        'opencv-python-headless': 'python3-opencv',
        'rosbags': 'python3-rosbags-pip',
    }
    without_a_key = {'rasterio', 'zarr'}  # pip installs them everywhere (README)
    declared = {element.text for element in manifest().findall('exec_depend')}
    lines = (ROOT / 'requirements' / 'runtime.txt').read_text(encoding='utf-8').splitlines()
    names = [re.match(r'[\w-]+', line)[0].lower() for line in lines if line[:1].isalpha()]
    assert len(names) >= 10
    asked = [name for name in names if name not in without_a_key]
    assert {rosdep_names.get(name, f'python3-{name}') for name in asked} <= declared


def test_manifest_covers_the_imports():
    """Each ROS package that the code imports is a dependency."""
    declared = {element.text for element in manifest().findall('exec_depend')}
    imported = set()
    for path in [*(ROOT / 'geoloc_ros').rglob('*.py'), *(ROOT / 'launch').rglob('*.py')]:
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add((node.module or '').split('.')[0])
    ros = re.compile(r'\w+_(msgs|interfaces|srvs|ros)\Z|rclpy|launch|cv_bridge|message_filters')
    needed = {name for name in imported if ros.match(name)} - {'geoloc_ros'}
    assert needed <= declared


def test_installed_files_exist(arguments):
    places = dict(arguments['data_files'])
    marker = 'share/ament_index/resource_index/packages'
    assert places[marker] == ['resource/geoloc_ros']
    assert 'package.xml' in places['share/geoloc_ros']
    assert {
        'share/geoloc_ros/launch',
        'share/geoloc_ros/config',
        'share/geoloc_ros/models',
    } <= set(places)
    missing = [name for files in places.values() for name in files if not (ROOT / name).is_file()]
    assert not missing


def _entry_points(arguments) -> dict[str, str]:
    lines = arguments['entry_points']['console_scripts']
    return dict(re.split(r'\s*=\s*', line, maxsplit=1) for line in lines)


def _callable_of(target: str):
    module, function = target.split(':')
    return getattr(importlib.import_module(module), function)


def test_the_command_line_entry_point_imports(arguments):
    assert callable(_callable_of(_entry_points(arguments)['geoloc']))


def test_the_simulation_entry_point_imports():
    text = (ROOT / 'simulation' / 'pyproject.toml').read_text(encoding='utf-8')
    target = re.search(r"geoloc-sim = '([^']+)'", text)
    assert target is not None
    assert callable(_callable_of(target[1]))


@pytest.mark.ros
@pytest.mark.parametrize('node', ['particle_filter_node', 'kalman_filter_node', 'replay_node'])
def test_the_node_entry_points_import(arguments, node):
    assert callable(_callable_of(_entry_points(arguments)[node]))


def test_scripts_go_where_ros2_run_looks():
    text = (ROOT / 'setup.cfg').read_text(encoding='utf-8')
    assert 'script_dir=$base/lib/geoloc_ros' in text
    assert 'install_scripts=$base/lib/geoloc_ros' in text


def test_the_installed_tree_is_what_ros_expects(tmp_path, arguments):
    """Builds and installs as colcon does for ament_python: setup.py into a prefix."""
    source = tmp_path / 'source'
    for path in tracked_files():
        place = source / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    prefix = tmp_path / 'install'
    command = [sys.executable, '-W', 'ignore', 'setup.py', '-q', 'build']
    command += ['install', '--prefix', str(prefix), '--single-version-externally-managed']
    command += ['--record', str(tmp_path / 'record.txt')]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    programs = {path.name for path in (prefix / 'lib' / 'geoloc_ros').iterdir()}
    assert programs == set(_entry_points(arguments))
    assert (prefix / 'share/ament_index/resource_index/packages/geoloc_ros').is_file()
    assert (prefix / 'share/geoloc_ros/package.xml').is_file()
    for folder in ('launch', 'config', 'models'):
        kept = [path for path in tracked_files() if (ROOT / folder) in path.parents]
        for path in kept:
            assert (prefix / 'share/geoloc_ros' / path.relative_to(ROOT)).is_file()
    assert list(prefix.glob('lib/python3*/site-packages/geoloc_ros/py.typed'))


def test_other_packages_are_hidden_from_colcon():
    assert (ROOT / 'simulation' / 'COLCON_IGNORE').exists()
    assert (ROOT / 'scripts' / 'COLCON_IGNORE').exists()


def test_every_python_file_carries_the_licence_lines():
    bare = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if not all(
            line in '\n'.join(path.read_text(encoding='utf-8').splitlines()[:4]) for line in SPDX
        )
    ]
    assert not bare


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body; neither its arguments nor its docstring count."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    body = function.body[1:] if has_docstring else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_modules_and_functions_stay_short():
    found = []
    for path in python_files():
        text = path.read_text(encoding='utf-8')
        name = path.relative_to(ROOT)
        if len(text.splitlines()) > LONGEST_MODULE:
            found.append(f'{name}: {len(text.splitlines())} lines')
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = _body_lines(node)
                if lines > LONGEST_FUNCTION:
                    found.append(f'{name}:{node.lineno}: {node.name} has {lines} lines')
    assert not found, '\n'.join(found)


@pytest.mark.parametrize('pattern', [MACHINE_PATH, REGISTRY], ids=['machine path', 'registry'])
def test_no_tracked_file_names(pattern):
    found = [
        f'{path.relative_to(ROOT)}:{text[: hit.start()].count(chr(10)) + 1}: {hit[0]}'
        for path, text in texts()
        for hit in pattern.finditer(text)
    ]
    assert not found, '\n'.join(found)


@pytest.mark.parametrize(
    ('pattern', 'text', 'caught'),
    [
        (MACHINE_PATH, 'see /' + 'work/shared', True),
        (MACHINE_PATH, "'/" + "tmp'", True),
        (MACHINE_PATH, 'out/tmp/x, ~/work, network/root', False),
        (REGISTRY, 'from pypi' + '.org', True),
        (REGISTRY, 'PyPI and Debian', False),
    ],
)
def test_the_patterns_catch_what_they_should(pattern, text, caught):
    assert bool(pattern.search(text)) is caught

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The development set-up: what it finds, what it says is missing, what it does not do twice."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

import pytest

from geoloc_dev import (
    environment,
    interpreters,
    prerequisites,
    ros_distribution,
    stages,
    tf2_messages,
)
from geoloc_dev.console import SetupError, Step
from geoloc_dev.shell import child_environment, run_logged
from geoloc_dev.stamp import Stamp, digest

ROOT = Path(__file__).resolve().parents[1]
HERE = interpreters.Interpreter(Path(sys.executable), sys.version_info[:3])


def fake_program(folder: Path, name: str, script: str) -> Path:
    """A small shell program that stands for one that the machine may hold."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\n{script}\n')
    path.chmod(0o755)
    return path


def test_probe_reads_the_version():
    found = interpreters.probe(sys.executable)
    assert found is not None
    assert found.version == tuple(sys.version_info[:3])
    assert found.path.exists()


def test_probe_refuses_a_shim_without_a_target(tmp_path):
    shim = fake_program(tmp_path, 'python3.10', 'echo "pyenv: command not found" >&2; exit 127')
    assert interpreters.probe(shim) is None
    assert interpreters.probe(tmp_path / 'absent') is None


def test_find_version_passes_over_the_shim_to_pyenv(tmp_path, monkeypatch):
    fake_program(tmp_path / 'shims', 'python3.10', 'exit 127')
    answer = f'echo 3 10 99 {tmp_path}/real'
    fake_program(tmp_path / 'pyenv' / 'versions' / '3.10.99' / 'bin', 'python3.10', answer)
    monkeypatch.setenv('PATH', f'{tmp_path / "shims"}{os.pathsep}/bin')
    monkeypatch.setenv('PYENV_ROOT', str(tmp_path / 'pyenv'))
    monkeypatch.setenv('HOME', str(tmp_path))
    found = interpreters.find_version(3, 10)
    assert found == interpreters.Interpreter(tmp_path / 'real', (3, 10, 99))


@pytest.mark.parametrize(
    ('version', 'supported'),
    [((3, 9, 18), False), ((3, 10, 0), True), ((3, 13, 9), True), ((3, 14, 0), False)],
)
def test_supported_versions(version, supported):
    assert interpreters.Interpreter(Path('python3'), version).supported is supported


def test_everything_missing_is_named_at_once(tmp_path, monkeypatch):
    bare = fake_program(tmp_path, 'python3', 'exit 1')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(SetupError) as caught:
        prerequisites.check(interpreters.Interpreter(bare, (3, 11, 2)), generates_messages=True)
    text = str(caught.value)
    assert 'sudo apt install python3.11-venv gcc g++ make python3.11-dev' in text
    assert 'the header Python.h' in text


def test_a_sourced_distribution_needs_no_compiler(tmp_path, monkeypatch):
    monkeypatch.setattr(prerequisites, 'missing_for_environment', lambda _: [])
    monkeypatch.setenv('PATH', str(tmp_path))
    prerequisites.check(HERE, generates_messages=False)


def test_another_processor_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(prerequisites.platform, 'machine', lambda: 'aarch64')
    with pytest.raises(SetupError, match=r'aarch64; install a ROS 2 distribution'):
        prerequisites.check_platform()


@pytest.mark.parametrize(
    ('answer', 'usable'),
    [('echo cmake version 3.25.1', True), ('echo cmake version 3.19.8', False), ('exit 1', False)],
)
def test_an_old_cmake_is_replaced(tmp_path, monkeypatch, answer, usable):
    fake_program(tmp_path, 'cmake', answer)
    monkeypatch.setenv('PATH', f'{tmp_path}{os.pathsep}{os.environ["PATH"]}')
    assert prerequisites.cmake_is_usable() is usable


def test_no_distribution_without_its_variables(monkeypatch):
    monkeypatch.delenv('ROS_DISTRO', raising=False)
    assert ros_distribution.sourced_interpreter() is None


def test_a_sourced_distribution_is_found_and_used(tmp_path, monkeypatch):
    rclpy = tmp_path / 'ros' / 'lib' / 'python3' / 'rclpy'
    rclpy.mkdir(parents=True)
    (rclpy / '__init__.py').write_text('')
    fake_program(tmp_path / 'bin', 'python3', f'exec {sys.executable} "$@"')
    monkeypatch.setenv('PATH', f'{tmp_path / "bin"}{os.pathsep}{os.environ["PATH"]}')
    monkeypatch.setenv('PYTHONPATH', str(rclpy.parent))
    monkeypatch.setenv('ROS_DISTRO', 'kilted')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'ros'))
    found = ros_distribution.sourced_interpreter()
    assert found is not None
    recipe = environment.main_recipe()
    assert recipe.system_packages
    assert not recipe.generates_messages
    assert not any(name.startswith(('ros_wheels', 'tf2')) for name in recipe.lists)
    # rclpy from somewhere else is no distribution.
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'other'))
    assert ros_distribution.sourced_interpreter() is None


def test_the_stamp_remembers_until_an_input_changes(tmp_path):
    source = tmp_path / 'list.txt'
    source.write_text('numpy')
    before = digest([source], '3.11')
    Stamp(tmp_path).record('packages', before)
    assert Stamp(tmp_path).has('packages', before)
    assert not Stamp(tmp_path).has('packages', digest([source], '3.12'))
    source.write_text('numpy<3')
    assert not Stamp(tmp_path).has('packages', digest([source], '3.11'))


def test_a_broken_stamp_counts_as_nothing_done(tmp_path):
    (tmp_path / 'geoloc_setup.json').write_text('{"packages": ')
    assert not Stamp(tmp_path).has('packages', 'x')


def test_a_failed_step_is_done_again_and_a_finished_one_is_not(tmp_path, monkeypatch):
    recipe = environment.Recipe(tmp_path, HERE, ('test',), (), False, False)
    commands = []

    def fail(command, log, step, extra_env=None):
        commands.append(command)
        raise SetupError('no network')

    def work(command, log, step, extra_env=None):
        commands.append(command)

    monkeypatch.setattr(environment, 'run_logged', fail)
    with pytest.raises(SetupError):
        environment._install_lists(recipe, 'packages', recipe.lists)
    monkeypatch.setattr(environment, 'run_logged', work)
    for _ in range(2):
        environment._install_lists(recipe, 'packages', recipe.lists)
    assert len(commands) == 2


def test_a_failing_command_shows_the_end_of_its_log(tmp_path):
    program = fake_program(tmp_path, 'tool', 'echo nothing fits; exit 3')
    with pytest.raises(SetupError, match=r'(?s)tool ended with 3; whole output in .*nothing fits'):
        run_logged([program], tmp_path / 'log', Step('trying'))


def test_children_do_not_see_another_environment(monkeypatch):
    monkeypatch.setenv('_ROS_WHEELS_BOOTSTRAP_COMPLETE', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', 'kept')
    seen = child_environment({'EXTRA': 'yes'})
    assert '_ROS_WHEELS_BOOTSTRAP_COMPLETE' not in seen
    assert (seen['PIP_FIND_LINKS'], seen['EXTRA']) == ('kept', 'yes')


def test_cmake_exports_get_this_machine_folders(tmp_path):
    export = tmp_path / 'std_msgs' / 'cmake' / 'std_msgsExport.cmake'
    export.parent.mkdir(parents=True)
    built = '/opt/python/cp312-cp312'
    export.write_text(
        f'"{built}/include/python3.12;{built}/lib/python3.12/site-packages/numpy/_core/include"'
    )
    assert tf2_messages.correct_exports(tmp_path, '/py', '/np') == 1
    assert export.read_text() == '"/py;/np"'
    assert tf2_messages.correct_exports(tmp_path, '/py', '/np') == 0


@pytest.mark.parametrize(('minor', 'word'), [(10, 'skipped'), (11, 'passed'), (13, 'passed')])
def test_types_are_checked_from_python_3_11_on(monkeypatch, minor, word):
    there = interpreters.Interpreter(Path('python'), (3, minor, 0))
    monkeypatch.setattr(stages, 'probe', lambda _: there)
    monkeypatch.setattr(stages, 'run_visible', lambda *_: 0)
    assert stages.types_stage().word == word


def test_one_failed_stage_fails_the_whole(capsys):
    passed = stages.Verdict('format', 'passed', '1 s')
    skipped = stages.Verdict('core', 'skipped', 'no Python 3.10')
    failed = stages.Verdict('lint', 'FAILED', 'exit status 1')
    assert stages._report([passed, skipped]) == 0
    assert stages._report([passed, failed, skipped]) == 1
    assert 'failed: lint' in capsys.readouterr().out


def test_make_alone_lists_the_commands():
    done = subprocess.run(['make'], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ('setup', 'test', 'demo', 'bench', 'lint', 'format', 'clean', 'help'):
        assert f'  make {target}' in done.stdout


def test_continuous_integration_runs_make_test():
    script = ROOT / '.ci' / 'run'
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == 'exec make test'

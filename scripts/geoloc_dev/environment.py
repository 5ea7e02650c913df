# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Creates and completes the two virtual environments, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import contextlib
import dataclasses
import fcntl
import hashlib
import os
from pathlib import Path
import shutil
import tempfile

from geoloc_dev import prerequisites, ros_distribution, tf2_messages
from geoloc_dev.console import Step, say
from geoloc_dev.interpreters import Interpreter, choose, probe
from geoloc_dev.layout import (
    CORE_VENV,
    PROJECT_FILES,
    REQUIREMENTS,
    ROOT,
    TF2_SOURCE,
    VENV,
    requirement_file,
)
from geoloc_dev.shell import run_logged
from geoloc_dev.stamp import Stamp, digest


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What an environment is made of.

    Attributes:
        venv: folder of the environment.
        interpreter: the Python it is made with.
        lists: names of requirement files to install.
        constraints: names of requirement files that only limit versions.
        system_packages: see the interpreter's own packages (a sourced ROS distribution).
        generates_messages: build tf2_msgs into it.
    """

    venv: Path
    interpreter: Interpreter
    lists: tuple[str, ...]
    constraints: tuple[str, ...]
    system_packages: bool
    generates_messages: bool

    @property
    def log(self) -> Path:
        """Where the output of pip and of the compilers goes."""
        return self.venv / 'setup.log'

    @property
    def python(self) -> Path:
        """The environment's own interpreter."""
        return self.venv / 'bin' / 'python'


def main_recipe() -> Recipe:
    """The environment for everything: a sourced ROS distribution, else ROS from wheels."""
    sourced = ros_distribution.sourced_interpreter()
    if sourced is not None:
        return Recipe(
            VENV,
            sourced,
            ('runtime', 'simulation', 'networks', 'test', 'dev'),
            ('ros_distribution', 'networks_lock'),
            True,
            False,
        )
    lists = (
        'runtime', 'simulation', 'networks', 'ros_wheels', 'tf2_msgs_build', 'test', 'dev',
    )  # fmt: skip
    constraints = ('ros_wheels_lock', 'networks_lock')
    return Recipe(VENV, _kept() or choose(), lists, constraints, False, True)


def _kept() -> Interpreter | None:
    """The interpreter of an environment that is there, unless the user names another one."""
    found = None if os.environ.get('PYTHON') else probe(VENV / 'bin' / 'python')
    return found if found is not None and found.supported else None


def core_recipe(interpreter: Interpreter) -> Recipe:
    """The environment that proves the core runs on the oldest pair, without ROS."""
    return Recipe(
        CORE_VENV, interpreter, ('runtime', 'simulation', 'test'), ('core_py310',), False, False
    )


@contextlib.contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    """Let a second set-up of the same checkout wait for the first."""
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f'geoloc_setup_{os.getuid()}_{name}.lock'
    with path.open('w') as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def set_up(with_benchmarks: bool = False) -> None:
    """Bring .venv up to date; returns at once when nothing changed."""
    with _only_one_at_a_time():
        recipe = main_recipe()
        bring_up_to_date(recipe)
        if with_benchmarks:
            _install_lists(recipe, 'benchmarks', ('benchmarks',))


def set_up_core(interpreter: Interpreter) -> None:
    """Bring .venv310 up to date."""
    with _only_one_at_a_time():
        bring_up_to_date(core_recipe(interpreter))


def bring_up_to_date(recipe: Recipe) -> None:
    """Do the steps whose inputs changed since they were last finished."""
    _create(recipe)
    _install_lists(recipe, 'packages', recipe.lists)
    if recipe.generates_messages:
        _generate_messages(recipe)
    _install_project(recipe)


def _identity(recipe: Recipe) -> str:
    major, minor, _ = recipe.interpreter.version
    return f'{major}.{minor} system={recipe.system_packages}'


def _create(recipe: Recipe) -> None:
    """Make the environment, or keep the one that is there when it is of the wanted kind."""
    identity = digest((), _identity(recipe))
    if recipe.python.exists() and Stamp(recipe.venv).has('environment', identity):
        return
    prerequisites.check(recipe.interpreter, recipe.generates_messages)
    if recipe.venv.exists() and not _can_adopt(recipe):
        say(f'{recipe.venv.name} does not fit {recipe.interpreter.label}: making it anew')
        shutil.rmtree(recipe.venv)
    if not recipe.python.exists():
        with Step(f'creating {recipe.venv.name} with {recipe.interpreter.label}') as step:
            recipe.venv.mkdir(exist_ok=True)
            options = ['--system-site-packages'] if recipe.system_packages else []
            command: list[str | Path] = [
                recipe.interpreter.path,
                '-m',
                'venv',
                *options,
                recipe.venv,
            ]
            run_logged(command, recipe.log, step)
    Stamp(recipe.venv).record('environment', identity)


def _can_adopt(recipe: Recipe) -> bool:
    """Whether an environment made by hand, or left half made, has the wanted Python and a pip."""
    found = probe(recipe.python)
    config = recipe.venv / 'pyvenv.cfg'
    if found is None or not config.exists() or not (recipe.venv / 'bin' / 'pip').exists():
        return False
    shares = 'include-system-site-packages = true' in config.read_text(encoding='utf-8').lower()
    return found.version[:2] == recipe.interpreter.version[:2] and shares == recipe.system_packages


def _install_lists(recipe: Recipe, step_name: str, lists: Sequence[str]) -> None:
    files = [requirement_file(name) for name in (*lists, *recipe.constraints)]
    fingerprint = digest(files, _identity(recipe))
    if Stamp(recipe.venv).has(step_name, fingerprint):
        return
    command: list[str | Path] = [recipe.python, '-m', 'pip', 'install', '--no-input']
    for name in lists:
        command += ['-r', requirement_file(name)]
    for name in recipe.constraints:
        command += ['-c', requirement_file(name)]
    if recipe.generates_messages and not prerequisites.cmake_is_usable():
        command.append('cmake')
    with Step(f'installing {", ".join(lists)} into {recipe.venv.name}') as step:
        run_logged(command, recipe.log, step)
    Stamp(recipe.venv).record(step_name, fingerprint)


def _generate_messages(recipe: Recipe) -> None:
    sources = [path for path in sorted(TF2_SOURCE.rglob('*')) if path.is_file()]
    fingerprint = digest([*sources, REQUIREMENTS / 'ros_wheels_lock.txt'], _identity(recipe))
    if Stamp(recipe.venv).has('tf2_msgs', fingerprint):
        return
    prerequisites.check(recipe.interpreter, recipe.generates_messages)
    with Step('generating tf2_msgs') as step:
        tf2_messages.generate(recipe.venv, recipe.log, step)
    Stamp(recipe.venv).record('tf2_msgs', fingerprint)


def _install_project(recipe: Recipe) -> None:
    """Install this checkout in place, so that edits count without another set-up."""
    fingerprint = digest(PROJECT_FILES, _identity(recipe), str(ROOT))
    if Stamp(recipe.venv).has('project', fingerprint):
        return
    command: list[str | Path] = [recipe.python, '-m', 'pip', 'install', '--no-input', '--no-deps']
    for folder in (ROOT, ROOT / 'simulation', ROOT / 'training'):
        command += ['-e', folder]
    with Step(
        f'linking geoloc_ros, geoloc_sim and geoloc_training into {recipe.venv.name}'
    ) as step:
        run_logged(command, recipe.log, step)
    Stamp(recipe.venv).record('project', fingerprint)

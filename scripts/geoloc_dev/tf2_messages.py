# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Generates tf2_msgs inside an environment of ROS wheels.

The message lands in the environment's own lib and site-packages folders, where the wheels' loader
already looks, so no environment variable is needed to import it.
"""

from __future__ import annotations

import os
from pathlib import Path
import re
import shutil
import tempfile

from geoloc_dev.console import SetupError, Step
from geoloc_dev.layout import TF2_SOURCE
from geoloc_dev.shell import output_of, run_logged

# Folders of the machine that built the wheels, left in their CMake exports.
_PYTHON_INCLUDE = re.compile(r'/opt/python/[^;"\s]*/include/python3\.\d+')
_NUMPY_INCLUDE = re.compile(r'/opt/python/[^;"\s]*/numpy/(?:_core|core)/include')
_INCLUDE_CODE = (
    'import numpy, sysconfig; print(sysconfig.get_path("include")); print(numpy.get_include())'
)
# A missing library only leaves the type support empty, so ask for it.
_IMPORT_CODE = (
    'from tf2_msgs.msg import TFMessage; kind = type(TFMessage); kind.__import_type_support__();'
    'assert kind._TYPE_SUPPORT is not None, "tf2_msgs has no type support"'
)


def correct_exports(share: Path, python_include: str, numpy_include: str) -> int:
    """Put this machine's include folders into the wheels' CMake exports.

    Returns:
        The number of files changed; a second call changes none.
    """
    changed = 0
    for path in share.glob('*/cmake/*.cmake'):
        old = path.read_text(encoding='utf-8')
        new = _PYTHON_INCLUDE.sub(lambda _: python_include, old)
        new = _NUMPY_INCLUDE.sub(lambda _: numpy_include, new)
        if new != old:
            path.write_text(new, encoding='utf-8')
            changed += 1
    return changed


def generate(venv: Path, log: Path, step: Step) -> None:
    """Build and install tf2_msgs into `venv`.

    Raises:
        SetupError: a tool failed, or the result cannot be imported.
    """
    python = venv / 'bin' / 'python'
    includes = output_of([python, '-c', _INCLUDE_CODE]).splitlines()
    if len(includes) != 2:
        raise SetupError(f'{python} cannot import numpy; run make distclean and make setup')
    correct_exports(venv / 'share', includes[0], includes[1])
    site_packages = output_of(
        [python, '-c', 'import sysconfig; print(sysconfig.get_path("platlib"))']
    )
    extra_env = {
        'PATH': f'{venv / "bin"}{os.pathsep}{os.environ.get("PATH", os.defpath)}',
        'AMENT_PREFIX_PATH': str(venv),
        'CMAKE_PREFIX_PATH': str(venv),
        'LD_LIBRARY_PATH': str(venv / 'lib'),
    }
    cmake = venv / 'bin' / 'cmake'
    program = str(cmake) if cmake.exists() else 'cmake'
    build = Path(tempfile.mkdtemp(prefix='geoloc_tf2_msgs_'))
    try:
        configure = [
            program, '-S', str(TF2_SOURCE), '-B', str(build), '-G', 'Unix Makefiles',
            f'-DCMAKE_INSTALL_PREFIX={venv}', '-DCMAKE_INSTALL_LIBDIR=lib',
            '-DCMAKE_BUILD_TYPE=Release', '-DBUILD_TESTING=OFF',
            f'-DPython3_EXECUTABLE={python}',
            f'-DPYTHON_INSTALL_DIR={Path(site_packages).relative_to(venv)}',
        ]  # fmt: skip
        run_logged(configure, log, step, extra_env)
        run_logged([program, '--build', build, '--parallel', '2'], log, step, extra_env)
        run_logged([program, '--install', build], log, step, extra_env)
    finally:
        shutil.rmtree(build, ignore_errors=True)
    run_logged([python, '-c', _IMPORT_CODE], log, step)

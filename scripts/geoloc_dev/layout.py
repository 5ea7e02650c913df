# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where things are in the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / '.venv'
CORE_VENV = ROOT / '.venv310'
REQUIREMENTS = ROOT / 'requirements'
TF2_SOURCE = ROOT / 'scripts' / 'tf2_msgs'
BENCHMARK_RUNNER = ROOT / 'benchmarks' / 'run.py'
# What decides how the project itself is installed into an environment.
PROJECT_FILES = (
    ROOT / 'setup.py',
    ROOT / 'setup.cfg',
    ROOT / 'package.xml',
    ROOT / 'simulation' / 'pyproject.toml',
    ROOT / 'training' / 'pyproject.toml',
)


def requirement_file(name: str) -> Path:
    """The path of requirements/<name>.txt."""
    return REQUIREMENTS / f'{name}.txt'

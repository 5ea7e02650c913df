# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The commands of the nodes, in processes of their own: what they say when they do not start."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[2]


def command(module, *words):
    return subprocess.run(
        [sys.executable, '-m', f'geoloc_ros.nodes.{module}', *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_refused_parameter_is_all_that_is_said():
    ended = command('cross_view_node', '--ros-args', '-p', 'search.min_radius_m:=-3.0')
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: parameter 'search.min_radius_m'")
    assert len(ended.stderr.splitlines()) == 1

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The commands of the nodes, in processes of their own: what they say when they do not start."""

from __future__ import annotations

import importlib
from pathlib import Path
import subprocess
import sys

import pytest
from rclpy.lifecycle import TransitionCallbackReturn

from geoloc_ros.errors import GeolocError
from geoloc_ros.nodes.lifecycle import EndingNode, start

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


@pytest.mark.parametrize(
    'module',
    [
        'cross_view_node', 'kalman_filter_node', 'map_server_node', 'particle_filter_node',
        'recorder_node', 'replay_node',
    ],
)  # fmt: skip
def test_help_describes_a_node_without_starting_it(module, capsys, monkeypatch):
    main = importlib.import_module(f'geoloc_ros.nodes.{module}').main
    monkeypatch.setattr('rclpy.init', lambda **_: pytest.fail('rclpy was started'))
    for word in ('-h', '--help'):
        assert main([word]) == 0
        text = capsys.readouterr().out
        assert text.startswith(f'usage: {module} [--ros-args')
        for expected in ('docs/parameters.md', 'docs/nodes.md', '--params-file'):
            assert expected in text


@pytest.mark.parametrize(
    ('module', 'words'),
    [
        ('particle_filter_node', ['--ros-args', '--params-file', 'nope.yaml']),
        ('recorder_node', ['--ros-args', '-p', 'path']),
        ('replay_node', ['--ros-args', '--nonsense']),
        ('compose', ['--filter', 'kalman', '--ros-args', '--params-file', 'nope.yaml']),
    ],
)
def test_words_that_ros_cannot_use_are_explained(module, words):
    ended = command(module, *words)
    assert ended.returncode == 1
    assert 'error: the words after --ros-args cannot be used' in ended.stderr
    assert words[-1] in ended.stderr
    assert 'Traceback' not in ended.stderr


class Failing(EndingNode):
    """Fails in one step, with an error that nobody foresaw."""

    def __init__(self, step):
        super().__init__('failing')
        self.step, self.ended = step, []

    def _prepare(self):
        self._fail('configure')

    def _start_listening(self):
        self._fail('activate')

    def _stop_listening(self):
        self.ended.append('stopped')

    def _forget(self):
        self.ended.append('forgot')

    def _fail(self, step):
        if step == self.step:
            raise PermissionError(f'no right to {step}')


@pytest.mark.parametrize(('step', 'ended'), [('configure', 'forgot'), ('activate', 'stopped')])
def test_a_step_that_fails_unexpectedly_is_told_and_leaves_nothing(ros, capfd, step, ended):
    node = Failing(step)
    with pytest.raises(GeolocError, match=f'could not {step}; its log says why'):
        start(node)
    assert f'an unexpected PermissionError: no right to {step}' in capfd.readouterr().err
    assert node.ended == [ended]
    assert node.trigger_shutdown() == TransitionCallbackReturn.SUCCESS
    node.destroy_node()

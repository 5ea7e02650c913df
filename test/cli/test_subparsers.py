# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How every command ends."""

import argparse
import os
import subprocess
import sys

import pytest

from geoloc_ros.cli.main import main
from geoloc_ros.cli.subparsers import run_command

_TALKER = """
import argparse
from geoloc_ros.cli.subparsers import run_command
parser = argparse.ArgumentParser(prog='talk')
parser.set_defaults(run=lambda options: print('word ' * 100_000) or 0)
raise SystemExit(run_command(parser, []))
"""


def test_an_output_that_is_a_file_is_explained(circle, tmp_path, capsys):
    circle.write_bag(tmp_path / 'b', duration_s=3)
    (tmp_path / 'out').write_text('a file')
    words = ['evaluate', f'{tmp_path}/b:/fix', '--out', str(tmp_path / 'out')]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert f'geoloc: error: {tmp_path}/out: File exists; expected a path that can' in told


@pytest.mark.parametrize(
    ('error', 'words'),
    [
        (OSError(28, 'No space left on device'), 'No space left on device; check the disk'),
        (OSError('a socket failed'), 'a socket failed; check the disk and the connections'),
        (PermissionError(13, 'Permission denied', '/x'), '/x: Permission denied; expected a path'),
    ],
)
def test_errors_of_the_system_are_explained(error, words, capsys):
    def fail(_):
        raise error

    parser = argparse.ArgumentParser(prog='some')
    parser.set_defaults(run=fail)
    assert run_command(parser, []) == 1
    assert capsys.readouterr().err.startswith(f'some: error: {words}')


def test_an_output_that_nobody_reads_any_more_ends_a_command_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, '-c', _TALKER]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, '')

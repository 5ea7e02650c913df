# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc replay``: a bag played into ROS 2, alone or through a filter node in one process."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
from pathlib import Path
import subprocess
import sys

from geoloc_ros.cli.subparsers import Subparsers
from geoloc_ros.errors import GeolocError
from geoloc_ros.ros.transport import transport_environment


class NoRosError(GeolocError):
    """rclpy is not installed."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``replay``."""
    parser = subparsers.add_parser(
        'replay',
        help='play a bag into ROS 2',
        description='Play a rosbag2 (mcap or sqlite3) with /clock and a rate. With --filter the '
        'bag goes through that filter node in the same process, in the namespace of --prefix.',
    )
    parser.add_argument('bag', type=Path, help='rosbag2 folder or file')
    parser.add_argument('--rate', type=float, default=1.0, help='speed over real time')
    parser.add_argument('--loop', action='store_true', help='start over at the end')
    parser.add_argument('--filter', choices=('particle', 'kalman'), help='run this node too')
    parser.add_argument('--params-file', type=Path, help='ROS 2 parameter file')
    parser.add_argument('--start-offset', type=float, default=0.0, help='seconds to leave out')
    parser.add_argument('--topics', nargs='+', default=[], help='only these topics')
    parser.add_argument('--prefix', default='', help='put before every topic but /tf')
    parser.add_argument(
        '--wait-for', nargs='+', default=[], help='topics that must have a subscriber first'
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out ``replay`` in a process of its own, with the Fast DDS profile."""
    if importlib.util.find_spec('rclpy') is None:
        raise NoRosError(
            'rclpy is not installed; replay needs ROS 2: run "make setup", which installs it from '
            'wheels, or source a ROS distribution'
        )
    environment = {**os.environ, **transport_environment()}
    command = compose_command(options) if options.filter else replay_command(options)
    child = subprocess.Popen(command, env=environment)
    with contextlib.suppress(KeyboardInterrupt):  # the child got it too, and ends by itself
        return child.wait()
    return child.wait()


def replay_command(options: argparse.Namespace) -> list[str]:
    """The command line of ``replay_node``."""
    parameters = [
        f'bag:={options.bag}',
        f'rate:={options.rate}',
        f'loop:={str(options.loop).lower()}',
        f'start_offset_s:={options.start_offset}',
    ]
    if options.prefix:
        parameters.append(f'prefix:={options.prefix}')
    for name, words in (('topics', options.topics), ('wait_for', options.wait_for)):
        if words:
            parameters.append(f'{name}:=[{", ".join(words)}]')
    command = [sys.executable, '-m', 'geoloc_ros.nodes.replay_node', '--ros-args']
    if options.params_file is not None:
        command += ['--params-file', str(options.params_file)]
    for parameter in parameters:
        command += ['-p', parameter]
    return command


def compose_command(options: argparse.Namespace) -> list[str]:
    """The command line of a filter node and the bag in one process."""
    command = [sys.executable, '-m', 'geoloc_ros.nodes.compose', str(options.bag)]
    command += ['--filter', options.filter, '--rate', str(options.rate)]
    command += ['--start-offset', str(options.start_offset)]
    command += ['--loop'] if options.loop else []
    command += ['--prefix', options.prefix] if options.prefix else []
    for option, words in (('--topics', options.topics), ('--wait-for', options.wait_for)):
        command += [option, *words] if words else []
    if options.params_file is not None:
        command += ['--params-file', str(options.params_file)]
    return command

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

from geoloc_ros.cli.ros_command import ParameterValue, ros_words
from geoloc_ros.cli.subparsers import Subparsers
from geoloc_ros.errors import GeolocError
from geoloc_ros.ros.transport import transport_environment

_NODE = 'replay_node'


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
    parser.add_argument('--rate', type=float, help='speed over real time (default: 1)')
    parser.add_argument('--loop', action='store_const', const=True, help='start over at the end')
    parser.add_argument('--filter', choices=('particle', 'kalman'), help='run this node too')
    parser.add_argument('--params-file', type=Path, help='ROS 2 parameter file, of both nodes')
    parser.add_argument('--start-offset', type=float, help='seconds to leave out')
    parser.add_argument('--topics', nargs='+', help='only these topics')
    parser.add_argument('--prefix', help='put before every topic but /tf')
    parser.add_argument('--wait-for', nargs='+', help='topics that must have a subscriber first')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out ``replay`` in a process of its own, with the Fast DDS profile."""
    if importlib.util.find_spec('rclpy') is None:
        raise NoRosError(
            'rclpy is not installed; replay needs ROS 2: run "make setup", which installs it from '
            'wheels, or source a ROS distribution'
        )
    environment = {**os.environ, **transport_environment()}
    child = subprocess.Popen(replay_command(options), env=environment)
    with contextlib.suppress(KeyboardInterrupt):  # the child got it too, and ends by itself
        return child.wait()
    return child.wait()


def replay_command(options: argparse.Namespace) -> list[str]:
    """The command line of ``replay_node``, or of it and a filter node in one process.

    An option that was not given is not passed on, so that a parameter file keeps its say.
    """
    asked: dict[str, ParameterValue | None] = {
        'rate': options.rate,
        'loop': options.loop,
        'start_offset_s': options.start_offset,
        'prefix': options.prefix,
        'topics': options.topics,
        'wait_for': options.wait_for,
    }
    parameters: dict[str, ParameterValue] = {'bag': str(options.bag)}
    parameters |= {name: value for name, value in asked.items() if value is not None}
    module, chosen = _NODE, []
    if options.filter:
        module, chosen = 'compose', ['--filter', options.filter]
    return [
        *(sys.executable, '-m', f'geoloc_ros.nodes.{module}', *chosen),
        *ros_words(parameters, params_file=options.params_file, node_name=_NODE),
    ]

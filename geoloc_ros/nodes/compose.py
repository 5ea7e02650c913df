# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A filter node and a replayed bag in one process and one executor, without launch files.

python -m geoloc_ros.nodes.compose drive.mcap --filter kalman --rate 2
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
import sys
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from geoloc_ros.nodes.filter_node import FilterNode
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.lifecycle import run_with_ros, start
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.nodes.playback import namespace_of
from geoloc_ros.nodes.replay_node import ReplayNode

FILTER_NODES: Mapping[str, Callable[..., FilterNode]] = {
    'particle': ParticleFilterNode,
    'kalman': KalmanFilterNode,
}


def compose(filter_name: str, parameters: Mapping[str, Any]) -> tuple[FilterNode, ReplayNode]:
    """A filter node on simulated time and a replay node that is configured but not playing.

    Args:
        filter_name: a key of ``FILTER_NODES``.
        parameters: of the replay node; its prefix is the namespace of the filter node, which so
            hears the topics where they are played.

    Raises:
        GeolocError: the bag cannot be opened, or a parameter is refused.
    """
    given = [Parameter(name, value=value) for name, value in parameters.items()]
    filter_node = FILTER_NODES[filter_name](
        namespace=namespace_of(parameters.get('prefix', '')),
        parameter_overrides=[Parameter('use_sim_time', value=True)],
    )
    return filter_node, ReplayNode(parameter_overrides=given)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('bag', type=Path)
    parser.add_argument('--filter', choices=sorted(FILTER_NODES), default='particle')
    parser.add_argument('--rate', type=float, default=1.0, help='speed over real time')
    parser.add_argument('--loop', action='store_true', help='start over at the end')
    parser.add_argument('--params-file', type=Path, help='ROS 2 parameter file for both nodes')
    parser.add_argument('--start-offset', type=float, default=0.0, help='seconds to leave out')
    parser.add_argument('--topics', nargs='+', default=[], help='only these topics')
    parser.add_argument('--prefix', default='', help='put before every topic but /tf')
    parser.add_argument('--wait-for', nargs='+', default=[], help='topics to be heard first')
    return parser


def replay_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Parameters of the replay node as the command line has them."""
    parameters: dict[str, Any] = {
        'bag': str(options.bag),
        'rate': options.rate,
        'loop': options.loop,
        'start_offset_s': options.start_offset,
    }
    given = {'topics': options.topics, 'prefix': options.prefix, 'wait_for': options.wait_for}
    return parameters | {name: value for name, value in given.items() if value}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a bag through a filter node; returns at the bag's end."""
    options = make_parser().parse_args(arguments)
    words = ['--ros-args']
    if options.params_file is not None:
        words += ['--params-file', str(options.params_file)]
    return run_with_ros(lambda: _run(options), words)


def _run(options: argparse.Namespace) -> int:
    nodes = compose(options.filter, replay_parameters(options))
    try:
        executor = SingleThreadedExecutor()
        for node in nodes:
            executor.add_node(node)
        start(nodes[1])
        executor.spin_until_future_complete(nodes[1].done)
        return 0 if nodes[1].done.result() else 1
    finally:
        nodes[1].stop()
        for node in nodes:
            node.destroy_node()


if __name__ == '__main__':
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A filter node and a replayed bag in one process and one executor, without launch files.

python -m geoloc_ros.nodes.compose --filter kalman --ros-args -p replay_node:bag:=drive.mcap
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
import sys
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from geoloc_ros.nodes.filter_node import FilterNode
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.lifecycle import run_with_ros, start
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.nodes.replay_node import ReplayNode

FILTER_NODES: Mapping[str, Callable[..., FilterNode]] = {
    'particle': ParticleFilterNode,
    'kalman': KalmanFilterNode,
}


def compose(filter_name: str, **replay_arguments: Any) -> tuple[FilterNode, ReplayNode]:
    """A filter node on simulated time and a replay node that is configured but not playing.

    Args:
        filter_name: a key of ``FILTER_NODES``. Its namespace is the prefix of the replay node, so
            that it hears the topics where they are played.
        replay_arguments: of the replay node.

    Raises:
        SettingError: a parameter is refused.
    """
    replay_node = ReplayNode(**replay_arguments)
    filter_node = FILTER_NODES[filter_name](
        namespace=replay_node.played_namespace,
        parameter_overrides=[Parameter('use_sim_time', value=True)],
    )
    return filter_node, replay_node


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a bag through a filter node; returns at the bag's end."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').splitlines()[0],
        epilog='After --ros-args: parameters of either node, NODE:NAME:=VALUE.',
        allow_abbrev=False,
    )
    parser.add_argument('--filter', choices=sorted(FILTER_NODES), default='particle')
    options, words = parser.parse_known_args(arguments)
    return run_with_ros(lambda: _run(options.filter), words)


def _run(filter_name: str) -> int:
    nodes = compose(filter_name)
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

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``particle_filter_node``: the localizer with a particle filter in a ROS node."""

from __future__ import annotations

from collections.abc import Sequence
import sys
from typing import Any

from geoloc_ros.nodes.filter_node import FilterNode
from geoloc_ros.nodes.lifecycle import run_node
from geoloc_ros.ros.node_settings import ParticleNodeSettings

NODE_NAME = 'particle_filter_node'


class ParticleFilterNode(FilterNode):
    """Topics, frames, parameters and services: docs/nodes.md."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, ParticleNodeSettings, **node_arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end."""
    return run_node(ParticleFilterNode, NODE_NAME, __doc__ or '', arguments)


if __name__ == '__main__':
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How every node of ours starts, runs and ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import sys

import rclpy
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from geoloc_ros.errors import GeolocError


class EndingNode(LifecycleNode):
    """A node that ends in two steps: it stops listening, then lets go of what it made."""

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening; what was configured stays."""
        self._stop_listening()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of what was configured, publishers too."""
        del state
        self._forget()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End for good, from whatever state: nothing listens, ticks or publishes any more."""
        self._stop_listening()
        self._forget()
        return super().on_shutdown(state)

    def _stop_listening(self) -> None:
        """End subscriptions, timers and threads; of no effect when there are none."""

    def _forget(self) -> None:
        """Take away what ``on_configure`` made; of no effect when there is nothing."""


def start(node: LifecycleNode) -> None:
    """Configure and activate a node, as a lifecycle manager would.

    Raises:
        GeolocError: a transition failed; the node's log says why.
    """
    for name, transition in (
        ('configure', node.trigger_configure),
        ('activate', node.trigger_activate),
    ):
        if transition() != TransitionCallbackReturn.SUCCESS:
            raise GeolocError(
                f'node {node.get_name()!r} could not {name}; its log says why; correct that and '
                'start it again'
            )


def spin(executor: Executor, node: LifecycleNode) -> None:
    """Spin until told to end; a message that rclpy itself cannot convert is left out.

    rclpy raises ``RuntimeError`` for one, and also where Ctrl-C falls into a conversion.
    """
    while rclpy.ok():
        _spin_on(executor, node)


def _spin_on(executor: Executor, node: LifecycleNode) -> None:
    try:
        executor.spin()
    except RuntimeError as error:
        if rclpy.ok():
            node.get_logger().error(
                f'something was left out that rclpy could not handle: {error}',
                throttle_duration_sec=5.0,
            )


def run_node(make: Callable[[], LifecycleNode], arguments: Sequence[str] | None = None) -> int:
    """Make one node and run it until it is told to end.

    ``rclpy.init`` is no context manager in Humble, hence the ``finally``.

    Returns:
        Exit status: 0, or 1 after an error that was explained.
    """
    rclpy.init(args=arguments)
    node: LifecycleNode | None = None
    try:
        node = make()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        spin(executor, node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except GeolocError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0

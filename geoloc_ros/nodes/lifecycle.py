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

_USAGE = """\
usage: {name} [--ros-args [-p NAME:=VALUE ...] [--params-file FILE] [-r FROM:=TO ...]]

{about}

  -p NAME:=VALUE      a parameter; docs/parameters.md lists them, with unit and range
  --params-file FILE  parameters from a YAML file; config/ has one for each node
  -r FROM:=TO         another name for a topic; docs/nodes.md lists topics and services
  -h, --help          show this help and exit"""


class EndingNode(LifecycleNode):
    """A node that ends in two steps: it stops listening, then lets go of what it made.

    What fails on the way up is told in the node's log, which rclpy would keep to itself.
    """

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make what is needed; a failure is told in the log and leaves nothing behind."""
        del state
        if self._succeeds(self._prepare):
            return TransitionCallbackReturn.SUCCESS
        self._forget()
        return TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to listen; a failure is told in the log, and what was configured stays."""
        if self._succeeds(self._start_listening):
            return super().on_activate(state)
        self._stop_listening()
        return TransitionCallbackReturn.FAILURE

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

    def _succeeds(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except GeolocError as error:
            self.get_logger().error(str(error))
        except Exception as error:
            self.get_logger().error(
                f'an unexpected {type(error).__name__}: {error}; please report this'
            )
        else:
            return True
        return False

    def _prepare(self) -> None:
        """Make what stays until ``_forget``."""

    def _start_listening(self) -> None:
        """Start subscriptions, timers and threads."""

    def _stop_listening(self) -> None:
        """End subscriptions, timers and threads; of no effect when there are none."""

    def _forget(self) -> None:
        """Take away what ``_prepare`` made; of no effect when there is nothing."""


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


def run_with_ros(body: Callable[[], int], arguments: Sequence[str] | None) -> int:
    """Run something between rclpy's start and its end, and explain an error in a line.

    ``rclpy.init`` is no context manager in Humble, hence the ``finally``.

    Args:
        body: returns the exit status.
        arguments: for ``rclpy.init``; ``None`` takes those of the process.

    Returns:
        Exit status: that of the body, 0 when told to end, or 1 after an error that was explained.
    """
    try:
        _init(arguments)
        return body()
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except GeolocError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()


def _init(arguments: Sequence[str] | None) -> None:
    try:
        rclpy.init(args=arguments)
    except RuntimeError as error:  # rclpy's RCLError and UnknownROSArgsError
        raise GeolocError(
            f'the words after --ros-args cannot be used: {error}; expected -p NAME:=VALUE, -r '
            'FROM:=TO or --params-file FILE with a file that is there; correct them'
        ) from error


def run_command(
    name: str, about: str, body: Callable[[], int], arguments: Sequence[str] | None
) -> int:
    """``run_with_ros`` for the command of a node, which with -h or --help is only described.

    Args:
        name: of the command.
        about: what it does; the first line counts.
        body: returns the exit status.
        arguments: of the command line; ``None`` takes those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if '-h' in words or '--help' in words:
        print(_USAGE.format(name=name, about=about.splitlines()[0]))
        return 0
    return run_with_ros(body, arguments)


def run_node(
    make: Callable[[], LifecycleNode],
    name: str,
    about: str,
    arguments: Sequence[str] | None = None,
) -> int:
    """Make one node and run it until it is told to end.

    Args:
        make: makes the node.
        name: of the command.
        about: what it does, for ``--help``; the first line counts.
        arguments: of the command line; ``None`` takes those of the process.

    Returns:
        Exit status: 0, or 1 after an error that was explained.
    """

    def body() -> int:
        node = make()
        try:
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            spin(executor, node)
        finally:
            node.destroy_node()
        return 0

    return run_command(name, about, body, arguments)

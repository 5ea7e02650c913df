# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``replay_node``: plays a rosbag2 (mcap or sqlite3) with ``/clock`` and a rate, then ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import sys
import threading
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.task import Future

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.errors import GeolocError
from geoloc_ros.nodes.lifecycle import EndingNode, run_command, start
from geoloc_ros.nodes.playback import Playback, PlaybackCounts, namespace_of
from geoloc_ros.ros.node_settings import ReplaySettings
from geoloc_ros.ros.parameters import ParameterLoader

NODE_NAME = 'replay_node'


class ReplayNode(EndingNode):
    """Configured, it has the bag open; active, it plays, in a thread of its own.

    Messages go out as the bytes they were recorded as: no image is ever unpacked.

    Attributes:
        done: its result is whether the playing came to its end without an error.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self._loader = ParameterLoader(self, ReplaySettings)
        self.done: Future[bool] = Future()
        self._bag: BagReader | None = None
        self._playback: Playback | None = None
        self._thread: threading.Thread | None = None

    @property
    def autostart(self) -> bool:
        """Whether to play at once, or when a lifecycle manager says so."""
        return self._loader.settings.autostart

    @property
    def played_namespace(self) -> str:
        """The namespace whose nodes hear what is played.

        Raises:
            SettingError: ROS does not allow the prefix.
        """
        return namespace_of(self._loader.settings.prefix)

    @property
    def counts(self) -> PlaybackCounts:
        """What was published up to now."""
        return PlaybackCounts({}, {}) if self._playback is None else self._playback.counts

    def _prepare(self) -> None:
        """Open the bag and make the publishers."""
        settings = self._loader.settings
        if not settings.bag:
            raise GeolocError(
                'parameter bag is empty; expected the path of a rosbag2; set it with -p bag:=PATH'
            )
        self._bag = BagReader(Path(settings.bag)).__enter__()
        self._playback = Playback(self, self._bag, settings, self._warn)

    def _start_listening(self) -> None:
        """Play; every start is from the beginning."""
        assert self._playback is not None
        self._playback.arm()
        if self.done.done():
            self.done = Future()
        self._thread = threading.Thread(target=self._play, args=(self._playback,), daemon=True)
        self._thread.start()

    def _stop_listening(self) -> None:
        self.stop()

    def _forget(self) -> None:
        """Close the bag."""
        if self._playback is not None:
            self._playback.close()
            self._playback = None
        if self._bag is not None:
            self._bag.__exit__(None, None, None)
            self._bag = None

    def stop(self) -> None:
        """Stop playing and wait for the thread."""
        if self._playback is not None:
            self._playback.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _play(self, playback: Playback) -> None:
        settings = self._loader.settings
        self.get_logger().info(f'playing {settings.bag} at {settings.rate:g} times real time')
        succeeded = False
        try:
            playback.play()
            succeeded = True
        except GeolocError as error:
            self.get_logger().error(str(error))
        except Exception as error:  # a thread's error would otherwise vanish and hang the node
            self.get_logger().error(f'playing ended with {type(error).__name__}: {error}')
        counts = playback.counts
        self.get_logger().info(
            f'played {sum(counts.published.values())} messages, '
            f'{sum(counts.failed.values())} could not be published: '
            + ', '.join(f'{topic} {count}' for topic, count in sorted(counts.published.items()))
        )
        self.done.set_result(succeeded)

    def _warn(self, text: str) -> None:
        self.get_logger().warning(text, throttle_duration_sec=1.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the bag to its end.

    Returns:
        Exit status: 0 played, 1 an error that was explained.
    """
    return run_command(NODE_NAME, __doc__ or '', _run, arguments)


def _run() -> int:
    node = ReplayNode()
    try:
        if node.autostart:
            start(node)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        executor.spin_until_future_complete(node.done)
        return 0 if node.done.result() else 1
    finally:
        node.stop()
        node.destroy_node()


if __name__ == '__main__':
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Plays a bag on publishers: when to publish what, and what became of it."""

from __future__ import annotations

import collections
from collections.abc import Callable, Collection, Mapping, Sequence
import dataclasses
import threading
import time
from typing import Any

from rclpy.duration import Duration
from rclpy.exceptions import InvalidNamespaceException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.validate_namespace import validate_namespace
from rosgraph_msgs.msg import Clock

from geoloc_ros.bags.reader import BagReader, BagTopic, SerializedMessage
from geoloc_ros.errors import DriveError, SettingError
from geoloc_ros.messages.outbound import set_stamp
from geoloc_ros.ros.factory import MessageTypeError, message_class
from geoloc_ros.ros.node_settings import ReplaySettings
from geoloc_ros.types import NANOSECONDS_PER_SECOND

#: Topics whose names mean the same in every namespace.
_GLOBAL_TOPICS = ('/tf', '/tf_static')
_IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
_DEPTH, _IMAGE_DEPTH = 200, 30
#: How long to wait for the last messages' arrival: Fast DDS asks for it every 3 s, and only images
#: are large enough to need a second sending.
_ACKNOWLEDGE_S, _ACKNOWLEDGE_IMAGES_S = 0.5, 5.0
_POLL_S = 0.02
#: Head start of static transforms over what is read in their light.
_LATCHED_S = 0.1
#: Whoever listens to sensors may listen to static transforms, found a little later.
_STATIC_S = 0.5


@dataclasses.dataclass(frozen=True)
class PlaybackCounts:
    """What was published: messages by topic, and how many the middleware refused."""

    published: Mapping[str, int]
    failed: Mapping[str, int]


class Timeline:
    """Bag time over real time.

    Args:
        start_ns: bag time at the start.
        rate: speed over real time.
        clock: real time in seconds, steady.
    """

    def __init__(
        self, start_ns: int, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._start_ns = start_ns
        self._rate = rate
        self._clock = clock
        self._started_s = clock()

    def now_ns(self) -> int:
        """Bag time now."""
        elapsed_s = (self._clock() - self._started_s) * self._rate
        return self._start_ns + round(elapsed_s * NANOSECONDS_PER_SECOND)

    def wait_s(self, stamp_ns: int) -> float:
        """Real time until a bag time comes; negative when it is over."""
        return (stamp_ns - self.now_ns()) / NANOSECONDS_PER_SECOND / self._rate


class Playback:
    """The publishers of one bag, and the loop that feeds them.

    Args:
        node: gets the publishers.
        bag: open.
        settings: rate, topics and the rest.
        warn: told of what cannot be played.

    Raises:
        DriveError: nothing would be played: no such topics, or a start after the bag's end.
        SettingError: the prefix is no name.
    """

    def __init__(
        self,
        node: Node,
        bag: BagReader,
        settings: ReplaySettings,
        warn: Callable[[str], object],
    ) -> None:
        self._node = node
        self._bag = bag
        self._settings = settings
        self._warn = warn
        self._stop = threading.Event()
        self._published: collections.Counter[str] = collections.Counter()
        self._failed: collections.Counter[str] = collections.Counter()
        topics = chosen_topics(bag.topics, settings)
        _check_choice(bag, topics, settings, warn)
        namespace_of(settings.prefix)
        self._latched = {topic.name for topic in topics if topic.transient_local}
        self._has_images = any(topic.message_type in _IMAGE_TYPES for topic in topics)
        self._publishers: dict[str, Publisher] = {}
        for topic in topics:
            self._add_publisher(topic)
        self._clock_publisher: Publisher | None = None
        if settings.publish_clock:
            self._clock_publisher = node.create_publisher(Clock, '/clock', 10)

    @property
    def counts(self) -> PlaybackCounts:
        """What was published up to now, by the names in the bag."""
        return PlaybackCounts(dict(self._published), dict(self._failed))

    def stop(self) -> None:
        """End the loop soon; may be called from any thread."""
        self._stop.set()

    def arm(self) -> None:
        """Undo ``stop``, for another ``play``."""
        self._stop.clear()

    def close(self) -> None:
        """Take the publishers away."""
        clock = [self._clock_publisher] if self._clock_publisher is not None else []
        for publisher in [*self._publishers.values(), *clock]:
            self._node.destroy_publisher(publisher)
        self._publishers, self._clock_publisher = {}, None

    def play(self) -> None:
        """Play the bag once, or again and again; returns at the end or when stopped."""
        self._wait_for_subscribers()
        while not self._stop.is_set():
            self._play_once()
            if not self._settings.loop:
                break
        self._wait_until_delivered()

    def _play_once(self) -> None:
        start_ns = self._bag.start_ns + round(
            self._settings.start_offset_s * NANOSECONDS_PER_SECOND
        )
        self._publish_latched(start_ns)
        timeline = Timeline(start_ns, self._settings.rate)
        for message in self._bag.serialized_messages(list(self._publishers)):
            if message.receive_stamp_ns < start_ns:
                continue
            if message.topic in self._latched and message.receive_stamp_ns == start_ns:
                continue
            self._wait_until(timeline, message.receive_stamp_ns)
            if self._stop.is_set():
                return
            self._publish_clock(message.receive_stamp_ns)
            self._publish(message)

    def _publish_latched(self, until_ns: int) -> None:
        """Publish ahead what was latched by the start, in whose light the rest is read."""
        self._publish_clock(until_ns)
        if not self._latched:
            return
        for message in self._bag.serialized_messages(sorted(self._latched)):
            if message.receive_stamp_ns > until_ns:
                break
            if message.topic in self._publishers:
                self._publish(message)
        self._stop.wait(_LATCHED_S)

    def _wait_until(self, timeline: Timeline, stamp_ns: int) -> None:
        period_s = 1.0 / self._settings.clock_rate_hz
        while not self._stop.is_set():
            wait_s = timeline.wait_s(stamp_ns)
            if wait_s <= 0.0:
                return
            self._stop.wait(min(wait_s, period_s))
            if wait_s > period_s:
                self._publish_clock(min(timeline.now_ns(), stamp_ns))

    def _publish(self, message: SerializedMessage) -> None:
        try:
            self._publishers[message.topic].publish(message.cdr)
            self._published[message.topic] += 1
        except RuntimeError as error:  # rclpy's RCLError: the middleware's queue is full
            self._failed[message.topic] += 1
            self._warn(f'a message of {message.topic!r} could not be published: {error}')

    def _publish_clock(self, stamp_ns: int) -> None:
        if self._clock_publisher is None:
            return
        message: Any = Clock()
        set_stamp(message.clock, stamp_ns)
        try:
            self._clock_publisher.publish(message)
        except RuntimeError:  # as above; the next one follows soon
            self._failed['/clock'] += 1

    def _wait_for_subscribers(self) -> None:
        wanted = [name for name in self._settings.wait_for if name]
        missing = self._missing_subscribers(wanted, self._settings.wait_timeout_s)
        if missing:
            self._warn(
                f'nobody subscribed to {", ".join(missing)} within '
                f'{self._settings.wait_timeout_s:g} s; starting anyway'
            )
        if wanted and '/tf_static' in self._publishers:
            self._missing_subscribers(['/tf_static'], _STATIC_S)

    def _missing_subscribers(self, wanted: Sequence[str], timeout_s: float) -> list[str]:
        """Wait for subscribers; the topics that have none in the end."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            missing = [name for name in wanted if self._node.count_subscribers(name) == 0]
            if not missing or self._stop.is_set() or time.monotonic() > deadline_s:
                return missing
            self._stop.wait(_POLL_S)

    def _wait_until_delivered(self) -> None:
        limit_s = _ACKNOWLEDGE_IMAGES_S if self._has_images else _ACKNOWLEDGE_S
        deadline_s = time.monotonic() + limit_s
        for publisher in self._publishers.values():
            left_s = max(deadline_s - time.monotonic(), 0.01)
            publisher.wait_for_all_acked(Duration(seconds=left_s))

    def _add_publisher(self, topic: BagTopic) -> None:
        try:
            kind = message_class(topic.message_type)
        except MessageTypeError as error:
            self._warn(f'topic {topic.name!r} is left out: {error}')
            return
        name = published_name(topic.name, self._settings.prefix)
        self._publishers[topic.name] = self._node.create_publisher(kind, name, _qos(topic))


def chosen_topics(topics: Sequence[BagTopic], settings: ReplaySettings) -> list[BagTopic]:
    """The topics to play: those named, or all; never the recorded clock beside our own."""
    wanted: Collection[str] = [name for name in settings.topics if name]
    return [
        topic
        for topic in topics
        if (not wanted or topic.name in wanted)
        and not (topic.name == '/clock' and settings.publish_clock)
    ]


def _check_choice(
    bag: BagReader,
    topics: Sequence[BagTopic],
    settings: ReplaySettings,
    warn: Callable[[str], object],
) -> None:
    """Refuse to play nothing, and say which of the topics wanted are not there."""
    missing = {name for name in settings.topics if name} - {topic.name for topic in bag.topics}
    if not topics:
        bag.require(missing)
        raise DriveError(
            f'of bag {bag.path} only /clock is to be played, and publish_clock makes one of its '
            'own; expected other topics; name them, or set publish_clock to false'
        )
    if missing:
        warn(f'the bag has no topic {", ".join(sorted(missing))}')
    length_s = (bag.end_ns - bag.start_ns) / NANOSECONDS_PER_SECOND
    if settings.start_offset_s > length_s:
        raise DriveError(
            f'start_offset_s is {settings.start_offset_s:g} and bag {bag.path} is {length_s:.2f} '
            's long; expected less; nothing would be played'
        )


def published_name(topic: str, prefix: str) -> str:
    """Name under which a topic of the bag is published; the prefix as in ``namespace_of``."""
    return topic if topic in _GLOBAL_TOPICS else f'{namespace_of(prefix)}{topic}'


def namespace_of(prefix: str) -> str:
    """The namespace whose nodes hear what is played under a prefix; empty for none.

    Raises:
        SettingError: ROS does not allow it.
    """
    if not prefix.strip('/'):
        return ''
    namespace = f'/{prefix.strip("/")}'
    try:
        validate_namespace(namespace)
    except InvalidNamespaceException as error:
        raise SettingError(
            f'prefix is {prefix!r}; expected letters, digits and _, not a digit first, such as '
            'car or fleet/car1; give another one'
        ) from error
    return namespace


def _qos(topic: BagTopic) -> QoSProfile:
    depth = _IMAGE_DEPTH if topic.message_type in _IMAGE_TYPES else _DEPTH
    reliable, volatile = ReliabilityPolicy.RELIABLE, DurabilityPolicy.VOLATILE
    return QoSProfile(
        depth=max(topic.count, 1) if topic.transient_local else depth,
        history=HistoryPolicy.KEEP_LAST,
        reliability=reliable if topic.reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if topic.transient_local else volatile,
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Recorded drives, read without ROS: rosbag2 (mcap, sqlite3) and ROS 1 bags."""

from __future__ import annotations

from collections.abc import Collection, Iterator
import dataclasses
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.interfaces import Connection, ConnectionExtRosbag2, QosDurability, QosReliability
from rosbags.rosbag2 import ReaderError

from geoloc_ros.bags.typestore import bag_typestore
from geoloc_ros.errors import DriveError

_BAG_SUFFIXES = ('.mcap', '.db3')


@dataclasses.dataclass(frozen=True, slots=True)
class BagTopic:
    """One topic of a bag.

    Attributes:
        name: the topic, with its leading slash.
        message_type: such as ``sensor_msgs/msg/NavSatFix``.
        count: number of messages.
        reliable: whether its publisher offered reliable delivery (true where nothing is said).
        transient_local: whether it was latched.
    """

    name: str
    message_type: str
    count: int
    reliable: bool
    transient_local: bool


@dataclasses.dataclass(frozen=True, slots=True)
class BagMessage:
    """One message of a bag.

    Attributes:
        topic: where it was received.
        message_type: such as ``sensor_msgs/msg/NavSatFix``.
        receive_stamp_ns: when the recorder received it.
        message: an object with the fields of the message; numeric arrays are numpy; ``None`` for
            one that cannot be read, where that was asked for.
    """

    topic: str
    message_type: str
    receive_stamp_ns: int
    message: Any


@dataclasses.dataclass(frozen=True, slots=True)
class SerializedMessage:
    """One message of a bag as it travels: CDR, which a publisher of rclpy takes as it is."""

    topic: str
    message_type: str
    receive_stamp_ns: int
    cdr: bytes


class BagReader:
    """Reads a bag in order of reception; a context manager.

    Args:
        path: a rosbag2 folder, one of its ``.mcap`` or ``.db3`` files, or a ROS 1 ``.bag``.

    Raises:
        DriveError: on entering: nothing is there, it is no bag, it is damaged, or it is empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._reader: AnyReader | None = None

    def __enter__(self) -> BagReader:
        target = _bag_target(self.path)
        try:
            reader = AnyReader([target], default_typestore=bag_typestore())
            reader.open()
            _check_listing(reader)
        except Exception as error:  # rosbags lets errors of every parser under it through
            raise self._damaged(error) from error
        if reader.message_count == 0 or not reader.connections:
            reader.close()
            raise DriveError(
                f'bag {self.path} holds no messages; expected a recorded drive; was the recorder '
                'stopped before anything was published, or is its index missing '
                '(ros2 bag reindex)?'
            )
        self._reader = reader
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    @property
    def storage(self) -> str:
        """``mcap``, ``sqlite3`` or ``rosbag1``."""
        if not self._open_reader().is2:
            return 'rosbag1'
        target = _bag_target(self.path)
        names = [target] if target.is_file() else list(target.iterdir())
        return 'mcap' if any('.mcap' in name.suffixes for name in names) else 'sqlite3'

    @property
    def start_ns(self) -> int:
        """Reception of the first message."""
        return self._open_reader().start_time

    @property
    def end_ns(self) -> int:
        """Reception of the last message."""
        return self._open_reader().end_time

    @property
    def topics(self) -> tuple[BagTopic, ...]:
        """Topics in alphabetical order; one of several types is listed once for each."""
        by_key: dict[tuple[str, str], BagTopic] = {}
        for connection in self._open_reader().connections:
            key = (connection.topic, connection.msgtype)
            topic = _topic(connection)
            if key in by_key:
                topic = dataclasses.replace(topic, count=topic.count + by_key[key].count)
            by_key[key] = topic
        return tuple(by_key[key] for key in sorted(by_key))

    def require(self, names: Collection[str]) -> None:
        """Refuse a bag that lacks one of these topics.

        Raises:
            DriveError: one is missing; the message lists what there is.
        """
        present = {topic.name for topic in self.topics}
        missing = sorted(set(names) - present)
        if missing:
            raise DriveError(
                f'bag {self.path} has no topic {", ".join(missing)}; it has '
                f'{", ".join(sorted(present))}; name one of those'
            )

    def count(self, topics: Collection[str] | None = None) -> int:
        """How many messages ``messages`` will yield, for a progress bar."""
        return sum(topic.count for topic in self.topics if topics is None or topic.name in topics)

    def messages(
        self, topics: Collection[str] | None = None, *, keep_unreadable: bool = False
    ) -> Iterator[BagMessage]:
        """Messages in order of reception.

        Args:
            topics: only these; ``None`` for all. Names that the bag lacks are passed over
                (``require`` refuses them).
            keep_unreadable: yield ``None`` for a message that is damaged or of a type whose
                definition is not known, in place of an error.

        Raises:
            DriveError: the bag, or a message in it, is damaged here.
        """
        reader = self._open_reader()
        for connection, stamp_ns, data in self._raw(topics):
            try:
                message = reader.deserialize(data, connection.msgtype)
            except Exception as error:  # a wrong length shows as almost anything
                if keep_unreadable:
                    yield BagMessage(connection.topic, connection.msgtype, stamp_ns, None)
                    continue
                raise self._unreadable(connection, stamp_ns, error) from error
            yield BagMessage(connection.topic, connection.msgtype, stamp_ns, message)

    def serialized_messages(
        self, topics: Collection[str] | None = None
    ) -> Iterator[SerializedMessage]:
        """The same as CDR bytes; messages of a ROS 1 bag are converted to ROS 2 Kilted.

        Raises:
            DriveError: the bag is damaged here, or holds a ROS 1 message of a type that is not
                known.
        """
        is_ros2 = self._open_reader().is2
        for connection, stamp_ns, data in self._raw(topics):
            try:
                cdr = bytes(
                    data if is_ros2 else bag_typestore().ros1_to_cdr(data, connection.msgtype)
                )
            except Exception as error:  # as in messages
                raise self._unreadable(connection, stamp_ns, error) from error
            yield SerializedMessage(connection.topic, connection.msgtype, stamp_ns, cdr)

    def _raw(self, topics: Collection[str] | None) -> Iterator[tuple[Connection, int, bytes]]:
        reader = self._open_reader()
        connections = [
            connection
            for connection in reader.connections
            if topics is None or connection.topic in topics
        ]
        if not connections:
            return
        messages = reader.messages(connections)
        while True:
            try:
                item = next(messages)
            except StopIteration:
                return
            except Exception as error:  # as in __enter__
                raise self._damaged(error) from error
            yield item

    def _open_reader(self) -> AnyReader:
        if self._reader is None:
            raise DriveError(
                f'bag {self.path} is not open; expected use as "with BagReader(path) as bag:"'
            )
        return self._reader

    def _unreadable(self, connection: Connection, stamp_ns: int, error: Exception) -> DriveError:
        return DriveError(
            f'bag {self.path}: a message of {connection.topic!r} received at {stamp_ns} ns is no '
            f'{connection.msgtype} ({error!r}); expected what its type says; leave the topic out, '
            'or record the drive again'
        )

    def _damaged(self, error: Exception) -> DriveError:
        known = isinstance(error, AnyReaderError | ReaderError | OSError)
        detail = str(error) if known and str(error) else repr(error)
        return DriveError(
            f'bag {self.path} cannot be read: {detail}; expected a rosbag2 folder or file '
            '(mcap, sqlite3) or a ROS 1 bag; if the recorder was killed, try '
            '"ros2 bag reindex" on it'
        )


def _bag_target(path: Path) -> Path:
    """What ``rosbags`` should open: the folder, or the one file of a folder without metadata.

    Raises:
        DriveError: nothing is there, or it is neither.
    """
    if not path.exists():
        raise DriveError(
            f'no bag at {path}; expected a rosbag2 folder, a .mcap, .db3 or .bag file; '
            'check the path'
        )
    if path.is_file() or (path / 'metadata.yaml').exists():
        return path
    files = sorted(entry for entry in path.iterdir() if entry.suffix in _BAG_SUFFIXES)
    if len(files) == 1:
        return files[0]
    raise DriveError(
        f'folder {path} has no metadata.yaml and holds {len(files)} .mcap or .db3 files; expected '
        'a rosbag2 folder; run "ros2 bag reindex" on it, or name one file'
    )


def _check_listing(reader: AnyReader) -> None:
    """Refuse metadata with words for numbers or the like, which rosbags takes as they are."""
    numbers: list[object] = [reader.message_count, reader.start_time, reader.end_time]
    words: list[object] = []
    for one in reader.connections:
        numbers.append(one.msgcount)
        words += [one.topic, one.msgtype]
    wrong = [one for one in numbers if not isinstance(one, int)]
    wrong += [one for one in words if not isinstance(one, str)]
    if wrong:
        raise ReaderError(f'its metadata hold {wrong[0]!r} for a name, a number or a time')


def _topic(connection: Connection) -> BagTopic:
    reliable, transient_local = True, False
    if isinstance(connection.ext, ConnectionExtRosbag2):
        profiles = connection.ext.offered_qos_profiles
        reliable = all(p.reliability is not QosReliability.BEST_EFFORT for p in profiles)
        transient_local = any(p.durability is QosDurability.TRANSIENT_LOCAL for p in profiles)
    else:
        transient_local = bool(connection.ext.latching)
    return BagTopic(
        connection.topic, connection.msgtype, connection.msgcount, reliable, transient_local
    )

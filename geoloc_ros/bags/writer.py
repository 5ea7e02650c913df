# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Writes a drive as a rosbag2 bag, without ROS: what ``ros2 bag`` of Kilted or Jazzy reads."""

from __future__ import annotations

from collections.abc import Sequence
import enum
import os
from pathlib import Path
import shutil
from types import TracebackType
from typing import Any, Final

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer

from geoloc_ros.bags.typestore import BagMessages, bag_typestore
from geoloc_ros.errors import DriveError
from geoloc_ros.messages.shapes import TransformStampedMessage

TF_STATIC_TOPIC = '/tf_static'
#: ``RMW_DURATION_INFINITE``: 2^63 - 1 nanoseconds.
_FOREVER = QosTime(9223372036, 854775807)
#: Metadata that distributions before Jazzy understand too: in version 9 the QoS is written anew.
_METADATA_VERSION: Final = 8


class Storage(enum.Enum):
    """File format of a bag."""

    MCAP = 'mcap'
    SQLITE3 = 'sqlite3'


class BagWriter:
    """Writes a new bag; a context manager.

    The bag appears under its name only when everything is written: after an error, nothing is
    left behind.

    Args:
        path: the bag's folder, which must not exist yet.
        storage: file format.

    Raises:
        DriveError: on entering: something of that name exists, or it cannot be created.
    """

    def __init__(self, path: Path, storage: Storage = Storage.MCAP) -> None:
        self.path = Path(path)
        self.storage = storage
        self.messages = BagMessages()
        self._writer: Writer | None = None
        self._connections: dict[str, Connection] = {}
        self._partial = self.path.parent / f'.{self.path.name}.partial-{os.getpid()}'

    def __enter__(self) -> BagWriter:
        if self.path.exists():
            raise DriveError(
                f'{self.path} exists already; expected a new folder for the bag; remove it, or '
                'give another name'
            )
        writer = Writer(
            self._partial / self.path.name,
            version=_METADATA_VERSION,
            storage_plugin=StoragePlugin[self.storage.name],
        )
        try:
            shutil.rmtree(self._partial, ignore_errors=True)
            writer.open()
        except OSError as error:
            raise DriveError(
                f'bag {self.path} cannot be created: {error}; expected a folder that can be '
                'written; choose another place'
            ) from error
        self._writer = writer
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            if kind is not None:
                writer.abort()
                return
            writer.close()
            (self._partial / self.path.name).rename(self.path)
        except OSError as failure:
            raise DriveError(
                f'bag {self.path} cannot be finished: {failure}; expected room on the disk; '
                'make some and convert again'
            ) from failure
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)

    def describe(self, key: str, text: str) -> None:
        """Put a text into the ``custom_data`` of the bag's metadata."""
        self._open_writer().set_custom_data(key, text)

    def add_topic(self, topic: str, message_type: str, *, latched: bool = False) -> None:
        """Announce a topic, for one that may stay empty or must be latched.

        Args:
            topic: with its leading slash.
            message_type: such as ``sensor_msgs/msg/NavSatFix``.
            latched: offer it transient-local.

        Raises:
            DriveError: it is there already.
        """
        if topic in self._connections:
            raise DriveError(
                f'topic {topic} is in bag {self.path} already; expected each topic once; give '
                'the other another name'
            )
        self._connections[topic] = self._open_writer().add_connection(
            topic,
            message_type,
            typestore=bag_typestore(),
            offered_qos_profiles=[_qos(latched)],
        )

    def write(self, topic: str, message: Any, receive_stamp_ns: int) -> None:
        """Write one message; write them in order of reception.

        Args:
            topic: with its leading slash; announced with the message's type on first use.
            message: made by ``self.messages``.
            receive_stamp_ns: when it is to be received.

        Raises:
            DriveError: the topic carries another type, the message does not fit its type, or
                the disk is full.
        """
        message_type = message.__msgtype__
        if topic not in self._connections:
            self.add_topic(topic, message_type)
        connection = self._connections[topic]
        if connection.msgtype != message_type:
            raise DriveError(
                f'topic {topic} carries {connection.msgtype} and got {message_type}; expected '
                'one type a topic; write it to another topic'
            )
        try:
            cdr = bag_typestore().serialize_cdr(message, message_type)
        except Exception as error:  # rosbags reports a wrong field as it comes
            raise DriveError(
                f'a message for {topic} is no {message_type} ({error!r}); expected every field '
                'of its type; mend what made it'
            ) from error
        try:
            self._open_writer().write(connection, receive_stamp_ns, cdr)
        except OSError as error:
            raise DriveError(
                f'bag {self.path} cannot be written: {error}; expected room on the disk'
            ) from error

    def write_static_transforms(
        self, transforms: Sequence[TransformStampedMessage], receive_stamp_ns: int
    ) -> None:
        """Write ``/tf_static``, latched as tf2 offers it."""
        message = self.messages.new('tf2_msgs/msg/TFMessage')
        message.transforms = list(transforms)
        if TF_STATIC_TOPIC not in self._connections:
            self.add_topic(TF_STATIC_TOPIC, 'tf2_msgs/msg/TFMessage', latched=True)
        self.write(TF_STATIC_TOPIC, message, receive_stamp_ns)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise DriveError(
                f'bag {self.path} is not open; expected use as "with BagWriter(path) as bag:"'
            )
        return self._writer


def _qos(latched: bool) -> Qos:
    """Reliable, keep last 10, volatile; or reliable, keep last 1, transient local."""
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=1 if latched else 10,
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        deadline=_FOREVER,
        lifespan=_FOREVER,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=_FOREVER,
        avoid_ros_namespace_conventions=False,
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a bag holds, looked at from a localizer's needs: ``geoloc bag info``."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math
from pathlib import Path
from typing import Any

from geoloc_ros.bags.reader import BagMessage, BagReader
from geoloc_ros.errors import MeasurementError
from geoloc_ros.messages.inbound import gnss_fix, stamp_ns
from geoloc_ros.types import FixStatus, seconds_between

_FIX_TYPE = 'sensor_msgs/msg/NavSatFix'
_TRANSFORMS_TYPE = 'tf2_msgs/msg/TFMessage'


@dataclasses.dataclass(frozen=True, slots=True)
class FixExtent:
    """Where the fixes of one topic lie.

    Attributes:
        valid: fixes with a finite position and a status other than no fix.
        south_deg: smallest latitude of those.
        north_deg: largest latitude.
        west_deg: smallest longitude.
        east_deg: largest longitude.
    """

    valid: int
    south_deg: float
    north_deg: float
    west_deg: float
    east_deg: float


@dataclasses.dataclass(frozen=True, slots=True)
class TopicInfo:
    """One topic of a bag.

    Attributes:
        name: the topic.
        message_type: such as ``sensor_msgs/msg/Imu``.
        count: number of messages.
        rate_hz: mean rate of reception; NaN for fewer than two messages.
        backward_stamps: how often a header stamp lies before the one received just before it;
            ``None`` where the messages have no header.
        max_delay_s: largest reception minus header stamp; ``None`` likewise.
        unreadable: messages that are damaged, or of a type whose definition is not known.
        fixes: for ``NavSatFix``.
    """

    name: str
    message_type: str
    count: int
    rate_hz: float
    backward_stamps: int | None
    max_delay_s: float | None
    unreadable: int
    fixes: FixExtent | None


@dataclasses.dataclass(frozen=True, slots=True)
class BagInfo:
    """One bag.

    Attributes:
        path: folder or file.
        storage: ``mcap``, ``sqlite3`` or ``rosbag1``.
        start_ns: reception of the first message.
        duration_s: from there to the last one.
        count: number of messages.
        topics: in alphabetical order.
        static_frames: "parent -> child" for every transform of ``/tf_static``, in order.
    """

    path: Path
    storage: str
    start_ns: int
    duration_s: float
    count: int
    topics: tuple[TopicInfo, ...]
    static_frames: tuple[str, ...]


class _TopicCount:
    """Adds up one topic."""

    def __init__(self) -> None:
        self.count = 0
        self.first_ns = self.last_ns = 0
        self.backward = self.unreadable = 0
        self.newest_header_ns: int | None = None
        self.max_delay_s = -math.inf
        self.valid = 0
        self.south, self.north, self.west, self.east = math.inf, -math.inf, math.inf, -math.inf

    def add(self, receive_stamp_ns: int, message: Any) -> None:
        if self.count == 0:
            self.first_ns = receive_stamp_ns
        self.count += 1
        self.last_ns = receive_stamp_ns
        self.unreadable += int(message is None)
        header = getattr(message, 'header', None)
        if header is not None:
            header_ns = stamp_ns(header.stamp)
            if self.newest_header_ns is not None and header_ns < self.newest_header_ns:
                self.backward += 1
            self.newest_header_ns = header_ns
            delay_s = seconds_between(header_ns, receive_stamp_ns)
            self.max_delay_s = max(self.max_delay_s, delay_s)

    def add_fix(self, message: Any) -> None:
        try:
            fix = gnss_fix(message)
        except MeasurementError:
            return
        lat_deg, lon_deg = fix.position.lat_deg, fix.position.lon_deg
        if fix.status is FixStatus.NO_FIX or not math.isfinite(lat_deg + lon_deg):
            return
        self.valid += 1
        self.south, self.north = min(self.south, lat_deg), max(self.north, lat_deg)
        self.west, self.east = min(self.west, lon_deg), max(self.east, lon_deg)

    def info(self, name: str, message_type: str) -> TopicInfo:
        elapsed_s = seconds_between(self.first_ns, self.last_ns)
        has_header = self.newest_header_ns is not None
        fixes = FixExtent(self.valid, self.south, self.north, self.west, self.east)
        return TopicInfo(
            name=name,
            message_type=message_type,
            count=self.count,
            rate_hz=(self.count - 1) / elapsed_s if elapsed_s > 0.0 else math.nan,
            backward_stamps=self.backward if has_header else None,
            max_delay_s=self.max_delay_s if has_header else None,
            unreadable=self.unreadable,
            fixes=fixes if message_type == _FIX_TYPE else None,
        )


def _static_frames(item: BagMessage) -> list[str]:
    """What moves with what, for each transform of a message of ``/tf_static``; else nothing."""
    is_static = item.message_type == _TRANSFORMS_TYPE and item.topic.endswith('tf_static')
    if item.message is None or not is_static:
        return []
    return [
        f'{transform.header.frame_id} -> {transform.child_frame_id}'
        for transform in item.message.transforms
    ]


def bag_info(path: Path, progress: Callable[[int, int], None] | None = None) -> BagInfo:
    """Read a bag once and say what it holds.

    Args:
        path: as ``BagReader`` takes it.
        progress: called with (messages read, messages in all) after each.

    Raises:
        DriveError: the bag cannot be read.
    """
    static_frames: dict[str, None] = {}
    with BagReader(path) as bag:
        total = bag.count()
        counts = {(topic.name, topic.message_type): _TopicCount() for topic in bag.topics}
        for done, item in enumerate(bag.messages(keep_unreadable=True), start=1):
            count = counts[item.topic, item.message_type]
            count.add(item.receive_stamp_ns, item.message)
            if item.message is not None and item.message_type == _FIX_TYPE:
                count.add_fix(item.message)
            static_frames.update(dict.fromkeys(_static_frames(item)))
            if progress is not None:
                progress(done, total)
        last_ns = max(count.last_ns for count in counts.values())
        return BagInfo(
            path=bag.path,
            storage=bag.storage,
            start_ns=bag.start_ns,
            duration_s=seconds_between(bag.start_ns, last_ns),
            count=total,
            topics=tuple(count.info(*key) for key, count in sorted(counts.items())),
            static_frames=tuple(static_frames),
        )

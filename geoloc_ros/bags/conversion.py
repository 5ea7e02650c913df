# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What every converter shares: a drive as events on one line in time, written as a bag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
import dataclasses
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geoloc_ros.bags.writer import BagWriter, Storage
from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.outbound import datum_fix, transform_stamped
from geoloc_ros.messages.shapes import MessageFactory
from geoloc_ros.types import GeodeticPosition

#: Called with (messages written, messages in all).
Progress: TypeAlias = Callable[[int, int], None]
StampArray: TypeAlias = npt.NDArray[np.int64]

#: Where ``map`` of ``/ground_truth/odometry`` is; the localizer's own ``map`` has its own datum.
TRUTH_DATUM_TOPIC = '/ground_truth/datum'

#: Axes of a camera (z forward, x right, y down) seen from a body (x forward, y left, z up).
BODY_FROM_OPTICAL_XYZW = np.array((-0.5, 0.5, -0.5, 0.5))
IDENTITY_XYZW = np.array((0.0, 0.0, 0.0, 1.0))


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One message to be, received at its own stamp.

    Attributes:
        stamp_ns: header stamp and time of reception.
        topic: with its leading slash.
        make: fills the message; called when it is written, so that images are read one by one.
    """

    stamp_ns: int
    topic: str
    make: Callable[[MessageFactory], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class StaticTransform:
    """Where a sensor sits: ``pose`` is ``parent_from_child``."""

    parent: str
    child: str
    pose: Pose3


@dataclasses.dataclass(frozen=True, slots=True)
class TopicCount:
    """How many messages a topic got."""

    topic: str
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class ConversionReport:
    """What a converter wrote.

    Attributes:
        path: the bag.
        topics: messages by topic, in alphabetical order.
        notes: choices made and shortcomings of the source, in sentences; they stand in the
            ``custom_data`` of the bag's metadata too.
    """

    path: Path
    topics: tuple[TopicCount, ...]
    notes: tuple[str, ...]


def write_drive(
    out: Path,
    storage: Storage,
    events: Iterable[Event],
    transforms: Sequence[StaticTransform],
    truth_datum: GeodeticPosition,
    notes: Sequence[str],
    progress: Progress | None = None,
) -> ConversionReport:
    """Write events in order of their stamps; before all of them, latched, what does not move.

    That is ``/tf_static`` and ``TRUTH_DATUM_TOPIC``, the origin of the truth's ``map``.

    Raises:
        DriveError: there are no events, or the bag cannot be written.
    """
    ordered = sorted(events, key=lambda event: event.stamp_ns)
    if not ordered:
        raise DriveError(
            f'nothing to write to {out}: the source holds no measurements; expected at least one '
            'fix; check the source folder'
        )
    counts: dict[str, int] = {}
    with BagWriter(out, storage) as writer:
        for number, note in enumerate(notes, start=1):
            writer.describe(f'note_{number}', note)
        first_ns = ordered[0].stamp_ns
        writer.write_static_transforms(
            [
                transform_stamped(first_ns, item.parent, item.child, item.pose, writer.messages)
                for item in transforms
            ],
            first_ns,
        )
        writer.add_topic(TRUTH_DATUM_TOPIC, 'sensor_msgs/msg/NavSatFix', latched=True)
        writer.write(
            TRUTH_DATUM_TOPIC, datum_fix(truth_datum, first_ns, 'map', writer.messages), first_ns
        )
        for done, event in enumerate(ordered, start=1):
            writer.write(event.topic, event.make(writer.messages), event.stamp_ns)
            counts[event.topic] = counts.get(event.topic, 0) + 1
            if progress is not None:
                progress(done, len(ordered))
    return ConversionReport(
        path=Path(out),
        topics=tuple(TopicCount(topic, count) for topic, count in sorted(counts.items())),
        notes=tuple(notes),
    )

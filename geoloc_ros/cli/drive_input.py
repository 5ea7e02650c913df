# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Reads a bag as the localizer uses it: measurements by arrival, mounting, truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from geoloc_ros.bags.reader import BagMessage, BagReader, BagTopic
from geoloc_ros.cli.bag_trajectory import read_topic, read_truth, static_frames
from geoloc_ros.cli.comparison import RecordedDrive
from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.cli.static_frames import BASE_FRAME, StaticFrames
from geoloc_ros.errors import DriveError, MeasurementError
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.localizer.preparation import Measurement
from geoloc_ros.messages import inbound
from geoloc_ros.messages.scores import score_lattice
from geoloc_ros.ros.node_settings import SourceSettings
from geoloc_ros.types import FloatArray, GeodeticPosition, GnssFix

_NAV_SAT_FIX = 'sensor_msgs/msg/NavSatFix'
_IDENTITY_XYZW = np.array((0.0, 0.0, 0.0, 1.0))

FIX, FIX_CORRECTED, ODOM, TWIST, IMU = 'fix', 'fix/corrected', 'odom', 'twist', 'imu'


@dataclasses.dataclass(frozen=True)
class DriveTopics:
    """Where a bag has what.

    Attributes:
        sources: topic by source name, as the nodes' subscriptions; a source left out is not used.
        required: topics that the bag must have; the others are used where they are there.
        truth: topic of the truth; empty: found by its name.
        odom_as_pose: use the increments of the odometry's pose in place of its twist.
        base_frame: body frame of the vehicle.
    """

    sources: Mapping[str, str]
    required: frozenset[str] = frozenset()
    truth: str = ''
    odom_as_pose: bool = False
    base_frame: str = BASE_FRAME


def node_topics(settings: SourceSettings, base_frame: str = BASE_FRAME) -> DriveTopics:
    """The topics that a node with these settings subscribes to, in the root namespace."""
    used = {
        FIX: settings.fix,
        FIX_CORRECTED: settings.fix_corrected,
        ODOM: settings.odom != 'off',
        TWIST: settings.twist,
        IMU: settings.imu,
        **{name: True for name in (*settings.pose_observations, *settings.scores) if name},
    }
    return DriveTopics(
        {source: f'/{source.lstrip("/")}' for source, is_used in used.items() if is_used},
        odom_as_pose=settings.odom == 'pose',
        base_frame=base_frame,
    )


@dataclasses.dataclass(frozen=True)
class _Converter:
    """Turns messages of one source into measurements."""

    source: str
    frames: StaticFrames
    odom_as_pose: bool
    base_frame: str
    mountings_xyzw: dict[str, FloatArray] = dataclasses.field(default_factory=dict)

    def measurement(self, item: BagMessage) -> Measurement:
        """The measurement in a message.

        Raises:
            MeasurementError: the message cannot be used.
            DriveError: no source is read from messages of its type.
        """
        if item.message_type == 'sensor_msgs/msg/Imu':
            frame_id = item.message.header.frame_id
            if frame_id not in self.mountings_xyzw:
                self.mountings_xyzw[frame_id] = self._mounting(frame_id)
            mounting_xyzw = self.mountings_xyzw[frame_id]
            return inbound.twist_sample_from_imu(item.message, mounting_xyzw, self.source)
        if item.message_type == 'nav_msgs/msg/Odometry' and self.odom_as_pose:
            return inbound.odometry_pose(item.message, self.source)
        convert = _CONVERSIONS.get(item.message_type)
        if convert is None:
            known = ', '.join(sorted([*_CONVERSIONS, 'sensor_msgs/msg/Imu']))
            raise DriveError(
                f'topic {item.topic}, source {self.source!r}, is of type {item.message_type}; '
                f'expected one of {known}; name another topic with --topics {self.source}=/NAME'
            )
        return convert(item.message, self.source)

    def _mounting(self, frame_id: str) -> FloatArray:
        base_from_imu = self.frames.lookup(self.base_frame, frame_id)
        return _IDENTITY_XYZW if base_from_imu is None else base_from_imu.quat_xyzw


_CONVERSIONS: Mapping[str, Callable[[Any, str], Measurement]] = {
    _NAV_SAT_FIX: inbound.gnss_fix,
    'nav_msgs/msg/Odometry': inbound.twist_sample_from_odometry,
    'geometry_msgs/msg/TwistStamped': inbound.twist_sample_from_twist,
    'geometry_msgs/msg/TwistWithCovarianceStamped': (
        inbound.twist_sample_from_twist_with_covariance
    ),
    'geometry_msgs/msg/PoseWithCovarianceStamped': inbound.pose_measurement,
    'sensor_msgs/msg/PointCloud2': score_lattice,
}


def read_drive(
    path: Path, topics: DriveTopics, datum: GeodeticPosition | None = None
) -> RecordedDrive:
    """Read everything the localizer needs from a bag.

    Args:
        path: the bag.
        topics: where it has what.
        datum: origin of ``map`` for a truth in ``map``, where the bag does not carry it.

    Raises:
        DriveError: no such bag, or a topic that was asked for is missing or of the wrong type.
        EvaluationError: a truth that nobody can place.
    """
    with BagReader(path) as bag:
        frames = static_frames(bag)
        sources = _present(bag, topics)
        received, unusable = _measurements(bag, frames, sources, topics)
        if topics.truth:
            bag.require([topics.truth])
            truth: Trajectory | None = read_topic(bag, topics.truth, 'truth', datum)
        else:
            truth = read_truth(bag, datum)
        notes = [
            f'{source}: {count} messages could not be used, first: {text}'
            for source, (count, text) in unusable.items()
        ]
        arms_m = frames.lever_arms_m(topics.base_frame)
        notes += _unplaced_antennas(received, arms_m, topics.base_frame)
        return RecordedDrive(path.stem, tuple(received), arms_m, truth, tuple(notes))


def _unplaced_antennas(
    received: Sequence[ReceivedMeasurement],
    lever_arms_m: Mapping[str, tuple[float, float]],
    base_frame: str,
) -> list[str]:
    """A note for each antenna that nobody says the place of."""
    frames = {
        one.measurement.frame_id
        for one in received
        if isinstance(one.measurement, GnssFix) and one.measurement.frame_id
    }
    return [
        f'/tf_static does not say where the antenna {frame!r} is on {base_frame!r}; '
        'gnss.antenna_forward_m and gnss.antenna_left_m are used'
        for frame in sorted(frames - lever_arms_m.keys() - {base_frame})
    ]


def _present(bag: BagReader, topics: DriveTopics) -> dict[str, str]:
    """Source by topic, for the topics that the bag has.

    The only NavSatFix topic of a bag is its fix, whatever its name, unless one was named.
    """
    bag.require(topics.required)
    by_name = {topic.name: topic for topic in bag.topics}
    found = {topic: source for source, topic in topics.sources.items() if topic in by_name}
    if FIX in topics.sources and FIX not in found.values():
        found[_only_fix(bag, by_name)] = FIX
    return found


def _only_fix(bag: BagReader, by_name: Mapping[str, BagTopic]) -> str:
    fixes = [
        name
        for name, topic in by_name.items()
        if topic.message_type == _NAV_SAT_FIX
        and not {'datum', 'truth', 'ground_truth'}.intersection(name.split('/'))
    ]
    if len(fixes) == 1:
        return fixes[0]
    raise DriveError(
        f'bag {bag.path} has no topic /fix and {len(fixes)} topics of type {_NAV_SAT_FIX} '
        f'({", ".join(fixes) or "none"}) among {", ".join(sorted(by_name))}; name the fixes with '
        '--topics fix=/NAME'
    )


def _measurements(
    bag: BagReader, frames: StaticFrames, sources: Mapping[str, str], topics: DriveTopics
) -> tuple[list[ReceivedMeasurement], dict[str, tuple[int, str]]]:
    """Measurements in order of arrival, and by source the messages that were none."""
    converters = {
        topic: _Converter(source, frames, topics.odom_as_pose, topics.base_frame)
        for topic, source in sources.items()
    }
    received: list[ReceivedMeasurement] = []
    unusable: dict[str, tuple[int, str]] = {}
    for item in bag.messages(list(sources)):
        converter = converters[item.topic]
        try:
            measurement = converter.measurement(item)
        except MeasurementError as error:
            count, text = unusable.get(converter.source, (0, str(error)))
            unusable[converter.source] = (count + 1, text)
            continue
        received.append(ReceivedMeasurement(item.receive_stamp_ns, measurement))
    return received, unusable

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Trajectories that a bag carries as topics: the truth, or what a filter published."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from geoloc_ros.bags.reader import BagReader, BagTopic
from geoloc_ros.cli.static_frames import BASE_FRAME, StaticFrames
from geoloc_ros.errors import DriveError, EvaluationError
from geoloc_ros.evaluation.reference import trajectory_from_geodetic
from geoloc_ros.evaluation.trajectory import Trajectory, in_time_order, sample_at
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.types import FixStatus, FloatArray, GeodeticPosition

TF_STATIC_TOPIC = '/tf_static'
_TRANSFORMS = 'tf2_msgs/msg/TFMessage'
_NAV_SAT_FIX = 'sensor_msgs/msg/NavSatFix'
_ODOMETRY = 'nav_msgs/msg/Odometry'
_POSE = 'geometry_msgs/msg/PoseStamped'
_POSE_WITH_COVARIANCE = 'geometry_msgs/msg/PoseWithCovarianceStamped'
#: Types that a trajectory can be read from; of several truth topics the first of these counts.
TRAJECTORY_TYPES = (_ODOMETRY, _POSE_WITH_COVARIANCE, _POSE, _NAV_SAT_FIX)
_TRUTH_WORDS = frozenset({'ground_truth', 'truth'})
_DATUM_WORD = 'datum'


def is_bag(path: Path) -> bool:
    """Whether a path looks like a bag: a folder, or a file with a bag's suffix."""
    return path.is_dir() or path.suffix in ('.mcap', '.db3', '.bag')


def bag_trajectory(
    path: Path, topic: str, name: str, datum: GeodeticPosition | None = None
) -> Trajectory:
    """One topic of a bag as a trajectory of ``base_link`` (or of the antenna, for fixes).

    Args:
        path: the bag.
        topic: of a type in ``TRAJECTORY_TYPES``.
        name: key in the report.
        datum: origin of ``map`` for a bag that does not carry it.

    Raises:
        DriveError: no such bag or topic.
        EvaluationError: the topic holds no trajectory, or nobody says where its frame is.
    """
    with BagReader(path) as bag:
        return read_topic(bag, topic, name, datum)


def bag_truth(path: Path, datum: GeodeticPosition | None = None) -> Trajectory:
    """The truth that a bag carries.

    Raises:
        DriveError: no such bag.
        EvaluationError: it carries none.
    """
    with BagReader(path) as bag:
        truth = read_truth(bag, datum)
    if truth is None:
        raise EvaluationError(
            f'bag {path} carries no truth: no topic with one of the words '
            f'{", ".join(sorted(_TRUTH_WORDS))} and of a type '
            f'{", ".join(TRAJECTORY_TYPES)}; name the topic, as {path}:/topic'
        )
    return truth


def read_truth(bag: BagReader, datum: GeodeticPosition | None = None) -> Trajectory | None:
    """The truth that an open bag carries, or ``None``.

    Of several truth topics the first type in ``TRAJECTORY_TYPES`` counts. Poses in ``map`` of
    a bag that does not say where ``map`` is give the heading only; the positions are then those
    of the truth's NavSatFix topic.

    Raises:
        EvaluationError: there is one, but nobody says where its frame is.
    """
    topics = truth_topics(bag.topics)
    if not topics:
        return None
    best = topics[0]
    fixes = [topic for topic in topics if topic.message_type == _NAV_SAT_FIX]
    placed = datum is not None or bag_datum(bag, best.name) is not None
    if best.message_type == _NAV_SAT_FIX or placed or not fixes:
        return read_topic(bag, best.name, 'truth', datum)
    positions = read_topic(bag, fixes[0].name, 'truth')
    poses = read_topic(bag, best.name, 'truth', positions.datum)
    yaw = sample_at(poses, positions.stamps_ns).yaw_enu_rad
    source = f'{positions.source}, heading of {best.name}'
    return dataclasses.replace(positions, yaw_enu_rad=yaw, covariance=None, source=source)


def truth_topics(topics: Sequence[BagTopic]) -> list[BagTopic]:
    """The topics that carry the truth, by name and type, the best first."""
    found = [
        topic
        for topic in topics
        if topic.message_type in TRAJECTORY_TYPES
        and topic.count > 0
        and topic.name.rpartition('/')[2] != _DATUM_WORD
        and _TRUTH_WORDS.intersection(topic.name.split('/'))
    ]
    return sorted(
        found, key=lambda topic: (TRAJECTORY_TYPES.index(topic.message_type), topic.name)
    )


def bag_datum(bag: BagReader, topic: str) -> GeodeticPosition | None:
    """Origin of the ``map`` that a topic's poses are in, as the bag states it.

    It is the last message of the nearest NavSatFix topic named ``datum``: in the topic's own
    namespace, else in those above (``/robot/filter/datum``, ``/robot/datum``, ``/datum``).
    """
    present = {one.name for one in bag.topics if one.message_type == _NAV_SAT_FIX}
    namespace = topic
    while namespace:
        namespace = namespace.rpartition('/')[0]
        name = f'{namespace}/{_DATUM_WORD}'
        messages = list(bag.messages([name])) if name in present else []
        if messages:
            return _position(messages[-1].message)
    return None


def static_frames(bag: BagReader) -> StaticFrames:
    """The static transforms of a bag, with those of every message.

    Raises:
        DriveError: the topic carries something else.
    """
    transforms: list[Any] = []
    for item in bag.messages([TF_STATIC_TOPIC]):
        if item.message_type != _TRANSFORMS:
            raise DriveError(
                f'topic {TF_STATIC_TOPIC} of bag {bag.path} is of type {item.message_type}; '
                f'expected {_TRANSFORMS}; rename the topic, or record the drive again'
            )
        transforms.extend(item.message.transforms)
    return StaticFrames(transforms)


def read_topic(
    bag: BagReader, topic: str, name: str, datum: GeodeticPosition | None = None
) -> Trajectory:
    """One topic of an open bag as a trajectory (as ``bag_trajectory``)."""
    bag.require([topic])
    message_type = next(one.message_type for one in bag.topics if one.name == topic)
    if message_type not in TRAJECTORY_TYPES:
        raise EvaluationError(
            f'topic {topic} of {bag.path} is of type {message_type}; expected one of '
            f'{", ".join(TRAJECTORY_TYPES)}'
        )
    messages = [item.message for item in bag.messages([topic])]
    if not messages:
        raise EvaluationError(
            f'topic {topic} of {bag.path} was announced but holds no messages; expected a '
            'trajectory; name another topic, or record the drive again'
        )
    frames = static_frames(bag)
    source = f'{topic} ({message_type.rsplit("/", 1)[-1]}) of {bag.path.name}'
    if message_type == _NAV_SAT_FIX:
        return _from_fixes(messages, name, datum or bag_datum(bag, topic), frames, source)
    origin = bag_datum(bag, topic) or datum
    if origin is None:
        raise EvaluationError(
            f'bag {bag.path} has {topic} in frame {messages[0].header.frame_id!r} but no '
            f'NavSatFix topic named {_DATUM_WORD!r} that says where that is; give its origin '
            'with --datum LAT LON ALT'
        )
    return _from_poses(messages, name, origin, frames, source)


def _position(message: Any) -> GeodeticPosition:
    altitude = float(message.altitude)
    return GeodeticPosition(
        float(message.latitude),
        float(message.longitude),
        altitude if np.isfinite(altitude) else 0.0,
    )


def _from_fixes(
    messages: Sequence[Any],
    name: str,
    datum: GeodeticPosition | None,
    frames: StaticFrames,
    source: str,
) -> Trajectory:
    usable = [
        message
        for message in messages
        if message.status.status != FixStatus.NO_FIX
        and np.isfinite([message.latitude, message.longitude]).all()
    ]
    if not usable:
        raise EvaluationError(f'none of {len(messages)} messages of {source} has a position')
    positions = [_position(message) for message in usable]
    arms = frames.lever_arms_m()
    covariance = np.zeros((len(usable), 3, 3))
    for row, message in zip(covariance, usable, strict=True):
        row[:2, :2] = np.reshape(message.position_covariance, (3, 3))[:2, :2]
    return trajectory_from_geodetic(
        name,
        np.array([stamp_ns(message.header.stamp) for message in usable], dtype=np.int64),
        np.array([position.lat_deg for position in positions]),
        np.array([position.lon_deg for position in positions]),
        np.array([position.alt_m for position in positions]),
        datum or positions[0],
        covariance=covariance if np.any(covariance) else None,
        lever_arm_m=arms.get(usable[0].header.frame_id.lstrip('/'), (0.0, 0.0)),
        source=source,
    )


def _from_poses(
    messages: Sequence[Any],
    name: str,
    datum: GeodeticPosition,
    frames: StaticFrames,
    source: str,
    base_frame: str = BASE_FRAME,
) -> Trajectory:
    in_earth = messages[0].header.frame_id.lstrip('/') == 'earth'
    map_from_frame = _map_from_earth(datum) if in_earth else Pose3.identity()
    child = getattr(messages[0], 'child_frame_id', base_frame) or base_frame
    child_from_base = frames.lookup(child, base_frame)
    if child_from_base is None:
        source += f'; of frame {child}, whose place in {base_frame} the bag does not tell'
        child_from_base = Pose3.identity()
    stamps_ns = np.array([stamp_ns(message.header.stamp) for message in messages], dtype=np.int64)
    poses = np.array([_pose_numbers(message) for message in messages])
    usable = np.isfinite(poses).all(axis=1) & (np.linalg.norm(poses[:, 3:], axis=1) > 0.5)
    stamps_ns, poses = stamps_ns[usable], poses[usable]
    order = in_time_order(stamps_ns)
    positions, yaw = _planar(map_from_frame, poses[order], child_from_base)
    covariance = _planar_covariance(messages)
    return Trajectory(
        name=name,
        stamps_ns=stamps_ns[order],
        positions_enu_m=positions,
        datum=datum,
        yaw_enu_rad=yaw,
        covariance=None if covariance is None or in_earth else covariance[usable][order],
        source=source,
    )


def _pose_numbers(message: Any) -> tuple[float, ...]:
    """x, y, z and the quaternion x, y, z, w of a message with a pose."""
    pose = getattr(message.pose, 'pose', message.pose)
    place, turn = pose.position, pose.orientation
    return place.x, place.y, place.z, turn.x, turn.y, turn.z, turn.w


def _planar_covariance(messages: Sequence[Any]) -> FloatArray | None:
    """Covariance over (x, y, yaw), shape (n, 3, 3); ``None`` where none is stated."""
    if not hasattr(messages[0].pose, 'covariance'):
        return None
    stated = np.array([message.pose.covariance for message in messages], dtype=np.float64)
    if not np.any(stated):
        return None
    return stated.reshape(-1, 6, 6)[:, [[0], [1], [5]], [0, 1, 5]]


def _planar(
    map_from_frame: Pose3, frame_from_child: FloatArray, child_from_base: Pose3
) -> tuple[FloatArray, FloatArray]:
    """Position and yaw of ``base_link`` in ``map``, shapes (n, 2) and (n,).

    Args:
        map_from_frame: from the frame that the poses are given in.
        frame_from_child: x, y, z, and quaternion x, y, z, w, shape (n, 7).
        child_from_base: from the body that the poses are of.
    """
    quats = frame_from_child[:, 3:] / np.linalg.norm(frame_from_child[:, 3:], axis=1)[:, None]
    vector, scalar = quats[:, :3], quats[:, 3:]

    def rotated(point: FloatArray) -> FloatArray:
        """R p of each pose for one point p: p + 2 w (v x p) + 2 v x (v x p)."""
        cross = np.cross(vector, point)
        return np.asarray(point + 2.0 * (scalar * cross + np.cross(vector, cross)))

    places = rotated(child_from_base.translation_m) + frame_from_child[:, :3]
    forward = rotated(child_from_base.rotation()[:, 0]) @ map_from_frame.rotation().T
    return (
        map_from_frame.transform_points(places)[:, :2],
        np.arctan2(forward[:, 1], forward[:, 0]),
    )


def _map_from_earth(datum: GeodeticPosition) -> Pose3:
    rotation, translation = Datum(datum).ecef_from_enu()
    return Pose3.from_rotation(rotation, translation).inverse()

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Trajectories named on the command line: TUM text, GeoJSON, or a topic of a bag."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from geoloc_ros.cli.bag_trajectory import bag_trajectory, bag_truth, is_bag
from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.geojson import read_geojson
from geoloc_ros.evaluation.reference import about_datum
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.evaluation.tum import read_tum
from geoloc_ros.types import GeodeticPosition

_GEOJSON_SUFFIXES = ('.geojson', '.json')
_TUM_SUFFIXES = ('.tum', '.txt', '')


@dataclasses.dataclass(frozen=True, slots=True)
class TrajectoryArgument:
    """``[NAME=]FILE`` or ``[NAME=]BAG:TOPIC``, taken apart.

    Attributes:
        name: key in the report.
        path: the file or bag.
        topic: of the bag; empty for a file.
    """

    name: str
    path: Path
    topic: str = ''


def parse_argument(text: str) -> TrajectoryArgument:
    """Take ``[NAME=]FILE`` or ``[NAME=]BAG:TOPIC`` apart.

    Without a name, a file's stem or the topic's last word is the name.
    """
    name, _, rest = text.rpartition('=') if '=' in text else ('', '', text)
    location, colon, topic = rest.rpartition(':')
    if not colon or not topic.startswith('/'):
        return TrajectoryArgument(name or Path(rest).stem, Path(rest))
    return TrajectoryArgument(name or topic.rsplit('/', 1)[-1], Path(location), topic)


def read_trajectory(argument: TrajectoryArgument, datum: GeodeticPosition | None) -> Trajectory:
    """Read one trajectory; where ``datum`` is given, it is brought about it.

    Raises:
        EvaluationError: the file does not exist, or is nothing that can be read.
    """
    trajectory = _read(argument, datum)
    return trajectory if datum is None else about_datum(trajectory, datum)


def read_truth(text: str, datum: GeodeticPosition | None) -> Trajectory:
    """Read the truth: as any other trajectory, or a bag with the usual truth topic."""
    argument = dataclasses.replace(parse_argument(text), name='truth')
    if argument.topic or not is_bag(argument.path):
        return read_trajectory(argument, datum)
    truth = bag_truth(argument.path, datum)
    return truth if datum is None else about_datum(truth, datum)


def _read(argument: TrajectoryArgument, datum: GeodeticPosition | None) -> Trajectory:
    path = argument.path
    if not path.exists():
        raise EvaluationError(
            f'{path} does not exist; expected a TUM or GeoJSON file, or BAG:/topic'
        )
    if argument.topic:
        return bag_trajectory(path, argument.topic, argument.name, datum)
    if is_bag(path):
        raise EvaluationError(
            f'{path} is a bag; name the topic to evaluate, as {path}:/pose '
            '("geoloc bag info" lists them)'
        )
    if path.suffix.lower() in _GEOJSON_SUFFIXES:
        return read_geojson(path, argument.name, datum)
    if path.suffix.lower() in _TUM_SUFFIXES:
        return read_tum(path, argument.name, datum)
    raise EvaluationError(
        f'{path} has the suffix {path.suffix!r}; expected {", ".join(_TUM_SUFFIXES[:2])} (TUM '
        f'text) or {", ".join(_GEOJSON_SUFFIXES)} (GeoJSON)'
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc localize``: a recorded drive through the same core as the nodes, offline."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
import dataclasses
from pathlib import Path
import sys
from typing import TypeAlias

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli.comparison import localize_drive
from geoloc_ros.cli.config_file import has_section, load_settings
from geoloc_ros.cli.drive_input import DriveTopics, node_topics, read_drive
from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.cli.sight import OfflineSight, RecordedCamera, find_camera
from geoloc_ros.cli.subparsers import Subparsers, command_line, whole_number
from geoloc_ros.errors import DriveError, EvaluationError
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.output import write_output
from geoloc_ros.evaluation.report import make_report
from geoloc_ros.networks.weights import BACKENDS
from geoloc_ros.observations.map_matcher import open_matcher
from geoloc_ros.ros.matcher_settings import CrossViewNodeSettings
from geoloc_ros.ros.node_settings import KalmanNodeSettings, ParticleNodeSettings
from geoloc_ros.types import GeodeticPosition

_TRUTH = 'truth'
_MATCHER_NODE = 'cross_view_node'
_PARAMETERS_OF_RCLPY = ('use_sim_time', 'start_type_description_service', 'qos_overrides.')

NodeSettings: TypeAlias = 'ParticleNodeSettings | KalmanNodeSettings'
NODE_SETTINGS: Mapping[str, type[ParticleNodeSettings] | type[KalmanNodeSettings]] = {
    'particle': ParticleNodeSettings,
    'kalman': KalmanNodeSettings,
}


def add_parser(subparsers: Subparsers) -> None:
    """Add ``localize``."""
    parser = subparsers.add_parser(
        'localize',
        help='localize a recorded drive, offline',
        description='Run the localizer over a recorded drive as fast as it goes. The same bag, '
        'settings and seed give the same output, bit for bit. Writes report.md, report.json, '
        'trajectory.png, and every trajectory as TUM text and GeoJSON.',
    )
    parser.add_argument('bag', type=Path, help='rosbag2 (mcap, sqlite3) or ROS 1 bag')
    parser.add_argument(
        '--config',
        type=Path,
        action='append',
        default=[],
        help='ROS 2 parameter file of the filter node; once more for that of cross_view_node '
        '(default: their defaults)',
    )
    parser.add_argument('--out', required=True, type=Path, help='folder to write')
    parser.add_argument(
        '--filter', choices=sorted(NODE_SETTINGS), default='particle', help='(default: particle)'
    )
    parser.add_argument(
        '--seed', type=whole_number, help="of the filter (default: the settings' seed)"
    )
    parser.add_argument(
        '--topics',
        nargs='+',
        default=[],
        metavar='SOURCE=/TOPIC',
        help='where the bag has fix, fix/corrected, odom, twist, imu, pose observations and '
        f'{_TRUTH} (default: topics of those names; the truth is found by its name)',
    )
    parser.add_argument(
        '--datum',
        nargs=3,
        type=float,
        metavar=('LAT', 'LON', 'ALT'),
        help='origin of a truth in map, where the bag has no datum topic',
    )
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    add_camera_options(parser)
    parser.set_defaults(run=run)


def add_camera_options(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add what matching images of a bag needs."""
    camera = parser.add_argument_group('camera')
    camera.add_argument(
        '--map',
        type=Path,
        required=required,
        help='folder made by "geoloc map build": match the images of the bag against it',
    )
    camera.add_argument(
        '--weights', default='', help='name or path (default: those of the manifest for the map)'
    )
    camera.add_argument(
        '--backend', choices=BACKENDS, default='auto', help='what runs the network'
    )
    camera.add_argument('--image', default='', metavar='/TOPIC', help='(default: the only one)')
    camera.add_argument(
        '--camera-info', default='', metavar='/TOPIC', help='(default: beside the images)'
    )
    camera.add_argument(
        '--input-domain',
        help='what the images show, as real or simulation (default: the settings, else real)',
    )


def run(options: argparse.Namespace) -> int:
    """Carry out ``localize``."""
    _check(options)
    settings = load_node_settings(options.config, options.filter)
    datum = GeodeticPosition(*options.datum) if options.datum else None
    nodes_topics = node_topics(settings.sources, settings.frames.base)
    drive = read_drive(options.bag, parse_topics(options.topics, nodes_topics), datum)
    sight = None if options.map is None else open_sight(options)
    result = localize_drive(
        drive,
        settings,
        settings.seed if options.seed is None else options.seed,
        progress=_silent if options.quiet else _progress_bar,
        sight=sight,
    )
    report = make_report(
        drive.name,
        result.trajectories,
        result.truth,
        command=command_line(),
        notes=result.notes,
    )
    write_output(options.out, report, result.trajectories, result.truth)
    print(tables.terminal_report(report))
    print(f'written: {options.out}')
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse what would show only when the work is done, or be left out without a word."""
    if options.out.exists() and not options.out.is_dir():
        raise EvaluationError(f'--out {options.out} is a file; expected a folder, or a new path')
    given = {
        '--weights': options.weights,
        '--image': options.image,
        '--camera-info': options.camera_info,
        '--input-domain': options.input_domain,
    }
    idle = [name for name, value in given.items() if value]
    if options.map is None and idle:
        raise DriveError(
            f'{", ".join(idle)} without --map; expected the folder of a map to match the images '
            'against; make one with "geoloc map build"'
        )


def open_sight(options: argparse.Namespace) -> OfflineSight:
    """What matches the images of the bag, as the options say.

    Raises:
        GeolocError: map, weights or topics cannot be used.
    """
    settings = load_matcher_settings(options.config, options.input_domain)
    matcher = open_matcher(
        options.map,
        options.weights,
        options.backend,
        settings,
        provider=settings.network.provider,
        threads=settings.network.threads,
    )
    with BagReader(options.bag) as bag:
        topics = find_camera(bag, options.image, options.camera_info)
    recorded = RecordedCamera(options.bag, topics, settings, settings.base_frame)
    return OfflineSight(matcher, recorded, settings)


def load_matcher_settings(
    paths: Sequence[Path], input_domain: str | None
) -> CrossViewNodeSettings:
    """Settings of ``cross_view_node`` in the first parameter file that holds some.

    Raises:
        SettingError: a parameter is unknown or out of range.
    """
    settings = CrossViewNodeSettings()
    path = next((one for one in paths if has_section(one, _MATCHER_NODE)), None)
    if path is not None:
        settings = load_settings(path, _MATCHER_NODE, CrossViewNodeSettings, _PARAMETERS_OF_RCLPY)
    if input_domain is not None:
        settings = dataclasses.replace(settings, input_domain=input_domain)
    return settings


def load_node_settings(paths: Sequence[Path], filter_name: str) -> NodeSettings:
    """Settings of the node with this filter, from the first file that has some or its defaults.

    A file that is for ``cross_view_node`` only need not have any.

    Raises:
        SettingError: the file is unreadable, or a parameter is unknown or out of range.
    """
    kind, node_name = NODE_SETTINGS[filter_name], f'{filter_name}_filter_node'
    others = [one for one in paths if not has_section(one, _MATCHER_NODE)]
    path = next((one for one in paths if has_section(one, node_name)), next(iter(others), None))
    if path is None:
        return kind()
    return load_settings(path, node_name, kind, _PARAMETERS_OF_RCLPY)


def parse_topics(words: Sequence[str], topics: DriveTopics) -> DriveTopics:
    """The topics of a node, changed by ``SOURCE=/TOPIC`` words.

    Raises:
        DriveError: a word is not of that form, or its source is unknown or switched off.
    """
    changed: dict[str, str] = {}
    for word in words:
        source, _, topic = word.partition('=')
        if not topic.startswith('/') or source not in (*topics.sources, _TRUTH):
            raise DriveError(
                f'--topics has {word!r}; expected SOURCE=/TOPIC with a source out of '
                f'{", ".join([*topics.sources, _TRUTH])} (those that the settings switch on)'
            )
        changed[source] = topic
    truth = changed.pop(_TRUTH, '')
    return dataclasses.replace(
        topics,
        sources={**topics.sources, **changed},
        required=frozenset(changed.values()),
        truth=truth,
    )


def _silent(
    received: Iterable[ReceivedMeasurement], total: int, name: str
) -> Iterable[ReceivedMeasurement]:
    del total, name
    return received


def _progress_bar(
    received: Iterable[ReceivedMeasurement], total: int, name: str
) -> Iterable[ReceivedMeasurement]:
    from tqdm import tqdm

    return tqdm(received, total=total, desc=name, unit='msg', file=sys.stderr, leave=False)

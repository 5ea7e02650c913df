# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc localize``: a recorded drive through the same core as the nodes, offline."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
import sys

from geoloc_ros.cli.comparison import localize_drive
from geoloc_ros.cli.config_file import load_settings
from geoloc_ros.cli.drive_input import DEFAULT_TOPICS, DriveTopics, read_drive
from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.cli.subparsers import Subparsers, command_line
from geoloc_ros.errors import DriveError
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.output import write_output
from geoloc_ros.evaluation.report import make_report
from geoloc_ros.localizer.build import SETTINGS_TYPES, settings_type
from geoloc_ros.localizer.settings import LocalizerSettings
from geoloc_ros.types import GeodeticPosition

_TRUTH = 'truth'


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
        '--config', type=Path, help='ROS 2 parameter file of the node (default: its defaults)'
    )
    parser.add_argument('--out', required=True, type=Path, help='folder to write')
    parser.add_argument(
        '--filter', choices=sorted(SETTINGS_TYPES), default='particle', help='(default: particle)'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the filter (default: 0)')
    parser.add_argument(
        '--topics',
        nargs='+',
        default=[],
        metavar='SOURCE=/TOPIC',
        help=f'where the bag has {", ".join(DEFAULT_TOPICS)} and {_TRUTH} (default: topics of '
        'those names; the truth is found by its name)',
    )
    parser.add_argument(
        '--odom-pose',
        action='store_true',
        help="use the increments of the odometry's pose in place of its twist",
    )
    parser.add_argument(
        '--datum',
        nargs=3,
        type=float,
        metavar=('LAT', 'LON', 'ALT'),
        help='origin of a truth in map, where the bag has no datum topic',
    )
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out ``localize``."""
    settings = load_localizer_settings(options.config, options.filter)
    datum = GeodeticPosition(*options.datum) if options.datum else None
    drive = read_drive(options.bag, parse_topics(options.topics, options.odom_pose), datum)
    progress = _silent if options.quiet else _progress_bar
    result = localize_drive(drive, settings, options.seed, progress=progress)
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


def load_localizer_settings(path: Path | None, filter_name: str) -> LocalizerSettings:
    """Settings of the node with this filter, from its parameter file or its defaults.

    Raises:
        SettingError: the file is unreadable, or a parameter is unknown or out of range.
    """
    kind = settings_type(filter_name)
    if path is None:
        return kind()
    return load_settings(path, f'{filter_name}_filter_node', kind, NODE_ONLY_PARAMETERS)


#: Parameters that the nodes have beside the localizer's: no matter offline.
NODE_ONLY_PARAMETERS = ('use_sim_time', 'seed', 'autostart', 'frames.', 'topics.', 'sources.')


def parse_topics(words: Sequence[str], odom_as_pose: bool) -> DriveTopics:
    """Take ``SOURCE=/TOPIC`` words apart.

    Raises:
        DriveError: a word is not of that form, or its source is unknown.
    """
    sources = dict(DEFAULT_TOPICS)
    truth = ''
    for word in words:
        source, _, topic = word.partition('=')
        if not topic.startswith('/') or (source not in sources and source != _TRUTH):
            raise DriveError(
                f'--topics has {word!r}; expected SOURCE=/TOPIC with a source out of '
                f'{", ".join([*DEFAULT_TOPICS, _TRUTH])}'
            )
        if source == _TRUTH:
            truth = topic
        else:
            sources[source] = topic
    return DriveTopics(sources, truth, odom_as_pose)


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

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc bag``: data sets to bags, and what a bag holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import datetime
from pathlib import Path
import sys

from geoloc_ros.bags.comma2k19 import from_comma2k19
from geoloc_ros.bags.comma2k19_files import RECEIVERS
from geoloc_ros.bags.conversion import ConversionReport, Progress
from geoloc_ros.bags.info import BagInfo, TopicInfo, bag_info
from geoloc_ros.bags.kitti import KittiOptions, from_kitti
from geoloc_ros.bags.writer import Storage
from geoloc_ros.cli.subparsers import Subparsers
from geoloc_ros.types import NANOSECONDS_PER_SECOND

_CAMERAS = ('00', '01', '02', '03')


def add_parser(subparsers: Subparsers) -> None:
    """Add ``bag`` with its own commands."""
    parser = subparsers.add_parser(
        'bag', help='convert data sets to bags, and look into bags', description=__doc__
    )
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    _add_from_kitti(commands)
    _add_from_comma2k19(commands)
    info = commands.add_parser(
        'info',
        help='what a bag holds',
        description='Topics, rates, stamps, static frames and where the fixes lie.',
    )
    info.add_argument('bag', type=Path, help='rosbag2 folder or file, or a ROS 1 bag')
    info.add_argument('--quiet', action='store_true', help='no progress bar')
    info.set_defaults(run=run_info)


def _add_from_kitti(commands: Subparsers) -> None:
    parser = commands.add_parser(
        'from-kitti',
        help='convert a KITTI raw drive',
        description='Convert a KITTI raw drive (synced and rectified) with its calibration, its '
        'truth and /tf_static for every sensor.',
    )
    _add_common(parser, 'folder of the drive (or of its date)')
    parser.add_argument(
        '--cameras', nargs='+', choices=_CAMERAS, help='(default: all that have pictures)'
    )
    parser.add_argument(
        '--compressed',
        action='store_true',
        help='write the PNG or JPEG files as they are (CompressedImage)',
    )
    parser.set_defaults(run=run_from_kitti)


def _add_from_comma2k19(commands: Subparsers) -> None:
    parser = commands.add_parser(
        'from-comma2k19',
        help='convert a comma2k19 segment',
        description='Convert a comma2k19 segment (one minute) with its truth and /tf_static.',
    )
    _add_common(parser, 'folder of the segment, with global_pose and processed_log in it')
    parser.add_argument(
        '--receiver',
        choices=RECEIVERS,
        default='qcom',
        help='whose fixes become /fix: qcom is phone-grade, ublox better (default: qcom)',
    )
    parser.set_defaults(run=run_from_comma2k19)


def _add_common(parser: argparse.ArgumentParser, source_help: str) -> None:
    parser.add_argument('source', type=Path, metavar='SRC', help=source_help)
    parser.add_argument('out', type=Path, metavar='OUT', help='bag to make; must not exist')
    parser.add_argument(
        '--storage',
        choices=[storage.value for storage in Storage],
        default=Storage.MCAP.value,
        help='(default: mcap)',
    )
    parser.add_argument('--quiet', action='store_true', help='no progress bar')


def run_from_kitti(options: argparse.Namespace) -> int:
    """Carry out ``bag from-kitti``."""
    kitti_options = KittiOptions(
        storage=Storage(options.storage),
        cameras=tuple(options.cameras) if options.cameras else None,
        compressed=options.compressed,
    )
    with _progress(options.out.name, options.quiet) as progress:
        report = from_kitti(options.source, options.out, kitti_options, progress)
    print(conversion_text(report))
    return 0


def run_from_comma2k19(options: argparse.Namespace) -> int:
    """Carry out ``bag from-comma2k19``."""
    with _progress(options.out.name, options.quiet) as progress:
        report = from_comma2k19(
            options.source, options.out, options.receiver, Storage(options.storage), progress
        )
    print(conversion_text(report))
    return 0


def run_info(options: argparse.Namespace) -> int:
    """Carry out ``bag info``."""
    with _progress(options.bag.name, options.quiet) as progress:
        info = bag_info(options.bag, progress)
    print(info_text(info))
    return 0


def conversion_text(report: ConversionReport) -> str:
    """What was written, for a terminal."""
    width = max(len(topic.topic) for topic in report.topics)
    lines = [f'written: {report.path}']
    lines += [f'  {topic.topic:<{width}}  {topic.count:>8}' for topic in report.topics]
    lines += [f'note: {note}' for note in report.notes]
    return '\n'.join(lines)


def info_text(info: BagInfo) -> str:
    """A bag in a few lines and a table, for a terminal."""
    start = datetime.datetime.fromtimestamp(
        info.start_ns // NANOSECONDS_PER_SECOND, tz=datetime.timezone.utc
    )
    lines = [
        f'bag       {info.path} ({info.storage})',
        f'start     {start:%Y-%m-%d %H:%M:%S} UTC ({info.start_ns} ns)',
        f'duration  {info.duration_s:.3f} s, {info.count} messages',
        '',
    ]
    name_width = max(len(topic.name) for topic in info.topics)
    type_width = max(len(topic.message_type) for topic in info.topics)
    lines.append(
        f'{"topic":<{name_width}}  {"type":<{type_width}}  {"count":>8}  {"Hz":>8}  '
        f'{"max delay s":>11}  stamps'
    )
    lines += [_topic_line(topic, name_width, type_width) for topic in info.topics]
    lines.append('')
    for topic in info.topics:
        fixes = topic.fixes
        if fixes is None:
            continue
        where = f'{fixes.valid} of {topic.count} valid'
        if fixes.valid:
            where += (
                f', latitude {fixes.south_deg:.7f} to {fixes.north_deg:.7f}'
                f', longitude {fixes.west_deg:.7f} to {fixes.east_deg:.7f}'
            )
        lines.append(f'fixes     {topic.name}: {where}')
    frames = ', '.join(info.static_frames) or 'none: mount your sensors with parameters'
    lines.append(f'tf_static {frames}')
    return '\n'.join(lines)


def _topic_line(topic: TopicInfo, name_width: int, type_width: int) -> str:
    delay = '-' if topic.max_delay_s is None else f'{topic.max_delay_s:.3f}'
    if topic.backward_stamps is None:
        stamps = 'no header'
    elif topic.backward_stamps:
        stamps = f'{topic.backward_stamps} go back'
    else:
        stamps = 'in order'
    if topic.unreadable:
        stamps += f', {topic.unreadable} UNREADABLE'
    rate = '-' if topic.rate_hz != topic.rate_hz else f'{topic.rate_hz:.2f}'
    return (
        f'{topic.name:<{name_width}}  {topic.message_type:<{type_width}}  {topic.count:>8}  '
        f'{rate:>8}  {delay:>11}  {stamps}'
    )


@contextmanager
def _progress(name: str, quiet: bool) -> Iterator[Progress | None]:
    """A progress bar on stderr, or none."""
    if quiet:
        yield None
        return
    from tqdm import tqdm

    with tqdm(desc=name, unit='msg', file=sys.stderr, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show

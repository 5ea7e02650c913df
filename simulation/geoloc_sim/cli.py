# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-sim``: simulated drives as bags, and the report on the GNSS error model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys

from tqdm import tqdm

from geoloc_ros.bags.conversion import ConversionReport
from geoloc_ros.bags.writer import Storage
from geoloc_ros.errors import GeolocError, SettingError
from geoloc_ros.settings import from_flat
from geoloc_sim.drive import simulate_drive
from geoloc_sim.drive_bag import write_bag
from geoloc_sim.gnss_report import gnss_report
from geoloc_sim.kitti_drive import kitti_drive
from geoloc_sim.records import SimulatedDrive
from geoloc_sim.settings import DriveSettings

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command; each subcommand sets ``run``, which returns a status."""
    parser = argparse.ArgumentParser(prog='geoloc-sim', description='Simulated drives.')
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    drive = commands.add_parser('drive', help='simulate a drive and write it as a bag')
    drive.add_argument('--seed', type=int, default=0, help='route, driving and noises')
    drive.add_argument('--world', type=int, default=0, help='streets and place-dependent errors')
    drive.add_argument('--day', type=int, default=0, help='offset of the GNSS on a day')
    drive.add_argument('--distance-m', type=float, default=3000.0, help='length of the drive')
    drive.add_argument(
        '--overconfidence', type=float, default=1.0, help='the receiver lies by this factor'
    )
    drive.add_argument(
        '--set',
        nargs='+',
        default=[],
        metavar='NAME=NUMBER',
        help='other numbers of the settings, such as odometry.imu_rate_hz=50',
    )
    _add_output(drive)
    drive.set_defaults(run=_run_drive)
    kitti = commands.add_parser('kitti', help='a KITTI trajectory with synthesised sensors')
    kitti.add_argument('trajectory', type=Path, help='30-column oxts file, plain or bz2')
    kitti.add_argument('--seed', type=int, default=0, help='of every error')
    _add_output(kitti)
    kitti.set_defaults(run=_run_kitti)
    report = commands.add_parser('gnss-report', help='compare the GNSS errors with real ones')
    report.add_argument(
        '--data', type=Path, default=Path('../shared/data'), help='comma2k19 and smartloc'
    )
    report.add_argument('--drives', type=int, default=40, help='simulated drives')
    report.set_defaults(run=_run_report)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``geoloc-sim``.

    Args:
        arguments: words after the program's name; those of the process when ``None``.

    Returns:
        Exit status: 0 done, 1 an error that was explained, 2 wrong usage, 130 interrupted.
    """
    options = make_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except GeolocError as error:
        print(f'geoloc-sim: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('geoloc-sim: interrupted', file=sys.stderr)
        return _INTERRUPTED


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--out', type=Path, required=True, help='the bag, a new folder')
    parser.add_argument(
        '--storage', choices=[kind.value for kind in Storage], default=Storage.MCAP.value
    )


def _run_drive(options: argparse.Namespace) -> int:
    settings = from_flat(
        DriveSettings,
        {
            'motion.distance_m': options.distance_m,
            'receiver.overconfidence': options.overconfidence,
            **_numbers(options.set),
        },
    )
    drive = simulate_drive(settings, world=options.world, day=options.day, seed=options.seed)
    return _write(drive, options)


def _numbers(words: Sequence[str]) -> dict[str, float]:
    """``NAME=NUMBER`` words as a mapping.

    Raises:
        SettingError: a word is not of that form.
    """
    numbers = {}
    for word in words:
        name, _, number = word.partition('=')
        try:
            numbers[name] = float(number)
        except ValueError as error:
            raise SettingError(
                f'--set has {word!r}; expected NAME=NUMBER such as odometry.imu_rate_hz=50'
            ) from error
    return numbers


def _run_kitti(options: argparse.Namespace) -> int:
    return _write(kitti_drive(options.trajectory, options.seed), options)


def _write(drive: SimulatedDrive, options: argparse.Namespace) -> int:
    with tqdm(unit='message', desc=drive.name, disable=None) as bar:

        def show(written: int, total: int) -> None:
            bar.total = total
            bar.update(written - bar.n)

        report = write_bag(drive, options.out, Storage(options.storage), show)
    _print_report(drive, report)
    return 0


def _print_report(drive: SimulatedDrive, report: ConversionReport) -> None:
    truth = drive.truth
    print(f'{drive.name}: {truth.length_m:.0f} m in {truth.duration_s:.0f} s -> {report.path}')
    for topic in report.topics:
        print(f'  {topic.topic:28} {topic.count}')


def _run_report(options: argparse.Namespace) -> int:
    with tqdm(desc='gnss-report', bar_format='{desc} {elapsed}', disable=None) as bar:
        text = gnss_report(options.data, options.drives, bar.set_description)
    print(text)
    return 0

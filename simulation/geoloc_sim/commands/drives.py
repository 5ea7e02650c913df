# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-sim drive``, ``plain-drive`` and ``kitti``: drives as bags."""

from __future__ import annotations

import argparse
from pathlib import Path

from geoloc_ros.bags.conversion import ConversionReport
from geoloc_ros.bags.writer import Storage
from geoloc_ros.settings import from_flat
from geoloc_sim.city import City
from geoloc_sim.commands.camera import add_camera_options, camera_of
from geoloc_sim.commands.progress import progress_bar, settings_of, split_settings, working
from geoloc_sim.commands.worlds import add_world_options, city_of
from geoloc_sim.drive import simulate_drive
from geoloc_sim.drive_bag import write_bag
from geoloc_sim.drives.city_bag import FilmSettings, write_city_bag
from geoloc_sim.drives.city_drive import city_drive
from geoloc_sim.drives.kitti_city import kitti_city_drive
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.drives.traffic import traffic
from geoloc_sim.kitti_drive import kitti_drive
from geoloc_sim.output_paths import require_new
from geoloc_sim.records import SimulatedDrive
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.settings import DriveSettings

Commands = argparse._SubParsersAction


def add_drive_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """The commands that write bags."""
    _add_drive(commands)
    _add_plain_drive(commands)
    kitti = commands.add_parser('kitti', help='a KITTI trajectory, sensors without pictures')
    kitti.add_argument('trajectory', type=Path, help='30-column oxts file, plain or bz2')
    kitti.add_argument('--seed', type=int, default=0, help='of every error')
    _add_output(kitti)
    kitti.set_defaults(run=_run_kitti)


def _add_drive(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        'drive', help='a drive through a world, with the pictures of its camera'
    )
    add_world_options(parser)
    parser.add_argument('--day', type=int, default=0, help='seed of the day')
    parser.add_argument('--seed', type=int, default=0, help='route, driving and noises')
    parser.add_argument(
        '--distance-m',
        type=float,
        default=2000.0,
        help='drive at least so far, up to 100 m more (default: 2000)',
    )
    parser.add_argument(
        '--rate-hz', type=float, default=10.0, help='pictures in a second (default: 10)'
    )
    parser.add_argument('--raw', action='store_true', help='Image instead of CompressedImage')
    parser.add_argument('--no-pictures', action='store_true', help='the other sensors only')
    parser.add_argument('--no-traffic', action='store_true', help='no other moving cars')
    parser.add_argument('--workers', type=int, default=2, help='processes that draw')
    parser.add_argument(
        '--set',
        nargs='+',
        default=[],
        metavar='NAME=VALUE',
        help='other settings: odometry_source=stereo, motion.stop_share=0.5, '
        'film.effects.exposure_s=0.02 (motion blur), film.effects.shot_noise=0',
    )
    add_camera_options(parser)
    _add_output(parser)
    parser.set_defaults(run=_run_drive)


def _run_drive(options: argparse.Namespace) -> int:
    of_film, of_drive = split_settings(settings_of(options.set), 'film')
    settings = from_flat(CityDriveSettings, {'distance_m': options.distance_m, **of_drive})
    film = from_flat(
        FilmSettings,
        {
            'rate_hz': options.rate_hz,
            'compressed': not options.raw,
            'workers': options.workers,
            **of_film,
        },
    )
    camera = camera_of(options)
    require_new(options.out)
    city, day = city_of(options), draw_day(options.day)
    with working('driving'):
        drive = _drive_through(city, settings, day, options)
        cars = None if options.no_traffic else traffic(city.world, day, drive.truth, settings)
    storage = Storage(options.storage)
    with progress_bar(drive.name, 'message') as show:
        if options.no_pictures:
            report = write_bag(drive, options.out, storage, show)
        else:
            report = write_city_bag(
                drive,
                city.world,
                day,
                options.out,
                camera=camera,
                film=film,
                traffic=cars,
                seed=options.seed,
                storage=storage,
                progress=show,
                mesh=city.mesh_on(day),
            )
    _print_report(drive, report)
    return 0


def _drive_through(
    city: City, settings: CityDriveSettings, day: DayConditions, options: argparse.Namespace
) -> SimulatedDrive:
    walls = city.walls()
    if options.trajectory is not None:
        return kitti_city_drive(options.trajectory, city.world, walls, settings, day, options.seed)
    return city_drive(city.world, walls, settings, day, options.seed)


def _add_plain_drive(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        'plain-drive', help='a drive over a bare street grid: sensors without pictures, at once'
    )
    parser.add_argument('--seed', type=int, default=0, help='route, driving and noises')
    parser.add_argument('--world', type=int, default=0, help='streets and place-dependent errors')
    parser.add_argument('--day', type=int, default=0, help='offset of the GNSS on a day')
    parser.add_argument(
        '--distance-m', type=float, default=3000.0, help='length of the drive (default: 3000)'
    )
    parser.add_argument(
        '--overconfidence', type=float, default=1.0, help='the receiver lies by this factor'
    )
    parser.add_argument(
        '--set',
        nargs='+',
        default=[],
        metavar='NAME=VALUE',
        help='other numbers of the settings, such as odometry.imu_rate_hz=50',
    )
    _add_output(parser)
    parser.set_defaults(run=_run_plain_drive)


def _run_plain_drive(options: argparse.Namespace) -> int:
    settings = from_flat(
        DriveSettings,
        {
            'motion.distance_m': options.distance_m,
            'receiver.overconfidence': options.overconfidence,
            **settings_of(options.set),
        },
    )
    drive = simulate_drive(settings, world=options.world, day=options.day, seed=options.seed)
    return _write(drive, options)


def _run_kitti(options: argparse.Namespace) -> int:
    return _write(kitti_drive(options.trajectory, options.seed), options)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--out', type=Path, required=True, help='the bag, a new folder')
    parser.add_argument(
        '--storage', choices=[kind.value for kind in Storage], default=Storage.MCAP.value
    )


def _write(drive: SimulatedDrive, options: argparse.Namespace) -> int:
    with progress_bar(drive.name, 'message') as show:
        report = write_bag(drive, options.out, Storage(options.storage), show)
    _print_report(drive, report)
    return 0


def _print_report(drive: SimulatedDrive, report: ConversionReport) -> None:
    truth = drive.truth
    print(f'{drive.name}: {truth.length_m:.0f} m in {truth.duration_s:.0f} s -> {report.path}')
    for topic in report.topics:
        print(f'  {topic.topic:28} {topic.count}')

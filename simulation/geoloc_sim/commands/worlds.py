# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Which world a command works on, and ``geoloc-sim world``."""

from __future__ import annotations

import argparse
from pathlib import Path

from geoloc_ros.errors import SettingError
from geoloc_ros.settings import from_flat
from geoloc_sim.city import City, build_city, model_city, osm_city
from geoloc_sim.commands.progress import settings_of, split_settings, working
from geoloc_sim.kitti_drive import kitti_truth
from geoloc_sim.output_paths import require_new
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.osm_settings import OsmSettings
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world_files import write_world


def add_world_options(parser: argparse.ArgumentParser) -> None:
    """The options by which every command names its world."""
    world = parser.add_argument_group('world (a town drawn from the seed unless a file is given)')
    world.add_argument('--world', type=int, default=0, metavar='SEED', help='seed of the world')
    world.add_argument('--side-m', type=float, default=640.0, help='side of a town from a seed')
    world.add_argument('--osm', type=Path, metavar='FILE', help='OpenStreetMap: .osm, .osm.bz2')
    world.add_argument(
        '--city-model',
        type=Path,
        metavar='FILE',
        help='CityJSON or CityGML; --osm gives its streets',
    )
    world.add_argument(
        '--trajectory',
        type=Path,
        metavar='FILE',
        help='KITTI oxts records: the origin of map, and the part of --osm that is built',
    )
    world.add_argument(
        '--world-set',
        nargs='+',
        default=[],
        metavar='NAME=VALUE',
        help='other settings of the source (river_share=1) or dressing.NAME of the dressing',
    )


def city_of(options: argparse.Namespace) -> City:
    """Build the world that the options name.

    Raises:
        GeolocError: the file cannot be read, or options contradict each other.
    """
    if options.trajectory is not None and options.osm is None:
        raise SettingError('--trajectory is given without --osm; give the map it was driven on')
    of_dressing, own = split_settings(settings_of(options.world_set), 'dressing')
    dressing = from_flat(DressingSettings, of_dressing)
    with working('building the world'):
        if options.city_model is not None:
            settings = from_flat(OsmSettings, own)
            return model_city(options.city_model, options.world, options.osm, settings, dressing)
        if options.osm is not None:
            settings = from_flat(OsmSettings, own)
            track = None if options.trajectory is None else kitti_truth(options.trajectory)
            return osm_city(options.osm, options.world, track, settings, dressing)
        town = from_flat(ProceduralSettings, {'side_m': options.side_m, **own})
        return build_city(procedural_layout(town, options.world), dressing)


def add_world_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``geoloc-sim world``."""
    parser = commands.add_parser('world', help='build a world; write its plan and its mesh')
    add_world_options(parser)
    parser.add_argument('--out', type=Path, required=True, help='a new folder')
    parser.set_defaults(run=_run_world)


def _run_world(options: argparse.Namespace) -> int:
    require_new(options.out)
    city = city_of(options)
    with working('writing') as show:
        summary = write_world(city, options.out, show)
    print(summary)
    return 0

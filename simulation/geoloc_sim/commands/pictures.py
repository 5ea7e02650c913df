# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-sim aerial``, ``panoramas``, ``lean-grid`` and ``preview``."""

from __future__ import annotations

import argparse
from pathlib import Path

from geoloc_ros.settings import from_flat
from geoloc_sim.aerial.geotiff import Compression, write_geotiff
from geoloc_sim.aerial.model import write_model
from geoloc_sim.aerial.settings import AerialSettings
from geoloc_sim.aerial.tile_files import write_mbtiles, write_xyz
from geoloc_sim.aerial.tiles import zoom_of_gsd
from geoloc_sim.commands.progress import progress_bar, settings_of, working
from geoloc_sim.commands.worlds import add_world_options, city_of
from geoloc_sim.drives.panoramas import PanoramaSettings, write_panoramas
from geoloc_sim.meshes.city import lean_mesh
from geoloc_sim.output_paths import require_new
from geoloc_sim.preview import write_preview
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.lean_data_set import write_lean_grid
from geoloc_sim.rendering.lean_grid import GridPart, LeanGridSettings

_FORMATS = ('geotiff', 'mbtiles', 'xyz')
_ZOOMS_BELOW = 3

Commands = argparse._SubParsersAction


def add_picture_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """The commands that make pictures, but not drives."""
    _add_aerial(commands)
    _add_panoramas(commands)
    _add_lean_grid(commands)
    _add_preview(commands)


def _add_aerial(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('aerial', help='aerial image: GeoTIFF, MBTiles or XYZ tiles')
    add_world_options(parser)
    parser.add_argument('--flight', type=int, default=0, help='seed of the day of the flight')
    parser.add_argument('--gsd', type=float, default=0.25, help='metres in a pixel')
    parser.add_argument('--crs', default='', help='such as EPSG:25832; default UTM (GeoTIFF only)')
    parser.add_argument(
        '--format',
        choices=_FORMATS,
        default='geotiff',
        help='of the aerial image (default: geotiff)',
    )
    parser.add_argument('--jpeg', action='store_true', help='compress the GeoTIFF with JPEG')
    _add_set(parser, 'offset_m=0')
    parser.add_argument('--out', type=Path, required=True, help='file, or folder of XYZ tiles')
    parser.set_defaults(run=_run_aerial)


def _run_aerial(options: argparse.Namespace) -> int:
    settings = from_flat(
        AerialSettings,
        {
            'gsd_m_per_px': options.gsd,
            'crs': options.crs,
            **settings_of(options.set),
        },
    )
    city = city_of(options)
    with working('flying over'):
        photo = city.from_above(settings, options.flight)
    with progress_bar(options.format, 'tile') as show:
        if options.format == 'geotiff':
            kind = Compression.JPEG if options.jpeg else Compression.DEFLATE
            write_geotiff(options.out, photo, kind, progress=show)
        else:
            zoom = zoom_of_gsd(city.world.layout.datum.lat_deg, settings.gsd_m_per_px)
            write = write_mbtiles if options.format == 'mbtiles' else write_xyz
            write(options.out, photo, zoom - _ZOOMS_BELOW, zoom, progress=show)
    truth = options.out.with_name(options.out.name + '.truth.json')
    write_model(truth, photo.model)
    print(f'{options.out}: {photo.grid.width} x {photo.grid.height} px of {photo.grid.crs}')
    print(f'{truth}: where its camera was and by how much its georeference is off')
    return 0


def _add_panoramas(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('panoramas', help='panoramas with depth along the streets')
    add_world_options(parser)
    parser.add_argument('--day', type=int, default=0, help='seed of the day')
    parser.add_argument('--spacing-m', type=float, default=15.0, help='between neighbours')
    parser.add_argument('--seed', type=int, default=0, help='of the places')
    _add_set(parser, 'width=2048')
    parser.add_argument('--out', type=Path, required=True, help='a new folder')
    parser.set_defaults(run=_run_panoramas)


def _run_panoramas(options: argparse.Namespace) -> int:
    settings = from_flat(
        PanoramaSettings, {'spacing_m': options.spacing_m, **settings_of(options.set)}
    )
    require_new(options.out)
    city, day = city_of(options), draw_day(options.day)
    with progress_bar('panoramas', 'panorama') as show:
        count = write_panoramas(
            city.world, day, options.out, settings, options.seed, show, city.mesh_on(day)
        )
    print(f'{options.out}: {count} panoramas with depth, poses.csv')
    return 0


def _add_lean_grid(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('lean-grid', help='lean images over a grid of poses')
    add_world_options(parser)
    parser.add_argument(
        '--area-m',
        type=float,
        nargs=4,
        metavar=('WEST', 'SOUTH', 'EAST', 'NORTH'),
        help='in map; default: the whole world',
    )
    parser.add_argument('--step-m', type=float, default=20.0, help='of the grid')
    parser.add_argument(
        '--part', choices=[part.value for part in GridPart], default=GridPart.TRAIN.value
    )
    _add_set(parser, 'yaw_step_deg=10')
    parser.add_argument('--out', type=Path, required=True, help='a new folder')
    parser.set_defaults(run=_run_lean_grid)


def _run_lean_grid(options: argparse.Namespace) -> int:
    settings = from_flat(LeanGridSettings, {'step_m': options.step_m, **settings_of(options.set)})
    require_new(options.out)
    city = city_of(options)
    layout = city.world.layout
    west, south, east, north = options.area_m or layout.bounds_m
    with progress_bar('lean images', 'pose') as show:
        report = write_lean_grid(
            layout,
            lean_mesh(city.world),
            (west, south, east, north),
            settings,
            GridPart(options.part),
            options.out,
            show,
        )
    print(f'{options.out}: {report.valid} valid images of {report.poses} poses')
    print(
        f'  left out: {report.inside_building} inside a building, {report.no_skyline} without a '
        f'skyline, {report.few_edges} with too few edges'
    )
    return 0


def _add_preview(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser('preview', help='a sheet of pictures of a world')
    add_world_options(parser)
    parser.add_argument('--places', type=int, default=4, help='rows')
    parser.add_argument('--days', type=int, nargs='+', default=[1, 2, 3], help='side by side')
    parser.add_argument('--flight', type=int, default=0, help='seed of the day of the flight')
    parser.add_argument('--seed', type=int, default=0, help='of the places')
    parser.add_argument('--out', type=Path, required=True, help='a picture file: .png, .jpg, .pdf')
    parser.set_defaults(run=_run_preview)


def _run_preview(options: argparse.Namespace) -> int:
    city = city_of(options)
    with progress_bar('preview', 'picture') as show:
        write_preview(
            city,
            options.out,
            places=options.places,
            days=options.days,
            flight=options.flight,
            seed=options.seed,
            progress=show,
        )
    print(options.out)
    return 0


def _add_set(parser: argparse.ArgumentParser, example: str) -> None:
    parser.add_argument(
        '--set', nargs='+', default=[], metavar='NAME=VALUE', help=f'other settings: {example}'
    )

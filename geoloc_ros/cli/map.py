# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc map``: descriptors of aerial imagery on a grid, for matching camera images."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import math
from pathlib import Path
import sys
from typing import NoReturn

import numpy as np

from geoloc_ros.cli.map_network import MapNetwork
from geoloc_ros.cli.subparsers import Subparsers
from geoloc_ros.errors import GeodesyError, MapError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.ecef import check_geodetic
from geoloc_ros.map_store.build import BuildOptions, build_map
from geoloc_ros.map_store.descriptor_store import DescriptorStore, is_vacant, remove_map
from geoloc_ros.map_store.imagery import ImageryOptions, open_imagery
from geoloc_ros.map_store.records import GeodeticBounds, ImagerySource, Progress, no_progress
from geoloc_ros.map_store.tile_grid import DEFAULT_SPACING_M, TileGrid, grid_over
from geoloc_ros.map_store.xyz import SCHEMES
from geoloc_ros.networks.weights import BACKENDS, load_network
from geoloc_ros.observations.calibration import read_calibration
from geoloc_ros.types import GeodeticPosition

_DEFAULTS = BuildOptions()
#: Patches a cell for networks whose references are aligned with the heading: 22.5 degrees apart.
_HEADINGS = 16


def add_parser(subparsers: Subparsers) -> None:
    """Add ``map`` with its own commands."""
    parser = subparsers.add_parser(
        'map', help='build maps out of aerial imagery, and look at them', description=__doc__
    )
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    _add_build(commands)
    info = commands.add_parser(
        'info', help='what a map holds', description='Grid, network, imagery and coverage.'
    )
    info.add_argument('map', type=Path, help='folder of the map')
    info.set_defaults(run=run_info)
    preview = commands.add_parser(
        'preview',
        help='a picture of a map',
        description='Draw the grid over the imagery, where there is data, and the first three '
        'principal components of the descriptors as red, green and blue.',
    )
    preview.add_argument('map', type=Path, help='folder of the map')
    preview.add_argument('out', type=Path, metavar='OUT', help='PNG file to write')
    preview.add_argument('--imagery', type=Path, help='to draw beneath the grid')
    _add_imagery_options(preview)
    preview.set_defaults(run=run_preview)


def _add_build(commands: Subparsers) -> None:
    parser = commands.add_parser(
        'build',
        help='describe imagery on a grid',
        description='Cut a patch of imagery for every cell of a grid, describe it by a network '
        'and store the descriptors. Run again after an interruption, it goes on where it stopped.',
    )
    parser.add_argument(
        'imagery', type=Path, help='GeoTIFF, MBTiles file or folder of XYZ tiles (zoom/x/y.png)'
    )
    parser.add_argument('map', type=Path, help='folder to make')
    parser.add_argument(
        '--network', required=True, help='name in models/manifest.json, or path of weights'
    )
    parser.add_argument(
        '--backend', choices=BACKENDS, default='auto', help='what runs it (default: auto)'
    )
    parser.add_argument(
        '--spacing',
        type=float,
        default=DEFAULT_SPACING_M,
        metavar='M',
        help='metres between cells (default: %(default)s); half of it takes four times the time',
    )
    _add_area(parser)
    parser.add_argument(
        '--min-coverage',
        type=float,
        default=_DEFAULTS.min_covered_share,
        metavar='SHARE',
        help='of a patch that must be imagery for a cell to have data (default: %(default)s)',
    )
    parser.add_argument(
        '--headings',
        type=int,
        default=_HEADINGS,
        help='patches a cell, for networks with references aligned to the heading only '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--batch', type=int, default=_DEFAULTS.batch, help='patches at once (default: %(default)s)'
    )
    parser.add_argument('--overwrite', action='store_true', help='remove a map at this path first')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    _add_imagery_options(parser)
    parser.set_defaults(run=run_build)


def _add_area(parser: argparse.ArgumentParser) -> None:
    area = parser.add_mutually_exclusive_group()
    area.add_argument(
        '--bounds',
        type=float,
        nargs=4,
        metavar=('WEST', 'SOUTH', 'EAST', 'NORTH'),
        help='degrees (default: all of the imagery)',
    )
    area.add_argument(
        '--around', type=float, nargs=3, metavar=('LAT', 'LON', 'M'), help='a place and a radius'
    )
    parser.add_argument('--grid-crs', default='', help='in metres (default: UTM zone of the area)')
    parser.add_argument(
        '--datum',
        type=float,
        nargs=3,
        metavar=('LAT', 'LON', 'ALT'),
        help="origin of `map`, and the ground's ellipsoidal height (default: middle, height 0)",
    )


def _add_imagery_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--zoom', type=int, default=-1, help='of tiles (default: the highest)')
    parser.add_argument(
        '--scheme',
        choices=SCHEMES,
        default='',
        help='rows of tiles count from the north (xyz) or south (tms); default: as their '
        'metadata says, else xyz for folders and tms for MBTiles',
    )
    parser.add_argument(
        '--bands',
        type=int,
        nargs='+',
        default=(),
        help='of a GeoTIFF, as red, green and blue, or one as grey (default: as the file says)',
    )
    parser.add_argument('--attribution', help='who is to be named (default: as the files say)')
    parser.add_argument('--licence', help='of the imagery (default: as the files say)')


def imagery_of(path: Path, options: argparse.Namespace) -> ImagerySource:
    """Imagery as the options say."""
    return open_imagery(
        path,
        ImageryOptions(
            options.zoom,
            options.scheme,
            tuple(options.bands),
            options.attribution,
            options.licence,
        ),
    )


def run_build(options: argparse.Namespace) -> int:
    """Carry out ``map build``."""
    datum = _checked(options)
    source = imagery_of(options.imagery, options)
    network = MapNetwork(load_network(options.network, options.backend))
    grid = grid_of(source, options)
    if options.overwrite and not is_vacant(options.map):
        remove_map(options.map)
    build_options = BuildOptions(
        yaws_rad=network.reference_yaws_rad(options.headings),
        ahead_m=network.network.contract.ahead_m,
        min_covered_share=options.min_coverage,
        batch=options.batch,
        datum=datum,
    )
    for what, said in (('attribution', source.attribution), ('licence', source.licence)):
        if not said:
            print(
                f'note: {options.imagery} names no {what}; give it with --{what}', file=sys.stderr
            )
    try:
        with _progress(options.map.name, options.quiet) as progress:
            store = build_map(source, grid, network, options.map, progress, options=build_options)
    except KeyboardInterrupt:
        again = ' without --overwrite' if options.overwrite else ''
        print(f'run the same command again{again} to go on', file=sys.stderr)
        raise
    print(info_text(store))
    if not np.any(store.has_data):
        raise MapError(
            f'no cell of {options.map} has data: nowhere is {options.min_coverage:.0%} of a patch '
            f'of {store.record.patch_size_m:g} m imagery; choose an area inside of the imagery '
            '(--around, --bounds), or a smaller --min-coverage, and give --overwrite'
        )
    return 0


def _checked(options: argparse.Namespace) -> GeodeticPosition | None:
    """Refuse, before anything is read or removed, what no map can have; returns the datum.

    Raises:
        MapError: a number is out of its range.
    """
    for name in ('headings', 'batch'):
        if getattr(options, name) < 1:
            raise MapError(f'--{name} is {getattr(options, name)}; expected at least 1')
    if not 0.0 < options.min_coverage <= 1.0:
        raise MapError(
            f'--min-coverage is {options.min_coverage:g}; expected a share above 0, at most 1'
        )
    if options.around:
        _place('--around', *options.around[:2])
        if not 0.0 < options.around[2] < math.inf:
            raise MapError(
                f'--around has a radius of {options.around[2]:g} m; expected LAT LON M with M > 0'
            )
    return _place('--datum', *options.datum) if options.datum else None


def _place(option: str, lat_deg: float, lon_deg: float, alt_m: float = 0.0) -> GeodeticPosition:
    try:
        check_geodetic(lat_deg, lon_deg, alt_m)
    except GeodesyError as error:
        raise MapError(
            f'{option} names latitude {lat_deg:g}, longitude {lon_deg:g}, height {alt_m:g} m, '
            'which is not on Earth; expected LAT LON in degrees, latitude first'
            + (', and ALT in metres' if option == '--datum' else '')
        ) from error
    return GeodeticPosition(lat_deg, lon_deg, alt_m)


def grid_of(source: ImagerySource, options: argparse.Namespace) -> TileGrid:
    """The grid asked for.

    Raises:
        MapError: the area holds no cell, is not one, or lies outside of the imagery.
    """
    bounds = source.bounds
    if options.bounds:
        bounds = GeodeticBounds(*options.bounds)
        if not (bounds.west_deg < bounds.east_deg and bounds.south_deg < bounds.north_deg):
            raise MapError(f'--bounds are {options.bounds}; expected WEST < EAST, SOUTH < NORTH')
    if options.around:
        lat_deg, lon_deg, radius_m = options.around
        datum = Datum(GeodeticPosition(lat_deg, lon_deg))
        low = datum.geodetic_from_enu(-radius_m, -radius_m)
        high = datum.geodetic_from_enu(radius_m, radius_m)
        bounds = GeodeticBounds(low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg)
    if not bounds.overlaps(source.bounds):
        order = '--around LAT LON M' if options.around else '--bounds WEST SOUTH EAST NORTH'
        raise MapError(
            f'the area asked for, {_said(bounds)}, lies outside of the imagery, which covers '
            f'{_said(source.bounds)}; is it {order}?'
        )
    return grid_over(bounds, options.spacing, options.grid_crs)


def _said(bounds: GeodeticBounds) -> str:
    return (
        f'latitude {bounds.south_deg:.5f} to {bounds.north_deg:.5f}, longitude '
        f'{bounds.west_deg:.5f} to {bounds.east_deg:.5f}'
    )


def run_info(options: argparse.Namespace) -> int:
    """Carry out ``map info``."""
    print(info_text(DescriptorStore.open(options.map)))
    return 0


def info_text(store: DescriptorStore) -> str:
    """A map in a few lines, for a terminal."""
    record, grid = store.record, store.grid
    data = int(np.count_nonzero(store.has_data))
    size_mb = sum(path.stat().st_size for path in store.path.rglob('*') if path.is_file()) / 1e6
    shape = ' x '.join(map(str, record.descriptor_shape))
    lines = [
        f'map          {store.path} ({size_mb:.1f} MB)',
        (
            f'grid         {grid.nx} x {grid.ny} cells, {grid.spacing_m:g} m apart, {grid.crs}, '
            f'cell (0, 0) at {grid.origin_x:.2f}, {grid.origin_y:.2f}'
        ),
        (
            f'datum        latitude {record.datum.lat_deg:.7f}, longitude '
            f'{record.datum.lon_deg:.7f}, height {record.datum.alt_m:.1f} m'
        ),
        (
            f'data         {data} of {grid.cell_count} cells '
            f'(where {record.min_covered_share:.0%} of a patch is imagery)'
        ),
        f'network      {record.network_name}, sha256 {record.network_sha256}',
        f'descriptors  {shape} of patches of {record.patch_size_m:g} m, {record.patch_size_px} px',
        f'imagery      {record.imagery}',
        f'attribution  {record.attribution or "not said"}',
        f'licence      {record.licence or "not said"}',
        f'calibrated   {_calibration_text(store)}',
    ]
    if not store.complete:
        lines.append(f'UNFINISHED   {store.missing}')
    return '\n'.join(lines)


def _calibration_text(store: DescriptorStore) -> str:
    found = read_calibration(store.path)
    if found is None:
        return 'no; run `geoloc calibrate` on a drive of your own'
    if found.network_sha256 != store.record.network_sha256:
        return 'no: what is stored is for other weights; run `geoloc calibrate` again'
    return (
        f'{"yes" if found.is_good else "not well"}, on {found.frames} pictures of {found.drive} '
        f'({found.domain}): temperature {found.temperature:.4g}'
    )


def run_preview(options: argparse.Namespace) -> int:
    """Carry out ``map preview``."""
    from geoloc_ros.cli.map_preview import write_preview

    store = DescriptorStore.open(options.map)
    source = imagery_of(options.imagery, options) if options.imagery else None
    write_preview(options.out, store, source)
    print(f'written: {options.out}')
    return 0


@contextmanager
def _progress(name: str, quiet: bool) -> Iterator[Progress]:
    """A progress bar on stderr, or none."""
    if quiet:
        yield no_progress
        return
    from tqdm import tqdm

    bar: tqdm[NoReturn] | None = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:  # what an earlier run has done is no speed of this one
            bar = tqdm(desc=name, unit='cell', file=sys.stderr, total=total, initial=done)
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()

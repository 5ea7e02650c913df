# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-train picture``: attention and heat maps of single queries as an image."""

from __future__ import annotations

import argparse
from pathlib import Path

from geoloc_ros.evaluation.picture_path import check_picture_path
from geoloc_ros.map_store.records import ImagerySource
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.types import GeodeticPosition
from geoloc_training.commands.words import (
    add_grid_options,
    check_output_file,
    named_networks,
    progress_bar,
)
from geoloc_training.data.prepared import DataSet, ImageryReferences
from geoloc_training.data.sources import DATA_HELP, open_data
from geoloc_training.query_picture import write_query_picture
from geoloc_training.query_views import QueryView, ViewSettings, chosen_queries, query_view

_TITLE = 'Where features are taken from, and where the query is found'


def add_picture_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``geoloc-train picture``."""
    parser = commands.add_parser('picture', help='attention and heat maps of single queries')
    parser.add_argument(
        'weights', nargs='+', help='weights files, each as NAME=PATH or as a path; a row each'
    )
    parser.add_argument('--data', required=True, help=DATA_HELP)
    parser.add_argument(
        '--query',
        type=int,
        nargs='+',
        required=True,
        metavar='N',
        help='numbers of images, from 0',
    )
    parser.add_argument('--out', type=Path, required=True, help='picture to write: queries.png')
    parser.add_argument(
        '--reach-m',
        type=float,
        default=0.0,
        help='of the heat map; 0 for twice the radius (default: 0)',
    )
    add_grid_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    check_picture_path(options.out)
    check_output_file(options.out)
    settings = ViewSettings(
        radius_m=options.radius_m,
        reach_m=options.reach_m,
        spacing_m=options.spacing_m,
        known_heading=not options.search_heading,
    )
    data = open_data([options.data])
    networks = named_networks(options.weights)
    by_network = [
        _views(name, network, data, options.query, settings) for name, network in networks.items()
    ]
    views = [view for of_query in zip(*by_network, strict=True) for view in of_query]
    write_query_picture(options.out, views, _TITLE, _aerial(data))
    for view in views:
        print(
            f'{view.network}, {view.title}: best within {view.radius_m:g} m is '
            f'{view.error_m:.1f} m from the true place'
        )
    print(options.out)
    return 0


def _views(
    name: str,
    network: CrossViewModule,
    data: DataSet,
    numbers: list[int],
    settings: ViewSettings,
) -> list[QueryView]:
    """The queries as one network sees them."""
    chosen, titles = chosen_queries(data, network.contract, numbers)
    views = []
    for row, title in enumerate(titles):
        with progress_bar(f'{name} {title}', 'reference') as show:
            views.append(query_view(name, network, chosen, row, title, settings, show))
    return views


def _aerial(data: DataSet) -> list[tuple[ImagerySource, GeodeticPosition] | None]:
    """What lies beneath the heat maps, in the order of the table's places; tiles are no map."""
    datums = {drive.place: drive.datum for drive in data.drives}
    found: list[tuple[ImagerySource, GeodeticPosition] | None] = []
    for name in dict.fromkeys(drive.place for drive in data.drives):
        references = data.references[name]
        if isinstance(references, ImageryReferences):
            found.append((references.source, datums[name]))
        else:
            found.append(None)
    return found

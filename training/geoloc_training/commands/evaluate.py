# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-train evaluate``: recall of trained networks, with controls."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
import dataclasses
import json
from pathlib import Path

from geoloc_ros.networks.module import CrossViewModule
from geoloc_training.commands.words import (
    add_grid_options,
    check_output_file,
    named_networks,
    progress_bar,
    say_uncovered,
)
from geoloc_training.data.prepared import TEST_SPACING_M, PreparedData, prepared
from geoloc_training.data.sources import DATA_HELP, open_data
from geoloc_training.grid_retrieval import GridSettings, grid_retrieval, told_heading
from geoloc_training.tables import Measured, figures, table_one, table_two

_TABLES = {'1': table_one, '2': table_two}


def add_evaluate_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``geoloc-train evaluate``."""
    parser = commands.add_parser('evaluate', help='recall on a grid of references')
    parser.add_argument('weights', nargs='+', help='weights files, each as NAME=PATH or as a path')
    parser.add_argument('--data', nargs='+', required=True, help=f'{DATA_HELP}; a table row each')
    add_grid_options(parser)
    parser.add_argument(
        '--queries',
        type=int,
        default=0,
        help=f'pictures of each place that are looked up, spread evenly; 0 for all that are '
        f'{TEST_SPACING_M:g} m apart along the way, or in the published list (default: 0)',
    )
    parser.add_argument(
        '--everywhere',
        action='store_true',
        help='measure without a test radius too, among all references within --radius-m, at least '
        '50 m, of any picture',
    )
    parser.add_argument(
        '--heading-sigma-deg',
        type=float,
        default=0.0,
        help='standard deviation of the error of the heading that networks are told (default: 0)',
    )
    parser.add_argument(
        '--controls',
        action='store_true',
        help='rows with constant scores and with shuffled images too',
    )
    parser.add_argument(
        '--table',
        choices=sorted(_TABLES),
        default='2',
        help="layout of the paper's table 1 or 2 (default: %(default)s)",
    )
    parser.add_argument('--json', type=Path, help='write the figures to a file')
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    variants = _variants(options)
    if options.json is not None:
        check_output_file(options.json)
    rows: list[Measured] = []
    headings: dict[str, list[str]] = {}
    for name, network in named_networks(options.weights).items():
        for number, drive in enumerate(options.data):
            opened = open_data([drive])
            data = prepared(opened, network.contract, opened.test_spacing_m)
            say_uncovered(data)
            told = told_heading(network.contract, data.table, not options.search_heading)
            headings.setdefault(told, []).append(f'T.{number + 1} {name}')
            for title, settings in variants:
                label = f'{name} {title}'.strip()
                rows.append(_measured(f'T.{number + 1}', label, network, data, settings, options))
    print(_heading_text(headings, options.heading_sigma_deg))
    print(_TABLES[options.table](rows))
    if options.json is not None:
        record = [{'test': r.test, 'network': r.network, **figures(r)} for r in rows]
        options.json.write_text(json.dumps(record, indent=2) + '\n', encoding='utf-8')
    return 0


def _heading_text(headings: Mapping[str, Sequence[str]], sigma_deg: float) -> str:
    """What was known of headings, of which rows where they differ."""
    parts = [
        (told or 'not used') + (f' ({", ".join(rows)})' if len(headings) > 1 else '')
        for told, rows in headings.items()
    ]
    return f'heading: {"; ".join(parts)}; sigma {sigma_deg:g} deg'


def _variants(options: argparse.Namespace) -> list[tuple[str, GridSettings]]:
    own = GridSettings(
        radius_m=options.radius_m,
        spacing_m=options.spacing_m,
        queries=options.queries,
        known_heading=not options.search_heading,
        heading_sigma_deg=options.heading_sigma_deg,
    )
    if not options.controls:
        return [('', own)]
    return [
        ('', own),
        ('(constant scores)', dataclasses.replace(own, constant=True)),
        ('(shuffled images)', dataclasses.replace(own, shuffled=True)),
    ]


def _measured(
    test: str,
    label: str,
    network: CrossViewModule,
    data: PreparedData,
    settings: GridSettings,
    options: argparse.Namespace,
) -> Measured:
    with progress_bar(f'{test} {label}', 'reference') as show:
        near = grid_retrieval(network, data, settings, show)
        everywhere = None
        if options.everywhere:
            everywhere = grid_retrieval(network, data, settings.everywhere(), show)
    return Measured(test, label, near, everywhere)

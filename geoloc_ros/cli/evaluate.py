# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc evaluate``: tables, a picture and exports from trajectories and a truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from geoloc_ros.cli.subparsers import Subparsers, command_line
from geoloc_ros.cli.trajectory_input import parse_argument, read_trajectory, read_truth
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.output import write_output
from geoloc_ros.evaluation.report import RAW_NAME, make_report
from geoloc_ros.evaluation.trajectory import DEFAULT_MAX_GAP_S, Trajectory
from geoloc_ros.types import GeodeticPosition


def add_parser(subparsers: Subparsers) -> None:
    """Add ``evaluate``."""
    parser = subparsers.add_parser(
        'evaluate',
        help='compare trajectories with a truth',
        description='Compare trajectories with a truth: report.md, report.json, trajectory.png, '
        'and every trajectory as TUM text and GeoJSON.',
    )
    parser.add_argument(
        'estimates',
        nargs='+',
        metavar='EST',
        help='[NAME=]FILE (TUM text or GeoJSON) or [NAME=]BAG:/topic',
    )
    parser.add_argument(
        '--truth', metavar='FILE|BAG', help='the truth; without it, differences to raw are given'
    )
    parser.add_argument('--out', required=True, type=Path, help='folder to write')
    parser.add_argument(
        '--raw',
        metavar='NAME',
        help=f'which EST holds the raw fixes, whose stamps are the yardstick (default: '
        f'{RAW_NAME} if there is one, else the first)',
    )
    parser.add_argument(
        '--datum',
        nargs=3,
        type=float,
        metavar=('LAT', 'LON', 'ALT'),
        help='origin of the files that do not say (TUM of other programs), WGS-84',
    )
    parser.add_argument(
        '--max-gap',
        type=float,
        default=DEFAULT_MAX_GAP_S,
        metavar='S',
        help='longest gap between samples to interpolate over (default: %(default)s s)',
    )
    parser.add_argument('--name', default='', help='name of the drive (default: the folder)')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out ``evaluate``."""
    datum = GeodeticPosition(*options.datum) if options.datum else None
    arguments = [parse_argument(text) for text in options.estimates]
    trajectories = [read_trajectory(arguments[0], datum)]
    datum = trajectories[0].datum
    trajectories += [read_trajectory(argument, datum) for argument in arguments[1:]]
    truth = read_truth(options.truth, datum) if options.truth else None
    raw_name, notes = _raw_name(options.raw, trajectories)
    report = make_report(
        options.name or options.out.name,
        trajectories,
        truth,
        raw_name=raw_name,
        command=command_line(),
        notes=notes,
        max_gap_s=options.max_gap,
    )
    main_name = 'fused' if any(t.name == 'fused' for t in trajectories) else trajectories[-1].name
    write_output(
        options.out,
        report,
        trajectories,
        truth,
        raw_name=raw_name,
        main_name=main_name,
        max_gap_s=options.max_gap,
    )
    print(tables.terminal_report(report))
    print(f'written: {options.out}')
    return 0


def _raw_name(asked: str | None, trajectories: list[Trajectory]) -> tuple[str, list[str]]:
    if asked is not None:
        return asked, []
    if any(one.name == RAW_NAME for one in trajectories):
        return RAW_NAME, []
    name = trajectories[0].name
    return name, [f'no trajectory is named {RAW_NAME!r}: the stamps of {name!r} are the yardstick']

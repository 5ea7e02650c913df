# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-train data``: simulated drives with the aerial image of their city."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from geoloc_ros.settings import from_flat, specs
from geoloc_training.commands.words import make_output_folder, settings_of
from geoloc_training.data.simulated import SimulatedDataSettings, write_simulated_data


def add_data_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``geoloc-train data``."""
    known = ', '.join(spec.name for spec in specs(SimulatedDataSettings))
    parser = commands.add_parser('data', help='simulate drives to train on, or to test with')
    parser.add_argument('--out', type=Path, required=True, help='folder of all places')
    parser.add_argument(
        '--world', type=int, default=0, metavar='SEED', help='seed of the city (default: 0)'
    )
    parser.add_argument(
        '--days',
        type=int,
        nargs='+',
        required=True,
        help='seeds, a drive each; from 1000 on for tests only',
    )
    parser.add_argument(
        '--set',
        nargs='+',
        default=[],
        metavar='NAME=VALUE',
        help=f'any of {known}, as distance_m=4000 workers=1',
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    known = list(specs(SimulatedDataSettings))
    settings = from_flat(SimulatedDataSettings, settings_of(options.set, known))
    make_output_folder(options.out)
    shown = ''
    with tqdm(disable=None) as bar:  # without a terminal it shows nothing and knows nothing

        def show(what: str, done: int, total: int) -> None:
            nonlocal shown
            if what != shown:
                shown = what
                bar.reset(total)
                bar.set_description(what)
            bar.update(done - bar.n)

        days = tuple(options.days)
        kept = write_simulated_data(options.out, options.world, days, settings, show)
    said = ', '.join(f'{day} (kept)' if day in kept else str(day) for day in days)
    print(f'{options.out}: city {options.world}, days {said}')
    return 0

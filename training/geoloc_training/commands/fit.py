# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-train fit``: train a network."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import dataclasses
import json
from pathlib import Path

import torch

from geoloc_ros.errors import SettingError
from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.networks.torch_backend import load_weights, save_weights
from geoloc_ros.settings import from_flat, specs, to_flat
from geoloc_training.checkpoints import RunOrigin
from geoloc_training.commands.words import (
    WEIGHTS_NAME,
    add_spacing_option,
    make_output_folder,
    progress_bar,
    say_uncovered,
    settings_of,
)
from geoloc_training.data.prepared import TEST_SPACING_M, DataSet, PreparedData, prepared
from geoloc_training.data.simulated import FIRST_TEST_DAY
from geoloc_training.data.sources import DATA_HELP, open_data
from geoloc_training.grid_retrieval import (
    GridSettings,
    check_headings,
    grid_retrieval,
    told_heading,
)
from geoloc_training.settings import PRESETS, TrainingSettings, preset
from geoloc_training.tables import Measured, figures, figures_text
from geoloc_training.trainer import CHECKPOINT_NAME, Trainer

REPORT_NAME = 'report.json'
#: Options that the report holds beside the data and the settings, where they were given.
START_OPTIONS = ('initial', 'imagenet', 'domain')


def add_fit_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``geoloc-train fit``."""
    parser = commands.add_parser('fit', help='train a network')
    parser.add_argument('data', nargs='+', help=DATA_HELP)
    parser.add_argument(
        '--out', type=Path, required=True, help='folder of weights, checkpoint, log and report'
    )
    parser.add_argument(
        '--preset',
        choices=sorted(PRESETS),
        default='compact',
        help='settings to begin with: compact trains on a processor in minutes, the others have '
        'the published numbers and need --imagenet (default: %(default)s)',
    )
    parser.add_argument(
        '--network', help='architecture, in place of the one of the preset (docs/networks.md)'
    )
    parser.add_argument(
        '--geo-global',
        action='store_true',
        help='the baseline: minibatches of any pairs, negatives about any pairs, triplets without '
        'weights',
    )
    parser.add_argument(
        '--set',
        nargs='+',
        default=[],
        metavar='NAME=VALUE',
        help='settings over the preset, as epochs=10 (geoloc_training/settings.py)',
    )
    parser.add_argument(
        '--validation',
        nargs='+',
        default=[],
        metavar='DATA',
        help='drives to measure the trained network with, not trained on',
    )
    parser.add_argument(
        '--queries',
        type=int,
        default=120,
        help='pictures of each validation place that are looked up, spread evenly; 0 for all that '
        f'are {TEST_SPACING_M:g} m apart along the way, or in the published list '
        '(default: %(default)s)',
    )
    add_spacing_option(parser)
    parser.add_argument(
        '--domain',
        choices=('simulation', 'real'),
        help='what the data show, for the weights file (default: simulation '
        'where all data are folders of "geoloc-train data", else real)',
    )
    _add_start_options(parser)
    parser.set_defaults(run=_run)


def _add_start_options(parser: argparse.ArgumentParser) -> None:
    """What a run starts from."""
    parser.add_argument(
        '--imagenet',
        type=Path,
        metavar='FILE',
        help="ImageNet weights of VGG16 or ResNet, as torchvision's files hold them",
    )
    parser.add_argument(
        '--initial', type=Path, metavar='WEIGHTS', help='go on from trained weights, as a new run'
    )
    earlier = parser.add_mutually_exclusive_group()
    earlier.add_argument(
        '--resume', action='store_true', help='go on from the checkpoint in --out'
    )
    earlier.add_argument(
        '--overwrite', action='store_true', help='start anew where --out holds a run already'
    )


def fit_settings(options: argparse.Namespace) -> TrainingSettings:
    """The preset with what the options change."""
    values = to_flat(preset(options.preset))
    values |= settings_of(options.set, list(specs(TrainingSettings)))
    if options.network:
        values['network'] = options.network
    if options.geo_global:
        values |= {'sample.local': False, 'sample.extras_near': False}
    return from_flat(TrainingSettings, values)


def check_earlier_run(options: argparse.Namespace) -> None:
    """Neither replace a run unasked, nor start anew where one was to go on.

    Raises:
        SettingError: ``--out`` holds a run and no option says what becomes of it, or holds none.
    """
    checkpoint = options.out / CHECKPOINT_NAME
    if options.resume and not checkpoint.exists():
        raise SettingError(
            f'--resume, but there is no {checkpoint}; expected the checkpoint of a run; give the '
            '--out of that run, or leave out --resume to start anew'
        )
    if checkpoint.exists() and not (options.resume or options.overwrite):
        raise SettingError(
            f'{options.out} holds a run already ({CHECKPOINT_NAME}); expected a folder without '
            'one; go on with it by --resume, give another --out, or replace it by --overwrite'
        )


def check_training_days(data: DataSet) -> None:
    """Refuse to train on simulated test days.

    Raises:
        SettingError: a drive is of one.
    """
    tests = [f'{drive.place}/{drive.name}' for drive in data.drives if drive.day >= FIRST_TEST_DAY]
    if tests:
        raise SettingError(
            f'{", ".join(tests)} is for tests (days from {FIRST_TEST_DAY} on); expected training '
            'days; name the drives one by one'
        )


def _run(options: argparse.Namespace) -> int:
    check_earlier_run(options)
    settings = fit_settings(options)
    make_output_folder(options.out)
    grid = GridSettings(settings.loss.radius_m, options.spacing_m, options.queries)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    network = _initial_network(settings, options.initial, options.imagenet)
    data = open_data(options.data)
    check_training_days(data)
    with progress_bar('ground images', 'image') as show:
        pairs = prepared(data, network.contract, settings.sample.spacing_m, show)
    say_uncovered(pairs)
    validation = _validation_data(options.validation, network.contract)
    domain = options.domain or data.domain
    print(f'{len(pairs.table)} pairs of {len(data.drives)} drives, domain {domain}')
    origin = RunOrigin.of(options.data, options.initial)
    trainer = Trainer(network, pairs, settings, options.out, origin)
    if options.overwrite:
        trainer.forget_earlier_run()
    if options.resume:
        trainer.resume()
    trainer.run()
    if not trainer.is_first:
        return 0
    network.cpu().eval()
    sha256 = save_weights(options.out / WEIGHTS_NAME, settings.network, network, domain)
    print(f'{options.out / WEIGHTS_NAME}: sha256 {sha256}')
    measured = {} if validation is None else _measured(validation, grid, settings, network)
    report = {
        'weights_sha256': sha256,
        'settings': to_flat(settings),
        'data': list(options.data),
        'validation': list(options.validation),
        **{name: _word(getattr(options, name)) for name in START_OPTIONS},
        'figures': measured,
    }
    (options.out / REPORT_NAME).write_text(json.dumps(report, indent=2) + '\n', encoding='utf-8')
    return 0


def _word(value: Path | str | None) -> str | None:
    return None if value is None else str(value)


def _initial_network(
    settings: TrainingSettings, initial: Path | None, imagenet: Path | None
) -> CrossViewModule:
    """The network that training starts from.

    Raises:
        NetworkError: the weights cannot be read.
        SettingError: the weights are of another architecture.
    """
    if initial is None:
        return build(settings.network, pretrained=settings.pretrained, imagenet_weights=imagenet)
    loaded = load_weights(initial)
    if loaded.architecture != settings.network:
        raise SettingError(
            f'{initial} is of architecture {loaded.architecture!r}; expected '
            f'{settings.network!r}; give --network {loaded.architecture}'
        )
    return loaded.module


def _validation_data(words: Sequence[str], contract: InputContract) -> PreparedData | None:
    """The validation drives, judged before hours are spent on training.

    Raises:
        DriveError: they cannot be read, or lack headings that the network needs.
    """
    if not words:
        return None
    opened = open_data(words)
    data = prepared(opened, contract, opened.test_spacing_m)
    say_uncovered(data)
    check_headings(contract, data.table)
    return data


def _measured(
    data: PreparedData, grid: GridSettings, settings: TrainingSettings, network: CrossViewModule
) -> dict[str, dict[str, float]]:
    """Figures on the validation drives, by what was known of the heading."""
    numbers: dict[str, dict[str, float]] = {}
    for known in (True, False):
        told = told_heading(network.contract, data.table, known)
        title = f'heading {told}' if told else 'north up'
        if title in numbers:
            continue
        with progress_bar('validation', 'reference') as show:
            found = grid_retrieval(
                network, data, dataclasses.replace(grid, known_heading=known), show
            )
        numbers[title] = figures(Measured('validation', settings.network, found))
        print(f'{title}: {figures_text(numbers[title])}')
    return numbers

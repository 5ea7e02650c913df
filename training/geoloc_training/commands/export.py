# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-train export``: weights into a models folder, with ONNX files and a manifest entry."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import dataclasses
import json
import logging
from pathlib import Path
import re
import shlex
import shutil
import tempfile

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.export import export_onnx
from geoloc_ros.networks.torch_backend import LoadedWeights, load_weights, save_weights
from geoloc_ros.networks.weights import (
    MANIFEST_NAME,
    ManifestEntry,
    WeightsFile,
    file_sha256,
    read_manifest,
    write_manifest,
)
from geoloc_training.commands.fit import REPORT_NAME, START_OPTIONS
from geoloc_training.commands.words import make_output_folder, progress_bar, say_uncovered
from geoloc_training.data.prepared import prepared
from geoloc_training.data.sources import open_data
from geoloc_training.temperature import fitted_temperature

#: What torch reports here, it reports of every export: our networks have no torchvision operators.
_ONNX_LOG = logging.getLogger('torch.onnx._internal.exporter._registration')


def add_export_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``geoloc-train export``."""
    parser = commands.add_parser('export', help='ONNX files and a manifest entry, parity checked')
    parser.add_argument('weights', type=Path, help='file that "fit" wrote')
    parser.add_argument('--name', required=True, help='of the network in the manifest')
    parser.add_argument(
        '--models',
        type=Path,
        default=Path('models'),
        help='folder to write to (default: %(default)s)',
    )
    parser.add_argument(
        '--licence',
        default='unstated',
        help='of the weights, for the manifest (default: %(default)s)',
    )
    parser.add_argument(
        '--command',
        default='',
        help='that trained them, for the manifest (default: as the report beside them has it)',
    )
    scores = parser.add_mutually_exclusive_group()
    scores.add_argument(
        '--validation',
        nargs='+',
        default=[],
        metavar='DRIVE',
        help='not trained on: the temperature of the scores is fitted on them and stored in the '
        'weights',
    )
    scores.add_argument(
        '--temperature',
        type=float,
        help='of the scores, in place of a fitted one; without either nodes use that of the '
        'weights file (1 after training, at which scores are nearly flat)',
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-4,
        help='largest difference from torch (default: %(default)g)',
    )
    parser.set_defaults(run=_run)


def check_name(name: str) -> None:
    """Refuse a name that is no part of a file's name.

    Raises:
        NetworkError: it holds anything else than letters, digits and . _ -
    """
    if not re.fullmatch(r'[A-Za-z0-9_][A-Za-z0-9._-]*', name):
        raise NetworkError(
            f'--name {name!r}; expected letters, digits and . _ - only, as it is part of the '
            'names of files'
        )


def _run(options: argparse.Namespace) -> int:
    check_name(options.name)
    loaded = load_weights(options.weights)
    folder = options.models
    make_output_folder(folder)
    target = folder / f'{options.name}.pt'
    temperature = options.temperature
    if options.validation:
        temperature = _fitted(loaded, options.validation)
    _ONNX_LOG.addFilter(_is_of_use)
    with tempfile.TemporaryDirectory(prefix='.export_', dir=folder) as unfinished:
        weights = Path(unfinished) / target.name
        if temperature is None:
            shutil.copyfile(options.weights, weights)
        else:
            scaled = dataclasses.replace(loaded.module.contract, distance_scale=temperature)
            loaded.module.contract = scaled
            save_weights(weights, loaded.architecture, loaded.module, loaded.domain)
        parity = export_onnx(weights, folder, options.name, options.tolerance)
        weights.replace(target)
    ground = folder / f'{options.name}.ground.onnx'
    report = _report(options.weights.parent / REPORT_NAME, loaded.sha256)
    manifest = folder / MANIFEST_NAME
    entries = read_manifest(manifest) if manifest.exists() else {}
    entries[options.name] = ManifestEntry(
        name=options.name,
        architecture=loaded.architecture,
        contract=loaded.module.contract,
        weights=_file(target),
        ground_onnx=_file(ground),
        reference_onnx=_file(folder / f'{options.name}.reference.onnx'),
        licence=options.licence,
        domain=loaded.domain,
        training_command=options.command or report[0],
        figures=report[1],
    )
    write_manifest(manifest, entries)
    print(
        f'{manifest}: {options.name}, differs from torch by {parity.ground:.2g} (ground) and '
        f'{parity.reference:.2g} (reference)'
    )
    print(
        'to use it: --network of "geoloc map build", --weights of "geoloc localize" and '
        f'network.weights of a node take {ground.resolve()} (ONNX Runtime) or {target.resolve()} '
        '(torch)'
    )
    return 0


def _is_of_use(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith('torchvision is not installed')


def _fitted(loaded: LoadedWeights, drives: Sequence[str]) -> float:
    """The temperature that drives show."""
    opened = open_data(drives)
    data = prepared(opened, loaded.module.contract, opened.test_spacing_m)
    say_uncovered(data)
    with progress_bar('temperature', 'reference') as show:
        found = fitted_temperature(loaded.module, data, loaded.sha256, loaded.domain, show=show)
    print(
        f'temperature {found.temperature:.4f} on {found.frames} pictures: 50 % regions hold '
        f'{found.coverage_50:.2f} of the truths, 90 % regions {found.coverage_90:.2f}; '
        f'{found.gain_bits:.2f} bit a picture'
    )
    return found.temperature


def _file(path: Path) -> WeightsFile:
    return WeightsFile(path.name, file_sha256(path))


def _report(path: Path, sha256: str) -> tuple[str, dict[str, float]]:
    """The training command and the figures that ``fit`` noted beside the weights."""
    if not path.exists():
        return '', {}
    try:
        report = json.loads(path.read_text(encoding='utf-8'))
        matches = report['weights_sha256'] == sha256
        words = ['geoloc-train', 'fit', *report['data']]
        given = {name: report.get(name) for name in START_OPTIONS}
        words += [x for name, value in given.items() if value for x in (f'--{name}', str(value))]
        words += ['--set', *(f'{name}={value}' for name, value in report['settings'].items())]
        figures = {
            f'{title}: {name}': float(value)
            for title, numbers in report['figures'].items()
            for name, value in numbers.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NetworkError(
            f'{path} cannot be read ({error!r}); expected the report of geoloc-train fit; train '
            'again, or move it away'
        ) from error
    return (shlex.join(words), figures) if matches else ('', {})

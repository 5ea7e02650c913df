# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Progress bars, common options, networks and settings from words of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
import contextlib
import os
from pathlib import Path

from tqdm import tqdm

from geoloc_ros.errors import DriveError, EvaluationError, SettingError
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.networks.torch_backend import load_weights
from geoloc_ros.settings import SettingSpec
from geoloc_sim.output_paths import writing
from geoloc_training.data.prepared import LEAST_COVERED_SHARE, PreparedData
from geoloc_training.data.records import Progress

#: What "fit" calls its weights, in a folder that says whose they are.
WEIGHTS_NAME = 'weights.pt'


def add_grid_options(parser: argparse.ArgumentParser) -> None:
    """Add how networks are compared on a grid of references."""
    parser.add_argument(
        '--radius-m',
        type=float,
        default=50.0,
        help='only references so many metres about the truth are looked through '
        '(default: %(default)g)',
    )
    add_spacing_option(parser)
    parser.add_argument(
        '--search-heading', action='store_true', help='an azimuth network is not told the heading'
    )


def add_spacing_option(parser: argparse.ArgumentParser) -> None:
    """Add how far apart the references of a grid are."""
    parser.add_argument(
        '--spacing-m',
        type=float,
        default=5.0,
        help='metres between the references of the grid (default: %(default)g)',
    )


@contextlib.contextmanager
def progress_bar(title: str, unit: str) -> Iterator[Progress]:
    """A bar that is told (done, total); nothing where the output is no terminal."""
    with tqdm(unit=unit, desc=title, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def check_output_file(path: Path) -> None:
    """Make the folder of a file that is written after long work.

    Raises:
        DriveError: the file is a folder, or cannot be written.
    """
    if path.is_dir():
        raise DriveError(f'{path} is a folder; expected the name of a file; give another name')
    make_output_folder(path.parent)


def make_output_folder(folder: Path) -> None:
    """Make a folder to write to, before the work.

    Raises:
        DriveError: it cannot be made or written to.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(f'no right to write to {folder}')


def say_uncovered(data: PreparedData) -> None:
    """Print how many pairs were left out, where some were."""
    if data.uncovered:
        print(
            f'{data.uncovered} of {data.uncovered + len(data.table)} pictures are left out: less '
            f'than {100.0 * LEAST_COVERED_SHARE:g} % of their reference patch is imagery'
        )


def named_networks(words: Sequence[str]) -> dict[str, CrossViewModule]:
    """The networks of ``NAME=PATH`` words by name.

    A path alone is named after its file, or after its folder where ``fit`` wrote it.

    Raises:
        EvaluationError: a word is not of that form, or two have one name.
        NetworkError: a file is no weights file.
    """
    paths: dict[str, str] = {}
    for word in words:
        name, separator, path = word.partition('=')
        if not separator:
            name, path = _name_of(Path(word)), word
        if not name or not path:
            raise EvaluationError(f'weights {word!r}; expected a path, or NAME=PATH')
        if name in paths:
            raise EvaluationError(
                f'weights {paths[name]} and {path} are both named {name!r}; expected a name of '
                'its own for each; give them as NAME=PATH'
            )
        paths[name] = path
    return {name: load_weights(Path(path)).module for name, path in paths.items()}


def _name_of(path: Path) -> str:
    own = path.name != WEIGHTS_NAME
    return path.stem if own else path.absolute().parent.name or path.stem


def settings_of(
    words: Sequence[str], known: Sequence[SettingSpec]
) -> dict[str, bool | float | str]:
    """``NAME=VALUE`` words as a mapping, each value read as the type of its setting.

    Raises:
        SettingError: a word is not of that form, or a value is not of its type.
    """
    types = {spec.name: spec.value_type for spec in known}
    values: dict[str, bool | float | str] = {}
    for word in words:
        name, separator, text = word.partition('=')
        if not separator or not name or not text:
            raise SettingError(
                f'--set has {word!r}; expected NAME=VALUE such as sample.batch_size=32'
            )
        values[name] = _value(name, text, types.get(name, str))
    return values


def _value(name: str, text: str, wanted: type) -> bool | float | str:
    if wanted is bool and text.lower() in ('true', 'false'):
        return text.lower() == 'true'
    try:
        if wanted is int:
            return int(text)
        if wanted is float:
            return float(text)
    except ValueError as error:
        raise SettingError(
            f'--set {name}={text}; expected a number of type {wanted.__name__}'
        ) from error
    return text

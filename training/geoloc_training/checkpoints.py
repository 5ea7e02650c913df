# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The state of a training run on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from pathlib import Path
from typing import Any

import torch

from geoloc_ros.errors import SettingError
from geoloc_ros.networks.published import UNREADABLE
from geoloc_ros.settings import SettingValue

#: Settings that may differ when a run goes on.
_FREE = ('budget_s', 'epochs', 'threads', 'device', 'checkpoint_s')
_ORIGIN_WORDS = {'data': 'the data', 'initial': '--initial'}


@dataclasses.dataclass(frozen=True, slots=True)
class RunOrigin:
    """What a run was made of; ``None`` where nobody says, as in checkpoints of older versions.

    Attributes:
        data: the data sets' words, paths whole.
        initial: whole path of the weights that it began with; empty for none.
    """

    data: list[str] | None = None
    initial: str | None = None

    @staticmethod
    def of(data: Sequence[str], initial: Path | None) -> RunOrigin:
        """The origin of a run with such words on its command line."""
        words = [str(Path(word).resolve()) if Path(word).exists() else word for word in data]
        return RunOrigin(words, '' if initial is None else str(initial.resolve()))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Everything a run needs to go on.

    Attributes:
        weights: state of the network.
        optimizer: state of Adam.
        step: minibatches done.
        elapsed_s: time trained.
        epoch: epochs done.
        settings: of the run, by dotted name.
        origin: the fields of ``RunOrigin``.
    """

    weights: dict[str, Any]
    optimizer: dict[str, Any]
    step: int
    elapsed_s: float
    epoch: float
    settings: Mapping[str, SettingValue]
    origin: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write it; a run that is killed meanwhile leaves the one before it."""
    part = path.with_name(f'.{path.name}.part')
    record = {
        field.name: getattr(checkpoint, field.name) for field in dataclasses.fields(checkpoint)
    }
    torch.save(record, part)
    part.replace(path)


def read_checkpoint(
    path: Path, settings: Mapping[str, SettingValue], origin: RunOrigin
) -> Checkpoint:
    """Read a checkpoint of a run with the same settings and data.

    Args:
        path: of the file.
        settings: of the run that goes on.
        origin: of the run that goes on.

    Raises:
        SettingError: the file is no checkpoint, or of another run.
    """
    try:
        record = torch.load(path, map_location='cpu', weights_only=True)
        found = Checkpoint(**record)
    except UNREADABLE as error:
        raise SettingError(
            f'{path} is no checkpoint ({type(error).__name__}); expected one that geoloc-train '
            'wrote; give another --out, or --overwrite in place of --resume to start anew'
        ) from error
    other = [
        name
        for name in sorted({*found.settings, *settings})
        if name not in _FREE and found.settings.get(name) != settings.get(name)
    ]
    if other:
        raise SettingError(
            f'{path} is of a run with other {", ".join(other)}; expected the same settings; give '
            'another --out, or --overwrite in place of --resume'
        )
    for name, wanted in dataclasses.asdict(origin).items():
        was = found.origin.get(name)
        if None not in (was, wanted) and was != wanted:
            raise SettingError(
                f'{path} is of a run with {_ORIGIN_WORDS[name]} {was or "none"}; expected the '
                f'same, got {wanted or "none"}; name what that run was made of, give another '
                '--out, or --overwrite in place of --resume'
            )
    return found

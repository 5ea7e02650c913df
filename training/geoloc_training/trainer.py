# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Trains a network: minibatches in the background, Adam, a schedule, checkpoints, a log."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
import contextlib
import dataclasses
import importlib.util
import json
import math
from pathlib import Path
import queue
import shutil
import threading
import time
from typing import Protocol

import numpy as np
import torch
from torch import nn

from geoloc_ros.errors import SettingError
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.settings import to_flat
from geoloc_training.batch_loss import LossParts, batch_loss
from geoloc_training.batches import BatchMaker, TrainingBatch
from geoloc_training.checkpoints import Checkpoint, RunOrigin, read_checkpoint, write_checkpoint
from geoloc_training.data.prepared import PreparedData
from geoloc_training.distributed import Branches, Workers
from geoloc_training.learning_parts import prepare_for_training
from geoloc_training.minibatches import GlobalMinibatches, LocalMinibatches, Minibatches
from geoloc_training.settings import OptimizerSettings, TrainingSettings

CHECKPOINT_NAME = 'checkpoint.pt'
LOG_NAME = 'log.jsonl'
_BOARD_NAME = 'tensorboard'

_AHEAD = 3
_LOG_EVERY = 10
_DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}

Log = Callable[[str], None]


class Board(Protocol):
    """What is used of a TensorBoard writer."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Add a point to a curve."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class StepRecord:
    """One line of the training log."""

    step: int
    epoch: float
    elapsed_s: float
    loss: float
    triplets: float
    extras: float
    yaws: float
    positive: float
    negative: float
    rate: float


def minibatches(data: PreparedData, settings: TrainingSettings) -> Minibatches:
    """Local or global minibatches of the data."""
    size = settings.sample.batch_size
    if not settings.sample.local:
        return GlobalMinibatches(len(data.table), size)
    return LocalMinibatches(
        data.table.positions_m, settings.loss.radius_m, size, data.table.places
    )


def rate_factor(share: float, settings: OptimizerSettings) -> float:
    """What the learning rates are multiplied with.

    Args:
        share: of the run that is over, in [0, 1].
        settings: warm-up (a straight line from 0) and cosine.
    """
    if share < settings.warm_up:
        return max(share / settings.warm_up, 1e-3)
    if not settings.cosine:
        return 1.0
    rest = (share - settings.warm_up) / (1.0 - settings.warm_up)
    return 0.5 * (1.0 + math.cos(math.pi * min(rest, 1.0)))


class Trainer:
    """One training run.

    Args:
        network: changed in place.
        data: to train on.
        settings: of the run.
        folder: for checkpoints and the log; made.
        origin: what the network and the data came from, for the checkpoint.
        log: told a line now and then.
    """

    def __init__(
        self,
        network: CrossViewModule,
        data: PreparedData,
        settings: TrainingSettings,
        folder: Path,
        origin: RunOrigin,
        log: Log = print,
    ) -> None:
        self._origin = origin
        self._settings, self._data, self._folder, self._log = settings, data, folder, log
        self._workers = Workers.from_environment(settings.device)
        self.network = network.to(self._workers.device)
        groups = prepare_for_training(self.network, settings.optimizer)
        self._optimizer = torch.optim.Adam(groups, weight_decay=settings.optimizer.weight_decay)
        self._base_rates = [group['lr'] for group in groups]
        self._scaler = torch.amp.GradScaler(
            self._workers.device.type, enabled=settings.optimizer.precision == 'float16'
        )
        self._batches = minibatches(data, settings)
        self._maker = BatchMaker(
            data.table, data.pictures, data.patches, network.contract, settings.sample
        )
        self._branches = self._workers.spread(Branches(self.network))
        self._step, self._elapsed_s, self._epoch = 0, 0.0, 0.0
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint_path(self) -> Path:
        """Where the state of the run is kept."""
        return self._folder / CHECKPOINT_NAME

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files."""
        return self._workers.rank == 0

    def forget_earlier_run(self) -> None:
        """Remove what an earlier run left that this one would go on from or add to."""
        if self.is_first:
            self.checkpoint_path.unlink(missing_ok=True)
            (self._folder / LOG_NAME).unlink(missing_ok=True)
            shutil.rmtree(self._folder / _BOARD_NAME, ignore_errors=True)

    def resume(self) -> None:
        """Go on from the checkpoint.

        Raises:
            SettingError: there is none, or it is of another run.
        """
        found = read_checkpoint(self.checkpoint_path, to_flat(self._settings), self._origin)
        self.network.load_state_dict(found.weights)
        self._optimizer.load_state_dict(found.optimizer)
        self._step, self._elapsed_s, self._epoch = found.step, found.elapsed_s, found.epoch
        self._log(f'resumed at step {self._step}, {self._elapsed_s:.0f} s')

    def run(self) -> list[StepRecord]:
        """Train until the budget or the epochs are over; the records of this call.

        An interruption (Ctrl-C) leaves a checkpoint.
        """
        try:
            records = self._train()
        except KeyboardInterrupt:
            self._save()
            if self.is_first:
                self._log(
                    f'{self.checkpoint_path}: step {self._step}, {self._elapsed_s:.0f} s; run the '
                    'same command with --resume to go on'
                )
            raise
        self._save()
        self._workers.leave()
        self.network.eval()
        return records

    def _train(self) -> list[StepRecord]:
        if self._settings.threads:
            torch.set_num_threads(self._settings.threads)
        self._set_mode()
        started = time.monotonic() - self._elapsed_s
        saved = self._elapsed_s
        records: list[StepRecord] = []
        with contextlib.closing(self._prefetched()) as batches, self._board() as board:
            for epoch, batch in batches:
                share = self._share()
                if self._workers.all_agree(share >= 1.0 - 1e-9):
                    break
                parts = self._train_step(batch, share)
                self._step, self._epoch = self._step + 1, epoch
                self._elapsed_s = time.monotonic() - started
                if self._step % _LOG_EVERY == 1:
                    records.append(self._record(parts))
                    self._write(records[-1], board)
                if self._elapsed_s - saved > self._settings.checkpoint_s:
                    saved = self._elapsed_s
                    self._save()
        return records

    def _share(self) -> float:
        if self._settings.epochs > 0.0:
            return self._epoch / self._settings.epochs
        return self._elapsed_s / self._settings.budget_s

    def _set_mode(self) -> None:
        self.network.train()
        if not self._settings.optimizer.batch_norm:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def _train_step(self, batch: TrainingBatch, share: float) -> LossParts:
        factor = rate_factor(share, self._settings.optimizer)
        for group, base in zip(self._optimizer.param_groups, self._base_rates, strict=True):
            group['lr'] = base * factor
        device = self._workers.device
        precision = self._settings.optimizer.precision
        with torch.autocast(
            device.type, _DTYPES.get(precision, torch.bfloat16), enabled=precision != 'float32'
        ):
            references, grounds = self._branches(
                batch.references.to(device), batch.grounds.to(device)
            )
        parts = batch_loss(
            self.network.contract,
            self.network.pair_distances(references.float(), grounds.float()),
            batch.ground_m.to(device),
            batch.reference_m.to(device),
            batch.yaws_rad.to(device),
            self._settings.geo_weight(),
            self._settings.loss,
        )
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(parts.total).backward()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        if not math.isfinite(float(parts.total.detach())):
            raise SettingError(
                f'the loss is {float(parts.total.detach())} at step {self._step}; expected a '
                'finite number; lower optimizer.rate or use optimizer.precision=float32'
            )
        return parts

    def _prefetched(self) -> Generator[tuple[float, TrainingBatch], None, None]:
        """Batches and the epoch they belong to, made by a thread some steps ahead."""
        ready: queue.Queue[tuple[float, TrainingBatch] | BaseException] = queue.Queue(_AHEAD)
        stop = threading.Event()
        seed = (self._settings.seed, self._step, self._workers.rank)

        def put(item: tuple[float, TrainingBatch] | BaseException) -> None:
            while not stop.is_set():
                with contextlib.suppress(queue.Full):
                    ready.put(item, timeout=0.2)
                    return

        def produce() -> None:
            try:
                random = np.random.default_rng(seed)
                epoch = self._epoch
                while not stop.is_set():
                    for numbers in self._batches.epoch(random):
                        epoch += len(numbers) * self._workers.count / len(self._data.table)
                        put((epoch, self._maker.make(numbers, random)))
                        if stop.is_set():
                            return
            except BaseException as error:  # handed to the thread that trains
                put(error)

        thread = threading.Thread(target=produce, name='minibatches', daemon=True)
        thread.start()
        try:
            while True:
                item = ready.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()
            thread.join()

    def _record(self, parts: LossParts) -> StepRecord:
        return StepRecord(
            self._step,
            round(self._epoch, 3),
            round(self._elapsed_s, 1),
            float(parts.total.detach()),
            float(parts.triplets.detach()),
            float(parts.extras.detach()),
            float(parts.yaws.detach()),
            float(parts.positive),
            float(parts.negative),
            float(self._optimizer.param_groups[0]['lr']),
        )

    def _write(self, record: StepRecord, board: Board | None) -> None:
        if not self.is_first:
            return
        line = json.dumps(dataclasses.asdict(record))
        with (self._folder / LOG_NAME).open('a', encoding='utf-8') as file:
            file.write(line + '\n')
        if board is not None:
            for name, value in dataclasses.asdict(record).items():
                board.add_scalar(name, value, record.step)
        self._log(
            f'step {record.step} epoch {record.epoch:.2f} {record.elapsed_s:.0f} s '
            f'loss {record.loss:.4f} (extras {record.extras:.4f} yaws {record.yaws:.4f}) '
            f'd+ {record.positive:.3f} d- {record.negative:.3f}'
        )

    @contextlib.contextmanager
    def _board(self) -> Iterator[Board | None]:
        """A TensorBoard writer, where TensorBoard is installed."""
        if not self.is_first or importlib.util.find_spec('tensorboard') is None:
            yield None
            return
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(self._folder / _BOARD_NAME)) as board:
            yield board

    def _save(self) -> None:
        if not self.is_first:
            return
        write_checkpoint(
            self.checkpoint_path,
            Checkpoint(
                self.network.state_dict(),
                self._optimizer.state_dict(),
                self._step,
                self._elapsed_s,
                self._epoch,
                to_flat(self._settings),
                dataclasses.asdict(self._origin),
            ),
        )

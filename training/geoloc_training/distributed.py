# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Several processes that train one network together (torchrun), or only this one."""

from __future__ import annotations

import dataclasses
import os

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from geoloc_ros.networks.module import CrossViewModule


class Branches(nn.Module):
    """Both branches in one call, so that gradients are exchanged once a step."""

    def __init__(self, network: CrossViewModule) -> None:
        super().__init__()
        self.network = network

    def forward(self, references: Tensor, grounds: Tensor) -> tuple[Tensor, Tensor]:
        """Descriptors of references and of ground pictures."""
        return self.network.reference(references), self.network.ground(grounds)


@dataclasses.dataclass(frozen=True, slots=True)
class Workers:
    """The processes of a run.

    Attributes:
        rank: number of this one.
        count: how many there are.
        device: on which this one computes.
    """

    rank: int
    count: int
    device: torch.device

    @staticmethod
    def from_environment(device: str) -> Workers:
        """Join the group that torchrun has started, if it has.

        Args:
            device: ``'cpu'``, ``'cuda'`` or ``'auto'``.
        """
        count = int(os.environ.get('WORLD_SIZE', '1'))
        local = int(os.environ.get('LOCAL_RANK', '0'))
        use_cuda = device == 'cuda' or (device == 'auto' and torch.cuda.is_available())
        chosen = torch.device('cuda', local) if use_cuda else torch.device('cpu')
        if count == 1:
            return Workers(0, 1, chosen)
        if not distributed.is_initialized():
            distributed.init_process_group('nccl' if use_cuda else 'gloo')
        return Workers(distributed.get_rank(), count, chosen)

    def spread(self, branches: Branches) -> nn.Module:
        """The branches, with gradients averaged over the processes where there are several."""
        if self.count == 1:
            return branches
        ids = [self.device.index] if self.device.type == 'cuda' else None
        return DistributedDataParallel(branches, device_ids=ids)

    def all_agree(self, done: bool) -> bool:
        """Whether any process is done: then all of them are, so that none waits for another."""
        if self.count == 1:
            return done
        flag = torch.tensor([float(done)], device=self.device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag.item() > 0.0)

    def leave(self) -> None:
        """Leave the group; the others may go on."""
        if self.count > 1 and distributed.is_initialized():
            distributed.destroy_process_group()

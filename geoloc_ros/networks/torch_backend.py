# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Weights files of torch, and running them."""

from __future__ import annotations

from collections.abc import Mapping
import copy
import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.contract import Float32Array, ImageBatchU8, InputContract
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.networks.pictures import (
    CPU_BATCH,
    GPU_BATCH,
    check_ground,
    check_reference,
    in_batches,
)
from geoloc_ros.networks.published import UNREADABLE
from geoloc_ros.networks.weights import contract_from_record, contract_record, file_sha256

_FORMAT = 'geoloc_ros weights 1'
# Tensors from this size on are stored as float16: what they lose is far below what training knows.
_HALVED_FROM = 1024


@dataclasses.dataclass(frozen=True)
class LoadedWeights:
    """A network with its weights, and what its file says of them."""

    module: CrossViewModule
    architecture: str
    domain: str
    sha256: str


def save_weights(path: Path, architecture: str, module: CrossViewModule, domain: str) -> str:
    """Write a network's weights, large tensors as float16; the file's sha256 comes back.

    Args:
        path: of the file, ending in .pt.
        architecture: as ``architectures`` names it.
        module: with the weights.
        domain: what they were trained on.
    """
    state = {
        name: tensor.detach().cpu().half() if _is_halved(tensor) else tensor.detach().cpu()
        for name, tensor in module.state_dict().items()
        if not name.endswith('num_batches_tracked')
    }
    record = {
        'format': _FORMAT,
        'architecture': architecture,
        'contract': contract_record(module.contract),
        'domain': domain,
        'state': state,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(record, path)
    return file_sha256(path)


def load_weights(path: Path, sha256: str | None = None) -> LoadedWeights:
    """A network from its file, in evaluation mode; nothing missing, nothing left over.

    Args:
        path: that ``save_weights`` wrote.
        sha256: what the file must hash to; None takes it as it is.

    Raises:
        NetworkError: wrong checksum, no weights file, or tensors that do not fit.
    """
    found = file_sha256(path)
    if sha256 is not None and found != sha256:
        raise NetworkError(
            f'{path} has sha256 {found}; expected {sha256}; fetch the file again, or name the '
            'weights that belong to the map'
        )
    record = _record(path)
    module = build(str(record['architecture']))
    module.contract = contract_from_record(record['contract'])
    load_strictly(module, record['state'], str(path))
    return LoadedWeights(module.eval(), str(record['architecture']), str(record['domain']), found)


def _is_halved(tensor: Tensor) -> bool:
    return tensor.dtype == torch.float32 and tensor.numel() >= _HALVED_FROM


def _record(path: Path) -> dict[str, Any]:
    try:
        record = torch.load(path, map_location='cpu', weights_only=True)
    except UNREADABLE as error:
        raise NetworkError(
            f'{path} cannot be read ({type(error).__name__}); expected a weights file of this '
            'package; fetch it again'
        ) from error
    if not isinstance(record, dict) or record.get('format') != _FORMAT:
        raise NetworkError(
            f'{path} is not a weights file of this package; expected format {_FORMAT!r}; save it '
            'with geoloc_ros.networks.torch_backend.save_weights'
        )
    return record


def load_strictly(module: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load tensors whose names and shapes are exactly the module's.

    Raises:
        NetworkError: names what is missing, left over, of another shape, or not finite.
    """
    own = {
        name: tensor
        for name, tensor in module.state_dict().items()
        if not name.endswith('num_batches_tracked')
    }
    given = {name: t for name, t in state.items() if not name.endswith('num_batches_tracked')}
    missing = sorted(own.keys() - given.keys())
    left_over = sorted(given.keys() - own.keys())
    shapes = [
        f'{name} {tuple(given[name].shape)} for {tuple(own[name].shape)}'
        for name in sorted(own.keys() & given.keys())
        if given[name].shape != own[name].shape
    ]
    if missing or left_over or shapes:
        raise NetworkError(
            f'{source} does not fit: missing {missing[:3]} ({len(missing)}), left over '
            f'{left_over[:3]} ({len(left_over)}), other shapes {shapes[:3]} ({len(shapes)}); '
            'expected exactly the tensors of the network; use the weights of this architecture'
        )
    bad = [name for name, tensor in given.items() if not bool(torch.isfinite(tensor).all())]
    if bad:
        raise NetworkError(
            f'{source} has values that are not finite in {bad[:3]} ({len(bad)}); expected '
            'numbers; training has diverged, take an earlier checkpoint'
        )
    module.load_state_dict({name: given[name].to(own[name].dtype) for name in own}, strict=False)


def folded(module: CrossViewModule) -> CrossViewModule:
    """A copy for inference with batch norms folded into the convolutions before them."""
    result = copy.deepcopy(module).eval().requires_grad_(False)
    for part in list(result.modules()):
        for name, norm in list(part.named_children()):
            convolution = getattr(part, name.removesuffix('_norm'), None)
            paired = name.endswith('_norm') and isinstance(convolution, nn.Conv2d)
            if paired and isinstance(norm, nn.BatchNorm2d):
                setattr(part, name.removesuffix('_norm'), fuse_conv_bn_eval(convolution, norm))
                setattr(part, name, nn.Identity())
    return result.to(memory_format=torch.channels_last)


class TorchNetwork:
    """A ``DescriptorNetwork`` that torch runs.

    Args:
        weights: of the network; they are copied.
        provider: ``auto`` (CUDA where it is there, else the CPU), ``cpu`` or ``cuda``.
        threads: of the whole process on a CPU, as torch has one pool; 0 leaves them as they are.

    Raises:
        NetworkError: the device is not there.
    """

    def __init__(
        self, weights: LoadedWeights, *, provider: str = 'auto', threads: int = 0
    ) -> None:
        self._device = _device(provider)
        if threads > 0:
            torch.set_num_threads(threads)
        self._module = folded(weights.module).to(self._device)
        self._sha256 = weights.sha256
        self._domain = weights.domain
        self._batch = CPU_BATCH if self._device.type == 'cpu' else GPU_BATCH

    @classmethod
    def from_file(cls, path: Path, *, provider: str = 'auto', threads: int = 0) -> TorchNetwork:
        """The network of a weights file."""
        return cls(load_weights(path), provider=provider, threads=threads)

    @property
    def contract(self) -> InputContract:
        """What it takes and gives."""
        return self._module.contract

    @property
    def sha256(self) -> str:
        """Of the weights file."""
        return self._sha256

    @property
    def domain(self) -> str:
        """What the weights were trained on."""
        return self._domain

    @property
    def provider(self) -> str:
        """Where it runs: ``cpu`` or ``cuda``."""
        return self._device.type

    def describe_ground(self, images: ImageBatchU8) -> Float32Array:
        """Descriptors of ground pictures, shape (n, *ground_descriptor_shape)."""
        check_ground(self.contract, images)
        shape = self.contract.ground_descriptor_shape
        return in_batches(self._ground, images, self._batch, shape)

    def describe_reference(self, patches: ImageBatchU8) -> Float32Array:
        """Descriptors of reference patches, shape (n, *descriptor_shape)."""
        check_reference(self.contract, patches)
        shape = self.contract.descriptor_shape
        return in_batches(self._reference, patches, self._batch, shape)

    def distances(self, ground: Float32Array, references: Float32Array) -> Float32Array:
        """Squared Euclidean distances, shape (m, n_yaw)."""
        return descriptor_distances(self.contract, ground, references)

    def _ground(self, images: ImageBatchU8) -> Float32Array:
        with torch.inference_mode():
            result = self._module.ground(torch.from_numpy(images).to(self._device))
        array: Float32Array = result.float().cpu().numpy()
        return array

    def _reference(self, patches: ImageBatchU8) -> Float32Array:
        with torch.inference_mode():
            result = self._module.reference(torch.from_numpy(patches).to(self._device))
        array: Float32Array = result.float().cpu().numpy()
        return array


def _device(provider: str) -> torch.device:
    if provider not in ('auto', 'cpu', 'cuda'):
        raise NetworkError(
            f'provider is {provider!r}; expected auto, cpu or cuda with torch; use the back end '
            "'onnxruntime' for TensorRT"
        )
    there = torch.cuda.is_available()
    if provider == 'cuda' and not there:
        raise NetworkError(
            "torch sees no CUDA device; expected one for provider 'cuda'; install the CUDA build "
            "of torch, or use provider 'cpu'"
        )
    return torch.device('cuda' if there and provider != 'cpu' else 'cpu')

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Export to ONNX: one file a branch, checked against torch before it is kept."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
import tempfile
from typing import Any
import warnings

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.networks.onnx_backend import INPUT_NAME, METADATA_KEY, OnnxNetwork
from geoloc_ros.networks.torch_backend import LoadedWeights, load_weights
from geoloc_ros.networks.weights import contract_record

_OPSET = 18
_BRANCHES = ('ground', 'reference')
_SEED = 20261121


@dataclasses.dataclass(frozen=True, slots=True)
class Parity:
    """The largest difference of a descriptor's value between ONNX Runtime and torch."""

    ground: float
    reference: float


class _Branch(nn.Module):
    """One branch as a network of its own."""

    def __init__(self, module: CrossViewModule, branch: str) -> None:
        super().__init__()
        self.module = module
        self.branch = branch

    def forward(self, pictures: Tensor) -> Tensor:
        """Describe pictures."""
        result: Tensor = getattr(self.module, self.branch)(pictures)
        return result


def export_onnx(weights_path: Path, folder: Path, name: str, tolerance: float = 1e-4) -> Parity:
    """Write ``name.ground.onnx`` and ``name.reference.onnx`` from a weights file.

    Args:
        weights_path: of torch; its checksum goes into the files.
        folder: where to write.
        name: of the network.
        tolerance: of a value of a descriptor against torch, on random pictures.

    Raises:
        NetworkError: the exported network says something else than torch; what is in the folder
            stays as it was.
    """
    loaded = load_weights(weights_path)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.export_', dir=folder) as unfinished:
        paths = {branch: Path(unfinished) / f'{name}.{branch}.onnx' for branch in _BRANCHES}
        for branch in _BRANCHES:
            _export_branch(loaded, branch, paths[branch])
        parity = _parity(loaded, paths['ground'], paths['reference'])
        worst = max(parity.ground, parity.reference)
        if not worst <= tolerance:
            raise NetworkError(
                f'{name!r} differs from torch by {worst:.3g} after export; expected at most '
                f'{tolerance:g}; use the versions in requirements/networks_lock.txt'
            )
        for path in paths.values():
            path.replace(folder / path.name)
    return parity


def _pictures(loaded: LoadedWeights, branch: str, count: int) -> np.ndarray[Any, Any]:
    contract = loaded.module.contract
    ground = (contract.ground_height_px, contract.ground_width_px)
    size = ground if branch == 'ground' else (contract.patch_size_px,) * 2
    rng = np.random.default_rng(_SEED)
    coarse = rng.integers(0, 256, (count, -(-size[0] // 4), -(-size[1] // 4), 3), np.uint8)
    return np.ascontiguousarray(coarse.repeat(4, 1).repeat(4, 2)[:, : size[0], : size[1]])


def _export_branch(loaded: LoadedWeights, branch: str, path: Path) -> None:
    example = torch.from_numpy(_pictures(loaded, branch, 2))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        program = torch.onnx.export(
            _Branch(loaded.module, branch).eval(),
            (example,),
            input_names=[INPUT_NAME],
            output_names=['descriptors'],
            dynamic_shapes=({0: torch.export.Dim('n')},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto
    record = {
        'branch': branch,
        'weights_sha256': loaded.sha256,
        'domain': loaded.domain,
        'contract': contract_record(loaded.module.contract),
    }
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(record)})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _parity(loaded: LoadedWeights, ground: Path, reference: Path) -> Parity:
    network = OnnxNetwork(ground, reference, provider='cpu', threads=1)
    differences = {}
    for branch in _BRANCHES:
        pictures = _pictures(loaded, branch, 3)
        with torch.inference_mode():
            expected = getattr(loaded.module, branch)(torch.from_numpy(pictures)).numpy()
        got = getattr(network, f'describe_{branch}')(pictures)
        differences[branch] = float(np.max(np.abs(got - expected)))
    return Parity(differences['ground'], differences['reference'])

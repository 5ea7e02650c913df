# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Networks on one CPU thread: ``python benchmarks/networks.py``.

The ground branch of one picture and the reference branch of 8 patches, by our ONNX Runtime back
end, by the bare runtime on the same session (two sessions of one network differ by several per
cent, whoever runs them), and by our torch back end; the circular distances
against a matrix product of the same data; a camera's picture to the cylinder. Weights do not
matter to the time: they are random.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import tempfile

from measuring import Timing, print_table, time_alternating, write_results
import numpy as np
import torch

from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.cylinder import Camera, Cylinder
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.networks.export import export_onnx
from geoloc_ros.networks.onnx_backend import INPUT_NAME, OnnxNetwork
from geoloc_ros.networks.torch_backend import TorchNetwork, load_weights, save_weights

SEED = 20261121
REFERENCES = 1000
PATCHES = 8


def network_tables(architecture: str, folder: Path, rounds: int) -> dict[str, dict[str, Timing]]:
    """Both branches of one network by every back end."""
    rng = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    weights = folder / f'{architecture}.pt'
    save_weights(weights, architecture, build(architecture), 'none')
    export_onnx(weights, folder, architecture)
    paths = [folder / f'{architecture}.{branch}.onnx' for branch in ('ground', 'reference')]
    ours, torch_network = OnnxNetwork(*paths, threads=1), TorchNetwork(load_weights(weights))
    bare = [ours._session(branch) for branch in ('ground', 'reference')]
    contract = ours.contract
    ground = (1, contract.ground_height_px, contract.ground_width_px, 3)
    images = rng.integers(0, 256, ground, np.uint8)
    size = contract.patch_size_px
    patches = rng.integers(0, 256, (PATCHES, size, size, 3), np.uint8)
    return {
        f'{architecture}: ground branch, 1 picture': time_alternating(
            {
                'ours, ONNX Runtime': lambda: ours.describe_ground(images),
                'bare ONNX Runtime': lambda: bare[0].run(None, {INPUT_NAME: images}),
                'ours, torch': lambda: torch_network.describe_ground(images),
            },
            3 * rounds,
            3,
        ),
        f'{architecture}: reference branch, {PATCHES} patches': time_alternating(
            {
                'ours, ONNX Runtime': lambda: ours.describe_reference(patches),
                'bare ONNX Runtime': lambda: bare[1].run(None, {INPUT_NAME: patches}),
                'ours, torch': lambda: torch_network.describe_reference(patches),
            },
            2 * rounds,
            1,
        ),
    }


def distance_table(rounds: int) -> dict[str, Timing]:
    """Circular distances of one picture to a window of references, against one product."""
    contract = build('azimuth').contract
    rng = np.random.default_rng(SEED)
    ground = rng.normal(size=contract.ground_descriptor_shape).astype(np.float32)
    references = rng.normal(size=(REFERENCES, *contract.descriptor_shape)).astype(np.float32)
    rows = references.reshape(-1, contract.descriptor_shape[1])
    columns = np.ascontiguousarray(ground.T)
    return time_alternating(
        {
            'ours': lambda: descriptor_distances(contract, ground, references),
            'np.dot of all column pairs': lambda: np.dot(rows, columns),
        },
        rounds,
        10,
    )


def cylinder_table(rounds: int) -> dict[str, Timing]:
    """A picture of 1280 x 960 to the ground input."""
    camera = Camera(1280, 960, 640.0, 640.0, 639.5, 479.5)
    cylinder = Cylinder(camera, build('azimuth').contract)
    picture = np.random.default_rng(SEED).integers(0, 256, (960, 1280, 3), np.uint8)
    return time_alternating({'ours': lambda: cylinder(picture)}, rounds, 10)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=40)
    parser.add_argument('--out', type=Path, default=Path('benchmarks/results/networks.json'))
    options = parser.parse_args()
    torch.set_num_threads(1)
    tables: dict[str, dict[str, Timing]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for architecture in ('azimuth', 'compact_aligned'):
            tables |= network_tables(architecture, Path(folder), options.rounds)
    tables[f'circular distances to {REFERENCES} references'] = distance_table(options.rounds)
    tables['1280 x 960 picture to the cylinder'] = cylinder_table(options.rounds)
    for title, timings in tables.items():
        print_table(title, timings, ours=next(iter(timings)))
    write_results(options.out, tables, ['numpy', 'torch', 'onnxruntime'], SEED)


if __name__ == '__main__':
    main()

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The weights that are shipped: whole, small, of simulation, alike in every back end."""

import importlib.util

import numpy as np
import pytest

from geoloc_ros.networks.weights import (
    MANIFEST_NAME,
    find_entry,
    load_network,
    models_folder,
    read_manifest,
)

NAMES = ('azimuth', 'azimuth_global')
_LARGEST_BYTES = 4_000_000


def installed(module):
    return importlib.util.find_spec(module) is not None


def test_the_manifest_names_them_and_nothing_else_lies_there():
    folder = models_folder()
    entries = read_manifest(folder / MANIFEST_NAME)
    assert tuple(entries) == NAMES
    files = {
        file.file
        for entry in entries.values()
        for file in (entry.weights, entry.ground_onnx, entry.reference_onnx)
    }
    assert {path.name for path in folder.iterdir()} == files | {MANIFEST_NAME, 'README.md'}
    card = (folder / 'README.md').read_text()
    for name in NAMES:
        assert f'`{name}`' in card


@pytest.mark.parametrize('name', NAMES)
def test_each_is_whole_and_says_what_it_is(name):
    entry = find_entry(name)
    for file in (entry.weights, entry.ground_onnx, entry.reference_onnx):
        assert entry.path(file).stat().st_size < _LARGEST_BYTES  # the checksum is verified
    assert (entry.domain, entry.licence, entry.architecture) == (
        'simulation',
        'Apache-2.0',
        'azimuth',
    )
    assert entry.training_command.startswith('geoloc-train fit data/city_0/day_1 ')
    assert not any(f'day_{day}' in entry.training_command for day in (900, 1000, 1001, 1002))
    assert 0.03 < entry.contract.distance_scale < 0.2
    assert 0.3 < entry.figures['heading known: recall_at_1'] < 1.0


@pytest.mark.skipif(
    not (installed('torch') and installed('onnxruntime')), reason='needs torch and onnxruntime'
)
@pytest.mark.parametrize('name', NAMES)
def test_back_ends_agree(name):
    random = np.random.default_rng(0)
    networks = [load_network(name, backend, threads=1) for backend in ('torch', 'onnxruntime')]
    contract = networks[0].contract
    size = contract.patch_size_px
    ground = (2, contract.ground_height_px, contract.ground_width_px, 3)
    images = random.integers(0, 256, ground, np.uint8)
    patches = random.integers(0, 256, (2, size, size, 3), np.uint8)
    one, other = [(n.describe_ground(images), n.describe_reference(patches)) for n in networks]
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert networks[0].sha256 == networks[1].sha256

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Weights come back as they were; what is not exactly right is refused by name."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import numpy as np
import pytest

from geoloc_ros.errors import NetworkError, ShapeError
from geoloc_ros.networks import weights
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.weights import (
    ManifestEntry,
    WeightsFile,
    file_sha256,
    load_network,
    read_manifest,
    write_manifest,
)

CONTRACT = InputContract('tiny', 16, 32, 1.5, 50.0, 32, 'azimuth', (32, 4), (8, 4))


def entry(**changes):
    values = ManifestEntry(
        name='tiny',
        architecture='azimuth',
        contract=CONTRACT,
        weights=WeightsFile('tiny.pt', 'a' * 64),
        ground_onnx=None,
        reference_onnx=None,
        licence='Apache-2.0',
        domain='simulation',
        training_command='geoloc-train fit',
        figures={'recall_5m': 0.7},
    )
    return dataclasses.replace(values, **changes)


def test_a_manifest_comes_back_as_it_was(tmp_path):
    path = tmp_path / 'models' / 'manifest.json'
    exported = WeightsFile('tiny.ground.onnx', 'b' * 64)
    given = {'tiny': entry(), 'other': entry(name='other', ground_onnx=exported)}
    write_manifest(path, given)
    read = read_manifest(path)
    assert list(read) == ['other', 'tiny']
    for name, value in read.items():
        assert dataclasses.replace(value, folder=given[name].folder) == given[name]
        assert value.folder == path.parent


@pytest.mark.parametrize(
    ('document', 'message'),
    [
        ('{', 'cannot be read'),
        ('{"networks": []}', "KeyError: 'format'"),
        ('{"format": 9, "networks": []}', 'format 9; expected 1'),
        ('{"format": 1, "networks": [{"name": "tiny"}]}', 'cannot be read'),
    ],
)
def test_broken_manifests_are_refused(tmp_path, document, message):
    path = tmp_path / 'manifest.json'
    path.write_text(document)
    with pytest.raises(NetworkError, match=message):
        read_manifest(path)


def test_a_contract_of_another_version_is_refused(tmp_path):
    path = tmp_path / 'manifest.json'
    write_manifest(path, {'tiny': entry()})
    document = json.loads(path.read_text())
    document['networks'][0]['contract']['lens'] = 'round'
    path.write_text(json.dumps(document))
    with pytest.raises(NetworkError, match='another version'):
        read_manifest(path)


def test_checksums_are_of_the_bytes_and_must_agree(tmp_path):
    (tmp_path / 'tiny.pt').write_bytes(b'weights')
    found = hashlib.sha256(b'weights').hexdigest()
    assert file_sha256(tmp_path / 'tiny.pt') == found
    good = entry(weights=WeightsFile('tiny.pt', found), folder=tmp_path)
    assert good.path(good.weights) == tmp_path / 'tiny.pt'
    with pytest.raises(NetworkError, match=f'{found}; expected aaaa'):
        entry(folder=tmp_path).path(entry().weights)
    with pytest.raises(NetworkError, match='No such file'):
        entry(folder=tmp_path / 'no').path(entry().weights)


def test_unknown_names_and_back_ends_are_refused(tmp_path):
    write_manifest(tmp_path / 'manifest.json', {'tiny': entry()})
    with pytest.raises(NetworkError, match=r"'huge' is not in .* expected one of tiny"):
        load_network('huge', models=tmp_path)
    with pytest.raises(NetworkError, match='expected one of auto, torch, onnxruntime'):
        load_network('tiny', 'caffe', models=tmp_path)
    with pytest.raises(NetworkError, match='was not exported'):
        load_network('tiny', 'onnxruntime', models=tmp_path)
    with pytest.raises(NetworkError, match='not an exported branch'):
        load_network(tmp_path / 'tiny.onnx')


def test_missing_libraries_say_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, '_installed', lambda module: False)
    with pytest.raises(NetworkError, match='pip install torch'):
        load_network(tmp_path / 'tiny.pt')
    with pytest.raises(NetworkError, match='needs onnxruntime'):
        load_network(tmp_path / 'tiny.ground.onnx')


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    torch = pytest.importorskip('torch', reason='torch is not installed')
    from geoloc_ros.networks.architectures import build
    from geoloc_ros.networks.torch_backend import save_weights

    torch.manual_seed(5)
    module = build('azimuth')
    generator = torch.Generator().manual_seed(6)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.copy_(0.1 * torch.randn(part.num_features, generator=generator))
            part.running_var.copy_(0.5 + torch.rand(part.num_features, generator=generator))
    path = tmp_path_factory.mktemp('weights') / 'azimuth.pt'
    return path, module.eval(), save_weights(path, 'azimuth', module, 'simulation')


class TestTorchWeights:
    """Needs torch."""

    @pytest.fixture(autouse=True)
    def libraries(self):
        pytest.importorskip('torch', reason='torch is not installed')

    def test_weights_come_back_to_half_precision(self, saved):
        from geoloc_ros.networks.torch_backend import load_weights

        path, module, sha256 = saved
        loaded = load_weights(path, sha256)
        assert (loaded.architecture, loaded.domain, loaded.sha256) == (
            'azimuth', 'simulation', sha256,
        )  # fmt: skip
        assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        for name, tensor in module.state_dict().items():
            expected = tensor.half().float() if tensor.numel() >= 1024 else tensor
            got = loaded.module.state_dict()[name]
            np.testing.assert_array_equal(got.numpy(), expected.numpy(), err_msg=name)
        assert path.stat().st_size < 4e6

    def test_another_checksum_is_refused(self, saved):
        from geoloc_ros.networks.torch_backend import load_weights

        with pytest.raises(NetworkError, match='expected 0000'):
            load_weights(saved[0], '0' * 64)

    def test_tensors_must_fit_exactly(self, saved):
        torch = pytest.importorskip('torch')
        from geoloc_ros.networks.torch_backend import load_strictly

        _, module, _ = saved
        state = dict(module.state_dict())
        with pytest.raises(NetworkError, match=r"left over \['more'\] \(1\)"):
            load_strictly(module, {**state, 'more': torch.zeros(1)}, 'file')
        first = next(iter(state))
        with pytest.raises(NetworkError, match=r'missing .* \(1\)'):
            load_strictly(module, {k: v for k, v in state.items() if k != first}, 'file')
        with pytest.raises(NetworkError, match=r'other shapes .*\(1, 1\) for'):
            load_strictly(module, {**state, first: torch.zeros(1, 1)}, 'file')
        bad = state[first].clone()
        bad.view(-1)[0] = float('nan')
        with pytest.raises(NetworkError, match='diverged'):
            load_strictly(module, {**state, first: bad}, 'file')

    def test_files_that_are_no_weights_are_refused(self, tmp_path):
        torch = pytest.importorskip('torch')
        from geoloc_ros.networks.torch_backend import load_weights

        (tmp_path / 'a.pt').write_bytes(b'nonsense')
        with pytest.raises(NetworkError, match='cannot be read'):
            load_weights(tmp_path / 'a.pt')
        torch.save({'state_dict': {}}, tmp_path / 'b.pt')
        with pytest.raises(NetworkError, match='not a weights file'):
            load_weights(tmp_path / 'b.pt')

    def test_the_back_end_equals_the_module_and_checks_pictures(self, saved):
        torch = pytest.importorskip('torch')
        from geoloc_ros.networks.torch_backend import load_weights

        path, module, sha256 = saved
        network = load_network(path)
        assert network.sha256 == sha256
        contract = network.contract
        rng = np.random.default_rng(7)
        size = contract.patch_size_px
        patches = rng.integers(0, 256, (11, size, size, 3), np.uint8)
        with torch.inference_mode():
            expected = module.reference(torch.from_numpy(patches)).numpy()
        got = network.describe_reference(patches)
        np.testing.assert_allclose(got, expected, atol=5e-3)  # the weights became float16
        with torch.inference_mode():
            stored = load_weights(path).module.reference(torch.from_numpy(patches)).numpy()
        np.testing.assert_allclose(got, stored, atol=2e-6)  # the norms were folded
        assert network.describe_reference(patches[:0]).shape == (0, 32, 24)
        with pytest.raises(ShapeError, match=r'expected uint8 \(n, 160, 160, 3\)'):
            network.describe_reference(patches.astype(np.float32))
        with pytest.raises(ShapeError, match=r'expected uint8 \(n, 96, 256, 3\)'):
            network.describe_ground(patches)

    def test_wrong_providers_are_refused(self, saved):
        torch = pytest.importorskip('torch')
        with pytest.raises(NetworkError, match='expected auto, cpu or cuda'):
            load_network(saved[0], provider='tensorrt')
        if not torch.cuda.is_available():
            with pytest.raises(NetworkError, match='no CUDA device'):
                load_network(saved[0], provider='cuda')
        with pytest.raises(NetworkError, match='torch weights'):
            load_network(saved[0], 'onnxruntime')

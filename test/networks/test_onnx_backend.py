# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Exported networks say what torch says; sessions and engine caches are set up as meant."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

onnxruntime = pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')

from geoloc_ros.errors import NetworkError, ShapeError  # noqa: E402
from geoloc_ros.networks import onnx_backend  # noqa: E402
from geoloc_ros.networks.onnx_backend import (  # noqa: E402
    OnnxNetwork,
    chosen_provider,
    engine_folder,
    gpu_name,
    provider_options,
    session_options,
)
from geoloc_ros.networks.weights import (  # noqa: E402
    ManifestEntry,
    WeightsFile,
    file_sha256,
    load_network,
    write_manifest,
)


@dataclasses.dataclass(frozen=True)
class Exported:
    folder: object
    parity: object

    @property
    def weights(self):
        return self.folder / 'azimuth.pt'

    @property
    def branches(self):
        return self.folder / 'azimuth.ground.onnx', self.folder / 'azimuth.reference.onnx'


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    torch = pytest.importorskip('torch', reason='torch is not installed')
    pytest.importorskip('onnxscript', reason='onnxscript is not installed (export only)')
    from geoloc_ros.networks import architectures
    from geoloc_ros.networks.azimuth import AzimuthNetwork, ColumnHead
    from geoloc_ros.networks.efficientnet import EfficientNetLite0
    from geoloc_ros.networks.export import export_onnx
    from geoloc_ros.networks.torch_backend import save_weights

    class ShortAzimuthNetwork(AzimuthNetwork):
        """Cut after block 5: exporting takes time by the block."""

        def __init__(self, pretrained=False, imagenet_weights=None):
            super().__init__()
            self.ground_backbone = EfficientNetLite0(5, {5: (2, 4)})
            self.reference_backbone = EfficientNetLite0(5, {5: (2, 1)}, circular=True)
            self.ground_head, self.reference_head = ColumnHead(80, 6, 24), ColumnHead(80, 3, 24)

    folder = tmp_path_factory.mktemp('exported')
    torch.manual_seed(8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(architectures.ARCHITECTURES, 'short', ShortAzimuthNetwork)
        save_weights(folder / 'azimuth.pt', 'short', ShortAzimuthNetwork(), 'simulation')
        yield Exported(folder, export_onnx(folder / 'azimuth.pt', folder, 'azimuth'))


def test_both_back_ends_say_the_same(exported):
    assert max(exported.parity.ground, exported.parity.reference) < 1e-5
    by_torch, by_onnx = load_network(exported.weights), OnnxNetwork(*exported.branches)
    assert by_onnx.sha256 == by_torch.sha256
    assert by_onnx.contract == by_torch.contract
    assert by_onnx.domain == 'simulation'
    rng = np.random.default_rng(9)
    patches = rng.integers(0, 256, (11, 160, 160, 3), np.uint8)
    images = rng.integers(0, 256, (2, 96, 256, 3), np.uint8)
    references = by_onnx.describe_reference(patches)
    np.testing.assert_allclose(references, by_torch.describe_reference(patches), atol=1e-5)
    grounds = by_onnx.describe_ground(images)
    np.testing.assert_allclose(grounds, by_torch.describe_ground(images), atol=1e-5)
    distances = by_onnx.distances(grounds[0], references)
    assert distances.shape == (11, 32)
    np.testing.assert_allclose(distances, by_torch.distances(grounds[0], references), atol=1e-4)


def test_pictures_of_another_size_are_refused(exported):
    network = OnnxNetwork(*exported.branches)
    with pytest.raises(ShapeError, match='resample them'):
        network.describe_ground(np.zeros((1, 95, 256, 3), np.uint8))


def test_a_manifest_loads_by_name_and_only_its_own_weights(exported, tmp_path):
    contract = OnnxNetwork(*exported.branches).contract
    files = [WeightsFile(p.name, file_sha256(p)) for p in (exported.weights, *exported.branches)]
    entry = ManifestEntry(
        'azimuth', 'azimuth', contract, *files, 'Apache-2.0', 'simulation', 'none', {}
    )
    manifest = exported.folder / 'manifest.json'
    write_manifest(manifest, {'azimuth': entry})
    network = load_network('azimuth', models=exported.folder)
    assert isinstance(network, OnnxNetwork)
    assert network.sha256 == files[0].sha256
    assert load_network('azimuth', 'torch', models=exported.folder).sha256 == files[0].sha256
    document = json.loads(manifest.read_text())
    document['networks'][0]['weights']['sha256'] = 'c' * 64
    manifest.write_text(json.dumps(document))
    with pytest.raises(NetworkError, match='exported from weights'):
        load_network('azimuth', models=exported.folder)


def test_a_branch_in_the_place_of_the_other_is_refused(exported):
    ground, _ = exported.branches
    with pytest.raises(NetworkError, match='is the ground branch'):
        OnnxNetwork(ground, ground).describe_reference(np.zeros((1, 160, 160, 3), np.uint8))


def test_broken_and_missing_files_are_refused(tmp_path):
    with pytest.raises(NetworkError, match='is not there'):
        OnnxNetwork(tmp_path / 'a.ground.onnx', tmp_path / 'a.reference.onnx')
    (tmp_path / 'a.ground.onnx').write_bytes(b'nonsense')
    with pytest.raises(NetworkError, match='cannot load'):
        OnnxNetwork(tmp_path / 'a.ground.onnx', tmp_path / 'a.reference.onnx')


def test_a_foreign_model_is_refused(tmp_path):
    onnx = pytest.importorskip('onnx', reason='onnx is not installed')
    value = onnx.helper.make_tensor_value_info('x', onnx.TensorProto.FLOAT, [1])
    out = onnx.helper.make_tensor_value_info('y', onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node('Identity', ['x'], ['y'])
    graph = onnx.helper.make_graph([node], 'g', [value], [out])
    opset = [onnx.helper.make_opsetid('', 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / 'a')
    with pytest.raises(NetworkError, match='not exported by this package'):
        OnnxNetwork(tmp_path / 'a', tmp_path / 'a')


def test_threads_do_not_spin_and_are_as_many_as_asked():
    options = session_options(3)
    assert options.intra_op_num_threads == 3
    assert options.get_session_config_entry('session.intra_op.allow_spinning') == '0'


def test_providers(monkeypatch):
    monkeypatch.setattr(
        onnx_backend.onnxruntime, 'get_available_providers', lambda: ['CPUExecutionProvider']
    )
    assert chosen_provider('auto') == 'cpu'
    with pytest.raises(NetworkError, match='has no CUDAExecutionProvider'):
        chosen_provider('cuda')
    with pytest.raises(NetworkError, match='expected auto, cpu, cuda, tensorrt, openvino'):
        chosen_provider('npu')
    monkeypatch.setattr(
        onnx_backend.onnxruntime,
        'get_available_providers',
        lambda: ['CUDAExecutionProvider', 'CPUExecutionProvider'],
    )
    assert chosen_provider('auto') == 'cuda'


def test_engine_cache_is_named_by_gpu_version_and_network(tmp_path):
    (tmp_path / 'a.onnx').write_bytes(b'a')
    (tmp_path / 'b.onnx').write_bytes(b'b')
    folder = engine_folder(tmp_path, 'NVIDIA H200 550.54', tmp_path / 'a.onnx')
    assert folder.name.startswith(f'NVIDIA_H200_550_54-onnxruntime_{onnxruntime.__version__}-')
    assert folder != engine_folder(tmp_path, 'NVIDIA H200 550.54', tmp_path / 'b.onnx')
    assert folder != engine_folder(tmp_path, 'NVIDIA T4 550.54', tmp_path / 'a.onnx')
    options = provider_options('tensorrt', tmp_path / 'a.onnx', tmp_path / 'cache', True, 1)
    assert [name for name, _ in options] == [
        'TensorrtExecutionProvider', 'CUDAExecutionProvider', 'CPUExecutionProvider',
    ]  # fmt: skip
    assert options[0][1]['trt_engine_cache_path'].startswith(str(tmp_path / 'cache'))
    assert options[0][1]['trt_fp16_enable'] == '1'
    openvino = provider_options('openvino', tmp_path / 'a.onnx', None, False, 2)
    assert openvino[0][1]['num_of_threads'] == '2'
    assert openvino[-1][0] == 'CPUExecutionProvider'


def test_gpu_name_is_what_the_driver_tells(tmp_path):
    gpus = tmp_path / 'gpus'
    assert gpu_name(gpus) == 'unknown'
    (gpus / '0000:01:00.0').mkdir(parents=True)
    (gpus / '0000:01:00.0' / 'information').write_text('Model: \t NVIDIA T4\nIRQ: 3\n')
    assert gpu_name(gpus) == 'NVIDIA T4'
    (tmp_path / 'version').write_text('NVRM version: Kernel Module  550.54.15  2024')
    assert gpu_name(gpus) == 'NVIDIA T4 550.54.15'

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Every network keeps its contract; published backbones have the published tensors."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='torch is not installed (requirements/networks.txt)')

from geoloc_ros.errors import NetworkError  # noqa: E402
from geoloc_ros.networks.architectures import ARCHITECTURES, build  # noqa: E402
from geoloc_ros.networks.attention import SpatialAttention  # noqa: E402
from geoloc_ros.networks.azimuth import AzimuthNetwork  # noqa: E402
from geoloc_ros.networks.compact import CompactNetwork  # noqa: E402
from geoloc_ros.networks.distances import descriptor_distances  # noqa: E402
from geoloc_ros.networks.dsm import DsmBranch, DsmNetwork  # noqa: E402
from geoloc_ros.networks.resnet import ResNetFeatures  # noqa: E402
from geoloc_ros.networks.vgg16 import Vgg16Features  # noqa: E402

SMALL = [name for name in ARCHITECTURES if not name.startswith(('resnet50', 'safa', 'dsm'))]
LARGE = ['resnet50_aligned', 'safa_camera', 'dsm_90']


def pictures(contract, count, seed=0):
    rng = np.random.default_rng(seed)
    ground = (count, contract.ground_height_px, contract.ground_width_px, 3)
    patch = (count, contract.patch_size_px, contract.patch_size_px, 3)
    return tuple(
        torch.from_numpy(rng.integers(0, 256, shape, np.uint8)) for shape in (ground, patch)
    )


@pytest.mark.parametrize('name', SMALL + LARGE)
def test_descriptors_are_as_the_contract_says(name):
    torch.manual_seed(0)
    network = build(name).eval()
    contract = network.contract
    images, patches = pictures(contract, 2 if name in SMALL else 1)
    with torch.inference_mode():
        ground, reference = network.ground(images), network.reference(patches)
        distances = network.pair_distances(reference, ground)
    assert ground.shape == (len(images), *contract.ground_descriptor_shape)
    assert reference.shape == (len(images), *contract.descriptor_shape)
    torch.testing.assert_close(ground.flatten(1).norm(dim=1), torch.ones(len(images)))
    assert distances.shape == (len(images), len(images), contract.yaw_count)
    expected = descriptor_distances(contract, ground[0].numpy(), reference.numpy())
    np.testing.assert_allclose(distances[:, 0].numpy(), expected, atol=2e-5)


def test_no_architecture_is_left_out_and_unknown_ones_are_named():
    assert len(ARCHITECTURES) == 11
    with pytest.raises(NetworkError, match='expected one of azimuth'):
        build('vgg19')


@pytest.mark.parametrize('name', ['safa_panorama', 'dsm_panorama'])
def test_networks_of_panoramas_unroll_whole_cvact_tiles(name):
    """The authors' scripts sample 1200 px tiles, 0.1218 m a pixel, to half their side."""
    network = build(name)
    tile_m = 1200 * 0.1218
    assert network.contract.patch_size_m == pytest.approx(tile_m, abs=0.1)
    marked = torch.zeros(1, 3, 256, 256)
    marked[..., 0:2, 126:130] = 1.0  # the northern edge of the tile
    unrolled = network.polar(marked)[0, 0]
    row, column = divmod(int(unrolled.argmax()), unrolled.shape[1])
    assert row <= 1
    assert min(column, unrolled.shape[1] - 1 - column) <= 8


def test_turning_a_patch_by_a_quarter_turns_the_azimuth_descriptor():
    torch.manual_seed(1)
    network = AzimuthNetwork().eval()
    _, patches = pictures(network.contract, 1)
    with torch.inference_mode():
        straight = network.reference(patches)
        clockwise = network.reference(torch.rot90(patches, -1, (1, 2)))
    torch.testing.assert_close(clockwise, straight.roll(8, dims=1), atol=1e-4, rtol=0)


def test_a_beacon_is_seen_in_the_reference_column_at_its_bearing():
    network = AzimuthNetwork()
    patch = torch.zeros(1, 160, 160, 3)
    patch[0, 80 - 3 : 80 + 3, 80 + 40 : 80 + 46] = 255.0  # 20 to 23 m east
    unrolled = network.polar(patch.permute(0, 3, 1, 2))[0, 0]
    columns = unrolled.sum(0).view(32, 8).sum(1)
    assert {int(index) for index in columns.topk(2).indices} == {7, 8}  # about bearing 90
    rows = torch.nonzero(unrolled.sum(1)).ravel()
    radii = 1.5 + 38.5 * ((47.5 - rows.float().mean()) / 48) ** 1.5
    assert float(radii) == pytest.approx(21.5, abs=1.0)


def test_gradients_reach_every_parameter_of_the_azimuth_network():
    torch.manual_seed(2)
    network = AzimuthNetwork(channels=8).train()
    images, patches = pictures(network.contract, 2)
    distances = network.pair_distances(network.reference(patches), network.ground(images))
    distances.square().sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert without == []
    assert all(bool(torch.isfinite(p.grad).all()) for p in network.parameters())


def test_spatial_attention_equals_loops_and_finite_differences():
    torch.manual_seed(3)
    attention = SpatialAttention(6, heads=2).double()
    for weight in (attention.first_weight, attention.second_weight):
        torch.nn.init.normal_(weight)
    features = torch.randn(1, 4, 2, 3, dtype=torch.float64, requires_grad=True)
    result = attention(features)[0].detach().numpy()
    flat = features[0].detach().numpy().reshape(4, 6)
    strongest = flat.max(axis=0)
    for head in range(2):
        first, second = attention.first_weight[head], attention.second_weight[head]
        inner = strongest @ first.detach().numpy() + 0.1
        weights = inner @ second.detach().numpy() + 0.1
        np.testing.assert_allclose(result[head], flat @ weights)
    assert torch.autograd.gradcheck(attention, (features,))


def test_vgg16_has_the_published_tensors(tmp_path):
    network = Vgg16Features()
    assert sum(p.numel() for p in network.parameters()) == 14_714_688
    indices = sorted({int(name.split('.')[1]) for name in network.state_dict()})
    assert indices == [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    state = {**network.state_dict(), 'classifier.0.weight': torch.zeros(1)}
    torch.save(state, tmp_path / 'vgg16.pth')
    other = Vgg16Features(10, circular=True)
    other.load_imagenet(tmp_path / 'vgg16.pth')
    torch.testing.assert_close(other.features[21].weight, network.features[21].weight)
    with torch.inference_mode():
        assert Vgg16Features(13)(torch.zeros(1, 3, 32, 48)).shape == (1, 512, 2, 3)


@pytest.mark.parametrize(
    ('depth', 'parameters'), [(18, 11_176_512), (34, 21_284_672), (50, 23_508_032)]
)
def test_residual_networks_have_the_published_tensors(depth, parameters, tmp_path):
    network = ResNetFeatures(depth, stages=4)
    assert sum(p.numel() for p in network.parameters()) == parameters
    names = network.state_dict().keys()
    assert {'conv1.weight', 'bn1.running_var', 'layer2.0.downsample.1.bias'} <= names
    assert ('layer1.0.downsample.0.weight' in names) == (depth == 50)
    torch.save({**network.state_dict(), 'fc.weight': torch.zeros(1)}, tmp_path / 'resnet.pth')
    cut = ResNetFeatures(depth, stages=2)
    cut.load_imagenet(tmp_path / 'resnet.pth')
    with torch.inference_mode():
        assert cut(torch.zeros(1, 3, 32, 64)).shape == (1, cut.out_channels, 4, 8)


def test_published_weights_that_do_not_fit_are_refused(tmp_path):
    torch.save({'features.0.weight': torch.zeros(2, 3, 3, 3)}, tmp_path / 'other.pth')
    with pytest.raises(NetworkError, match='lacks'):
        Vgg16Features(2).load_imagenet(tmp_path / 'other.pth')
    (tmp_path / 'no.pth').write_bytes(b'no weights')
    with pytest.raises(NetworkError, match='cannot be read'):
        ResNetFeatures(18).load_imagenet(tmp_path / 'no.pth')
    with pytest.raises(NetworkError, match=r'vgg16-\*.pth'):
        Vgg16Features(2).load_imagenet(None)
    with pytest.raises(NetworkError, match='expected depth'):
        ResNetFeatures(101)


def test_dsm_turns_with_the_picture_and_refuses_odd_views():
    torch.manual_seed(4)
    branch = DsmBranch(circular=True).eval()
    picture = torch.randn(1, 3, 128, 64)
    with torch.inference_mode():
        features = branch(picture)
        assert features.shape == (1, 8, 64)
        torch.testing.assert_close(branch(picture.roll(16, 3)), features.roll(2, 1))
    assert DsmNetwork(math.radians(67.5)).contract.ground_width_px == 96
    with pytest.raises(NetworkError, match='multiple of'):
        DsmNetwork(math.radians(70.0))


def test_compact_networks_look_ahead_only_when_aligned():
    aligned, north_up = CompactNetwork('aligned'), CompactNetwork('north_up')
    assert (aligned.contract.ahead_m, north_up.contract.ahead_m) == (15.0, 0.0)

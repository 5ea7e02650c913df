# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The losses against hand computations, brute force and finite differences."""

import math

import numpy as np
import pytest
import torch

from geoloc_ros.errors import SettingError, ShapeError
from geoloc_training.losses import Decay, GeoWeight, negatives_loss, soft_margin, triplet_loss


def test_soft_margin_by_hand():
    value = soft_margin(torch.tensor(0.3), torch.tensor(0.5), 10.0)
    assert float(value) == pytest.approx(math.log(1.0 + math.exp(-2.0)), rel=1e-6)


def test_soft_margin_does_not_overflow():
    assert float(soft_margin(torch.tensor(4.0), torch.tensor(0.0), 1000.0)) == pytest.approx(4000)


def test_step_weight_by_hand():
    weight = GeoWeight(50.0, 10.0)
    values = weight(torch.tensor([0.0, 10.0, 50.0, 50.001], dtype=torch.float64))
    top = 1.0 - math.exp(-12.5)
    expected = [0.0, (1.0 - math.exp(-0.5)) / top, 1.0, 0.0]
    np.testing.assert_allclose(values.numpy(), expected, rtol=1e-12)


def test_gaussian_weight_is_the_product_and_has_the_maximum_1():
    weight = GeoWeight(50.0, 10.0, Decay.GAUSSIAN)
    fine = torch.linspace(0.0, 100.0, 200001, dtype=torch.float64)
    values = weight(fine).numpy()
    assert values.max() == pytest.approx(1.0, abs=1e-9)
    delta = fine.numpy()
    product = np.exp(-(delta**2) / (2 * (50 / 3) ** 2)) * (1 - np.exp(-(delta**2) / 200.0))
    np.testing.assert_allclose(values, product / product.max(), atol=1e-8)


@pytest.mark.parametrize('decay', Decay)
def test_without_sigma_near_negatives_count_fully_but_not_the_pair_itself(decay):
    values = GeoWeight(50.0, 0.0, decay)(torch.tensor([0.0, 1e-3], dtype=torch.float64))
    np.testing.assert_allclose(values.numpy(), [0.0, 1.0], atol=1e-8)


def test_global_weight_is_1_anywhere():
    values = GeoWeight(math.inf, 0.0)(torch.tensor([1.0, 1e6]))
    assert values.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(('radius', 'sigma'), [(0.0, 1.0), (-1.0, 1.0), (5.0, -1.0)])
def test_weight_refuses_numbers_out_of_range(radius, sigma):
    with pytest.raises(SettingError, match='positive radius'):
        GeoWeight(radius, sigma)


def test_triplet_loss_by_hand():
    # d[i, j]: reference i, ground image j
    distances = torch.tensor([[0.2, 0.9], [0.5, 0.4]])
    weights = torch.tensor([[7.0, 1.0], [0.5, 7.0]])  # the diagonal is not used

    def term(positive, negative):
        return math.log(1.0 + math.exp(10.0 * (positive - negative)))

    first = 1.0 * (term(0.2, 0.9) + term(0.2, 0.5)) / 2  # i = 0: d_01 (eq. 1), d_10 (eq. 2)
    second = 0.5 * (term(0.4, 0.5) + term(0.4, 0.9)) / 2  # i = 1: d_10 (eq. 1), d_01 (eq. 2)
    value = triplet_loss(distances, weights, 10.0)
    assert float(value) == pytest.approx((first + second) / 2, rel=1e-6)


def test_triplet_loss_against_brute_force():
    random = np.random.default_rng(3)
    d, w = random.uniform(0, 4, (5, 5)), random.uniform(0, 1, (5, 5))
    terms = [
        w[i, j]
        * 0.5
        * (
            math.log1p(math.exp(3 * (d[i, i] - d[i, j])))
            + math.log1p(math.exp(3 * (d[i, i] - d[j, i])))
        )
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    value = triplet_loss(torch.from_numpy(d), torch.from_numpy(w), 3.0)
    assert float(value) == pytest.approx(np.mean(terms), rel=1e-12)


def test_gradient_by_finite_differences():
    random = torch.Generator().manual_seed(1)
    d = (4 * torch.rand(4, 4, generator=random, dtype=torch.float64)).requires_grad_()
    m = (4 * torch.rand(3, 4, generator=random, dtype=torch.float64)).requires_grad_()
    w = torch.rand(4, 4, generator=random, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: triplet_loss(x, w, 2.0), (d,))
    assert torch.autograd.gradcheck(
        lambda x, y: negatives_loss(x.diagonal(), y, w[:3], 2.0), (d, m)
    )


def test_gradient_of_the_weights_descriptor_distances():
    """Through unit vectors, as in training: d = |f - g|^2."""
    random = torch.Generator().manual_seed(2)
    f = torch.randn(3, 6, generator=random, dtype=torch.float64).requires_grad_()
    g = torch.randn(3, 6, generator=random, dtype=torch.float64).requires_grad_()
    w = torch.rand(3, 3, generator=random, dtype=torch.float64)

    def loss(a, b):
        a, b = torch.nn.functional.normalize(a), torch.nn.functional.normalize(b)
        return triplet_loss(torch.cdist(a, b) ** 2, w, 10.0)

    assert torch.autograd.gradcheck(loss, (f, g))


def test_negatives_loss_by_hand():
    positive = torch.tensor([0.1, 0.3])
    negatives = torch.tensor([[0.5, 0.2]])
    value = negatives_loss(positive, negatives, torch.tensor([[1.0, 0.25]]), 2.0)
    expected = (math.log1p(math.exp(-0.8)) + 0.25 * math.log1p(math.exp(0.2))) / 2
    assert float(value) == pytest.approx(expected, rel=1e-6)


def test_shapes_are_checked():
    with pytest.raises(ShapeError, match=r'\(2, 3\)'):
        triplet_loss(torch.zeros(2, 3), torch.zeros(2, 3), 1.0)
    with pytest.raises(ShapeError, match='n >= 2'):
        triplet_loss(torch.zeros(1, 1), torch.zeros(1, 1), 1.0)
    with pytest.raises(ShapeError, match=r'\(m, n\)'):
        negatives_loss(torch.zeros(2), torch.zeros(3, 4), torch.zeros(3, 4), 1.0)
    with pytest.raises(ShapeError, match='weights'):
        negatives_loss(torch.zeros(4), torch.zeros(3, 4), torch.zeros(3, 3), 1.0)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Attention maps against hand computations and finite differences."""

import functools

import numpy as np
import pytest
import torch

from geoloc_ros.errors import ShapeError
from geoloc_ros.networks.architectures import ARCHITECTURES, build
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_training.attention_maps import attention_map, pixel_sensitivity, seen_part


def picture_of(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def linear(weights):
    """A descriptor that is a matrix times the pixels: its gradient is the matrix."""
    matrix = torch.from_numpy(weights.astype(np.float32))
    return lambda pictures: pictures.flatten(1) @ matrix.T


def test_a_linear_descriptor_by_hand():
    weights = np.zeros((2, 2 * 2 * 3))
    weights[0, 0], weights[1, 2] = 3.0, -4.0  # red and blue of the first pixel
    weights[1, 9] = 1.0  # red of the last one
    picture = picture_of(2, 2)
    squares = pixel_sensitivity(linear(weights), picture)
    np.testing.assert_allclose(squares, [[25.0, 0.0], [0.0, 1.0]])
    shown = attention_map(linear(weights), picture, sigma_px=0.0)
    np.testing.assert_allclose(shown, [[1.0, 0.0], [0.0, 0.2]])


def test_random_signs_have_the_sum_of_squares_as_their_mean():
    weights = np.random.default_rng(1).standard_normal((50, 4 * 3 * 3))
    exact = (weights**2).sum(0).reshape(4, 3, 3).sum(-1)
    branch, picture = linear(weights), picture_of(4, 3)
    np.testing.assert_allclose(pixel_sensitivity(branch, picture, probes=50), exact, rtol=1e-5)
    drawn = pixel_sensitivity(branch, picture, probes=49)
    assert not np.allclose(drawn, exact, rtol=1e-5)
    # A probe's relative standard deviation is at most sqrt(2); 100 sets of 49 make 2 %.
    sets = [pixel_sensitivity(branch, picture, probes=49, seed=seed) for seed in range(100)]
    np.testing.assert_allclose(np.mean(sets, axis=0), exact, rtol=0.1)


def test_against_finite_differences():
    torch.manual_seed(0)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.Softplus(), torch.nn.Conv2d(4, 2, 2)
    ).double()

    def branch(pictures):
        values = layers(pictures.permute(0, 3, 1, 2).double() / 255.0).flatten(1)
        return values / values.norm(dim=1, keepdim=True)

    picture = picture_of(5, 6)
    step, expected = 0.25, np.zeros((5, 6))
    pixels = torch.from_numpy(picture.astype(np.float64))[None]
    with torch.no_grad():
        for row, column, channel in np.ndindex(5, 6, 3):
            moved = torch.zeros_like(pixels)
            moved[0, row, column, channel] = step
            slope = (branch(pixels + moved) - branch(pixels - moved)) / (2.0 * step)
            expected[row, column] += float(slope.square().sum())
    np.testing.assert_allclose(pixel_sensitivity(branch, picture), expected, rtol=1e-4)


def test_attention_is_smoothed_and_relative():
    weights = np.zeros((1, 21 * 21 * 3))
    weights[0, 3 * (10 * 21 + 10)] = 7.0
    shown = attention_map(linear(weights), picture_of(21, 21), sigma_px=2.0)
    # The root of a Gaussian: exp(-(distance / sigma)^2 / 4).
    assert shown[10, 10] == 1.0
    assert shown[10, 12] == pytest.approx(np.exp(-0.25), rel=1e-3)
    assert shown[7, 10] == pytest.approx(np.exp(-9.0 / 16.0), rel=1e-3)


def test_a_descriptor_that_sees_nothing_has_no_attention():
    shown = attention_map(linear(np.zeros((3, 12))), picture_of(2, 2), sigma_px=1.0)
    np.testing.assert_array_equal(shown, np.zeros((2, 2)))


def test_a_wrong_shape_is_refused():
    with pytest.raises(ShapeError, match=r'expected \(h, w, 3\)'):
        pixel_sensitivity(linear(np.zeros((1, 12))), np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize('architecture', sorted(set(ARCHITECTURES) - {'resnet50_north_up'}))
def test_every_architecture_can_be_looked_at(architecture):
    torch.manual_seed(0)
    network = build(architecture).eval()
    contract = network.contract
    size = (contract.ground_height_px, contract.ground_width_px)
    shown = attention_map(network.ground, picture_of(*size), sigma_px=0.0, probes=1)
    assert shown.shape == size
    assert (shown.min(), shown.max()) == (pytest.approx(0.0, abs=0.3), 1.0)
    patch = picture_of(contract.patch_size_px, contract.patch_size_px)
    reference = functools.partial(seen_of, network)
    shown = attention_map(reference, patch, sigma_px=0.0, probes=1)
    assert shown.shape == patch.shape[:2]
    assert shown.max() == 1.0
    assert all(parameter.grad is None for parameter in network.parameters())


def seen_of(network, pictures):
    return seen_part(network.contract, 0, network.reference(pictures))


def test_the_part_seen_is_what_distances_compare():
    network = build('azimuth')
    contract = network.contract
    random = np.random.default_rng(2)
    ground = random.standard_normal(contract.ground_descriptor_shape).astype(np.float32)
    ground /= np.linalg.norm(ground)
    reference = random.standard_normal((1, *contract.descriptor_shape)).astype(np.float32)
    distances = descriptor_distances(contract, ground, reference)[0]
    for yaw_bin in (0, 5, 23, 31):
        seen = seen_part(contract, yaw_bin, torch.from_numpy(reference))[0].numpy()
        cosine = float(seen @ ground.ravel())
        assert 2.0 - 2.0 * cosine == pytest.approx(float(distances[yaw_bin]), abs=1e-5)
    whole = seen_part(contract, None, torch.from_numpy(reference))
    assert whole.shape == (1, reference.size)


def test_attention_lies_in_the_direction_the_camera_looks():
    """Of the patch, only the sector at the heading matters: north is up, yaw is to its left."""
    torch.manual_seed(0)
    network = build('azimuth').eval()
    contract = network.contract
    yaw_bin = int(np.argmin(np.abs(contract.yaws_rad)))  # east: right in the patch
    patch = picture_of(contract.patch_size_px, contract.patch_size_px)
    squares = pixel_sensitivity(
        lambda x: seen_part(contract, yaw_bin, network.reference(x)), patch, probes=4
    )
    half = contract.patch_size_px // 2
    assert squares[:, half:].sum() > 1.5 * squares[:, :half].sum()

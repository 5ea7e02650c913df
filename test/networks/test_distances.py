# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Distances against loops over bearings, and the torch form against the numpy one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoloc_ros.compiled import COMPILED
from geoloc_ros.errors import ShapeError
from geoloc_ros.networks import distances as distances_module
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import descriptor_distances


def azimuth_contract(bins=32, ground=8, channels=3):
    return InputContract(
        'test', 96, 256, math.pi / 2, 80.0, 160, 'azimuth', (bins, channels), (ground, channels)
    )


def by_bearings(contract, ground, references):
    """Look up, for each heading and ground column, the reference column at its bearing."""
    bins, width = contract.descriptor_shape[0], contract.ground_descriptor_shape[0]
    step = 2.0 * math.pi / bins
    result = np.empty((len(references), bins))
    for m, reference in enumerate(references):
        for k, yaw in enumerate(contract.yaws_rad):
            heading_bearing = math.pi / 2 - yaw
            seen = []
            for column in range(width):
                bearing = heading_bearing + (column + 0.5 - width / 2) * step
                seen.append(reference[math.floor(bearing / step % bins + 1e-9) % bins])
            window = np.array(seen)
            a, b = ground / np.linalg.norm(ground), window / np.linalg.norm(window)
            result[m, k] = np.sum((a - b) ** 2)
    return result


@pytest.mark.parametrize(('bins', 'ground'), [(32, 8), (16, 16), (12, 2), (64, 10)])
def test_circular_distances_equal_a_loop_over_bearings(bins, ground):
    rng = np.random.default_rng(bins)
    contract = azimuth_contract(bins, ground)
    g = rng.normal(size=(ground, 3)).astype(np.float32)
    references = rng.normal(size=(5, bins, 3)).astype(np.float32)
    distances = descriptor_distances(contract, g, references)
    assert distances.dtype == np.float32
    np.testing.assert_allclose(distances, by_bearings(contract, g, references), atol=1e-5)


def test_a_camera_looking_east_sees_what_lies_east():
    contract = azimuth_contract(channels=1)
    reference = np.zeros((1, 32, 1), np.float32)
    reference[0, 4:12] = 1.0  # bearings 45 to 135 degrees
    distances = descriptor_distances(contract, np.ones((8, 1), np.float32), reference)
    best = int(np.argmin(distances[0]))
    assert contract.yaws_rad[best] == 0.0
    assert distances[0, best] == pytest.approx(0.0, abs=1e-6)


def test_half_precision_references_as_maps_store_them():
    rng = np.random.default_rng(7)
    contract = azimuth_contract()
    g = rng.normal(size=(8, 3)).astype(np.float32)
    references = rng.normal(size=(5, 32, 3)).astype(np.float16)
    expected = by_bearings(contract, g, references.astype(np.float64))
    np.testing.assert_allclose(descriptor_distances(contract, g, references), expected, atol=1e-5)


def test_nothing_seen_is_as_far_as_chance():
    contract = azimuth_contract()
    nothing = np.zeros((1, 32, 3), np.float32)
    distances = descriptor_distances(contract, np.ones((8, 3), np.float32), nothing)
    np.testing.assert_array_equal(distances, 2.0)


def test_plain_distances_are_squared_euclidean():
    rng = np.random.default_rng(8)
    contract = InputContract('test', 96, 192, 1.5, 50.0, 96, 'north_up', (4, 5))
    vectors = rng.normal(size=(9, 20))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    g, references = vectors[0].reshape(4, 5), vectors.reshape(9, 4, 5)
    distances = descriptor_distances(contract, g.astype(np.float32), references)
    expected = np.sum((vectors - vectors[0]) ** 2, axis=1)
    np.testing.assert_allclose(distances[:, 0], expected, atol=1e-6)
    assert distances.shape == (9, 1)


def random_units(rng, *shape):
    values = rng.normal(size=shape).astype(np.float32)
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def windows_to_score():
    """References of 2048 values as they may lie in memory, by name."""
    kept = random_units(np.random.default_rng(11), 25, 30, 2048)
    shifted = np.concatenate((np.zeros(3, np.float32), kept.ravel()))
    kept.setflags(write=False)
    return {
        'a list': kept[0, :11],
        'none': kept[0, :0],
        'more than the cache holds': kept[:24],
        'a block inside': kept[2:15, 3:16],
        'a large block inside': kept[1:24, 2:29],
        'the first corner': kept[:5, :6],
        'the last corner': kept[20:, 24:],
        'every other row': kept[1:20:2, 2:9],
        'every other column': kept[:5, 1:20:2],
        'upside down': kept[12:4:-1, 3:9],
        'one row repeated': np.broadcast_to(kept[0, 2:9], (4, 7, 2048)),
        'columns first': kept.transpose(1, 0, 2)[2:9, 3:8],
        'half precision': kept[2:9, 3:8].astype(np.float16),
        'behind something else': shifted[3:].reshape(kept.shape)[2:9, 3:8],
        'of four dimensions': kept.reshape(5, 5, 30, 2048)[1:3, 2:4, 4:9],
    }


@pytest.mark.parametrize('compiled', [True, False])
@pytest.mark.parametrize('name', windows_to_score())
def test_plain_distances_wherever_the_references_lie(name, compiled, monkeypatch):
    if compiled and not COMPILED:
        pytest.skip('numba is not installed')
    monkeypatch.setattr(distances_module, 'COMPILED', compiled)
    window = windows_to_score()[name]
    ground = random_units(np.random.default_rng(12), 2048)
    if window.size:
        ground = 3.0 * window.reshape(-1, 2048)[-1].astype(np.float32) - ground
    expected = np.clip(2.0 - 2.0 * (window.astype(np.float64) @ ground), 0.0, 4.0)
    found = distances_module.plain_distances(ground, window)
    assert found.shape == (*window.shape[:-1], 1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[..., 0], expected, atol=3e-6)


@pytest.mark.parametrize('heading', ['north_up', 'azimuth'])
def test_a_window_cut_out_of_a_larger_one_keeps_its_shape(heading):
    rng = np.random.default_rng(10)
    ground_shape = (8, 3) if heading == 'azimuth' else (32, 3)
    contract = InputContract('test', 96, 192, 1.5, 50.0, 96, heading, (32, 3), ground_shape)
    kept = rng.normal(size=(30, 25, 32, 3)).astype(np.float32)
    g = rng.normal(size=ground_shape).astype(np.float32)
    window = kept[2:25, 3:20]  # more cells than are worked on at a time
    distances = descriptor_distances(contract, g, window)
    assert distances.shape == (23, 17, contract.yaw_count)
    rows = np.ascontiguousarray(window).reshape(-1, 32, 3)
    if heading == 'azimuth':
        expected = by_bearings(contract, g, rows)
    else:
        products = np.einsum('mnc,nc->m', rows.astype(np.float64), g)
        expected = np.clip(2.0 - 2.0 * products, 0.0, 4.0)[:, None]
    by_row = distances.reshape(-1, contract.yaw_count)
    np.testing.assert_allclose(by_row, expected, atol=1e-4)
    np.testing.assert_allclose(descriptor_distances(contract, g, rows), by_row, atol=1e-5)


def test_wrong_shapes_name_both():
    contract = azimuth_contract()
    good = np.zeros((1, 32, 3), np.float32)
    with pytest.raises(ShapeError, match=r'\(8, 4\); expected \(8, 3\)'):
        descriptor_distances(contract, np.zeros((8, 4), np.float32), good)
    with pytest.raises(ShapeError, match=r'expected \(m, 32, 3\)'):
        descriptor_distances(contract, np.zeros((8, 3), np.float32), good[:, :16])


def test_torch_similarity_equals_numpy_and_its_gradient_finite_differences():
    torch = pytest.importorskip('torch', reason='torch is not installed')
    from geoloc_ros.networks.module import circular_similarity

    rng = np.random.default_rng(9)
    contract = azimuth_contract(12, 4)
    grounds = rng.normal(size=(3, 4, 3))
    references = rng.normal(size=(2, 12, 3))
    similarity = circular_similarity(torch.from_numpy(references), torch.from_numpy(grounds))
    for k in range(3):
        expected = by_bearings(contract, grounds[k], references)
        np.testing.assert_allclose(2.0 - 2.0 * similarity[:, k].numpy(), expected, atol=1e-9)
    inputs = [torch.from_numpy(x).requires_grad_() for x in (references, grounds)]
    assert torch.autograd.gradcheck(circular_similarity, inputs)

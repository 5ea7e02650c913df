# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geoloc_ros.filters.particle_backend import load_kernels
from geoloc_ros.filters.particle_noise import standard_normals


@pytest.fixture(params=['numba', 'numpy'])
def kernels(request):
    if request.param == 'numba':
        pytest.importorskip('numba')
    return load_kernels(request.param)


def test_normals_are_independent_and_normal(kernels):
    normals = standard_normals(np.random.default_rng(1), 5, 100_001, kernels).astype(np.float64)
    assert normals.shape == (5, 100_001)
    for row in normals:
        assert stats.kstest(row, 'norm').pvalue > 1e-3
    correlation = np.corrcoef(np.concatenate([normals[:, :-1], normals[:, 1:]]))
    assert np.abs(correlation - np.eye(10)).max() < 5.0 / np.sqrt(100_000)
    squares = np.corrcoef(np.concatenate([normals[:, :-1], normals[:, 1:]]) ** 2)
    assert np.abs(squares - np.eye(10)).max() < 5.0 / np.sqrt(100_000)
    beyond = np.count_nonzero(np.abs(normals) > 4.0)
    assert abs(beyond - 500_005 * 6.334e-5) < 5.0 * np.sqrt(500_005 * 6.334e-5)
    moments = [np.mean(normals**k) for k in range(1, 5)]
    errors = np.sqrt(np.array([1.0, 2.0, 15.0, 96.0]) / normals.size)
    assert (np.abs(moments - np.array([0.0, 1.0, 0.0, 3.0])) < 4.5 * errors).all()


def test_calls_one_after_another_are_independent(kernels):
    rng = np.random.default_rng(2)
    calls = np.concatenate([standard_normals(rng, 1, 4000, kernels) for _ in range(200)])
    correlation = np.corrcoef(calls)[np.triu_indices(200, 1)] * np.sqrt(4000)
    assert stats.kstest(correlation, 'norm').pvalue > 1e-3
    assert stats.kstest(calls.sum(axis=0) / np.sqrt(200), 'norm').pvalue > 1e-3
    assert stats.kstest(calls.sum(axis=1) / np.sqrt(4000), 'norm').pvalue > 1e-3


def test_normals_by_hand_from_the_hash_and_box_muller(kernels):
    # SplitMix64 seeded with 1234567 gives these two numbers first (its authors' test vector).
    hashed = (6457827717110365317, 3203168211198807973)
    out = np.empty(4, dtype=np.float32)
    kernels.fill_normals(np.uint64(1234567), out)
    for i, bits in enumerate(hashed):
        radius = np.sqrt(-2.0 * np.log((bits % 2**32 + 0.5) / 2**32))
        angle = 2.0 * np.pi * (bits >> 32) / 2**32
        expected = [radius * np.cos(angle), radius * np.sin(angle)]
        np.testing.assert_allclose(out[[i, i + 2]], expected, atol=3e-6)


@pytest.mark.parametrize('count', [2, 2046, 2050, 40_002])
def test_both_kernels_make_the_same_normals(count):
    pytest.importorskip('numba')
    results = []
    for name in ('numba', 'numpy'):
        results.append(np.empty(count, dtype=np.float32))
        load_kernels(name).fill_normals(np.uint64(2**64 - 77), results[-1])
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)


def test_normals_repeat_with_the_stream(kernels):
    rng = np.random.default_rng(2)
    state = rng.bit_generator.state
    first = standard_normals(rng, 4, 33, kernels)
    assert not np.array_equal(first, standard_normals(rng, 4, 33, kernels))
    rng.bit_generator.state = state
    np.testing.assert_array_equal(first, standard_normals(rng, 4, 33, kernels))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from geoloc_ros.errors import SettingError, ShapeError
from geoloc_ros.filters.particle_backend import KERNELS_VARIABLE, load_kernels
from geoloc_ros.filters.particle_likelihood import log_likelihood
from geoloc_ros.filters.particle_noise import standard_normals
from geoloc_ros.filters.particle_state import (
    ParticleCloud,
    circular_mean,
    display_poses,
    effective_sample_size,
    medians_and_covariance,
    moments,
    wrap,
)
from geoloc_ros.filters.resampling import optimal_bandwidth, redrawn, systematic_counts
from geoloc_ros.types import PositionObservation

NAN = np.nan
SIGMAS = (0.02, 0.01, 0.3, 0.2, 0.05, 2.0, 3.0, 1e-3, 1e-3)
PAPER_SIGMAS = (0.0, 0.0, 1.0, 0.6, 0.0, 0.0, np.inf, 0.0, 0.0)


@pytest.fixture(params=['numba', 'numpy'])
def kernels(request):
    if request.param == 'numba':
        pytest.importorskip('numba')
    return load_kernels(request.param)


def random_columns(rng, rows, count):
    columns = (
        rng.normal(size=(rows, count)) * np.array([[30.0, 30.0, 3.0, 8.0, 0.02, 0.01]]).T[:rows]
    )
    columns[2] = wrap(columns[2])
    if rows == 6:
        columns[4] += 1.0
    return columns


# --- motion --------------------------------------------------------------------------------------


def test_propagation_by_hand_on_an_arc(kernels):
    # 20 m and a quarter turn left from the origin, heading east: radius 40 / pi.
    columns = np.array([[0.0], [0.0], [0.0], [3.0], [1.25], [0.1]])
    measured = (2.0, 16.0, np.pi / 2.0 + 0.2, 8.0)
    moved = kernels.propagate(columns, np.zeros((6, 1), np.float32), *measured, *(0.0,) * 9)
    radius = 40.0 / np.pi
    np.testing.assert_allclose(
        moved[:, 0], [radius, radius, np.pi / 2.0, 10.0, 1.25, 0.1], rtol=2e-4
    )


def test_propagation_without_any_measurement_keeps_the_velocity(kernels):
    columns = np.array([[1.0], [2.0], [np.pi / 2.0], [4.0]])
    moved = kernels.propagate(
        columns, np.ones((4, 1), np.float32), 0.5, NAN, NAN, NAN, *(0.0,) * 6, np.inf, 0.0, 0.0
    )
    np.testing.assert_allclose(moved[:, 0], [1.0, 4.0, np.pi / 2.0, 4.0], atol=1e-6)


@pytest.mark.parametrize('sigmas', [SIGMAS, PAPER_SIGMAS])
@pytest.mark.parametrize('rows', [4, 6])
@pytest.mark.parametrize(
    'measured',
    [
        (0.1, NAN, NAN, NAN),
        (0.1, 1.0, 0.02, 10.0),
        (0.1, 1.0, NAN, NAN),
        (0.1, NAN, 0.02, 9.0),
        (1.0, 0.0, NAN, 0.0),
    ],
)
def test_both_kernels_propagate_alike(rows, measured, sigmas):
    pytest.importorskip('numba')
    rng = np.random.default_rng(3)
    columns = random_columns(rng, rows, 999)
    before = columns.copy()
    for noises in {4, rows}:
        normals = standard_normals(rng, noises, 999, load_kernels('numpy'))
        results = [
            load_kernels(name).propagate(columns, normals, *measured, *sigmas)
            for name in ('numba', 'numpy')
        ]
        np.testing.assert_allclose(results[0], results[1], atol=2e-5)
    np.testing.assert_array_equal(columns, before)


# --- resampling ----------------------------------------------------------------------------------


def brute_force_counts(weights, offset):
    """Walk the marks (k + offset) / n along the cumulated weights."""
    count = len(weights)
    edges = np.cumsum(weights) / np.sum(weights)
    taken = np.zeros(count, dtype=int)
    for k in range(count):
        i = 0
        while edges[i] <= (k + offset) / count and i < count - 1:
            i += 1
        taken[i] += 1
    return taken


def test_systematic_counts_equal_brute_force(kernels):
    rng = np.random.default_rng(4)
    for trial in range(60):
        weights = rng.random(rng.integers(1, 40)) ** 3
        weights[rng.random(weights.size) < 0.3] = 0.0
        weights[0] += trial == 0 or weights.sum() == 0.0
        weights /= weights.sum()
        offset = rng.random()
        counts = systematic_counts(weights, offset, kernels)
        np.testing.assert_array_equal(counts, brute_force_counts(weights, offset))


def test_systematic_counts_are_unbiased_and_within_one(kernels):
    weights = np.random.default_rng(5).random(37) ** 4
    weights /= weights.sum()
    offsets = (np.arange(4000) + 0.5) / 4000
    counts = np.array([systematic_counts(weights, offset, kernels) for offset in offsets])
    assert (np.abs(counts - 37 * weights) < 1.0).all()
    assert (counts.sum(axis=1) == 37).all()
    np.testing.assert_allclose(counts.mean(axis=0), 37 * weights, atol=1e-3)


def test_float32_rounding_never_runs_past_the_end(kernels):
    weights = np.random.default_rng(6).random(5000).astype(np.float32).astype(np.float64)
    weights[-100:] = 0.0
    weights /= weights.sum()
    for offset in (0.0, 1.0 - 2.0**-53):
        counts = systematic_counts(weights, offset, kernels)
        assert counts.sum() == 5000
        assert not counts[-100:].any()
        assert counts.min() >= 0


def test_resample_copies_whole_particles(kernels):
    columns = random_columns(np.random.default_rng(7), 6, 5)
    weights = np.array([0.0, 0.4, 0.0, 0.6, 0.0])
    drawn = kernels.resample(columns, weights, 0.5)
    np.testing.assert_array_equal(drawn, columns[:, [1, 1, 3, 3, 3]])


@pytest.mark.parametrize('offset', [0.0, 0.37, 1.0 - 2.0**-53])
@pytest.mark.parametrize('last_weight', [0.0, 1e-20, 1.0])
def test_resample_draws_what_the_counts_say(kernels, offset, last_weight):
    rng = np.random.default_rng(14)
    weights = rng.random(5000) ** 6
    weights[rng.random(5000) < 0.2] = 0.0
    weights[-3:] = last_weight
    weights /= weights.sum()
    columns = random_columns(rng, 4, 5000)
    counts = systematic_counts(weights, offset, kernels)
    assert counts.sum() == 5000
    assert not counts[weights == 0.0].any()
    np.testing.assert_array_equal(
        kernels.resample(columns, weights, offset), np.repeat(columns, counts, axis=1)
    )


def test_both_kernels_resample_alike():
    pytest.importorskip('numba')
    rng = np.random.default_rng(15)
    weights = rng.random(100_000) ** 6
    weights /= weights.sum()
    for offset in rng.random(20):
        counts = [systematic_counts(weights, offset, load_kernels(k)) for k in ('numba', 'numpy')]
        assert np.count_nonzero(counts[0] != counts[1]) <= 2


def test_counts_refuse_a_table_of_weights():
    with pytest.raises(ShapeError, match=r'\(2, 3\); expected \(n,\)'):
        systematic_counts(np.ones((2, 3)), 0.5)


def test_redrawn_keeps_the_covariance_and_parts_copies():
    rng = np.random.default_rng(8)
    shape = np.array([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [1e-4, 2e-4, 1e-4]])
    samples = np.repeat(shape @ rng.normal(size=(3, 50)), 2000, axis=1)
    samples -= samples.mean(axis=1, keepdims=True)
    new = redrawn(samples, standard_normals(rng, 3, samples.shape[1], load_kernels()), 0.4)
    assert np.unique(new[0]).size > 0.99 * samples.shape[1]
    old_covariance, new_covariance = np.cov(samples), np.cov(new)
    scale = np.sqrt(np.outer(np.diag(old_covariance), np.diag(old_covariance)))
    np.testing.assert_allclose(new_covariance / scale, old_covariance / scale, atol=0.02)


def test_optimal_bandwidth_by_hand():
    assert optimal_bandwidth(100, 1) == pytest.approx((4.0 / 300.0) ** 0.2)


# --- distances and likelihood --------------------------------------------------------------------


@pytest.mark.parametrize('mixed', [0.0, 3.0])
@pytest.mark.parametrize('outlier', [0.0, 0.05])
@pytest.mark.parametrize('arm', [(0.0, 0.0), (1.5, -0.4)])
def test_fused_position_likelihood_equals_the_observation(kernels, outlier, arm, mixed):
    columns = random_columns(np.random.default_rng(9), 6, 500)
    covariance = np.array([[9.0, mixed], [mixed, 16.0]])
    observation = PositionObservation(
        0, 'fix', np.array([5.0, -3.0]), covariance, np.array(arm), outlier
    )
    cloud = ParticleCloud(columns)
    np.testing.assert_allclose(
        log_likelihood(observation, cloud, kernels),
        observation.log_likelihood(cloud.states),
        rtol=1e-6,
        atol=2e-6,
    )


def test_the_floor_bounds_what_an_outlier_costs(kernels):
    columns = np.zeros((4, 2))
    columns[0, 1] = 1e6
    observation = PositionObservation(
        0, 'fix', np.zeros(2), np.eye(2) * 4.0, np.zeros(2), 0.01, 1000.0
    )
    values = log_likelihood(observation, ParticleCloud(columns), kernels)
    assert values[1] == pytest.approx(np.log(0.01 / (np.pi * 1e6)))
    assert np.isfinite(values).all()


# --- moments -------------------------------------------------------------------------------------


def test_circular_mean_and_variance_across_the_border(kernels):
    columns = np.zeros((4, 4))
    columns[2] = np.pi - 0.1, -np.pi + 0.1, np.pi - 0.3, -np.pi + 0.3
    weights = np.full(4, 0.25)
    assert abs(circular_mean(columns[2])) == pytest.approx(np.pi, abs=1e-6)
    mean, covariance = moments(columns, weights, kernels)
    assert abs(mean[2]) == pytest.approx(np.pi, abs=1e-6)
    assert covariance[2, 2] == pytest.approx((0.1**2 + 0.3**2) / 2.0, rel=1e-5)
    middle, covariance = medians_and_covariance(columns, kernels)
    assert abs(middle[2]) == pytest.approx(np.pi, abs=1e-6)
    assert covariance[2, 2] == pytest.approx((0.1**2 + 0.3**2) / 2.0, rel=1e-5)


def test_moments_equal_numpy_where_nothing_wraps(kernels):
    rng = np.random.default_rng(10)
    columns = rng.normal(size=(6, 400)) * 0.3
    weights = rng.random(400)
    weights /= weights.sum()
    mean, covariance = moments(columns, weights, kernels)
    np.testing.assert_allclose(covariance, np.cov(columns, aweights=weights, ddof=0), atol=2e-3)
    np.testing.assert_allclose(np.delete(mean, 2), np.delete(columns @ weights, 2))


def test_a_heading_spread_apart_stays_at_the_variance_of_the_circle(kernels):
    columns = np.zeros((4, 1000))
    columns[2, ::2] = 3.1
    columns[2, 0] = 0.1
    columns[0] = columns[2]
    covariance = moments(columns, np.r_[0.002, np.full(999, 0.998 / 999)], kernels)[1]
    assert covariance[2, 2] <= np.pi**2 / 3.0 + 1e-12
    assert np.linalg.eigvalsh(covariance).min() > -1e-9


@pytest.mark.parametrize('count', [7, 8])
def test_medians_equal_numpy(kernels, count):
    columns = np.random.default_rng(11).normal(size=(4, count)) * 0.5
    before = columns.copy()
    middle, _ = medians_and_covariance(columns, kernels)
    np.testing.assert_allclose(middle, np.median(columns, axis=1), atol=1e-6)
    np.testing.assert_array_equal(columns, before)


@pytest.mark.parametrize('spread', [0.3, 3.0])
def test_the_covariance_beside_the_medians_is_that_of_equal_weights(kernels, spread):
    columns = random_columns(np.random.default_rng(12), 4, 3001)
    columns[0] += 1e5
    columns[2] = wrap(2.0 + spread * np.random.default_rng(13).normal(size=3001))
    covariance = medians_and_covariance(columns, kernels)[1]
    expected = moments(columns, np.full(3001, 1.0 / 3001), kernels)[1]
    np.testing.assert_allclose(covariance, expected, rtol=1e-5, atol=1e-5)
    plain = np.delete(columns, 2, axis=0)
    np.testing.assert_allclose(
        np.delete(np.delete(covariance, 2, 0), 2, 1), np.cov(plain, ddof=0), rtol=1e-9
    )
    assert covariance[2, 2] <= np.pi**2 / 3.0 + 1e-12


def test_weights_survive_extreme_likelihoods():
    cloud = ParticleCloud(np.zeros((4, 3)))
    assert cloud.reweighted(np.full(3, -np.inf)) is None
    sharp = cloud.reweighted(np.array([-1e9, -1e9 - 1.0, -np.inf]))
    assert sharp is not None
    np.testing.assert_allclose(sharp.weights(), [0.7310586, 0.2689414, 0.0], rtol=1e-6)
    assert effective_sample_size(cloud.weights()) == pytest.approx(3.0)


def test_display_poses_follow_the_weights():
    columns = np.arange(12.0).reshape(4, 3)
    cloud = ParticleCloud(columns, np.log(np.array([0.5, 1e-300, 0.5])))
    np.testing.assert_array_equal(display_poses(cloud, 2), [[0.0, 3.0, 6.0], [2.0, 5.0, 8.0]])
    assert display_poses(cloud, 0).shape == (0, 3)
    assert display_poses(cloud, 100).shape == (3, 3)


# --- which kernels -------------------------------------------------------------------------------


def test_kernels_by_environment_and_name(monkeypatch):
    monkeypatch.setenv(KERNELS_VARIABLE, 'numpy')
    assert load_kernels() is load_kernels('numpy')
    monkeypatch.setenv(KERNELS_VARIABLE, 'fortran')
    with pytest.raises(SettingError, match="'fortran' are unknown; expected auto, numba or numpy"):
        load_kernels()


def test_numpy_serves_where_numba_is_absent():
    code = (
        'import sys; sys.modules["numba"] = None\n'
        'import importlib.util as u; u.find_spec = lambda name: None\n'
        'from geoloc_ros.filters.particle_backend import load_kernels\n'
        'assert load_kernels() is load_kernels("numpy")\n'
        'try: load_kernels("numba")\n'
        'except Exception as e: print(type(e).__name__)\n'
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == 'SettingError'


def test_importing_the_filter_does_not_import_numba():
    code = 'import sys, geoloc_ros.filters.particle_filter as f; print("numba" in sys.modules)'
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == 'False'

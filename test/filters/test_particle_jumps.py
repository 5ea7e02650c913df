# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Leaving a wrong place by sight, against a Bayes filter on a fine grid."""

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from geoloc_ros.filters.interface import forgives
from geoloc_ros.filters.particle_backend import load_kernels
from geoloc_ros.filters.particle_jumps import with_jumps
from geoloc_ros.filters.particle_robust import RobustParticleFilter
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.filters.particle_state import ParticleCloud
from geoloc_ros.types import GaussianForm, PosePrior, UpdateReason

FLOOR, PEAK, PEAK_SIGMA_M = 0.05, 60.0, 2.0
QUIET = ParticleSettings(particle_count=20_000, smoothing=0.0, kernels='numpy')


@dataclasses.dataclass(frozen=True)
class Peak:
    """A likelihood with one peak east of the origin, and a floor."""

    east_m: float
    forgives: bool = True
    stamp_ns: int = 0
    source: str = 'scores'

    def likelihood(self, x_m, y_m):
        square = (x_m - self.east_m) ** 2 + y_m**2
        return FLOOR + PEAK * np.exp(-0.5 * square / PEAK_SIGMA_M**2)

    def log_likelihood(self, states):
        return np.log(self.likelihood(states.x_m, states.y_m))

    def gaussian(self, state):
        jacobian = np.zeros((2, 5))
        jacobian[:, :2] = np.eye(2)
        return GaussianForm(
            np.array([self.east_m, 0.0]) - state[:2], PEAK_SIGMA_M**2 * np.eye(2), jacobian
        )


def settled(settings, seed=0):
    """A filter that is sure to half a metre that it is at the origin, heading east."""
    found = RobustParticleFilter(settings, np.random.default_rng(seed))
    found.initialize(PosePrior(0, 0.0, 0.0, 0.25 * np.eye(2), 0.0, 1e-4, 0.0, 1e-4))
    return found


def mass_at_peak(filter_, peak):
    poses = filter_.particles(20_000)
    return np.mean(np.hypot(poses[:, 0] - peak.east_m, poses[:, 1]) < 3.0 * PEAK_SIGMA_M)


def grid_masses(settings, peak, updates):
    """The same mixture, filtered on cells of 0.5 m: the mass at the peak after each update."""
    axis = np.arange(-60.0, 60.25, 0.5)
    x, y = np.meshgrid(axis, axis)
    belief = np.exp(-0.5 * (x**2 + y**2) / 0.25)
    masses = []
    for _ in range(updates):
        wide = gaussian_filter(belief, settings.jump_sigma_m / 0.5, truncate=6.0)
        belief = (1.0 - settings.jump_probability) * belief + settings.jump_probability * wide
        belief = belief * peak.likelihood(x, y)
        belief /= belief.sum()
        masses.append(belief[np.hypot(x - peak.east_m, y) < 3.0 * PEAK_SIGMA_M].sum())
    return masses


def test_a_wrong_place_is_left_as_fast_as_a_grid_filter_leaves_it():
    peak = Peak(12.0)
    settings = dataclasses.replace(QUIET, jump_probability=1e-5, jump_sigma_m=8.0)
    expected = grid_masses(settings, peak, 4)
    assert expected[0] < 0.02
    assert expected[-1] > 0.99
    found = np.zeros(4)
    for seed in range(8):
        filter_ = settled(settings, seed)
        for number in range(4):
            assert filter_.update(peak).accepted
            found[number] += mass_at_peak(filter_, peak) / 8.0
    np.testing.assert_allclose(found, expected, atol=0.08)


def test_without_jumps_it_stays_for_ever():
    filter_ = settled(dataclasses.replace(QUIET, jump_probability=0.0))
    for _ in range(20):
        filter_.update(Peak(12.0))
    assert filter_.estimate().x_m < 3.0


def test_one_wrong_picture_does_no_harm_to_a_belief_that_others_confirm():
    filter_ = settled(dataclasses.replace(QUIET, particle_count=5000))
    for east_m in (0.0, 15.0, 0.0):
        filter_.update(Peak(east_m))
    assert abs(filter_.estimate().x_m) < 0.1
    assert filter_.estimate().covariance[0, 0] < 0.3


def test_a_likelihood_without_a_floor_is_gated():
    assert forgives(Peak(0.0))
    assert not forgives(Peak(0.0, forgives=False))
    filter_ = settled(QUIET)
    verdict = filter_.update(Peak(12.0, forgives=False))
    assert verdict.reason is UpdateReason.GATED
    assert abs(filter_.estimate().x_m) < 0.05


def test_one_in_twenty_is_moved_and_weighs_little():
    settings = ParticleSettings(jump_probability=0.01, jump_sigma_m=10.0, jump_yaw_sigma_rad=0.2)
    random = np.random.default_rng(3)
    columns = np.vstack([np.zeros((3, 4000)), random.standard_normal((3, 4000))])
    cloud = ParticleCloud(columns, np.log(random.uniform(0.1, 1.0, 4000)))
    moved = with_jumps(cloud, settings, random, load_kernels('numpy'))
    away = np.hypot(*moved.columns[:2]) > 0.0
    assert away.sum() == 200
    assert moved.weights()[away].sum() == pytest.approx(0.01)
    kept = moved.weights()[~away] / cloud.weights()[~away]
    np.testing.assert_allclose(kept, kept[0])
    np.testing.assert_array_equal(moved.columns[3:], columns[3:])
    # 400 normal numbers: their variance is known to 7 %.
    assert np.square(moved.columns[:2, away]).mean() == pytest.approx(100.0, rel=0.25)
    assert np.square(moved.columns[2, away]).mean() == pytest.approx(0.04, rel=0.3)
    assert (cloud.columns[:2] == 0.0).all()


def test_the_smallest_cloud_and_no_probability():
    cloud = ParticleCloud(np.zeros((6, 10)))
    random = np.random.default_rng(4)
    off = ParticleSettings(jump_probability=0.0)
    assert with_jumps(cloud, off, random, load_kernels('numpy')) is cloud
    for _ in range(40):
        found = with_jumps(cloud, ParticleSettings(), random, load_kernels('numpy'))
        assert found.weights().sum() == pytest.approx(1.0)

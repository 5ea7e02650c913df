# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Averages of patterns against brute force, and statistics of the noise."""

import numpy as np
import pytest

from geoloc_sim.rendering.noise import between, grain, hashed, noise_2d, pulses


@pytest.mark.parametrize('footprint', [0.01, 0.3, 1.7, 6.2])
def test_pulses_and_intervals_are_exact_averages(footprint):
    places = np.linspace(-7.3, 9.1, 41)
    inside = places[:, None] + footprint * ((np.arange(20_000) + 0.5) / 20_000 - 0.5)
    in_pulse = np.mod(inside - 0.4, 1.3) < 0.5
    in_interval = (inside >= -1.0) & (inside <= 2.5)
    for k, place in enumerate(places):
        found = pulses(place, 1.3, 0.4, 0.5, footprint)
        assert found == pytest.approx(in_pulse[k].mean(), abs=2e-4)
        assert between(place, -1.0, 2.5, footprint) == pytest.approx(
            in_interval[k].mean(), abs=2e-4
        )


def test_hash_is_uniform_and_uncorrelated():
    cells = np.array([[hashed(x, y, 5) for x in range(-40, 40)] for y in range(-40, 40)])
    counts = np.histogram(cells, bins=16, range=(0.0, 1.0))[0]
    # chi^2 with 15 degrees of freedom: 99.9 % lie under 37.7.
    assert ((counts - 400.0) ** 2 / 400.0).sum() < 37.7
    for other in (np.roll(cells, 1, 0), np.roll(cells, 1, 1)):
        assert abs(np.corrcoef(cells.ravel(), other.ravel())[0, 1]) < 0.04
    again = np.array([hashed(x, 0, 6) for x in range(2000)])
    before = np.array([hashed(x, 0, 5) for x in range(2000)])
    assert abs(np.corrcoef(again, before)[0, 1]) < 0.08


def test_noise_takes_the_hash_at_corners_and_is_smooth_between():
    assert noise_2d(3.0, -2.0, 9) == pytest.approx(hashed(3, -2, 9))
    line = np.array([noise_2d(x, 0.37, 9) for x in np.arange(-3.0, 3.0, 1e-3)])
    assert np.abs(np.diff(line)).max() < 2e-3
    assert np.ptp(line) > 0.2


def test_grain_fades_to_its_mean_under_a_wide_footprint():
    assert grain(0.3, 0.4, 0.1, 3, 0.001) != 0.0
    assert grain(0.3, 0.4, 0.1, 3, 0.2) == 0.0

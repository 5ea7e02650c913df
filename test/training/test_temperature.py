# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The fitted temperature against one that is known, and the frames against brute force."""

import numpy as np
import pytest

from geoloc_ros.observations.calibration import fit_temperature
from geoloc_training.grid_retrieval import PlaceMatches
from geoloc_training.temperature import TemperatureSettings, scored_frames

SIGMA_M = 4.0


def made_matches(count, seed):
    """Queries on a field of references; a matcher that sees each place with a Gaussian error."""
    random = np.random.default_rng(seed)
    east, north = np.meshgrid(np.arange(0.0, 400.0, 2.0), np.arange(0.0, 400.0, 2.0))
    references = np.column_stack((east.ravel(), north.ravel()))
    truth = random.uniform(100.0, 300.0, (count, 2))
    seen = truth + SIGMA_M * random.standard_normal((count, 2))

    def match(query, near):
        return np.square(references[near] - seen[query]).sum(axis=1)

    return PlaceMatches(truth, np.zeros(count), references, match)


def test_the_temperature_of_a_gaussian_matcher_is_twice_its_variance():
    settings = TemperatureSettings(radius_m=60.0, sigma_m=1.0)
    frames = scored_frames(made_matches(600, 1), np.empty(0), settings, np.random.default_rng(2))
    found = fit_temperature([f.distances for f in frames], [f.true_index for f in frames])
    # 1 200 squared errors of unit variance: their mean is 1 +- 0.041.
    assert found == pytest.approx(2.0 * SIGMA_M**2, rel=0.12)


def test_the_true_index_is_the_cell_and_heading_nearest_to_the_truth():
    found = made_matches(40, 3)
    yaws = np.array([-1.5, 0.0, 1.5, 3.0])
    headings = np.random.default_rng(4).uniform(-3.1, 3.1, 40)
    layered = PlaceMatches(
        found.truth_m,
        headings,
        found.references_m,
        # the number of the reference and of the heading, to be found again
        lambda query, near: 10.0 * near[:, None] + np.arange(4)[None],
    )
    settings = TemperatureSettings(sigma_m=2.0)
    frames = scored_frames(layered, yaws, settings, np.random.default_rng(5))
    assert len(frames) == 40
    for query, frame in enumerate(frames):
        number, layer = divmod(frame.distances[frame.true_index], 10.0)
        apart = np.hypot(*(found.references_m - found.truth_m[query]).T)
        assert apart[int(number)] == apart.min()
        assert abs(np.angle(np.exp(1j * (yaws[int(layer)] - headings[query])))) < 0.9


def test_pictures_whose_truth_is_outside_the_circle_are_left_out():
    found = made_matches(100, 6)
    far = TemperatureSettings(radius_m=5.0, sigma_m=40.0)
    assert len(scored_frames(found, np.empty(0), far, np.random.default_rng(7))) < 20
    near = TemperatureSettings(sigma_m=1.0)
    assert len(scored_frames(found, np.empty(0), near, np.random.default_rng(7))) == 100

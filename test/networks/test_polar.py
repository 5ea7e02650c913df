# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The polar transform against closed forms and a bilinear loop."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='torch is not installed (requirements/networks.txt)')

from geoloc_ros.errors import NetworkError  # noqa: E402
from geoloc_ros.networks.polar import PolarGrid, PolarTransform  # noqa: E402

PATCH_M, PATCH_PX = 80.0, 160


def places_of_patch():
    """(east, north) metres of the patch's pixels, as a picture of two channels."""
    axis = (np.arange(PATCH_PX) + 0.5) / PATCH_PX * PATCH_M - PATCH_M / 2
    east, north = np.meshgrid(axis, -axis)
    return torch.from_numpy(np.stack((east, north))[None])


@pytest.mark.parametrize('exponent', [1.0, 1.5])
def test_a_picture_of_places_gives_radius_and_bearing(exponent):
    grid = PolarGrid(20, 48, 1.5, 39.0, exponent)
    east, north = PolarTransform(grid, PATCH_M, samples=1)(places_of_patch())[0].numpy()
    np.testing.assert_allclose(
        np.hypot(east, north), np.repeat(grid.radii_m()[:, None], 48, 1), atol=1e-3
    )
    bearings = np.arctan2(east, north) % (2.0 * math.pi)
    np.testing.assert_allclose(bearings, np.tile(grid.bearings_rad(), (20, 1)), atol=1e-4)


def test_rows_are_far_to_near_and_columns_clockwise_from_the_top():
    grid = PolarGrid(4, 8, 2.0, 34.0)
    np.testing.assert_allclose(grid.radii_m(), [30.0, 22.0, 14.0, 6.0])
    np.testing.assert_allclose(np.degrees(grid.bearings_rad())[:3], [22.5, 67.5, 112.5])
    assert PolarGrid(100, 8, 2.0, 34.0, 1.5).radii_m()[-1] < 2.1


def test_sampling_equals_a_bilinear_loop():
    rng = np.random.default_rng(3)
    patch = rng.normal(size=(1, 1, 9, 9))
    grid = PolarGrid(3, 5, 1.0, 3.9)
    result = PolarTransform(grid, 9.0, samples=1)(torch.from_numpy(patch))[0, 0].numpy()
    for row, radius in enumerate(grid.radii_m()):
        for column, bearing in enumerate(grid.bearings_rad()):
            u, v = 4.0 + radius * math.sin(bearing), 4.0 - radius * math.cos(bearing)
            i, j = math.floor(v), math.floor(u)
            a, b = v - i, u - j
            window = patch[0, 0, i : i + 2, j : j + 2]
            expected = np.array([1 - a, a]) @ window @ np.array([1 - b, b])
            assert result[row, column] == pytest.approx(expected, abs=1e-5)


def test_quarter_turns_of_the_patch_turn_the_columns():
    rng = np.random.default_rng(4)
    patch = torch.from_numpy(rng.normal(size=(1, 2, PATCH_PX, PATCH_PX)))
    transform = PolarTransform(PolarGrid(12, 32, 1.5, 40.0, 1.5), PATCH_M)
    turned = transform(torch.rot90(patch, -1, (2, 3)))  # clockwise
    torch.testing.assert_close(turned, transform(patch).roll(8, dims=3), atol=1e-4, rtol=0)


def test_several_samples_keep_the_mean_of_fine_stripes():
    stripes = torch.zeros(1, 1, PATCH_PX, PATCH_PX)
    stripes[..., ::2] = 1.0
    grid = PolarGrid(12, 64, 20.0, 39.0)
    rough = PolarTransform(grid, PATCH_M, samples=1)(stripes)
    smooth = PolarTransform(grid, PATCH_M, samples=3)(stripes)
    assert smooth.std() < 0.6 * rough.std()
    assert float(smooth.mean()) == pytest.approx(0.5, abs=0.02)


def test_gradients_agree_with_finite_differences():
    transform = PolarTransform(PolarGrid(2, 4, 0.5, 2.0), 5.0)
    patch = torch.randn(1, 1, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(transform, (patch,))


@pytest.mark.parametrize('bad', [(0, 8, 1.0, 2.0), (4, 8, 2.0, 2.0), (4, 8, -1.0, 2.0)])
def test_impossible_grids_are_refused(bad):
    with pytest.raises(NetworkError, match='near < far'):
        PolarGrid(*bad)

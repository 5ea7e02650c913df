# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The response curve and its table."""

from lit_rectangles import plain_day
import numpy as np

from geoloc_sim.rendering.develop import develop, response


def test_table_agrees_with_the_curve():
    light = np.geomspace(1e-5, 15.0, 3000).astype(np.float32).reshape(10, 100, 3)
    pixels = develop(light, plain_day())
    assert pixels.shape == light.shape
    assert pixels.dtype == np.uint8
    assert np.abs(pixels - np.rint(255.0 * response(light.astype(float)))).max() <= 1


def test_shadows_have_the_srgb_transfer():
    # IEC 61966-2-1: 0.18 linear is 117.7 of 255, 0.002 is 6.6.
    pixels = develop(np.array([[0.18, 0.002, 0.0]], np.float32), plain_day())
    np.testing.assert_array_equal(pixels, [[118, 7, 0]])


def test_highlights_bend_before_they_clip():
    values = response(np.array((0.6, 0.8, 1.0, 2.0, 100.0)))
    assert np.all(np.diff(values) > 0.0)
    assert values[2] < 0.95
    assert values[-1] <= 1.0
    bright = develop(np.array([[1e6, 300.0, -1.0]], np.float32), plain_day())
    np.testing.assert_array_equal(bright, [[255, 255, 0]])


def test_exposure_and_balance_are_factors():
    light = np.array([[0.1, 0.1, 0.1]], np.float32)
    day = plain_day(exposure=2.0, white_balance=(1.1, 1.0, 0.9))
    expected = develop(np.array([[0.22, 0.2, 0.18]], np.float32), plain_day())
    assert np.abs(develop(light, day).astype(int) - expected).max() <= 1

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import math

import numpy as np
import pytest

from geoloc_ros.errors import GeodesyError, GeolocError, ShapeError
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.grids import PatchGrid, Window, grid_over
from geoloc_sim.aerial.model import AerialModel, draw_aerial_model, read_model, write_model
from geoloc_sim.aerial.settings import AerialSettings

DATUM = GeodeticPosition(49.0, 8.4, 115.0)
BOUNDS_M = (-300.0, -300.0, 400.0, 300.0)


@pytest.fixture
def model():
    return draw_aerial_model(DATUM, BOUNDS_M, AerialSettings(), 7)


def test_projects_there_and_back_at_every_height(model):
    rng = np.random.default_rng(0)
    points = rng.uniform((-500, -500, -5), (500, 500, 80), (300, 3))
    pixels = model.project(points)
    np.testing.assert_allclose(model.unproject(pixels, points[:, 2]), points, atol=1e-5)


def test_a_roof_leans_away_from_the_camera_by_hand():
    patch = PatchGrid(0.0, 0.0, math.pi / 2, 1000.0, 1000)
    model = AerialModel(patch, (100.0, 0.0, 1000.0), (0.25, -0.5))
    # by similar triangles: at height 50 m, (300 - 100) * 1000 / 950 from the nadir point
    u, v = model.project(np.array([[300.0, 0.0, 50.0]]))[0]
    assert u == pytest.approx(100.0 + 200.0 / 0.95 + 0.25 + 499.5)
    assert v == pytest.approx(499.5 + 0.5)
    ground = model.project(np.array([[300.0, 0.0, 0.0]]))[0]
    assert tuple(ground) == pytest.approx((300.25 + 499.5, 500.0))


def test_pixels_of_a_window_show_where_points_project(model):
    window = Window(200, 100, 130, 90)
    ground = model.ground_of_window(window)
    points = np.concatenate((ground.reshape(-1, 2), np.zeros((130 * 90, 1))), axis=1)
    pixels = model.project(points).reshape(90, 130, 2)
    assert np.max(np.abs(pixels[..., 0] - (200 + np.arange(130))[None])) < 0.004
    assert np.max(np.abs(pixels[..., 1] - (100 + np.arange(90))[:, None])) < 0.004


def test_offset_and_lean_are_drawn_within_their_limits():
    settings = AerialSettings(offset_m=0.8, off_nadir_deg=4.0)
    drawn = [draw_aerial_model(DATUM, BOUNDS_M, settings, seed) for seed in range(200)]
    offsets = np.array([model.offset_m for model in drawn])
    lengths = np.hypot(*offsets.T)
    assert 0.75 < np.max(lengths) <= 0.8
    # evenly over the disc: half of its area lies within r / sqrt 2; no direction is preferred
    assert np.mean(lengths < 0.8 / math.sqrt(2.0)) == pytest.approx(0.5, abs=0.1)
    assert np.max(np.abs(np.mean(offsets, axis=0))) < 0.1
    away = np.array([model.camera_m[:2] for model in drawn]) - (50.0, 0.0)
    angles_deg = np.degrees(np.arctan(np.hypot(*away.T) / 5000.0))
    assert 3.5 < np.max(angles_deg) <= 4.0
    assert abs(np.corrcoef(lengths, angles_deg)[0, 1]) < 0.2


def test_same_seed_same_model_on_any_raster(model):
    assert draw_aerial_model(DATUM, BOUNDS_M, AerialSettings(), 7) == model
    coarse = draw_aerial_model(DATUM, BOUNDS_M, AerialSettings(gsd_m_per_px=1.0), 7)
    assert (coarse.camera_m, coarse.offset_m) == (model.camera_m, model.offset_m)
    other = model.on_grid(grid_over(DATUM, 'EPSG:3857', BOUNDS_M, 0.3))
    point = np.array([[12.0, -34.0, 15.0]])
    ground = [m.grid.ground_from_pixels(m.project(point)) for m in (model, other)]
    np.testing.assert_allclose(ground[0], ground[1], atol=1e-5)


def test_model_file_is_read_back(model, tmp_path):
    path = tmp_path / 'aerial.json'
    write_model(path, model)
    assert read_model(path) == model


def test_refusals(model, tmp_path):
    with pytest.raises(ShapeError, match='points_m has shape'):
        model.project(np.zeros((2, 2)))
    with pytest.raises(GeodesyError, match='not below the aerial camera'):
        model.project(np.array([[0.0, 0.0, 5000.0]]))
    with pytest.raises(GeodesyError, match='not below'):
        model.project(np.array([[0.0, 0.0, np.nan]]))
    with pytest.raises(GeodesyError, match='expected a CrsGrid'):
        write_model(tmp_path / 'x.json', dataclasses.replace(model, grid=PatchGrid(0, 0, 0, 1, 1)))
    path = tmp_path / 'wrong.json'
    path.write_text('{"grid": 3}')
    with pytest.raises(GeolocError, match='holds no aerial model'):
        read_model(path)

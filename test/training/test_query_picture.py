# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc-train picture`` end to end on a painted world, and the scores that it draws."""

import math

import cv2
import numpy as np
import painted_drives
import pytest
import torch

from geoloc_ros.errors import EvaluationError, SettingError
from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.torch_backend import save_weights
from geoloc_training.cli import main
from geoloc_training.data.sources import open_data
from geoloc_training.grid_retrieval import GridSettings, grid_retrieval
from geoloc_training.query_picture import attention_overlay, heading_assumption, query_figure
from geoloc_training.query_views import ViewSettings, chosen_queries, query_view


@pytest.fixture(scope='module', name='drive')
def made_drive(tmp_path_factory):
    place = painted_drives.write_place(tmp_path_factory.mktemp('data'), ((900, 12),))
    return place / 'day_900'


def network_of(architecture):
    torch.manual_seed(0)
    return build(architecture).eval()


def viewed(drive, architecture, number, **settings):
    network = network_of(architecture)
    chosen, titles = chosen_queries(open_data([str(drive)]), network.contract, [number])
    return query_view(
        'it', network, chosen, 0, titles[0], ViewSettings(spacing_m=25.0, **settings)
    )


def test_the_command_draws_a_row_for_each_network_and_query(drive, tmp_path, capsys):
    words = []
    for architecture in ('azimuth', 'compact_aligned'):
        path = tmp_path / f'{architecture}.pt'
        save_weights(path, architecture, network_of(architecture), 'simulation')
        words.append(f'{architecture}={path}')
    heights = []
    for queries in (['3'], ['3', '7']):
        out = tmp_path / f'queries_{len(queries)}.png'
        command = ['picture', *words, '--data', str(drive), '--query', *queries]
        assert main([*command, '--out', str(out), '--spacing-m', '40']) == 0
        image = cv2.imread(str(out))
        heights.append(image.shape[0])
        assert image.std() > 20.0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(':')[0] for line in lines[3:7]] == [
        'azimuth, day_900, image 3',
        'compact_aligned, day_900, image 3',
        'azimuth, day_900, image 7',
        'compact_aligned, day_900, image 7',
    ]
    assert heights[1] - heights[0] == pytest.approx(2 * (heights[0] - 110) / 2, abs=4)


def test_the_best_reference_is_that_of_evaluate(drive):
    for architecture in ('azimuth', 'compact_aligned'):
        network = network_of(architecture)
        view = viewed(drive, architecture, 5)
        chosen, _ = chosen_queries(open_data([str(drive)]), network.contract, [5])
        found = grid_retrieval(network, chosen, GridSettings(spacing_m=25.0))
        # The grids of both are laid by the same seed; that of the picture reaches further.
        assert view.error_m == pytest.approx(float(found.errors_m[0]), abs=1e-6)
        assert len(view.references_m) > int(found.searched[0])
        apart = np.hypot(*(view.references_m - view.truth_m).T)
        assert apart[view.best] <= 50.0 < apart.max() <= 100.0
        assert np.all(np.abs(view.similarities) <= 1.0)


def test_the_heading_that_is_compared_is_stated(drive):
    told = viewed(drive, 'azimuth', 2)
    assert heading_assumption(told) == 'true heading known'
    step = 2.0 * math.pi / 32
    turn = math.remainder(told.matched_yaw_rad - told.yaw_rad, 2.0 * math.pi)
    assert abs(turn) <= 0.5 * step + 1e-9
    searched = viewed(drive, 'azimuth', 2, known_heading=False)
    assert heading_assumption(searched) == 'heading searched'
    assert np.all(searched.similarities >= told.similarities)
    aligned = viewed(drive, 'compact_aligned', 2)
    assert heading_assumption(aligned) == 'true heading known'
    assert math.isnan(aligned.matched_yaw_rad)
    north_up = viewed(drive, 'compact_north_up', 2)
    assert heading_assumption(north_up) == 'heading not used'


def test_every_panel_says_what_it_shows(drive):
    view = viewed(drive, 'azimuth', 4, known_heading=False)
    row = query_figure([view], 'sheet', [None]).subfigs[0]
    assert 'day_900, image 4' in row.get_suptitle()
    assert 'heading searched' in row.get_suptitle()
    titles = [axes.get_title(loc='left') for axes in row.axes]
    turn = math.remainder(view.matched_yaw_rad - view.yaw_rad, 2.0 * math.pi)
    assert titles[0] == 'Camera as the network sees it, 90° across'
    assert titles[1] == 'Attention in it'
    assert f'{abs(math.degrees(turn)):.0f}° ' in titles[2]
    assert f'best within 50 m is\n{view.error_m:.1f} m from the true place' in titles[3]
    heat = row.axes[3]
    middle = np.mean([heat.get_xlim(), heat.get_ylim()], axis=1)
    np.testing.assert_allclose(middle, view.truth_m)
    dots = heat.collections[0]
    np.testing.assert_allclose(dots.get_offsets(), view.references_m)
    np.testing.assert_allclose(dots.get_array(), view.similarities)


def test_where_there_is_no_attention_a_picture_is_grey():
    picture = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    attention = np.zeros((4, 5))
    attention[1, 2] = 1.0
    shown = attention_overlay(picture, attention)
    spread = np.ptp(shown, axis=-1)
    assert spread[1, 2] > 0.2
    spread[1, 2] = 0.0
    np.testing.assert_allclose(spread, 0.0, atol=1e-12)
    red, green, blue = picture[0, 0] / 255.0
    assert shown[0, 0, 0] == pytest.approx(0.299 * red + 0.587 * green + 0.114 * blue)


def test_errors_are_explained(drive, tmp_path, capsys):
    with pytest.raises(EvaluationError, match='expected numbers from 0 to 11'):
        viewed(drive, 'azimuth', 12)
    with pytest.raises(SettingError, match='at least the radius'):
        ViewSettings(radius_m=50.0, reach_m=20.0)
    command = ['picture', 'none.pt', '--data', str(drive), '--query', '0', '--out']
    assert main([*command, str(tmp_path / 'queries.doc')]) == 1
    assert 'a name that ends in .png' in capsys.readouterr().err

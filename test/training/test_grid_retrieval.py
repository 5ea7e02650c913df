# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Retrieval on a grid: what is told of headings, and what is said of it."""

import dataclasses

import numpy as np
import painted_drives
import pytest
import torch

from geoloc_ros.errors import DriveError, EvaluationError
from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.torch_backend import save_weights
from geoloc_training.cli import main
from geoloc_training.data.prepared import folder_data_set, prepared
from geoloc_training.data.records import no_progress
from geoloc_training.grid_retrieval import (
    GridSettings,
    _others,
    grid_retrieval,
    place_matches,
    told_heading,
)
from geoloc_training.temperature import fitted_temperature

GRID = GridSettings(radius_m=30.0, spacing_m=20.0)


@pytest.fixture(scope='module', name='place')
def made_place(tmp_path_factory):
    """Of days 1 and 2 all headings are known, of day 3 the first only, of day 4 none."""
    place = painted_drives.write_place(
        tmp_path_factory.mktemp('data'), ((1, 4), (2, 24), (3, 4), (4, 4))
    )
    for day, known in ((3, 1), (4, 0)):
        table = place / f'day_{day}' / 'frames.csv'
        head, *lines = table.read_text().splitlines()
        unknown = [line.rpartition(',')[0] + ',' for line in lines[known:]]
        table.write_text('\n'.join([head, *lines[:known], *unknown]) + '\n')
    return place


@pytest.fixture(scope='module', name='network')
def made_network():
    torch.manual_seed(0)
    return build('azimuth').eval()


def pairs(place, network, day):
    return prepared(folder_data_set([place / f'day_{day}']), network.contract, 0.0)


def test_everywhere_there_are_no_fewer_references(place, network):
    data = pairs(place, network, 1)
    wide = dataclasses.replace(GRID, radius_m=80.0)
    near = place_matches(network, data, 0, wide, no_progress)
    anywhere = place_matches(network, data, 0, wide.everywhere(), no_progress)
    assert anywhere.references_m.tolist() == near.references_m.tolist()
    assert GRID.everywhere().reach_m == 50.0


def test_shuffled_images_are_never_a_querys_own():
    random = np.random.default_rng(0)
    for count in (2, 3, 20, 120):
        others = _others(count, random)
        assert sorted(others.tolist()) == list(range(count))
        assert not np.any(others == np.arange(count))
    with pytest.raises(EvaluationError, match='at least 2'):
        _others(1, random)


def test_headings_that_nobody_knows_are_searched(place, network):
    data = pairs(place, network, 3)
    found = place_matches(network, data, 0, GRID, no_progress)
    near = np.arange(3)
    assert [found.match(query, near).shape for query in range(4)] == [(3, 1)] + 3 * [(3, 32)]
    searched = dataclasses.replace(GRID, known_heading=False)
    nobody = pairs(place, network, 4)
    told, all_bins = (grid_retrieval(network, nobody, s) for s in (GRID, searched))
    assert told.errors_m.tolist() == all_bins.errors_m.tolist()
    assert told.yaw_bins.tolist() == all_bins.yaw_bins.tolist()


def test_what_was_known_of_headings_is_said(place, network):
    said = {
        day: told_heading(network.contract, pairs(place, network, day).table, True)
        for day in (1, 3, 4)
    }
    assert said == {1: 'known', 3: 'partly known', 4: 'searched'}
    north_up = build('compact_north_up').contract
    assert told_heading(north_up, pairs(place, network, 4).table, True) == ''


def test_evaluation_says_of_which_rows_headings_were_known(place, network, tmp_path, capsys):
    save_weights(tmp_path / 'weights.pt', 'azimuth', network, 'real')
    days = [str(place / f'day_{day}') for day in (1, 4)]
    words = ['evaluate', f'net={tmp_path / "weights.pt"}', '--spacing-m', '30', '--data']
    assert main([*words, *days]) == 0
    assert 'heading: known (T.1 net); searched (T.2 net); sigma 0 deg' in capsys.readouterr().out
    assert main([*words, days[0]]) == 0
    assert 'heading: known; sigma 0 deg' in capsys.readouterr().out


def test_what_needs_headings_refuses_pictures_without(place, network):
    data = pairs(place, network, 3)
    aligned = build('compact_aligned').eval()
    with pytest.raises(DriveError, match='3 of 4 pairs have no heading'):
        grid_retrieval(aligned, pairs(place, aligned, 3), GRID)
    with pytest.raises(DriveError, match='give drives whose headings are known'):
        fitted_temperature(network, data, '', 'real')


def test_validation_drives_without_headings_are_refused_before_training(place, tmp_path, capsys):
    words = ['fit', str(place / 'day_2'), '--out', str(tmp_path), '--network', 'compact_aligned']
    words += ['--set', 'sample.batch_size=2', 'pretrained=false']
    assert main([*words, '--validation', str(place / 'day_3')]) == 1
    assert '3 of 4 pairs have no heading' in capsys.readouterr().err
    assert not (tmp_path / 'log.jsonl').exists()

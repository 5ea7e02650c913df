# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A map finds the weights that made it among the shipped ones."""

from __future__ import annotations

import pytest

from geoloc_ros.errors import MapError, NetworkError
from geoloc_ros.map_store.build import BuildOptions
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.records import GeodeticBounds
from geoloc_ros.map_store.tile_grid import grid_over
from geoloc_ros.networks.weights import find_entry
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.observations.map_matcher import open_matcher
from geoloc_ros.types import GeodeticPosition

SETTINGS = CrossViewSettings()


@pytest.fixture
def make_map(tmp_path):
    def made(sha256):
        contract = find_entry('azimuth').contract
        grid = grid_over(GeodeticBounds(8.4, 49.0, 8.401, 49.001), 20.0)
        record = MapRecord(
            grid, GeodeticPosition(49.0, 8.4), 'azimuth', sha256, contract.descriptor_shape,
            contract.patch_size_m, contract.patch_size_px, BuildOptions().yaws_rad,
        )  # fmt: skip
        return DescriptorStore.create(tmp_path / 'map', record).path

    return made


def test_a_map_finds_the_weights_that_made_it(make_map):
    pytest.importorskip('torch', reason='torch is not installed')
    sha256 = find_entry('azimuth').weights.sha256
    matcher = open_matcher(make_map(sha256), '', 'auto', SETTINGS, provider='cpu', threads=1)
    assert matcher.network.sha256 == sha256


def test_a_map_of_unknown_weights_asks_for_their_name(make_map):
    with pytest.raises(NetworkError, match=r'0{64}.*azimuth.*network\.weights'):
        open_matcher(make_map('0' * 64), '', 'auto', SETTINGS)


def test_a_missing_map_is_the_first_complaint(tmp_path):
    with pytest.raises(MapError, match='nope'):
        open_matcher(tmp_path / 'nope', '', 'auto', SETTINGS)

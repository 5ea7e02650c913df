# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Colours of descriptors against numpy's own eigenvectors of all of them."""

import dataclasses

import numpy as np
import pytest

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.components import principal_colours
from geoloc_ros.map_store.descriptor_store import DescriptorStore, remove_map
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.tile_grid import TileGrid
from geoloc_ros.types import GeodeticPosition

RECORD = MapRecord(
    grid=TileGrid('EPSG:32632', 689000.0, 5452000.0, 5.0, 20, 12),
    datum=GeodeticPosition(49.2, 11.6),
    network_name='any',
    network_sha256='0' * 64,
    descriptor_shape=(7,),
    patch_size_m=40.0,
    patch_size_px=64,
)


def stored(path, values, shares, record=RECORD):
    store = DescriptorStore.create(path, record)
    for row, column in np.ndindex(*record.block_shape):
        ix0, iy0, nx, ny = store.block_cells(row, column)
        cells = np.s_[iy0 : iy0 + ny, ix0 : ix0 + nx]
        store.write_block(row, column, values[cells], shares[cells])
    return store


def test_colours_are_principal_components(tmp_path):
    rng = np.random.default_rng(1)
    scale = np.array([3.0, 2.0, 1.2, 0.1, 0.1, 0.1, 0.1])
    values = (rng.normal(size=(12, 20, 7)) * scale) @ np.linalg.qr(rng.normal(size=(7, 7)))[0]
    shares = np.ones((12, 20))
    shares[:3, :4] = 0.0
    colours = principal_colours(stored(tmp_path / 'map', values.astype(np.float32), shares))
    assert not colours[:3, :4].any()
    assert np.all(colours[..., 3][shares == 1.0] == 255)
    kept = values[shares == 1.0]
    _, vectors = np.linalg.eigh(np.cov(kept.T))
    for channel in range(3):
        expected = (kept - kept.mean(axis=0)) @ vectors[:, -1 - channel]
        found = colours[..., channel][shares == 1.0].astype(float)
        inside = (found > 0) & (found < 255)
        assert abs(np.corrcoef(found[inside], expected[inside])[0, 1]) > 0.999
        assert np.mean(found == 0) == pytest.approx(0.02, abs=0.01)
        assert np.mean(found == 255) == pytest.approx(0.02, abs=0.01)


def test_maps_of_little_are_drawn_too(tmp_path):
    """No data at all; one cell; descriptors of a single number."""
    empty = stored(tmp_path / 'a', np.ones((12, 20, 7), np.float32), np.zeros((12, 20)))
    assert not principal_colours(empty).any()
    shares = np.zeros((12, 20))
    shares[4, 5] = 1.0
    one = principal_colours(stored(tmp_path / 'b', np.ones((12, 20, 7), np.float32), shares))
    assert np.argwhere(one[..., 3]).tolist() == [[4, 5]]
    scalar = dataclasses.replace(RECORD, descriptor_shape=())
    values = np.arange(240, dtype=np.float32).reshape(12, 20)
    drawn = principal_colours(stored(tmp_path / 'c', values, np.ones((12, 20)), scalar))
    assert len(np.unique(drawn[..., 0])) > 200


def test_only_maps_are_removed(tmp_path):
    stored(tmp_path / 'a', np.ones((12, 20, 7), np.float32), np.ones((12, 20)))
    remove_map(tmp_path / 'a')
    assert not (tmp_path / 'a').exists()
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / '.zattrs').write_text('{"format": "something else"}')
    for path in (tmp_path / 'photos', tmp_path / 'none'):
        with pytest.raises(MapError, match='is not removed'):
            remove_map(path)
    assert (tmp_path / 'photos').exists()


def test_a_map_without_the_right_to_remove_it_is_named(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, 'Permission denied')

    stored(tmp_path / 'a', np.ones((12, 20, 7), np.float32), np.ones((12, 20)))
    monkeypatch.setattr('shutil.rmtree', refuse)
    with pytest.raises(MapError, match=r'a cannot be removed .* choose another path'):
        remove_map(tmp_path / 'a')

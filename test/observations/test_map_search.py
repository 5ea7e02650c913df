# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The search of a whole map in int8 against distances in float64, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from geoloc_ros.errors import MapError, ShapeError
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.tile_grid import TileGrid
from geoloc_ros.observations import map_search
from geoloc_ros.observations.map_search import MapSearch
from geoloc_ros.types import GeodeticPosition


@pytest.fixture(params=['compiled', 'numpy'])
def kernels(request, monkeypatch):
    monkeypatch.setattr(map_search, 'COMPILED', request.param == 'compiled')


def unit(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def places(rng, count, size, noise):
    """Descriptors of places that look alike in groups of 20, as streets do."""
    groups = unit(rng.normal(size=(count // 20, size)))
    return unit(np.repeat(groups, 20, axis=0) + noise * unit(rng.normal(size=(count, size))))


def squared_distances(query, references):
    return np.sum((references.astype(np.float64) - query.astype(np.float64)) ** 2, axis=1)


@pytest.mark.usefixtures('kernels')
def test_the_nearest_are_those_of_float64():
    rng = np.random.default_rng(1)
    references = places(rng, 4000, 512, 0.8).astype(np.float32)
    search = MapSearch.of(references)
    shared = 0
    for at in range(0, 4000, 100):
        query = unit(references[at] + 0.5 * unit(rng.normal(size=512))).astype(np.float32)
        exact = squared_distances(query, references)
        found, distances = search.best(query, 10)
        assert found[0] == np.argmin(exact)
        np.testing.assert_allclose(distances, exact[found], atol=5e-3)
        assert np.all(np.diff(distances) >= 0.0)
        shared += len(np.intersect1d(found, np.argsort(exact)[:10]))
    assert shared >= 0.98 * 400


@pytest.mark.usefixtures('kernels')
@pytest.mark.parametrize('size', [3, 512, 4096])
def test_no_sum_overflows_where_all_values_agree(size):
    alike = np.full((1, size), 1.0 / np.sqrt(size), np.float32)
    references = np.concatenate((-alike, alike))
    found, distances = MapSearch.of(references).best(alike[0], 2)
    assert found.tolist() == [1, 0]
    np.testing.assert_allclose(distances, [0.0, 4.0], atol=1e-3)


@pytest.mark.usefixtures('kernels')
def test_cells_without_data_are_never_found():
    references = np.zeros((5, 8), np.float32)
    references[1, 0], references[3, 1] = -1.0, 1.0
    query = np.eye(8, dtype=np.float32)[0]
    found, distances = MapSearch.of(references).best(query, 4)
    assert found.tolist() == [3, 1]
    np.testing.assert_allclose(distances, [2.0, 4.0], atol=1e-4)


@pytest.mark.usefixtures('kernels')
def test_a_map_searched_in_ascending_order_gives_all_in_order():
    angle = np.linspace(1.5, 0.0, 50)
    references = np.column_stack((np.cos(angle), np.sin(angle))).astype(np.float32)
    found, _ = MapSearch.of(references).best(np.array([1.0, 0.0], np.float32), 50)
    assert found[:10].tolist() == list(range(49, 39, -1))
    assert sorted(found.tolist()) == list(range(50))


def test_memory_is_a_byte_a_value():
    rng = np.random.default_rng(2)
    search = MapSearch.of(rng.normal(size=(5000, 4, 32)).astype(np.float16))
    assert search.codes.nbytes == 5000 * 128
    assert search.scales.nbytes == 5000 * 4


def test_a_map_is_searched_by_cell(tmp_path):
    rng = np.random.default_rng(3)
    nx, ny = 21, 11
    record = MapRecord(
        grid=TileGrid('EPSG:32632', 689000.0, 5452000.0, 5.0, nx, ny),
        datum=GeodeticPosition(49.2, 11.6, 310.0),
        network_name='random',
        network_sha256='0' * 64,
        descriptor_shape=(4, 16),
        patch_size_m=40.0,
        patch_size_px=64,
        block_cells=8,
    )
    values = unit(rng.normal(size=(ny, nx, 64))).astype(np.float32).reshape(ny, nx, 4, 16)
    store = DescriptorStore.create(tmp_path / 'map', record)
    shares = np.ones((ny, nx))
    shares[6, 9] = 0.0
    for row, column in np.ndindex(*record.block_shape):
        ix0, iy0, width, height = store.block_cells(row, column)
        cells = np.s_[iy0 : iy0 + height, ix0 : ix0 + width]
        store.write_block(row, column, values[cells], shares[cells])
    search = MapSearch.of_map(store)
    found, distances = search.best(values[7, 15], 1)
    assert (found[0] % nx, found[0] // nx) == (15, 7)
    assert distances[0] == pytest.approx(0.0, abs=2e-3)
    hole, distances = search.best(values[6, 9], 1)
    assert hole[0] != 6 * nx + 9
    assert distances[0] > 0.5


def test_what_cannot_be_searched_is_refused():
    search = MapSearch.of(np.eye(4, dtype=np.float32))
    with pytest.raises(ShapeError, match='query of 3 values, 10 wanted; expected 4'):
        search.best(np.ones(3, np.float32))
    with pytest.raises(ShapeError, match='0 wanted'):
        search.best(np.ones(4, np.float32), 0)
    with pytest.raises(MapError, match='query is not finite'):
        search.best(np.full(4, np.nan, np.float32))
    with pytest.raises(MapError, match='descriptors hold values that are not finite'):
        MapSearch.of(np.full((2, 4), np.inf, np.float32))
    with pytest.raises(ShapeError, match=r'\(0, 4\)'):
        MapSearch.of(np.empty((0, 4), np.float32))

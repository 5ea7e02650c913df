# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Maps on disk: what is written is read, by us and by zarr's own reader; others are refused."""

import dataclasses
import json
import threading

from colour_network import ColourNetwork
import numpy as np
import pytest
import zarr

from geoloc_ros.errors import MapError, ShapeError
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.tile_grid import TileGrid
from geoloc_ros.types import GeodeticPosition

NETWORK = ColourNetwork()
NX, NY = 37, 21
RECORD = MapRecord(
    grid=TileGrid('EPSG:32632', 689000.0, 5452000.0, 5.0, NX, NY),
    datum=GeodeticPosition(49.2, 11.6, 310.0),
    network_name=NETWORK.name,
    network_sha256=NETWORK.sha256,
    descriptor_shape=(6, 4),
    patch_size_m=40.0,
    patch_size_px=64,
    block_cells=8,
    imagery='waves',
    attribution='nobody',
    licence='CC0-1.0',
)


def filled(path, record=RECORD, holes=()):
    """A complete map, its descriptors as float32 (ny, nx, 6, 4) and covered shares."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(NY, NX, 6, 4)).astype(np.float32)
    values /= np.linalg.norm(values.reshape(NY, NX, -1), axis=-1)[..., None, None]
    shares = np.ones((NY, NX))
    for iy, ix in holes:
        shares[iy, ix] = 0.5
    store = DescriptorStore.create(path, record)
    for row, column in np.ndindex(*record.block_shape):
        ix0, iy0, nx, ny = store.block_cells(row, column)
        cells = np.s_[iy0 : iy0 + ny, ix0 : ix0 + nx]
        store.write_block(row, column, values[cells], shares[cells])
    return store, values, shares


WINDOWS = [
    (0, 0, NX, NY),
    (0, 0, 1, 1),
    (5, 6, 13, 13),
    (8, 8, 8, 8),
    (36, 20, 1, 1),
    (7, 3, 2, 18),
]


@pytest.mark.parametrize('window', WINDOWS)
def test_windows_hold_what_was_written(tmp_path, window):
    """Within half a unit of float16's last place; the same after opening again."""
    written, values, _ = filled(tmp_path / 'map')
    ix0, iy0, nx, ny = window
    expected = values[iy0 : iy0 + ny, ix0 : ix0 + nx]
    for store in (written, DescriptorStore.open(tmp_path / 'map', NETWORK)):
        for _ in range(2):
            found = store.read_window(*window)
            assert found.descriptors.dtype == np.float32
            assert found.descriptors.flags.c_contiguous
            np.testing.assert_allclose(found.descriptors, expected, rtol=2**-11, atol=2**-25)
            assert found.has_data.all()


def test_float16_hardly_moves_distances(tmp_path):
    """Squared distances of unit vectors, in [0, 4], change by less than 1e-3."""
    store, values, _ = filled(tmp_path / 'map')
    flat, stored = values.reshape(NY * NX, -1), store.read_window(0, 0, NX, NY).descriptors
    exact = 2.0 - 2.0 * flat @ flat[17]
    rounded = np.sum((stored.reshape(NY * NX, -1) - flat[17]) ** 2, axis=1)
    np.testing.assert_allclose(rounded, exact, atol=1e-3)


def test_cells_without_imagery_have_no_data(tmp_path):
    store, _, shares = filled(tmp_path / 'map', holes=[(0, 0), (9, 12)])
    np.testing.assert_array_equal(store.has_data, shares == 1.0)
    np.testing.assert_array_equal(store.covered_share, shares)
    window = store.read_window(11, 8, 3, 3)
    assert not window.has_data[1, 1]
    assert window.has_data.sum() == 8
    assert not window.descriptors[1, 1].any()


def test_threshold_of_coverage(tmp_path):
    """Data at 95 % exactly; none a little below."""
    store = DescriptorStore.create(tmp_path / 'map', RECORD)
    shares = np.full((8, 8), 0.95)
    shares[0, 0] = 0.9499
    store.write_block(0, 0, np.ones((8, 8, 6, 4), np.float32), shares)
    assert store.has_data[:8, :8].sum() == 63
    assert not store.has_data[0, 0]


def test_zarr_reads_the_folder(tmp_path):
    """Format 2, uncompressed, by zarr's own reader and by eye."""
    _, values, _ = filled(tmp_path / 'map')
    group = zarr.open_group(str(tmp_path / 'map'), mode='r')
    assert group['descriptors'].dtype == np.float16
    np.testing.assert_array_equal(group['descriptors'][:], values.astype(np.float16))
    layout = json.loads((tmp_path / 'map' / 'descriptors' / '.zarray').read_text())
    assert layout['zarr_format'] == 2
    assert layout['chunks'] == [8, 8, 6, 4]
    assert layout['compressor'] is None
    chunk = np.fromfile(tmp_path / 'map' / 'descriptors' / '1.2.0.0', np.float16)
    np.testing.assert_array_equal(
        chunk.reshape(8, 8, 6, 4), values[8:16, 16:24].astype(np.float16)
    )
    attributes = json.loads((tmp_path / 'map' / '.zattrs').read_text())
    assert attributes['network_sha256'] == NETWORK.sha256
    assert attributes['attribution'] == 'nobody'
    assert attributes['licence'] == 'CC0-1.0'
    assert attributes['datum'] == {'lat_deg': 49.2, 'lon_deg': 11.6, 'alt_m': 310.0}


def test_record_survives(tmp_path):
    filled(tmp_path / 'map')
    store = DescriptorStore.open(tmp_path / 'map')
    assert store.record == RECORD
    assert store.datum.origin == RECORD.datum
    assert store.complete


def test_other_weights_are_refused_by_name(tmp_path):
    filled(tmp_path / 'map')
    other = ColourNetwork(parts=8, name='finer colours')
    with pytest.raises(MapError) as caught:
        DescriptorStore.open(tmp_path / 'map', other)
    text = str(caught.value)
    assert all(word in text for word in (NETWORK.sha256, other.sha256, NETWORK.name, other.name))
    assert 'build the map again' in text


def test_half_built_maps_know_what_they_have(tmp_path):
    store = DescriptorStore.create(tmp_path / 'map', RECORD)
    assert not store.built_blocks.any()
    assert store.built_blocks.shape == RECORD.block_shape == (3, 5)
    store.write_block(2, 4, np.ones((5, 5, 6, 4), np.float32), np.ones((5, 5)))
    again = DescriptorStore.open(tmp_path / 'map')
    assert np.argwhere(again.built_blocks).tolist() == [[2, 4]]
    assert not again.complete
    assert again.missing.startswith('14 of 15 blocks are missing')
    assert again.has_data.sum() == 25
    assert np.isnan(again.covered_share).sum() == NX * NY - 25
    assert not again.read_window(0, 0, 3, 3).has_data.any()


def test_a_block_written_again_is_seen(tmp_path):
    store, values, _ = filled(tmp_path / 'map')
    before = store.read_window(0, 0, 4, 4)
    store.write_block(0, 0, -values[:8, :8], np.ones((8, 8)))
    after = store.read_window(0, 0, 4, 4)
    np.testing.assert_array_equal(after.descriptors, -before.descriptors)


def test_windows_are_read_only_and_the_same_again(tmp_path):
    store, _, _ = filled(tmp_path / 'map')
    window = store.read_window(1, 2, 13, 13)
    assert store.read_window(1, 2, 13, 13) is window
    with pytest.raises(ValueError, match='read-only'):
        window.descriptors[0] = 0.0
    with pytest.raises(ValueError, match='read-only'):
        window.has_data[0] = False


def test_small_memory_gives_the_same(tmp_path):
    """A cache of two blocks, read by four threads at once."""
    _, values, _ = filled(tmp_path / 'map')
    block_bytes = 8 * 8 * 24 * 4
    store = DescriptorStore.open(tmp_path / 'map', cache_bytes=2 * block_bytes)
    wrong = []

    def read(seed):
        rng = np.random.default_rng(seed)
        for _ in range(20):
            ix0, iy0 = int(rng.integers(0, NX - 9)), int(rng.integers(0, NY - 9))
            found = store.read_window(ix0, iy0, 9, 9).descriptors
            expected = values[iy0 : iy0 + 9, ix0 : ix0 + 9]
            if not np.allclose(found, expected, rtol=2**-10, atol=1e-7):
                wrong.append((ix0, iy0))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert store._bytes <= 2 * block_bytes


@pytest.mark.parametrize('window', [(-1, 0, 3, 3), (0, 19, 3, 3), (35, 0, 3, 3), (0, 0, 0, 3)])
def test_windows_outside_are_refused(tmp_path, window):
    store = DescriptorStore.create(tmp_path / 'map', RECORD)
    with pytest.raises(MapError, match='expected one inside of 37 x 21 cells'):
        store.read_window(*window)


def test_wrong_blocks_are_refused(tmp_path):
    store = DescriptorStore.create(tmp_path / 'map', RECORD)
    good, shares = np.ones((8, 8, 6, 4), np.float32), np.ones((8, 8))
    with pytest.raises(ShapeError, match=r'expected \(8, 8, 6, 4\)'):
        store.write_block(0, 0, good[:, :7], shares)
    with pytest.raises(MapError, match='rows below 3'):
        store.write_block(3, 0, good, shares)
    for value in (np.nan, np.inf, 1e6):
        bad = good.copy()
        bad[3, 3, 2, 2] = value
        with pytest.raises(MapError, match='not finite, or beyond 65504'):
            store.write_block(0, 0, bad, shares)
    assert not store.built_blocks.any()


def test_what_is_no_map_is_refused(tmp_path):
    with pytest.raises(MapError, match='is no map'):
        DescriptorStore.open(tmp_path)
    zarr_folder = tmp_path / 'other'
    zarr_folder.mkdir()
    (zarr_folder / '.zattrs').write_text('{}')
    (zarr_folder / '.zgroup').write_text('{"zarr_format": 2}')
    with pytest.raises(MapError, match='no map of this package'):
        DescriptorStore.open(zarr_folder)


def test_a_map_without_the_right_to_read_is_named(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, 'Permission denied')

    filled(tmp_path / 'map')
    monkeypatch.setattr('pathlib.Path.is_file', refuse)
    monkeypatch.setattr('pathlib.Path.iterdir', refuse)
    with pytest.raises(MapError, match=r'cannot be opened .* change its rights'):
        DescriptorStore.open(tmp_path / 'map')
    with pytest.raises(MapError, match='cannot be looked into'):
        DescriptorStore.create(tmp_path / 'map', RECORD)


def test_existing_paths_are_never_overwritten(tmp_path):
    (tmp_path / 'map').mkdir()
    (tmp_path / 'map' / 'mine.txt').write_text('precious')
    with pytest.raises(MapError, match='exists'):
        DescriptorStore.create(tmp_path / 'map', RECORD)
    assert (tmp_path / 'map' / 'mine.txt').exists()


def test_an_empty_folder_becomes_a_map(tmp_path):
    (tmp_path / 'map').mkdir()
    assert not DescriptorStore.create(tmp_path / 'map', RECORD).complete


def test_folders_and_blocks_that_cannot_be_written_are_said(tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    with pytest.raises(MapError, match=r'cannot be made .* choose a path'):
        DescriptorStore.create(tmp_path / 'file' / 'map', RECORD)
    store = DescriptorStore.create(tmp_path / 'map', RECORD)

    class FullDisk:
        def __setitem__(self, cells, values):
            raise OSError(28, 'No space left on device')

    monkeypatch.setattr(store, '_descriptors', FullDisk())
    with pytest.raises(MapError, match=r'No space left.*run the same command again'):
        store.write_block(2, 4, np.ones((5, 5, 6, 4), np.float32), np.ones((5, 5)))
    assert not store.built_blocks.any()


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'format_version': 2}, 'format version 2; this program reads 1'),
        ({'grid': None}, 'incomplete'),
        ({'descriptor_shape': [6, 5]}, r'its attributes say \(21, 37, 6, 5\)'),
    ],
)
def test_damaged_attributes_are_named(tmp_path, change, words):
    filled(tmp_path / 'map')
    path = tmp_path / 'map' / '.zattrs'
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(MapError, match=words):
        DescriptorStore.open(tmp_path / 'map')


def test_missing_arrays_and_short_chunks_are_named(tmp_path):
    filled(tmp_path / 'map')
    chunk = tmp_path / 'map' / 'descriptors' / '0.0.0.0'
    chunk.write_bytes(chunk.read_bytes()[:100])
    store = DescriptorStore.open(tmp_path / 'map')
    with pytest.raises(MapError, match=r'holds 50 numbers; expected 1536'):
        store.read_window(0, 0, 2, 2)
    (tmp_path / 'map' / 'coverage' / '.zarray').unlink()
    with pytest.raises(MapError, match='damaged'):
        DescriptorStore.open(tmp_path / 'map')


def test_compressed_maps_are_refused(tmp_path):
    filled(tmp_path / 'map')
    path = tmp_path / 'map' / 'descriptors' / '.zarray'
    layout = json.loads(path.read_text())
    path.write_text(json.dumps({**layout, 'compressor': {'id': 'zlib', 'level': 1}}))
    with pytest.raises(MapError, match='is compressed'):
        DescriptorStore.open(tmp_path / 'map')


@pytest.mark.parametrize(
    'wrong',
    [{'min_covered_share': 0.0}, {'block_cells': 0}, {'yaws_rad': ()}, {'patch_size_m': -1.0}],
)
def test_senseless_records_are_refused(wrong):
    with pytest.raises(MapError, match='cannot be stored'):
        dataclasses.replace(RECORD, **wrong)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Maps built of a pattern in closed form, interrupted, resumed, refused."""

import dataclasses
import math
import threading

from colour_network import ColourNetwork
import numpy as np
import pytest
from wavy_imagery import BOUNDS_M, DATUM, Waves, colours, ground_of_patch

from geoloc_ros.errors import MapError, ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.build import BuildOptions, build_map
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.map_store.records import PatchRequest
from geoloc_ros.map_store.tile_grid import grid_over
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.geotiff import write_geotiff
from geoloc_sim.aerial.grids import grid_over as raster_over

NETWORK = ColourNetwork(patch_size_m=32.0, patch_size_px=64)
OPTIONS = BuildOptions(block_cells=8, batch=23, datum=DATUM)


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp('imagery') / 'waves.tif'
    write_geotiff(path, Waves(raster_over(DATUM, '', BOUNDS_M, 0.5), east_m=50.0))
    return open_imagery(path)


@pytest.fixture(scope='module')
def grid(source):
    return grid_over(source.bounds, 5.0)


@pytest.fixture(scope='module')
def whole(source, grid, tmp_path_factory):
    return build_map(
        source, grid, NETWORK, tmp_path_factory.mktemp('maps') / 'whole', options=OPTIONS
    )


class PowerCutError(Exception):
    pass


def described(position, yaw_rad=0.5 * math.pi):
    """The descriptor of a place, from the closed form alone."""
    request = PatchRequest(position, NETWORK.patch_size_m, NETWORK.patch_size_px, yaw_rad)
    patch = np.rint(colours(ground_of_patch(request))).astype(np.uint8)
    return NETWORK.describe_reference(patch[None])[0]


def test_descriptors_are_those_of_their_places(whole, grid):
    """Cells here and there against the closed form of the ground around them."""
    lat, lon = grid.centres_lat_lon
    for iy, ix in ((5, 6), (12, 10), (16, 15), (9, 12)):
        found = whole.read_window(ix, iy, 1, 1)
        assert found.has_data.all()
        place = GeodeticPosition(lat[iy, ix], lon[iy, ix], DATUM.alt_m)
        np.testing.assert_allclose(found.descriptors[0, 0], described(place), atol=0.01)
        # Another cell's descriptor is something else: the comparison can fail.
        other = whole.read_window(ix + 1, iy, 1, 1).descriptors[0, 0]
        assert np.max(np.abs(other - described(place))) > 0.05


@pytest.mark.parametrize('least', [0.001, 0.002, 0.332, 0.5])
def test_every_cell_with_data_was_described(source, grid, tmp_path, least):
    """Also where the least coverage lies between the steps in which it is stored."""
    corner = {'origin_x': grid.origin_x + 80.0, 'origin_y': grid.origin_y + 50.0}
    row = dataclasses.replace(grid, **corner, spacing_m=0.1, nx=700, ny=1)
    options = dataclasses.replace(OPTIONS, min_covered_share=least)
    store = build_map(source, row, NETWORK, tmp_path / 'map', options=options)
    window = store.read_window(0, 0, row.nx, row.ny)
    assert window.has_data.any()
    assert not window.has_data.all()
    assert np.abs(window.descriptors[window.has_data]).max(axis=-1).all()
    assert store.covered_share[window.has_data].min() >= max(least, 0.005)


def test_data_is_where_whole_patches_are(whole, grid):
    """Imagery spans x -67 to 50, y -57 to 57 m: patches of 32 m fit 16 m inside of that."""
    window = grid.window(Datum(DATUM), 0.0, 0.0, 200.0)
    assert (window.nx, window.ny) == (grid.nx, grid.ny)
    x, y = window.enu_m[..., 0], window.enu_m[..., 1]
    # A patch 5 % short of its imagery still counts: 1.6 m.
    inside = np.minimum.reduce((x + 67.0, 50.0 - x, y + 57.0, 57.0 - y)) - 16.0
    assert whole.has_data[inside > 0.3].all()
    assert not whole.has_data[inside < -2.5].any()
    assert whole.complete


def test_record_says_where_it_comes_from(whole, source, grid):
    record = whole.record
    assert record.grid == grid
    assert (record.network_name, record.network_sha256) == (NETWORK.name, NETWORK.sha256)
    assert record.datum == DATUM
    assert 'waves.tif' in record.imagery
    assert 'Simulated' in record.attribution
    assert DescriptorStore.open(whole.path, NETWORK).record == record


def test_datum_is_the_middle_unless_said(source, grid, tmp_path):
    store = build_map(source, grid, NETWORK, tmp_path / 'map')
    assert store.record.datum == grid.centre


def test_interrupted_builds_go_on(source, grid, whole, tmp_path):
    """Stopped after a third, resumed: nothing done twice, the same map in the end."""
    told = []

    def interrupt(done, total):
        told.append(done)
        if done > total // 3:
            raise PowerCutError

    path = tmp_path / 'map'
    with pytest.raises(PowerCutError):
        build_map(source, grid, NETWORK, path, interrupt, options=OPTIONS)
    begun = DescriptorStore.open(path)
    built = int(np.count_nonzero(~np.isnan(begun.covered_share)))
    assert built == told[-1]
    assert grid.cell_count // 3 < built < grid.cell_count

    counter = Counting()
    told.clear()
    resumed = build_map(
        source, grid, counter, path, lambda done, _: told.append(done), options=OPTIONS
    )
    assert told[0] == built
    assert told[-1] == grid.cell_count
    assert resumed.complete
    assert counter.count <= grid.cell_count - built
    everything = (0, 0, grid.nx, grid.ny)
    np.testing.assert_array_equal(
        resumed.read_window(*everything).descriptors, whole.read_window(*everything).descriptors
    )
    np.testing.assert_array_equal(resumed.has_data, whole.has_data)

    again = Counting()
    build_map(source, grid, again, path, options=OPTIONS)
    assert again.count == 0


class Counting(ColourNetwork):
    """Counts the patches it describes."""

    def __init__(self):
        super().__init__(patch_size_m=32.0, patch_size_px=64)
        object.__setattr__(self, 'count', 0)

    def describe_reference(self, patches):
        object.__setattr__(self, 'count', self.count + len(patches))
        return super().describe_reference(patches)


def test_turned_references_look_ahead(source, grid, tmp_path):
    """Two yaws, 6 m ahead: each descriptor is that of the turned patch there."""
    yaws = (0.3, 0.3 + math.pi)
    options = dataclasses.replace(OPTIONS, yaws_rad=yaws, ahead_m=6.0)
    small = dataclasses.replace(
        grid, origin_x=grid.origin_x + 50.0, origin_y=grid.origin_y + 50.0, nx=3, ny=2
    )
    store = build_map(source, small, NETWORK, tmp_path / 'map', options=options)
    assert store.record.descriptor_shape == (2, *NETWORK.descriptor_shape)
    lat, lon = small.centres_lat_lon
    here = Datum(GeodeticPosition(lat[1, 2], lon[1, 2], DATUM.alt_m))
    found = store.read_window(2, 1, 1, 1).descriptors[0, 0]
    for yaw_rad, descriptor in zip(yaws, found, strict=True):
        ahead = here.geodetic_from_enu(6.0 * math.cos(yaw_rad), 6.0 * math.sin(yaw_rad))
        np.testing.assert_allclose(descriptor, described(ahead, yaw_rad), atol=0.01)


def test_another_map_at_the_path_is_refused(source, grid, whole):
    finer = ColourNetwork(parts=8, patch_size_m=32.0)
    with pytest.raises(MapError, match='holds another map') as caught:
        build_map(source, grid, finer, whole.path, options=OPTIONS)
    said = str(caught.value)
    assert f'sha256 of the weights: stored {NETWORK.sha256}, asked {finer.sha256}' in said
    assert 'descriptor shape: stored 4 x 4 x 3, asked 8 x 8 x 3' in said
    wider = dataclasses.replace(grid, spacing_m=6.0)
    with pytest.raises(MapError, match='give --overwrite') as caught:
        build_map(source, wider, NETWORK, whole.path, options=OPTIONS)
    said = str(caught.value)
    assert 'they differ in spacing in metres (--spacing): stored 5.0, asked 6.0' in said
    assert 'TileGrid' not in said
    with pytest.raises(MapError, match='exists'):
        build_map(source, grid, NETWORK, whole.path, resume=False, options=OPTIONS)


def test_folders_of_others_are_left_alone(source, grid, tmp_path):
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'mine.txt').write_text('precious')
    with pytest.raises(MapError, match=r'exists and is no map.*choose another'):
        build_map(source, grid, NETWORK, tmp_path / 'photos', options=OPTIONS)
    assert (tmp_path / 'photos' / 'mine.txt').exists()


def test_networks_must_give_what_they_say(source, grid, tmp_path):
    class Liar(ColourNetwork):
        def describe_reference(self, patches):
            return super().describe_reference(patches)[:, :2]

    with pytest.raises(ShapeError, match=r'expected \(n, 4, 4, 3\)'):
        build_map(source, grid, Liar(), tmp_path / 'map')


def test_patches_are_cut_beside_the_network(source, grid, tmp_path):
    """The network runs in the caller's thread, cutting in another."""
    threads = set()

    class Watched:
        def __getattr__(self, name):
            return getattr(source, name)

        def patch(self, request):
            threads.add(threading.get_ident())
            return source.patch(request)

    build_map(Watched(), dataclasses.replace(grid, nx=4, ny=4), NETWORK, tmp_path / 'map')
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_empty_batches_are_refused(source, grid, tmp_path):
    with pytest.raises(MapError, match='at least 1 patch'):
        build_map(source, grid, NETWORK, tmp_path / 'map', options=BuildOptions(batch=0))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""RobotCar and CVACT lists with tiles, on tiny generated folders and on the published lists."""

import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from geoloc_ros.errors import DriveError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.utm import utm_from_enu_array
from geoloc_ros.networks.architectures import build
from geoloc_training.batches import BatchMaker
from geoloc_training.data.listed import CVACT, ROBOTCAR, listed_data_set, read_pair_list
from geoloc_training.data.prepared import prepared
from geoloc_training.data.references import NORTH_UP_RAD
from geoloc_training.data.sources import open_data
from geoloc_training.data.tiles import TilePatches
from geoloc_training.minibatches import LocalMinibatches
from geoloc_training.settings import SampleSettings

PLACES = [(620000.0, 5735000.0), (620004.0, 5735000.0), (620000.0, 5735030.0)]
LISTS = Path(__file__).parents[3] / 'shared/data/robotcar_lists'
SPLITS = LISTS / 'CrossViewVehicleLocalization/datasplits'


def written(root, size=(96, 64), tile_px=120, folders=('2015-01-02', '2014-11-11', '2014-11-11')):
    """Three pairs; tile n is n everywhere but for a red quarter at its north-west."""
    lines = []
    for number, ((easting, northing), folder) in enumerate(zip(PLACES, folders, strict=True)):
        for kind in ('ground', 'satellite'):
            (root / folder / kind).mkdir(parents=True, exist_ok=True)
        ground = np.full((size[1], size[0], 3), 50 + number, np.uint8)
        tile = np.full((tile_px, tile_px, 3), 100 + number, np.uint8)
        tile[: tile_px // 2, : tile_px // 2] = (0, 0, 255)  # OpenCV: blue, green, red
        names = [f'{folder}/{kind}/{number}.png' for kind in ('ground', 'satellite')]
        cv2.imwrite(str(root / names[0]), ground)
        cv2.imwrite(str(root / names[1]), tile)
        lines.append(f'{names[0]} {names[1]} {easting} {northing}')
    path = root / 'training.txt'
    path.write_text('\n'.join(lines) + '\n')
    return path


def test_a_list_is_read(tmp_path):
    data = listed_data_set(ROBOTCAR, written(tmp_path), tmp_path)
    assert [drive.name for drive in data.drives] == ['2014-11-11', '2015-01-02']
    assert [len(drive) for drive in data.drives] == [2, 1]
    assert data.test_spacing_m == 0.0  # a list says which pictures count
    assert all(np.isnan(drive.yaws_rad).all() for drive in data.drives)
    utm = utm_from_enu_array(
        Datum(data.drives[0].datum), ROBOTCAR.zone, data.drives[0].positions_m
    )
    np.testing.assert_allclose(utm, PLACES[1:], atol=1e-3)
    camera = data.drives[0].camera.camera
    assert camera.fx == pytest.approx(983.044 * 96 / 1280)
    assert camera.cx == pytest.approx((643.647 + 0.5) * 96 / 1280 - 0.5)  # pixels by centres
    assert data.drives[1].images.image(0)[0, 0].tolist() == [50, 50, 50]


def test_a_list_can_lie_elsewhere(tmp_path):
    path = written(tmp_path)
    moved = tmp_path / 'lists' / 'training.txt'
    moved.parent.mkdir()
    path.rename(moved)
    assert len(open_data([f'robotcar:{moved},{tmp_path}']).drives) == 2
    with pytest.raises(DriveError, match='folder of the images'):
        open_data([f'robotcar:{moved}'])


def test_tiles_of_more_lists_are_searched_too(tmp_path):
    path = written(tmp_path)
    lines = path.read_text().splitlines()
    test, other = tmp_path / 'test1.txt', tmp_path / 'other.txt'
    test.write_text(lines[1] + '\n')
    other.write_text('\n'.join(lines[:2]) + '\n')
    data = open_data([f'robotcar:{test},,{other},{path}'])
    assert [len(drive) for drive in data.drives] == [1]
    tiles = data.references['robotcar']
    assert [tile.stem for tile in tiles.paths] == ['1', '0', '2']
    np.testing.assert_allclose(tiles.positions_m[0], data.drives[0].positions_m[0])
    north_m = tiles.positions_m[2] - tiles.positions_m[1]
    np.testing.assert_allclose(np.hypot(*north_m), 30.0, atol=0.05)


def test_cvact_has_panoramas_with_north_in_the_middle(tmp_path):
    data = listed_data_set(CVACT, written(tmp_path, size=(128, 64)), tmp_path)
    drive = data.drives[0]
    assert drive.camera.camera.model == 'panorama'
    np.testing.assert_allclose(drive.yaws_rad, math.pi / 2)


def tile_patches(root, **changes):
    """Patches of a whole tile, 12 pixels wide."""
    contract = dataclasses.replace(
        build('compact_north_up').contract, patch_size_px=12, patch_size_m=55.44, **changes
    )
    data = listed_data_set(ROBOTCAR, written(root), root)
    return data.references['robotcar'].patches(data.drives[0].datum, contract)


def test_patches_are_whole_tiles_and_turn(tmp_path):
    patches = tile_patches(tmp_path)
    where = patches.candidates(np.zeros((1, 2)), 5.0, 50.0, 0)
    assert where.shape == (3, 2)
    north_up, west_up = patches.cut(where[[1, 1]], np.array([NORTH_UP_RAD, math.pi]))
    red = np.array([255, 0, 0])
    assert np.all(north_up[:5, :5] == red)  # the north-west quarter is at the top left
    assert np.all(north_up[7:, 7:] == 101)
    assert np.all(west_up[:5, 7:] == red)  # with west up, it is at the top right
    assert np.all(west_up[7:, :5] == 101)


def test_smaller_patches_are_the_middle_of_a_tile(tmp_path):
    patches = tile_patches(tmp_path)
    contract = dataclasses.replace(patches._contract, patch_size_m=27.72)
    smaller = TilePatches(patches._paths, patches._positions_m, 55.44, contract)
    cut = smaller.cut(patches._positions_m[:1], np.array([NORTH_UP_RAD]))[0]
    assert np.all(cut[:5, :5] == (255, 0, 0))
    assert np.all(cut[7:, 7:] == 100)


def test_offsets_are_to_other_tiles_within_5_m(tmp_path):
    patches = tile_patches(tmp_path)
    where = patches.candidates(np.zeros((1, 2)), 5.0, 50.0, 0)
    random = np.random.default_rng(0)
    drawn = patches.near(np.repeat(where[:1], 200, axis=0), 5.0, random)
    apart = np.hypot(*(drawn - where[0]).T)
    assert apart.max() == pytest.approx(4.0, abs=0.01)
    assert 0.4 < np.mean(apart > 1.0) < 0.6  # the tile 4 m away as often as its own
    lonely = patches.near(where[2:], 5.0, random)
    np.testing.assert_allclose(lonely, where[2:])
    far = patches.around(where[:1], 10.0, 40.0, random)
    np.testing.assert_allclose(far, where[2:])


def test_tiles_cannot_look_ahead(tmp_path):
    with pytest.raises(DriveError, match=r'15\.0 m ahead'):
        tile_patches(tmp_path, heading='aligned', ahead_m=15.0)


def test_networks_that_need_headings_refuse_pairs_without(tmp_path):
    data = listed_data_set(ROBOTCAR, written(tmp_path), tmp_path)
    north_up = build('compact_north_up').contract
    pairs = prepared(data, north_up, 0.0)
    maker = BatchMaker(pairs.table, pairs.pictures, pairs.patches, north_up, SampleSettings())
    batch = maker.make(np.arange(3), np.random.default_rng(0))
    assert batch.references.shape[1:] == (96, 96, 3)
    azimuth = build('azimuth').contract
    with pytest.raises(DriveError, match='3 of 3 pairs have no heading'):
        BatchMaker(pairs.table, pairs.pictures, pairs.patches, azimuth, SampleSettings())


def test_bad_lists_are_explained(tmp_path):
    path = tmp_path / 'bad.txt'
    path.write_text('a.png b.png 1.0\n')
    with pytest.raises(DriveError, match='line 1'):
        read_pair_list(path)
    path.write_text('\n')
    with pytest.raises(DriveError, match='no pairs'):
        read_pair_list(path)
    with pytest.raises(DriveError, match='cannot be read'):
        read_pair_list(tmp_path / 'none.txt')


@pytest.mark.shared_data
@pytest.mark.skipif(not SPLITS.is_dir(), reason='no robotcar_lists in ../shared/data')
def test_the_published_splits_have_the_published_sizes():
    sizes = {
        name: len(read_pair_list(SPLITS / f'{name}.txt').ground)
        for name in ('training', 'validation', 'test1', 'test2', 'test3')
    }
    assert sizes['training'] == 17067
    assert sizes['validation'] == 1698
    assert sizes['test1'] + sizes['test2'] + sizes['test3'] == 5089
    training = read_pair_list(SPLITS / 'training.txt')
    assert len(set(training.traversals())) == 11


@pytest.mark.shared_data
@pytest.mark.skipif(not SPLITS.is_dir(), reason='no robotcar_lists in ../shared/data')
def test_minibatches_at_the_real_density():
    """Almost all pairs have more than 200 others within 50 m; N = 64 leaves few unused."""
    training = read_pair_list(SPLITS / 'training.txt')
    sampler = LocalMinibatches(training.utm_m, 50.0, 64)
    counts = np.array([len(sampler.neighbours(number)) for number in range(0, 17067, 50)])
    assert np.mean(counts > 200) > 0.8
    batches = list(sampler.epoch(np.random.default_rng(0)))
    used = np.concatenate(batches)
    assert len(used) == len(set(used.tolist()))
    assert len(used) > 0.6 * 17067

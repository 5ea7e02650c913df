# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a minibatch holds, against geometry: offsets, turns, headings, negatives."""

import dataclasses
import math

import numpy as np
import painted_drives
import pytest
import torch

from geoloc_ros.errors import DriveError
from geoloc_ros.networks.architectures import build
from geoloc_training.batch_loss import batch_loss, yaw_bins
from geoloc_training.batches import BatchMaker, changed
from geoloc_training.data.prepared import folder_data_set, prepared
from geoloc_training.data.references import NORTH_UP_RAD, ReferencePatches, in_disc
from geoloc_training.losses import GeoWeight, triplet_loss
from geoloc_training.settings import LossSettings, SampleSettings


@pytest.fixture(scope='module', name='contract')
def made_contract():
    return build('azimuth').contract


@pytest.fixture(scope='module', name='data')
def made_data(tmp_path_factory, contract):
    place = painted_drives.write_place(tmp_path_factory.mktemp('data'), ((1, 48),))
    return prepared(folder_data_set([place]), contract, 0.0)


def maker(data, contract, **changes):
    settings = dataclasses.replace(SampleSettings(photometric=0.0), **changes)
    return BatchMaker(data.table, data.pictures, data.patches, contract, settings)


def test_patches_lie_where_they_should(data):
    """The centre pixel is the place's colour; turning the top turns the patch."""
    image = painted_drives.paint()
    north_up = data.patches[0].cut(np.array([[20.25, -30.25]]), np.array([NORTH_UP_RAD]))[0]
    row = round((painted_drives.HALF_M + 30.25) / painted_drives.GSD_M - 0.5)
    column = round((painted_drives.HALF_M + 20.25) / painted_drives.GSD_M - 0.5)
    middle = north_up[79:81, 79:81].reshape(-1, 3).mean(0)
    around = image[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3).mean(0)
    np.testing.assert_allclose(middle, around, atol=6)
    # up = west: what was at the left is at the top
    west_up = data.patches[0].cut(np.array([[20.25, -30.25]]), np.array([math.pi]))[0]
    difference = np.abs(np.rot90(north_up, -1).astype(int) - west_up)
    assert difference.mean() < 3.0


def test_aligned_patches_lie_ahead(data):
    contract = build('compact_aligned').contract
    source = data.patches[0]._source
    aligned = ReferencePatches(source, painted_drives.DATUM, contract)
    plain = ReferencePatches(
        source, painted_drives.DATUM, dataclasses.replace(contract, heading='north_up', ahead_m=0)
    )
    yaw = 0.7
    there = np.array([[10 + 15 * math.cos(yaw), 5 + 15 * math.sin(yaw)]])
    np.testing.assert_array_equal(
        aligned.cut(np.array([[10.0, 5.0]]), np.array([yaw])), plain.cut(there, np.array([yaw]))
    )


def test_pairs_that_imagery_does_not_cover_are_left_out(tmp_path, contract):
    """The imagery ends at 150 m: of a patch of 80 m about x, (190 - x) / 80 is imagery."""
    place = painted_drives.write_place(tmp_path, ((1, 4),))
    table = place / 'day_1' / 'frames.csv'
    head, *lines = table.read_text().splitlines()
    moved = [
        f'{line.split(",")[0]},{x},0.0,{yaw}'
        for line, x, yaw in zip(
            lines, (0, 113, 137, 120), (0.0, math.pi, math.pi, 0.0), strict=True
        )
    ]
    table.write_text('\n'.join([head, *moved]) + '\n')
    found = prepared(folder_data_set([place]), contract, 0.0)
    assert found.table.frames.tolist() == [0, 1]
    assert (len(found.pictures), found.uncovered) == (2, 2)
    aligned = build('compact_aligned').contract  # 50 m, 15 m ahead
    assert prepared(folder_data_set([place]), aligned, 0.0).table.frames.tolist() == [0, 1, 2]


def test_drives_without_pictures_are_named(tmp_path, contract):
    place = painted_drives.write_place(tmp_path, ((1, 1),))
    (place / 'day_1' / 'frames.csv').write_text('file,x_m,y_m,yaw_rad\n')
    with pytest.raises(DriveError, match="drives of 'painted' have no pictures"):
        prepared(folder_data_set([place]), contract, 0.0)


def test_offsets_fill_a_disc():
    points = in_disc(np.random.default_rng(0), 20000, 5.0)
    length = np.hypot(*points.T)
    assert length.max() <= 5.0
    assert np.mean(length <= 2.5) == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(points.mean(0), 0.0, atol=0.1)


def test_pairs_are_offset_and_negatives_keep_their_distance(data, contract):
    make = maker(data, contract, offset_m=3.0, extras=40, extra_nearest_m=6, extra_farthest_m=40)
    batch = make.make(np.arange(8), np.random.default_rng(1))
    assert batch.references.shape == (48, 160, 160, 3)
    own = torch.linalg.norm(batch.reference_m[:8] - batch.ground_m, dim=1)
    assert own.max() <= 3.0
    assert own.max() > 0.5
    nearest = torch.cdist(batch.reference_m[8:], batch.ground_m).amin(1)
    assert nearest.max() <= 40.0


def test_extra_negatives_lie_near_or_anywhere(data, contract):
    """Geo-local: about pairs of the minibatch; geo-global: about all pairs of the data."""
    pairs = torch.from_numpy(data.table.positions_m)
    first = np.arange(4)
    for near in (True, False):
        make = maker(data, contract, extras=200, extra_farthest_m=8.0, extras_near=near)
        batch = make.make(first, np.random.default_rng(3))
        extras = batch.reference_m[4:]
        assert torch.cdist(extras, pairs).amin(1).max() <= 8.0
        beside = torch.cdist(extras, batch.ground_m).amin(1) <= 8.0
        reached = (torch.cdist(pairs, extras) <= 8.0).any(1).double().mean()
        assert bool(beside.all()) == near
        assert (reached > 0.95) == (not near)


@pytest.mark.parametrize('turns', ['none', 'quarter', 'any'])
def test_headings_turn_with_the_references(data, contract, turns):
    """Reference i turned by t: the heading of ground j as i shows it is yaw_j - t."""
    make = maker(data, contract, turns=turns, offset_m=0.0, extras=0)
    numbers = np.arange(0, 48, 6)
    batch = make.make(numbers, np.random.default_rng(2))
    yaws = data.table.yaws_rad[numbers]
    turn = yaws[None, :] - batch.yaws_rad.numpy()
    np.testing.assert_allclose(turn, np.broadcast_to(turn[:, :1], turn.shape), atol=1e-9)
    if turns == 'none':
        np.testing.assert_allclose(turn, 0.0, atol=1e-9)
    if turns == 'quarter':
        np.testing.assert_allclose(np.sin(2 * turn), 0.0, atol=1e-9)
    # the pixels: each reference is the place cut with its top at north + turn
    for i in range(len(numbers)):
        up = np.array([NORTH_UP_RAD + turn[i, 0]])
        place = batch.reference_m[i : i + 1].numpy()
        cut = data.patches[0].cut(place, up)[0].astype(int)
        assert np.abs(cut - batch.references[i].numpy()).max() <= 1


def test_ground_pictures_show_what_lies_ahead(data, contract):
    """The aerial colour 8 m ahead is at the cylinder's middle column, where geometry puts it."""
    image = painted_drives.paint()
    slope = painted_drives.CAMERA_HEIGHT_M / 8.0
    top, bottom = math.tan(contract.ground_up_rad), -math.tan(contract.ground_down_rad)
    row = (top + slope) / (top - bottom) * contract.ground_height_px - 0.5
    errors = []
    for number in range(0, 48, 5):
        (x, y), yaw = data.table.positions_m[number], data.table.yaws_rad[number]
        there = x + 8 * math.cos(yaw), y + 8 * math.sin(yaw)
        column = round((there[0] + painted_drives.HALF_M) / painted_drives.GSD_M - 0.5)
        line = round((painted_drives.HALF_M - there[1]) / painted_drives.GSD_M - 0.5)
        middle = contract.ground_width_px // 2
        seen = data.pictures[number][round(row), middle - 1 : middle + 1].mean(0)
        errors.append(np.abs(seen - image[line, column]).mean())
    assert np.mean(errors) < 12.0


def test_changes_of_colour_keep_black_and_vary():
    pictures = np.full((4, 2, 2, 3), 100, np.uint8)
    pictures[:, 0] = 0
    result = changed(pictures, 0.2, np.random.default_rng(3))
    assert np.all(result[:, 0] == 0)
    assert len({tuple(picture[1, 0]) for picture in result}) == 4
    assert changed(pictures, 0.0, np.random.default_rng(3)) is pictures


def test_yaw_bins_are_the_nearest_yaws(contract):
    random = np.random.default_rng(4)
    yaws = random.uniform(-10.0, 10.0, 500)
    bins = yaw_bins(contract, torch.from_numpy(yaws)).numpy()
    expected = np.argmax(np.cos(contract.yaws_rad[None] - yaws[:, None]), axis=1)
    np.testing.assert_array_equal(bins, expected)
    assert yaw_bins(build('compact_north_up').contract, torch.zeros(3)).tolist() == [0, 0, 0]


def test_distances_on_the_ground_are_exact_far_from_the_origin(contract):
    """Places lie 1e7 m apart; the weights of a place must not depend on its number."""
    random = np.random.default_rng(6)
    distances = torch.from_numpy(random.uniform(0, 4, (96, 64, 32)))
    ground, reference = (torch.from_numpy(random.uniform(0, 60, (n, 2))) for n in (64, 96))
    yaws = torch.zeros((96, 64), dtype=torch.float64)
    weight, settings = GeoWeight(50.0, 1.0), LossSettings()
    near, far = (
        batch_loss(contract, distances, ground + x, reference + x, yaws, weight, settings)
        for x in (0.0, 4e7)
    )
    assert float(far.triplets) == pytest.approx(float(near.triplets), rel=1e-7)
    assert float(far.extras) == pytest.approx(float(near.extras), rel=1e-7)


def test_batch_loss_by_hand(contract):
    """Two pairs and one more reference, four of 32 headings matter."""
    random = np.random.default_rng(5)
    distances = torch.from_numpy(random.uniform(0, 4, (3, 2, 32)))
    ground = torch.tensor([[0.0, 0.0], [20.0, 0.0]], dtype=torch.float64)
    reference = torch.cat([ground, torch.tensor([[0.0, 10.0]], dtype=torch.float64)])
    bins = np.array([3, 17])
    yaws = torch.from_numpy(np.tile(contract.yaws_rad[bins], (3, 1)))
    weight = GeoWeight(50.0, 10.0)
    settings = LossSettings(yaw_share=0.5, extra_share=2.0, sigma_yaw_deg=15.0)
    parts = batch_loss(contract, distances, ground, reference, yaws, weight, settings)

    d = distances.numpy()[:, [0, 1], bins]
    pairs = triplet_loss(
        torch.from_numpy(d[:2]), weight(torch.cdist(ground, ground)), settings.gamma
    )

    def soft(positive, negative):
        return math.log1p(math.exp(10.0 * (positive - negative)))

    w = weight(torch.tensor([10.0, math.hypot(20.0, 10.0)], dtype=torch.float64)).numpy()
    extras = (w[0] * soft(d[0, 0], d[2, 0]) + w[1] * soft(d[1, 1], d[2, 1])) / 2
    yaw = 0.0
    for j in range(2):
        for k in range(32):
            apart = (k - bins[j] + 16) % 32 - 16
            angle = apart * 11.25
            own = 1 - math.exp(-(angle**2) / (2 * 15.0**2))
            yaw += own * soft(d[j, j], float(distances[j, j, k]))
    yaw /= 2 * 31
    assert float(parts.triplets) == pytest.approx(float(pairs), rel=1e-9)
    assert float(parts.extras) == pytest.approx(extras, rel=1e-9)
    assert float(parts.yaws) == pytest.approx(yaw, rel=1e-6)
    assert float(parts.total) == pytest.approx(float(pairs) + 2 * extras + 0.5 * yaw, rel=1e-6)

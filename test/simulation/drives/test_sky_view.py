# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The open sky against closed forms."""

import math

from block_town import Boxes
import numpy as np
import pytest

from geoloc_sim.drives.settings import SkySettings
from geoloc_sim.drives.sky_view import SkyView, crowns_of, sky_directions
from geoloc_sim.world.records import Tree, TreeKind

HEIGHT_M = 1.6
LONG_M = 20_000.0


class LongStreet(Boxes):
    """Walls along x as good as infinite, seen without a far limit."""

    def __init__(self, left_m, right_m, high_m):
        super().__init__(
            [
                (-LONG_M, left_m, 0.0, LONG_M, left_m + 1.0, high_m),
                (-LONG_M, -right_m - 1.0, 0.0, LONG_M, -right_m, high_m),
            ]
        )

    def occluded(self, origins_m, directions, far_m=math.inf):
        return super().occluded(origins_m, directions)


def no_crowns():
    return crowns_of((), 1.0, SkySettings())


@pytest.mark.parametrize(
    ('left_m', 'right_m', 'high_m'), [(8.0, 8.0, 20.0), (5.0, 15.0, 12.0), (30.0, 30.0, 6.0)]
)
def test_open_share_of_a_canyon(left_m, right_m, high_m):
    # The walls' upper edges are parallel: what lies between is a lune, its solid angle is
    # proportional to the angle between the two planes through them.
    sky = SkyView(LongStreet(left_m, right_m, high_m), no_crowns(), HEIGHT_M)
    left, right = (math.atan((high_m - HEIGHT_M) / gap) for gap in (left_m, right_m))
    expected = 1.0 - (left + right) / math.pi
    assert sky.open_share(np.zeros((1, 2)))[0] == pytest.approx(expected, abs=0.015)


def test_nothing_blocks_an_open_field():
    sky = SkyView(Boxes([]), no_crowns(), HEIGHT_M)
    assert sky.open_share(np.array([[0.0, 0.0], [50.0, 3.0]])) == pytest.approx([1.0, 1.0])


def test_directions_share_the_sky_evenly():
    directions = sky_directions(48, 16, lowest_rad=0.2)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    # The mean of a function over the cap: closed forms of z and z^2 over [sin 0.2, 1].
    low = math.sin(0.2)
    assert directions[:, 2].mean() == pytest.approx((1.0 + low) / 2.0, abs=1e-12)
    assert (directions[:, 2] ** 2).mean() == pytest.approx((1.0 + low + low**2) / 3.0, abs=1e-3)
    np.testing.assert_allclose(directions[:, :2].mean(axis=0), 0.0, atol=1e-12)


def test_many_points_are_seen_in_pieces(monkeypatch):
    sky = SkyView(LongStreet(8.0, 8.0, 20.0), no_crowns(), HEIGHT_M)
    points = np.column_stack((np.linspace(0.0, 50.0, 7), np.linspace(-5.0, 5.0, 7)))
    whole = sky.passing(points, sky_directions())
    monkeypatch.setattr('geoloc_sim.drives.sky_view._CHUNK_RAYS', 1000)
    np.testing.assert_array_equal(sky.passing(points, sky_directions()), whole)


def leaves_over(point, tree, leaf_share, directions):
    settings = SkySettings()
    sky = SkyView(Boxes([]), crowns_of((tree,), leaf_share, settings), HEIGHT_M)
    return sky.passing(np.array([point]), np.array(directions)), settings


def test_a_crown_dims_by_its_thickness():
    tree = Tree(10.0, 5.0, 12.0, 3.0, TreeKind.BROADLEAF)  # a ball about z = 9
    passing, settings = leaves_over((10.0, 5.0), tree, 1.0, [(0.0, 0.0, 1.0)])
    assert passing[0, 0] == pytest.approx(math.exp(-settings.leaf_extinction_per_m * 6.0))
    # 2 m beside its axis the chord is 2 sqrt(9 - 4).
    passing, _ = leaves_over((12.0, 5.0), tree, 1.0, [(0.0, 0.0, 1.0)])
    assert passing[0, 0] == pytest.approx(
        math.exp(-settings.leaf_extinction_per_m * 2.0 * math.sqrt(5.0))
    )


def test_a_bare_crown_dims_less_and_needles_stay():
    tree = Tree(0.0, 0.0, 12.0, 3.0, TreeKind.BROADLEAF)
    bare, settings = leaves_over((0.0, 0.0), tree, 0.0, [(0.0, 0.0, 1.0)])
    thinned = settings.leaf_extinction_per_m * settings.bare_share
    assert bare[0, 0] == pytest.approx(math.exp(-thinned * 6.0))
    fir = Tree(0.0, 0.0, 12.0, 2.0, TreeKind.CONIFER)
    needles = [leaves_over((0.0, 0.0), fir, share, [(0.0, 0.0, 1.0)])[0] for share in (0.0, 1.0)]
    assert needles[0] == needles[1] < 1.0


def test_a_tree_beside_or_behind_dims_nothing():
    tree = Tree(20.0, 0.0, 12.0, 3.0, TreeKind.BROADLEAF)
    away = np.array((-20.0, 0.0, 7.4)) / math.hypot(20.0, 7.4)
    passing, _ = leaves_over((0.0, 0.0), tree, 1.0, [(0.0, 0.0, 1.0), away])
    assert passing.tolist() == [[1.0, 1.0]]
    towards, settings = leaves_over((0.0, 0.0), tree, 1.0, [-away * (1.0, 1.0, -1.0)])
    assert towards[0, 0] == pytest.approx(math.exp(-settings.leaf_extinction_per_m * 6.0))
    bush = Tree(0.0, 0.0, 2.0, 1.0, TreeKind.BUSH)
    assert leaves_over((0.0, 0.0), bush, 1.0, [(0.0, 0.0, 1.0)])[0].tolist() == [[1.0]]

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Walls as an occluder, against boxes in closed form."""

import dataclasses

from block_town import BLOCK_M, block_town, boxes_of
import numpy as np
import pytest
from shapely.geometry import Polygon, box

from geoloc_sim.drives.settings import SkySettings
from geoloc_sim.drives.sky_view import SkyView, crowns_of, sky_directions
from geoloc_sim.drives.walls import Walls
from geoloc_sim.world.records import RoofKind


def test_rays_are_blocked_as_by_boxes():
    world = block_town(side=5)
    random = np.random.default_rng(0)
    on_street = np.column_stack(
        (random.uniform(-170.0, 170.0, 3000), BLOCK_M * random.integers(-2, 3, 3000))
    )
    origins = np.column_stack((on_street, np.full(3000, 1.6)))
    directions = sky_directions(60, 50)[random.permutation(3000)]
    found = Walls(world.layout).occluded(
        origins.astype(np.float32), directions.astype(np.float32), 300.0
    )
    expected = boxes_of(world).occluded(origins, directions, 300.0)
    assert 0.2 < expected.mean() < 0.8
    assert (found != expected).mean() < 0.001  # rays along an edge


def test_far_walls_do_not_count():
    world = block_town(side=2)
    origin, ahead = np.array([[-60.0, 0.0, 2.0]]), np.array([[1.0, 0.0, 0.0]])
    walls = Walls(world.layout)
    gap = 60.0 - BLOCK_M / 2.0 + 8.0
    assert not walls.occluded(origin, ahead, gap - 0.1)[0]
    assert walls.occluded(origin, ahead, gap + 0.1)[0]
    assert walls.occluded(origin, ahead)[0]


def test_pitched_roofs_count_half_and_courtyards_are_open():
    world = block_town(side=2)
    building = dataclasses.replace(
        world.layout.buildings[0],
        footprint=Polygon(box(-20, -20, 20, 20).exterior, [box(-10, -10, 10, 10).exterior]),
        eaves_height_m=6.0,
        ridge_height_m=10.0,
        roof=RoofKind.FLAT,
    )
    walls = Walls(dataclasses.replace(world.layout, buildings=(building,)))
    level = np.array([[1.0, 0.0, 0.0]] * 3)
    heights = np.array([[0.0, 0.0, 5.0], [0.0, 0.0, 7.9], [0.0, 0.0, 8.1]])
    assert walls.occluded(heights, level).tolist() == [True, True, False]
    assert not walls.occluded(np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 0.0, 1.0]]))[0]


def test_a_tunnel_hides_the_sky_and_its_neighbours_do_not():
    world = block_town(high_m=0.5, low_m=0.5, tunnel=True)
    tunnel = next(street for street in world.layout.streets if street.tunnel)
    sky = SkyView(Walls(world.layout), crowns_of((), 1.0, SkySettings()), 1.6)
    middle = tunnel.centre_line_m.mean(axis=0)
    inside, beside = sky.open_share(np.array([middle, [middle[0], middle[1] + BLOCK_M]]))
    assert inside < 0.4  # low sideways light comes in without walls
    assert beside > 0.95
    overhead = sky.passing(middle[None], np.array([[0.0, 0.0, 1.0]]))
    assert overhead[0, 0] == 0.0


@pytest.mark.parametrize('far_m', [10.0, np.inf])
def test_a_layout_without_buildings_blocks_nothing(far_m):
    layout = dataclasses.replace(block_town().layout, buildings=())
    up = np.array([[0.0, 0.0, 1.0]])
    assert Walls(layout).occluded(np.zeros((1, 3)), up, far_m).tolist() == [False]

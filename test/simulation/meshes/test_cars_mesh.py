# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Cars: measures, places, colours, and which days they are there."""

import dataclasses
import math

import numpy as np
from painted_world import DAY, corners_of, normals_of, painted_world
import pytest

from geoloc_ros.errors import ShapeError
from geoloc_sim.meshes.builder import CAR_ID, MeshBuilder
from geoloc_sim.meshes.cars import BODIES, _parts
from geoloc_sim.meshes.city import MOVING_CAR_ID, day_mesh, moving_cars
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.world.records import KERB_HEIGHT_M


@pytest.mark.parametrize('number', range(len(BODIES)))
def test_a_car_has_the_measures_of_its_body_and_stands_on_its_wheels(number):
    body = BODIES[number]
    points = np.vstack([solid[0] for _, _, solid in _parts(number)])
    assert points[:, 2].min() == pytest.approx(0.0, abs=1e-3)
    assert points[:, 2].max() == pytest.approx(body.roof_m, abs=0.01)
    assert np.ptp(points[:, 0]) == pytest.approx(body.length_m, abs=0.05)
    assert np.ptp(points[:, 1]) == pytest.approx(body.width_m, abs=0.06)
    assert points[:, 0].max() == pytest.approx(-points[:, 0].min(), abs=0.01)


@pytest.mark.parametrize('number', range(len(BODIES)))
def test_the_skin_faces_out(number):
    for kind, _, (vertices, faces) in _parts(number):
        if kind in (SurfaceKind.CAR_PAINT, SurfaceKind.CAR_GLASS, SurfaceKind.METAL):
            corners = vertices[faces]
            from_middle = corners.mean(axis=1) - np.array([0.0, 0.0, 0.75])
            outward = np.sum(normals_of(corners) * from_middle, axis=1)
            assert np.mean(outward > 0.0) > 0.9


def middle_of(mesh, object_id):
    corners = corners_of(mesh, mesh.surfaces.object_id[mesh.face_surface] == object_id)
    flat = corners.reshape(-1, 3)
    return (flat.min(axis=0) + flat.max(axis=0)) / 2.0, flat


def test_moving_cars_stand_at_their_poses():
    poses = np.array([(10.0, 20.0, 0.0), (-5.0, 3.0, 2.0), (100.0, -50.0, -1.0)])
    mesh = moving_cars(poses, 3)
    for row, (x, y, yaw) in enumerate(poses):
        _, points = middle_of(mesh, MOVING_CAR_ID + row)
        forward = np.array([math.cos(yaw), math.sin(yaw)])
        along = (points[:, :2] - (x, y)) @ forward
        across = (points[:, :2] - (x, y)) @ np.array([-forward[1], forward[0]])
        assert along.max() == pytest.approx(-along.min(), abs=0.02)
        assert across.max() == pytest.approx(-across.min(), abs=0.02)
        assert np.ptp(along) > 1.5 * np.ptp(across)
        assert points[:, 2].min() == pytest.approx(0.0, abs=1e-3)


def test_the_front_is_where_the_pose_points():
    mesh = moving_cars(np.array([(0.0, 0.0, 0.5)]), 3)
    kind = mesh.surfaces.kind[mesh.face_surface]
    lamps = corners_of(mesh, kind == SurfaceKind.LAMP_HEAD).reshape(-1, 3).mean(axis=0)
    assert lamps[:2] @ (math.cos(0.5), math.sin(0.5)) > 1.9


def test_a_car_looks_the_same_wherever_it_drives():
    near = moving_cars(np.zeros((3, 3)), 8)
    far = moving_cars(np.full((3, 3), 40.0), 8)
    assert np.array_equal(near.surfaces.colour, far.surfaces.colour)
    assert np.array_equal(near.faces, far.faces)
    assert not np.array_equal(
        near.surfaces.colour,
        moving_cars(np.zeros((3, 3)), 9).surfaces.colour[: len(near.surfaces)],
    )


def test_no_cars_make_an_empty_mesh():
    assert len(moving_cars(np.empty((0, 3)), 1).faces) == 0


def test_poses_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r'\(4, 2\).*\(n, 3\)'):
        moving_cars(np.zeros((4, 2)), 1)


def parked(mesh):
    ids = mesh.surfaces.object_id
    return set(ids[(ids >= CAR_ID) & (ids < MOVING_CAR_ID)].tolist())


def test_the_share_of_taken_slots_is_that_of_the_day():
    world = painted_world()
    slots = world.parking_slots * 20
    many = dataclasses.replace(world, parking_slots=slots, trees=(), fixtures=())
    for share in (0.0, 0.4, 1.0):
        taken = parked(day_mesh(many, dataclasses.replace(DAY, parked_share=share)))
        spread = 4.0 * math.sqrt(share * (1.0 - share) * len(slots))
        assert abs(len(taken) - share * len(slots)) <= spread


def test_other_days_park_other_cars():
    world = painted_world()
    days = [dataclasses.replace(DAY, parked_share=0.5, seed=seed) for seed in (1, 2)]
    assert parked(day_mesh(world, days[0])) != parked(day_mesh(world, days[1]))


def test_parked_cars_stand_in_their_slots_on_their_ground():
    world = painted_world()
    mesh = day_mesh(world, dataclasses.replace(DAY, parked_share=1.0))
    levels = {len(world.parking_slots) - 2: 0.0, len(world.parking_slots) - 1: KERB_HEIGHT_M}
    for number, slot in enumerate(world.parking_slots):
        middle, points = middle_of(mesh, CAR_ID + number)
        assert np.hypot(middle[0] - slot.x_m, middle[1] - slot.y_m) < 0.8
        assert points[:, 2].min() == pytest.approx(levels.get(number, 0.0), abs=1e-3)


def test_an_empty_builder_builds_an_empty_mesh():
    mesh = MeshBuilder().build()
    assert mesh.vertices_m.shape == (0, 3)
    assert len(mesh.surfaces) == 0

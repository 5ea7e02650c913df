# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Whole meshes: determinism, ids, budgets, what a day may change."""

import dataclasses

import numpy as np
from painted_world import DAY, corners_of, normals_of, painted_world
import pytest

from geoloc_sim.meshes.builder import FIXTURE_ID, TREE_ID
from geoloc_sim.meshes.city import day_mesh, lean_mesh, static_mesh
from geoloc_sim.meshes.records import SurfaceKind, merge
from geoloc_sim.meshes.road_works import SITE_ID
from geoloc_sim.rendering.records import Season
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import FixtureKind

TRIANGLES_PER_M2 = 480_000 / 640.0**2


@pytest.fixture(scope='module')
def world():
    return painted_world()


@pytest.fixture(scope='module')
def town():
    return dress(procedural_layout(ProceduralSettings(side_m=320.0), 3), DressingSettings())


def assert_same(first, second):
    assert np.array_equal(first.vertices_m, second.vertices_m)
    assert np.array_equal(first.faces, second.faces)
    assert np.array_equal(first.face_surface, second.face_surface)
    for field in dataclasses.fields(first.surfaces):
        assert np.array_equal(
            getattr(first.surfaces, field.name), getattr(second.surfaces, field.name)
        )


def test_the_same_seeds_give_the_same_triangles(world):
    assert_same(static_mesh(world), static_mesh(painted_world()))
    assert_same(day_mesh(world, DAY), day_mesh(painted_world(), DAY))
    assert_same(lean_mesh(world), lean_mesh(painted_world()))


def test_another_seed_of_the_world_gives_other_colours_and_the_same_buildings(world):
    other = painted_world(seed=6)
    first, second = lean_mesh(world), lean_mesh(other)
    assert np.array_equal(first.vertices_m, second.vertices_m)
    assert not np.array_equal(first.surfaces.colour, second.surfaces.colour)


def check_mesh(mesh):
    assert np.isfinite(mesh.vertices_m).all()
    assert mesh.faces.min() >= 0
    assert mesh.faces.max() < len(mesh.vertices_m)
    assert mesh.face_surface.min() >= 0
    assert mesh.face_surface.max() < len(mesh.surfaces)
    table = mesh.surfaces
    assert table.colour.min() >= 0.0
    assert table.colour.max() <= 1.0
    for axis in (table.u_axis, table.v_axis):
        np.testing.assert_allclose(np.linalg.norm(axis, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.sum(table.u_axis * table.v_axis, axis=1), 0.0, atol=1e-5)
    areas = np.linalg.norm(normals_of(corners_of(mesh)), axis=1) / 2.0
    assert np.mean(areas < 1e-9) < 0.002


def test_a_dressed_town_is_sound_and_within_the_budget(town):
    still, daily = static_mesh(town), day_mesh(town, dataclasses.replace(DAY, parked_share=0.7))
    check_mesh(merge((still, daily)))
    west, south, east, north = town.layout.bounds_m
    count = len(still.faces) + len(daily.faces)
    assert count < 1.35 * TRIANGLES_PER_M2 * (east - west) * (north - south)
    ids = set(still.surfaces.object_id.tolist())
    assert {one.number for one in town.layout.buildings} <= ids
    assert len(lean_mesh(town).faces) < 0.1 * count


def test_ids_name_what_a_face_belongs_to(world):
    still = static_mesh(world)
    ids = still.surfaces.object_id
    numbers = {one.number for one in world.layout.buildings}
    fixtures = {
        FIXTURE_ID + k for k, one in enumerate(world.fixtures) if one.kind is not FixtureKind.HEDGE
    }
    trees = {TREE_ID + k for k in range(len(world.trees))}
    assert set(ids.tolist()) - trees == {-1} | numbers | fixtures
    assert set(ids.tolist()) & trees
    ground = still.surfaces.kind[ids == -1]
    assert ground.max() <= SurfaceKind.MANHOLE
    assert set(lean_mesh(world).surfaces.object_id.tolist()) == numbers


def test_fixtures_stand_at_their_places(world):
    still, daily = static_mesh(world), day_mesh(world, DAY)
    for number, fixture in enumerate(world.fixtures):
        mesh = daily if fixture.kind is FixtureKind.HEDGE else still
        chosen = mesh.surfaces.object_id[mesh.face_surface] == FIXTURE_ID + number
        points = corners_of(mesh, chosen).reshape(-1, 3)
        away = np.hypot(points[:, 0] - fixture.x_m, points[:, 1] - fixture.y_m)
        assert len(points), fixture.kind
        assert away.min() < 3.0
        assert away.max() < 4.5
        if fixture.kind in (FixtureKind.HEDGE, FixtureKind.FENCE):
            # yaw is 90 degrees: the length lies along y.
            assert np.ptp(points[:, 1]) == pytest.approx(4.0, abs=0.35)
            assert np.ptp(points[:, 0]) < 1.2


def test_the_arm_of_a_lamp_reaches_forward(world):
    still = static_mesh(world)
    number = [fixture.kind for fixture in world.fixtures].index(FixtureKind.LAMP)
    lamp = world.fixtures[number]
    kind = still.surfaces.kind[still.face_surface]
    chosen = kind == SurfaceKind.LAMP_HEAD
    chosen &= still.surfaces.object_id[still.face_surface] == FIXTURE_ID + number
    glass = corners_of(still, chosen).reshape(-1, 3)
    reach = (glass[:, :2].mean(axis=0) - (lamp.x_m, lamp.y_m)) @ (
        np.cos(lamp.yaw_rad), np.sin(lamp.yaw_rad),
    )  # fmt: skip
    assert 1.0 < reach < 2.5
    assert (normals_of(corners_of(still, chosen))[:, 2] < 0.0).all()


def test_a_tunnel_can_be_driven_through(world):
    still = static_mesh(world)
    number = [fixture.kind for fixture in world.fixtures].index(FixtureKind.TUNNEL_ROOF)
    tunnel = world.fixtures[number]
    chosen = still.surfaces.object_id[still.face_surface] == FIXTURE_ID + number
    corners = corners_of(still, chosen)
    inside = np.abs(corners.mean(axis=1)[:, 0] - tunnel.x_m) < 1.4
    assert corners[inside][:, :, 2].min() > 4.0


def test_seasons_leave_the_static_mesh_and_change_the_rest(world):
    summer = dataclasses.replace(DAY, season=Season.SUMMER, leaf_share=1.0)
    winter = dataclasses.replace(DAY, season=Season.WINTER, leaf_share=0.0)
    in_summer, in_winter = day_mesh(world, summer), day_mesh(world, winter)
    assert len(in_summer.faces) != len(in_winter.faces)
    bark = static_mesh(world).surfaces.kind == SurfaceKind.BARK
    assert bark.sum() == len(world.trees)


def test_road_works_stay_near_the_kerb(world):
    daily = day_mesh(world, dataclasses.replace(DAY, road_works=6))
    ids = daily.surfaces.object_id[daily.face_surface]
    for site in range(6):
        points = corners_of(daily, ids == SITE_ID + site).reshape(-1, 3)
        assert len(points)
        main = np.abs(points[:, 1]).min()
        side = np.abs(points[:, 0]).min() if points[:, 1].min() > 4.0 else 0.0
        assert max(main - 4.0, side - 3.0) > -0.6
    assert not np.any(day_mesh(world, dataclasses.replace(DAY, road_works=0)).surfaces.kind
                      == SurfaceKind.BARRIER)  # fmt: skip

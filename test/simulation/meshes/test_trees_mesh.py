# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Trees: seasons change leaves and never stems, and crowns keep to their size."""

import dataclasses

import numpy as np
from painted_world import DAY, corners_of, normals_of, painted_world
import pytest

from geoloc_sim.meshes.builder import TREE_ID, MeshBuilder
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.tree_shapes import icosahedron
from geoloc_sim.meshes.trees import add_leaves, add_stems
from geoloc_sim.rendering.records import Season
from geoloc_sim.world.records import KERB_HEIGHT_M, TreeKind

SUMMER = dataclasses.replace(DAY, season=Season.SUMMER, leaf_share=1.0)
WINTER = dataclasses.replace(DAY, season=Season.WINTER, leaf_share=0.0)


@pytest.fixture(scope='module')
def world():
    return painted_world()


def leaves_of(world, day):
    builder = MeshBuilder()
    add_leaves(builder, world, day)
    return builder.build()


def parts_of(mesh, number):
    """Corners and surface kinds of the faces of one tree."""
    chosen = mesh.surfaces.object_id[mesh.face_surface] == TREE_ID + number
    return corners_of(mesh, chosen), mesh.surfaces.kind[mesh.face_surface[chosen]]


def numbers_of(world, *kinds):
    return [k for k, tree in enumerate(world.trees) if tree.kind in kinds]


def test_crowns_have_the_height_and_radius_of_their_tree(world):
    mesh = leaves_of(world, SUMMER)
    for number, tree in enumerate(world.trees):
        corners, _ = parts_of(mesh, number)
        top = corners[:, :, 2].max() - KERB_HEIGHT_M
        reach = np.hypot(corners[:, :, 0] - tree.x_m, corners[:, :, 1] - tree.y_m).max()
        assert 0.85 * tree.height_m < top < 1.15 * tree.height_m
        assert 0.7 * tree.crown_radius_m < reach < 1.3 * tree.crown_radius_m


def test_winter_takes_the_leaves_of_broad_trees_alone(world):
    mesh = leaves_of(world, WINTER)
    for number in numbers_of(world, TreeKind.BROADLEAF, TreeKind.COLUMNAR):
        _, kinds = parts_of(mesh, number)
        assert set(kinds.tolist()) == {int(SurfaceKind.BARK)}
    for number in numbers_of(world, TreeKind.CONIFER, TreeKind.BUSH):
        _, kinds = parts_of(mesh, number)
        assert set(kinds.tolist()) == {int(SurfaceKind.FOLIAGE)}


def test_fewer_leaves_cover_less(world):
    covered = []
    for share in (0.2, 0.6, 1.0):
        mesh = leaves_of(world, dataclasses.replace(SUMMER, leaf_share=share))
        number = numbers_of(world, TreeKind.BROADLEAF)[0]
        chosen = mesh.surfaces.object_id[mesh.face_surface] == TREE_ID + number
        chosen &= mesh.surfaces.kind[mesh.face_surface] == SurfaceKind.FOLIAGE
        area = np.linalg.norm(normals_of(corners_of(mesh, chosen)), axis=1) / 2.0
        covered.append(np.sum(area * mesh.surfaces.parameters[mesh.face_surface[chosen], 0]))
    assert covered[0] < covered[1] < covered[2]


def test_evergreens_keep_their_shape_and_colour_all_year(world):
    summer, winter = leaves_of(world, SUMMER), leaves_of(world, WINTER)
    for number in numbers_of(world, TreeKind.CONIFER):
        assert np.array_equal(parts_of(summer, number)[0], parts_of(winter, number)[0])


def test_autumn_turns_each_tree_in_its_own_way(world):
    wood = dataclasses.replace(world, trees=world.trees * 4)
    mesh = leaves_of(wood, dataclasses.replace(SUMMER, season=Season.AUTUMN))
    colours = [
        mesh.surfaces.colour[mesh.surfaces.object_id == TREE_ID + number][0]
        for number in numbers_of(wood, TreeKind.BROADLEAF)
    ]
    ratios = [red / green for red, green, _ in colours]
    assert max(ratios) > 1.3 * min(ratios)


def test_another_day_lays_the_leaves_anew_and_leaves_the_clumps(world):
    first = leaves_of(world, SUMMER)
    other = leaves_of(world, dataclasses.replace(SUMMER, seed=SUMMER.seed + 1))
    number = numbers_of(world, TreeKind.BROADLEAF)[0]
    before, after = parts_of(first, number)[0], parts_of(other, number)[0]
    assert before.shape == after.shape
    same = (before == after).all(axis=(1, 2))
    assert 0.3 < same.mean() < 0.8


def test_stems_stand_on_the_ground_and_reach_into_the_crown(world):
    builder = MeshBuilder()
    add_stems(builder, world)
    mesh = builder.build()
    assert set(mesh.surfaces.kind.tolist()) == {int(SurfaceKind.BARK)}
    for number in numbers_of(world, TreeKind.BROADLEAF, TreeKind.CONIFER):
        corners, _ = parts_of(mesh, number)
        tree = world.trees[number]
        assert corners[:, :, 2].min() == pytest.approx(KERB_HEIGHT_M - 0.02)
        assert 0.6 * tree.height_m < corners[:, :, 2].max() < tree.height_m + KERB_HEIGHT_M
        foot = corners[corners[:, :, 2] < 1.0]
        assert np.hypot(foot[:, 0] - tree.x_m, foot[:, 1] - tree.y_m).max() < 0.5


def test_trees_by_a_street_have_more_detail(world):
    tree = world.trees[0]
    trees = tuple(dataclasses.replace(tree, x_m=-50.0, y_m=y) for y in (5.0, 60.0))
    mesh = leaves_of(dataclasses.replace(world, trees=trees), SUMMER)
    by_street, away = (len(parts_of(mesh, number)[0]) for number in (0, 1))
    assert by_street > 1.5 * away


def test_the_icosahedron_is_regular_and_faces_out():
    vertices, faces = icosahedron()
    corners = vertices[faces]
    area = np.linalg.norm(normals_of(corners), axis=1) / 2.0
    assert len(faces) == 20
    np.testing.assert_allclose(area, area[0])
    assert (np.sum(normals_of(corners) * corners.mean(axis=1), axis=1) > 0.0).all()
    # Surface of an icosahedron with circumradius 1: 5 sqrt(3) a^2, a = 1 / sin(2 pi / 5).
    edge = 1.0 / np.sin(2.0 * np.pi / 5.0)
    assert area.sum() == pytest.approx(5.0 * np.sqrt(3.0) * edge**2)

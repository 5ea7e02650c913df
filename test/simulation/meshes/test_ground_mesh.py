# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Ground against painting by brute force, closed areas and rays."""

import dataclasses

import numpy as np
from painted_world import BOUNDS_M, corners_of, normals_of, painted_world, rays_down
import pytest
import shapely
from shapely.geometry import Polygon, box

from geoloc_sim.meshes.builder import MeshBuilder
from geoloc_sim.meshes.ground import BACKING_LEVEL_M, WATER_LEVEL_M, Levels, add_ground
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.world.records import KERB_HEIGHT_M, Area, AreaKind

DECALS = ('ROAD_PATCH', 'MARKING_WHITE', 'MARKING_YELLOW', 'MANHOLE')


def ground_of(world):
    builder = MeshBuilder()
    add_ground(builder, world)
    return builder.build()


@pytest.fixture(scope='module')
def world():
    return painted_world()


@pytest.fixture(scope='module')
def mesh(world):
    return ground_of(world)


def kinds_of(mesh):
    return mesh.surfaces.kind[mesh.face_surface]


def flat_inside(mesh):
    """Level faces of the base layer inside the bounds."""
    corners = corners_of(mesh)
    west, south, east, north = BOUNDS_M
    centre = corners.mean(axis=1)
    inside = (centre[:, 0] > west) & (centre[:, 0] < east)
    inside &= (centre[:, 1] > south) & (centre[:, 1] < north)
    level = np.ptp(corners[:, :, 2], axis=1) == 0.0
    decal = np.isin(kinds_of(mesh), [SurfaceKind[name] for name in DECALS])
    return inside & level & ~decal & (corners[:, 0, 2] > BACKING_LEVEL_M)


def test_the_base_covers_the_bounds_exactly_once(mesh):
    corners = corners_of(mesh, flat_inside(mesh))
    west, south, east, north = BOUNDS_M
    total = np.sum(normals_of(corners)[:, 2]) / 2.0
    assert total == pytest.approx((east - west) * (north - south), rel=1e-9)
    points = np.random.default_rng(1).uniform((west, south), (east, north), (4000, 2))
    triangles = shapely.polygons(corners[:, :, :2])
    hits = shapely.STRtree(triangles).query(shapely.points(points), predicate='intersects')[0]
    assert np.array_equal(np.bincount(hits, minlength=len(points)), np.ones(len(points)))


def test_every_point_shows_the_area_painted_last(world, mesh):
    rng = np.random.default_rng(2)
    everywhere = rng.uniform(BOUNDS_M[:2], BOUNDS_M[2:], (2500, 2))
    points = np.vstack([everywhere, rng.uniform((15, -5), (35, 7), (1500, 2))])
    borders = shapely.union_all([area.polygon.boundary for area in world.areas])
    points = points[shapely.distance(shapely.points(points), borders) > 0.03]
    _, face = rays_down(mesh, points)
    shown = kinds_of(mesh)[face]
    for point, kind in zip(points, shown, strict=True):
        over = [area for area in world.areas if shapely.contains_xy(area.polygon, *point)]
        expected = over[-1].kind.name if over else 'GRASS'
        assert SurfaceKind(kind).name == expected, point


def test_heights_are_those_of_the_kinds(mesh):
    points = np.array([(50.0, 2.0), (50.0, 5.0), (50.0, -50.0), (-10.0, -30.0), (70.0, 50.0)])
    heights, _ = rays_down(mesh, points)
    expected = [0.0, KERB_HEIGHT_M, WATER_LEVEL_M, 0.0, KERB_HEIGHT_M]
    np.testing.assert_allclose(heights, expected, atol=1e-4)


def test_levels_agree_with_the_mesh_away_from_decals(world, mesh):
    points = np.random.default_rng(3).uniform(BOUNDS_M[:2], BOUNDS_M[2:], (800, 2))
    borders = shapely.union_all([area.polygon.boundary for area in world.areas])
    points = points[shapely.distance(shapely.points(points), borders) > 0.03]
    heights, _ = rays_down(mesh, points)
    np.testing.assert_allclose(Levels(world.areas).at(points), heights, atol=0.0045)


def test_a_decal_takes_the_height_of_what_it_crosses(mesh):
    heights, face = rays_down(mesh, np.array([(28.0, 3.0), (28.0, 5.0)]))
    assert np.array_equal(kinds_of(mesh)[face], [SurfaceKind.MARKING_YELLOW] * 2)
    np.testing.assert_allclose(heights, [0.004, KERB_HEIGHT_M + 0.004], atol=1e-4)


def test_kerbs_stand_along_the_road_and_face_it(world, mesh):
    corners = corners_of(mesh, kinds_of(mesh) == SurfaceKind.KERB)
    upright = np.abs(normals_of(corners)[:, 2]) < 1e-12
    assert upright.all()
    centre = corners.mean(axis=1)
    ahead = normals_of(corners)
    ahead /= np.linalg.norm(ahead, axis=1)[:, None]
    in_front = Levels(world.areas).at((centre + 0.03 * ahead)[:, :2])
    behind = Levels(world.areas).at((centre - 0.03 * ahead)[:, :2])
    assert np.mean(in_front < behind) > 0.98  # corners of an end may see neither


def test_kerbs_are_as_long_as_the_border_of_the_road(mesh):
    corners = corners_of(mesh, kinds_of(mesh) == SurfaceKind.KERB)
    near_road = np.abs(corners.mean(axis=1)[:, 1]) < 4.3
    length = np.sum(np.linalg.norm(normals_of(corners[near_road]), axis=1)) / 2.0 / 0.17
    # Both kerbs of the main road, without the mouth of the side street.
    assert length == pytest.approx(200.0 + 194.0, abs=0.1)


def test_hair_cracks_between_roads_stay_road():
    world = painted_world()
    cracked = (
        Area(box(-50, -4, 0, 4), AreaKind.ROAD),
        Area(box(0.015, -4, 50, 4), AreaKind.ROAD, 0.9),
    )
    mesh = ground_of(dataclasses.replace(world, areas=cracked))
    corners = corners_of(mesh, kinds_of(mesh) == SurfaceKind.KERB)
    middle = corners.mean(axis=1)
    assert not np.any((np.abs(middle[:, 0]) < 1.0) & (np.abs(middle[:, 1]) < 3.5))


def test_everything_level_faces_up(mesh):
    corners = corners_of(mesh)
    level = np.ptp(corners[:, :, 2], axis=1) == 0.0
    assert (normals_of(corners[level])[:, 2] > 0.0).all()


def test_a_polygon_with_many_holes_keeps_its_area():
    world = painted_world()
    holes = [shapely.Point(x, y).buffer(0.8) for x in range(-80, 81, 8) for y in range(10, 90, 8)]
    square = Polygon(box(-90, 2, 90, 96).exterior, [hole.exterior.coords[::-1] for hole in holes])
    mesh = ground_of(dataclasses.replace(world, areas=(Area(square, AreaKind.SQUARE),)))
    shown = corners_of(mesh, kinds_of(mesh) == SurfaceKind.SQUARE)
    # Simplifying by 1 cm changes a circle of 0.8 m by up to 2 pi r * 1 cm.
    slack = len(holes) * 2.0 * np.pi * 0.8 * 0.01
    assert np.sum(normals_of(shown)[:, 2]) / 2.0 == pytest.approx(square.area, abs=slack)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Roofs against closed forms, distances to the footprint's border, and Gauss' theorem."""

import numpy as np
from painted_world import building, corners_of, normals_of, rays_down, volumes
import pytest
import shapely
from shapely import affinity
from shapely.geometry import Polygon, box

from geoloc_sim.meshes.builder import MeshBuilder
from geoloc_sim.meshes.buildings import _add_bare_roof, _add_walls
from geoloc_sim.meshes.facades import draw_facade
from geoloc_sim.meshes.roof_faces import outline
from geoloc_sim.meshes.roof_shape import roof_shape
from geoloc_sim.meshes.roofs import draw_roof
from geoloc_sim.meshes.walls import building_walls
from geoloc_sim.world.records import RoofKind

EAVES_M, RIDGE_M = 7.0, 11.0
FOOTPRINTS = {
    'rectangle': box(0, 0, 16, 10),
    'turned': affinity.rotate(box(0, 0, 16, 10), 33.0),
    'ell': Polygon([(0, 0), (20, 0), (20, 8), (8, 8), (8, 22), (0, 22)]),
    'turned ell': affinity.rotate(
        Polygon([(0, 0), (20, 0), (20, 8), (8, 8), (8, 22), (0, 22)]), -51.0
    ),
    'tee': Polygon([(0, 0), (30, 0), (30, 9), (19, 9), (19, 20), (12, 20), (12, 9), (0, 9)]),
    'u': Polygon([(0, 0), (20, 0), (20, 25), (14, 25), (14, 6), (6, 6), (6, 25), (0, 25)]),
    'stairs': Polygon([(0, 0), (20, 0), (20, 5), (13, 5), (13, 10), (6, 10), (6, 15), (0, 15)]),
    'quadrangle': Polygon([(0, 0), (20, -4), (22, 12), (2, 15)]),
    'pentagon': Polygon([(0, 0), (14, 0), (18, 8), (8, 15), (-3, 7)]),
    'arrow': Polygon([(0, 0), (10, 4), (20, 0), (10, 20)]),
    'uneven ell': Polygon([(0, 0), (20.2, 0.1), (20, 8), (8.1, 7.8), (8, 22.3), (0.1, 22)]),
}
PITCHED = (RoofKind.GABLE, RoofKind.HIP, RoofKind.SHED)


def bare(one):
    """Walls and roof of one building without details."""
    builder = MeshBuilder()
    shape = roof_shape(one)
    (walls,) = building_walls([one], [])
    _add_walls(builder, one, draw_facade(one, 1), shape, walls)
    _add_bare_roof(builder, one, draw_roof(one, 1), shape)
    return builder.build()


def roof_volume(one):
    return volumes(corners_of(bare(one)))[2] - one.footprint.area * one.eaves_height_m


@pytest.mark.parametrize('roof', PITCHED, ids=lambda roof: roof.value)
@pytest.mark.parametrize('name', FOOTPRINTS)
def test_walls_and_roof_close(name, roof):
    one = building(1, FOOTPRINTS[name], roof)
    corners = corners_of(bare(one))
    along_x, along_y, along_z = volumes(corners)
    loose = 0.004 * along_z if name == 'uneven ell' else 1e-6 * along_z
    assert along_x == pytest.approx(along_z, abs=loose)
    assert along_y == pytest.approx(along_z, abs=loose)
    up = normals_of(corners)[:, 2] > 1e-9
    assert np.sum(normals_of(corners)[up, 2]) / 2.0 == pytest.approx(one.footprint.area, rel=1e-4)
    assert corners[:, :, 2].max() == pytest.approx(RIDGE_M, abs=1e-6)
    assert EAVES_M * one.footprint.area < along_z < RIDGE_M * one.footprint.area


@pytest.mark.parametrize('roof', PITCHED, ids=lambda roof: roof.value)
@pytest.mark.parametrize('name', FOOTPRINTS)
def test_the_volume_is_the_sum_of_heights_that_rays_meet(name, roof):
    one = building(1, FOOTPRINTS[name], roof)
    mesh = bare(one)
    west, south, east, north = one.footprint.bounds
    step = 0.25
    x, y = np.meshgrid(
        np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step)
    )
    points = np.column_stack([x.ravel(), y.ravel()])
    points = points[shapely.contains_xy(one.footprint, points)]
    heights, _ = rays_down(mesh, points)
    scale = one.footprint.area / len(points)
    assert np.isfinite(heights).all()
    assert np.sum(heights) * scale == pytest.approx(volumes(corners_of(mesh))[2], rel=0.006)


def test_volumes_of_roofs_over_a_rectangle():
    length, width, rise = 16.0, 10.0, RIDGE_M - EAVES_M
    rectangle = FOOTPRINTS['turned']
    gable = roof_volume(building(1, rectangle, RoofKind.GABLE))
    assert gable == pytest.approx(length * width * rise / 2.0, rel=1e-9)
    hip = roof_volume(building(1, rectangle, RoofKind.HIP))
    assert hip == pytest.approx(rise * width * (3.0 * length - width) / 6.0, rel=1e-9)
    shed = roof_volume(building(1, rectangle, RoofKind.SHED))
    assert shed == pytest.approx(length * width * rise / 2.0, rel=1e-9)


def test_a_gabled_ell_has_two_ridges_and_a_valley():
    one = building(1, FOOTPRINTS['ell'], RoofKind.GABLE)
    mesh = bare(one)
    ridge = np.array([(14.0, 4.0), (4.0, 4.0), (4.0, 15.0)])
    np.testing.assert_allclose(rays_down(mesh, ridge + 1e-4)[0], RIDGE_M, atol=1e-3)
    # From the inner corner (8, 8) at the eaves the valley climbs to the crossing at (4, 4).
    valley, _ = rays_down(mesh, np.array([(7.9991, 7.999), (6.0001, 6.0), (5.0001, 5.0)]))
    np.testing.assert_allclose(valley, [EAVES_M, EAVES_M + 2.0, EAVES_M + 3.0], atol=2e-3)


@pytest.mark.parametrize(
    'name', ['rectangle', 'turned', 'quadrangle', 'pentagon', 'ell', 'tee', 'u']
)
def test_contours_of_a_hip_are_the_footprint_shrunk(name):
    """A straight skeleton: the roof at height h stands over the outline offset by h / slope."""
    one = building(1, FOOTPRINTS[name], RoofKind.HIP)
    west, south, east, north = one.footprint.bounds
    points = np.random.default_rng(4).uniform((west, south), (east, north), (1500, 2))
    points = points[shapely.contains_xy(one.footprint, points)]
    rise = rays_down(bare(one), points)[0] - EAVES_M
    shrunk = [
        one.footprint.buffer(-inset, join_style='mitre', mitre_limit=50.0)
        for inset in np.arange(0.25, 12.0, 0.25)
    ]
    widest = max(k for k, shape in enumerate(shrunk) if not shape.is_empty)
    slope = np.median(rise / shapely.distance(shapely.points(points), one.footprint.exterior))
    assert (RIDGE_M - EAVES_M) / slope == pytest.approx(0.25 * (widest + 1.5), abs=0.25)
    for k, shape in enumerate(shrunk):
        inset = 0.25 * (k + 1)
        clear = np.abs(rise / slope - inset) > 2e-3
        inside = shapely.contains_xy(shape, points)
        assert np.array_equal(inside[clear], (rise / slope > inset)[clear])


@pytest.mark.parametrize('name', FOOTPRINTS)
def test_faces_with_overhang_cover_the_wider_outline_once(name):
    shape = roof_shape(building(1, FOOTPRINTS[name], RoofKind.GABLE))
    faces = [face.polygon for face in shape.faces(0.4)]
    cover = outline(FOOTPRINTS[name], 0.4)
    assert sum(face.area for face in faces) == pytest.approx(cover.area, rel=2e-3)
    assert shapely.union_all(faces).symmetric_difference(cover).area < 2e-3 * cover.area


def test_courtyards_and_low_rises_are_flat():
    court = Polygon(box(0, 0, 30, 30).exterior, [box(8, 8, 20, 20).exterior.coords[::-1]])
    for one in (
        building(1, court, RoofKind.GABLE, 7.0, 9.0),
        building(1, box(0, 0, 9, 9), RoofKind.HIP, 7.0, 7.01),
    ):
        shape = roof_shape(one)
        assert len(shape.wings) == 1
        assert not shape.wings[0].planes[:, :2].any()

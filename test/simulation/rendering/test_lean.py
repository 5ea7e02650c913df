# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lean images of prisms, whose edges can be counted by hand, and the rules of validity."""

import dataclasses
import math

import cv2
import numpy as np
from prism_meshes import box_mesh, prism_mesh, surfaces
import pytest
from shapely.geometry import Point, Polygon, box

from geoloc_ros.errors import SettingError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.meshes.city import lean_mesh
from geoloc_sim.meshes.records import SurfaceKind, SurfaceMesh, merge
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.distortion import Distortion
from geoloc_sim.rendering.lean import (
    MIN_EDGE_PX,
    Footprints,
    LeanImage,
    LeanModel,
    LeanVerdict,
    depth_of_relative,
    judge,
    lean_camera,
    relative_depth,
)
from geoloc_sim.rendering.lean_edges import draw_edges
from geoloc_sim.rendering.scene import TracedMesh
from geoloc_sim.world.records import Building, BuildingUse, Layout, RoofKind, World

CAMERA = lean_camera(161, 121, 90.0)
FACING_EAST = Pose2(0.0, 0.0, 0.0)
TOWER = np.array(((20.0, 0.0), (23.0, -4.0), (28.0, -4.0), (28.0, 4.0), (23.0, 4.0)))


def building(number, footprint):
    return Building(number, footprint, 9.0, RoofKind.FLAT, 9.0, 3, BuildingUse.HOUSE)


def image(edge_count=8, sky_share=0.5):
    nothing = np.zeros((2, 2), bool)
    return LeanImage(nothing, nothing, np.zeros((2, 2), np.float32), edge_count, sky_share)


def turned_box(angle_rad, at=(20.0, 0.0), half=4.0, height_m=8.0, number=1):
    angles = angle_rad + math.pi / 4 + np.arange(4) * math.pi / 2
    return prism_mesh(
        np.column_stack((np.cos(angles), np.sin(angles))) * half * math.sqrt(2.0) + at,
        height_m,
        number,
    )


@pytest.mark.parametrize(
    ('mesh', 'expected'),
    [
        (box_mesh((20.0, -4.0), (28.0, 4.0), 8.0), 4),  # one wall from the front
        (turned_box(math.pi / 4), 7),  # two walls: three uprights, two edges above, two below
        (prism_mesh(TOWER, 8.0), 7),
        # Three walls: four uprights, three above, three below.
        (
            prism_mesh(np.array(((20, 2), (20, -2), (24, -6), (30, 0), (24, 6)), float), 8.0),
            10,
        ),
        # From a box in front of a wider and higher one: 4 and the far one's 4, of which the lower
        # is seen on both sides but is one edge.
        (
            merge(
                (
                    box_mesh((20.0, -4.0), (24.0, 4.0), 6.0, 1),
                    box_mesh((40.0, -14.0), (44.0, 14.0), 16.0, 2),
                )
            ),
            8,
        ),
        # Behind a higher and wider one nothing is seen.
        (
            merge(
                (
                    box_mesh((20.0, -4.0), (24.0, 4.0), 9.0, 1),
                    box_mesh((40.0, -4.0), (44.0, 4.0), 9.0, 2),
                )
            ),
            4,
        ),
        # Two row houses of one height: the upright between them is one edge, the others are two.
        (
            merge(
                (
                    box_mesh((20.0, -8.0), (28.0, 0.0), 8.0, 1),
                    box_mesh((20.0, 0.0), (28.0, 8.0), 8.0, 2),
                )
            ),
            7,
        ),
    ],
)
def test_edges_are_counted_as_a_person_counts_them(mesh, expected):
    assert LeanModel(mesh).view(CAMERA, FACING_EAST).edge_count == expected


@pytest.mark.parametrize(
    ('roof', 'front', 'corner'),
    [
        (RoofKind.FLAT, 4, 7),
        # The gable: two uprights, the foot, two slopes. From the corner an eave, a foot, an
        # upright, the ridge and the far slope more.
        (RoofKind.GABLE, 5, 10),
        # A wall and two hips; from the corner two walls, three hips and the ridge.
        (RoofKind.HIP, 6, 11),
    ],
)
def test_edges_of_a_house_of_the_city_model(roof, front, corner):
    ridge = 6.0 if roof is RoofKind.FLAT else 9.0
    house = Building(1, box(20, -5, 32, 5), 6.0, roof, ridge, 2, BuildingUse.HOUSE)
    layout = Layout(
        'one',
        1,
        GeodeticPosition(49.0, 8.0),
        (-100.0, -100.0, 100.0, 100.0),
        np.zeros((0, 2)),
        (),
        (house,),
    )
    model = LeanModel(lean_mesh(World(layout, (), (), (), ())))
    camera = lean_camera(320, 240, 70.0)
    assert model.view(camera, FACING_EAST).edge_count == front
    assert model.view(camera, Pose2(4.0, -20.0, 0.8)).edge_count == corner


def test_a_wall_of_many_triangles_has_the_edges_of_a_plain_one():
    # The west wall cut in 6 pieces that share corners: pieces of one plane and of one line.
    y = np.linspace(-4.0, 4.0, 7)
    low = np.column_stack((np.full(7, 20.0), y, np.zeros(7)))
    vertices = np.concatenate((low, low + np.array((0.0, 0.0, 8.0))))
    faces = [triangle for k in range(6) for triangle in ((k, k + 7, k + 8), (k, k + 8, k + 1))]
    mesh = SurfaceMesh(
        vertices,
        np.array(faces, np.int32),
        np.zeros(12, np.int32),
        surfaces([SurfaceKind.FACADE], 1),
    )
    seen = LeanModel(mesh).view(CAMERA, FACING_EAST)
    plain = LeanModel(box_mesh((20.0, -4.0), (28.0, 4.0), 8.0)).view(CAMERA, FACING_EAST)
    assert seen.edge_count == plain.edge_count == 4
    assert (seen.edges ^ plain.edges).sum() <= 4
    np.testing.assert_array_equal(seen.faces, plain.faces)


def test_edges_stand_where_the_corners_are_projected():
    mesh = turned_box(0.6)
    seen = LeanModel(mesh).view(CAMERA, FACING_EAST)
    pixels, _ = CAMERA.project(mesh.vertices_m, 0.0, 0.0, 0.0)
    nearest = np.argsort(np.hypot(*mesh.vertices_m[:4, :2].T))[:3]
    for corner in nearest:  # uprights: the column of each visible corner is drawn from end to end
        column = round(float(pixels[corner, 0]))
        top, bottom = np.sort(pixels[[corner, corner + 4], 1])
        rows = np.arange(math.ceil(top) + 1, math.floor(bottom) - 1)
        assert seen.edges[rows, column - 1 : column + 2].any(axis=1).all()
    # And nothing is drawn off the outline of the two walls.
    outline = np.zeros_like(seen.edges)
    for start, end in [(a, a + 4) for a in nearest] + [
        (int(a) + lift, int(b) + lift)
        for a in nearest
        for b in nearest
        for lift in (0, 4)
        if (a - b) % 4 == 1
    ]:
        for share in np.linspace(0.0, 1.0, 400):
            u, v = np.rint((1 - share) * pixels[start] + share * pixels[end]).astype(int)
            outline[max(v - 1, 0) : v + 2, max(u - 1, 0) : u + 2] = True
    assert not (seen.edges & ~outline).any()


def random_town(seed, count=14):
    """Boxes turned at random in front of the camera, none touching another."""
    random = np.random.default_rng(seed)
    meshes, places = [], []
    while len(meshes) < count:
        at, half = random.uniform((12.0, -30.0), (70.0, 30.0)), random.uniform(2.0, 6.0)
        if all(np.hypot(*(at - other)) > 1.5 * (half + size) for other, size in places):
            places.append((at, half))
            turn, height = random.uniform(0.0, 1.5), random.uniform(3.0, 18.0)
            meshes.append(turned_box(turn, at, half, height, len(meshes)))
    return meshes


@pytest.mark.parametrize('seed', range(4))
def test_edges_are_those_that_rays_to_their_points_reach(seed):
    """Against the points of all box edges, each asked for by a ray of its own."""
    meshes = random_town(seed)
    town = merge(meshes)
    seen = LeanModel(town).view(CAMERA, FACING_EAST)
    sides = [(a, (a + 1) % 4) for a in range(4)]
    pairs = sides + [(a + 4, b + 4) for a, b in sides] + [(a, a + 4) for a in range(4)]
    shares = np.linspace(0.0, 1.0, 600)[:, None]
    points = np.concatenate(
        [
            (1.0 - shares) * mesh.vertices_m[a] + shares * mesh.vertices_m[b]
            for mesh in meshes
            for a, b in pairs
        ]
    )
    eye = np.array((0.0, 0.0, 1.7))
    away = points - eye
    distance = np.linalg.norm(away, axis=1)
    origins = np.ascontiguousarray(np.broadcast_to(eye.astype(np.float32), away.shape))
    face, near = TracedMesh(town).nearest(origins, (away / distance[:, None]).astype(np.float32))
    reached = (face < 0) | (near > distance - 0.02)
    pixels, _ = CAMERA.project(points, 0.0, 0.0, 0.0)
    pixels, reached = np.rint(pixels).astype(int), reached & (pixels[:, 0] > -0.5)
    inside = reached & ((pixels >= 0) & (pixels < (161, 121))).all(axis=1)
    expected = np.zeros_like(seen.edges)
    expected[pixels[inside, 1], pixels[inside, 0]] = True
    missed, invented = expected & ~dilated(seen.edges), seen.edges & ~dilated(expected)
    assert expected.sum() > 400
    # Slivers thinner than a pixel may be missed; nothing is invented.
    assert missed.sum() <= 0.02 * expected.sum()
    assert invented.sum() <= 0.005 * expected.sum()


def dilated(mask):
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)


def test_faces_and_depth_of_a_wall_by_hand():
    camera = lean_camera(81, 61, 90.0)  # f = 40.5 px
    seen = LeanModel(box_mesh((20.0, -10.0), (28.0, 10.0), 8.0)).view(camera, FACING_EAST)
    facade = seen.faces
    # 10 m at 20 m: 20.25 px to both sides of column 40; 6.3 m up: 12.76 px; 1.7 m down: 3.44.
    assert np.flatnonzero(facade.any(axis=0)).tolist() == list(range(20, 61))
    assert np.flatnonzero(facade.any(axis=1)).tolist() == list(range(18, 34))
    np.testing.assert_allclose(seen.depth_m[facade], 20.0, rtol=1e-5)
    assert np.isinf(seen.depth_m[~facade]).all()
    assert seen.sky_share == 1.0


def test_a_roof_is_no_facade_but_has_depth_and_edges():
    low = box_mesh((5.0, -4.0), (15.0, 4.0), 1.0)  # its roof is seen from 1.7 m
    seen = LeanModel(low).view(CAMERA, FACING_EAST)
    roof = np.isfinite(seen.depth_m) & ~seen.faces
    assert roof.sum() > 50
    assert seen.faces.sum() > 50
    assert seen.edge_count == 7  # 4 of the wall, 3 more of the roof


@pytest.mark.parametrize(
    ('edges', 'verdict'), [(7, LeanVerdict.FEW_EDGES), (8, LeanVerdict.VALID)]
)
def test_eight_edges_are_enough(edges, verdict):
    assert judge(image(edge_count=edges)) is verdict


@pytest.mark.parametrize(
    ('share', 'verdict'),
    [(79 / 160, LeanVerdict.NO_SKYLINE), (80 / 160, LeanVerdict.VALID), (1.0, LeanVerdict.VALID)],
)
def test_half_of_the_top_row_must_be_sky(share, verdict):
    assert judge(image(sky_share=share)) is verdict


def test_inside_a_building_no_image_is_valid():
    assert judge(image(99, 1.0), inside_building=True) is LeanVerdict.INSIDE_BUILDING


@pytest.mark.parametrize(('columns', 'share'), [(80, 0.5), (81, 79 / 160), (79, 81 / 160), (0, 1)])
def test_sky_share_counts_the_columns_of_the_top_row(columns, share):
    # A wall far higher than the view from the left edge to the wanted column.
    camera = lean_camera(160, 120, 60.0)
    right = (79.5 - (columns - 0.5)) / camera.fx * 10.0
    mesh = box_mesh((10.0, right), (12.0, 60.0), 50.0)
    seen = LeanModel(mesh).view(camera, FACING_EAST)
    if columns:
        assert seen.sky_share == share
        assert LeanModel(mesh).sky_share(camera, FACING_EAST) == share
        verdict = LeanVerdict.NO_SKYLINE if share < 0.5 else LeanVerdict.FEW_EDGES
        assert judge(seen) is verdict
    else:
        assert LeanModel(mesh).sky_share(camera, Pose2(0.0, 0.0, -1.2)) == 1


def test_ground_in_the_top_row_is_no_sky():
    model = LeanModel(box_mesh((20.0, -4.0), (28.0, 4.0), 8.0))
    down = lean_camera(40, 30, 60.0, elevation_rad=-1.2)
    assert model.sky_share(down, FACING_EAST) == 0.0
    assert model.view(down, FACING_EAST).sky_share == 0.0


def test_looking_up_lowers_the_picture():
    level = LeanModel(box_mesh((20.0, -10.0), (28.0, 10.0), 8.0)).view(CAMERA, FACING_EAST)
    up = LeanModel(box_mesh((20.0, -10.0), (28.0, 10.0), 8.0)).view(
        lean_camera(161, 121, 90.0, elevation_rad=math.radians(9.0)), FACING_EAST
    )
    # f tan(9 deg) = 12.7 px at the axis.
    rows = [np.flatnonzero(seen.faces[:, 80]).mean() for seen in (level, up)]
    assert rows[1] - rows[0] == pytest.approx(80.5 * math.tan(math.radians(9.0)), abs=1.5)


@pytest.mark.parametrize(('height_px', 'counted'), [(2.8, False), (3.2, True)])
def test_an_edge_counts_from_three_pixels(height_px, counted):
    # A wall as high as that many pixels, seen from 0.6 of its height.
    height_m = 20.0 * height_px / CAMERA.fx
    mesh = box_mesh((20.0, -4.0), (28.0, 4.0), height_m)
    model = LeanModel(mesh)
    camera = lean_camera(161, 121, 90.0, height_m=0.6 * height_m)
    rays = camera.rays(0.0, 0.0, 0.0)
    face, _ = TracedMesh(mesh).nearest(rays.origins_m, rays.directions)
    plane = np.where(face >= 0, model.planes.face_plane[face], -1).astype(np.int32)
    _, seen_px = draw_edges(camera, FACING_EAST, plane.reshape(121, 161), model.planes)
    uprights = np.sort(seen_px[seen_px > 0])[:2]
    np.testing.assert_allclose(uprights, height_px, atol=0.15)
    assert (uprights[0] >= MIN_EDGE_PX) == counted
    assert model.view(camera, FACING_EAST).edge_count == (4 if counted else 2)


def test_footprints_just_inside_and_just_outside():
    courtyard = Polygon(box(0, 0, 30, 30).exterior.coords, [box(10, 10, 20, 20).exterior.coords])
    footprints = Footprints([building(1, box(100, 100, 110, 120)), building(2, courtyard)])
    places = np.array(
        ((0.001, 15.0), (-0.001, 15.0), (15.0, 15.0), (10.001, 15.0), (9.999, 15.0),
         (105.0, 119.999), (105.0, 120.001), (0.0, 15.0))
    )  # fmt: skip
    expected = [True, False, False, False, True, True, False, True]
    assert footprints.contain(places).tolist() == expected
    by_hand = [
        any(area.intersects(Point(place)) for area in (box(100, 100, 110, 120), courtyard))
        for place in places
    ]
    assert by_hand == expected
    assert not Footprints([]).contain(places).any()


def test_relative_depth_goes_back_and_forth():
    depth = np.array((0.1, 0.5, 1.0, 20.0, 499.0, 500.0, 2000.0, np.inf), np.float32)
    level = relative_depth(depth)
    assert level.dtype == np.uint8
    assert level[[0, 1, 5, 6, 7]].tolist() == [255, 255, 1, 1, 0]
    np.testing.assert_allclose(depth_of_relative(level)[1:6], depth[1:6], rtol=0.014)
    assert np.isinf(depth_of_relative(level)[7])


def test_a_bent_lens_is_refused():
    camera = dataclasses.replace(PinholeCamera.with_field_of_view(), distortion=Distortion(0.1))
    with pytest.raises(SettingError, match='straight edges'):
        LeanModel(turned_box(0.3)).view(camera, FACING_EAST)

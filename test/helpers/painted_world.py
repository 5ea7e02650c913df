# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A small world made by hand with one of everything, and measures of meshes by other means."""

from block_town import DATUM, DAY
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
import numpy as np
import shapely
from shapely.geometry import LineString, Polygon, box

from geoloc_sim.world.records import (
    Area,
    AreaKind,
    Building,
    BuildingUse,
    Fixture,
    FixtureKind,
    Layout,
    ParkingSlot,
    RoadClass,
    RoofKind,
    Street,
    Tree,
    TreeKind,
    World,
)

__all__ = ['DAY', 'building', 'painted_world', 'rays_down', 'volumes']

BOUNDS_M = (-100.0, -60.0, 100.0, 100.0)


def building(number, footprint, roof, eaves_m=7.0, ridge_m=11.0, use=BuildingUse.HOUSE, storeys=2):
    return Building(number, footprint, eaves_m, roof, ridge_m, storeys, use)


def buildings():
    ell = Polygon([(30, 12), (50, 12), (50, 20), (38, 20), (38, 34), (30, 34)])
    court = Polygon(box(-90, 12, -60, 40).exterior, [box(-80, 20, -70, 32).exterior.coords[::-1]])
    return (
        building(1, box(10, 12, 24, 22), RoofKind.GABLE),
        building(2, ell, RoofKind.GABLE),
        building(3, box(-30, 12, -12, 23), RoofKind.FLAT, 13.0, 13.0, BuildingUse.SHOPS, 4),
        building(4, box(-48, 12, -30, 23), RoofKind.HIP, 10.0, 13.0, BuildingUse.APARTMENTS, 3),
        building(5, court, RoofKind.FLAT, 12.0, 12.0, BuildingUse.OFFICE, 4),
        building(6, box(10, -30, 40, -14), RoofKind.SHED, 6.0, 8.0, BuildingUse.INDUSTRIAL, 1),
        building(7, box(50, -20, 53.5, -14), RoofKind.FLAT, 2.4, 2.4, BuildingUse.GARAGE, 1),
    )


def areas():
    main = LineString([(-100, 0), (100, 0)]).buffer(4.0, cap_style='flat')
    road = main.union(box(-3, 0, 3, 100))
    painted = [
        Area(road.buffer(3.0).intersection(box(*BOUNDS_M)), AreaKind.PAVEMENT),
        Area(road, AreaKind.ROAD),
        Area(box(40, -60, 60, -40), AreaKind.WATER),
        Area(box(-15, -50, -5, -20), AreaKind.PARKING, 1.1),
        Area(Polygon([(60, 30), (90, 35), (80, 70), (55, 60)]), AreaKind.SOIL, 0.9),
        Area(box(20, -3, 27, 1), AreaKind.ROAD_PATCH, 0.9),
        Area(box(24, -0.2, 30, 5.5), AreaKind.MARKING_YELLOW),
        Area(shapely.Point(23.0, -1.0).buffer(0.35), AreaKind.MANHOLE),
    ]
    painted += [
        Area(box(x, -0.06, x + 3, 0.06), AreaKind.MARKING_WHITE) for x in range(-98, 98, 6)
    ]
    return tuple(painted)


def painted_world(seed=5):
    streets = (
        Street(0, 1, np.array([[-100.0, 0.0], [0.0, 0.0]]), RoadClass.SECONDARY, 2, 8.0),
        Street(1, 2, np.array([[0.0, 0.0], [100.0, 0.0]]), RoadClass.SECONDARY, 2, 8.0),
        Street(1, 3, np.array([[0.0, 0.0], [0.0, 100.0]]), RoadClass.RESIDENTIAL, 2, 6.0),
    )
    junctions = np.array([[-100.0, 0.0], [0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    kinds = list(TreeKind)
    trees = tuple(
        Tree(float(x), 6.0 if k % 2 else 60.0, 1.6 if kinds[k % 4] is TreeKind.BUSH else 9.0,
             1.0 if kinds[k % 4] is TreeKind.BUSH else 2.8, kinds[k % 4])
        for k, x in enumerate(range(-95, 96, 10))
    )  # fmt: skip
    fixtures = tuple(
        Fixture(8.0 + 6 * k, -5.5, np.pi / 2, kind, 4.0 if kind.value in LONG else 0.0)
        for k, kind in enumerate(FixtureKind)
    )
    slots = tuple(ParkingSlot(float(x), -3.0, 0.0) for x in range(-90, -10, 7))
    slots += (ParkingSlot(-10.0, -30.0, np.pi / 2), ParkingSlot(70.0, 50.0, 1.0))
    layout = Layout('painted', seed, DATUM, BOUNDS_M, junctions, streets, buildings())
    return World(layout, areas(), trees, fixtures, slots)


LONG = ('hedge', 'fence', 'tunnel_roof')


def corners_of(mesh, chosen=slice(None)):
    return mesh.vertices_m[mesh.faces[chosen]]


def normals_of(corners):
    """Normals as long as twice the triangles' areas."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def volumes(corners):
    """Volume under a surface by the flux of (x, 0, 0), of (0, y, 0) and of (0, 0, z).

    The three agree where the surface closes with a floor in z = 0 (Gauss).
    """
    area = normals_of(corners) / 2.0
    return np.sum(area * corners.mean(axis=1), axis=0)


def rays_down(mesh, points_m, chosen=None):
    """Height and face of what a ray straight down meets at points (n, 2), by embree."""
    faces = mesh.faces if chosen is None else mesh.faces[chosen]
    scene = EmbreeScene()
    TriangleMesh(scene, mesh.vertices_m.astype(np.float32), np.ascontiguousarray(faces))
    top = float(mesh.vertices_m[:, 2].max()) + 1.0
    origins = np.column_stack([points_m, np.full(len(points_m), top)]).astype(np.float32)
    down = np.tile(np.float32([0.0, 0.0, -1.0]), (len(points_m), 1))
    found = scene.run(origins, down, output=True)
    face = found['primID']
    if chosen is not None:
        face = np.where(face >= 0, np.flatnonzero(chosen)[face], -1)
    return top - found['tfar'], face

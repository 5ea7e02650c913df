# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""City models as triangles: their own walls and roofs, with drawn facades and roof covers."""

from __future__ import annotations

import dataclasses

import mapbox_earcut
import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.builder import MeshBuilder, Surface
from geoloc_sim.meshes.colours import CONCRETE, Rgb, linear
from geoloc_sim.meshes.facades import Facade, WallSide, draw_facade, wall_parameters
from geoloc_sim.meshes.records import SurfaceKind, SurfaceMesh
from geoloc_sim.meshes.roofs import RoofLook, draw_roof
from geoloc_sim.meshes.solids import Solid
from geoloc_sim.world.city_model import CityFace, CityKind, CityModel, CityThing, SurfaceRole
from geoloc_sim.world.city_model_layout import building_of
from geoloc_sim.world.records import Building, RoofKind

_STEEP = 0.35
_LEVEL = 0.985
_SAME_PLANE_M = 0.3

_TRIANGLE: npt.NDArray[np.int32] = np.array([[0, 1, 2]], dtype=np.int32)

_GROUND: dict[CityKind, tuple[SurfaceKind, Rgb]] = {
    CityKind.ROAD: (SurfaceKind.ROAD, linear('5b5b5d')),
    CityKind.GREEN: (SurfaceKind.GRASS, linear('5f7a43')),
    CityKind.WATER: (SurfaceKind.WATER, linear('34525c')),
    CityKind.LAND: (SurfaceKind.COURTYARD, linear('9a958c')),
    CityKind.OTHER: (SurfaceKind.PLAIN, CONCRETE),
}


@dataclasses.dataclass(frozen=True, slots=True)
class FlatFace:
    """A face as triangles.

    Attributes:
        solid: its corners and triangles.
        normal: unit, outward, shape (3,).
        role: stated, or told from the normal.
    """

    solid: Solid
    normal: FloatArray
    role: SurfaceRole


def city_model_mesh(model: CityModel, seed: int, *, grounded: bool = False) -> SurfaceMesh:
    """A city model's own faces.

    Walls and roofs are told by their role, or by their normal where none is stated. Coplanar
    faces of a building share one facade. Object ids are the buildings' places in
    ``model.buildings``, -1 for ground.

    Args:
        model: from ``read_city_model``.
        seed: of colours, windows and roof covers.
        grounded: stand each building on z = 0, as the layouts' ground is, and leave out the rest.
    """
    builder = MeshBuilder()
    for number, thing in enumerate(model.buildings):
        faces = [flat_face(face) for face in thing.faces]
        kept = [face for face in faces if face is not None]
        base = float(thing.points_m()[:, 2].min()) if grounded else 0.0
        _add_building(builder, building_of(thing, number), kept, base, seed)
    if not grounded:
        for thing in model.things:
            if thing.kind is not CityKind.BUILDING:
                _add_ground(builder, thing)
    return builder.build()


def flat_face(face: CityFace) -> FlatFace | None:
    """A face as triangles in its own plane; ``None`` where it has no area."""
    normal = newell_normal(face.rings_m[0])
    area = float(np.linalg.norm(normal))
    if area < 1e-6:
        return None
    normal = normal / area
    if len(face.rings_m) == 1 and len(face.rings_m[0]) == 3:
        return FlatFace((face.rings_m[0], _TRIANGLE), normal, _role(face.role, float(normal[2])))
    least = np.zeros(3)
    least[int(np.argmin(np.abs(normal)))] = 1.0
    u_axis = np.cross(normal, least)
    u_axis /= np.linalg.norm(u_axis)
    axes = np.stack((u_axis, np.cross(normal, u_axis)), axis=1)
    vertices = np.concatenate(face.rings_m)
    ends = np.cumsum([len(ring) for ring in face.rings_m]).astype(np.uint32)
    flat = np.ascontiguousarray((vertices - vertices[0]) @ axes)
    triangles: npt.NDArray[np.int32] = (
        mapbox_earcut.triangulate_float64(flat, ends).reshape(-1, 3).astype(np.int32)
    )
    if len(triangles) == 0:
        return None
    first, second, third = (flat[triangles[:, k]] for k in range(3))
    a, b = second - first, third - first
    clockwise = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] < 0.0
    triangles[clockwise] = triangles[clockwise][:, ::-1]
    return FlatFace((vertices, triangles), normal, _role(face.role, float(normal[2])))


def newell_normal(ring_m: FloatArray) -> FloatArray:
    """Normal of a ring that is only nearly flat, as long as its area, shape (3,).

    Source: Sutherland et al. (1974), who owe it to M. E. Newell; key ``sutherland1974``.
    """
    x, y, z = (ring_m - ring_m[0]).T
    following = np.concatenate((np.arange(1, len(ring_m)), [0]))
    x_next, y_next, z_next = x[following], y[following], z[following]
    normal: FloatArray = 0.5 * np.array(
        [
            y @ z_next - z @ y_next,
            z @ x_next - x @ z_next,
            x @ y_next - y @ x_next,
        ]
    )
    return normal


def _role(stated: SurfaceRole, up: float) -> SurfaceRole:
    if stated is not SurfaceRole.UNKNOWN:
        return stated
    if up > _STEEP:
        return SurfaceRole.ROOF
    return SurfaceRole.GROUND if up < -_STEEP else SurfaceRole.WALL


@dataclasses.dataclass(frozen=True, slots=True)
class _Plane:
    """Faces of a building in one plane, which share a surface."""

    normal: FloatArray
    offset_m: float
    solids: list[Solid]

    def points_m(self) -> FloatArray:
        """All corners, shape (n, 3)."""
        return np.concatenate([vertices for vertices, _ in self.solids])


def _add_building(
    builder: MeshBuilder, building: Building, faces: list[FlatFace], base_m: float, seed: int
) -> None:
    lower = np.array([0.0, 0.0, base_m])
    walls: list[_Plane] = []
    roofs: list[_Plane] = []
    underside = Surface(SurfaceKind.PLAIN, CONCRETE, object_id=building.number)
    for face in faces:
        vertices, triangles = face.solid
        solid = (vertices - lower, triangles)
        if face.role is SurfaceRole.GROUND:
            builder.add(solid, builder.surface(underside))
            continue
        is_wall = face.role is SurfaceRole.WALL and abs(face.normal[2]) < 0.7
        _put(walls if is_wall else roofs, face.normal, solid)
    facade = draw_facade(building, seed)
    looks = {
        kind: draw_roof(dataclasses.replace(building, roof=kind), seed)
        for kind in (RoofKind.FLAT, RoofKind.GABLE)
    }
    for number, wall in enumerate(walls):
        surface = builder.surface(_wall_surface(building.number, wall, facade, number))
        for solid in wall.solids:
            builder.add(solid, surface)
    for roof in roofs:
        level = abs(roof.normal[2]) > _LEVEL
        look = looks[RoofKind.FLAT if level else RoofKind.GABLE]
        surface = builder.surface(_roof_surface(building.number, roof, look, level=level))
        for solid in roof.solids:
            builder.add(solid, surface)


def _put(planes: list[_Plane], normal: FloatArray, solid: Solid) -> None:
    """Put a face with those in its plane."""
    offset = float(solid[0].mean(axis=0) @ normal)
    for plane in planes:
        if abs(offset - plane.offset_m) < _SAME_PLANE_M and plane.normal @ normal > 0.9995:
            plane.solids.append(solid)
            return
    planes.append(_Plane(normal, offset, [solid]))


def _wall_surface(building: int, wall: _Plane, facade: Facade, number: int) -> Surface:
    """One facade over all parts of a wall: u runs to the right as seen from outside, v up."""
    points = wall.points_m()
    along = _level_axis(wall.normal)
    u = points @ along
    low = float(points[:, 2].min())
    start = points[int(np.argmin(u))]
    return Surface(
        SurfaceKind.FACADE,
        facade.colour,
        facade.second_colour,
        origin_m=(float(start[0]), float(start[1]), low),
        u_axis=(float(along[0]), float(along[1]), 0.0),
        v_axis=(0.0, 0.0, 1.0),
        parameters=wall_parameters(
            facade, float(np.ptp(u)), float(points[:, 2].max()) - low, WallSide.STREET
        ),
        seed=(facade.seed + number) % 2**31,
        object_id=building,
    )


def _roof_surface(building: int, roof: _Plane, look: RoofLook, *, level: bool) -> Surface:
    """A plane of a roof: u level, v up the slope."""
    u_axis = np.array([1.0, 0.0, 0.0]) if level else _level_axis(roof.normal)
    v_axis = np.array([0.0, 1.0, 0.0]) if level else np.cross(roof.normal, u_axis)
    points = roof.points_m()
    low = points[int(np.argmin(points @ v_axis))]
    return Surface(
        look.kind,
        look.colour,
        second_colour=look.trim,
        origin_m=(float(low[0]), float(low[1]), float(low[2])),
        u_axis=(float(u_axis[0]), float(u_axis[1]), float(u_axis[2])),
        v_axis=(float(v_axis[0]), float(v_axis[1]), float(v_axis[2])),
        parameters=(look.spacing_m,),
        seed=look.seed,
        object_id=building,
    )


def _level_axis(normal: FloatArray) -> FloatArray:
    """The level direction in a plane that runs to the right for one who looks at its front."""
    axis: FloatArray = np.array([-normal[1], normal[0], 0.0]) / np.hypot(normal[0], normal[1])
    return axis


def _add_ground(builder: MeshBuilder, thing: CityThing) -> None:
    kind, colour = _GROUND[thing.kind]
    surface = builder.surface(Surface(kind, colour))
    for face in thing.faces:
        flat = flat_face(face)
        if flat is not None:
            builder.add(flat.solid, surface)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Triangles and the surfaces they belong to: the border between geometry and light."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import enum

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import ShapeError
from geoloc_ros.types import FloatArray

#: Numbers of a surface that only its kind explains (docs of SurfaceKind).
PARAMETERS = 8


class SurfaceKind(enum.IntEnum):
    """How a surface is shaded. u and v are metres along the surface's own axes.

    FACADE: parameters are (width u, height v, storey height, bay width, window share of the bay's
    width, window share of the storey's height, ground floor 0 windows / 1 shop / 2 door and
    windows / 3 blank, style 0 plaster / 1 brick / 2 panels / 3 glass). The colour is the wall's,
    the second colour that of frames, shop and doors.
    ROOF_TILES, ROOF_METAL: parameters[0] is the spacing of rows or seams; v points up the slope.
    ROOF_FLAT: gravel or felt; parameters[0] is the width of its sheets.
    FOLIAGE: colour already that of the season; parameters[0] is the leaf density in (0, 1].
    All ground kinds use u = x, v = y.
    SIGN: second colour is that of its border or symbol.
    """

    ROAD = 0
    ROAD_PATCH = 1
    PAVEMENT = 2
    KERB = 3
    SQUARE = 4
    COURTYARD = 5
    PARKING = 6
    GRASS = 7
    SOIL = 8
    WATER = 9
    MARKING_WHITE = 10
    MARKING_YELLOW = 11
    MANHOLE = 12
    FACADE = 13
    ROOF_TILES = 14
    ROOF_METAL = 15
    ROOF_FLAT = 16
    FOLIAGE = 17
    BARK = 18
    CAR_PAINT = 19
    CAR_GLASS = 20
    RUBBER = 21
    METAL = 22
    SIGN = 23
    LAMP_HEAD = 24
    WOOD = 25
    BARRIER = 26  # red and white stripes along u, for road works
    PLAIN = 27


@dataclasses.dataclass(frozen=True, slots=True)
class SurfaceTable:
    """n surfaces, by column.

    Attributes:
        kind: ``SurfaceKind``, uint8, shape (n,).
        colour: linear RGB albedo, float32, shape (n, 3).
        second_colour: linear RGB albedo, float32, shape (n, 3).
        origin_m: where u = v = 0, float64, shape (n, 3).
        u_axis: unit vector, float32, shape (n, 3).
        v_axis: unit vector, float32, shape (n, 3).
        parameters: float32, shape (n, PARAMETERS).
        seed: of its details, uint32, shape (n,).
        object_id: number of the building (or tree, car ...: see ``meshes``), int32, shape (n,);
            -1 for none. Buildings have their own number.
    """

    kind: npt.NDArray[np.uint8]
    colour: npt.NDArray[np.float32]
    second_colour: npt.NDArray[np.float32]
    origin_m: FloatArray
    u_axis: npt.NDArray[np.float32]
    v_axis: npt.NDArray[np.float32]
    parameters: npt.NDArray[np.float32]
    seed: npt.NDArray[np.uint32]
    object_id: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.kind)


@dataclasses.dataclass(frozen=True, slots=True)
class SurfaceMesh:
    """Triangles, each of one surface.

    Attributes:
        vertices_m: in ``map``, float64, shape (v, 3).
        faces: vertex numbers, counter-clockwise from outside, int32, shape (f, 3).
        face_surface: number of the surface of each face, int32, shape (f,).
        surfaces: what the faces show.
    """

    vertices_m: FloatArray
    faces: npt.NDArray[np.int32]
    face_surface: npt.NDArray[np.int32]
    surfaces: SurfaceTable

    def __post_init__(self) -> None:
        if self.vertices_m.ndim != 2 or self.vertices_m.shape[1] != 3:
            raise ShapeError(f'vertices have shape {self.vertices_m.shape}; expected (v, 3)')
        if self.faces.shape != (len(self.face_surface), 3):
            raise ShapeError(
                f'faces have shape {self.faces.shape}; expected ({len(self.face_surface)}, 3), '
                'one row for each entry of face_surface'
            )


def merge(meshes: Sequence[SurfaceMesh]) -> SurfaceMesh:
    """One mesh of several (at least one), faces and surfaces in the order given."""
    vertex_start = np.cumsum([0] + [len(mesh.vertices_m) for mesh in meshes])
    surface_start = np.cumsum([0] + [len(mesh.surfaces) for mesh in meshes])
    columns = [field.name for field in dataclasses.fields(SurfaceTable)]
    return SurfaceMesh(
        np.concatenate([mesh.vertices_m for mesh in meshes]),
        np.concatenate(
            [mesh.faces + np.int32(at) for mesh, at in zip(meshes, vertex_start, strict=False)]
        ).astype(np.int32),
        np.concatenate(
            [
                mesh.face_surface + np.int32(at)
                for mesh, at in zip(meshes, surface_start, strict=False)
            ]
        ).astype(np.int32),
        SurfaceTable(
            *(
                np.concatenate([getattr(mesh.surfaces, name) for mesh in meshes])
                for name in columns
            )
        ),
    )

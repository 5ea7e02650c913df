# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Collects triangles and surfaces piece by piece into one ``SurfaceMesh``."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.colours import Rgb
from geoloc_sim.meshes.records import PARAMETERS, SurfaceKind, SurfaceMesh, SurfaceTable
from geoloc_sim.meshes.solids import Solid

IntArray = npt.NDArray[np.int32]
Vector = tuple[float, float, float]

#: Where the numbers of things begin in ``SurfaceTable.object_id``; buildings have their own.
TREE_ID = 1_000_000
FIXTURE_ID = 2_000_000
CAR_ID = 3_000_000
GROUND_ID = -1


@dataclasses.dataclass(frozen=True, slots=True)
class Surface:
    """One row of a ``SurfaceTable``; the fields mean what its columns mean."""

    kind: SurfaceKind
    colour: Rgb
    second_colour: Rgb = (0.0, 0.0, 0.0)
    origin_m: Vector = (0.0, 0.0, 0.0)
    u_axis: Vector = (1.0, 0.0, 0.0)
    v_axis: Vector = (0.0, 1.0, 0.0)
    parameters: tuple[float, ...] = ()
    seed: int = 0
    object_id: int = -1


class MeshBuilder:
    """Grows by surfaces and triangles; ``build`` gives the mesh of all so far."""

    def __init__(self) -> None:
        self._surfaces: list[Surface] = []
        self._vertices: list[FloatArray] = []
        self._faces: list[IntArray] = []
        self._face_surface: list[IntArray] = []
        self._vertex_count = 0

    def surface(self, surface: Surface) -> int:
        """Add a surface; returns its number."""
        self._surfaces.append(surface)
        return len(self._surfaces) - 1

    def add(self, solid: Solid, surface: int | IntArray) -> None:
        """Add triangles that show one surface, or each its own (shape (f,))."""
        vertices, faces = solid
        if len(faces) == 0:
            return
        self._vertices.append(vertices)
        self._faces.append((faces + self._vertex_count).astype(np.int32))
        self._face_surface.append(
            np.broadcast_to(np.asarray(surface, dtype=np.int32), (len(faces),)).copy()
        )
        self._vertex_count += len(vertices)

    def quad(self, corners_m: FloatArray, surface: int) -> None:
        """Add a flat or nearly flat four-sided face, counter-clockwise from outside."""
        self.add((np.asarray(corners_m, dtype=np.float64), _QUAD), surface)

    def build(self) -> SurfaceMesh:
        """The mesh; empty parts are left out, surfaces keep their numbers."""
        return SurfaceMesh(
            np.concatenate([np.empty((0, 3)), *self._vertices]),
            np.concatenate([np.empty((0, 3), np.int32), *self._faces]),
            np.concatenate([np.empty(0, np.int32), *self._face_surface]),
            surface_table(self._surfaces),
        )


_QUAD: IntArray = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)


def surface_table(surfaces: list[Surface]) -> SurfaceTable:
    """Columns of these surfaces, in order."""
    count = len(surfaces)
    parameters = np.zeros((count, PARAMETERS), dtype=np.float32)
    for row, surface in zip(parameters, surfaces, strict=True):
        row[: len(surface.parameters)] = surface.parameters

    def vectors(name: str) -> npt.NDArray[np.float32]:
        values = [getattr(surface, name) for surface in surfaces]
        return np.array(values, dtype=np.float32).reshape(count, 3)

    return SurfaceTable(
        kind=np.array([surface.kind for surface in surfaces], dtype=np.uint8),
        colour=vectors('colour'),
        second_colour=vectors('second_colour'),
        origin_m=np.array([s.origin_m for s in surfaces], dtype=np.float64).reshape(count, 3),
        u_axis=vectors('u_axis'),
        v_axis=vectors('v_axis'),
        parameters=parameters,
        seed=np.array([surface.seed for surface in surfaces], dtype=np.uint32),
        object_id=np.array([surface.object_id for surface in surfaces], dtype=np.int32),
    )

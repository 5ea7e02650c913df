# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Moving cars from frame to frame: built once, then moved as rigid bodies."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.city import MOVING_CAR_ID, moving_cars
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.records import BoolArray


class CarFleet:
    """``count`` cars, the same as ``moving_cars`` of that many poses draws.

    Args:
        count: of cars.
        seed: of their looks.
    """

    def __init__(self, count: int, seed: int) -> None:
        self._mesh = moving_cars(np.zeros((count, 3)), seed)
        mesh = self._mesh
        self._car_of_surface = (mesh.surfaces.object_id - MOVING_CAR_ID).astype(np.int64)
        self._car_of_face = self._car_of_surface[mesh.face_surface]
        self._car_of_vertex = np.zeros(len(mesh.vertices_m), dtype=np.int64)
        self._car_of_vertex[mesh.faces] = self._car_of_face[:, None]

    def at(self, poses: FloatArray, shown: BoolArray) -> SurfaceMesh:
        """The cars that are shown, at poses of (x, y, yaw), shape (count, 3)."""
        mesh, surfaces = self._mesh, self._mesh.surfaces
        kept = shown[self._car_of_face]
        cosine, sine = np.cos(poses[:, 2]), np.sin(poses[:, 2])

        def turned(vectors: npt.NDArray[np.floating], car: npt.NDArray[np.int64]) -> FloatArray:
            moved = np.array(vectors, dtype=np.float64)
            moved[:, 0] = cosine[car] * vectors[:, 0] - sine[car] * vectors[:, 1]
            moved[:, 1] = sine[car] * vectors[:, 0] + cosine[car] * vectors[:, 1]
            return moved

        vertices = turned(mesh.vertices_m, self._car_of_vertex)
        vertices[:, :2] += poses[self._car_of_vertex, :2]
        origins = turned(surfaces.origin_m, self._car_of_surface)
        origins[:, :2] += poses[self._car_of_surface, :2]
        axes = [
            turned(axis, self._car_of_surface).astype(np.float32)
            for axis in (surfaces.u_axis, surfaces.v_axis)
        ]
        return SurfaceMesh(
            vertices,
            np.ascontiguousarray(mesh.faces[kept]),
            np.ascontiguousarray(mesh.face_surface[kept]),
            dataclasses.replace(surfaces, origin_m=origins, u_axis=axes[0], v_axis=axes[1]),
        )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A mesh under the light of a day, and what rays meet in it."""

from __future__ import annotations

import dataclasses
import functools
import math

from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import ShapeError
from geoloc_sim.meshes.records import SurfaceKind, SurfaceMesh, SurfaceTable, merge
from geoloc_sim.rendering.compiled import compiled
from geoloc_sim.rendering.openness import Openness, cell_size, openness
from geoloc_sim.rendering.records import DayConditions, Float32Array, Hits, Int32Array, Rays
from geoloc_sim.rendering.sky import Light, light_of


@dataclasses.dataclass(frozen=True, slots=True)
class PackedSurfaces:
    """A surface table as the kernels read it.

    Attributes:
        numbers: shape (n, 23): colour, second colour, origin, u axis, v axis, parameters.
        kind: shape (n,).
        seed: shape (n,).
    """

    numbers: Float32Array
    kind: npt.NDArray[np.uint8]
    seed: npt.NDArray[np.uint32]


class TracedMesh:
    """A mesh with its tree of boxes and what each face needs at a hit."""

    def __init__(self, mesh: SurfaceMesh) -> None:
        self.mesh = mesh
        vertices = np.ascontiguousarray(mesh.vertices_m, dtype=np.float32)
        faces = np.ascontiguousarray(mesh.faces, dtype=np.int32)
        corners = mesh.vertices_m[faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        self.normals = (normals / np.maximum(length, 1e-12)).astype(np.float32)
        self.face_surface = np.ascontiguousarray(mesh.face_surface, dtype=np.int32)
        self.packed = _pack(mesh.surfaces)
        self.embree = EmbreeScene()
        if len(faces):
            TriangleMesh(self.embree, vertices, faces)

    def nearest(
        self, origins: Float32Array, directions: Float32Array
    ) -> tuple[Int32Array, Float32Array]:
        """Face (-1 for none) and distance of the first hit of each ray."""
        if not len(self.face_surface) or not len(origins):
            return np.full(len(origins), -1, np.int32), np.full(len(origins), np.inf, np.float32)
        found = self.embree.run(origins, directions, output=True)
        return found['primID'], found['tfar']

    def first_face(self, origins: Float32Array, directions: Float32Array) -> Int32Array:
        """Face of the first hit of each ray, -1 for none."""
        if not len(self.face_surface) or not len(origins):
            return np.full(len(origins), -1, np.int32)
        faces: Int32Array = self.embree.run(origins, directions, query='INTERSECT')
        return faces

    def occluded(
        self, origins: Float32Array, directions: Float32Array, far_m: Float32Array | None
    ) -> npt.NDArray[np.bool_]:
        """True where something stands within ``far_m`` of the origin."""
        if not len(self.face_surface) or not len(origins):
            return np.zeros(len(origins), dtype=bool)
        found = self.embree.run(origins, directions, dists=far_m, query='OCCLUDED')
        return np.asarray(found != -1)


def _pack(surfaces: SurfaceTable) -> PackedSurfaces:
    numbers = np.concatenate(
        [
            surfaces.colour,
            surfaces.second_colour,
            surfaces.origin_m,
            surfaces.u_axis,
            surfaces.v_axis,
            surfaces.parameters,
        ],
        axis=1,
    )
    return PackedSurfaces(
        np.ascontiguousarray(numbers, dtype=np.float32),
        np.ascontiguousarray(surfaces.kind, dtype=np.uint8),
        np.ascontiguousarray(surfaces.seed, dtype=np.uint32),
    )


def _joined(first: PackedSurfaces, second: PackedSurfaces) -> PackedSurfaces:
    return PackedSurfaces(
        np.concatenate((first.numbers, second.numbers)),
        np.concatenate((first.kind, second.kind)),
        np.concatenate((first.seed, second.seed)),
    )


class Scene:
    """A mesh under the light of a day; immutable.

    Attributes:
        day: whose light it is.
        light: the same for the kernels.
        still: the mesh that was there first.
        moving: the mesh that ``with_moving`` added, or None; its surfaces come after the still.
        packed: all surfaces for the kernels.
        openness: how much sky is open over the ground of ``still``.
    """

    def __init__(self, mesh: SurfaceMesh, day: DayConditions) -> None:
        self.day = day
        self.light: Light = light_of(day)
        self.still = TracedMesh(mesh)
        self.moving: TracedMesh | None = None
        self.packed = self.still.packed
        self.openness: Openness = _openness(self.still)

    def with_moving(self, mesh: SurfaceMesh) -> Scene:
        """This scene with a second mesh (moving cars) beside the first, which is not built anew.

        A mesh added before is replaced.
        """
        scene = Scene.__new__(Scene)
        scene.day, scene.light, scene.still = self.day, self.light, self.still
        scene.openness = self.openness
        scene.moving = TracedMesh(mesh)
        scene.packed = _joined(self.still.packed, scene.moving.packed)
        return scene

    @functools.cached_property
    def mesh(self) -> SurfaceMesh:
        """All triangles; the moving ones last."""
        if self.moving is None:
            return self.still.mesh
        return merge((self.still.mesh, self.moving.mesh))

    @property
    def surfaces(self) -> SurfaceTable:
        """All surfaces; hits hold their numbers here."""
        return self.mesh.surfaces

    def trace(self, rays: Rays) -> Hits:
        """The first surface that each ray meets."""
        return self.first_hits(rays.origins_m, rays.directions)

    def first_hits(self, origins_m: Float32Array, directions: Float32Array) -> Hits:
        """As ``trace``, of float32 arrays of shape (n, 3)."""
        _check_rays(origins_m, directions)
        still = self.still
        count = len(origins_m)
        distance = np.empty(count, np.float32)
        surface = np.empty(count, np.int32)
        normal = np.empty((count, 3), np.float32)
        face, near = still.nearest(origins_m, directions)
        hits = Hits(distance, surface, normal)
        distance.fill(np.inf)
        _gather(
            face, near, directions, still.face_surface, still.normals, 0, True, *_columns(hits)
        )
        if self.moving is not None:
            face, near = self.moving.nearest(origins_m, directions)
            start = len(still.packed.kind)
            moving = self.moving
            _gather(
                face,
                near,
                directions,
                moving.face_surface,
                moving.normals,
                start,
                False,
                *_columns(hits),
            )
        return hits

    def first_surfaces(self, origins_m: Float32Array, directions: Float32Array) -> Int32Array:
        """Number of a surface on each ray (the first of the still or of the moving mesh) or -1."""
        face = self.still.first_face(origins_m, directions)
        found = np.where(face >= 0, self.still.face_surface[face], np.int32(-1))
        if self.moving is not None and len(self.moving.face_surface):
            face = self.moving.first_face(origins_m, directions)
            start = np.int32(len(self.still.packed.kind))
            found = np.where(face >= 0, self.moving.face_surface[face] + start, found)
        return found

    def occluded(
        self, origins_m: Float32Array, directions: Float32Array, far_m: float = math.inf
    ) -> npt.NDArray[np.bool_]:
        """Whether anything stands on each ray within a distance.

        Args:
            origins_m: shape (n, 3).
            directions: unit vectors, shape (n, 3).
            far_m: how far to look.
        """
        origins = np.ascontiguousarray(origins_m, dtype=np.float32)
        rays = np.ascontiguousarray(directions, dtype=np.float32)
        _check_rays(origins, rays)
        far = None if math.isinf(far_m) else np.full(len(origins), far_m, np.float32)
        hidden = self.still.occluded(origins, rays, far)
        if self.moving is not None:
            hidden |= self.moving.occluded(origins, rays, far)
        return hidden


def _columns(hits: Hits) -> tuple[Float32Array, Int32Array, Float32Array]:
    return hits.distance_m, hits.surface, hits.normal


def _check_rays(origins: Float32Array, directions: Float32Array) -> None:
    if origins.ndim != 2 or origins.shape[1] != 3 or directions.shape != origins.shape:
        raise ShapeError(
            f'rays have origins of shape {origins.shape} and directions of shape '
            f'{directions.shape}; expected (n, 3) for both'
        )


@compiled
def _gather(
    face: Int32Array,
    near: Float32Array,
    directions: Float32Array,
    face_surface: Int32Array,
    normals: Float32Array,
    start: int,
    first: bool,
    distance: Float32Array,
    surface: Int32Array,
    normal: Float32Array,
) -> None:
    """Write hits that are nearer than those already there (all, for the first mesh)."""
    for i in range(face.size):
        hit = face[i]
        if hit < 0:
            if first:
                surface[i] = -1
                normal[i, 0] = normal[i, 1] = normal[i, 2] = 0.0
            continue
        if not first and surface[i] >= 0 and near[i] >= distance[i]:
            continue
        x, y, z = normals[hit, 0], normals[hit, 1], normals[hit, 2]
        facing = x * directions[i, 0] + y * directions[i, 1] + z * directions[i, 2]
        turn = -1.0 if facing > 0.0 else 1.0
        distance[i] = near[i]
        surface[i] = start + face_surface[hit]
        normal[i, 0], normal[i, 1], normal[i, 2] = turn * x, turn * y, turn * z


def _openness(traced: TracedMesh) -> Openness:
    """Heights by rays straight down, then the horizon of every cell."""
    vertices = traced.mesh.vertices_m
    if not len(traced.face_surface):
        return openness(0.0, 0.0, 1.0, np.zeros((2, 2), np.float32))
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    cell = cell_size(high[:2] - low[:2])
    counts = np.maximum(np.ceil((high[:2] - low[:2]) / cell), 2.0)
    x, y = (low[k] + cell * (np.arange(counts[k]) + 0.5) for k in (0, 1))
    top = float(high[2]) + 1.0
    origins = np.empty((len(y), len(x), 3), np.float32)
    origins[:, :, 0], origins[:, :, 1], origins[:, :, 2] = x[None, :], y[:, None], top
    directions = np.zeros_like(origins)
    directions[:, :, 2] = -1.0
    face, near = traced.nearest(origins.reshape(-1, 3), directions.reshape(-1, 3))
    heights = np.where(face >= 0, np.float32(top) - near, np.float32(0.0)).astype(np.float32)
    slab = np.isin(traced.packed.kind[traced.face_surface[face]], _LOW_KINDS) & (face >= 0)
    heights[slab] = 0.0
    return openness(float(x[0]), float(y[0]), cell, heights.reshape(len(y), len(x)))


#: Thin things that hide next to nothing of the sky, though a ray straight down may meet them.
_LOW_KINDS = np.array([SurfaceKind.SIGN, SurfaceKind.LAMP_HEAD, SurfaceKind.METAL], np.uint8)

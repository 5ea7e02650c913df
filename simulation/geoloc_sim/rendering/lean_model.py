# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Buildings reduced to planes and the straight edges where planes end or meet."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.rendering.records import Int32Array

IntArray = npt.NDArray[np.int64]

#: Neighbouring triangles belong to one plane up to this angle between them.
_SAME_PLANE_COSINE = math.cos(math.radians(2.0))
_PARALLEL_COSINE = math.cos(math.radians(2.0))
_WELD_M = 0.002  # corners of one object this near are one
_SAME_PLACE_M = 0.01  # edges of two objects this near are one
#: Planes that may meet at one edge; more (several buildings in a corner) are left out.
_PLANES_PER_EDGE = 4


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PlanarModel:
    """p planes, and n edges that belong to fewer straight lines.

    Attributes:
        face_plane: plane of each triangle of the mesh, int32, shape (f,).
        plane_is_wall: steeper than 45 degrees, bool, shape (p,).
        edges_m: end points, float64, shape (n, 2, 3).
        edge_planes: planes that meet there, filled up with -1, int32, shape (n, 4).
        edge_line: straight line that the edge is a piece of, int32, shape (n,).
        lines: how many lines there are.
    """

    face_plane: Int32Array
    plane_is_wall: npt.NDArray[np.bool_]
    edges_m: FloatArray
    edge_planes: Int32Array
    edge_line: Int32Array
    lines: int


def planar_model(mesh: SurfaceMesh) -> PlanarModel:
    """Planes and edges of a mesh of buildings.

    Triangles of one object that share an edge and face the same way are one plane. An edge
    remains where planes of an object meet, or where a plane ends. Edges of two objects in the
    same place (row houses) are one.
    """
    faces, points = _welded(mesh)
    normals = _normals(mesh)
    ends, owners, counts = _sides(faces)
    face_plane = _planes(owners, counts, normals)
    is_edge, planes = _meeting(owners, counts, face_plane)
    edges, edge_planes = _merged(points[ends[is_edge]], planes[is_edge])
    line = _lines(edges, edge_planes)
    return PlanarModel(
        face_plane.astype(np.int32),
        _walls(face_plane, normals, mesh),
        edges,
        edge_planes.astype(np.int32),
        line.astype(np.int32),
        int(line.max(initial=-1)) + 1,
    )


def _welded(mesh: SurfaceMesh) -> tuple[IntArray, FloatArray]:
    """Faces over points that are one for each place and object, and those points."""
    object_id = mesh.surfaces.object_id[mesh.face_surface].astype(np.int64)
    corners = mesh.vertices_m[mesh.faces]
    places = np.round(corners / _WELD_M).astype(np.int64)
    keys = np.concatenate(
        (places, np.broadcast_to(object_id[:, None, None], (*places.shape[:2], 1))), axis=2
    ).reshape(-1, 4)
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return number.reshape(-1, 3), corners.reshape(-1, 3)[first]


def _normals(mesh: SurfaceMesh) -> FloatArray:
    corners = mesh.vertices_m[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: FloatArray = normals / np.maximum(length, 1e-12)
    return unit


def _sides(faces: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Every side of the triangles once.

    Returns:
        End points, shape (s, 2); triangles of all sides one after the other; and how many of
        them belong to each side, shape (s,).
    """
    sides = np.sort(np.concatenate((faces[:, (0, 1)], faces[:, (1, 2)], faces[:, (2, 0)])), axis=1)
    owner = np.tile(np.arange(len(faces)), 3)
    proper = sides[:, 0] != sides[:, 1]
    sides, owner = sides[proper], owner[proper]
    order = np.lexsort((owner, sides[:, 1], sides[:, 0]))
    ends, counts = np.unique(sides[order], axis=0, return_counts=True)
    return ends, owner[order], counts


def _components(count: int, first: IntArray, second: IntArray) -> IntArray:
    """Number of the connected part that each of ``count`` things lies in."""
    links = coo_matrix((np.ones(len(first), bool), (first, second)), shape=(count, count))
    number: IntArray = connected_components(links, directed=False)[1].astype(np.int64)
    return number


def _planes(owners: IntArray, counts: IntArray, normals: FloatArray) -> IntArray:
    """Plane of each triangle: neighbours over a side that face the same way are joined."""
    starts = np.cumsum(counts) - counts
    first, second = [], []
    for step in range(1, _PLANES_PER_EDGE):
        for base in range(_PLANES_PER_EDGE - step):
            there = starts[counts > base + step] + base
            first.append(owners[there])
            second.append(owners[there + step])
    one, other = np.concatenate(first), np.concatenate(second)
    same = (normals[one] * normals[other]).sum(axis=1) > _SAME_PLANE_COSINE
    return _components(len(normals), one[same], other[same])


def _meeting(
    owners: IntArray, counts: IntArray, face_plane: IntArray
) -> tuple[npt.NDArray[np.bool_], IntArray]:
    """Whether planes end or meet at each side, and which, filled up with -1."""
    starts = np.cumsum(counts) - counts
    planes = np.full((len(counts), _PLANES_PER_EDGE), -1, np.int64)
    for place in range(_PLANES_PER_EDGE):
        there = counts > place
        planes[there, place] = face_plane[owners[starts[there] + place]]
    inside = (counts > 1) & ((planes == planes[:, :1]) | (planes < 0)).all(axis=1)
    return ~inside, planes


def _merged(edges_m: FloatArray, planes: IntArray) -> tuple[FloatArray, IntArray]:
    """Edges in the same place as one, with the planes of all."""
    places = np.round(edges_m.reshape(-1, 3) / _SAME_PLACE_M).astype(np.int64)
    point = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1, 2)
    ends = np.sort(point, axis=1)
    _, first, number = np.unique(ends, axis=0, return_index=True, return_inverse=True)
    pairs = np.column_stack((np.repeat(number.ravel(), planes.shape[1]), planes.ravel()))
    pairs = np.unique(pairs[pairs[:, 1] >= 0], axis=0)
    edge = pairs[:, 0]
    place = np.arange(len(pairs)) - np.searchsorted(edge, edge)
    merged = np.full((len(first), _PLANES_PER_EDGE), -1, np.int64)
    kept = place < _PLANES_PER_EDGE
    merged[edge[kept], place[kept]] = pairs[kept, 1]
    return edges_m[first], merged


def _lines(edges_m: FloatArray, planes: IntArray) -> IntArray:
    """Straight line of each edge: pieces that follow each other on the same planes are one."""
    if not len(edges_m):
        return np.zeros(0, np.int64)
    places = np.round(edges_m.reshape(-1, 3) / _SAME_PLACE_M).astype(np.int64)
    point = np.unique(places, axis=0, return_inverse=True)[1].ravel()
    planes_number = np.unique(planes, axis=0, return_inverse=True)[1].ravel()
    vector = edges_m[:, 1] - edges_m[:, 0]
    vector = vector / np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), 1e-12)
    edge = np.repeat(np.arange(len(edges_m)), 2)
    order = np.lexsort((np.repeat(planes_number, 2), point))
    first, second = edge[order[:-1]], edge[order[1:]]
    together = (point[order[1:]] == point[order[:-1]]) & (
        planes_number[first] == planes_number[second]
    )
    straight = np.abs((vector[first] * vector[second]).sum(axis=1)) > _PARALLEL_COSINE
    joined = together & straight
    return _components(len(edges_m), first[joined], second[joined])


def _walls(face_plane: IntArray, normals: FloatArray, mesh: SurfaceMesh) -> npt.NDArray[np.bool_]:
    """Whether each plane stands rather than lies, by the area of its triangles."""
    corners = mesh.vertices_m[mesh.faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    count = int(face_plane.max(initial=-1)) + 1
    lying = np.bincount(face_plane, area * np.abs(normals[:, 2]), count)
    total = np.bincount(face_plane, area, count)
    return np.asarray(lying < math.sqrt(0.5) * total)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Meshes whose every point follows from a formula: prisms and a flat ground."""

from __future__ import annotations

import numpy as np

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.records import PARAMETERS, SurfaceKind, SurfaceMesh, SurfaceTable, merge


def surfaces(kinds: list[SurfaceKind], object_id: int) -> SurfaceTable:
    """Grey surfaces of these kinds that belong to one object."""
    count = len(kinds)
    axes = np.tile(np.array((1.0, 0.0, 0.0), np.float32), (count, 1))
    return SurfaceTable(
        kind=np.array(kinds, np.uint8),
        colour=np.full((count, 3), 0.5, np.float32),
        second_colour=np.full((count, 3), 0.2, np.float32),
        origin_m=np.zeros((count, 3)),
        u_axis=axes,
        v_axis=axes[:, [1, 0, 2]],
        parameters=np.zeros((count, PARAMETERS), np.float32),
        seed=np.arange(count, dtype=np.uint32),
        object_id=np.full(count, object_id, np.int32),
    )


def ground_mesh(half_m: float = 200.0) -> SurfaceMesh:
    """The square |x|, |y| <= ``half_m`` at z = 0, of no object."""
    corners = half_m * np.array(((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)), dtype=float)
    faces = np.array(((0, 1, 2), (0, 2, 3)), np.int32)
    return SurfaceMesh(corners, faces, np.zeros(2, np.int32), surfaces([SurfaceKind.PLAIN], -1))


def prism_mesh(footprint: FloatArray, height_m: float, number: int = 7) -> SurfaceMesh:
    """Walls, each a surface of its own in order, then a flat roof; no floor.

    Args:
        footprint: convex, counter-clockwise, shape (k, 2).
        height_m: of the roof.
        number: object id.
    """
    count = len(footprint)
    low = np.column_stack((footprint, np.zeros(count)))
    vertices = np.concatenate((low, low + np.array((0.0, 0.0, height_m))))
    faces, face_surface = [], []
    for wall in range(count):
        following = (wall + 1) % count
        faces += [(wall, following, count + following), (wall, count + following, count + wall)]
        face_surface += [wall, wall]
    for corner in range(1, count - 1):
        faces.append((count, count + corner, count + corner + 1))
        face_surface.append(count)
    kinds = [SurfaceKind.FACADE] * count + [SurfaceKind.ROOF_FLAT]
    return SurfaceMesh(
        vertices,
        np.array(faces, np.int32),
        np.array(face_surface, np.int32),
        surfaces(kinds, number),
    )


def box_mesh(
    low_m: tuple[float, float], high_m: tuple[float, float], height_m: float, number: int = 7
) -> SurfaceMesh:
    """A prism on a rectangle along the axes; walls face south, east, north, west."""
    (west, south), (east, north) = low_m, high_m
    corners = np.array(((west, south), (east, south), (east, north), (west, north)))
    return prism_mesh(corners, height_m, number)


def on_ground(*meshes: SurfaceMesh) -> SurfaceMesh:
    """The ground, surface 0, and what stands on it."""
    return merge((ground_mesh(), *meshes))

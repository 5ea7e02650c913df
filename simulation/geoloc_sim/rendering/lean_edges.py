# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Projects straight edges of buildings and draws what can be seen of them.

A point of an edge is seen where one of its four nearest pixels shows a plane that the edge bounds:
planes end at their edges, so a plane seen beside its own edge is seen at its edge.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.types import FloatArray
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.compiled import compiled
from geoloc_sim.rendering.lean_model import PlanarModel
from geoloc_sim.rendering.records import Int32Array

_NEAR_M = 0.05
_STEP_PX = 0.5


def draw_edges(
    camera: PinholeCamera, pose: Pose2, planes: Int32Array, model: PlanarModel
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Visible edges.

    Args:
        camera: without distortion.
        pose: of ``base_link``.
        planes: plane that each pixel shows, -1 for none, int32, shape (height, width).
        model: edges and the planes they bound.

    Returns:
        Pixels on an edge, bool, shape (height, width), and of each straight line how much is
        seen, in pixels along the longer of rows and columns, shape (lines,).
    """
    map_from_camera = Pose3.from_planar(pose) @ camera.base_from_camera
    visible = np.zeros(len(model.plane_is_wall) + 1, dtype=np.bool_)
    visible[planes] = True
    visible[-1] = False  # what -1 marked
    drawn = np.zeros(planes.shape, dtype=np.bool_)
    seen_px = np.zeros(model.lines)
    _draw(
        model.edges_m,
        model.edge_planes,
        model.edge_line,
        visible,
        planes,
        map_from_camera.rotation(),
        map_from_camera.translation_m,
        np.array((camera.fx, camera.fy, camera.cx, camera.cy)),
        drawn,
        seen_px,
    )
    return drawn, seen_px


@compiled
def _draw(
    edges: FloatArray,
    edge_planes: Int32Array,
    edge_line: Int32Array,
    visible: npt.NDArray[np.bool_],
    planes: Int32Array,
    rotation: FloatArray,
    origin: FloatArray,
    intrinsics: FloatArray,
    drawn: npt.NDArray[np.bool_],
    seen_px: FloatArray,
) -> None:
    for edge in range(edges.shape[0]):
        wanted = False
        for k in range(edge_planes.shape[1]):
            plane = edge_planes[edge, k]
            wanted = wanted or (plane >= 0 and visible[plane])
        if not wanted:
            continue
        in_front, u0, v0, u1, v1 = _ends(edges[edge], rotation, origin, intrinsics)
        if not in_front:
            continue
        inside, start, end = _clipped(u0, v0, u1, v1, planes.shape[1], planes.shape[0])
        if not inside:
            continue
        length = max(abs(u1 - u0), abs(v1 - v0)) * (end - start)
        steps = max(int(np.ceil(length / _STEP_PX)), 1)
        seen = 0
        for step in range(steps):
            along = start + (end - start) * (step + 0.5) / steps
            u, v = u0 + along * (u1 - u0), v0 + along * (v1 - v0)
            if _shown(u, v, edge_planes[edge], planes):
                seen += 1
                row = min(max(int(np.floor(v + 0.5)), 0), planes.shape[0] - 1)
                column = min(max(int(np.floor(u + 0.5)), 0), planes.shape[1] - 1)
                drawn[row, column] = True
        seen_px[edge_line[edge]] += length * seen / steps


@compiled
def _ends(
    edge: FloatArray, rotation: FloatArray, origin: FloatArray, intrinsics: FloatArray
) -> tuple[bool, float, float, float, float]:
    """Pixels of both ends of what lies in front of the camera; False where nothing does."""
    seen = np.empty((2, 3))
    for end in range(2):
        for axis in range(3):
            seen[end, axis] = 0.0
            for k in range(3):
                seen[end, axis] += (edge[end, k] - origin[k]) * rotation[k, axis]
    if seen[0, 2] < _NEAR_M and seen[1, 2] < _NEAR_M:
        return False, 0.0, 0.0, 0.0, 0.0
    for end in range(2):
        if seen[end, 2] < _NEAR_M:
            other = 1 - end
            along = (_NEAR_M - seen[other, 2]) / (seen[end, 2] - seen[other, 2])
            for axis in range(3):
                seen[end, axis] = seen[other, axis] + along * (seen[end, axis] - seen[other, axis])
    fx, fy, cx, cy = intrinsics[0], intrinsics[1], intrinsics[2], intrinsics[3]
    return (
        True,
        fx * seen[0, 0] / seen[0, 2] + cx,
        fy * seen[0, 1] / seen[0, 2] + cy,
        fx * seen[1, 0] / seen[1, 2] + cx,
        fy * seen[1, 1] / seen[1, 2] + cy,
    )


@compiled
def _clipped(
    u0: float, v0: float, u1: float, v1: float, width: int, height: int
) -> tuple[bool, float, float]:
    """Share of the way at which the segment enters and leaves the picture (Liang and Barsky)."""
    start, end = 0.0, 1.0
    for side in range(4):
        if side < 2:
            begin, change, low, high = u0, u1 - u0, -0.5, width - 0.5
        else:
            begin, change, low, high = v0, v1 - v0, -0.5, height - 0.5
        if side % 2 == 0:  # begin + t change >= low
            reach, room = -change, begin - low
        else:
            reach, room = change, high - begin
        if reach == 0.0:
            if room < 0.0:
                return False, 0.0, 0.0
        elif reach < 0.0:
            start = max(start, room / reach)
        else:
            end = min(end, room / reach)
    return end > start, start, end


@compiled
def _shown(u: float, v: float, edge_planes: Int32Array, planes: Int32Array) -> bool:
    """Whether one of the four pixels around a point shows one of the edge's planes."""
    for row in range(int(np.floor(v)), int(np.floor(v)) + 2):
        if row < 0 or row >= planes.shape[0]:
            continue
        for column in range(int(np.floor(u)), int(np.floor(u)) + 2):
            if column < 0 or column >= planes.shape[1]:
                continue
            plane = planes[row, column]
            if plane < 0:
                continue
            for k in range(edge_planes.size):
                if edge_planes[k] == plane:
                    return True
    return False

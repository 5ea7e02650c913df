# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The walls of a layout and the roofs over its tunnels: all that hides the sky from a street."""

from __future__ import annotations

import itertools
import math

from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
import numpy as np
import shapely

from geoloc_ros.types import FloatArray
from geoloc_sim.records import BoolArray
from geoloc_sim.rendering.records import Float32Array
from geoloc_sim.world.records import Building, Layout, Street

#: Clear height under the roof of a tunnel.
_TUNNEL_HEIGHT_M = 5.0


class Walls:
    """Which rays from a street the buildings block (an ``Occluder``), made in a moment.

    A building counts as walls up to the middle of its roof, halfway between eaves and ridge.

    Args:
        layout: its buildings and tunnels.
    """

    def __init__(self, layout: Layout) -> None:
        quads = [quad for building in layout.buildings for quad in _walls(building)]
        quads += [quad for street in layout.streets if street.tunnel for quad in _roof(street)]
        corners = np.concatenate([np.zeros((0, 4, 3)), *[quad[None] for quad in quads]])
        triangles = np.concatenate((corners[:, [0, 1, 2]], corners[:, [0, 2, 3]])).reshape(-1, 3)
        self._empty = not quads
        self._scene = EmbreeScene()
        if quads:
            faces = np.arange(len(triangles), dtype=np.int32).reshape(-1, 3)
            TriangleMesh(self._scene, triangles.astype(np.float32), faces)

    def occluded(
        self, origins_m: Float32Array, directions: Float32Array, far_m: float = math.inf
    ) -> BoolArray:
        """Whether a wall or a tunnel's roof stands within ``far_m`` along each ray, shape (n,)."""
        if self._empty or not len(origins_m):
            return np.zeros(len(origins_m), dtype=np.bool_)
        far = None if math.isinf(far_m) else np.full(len(origins_m), far_m, np.float32)
        found = self._scene.run(
            np.ascontiguousarray(origins_m, dtype=np.float32),
            np.ascontiguousarray(directions, dtype=np.float32),
            dists=far,
            query='OCCLUDED',
        )
        return np.asarray(found != -1)


def _walls(building: Building) -> list[FloatArray]:
    """Upright quads, each shape (4, 3)."""
    top = 0.5 * (building.eaves_height_m + building.ridge_height_m)
    footprint = building.footprint
    quads = []
    for ring in (footprint.exterior, *footprint.interiors):
        line = shapely.get_coordinates(ring)
        for start, end in itertools.pairwise(line):
            foot = np.array(((*start, 0.0), (*end, 0.0)))
            head = foot[::-1] + np.array((0.0, 0.0, top))
            quads.append(np.concatenate((foot, head)))
    return quads


def _roof(street: Street) -> list[FloatArray]:
    """Level quads over the roadway and the pavements, each shape (4, 3)."""
    line, half = street.centre_line_m, 0.5 * street.width_m + 2.0
    quads = []
    for start, end in itertools.pairwise(line):
        along = (end - start) / max(float(np.hypot(*(end - start))), 1e-9)
        aside = half * np.array((-along[1], along[0]))
        # Overlapping a little, so that a bend lets no light through.
        first, last = start - 0.3 * along, end + 0.3 * along
        flat = np.array((first + aside, first - aside, last - aside, last + aside))
        quads.append(np.column_stack((flat, np.full(4, _TUNNEL_HEIGHT_M))))
    return quads

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Union, difference and intersection of ground, whose results are polygons on one fine grid.

Plain overlays may leave lines and points where shapes only touch, and a later overlay refuses
those; here they are dropped, with slivers.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

#: Shapes are kept on a grid this fine, so that neighbours share their borders.
GRID_M = 1e-4
_SLIVER_M2 = 1e-3

Shapes = npt.NDArray[np.object_]


def polygons_of(geometry: BaseGeometry, smallest_m2: float = _SLIVER_M2) -> list[Polygon]:
    """The polygons in any geometry, without slivers."""
    parts = shapely.get_parts(geometry)
    if any(part.geom_type in ('MultiPolygon', 'GeometryCollection') for part in parts):
        parts = shapely.get_parts(parts)
    return [
        part
        for part in parts
        if part.geom_type == 'Polygon' and part.area > smallest_m2 and part.is_valid
    ]


def polygonal(geometry: BaseGeometry) -> BaseGeometry:
    """Any geometry without its lines, points and slivers."""
    if geometry.geom_type == 'Polygon' and geometry.area > _SLIVER_M2:
        return geometry
    return MultiPolygon(polygons_of(geometry))


def united(shapes: Iterable[BaseGeometry]) -> BaseGeometry:
    """Ground of at least one of the shapes."""
    return polygonal(shapely.union_all(list(shapes), grid_size=GRID_M))


def without(shape: BaseGeometry, taken: BaseGeometry) -> BaseGeometry:
    """Ground of a shape that is not taken."""
    return polygonal(shapely.difference(shape, taken, grid_size=GRID_M))


def each_without(shapes: Shapes, taken: BaseGeometry | Shapes) -> Shapes:
    """Ground of each shape that is not taken, by all or by its partner."""
    return _each_polygonal(shapely.difference(shapes, taken, grid_size=GRID_M))


def each_within(shapes: Shapes, limits: BaseGeometry | Shapes) -> Shapes:
    """Ground of each shape within the limit, one for all or its partner."""
    return _each_polygonal(shapely.intersection(shapes, limits, grid_size=GRID_M))


def _each_polygonal(shapes: Shapes) -> Shapes:
    polygons = np.empty(len(shapes), dtype=object)
    polygons[:] = [polygonal(shape) for shape in shapes]
    return polygons

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How an OpenStreetMap extract becomes a layout."""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.errors import ShapeError
from geoloc_ros.settings import setting
from geoloc_ros.types import FloatArray


@dataclasses.dataclass(frozen=True)
class OsmSettings:
    """What of a map is built, and what is guessed where the map is silent."""

    bounds_m: tuple[float, ...] = setting(
        (),
        'west, south, east and north edge of the world in map; the whole extract when empty; '
        'bounds_around gives those of a trajectory',
        unit='m',
    )
    footways: bool = setting(True, 'whether foot and cycle paths are built')
    service_roads: bool = setting(True, 'whether driveways and other service roads are built')
    fill_plots: bool = setting(
        True, 'whether houses are guessed along residential streets where the map has none'
    )
    fill_distance_m: float = setting(
        28.0,
        'ground farther than this from every mapped building may be filled; smaller fills gaps',
        unit='m',
        minimum=5.0,
    )


def bounds_around(points_m: FloatArray, margin_m: float) -> tuple[float, ...]:
    """The bounds of a world that holds points and a margin on every side.

    Args:
        points_m: shape (n, 2) with n at least 1, in ``map``.
        margin_m: ground beyond the outermost points.

    Raises:
        ShapeError: the points are not of shape (n, 2).
    """
    points = np.asarray(points_m, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ShapeError(
            f'points_m has shape {points.shape}; expected (n, 2) with n at least 1: x and y of '
            'the places that the world must hold'
        )
    west, south = (points.min(axis=0) - margin_m).tolist()
    east, north = (points.max(axis=0) + margin_m).tolist()
    return (west, south, east, north)

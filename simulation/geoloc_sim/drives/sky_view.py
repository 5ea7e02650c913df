# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How much of the sky is open at places in a world: buildings block it, leaves dim it."""

from __future__ import annotations

import dataclasses
import math
from typing import Protocol

import numpy as np
import shapely

from geoloc_ros.types import FloatArray
from geoloc_sim.drives.settings import SkySettings
from geoloc_sim.records import BoolArray
from geoloc_sim.rendering.records import Float32Array
from geoloc_sim.world.records import Tree, TreeKind, World

_FAR_M = 300.0  # beyond, nothing stands high enough to matter
_LEAF_REACH_M = 40.0  # a crown farther away only hides the lowest sky
_CHUNK_RAYS = 400_000
#: Half a crown's height beside its radius; bushes are lower than an antenna.
_CROWN_ASPECT = {TreeKind.BROADLEAF: 1.0, TreeKind.COLUMNAR: 2.5, TreeKind.CONIFER: 2.0}


class Occluder(Protocol):
    """Geometry that says which rays it blocks (``rendering.scene.Scene`` does)."""

    def occluded(
        self, origins_m: Float32Array, directions: Float32Array, far_m: float = math.inf
    ) -> BoolArray:
        """Whether anything stands within ``far_m`` along each ray, shape (n,)."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Crowns:
    """Crowns of trees as ellipsoids, n of them.

    Attributes:
        centres_m: shape (n, 3).
        radii_m: horizontal half axis, shape (n,).
        half_heights_m: vertical half axis, shape (n,).
        extinction_per_m: on this day, shape (n,).
    """

    centres_m: FloatArray
    radii_m: FloatArray
    half_heights_m: FloatArray
    extinction_per_m: FloatArray


def crowns_of(trees: tuple[Tree, ...], leaf_share: float, settings: SkySettings) -> Crowns:
    """Crowns in leaf by ``leaf_share`` (0 bare to 1); conifers keep their needles."""
    tall = [tree for tree in trees if tree.kind in _CROWN_ASPECT]
    radii = np.array([tree.crown_radius_m for tree in tall], dtype=np.float64)
    heights = np.array([tree.height_m for tree in tall], dtype=np.float64)
    aspects = np.array([_CROWN_ASPECT[tree.kind] for tree in tall], dtype=np.float64)
    half = np.minimum(aspects * radii, 0.45 * heights)
    places = np.array([(tree.x_m, tree.y_m) for tree in tall], dtype=np.float64).reshape(-1, 2)
    bare = settings.bare_share
    leaves = np.array(
        [
            1.0 if tree.kind is TreeKind.CONIFER else bare + (1.0 - bare) * leaf_share
            for tree in tall
        ],
        dtype=np.float64,
    )
    return Crowns(
        np.column_stack((places, heights - half)),
        radii,
        half,
        settings.leaf_extinction_per_m * leaves,
    )


class SkyView:
    """The open sky over places of one world on one day.

    Args:
        occluder: what no signal passes: buildings and roofs over tunnels, no leaves.
        crowns: of the trees.
        height_m: of the antenna over the ground.
    """

    def __init__(self, occluder: Occluder, crowns: Crowns, height_m: float) -> None:
        self.height_m = height_m
        self._occluder = occluder
        self._crowns = crowns
        self._tree = shapely.STRtree(
            shapely.points(crowns.centres_m[:, :2]).tolist() if len(crowns.radii_m) else []
        )

    def passing(self, points_m: FloatArray, directions: FloatArray) -> FloatArray:
        """Share of a signal's strength that arrives from each direction, 0 to 1.

        Args:
            points_m: east and north, shape (n, 2).
            directions: unit vectors towards the sky, shape (m, 3).

        Returns:
            Shape (n, m).
        """
        count = len(directions)
        share = np.ones((len(points_m), count))
        rows = max(1, _CHUNK_RAYS // count)
        for first in range(0, len(points_m), rows):
            some = points_m[first : first + rows]
            origins = np.column_stack((some, np.full(len(some), self.height_m)))
            blocked = self._occluder.occluded(
                np.repeat(origins, count, axis=0).astype(np.float32),
                np.tile(directions, (len(some), 1)).astype(np.float32),
                _FAR_M,
            )
            share[first : first + rows][blocked.reshape(len(some), count)] = 0.0
        if len(self._crowns.radii_m):
            self._dim_by_leaves(points_m, directions, share)
        return share

    def open_share(self, points_m: FloatArray) -> FloatArray:
        """Share of the hemisphere's solid angle that is open, shape (n,)."""
        return np.asarray(self.passing(points_m, sky_directions()).mean(axis=1))

    def _dim_by_leaves(
        self, points_m: FloatArray, directions: FloatArray, share: FloatArray
    ) -> None:
        rows, numbers = self._tree.query(
            shapely.points(points_m), 'dwithin', distance=_LEAF_REACH_M
        )
        crowns = self._crowns
        half_axes = np.column_stack((crowns.radii_m, crowns.radii_m, crowns.half_heights_m))
        origins = np.column_stack((points_m, np.full(len(points_m), self.height_m)))
        for row, number in zip(rows.tolist(), numbers.tolist(), strict=True):
            start = (origins[row] - crowns.centres_m[number]) / half_axes[number]
            inside_m = _way_inside(start, directions / half_axes[number])
            share[row] *= np.exp(-crowns.extinction_per_m[number] * inside_m)


def _way_inside(start: FloatArray, along: FloatArray) -> FloatArray:
    """Length of rays inside a crown, after scaling that makes it the unit ball.

    Args:
        start: origin of the rays, shape (3,), scaled.
        along: unit directions, shape (m, 3), scaled.

    Returns:
        In the unit of the directions before scaling, shape (m,).
    """
    a = (along**2).sum(axis=1)
    b = along @ start
    root = np.sqrt(np.maximum(b**2 - a * (start @ start - 1.0), 0.0))
    return np.asarray(np.maximum((root - b) / a, 0.0) - np.maximum((-root - b) / a, 0.0))


def world_sky(
    world: World, occluder: Occluder, leaf_share: float, settings: SkySettings
) -> SkyView:
    """The sky over a world whose buildings and roofs are in ``occluder``."""
    return SkyView(
        occluder, crowns_of(world.trees, leaf_share, settings), settings.antenna_height_m
    )


def sky_directions(
    azimuths: int = 36, elevations: int = 12, lowest_rad: float = 0.0
) -> FloatArray:
    """Directions that share the sky over an elevation evenly by solid angle, shape (m, 3)."""
    low = math.sin(lowest_rad)
    up = low + (1.0 - low) * (np.arange(elevations) + 0.5) / elevations
    # Each ring starts elsewhere, so that no edge of a building hides between columns.
    start = np.arange(elevations)[:, None] * 0.618
    turns = 2.0 * np.pi * (np.arange(azimuths)[None] + start) / azimuths
    level = np.sqrt(1.0 - up**2)[:, None]
    return np.column_stack(
        (
            (level * np.cos(turns)).ravel(),
            (level * np.sin(turns)).ravel(),
            np.repeat(up, azimuths),
        )
    )

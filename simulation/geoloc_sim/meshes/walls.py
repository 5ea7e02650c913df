# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The walls of all buildings: edges of footprints up to the roof, and what each looks onto."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import itertools

import numpy as np
import shapely
from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.facades import WallSide
from geoloc_sim.meshes.roof_shape import RoofShape
from geoloc_sim.meshes.solids import Solid
from geoloc_sim.world.records import Building, Street

_STREET_REACH_M = 35.0
_PARTY_GAP_M = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Wall:
    """One straight wall; seen from outside it runs from left to right.

    Attributes:
        start_m: shape (2,).
        end_m: shape (2,).
        side: what it looks onto.
    """

    start_m: FloatArray
    end_m: FloatArray
    side: WallSide

    @property
    def width_m(self) -> float:
        """Length along the ground."""
        return float(np.linalg.norm(self.end_m - self.start_m))

    @property
    def along(self) -> FloatArray:
        """Unit vector from start to end, shape (2,)."""
        unit: FloatArray = (self.end_m - self.start_m) / self.width_m
        return unit

    @property
    def outward(self) -> FloatArray:
        """Unit normal away from the building, shape (2,)."""
        along = self.along
        return np.array([along[1], -along[0]])


def wall_edges(footprint: Polygon) -> list[tuple[FloatArray, FloatArray]]:
    """Starts and ends of a footprint's walls, those of courtyards too."""
    edges = []
    oriented = shapely.geometry.polygon.orient(footprint)
    for ring in (oriented.exterior, *oriented.interiors):
        points = shapely.get_coordinates(shapely.simplify(ring, 1e-3))
        edges += list(itertools.pairwise(points))
    return edges


def building_walls(buildings: Sequence[Building], streets: Sequence[Street]) -> list[list[Wall]]:
    """The walls of each building, in the order of its edges."""
    edges = [wall_edges(building.footprint) for building in buildings]
    owners = np.repeat(np.arange(len(edges)), [len(of_one) for of_one in edges])
    if len(owners) == 0:
        return [[] for _ in buildings]
    starts = np.array([start for of_one in edges for start, _ in of_one])
    ends = np.array([end for of_one in edges for _, end in of_one])
    sides = _sides(starts, ends, owners, buildings, streets)
    walls: list[list[Wall]] = [[] for _ in buildings]
    for owner, start, end, side in zip(owners, starts, ends, sides, strict=True):
        walls[owner].append(Wall(start, end, WallSide(int(side))))
    return walls


def _sides(
    starts: FloatArray,
    ends: FloatArray,
    owners: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    buildings: Sequence[Building],
    streets: Sequence[Street],
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    along = ends - starts
    along = along / np.linalg.norm(along, axis=1)[:, None]
    outward = np.stack([along[:, 1], -along[:, 0]], axis=1)
    middle = (starts + ends) / 2.0
    sides = np.full(len(starts), int(WallSide.BACK))
    if streets:
        lines = [shapely.LineString(street.centre_line_m) for street in streets]
        points = shapely.points(middle)
        tree = shapely.STRtree(lines)
        nearest = np.array(lines, dtype=object)[tree.nearest(points)]
        links = shapely.shortest_line(points, nearest)
        towards = shapely.get_coordinates(shapely.get_point(links, -1)) - middle
        distance = np.linalg.norm(towards, axis=1)
        facing = np.sum(towards * outward, axis=1) > 0.5 * distance
        sides[facing & (distance < _STREET_REACH_M)] = int(WallSide.STREET)
    tree = shapely.STRtree([building.footprint for building in buildings])
    beside = shapely.points(middle + _PARTY_GAP_M * outward)
    at, hit = tree.query(beside, predicate='intersects')
    sides[at[hit != owners[at]]] = int(WallSide.PARTY)
    return sides


def top_profiles(walls: Sequence[Wall], roof: RoofShape) -> list[FloatArray]:
    """Upper edges of walls: rows of (distance from its start, height), at every bend."""
    places = [_bends(wall, roof) for wall in walls]
    points = [
        wall.start_m + at[:, None] * wall.along for wall, at in zip(walls, places, strict=True)
    ]
    heights = roof.heights(np.concatenate(points))
    ends = np.cumsum([len(at) for at in places])
    return [
        _straightened(np.stack([at, high], axis=1))
        for at, high in zip(places, np.split(heights, ends[:-1]), strict=True)
    ]


def _bends(wall: Wall, roof: RoofShape) -> FloatArray:
    """Where along a wall the roof over it may bend, from its start to its end."""
    length = wall.width_m
    planes = np.vstack([wing.planes for wing in roof.wings])
    slopes = planes[:, :2] @ wall.along
    offsets = planes[:, :2] @ wall.start_m + planes[:, 2]
    one, other = np.triu_indices(len(planes), 1)
    steeper = slopes[one] - slopes[other]
    crossing = np.abs(steeper) > 1e-9
    places = [
        np.array([0.0, length]),
        (offsets[other] - offsets[one])[crossing] / steeper[crossing],
    ]
    if len(roof.wings) > 1:
        corners = np.vstack([shapely.get_coordinates(wing.region) for wing in roof.wings])
        places.append((corners - wall.start_m) @ wall.along)
    at = np.concatenate(places)
    at = np.unique(np.round(at[(at >= 0.0) & (at <= length)], 6))
    at[0], at[-1] = 0.0, length
    return at


def _straightened(profile: FloatArray) -> FloatArray:
    """The profile without points that lie on the line between their neighbours."""
    kept = [profile[0]]
    for point, after in itertools.pairwise(profile[1:]):
        before = kept[-1]
        share = (point[0] - before[0]) / (after[0] - before[0])
        if abs(before[1] + share * (after[1] - before[1]) - point[1]) > 1e-6:
            kept.append(point)
    return np.array([*kept, profile[-1]])


def wall_solid(wall: Wall, profile: FloatArray, foot_m: float = 0.0) -> Solid:
    """The wall's triangles from its foot to its upper edge."""
    ground = wall.start_m + profile[:, :1] * wall.along
    count = len(profile)
    low = np.hstack([ground, np.full((count, 1), foot_m)])
    high = np.hstack([ground, profile[:, 1:]])
    left = np.arange(count - 1)
    faces = np.concatenate(
        [
            np.stack([left, left + 1, left + 1 + count], axis=1),
            np.stack([left, left + 1 + count, left + count], axis=1),
        ]
    )
    return np.concatenate([low, high]), faces.astype(np.int32)

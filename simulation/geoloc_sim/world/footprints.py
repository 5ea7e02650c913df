# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Pieces of geometry that buildings are made of."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from geoloc_ros.types import FloatArray
from geoloc_sim.world.curves import arc_lengths, left_of, unit

_CORNER_RAD = np.radians(24.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Front:
    """A stretch of a block's outline between two corners.

    Attributes:
        points_m: shape (k, 2), with the block on the left.
        length_m: along the points.
    """

    points_m: FloatArray
    length_m: float

    def at(self, along_m: float) -> tuple[FloatArray, FloatArray]:
        """Place and direction (unit, ahead) at a distance from the start."""
        along = arc_lengths(self.points_m)
        reach = min(2.0, self.length_m / 4.0)
        places = np.clip([along_m, along_m - reach, along_m + reach], 0.0, self.length_m)
        x, y = (np.interp(places, along, self.points_m[:, axis]) for axis in (0, 1))
        return np.array([x[0], y[0]]), unit(np.array([x[2] - x[1], y[2] - y[1]]))


def fronts(block: Polygon) -> list[Front]:
    """The outline of a block cut at its corners."""
    simple = orient(block.simplify(0.6))
    ring = np.asarray(simple.exterior.coords)[:-1]
    steps = np.roll(ring, -1, axis=0) - ring
    yaws = np.arctan2(steps[:, 1], steps[:, 0])
    turns = np.abs((yaws - np.roll(yaws, 1) + np.pi) % (2.0 * np.pi) - np.pi)
    corners = np.flatnonzero(turns > _CORNER_RAD)
    if len(corners) == 0:
        corners = np.array([0])
    found = []
    for first, last in zip(corners, np.roll(corners, -1), strict=True):
        count = int((last - first - 1) % len(ring)) + 1
        indices = (first + np.arange(count + 1)) % len(ring)
        points = ring[indices]
        found.append(Front(points, float(arc_lengths(points)[-1])))
    return found


def rectangle(
    front_middle_m: FloatArray, ahead: FloatArray, width_m: float, depth_m: float
) -> Polygon:
    """A rectangle whose front is centred at a place and which reaches to its left."""
    half, inward = 0.5 * width_m * ahead, depth_m * left_of(ahead)
    a, b = front_middle_m - half, front_middle_m + half
    return Polygon((a, b, b + inward, a + inward))


def placed(local: BaseGeometry, place_m: FloatArray, ahead: FloatArray) -> BaseGeometry:
    """A shape given in local axes (x along ``ahead``, y to its left), put at a place."""
    basis = np.array([ahead, left_of(ahead)])
    return shapely.transform(local, lambda points: points @ basis + place_m)


def largest(shape: BaseGeometry) -> Polygon:
    """The largest polygon of a shape; an empty one where it has none."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == 'Polygon']
    return max(parts, key=lambda part: part.area) if parts else Polygon()


def without_slivers(polygon: Polygon, width_m: float) -> Polygon:
    """The polygon without parts narrower than this."""
    half = width_m / 2.0
    opened = polygon.buffer(-half, join_style='mitre').buffer(half, join_style='mitre')
    return largest(opened.intersection(polygon))


def rectangularity(polygon: Polygon) -> float:
    """Share of its smallest enclosing rectangle that a polygon fills."""
    return float(polygon.area / max(shapely.oriented_envelope(polygon).area, 1e-9))


def has_right_angles(polygon: Polygon) -> bool:
    """Whether every wall is within 4 degrees of their mean direction or a quarter turn from it."""
    steps = np.diff(np.asarray(polygon.exterior.coords), axis=0)
    lengths = np.hypot(*steps.T)
    fourfold = np.exp(4j * np.arctan2(steps[:, 1], steps[:, 0]))
    mean = (lengths * fourfold).sum()
    return bool(np.abs(np.angle(fourfold / mean)).max() < 4.0 * np.radians(4.0))


def long_axis(polygon: Polygon) -> tuple[FloatArray, float, float]:
    """Direction of the long side of the smallest enclosing rectangle, its length and width."""
    frame = np.asarray(shapely.oriented_envelope(polygon).exterior.coords)
    sides = np.diff(frame[:3], axis=0)
    lengths = np.hypot(*sides.T)
    longer = int(np.argmax(lengths))
    return unit(sides[longer]), float(lengths[longer]), float(lengths[1 - longer])


def extent_along(polygon: Polygon, ahead: FloatArray) -> float:
    """Length of a polygon in a direction (unit)."""
    return float(np.ptp(np.asarray(polygon.exterior.coords) @ ahead))


def blob(generator: np.random.Generator, middle_m: FloatArray, radius_m: float) -> Polygon:
    """An irregular round shape, as ponds have."""
    angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    radius = np.full_like(angles, radius_m)
    for waves in (2, 3, 5):
        phase = generator.uniform(0.0, 2.0 * np.pi)
        radius *= 1.0 + generator.uniform(0.05, 0.35) / waves * np.cos(waves * angles + phase)
    around = np.column_stack((np.cos(angles), np.sin(angles)))
    return Polygon(middle_m + radius[:, None] * around)


def inscribed_middle(region: Polygon) -> tuple[FloatArray, float]:
    """Centre and radius of about the largest circle that fits in a region."""
    line = shapely.maximum_inscribed_circle(region, tolerance=1.0)
    return np.asarray(line.coords[0]), float(line.length)


def disc(place_m: FloatArray, radius_m: float) -> Polygon:
    """A round shape."""
    return Point(place_m).buffer(radius_m, quad_segs=8)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Shapes painted on roads, as rings in metres: x ahead of the reader, y to the reader's left."""

from __future__ import annotations

import enum

import numpy as np
import shapely
from shapely.affinity import rotate, scale, translate
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry


class Arrow(enum.Enum):
    """Where a lane leads."""

    STRAIGHT = 'straight'
    LEFT = 'left'
    RIGHT = 'right'
    STRAIGHT_LEFT = 'straight_left'
    STRAIGHT_RIGHT = 'straight_right'


_STROKE_M = 0.18
#: Letters and digits as strokes in a cell one wide and two high (x to the right, y up).
_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    '3': (((0, 2), (1, 2), (1, 0), (0, 0)), ((0.2, 1), (1, 1))),
    '0': (((0, 0), (0, 2), (1, 2), (1, 0), (0, 0)),),
    '5': (((1, 2), (0, 2), (0, 1), (1, 1), (1, 0), (0, 0)),),
    'B': (((0, 0), (0, 2), (0.8, 2), (0.8, 1), (0, 1)), ((0.8, 1), (1, 0.8), (1, 0), (0, 0))),
    'U': (((0, 2), (0, 0), (1, 0), (1, 2)),),
    'S': (((1, 2), (0, 2), (0, 1), (1, 1), (1, 0), (0, 0)),),
}


def arrow(kind: Arrow, length_m: float = 4.5) -> Polygon:
    """A lane arrow, its middle at the origin, pointing ahead."""
    half = length_m / 2.0
    parts: list[BaseGeometry] = [shapely.box(-half, -0.09, half - 1.2, 0.09)]
    if kind in (Arrow.STRAIGHT, Arrow.STRAIGHT_LEFT, Arrow.STRAIGHT_RIGHT):
        parts.append(_head(half, 0.0, 0.0))
        parts.append(shapely.box(half - 1.3, -0.09, half - 0.9, 0.09))
    if kind in (Arrow.LEFT, Arrow.STRAIGHT_LEFT):
        parts += _branch(half, 1.0)
    if kind in (Arrow.RIGHT, Arrow.STRAIGHT_RIGHT):
        parts += _branch(half, -1.0)
    return _one_polygon(shapely.union_all(parts))


def _head(tip: float, y: float, turn_deg: float) -> Polygon:
    head = Polygon([(0.0, 0.0), (-1.1, 0.42), (-1.1, -0.42)])
    return translate(rotate(head, turn_deg, origin=(0.0, 0.0)), tip, y)


def _branch(half: float, side: float) -> list[BaseGeometry]:
    bend = half - 1.25
    stroke = LineString([(bend - 0.5, 0.0), (bend, side * 0.25), (bend + 0.05, side * 0.5)])
    tip = translate(
        rotate(Polygon([(0.0, 0.0), (-0.75, 0.45), (-0.75, -0.45)]), 75.0 * side, origin=(0, 0)),
        bend + 0.2,
        side * 0.98,
    )
    return [stroke.buffer(0.1, cap_style='flat'), tip]


def text(word: str, height_m: float = 2.4, width_m: float = 0.55) -> list[Polygon]:
    """A word of the known letters, middle at the origin, its foot towards the reader."""
    polygons = []
    pitch = width_m + 0.4
    left = (len(word) - 1) * pitch / 2.0
    for i, letter in enumerate(word):
        for stroke in _STROKES[letter]:
            # Letter x runs to the reader's right, which is -y here.
            line = [
                (y * height_m / 2.0 - height_m / 2.0, left - i * pitch - (x - 0.5) * width_m)
                for x, y in stroke
            ]
            polygons.append(
                _one_polygon(
                    LineString(line).buffer(_STROKE_M / 2.0, cap_style='flat', join_style='mitre')
                )
            )
    return polygons


def bicycle() -> list[Polygon]:
    """A bicycle seen from its side, wheels apart along y, standing towards the reader."""
    wheels = [
        Point(0.0, y).buffer(0.32, quad_segs=3).difference(Point(0.0, y).buffer(0.22, quad_segs=3))
        for y in (-0.5, 0.5)
    ]
    frame = LineString([(0.0, -0.5), (0.55, -0.28), (0.5, 0.3), (0.0, 0.5)])
    saddle = LineString([(0.75, 0.42), (0.75, 0.12)])
    fork = LineString([(0.5, 0.3), (0.75, 0.27)])
    strokes = [line.buffer(0.05, cap_style='flat') for line in (frame, saddle, fork)]
    stretched = [
        scale(part, xfact=1.6, yfact=0.9, origin=(0.0, 0.0)) for part in (*wheels, *strokes)
    ]
    return [_one_polygon(part) for part in stretched]


def shark_tooth() -> Polygon:
    """A triangle of a yield line, its tip towards the reader."""
    return Polygon([(-0.6, 0.0), (0.0, -0.25), (0.0, 0.25)])


def circle(radius_m: float, corners: int = 12) -> Polygon:
    """A regular polygon about the origin."""
    angles = np.arange(corners) * 2.0 * np.pi / corners
    return Polygon(radius_m * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def _one_polygon(geometry: BaseGeometry) -> Polygon:
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == 'Polygon']
    return max(parts, key=lambda part: part.area)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Markings at the ends of streets: crossings, stop and yield lines, lane arrows, bus stops."""

from __future__ import annotations

import math

import numpy as np
from shapely.geometry import Polygon

from geoloc_sim.randomness import stream
from geoloc_sim.world import symbols
from geoloc_sim.world.junctions import Control
from geoloc_sim.world.markings import white
from geoloc_sim.world.records import Area, AreaKind, RoadClass
from geoloc_sim.world.roads import StreetBody
from geoloc_sim.world.street_ends import Crossing, StreetEnd

_STRIPE_M = 0.5


def end_markings(end: StreetEnd, seed: int) -> list[Area]:
    """Everything painted at one end of a street."""
    areas: list[Area] = []
    if end.crossing is Crossing.ZEBRA:
        areas += zebra(end.body, end.crossing_from_m, end.crossing_to_m)
    elif end.crossing is Crossing.FORD:
        for station in (end.crossing_from_m, end.crossing_to_m):
            areas += white(_cross_dashes(end.body, station))
    if end.approach_m:
        areas += _stop_line(end)
        areas += _arrows(end, seed)
    return areas


def zebra(body: StreetBody, start: float, end: float) -> list[Area]:
    """Stripes along the street from kerb to kerb."""
    half = body.street.width_m / 2.0
    count = max(1, int((2.0 * half - 0.5) / (2.0 * _STRIPE_M)))
    first = -(count * 2 - 1) * _STRIPE_M / 2.0
    low, high = min(start, end), max(start, end)
    return white(
        [
            body.frame.strip(low, high, d, d + _STRIPE_M)
            for d in (first + 2.0 * _STRIPE_M * np.arange(count)).tolist()
        ]
    )


def bus_stop(body: StreetBody, station: float, sign: int) -> list[Area]:
    """A box with BUS in the outermost lane, for a stop centred at this station."""
    lanes = body.section.forward_m if sign > 0 else body.section.backward_m
    d, half_width = lanes[0], min(body.section.lane_m, 3.0) / 2.0 - 0.15
    start, end = station - 9.0, station + 9.0
    side = -sign
    outer, inner = d + side * half_width, d - side * half_width
    zigzag = np.linspace(start, end, 9)
    polygons = []
    for i, (a, b) in enumerate(zip(zigzag[:-1].tolist(), zigzag[1:].tolist(), strict=True)):
        polygons += _slanted(body, a, b, *((outer, inner) if i % 2 else (inner, outer)))
    words = [body.frame.placed(part, station, d, sign) for part in symbols.text('BUS')]
    frame = body.frame.strip(start, end, min(outer, inner), max(outer, inner))
    kind = AreaKind.MARKING_YELLOW
    clear = body.frame.strip(station - 2.6, station + 2.6, min(outer, inner), max(outer, inner))
    edge = frame.difference(frame.buffer(-0.12, join_style='mitre'))
    lines = [polygon for polygon in polygons if not polygon.intersects(clear)]
    shapes = [edge, *lines, *words]
    return [Area(shape, kind) for shape in shapes if isinstance(shape, Polygon)]


def _slanted(body: StreetBody, start: float, end: float, d0: float, d1: float) -> list[Polygon]:
    ring = body.frame.points([start, start + 0.2, end, end - 0.2], [d0, d0, d1, d1])
    polygon = Polygon(ring)
    return [polygon] if polygon.is_valid else []


def _cross_dashes(body: StreetBody, station: float) -> list[Polygon]:
    half = body.street.width_m / 2.0 - 0.2
    return [
        body.frame.strip(station - 0.06, station + 0.06, d, min(d + 0.5, half))
        for d in np.arange(-half, half - 0.2, 0.8).tolist()
    ]


def _stop_line(end: StreetEnd) -> list[Area]:
    """A bar for stop and signals, triangles for yield, over the lanes that lead there."""
    section, body = end.body.section, end.body
    low, high = (
        (section.right_edge_m, section.divider_m)
        if end.sign > 0
        else (section.divider_m, section.left_edge_m)
    )
    low, high = low + 0.15, high - 0.15
    if end.control in (Control.STOP, Control.SIGNALS):
        near, far = sorted((end.stop_m, end.upstream(end.stop_m, 0.45)))
        return white([body.frame.strip(near, far, low, high)])
    if end.control is Control.YIELD:
        count = max(1, int((high - low) / 0.75))
        places = low + (np.arange(count) + 0.5) * (high - low) / count
        return white(
            [
                body.frame.placed(symbols.shark_tooth(), end.stop_m, d, end.sign)
                for d in places.tolist()
            ]
        )
    return []


def _arrows(end: StreetEnd, seed: int) -> list[Area]:
    """Arrows on the lanes of main streets before a ruled junction."""
    main = end.body.street.road_class in (RoadClass.PRIMARY, RoadClass.SECONDARY)
    room = end.body.end_m - end.body.start_m
    rng = stream('arrows', seed, end.body.number, 1 + end.sign)
    wanted = len(end.approach_m) > 1 or rng.random() < 0.3
    if not main or end.arms < 3 or room < 30.0 or not wanted:
        return []
    areas: list[Area] = []
    distances = (6.0, 24.0) if room > 70.0 else (6.0,)
    for lane, offset in enumerate(end.approach_m):
        shape = symbols.arrow(_lane_arrow(lane, len(end.approach_m), end.turns))
        for distance in distances:
            station = end.upstream(end.clear_m, distance)
            areas += white([end.body.frame.placed(shape, station, offset, end.sign)])
    return areas


def _lane_arrow(lane: int, lanes: int, turns: tuple[float, ...]) -> symbols.Arrow:
    """Where a lane leads, counted from the kerb, given the turns that the junction offers."""
    left = any(turn > math.radians(35.0) for turn in turns)
    right = any(turn < -math.radians(35.0) for turn in turns)
    straight = any(abs(turn) <= math.radians(35.0) for turn in turns)
    if lanes > 1 and left and lane == lanes - 1:
        return symbols.Arrow.LEFT
    if right and lane == 0:
        return symbols.Arrow.STRAIGHT_RIGHT if straight else symbols.Arrow.RIGHT
    if not straight:
        return symbols.Arrow.LEFT if left else symbols.Arrow.RIGHT
    return symbols.Arrow.STRAIGHT_LEFT if left and lanes == 1 else symbols.Arrow.STRAIGHT

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Markings along streets: centre lines, lane lines, edge lines, parking and cycle lanes."""

from __future__ import annotations

import itertools

import numpy as np
from shapely.geometry import Polygon

from geoloc_sim.randomness import stream
from geoloc_sim.world import symbols
from geoloc_sim.world.bays import PARALLEL_M, Bay
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.lanes import Margin
from geoloc_sim.world.records import Area, AreaKind, RoadClass
from geoloc_sim.world.roads import StreetBody
from geoloc_sim.world.street_ends import StreetEnd

LINE_M = 0.13
_WARNING_M = 16.0


def street_markings(
    seed: int,
    body: StreetBody,
    ends: tuple[StreetEnd, StreetEnd],
    settings: DressingSettings,
) -> list[Area]:
    """What is painted along one street, between the stop lines at its ends."""
    rng = stream('markings', seed, body.number)
    start, end = ends[0].clear_m, ends[1].clear_m
    road_class = body.street.road_class
    quiet = road_class in (RoadClass.RESIDENTIAL, RoadClass.SERVICE)
    marked = rng.random() < settings.marked_share if quiet else True
    yellow = rng.random() < settings.yellow_share
    if end - start < 4.0 or road_class is RoadClass.SERVICE:
        return []
    areas: list[Area] = []
    if marked:
        areas += _centre_line(body, ends, rng, yellow)
        areas += _lane_lines(body, start, end)
    areas += _margins(body, start, end)
    if (marked and not quiet) or rng.random() < 0.25:
        areas += _edge_lines(body, start, end)
    if quiet and rng.random() < 0.35:
        areas += _speed_limits(body, ends)
    return areas


def bay_markings(bay: Bay, body: StreetBody) -> list[Area]:
    """The lines between the slots of a bay."""
    kerb = bay.side * body.street.width_m / 2.0
    near, far = kerb + bay.side * 0.15, kerb + bay.side * (bay.depth_m - 0.1)
    right, left = min(near, far), max(near, far)
    stations = np.arange(len(bay.slots) + 1) * bay.slot_m + bay.start_m
    stations[0] += 0.06
    stations[-1] -= 0.06
    return [
        Area(body.frame.strip(s - 0.05, s + 0.05, right, left), AreaKind.MARKING_WHITE)
        for s in stations.tolist()
    ]


def dashes(
    body: StreetBody, start: float, end: float, offset: float, dash_m: float, gap_m: float
) -> list[Polygon]:
    """A broken line; the last dash may be shorter."""
    half = LINE_M / 2.0
    polygons = []
    for station in np.arange(start, end, dash_m + gap_m).tolist():
        stop = min(station + dash_m, end)
        if stop - station > 0.4:
            polygons.append(body.frame.strip(station, stop, offset - half, offset + half))
    return polygons


def solid(body: StreetBody, start: float, end: float, offset: float) -> list[Polygon]:
    """A continuous line, in pieces of at most 25 m."""
    half = LINE_M / 2.0
    pieces = max(1, int(np.ceil((end - start) / 25.0)))
    stations = np.linspace(start, end, pieces + 1).tolist()
    return [
        body.frame.strip(a, b, offset - half, offset + half)
        for a, b in itertools.pairwise(stations)
        if b - a > 0.05
    ]


def white(polygons: list[Polygon], tone: float = 1.0) -> list[Area]:
    """Polygons as white paint."""
    return [Area(polygon, AreaKind.MARKING_WHITE, tone) for polygon in polygons]


def _centre_line(
    body: StreetBody, ends: tuple[StreetEnd, StreetEnd], rng: np.random.Generator, yellow: bool
) -> list[Area]:
    """Between the directions: broken, closed near ruled junctions, double on wide streets."""
    section = body.section
    if not section.backward_m or section.lane_m * 2.0 < 4.9 or body.street.lanes < 2:
        return []
    start, end, d = ends[0].clear_m, ends[1].clear_m, section.divider_m
    kind = AreaKind.MARKING_YELLOW if yellow else AreaKind.MARKING_WHITE
    tone = float(rng.uniform(0.82, 1.08))
    if body.street.lanes >= 4:
        lines = solid(body, start, end, d - 0.14) + solid(body, start, end, d + 0.14)
        return [Area(polygon, kind, tone) for polygon in lines]
    if body.street.road_class is RoadClass.SECONDARY and rng.random() < 0.2:
        return [Area(polygon, kind, tone) for polygon in solid(body, start, end, d)]
    lines = []
    warned = min(_WARNING_M, (end - start) / 3.0)
    if ends[0].arms > 2:
        lines += solid(body, start, start + warned, d)
        start += warned
    if ends[1].arms > 2:
        lines += solid(body, end - warned, end, d)
        end -= warned
    gap = 3.0 if body.street.road_class is RoadClass.RESIDENTIAL else float(rng.choice([4.0, 6.0]))
    lines += dashes(body, start + gap / 2.0, end, d, 3.0, gap)
    return [Area(polygon, kind, tone) for polygon in lines]


def _lane_lines(body: StreetBody, start: float, end: float) -> list[Area]:
    """Between lanes of the same direction."""
    polygons = []
    for lanes in (body.section.forward_m, body.section.backward_m):
        for one, other in itertools.pairwise(lanes):
            polygons += dashes(body, start + 1.0, end, (one + other) / 2.0, 3.0, 6.0)
    return white(polygons)


def _edge_lines(body: StreetBody, start: float, end: float) -> list[Area]:
    section = body.section
    polygons = []
    if section.right_margin is Margin.NONE:
        polygons += solid(body, start, end, section.right_kerb_m + 0.25)
    if section.left_margin is Margin.NONE:
        polygons += solid(body, start, end, section.left_kerb_m - 0.25)
    return white(polygons, 0.95)


def _margins(body: StreetBody, start: float, end: float) -> list[Area]:
    """Borders of parking and cycle lanes on the roadway."""
    section = body.section
    areas: list[Area] = []
    for side, margin, edge in (
        (-1, section.right_margin, section.right_edge_m),
        (1, section.left_margin, section.left_edge_m),
    ):
        if margin is Margin.PARKING:
            areas += white(dashes(body, start + 7.0, end - 7.0, edge, 0.6, 0.9), 0.95)
            kerb = edge + side * 2.0
            low, high = sorted((edge, kerb - side * 0.1))
            first, last = body.start_m + 9.0, body.end_m - 9.0
            for station in np.arange(first, last, 2.0 * PARALLEL_M[0]).tolist():
                strip = body.frame.strip(station - 0.05, station + 0.05, low, high)
                areas += white([strip], 0.95)
        elif margin is Margin.CYCLE:
            areas += white(dashes(body, start, end, edge, 1.0, 1.0))
            middle, sign = edge + side * 0.75, (1 if side < 0 else -1)
            for station in np.arange(start + 12.0, end - 6.0, 55.0).tolist():
                areas += white(_laid(body, station, middle, sign, symbols.bicycle()))
    return areas


def _speed_limits(body: StreetBody, ends: tuple[StreetEnd, StreetEnd]) -> list[Area]:
    """A large 30 for those who enter a residential street."""
    areas: list[Area] = []
    for end, lanes in ((ends[0], body.section.forward_m), (ends[1], body.section.backward_m)):
        if end.arms > 2 and lanes and abs(ends[1].clear_m - ends[0].clear_m) > 30.0:
            station = end.upstream(end.clear_m, 8.0)
            areas += white(_laid(body, station, lanes[-1], -end.sign, symbols.text('30')))
    return areas


def _laid(
    body: StreetBody, station: float, offset: float, sign: int, shapes: list[Polygon]
) -> list[Polygon]:
    return [body.frame.placed(shape, station, offset, sign) for shape in shapes]

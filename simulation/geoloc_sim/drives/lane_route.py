# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A route along lanes: which legs follow, in which lane, and the curves that join them."""

from __future__ import annotations

from collections.abc import Sequence
import itertools
import math

import numpy as np

from geoloc_ros.types import FloatArray
from geoloc_sim.drives.lane_graph import LaneGraph, Leg, line_length_m, turn_rad
from geoloc_sim.drives.settings import LaneSettings
from geoloc_sim.route import Route, smooth_route
from geoloc_sim.world.records import RoadClass

#: From here on a change of direction is a turn, for which one takes the lane of its side.
_TURN_RAD = math.radians(30.0)
_NEARLY_STRAIGHT_RAD = math.radians(15.0)
_STRAIGHT_TRIM_M = 5.0
_LEAST_TRIM_M = 1.0
_MOST_TRIM_M = 25.0
_CURVE_STEP_M = 0.5


def random_lane_route(
    graph: LaneGraph, distance_m: float, settings: LaneSettings, random: np.random.Generator
) -> Route:
    """A random route of at least ``distance_m`` over lanes, which never turns back."""
    numbers = random_legs(graph, 1.05 * distance_m + 60.0, settings, random)
    return lane_route([graph.legs[number] for number in numbers], settings)


def random_legs(
    graph: LaneGraph, distance_m: float, settings: LaneSettings, random: np.random.Generator
) -> list[int]:
    """Numbers of legs that follow one another; streets not yet driven are preferred."""
    walk = [int(random.integers(len(graph.legs)))]
    used: dict[int, int] = {graph.legs[walk[0]].street: 1}
    driven_m = graph.legs[walk[0]].length_m
    while driven_m < distance_m:
        choices = graph.following[walk[-1]]
        weights = np.array([0.3 ** used.get(graph.legs[n].street, 0) for n in choices])
        for i, number in enumerate(choices):
            if graph.legs[number].road_class is RoadClass.SERVICE:
                weights[i] *= max(settings.service_share, 1e-6)
        chosen = choices[int(random.choice(len(choices), p=weights / weights.sum()))]
        leg = graph.legs[chosen]
        used[leg.street] = used.get(leg.street, 0) + 1
        driven_m += leg.length_m
        walk.append(chosen)
    return walk


def lane_route(legs: Sequence[Leg], settings: LaneSettings) -> Route:
    """The smooth line over given legs, in the lanes that a driver would take.

    A leg is driven in the lane that suits the turn at its end: the leftmost before a turn to the
    left, the rightmost otherwise. Turns are cubic curves that leave one lane and meet the other
    as tangents.
    """
    turns = [turn_rad(leg, after) for leg, after in itertools.pairwise(legs)]
    lanes = [
        leg.lanes_m[0] if turn > _TURN_RAD else leg.lanes_m[-1]
        for leg, turn in zip(legs, [*turns, 0.0], strict=True)
    ]
    trims = [
        _trims_m(before, after, turn, settings)
        for (before, after), turn in zip(itertools.pairwise(lanes), turns, strict=True)
    ]
    begins = [0.0, *(after for _, after in trims)]
    ends = [*(before for before, _ in trims), 0.0]
    pieces = [
        _trimmed(lane, begin, end) for lane, begin, end in zip(lanes, begins, ends, strict=True)
    ]
    points, corners = [pieces[0]], []
    count = len(pieces[0])
    for (before, after), turn in zip(itertools.pairwise(pieces), turns, strict=True):
        curve = _joining_curve(before, after, turn)
        corners.append(count + len(curve) // 2)
        points += [curve, after]
        count += len(curve) + len(after)
    limits = np.array([leg.limit_m_s for leg in legs])
    line, numbers = _without_repeats(np.concatenate(points), corners)
    return smooth_route(line, numbers, settings.smoothing_m, limits)


def _trims_m(
    before: FloatArray, after: FloatArray, turn: float, settings: LaneSettings
) -> tuple[float, float]:
    """How much of the end of one lane and of the start of the next the turn's curve replaces."""
    most = (
        min(_MOST_TRIM_M, 0.45 * line_length_m(before)),
        min(_MOST_TRIM_M, 0.45 * line_length_m(after)),
    )
    if abs(turn) < _NEARLY_STRAIGHT_RAD:
        return min(_STRAIGHT_TRIM_M, most[0]), min(_STRAIGHT_TRIM_M, most[1])
    radius_m = settings.left_radius_m if turn > 0.0 else settings.right_radius_m
    tangent_m = radius_m * math.tan(0.5 * min(abs(turn), 2.4))
    first, second = _unit(before[-1] - before[-2]), _unit(after[1] - after[0])
    gap = after[0] - before[-1]
    cross = first[0] * second[1] - first[1] * second[0]
    past = (gap[0] * second[1] - gap[1] * second[0]) / cross  # of the end, to the crossing
    before_start = (gap[0] * first[1] - gap[1] * first[0]) / cross  # of the start, likewise
    return (
        float(np.clip(tangent_m - past, min(_LEAST_TRIM_M, most[0]), most[0])),
        float(np.clip(tangent_m + before_start, min(_LEAST_TRIM_M, most[1]), most[1])),
    )


def _trimmed(line: FloatArray, begin_m: float, end_m: float) -> FloatArray:
    arc = np.concatenate(([0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()))
    first, last = begin_m, arc[-1] - end_m
    inner = arc[(arc > first + 1e-6) & (arc < last - 1e-6)]
    wanted = np.concatenate(([first], inner, [last]))
    return np.column_stack([np.interp(wanted, arc, column) for column in line.T])


def _joining_curve(before: FloatArray, after: FloatArray, turn: float) -> FloatArray:
    """Inner points of a cubic curve, near a circular arc where the two lanes allow one."""
    start, goal = before[-1], after[0]
    chord_m = float(np.hypot(*(goal - start)))
    half = max(0.5 * abs(turn), 1e-3)
    reach_m = chord_m * (2.0 / 3.0) * math.tan(0.5 * half) / math.sin(half)
    first, second = _unit(before[-1] - before[-2]), _unit(after[1] - after[0])
    count = max(2, int(chord_m / _CURVE_STEP_M))
    t = np.linspace(0.0, 1.0, count + 1)[1:-1, None]
    return np.asarray(
        (1.0 - t) ** 3 * start
        + 3.0 * t * (1.0 - t) ** 2 * (start + reach_m * first)
        + 3.0 * t**2 * (1.0 - t) * (goal - reach_m * second)
        + t**3 * goal
    )


def _without_repeats(points: FloatArray, corners: list[int]) -> tuple[FloatArray, list[int]]:
    moved = np.concatenate(([True], np.hypot(*np.diff(points, axis=0).T) > 1e-6))
    number = np.cumsum(moved) - 1
    return points[moved], [int(number[corner]) for corner in corners]


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.hypot(*vector)), 1e-12))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Fit a map to a recorded drive, so that the drive keeps to the streets of its world.

A recorded trajectory and an old map differ by some metres, differently from street to street. The
whole map is bent smoothly, streets and houses alike, until the streets lie where they were driven.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses

import numpy as np
from scipy.spatial import cKDTree
import shapely
from shapely.geometry import LineString

from geoloc_ros.types import FloatArray
from geoloc_sim.world.curves import arc_lengths, resampled
from geoloc_sim.world.osm_ways import Stretch

_SAMPLE_M = 4.0
_NODE_SPACING_M = 8.0
_REACH_M = 16.0
_TURN_RAD = np.radians(35.0)
_SMOOTHING_M = 18.0
_STIFFNESS = 1.0  # in samples of the drive: what holds the map where it is
_ROUNDS = 5
_HALF_LANE_M = 1.55
_FROM_MIDDLE_M = 0.7
_FROM_KERB_M = 1.3
_FAR = 3.5  # smoothing lengths


def fitted(
    places_m: Mapping[int, FloatArray], streets: Sequence[Stretch], driven_m: FloatArray
) -> tuple[dict[int, FloatArray], list[Stretch]]:
    """Places of the nodes after bending the map to a drive, and the streets with more nodes.

    Args:
        places_m: of every node.
        streets: for vehicles; the drive may be anywhere in the lanes of its direction.
        driven_m: positions of the drive in order, shape (n, 2).

    Returns:
        Places, and streets with nodes every few metres so that they can bend between the mapped
        ones; the places hold those too.
    """
    all_places, dense = _with_more_nodes(places_m, streets)
    numbers = list(all_places)
    index = {node: at for at, node in enumerate(numbers)}
    places = np.array([all_places[node] for node in numbers])
    moving = np.hypot(*np.diff(driven_m, axis=0, prepend=driven_m[:1] - 1.0).T) > 1e-3
    path = resampled(driven_m[moving], _SAMPLE_M)
    rows = [np.array([index[node] for node in street.nodes]) for street in dense]
    half = _HALF_LANE_M * np.array([max(street.profile.lanes, 1) for street in dense])
    one_way = np.array([street.profile.one_way for street in dense])
    lowest = np.where(one_way, _FROM_KERB_M - half, _FROM_MIDDLE_M)
    lanes = np.column_stack((lowest, np.maximum(half - _FROM_KERB_M, lowest)))
    for _ in range(_ROUNDS):
        at, shift = _wanted_shifts(path, [places[row] for row in rows], lanes)
        if len(at) == 0:
            break
        places = places + _field(places, at, shift)
    return dict(zip(numbers, places, strict=True)), dense


def _with_more_nodes(
    places_m: Mapping[int, FloatArray], streets: Sequence[Stretch]
) -> tuple[dict[int, FloatArray], list[Stretch]]:
    """Nodes between those that are far apart; their numbers lie below all others."""
    places = dict(places_m)
    number = min(0, *places)
    dense = []
    for street in streets:
        nodes = [street.nodes[0]]
        for node in street.nodes[1:]:
            start, end = places[nodes[-1]], places[node]
            count = int(np.hypot(*(end - start)) // _NODE_SPACING_M)
            for share in np.arange(1, count + 1) / (count + 1):
                number -= 1
                places[number] = start + share * (end - start)
                nodes.append(number)
            nodes.append(node)
        dense.append(dataclasses.replace(street, nodes=tuple(nodes)))
    return places, dense


def _wanted_shifts(
    path: FloatArray, lines: Sequence[FloatArray], lanes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Where the drive passes a street, and how far aside that should move: two of shape (k, 2).

    ``lanes`` (one row a line) says how far right of the middle a drive may be.
    """
    pieces, owners = [], []
    for number, line in enumerate(lines):
        if arc_lengths(line)[-1] > 0.0:
            pieces += [LineString(line[k : k + 2]) for k in range(len(line) - 1)]
            owners += [number] * (len(line) - 1)
    legs = np.array(pieces, dtype=object)
    ends = shapely.get_coordinates(legs).reshape(-1, 2, 2)
    ahead = ends[:, 1] - ends[:, 0]
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    heading = np.gradient(path, axis=0)
    heading /= np.maximum(np.hypot(*heading.T), 1e-9)[:, None]
    left = np.column_stack((-heading[:, 1], heading[:, 0]))
    spots = shapely.points(path)
    sample, leg = shapely.STRtree(pieces).query(spots, predicate='dwithin', distance=_REACH_M)
    along = np.abs(np.sum(heading[sample] * ahead[leg], axis=1)) > np.cos(_TURN_RAD)
    sample, leg = sample[along], leg[along]
    away = shapely.distance(spots[sample], legs[leg])
    order = np.lexsort((away, sample))
    sample, leg = sample[order], leg[order]
    first = np.concatenate(([True], np.diff(sample) > 0)) if len(sample) else np.zeros(0, bool)
    sample, leg = sample[first], leg[first]
    foot = shapely.get_coordinates(
        shapely.line_interpolate_point(
            legs[leg], shapely.line_locate_point(legs[leg], spots[sample])
        )
    )
    right = np.sum((foot - path[sample]) * left[sample], axis=1)  # of the drive from the middle
    low, high = lanes[np.array(owners)[leg]].T
    aside = (np.clip(right, low, high) - right)[:, None] * left[sample]
    return foot, aside


def _field(places: FloatArray, at: FloatArray, shift: FloatArray) -> FloatArray:
    """Shifts near a place averaged with a bell of weights; none far from the drive."""
    near = cKDTree(at).query_ball_point(places, _FAR * _SMOOTHING_M)
    moved = np.zeros_like(places)
    for number, samples in enumerate(near):
        if samples:
            gap = at[samples] - places[number]
            weights = np.exp(-0.5 * np.sum(gap * gap, axis=1) / _SMOOTHING_M**2)
            moved[number] = weights @ shift[samples] / (weights.sum() + _STIFFNESS)
    return moved

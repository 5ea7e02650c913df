# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The streets of a layout as directed legs, and which leg may follow which.

Only legs are kept from which one can drive on for ever without turning round.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import FloatArray
from geoloc_sim.drives.settings import LaneSettings
from geoloc_sim.world.lanes import lane_centre_lines
from geoloc_sim.world.records import Layout, RoadClass, Street

#: Streets for cars.
DRIVEN_CLASSES = (RoadClass.PRIMARY, RoadClass.SECONDARY, RoadClass.RESIDENTIAL, RoadClass.SERVICE)
_SHORTEST_LANE_M = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Leg:
    """A street driven in one direction.

    Attributes:
        street: number in the layout.
        start: junction where it begins in driving direction.
        end: junction where it ends.
        lanes_m: centre lines from left to right in driving direction, each shape (k, 2).
        limit_m_s: speed limit.
        road_class: of the street.
    """

    street: int
    start: int
    end: int
    lanes_m: tuple[FloatArray, ...]
    limit_m_s: float
    road_class: RoadClass

    @property
    def length_m(self) -> float:
        """Of its rightmost lane."""
        return line_length_m(self.lanes_m[-1])

    @property
    def heading_in_rad(self) -> float:
        """Direction at its first point."""
        return _direction_rad(self.lanes_m[-1][:2])

    @property
    def heading_out_rad(self) -> float:
        """Direction at its last point."""
        return _direction_rad(self.lanes_m[-1][-2:])


@dataclasses.dataclass(frozen=True, slots=True)
class LaneGraph:
    """Legs that lead into one another.

    Attributes:
        legs: all that are driven.
        following: numbers of the legs that may follow each, never empty.
    """

    legs: tuple[Leg, ...]
    following: tuple[tuple[int, ...], ...]


def lane_graph(layout: Layout, settings: LaneSettings) -> LaneGraph:
    """The largest part of a layout in which every leg can be reached from every other.

    Raises:
        DriveError: there is no round trip without turning back.
    """
    legs, following, kept = _linked_legs(layout, settings)
    if not kept:
        raise DriveError(
            f'world {layout.name!r} has {len(layout.streets)} streets and no way to drive on '
            'without turning back; expected at least one round trip; give a larger piece of it'
        )
    new_number = {old: new for new, old in enumerate(kept)}
    return LaneGraph(
        tuple(legs[old] for old in kept),
        tuple(
            tuple(new_number[other] for other in following[old] if other in new_number)
            for old in kept
        ),
    )


def through_streets(layout: Layout, settings: LaneSettings) -> tuple[int, ...]:
    """Numbers of the streets of the lane graph, or of all for cars where there is no graph."""
    legs, _, kept = _linked_legs(layout, settings)
    return tuple(sorted({legs[number].street for number in (kept or range(len(legs)))}))


def _linked_legs(
    layout: Layout, settings: LaneSettings
) -> tuple[list[Leg], list[list[int]], list[int]]:
    """All legs, the legs that may follow each, and the numbers of those in the largest part."""
    legs = [
        leg for number in range(len(layout.streets)) for leg in _legs(layout, number, settings)
    ]
    leaving: dict[int, list[int]] = {}
    for number, leg in enumerate(legs):
        leaving.setdefault(leg.start, []).append(number)
    following = [
        [
            other
            for other in leaving.get(leg.end, [])
            if may_follow(leg, legs[other], settings.sharpest_turn_rad)
        ]
        for leg in legs
    ]
    return legs, following, _largest_component(legs, following)


def turn_rad(leg: Leg, following: Leg) -> float:
    """How far one turns from a leg into the next, positive to the left."""
    return float(wrap_angle(following.heading_in_rad - leg.heading_out_rad))


def may_follow(leg: Leg, following: Leg, sharpest_rad: float) -> bool:
    """Whether a leg leads into another: at its end, not back, not too sharply."""
    back = leg.street == following.street and leg.start == following.end
    round_trip = leg.start == leg.end and np.array_equal(leg.lanes_m[0], following.lanes_m[0])
    turning_back = back and not round_trip
    return leg.end == following.start and not (
        turning_back or abs(turn_rad(leg, following)) > sharpest_rad
    )


def line_length_m(line_m: FloatArray) -> float:
    """Length of a polyline, shape (k, 2)."""
    return float(np.hypot(*np.diff(line_m, axis=0).T).sum())


def _legs(layout: Layout, number: int, settings: LaneSettings) -> list[Leg]:
    street = layout.streets[number]
    if street.road_class not in DRIVEN_CLASSES:
        return []
    limit = {
        RoadClass.PRIMARY: settings.primary_m_s,
        RoadClass.SECONDARY: settings.secondary_m_s,
        RoadClass.RESIDENTIAL: settings.residential_m_s,
        RoadClass.SERVICE: settings.service_m_s,
    }[street.road_class]
    forward, backward = _lanes_by_direction(street)
    legs = []
    if forward:
        legs.append(Leg(number, street.start, street.end, forward, limit, street.road_class))
    if backward:
        legs.append(Leg(number, street.end, street.start, backward, limit, street.road_class))
    return legs


def _lanes_by_direction(
    street: Street,
) -> tuple[tuple[FloatArray, ...], tuple[FloatArray, ...]]:
    """Lanes from start to end and those back, each from left to right."""
    lines = [line for line in lane_centre_lines(street) if line_length_m(line) >= _SHORTEST_LANE_M]
    forward = [line for line in lines if _runs_along(line, street.centre_line_m)]
    backward = [line for line in lines if not _runs_along(line, street.centre_line_m)]
    # They come from the kerb inwards, which is from right to left.
    return tuple(forward[::-1]), tuple(backward[::-1])


def _runs_along(lane_m: FloatArray, centre_m: FloatArray) -> bool:
    """Whether a lane runs as the centre line does, by the directions in the lane's middle."""
    middle = len(lane_m) // 2
    here, ahead = lane_m[middle - 1], lane_m[middle]
    centres = 0.5 * (centre_m[1:] + centre_m[:-1])
    nearest = int(np.argmin(np.hypot(*(centres - 0.5 * (here + ahead)).T)))
    along = centre_m[nearest + 1] - centre_m[nearest]
    return bool(along @ (ahead - here) > 0.0)


def _direction_rad(pair_m: FloatArray) -> float:
    step = pair_m[1] - pair_m[0]
    return float(np.arctan2(step[1], step[0]))


def _largest_component(legs: list[Leg], following: list[list[int]]) -> list[int]:
    """The strongly connected legs of the greatest total length, in rising order."""
    pairs = [(i, j) for i, others in enumerate(following) for j in others]
    if not pairs:
        return []
    rows, columns = np.array(pairs).T
    links = csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(legs), len(legs)))
    _, labels = connected_components(links, directed=True, connection='strong')
    inner = labels[rows] == labels[columns]  # a component needs a link inside to be driven
    lengths = np.bincount(labels, weights=[leg.length_m for leg in legs])
    driven = np.zeros(len(lengths), dtype=bool)
    driven[labels[rows[inner]]] = True
    if not driven.any():
        return []
    best = int(np.argmax(np.where(driven, lengths, -1.0)))
    return [int(number) for number in np.flatnonzero(labels == best)]

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The street network while it grows: junctions and streets that can be cut in two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
import dataclasses

import numpy as np
from shapely import STRtree
from shapely.geometry import LineString, Point

from geoloc_ros.types import FloatArray
from geoloc_sim.world.curves import arc_lengths, unit, with_end_moved
from geoloc_sim.world.records import RoadClass


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedStreet:
    """A street of the growing network.

    Attributes:
        start: junction at its first point.
        end: junction at its last point.
        line_m: centre line, shape (k, 2).
        road_class: of the finished street.
        width_m: of the roadway.
        one_way: from start to end only.
        tunnel: covered.
    """

    start: int
    end: int
    line_m: FloatArray
    road_class: RoadClass
    width_m: float
    one_way: bool = False
    tunnel: bool = False

    @property
    def length_m(self) -> float:
        """Length of the centre line."""
        return float(arc_lengths(self.line_m)[-1])


class StreetGraph:
    """A network that grows: streets are added and cut where new ones begin."""

    def __init__(self) -> None:
        self.places_m: list[FloatArray] = []
        self.streets: dict[int, PlannedStreet] = {}
        self._next_street = 0
        self._shapes: dict[int, LineString] = {}
        self._index: tuple[list[int], STRtree] | None = None

    def add_junction(self, place_m: FloatArray) -> int:
        """A new junction; its number."""
        self.places_m.append(np.asarray(place_m, dtype=np.float64))
        return len(self.places_m) - 1

    def add_street(self, street: PlannedStreet) -> int:
        """A new street between junctions that exist; its number."""
        self._index = None
        self.streets[self._next_street] = street
        self._next_street += 1
        return self._next_street - 1

    def remove(self, streets: Iterable[int]) -> None:
        """Take streets out; their junctions stay."""
        self._index = None
        for street in list(streets):
            del self.streets[street]
            self._shapes.pop(street, None)

    def streets_at(self) -> dict[int, list[int]]:
        """Streets of every junction that has any; a loop is named twice."""
        at: dict[int, list[int]] = defaultdict(list)
        for number, street in self.streets.items():
            at[street.start].append(number)
            at[street.end].append(number)
        return at

    def arms(self, junction: int) -> list[FloatArray]:
        """Directions in which streets leave a junction, over their first 15 m or so."""
        directions = []
        for street in self.streets.values():
            reach = min(4, len(street.line_m) - 1)
            if street.start == junction:
                directions.append(unit(street.line_m[reach] - street.line_m[0]))
            if street.end == junction:
                directions.append(unit(street.line_m[-1 - reach] - street.line_m[-1]))
        return directions

    def nearest(self, place_m: FloatArray) -> tuple[int, float]:
        """The street nearest to a place and its distance in metres."""
        if self._index is None:
            for number in self.streets:
                if number not in self._shapes:
                    self._shapes[number] = LineString(self.streets[number].line_m)
            numbers = list(self.streets)
            self._index = numbers, STRtree([self._shapes[number] for number in numbers])
        numbers, tree = self._index
        found, distances = tree.query_nearest(Point(place_m), return_distance=True)
        return numbers[int(found.min())], float(distances[0])

    def split(self, number: int, place_m: FloatArray) -> int:
        """Cut a street in two where it passes nearest to a place; the new junction."""
        street = self.streets[number]
        along = arc_lengths(street.line_m)
        cut = LineString(street.line_m).project(Point(place_m))
        before = street.line_m[along < cut - 1e-6]
        after = street.line_m[along > cut + 1e-6]
        junction = self.add_junction(place_m)
        self.remove((number,))
        first = np.vstack((before, place_m))
        second = np.vstack((place_m, after))
        self.add_street(dataclasses.replace(street, end=junction, line_m=first))
        self.add_street(dataclasses.replace(street, start=junction, line_m=second))
        return junction

    def contract_short(self, shortest_m: float) -> None:
        """Merge the two junctions of every street that is too short, the shortest first."""
        while True:
            short = [(s.length_m, n) for n, s in self.streets.items() if s.length_m < shortest_m]
            if not short:
                return
            number = min(short)[1]
            street = self.streets[number]
            self.remove((number,))
            if street.start != street.end:
                middle = (self.places_m[street.start] + self.places_m[street.end]) / 2.0
                self._move(street.end, street.start, middle)

    def merge_pass_through(self) -> None:
        """Join the two streets of a junction that has no third one, where they are alike."""
        for junction, numbers in sorted(self.streets_at().items()):
            if len(numbers) != 2 or numbers[0] == numbers[1]:
                continue
            if not all(number in self.streets for number in numbers):
                numbers = [n for n, s in self.streets.items() if junction in (s.start, s.end)]
            one, two = (self.streets[number] for number in numbers)
            if not _alike(one, two):
                continue
            if one.end != junction and two.end == junction:
                one, two = two, one
            one = one if one.end == junction else _reversed(one)
            two = two if two.start == junction else _reversed(two)
            self.remove(numbers)
            line = np.vstack((one.line_m, two.line_m[1:]))
            self.add_street(dataclasses.replace(one, end=two.end, line_m=line))

    def _move(self, old: int, new: int, place_m: FloatArray) -> None:
        """Give all streets of two junctions to the one, at a new place."""
        self._index = None
        self._shapes.clear()
        self.places_m[new] = place_m
        for number, street in self.streets.items():
            line, start, end = street.line_m, street.start, street.end
            if start in (old, new):
                start, line = new, with_end_moved(line, place_m, at_start=True)
            if end in (old, new):
                end, line = new, with_end_moved(line, place_m, at_start=False)
            self.streets[number] = dataclasses.replace(street, start=start, end=end, line_m=line)


def _reversed(street: PlannedStreet) -> PlannedStreet:
    return dataclasses.replace(
        street, start=street.end, end=street.start, line_m=street.line_m[::-1]
    )


def _alike(one: PlannedStreet, two: PlannedStreet) -> bool:
    """Whether two streets that meet could be one, which must not be a loop."""
    same = (one.road_class, one.one_way, one.tunnel) == (two.road_class, two.one_way, two.tunnel)
    return same and {one.start, one.end} != {two.start, two.end}

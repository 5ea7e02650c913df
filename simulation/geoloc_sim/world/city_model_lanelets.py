# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lanelet2 maps: lanes between their mapped borders, and streets made of lanes side by side.

Source: Poggenhans et al. (2018), "Lanelet2: a high-definition map framework for the future of
automated driving", and its OSM file format; key ``poggenhans2018``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
import dataclasses
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import LineString

from geoloc_ros.errors import MapError
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.world.curves import arc_lengths, with_end_moved
from geoloc_sim.world.osm_reader import OsmMap, OsmRelation, read_osm
from geoloc_sim.world.osm_streets import smoothed
from geoloc_sim.world.osm_tags import Tags
from geoloc_sim.world.records import Layout, RoadClass, Street

_VEHICLES = ('road', 'highway', 'bus_lane', 'play_street', 'exit')
_WALKERS = ('walkway', 'bicycle_lane', 'crosswalk', 'shared_walkway')
_MARGIN_M = 25.0
_SHORTEST_M = 1.5
_STEP_M = 3.0
_TWO_ABREAST_M = 4.6


@dataclasses.dataclass(frozen=True, slots=True)
class Lanelet:
    """A lane between two mapped lines.

    Attributes:
        number: of its relation.
        left: nodes of its left border in driving direction.
        right: nodes of its right border in driving direction.
        left_way: number of the line on its left.
        right_way: number of the line on its right.
        left_m: left border, shape (k, 2).
        right_m: right border, shape (l, 2).
        one_way: driven in this direction only.
        for_vehicles: cars may use it.
        is_turned: seen against its driving direction: the borders run the other way.
    """

    number: int
    left: tuple[int, ...]
    right: tuple[int, ...]
    left_way: int
    right_way: int
    left_m: FloatArray
    right_m: FloatArray
    one_way: bool
    for_vehicles: bool
    is_turned: bool = False

    def centre_m(self) -> FloatArray:
        """Middle between the borders, shape (n, 2)."""
        return middle_of(self.left_m, self.right_m)

    def turned(self) -> Lanelet:
        """The same lane, seen in the other direction."""
        return dataclasses.replace(
            self,
            left=self.right[::-1],
            right=self.left[::-1],
            left_way=self.right_way,
            right_way=self.left_way,
            left_m=self.right_m[::-1],
            right_m=self.left_m[::-1],
            is_turned=not self.is_turned,
        )


def read_lanelets(
    path: Path, datum: GeodeticPosition | None = None
) -> tuple[GeodeticPosition, tuple[Lanelet, ...]]:
    """The lanes of a Lanelet2 map, for vehicles and others, and the datum of their places.

    Args:
        path: .osm file in the format of Lanelet2.
        datum: origin of ``map``; the middle of the map when ``None``.

    Raises:
        MapError: the file cannot be read or holds no lanelet.
    """
    osm_map = read_osm(path)
    origin = datum if datum is not None else osm_map.middle()
    places = osm_map.places_m(origin)
    lanes = [
        lane
        for relation in osm_map.relations.values()
        if relation.tags.get('type') == 'lanelet'
        for lane in (_lanelet(relation, osm_map, places),)
        if lane is not None
    ]
    if not lanes:
        raise MapError(
            f'{path} holds no lanelet; expected relations of type lanelet with a left and a '
            'right line; read plain OpenStreetMap with osm_layout'
        )
    return origin, tuple(lanes)


def lanelet_layout(
    path: Path,
    seed: int,
    datum: GeodeticPosition | None = None,
    bounds_m: tuple[float, ...] = (),
) -> Layout:
    """The streets of a Lanelet2 map: lanes that share a border are one street.

    Widths are the mapped ones. Lanes across junctions stay streets of their own, without
    pavements.

    Args:
        path: .osm file in the format of Lanelet2.
        seed: of what dressing chooses.
        datum: origin of ``map``; the middle of the map when ``None``.
        bounds_m: west, south, east, north; lanes not wholly inside are left out; all of the map
            when empty.

    Raises:
        MapError: the file cannot be read or holds no lanelet inside.
    """
    origin, lanes = read_lanelets(path, datum)
    if bounds_m:
        lanes = tuple(lane for lane in lanes if _is_inside(lane, bounds_m))
    sections = [section for section in _sections(lanes) if _length(section) > _SHORTEST_M]
    if not sections:
        raise MapError(
            f'{path} has no lanelet within {bounds_m} m; expected some; check bounds_m and datum'
        )
    junctions, ends = _junctions(sections)
    streets = []
    for section, (start, end) in zip(sections, ends, strict=True):
        street = _street(section, junctions, start, end)
        if street is not None:
            streets.append(street)
    if bounds_m:
        west, south, east, north = bounds_m
    else:
        points = np.concatenate([street.centre_line_m for street in streets])
        west, south = (points.min(axis=0) - _MARGIN_M).tolist()
        east, north = (points.max(axis=0) + _MARGIN_M).tolist()
    used = sorted({end for street in streets for end in (street.start, street.end)})
    new = {old: number for number, old in enumerate(used)}
    return Layout(
        name=path.name.split('.')[0],
        seed=seed,
        datum=origin,
        bounds_m=(west, south, east, north),
        junctions_m=junctions[used],
        streets=tuple(
            dataclasses.replace(street, start=new[street.start], end=new[street.end])
            for street in streets
        ),
        buildings=(),
    )


def middle_of(left_m: FloatArray, right_m: FloatArray) -> FloatArray:
    """The line midway between two lines that run the same way, shape (n, 2)."""
    length = max(arc_lengths(left_m)[-1], arc_lengths(right_m)[-1])
    count = max(int(np.ceil(length / _STEP_M)), 1) + 1
    shares = np.linspace(0.0, 1.0, count)
    sides = [
        shapely.get_coordinates(
            shapely.line_interpolate_point(LineString(side), shares, normalized=True)
        )
        for side in (left_m, right_m)
    ]
    middle: FloatArray = (sides[0] + sides[1]) / 2.0
    return middle


def _is_inside(lane: Lanelet, bounds_m: tuple[float, ...]) -> bool:
    points = np.concatenate((lane.left_m, lane.right_m))
    return bool(np.all(points > bounds_m[:2]) and np.all(points < bounds_m[2:]))


def _lanelet(
    relation: OsmRelation, osm_map: OsmMap, places: Mapping[int, FloatArray]
) -> Lanelet | None:
    """A lanelet with its borders turned along its driving direction."""
    sides: dict[str, int] = {}
    for member in relation.members:
        if member.kind == 'way' and member.role in ('left', 'right'):
            sides.setdefault(member.role, member.number)
    ways = [osm_map.ways.get(sides.get(role, 0)) for role in ('left', 'right')]
    left_way, right_way = ways
    if left_way is None or right_way is None:
        return None
    left, right = left_way.nodes, right_way.nodes
    if len(left) < 2 or len(right) < 2:
        return None
    left_m = np.array([places[node] for node in left])
    right_m = np.array([places[node] for node in right])
    along = np.hypot(*(left_m[[0, -1]] - right_m[[0, -1]]).T).sum()
    against = np.hypot(*(left_m[[0, -1]] - right_m[[-1, 0]]).T).sum()
    if against < along:
        right, right_m = right[::-1], right_m[::-1]
    ring = np.concatenate((right_m, left_m[::-1]))
    following = np.roll(ring, -1, axis=0)
    if np.sum(ring[:, 0] * following[:, 1] - ring[:, 1] * following[:, 0]) < 0.0:
        left, right, left_m, right_m = left[::-1], right[::-1], left_m[::-1], right_m[::-1]
    return Lanelet(
        relation.number,
        left,
        right,
        left_way.number,
        right_way.number,
        left_m,
        right_m,
        relation.tags.get('one_way', 'yes') not in ('no', 'false'),
        _for_vehicles(relation.tags),
    )


def _for_vehicles(tags: Tags) -> bool:
    """As its participants say, else as is usual for its subtype."""
    named = {key: value for key, value in tags.items() if key.startswith('participant')}
    if named:
        return any('vehicle' in key and value == 'yes' for key, value in named.items())
    return tags.get('subtype') in _VEHICLES


def _sections(lanes: Sequence[Lanelet]) -> list[tuple[Lanelet, ...]]:
    """Lanes side by side from left to right, all seen in the direction of the first.

    A border that more than two lanes share is that of lanes which cross each other: no street.
    """
    owners: dict[int, list[int]] = defaultdict(list)
    for number, lane in enumerate(lanes):
        if lane.for_vehicles:
            owners[lane.left_way].append(number)
            owners[lane.right_way].append(number)

    def beside(number: int, way: int) -> int | None:
        others = [other for other in owners[way] if other != number]
        return others[0] if len(others) == 1 and len(owners[way]) == 2 else None

    used: set[int] = set()
    sections = []
    for number, lane in enumerate(lanes):
        if number in used:
            continue
        used.add(number)
        row = [lane]
        for to_left in (True, False):
            at = number
            while lane.for_vehicles:
                edge = row[0] if to_left else row[-1]
                way = edge.left_way if to_left else edge.right_way
                other = beside(at, way)
                if other is None or other in used:
                    break
                used.add(other)
                next_lane = lanes[other]
                same = next_lane.right_way if to_left else next_lane.left_way
                next_lane = next_lane if same == way else next_lane.turned()
                row = [next_lane, *row] if to_left else [*row, next_lane]
                at = other
        sections.append(tuple(row))
    return [_forward(section) for section in sections]


def _forward(section: tuple[Lanelet, ...]) -> tuple[Lanelet, ...]:
    """The section seen so that most of its lanes are driven ahead."""
    if 2 * sum(lane.is_turned for lane in section) <= len(section):
        return section
    return tuple(lane.turned() for lane in reversed(section))


def _length(section: tuple[Lanelet, ...]) -> float:
    return float(arc_lengths(middle_of(section[0].left_m, section[-1].right_m))[-1])


def _junctions(
    sections: Sequence[tuple[Lanelet, ...]],
) -> tuple[FloatArray, list[tuple[int, int]]]:
    """Places where ends meet that share a node, shape (n, 2), and those of each section."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    gates = []
    for section in sections:
        for at in (0, -1):
            nodes = [side[at] for lane in section for side in (lane.left, lane.right)]
            for node in nodes[1:]:
                parent[root(node)] = root(nodes[0])
            middle = (section[0].left_m[at] + section[-1].right_m[at]) / 2.0
            gates.append((nodes[0], middle))
    numbers: dict[int, int] = {}
    places: list[list[FloatArray]] = []
    found = []
    for node, middle in gates:
        number = numbers.setdefault(root(node), len(places))
        if number == len(places):
            places.append([])
        places[number].append(middle)
        found.append(number)
    junctions = np.array([np.mean(middles, axis=0) for middles in places])
    return junctions, list(zip(found[::2], found[1::2], strict=True))


def _street(
    section: tuple[Lanelet, ...], junctions: FloatArray, start: int, end: int
) -> Street | None:
    line = middle_of(section[0].left_m, section[-1].right_m)
    if start == end or LineString(line).length < _SHORTEST_M:
        return None
    ring = np.concatenate((section[-1].right_m, section[0].left_m[::-1]))
    width = shapely.Polygon(ring).buffer(0).area / LineString(line).length
    line = with_end_moved(line, junctions[start], at_start=True, reach_m=20.0)
    line = with_end_moved(line, junctions[end], at_start=False, reach_m=20.0)
    two_way = any(not lane.one_way or lane.is_turned for lane in section)
    walkers = not any(lane.for_vehicles for lane in section)
    abreast = len(section) == 1 and two_way and not walkers and width > _TWO_ABREAST_M
    return Street(
        start=start,
        end=end,
        centre_line_m=smoothed(line),
        road_class=RoadClass.FOOTWAY if walkers else _class_of(len(section)),
        lanes=2 if abreast else len(section),
        width_m=float(np.clip(width, 1.0, 40.0)),
        one_way=not two_way and not walkers,
        has_pavement=len(section) > 1,
    )


def _class_of(lanes: int) -> RoadClass:
    if lanes > 2:
        return RoadClass.PRIMARY
    return RoadClass.SECONDARY if lanes == 2 else RoadClass.RESIDENTIAL

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The highways of a map, cut into stretches between junctions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
import dataclasses
import itertools

from geoloc_sim.world.osm_reader import OsmMap
from geoloc_sim.world.osm_settings import OsmSettings
from geoloc_sim.world.osm_tags import ROAD_CLASSES, Tags, count, direction, is_area, metres
from geoloc_sim.world.records import RoadClass

_COVERED = ('yes', 'building_passage', 'covered', 'avalanche_protector')
_NARROW_SERVICES = ('driveway', 'alley', 'emergency_access')
_NO_PAVEMENT = ('motorway', 'motorway_link', 'trunk', 'trunk_link', 'service', 'living_street')
_FASTER = ('motorway', 'trunk')


@dataclasses.dataclass(frozen=True, slots=True)
class WayProfile:
    """What the tags of a highway say; stretches that agree in it may be one street.

    Attributes:
        road_class: as the highway tag says.
        lanes: as tagged, or usual for the highway.
        width_m: as tagged; ``None`` if not.
        one_way: driven from the first node to the last only.
        tunnel: covered.
        has_pavement: unless tagged otherwise, as usual for the highway.
        is_narrow: a driveway, an alley or steps.
    """

    road_class: RoadClass
    lanes: int
    width_m: float | None
    one_way: bool
    tunnel: bool
    has_pavement: bool
    is_narrow: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a highway; ``number`` is that of its (first) way, ``nodes`` those it passes."""

    number: int
    nodes: tuple[int, ...]
    profile: WayProfile


def vehicle_stretches(osm_map: OsmMap, settings: OsmSettings) -> list[Stretch]:
    """Streets for vehicles between the nodes where three or more meet, or where they change."""
    return _between_junctions(
        stretch
        for stretch in _highways(osm_map)
        if stretch.profile.road_class is not RoadClass.FOOTWAY
        and (settings.service_roads or stretch.profile.road_class is not RoadClass.SERVICE)
    )


def footway_stretches(osm_map: OsmMap) -> list[Stretch]:
    """Paths for walking and cycling; those under the ground are left out."""
    return _between_junctions(
        stretch
        for stretch in _highways(osm_map)
        if stretch.profile.road_class is RoadClass.FOOTWAY and not stretch.profile.tunnel
    )


def way_profile(tags: Tags) -> WayProfile | None:
    """What the tags of a highway say; ``None`` for what is no street or path."""
    highway = tags.get('highway', '')
    road_class = ROAD_CLASSES.get(highway)
    if road_class is None or is_area(tags) or tags.get('indoor') == 'yes':
        return None
    one_way = direction(tags) != 0 and road_class is not RoadClass.FOOTWAY
    narrow = tags.get('service') in _NARROW_SERVICES or highway in ('steps', 'path')
    usual = 1 if (one_way and highway not in _FASTER) or narrow else 2
    if road_class is RoadClass.FOOTWAY:
        usual = 1
    width = metres(tags, 'width')
    sidewalk = tags.get('sidewalk', '')
    return WayProfile(
        road_class,
        lanes=max(1, round(min(count(tags, 'lanes') or usual, 8))),
        width_m=width if width is not None and 0.8 <= width <= 40.0 else None,
        one_way=one_way,
        tunnel=tags.get('tunnel') in _COVERED or tags.get('covered') == 'yes',
        has_pavement=sidewalk not in ('no', 'none')
        and (highway not in _NO_PAVEMENT or sidewalk in ('both', 'left', 'right', 'yes')),
        is_narrow=narrow,
    )


def _highways(osm_map: OsmMap) -> list[Stretch]:
    """Every highway, turned so that one-way ones run forward."""
    stretches = []
    for way in osm_map.ways.values():
        profile = way_profile(way.tags)
        nodes = tuple(node for node, _ in itertools.groupby(way.nodes))
        if profile is None or len(nodes) < 2:
            continue
        backward = profile.one_way and direction(way.tags) < 0
        stretches.append(Stretch(way.number, nodes[::-1] if backward else nodes, profile))
    return stretches


def _between_junctions(ways: Iterable[Stretch]) -> list[Stretch]:
    ways = list(ways)
    visits = Counter(node for way in ways for node in way.nodes)
    ends = {node for way in ways for node in (way.nodes[0], way.nodes[-1])}
    pieces = [piece for way in ways for piece in _cut(way, visits, ends)]
    return [half for piece in _joined(pieces) for half in _opened(piece)]


def _cut(way: Stretch, visits: Mapping[int, int], ends: set[int]) -> list[Stretch]:
    """A way cut at each of its nodes that another way, or itself once more, passes."""
    cuts = [0]
    for at, node in enumerate(way.nodes[1:-1], start=1):
        if visits[node] > 1 or node in ends:
            cuts.append(at)
    cuts.append(len(way.nodes) - 1)
    return [
        dataclasses.replace(way, nodes=way.nodes[first : last + 1])
        for first, last in itertools.pairwise(cuts)
    ]


def _joined(pieces: list[Stretch]) -> list[Stretch]:
    """Join pieces at nodes where exactly two alike ones meet."""
    at: dict[int, list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        at[piece.nodes[0]].append(number)
        at[piece.nodes[-1]].append(number)
    living: dict[int, Stretch] = dict(enumerate(pieces))
    now = list(range(len(pieces)))  # the piece that a piece has become part of

    def current(number: int) -> int:
        while now[number] != number:
            number = now[number]
        return number

    for node, numbers in at.items():
        if len(numbers) != 2:
            continue
        first, second = current(numbers[0]), current(numbers[1])
        if first == second:
            continue
        one = _in_line(living[first], living[second], node)
        if one is not None:
            living[first] = one
            del living[second]
            now[second] = first
    return list(living.values())


def _in_line(first: Stretch, second: Stretch, node: int) -> Stretch | None:
    """Two stretches that meet at a node as one; ``None`` if they are not alike."""
    if first.profile != second.profile:
        return None
    one_way = first.profile.one_way
    before, after = first.nodes, second.nodes
    if before[-1] != node:
        if one_way:
            before, after = after, before
        else:
            before = before[::-1]
    if after[0] != node:
        if one_way:
            return None
        after = after[::-1]
    if before[-1] != node or after[0] != node:
        return None
    return dataclasses.replace(first, nodes=before + after[1:])


def _opened(piece: Stretch) -> list[Stretch]:
    """A stretch that ends where it begins, in two halves."""
    if piece.nodes[0] != piece.nodes[-1]:
        return [piece]
    if len(piece.nodes) < 4:
        return []
    middle = len(piece.nodes) // 2
    return [
        dataclasses.replace(piece, nodes=piece.nodes[: middle + 1]),
        dataclasses.replace(piece, nodes=piece.nodes[middle:]),
    ]

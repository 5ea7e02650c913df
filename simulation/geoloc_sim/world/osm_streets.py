# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Streets and junctions of a map within bounds: clipped, smoothed, as wide as there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from typing import TypeAlias

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.ops import substring

from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.world.curves import unit
from geoloc_sim.world.osm_ways import Stretch, WayProfile
from geoloc_sim.world.records import RoadClass, Street

Bounds: TypeAlias = 'tuple[float, float, float, float]'

_SPACING_M = 4.0
_SHORTEST_M = 1.0
_STRAY_M = 0.4  # a smoothed street leaves its mapped points by no more
_LONGEST_TANGENT_M = 12.0
_LONGEST_COVER_M = 120.0
_MOST_UNDER_BUILDINGS_M = 30.0
_FACADE_ROOM_M = 1.2

#: Width of a lane, and the range of the whole that a street without a tagged width keeps to.
_LANE_M: dict[RoadClass, tuple[float, float, float]] = {
    RoadClass.PRIMARY: (3.4, 6.0, 20.0),
    RoadClass.SECONDARY: (3.3, 4.5, 16.0),
    RoadClass.RESIDENTIAL: (3.0, 4.2, 12.0),
    RoadClass.SERVICE: (2.5, 3.0, 8.0),
    RoadClass.FOOTWAY: (2.2, 1.2, 4.0),
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch within the bounds; ends are a node's number, or ``None`` at the border."""

    number: int
    start: int | None
    end: int | None
    line: LineString
    profile: WayProfile


def build_streets(
    vehicle: Sequence[Stretch],
    footways: Sequence[Stretch],
    places_m: Mapping[int, FloatArray],
    bounds_m: Bounds,
    buildings: Sequence[Polygon],
    seed: int,
) -> tuple[FloatArray, tuple[Street, ...]]:
    """Junctions, shape (n, 2), and streets of a map.

    Args:
        vehicle: streets for vehicles, from ``osm_ways``.
        footways: paths, which have junctions of their own.
        places_m: of the nodes.
        bounds_m: streets end there.
        buildings: footprints, between which streets without a tagged width must fit.
        seed: of the widths.
    """
    tree = shapely.STRtree(list(buildings))
    drawn = _clipped(vehicle, places_m, bounds_m)
    drawn = _without_undergrounds(drawn, tree)
    places: list[FloatArray] = []
    streets: list[Street] = []
    for pieces in (drawn, _clipped(footways, places_m, bounds_m)):
        ends = _junctions(pieces, places_m, places)
        for piece, (start, end) in zip(pieces, ends, strict=True):
            line = np.array(piece.line.coords)
            line[0], line[-1] = places[start], places[end]
            if start == end or LineString(line).length < _SHORTEST_M:
                continue
            line = smoothed(line)
            width = _width_m(piece, line, tree, seed)
            streets.append(
                Street(
                    start,
                    end,
                    line,
                    piece.profile.road_class,
                    piece.profile.lanes,
                    width,
                    piece.profile.one_way,
                    piece.profile.tunnel,
                    piece.profile.has_pavement,
                )
            )
    return _used(places, streets)


def smoothed(line_m: FloatArray) -> FloatArray:
    """A mapped line with its kinks rounded, leaving it by less than half a metre.

    Args:
        line_m: shape (k, 2), k >= 2.

    Returns:
        Shape (n, 2), points at most 4 m apart, the same ends.
    """
    steps = np.diff(line_m, axis=0)
    lengths = np.hypot(*steps.T)
    points = [line_m[0]]
    for at in range(1, len(line_m) - 1):
        before, after = unit(steps[at - 1]), unit(steps[at])
        half_turn = 0.5 * float(np.arccos(np.clip(before @ after, -1.0, 1.0)))
        room = 0.45 * float(min(lengths[at - 1], lengths[at]))
        # The curve passes its corner at half of tangent * sin(half the turn).
        tangent = min(room, _LONGEST_TANGENT_M, 2.0 * _STRAY_M / max(np.sin(half_turn), 1e-9))
        if half_turn < np.radians(1.0) or tangent < 0.2:
            points.append(line_m[at])
            continue
        count = int(np.ceil(np.degrees(half_turn) / 4.0)) + 2
        t = np.linspace(0.0, 1.0, count)[:, None]
        start, end = line_m[at] - tangent * before, line_m[at] + tangent * after
        points += list((1 - t) ** 2 * start + 2 * t * (1 - t) * line_m[at] + t**2 * end)
    points.append(line_m[-1])
    dense = shapely.segmentize(LineString(points), _SPACING_M)
    result: FloatArray = shapely.get_coordinates(dense)
    return result


def _clipped(
    stretches: Sequence[Stretch], places_m: Mapping[int, FloatArray], bounds_m: Bounds
) -> list[_Piece]:
    box = shapely.box(*bounds_m)
    pieces = []
    for stretch in stretches:
        points = np.array([places_m[node] for node in stretch.nodes])
        apart = np.concatenate(([True], np.hypot(*np.diff(points, axis=0).T) > 0.05))
        apart[-1] = True
        points = points[apart]
        whole = LineString(points)
        if not box.intersects(whole) or whole.length == 0.0:
            continue
        if box.contains(whole):
            start, end = stretch.nodes[0], stretch.nodes[-1]
            pieces.append(_Piece(stretch.number, start, end, whole, stretch.profile))
            continue
        pieces += [
            _part(stretch, whole, part)
            for part in shapely.get_parts(shapely.intersection(whole, box))
            if part.geom_type == 'LineString' and part.length > 2.0 * _SHORTEST_M
        ]
    return pieces


def _part(stretch: Stretch, whole: LineString, part: LineString) -> _Piece:
    """A part of a stretch in its direction; ends inside the bounds keep their nodes."""
    points = shapely.get_coordinates(part)
    ahead = shapely.get_coordinates(whole)
    # A part may begin anywhere on a line that meets itself, so compare its first leg, not places.
    middle = shapely.Point((points[0] + points[1]) / 2.0)
    legs = [LineString(ahead[k : k + 2]) for k in range(len(ahead) - 1)]
    leg = int(np.argmin([middle.distance(one) for one in legs]))
    if (points[1] - points[0]) @ (ahead[leg + 1] - ahead[leg]) < 0.0:
        points = points[::-1]
    start = stretch.nodes[0] if np.allclose(points[0], ahead[0], atol=1e-6) else None
    end = stretch.nodes[-1] if np.allclose(points[-1], ahead[-1], atol=1e-6) else None
    return _Piece(stretch.number, start, end, LineString(points), stretch.profile)


def _without_undergrounds(pieces: list[_Piece], buildings: shapely.STRtree) -> list[_Piece]:
    """Leave out tunnels that pass below other streets or many buildings: nobody sees them."""
    surface = shapely.STRtree([piece.line for piece in pieces if not piece.profile.tunnel])
    footprints = buildings.geometries
    kept = []
    for piece in pieces:
        if piece.profile.tunnel:
            inner = substring(piece.line, 0.5, max(piece.line.length - 0.5, 0.5))
            over = footprints[buildings.query(piece.line, predicate='intersects')]
            under_m = sum(piece.line.intersection(one).length for one in over)
            if (
                len(surface.query(inner, predicate='intersects'))
                or under_m > _MOST_UNDER_BUILDINGS_M
                or piece.line.length > _LONGEST_COVER_M
            ):
                continue
        kept.append(piece)
    return kept


def _junctions(
    pieces: Sequence[_Piece], places_m: Mapping[int, FloatArray], places: list[FloatArray]
) -> list[tuple[int, int]]:
    """Junctions of every piece's ends; their places are appended.

    Nodes joined by a piece too short to be a street share a junction.
    """
    same: dict[int, int] = {}

    def root(node: int) -> int:
        while node in same:
            node = same[node]
        return node

    for piece in pieces:
        if piece.start is None or piece.end is None or piece.line.length >= _SHORTEST_M:
            continue
        start, end = root(piece.start), root(piece.end)
        if start != end:
            same[end] = start
    numbers: dict[int, int] = {}

    def junction(node: int | None, place: FloatArray) -> int:
        if node is None:
            places.append(place)
            return len(places) - 1
        if root(node) not in numbers:
            places.append(places_m[root(node)])
            numbers[root(node)] = len(places) - 1
        return numbers[root(node)]

    ends = []
    for piece in pieces:
        points = shapely.get_coordinates(piece.line)
        ends.append((junction(piece.start, points[0]), junction(piece.end, points[-1])))
    return ends


def _width_m(piece: _Piece, line: FloatArray, buildings: shapely.STRtree, seed: int) -> float:
    """As tagged; else as usual for the class, narrowed where buildings leave less room."""
    profile = piece.profile
    if profile.width_m is not None:
        return profile.width_m
    lane, narrowest, widest = _LANE_M[profile.road_class]
    if profile.lanes == 1 and profile.road_class is not RoadClass.FOOTWAY:
        lane *= 1.3  # cars stand beside the only lane
    if profile.is_narrow:
        narrowest = 0.8 * narrowest
        lane = narrowest + 0.3
    usual = (
        profile.lanes
        * lane
        * float(stream('osm width', seed, abs(piece.number)).uniform(0.93, 1.1))
    )
    room = widest
    if len(buildings.geometries) and not profile.tunnel:
        spots = shapely.points(line[1:-1] if len(line) > 2 else line)
        _, away = buildings.query_nearest(spots, max_distance=widest, return_distance=True)
        away = away[away > 1.0]  # a house on the very line is mapped badly, or a passage
        if len(away):
            room = 2.0 * (float(np.quantile(away, 0.05)) - _FACADE_ROOM_M)
    return float(np.clip(min(usual, room), narrowest, widest))


def _used(
    places: list[FloatArray], streets: list[Street]
) -> tuple[FloatArray, tuple[Street, ...]]:
    """Leave out the junctions that no street has."""
    used = sorted({end for street in streets for end in (street.start, street.end)})
    renumbered = {old: new for new, old in enumerate(used)}
    places_m = np.array([places[old] for old in used], dtype=np.float64).reshape(-1, 2)
    return places_m, tuple(
        dataclasses.replace(street, start=renumbered[street.start], end=renumbered[street.end])
        for street in streets
    )

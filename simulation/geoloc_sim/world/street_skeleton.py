# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The main roads of a town: arms from its centre, a ring road, quays along a river."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from geoloc_ros.types import FloatArray
from geoloc_sim.world.curves import resampled, shifted, turned, wavy
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import RoadClass
from geoloc_sim.world.street_classes import PROFILES
from geoloc_sim.world.street_graph import PlannedStreet, StreetGraph

_SHORTEST_M = 14.0


class CentreKind(enum.Enum):
    """How the arms of a town meet."""

    JUNCTION = 'junction'
    ROUNDABOUT = 'roundabout'
    SQUARE = 'square'


@dataclasses.dataclass(frozen=True, slots=True)
class River:
    """A river across the world.

    Attributes:
        water: its surface, beyond the bounds.
        strip: between the quays, their centre lines included.
    """

    water: Polygon
    strip: Polygon


@dataclasses.dataclass(frozen=True, slots=True)
class Skeleton:
    """The first lines of a town.

    Attributes:
        bounds_m: (west, south, east, north).
        centre_m: where the arms meet, shape (2,).
        ring_m: typical radius of the ring road.
        centre_kind: how they meet.
        centre: ground inside the central ring of streets, empty at a plain junction.
        river: if there is one.
        graph: the streets; it grows later.
    """

    bounds_m: tuple[float, float, float, float]
    centre_m: FloatArray
    ring_m: float
    centre_kind: CentreKind
    centre: Polygon
    river: River | None
    graph: StreetGraph


@dataclasses.dataclass(frozen=True, slots=True)
class _MainLine:
    line: LineString
    road_class: RoadClass
    width_m: float
    one_way: bool = False


def make_skeleton(settings: ProceduralSettings, generator: np.random.Generator) -> Skeleton:
    """Main roads of a town."""
    side = settings.side_m
    middle = generator.uniform(-0.25, 0.25, 2) * side
    west, south = middle - side / 2.0
    bounds = (float(west), float(south), float(west + side), float(south + side))
    centre = middle + generator.uniform(-0.1, 0.1, 2) * side
    ring = min(0.3 * side, 260.0) * generator.uniform(0.85, 1.1)
    kind = list(CentreKind)[generator.choice(3, p=(0.4, 0.25, 0.35))]
    yaws = _arm_yaws(generator)
    inner = _centre_polygon(kind, centre, generator)
    lines = _arms(yaws, centre, side, generator)
    river = None
    wet = generator.random() < settings.river_share
    gap = (0.0, 0.0) if wet else _ring_gap(yaws, generator)
    lines.append(_ring(centre, ring, gap, generator))
    if wet:
        river, quays = _river(yaws, centre, ring, side, generator)
        lines.extend(quays)
    if not inner.is_empty:
        one_way = kind is CentreKind.ROUNDABOUT
        width = 7.0 if one_way else 8.5
        lines.append(_MainLine(inner.exterior, RoadClass.SECONDARY, width, one_way))
    graph = _noded(lines, bounds, inner)
    _drop_loose_ends(graph, bounds)
    graph.contract_short(_SHORTEST_M)
    graph.merge_pass_through()
    return Skeleton(bounds, centre, ring, kind, inner, river, graph)


def _arm_yaws(generator: np.random.Generator) -> FloatArray:
    """Directions of three to five arms, at least 50 degrees apart."""
    count = int(generator.choice((3, 4, 5), p=(0.25, 0.5, 0.25)))
    shares = np.arange(count) * 2.0 * np.pi / count
    room = (2.0 * np.pi / count - np.radians(50.0)) / 2.0
    yaws: FloatArray = shares + generator.uniform(-room, room, count)
    return yaws + generator.uniform(0.0, 2.0 * np.pi)


def _width(road_class: RoadClass, generator: np.random.Generator) -> float:
    profile = PROFILES[road_class]
    return float(generator.uniform(profile.narrowest_m, profile.widest_m))


def _arms(
    yaws: FloatArray, centre: FloatArray, side: float, generator: np.random.Generator
) -> list[_MainLine]:
    opposite = int(np.argmin(np.cos(yaws - yaws[0])))
    arms = []
    for number, yaw in enumerate(yaws):
        primary = number in (0, opposite) or generator.random() < 0.25
        road_class = RoadClass.PRIMARY if primary else RoadClass.SECONDARY
        curve = wavy(generator, 1.6 * side, 20.0, 160.0)
        points = centre + turned(curve, float(yaw))
        arms.append(_MainLine(LineString(points), road_class, _width(road_class, generator)))
    return arms


def _ring_gap(yaws: FloatArray, generator: np.random.Generator) -> tuple[float, float]:
    """The stretch between two arms, in radians, that the ring road leaves out.

    A river needs the whole ring for its bridges; elsewhere most rings are incomplete, and some
    towns have no more than a piece of one.
    """
    arms = np.sort(yaws % (2.0 * np.pi))
    spanned = int(generator.choice((0, 1, 2, len(arms) - 1), p=(0.2, 0.4, 0.25, 0.15)))
    first = int(generator.integers(len(arms)))
    last = (first + spanned) % len(arms)
    span = (arms[last] - arms[first]) % (2.0 * np.pi)
    return float(arms[first]), float(arms[first] + span)


def _ring(
    centre: FloatArray,
    radius: float,
    gap_rad: tuple[float, float],
    generator: np.random.Generator,
) -> _MainLine:
    """A road around the centre that leaves out the angles of a gap, save for short ends."""
    start, length = gap_rad[1], 2.0 * np.pi - (gap_rad[1] - gap_rad[0])
    overlap = 0.0 if length > 6.28 else 0.15
    angles = start - overlap + np.linspace(0.0, length + 2.0 * overlap, 240)
    phases = generator.uniform(0.0, 2.0 * np.pi, 3)
    sizes = generator.uniform((0.05, 0.03, 0.0), (0.17, 0.1, 0.06))
    swell = 1.0 + sizes[0] * np.cos(2 * angles + phases[0])
    swell += sizes[1] * np.cos(3 * angles + phases[1])
    swell += sizes[2] * np.cos(4 * angles + phases[2])
    points = centre + radius * swell[:, None] * np.column_stack((np.cos(angles), np.sin(angles)))
    if overlap == 0.0:
        points[-1] = points[0]
    line = LineString(resampled(points))
    return _MainLine(line, RoadClass.SECONDARY, _width(RoadClass.SECONDARY, generator))


def _centre_polygon(
    kind: CentreKind, centre: FloatArray, generator: np.random.Generator
) -> Polygon:
    if kind is CentreKind.JUNCTION:
        return Polygon()
    if kind is CentreKind.ROUNDABOUT:
        return Point(centre).buffer(generator.uniform(19.0, 23.0), quad_segs=8)
    yaw = generator.uniform(0.0, np.pi)
    half = generator.uniform((24.0, 18.0), (36.0, 26.0))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners = corners + generator.uniform(-5.0, 5.0, (4, 2))
    square = Polygon(centre + turned(corners, yaw))
    rounded = square.buffer(-6.0).buffer(6.0, quad_segs=4)
    return Polygon(resampled(np.asarray(rounded.exterior.coords)))


def _river(
    yaws: FloatArray, centre: FloatArray, ring: float, side: float, generator: np.random.Generator
) -> tuple[River, list[_MainLine]]:
    """A river beside the centre, in the direction that the arms cross most squarely."""
    directions = np.linspace(0.0, 2.0 * np.pi, 72, endpoint=False)
    toward = np.sin(yaws - directions[:, None])
    squareness = np.where(toward > 0.15, toward, 1.0).min(axis=1)
    squareness -= 0.5 * ((toward > -0.1) & (toward < 0.3)).any(axis=1)
    direction = float(directions[np.argmax(squareness + generator.uniform(0.0, 0.1, 72))])
    offset = ring * generator.uniform(0.42, 0.62)
    curve = wavy(generator, 3.2 * side, 14.0, 1.0)
    curve = curve - (1.6 * side, np.interp(1.6 * side, curve[:, 0], curve[:, 1]) - offset)
    middle = centre + turned(curve, direction)
    line = LineString(middle)
    half = float(generator.uniform(8.0, 14.0))
    bank = half + generator.uniform(9.0, 13.0)
    classes = (RoadClass.RESIDENTIAL, RoadClass.SECONDARY)
    quays = []
    for shift in (-bank, bank):
        road_class = classes[int(generator.random() < 0.4)]
        quay = resampled(shifted(middle, shift))
        quays.append(_MainLine(LineString(quay), road_class, _width(road_class, generator)))
    return River(line.buffer(half), line.buffer(bank)), quays


def _noded(
    lines: list[_MainLine], bounds: tuple[float, float, float, float], inner: Polygon
) -> StreetGraph:
    """Cut the lines at their crossings and at the bounds; each piece becomes a street."""
    frame = box(*bounds)
    sources = np.array([line.line for line in lines], dtype=object)
    pieces = shapely.get_parts(shapely.unary_union(shapely.intersection(sources, frame)))
    graph = StreetGraph()
    known: dict[tuple[float, float], int] = {}
    for piece in sorted(pieces, key=lambda piece: piece.coords[0]):
        points = np.asarray(piece.coords)
        middle = piece.interpolate(0.5, normalized=True)
        if inner.buffer(-0.5).contains(middle):
            continue
        source = lines[int(np.argmin(shapely.distance(sources, middle)))]
        if source.one_way:
            points = _counter_clockwise(points, inner)
        ends = []
        for end in (points[0], points[-1]):
            key = (round(float(end[0]), 5), round(float(end[1]), 5))
            if key not in known:
                known[key] = graph.add_junction(end)
            ends.append(known[key])
        line = resampled(points)
        graph.add_street(
            PlannedStreet(
                ends[0], ends[1], line, source.road_class, source.width_m, source.one_way
            )
        )
    return graph


def _drop_loose_ends(graph: StreetGraph, bounds: tuple[float, float, float, float]) -> None:
    """Take out main streets that end neither at a junction nor at the bounds."""
    edge = box(*bounds).exterior
    loose = [
        number
        for junction, numbers in graph.streets_at().items()
        if len(numbers) == 1 and edge.distance(Point(graph.places_m[junction])) > 0.01
        for number in numbers
    ]
    if loose:
        graph.remove(set(loose))
        _drop_loose_ends(graph, bounds)


def _counter_clockwise(points: FloatArray, around: Polygon) -> FloatArray:
    """The points in the order in which right-hand traffic runs around a polygon."""
    middle = np.asarray(around.centroid.coords[0])
    (ax, ay), (bx, by) = points[0] - middle, points[1] - middle
    return points if ax * by - ay * bx > 0.0 else points[::-1]

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Side streets: the ground between the main roads is split again and again."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.world.curves import arc_lengths, hermite, left_of, unit
from geoloc_sim.world.footprints import long_axis
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import RoadClass
from geoloc_sim.world.street_classes import PROFILES
from geoloc_sim.world.street_graph import PlannedStreet
from geoloc_sim.world.street_skeleton import Skeleton

_CANDIDATES = 14
_ON_STREET_M = 0.3
_SNAP_M = 26.0
_SHORTEST_M = 36.0
_SHORTEST_SPUR_M = 24.0
_SMALLEST_ANGLE_RAD = np.radians(48.0)
_CLEARANCE_M = 17.0
_NARROWEST_M = 34.0
_SECONDARY_AREA_M2 = 42_000.0


@dataclasses.dataclass(frozen=True, slots=True)
class _Attachment:
    """Where a new street would begin: on a junction, on a street, or at the bounds."""

    place_m: FloatArray
    inward: FloatArray
    junction: int | None
    street: int | None

    @property
    def is_border(self) -> bool:
        return self.junction is None and self.street is None


@dataclasses.dataclass(frozen=True, slots=True)
class _Cut:
    """A possible street across a face, the faces it makes, and how good it is."""

    start: _Attachment
    end: _Attachment
    line_m: FloatArray
    parts: tuple[Polygon, Polygon]
    badness: float


def add_side_streets(
    skeleton: Skeleton, settings: ProceduralSettings, generator: np.random.Generator
) -> None:
    """Split the faces of the skeleton into blocks; its graph grows."""
    lines = [LineString(street.line_m) for street in skeleton.graph.streets.values()]
    noded = shapely.unary_union([*lines, box(*skeleton.bounds_m).exterior])
    faces = list(shapely.get_parts(shapely.polygonize(list(shapely.get_parts(noded)))))
    faces.sort(key=lambda face: (face.centroid.x, face.centroid.y))
    while faces:
        face = faces.pop()
        wanted = _wanted_area(face, skeleton, settings, generator)
        if face.area < 1.45 * wanted:
            continue
        cut = _best_cut(face, skeleton, generator)
        if cut is None:
            continue
        spur_share = 0.3 if face.area < 2.6 * wanted and _rho(face, skeleton) > 0.9 else 0.0
        if _build(cut, face, skeleton, spur_share, generator):
            faces.extend(cut.parts)


def _wanted_area(
    face: Polygon,
    skeleton: Skeleton,
    settings: ProceduralSettings,
    generator: np.random.Generator,
) -> float:
    """Area at which a face stays as it is, in square metres."""
    middle = face.representative_point()
    if skeleton.river is not None and skeleton.river.strip.contains(middle):
        west, _, east, _ = skeleton.river.strip.bounds
        return float(generator.uniform(240.0, 330.0) * skeleton.river.strip.area / (east - west))
    factor = np.interp(_rho(face, skeleton), (0.3, 0.8, 1.4, 2.4), (0.7, 0.9, 1.05, 1.3))
    return float(settings.block_area_m2 * factor * np.exp(generator.normal(0.0, 0.3)))


def _rho(face: Polygon, skeleton: Skeleton) -> float:
    return float(Point(skeleton.centre_m).distance(face.centroid) / skeleton.ring_m)


def _best_cut(face: Polygon, skeleton: Skeleton, generator: np.random.Generator) -> _Cut | None:
    """The best of several random streets across a face, or None where none would do."""
    along, length, _ = long_axis(face)
    across = left_of(along)
    origin = np.asarray(face.centroid.coords[0])
    streetside = face.exterior.difference(box(*skeleton.bounds_m).exterior.buffer(1.0))
    open_sided = streetside.length < face.exterior.length - 1.0
    best: _Cut | None = None
    for _ in range(_CANDIDATES):
        turn = generator.normal(0.0, 0.22)
        shift = generator.uniform(-0.2, 0.2)
        bow = generator.normal(0.0, 0.22)
        through, direction = origin + shift * length * along, across
        if open_sided:
            through, direction = _from_street(face, streetside, generator.uniform(0.0, 1.0))
        direction = np.cos(turn) * direction + np.sin(turn) * left_of(direction)
        cut = _cut_through(face, through, direction, bow, skeleton)
        if cut is not None and (best is None or cut.badness < best.badness):
            best = cut
    return best


def _from_street(
    face: Polygon, streetside: BaseGeometry, share: float
) -> tuple[FloatArray, FloatArray]:
    """A place just inside a face beside a street, and the direction away from that street.

    The sides of the world cut faces along the axes of ``map``; streets that followed the long
    sides of such faces would follow those axes too.
    """
    parts = list(shapely.get_parts(streetside))
    line = parts[min(int(share * len(parts)), len(parts) - 1)]
    along = (share * len(parts) % 1.0) * line.length
    places = (along, min(along + 2.0, line.length), max(along - 2.0, 0.0))
    here, ahead, behind = (np.asarray(line.interpolate(place).coords[0]) for place in places)
    inward = left_of(unit(ahead - behind))
    if not face.contains(Point(here + inward)):
        inward = -inward
    return here + 3.0 * inward, inward


def _cut_through(
    face: Polygon, through: FloatArray, direction: FloatArray, bow: float, skeleton: Skeleton
) -> _Cut | None:
    reach = 3000.0 * direction
    chords = face.intersection(LineString((through - reach, through + reach)))
    pieces = [part for part in shapely.get_parts(chords) if part.length > 0.0]
    if not pieces:
        return None
    chord = min(pieces, key=lambda part: part.distance(Point(through)))
    start_m, end_m = (np.asarray(place) for place in (chord.coords[0], chord.coords[-1]))
    start = _attach(face, start_m, unit(end_m - start_m), skeleton)
    end = _attach(face, end_m, unit(start_m - end_m), skeleton)
    if start is None or end is None or (start.is_border and end.is_border):
        return None
    if np.hypot(*(end.place_m - start.place_m)) < _SHORTEST_M:
        return None
    line = _curve(start, end, bow)
    if not _keeps_clear(line, face):
        return None
    parts = _parts(face, line)
    if parts is None:
        return None
    balance = min(part.area for part in parts) / face.area
    badness = 2.0 * (0.5 - balance) + 0.8 * (start.is_border or end.is_border)
    badness -= 0.35 * sum(a.junction is not None for a in (start, end))
    return _Cut(start, end, line, parts, badness)


def _attach(
    face: Polygon, place: FloatArray, toward: FloatArray, skeleton: Skeleton
) -> _Attachment | None:
    """How a street may begin at a place on the outline of a face; None where it must not."""
    graph = skeleton.graph
    number, distance = graph.nearest(place)
    if distance > _ON_STREET_M:
        return _Attachment(place, toward, None, None)
    street = graph.streets[number]
    for junction in (street.start, street.end):
        gap = float(np.hypot(*(graph.places_m[junction] - place)))
        if gap < _SNAP_M:
            return _at_junction(junction, toward, skeleton)
    if street.one_way:
        return None
    along = LineString(street.line_m).project(Point(place))
    if min(along, street.length_m - along) < _SNAP_M:
        return None
    ahead = np.asarray(LineString(street.line_m).interpolate(along + 2.0).coords[0])
    normal = left_of(unit(ahead - place))
    if not face.contains(Point(place + 1.0 * normal)):
        normal = -normal
    inward = unit(0.6 * normal + 0.4 * toward)
    if inward @ normal < np.sin(_SMALLEST_ANGLE_RAD):
        return None
    return _Attachment(place, inward, None, number)


def _at_junction(junction: int, toward: FloatArray, skeleton: Skeleton) -> _Attachment | None:
    arms = skeleton.graph.arms(junction)
    streets = skeleton.graph.streets.values()
    if any(street.one_way and junction in (street.start, street.end) for street in streets):
        return None
    if len(arms) >= 5 or len(arms) < 2:
        return None
    if max(float(arm @ toward) for arm in arms) > np.cos(_SMALLEST_ANGLE_RAD):
        return None
    opposite = min(arms, key=lambda arm: float(arm @ toward))
    inward = unit(toward - 0.5 * opposite) if opposite @ toward < -0.7 else toward
    return _Attachment(skeleton.graph.places_m[junction], inward, junction, None)


def _curve(start: _Attachment, end: _Attachment, bow: float) -> FloatArray:
    """A smooth street between two attachments, pushed sideways by a share of its length."""
    chord = end.place_m - start.place_m
    length = float(np.hypot(*chord))
    side = bow * left_of(chord)
    reach = 0.9 * length
    return hermite(
        start.place_m,
        reach * unit(start.inward + side / length),
        end.place_m,
        -reach * unit(end.inward + side / length),
    )


def _keeps_clear(line: FloatArray, face: Polygon) -> bool:
    """Whether a street stays inside its face and away from other streets, ends excepted."""
    along = arc_lengths(line)
    from_ends = np.minimum(along, along[-1] - along)
    inner = line[1:-1]
    points = shapely.points(inner)
    if not bool(shapely.contains(face, points).all()):
        return False
    distances = shapely.distance(face.exterior, points)
    return bool((distances >= np.minimum(_CLEARANCE_M, 0.6 * from_ends[1:-1])).all())


def _parts(face: Polygon, line: FloatArray) -> tuple[Polygon, Polygon] | None:
    """The two faces that a street makes; None where they are too narrow."""
    before, after = unit(line[0] - line[1]), unit(line[-1] - line[-2])
    longer = np.vstack((line[0] + 0.05 * before, line, line[-1] + 0.05 * after))
    noded = shapely.union(face.exterior, LineString(longer))
    parts = list(shapely.get_parts(shapely.polygonize(list(shapely.get_parts(noded)))))
    if len(parts) != 2:
        return None
    for part in parts:
        if part.area < 1000.0 or part.buffer(-_NARROWEST_M / 2.0).is_empty:
            return None
    return parts[0], parts[1]


def _build(
    cut: _Cut,
    face: Polygon,
    skeleton: Skeleton,
    spur_share: float,
    generator: np.random.Generator,
) -> bool:
    """Add the street of a cut; whether it reaches across, so that the face is split."""
    graph = skeleton.graph
    secondary = face.area > _SECONDARY_AREA_M2
    road_class = RoadClass.SECONDARY if secondary else RoadClass.RESIDENTIAL
    profile = PROFILES[road_class]
    width = float(generator.uniform(profile.narrowest_m, profile.widest_m))
    start, end, line = cut.start, cut.end, cut.line_m
    if start.is_border:
        start, end, line = end, start, line[::-1]
    left_out = 0.0
    if end.is_border and not secondary and generator.random() < 0.6:
        left_out = float(generator.uniform(25.0, 40.0))
    elif not end.is_border and not secondary and generator.random() < spur_share:
        left_out = float(generator.uniform(0.35, 0.5) * arc_lengths(line)[-1])
    if left_out > 0.0:
        line = line[arc_lengths(line) < arc_lengths(line)[-1] - left_out]
        if len(line) < 2 or arc_lengths(line)[-1] < _SHORTEST_SPUR_M:
            return False
    across = left_out == 0.0
    first = _junction(start, skeleton)
    last = _junction(end, skeleton) if across else graph.add_junction(line[-1])
    graph.add_street(PlannedStreet(first, last, line, road_class, width))
    return across


def _junction(attachment: _Attachment, skeleton: Skeleton) -> int:
    if attachment.junction is not None:
        return attachment.junction
    if attachment.street is None:
        return skeleton.graph.add_junction(attachment.place_m)
    number, _ = skeleton.graph.nearest(attachment.place_m)
    return skeleton.graph.split(number, attachment.place_m)

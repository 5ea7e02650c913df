# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Cross-sections of streets: lanes, parking lanes and cycle lanes between the kerbs."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np
import shapely

from geoloc_ros.types import FloatArray
from geoloc_sim.world.records import RoadClass, Street
from geoloc_sim.world.street_frame import StreetFrame, street_frame

_PARKING_LANE_M = 2.0
_CYCLE_LANE_M = 1.5
_LANE_M = {
    RoadClass.PRIMARY: 3.2,
    RoadClass.SECONDARY: 3.0,
    RoadClass.RESIDENTIAL: 2.7,
    RoadClass.SERVICE: 2.7,
}
#: From the kerb to the middle of a car that keeps right where two directions share one lane.
_KEEP_RIGHT_M = 1.3


class Margin(enum.Enum):
    """What lies between the outermost lane and the kerb."""

    NONE = 'none'
    PARKING = 'parking'
    CYCLE = 'cycle'


MARGIN_M = {Margin.NONE: 0.0, Margin.PARKING: _PARKING_LANE_M, Margin.CYCLE: _CYCLE_LANE_M}


@dataclasses.dataclass(frozen=True, slots=True)
class CrossSection:
    """Cross-section of a street; offsets are metres to the left of the centre line.

    Attributes:
        right_kerb_m: offset of the right kerb (negative).
        left_kerb_m: offset of the left kerb.
        right_margin: at the right kerb.
        left_margin: at the left kerb.
        lane_m: width of a lane.
        forward_m: middle of the lanes driven from start to end, from the right kerb inwards.
        backward_m: middle of the lanes driven from end to start, from the left kerb inwards.
        divider_m: border between the directions (the left edge of the lanes if one-way).
    """

    right_kerb_m: float
    left_kerb_m: float
    right_margin: Margin
    left_margin: Margin
    lane_m: float
    forward_m: tuple[float, ...]
    backward_m: tuple[float, ...]
    divider_m: float

    @property
    def right_edge_m(self) -> float:
        """Offset of the right edge of the lanes."""
        return self.right_kerb_m + MARGIN_M[self.right_margin]

    @property
    def left_edge_m(self) -> float:
        """Offset of the left edge of the lanes."""
        return self.left_kerb_m - MARGIN_M[self.left_margin]


def cross_section(street: Street) -> CrossSection:
    """Cross-section of a street for right-hand traffic; a footway has no lanes.

    Width beyond what the lanes need becomes parking lanes or cycle lanes.
    """
    half = street.width_m / 2.0
    if street.road_class is RoadClass.FOOTWAY:
        none = Margin.NONE
        return CrossSection(-half, half, none, none, street.width_m, (), (), 0.0)
    lanes = max(1, street.lanes)
    right_margin, left_margin = _margins(
        street, street.width_m - lanes * _LANE_M[street.road_class]
    )
    right, left = -half + MARGIN_M[right_margin], half - MARGIN_M[left_margin]
    lane_m = (left - right) / lanes
    if street.one_way:
        forward = tuple(right + (i + 0.5) * lane_m for i in range(lanes))
        backward: tuple[float, ...] = ()
        divider = left
    elif lanes == 1:
        divider = (right + left) / 2.0
        shift = min(max((left - right) / 2.0 - _KEEP_RIGHT_M, 0.0), 0.75)
        forward, backward = (divider - shift,), (divider + shift,)
    else:
        there = (lanes + 1) // 2
        forward = tuple(right + (i + 0.5) * lane_m for i in range(there))
        backward = tuple(left - (i + 0.5) * lane_m for i in range(lanes - there))
        divider = right + there * lane_m
    return CrossSection(-half, half, right_margin, left_margin, lane_m, forward, backward, divider)


def _margins(street: Street, spare_m: float) -> tuple[Margin, Margin]:
    """Margins at the right and the left kerb that fit into the spare width."""
    if street.tunnel or street.road_class is RoadClass.SERVICE:
        return Margin.NONE, Margin.NONE
    even = (street.start + street.end) % 2 == 0
    main = street.road_class in (RoadClass.PRIMARY, RoadClass.SECONDARY)
    if spare_m >= 2.0 * _PARKING_LANE_M and not (main and even):
        return Margin.PARKING, Margin.PARKING
    if main and spare_m >= 2.0 * _CYCLE_LANE_M and not street.one_way:
        return Margin.CYCLE, Margin.CYCLE
    if main and spare_m >= _CYCLE_LANE_M and street.one_way:
        return Margin.CYCLE, Margin.NONE
    if not main and spare_m >= _PARKING_LANE_M:
        return (Margin.PARKING, Margin.NONE) if even else (Margin.NONE, Margin.PARKING)
    return Margin.NONE, Margin.NONE


def lane_centre_lines(street: Street) -> tuple[FloatArray, ...]:
    """Middle of every lane of a street, each in its driving direction, right-hand traffic.

    Args:
        street: any street; a footway has no lanes. A two-way street of one lane has a line for
            each direction, which lie closer together than two cars.

    Returns:
        Arrays of shape (k, 2), metres in ``map``: lanes from start to end first, each direction
        from the kerb inwards. They run the whole length of the street, junction to junction.
    """
    section, frame = cross_section(street), street_frame(street.centre_line_m)
    forward = [_offset_line(frame, d) for d in section.forward_m]
    backward = [_offset_line(frame, d)[::-1] for d in section.backward_m]
    return tuple(np.ascontiguousarray(line) for line in (*forward, *backward))


def _offset_line(frame: StreetFrame, d: float) -> FloatArray:
    """The line at distance d to the left; where it fails at odd bends, offsets point by point."""
    plain = frame.points(frame.stations_m, d)
    if abs(d) < 1e-9:
        return plain
    curve = shapely.offset_curve(
        shapely.LineString(frame.points_m), d, quad_segs=4, join_style='round'
    )
    if curve.geom_type == 'LineString' and not curve.is_empty:
        points: FloatArray = shapely.get_coordinates(curve)
        if np.allclose(points[[0, -1]], plain[[0, -1]], atol=0.3):
            points[[0, -1]] = plain[[0, -1]]
            return points
    return _unfolded(plain, frame.points_m)


def _unfolded(line: FloatArray, centre: FloatArray) -> FloatArray:
    """An offset line without the points where the inside of a sharp bend runs backwards."""
    keep = np.ones(len(line), dtype=bool)
    along = np.diff(centre, axis=0)
    last = 0
    for i in range(1, len(line)):
        step = line[i] - line[last]
        if np.dot(step, along[i - 1]) <= 1e-9 and i < len(line) - 1:
            keep[i] = False
        else:
            last = i
    return line[keep]

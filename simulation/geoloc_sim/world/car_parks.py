# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Car parks: rows of slots with their lines, and small ones laid out behind buildings."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import shapely
from shapely.affinity import affine_transform
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from geoloc_sim.randomness import stream
from geoloc_sim.world.free_space import Obstacles, points_inside
from geoloc_sim.world.plots import Plots
from geoloc_sim.world.records import Area, AreaKind, BuildingUse, Layout, ParkingSlot

_SLOT_M = (2.5, 5.0)
_AISLE_M = 6.0
_LANE_TO_STREET_M = 4.0


@dataclasses.dataclass(frozen=True, slots=True)
class CarParks:
    """Car parks beside the streets.

    Attributes:
        grounds: paved ground of those that dressing adds, with their ways to the street.
        markings: lines between slots.
        slots: in rows.
    """

    grounds: tuple[Area, ...]
    markings: tuple[Area, ...]
    slots: tuple[ParkingSlot, ...]


def build_car_parks(layout: Layout, plots: Plots, streets: BaseGeometry) -> CarParks:
    """Rows on the layout's own car parks, and new ones in roomy blocks of larger buildings."""
    footprints = Obstacles([building.footprint for building in layout.buildings])
    roads = Obstacles(shapely.get_parts(streets))
    wet = Obstacles(area.polygon for area in layout.areas if area.kind is AreaKind.WATER)
    grounds: list[Area] = []
    markings: list[Area] = []
    slots: list[ParkingSlot] = []
    own = [area.polygon for area in layout.areas if area.kind is AreaKind.PARKING]
    added = _new_grounds(layout, plots, streets, footprints)
    for ground, way in added:
        grounds.append(Area(ground, AreaKind.PARKING, 1.0))
        if way is not None:
            grounds.append(Area(way, AreaKind.PARKING, 1.0))
    for ground in [*own, *(ground for ground, _ in added)]:
        found = _rows(ground)
        boxes = [_slot_box(slot) for slot in found]
        free = footprints.clear_shapes(boxes, 0.3) & roads.clear_shapes(boxes, 0.05)
        free &= wet.clear_shapes(boxes, 0.3)
        for slot, box, is_free in zip(found, boxes, free, strict=True):
            if is_free:
                slots.append(slot)
                markings += _slot_lines(box)
    return CarParks(tuple(grounds), tuple(markings), tuple(slots))


def _rows(ground: Polygon) -> list[ParkingSlot]:
    """Slots in double rows with aisles between, along the longer side of the ground."""
    rectangle = ground.minimum_rotated_rectangle
    if rectangle.geom_type != 'Polygon' or ground.area < 40.0:
        return []
    corners = shapely.get_coordinates(rectangle.exterior)[:4]
    sides = np.diff(np.concatenate([corners, corners[:1]]), axis=0)
    lengths = np.hypot(*sides.T)
    first = int(np.argmax(lengths[:2]))
    origin, along = corners[first], sides[first] / lengths[first]
    across = sides[first + 1] / lengths[first + 1]
    length, depth = float(lengths[first]), float(lengths[first + 1])
    yaw = math.atan2(across[1], across[0])
    inside = ground.buffer(0.15)
    shapely.prepare(inside)
    slots = []
    for row, nose in _row_middles(depth):
        for place in np.arange(_SLOT_M[0] / 2.0 + 0.3, length - _SLOT_M[0] / 2.0, _SLOT_M[0]):
            x, y = (origin + place * along + row * across).tolist()
            turn = yaw if nose > 0 else yaw + math.pi
            slot = ParkingSlot(x, y, (turn + math.pi) % (2.0 * math.pi) - math.pi)
            if inside.contains(_slot_box(slot)):
                slots.append(slot)
    return slots


def _row_middles(depth: float) -> list[tuple[float, int]]:
    """Distance of each row's middle from the first side, and which way its cars point."""
    half, row = _SLOT_M[1] / 2.0, _SLOT_M[1]
    rows = [(half + 0.2, -1)]
    edge = row + 0.2 + _AISLE_M
    while edge + row <= depth + 0.3:
        rows.append((edge + half, 1))
        edge += row
        if edge + row + _AISLE_M <= depth:
            rows.append((edge + half, -1))
            edge += row
        edge += _AISLE_M
    return rows


def _slot_box(slot: ParkingSlot) -> Polygon:
    cos, sin = math.cos(slot.yaw_rad), math.sin(slot.yaw_rad)
    half_length, half_width = _SLOT_M[1] / 2.0, _SLOT_M[0] / 2.0
    box = shapely.box(-half_length, -half_width, half_length, half_width)
    return affine_transform(box, [cos, -sin, sin, cos, slot.x_m, slot.y_m])


def _slot_lines(box: Polygon) -> list[Area]:
    corners = shapely.get_coordinates(box.exterior)
    areas = []
    steps = np.hypot(*np.diff(corners, axis=0).T)
    for i in range(4):
        if steps[i] > 4.0:
            line = LineString(corners[i : i + 2]).buffer(0.05, cap_style='flat')
            areas.append(Area(line, AreaKind.MARKING_WHITE, 0.9))
    return areas


def _new_grounds(
    layout: Layout, plots: Plots, streets: BaseGeometry, footprints: Obstacles
) -> list[tuple[Polygon, Polygon | None]]:
    """At most two rectangles in each block with a large building, with ways to the street."""
    others = Obstacles(area.polygon for area in layout.areas)
    by_block: dict[int, list[float]] = {}
    for plot in plots.plots:
        if plot.building.use not in (BuildingUse.HOUSE, BuildingUse.GARAGE, BuildingUse.CHURCH):
            ring = shapely.get_coordinates(plot.building.footprint.exterior)
            steps = np.diff(ring, axis=0)
            east, north = steps[np.argmax(np.hypot(*steps.T))]
            by_block.setdefault(plot.block, []).append(math.atan2(north, east))
    shapely.prepare(streets)
    found: list[tuple[Polygon, Polygon | None]] = []
    for number, yaws in by_block.items():
        block = plots.blocks[number]
        if block.area < 900.0:
            continue
        rng = stream('car park', layout.seed, number)
        placed: list[Polygon] = []
        for x, y in points_inside(block.buffer(-6.0), 14, rng).tolist():
            yaw = yaws[int(rng.integers(len(yaws)))] + rng.choice([0.0, math.pi / 2.0])
            length = 2.5 * int(rng.integers(4, 13)) + 0.6
            depth = float(rng.choice([11.2, 16.2]))
            ground = _box(x, y, length, depth, yaw)
            clear = (
                footprints.clear_shapes([ground], 2.0)[0]
                and others.clear_shapes([ground], 0.5)[0]
                and block.contains(ground)
                and not any(ground.distance(other) < 6.0 for other in placed)
            )
            if not clear:
                continue
            way = _way(ground, streets, footprints)
            if way is not None or rng.random() < 0.15:
                placed.append(ground)
                found.append((ground, way))
            if len(placed) == 2:
                break
    return found


def _way(ground: Polygon, streets: BaseGeometry, footprints: Obstacles) -> Polygon | None:
    """A short lane from a car park to the nearest street, if no building is in the way."""
    if streets.is_empty:  # a city model without lanes
        return None
    kerb, edge = nearest_points(streets, ground)
    if kerb.distance(edge) > 40.0:
        return None
    line = LineString([kerb, edge])
    if line.length < 0.3:
        return None
    way = line.buffer(_LANE_TO_STREET_M / 2.0, cap_style='square')
    return way if footprints.clear_shapes([way], 0.3)[0] else None


def _box(x: float, y: float, length: float, width: float, yaw: float) -> Polygon:
    box = shapely.box(-length / 2.0, -width / 2.0, length / 2.0, width / 2.0)
    cos, sin = math.cos(yaw), math.sin(yaw)
    return affine_transform(box, [cos, -sin, sin, cos, x, y])

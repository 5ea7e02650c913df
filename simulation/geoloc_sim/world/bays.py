# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parking along streets: lanes for parked cars on the roadway and bays behind the kerb."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import shapely
from shapely.affinity import affine_transform
from shapely.geometry import LineString, Polygon

from geoloc_sim.randomness import stream
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.free_space import Obstacles
from geoloc_sim.world.lanes import MARGIN_M, Margin, lane_centre_lines
from geoloc_sim.world.records import Layout, ParkingSlot, RoadClass
from geoloc_sim.world.roads import Roads, StreetBody

#: Length and width of a parallel slot, and of a slot square to the street.
PARALLEL_M = (5.7, 2.1)
SQUARE_ON_M = (2.55, 5.0)
_END_CLEARANCE_M = 9.0
#: Length and width of a large car.
_CAR_M = (4.9, 1.95)
#: Half of what a moving car needs.
_LANE_HALF_M = 1.0
_FACADE_CLEARANCE_M = 1.3


@dataclasses.dataclass(frozen=True, slots=True)
class Bay:
    """Some slots in a row behind the kerb.

    Attributes:
        polygon: ground of the slots.
        backing: ground of the slots and of the pavement that bends around them.
        slots: one place a car, in order.
        street: number of the street.
        side: 1 at the left kerb, -1 at the right.
        start_m: station of its beginning.
        end_m: station of its end.
        depth_m: from kerb to back.
        slot_m: length of a slot along the street.
    """

    polygon: Polygon
    backing: Polygon
    slots: tuple[ParkingSlot, ...]
    street: int
    side: int
    start_m: float
    end_m: float
    depth_m: float
    slot_m: float


def lane_slots(roads: Roads) -> tuple[ParkingSlot, ...]:
    """Slots on the parking lanes of the roadways, clear of the junctions."""
    slots = []
    for body in roads.bodies:
        for side, margin in ((-1, body.section.right_margin), (1, body.section.left_margin)):
            if margin is not Margin.PARKING or not body.exists:
                continue
            first, last = body.start_m + _END_CLEARANCE_M, body.end_m - _END_CLEARANCE_M
            offset = side * (body.street.width_m / 2.0 - MARGIN_M[margin] / 2.0)
            stations = np.arange(first + PARALLEL_M[0] / 2.0, last, PARALLEL_M[0]).tolist()
            facing = _facing(body, side)
            slots += [_slot(body, station, offset, facing) for station in stations]
    return tuple(slots)


def clear_of_lanes(layout: Layout, slots: list[ParkingSlot]) -> list[ParkingSlot]:
    """Slots whose cars leave the lanes of every street free."""
    lanes = [LineString(lane) for street in layout.streets for lane in lane_centre_lines(street)]
    free = Obstacles(lanes).clear_shapes([_car_box(slot) for slot in slots], _LANE_HALF_M)
    return [slot for slot, is_free in zip(slots, free, strict=True) if is_free]


def apart(slots: list[ParkingSlot]) -> tuple[ParkingSlot, ...]:
    """Slots whose cars would touch no car on an earlier slot."""
    if not slots:
        return ()
    boxes = [_car_box(slot) for slot in slots]
    first, second = shapely.STRtree(boxes).query(boxes, predicate='intersects')
    rivals: dict[int, list[int]] = {}
    for i, j in zip(first.tolist(), second.tolist(), strict=True):
        if j < i:
            rivals.setdefault(i, []).append(j)
    kept: list[bool] = []
    for i in range(len(slots)):
        kept.append(not any(kept[j] for j in rivals.get(i, ())))
    return tuple(slot for slot, is_kept in zip(slots, kept, strict=True) if is_kept)


def _car_box(slot: ParkingSlot) -> Polygon:
    cos, sin = math.cos(slot.yaw_rad), math.sin(slot.yaw_rad)
    length, width = _CAR_M
    box = shapely.box(-length / 2.0, -width / 2.0, length / 2.0, width / 2.0)
    return affine_transform(box, [cos, -sin, sin, cos, slot.x_m, slot.y_m])


def build_bays(
    layout: Layout, roads: Roads, widths: dict[int, float], settings: DressingSettings
) -> tuple[Bay, ...]:
    """Bays behind the kerbs of some street sides, where no building or other road is near."""
    obstacles = [building.footprint for building in layout.buildings]
    obstacles += [area.polygon for area in layout.areas if area.kind.value == 'water']
    tree = shapely.STRtree(obstacles)
    roads_tree = shapely.STRtree([area.polygon for area in roads.areas])
    bays: list[Bay] = []
    for body in roads.bodies:
        if body.street.tunnel or not body.exists or widths[body.number] <= 0.0:
            continue
        for side, margin in ((-1, body.section.right_margin), (1, body.section.left_margin)):
            rng = stream('bays', layout.seed, body.number, 1 + side)
            share = settings.bay_share * (
                0.5 if body.street.road_class is RoadClass.PRIMARY else 1.0
            )
            if margin is Margin.NONE and rng.random() < share:
                bays += _side_bays(body, side, widths[body.number], rng, (tree, roads_tree))
    return _without_overlaps(bays)


def _side_bays(
    body: StreetBody,
    side: int,
    pavement_m: float,
    rng: np.random.Generator,
    trees: tuple[shapely.STRtree, shapely.STRtree],
) -> list[Bay]:
    """Rows of slots along one kerb, with gaps for trees between them."""
    slot_m, depth = SQUARE_ON_M if rng.random() < 0.2 else PARALLEL_M
    start, end = body.start_m + _END_CLEARANCE_M, body.end_m - _END_CLEARANCE_M
    kerb = side * body.street.width_m / 2.0
    row_slots = int(rng.integers(3, 7)) * (2 if slot_m < 3.0 else 1)
    bays = []
    station = start + rng.uniform(0.0, 6.0)
    while station + 2.0 * slot_m <= end:
        count = min(row_slots, int((end - station) / slot_m))
        while count >= 2 and not _fits(
            body, side, station, station + count * slot_m, depth + min(pavement_m, 1.5), trees
        ):
            count -= 1
        if count < 2:
            station += slot_m
            continue
        stop = station + count * slot_m
        polygon = _beside(body, side, station, stop, kerb, kerb + side * depth)
        backing = _beside(
            body, side, station - 1.5, stop + 1.5, kerb, kerb + side * (depth + pavement_m)
        )
        yaw = _facing(body, side) if depth < 3.0 else side * np.pi / 2.0
        slots = tuple(
            _slot(body, station + (i + 0.5) * slot_m, kerb + side * depth / 2.0, yaw)
            for i in range(count)
        )
        if polygon.is_valid and backing.is_valid:
            bays.append(
                Bay(polygon, backing, slots, body.number, side, station, stop, depth, slot_m)
            )
        station = stop + rng.uniform(2.0, 4.0) + (12.0 if rng.random() < 0.25 else 0.0)
    return bays


def _beside(
    body: StreetBody, side: int, start: float, stop: float, near: float, far: float
) -> Polygon:
    right, left = (near, far) if side > 0 else (far, near)
    return body.frame.strip(start, stop, right, left)


def _fits(
    body: StreetBody,
    side: int,
    start: float,
    stop: float,
    depth_m: float,
    trees: tuple[shapely.STRtree, shapely.STRtree],
) -> bool:
    kerb = side * body.street.width_m / 2.0
    ground = _beside(body, side, start, stop, kerb + side * 0.3, kerb + side * depth_m)
    if not ground.is_valid:
        return False
    near = trees[0].query(ground, predicate='dwithin', distance=_FACADE_CLEARANCE_M - 0.8)
    return not len(near) and not len(trees[1].query(ground, predicate='intersects'))


def _without_overlaps(bays: list[Bay]) -> tuple[Bay, ...]:
    """Bays of neighbouring streets may meet; the earlier stays."""
    tree = shapely.STRtree([bay.polygon for bay in bays])
    dropped: set[int] = set()
    for i, bay in enumerate(bays):
        if i not in dropped:
            near = tree.query(bay.polygon, predicate='intersects')
            dropped.update(int(j) for j in near if j > i)
    return tuple(bay for i, bay in enumerate(bays) if i not in dropped)


def _facing(body: StreetBody, side: int) -> float:
    """Cars face the way of the traffic beside them: 0 along the street, pi against it."""
    return np.pi if side > 0 and not body.street.one_way else 0.0


def _slot(body: StreetBody, station: float, offset: float, turn: float) -> ParkingSlot:
    x, y = body.frame.points(station, offset)
    yaw = body.frame.yaw(station) + turn
    return ParkingSlot(float(x), float(y), float((yaw + np.pi) % (2.0 * np.pi) - np.pi))

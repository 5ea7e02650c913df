# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Other cars that move through a world: each on a route of its own, none through another."""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray
from geoloc_sim.drives.lane_graph import DRIVEN_CLASSES, LaneGraph, lane_graph, line_length_m
from geoloc_sim.drives.lane_route import random_lane_route
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.motion import drive_route
from geoloc_sim.randomness import stream
from geoloc_sim.records import StampArray, TruthTrajectory
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.records import World

_RATE_HZ = 5.0
#: Routes are made long enough for this mean speed; a faster car stops at the end of its own.
_ROUTE_SPEED_M_S = 9.0
#: Two cars closer than this along and across are in each other's way.
_ALONG_M = 7.0
_ACROSS_M = 2.1
#: From the rear axle, which follows the lane, to the middle of a car.
_MIDDLE_M = 1.3


@dataclasses.dataclass(frozen=True, slots=True)
class Traffic:
    """Moving cars over a span of time.

    Attributes:
        stamps_ns: shape (t,), rising, at even distances.
        poses: x, y, yaw (not wrapped) of the middle of each car, shape (cars, t, 3).
    """

    stamps_ns: StampArray
    poses: FloatArray

    def at(self, stamp_ns: int) -> FloatArray:
        """Poses at an instant, shape (cars, 3): x, y, yaw.

        Raises:
            DriveError: it lies outside of the span.
        """
        first, last = int(self.stamps_ns[0]), int(self.stamps_ns[-1])
        if not first <= stamp_ns <= last:
            raise DriveError(
                f'traffic is known from {first} to {last} ns, not at {stamp_ns}; expected a stamp '
                'of the drive it was made for'
            )
        share = (stamp_ns - first) / (last - first) * (len(self.stamps_ns) - 1)
        before = min(int(share), len(self.stamps_ns) - 2)
        part = share - before
        poses: FloatArray = (1.0 - part) * self.poses[:, before] + part * self.poses[:, before + 1]
        return poses


def traffic(
    world: World, day: DayConditions, ego: TruthTrajectory, settings: CityDriveSettings
) -> Traffic:
    """The other cars of a day while ``ego`` drives.

    They keep their lanes and stop at junctions as ``ego`` does; those that would come into its
    way, or into that of another, are left out.

    Args:
        world: where.
        day: how dense the traffic is, and its seed.
        ego: what the cars leave room for.
        settings: lanes and manner of driving.
    """
    count = 1 + int(np.ceil(ego.duration_s * _RATE_HZ))
    since_ns = np.linspace(0.0, ego.duration_s * NANOSECONDS_PER_SECOND, count)
    stamps = int(ego.stamps_ns[0]) + np.round(since_ns).astype(np.int64)
    own = ego.at(stamps)
    kept = [_middle(own)]
    wanted = round(day.traffic_per_km * _street_km(world))
    graph = lane_graph(world.layout, settings.lanes)
    for number in range(wanted):
        poses = _car(world, graph, settings, day.seed, number, stamps)
        if not _in_the_way(poses, np.stack(kept)):
            kept.append(poses)
    return Traffic(stamps, np.stack(kept)[1:])


def _car(
    world: World,
    graph: LaneGraph,
    settings: CityDriveSettings,
    day_seed: int,
    number: int,
    stamps_ns: StampArray,
) -> FloatArray:
    """Poses of one car, shape (t, 3); its drive began before the first stamp."""
    random = stream('traffic', world.layout.seed, day_seed, number)
    span_s = float(stamps_ns[-1] - stamps_ns[0]) / NANOSECONDS_PER_SECOND
    ahead_s = float(random.uniform(15.0, 60.0))
    route = random_lane_route(graph, _ROUTE_SPEED_M_S * (span_s + ahead_s), settings.lanes, random)
    start_ns = int(stamps_ns[0]) - round(ahead_s * NANOSECONDS_PER_SECOND)
    seed = int(random.integers(2**31))
    return _middle(
        drive_route(route, settings.motion, world.layout.datum, start_ns, seed).at(stamps_ns)
    )


def _middle(rear: TruthTrajectory) -> FloatArray:
    return np.column_stack(
        (
            rear.x_m + _MIDDLE_M * np.cos(rear.yaw_rad),
            rear.y_m + _MIDDLE_M * np.sin(rear.yaw_rad),
            rear.yaw_rad,
        )
    )


def _in_the_way(poses: FloatArray, others: FloatArray) -> bool:
    """Whether a car ever comes too near to one of others, shape (n, t, 3), by either's axes."""
    gap = others[..., :2] - poses[None, :, :2]
    near = np.flatnonzero((np.abs(gap).max(axis=2) < _ALONG_M + _ACROSS_M).any(axis=0))
    gap = gap[:, near]
    blocked = False
    for yaw in (poses[None, near, 2], others[:, near, 2]):
        along = gap[..., 0] * np.cos(yaw) + gap[..., 1] * np.sin(yaw)
        across = gap[..., 1] * np.cos(yaw) - gap[..., 0] * np.sin(yaw)
        blocked |= bool(((np.abs(along) < _ALONG_M) & (np.abs(across) < _ACROSS_M)).any())
    return blocked


def _street_km(world: World) -> float:
    return 1e-3 * sum(
        line_length_m(street.centre_line_m)
        for street in world.layout.streets
        if street.road_class in DRIVEN_CLASSES
    )

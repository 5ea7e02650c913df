# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Driving along a route: speed under bounds, stops, and the true trajectory at 100 Hz."""

from __future__ import annotations

import numpy as np

from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray, GeodeticPosition
from geoloc_sim.randomness import stream
from geoloc_sim.records import TruthTrajectory
from geoloc_sim.route import Route
from geoloc_sim.settings import MotionSettings

TRUTH_RATE_HZ = 100.0

_STEP_M = 0.25
#: Speed is averaged over this time, so that no jerk is infinite.
_SMOOTHING_S = 0.5
_STOP_BEFORE_JUNCTION_M = 8.0
_STAND_AT_ENDS_S = 1.5


def drive_route(
    route: Route, settings: MotionSettings, datum: GeodeticPosition, start_ns: int, seed: int
) -> TruthTrajectory:
    """The true motion along a route, standing still at its start and end.

    Speed follows from the limits (of the route where it has them, else the cruising speed), the
    largest lateral acceleration, speeding up and braking; stops fall before junctions. Yaw is
    the direction of motion (base_link is the rear axle).
    """
    random = stream('motion', seed)
    distance, speed, dwell = _speed_profile(route, settings, random)
    driven, rate = _sample_in_time(distance, speed, dwell)
    points = np.asarray(route.curve(driven))
    tangent = route.tangent(driven)
    scale = np.hypot(tangent[:, 0], tangent[:, 1])
    steps = np.arange(len(driven)) * round(NANOSECONDS_PER_SECOND / TRUTH_RATE_HZ)
    return TruthTrajectory(
        datum,
        (start_ns + steps).astype(np.int64),
        points[:, 0],
        points[:, 1],
        np.unwrap(np.arctan2(tangent[:, 1], tangent[:, 0])),
        rate * scale,
        rate * scale * route.curvature_per_m(driven),
    )


def _speed_profile(
    route: Route, settings: MotionSettings, random: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Arc length, speed there, and how long to stand there, each shape (n,)."""
    distance = np.linspace(0.0, route.length_m, int(route.length_m / _STEP_M) + 1)
    street = np.searchsorted(route.junction_distances_m, distance)
    factors = random.uniform(0.7, 1.0, len(route.junction_distances_m) + 1)
    curvature = np.abs(route.curvature_per_m(distance))
    # 0.95: the averaging over time carries some of a faster approach into the turn.
    lateral = np.sqrt(0.95 * settings.lateral_m_s2 / np.maximum(curvature, 1e-6))
    limits = settings.cruise_speed_m_s if route.limits_m_s is None else route.limits_m_s[street]
    speed = np.minimum(limits * factors[street], lateral)
    dwell = np.zeros_like(distance)
    for at_m in route.junction_distances_m:
        stops = random.random() < settings.stop_share
        stand_s = random.uniform(settings.stop_min_s, settings.stop_max_s)
        index = int((at_m - _STOP_BEFORE_JUNCTION_M) / distance[1])
        if stops and 20 < index < len(distance) - 20:
            speed[index], dwell[index] = 0.0, stand_s
    speed[0] = speed[-1] = 0.0
    dwell[0] = dwell[-1] = _STAND_AT_ENDS_S
    squared = speed**2
    gain = 2.0 * settings.acceleration_m_s2 * distance[1]
    loss = 2.0 * settings.braking_m_s2 * distance[1]
    for i in range(1, len(squared)):
        squared[i] = min(squared[i], squared[i - 1] + gain)
    for i in range(len(squared) - 2, -1, -1):
        squared[i] = min(squared[i], squared[i + 1] + loss)
    return distance, np.sqrt(squared), dwell


def _sample_in_time(
    distance: FloatArray, speed: FloatArray, dwell: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Arc length and its rate at 100 Hz, averaged over the smoothing time, each shape (m,)."""
    step_m = np.diff(distance)
    leg_s = 2.0 * step_m / (speed[:-1] + speed[1:])
    leave_s = np.concatenate(([0.0], leg_s.cumsum())) + dwell.cumsum()
    arrive_s = leave_s - dwell
    fine_hz = 10.0 * TRUTH_RATE_HZ
    fine_s = np.arange(0.0, arrive_s[-1] + dwell[-1], 1.0 / fine_hz)
    leg = np.clip(np.searchsorted(leave_s, fine_s, side='right') - 1, 0, len(leg_s) - 1)
    since_s = np.clip(fine_s - leave_s[leg], 0.0, leg_s[leg])
    acceleration = (speed[1:] - speed[:-1]) / leg_s
    position = distance[leg] + speed[leg] * since_s + 0.5 * acceleration[leg] * since_s**2
    window = round(_SMOOTHING_S * fine_hz)
    total = np.concatenate(([0.0], (0.5 * (position[1:] + position[:-1])).cumsum()))
    mean = (total[window:] - total[:-window]) / window
    rate = (position[window:] - position[:-window]) / _SMOOTHING_S
    every = round(fine_hz / TRUTH_RATE_HZ)
    return mean[::every], rate[::every]

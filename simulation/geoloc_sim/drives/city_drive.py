# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A whole drive through a world on a day: over its lanes, or along a given trajectory."""

from __future__ import annotations

import math

import numpy as np
import shapely

from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import NANOSECONDS_PER_SECOND, FloatArray
from geoloc_sim.drives.city_gnss import CitySky, simulate_city_gnss
from geoloc_sim.drives.lane_graph import lane_graph, through_streets
from geoloc_sim.drives.lane_route import random_lane_route
from geoloc_sim.drives.settings import CityDriveSettings, LaneSettings
from geoloc_sim.drives.sky_view import Occluder, world_sky
from geoloc_sim.drives.visual_odometry import simulate_stereo
from geoloc_sim.gnss_error import ErrorSeeds
from geoloc_sim.motion import drive_route
from geoloc_sim.odometry import simulate_gyro, simulate_wheel_speed
from geoloc_sim.randomness import stream
from geoloc_sim.records import BoolArray, RateTrack, SimulatedDrive, TruthTrajectory
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.records import Layout, RoadClass, World

_FIRST_DAY_NS = 1_780_000_000 * NANOSECONDS_PER_SECOND
_DAY_NS = 86_400 * NANOSECONDS_PER_SECOND
_CALENDAR_DAYS = 3000
_SAME_WAY_RAD = math.radians(30.0)


def city_drive(
    world: World, occluder: Occluder, settings: CityDriveSettings, day: DayConditions, seed: int
) -> SimulatedDrive:
    """A drive over the lanes of a world.

    Args:
        world: where.
        occluder: buildings and roofs of the world; leaves are taken from its trees.
        settings: everything but world, day and seed.
        day: leaves, satellites and the day's GNSS offset.
        seed: of the route, the driving and every noise.

    Returns:
        The same arrays, bit for bit, for the same arguments.

    Raises:
        DriveError: the world has no round trip.
    """
    random = stream('lane route', world.layout.seed, seed)
    graph = lane_graph(world.layout, settings.lanes)
    route = random_lane_route(graph, settings.distance_m, settings.lanes, random)
    truth = drive_route(route, settings.motion, world.layout.datum, start_stamp_ns(day), seed)
    name = f'{world.layout.name}_day{day.seed}_drive{seed}'
    return sensed_drive(name, truth, world, occluder, settings, day, seed)


def sensed_drive(
    name: str,
    truth: TruthTrajectory,
    world: World,
    occluder: Occluder,
    settings: CityDriveSettings,
    day: DayConditions,
    seed: int,
) -> SimulatedDrive:
    """What the sensors make of a given trajectory in a world.

    Args:
        name: of the drive.
        truth: the trajectory, in the world's ``map``.
        world: where.
        occluder: buildings and roofs of the world.
        settings: of the sensors.
        day: leaves, satellites and the day's GNSS offset.
        seed: of every noise.

    Raises:
        DriveError: the trajectory has another datum than the world, or leaves its bounds.
    """
    check_inside(truth, world.layout)
    layout, receiver = world.layout, settings.receiver
    seeds = ErrorSeeds(layout.seed, day.seed, seed)
    sky = CitySky(
        world_sky(world, occluder, day.leaf_share, settings.sky),
        street_points(layout, settings.sky.street_spacing_m, settings.lanes),
        settings.sky,
        settings.error,
        seeds,
    )
    gnss = simulate_city_gnss(
        truth, sky, receiver, settings.error, seeds, tunnel_mask(layout, truth)
    )
    seeds_of_noise = (layout.seed, day.seed, seed)
    speed, turning = _odometry(truth, settings, seeds_of_noise)
    gyro = simulate_gyro(truth, settings.odometry, *seeds_of_noise)
    return SimulatedDrive(
        name, truth, gnss, speed, turning, gyro, (receiver.forward_m, receiver.left_m)
    )


def start_stamp_ns(day: DayConditions) -> int:
    """When drives of a day begin: a date that follows from the day's seed."""
    return _FIRST_DAY_NS + (day.seed % _CALENDAR_DAYS) * _DAY_NS


def street_points(layout: Layout, spacing_m: float, lanes: LaneSettings) -> FloatArray:
    """Points over the streets that drives use, under open sky, shape (n, 2).

    They lie evenly, but more rarely on service streets, as these are driven more rarely.

    Raises:
        DriveError: there is no such street.
    """
    points = []
    for number in through_streets(layout, lanes):
        street = layout.streets[number]
        if street.tunnel:
            continue
        rarity = max(lanes.service_share, 0.01) if street.road_class is RoadClass.SERVICE else 1.0
        line = shapely.LineString(street.centre_line_m)
        count = max(1, round(line.length * rarity / spacing_m))
        stations = (np.arange(count) + 0.5) / count
        points.append(
            shapely.get_coordinates(
                shapely.line_interpolate_point(line, stations, normalized=True)
            )
        )
    if not points:
        raise DriveError(
            f'world {layout.name!r} has no street under open sky; expected at least one; give a '
            'larger piece of it'
        )
    return np.concatenate(points)


def tunnel_mask(layout: Layout, truth: TruthTrajectory) -> BoolArray | None:
    """Whether the vehicle is in a tunnel at each stamp; ``None`` where there is no tunnel.

    It must drive along the tunnel, so that a street over it does not count.
    """
    inside: BoolArray = np.zeros(len(truth.stamps_ns), dtype=np.bool_)
    tunnels = [street for street in layout.streets if street.tunnel]
    places = shapely.points(truth.x_m, truth.y_m)
    for street in tunnels:
        line = shapely.LineString(street.centre_line_m)
        tube = line.buffer(0.5 * street.width_m, cap_style='flat')
        shapely.prepare(tube)
        within = np.flatnonzero(shapely.contains(tube, places))
        stations = np.asarray(shapely.line_locate_point(line, places[within]))
        here = shapely.get_coordinates(
            shapely.line_interpolate_point(line, np.maximum(stations - 0.5, 0.0))
        )
        ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, stations + 0.5))
        along = np.arctan2(*(ahead - here).T[::-1])
        apart = np.abs(wrap_angle(2.0 * (truth.yaw_rad[within] - along))) / 2.0
        inside[within[apart < _SAME_WAY_RAD]] = True
    return inside if tunnels else None


def check_inside(truth: TruthTrajectory, layout: Layout) -> None:
    """Refuse a trajectory that is not of this world.

    Raises:
        DriveError: it has another datum, or leaves the world's bounds.
    """
    if truth.datum != layout.datum:
        raise DriveError(
            f'the trajectory has the datum {truth.datum} and world {layout.name!r} has '
            f'{layout.datum}; expected the same; make the world with the datum of the trajectory'
        )
    west, south, east, north = layout.bounds_m
    outside = (truth.x_m < west) | (truth.x_m > east) | (truth.y_m < south) | (truth.y_m > north)
    if outside.any():
        at = int(np.argmax(outside))
        raise DriveError(
            f'the trajectory leaves world {layout.name!r}: ({truth.x_m[at]:.1f}, '
            f'{truth.y_m[at]:.1f}) m lies outside of {layout.bounds_m} m; expected all of it '
            'inside; give a larger world or a shorter trajectory'
        )


def _odometry(
    truth: TruthTrajectory, settings: CityDriveSettings, seeds: tuple[int, ...]
) -> tuple[RateTrack, RateTrack | None]:
    if settings.odometry_source == 'stereo':
        return simulate_stereo(truth, settings.stereo, *seeds)
    return simulate_wheel_speed(truth, settings.odometry, *seeds), None

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Street furniture: lamps, signs, traffic lights, bus shelters, benches, bollards, tunnels."""

from __future__ import annotations

import itertools

import numpy as np
from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.free_space import points_inside
from geoloc_sim.world.junctions import Control
from geoloc_sim.world.planting import Ground
from geoloc_sim.world.records import AreaKind, Fixture, FixtureKind, Layout, RoadClass
from geoloc_sim.world.roads import Roads, StreetBody
from geoloc_sim.world.street_ends import Crossing, StreetEnd

_POLE_BEHIND_KERB_M = 0.6
_ROOF_PIECE_M = 10.0


def junction_posts(end: StreetEnd, ground: Ground) -> list[Fixture]:
    """Traffic lights or the sign that rules this street end, and signs of its crossing."""
    body, posts = end.body, []
    side = -end.sign  # the driver's right-hand side
    edge = side * (body.street.width_m / 2.0 + _POLE_BEHIND_KERB_M)
    facing = np.pi if end.sign > 0 else 0.0  # towards the driver
    if body.street.tunnel:
        return []
    if end.control is Control.SIGNALS and end.approach_m:
        posts.append((end.stop_m, edge, FixtureKind.TRAFFIC_LIGHT))
        if len(end.approach_m) > 1 or body.street.width_m > 9.0:
            posts.append((end.stop_m, -edge, FixtureKind.TRAFFIC_LIGHT))
    elif end.control in (Control.STOP, Control.YIELD, Control.PRIORITY) and end.approach_m:
        posts.append((end.upstream(end.stop_m, 0.5), edge, FixtureKind.SIGN))
    if end.crossing is Crossing.ZEBRA and end.control is not Control.SIGNALS:
        before, behind = end.upstream(end.crossing_to_m, 0.7), end.crossing_from_m
        posts += [(before, edge, FixtureKind.SIGN), (behind, -edge, FixtureKind.SIGN)]
    fixtures = []
    for station, offset, kind in posts:
        place = body.frame.points([station], offset)
        yaw = body.frame.yaw(station) + facing
        fixtures += _standing(place, [yaw], kind, ground, 0.35)
    return fixtures


def lamps(
    body: StreetBody, seed: int, width_m: float, ground: Ground, settings: DressingSettings
) -> list[Fixture]:
    """Lamps at regular distances, on both sides of wide streets, else on one or alternating."""
    if body.street.tunnel or (body.street.road_class is RoadClass.SERVICE and width_m <= 0.0):
        return []
    rng = stream('lamps', seed, body.number)
    length = body.frame.length_m
    if length < 8.0:
        return []
    count = max(1, round(length / settings.lamp_spacing_m))
    stations = (np.arange(count) + 0.5) * length / count
    habit = rng.random()
    fixtures = []
    for i, station in enumerate(stations.tolist()):
        sides = [1, -1] if body.street.width_m > 11.0 else [1 if habit < 0.4 else (-1) ** i]
        for side in sides:
            for behind in (0.55, max(width_m - 0.3, 0.7), width_m + 2.6):
                offset = side * (body.street.width_m / 2.0 + behind)
                yaw = body.frame.yaw(station) - side * np.pi / 2.0
                place = body.frame.points([station], offset)
                lamp = _standing(place, [yaw], FixtureKind.LAMP, ground, 0.5)
                if lamp:
                    fixtures += lamp
                    break
    return fixtures


def street_signs(body: StreetBody, seed: int, ground: Ground) -> list[Fixture]:
    """Parking and speed signs along a street, bins beside the pavement."""
    rng = stream('signs', seed, body.number)
    if body.street.tunnel or not body.exists or body.street.road_class is RoadClass.SERVICE:
        return []
    fixtures = []
    length = body.end_m - body.start_m
    for kind, spacing in ((FixtureKind.SIGN, 45.0), (FixtureKind.BIN, 120.0)):
        for _ in range(rng.poisson(length / spacing)):
            station = rng.uniform(body.start_m, body.end_m)
            side = int(rng.choice([-1, 1]))
            offset = side * (body.street.width_m / 2.0 + _POLE_BEHIND_KERB_M)
            facing = np.pi if side < 0 else 0.0
            yaw = body.frame.yaw(station) + facing
            fixtures += _standing(body.frame.points([station], offset), [yaw], kind, ground, 0.4)
    return fixtures


def bus_shelter(
    body: StreetBody, station: float, sign: int, width_m: float, ground: Ground
) -> list[Fixture]:
    """A shelter on the pavement beside a bus stop, open towards the road, if it fits."""
    side = -sign
    yaw = body.frame.yaw(station) - side * np.pi / 2.0
    for behind in (max(width_m - 0.9, 1.5), width_m + 0.9):
        place = body.frame.points([station], side * (body.street.width_m / 2.0 + behind))
        room = _box(place[0], yaw, 1.5, 4.0)
        if (
            ground.roads.clear_shapes([room], 0.25)[0]
            and ground.buildings.clear_shapes([room], 0.3)[0]
            and ground.spacing.take(float(place[0, 0]), float(place[0, 1]), 2.4)
        ):
            x, y = place[0].tolist()
            return [Fixture(x, y, _wrapped(yaw), FixtureKind.BUS_SHELTER, 4.0, 1.5)]
    return []


def bus_stop_places(
    roads: Roads, ends: dict[tuple[int, bool], StreetEnd], seed: int, settings: DressingSettings
) -> list[tuple[StreetBody, float, int]]:
    """Street, station and driving direction of each bus stop, on main streets."""
    places = []
    for body in roads.bodies:
        main = body.street.road_class in (RoadClass.PRIMARY, RoadClass.SECONDARY)
        if not main or body.street.tunnel or body.end_m - body.start_m < 60.0:
            continue
        rng = stream('bus stops', seed, body.number)
        for sign in (1, -1):
            lanes = body.section.forward_m if sign > 0 else body.section.backward_m
            if not lanes or rng.random() > body.frame.length_m / settings.bus_stop_spacing_m:
                continue
            far = ends[body.number, sign > 0]
            places.append((body, far.clear_m + sign * rng.uniform(14.0, 22.0), sign))
    return places


def park_furniture(layout: Layout, ground: Ground) -> list[Fixture]:
    """Benches and bins on squares and in parks, bollards around squares."""
    fixtures: list[Fixture] = []
    for number, area in enumerate(layout.areas):
        if area.kind not in (AreaKind.SQUARE, AreaKind.GRASS) or area.polygon.area < 150.0:
            continue
        rng = stream('park furniture', layout.seed, number)
        inner = area.polygon.buffer(-1.0)
        for kind, ground_m2 in ((FixtureKind.BENCH, 350.0), (FixtureKind.BIN, 900.0)):
            count = min(int(rng.poisson(area.polygon.area / ground_m2)), 60)
            if inner.is_empty or not count:
                continue
            places = points_inside(inner, count, rng)
            yaws = rng.uniform(-np.pi, np.pi, size=len(places))
            fixtures += _standing(places, yaws.tolist(), kind, ground, 1.0)
        if area.kind is AreaKind.SQUARE:
            fixtures += _bollards(area.polygon, ground, rng)
    return fixtures


def tunnel_roofs(roads: Roads, widths: dict[int, float]) -> list[Fixture]:
    """Slabs end to end over each tunnel, as wide as the roadway and its pavements."""
    roofs = []
    for body in roads.bodies:
        if not (body.street.tunnel and body.exists):
            continue
        count = max(1, int(np.ceil((body.end_m - body.start_m) / _ROOF_PIECE_M)))
        ends = body.frame.points(np.linspace(body.start_m, body.end_m, count + 1), 0.0)
        for (x0, y0), (x1, y1) in itertools.pairwise(ends):
            roofs.append(
                Fixture(
                    float(x0 + x1) / 2.0,
                    float(y0 + y1) / 2.0,
                    float(np.arctan2(y1 - y0, x1 - x0)),
                    FixtureKind.TUNNEL_ROOF,
                    float(np.hypot(x1 - x0, y1 - y0)) + 0.3,
                    body.street.width_m + 2.0 * widths[body.number] + 1.0,
                )
            )
    return roofs


def _bollards(square: Polygon, ground: Ground, rng: np.random.Generator) -> list[Fixture]:
    """Along the parts of a square's edge that face a roadway."""
    if rng.random() < 0.4:
        return []
    rim = square.buffer(-0.5)
    if rim.is_empty or rim.geom_type != 'Polygon':
        return []
    ring = rim.exterior
    steps = np.arange(0.0, ring.length, 2.2)
    places = np.array([ring.interpolate(step).coords[0] for step in steps.tolist()])
    near_road = ~ground.roads.clear(places, 5.0)
    places = places[near_road]
    return _standing(places, [0.0] * len(places), FixtureKind.BOLLARD, ground, 0.4)


def _standing(
    places: FloatArray, yaws: list[float], kind: FixtureKind, ground: Ground, radius_m: float
) -> list[Fixture]:
    """Fixtures at those places that are free."""
    free = (
        ground.roads.clear(places, 0.3)
        & ground.buildings.clear(places, 0.35)
        & ground.wet.clear(places, 0.3)
    )
    return [
        Fixture(x, y, _wrapped(yaw), kind)
        for (x, y), yaw, is_free in zip(places.tolist(), yaws, free, strict=True)
        if is_free and ground.spacing.take(x, y, radius_m)
    ]


def _box(centre: FloatArray, yaw: float, along: float, across: float) -> Polygon:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (along / 2.0, across / 2.0)
    cos, sin = np.cos(yaw), np.sin(yaw)
    return Polygon(corners @ np.array([[cos, sin], [-sin, cos]]) + centre)


def _wrapped(yaw: float) -> float:
    return float((yaw + np.pi) % (2.0 * np.pi) - np.pi)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Ground of the plots: lawns, courtyards, beds, paths to doors, driveways."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from geoloc_sim.randomness import stream
from geoloc_sim.world.overlay import polygons_of, united, without
from geoloc_sim.world.plots import Plot, Plots
from geoloc_sim.world.records import Area, AreaKind, BuildingUse, Layout, ParkingSlot

#: Share of green ground by use; the rest is paved.
_GREEN_SHARE = {
    BuildingUse.HOUSE: 0.95,
    BuildingUse.APARTMENTS: 0.65,
    BuildingUse.OFFICE: 0.3,
    BuildingUse.SHOPS: 0.25,
    BuildingUse.INDUSTRIAL: 0.1,
    BuildingUse.GARAGE: 0.15,
    BuildingUse.CHURCH: 0.5,
}
_DRIVEWAY_M = 3.0
#: Length and width of a car with some room around it.
_CAR_M = (4.9, 2.2)
#: Pavement reaches the fronts of these, and so deep.
_PAVED_FRONTS = (BuildingUse.SHOPS, BuildingUse.OFFICE)
_FRONT_M = 4.0
_NARROW_FRONT_M = 2.2


@dataclasses.dataclass(frozen=True, slots=True)
class Lawn:
    """Green where trees and bushes may grow, with the use of the building that it goes with."""

    ground: Polygon
    use: BuildingUse


@dataclasses.dataclass(frozen=True, slots=True)
class Gardens:
    """The ground of the plots.

    Attributes:
        areas: in the order of painting.
        lawns: where trees and bushes may grow.
        paths: paths and driveways, kept free of hedges and trees.
        slots: on driveways.
    """

    areas: tuple[Area, ...]
    lawns: tuple[Lawn, ...]
    paths: tuple[Polygon, ...]
    slots: tuple[ParkingSlot, ...]


def build_gardens(layout: Layout, plots: Plots, paved: BaseGeometry) -> Gardens:
    """Cover the plots.

    Args:
        layout: its areas (parks, water, squares) stay as they are.
        plots: where gardens may lie.
        paved: pavements, to which paths lead.
    """
    taken = united(area.polygon for area in layout.areas)
    shapely.prepare(taken)
    fronts = shapely.buffer(paved, _FRONT_M, quad_segs=2)
    buildings = shapely.STRtree([building.footprint for building in layout.buildings])
    footprints = np.array([building.footprint for building in layout.buildings], dtype=object)
    areas: list[Area] = []
    lawns: list[Lawn] = []
    paths: list[Area] = []
    slots: list[ParkingSlot] = []
    for plot in plots.plots:
        near = np.sort(buildings.query(plot.ground, predicate='intersects'))
        ground = without(plot.ground, united(footprints[near]))
        if taken.intersects(ground):
            ground = without(ground, taken)
        rng = stream('garden', layout.seed, plot.building.number, plot.block)
        front = _paved_front(plot, ground, fronts)
        if front:
            areas += [Area(part, AreaKind.PAVEMENT) for part in front]
            ground = without(ground, united(front))
        for part in polygons_of(ground, 0.5):
            kind = _ground_kind(plot.building.use, rng)
            areas.append(Area(part, kind, float(rng.uniform(0.82, 1.16))))
            if kind is AreaKind.GRASS:
                lawns.append(Lawn(part, plot.building.use))
                areas += _beds(part, plot, rng)
        if plot.ground.distance(paved) < 0.5:
            access = _access(plot, paved, ground, rng)
            paths += access[0]
            slots += access[1]
    shapes = tuple(area.polygon for area in paths)
    return Gardens((*areas, *paths), tuple(lawns), shapes, tuple(slots))


def _paved_front(plot: Plot, ground: BaseGeometry, fronts: BaseGeometry) -> list[Polygon]:
    """Ground between a town building and the pavement, which belongs to the pavement."""
    use = plot.building.use
    if use is not BuildingUse.APARTMENTS and use not in _PAVED_FRONTS:
        return []
    parts = polygons_of(shapely.intersection(ground, fronts), 0.3)
    if use is BuildingUse.APARTMENTS:
        parts = [part for part in parts if 2.0 * part.area / part.length < _NARROW_FRONT_M]
    return parts


def _ground_kind(use: BuildingUse, rng: np.random.Generator) -> AreaKind:
    if rng.random() < _GREEN_SHARE[use]:
        return AreaKind.GRASS
    if use in (BuildingUse.INDUSTRIAL, BuildingUse.GARAGE) and rng.random() < 0.5:
        return AreaKind.PARKING
    return AreaKind.COURTYARD


def _beds(ground: Polygon, plot: Plot, rng: np.random.Generator) -> list[Area]:
    """Beds and terraces near the house, vegetable patches away from it."""
    areas = []
    if ground.area < 60.0:
        return []
    if plot.building.use is BuildingUse.HOUSE and rng.random() < 0.6:
        terrace = plot.building.footprint.exterior.interpolate(rng.random(), normalized=True)
        side = rng.uniform(2.0, 3.6)
        shape = _turned_box(terrace.x, terrace.y, side, side * 0.8, _wall_yaw(plot))
        kind = AreaKind.COURTYARD
        areas += [Area(part, kind, 1.08) for part in polygons_of(shape.intersection(ground), 2.0)]
    if rng.random() < 0.45:
        west, south, east, north = ground.bounds
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        shape = _turned_box(x, y, rng.uniform(2.0, 7.0), rng.uniform(1.2, 3.0), _wall_yaw(plot))
        areas += [
            Area(part, AreaKind.SOIL, float(rng.uniform(0.85, 1.15)))
            for part in polygons_of(shape.intersection(ground.buffer(-0.8)), 1.5)
        ]
    return areas


def _access(
    plot: Plot, paved: BaseGeometry, ground: BaseGeometry, rng: np.random.Generator
) -> tuple[list[Area], list[ParkingSlot]]:
    """A path to the nearest pavement, and beside many houses a driveway with room for a car."""
    wall, kerb = nearest_points(plot.building.footprint, paved)
    distance = wall.distance(kerb)
    if not 0.6 < distance < 18.0:
        return [], []
    tone = float(rng.uniform(0.9, 1.15))
    path = LineString([kerb, wall]).buffer(0.7, cap_style='square').intersection(ground)
    areas = [Area(part, AreaKind.COURTYARD, tone) for part in polygons_of(path, 0.4)]
    if plot.building.use is not BuildingUse.HOUSE or distance < 2.0 or rng.random() < 0.35:
        return areas, []
    yaw = math.atan2(wall.y - kerb.y, wall.x - kerb.x)
    reach = distance + rng.uniform(1.0, 6.0)
    for side in rng.permutation([-1.0, 1.0]).tolist():
        for shift in (3.2, 5.0, 6.8):
            x = kerb.x - side * shift * math.sin(yaw)
            y = kerb.y + side * shift * math.cos(yaw)
            middle = reach / 2.0 - 0.6
            drive = _turned_box(
                x + middle * math.cos(yaw), y + middle * math.sin(yaw), reach, _DRIVEWAY_M, yaw
            )
            inside = drive.intersection(ground)
            place = reach - 3.4
            slot = ParkingSlot(x + place * math.cos(yaw), y + place * math.sin(yaw), yaw)
            car = _turned_box(slot.x_m, slot.y_m, *_CAR_M, yaw)
            if reach < 6.5 or not ground.contains(car):
                continue
            areas += [Area(part, AreaKind.COURTYARD, tone * 0.95) for part in polygons_of(inside)]
            return areas, [slot]
    return areas, []


def _wall_yaw(plot: Plot) -> float:
    """Direction of the longest wall."""
    ring = shapely.get_coordinates(plot.building.footprint.exterior)
    steps = np.diff(ring, axis=0)
    east, north = steps[np.argmax(np.hypot(*steps.T))]
    return math.atan2(north, east)


def _turned_box(x: float, y: float, length: float, width: float, yaw: float) -> Polygon:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (length / 2.0, width / 2.0)
    cos, sin = math.cos(yaw), math.sin(yaw)
    return Polygon(corners @ np.array([[cos, sin], [-sin, cos]]) + (x, y))

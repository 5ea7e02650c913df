# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""From a layout, whatever its source, to a furnished world."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import Polygon

from geoloc_sim.world.bays import Bay, apart, build_bays, clear_of_lanes, lane_slots
from geoloc_sim.world.car_parks import CarParks, build_car_parks
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.free_space import Obstacles, Spacing
from geoloc_sim.world.furniture import (
    bus_shelter,
    bus_stop_places,
    junction_posts,
    lamps,
    park_furniture,
    street_signs,
    tunnel_roofs,
)
from geoloc_sim.world.gardens import Gardens, build_gardens
from geoloc_sim.world.hedges import hedges
from geoloc_sim.world.junction_markings import bus_stop, end_markings
from geoloc_sim.world.markings import bay_markings, street_markings
from geoloc_sim.world.open_ground import bridge_rails, open_ground
from geoloc_sim.world.overlay import united
from geoloc_sim.world.pavements import Pavements, build_pavements, pavement_widths
from geoloc_sim.world.planting import Ground, garden_trees, known_trees, park_trees, tree_rows
from geoloc_sim.world.plots import Plots, build_plots
from geoloc_sim.world.records import (
    Area,
    AreaKind,
    Fixture,
    Layout,
    ParkingSlot,
    Tree,
    World,
)
from geoloc_sim.world.road_surface import manholes, patches
from geoloc_sim.world.roads import Roads, build_roads
from geoloc_sim.world.street_ends import StreetEnd, street_ends

_WIDEST_PATH_M = 3.5


@dataclasses.dataclass(frozen=True, slots=True)
class _Streets:
    """Everything between the fronts of the plots."""

    roads: Roads
    bays: tuple[Bay, ...]
    pavements: Pavements
    ends: dict[tuple[int, bool], StreetEnd]
    region: shapely.Geometry


def dress(layout: Layout, settings: DressingSettings) -> World:
    """Furnish a layout: roadways, pavements, markings, gardens, trees, furniture, parking.

    Nothing stands on a roadway or in a building; slots of parked cars lie beside the lanes.
    Everything follows from the layout, its seed and the settings.

    Args:
        layout: from any source.
        settings: how densely to furnish it.

    Returns:
        The world. Its areas are painted in order: plots, the layout's own areas, paths and car
        parks, pavements, bays, roads, patches, covers, markings.
    """
    streets = _streets(layout, settings)
    plots = build_plots(layout, streets.region)
    gardens = build_gardens(layout, plots, streets.pavements.region)
    rest, verges = open_ground(layout, plots)
    car_parks = build_car_parks(layout, plots, streets.region)
    places = [
        *lane_slots(streets.roads),
        *(slot for bay in streets.bays for slot in bay.slots),
        *car_parks.slots,
        *gardens.slots,
    ]
    slots = apart(clear_of_lanes(layout, places))
    gardens = dataclasses.replace(
        gardens,
        lawns=(*gardens.lawns, *verges),
        paths=(*gardens.paths, *_walks(layout, streets.pavements)),
    )
    ground = _ground(layout, streets, gardens, car_parks, slots)
    fixtures, trees = _standing(layout, streets, plots, gardens, ground, settings)
    areas = (
        *rest,
        *gardens.areas,
        *layout.areas,
        *car_parks.grounds,
        *streets.pavements.areas,
        *(Area(_overlapping(bay.polygon), AreaKind.PARKING) for bay in streets.bays),
        *streets.roads.areas,
        *_painted(layout.seed, streets, settings),
        *car_parks.markings,
    )
    return World(layout, areas, tuple(trees), tuple(fixtures), slots)


def _walks(layout: Layout, pavements: Pavements) -> list[Polygon]:
    """Footways, and the layout's own paths: narrow areas that are not green."""
    walks = [area.polygon for area in pavements.areas if area.kind is AreaKind.SQUARE]
    for area in layout.areas:
        narrow = 2.0 * area.polygon.area / area.polygon.length < _WIDEST_PATH_M
        if narrow and area.kind in (AreaKind.SOIL, AreaKind.SQUARE, AreaKind.COURTYARD):
            walks.append(area.polygon)
    return walks


def _overlapping(polygon: Polygon) -> Polygon:
    """A little larger, so that no gap opens between a bay and the road."""
    return polygon.buffer(0.04, join_style='mitre')


def _streets(layout: Layout, settings: DressingSettings) -> _Streets:
    roads = build_roads(layout, settings)
    widths = pavement_widths(layout, settings)
    bays = build_bays(layout, roads, widths, settings)
    pavements = build_pavements(layout, roads, bays, widths)
    region = united([roads.region, pavements.region, *(bay.polygon for bay in bays)])
    return _Streets(roads, bays, pavements, street_ends(layout, roads, settings), region)


def _ground(
    layout: Layout,
    streets: _Streets,
    gardens: Gardens,
    car_parks: CarParks,
    slots: tuple[ParkingSlot, ...],
) -> Ground:
    paved = [area.polygon for area in streets.roads.areas]
    paved += [bay.polygon for bay in streets.bays]
    paved += [area.polygon for area in car_parks.grounds]
    paved += [area.polygon for area in layout.areas if area.kind is AreaKind.PARKING]
    paved += list(shapely.buffer([shapely.Point(slot.x_m, slot.y_m) for slot in slots], 1.6))
    return Ground(
        Obstacles(paved),
        Obstacles(building.footprint for building in layout.buildings),
        Obstacles(area.polygon for area in layout.areas if area.kind is AreaKind.WATER),
        Obstacles(gardens.paths),
        Spacing(),
    )


def _standing(
    layout: Layout,
    streets: _Streets,
    plots: Plots,
    gardens: Gardens,
    ground: Ground,
    settings: DressingSettings,
) -> tuple[list[Fixture], list[Tree]]:
    """Furniture and trees; what must stand at its place comes first."""
    roads, widths = streets.roads, streets.pavements.widths_m
    fixtures = tunnel_roofs(roads, widths) + bridge_rails(layout, roads, widths, ground)
    for end in streets.ends.values():
        fixtures += junction_posts(end, ground)
    for body, station, sign in bus_stop_places(roads, streets.ends, layout.seed, settings):
        fixtures += bus_shelter(body, station, sign, widths[body.number], ground)
    for body in roads.bodies:
        fixtures += lamps(body, layout.seed, widths[body.number], ground, settings)
    for body in roads.bodies:
        fixtures += street_signs(body, layout.seed, ground)
    trees = known_trees(layout, ground)
    trees += tree_rows(layout, roads, streets.bays, widths, ground, settings)
    fixtures += park_furniture(layout, ground)
    trees += park_trees(layout, ground, settings)
    trees += garden_trees(layout, gardens.lawns, ground, settings)
    fixtures += hedges(layout, plots, gardens, ground, settings)
    return fixtures, trees


def _painted(seed: int, streets: _Streets, settings: DressingSettings) -> list[Area]:
    """Patches, covers and markings, those that lie on their own street alone."""
    layers: tuple[list[Area], list[Area], list[Area]] = ([], [], [])
    owners: tuple[list[int], list[int], list[int]] = ([], [], [])
    bodies = {body.number: body for body in streets.roads.bodies if body.exists}
    for number, body in bodies.items():
        ends = (streets.ends[number, True], streets.ends[number, False])
        painted = (
            patches(seed, body, settings),
            manholes(seed, body, settings),
            street_markings(seed, body, ends, settings)
            + end_markings(ends[0], seed)
            + end_markings(ends[1], seed),
        )
        for layer, owner, areas in zip(layers, owners, painted, strict=True):
            layer += areas
            owner += [number] * len(areas)
    for body, station, sign in bus_stop_places(streets.roads, streets.ends, seed, settings):
        stop = bus_stop(body, station, sign)
        layers[2].extend(stop)
        owners[2].extend([body.number] * len(stop))
    kept = [
        area
        for layer, owner in zip(layers, owners, strict=True)
        for area in _on_own_street(layer, owner, streets.roads)
    ]
    return kept + [area for bay in streets.bays for area in bay_markings(bay, bodies[bay.street])]


def _on_own_street(paint: list[Area], owners: list[int], roads: Roads) -> list[Area]:
    """Markings within their own street's body that touch no other street's."""
    if not paint:
        return []
    shapes = np.array([area.polygon for area in paint], dtype=object)
    numbers = np.array(list(roads.body_polygons))
    tree = shapely.STRtree(list(roads.body_polygons.values()))
    marks, hits = tree.query(shapes, predicate='intersects')
    keep = shapely.is_valid(shapes)
    keep[marks[numbers[hits] != np.array(owners)[marks]]] = False
    own = np.array([roads.body_polygons[owner] for owner in owners], dtype=object)
    shapely.prepare(own)
    keep &= shapely.covers(own, shapes)
    return [area for area, kept in zip(paint, keep, strict=True) if kept]

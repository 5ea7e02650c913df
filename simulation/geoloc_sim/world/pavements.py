# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Pavements along the roadways, parking bays cut into them, and footways."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from geoloc_sim.randomness import stream
from geoloc_sim.world.bays import Bay
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.overlay import each_without, polygons_of, united, without
from geoloc_sim.world.records import Area, AreaKind, Layout, RoadClass
from geoloc_sim.world.roads import Roads
from geoloc_sim.world.street_frame import street_frame

_WIDTH_FACTOR = {
    RoadClass.PRIMARY: 1.3,
    RoadClass.SECONDARY: 1.1,
    RoadClass.RESIDENTIAL: 0.85,
    RoadClass.SERVICE: 0.55,
    RoadClass.FOOTWAY: 0.0,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Pavements:
    """Where people walk.

    Attributes:
        widths_m: of the pavement on both sides, by street number; 0 where there is none.
        region: pavements and footways together, beside the roadways and the bays.
        areas: in pieces; they do not overlap the roadways.
    """

    widths_m: dict[int, float]
    region: BaseGeometry
    areas: tuple[Area, ...]


def pavement_widths(layout: Layout, settings: DressingSettings) -> dict[int, float]:
    """Width of the pavements of each street for vehicles, by street number."""
    widths = {}
    for number, street in enumerate(layout.streets):
        if street.road_class is RoadClass.FOOTWAY:
            continue
        factor = _WIDTH_FACTOR[street.road_class] * stream(
            'pavement', layout.seed, number
        ).uniform(0.7, 1.4)
        narrow = 0.5 if street.tunnel else 1.0
        widths[number] = settings.pavement_m * factor * narrow if street.has_pavement else 0.0
    return widths


def build_pavements(
    layout: Layout, roads: Roads, bays: tuple[Bay, ...], widths: dict[int, float]
) -> Pavements:
    """Pavements along every street that has them, around its corners and behind its bays."""
    shapes: list[BaseGeometry] = []
    tones: list[float] = []
    for body in roads.bodies:
        width = widths[body.number]
        if width > 0.0:
            reach = body.street.width_m / 2.0 + width
            line = body.frame.line(0.0, body.frame.length_m)
            shapes.append(line.buffer(reach, cap_style='flat', quad_segs=6))
            tones.append(
                float(stream('pavement tone', layout.seed, body.number).uniform(0.85, 1.15))
            )
    for junction in roads.junctions:
        width = min(widths[arm.street] for arm in junction.arms)
        if width > 0.0 and len(junction.arms) > 1:
            place = Point(layout.junctions_m[junction.number])
            shapes.append(place.buffer(junction.core_radius_m + width, quad_segs=8))
            tones.append(1.0)
    corner = min([width for width in widths.values() if width > 0.0], default=0.0)
    if corner > 0.0:
        shapes += [fill.buffer(max(corner, 1.5), quad_segs=4) for fill in roads.corner_fills]
        tones += [1.0] * len(roads.corner_fills)
    shapes += [bay.backing for bay in bays]
    tones += [1.0] * len(bays)
    taken = united([roads.region, *(bay.polygon for bay in bays)])
    areas = _partition(shapes, tones, taken)
    areas += _footways(layout, taken)
    region = united(area.polygon for area in areas)
    return Pavements(widths, region, tuple(areas))


def _partition(shapes: list[BaseGeometry], tones: list[float], taken: BaseGeometry) -> list[Area]:
    """What each shape has for itself beside what is taken; earlier shapes come first."""
    free = each_without(np.array(shapes, dtype=object), taken)
    tree = shapely.STRtree(free)
    first, second = tree.query(free, predicate='intersects')
    areas = []
    for i, shape in enumerate(free):
        earlier = second[(first == i) & (second < i)]
        if len(earlier):
            shape = without(shape, united(free[earlier]))
        areas += [Area(part, AreaKind.PAVEMENT, tones[i]) for part in polygons_of(shape, 0.01)]
    return areas


def _footways(layout: Layout, taken: BaseGeometry) -> list[Area]:
    lines = [
        street_frame(street.centre_line_m)
        .line(0.0, np.inf)
        .buffer(street.width_m / 2.0, cap_style='round', quad_segs=4)
        for street in layout.streets
        if street.road_class is RoadClass.FOOTWAY and not street.tunnel
    ]
    if not lines:
        return []
    paths = without(united(lines), taken)
    return [Area(part, AreaKind.SQUARE, 1.05) for part in polygons_of(paths, 0.1)]

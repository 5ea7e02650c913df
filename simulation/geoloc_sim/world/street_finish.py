# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Last touches to the street network: lanes of spurs, one-way streets, a tunnel."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry import LineString

from geoloc_ros.types import FloatArray
from geoloc_sim.world.curves import resampled
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import RoadClass, Street
from geoloc_sim.world.street_classes import PROFILES
from geoloc_sim.world.street_graph import PlannedStreet, StreetGraph
from geoloc_sim.world.street_skeleton import Skeleton

_ONE_WAY_SHARE = 0.12
_SPUR_AS_SERVICE_M = 75.0


def finish_streets(
    skeleton: Skeleton, settings: ProceduralSettings, generator: np.random.Generator
) -> tuple[FloatArray, tuple[Street, ...]]:
    """Junctions, shape (n, 2), and streets of a grown network, all connected."""
    graph = skeleton.graph
    graph.contract_short(9.0)
    _keep_largest(graph)
    graph.merge_pass_through()
    _narrow_spurs(graph, skeleton, generator)
    _draw_one_ways(graph, generator)
    if generator.random() < settings.tunnel_share:
        _cover_one(graph, skeleton, generator)
    used = sorted(graph.streets_at())
    renumbered = {old: new for new, old in enumerate(used)}
    places = np.array([graph.places_m[old] for old in used])
    streets = tuple(
        _finished(street, renumbered[street.start], renumbered[street.end])
        for _, street in sorted(graph.streets.items())
    )
    return places, streets


def _finished(street: PlannedStreet, start: int, end: int) -> Street:
    profile = PROFILES[street.road_class]
    return Street(
        start=start,
        end=end,
        centre_line_m=resampled(street.line_m),
        road_class=street.road_class,
        lanes=1 if street.one_way and street.width_m < 6.5 else profile.lanes,
        width_m=street.width_m,
        one_way=street.one_way,
        tunnel=street.tunnel,
        has_pavement=street.road_class is not RoadClass.SERVICE,
    )


def _components(graph: StreetGraph, *, directed: bool) -> tuple[int, npt.NDArray[np.int32]]:
    """Number of components and the component of each junction."""
    pairs = []
    for street in graph.streets.values():
        pairs.append((street.start, street.end))
        if not street.one_way:
            pairs.append((street.end, street.start))
    rows, columns = np.array(pairs).T
    size = len(graph.places_m)
    matrix = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    count, labels = connected_components(matrix, directed=directed, connection='strong')
    return int(count), labels


def _keep_largest(graph: StreetGraph) -> None:
    """Take out every street that the largest connected part does not hold."""
    _, labels = _components(graph, directed=False)
    lengths = np.zeros(labels.max() + 1)
    for street in graph.streets.values():
        lengths[labels[street.start]] += street.length_m
    kept = int(np.argmax(lengths))
    graph.remove([n for n, s in graph.streets.items() if labels[s.start] != kept])


def _narrow_spurs(graph: StreetGraph, skeleton: Skeleton, generator: np.random.Generator) -> None:
    """Make some short dead ends service roads."""
    at = graph.streets_at()
    for number, street in sorted(graph.streets.items()):
        ends = [junction for junction in (street.start, street.end) if len(at[junction]) == 1]
        inside = [j for j in ends if not _on_bounds(graph.places_m[j], skeleton.bounds_m)]
        if not inside or street.road_class is not RoadClass.RESIDENTIAL:
            continue
        if street.length_m < _SPUR_AS_SERVICE_M and generator.random() < 0.6:
            profile = PROFILES[RoadClass.SERVICE]
            width = float(generator.uniform(profile.narrowest_m, profile.widest_m))
            graph.streets[number] = dataclasses.replace(
                street, road_class=RoadClass.SERVICE, width_m=width
            )


def _on_bounds(place: FloatArray, bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = bounds
    x, y = place
    return bool(min(x - west, east - x, y - south, north - y) < 0.01)


def _draw_one_ways(graph: StreetGraph, generator: np.random.Generator) -> None:
    """Make some residential streets one-way, as long as every place stays in reach."""
    at = graph.streets_at()
    count, _ = _components(graph, directed=True)
    for number, street in sorted(graph.streets.items()):
        drawn = generator.random() < _ONE_WAY_SHARE
        width = float(generator.uniform(4.2, 5.4))
        if not drawn or street.road_class is not RoadClass.RESIDENTIAL:
            continue
        if min(len(at[street.start]), len(at[street.end])) < 3 or street.start == street.end:
            continue
        graph.streets[number] = dataclasses.replace(street, one_way=True, width_m=width)
        if _components(graph, directed=True)[0] > count:
            graph.streets[number] = street


def _cover_one(graph: StreetGraph, skeleton: Skeleton, generator: np.random.Generator) -> None:
    """Cover the middle of one long street, away from the river."""
    water = None if skeleton.river is None else skeleton.river.strip
    long_ones = []
    for number, street in sorted(graph.streets.items()):
        wide = street.road_class in (RoadClass.PRIMARY, RoadClass.SECONDARY)
        if wide and street.length_m > 105.0 and not street.one_way:
            wet = water is not None and water.intersects(LineString(street.line_m))
            if not wet:
                long_ones.append(number)
    if not long_ones:
        return
    number = long_ones[int(generator.integers(len(long_ones)))]
    street = graph.streets[number]
    covered = float(generator.uniform(40.0, min(80.0, street.length_m - 60.0)))
    first = (street.length_m - covered) / 2.0
    line = LineString(street.line_m)
    portals = [
        graph.split(graph.nearest(place)[0], place)
        for place in (
            np.asarray(line.interpolate(along).coords[0]) for along in (first, first + covered)
        )
    ]
    for number, street in graph.streets.items():
        if [street.start, street.end] == portals:
            graph.streets[number] = dataclasses.replace(street, tunnel=True)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Traces of work on the roads: repaired patches, trenches, manholes and gullies."""

from __future__ import annotations

import numpy as np
from shapely.geometry import Polygon

from geoloc_sim.randomness import stream
from geoloc_sim.world import symbols
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.records import Area, AreaKind
from geoloc_sim.world.roads import StreetBody

_KERB_CLEARANCE_M = 0.25


def patches(seed: int, body: StreetBody, settings: DressingSettings) -> list[Area]:
    """Repaired pieces of a street: small rectangles, trenches along it and across it."""
    rng = stream('patches', seed, body.number)
    length = body.end_m - body.start_m
    areas = []
    for _ in range(rng.poisson(length / settings.patch_spacing_m)):
        polygon = _patch(body, rng)
        if polygon.is_valid:
            areas.append(Area(polygon, AreaKind.ROAD_PATCH, float(rng.uniform(0.72, 1.25))))
    if length > 40.0 and rng.random() < 0.2:
        areas += _resurfaced(body, rng)
    return areas


def _patch(body: StreetBody, rng: np.random.Generator) -> Polygon:
    half = body.street.width_m / 2.0 - _KERB_CLEARANCE_M
    room = body.end_m - body.start_m
    kind = rng.random()
    if kind < 0.2:  # a trench along the street
        length, width = min(rng.uniform(8.0, 40.0), 0.7 * room), rng.uniform(0.6, 1.1)
    elif kind < 0.4:  # a trench across it
        length, width = rng.uniform(0.6, 1.4), 2.0 * half
    else:
        length = min(float(rng.gamma(2.0, 1.4)) + 0.8, 0.5 * room)
        width = min(float(rng.gamma(2.0, 0.7)) + 0.6, half)
    start = body.start_m + rng.uniform(0.0, room - length)
    right = rng.uniform(-half, half - width) if width < 2.0 * half else -half
    frame = body.frame
    ragged = rng.uniform(-0.12, 0.12, size=4)
    if length > 6.0:
        return frame.strip(start, start + length, right, right + width)
    s = np.clip(np.array([0.0, length, length, 0.0]) + start + ragged, body.start_m, body.end_m)
    return Polygon(frame.points(s, [right, right, right + width, right + width]))


def _resurfaced(body: StreetBody, rng: np.random.Generator) -> list[Area]:
    """One half of the road or all of it renewed over some length."""
    room = body.end_m - body.start_m
    length = rng.uniform(0.25, 0.6) * room
    start = body.start_m + rng.uniform(0.0, room - length)
    half = body.street.width_m / 2.0
    middle = body.section.divider_m if body.section.backward_m else 0.0
    right, left = ((-half, half), (-half, middle), (middle, half))[int(rng.integers(3))]
    polygon = body.frame.strip(start, start + length, right, left)
    if not polygon.is_valid:
        return []
    return [Area(polygon, AreaKind.ROAD_PATCH, float(rng.uniform(0.8, 1.0)))]


def manholes(seed: int, body: StreetBody, settings: DressingSettings) -> list[Area]:
    """Round covers in the lanes and gullies at the kerbs."""
    rng = stream('manholes', seed, body.number)
    length = body.end_m - body.start_m
    half = body.street.width_m / 2.0
    areas = []
    row = rng.uniform(-0.6, 0.6) * (half - 0.8)
    for _ in range(rng.poisson(length / settings.manhole_spacing_m)):
        station = rng.uniform(body.start_m + 0.5, body.end_m - 0.5)
        offset = float(np.clip(row + rng.normal(0.0, 0.3), -half + 0.5, half - 0.5))
        cover = body.frame.placed(symbols.circle(0.34), station, offset)
        areas.append(Area(cover, AreaKind.MANHOLE, float(rng.uniform(0.8, 1.1))))
    for side in (-1.0, 1.0):
        for station in np.arange(
            body.start_m + rng.uniform(2.0, 20.0), body.end_m - 0.5, 26.0
        ).tolist():
            low, high = sorted((side * (half - 0.08), side * (half - 0.43)))
            gully = body.frame.strip(station, station + 0.45, low, high)
            areas.append(Area(gully, AreaKind.MANHOLE, 0.9))
    return areas

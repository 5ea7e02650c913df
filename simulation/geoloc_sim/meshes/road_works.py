# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Small sites of a day at the kerb: barriers, cones, a heap, a piece of opened pavement."""

from __future__ import annotations

import math

import numpy as np

from geoloc_sim.meshes import colours
from geoloc_sim.meshes.builder import FIXTURE_ID, MeshBuilder, Surface
from geoloc_sim.meshes.colours import linear
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.solids import box, joined, placed, tube
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.records import KERB_HEIGHT_M, World

#: A site's object ids begin here; those of lasting fixtures stay below.
SITE_ID = FIXTURE_ID + 500_000

_ON_ROAD_M = 0.35
_ON_PAVEMENT_M = 1.4
_ORANGE = linear('d8561c')


def add_road_works(builder: MeshBuilder, world: World, day: DayConditions) -> None:
    """Add the day's sites along streets with pavements; they hardly stand out into the road."""
    streets = [
        street
        for street in world.layout.streets
        if street.has_pavement and not street.tunnel and len(street.centre_line_m) >= 2
    ]
    if not streets:
        return
    for site in range(day.road_works):
        rng = stream('road_works', day.seed, site)
        street = streets[int(rng.integers(len(streets)))]
        line = street.centre_line_m
        steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
        along = float(rng.uniform(0.3, 0.7)) * float(np.sum(steps))
        at = int(np.clip(np.searchsorted(np.cumsum(steps), along), 0, len(steps) - 1))
        forward = (line[at + 1] - line[at]) / max(float(steps[at]), 1e-9)
        point = line[at] + (along - float(np.sum(steps[:at]))) * forward
        side = float(rng.choice([-1.0, 1.0]))
        left = side * np.array([-forward[1], forward[0]])
        kerb = point + left * street.width_m / 2.0
        _add_site(
            builder, (float(kerb[0]), float(kerb[1]), math.atan2(left[1], left[0])), rng, site
        )


def _add_site(
    builder: MeshBuilder, pose: tuple[float, float, float], rng: np.random.Generator, site: int
) -> None:
    """A site at the kerb point (x, y, yaw); its +x points onto the pavement."""
    x, y, yaw = pose
    half = float(rng.uniform(2.0, 4.5))
    across = (-math.sin(yaw), math.cos(yaw), 0.0)
    ids = SITE_ID + site
    stripes = builder.surface(
        Surface(
            SurfaceKind.BARRIER, colours.WHITE, linear('b3201f'), (x, y, 0.0), across,
            (0.0, 0.0, 1.0), object_id=ids,
        )
    )  # fmt: skip
    grey = builder.surface(Surface(SurfaceKind.METAL, colours.STEEL, object_id=ids))
    orange = builder.surface(Surface(SurfaceKind.PLAIN, _ORANGE, object_id=ids))
    soil = builder.surface(Surface(SurfaceKind.SOIL, linear('6b563f'), object_id=ids))
    boards, feet = [], []
    for edge in (-_ON_ROAD_M, _ON_PAVEMENT_M):
        boards.append(box((0.05, 2.0 * half, 0.25), (edge, 0.0, 0.85)))
        feet += [box((0.3, 0.1, 1.0), (edge, y_at, 0.0)) for y_at in (-half, 0.0, half)]
    width = _ON_ROAD_M + _ON_PAVEMENT_M
    middle = (_ON_PAVEMENT_M - _ON_ROAD_M) / 2.0
    boards += [box((width, 0.05, 0.25), (middle, end, 0.85)) for end in (-half, half)]
    builder.add(placed(joined(boards), x, y, 0.0, yaw), stripes)
    builder.add(placed(joined(feet), x, y, 0.0, yaw), grey)
    cones = [
        tube((-_ON_ROAD_M, end, 0.0), (-_ON_ROAD_M, end, 0.75), 0.16, 0.03, 7)
        for end in (-half - 1.0, half + 1.0)
    ]
    builder.add(placed(joined(cones), x, y, 0.0, yaw), orange)
    pit = box((_ON_PAVEMENT_M - 0.2, 1.6 * half, 0.02), (_ON_PAVEMENT_M / 2.0, 0.0, KERB_HEIGHT_M))
    heap = tube((0.75, 0.4 * half, 0.1), (0.75, 0.4 * half, 0.85), 0.6, 0.12, 8, capped=True)
    builder.add(placed(joined([pit, heap]), x, y, 0.0, yaw), soil)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The street plan of a town: main roads, side streets and last touches, checked."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import LineString

from geoloc_ros.errors import SettingError
from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import Street
from geoloc_sim.world.street_finish import finish_streets
from geoloc_sim.world.street_skeleton import Skeleton, make_skeleton
from geoloc_sim.world.street_splitting import add_side_streets

_ATTEMPTS = 20
_SAME_PLACE_M = 1e-3


@dataclasses.dataclass(frozen=True, slots=True)
class StreetPlan:
    """The streets of a town.

    Attributes:
        skeleton: what the main roads were drawn from.
        junctions_m: shape (n, 2).
        streets: between those junctions; they meet nowhere else.
    """

    skeleton: Skeleton
    junctions_m: FloatArray
    streets: tuple[Street, ...]


def plan_streets(settings: ProceduralSettings, seed: int) -> StreetPlan:
    """The streets of the town of a seed.

    About one drawing in a hundred has streets that cross outside a junction; it is drawn again.

    Raises:
        SettingError: the seed is negative, or no drawing succeeded.
    """
    for attempt in range(_ATTEMPTS):
        skeleton = make_skeleton(settings, stream('town skeleton', seed, attempt))
        add_side_streets(skeleton, settings, stream('town side streets', seed, attempt))
        finish = stream('town street finish', seed, attempt)
        junctions, streets = finish_streets(skeleton, settings, finish)
        if meet_at_junctions_only(junctions, streets):
            return StreetPlan(skeleton, junctions, streets)
    raise SettingError(
        f'{_ATTEMPTS} street plans of seed {seed} all had streets that cross outside a junction; '
        'expected one without: use another seed or a block_area_m2 nearer to 5500'
    )


def meet_at_junctions_only(junctions_m: FloatArray, streets: tuple[Street, ...]) -> bool:
    """Whether no street crosses itself or another one anywhere but at a junction of both."""
    lines = np.array([LineString(street.centre_line_m) for street in streets], dtype=object)
    if not shapely.is_simple(lines).all():
        return False
    first, second = shapely.STRtree(lines).query(lines, predicate='intersects')
    for a, b in zip(first, second, strict=True):
        if a >= b:
            continue
        one, two = streets[a], streets[b]
        shared = sorted({one.start, one.end} & {two.start, two.end})
        places = shapely.get_coordinates(lines[a].intersection(lines[b]))
        gaps = places[:, None, :] - junctions_m[shared][None, :, :]
        nearest = np.hypot(gaps[..., 0], gaps[..., 1]).min(axis=1, initial=np.inf)
        if nearest.max(initial=0.0) > _SAME_PLACE_M:
            return False
    return True

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Junctions: which street ends meet, where their kerbs part, and how traffic is ruled."""

from __future__ import annotations

import dataclasses
import enum
import math

import numpy as np

from geoloc_sim.randomness import stream
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.records import Layout, RoadClass, Street
from geoloc_sim.world.street_frame import street_frame

RANK = {
    RoadClass.PRIMARY: 3,
    RoadClass.SECONDARY: 2,
    RoadClass.RESIDENTIAL: 1,
    RoadClass.SERVICE: 0,
    RoadClass.FOOTWAY: -1,
}
_DIRECTION_REACH_M = 7.0
_LARGEST_TANGENT_M = 10.0
_LARGEST_TRIM_M = 28.0
_STRAIGHT_RAD = math.radians(155.0)


class Control(enum.Enum):
    """What rules a street end at a junction."""

    NONE = 'none'
    PRIORITY = 'priority'
    YIELD = 'yield'
    STOP = 'stop'
    SIGNALS = 'signals'


@dataclasses.dataclass(frozen=True, slots=True)
class Arm:
    """One end of a street at a junction.

    Attributes:
        street: number of the street in its layout.
        at_start: the street's start lies at the junction, else its end.
        angle_rad: direction in which the street leaves the junction.
        half_m: half the width of its roadway.
        rank: of its class, see RANK.
    """

    street: int
    at_start: bool
    angle_rad: float
    half_m: float
    rank: int


@dataclasses.dataclass(frozen=True, slots=True)
class Corner:
    """Where the left kerb of one arm meets the right kerb of the next, counter-clockwise."""

    first: Arm
    second: Arm
    radius_m: float
    reach_m: tuple[float, float]  # along each arm, to where the rounding begins


@dataclasses.dataclass(frozen=True, slots=True)
class Junction:
    """Arms at one place.

    Attributes:
        number: in its layout.
        arms: counter-clockwise, footways left out.
        corners: between neighbouring arms that meet at less than a straight angle.
        trims_m: how far each arm belongs to the junction.
        controls: what rules each arm.
    """

    number: int
    arms: tuple[Arm, ...]
    corners: tuple[Corner, ...]
    trims_m: tuple[float, ...]
    controls: tuple[Control, ...]

    @property
    def core_radius_m(self) -> float:
        """Radius of the disc that fills the outside of a bend: the second widest half width."""
        halves = sorted((arm.half_m for arm in self.arms), reverse=True)
        return halves[1] if len(halves) > 1 else halves[0]


def find_junctions(layout: Layout, settings: DressingSettings) -> tuple[Junction, ...]:
    """All junctions that have at least one street for vehicles."""
    by_number: dict[int, list[Arm]] = {}
    for number, street in enumerate(layout.streets):
        if street.road_class is RoadClass.FOOTWAY:
            continue
        for at_start, junction in ((True, street.start), (False, street.end)):
            by_number.setdefault(junction, []).append(_arm(number, street, at_start))
    return tuple(
        _junction(number, by_number[number], layout.seed, settings) for number in sorted(by_number)
    )


def _arm(number: int, street: Street, at_start: bool) -> Arm:
    frame = street_frame(street.centre_line_m)
    reach = min(_DIRECTION_REACH_M, frame.length_m)
    here, there = (0.0, reach) if at_start else (frame.length_m, frame.length_m - reach)
    (x0, y0), (x1, y1) = frame.points([here, there], 0.0)
    angle = math.atan2(y1 - y0, x1 - x0)
    return Arm(number, at_start, angle, street.width_m / 2.0, RANK[street.road_class])


def _junction(number: int, arms: list[Arm], seed: int, settings: DressingSettings) -> Junction:
    arms.sort(key=lambda arm: (arm.angle_rad, arm.street, arm.at_start))
    rng = stream('junction', seed, number)
    corners = []
    trims = [0.0] * len(arms)
    for i, arm in enumerate(arms):
        j = (i + 1) % len(arms)
        if len(arms) > 1:
            radius = settings.kerb_radius_m * rng.uniform(0.6, 1.5)
            corner = _corner(arm, arms[j], radius)
            if corner is not None:
                corners.append(corner)
                trims[i] = max(trims[i], corner.reach_m[0])
                trims[j] = max(trims[j], corner.reach_m[1])
    return Junction(number, tuple(arms), tuple(corners), tuple(trims), _controls(arms, rng))


def _corner(first: Arm, second: Arm, radius_m: float) -> Corner | None:
    """The corner between neighbouring arms; none where they run on straight or fold back."""
    gap = (second.angle_rad - first.angle_rad) % (2.0 * math.pi)
    if gap >= _STRAIGHT_RAD or gap < 1e-3:
        return None
    if second.rank == 0 or first.rank == 0:
        radius_m *= 0.6
    tangent = min(radius_m / math.tan(gap / 2.0), _LARGEST_TANGENT_M)
    radius = tangent * math.tan(gap / 2.0)
    sin, cos = math.sin(gap), math.cos(gap)
    reach = tuple(
        min(max((own * cos + other) / sin, 0.0) + tangent, _LARGEST_TRIM_M)
        for own, other in ((first.half_m, second.half_m), (second.half_m, first.half_m))
    )
    return Corner(first, second, radius, (reach[0], reach[1]))


def _controls(arms: list[Arm], rng: np.random.Generator) -> tuple[Control, ...]:
    ranks = [arm.rank for arm in arms]
    if len(arms) < 3:
        return tuple(Control.NONE for _ in arms)
    main = sum(rank >= 2 for rank in ranks)
    if main >= 3 and rng.random() < 0.75:
        return tuple(Control.SIGNALS if rank > 0 else Control.YIELD for rank in ranks)
    if len(set(ranks)) == 1 and max(ranks) < 2:
        return tuple(Control.NONE for _ in arms)
    minor = Control.STOP if rng.random() < 0.35 else Control.YIELD
    if len(set(ranks)) == 1:
        first = int(rng.integers(len(arms)))
        return tuple(minor if i == first else Control.PRIORITY for i in range(len(arms)))
    return tuple(Control.PRIORITY if rank == max(ranks) else minor for rank in ranks)

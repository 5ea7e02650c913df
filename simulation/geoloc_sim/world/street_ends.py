# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How each street ends at its junctions: crossing, stop line, lights, and what lies beyond."""

from __future__ import annotations

import dataclasses
import enum

from geoloc_sim.randomness import stream
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.junctions import Control
from geoloc_sim.world.records import Layout, RoadClass
from geoloc_sim.world.roads import Roads, StreetBody


class Crossing(enum.Enum):
    """How people cross the end of a street."""

    NONE = 'none'
    ZEBRA = 'zebra'
    FORD = 'ford'  # two broken lines, at traffic lights


@dataclasses.dataclass(frozen=True, slots=True)
class StreetEnd:
    """One end of a street's body, seen by those who drive towards the junction.

    Attributes:
        body: the street.
        sign: 1 at the street's end, -1 at its start: the driver's direction along the street.
        arms: how many streets meet there.
        control: what rules the drivers.
        crossing: how people cross here.
        crossing_from_m: station of the crossing's border at the junction.
        crossing_to_m: station of its other border; the same without a crossing.
        stop_m: station of the stop or yield line's edge at the junction.
        clear_m: station where the ordinary lane markings begin.
        turns: angles to the left of straight on to the other arms, radians in (-pi, pi].
    """

    body: StreetBody
    sign: int
    arms: int
    control: Control
    crossing: Crossing
    crossing_from_m: float
    crossing_to_m: float
    stop_m: float
    clear_m: float
    turns: tuple[float, ...]

    def upstream(self, station: float, distance_m: float) -> float:
        """The station this far back from the junction."""
        return station - self.sign * distance_m

    @property
    def approach_m(self) -> tuple[float, ...]:
        """Offsets of the lanes that lead to the junction, from the kerb inwards."""
        return self.body.section.forward_m if self.sign > 0 else self.body.section.backward_m


def street_ends(
    layout: Layout, roads: Roads, settings: DressingSettings
) -> dict[tuple[int, bool], StreetEnd]:
    """The ends of every street that has a body, by street number and whether at its start."""
    bodies = {body.number: body for body in roads.bodies}
    ends = {}
    for junction in roads.junctions:
        for i, arm in enumerate(junction.arms):
            body = bodies[arm.street]
            if not body.exists:
                continue
            turns = tuple(
                _wrapped(other.angle_rad - arm.angle_rad - 3.141592653589793)
                for j, other in enumerate(junction.arms)
                if j != i
            )
            ends[arm.street, arm.at_start] = _end(
                layout.seed, body, arm.at_start, junction.controls[i], turns, settings
            )
    return ends


def _wrapped(angle: float) -> float:
    two_pi = 6.283185307179586
    return (angle + two_pi / 2.0) % two_pi - two_pi / 2.0


def _end(
    seed: int,
    body: StreetBody,
    at_start: bool,
    control: Control,
    turns: tuple[float, ...],
    settings: DressingSettings,
) -> StreetEnd:
    sign = -1 if at_start else 1
    rng = stream('street end', seed, body.number, int(at_start))
    kerb = body.start_m if at_start else body.end_m
    room = body.end_m - body.start_m
    crossing = Crossing.NONE
    if len(turns) >= 2 and room > 16.0 and body.street.has_pavement and not body.street.tunnel:
        share = settings.crossing_share * (
            0.4 if body.street.road_class in (RoadClass.RESIDENTIAL, RoadClass.SERVICE) else 1.0
        )
        if control is Control.SIGNALS and rng.random() < 0.9:
            crossing = Crossing.ZEBRA if rng.random() < 0.4 else Crossing.FORD
        elif rng.random() < share:
            crossing = Crossing.ZEBRA
    depth = float(rng.uniform(3.0, 4.5)) if crossing is not Crossing.NONE else 0.0
    begin = kerb - sign * 0.5
    end = begin - sign * depth
    stop = end - sign * (1.0 if depth else 0.2)
    ruled = control in (Control.STOP, Control.YIELD, Control.SIGNALS)
    clear = stop - sign * (0.5 if ruled or depth else 0.0)
    if len(turns) < 2:
        begin = end = stop = clear = kerb
    return StreetEnd(body, sign, 1 + len(turns), control, crossing, begin, end, stop, clear, turns)

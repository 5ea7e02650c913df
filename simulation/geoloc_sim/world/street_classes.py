# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How wide streets are, by class."""

from __future__ import annotations

import dataclasses

from geoloc_sim.world.records import RoadClass, Street


@dataclasses.dataclass(frozen=True, slots=True)
class StreetProfile:
    """The cross-section of a class of street.

    Attributes:
        lanes: both directions together.
        narrowest_m: roadway from kerb to kerb, at least.
        widest_m: roadway from kerb to kerb, at most.
        pavement_m: ground kept free of buildings on either side of the roadway.
    """

    lanes: int
    narrowest_m: float
    widest_m: float
    pavement_m: float


PROFILES: dict[RoadClass, StreetProfile] = {
    RoadClass.PRIMARY: StreetProfile(4, 13.0, 14.5, 4.7),
    RoadClass.SECONDARY: StreetProfile(2, 8.0, 10.0, 4.0),
    RoadClass.RESIDENTIAL: StreetProfile(2, 5.6, 7.4, 3.1),
    RoadClass.SERVICE: StreetProfile(2, 4.8, 5.6, 1.5),
    RoadClass.FOOTWAY: StreetProfile(1, 2.0, 3.0, 0.5),
}


def free_half_width_m(street: Street) -> float:
    """Distance from the centre line within which no procedural building stands."""
    return street.width_m / 2.0 + PROFILES[street.road_class].pavement_m

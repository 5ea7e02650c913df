# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Heights, storeys and roofs of buildings by what they are for."""

from __future__ import annotations

import dataclasses

import numpy as np
from shapely.geometry import Polygon

from geoloc_sim.world.footprints import (
    has_right_angles,
    inscribed_middle,
    long_axis,
    rectangularity,
)
from geoloc_sim.world.records import Area, BuildingUse, RoofKind

_PITCHED_FROM = 0.86


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedBuilding:
    """A building before it has a number; the attributes are those of ``records.Building``."""

    footprint: Polygon
    eaves_height_m: float
    roof: RoofKind
    ridge_height_m: float
    storeys: int
    use: BuildingUse


_STOREY_M = {
    BuildingUse.HOUSE: 2.8,
    BuildingUse.APARTMENTS: 3.0,
    BuildingUse.OFFICE: 3.5,
    BuildingUse.SHOPS: 3.2,
    BuildingUse.INDUSTRIAL: 5.0,
    BuildingUse.GARAGE: 2.6,
    BuildingUse.CHURCH: 4.5,
}

#: Shares of FLAT, GABLE, HIP, SHED for footprints near a rectangle.
_ROOF_SHARES = {
    BuildingUse.HOUSE: (0.1, 0.55, 0.28, 0.07),
    BuildingUse.APARTMENTS: (0.3, 0.5, 0.2, 0.0),
    BuildingUse.OFFICE: (0.8, 0.05, 0.15, 0.0),
    BuildingUse.SHOPS: (0.25, 0.55, 0.2, 0.0),
    BuildingUse.INDUSTRIAL: (0.5, 0.3, 0.0, 0.2),
    BuildingUse.GARAGE: (0.7, 0.2, 0.0, 0.1),
    BuildingUse.CHURCH: (0.0, 1.0, 0.0, 0.0),
}

_PITCH_DEG = {
    BuildingUse.INDUSTRIAL: (6.0, 14.0),
    BuildingUse.GARAGE: (15.0, 30.0),
    BuildingUse.CHURCH: (48.0, 58.0),
    BuildingUse.OFFICE: (15.0, 30.0),
}


def planned(
    footprint: Polygon,
    use: BuildingUse,
    storeys: int,
    generator: np.random.Generator,
    roof: RoofKind | None = None,
) -> PlannedBuilding:
    """A building of a use with the heights and the roof that suit it.

    Args:
        footprint: where it stands.
        use: what it is for.
        storeys: floors up to the eaves.
        generator: draws roof and heights.
        roof: fixed beforehand, as in a row of equal houses; drawn if None. Footprints with
            courtyards, or neither near a rectangle nor made of right angles, get a flat roof in
            any case.
    """
    eaves = storeys * _STOREY_M[use] * generator.uniform(0.96, 1.06) + 0.3
    if use is BuildingUse.SHOPS:
        eaves += 0.9
    drawn = tuple(RoofKind)[int(generator.choice(4, p=_ROOF_SHARES[use]))]
    kind = drawn if roof is None else roof
    if not _takes_a_pitched_roof(footprint):
        kind = RoofKind.FLAT
    ridge = eaves + _rise(footprint, use, kind, generator)
    return PlannedBuilding(footprint, float(eaves), kind, float(ridge), storeys, use)


def _takes_a_pitched_roof(footprint: Polygon) -> bool:
    if len(footprint.interiors) > 0:
        return False
    return rectangularity(footprint) > _PITCHED_FROM or has_right_angles(footprint)


def _rise(
    footprint: Polygon, use: BuildingUse, kind: RoofKind, generator: np.random.Generator
) -> float:
    """Height of the ridge over the eaves."""
    pitch = np.radians(generator.uniform(*_PITCH_DEG.get(use, (30.0, 47.0))))
    if kind is RoofKind.FLAT:
        return 0.0
    _, _, width = long_axis(footprint)
    if rectangularity(footprint) < _PITCHED_FROM:
        width = min(width, 2.0 * inscribed_middle(footprint)[1])
    if kind is RoofKind.SHED:
        return float(min(width * np.tan(min(pitch, np.radians(15.0))), 4.0))
    return float(min(0.5 * width * np.tan(pitch), 8.0 if use is not BuildingUse.CHURCH else 16.0))


@dataclasses.dataclass(frozen=True, slots=True)
class BlockContents:
    """What stands on a block and what covers its ground; buildings do not overlap."""

    buildings: tuple[PlannedBuilding, ...]
    areas: tuple[Area, ...] = ()

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What walls look like: drawn from the stream ``facade`` of a building, which roofs never use."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np

from geoloc_sim.meshes import colours
from geoloc_sim.meshes.colours import Rgb, varied
from geoloc_sim.randomness import stream
from geoloc_sim.world.records import KERB_HEIGHT_M, Building, BuildingUse


class FacadeStyle(enum.IntEnum):
    """parameters[7] of a FACADE surface."""

    PLASTER = 0
    BRICK = 1
    PANELS = 2
    GLASS = 3


class GroundFloor(enum.IntEnum):
    """parameters[6] of a FACADE surface."""

    WINDOWS = 0
    SHOP = 1
    DOOR = 2
    BLANK = 3


class WallSide(enum.IntEnum):
    """What a wall looks onto."""

    STREET = 0
    BACK = 1
    PARTY = 2  # stands against another building


@dataclasses.dataclass(frozen=True, slots=True)
class Facade:
    """The walls of one building.

    Attributes:
        style: of all its walls.
        colour: of the walls.
        second_colour: of frames, doors and shops.
        storey_m: height of a storey.
        bay_m: wished distance between windows; each wall fits a whole number of bays.
        window_width_share: of a bay.
        window_height_share: of a storey.
        street_floor: ground floor towards the street.
        has_balconies: on walls of enough storeys.
        has_awnings: over the shops.
        seed: of the walls' details.
    """

    style: FacadeStyle
    colour: Rgb
    second_colour: Rgb
    storey_m: float
    bay_m: float
    window_width_share: float
    window_height_share: float
    street_floor: GroundFloor
    has_balconies: bool
    has_awnings: bool
    seed: int


_STYLE_SHARES: dict[BuildingUse, tuple[float, float, float, float]] = {
    BuildingUse.HOUSE: (0.68, 0.30, 0.02, 0.0),
    BuildingUse.APARTMENTS: (0.60, 0.22, 0.18, 0.0),
    BuildingUse.OFFICE: (0.20, 0.15, 0.35, 0.30),
    BuildingUse.SHOPS: (0.62, 0.28, 0.07, 0.03),
    BuildingUse.INDUSTRIAL: (0.10, 0.20, 0.70, 0.0),
    BuildingUse.GARAGE: (0.75, 0.15, 0.10, 0.0),
    BuildingUse.CHURCH: (0.45, 0.55, 0.0, 0.0),
}

# Mean bay width, window shares of bay and storey, ground floor towards the street.
_BAYS: dict[BuildingUse, tuple[float, float, float, GroundFloor]] = {
    BuildingUse.HOUSE: (3.2, 0.40, 0.46, GroundFloor.DOOR),
    BuildingUse.APARTMENTS: (3.0, 0.46, 0.50, GroundFloor.DOOR),
    BuildingUse.OFFICE: (2.6, 0.66, 0.56, GroundFloor.DOOR),
    BuildingUse.SHOPS: (2.9, 0.45, 0.54, GroundFloor.SHOP),
    BuildingUse.INDUSTRIAL: (5.5, 0.55, 0.22, GroundFloor.DOOR),
    BuildingUse.GARAGE: (3.0, 0.0, 0.0, GroundFloor.BLANK),
    BuildingUse.CHURCH: (4.5, 0.30, 0.70, GroundFloor.DOOR),
}


def draw_facade(building: Building, seed: int) -> Facade:
    """The facade of a building in the world of this seed."""
    rng = stream('facade', seed, building.number)
    style = FacadeStyle(int(rng.choice(4, p=_STYLE_SHARES[building.use])))
    bay_m, width_share, height_share, street_floor = _BAYS[building.use]
    colour = _wall_colour(style, building.use, rng)
    second = varied(
        colours.FRAMES[rng.integers(len(colours.FRAMES))]
        if street_floor is not GroundFloor.SHOP
        else colours.SHOP_FRONTS[rng.integers(len(colours.SHOP_FRONTS))],
        rng,
    )
    if style is FacadeStyle.GLASS:
        width_share, height_share = 0.9, 0.8
    return Facade(
        style=style,
        colour=colour,
        second_colour=second,
        storey_m=(building.eaves_height_m - KERB_HEIGHT_M) / building.storeys,
        bay_m=bay_m * float(rng.uniform(0.8, 1.25)),
        window_width_share=float(np.clip(width_share * rng.uniform(0.8, 1.2), 0.0, 0.95)),
        window_height_share=float(np.clip(height_share * rng.uniform(0.88, 1.15), 0.0, 0.9)),
        street_floor=street_floor,
        has_balconies=building.use in (BuildingUse.APARTMENTS, BuildingUse.SHOPS)
        and building.storeys >= 3
        and bool(rng.random() < 0.4),
        has_awnings=building.use is BuildingUse.SHOPS and bool(rng.random() < 0.35),
        seed=int(rng.integers(2**31)),
    )


def _wall_colour(style: FacadeStyle, use: BuildingUse, rng: np.random.Generator) -> Rgb:
    choices = {
        FacadeStyle.PLASTER: colours.PLASTER,
        FacadeStyle.BRICK: colours.BRICK,
        FacadeStyle.PANELS: colours.PANELS,
        FacadeStyle.GLASS: colours.GLASS,
    }[style]
    if use is BuildingUse.INDUSTRIAL and style is FacadeStyle.PANELS:
        choices = colours.INDUSTRIAL_WALLS
    return varied(choices[rng.integers(len(choices))], rng)


def wall_parameters(
    facade: Facade, width_m: float, height_m: float, side: WallSide
) -> tuple[float, ...]:
    """The eight parameters of a FACADE surface ``width_m`` wide and ``height_m`` high."""
    bays = max(1, round(width_m / facade.bay_m))
    is_blank = side is WallSide.PARTY or width_m < 1.8
    floor = facade.street_floor if side is WallSide.STREET else GroundFloor.WINDOWS
    if facade.street_floor is GroundFloor.BLANK or is_blank:
        floor = GroundFloor.BLANK
    return (
        width_m,
        height_m,
        facade.storey_m,
        width_m / bays,
        0.0 if is_blank else facade.window_width_share,
        0.0 if is_blank else facade.window_height_share,
        float(floor),
        float(facade.style),
    )

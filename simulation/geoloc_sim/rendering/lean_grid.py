# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The poses of lean images: a grid over an area, and the middles of its cells.

Source: "Lean Images for Geo-Localization" (2019), section 6; key ``lean2019``.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from typing import TypeAlias

import numpy as np

from geoloc_ros.errors import SettingError
from geoloc_ros.settings import setting
from geoloc_ros.types import FloatArray
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.lean import LEAN_HEIGHT_M, lean_camera

#: (west, south, east, north) in ``map``.
Area: TypeAlias = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class LeanGridSettings:
    """Poses and camera of a data set of lean images; the defaults are the paper's grid."""

    step_m: float = setting(
        20.0, 'distance of neighbouring places along x and y', unit='m', minimum=0.1
    )
    yaw_step_deg: float = setting(
        5.0, 'turn between neighbouring views', unit='deg', minimum=0.1, maximum=360.0
    )
    elevation_step_deg: float = setting(
        3.0, 'step of looking up (the pitch of the paper)', unit='deg', minimum=0.1
    )
    elevation_max_deg: float = setting(
        15.0, 'the most the camera looks up', unit='deg', minimum=0.0, maximum=60.0
    )
    height_m: float = setting(
        LEAN_HEIGHT_M, 'of the camera over the ground', unit='m', minimum=0.1
    )
    width: int = setting(160, 'columns of an image', unit='px', minimum=8)
    height: int = setting(120, 'rows of an image', unit='px', minimum=8)
    horizontal_fov_deg: float = setting(
        60.0, 'field of view; the paper states none', unit='deg', minimum=10.0, maximum=150.0
    )
    shard_images: int = setting(2000, 'images in one file', minimum=1)


class GridPart(enum.Enum):
    """Which poses: the grid itself, or the middles of its cells in all four dimensions."""

    TRAIN = 'train'
    TEST = 'test'


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class LeanGrid:
    """Poses as the product of places, yaws and elevations.

    Attributes:
        places_m: shape (p, 2).
        yaws_rad: shape (y,), from 0 up to a turn.
        elevations_rad: shape (e,).
    """

    places_m: FloatArray
    yaws_rad: FloatArray
    elevations_rad: FloatArray

    def __len__(self) -> int:
        return len(self.places_m) * len(self.yaws_rad) * len(self.elevations_rad)


def lean_grid(area_m: Area, settings: LeanGridSettings, part: GridPart) -> LeanGrid:
    """The poses of a part of the data set over an area.

    Args:
        area_m: (west, south, east, north); the first place is its south-western corner.
        settings: steps and limits.
        part: ``TRAIN`` for the grid, ``TEST`` for the middles of its cells.

    Raises:
        SettingError: the area holds no cell, or the steps of yaw do not close the turn.
    """
    west, south, east, north = area_m
    if not all(map(math.isfinite, area_m)):
        raise SettingError(f'area {area_m} m is not finite; expected (west, south, east, north)')
    columns = math.floor((east - west) / settings.step_m + 1e-9)
    rows = math.floor((north - south) / settings.step_m + 1e-9)
    if columns < 1 or rows < 1:
        raise SettingError(
            f'area {area_m} m is smaller than one cell of {settings.step_m} m; expected '
            '(west, south, east, north) at least a cell apart; enlarge it or lower step_m'
        )
    yaws = round(360.0 / settings.yaw_step_deg)
    if abs(yaws * settings.yaw_step_deg - 360.0) > 1e-6:
        raise SettingError(
            f'yaw_step_deg is {settings.yaw_step_deg}; expected a part of 360 degrees, such as 5'
        )
    elevations = math.floor(settings.elevation_max_deg / settings.elevation_step_deg + 1e-9)
    middle = part is GridPart.TEST
    shift, nodes = (0.5, 0) if middle else (0.0, 1)
    x = west + settings.step_m * (np.arange(columns + nodes) + shift)
    y = south + settings.step_m * (np.arange(rows + nodes) + shift)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    looking = np.arange(max(elevations + nodes, 1)) + (shift if elevations else 0.0)
    return LeanGrid(
        places,
        np.radians(settings.yaw_step_deg * (np.arange(yaws) + shift)),
        np.radians(settings.elevation_step_deg * looking),
    )


def grid_cameras(grid: LeanGrid, settings: LeanGridSettings) -> tuple[PinholeCamera, ...]:
    """The camera of each elevation."""
    return tuple(
        lean_camera(
            settings.width,
            settings.height,
            settings.horizontal_fov_deg,
            float(elevation),
            settings.height_m,
        )
        for elevation in grid.elevations_rad
    )

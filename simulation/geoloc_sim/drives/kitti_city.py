# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A real KITTI trajectory driven through the simulated world of its own map.

The world must be made with the trajectory's datum (``kitti_truth(path).datum``), so that both
share one ``map``. Its ground is flat: the trajectory's hills are left out.
"""

from __future__ import annotations

from pathlib import Path

from geoloc_sim.drives.city_drive import sensed_drive
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.drives.sky_view import Occluder
from geoloc_sim.kitti_drive import kitti_truth
from geoloc_sim.records import SimulatedDrive
from geoloc_sim.rendering.records import DayConditions
from geoloc_sim.world.records import World


def kitti_city_drive(
    trajectory: Path,
    world: World,
    occluder: Occluder,
    settings: CityDriveSettings,
    day: DayConditions,
    seed: int,
) -> SimulatedDrive:
    """The drive of one trajectory file through a world.

    Args:
        trajectory: oxts records, one line a frame, plain or bz2.
        world: of the same place, with the trajectory's datum.
        occluder: buildings and roofs of the world.
        settings: of the sensors.
        day: leaves, satellites and the day's GNSS offset.
        seed: of every error.

    Raises:
        DriveError: the file is missing or has another form, or the world is not that of the
            trajectory.
    """
    truth = kitti_truth(trajectory)
    name = f'kitti_{trajectory.name.split(".")[0]}_day{day.seed}_seed{seed}'
    return sensed_drive(name, truth, world, occluder, settings, day, seed)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Random poses of vehicles on the lanes of a world."""

from __future__ import annotations

import numpy as np

from geoloc_ros.errors import SettingError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_sim.randomness import stream
from geoloc_sim.world.lanes import lane_centre_lines
from geoloc_sim.world.records import Layout, RoadClass

_NOT_DRIVEN = (RoadClass.FOOTWAY, RoadClass.SERVICE)


def street_poses(layout: Layout, count: int, name: str, *seeds: int) -> list[Pose2]:
    """Poses in the middle of driven lanes, heading along them, even over the lanes' length.

    Args:
        layout: whose open (not covered) streets are taken.
        count: how many.
        name: of the random stream.
        seeds: of the random stream, after the world's own.

    Raises:
        SettingError: there is no street to drive on.
    """
    starts, steps = [], []
    for street in layout.streets:
        if street.tunnel or street.road_class in _NOT_DRIVEN:
            continue
        for lane in lane_centre_lines(street):
            starts.append(lane[:-1])
            steps.append(np.diff(lane, axis=0))
    if not starts:
        raise SettingError(
            f'world {layout.name!r} has no open street that cars drive on; expected at least one; '
            'take another seed or part of the map'
        )
    start, step = np.concatenate(starts), np.concatenate(steps)
    lengths = np.hypot(step[:, 0], step[:, 1])
    random = stream(name, layout.seed, *seeds)
    chosen = random.choice(len(start), count, p=lengths / lengths.sum())
    places = start[chosen] + random.random((count, 1)) * step[chosen]
    yaws = np.arctan2(step[chosen, 1], step[chosen, 0])
    return [
        Pose2(float(x), float(y), float(yaw)) for (x, y), yaw in zip(places, yaws, strict=True)
    ]

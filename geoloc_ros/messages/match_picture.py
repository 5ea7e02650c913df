# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The best match of a picture, side by side for people."""

from __future__ import annotations

from collections.abc import Callable
import math

import cv2
import numpy as np

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.observations.cross_view import ImageU8
from geoloc_ros.observations.sight import Sighting, Task

#: Side of the aerial patch shown.
PATCH_PX = 256


def best_match_picture(
    sighting: Sighting, task: Task, aerial: Callable[[float, float, float, Datum], ImageU8]
) -> ImageU8:
    """The network's picture beside the aerial patch of the best cell, ahead up.

    Without headings in the scores up is the heading believed, else north.
    """
    x_m, y_m, yaw_rad = sighting.match.best
    if math.isnan(yaw_rad):
        yaw_rad = 0.5 * math.pi if task.circle.yaw_rad is None else task.circle.yaw_rad
    patch = aerial(x_m, y_m, yaw_rad, task.datum)
    height, width = sighting.picture.shape[:2]
    size = (max(1, round(width * PATCH_PX / height)), PATCH_PX)
    ground = cv2.resize(sighting.picture, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(np.concatenate((ground, patch), axis=1))

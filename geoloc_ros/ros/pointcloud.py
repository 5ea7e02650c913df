# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Point clouds: ``sensor_msgs_py`` where it is installed, our own module where it is not."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

#: Whether the distribution's own library is used.
USES_SENSOR_MSGS_PY = importlib.util.find_spec('sensor_msgs_py') is not None

if USES_SENSOR_MSGS_PY and not TYPE_CHECKING:
    from sensor_msgs_py.point_cloud2 import create_cloud, read_points
else:
    from geoloc_ros.ros.pointcloud_fallback import create_cloud, read_points

__all__ = ['USES_SENSOR_MSGS_PY', 'create_cloud', 'read_points']

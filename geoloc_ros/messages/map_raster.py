# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""An aerial image as coloured points: what RViz shows of a map in its colours."""

from __future__ import annotations

import math

import numpy as np

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.headings import true_north_yaw_rad
from geoloc_ros.map_store.records import ImagerySource, PatchRequest
from geoloc_ros.messages.clouds import point_cloud
from geoloc_ros.messages.shapes import MessageFactory, PointCloud2Message

_POINT = np.dtype([('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('rgb', '<f4')])


def map_raster(
    imagery: ImagerySource,
    datum: Datum,
    centre_m: tuple[float, float],
    radius_m: float,
    pixel_m: float,
    z_m: float,
    stamp_ns: int,
    frame_id: str,
    factory: MessageFactory,
) -> PointCloud2Message | None:
    """``sensor_msgs/PointCloud2`` of a square of imagery, row by row from the north.

    Args:
        imagery: where it is cut from.
        datum: origin of ``map``.
        centre_m: of the square in ``map``.
        radius_m: half of its side.
        pixel_m: side of a pixel.
        z_m: height of all points.
        stamp_ns: of the message.
        frame_id: ``map``.
        factory: makes the message.

    Returns:
        ``None`` where there is no imagery at all.
    """
    place = datum.geodetic_at_altitude(*centre_m, datum.origin.alt_m)
    size = max(2, round(2.0 * radius_m / pixel_m))
    # Up in the patch is north of map, which is not true north off the datum's meridian.
    up_yaw_rad = 0.5 * math.pi - true_north_yaw_rad(datum, place)
    patch = imagery.patch(PatchRequest(place, size * pixel_m, size, up_yaw_rad))
    if patch.covered_share == 0.0:
        return None
    steps = pixel_m * (np.arange(size) - 0.5 * (size - 1))
    points = np.empty((size, size), dtype=_POINT)
    points['x'] = centre_m[0] + steps[None, :]
    points['y'] = centre_m[1] - steps[:, None]
    points['z'] = z_m
    red, green, blue = np.moveaxis(patch.rgb.astype(np.uint32), -1, 0)
    points['rgb'] = (red << 16 | green << 8 | blue).astype('<u4').view('<f4')
    return point_cloud(stamp_ns, frame_id, points, factory)

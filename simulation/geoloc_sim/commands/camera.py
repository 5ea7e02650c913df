# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The camera on the vehicle, as options of the command line."""

from __future__ import annotations

import argparse
import dataclasses

import numpy as np

from geoloc_sim.rendering.cameras import (
    FRONT_FORWARD_M,
    FRONT_HEIGHT_M,
    PinholeCamera,
    mounting,
)
from geoloc_sim.rendering.distortion import Distortion


def add_camera_options(parser: argparse.ArgumentParser) -> None:
    """Size, field of view, mounting and lens."""
    camera = parser.add_argument_group('camera (a front camera 1.5 m up unless said otherwise)')
    camera.add_argument(
        '--size', type=int, nargs=2, default=(320, 240), metavar=('W', 'H'), help='pixels'
    )
    camera.add_argument('--fov-deg', type=float, default=90.0, help='horizontal field of view')
    camera.add_argument(
        '--mount-m',
        type=float,
        nargs=3,
        default=(FRONT_FORWARD_M, 0.0, FRONT_HEIGHT_M),
        metavar=('AHEAD', 'LEFT', 'UP'),
        help='where on the vehicle',
    )
    camera.add_argument(
        '--look-deg',
        type=float,
        nargs=2,
        default=(0.0, 0.0),
        metavar=('LEFT', 'UP'),
        help='where it looks, from straight ahead',
    )
    camera.add_argument(
        '--distortion',
        type=float,
        nargs=5,
        default=(0.0,) * 5,
        metavar=('K1', 'K2', 'P1', 'P2', 'K3'),
        help='of the lens, as in OpenCV and CameraInfo',
    )


def camera_of(options: argparse.Namespace) -> PinholeCamera:
    """The camera that the options describe.

    Raises:
        SettingError: it cannot be.
    """
    width, height = options.size
    left, up = np.radians(options.look_deg)
    ahead_m, left_m, up_m = options.mount_m
    seat = mounting(ahead_m, left_m, up_m, float(left), float(up))
    camera = PinholeCamera.with_field_of_view(width, height, options.fov_deg, seat)
    return dataclasses.replace(camera, distortion=Distortion(*options.distortion))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the nodes that see: the matcher and the map server; imports no ROS."""

from __future__ import annotations

import dataclasses

from geoloc_ros.networks.weights import BACKENDS
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class NetworkSettings:
    """Which network, and what runs it."""

    weights: str = setting(
        '',
        'name in models/manifest.json, or path of weights; empty: those of the manifest that made '
        'the map',
        read_only=True,
    )
    backend: str = setting(
        'auto',
        'what runs the network',
        choices=BACKENDS,
        read_only=True,
    )
    provider: str = setting(
        'auto',
        'where it runs; tensorrt and openvino with the backend onnxruntime',
        choices=('auto', 'cpu', 'cuda', 'tensorrt', 'openvino'),
        read_only=True,
    )
    threads: int = setting(
        0,
        'of the network on a CPU; 0 takes half of the cores, at most 4',
        minimum=0,
        maximum=256,
        read_only=True,
    )


@dataclasses.dataclass(frozen=True)
class CameraSettings:
    """Where the camera is, and what comes from it."""

    transport: str = setting(
        'raw',
        'listen to Image on image, or to CompressedImage on image/compressed',
        choices=('raw', 'compressed'),
        read_only=True,
    )
    rectified: bool = setting(
        False,
        'the pictures are rectified: the matrix P of camera_info counts, without distortion',
        read_only=True,
    )
    forward_m: float = setting(
        0.0,
        'place of the camera in base_link, where tf does not know its frame; it then looks level '
        'and straight ahead',
        unit='m',
        minimum=-100.0,
        maximum=100.0,
        read_only=True,
    )
    left_m: float = setting(
        0.0, 'the same, to the left', unit='m', minimum=-100.0, maximum=100.0, read_only=True
    )
    queue: int = setting(
        5,
        'so many pictures wait while one is matched; of more the oldest go',
        minimum=1,
        maximum=1000,
        read_only=True,
    )


@dataclasses.dataclass(frozen=True)
class CrossViewNodeSettings(CrossViewSettings):
    """Parameters of ``cross_view_node``."""

    autostart: bool = setting(
        True,
        'configure and activate at start; without it a lifecycle manager does',
        read_only=True,
    )
    map: str = setting('', 'folder made by "geoloc map build"', read_only=True)
    imagery: str = setting(
        '',
        'aerial imagery (GeoTIFF, MBTiles, XYZ folder) for cross_view/best_match; empty for none',
        read_only=True,
    )
    map_frame: str = setting('map', 'frame of the scores', read_only=True)
    base_frame: str = setting('base_link', 'body frame of the vehicle', read_only=True)
    warning_period_s: float = setting(
        5.0,
        'a kind of warning is written to the log at most this often',
        unit='s',
        minimum=0.0,
        maximum=3600.0,
        read_only=True,
    )
    network: NetworkSettings = dataclasses.field(default_factory=NetworkSettings)
    camera: CameraSettings = dataclasses.field(default_factory=CameraSettings)


@dataclasses.dataclass(frozen=True)
class MapServerSettings:
    """Parameters of ``map_server_node``."""

    autostart: bool = setting(
        True,
        'configure and activate at start; without it a lifecycle manager does',
        read_only=True,
    )
    map: str = setting(
        '',
        'folder made by "geoloc map build", which says where the origin of map is; empty: the '
        'middle of the imagery',
        read_only=True,
    )
    imagery: str = setting(
        '', 'aerial imagery to show (GeoTIFF, MBTiles, XYZ folder); empty for none', read_only=True
    )
    publish_datum: bool = setting(
        True,
        'be the authority for the origin of map (filters then need datum.source topic)',
        read_only=True,
    )
    publish_tf: bool = setting(True, 'publish earth to map', read_only=True)
    map_frame: str = setting('map', 'frame of the raster', read_only=True)
    earth_frame: str = setting('earth', 'earth-centred frame (ECEF)', read_only=True)
    radius_m: float = setting(
        150.0,
        'half of the side of the raster shown around the vehicle',
        unit='m',
        minimum=10.0,
        maximum=2000.0,
        read_only=True,
    )
    pixel_m: float = setting(
        0.75,
        'side of its pixels; points grow with the inverse square',
        unit='m',
        minimum=0.05,
        maximum=50.0,
        read_only=True,
    )
    below_m: float = setting(
        1.0,
        'the raster lies this far below the vehicle, so that it hides nothing',
        unit='m',
        minimum=0.0,
        maximum=100.0,
        read_only=True,
    )

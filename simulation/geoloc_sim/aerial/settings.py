# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What can be chosen of an aerial image."""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class AerialSettings:
    """An aerial image: its raster, its camera and what makes it look like a real one."""

    gsd_m_per_px: float = setting(
        0.25,
        'metres on the ground in a pixel; halving it costs four times the time and disk',
        unit='m/px',
        minimum=0.02,
        maximum=10.0,
    )
    crs: str = setting(
        '',
        "coordinate system of the GeoTIFF as GDAL writes it ('EPSG:25832'); empty takes the UTM "
        'zone of the datum',
    )
    camera_height_m: float = setting(
        5000.0,
        'height of the camera; a lower one makes roofs lean outward more towards the borders',
        unit='m',
        minimum=500.0,
        maximum=1e6,
    )
    off_nadir_deg: float = setting(
        5.0,
        'largest angle from the vertical at which the middle of the image is seen; roofs of '
        'height h lean by h tan(angle); the angle is drawn',
        unit='deg',
        minimum=0.0,
        maximum=30.0,
    )
    offset_m: float = setting(
        1.0,
        'largest georeferencing error: the whole image is shifted by a drawn vector up to this '
        'long',
        unit='m',
        minimum=0.0,
        maximum=20.0,
    )
    blur_px: float = setting(
        0.55,
        'standard deviation of the blur of lens and resampling; 0 is as sharp as samples are',
        unit='px',
        minimum=0.0,
        maximum=5.0,
    )
    noise: float = setting(
        0.018,
        'standard deviation of the sensor noise over the brightness of a pixel, before the blur',
        minimum=0.0,
        maximum=0.5,
    )
    brightness: float = setting(
        0.3,
        'light, after exposure, of an 18 % grey surface in the sun where 1 is white: flights are '
        'balanced by hand, whatever the day; it varies a little from image to image',
        minimum=0.01,
        maximum=2.0,
    )
    saturation: float = setting(
        0.82,
        'colour kept, 1 for all of it, 0 for grey: the bands of aerial cameras overlap',
        minimum=0.0,
        maximum=1.5,
    )
    veil: float = setting(
        0.05,
        'share of the light that the air under the camera scatters in: it greys and blues',
        minimum=0.0,
        maximum=0.5,
    )

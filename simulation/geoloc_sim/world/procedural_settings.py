# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What can be chosen of a town drawn from a seed."""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class ProceduralSettings:
    """A town; everything else of it follows from its seed."""

    side_m: float = setting(
        640.0, 'side of the square world', unit='m', minimum=300.0, maximum=2000.0
    )
    block_area_m2: float = setting(
        5500.0,
        'typical area of a block halfway between centre and edge; larger means fewer streets',
        unit='m^2',
        minimum=2500.0,
        maximum=40000.0,
    )
    river_share: float = setting(
        0.5, 'probability that a river crosses the town', minimum=0.0, maximum=1.0
    )
    tunnel_share: float = setting(
        0.5, 'probability that one street is covered', minimum=0.0, maximum=1.0
    )
    datum_lat_deg: float = setting(
        49.0, 'latitude of the origin of map', unit='deg', minimum=-89.0, maximum=89.0
    )
    datum_lon_deg: float = setting(
        8.4, 'longitude of the origin of map', unit='deg', minimum=-180.0, maximum=180.0
    )
    datum_alt_m: float = setting(115.0, 'ellipsoidal height of the ground', unit='m')

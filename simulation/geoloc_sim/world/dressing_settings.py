# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How densely a layout is furnished."""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class DressingSettings:
    """What dressing adds to streets and blocks; shares are of the places where it is possible."""

    kerb_radius_m: float = setting(
        6.0, 'mean radius of the kerbs at junctions', unit='m', minimum=0.5, maximum=20.0
    )
    pavement_m: float = setting(2.6, 'mean width of pavements', unit='m', minimum=0.8, maximum=8.0)
    crossing_share: float = setting(
        0.45, 'share of junction arms of main streets with a crossing', minimum=0.0, maximum=1.0
    )
    marked_share: float = setting(
        0.45, 'share of residential streets with lane markings', minimum=0.0, maximum=1.0
    )
    yellow_share: float = setting(
        0.1, 'share of streets whose centre line is yellow', minimum=0.0, maximum=1.0
    )
    bay_share: float = setting(
        0.45, 'share of street sides with parking bays', minimum=0.0, maximum=1.0
    )
    patch_spacing_m: float = setting(
        22.0, 'mean distance between repaired patches of a road', unit='m', minimum=2.0
    )
    manhole_spacing_m: float = setting(
        24.0, 'mean distance between manholes of a road', unit='m', minimum=2.0
    )
    tree_row_share: float = setting(
        0.45, 'share of street sides with a row of trees', minimum=0.0, maximum=1.0
    )
    tree_spacing_m: float = setting(
        10.0, 'mean distance between the trees of a row', unit='m', minimum=3.0
    )
    garden_tree_m2: float = setting(
        140.0, 'ground of a garden for each of its trees and bushes', unit='m^2', minimum=10.0
    )
    park_tree_m2: float = setting(
        110.0, 'ground of a park for each of its trees', unit='m^2', minimum=10.0
    )
    lamp_spacing_m: float = setting(27.0, 'distance between street lamps', unit='m', minimum=5.0)
    hedge_share: float = setting(
        0.6, 'share of plots with a hedge or a fence', minimum=0.0, maximum=1.0
    )
    bus_stop_spacing_m: float = setting(
        320.0, 'main street for each bus stop', unit='m', minimum=50.0
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of cross-view matching: where it looks and how it scores."""

from __future__ import annotations

import dataclasses

from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class SearchSettings:
    """Which part of the map a picture is compared with: the prior chooses where to look."""

    sigmas: float = setting(
        3.0,
        'radius of the search in standard deviations of GNSS or of the belief, whichever is '
        'wider; it reaches the last fix and two of its standard deviations beyond anyway',
        minimum=1.0,
        maximum=10.0,
    )
    min_radius_m: float = setting(
        30.0,
        'smallest radius; smaller is faster, and a belief that is too sure of itself then never '
        'sees the truth',
        unit='m',
        minimum=1.0,
        maximum=1000.0,
    )
    max_radius_m: float = setting(
        100.0,
        'largest radius; time and memory grow with its square',
        unit='m',
        minimum=1.0,
        maximum=5000.0,
    )
    gps_sigma_m: float = setting(
        10.0,
        'standard deviation of GNSS per axis where it states none',
        unit='m',
        minimum=0.1,
        maximum=1000.0,
    )
    lag_s: float = setting(
        0.2,
        'the belief taken is the last one at least this much older than the picture, moved on to '
        'it, so that what was searched does not hang on which message came first; larger than '
        'the wait of the filter (output.wait_s)',
        unit='s',
        minimum=0.0,
        maximum=2.0,
    )
    max_age_s: float = setting(
        5.0,
        'without a belief or fix younger than this nothing is searched',
        unit='s',
        minimum=0.1,
        maximum=60.0,
    )


@dataclasses.dataclass(frozen=True)
class CrossViewSettings:
    """How pictures are compared with a map."""

    temperature: float = setting(
        0.0,
        'log-likelihood = -distance / temperature; larger trusts the pictures less; 0 takes the '
        'one that "geoloc calibrate" stored with the map, else the one that came with the weights',
        minimum=0.0,
        maximum=100.0,
    )
    temperature_factor: float = setting(
        1.5,
        'multiplies the temperature, whoever states it; 1 to 2, as pictures near by err alike; '
        'larger trusts the pictures less',
        minimum=0.1,
        maximum=100.0,
    )
    input_domain: str = setting(
        'real',
        'what the pictures show, as real or simulation; scores of weights of another domain are '
        'marked as not calibrated until "geoloc calibrate" has been run',
    )
    search: SearchSettings = dataclasses.field(default_factory=SearchSettings)

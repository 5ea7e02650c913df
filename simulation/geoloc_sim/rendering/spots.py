# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The spot of a surface under a pixel, and mixing of colours: what all patterns share."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from geoloc_sim.rendering.compiled import inlined
from geoloc_sim.rendering.records import Float32Array, Rgb

#: Albedo, and the share of light that is reflected as by a mirror.
Material: TypeAlias = tuple[Rgb, float]

#: Where the columns of ``PackedSurfaces.numbers`` begin.
COLOUR, SECOND, ORIGIN, U_AXIS, V_AXIS, PARAMETER = 0, 3, 6, 9, 12, 15


class Spot(NamedTuple):
    """What a pixel sees of a surface.

    Attributes:
        u: metres along the surface's u axis, at the middle of the pixel.
        v: likewise.
        wide_u: size of the pixel's footprint along u in metres.
        wide_v: likewise.
        slope_u: how far u moves for each metre behind the surface, along the ray.
        slope_v: likewise.
        facing: cosine between the ray and the normal, in (0, 1].
        seed: of the surface's lasting details.
        day_seed: of details that differ from day to day.
    """

    u: float
    v: float
    wide_u: float
    wide_v: float
    slope_u: float
    slope_v: float
    facing: float
    seed: int
    day_seed: int


@inlined
def mixed(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Share of the second, the rest of the first."""
    return (
        first[0] + share * (second[0] - first[0]),
        first[1] + share * (second[1] - first[1]),
        first[2] + share * (second[2] - first[2]),
    )


@inlined
def scaled(colour: Rgb, factor: float) -> Rgb:
    """The colour times a factor."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


@inlined
def blended(first: Material, second: Material, share: float) -> Material:
    """Share of the second, the rest of the first, of colour and mirror."""
    return mixed(first[0], second[0], share), first[1] + share * (second[1] - first[1])


@inlined
def colour_at(row: Float32Array, start: int) -> Rgb:
    """Three columns of a surface's numbers."""
    return float(row[start]), float(row[start + 1]), float(row[start + 2])


@inlined
def footprint(spot: Spot) -> float:
    """One size for noise: nearer the longer side, as that one blurs it."""
    return 0.65 * max(spot.wide_u, spot.wide_v) + 0.35 * min(spot.wide_u, spot.wide_v)


@inlined
def fresnel(facing: float, straight: float) -> float:
    """Reflected share of light at an angle, given that at straight incidence.

    Source: Schlick (1994), key ``schlick1994``.
    """
    low = 1.0 - facing
    square = low * low
    return straight + (1.0 - straight) * square * square * low

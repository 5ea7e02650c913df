# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Palettes: linear albedo of what stands in a European town."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Rgb: TypeAlias = tuple[float, float, float]


def linear(code: str) -> Rgb:
    """Linear RGB of an sRGB colour written as six hexadecimal digits (IEC 61966-2-1)."""
    values = [int(code[k : k + 2], 16) / 255.0 for k in (0, 2, 4)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values
    )
    return red, green, blue


def varied(colour: Rgb, rng: np.random.Generator, amount: float = 0.08) -> Rgb:
    """The colour with its brightness and, half as much, its hue changed by chance."""
    factors = np.exp(rng.normal(0.0, amount) + rng.normal(0.0, amount / 2.0, 3))
    red, green, blue = np.clip(np.asarray(colour) * factors, 0.01, 0.85).tolist()
    return red, green, blue


def palette(*codes: str) -> tuple[Rgb, ...]:
    """Several colours by their sRGB codes."""
    return tuple(linear(code) for code in codes)


PLASTER = palette(
    'e8e2d2', 'ded3b8', 'd9c9a0', 'e6d7b0', 'cfc6b8', 'd8b59a', 'c9a58a', 'b9c2b4', 'c4cdd4',
    'e3c9bd', 'c7b299', 'efeae0', 'b8ac9c', 'd2be8a', 'a9a49c', 'c98f6e',
)  # fmt: skip
BRICK = palette('8f4b38', '7c4535', 'a05a42', '9c6b50', '6e4438', 'b08a68', '84604c')
PANELS = palette('b9b9b4', '9da3a6', 'c9c5ba', '8b8f90', 'a6a098', 'd3d1cb')
GLASS = palette('4a5a66', '55626a', '3f4d57', '66737a')
INDUSTRIAL_WALLS = palette('a9adae', '8f989c', 'c2c2bb', '7d8a92', 'b3aa98', '6f7f74')
FRAMES = palette('f0eee8', 'e4e0d6', '5b4a3a', '3a3c3e', '6b5844', '3d5245', '53606b')
SHOP_FRONTS = palette(
    '3a3c3e', '6b1f22', '1f3d5c', '2f4f3a', '5a4632', '8a6d1f', '4b2a4a', '22262a'
)
ROOF_TILES = palette(
    '8d4a34',
    '9a553b',
    '7a3f30',
    'a4644a',
    '6b4a40',
    '5a5654',
    '4a4a4c',
    '73625a',
    '8a5a48',
    '3f4146',
)
ROOF_METAL = palette('7d8488', '8f9599', '5f676b', '6a8a7c', '9aa09f', '54585c', 'a8aca9')
ROOF_FLAT = palette(
    '8f8c86', '7a7772', '9f9b92', '5f5d5a', '4b4a49', 'b5b1a8', 'c8c5be', '6e6a62', '6f7553'
)
CAR_PAINT = palette(
    'e9e9e8', 'd7d8d8', 'a9acae', '808488', '55585b', '2a2c2e', '17181a', '1f3558', '37577f',
    '7d1a1c', 'a3292a', '5b6b52', '8b7a5c', 'c9bfa6', '4a2f2a', 'c7641f',
)  # fmt: skip
CAR_PAINT_SHARES = (
    0.14, 0.08, 0.12, 0.12, 0.10, 0.10, 0.10, 0.05, 0.05, 0.03, 0.03, 0.02, 0.02, 0.02, 0.01, 0.01,
)  # fmt: skip
BARK = palette('5b4e42', '6a5d50', '4a4038', '7a7065')
WHITE = linear('efefec')
DARK = linear('1c1d1e')
CONCRETE = linear('a7a49d')
STEEL = linear('84898c')
PAINTED_STEEL = linear('4c5452')
WOOD_BROWN = linear('7a5a3c')
CONIFER = linear('2f4a30')
HEDGE = linear('3f5c30')

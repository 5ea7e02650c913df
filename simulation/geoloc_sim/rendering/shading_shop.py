# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What shop fronts look like: panes with something behind them, doors, boards with letters."""

from __future__ import annotations

from geoloc_sim.rendering.compiled import inlined
from geoloc_sim.rendering.noise import between, faded, hashed, noise_2d, pulses
from geoloc_sim.rendering.records import Rgb
from geoloc_sim.rendering.spots import Material, Spot, fresnel, mixed, scaled

_PANE_LOW, _BOARD_LOW, _BOARD_HIGH = 0.14, 0.74, 0.93  # shares of the storey's height
_DISPLAY_M = 0.7  # goods stand this deep behind the pane


@inlined
def shop(
    colour: Rgb,
    second: Rgb,
    bay: float,
    start: float,
    width: float,
    storey: float,
    spot: Spot,
) -> Material:
    """Albedo and mirror of a ground floor of shops, each two or three bays long."""
    seed = spot.seed
    bays_each = 2 + int(hashed(seed & 0xFFFF, 1, 9) * 2.0)
    front = bay * bays_each
    x = spot.u - start
    which = int(x // front)
    own = own_colour(second, which, seed)
    pillar = between(spot.u, start, width - start, spot.wide_u)
    pillar *= 1.0 - pulses(x, front, -0.2, 0.4, spot.wide_u)
    stone = scaled(colour, 0.85)
    y = spot.v / storey
    wide_y = spot.wide_v / storey
    panes = pulses(x, bay, 0.05, bay - 0.1, spot.wide_u)
    glass = between(y, _PANE_LOW, _BOARD_LOW - 0.02, wide_y) * panes
    entry = pulses(x - 0.5 * bay, front, -0.5, 1.0, spot.wide_u)
    glass = max(glass, entry * between(y, 0.03, _BOARD_LOW - 0.02, wide_y) * panes)
    frames = pulses(x - 0.5 * bay, front, -0.55, 0.08, spot.wide_u)
    frames += pulses(x - 0.5 * bay, front, 0.47, 0.08, spot.wide_u)
    glass *= max(1.0 - frames, 0.0)
    goods = display(spot, x, storey, seed)
    below = mixed(scaled(own, 0.55), goods, glass)
    board = between(y, _BOARD_LOW, _BOARD_HIGH, wide_y)
    face = mixed(below, letters(own, spot, x - which * front, front, storey, which), board)
    above = between(y, _BOARD_HIGH, 9.0, wide_y)
    albedo = mixed(stone, mixed(face, stone, above), pillar)
    mirror = glass * pillar * (1.0 - board) * (0.08 + 0.9 * fresnel(spot.facing, 0.04))
    return albedo, mirror


@inlined
def own_colour(second: Rgb, which: int, seed: int) -> Rgb:
    """The colour of one shop: the front's, turned towards another for the next."""
    turn = hashed(which, 3, seed)
    red, green, blue = second
    if turn < 0.25:
        return 0.25 + 0.2 * red, 0.03 + 0.2 * green, 0.03 + 0.2 * blue
    if turn < 0.45:
        return 0.02 + 0.3 * red, 0.10 + 0.3 * green, 0.22 + 0.3 * blue
    if turn < 0.6:
        return 0.4 + 0.3 * red, 0.33 + 0.3 * green, 0.08 + 0.2 * blue
    return red, green, blue


@inlined
def letters(own: Rgb, spot: Spot, x: float, front: float, storey: float, which: int) -> Rgb:
    """A board with a word in the middle, light on dark or dark on light."""
    cell = 0.075 * storey
    middle = 0.5 * (_BOARD_LOW + _BOARD_HIGH) * storey
    span = 0.22 * front * (1.0 + 0.6 * hashed(which, 4, spot.seed))
    in_word = between(x - 0.5 * front, -span, span, spot.wide_u)
    in_word *= between(spot.v, middle - 0.05 * storey, middle + 0.05 * storey, spot.wide_v)
    column = int(x // (0.34 * cell))
    gap = 1.0 if column % 3 == 2 else 0.0
    line = int((spot.v - middle) // (0.34 * cell))
    drawn = hashed(column, line, spot.seed + 7 * which + 31) > 0.38
    ink = 1.0 - gap if drawn else 0.0
    near = faded(max(spot.wide_u, spot.wide_v) / (0.4 * cell))
    ink = 0.42 + near * (ink - 0.42)
    bright = 0.3 * own[0] + 0.6 * own[1] + 0.1 * own[2] > 0.22
    word = (0.03, 0.03, 0.04) if bright else (0.75, 0.73, 0.66)
    return mixed(own, word, in_word * ink)


@inlined
def display(spot: Spot, x: float, storey: float, seed: int) -> Rgb:
    """Goods behind the pane, lit, on a dark ground."""
    u = x + _DISPLAY_M * spot.slope_u
    v = spot.v + _DISPLAY_M * spot.slope_v
    near = faded(max(spot.wide_u, spot.wide_v) / 0.5)
    shelf = max(int(v // 0.55), 0)
    column = int(u // 0.31)
    tall = 0.55 * shelf + 0.12 + 0.36 * hashed(column, shelf, seed + 41)
    highest = (0.25 + 0.35 * hashed(int(u // 1.9), 1, seed + 45)) * storey
    goods = between(v, 0.55 * shelf, tall, spot.wide_v) * (1.0 if v < highest else 0.0)
    level = 0.03 + 0.20 * hashed(column, shelf, seed + 42)
    turn = hashed(column, shelf, seed + 43) - 0.5
    red, green, blue = level * (1.0 + 0.8 * turn), level, level * (1.0 - 0.7 * turn)
    tone = 0.5 + 0.9 * (
        0.5 + faded(spot.wide_u / 0.12) * (noise_2d(u / 0.09, v / 0.2, seed) - 0.5)
    )
    lit = min(max(v / storey, 0.0), 0.8)
    back = (0.035 + 0.07 * lit, 0.032 + 0.06 * lit, 0.028 + 0.045 * lit)
    shown = mixed(back, (red * tone, green * tone, blue * tone), goods)
    return mixed((0.085, 0.08, 0.07), shown, near)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What facades look like: walls by style, windows in their reveals, doors; u along, v up.

Panes lie behind the wall: their pattern is read where the ray would meet them, so reveals show.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from geoloc_sim.rendering.compiled import inlined
from geoloc_sim.rendering.noise import between, faded, grain, hashed, noise_2d, pulses
from geoloc_sim.rendering.records import Float32Array, Rgb
from geoloc_sim.rendering.shading_shop import shop
from geoloc_sim.rendering.spots import (
    COLOUR,
    PARAMETER,
    SECOND,
    Material,
    Spot,
    blended,
    colour_at,
    footprint,
    fresnel,
    mixed,
    scaled,
)

#: Panes and frames lie this deep behind the wall.
_REVEAL_M = 0.13
_FRAME_M = 0.06
_SILL_M = 0.07
_DOOR_M = (1.1, 2.2)


class Pattern(NamedTuple):
    """A facade's grid of windows.

    Attributes:
        width: of the facade.
        height: of the facade.
        storey: height of a storey.
        bay: width of a bay.
        start: where the first bay begins.
        bays: how many.
        storeys: how many.
        wide: width of a window.
        high: height of a window.
        sill: of a window over its floor.
        first: lowest v of storeys with windows like these.
        style: 0 plaster, 1 brick, 2 panels, 3 glass.
        seed: of all that is drawn.
    """

    width: float
    height: float
    storey: float
    bay: float
    start: float
    bays: int
    storeys: int
    wide: float
    high: float
    sill: float
    first: float
    style: int
    seed: int


@inlined
def facade(row: Float32Array, spot: Spot) -> Material:
    """Albedo and mirror of a wall with its windows, shop or doors."""
    colour, second = colour_at(row, COLOUR), colour_at(row, SECOND)
    ground_floor = int(row[PARAMETER + 6])
    pattern = read_pattern(row, spot.seed, ground_floor)
    material = wall(colour, pattern, spot), 0.0
    if pattern.bays == 0 or pattern.storeys == 0:
        return material
    if spot.v > pattern.first - 0.5 or ground_floor == 2:
        material = windows(material[0], second, pattern, spot)
    if ground_floor == 1 and spot.v < pattern.storey + spot.wide_v:
        share = between(spot.v, -9.0, pattern.storey, spot.wide_v)
        front = shop(
            colour, second, pattern.bay, pattern.start, pattern.width, pattern.storey, spot
        )
        material = blended(material, front, share)
    if ground_floor == 2 and spot.v < _DOOR_M[1] + 0.3:
        material = door(material, second, pattern, spot)
    return material


@inlined
def read_pattern(row: Float32Array, seed: int, ground_floor: int) -> Pattern:
    """The grid by a surface's parameters; whole bays only, in the middle of the wall."""
    width, height = float(row[PARAMETER]), float(row[PARAMETER + 1])
    storey, bay = max(float(row[PARAMETER + 2]), 0.5), max(float(row[PARAMETER + 3]), 0.5)
    bays = math.floor(width / bay + 0.02)
    storeys = math.floor(height / storey + 0.02)
    start = 0.5 * (width - bays * bay)
    wide = min(float(row[PARAMETER + 4]), 0.96) * bay
    high = min(float(row[PARAMETER + 5]), 0.94) * storey
    sill = 0.58 * (storey - high)
    first = storey if ground_floor == 1 or ground_floor == 3 else 0.0
    style = int(row[PARAMETER + 7])
    return Pattern(
        width, height, storey, bay, start, bays, storeys, wide, high, sill, first, style, seed
    )


@inlined
def wall(colour: Rgb, pattern: Pattern, spot: Spot) -> Rgb:
    """Plaster, brick, panels or the frame between panes; weathered, with plinth and cornice."""
    u, v, wide, seed = spot.u, spot.v, footprint(spot), spot.seed
    tone = 1.0 + 0.13 * grain(u, v, 2.6, seed + 1, wide) + 0.08 * grain(u, v, 0.4, seed + 2, wide)
    streak = grain(u, 0.12 * v, 0.3, seed + 3, wide)
    top = min(max(1.0 - (pattern.height - v) / 3.0, 0.0), 1.0)
    tone += (0.05 + 0.14 * top) * streak
    if pattern.style == 1:
        tone *= bricks(spot)
    elif pattern.style == 2:
        joint_v = pulses(v, pattern.storey, -0.02, 0.04, spot.wide_v)
        joint_u = pulses(u - pattern.start, pattern.bay, -0.02, 0.04, spot.wide_u)
        panel = hashed(int((u - pattern.start) // pattern.bay), int(v // pattern.storey), seed + 4)
        tone *= 1.0 + 0.10 * (panel - 0.5) * faded(spot.wide_u / pattern.bay)
        tone *= 1.0 - 0.45 * (joint_u + joint_v - joint_u * joint_v)
    else:
        tone += 0.10 * grain(u, v, 0.06, seed + 5, wide)
    albedo = scaled(colour, tone)
    sort = hashed(seed & 0xFFFF, 2, 3)
    if v < 1.2:
        plinth = between(v, -9.0, 0.3 + 0.6 * sort, spot.wide_v)
        stone = (0.5 * colour[0] + 0.06, 0.5 * colour[1] + 0.058, 0.5 * colour[2] + 0.055)
        albedo = mixed(albedo, scaled(stone, tone), 0.8 * plinth)
        albedo = scaled(albedo, 0.80 + 0.20 * min(max(v / 0.9, 0.0), 1.0))
    if pattern.style != 3 and pattern.height > 2.4:
        if v > pattern.height - 0.9:
            cornice = between(v, pattern.height - 0.28, pattern.height + 9.0, spot.wide_v)
            under = between(v, pattern.height - 0.42, pattern.height - 0.28, spot.wide_v)
            light = (0.45 + 0.4 * colour[0], 0.44 + 0.4 * colour[1], 0.42 + 0.4 * colour[2])
            albedo = mixed(scaled(albedo, 1.0 - 0.35 * under), light, 0.8 * cornice)
        if pattern.style == 0 and sort > 0.55:
            course = pulses(v, pattern.storey, -0.09, 0.18, spot.wide_v)
            course *= between(v, 1.0, pattern.height - 1.0, spot.wide_v)
            albedo = mixed(albedo, (0.60, 0.58, 0.54), 0.55 * course)
        pipe = between(u, 0.10, 0.21, spot.wide_u)
        albedo = mixed(albedo, (0.16, 0.16, 0.16), pipe if sort < 0.6 else 0.0)
    return albedo


@inlined
def bricks(spot: Spot) -> float:
    """Tone of courses of bricks with mortar between them."""
    length, course = 0.25, 0.077
    line = int(spot.v // course)
    u = spot.u + (0.5 * length if line % 2 else 0.0)
    bed = pulses(spot.v, course, 0.0, 0.011, spot.wide_v)
    head = pulses(u, length, 0.0, 0.010, spot.wide_u)
    mortar = bed + head - bed * head
    one = hashed(int(u // length), line, spot.seed + 6) - 0.5
    shade = 0.45 * one * faded(max(spot.wide_u / length, spot.wide_v / course))
    return 1.0 + shade + 0.55 * (mortar - 0.18)


@inlined
def windows(albedo: Rgb, second: Rgb, pattern: Pattern, spot: Spot) -> Material:
    """The wall with its windows: surround, sill, shutters, reveal, frame, panes."""
    u = spot.u - pattern.start
    last = pattern.bays * pattern.bay
    low, high = pattern.first, pattern.storeys * pattern.storey
    left = 0.5 * (pattern.bay - pattern.wide)
    sort = hashed(pattern.seed & 0xFFFF, 5, 8)
    in_rows = between(spot.v, low, high, spot.wide_v) * between(u, 0.0, last, spot.wide_u)
    if in_rows <= 0.0:
        return albedo, 0.0
    columns = pulses(u, pattern.bay, left, pattern.wide, spot.wide_u)
    rows = pulses(spot.v, pattern.storey, pattern.sill, pattern.high, spot.wide_v)
    hole = columns * rows * in_rows
    if pattern.style != 3:
        albedo = around(albedo, second, pattern, spot, in_rows, columns, rows, sort)
    if hole <= 0.0:
        return albedo, 0.0
    depth = _REVEAL_M if pattern.style != 3 else 0.03
    deep_u, deep_v = u + depth * spot.slope_u, spot.v + depth * spot.slope_v
    seen = pulses(deep_u, pattern.bay, left, pattern.wide, spot.wide_u)
    seen *= pulses(deep_v, pattern.storey, pattern.sill, pattern.high, spot.wide_v)
    panes = 2.0 if pattern.wide > 0.95 and sort < 0.75 else 1.0
    pane = (pattern.wide - (panes + 1.0) * _FRAME_M) / panes
    glass = pulses(deep_u, pattern.bay, left + _FRAME_M, pane, spot.wide_u)
    if panes > 1.5:
        glass += pulses(deep_u, pattern.bay, left + 2.0 * _FRAME_M + pane, pane, spot.wide_u)
    low_v, tall = pattern.sill + _FRAME_M, pattern.high - 2.0 * _FRAME_M
    upright = pulses(deep_v, pattern.storey, low_v, tall, spot.wide_v)
    if pattern.style != 3 and sort > 0.35:
        upright -= pulses(deep_v, pattern.storey, low_v + 0.70 * tall, _FRAME_M, spot.wide_v)
    # Shares of the hole: along its edges the footprint holds wall as well.
    whole = max(columns * rows, 1e-3)
    seen = min(seen / whole, 1.0)
    clear = min(max(glass * upright, 0.0) / whole, seen)
    behind, mirror = room(pattern, spot, deep_u, deep_v, sort)
    frame = scaled(second, 1.0)
    inner = mixed(scaled(albedo, 0.62), frame, seen)
    if seen > 0.0:
        inner = mixed(scaled(albedo, 0.62), mixed(frame, behind, clear / seen), seen)
    return mixed(albedo, inner, hole), mirror * clear * hole


@inlined
def around(
    albedo: Rgb,
    second: Rgb,
    pattern: Pattern,
    spot: Spot,
    in_rows: float,
    columns: float,
    rows: float,
    sort: float,
) -> Rgb:
    """The wall beside windows: surround or shutters, and the sill with its shadow."""
    u = spot.u - pattern.start
    left = 0.5 * (pattern.bay - pattern.wide)
    room_left = left - 0.06
    if pattern.style == 0 and sort > 0.72 and room_left > 0.3:
        leaf = min(0.5 * pattern.wide, room_left)
        shut = pulses(u, pattern.bay, left - leaf, leaf, spot.wide_u)
        shut += pulses(u, pattern.bay, left + pattern.wide, leaf, spot.wide_u)
        slats = 1.0 - 0.30 * pulses(spot.v, 0.07, 0.0, 0.025, spot.wide_v)
        painted = (0.35 * second[0] + 0.03, 0.45 * second[1] + 0.05, 0.4 * second[2] + 0.04)
        albedo = mixed(albedo, scaled(painted, slats), shut * rows * in_rows)
    elif pattern.style < 2 and sort < 0.5:
        rim = 0.13
        wide = pulses(u, pattern.bay, left - rim, pattern.wide + 2.0 * rim, spot.wide_u)
        tall = pulses(
            spot.v, pattern.storey, pattern.sill - rim, pattern.high + 2.0 * rim, spot.wide_v
        )
        ring = max(wide * tall - columns * rows, 0.0) * in_rows
        albedo = mixed(albedo, (0.58, 0.56, 0.52), 0.85 * ring)
    across = pulses(u, pattern.bay, left - 0.08, pattern.wide + 0.16, spot.wide_u) * in_rows
    ledge = pulses(spot.v, pattern.storey, pattern.sill - _SILL_M, _SILL_M, spot.wide_v)
    below = pulses(spot.v, pattern.storey, pattern.sill - 0.22, 0.22 - _SILL_M, spot.wide_v)
    albedo = scaled(albedo, 1.0 - 0.28 * below * across)
    return mixed(albedo, (0.55, 0.54, 0.51), 0.9 * ledge * across)


@inlined
def room(pattern: Pattern, spot: Spot, deep_u: float, deep_v: float, sort: float) -> Material:
    """What is seen through a window, other from window to window: dark, curtains, a blind."""
    column, floor = int(deep_u // pattern.bay), int(deep_v // pattern.storey)
    near = faded(max(spot.wide_u / pattern.bay, spot.wide_v / pattern.storey))
    first = hashed(column, floor, pattern.seed + 21)
    second = hashed(column, floor, pattern.seed + 22)
    x = (deep_u - column * pattern.bay - 0.5 * (pattern.bay - pattern.wide)) / pattern.wide
    y = (deep_v - floor * pattern.storey - pattern.sill) / pattern.high
    level = 0.018 + 0.035 * hashed(column, floor, pattern.seed + 23)
    behind = (level * 1.05, level, level * 0.95)
    if pattern.style == 3:
        behind = (level, 1.15 * level, 1.3 * level)
    wide_x, wide_y = spot.wide_u / pattern.wide, spot.wide_v / pattern.high
    if first < 0.38:  # curtains, drawn to the sides
        drawn = 0.12 + 0.3 * second
        cloth = 1.0 - between(x, drawn, 1.0 - drawn, wide_x)
        folds = 1.0 + 0.35 * grain(deep_u, 0.0, 0.07, pattern.seed + 24, spot.wide_u)
        behind = mixed(behind, (0.40 * folds, 0.39 * folds, 0.36 * folds), 0.8 * cloth)
    elif first < 0.62:  # a blind or a roller shutter, part of the way down
        drawn = 0.15 + 0.85 * second * second
        cloth = between(y, 1.0 - drawn, 2.0, wide_y)
        slat = 1.0 - 0.25 * pulses(deep_v, 0.06, 0.0, 0.02, spot.wide_v)
        tint = 0.22 + 0.28 * sort
        behind = mixed(behind, (tint * slat, 0.97 * tint * slat, 0.92 * tint * slat), cloth)
    elif first < 0.72:  # something on the sill
        top = 0.10 + 0.16 * noise_2d(deep_u / 0.13, floor * 7.0 + column, pattern.seed + 25)
        plant = between(y, 0.0, top, wide_y)
        behind = mixed(behind, (0.05, 0.08, 0.03), plant)
    mean = (0.115, 0.112, 0.105) if pattern.style != 3 else (0.09, 0.095, 0.1)
    return mixed(mean, behind, near), 0.10 + 0.90 * fresnel(spot.facing, 0.04)


@inlined
def door(material: Material, second: Rgb, pattern: Pattern, spot: Spot) -> Material:
    """One bay of the ground floor has a door with a step and a small roof light."""
    bay = int(hashed(pattern.seed & 0xFFFF, 9, 4) * pattern.bays)
    middle = pattern.start + (bay + 0.5) * pattern.bay
    wide = min(_DOOR_M[0], 0.8 * pattern.bay)
    x = spot.u - middle
    # Where the door stands there is no window: the wall's colour first.
    inside = between(x, -0.5 * pattern.bay, 0.5 * pattern.bay, spot.wide_u)
    inside *= between(spot.v, 0.0, min(2.75, pattern.storey), spot.wide_v)
    if inside <= 0.0:
        return material
    sort = hashed(pattern.seed & 0xFFFF, 6, 6)
    frame = between(x, -0.5 * wide - 0.12, 0.5 * wide + 0.12, spot.wide_u)
    frame *= between(spot.v, 0.0, _DOOR_M[1] + 0.14, spot.wide_v)
    deep = x + 0.16 * spot.slope_u
    leaf = between(deep, -0.5 * wide, 0.5 * wide, spot.wide_u)
    leaf *= between(spot.v, 0.08, _DOOR_M[1], spot.wide_v)
    pane = between(deep, -0.28 * wide, 0.28 * wide, spot.wide_u)
    pane *= between(spot.v, 1.25 if sort < 0.5 else 0.4, 2.0, spot.wide_v)
    tint = (0.6 * second[0] + 0.02, 0.55 * second[1] + 0.015, 0.5 * second[2] + 0.01)
    panels = 1.0 - 0.25 * pulses(spot.v, 0.6, 0.0, 0.03, spot.wide_v)
    wooden = mixed(scaled(tint, panels), (0.02, 0.02, 0.02), pane)
    albedo = mixed(material[0], mixed((0.5, 0.48, 0.45), wooden, leaf), frame)
    return albedo, material[1] * (1.0 - frame) + 0.3 * fresnel(spot.facing, 0.08) * pane * frame

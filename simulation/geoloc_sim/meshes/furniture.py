# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Street furniture, each piece about its own foot with its front to +x, then put in its place."""

from __future__ import annotations

from collections.abc import Callable
import math

import numpy as np

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes import colours
from geoloc_sim.meshes.builder import FIXTURE_ID, MeshBuilder, Surface
from geoloc_sim.meshes.colours import Rgb, linear, varied
from geoloc_sim.meshes.ground import Levels
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.solids import Solid, box, joined, loft, placed, tube
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.records import DayConditions, Season
from geoloc_sim.world.records import Fixture, FixtureKind, World

#: A solid and what it shows: kind, colour, second colour.
Part = tuple[Solid, SurfaceKind, Rgb, Rgb]

_BLACK: Rgb = (0.02, 0.02, 0.02)
_RED, _BLUE, _YELLOW = linear('b3201f'), linear('1d4f9c'), linear('d9a31a')
_TUNNEL_CLEARANCE_M = 5.0
_HEDGE_M = (1.0, 0.8)


def add_furniture(builder: MeshBuilder, world: World) -> None:
    """Add all fixtures but the hedges, which belong to the day."""
    ground = _ground(world)
    for number, fixture in enumerate(world.fixtures):
        if fixture.kind is FixtureKind.HEDGE:
            continue
        rng = stream('fixture', world.layout.seed, number)
        for part in _MAKERS[fixture.kind](fixture, rng):
            _add_part(builder, part, fixture, float(ground[number]), number)


def add_hedges(builder: MeshBuilder, world: World, day: DayConditions) -> None:
    """Add the hedges with the leaves of the day."""
    ground = _ground(world)
    dull = {Season.WINTER: 0.75, Season.AUTUMN: 0.9}.get(day.season, 1.0)
    for number, fixture in enumerate(world.fixtures):
        if fixture.kind is not FixtureKind.HEDGE:
            continue
        rng = stream('hedge', world.layout.seed, number)
        red, green, blue = varied(colours.HEDGE, rng, 0.15)
        tone = (red * dull * 1.05, green * dull, blue * dull)
        part: Part = (_hedge(fixture, rng), SurfaceKind.FOLIAGE, tone, _BLACK)
        _add_part(builder, part, fixture, float(ground[number]), number)


def _ground(world: World) -> FloatArray:
    places = np.array([(item.x_m, item.y_m) for item in world.fixtures]).reshape(-1, 2)
    return Levels(world.areas).at(places)


def _add_part(
    builder: MeshBuilder, part: Part, fixture: Fixture, ground_m: float, number: int
) -> None:
    solid, kind, colour, second = part
    at = (fixture.x_m, fixture.y_m, ground_m)
    is_sign = kind is SurfaceKind.SIGN
    along = (
        (-math.sin(fixture.yaw_rad), math.cos(fixture.yaw_rad), 0.0)
        if is_sign
        else (math.cos(fixture.yaw_rad), math.sin(fixture.yaw_rad), 0.0)
    )
    surface = builder.surface(
        Surface(
            kind,
            colour,
            second,
            origin_m=at,
            u_axis=along,
            v_axis=(0.0, 0.0, 1.0),
            parameters=(1.0,) if kind is SurfaceKind.FOLIAGE else (),
            seed=number,
            object_id=FIXTURE_ID + number,
        )
    )
    builder.add(placed(solid, *at, fixture.yaw_rad), surface)


def _lamp(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    height = 7.5 if fixture.length_m <= 0.0 else fixture.length_m
    reach = 1.5
    pole = joined(
        [
            tube((0.0, 0.0, 0.0), (0.0, 0.0, height), 0.09, 0.045, 5),
            tube((0.0, 0.0, height), (reach, 0.0, height + 0.25), 0.04, 0.03, 3),
        ]
    )
    head = box((0.75, 0.28, 0.12), (reach + 0.2, 0.0, height + 0.2))
    glass = _pane_below(reach + 0.2, height + 0.19, 0.55, 0.2)
    tone = varied((colours.STEEL, colours.PAINTED_STEEL)[rng.integers(2)], rng)
    return [
        (pole, SurfaceKind.METAL, tone, _BLACK),
        (head, SurfaceKind.METAL, tone, _BLACK),
        (glass, SurfaceKind.LAMP_HEAD, colours.WHITE, _BLACK),
    ]


def _pane_below(x_m: float, z_m: float, length_m: float, width_m: float) -> Solid:
    """A level rectangle that faces down."""
    x, y = length_m / 2.0, width_m / 2.0
    corners = np.array(
        [(x_m - x, -y, z_m), (x_m - x, y, z_m), (x_m + x, y, z_m), (x_m + x, -y, z_m)]
    )
    return corners, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)


def _sign(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    del fixture
    post = tube((0.0, 0.0, 0.0), (0.0, 0.0, 2.75), 0.035, 0.035, 5)
    form = int(rng.integers(4))
    corners, turn, face, edge = (
        (3, math.pi / 2.0, colours.WHITE, _RED),
        (9, 0.0, colours.WHITE, _RED),
        (4, math.pi / 4.0, _BLUE, colours.WHITE),
        (4, 0.0, _YELLOW, colours.WHITE),
    )[form]
    plate = _prism_plate(corners, turn, 0.36, 2.4)
    return [
        (post, SurfaceKind.METAL, colours.STEEL, _BLACK),
        (plate, SurfaceKind.SIGN, face, edge),
    ]


def _prism_plate(corners: int, turn_rad: float, radius_m: float, height_m: float) -> Solid:
    """A thin upright plate with a regular outline that faces +x."""
    angles = turn_rad + np.arange(corners) * (2.0 * math.pi / corners)
    ring = np.stack(
        [
            np.zeros(corners),
            radius_m * np.cos(angles),
            height_m + radius_m * np.sin(angles),
        ],
        axis=1,
    )
    fan = np.array([[0, k, k + 1] for k in range(1, corners - 1)], dtype=np.int32)
    front = (ring + np.array([0.06, 0.0, 0.0]), fan)
    return joined([front, (ring + np.array([0.04, 0.0, 0.0]), fan[:, ::-1])])


def _traffic_light(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    del fixture
    post = tube((0.0, 0.0, 0.0), (0.0, 0.0, 3.4), 0.07, 0.06, 6)
    housing = box((0.22, 0.3, 0.95), (0.16, 0.0, 2.4))
    lit = int(rng.integers(3))
    lamps: list[Part] = []
    for at, bright in enumerate((linear('ff3a2a'), linear('ffb52a'), linear('2aff8a'))):
        red, green, blue = (channel * (1.0 if at == lit else 0.12) for channel in bright)
        disc = box((0.02, 0.19, 0.19), (0.28, 0.0, 3.05 - 0.29 * at))
        lamps.append((disc, SurfaceKind.PLAIN, (red, green, blue), _BLACK))
    return [
        (post, SurfaceKind.METAL, colours.STEEL, _BLACK),
        (housing, SurfaceKind.METAL, colours.DARK, _BLACK),
        *lamps,
    ]


def _bollard(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    del fixture
    tone = varied((colours.DARK, colours.CONCRETE, colours.PAINTED_STEEL)[rng.integers(3)], rng)
    post = tube((0.0, 0.0, 0.0), (0.0, 0.0, 0.9), 0.08, 0.07, 5, capped=True)
    return [(post, SurfaceKind.METAL, tone, _BLACK)]


def _bench(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    del fixture
    wood = joined(
        [box((0.45, 1.7, 0.06), (0.0, 0.0, 0.42)), box((0.06, 1.7, 0.38), (-0.24, 0.0, 0.5))]
    )
    legs = joined([box((0.4, 0.08, 0.42), (0.0, y, 0.0)) for y in (-0.7, 0.7)])
    return [
        (wood, SurfaceKind.WOOD, varied(colours.WOOD_BROWN, rng), _BLACK),
        (legs, SurfaceKind.METAL, colours.DARK, _BLACK),
    ]


def _bin(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    del fixture
    tone = varied(
        (linear('3f5a3a'), colours.DARK, colours.STEEL, linear('c2601f'))[rng.integers(4)], rng
    )
    body = tube((0.0, 0.0, 0.1), (0.0, 0.0, 0.95), 0.2, 0.24, 7, capped=True)
    return [(body, SurfaceKind.METAL, tone, _BLACK)]


def _bus_shelter(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    length = fixture.length_m if fixture.length_m > 0.0 else 4.0
    depth = fixture.width_m if fixture.width_m > 0.0 else 1.5
    tone = varied((colours.DARK, colours.STEEL, linear('2f4f3a'))[rng.integers(3)], rng)
    posts = [
        box((0.08, 0.08, 2.4), (x, y, 0.0))
        for x in (-depth / 2.0, depth / 2.0 - 0.2)
        for y in (-length / 2.0 + 0.05, length / 2.0 - 0.05)
    ]
    roof = box((depth + 0.2, length + 0.2, 0.12), (0.0, 0.0, 2.4))
    panes = [
        box((0.03, length - 0.2, 1.8), (-depth / 2.0, 0.0, 0.35)),
        box((depth - 0.4, 0.03, 1.8), (-0.1, length / 2.0 - 0.05, 0.35)),
    ]
    bench = box((0.35, length * 0.6, 0.06), (-depth / 2.0 + 0.3, 0.0, 0.45))
    return [
        (joined([*posts, roof]), SurfaceKind.METAL, tone, _BLACK),
        (joined(panes), SurfaceKind.CAR_GLASS, linear('5d6f76'), _BLACK),
        (bench, SurfaceKind.WOOD, colours.WOOD_BROWN, _BLACK),
    ]


def _fence(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    length = max(fixture.length_m, 0.5)
    style = int(rng.integers(3))
    if style == 0:  # a low wall
        wall = box((length, 0.25, 0.9))
        tone = varied((colours.CONCRETE, *colours.BRICK)[rng.integers(4)], rng)
        return [(wall, SurfaceKind.PLAIN, tone, _BLACK)]
    tone = varied(colours.WOOD_BROWN if style == 1 else colours.PAINTED_STEEL, rng, 0.15)
    kind = SurfaceKind.WOOD if style == 1 else SurfaceKind.METAL
    posts = max(2, 1 + round(length / 2.5))
    solids = [
        tube((x, 0.0, 0.0), (x, 0.0, 1.15), 0.06, 0.06, 3)
        for x in np.linspace(-length / 2.0, length / 2.0, posts).tolist()
    ]
    rails = ((0.1, 1.0),) if style == 1 else ((0.15, 0.2), (0.55, 0.6), (1.05, 1.12))
    solids += [_board(length, low, high) for low, high in rails]
    return [(joined(solids), kind, tone, _BLACK)]


def _board(length_m: float, low_m: float, high_m: float) -> Solid:
    """An upright board along x, seen from both sides."""
    half = length_m / 2.0
    corners = np.array([(-half, low_m), (half, low_m), (half, high_m), (-half, high_m)])
    front = np.stack([corners[:, 0], np.full(4, -0.02), corners[:, 1]], axis=1)
    back = front * [1.0, -1.0, 1.0]
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 6, 5], [4, 7, 6]], dtype=np.int32)
    return np.concatenate([front, back]), faces


def _tunnel_roof(fixture: Fixture, rng: np.random.Generator) -> list[Part]:
    """A slab on two walls along x, open at both ends, with grass on top."""
    length, width = max(fixture.length_m, 1.0), max(fixture.width_m, 4.0)
    concrete = varied(colours.CONCRETE, rng)
    walls = [
        box((length, 0.4, _TUNNEL_CLEARANCE_M), (0.0, side * (width / 2.0 - 0.2), 0.0))
        for side in (-1.0, 1.0)
    ]
    slab = box((length, width, 0.8), (0.0, 0.0, _TUNNEL_CLEARANCE_M))
    green = box((length - 1.0, width - 0.6, 0.1), (0.0, 0.0, _TUNNEL_CLEARANCE_M + 0.8))
    return [
        (joined([*walls, slab]), SurfaceKind.PLAIN, concrete, _BLACK),
        (green, SurfaceKind.GRASS, linear('5f7440'), _BLACK),
    ]


def _hedge(fixture: Fixture, rng: np.random.Generator) -> Solid:
    """A long clipped body with an uneven surface."""
    length = max(fixture.length_m, 0.5)
    height, depth = _HEDGE_M
    if fixture.width_m > 0.0:
        depth = fixture.width_m
    height *= float(rng.uniform(0.8, 1.7))
    sections = max(2, 1 + round(length / 2.0))
    outline = np.array(
        [(-0.5, 0.0), (0.5, 0.0), (0.55, 0.6), (0.4, 1.0), (-0.4, 1.0), (-0.55, 0.6)]
    )
    rings = []
    for x in np.linspace(-length / 2.0, length / 2.0, sections).tolist():
        swell = rng.uniform(0.85, 1.12, len(outline))
        y, z = outline[:, 0] * depth * swell, outline[:, 1] * height * rng.uniform(0.93, 1.07, 6)
        rings.append(np.stack([np.full(6, x) + rng.normal(0.0, 0.06, 6), y, z], axis=1))
    return loft(np.array(rings))


_MAKERS: dict[FixtureKind, Callable[[Fixture, np.random.Generator], list[Part]]] = {
    FixtureKind.LAMP: _lamp,
    FixtureKind.SIGN: _sign,
    FixtureKind.TRAFFIC_LIGHT: _traffic_light,
    FixtureKind.BOLLARD: _bollard,
    FixtureKind.BENCH: _bench,
    FixtureKind.BIN: _bin,
    FixtureKind.BUS_SHELTER: _bus_shelter,
    FixtureKind.FENCE: _fence,
    FixtureKind.TUNNEL_ROOF: _tunnel_roof,
}

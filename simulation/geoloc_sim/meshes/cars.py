# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Cars of several bodies and colours; x forward, y left, z = 0 on the road under them."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes import colours
from geoloc_sim.meshes.builder import MeshBuilder, Surface
from geoloc_sim.meshes.colours import Rgb, varied
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.solids import Solid, joined, loft, placed

_GLASS = colours.linear('20272b')
_LIGHT = colours.linear('c9ced0')
_BRAKE = colours.linear('8c1512')
_PLATE = colours.linear('c8c8c0')
_HUB = colours.linear('9a9c9e')
_TYRE = colours.linear('1d1d1e')
_SILL_M = 0.22


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """Measures of a kind of car, metres; x from the rear end forward, z from the road.

    Attributes:
        length_m: over all.
        width_m: without mirrors.
        top: upper edge of the lower body, rows (x, z).
        glass_foot: (rear, front) x where the glasshouse meets the lower body.
        glass_top: (rear, front) x of the roof.
        roof_m: height of the roof.
        panes: side windows as pairs of shares of the glasshouse's length.
        wheels: x of the axles.
        wheel_m: radius of the wheels.
    """

    length_m: float
    width_m: float
    top: tuple[tuple[float, float], ...]
    glass_foot: tuple[float, float]
    glass_top: tuple[float, float]
    roof_m: float
    panes: tuple[tuple[float, float], ...]
    wheels: tuple[float, float]
    wheel_m: float


BODIES = (
    Body(  # hatchback
        4.05, 1.76,
        ((0.0, 0.62), (0.1, 0.92), (0.5, 0.97), (2.85, 0.93), (3.75, 0.78), (4.05, 0.55)),
        (0.15, 3.05), (0.55, 2.2), 1.48, ((0.08, 0.46), (0.5, 0.9)), (0.72, 3.25), 0.31,
    ),
    Body(  # saloon
        4.65, 1.82,
        ((0.0, 0.62), (0.12, 0.95), (0.9, 1.0), (3.3, 0.95), (4.35, 0.8), (4.65, 0.55)),
        (0.65, 3.45), (1.35, 2.6), 1.44, ((0.14, 0.48), (0.52, 0.88)), (0.9, 3.7), 0.32,
    ),
    Body(  # estate
        4.7, 1.82,
        ((0.0, 0.65), (0.1, 0.95), (0.6, 1.0), (3.35, 0.96), (4.4, 0.8), (4.7, 0.55)),
        (0.08, 3.5), (0.45, 2.65), 1.49, ((0.06, 0.3), (0.33, 0.6), (0.63, 0.9)),
        (0.9, 3.75), 0.32,
    ),
    Body(  # sport utility
        4.5, 1.86,
        ((0.0, 0.75), (0.1, 1.05), (0.6, 1.12), (3.2, 1.08), (4.25, 0.95), (4.5, 0.65)),
        (0.1, 3.35), (0.5, 2.55), 1.68, ((0.08, 0.3), (0.34, 0.6), (0.64, 0.9)),
        (0.85, 3.55), 0.36,
    ),
    Body(  # compact van
        4.4, 1.83,
        ((0.0, 0.7), (0.08, 1.05), (0.6, 1.1), (3.5, 1.05), (4.15, 0.85), (4.4, 0.55)),
        (0.05, 3.75), (0.25, 2.75), 1.82, ((0.52, 0.7), (0.73, 0.92)), (0.8, 3.5), 0.32,
    ),
    Body(  # delivery van
        5.6, 2.0,
        ((0.0, 0.7), (0.05, 1.2), (0.6, 1.25), (4.5, 1.2), (5.3, 1.05), (5.6, 0.6)),
        (0.03, 4.85), (0.08, 3.95), 2.45, ((0.78, 0.95),), (1.0, 4.55), 0.35,
    ),
)  # fmt: skip
_BODY_SHARES = (0.34, 0.17, 0.17, 0.20, 0.07, 0.05)


@functools.cache
def _parts(body_number: int) -> tuple[tuple[SurfaceKind, Rgb | None, Solid], ...]:
    """The solids of a body by surface; no colour where it is that of the paint."""
    body = BODIES[body_number]
    shell = [_lower_body(body), _glasshouse(body)]
    panes = _panes(body)
    tyres, hubs = [], []
    for along in body.wheels:
        for side in (-1.0, 1.0):
            x, y = along - body.length_m / 2.0, side * body.width_m / 2.0
            tyres.append(_tread(x, y, body.wheel_m, side))
            tyres.append(_disc(x, y + 0.012 * side, body.wheel_m, body.wheel_m, side, 9))
            hubs.append(_disc(x, y + 0.02 * side, body.wheel_m, 0.62 * body.wheel_m, side, 6))
    half, front = body.width_m / 2.0, body.length_m / 2.0
    lamps = [_plate(front + 0.012, s * (half - 0.32), 0.62, 0.34, 0.14, 1.0) for s in (-1, 1)]
    brakes = [_plate(-front - 0.012, s * (half - 0.22), 0.72, 0.24, 0.2, -1.0) for s in (-1, 1)]
    plates = [_plate(front + 0.012, 0.0, 0.4, 0.5, 0.11, 1.0)]
    plates.append(_plate(-front - 0.012, 0.0, 0.5, 0.5, 0.11, -1.0))
    grille = [_plate(front + 0.008, 0.0, 0.52, body.width_m - 1.0, 0.12, 1.0)]
    return (
        (SurfaceKind.CAR_PAINT, None, joined(shell)),
        (SurfaceKind.CAR_GLASS, _GLASS, joined(panes)),
        (SurfaceKind.RUBBER, _TYRE, joined([*tyres, *grille])),
        (SurfaceKind.METAL, _HUB, joined(hubs)),
        (SurfaceKind.LAMP_HEAD, _LIGHT, joined(lamps)),
        (SurfaceKind.PLAIN, _BRAKE, joined(brakes)),
        (SurfaceKind.PLAIN, _PLATE, joined(plates)),
    )


def _lower_body(body: Body) -> Solid:
    """A skin open below, narrower at both ends and with a rounded shoulder."""
    half = body.width_m / 2.0
    rings = []
    for x, z in body.top:
        from_end = min(x, body.length_m - x)
        width = half * float(np.interp(from_end, (0.0, 0.12, 0.6), (0.8, 0.93, 1.0)))
        sill = _SILL_M + (0.12 if from_end < 0.08 else 0.0)
        right = [
            (width - 0.05, sill),
            (width, sill + 0.55 * (z - sill)),
            (width - 0.03, z - 0.07),
            (width - 0.12, z),
        ]
        ring = right + [(-y, height) for y, height in reversed(right)]
        rings.append([(x - body.length_m / 2.0, y, height) for y, height in ring])
    return loft(np.array(rings), closed_rings=False)


def _house_corners(body: Body) -> FloatArray:
    """Rings of the glasshouse: foot, upper edge of the windows, roof; shape (3, 4, 3).

    Corners: rear right, front right, front left, rear left.
    """
    xs, zs = zip(*body.top, strict=True)
    half, top_half = body.width_m / 2.0 - 0.1, body.width_m / 2.0 - 0.24
    centre = body.length_m / 2.0
    foot, roof = [], []
    for end, side in ((0, -1.0), (1, -1.0), (1, 1.0), (0, 1.0)):
        x = body.glass_foot[end]
        foot.append((x - centre, side * half, float(np.interp(x, xs, zs)) - 0.03))
        roof.append((body.glass_top[end] - centre, side * top_half, body.roof_m - 0.02))
    low, high = np.array(foot), np.array(roof)
    edge = low + 0.9 * (high - low)
    middle = high.mean(axis=0)
    crown = middle + (high - middle) * [0.9, 0.85, 1.0] + [0.0, 0.0, 0.02]
    return np.array([low, edge, crown])


def _glasshouse(body: Body) -> Solid:
    return loft(_house_corners(body))


def _panes(body: Body) -> list[Solid]:
    """Windows just outside the glasshouse: rear, front, and on both sides."""
    feet, tops, _ = _house_corners(body)
    panes = []
    for start, end, shares in (
        (3, 0, ((0.1, 0.9),)),
        (1, 2, ((0.06, 0.94),)),
        (0, 1, body.panes),
        (2, 3, tuple((1.0 - high, 1.0 - low) for low, high in body.panes)),
    ):
        a, b, c, d = feet[start], feet[end], tops[end], tops[start]
        normal = np.cross(b - a, d - a)
        out = 0.012 * normal / np.linalg.norm(normal)
        for low, high in shares:
            corners = [
                _between(a, b, c, d, u, v) + out
                for u, v in ((low, 0.1), (high, 0.1), (high, 0.94), (low, 0.94))
            ]
            panes.append((np.array(corners), np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)))
    return panes


def _between(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray, u: float, v: float
) -> FloatArray:
    lower: FloatArray = a + u * (b - a)
    upper: FloatArray = d + u * (c - d)
    return lower + v * (upper - lower)


def _plate(
    x_m: float, y_m: float, z_m: float, width_m: float, height_m: float, facing: float
) -> Solid:
    """An upright rectangle that faces forward (1) or back (-1)."""
    half = facing * width_m / 2.0
    low, high = z_m - height_m / 2.0, z_m + height_m / 2.0
    corners = np.array(
        [
            (x_m, y_m - half, low),
            (x_m, y_m + half, low),
            (x_m, y_m + half, high),
            (x_m, y_m - half, high),
        ]
    )
    return corners, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)


def _disc(x_m: float, y_m: float, z_m: float, radius_m: float, side: float, corners: int) -> Solid:
    angles = -side * np.arange(corners) * (2.0 * math.pi / corners)
    rim = np.stack(
        [
            x_m + radius_m * np.cos(angles),
            np.full(corners, y_m),
            z_m + radius_m * np.sin(angles),
        ],
        axis=1,
    )
    faces = [[0, k, k + 1] for k in range(1, corners - 1)]
    return rim, np.array(faces, dtype=np.int32)


def _tread(x_m: float, y_m: float, radius_m: float, side: float) -> Solid:
    """The lower part of a wheel's running surface, all that is seen of it."""
    angles = np.linspace(-1.15 * math.pi, 0.15 * math.pi, 5)
    outer, inner = y_m + 0.012 * side, y_m - 0.2 * side
    arcs = [
        np.stack(
            [x_m + radius_m * np.cos(angles), np.full(5, y), radius_m * (1.0 + np.sin(angles))],
            axis=1,
        )
        for y in ((inner, outer) if side > 0.0 else (outer, inner))
    ]
    return loft(np.array(arcs), closed_ends=False, closed_rings=False)


def add_car(
    builder: MeshBuilder,
    pose: tuple[float, float, float, float],
    rng: np.random.Generator,
    object_id: int,
) -> None:
    """Add a car of a body and colour drawn from ``rng`` at (x, y, z, yaw)."""
    body = int(rng.choice(len(BODIES), p=_BODY_SHARES))
    choice = int(rng.choice(len(colours.CAR_PAINT), p=colours.CAR_PAINT_SHARES))
    paint = varied(colours.CAR_PAINT[choice], rng, 0.1)
    forward = (math.cos(pose[3]), math.sin(pose[3]), 0.0)
    for kind, colour, solid in _parts(body):
        surface = builder.surface(
            Surface(
                kind,
                paint if colour is None else colour,
                origin_m=pose[:3],
                u_axis=forward,
                v_axis=(0.0, 0.0, 1.0),
                object_id=object_id,
            )
        )
        builder.add(placed(solid, *pose), surface)

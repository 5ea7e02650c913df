# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Shapes of trees in units of their crown: clumps of leaves, cards on them, limbs and twigs.

A crown is drawn about the origin with radius 1 and half height 1; trees of a world share a few
shapes, each turned, stretched and coloured in its own way. Where clumps and limbs are belongs to
the world; how the leaves lie on a day belongs to the day.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.solids import Solid, joined, loft, tube
from geoloc_sim.randomness import stream
from geoloc_sim.world.records import TreeKind

#: Different shapes of each kind of tree.
SHAPES = 10

_CLUMPS = {TreeKind.BROADLEAF: 6, TreeKind.COLUMNAR: 5, TreeKind.BUSH: 3, TreeKind.CONIFER: 0}
#: Clumps are a little flatter than balls.
_FLATNESS = np.array([1.0, 1.0, 0.85])


@dataclasses.dataclass(frozen=True, slots=True)
class Crown:
    """Clumps of leaves: centres (n, 3) and radii (n,), in units of the crown."""

    centres: FloatArray
    radii: FloatArray


def crown(kind: TreeKind, shape: int, seed: int) -> Crown:
    """Where the leaves of a broadleaf tree's shape are, in the world of this seed."""
    rng = stream('crown', seed, list(TreeKind).index(kind), shape)
    count = _CLUMPS[kind]
    heights = np.linspace(-0.55, 0.62, count) + rng.normal(0.0, 0.06, count)
    if kind is TreeKind.COLUMNAR:
        heights = np.linspace(-0.72, 0.78, count)
    turn = rng.uniform(0.0, 2.0 * math.pi) + 2.4 * np.arange(count)
    room = np.sqrt(np.clip(1.0 - np.abs(heights) ** 2.2, 0.05, 1.0))
    radii = rng.uniform(0.42, 0.6, count) * (0.75 + 0.25 * room)
    reach = np.clip(room - radii, 0.0, 1.0) * rng.uniform(0.75, 1.1, count)
    if kind is TreeKind.COLUMNAR:
        radii, reach = 0.55 + 0.25 * room, 0.2 * reach
    reach = reach * np.clip((0.97 - radii) / np.max(reach), 0.0, 1.0)
    heights = _fitted(heights, _FLATNESS[2] * radii)
    centres = np.stack([reach * np.cos(turn), reach * np.sin(turn), heights], axis=1)
    return Crown(centres, radii)


def _fitted(heights: FloatArray, half_heights: FloatArray) -> FloatArray:
    """Heights of clumps moved and stretched so that all of them reach from -0.97 to 0.97."""
    low, high = int(np.argmin(heights)), int(np.argmax(heights))
    bottom, top = -0.97 + half_heights[low], 0.97 - half_heights[high]
    share = (heights - heights[low]) / (heights[high] - heights[low])
    fitted: FloatArray = bottom + (top - bottom) * share
    return fitted


def clump_cores(shape: Crown, seed: int, *, round_ones: bool = True) -> Solid:
    """Irregular bodies inside the clumps, of 20 faces each or of 10."""
    rng = stream('clump_cores', seed)
    vertices, faces = icosahedron() if round_ones else _double_pyramid()
    solids = []
    for centre, radius in zip(shape.centres, shape.radii, strict=True):
        swell = rng.uniform(0.78, 1.1, (len(vertices), 1))
        turn = _turned(vertices, float(rng.uniform(0.0, 2.0 * math.pi)))
        solids.append((centre + radius * turn * swell * _FLATNESS, faces))
    return joined(solids)


def leaf_cards(shape: Crown, count: int, size: float, aspect: float, seed: int) -> Solid:
    """Small four-sided cards about the surfaces of the clumps, tilted by chance.

    Args:
        shape: the crown.
        count: of cards.
        size: mean half diagonal of a card in crown radii.
        aspect: half height over radius of the crown in the world, so that cards come out even.
        seed: of a day.
    """
    rng = stream('leaf_cards', seed)
    share = shape.radii**2 / np.sum(shape.radii**2)
    clump = rng.choice(len(share), size=count, p=share)
    outward = _directions(count, rng)
    outward[:, 2] = np.abs(outward[:, 2] + 0.15) * np.where(rng.random(count) < 0.72, 1.0, -1.0)
    outward /= np.linalg.norm(outward, axis=1)[:, None]
    reach = shape.radii[clump] * rng.uniform(0.85, 1.15, count)
    places = shape.centres[clump] + reach[:, None] * outward * _FLATNESS
    normals = outward + 0.75 * _directions(count, rng)
    normals /= np.maximum(np.linalg.norm(normals, axis=1)[:, None], 1e-9)
    side = np.cross(normals, _directions(count, rng))
    side /= np.maximum(np.linalg.norm(side, axis=1)[:, None], 1e-9)
    up = np.cross(normals, side)
    angles = np.arange(4) * (math.pi / 2.0) + rng.normal(0.0, 0.25, (count, 4))
    length = size * rng.uniform(0.65, 1.25, (count, 4))
    offsets = (length * np.cos(angles))[:, :, None] * side[:, None]
    offsets += (length * np.sin(angles))[:, :, None] * up[:, None]
    corners = places[:, None] + offsets * [1.0, 1.0, 1.0 / aspect]
    pattern = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)
    faces = (pattern + 4 * np.arange(count, dtype=np.int32)[:, None, None]).reshape(-1, 3)
    return corners.reshape(-1, 3), faces.astype(np.int32)


def twigs(shape: Crown, count: int, seed: int) -> Solid:
    """Thin long triangles that spread from the limbs: a crown without leaves."""
    rng = stream('twigs', seed)
    clump = rng.integers(len(shape.radii), size=count)
    outward = _directions(count, rng) + np.array([0.0, 0.0, 0.35])
    outward += 1.1 * shape.centres[clump] * [1.0, 1.0, 0.4]
    outward /= np.linalg.norm(outward, axis=1)[:, None]
    start = shape.centres[clump] * rng.uniform(0.35, 1.0, (count, 1))
    length = shape.radii[clump] * rng.uniform(0.7, 1.35, count)
    end = start + length[:, None] * outward
    side = np.cross(outward, _directions(count, rng))
    side *= 0.018 / np.maximum(np.linalg.norm(side, axis=1)[:, None], 1e-9)
    corners = np.stack([start - side, start + side, end], axis=1)
    return corners.reshape(-1, 3), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def limbs(shape: Crown, seed: int, *, many: bool = True) -> Solid:
    """Branches from the foot of the crown to its clumps."""
    rng = stream('limbs', seed)
    solids = []
    for centre in shape.centres[: len(shape.centres) if many else 2]:
        fork = np.array([0.0, 0.0, max(-1.0, float(centre[2]) - rng.uniform(0.45, 0.7))])
        solids.append(tube(fork, centre, 0.035, 0.012, 3))
    return joined(solids)


def _turned(vertices: FloatArray, yaw_rad: float) -> FloatArray:
    cosine, sine = math.cos(yaw_rad), math.sin(yaw_rad)
    turned: FloatArray = vertices @ np.array(
        [[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]]
    )
    return turned


def conifer(shape: int, seed: int, tiers: int, points: int) -> Solid:
    """Skirts of drooping branches round a stem; the crown runs from -1 to 1."""
    rng = stream('conifer', seed, shape)
    solids = []
    for tier in range(tiers):
        low = -1.0 + 1.86 * tier / tiers
        high = min(1.0, low + 3.0 / tiers)
        reach = ((1.0 - low) / 2.0) ** 0.9
        turn = rng.uniform(0.0, 2.0 * math.pi)
        angles = turn + np.arange(2 * points) * (math.pi / points)
        out = reach * np.where(np.arange(len(angles)) % 2 == 0, 1.0, 0.62)
        out *= rng.uniform(0.8, 1.1, len(angles))
        drop = low + np.where(np.arange(len(angles)) % 2 == 0, -0.03, 0.05)
        drop += rng.normal(0.0, 0.02, len(angles))
        skirt = np.stack([out * np.cos(angles), out * np.sin(angles), drop], axis=1)
        tip = np.array([[0.0, 0.0, high]])
        at = np.arange(len(angles))
        faces = np.stack([at, (at + 1) % len(angles), np.full(len(angles), len(angles))], axis=1)
        solids.append((np.vstack([skirt, tip]), faces.astype(np.int32)))
    return joined(solids)


def icosahedron() -> Solid:
    """The regular solid with 20 faces on the unit sphere."""
    golden = (1.0 + math.sqrt(5.0)) / 2.0
    corners = []
    for one, other in itertools.product((-1.0, 1.0), (-golden, golden)):
        corners += [(0.0, one, other), (one, other, 0.0), (other, 0.0, one)]
    vertices = np.array(corners) / math.hypot(1.0, golden)
    edge = 2.0 / math.hypot(1.0, golden)
    faces = []
    for triple in itertools.combinations(range(12), 3):
        first, second, third = vertices[list(triple)]
        sides = [first - second, second - third, third - first]
        if max(float(np.linalg.norm(side)) for side in sides) < edge * 1.01:
            outward = float(np.cross(second - first, third - first) @ first) > 0.0
            faces.append(triple if outward else triple[::-1])
    return vertices, np.array(faces, dtype=np.int32)


def _double_pyramid() -> Solid:
    """Two five-sided pyramids foot to foot, about as large as the unit ball."""
    angles = np.arange(5) * (2.0 * math.pi / 5.0)
    ring = np.stack([1.12 * np.cos(angles), 1.12 * np.sin(angles), np.zeros(5)], axis=1)
    vertices = np.vstack([ring, [(0.0, 0.0, 1.1), (0.0, 0.0, -1.0)]])
    faces = [[k, (k + 1) % 5, 5] for k in range(5)] + [[(k + 1) % 5, k, 6] for k in range(5)]
    return vertices, np.array(faces, dtype=np.int32)


def _directions(count: int, rng: np.random.Generator) -> FloatArray:
    """Unit vectors, evenly over the sphere, shape (count, 3)."""
    vectors = rng.normal(size=(count, 3))
    unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    return unit


def trunk(sides: int) -> Solid:
    """A stem from z = 0 to 1 with radius 1 at its foot, wider where it meets the ground."""
    angles = np.arange(sides) * (2.0 * math.pi / sides)
    circle = np.stack([np.cos(angles), np.sin(angles), np.zeros(sides)], axis=1)
    rings = [
        circle * [scale, scale, 0.0] + [0.0, 0.0, height]
        for height, scale in ((0.0, 1.3), (0.1, 1.0), (1.0, 0.4))
    ]
    return loft(np.array(rings), closed_ends=False)

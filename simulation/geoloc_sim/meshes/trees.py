# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""All trees of a world: stems that last, and leaves of a day."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes import colours, tree_shapes
from geoloc_sim.meshes.builder import TREE_ID, MeshBuilder, Surface
from geoloc_sim.meshes.colours import Rgb
from geoloc_sim.meshes.ground import Levels
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.solids import Solid
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.records import DayConditions, Season
from geoloc_sim.world.records import Tree, TreeKind, World

#: Triangles for all leaves of a world, about; many trees share them.
_LEAF_BUDGET = 190_000
_MOST_CARDS = 170
_FEWEST_CARDS = 60
_BARE_BELOW = 0.12

# The crown's foot as a share of the tree's height.
_CROWN_FOOT = {
    TreeKind.BROADLEAF: 0.27,
    TreeKind.COLUMNAR: 0.12,
    TreeKind.CONIFER: 0.08,
    TreeKind.BUSH: 0.0,
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Stand:
    """Every tree of a world with what is its own and lasts, one entry a tree.

    Attributes:
        trees: the trees.
        ground_m: height of the ground at each.
        shape: which of its kind's shapes.
        yaw_rad: how it is turned.
        tint: factors on the leaves' colour, shape (n, 3).
        autumn: how far its leaves turn: 0 stays green, 1 red.
    """

    trees: Sequence[Tree]
    ground_m: FloatArray
    shape: npt.NDArray[np.int64]
    yaw_rad: FloatArray
    tint: FloatArray
    autumn: FloatArray

    def of_shape(self, kind: TreeKind, shape: int) -> npt.NDArray[np.int64]:
        """Numbers of the trees of this kind and shape."""
        is_kind = np.array([tree.kind is kind for tree in self.trees], dtype=bool)
        return np.flatnonzero(is_kind & (self.shape == shape))


def _stand(world: World) -> _Stand:
    rng = stream('trees', world.layout.seed)
    count = len(world.trees)
    places = np.array([(tree.x_m, tree.y_m) for tree in world.trees]).reshape(-1, 2)
    return _Stand(
        trees=world.trees,
        ground_m=Levels(world.areas).at(places),
        shape=rng.integers(tree_shapes.SHAPES, size=count),
        yaw_rad=rng.uniform(0.0, 2.0 * np.pi, count),
        tint=np.exp(rng.normal(0.0, 0.14, (count, 1)) + rng.normal(0.0, 0.07, (count, 3))),
        autumn=rng.random(count),
    )


def add_stems(builder: MeshBuilder, world: World) -> None:
    """Add the trunks and limbs, which stand there in every season."""
    stand = _stand(world)
    rng = stream('bark', world.layout.seed)
    bark = np.empty(len(stand.trees), dtype=np.int32)
    for number in range(len(stand.trees)):
        tone = colours.varied(colours.BARK[rng.integers(len(colours.BARK))], rng)
        bark[number] = builder.surface(
            Surface(
                SurfaceKind.BARK, tone, u_axis=(1.0, 0.0, 0.0), v_axis=(0.0, 0.0, 1.0),
                seed=number, object_id=TREE_ID + number,
            )
        )  # fmt: skip
    for kind in TreeKind:
        for shape in range(tree_shapes.SHAPES):
            members = stand.of_shape(kind, shape)
            if len(members) == 0 or kind is TreeKind.BUSH:
                continue
            stem = tree_shapes.trunk(6)
            _add_copies(builder, stem, stand, members, bark, _stem_frames(stand, members))
            if kind is not TreeKind.CONIFER:
                crown = tree_shapes.crown(kind, shape, world.layout.seed)
                solid = tree_shapes.limbs(crown, shape)
                _add_copies(builder, solid, stand, members, bark, _crown_frames(stand, members))


def add_leaves(builder: MeshBuilder, world: World, day: DayConditions) -> None:
    """Add the crowns as they are on a day."""
    stand = _stand(world)
    if not stand.trees:
        return
    per_tree = _LEAF_BUDGET / len(stand.trees) - 160.0
    cards = int(np.clip(per_tree, _FEWEST_CARDS, _MOST_CARDS))
    for kind in TreeKind:
        for shape in range(tree_shapes.SHAPES):
            members = stand.of_shape(kind, shape)
            if len(members) == 0:
                continue
            frames = _crown_frames(stand, members)
            for solid, tones, density in _leaf_layers(world, day, stand, kind, shape, cards):
                surfaces = np.zeros(len(stand.trees), dtype=np.int32)
                for number in members:
                    surfaces[number] = builder.surface(
                        Surface(
                            SurfaceKind.FOLIAGE, _rgb(tones[number]), parameters=(density,),
                            u_axis=(1.0, 0.0, 0.0), v_axis=(0.0, 0.0, 1.0),
                            origin_m=(stand.trees[number].x_m, stand.trees[number].y_m, 0.0),
                            seed=int(number), object_id=TREE_ID + int(number),
                        )
                    )  # fmt: skip
                _add_copies(builder, solid, stand, members, surfaces, frames)


def _leaf_layers(
    world: World, day: DayConditions, stand: _Stand, kind: TreeKind, shape: int, cards: int
) -> list[tuple[Solid, FloatArray, float]]:
    """What a crown consists of on a day: solids with the colour for every tree, and density."""
    seed = world.layout.seed
    if kind is TreeKind.CONIFER:
        needles = np.asarray(colours.CONIFER) * stand.tint
        return [(tree_shapes.conifer(shape, seed), needles, 1.0)]
    crown = tree_shapes.crown(kind, shape, seed)
    place = list(TreeKind).index(kind) * tree_shapes.SHAPES + shape
    leaves = _leaf_colours(stand, day)
    share = day.leaf_share
    if kind is TreeKind.BUSH:
        share = max(share, 0.55)
    layers: list[tuple[Solid, FloatArray, float]] = []
    if share < 0.75 and kind is not TreeKind.BUSH:
        bare = np.asarray(colours.BARK[2]) * stand.tint
        layers.append((tree_shapes.twigs(crown, int(1.2 * cards), place), bare, 0.3))
    if share >= _BARE_BELOW:
        daily = day.seed + 7919 * place
        count = max(1, int(cards * (0.35 + 0.65 * share)))
        size = 0.30 * (0.6 + 0.4 * share) * (_MOST_CARDS / cards) ** 0.35
        layers.append((tree_shapes.leaf_cards(crown, count, size, daily), leaves, share))
    if share > 0.5:
        layers.append((tree_shapes.clump_cores(crown, place), 0.72 * leaves, 1.0))
    return layers


def _leaf_colours(stand: _Stand, day: DayConditions) -> FloatArray:
    """Linear colour of each tree's leaves on a day, shape (n, 3)."""
    base = np.asarray(day.leaf_rgb) * stand.tint
    if day.season is not Season.AUTUMN:
        return np.clip(base, 0.01, 0.8)
    turned = stand.autumn[:, None]
    yellow, red = np.array([1.25, 1.05, 0.6]), np.array([1.25, 0.6, 0.5])
    factors = np.where(turned < 0.6, 1.0 + (yellow - 1.0) * turned / 0.6, red)
    return np.clip(base * factors, 0.01, 0.8)


def _rgb(colour: FloatArray) -> Rgb:
    red, green, blue = colour.tolist()
    return red, green, blue


def _stem_frames(stand: _Stand, members: npt.NDArray[np.int64]) -> FloatArray:
    """Offset, radius and height of stems, rows (x, y, z, radius, height)."""
    rows = []
    for number in members:
        tree = stand.trees[number]
        reach = 0.9 if tree.kind is TreeKind.CONIFER else 0.72
        radius = 0.016 * tree.height_m + 0.05
        rows.append(
            (tree.x_m, tree.y_m, stand.ground_m[number] - 0.02, radius, reach * tree.height_m)
        )
    return np.array(rows)


def _crown_frames(stand: _Stand, members: npt.NDArray[np.int64]) -> FloatArray:
    """Middle, radius and half height of crowns, rows (x, y, z, radius, half height)."""
    rows = []
    for number in members:
        tree = stand.trees[number]
        foot = _CROWN_FOOT[tree.kind] * tree.height_m
        half = (tree.height_m - foot) / 2.0
        rows.append(
            (tree.x_m, tree.y_m, stand.ground_m[number] + foot + half, tree.crown_radius_m, half)
        )
    return np.array(rows)


def _add_copies(
    builder: MeshBuilder,
    solid: Solid,
    stand: _Stand,
    members: npt.NDArray[np.int64],
    surfaces: npt.NDArray[np.int32],
    frames: FloatArray,
) -> None:
    """One copy of a solid for each tree, turned and stretched into its frame."""
    vertices, faces = solid
    yaw = stand.yaw_rad[members][:, None]
    x, y = vertices[None, :, 0], vertices[None, :, 1]
    copies = np.stack(
        [
            frames[:, 0, None] + frames[:, 3, None] * (np.cos(yaw) * x - np.sin(yaw) * y),
            frames[:, 1, None] + frames[:, 3, None] * (np.sin(yaw) * x + np.cos(yaw) * y),
            frames[:, 2, None] + frames[:, 4, None] * vertices[None, :, 2],
        ],
        axis=2,
    )
    starts = np.arange(len(members), dtype=np.int32)[:, None, None] * len(vertices)
    all_faces = (faces[None] + starts).reshape(-1, 3)
    builder.add((copies.reshape(-1, 3), all_faces), np.repeat(surfaces[members], len(faces)))

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""All trees of a world: stems that last, and leaves of a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import dataclasses

import numpy as np
import numpy.typing as npt
import shapely

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

#: Trees within this distance of a street are drawn with more detail.
_NEAR_STREET_M = 12.0
#: Leaf cards of a crown near a street and away from it; bare ones have three twigs for each.
_CARDS = (40, 12)
_BARE_BELOW = 0.12

# The crown's foot as a share of the tree's height.
_CROWN_FOOT = {
    TreeKind.BROADLEAF: 0.27,
    TreeKind.COLUMNAR: 0.12,
    TreeKind.CONIFER: 0.08,
    TreeKind.BUSH: 0.0,
}


# Half height over radius of a usual crown.
_ASPECT = {
    TreeKind.BROADLEAF: 1.25,
    TreeKind.COLUMNAR: 3.2,
    TreeKind.CONIFER: 2.5,
    TreeKind.BUSH: 0.8,
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Group:
    """Trees of one kind, shape and detail, by number."""

    kind: TreeKind
    shape: int
    near_street: bool
    members: npt.NDArray[np.int64]

    @property
    def place(self) -> int:
        """A number of its own for this kind and shape."""
        return list(TreeKind).index(self.kind) * tree_shapes.SHAPES + self.shape


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
        near_street: whether it stands by a street.
    """

    trees: Sequence[Tree]
    ground_m: FloatArray
    shape: npt.NDArray[np.int64]
    yaw_rad: FloatArray
    tint: FloatArray
    autumn: FloatArray
    near_street: npt.NDArray[np.bool_]

    def groups(self) -> Iterator[_Group]:
        """The trees by kind, shape and detail; no empty groups."""
        kinds = np.array([list(TreeKind).index(tree.kind) for tree in self.trees])
        for at, kind in enumerate(TreeKind):
            for shape in range(tree_shapes.SHAPES):
                for near in (True, False):
                    chosen = (kinds == at) & (self.shape == shape) & (self.near_street == near)
                    if chosen.any():
                        yield _Group(kind, shape, near, np.flatnonzero(chosen))


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
        near_street=_near_street(world, places),
    )


def _near_street(world: World, places: FloatArray) -> npt.NDArray[np.bool_]:
    near = np.zeros(len(places), dtype=bool)
    if len(places) and world.layout.streets:
        lines = [shapely.LineString(street.centre_line_m) for street in world.layout.streets]
        found = shapely.STRtree(lines).query(
            shapely.points(places), predicate='dwithin', distance=_NEAR_STREET_M
        )
        near[found[0]] = True
    return near


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
    for group in stand.groups():
        if group.kind is TreeKind.BUSH:
            continue
        stem = tree_shapes.trunk(5 if group.near_street else 3)
        _add_copies(builder, stem, stand, group.members, bark, _stem_frames(stand, group.members))
        if group.kind is not TreeKind.CONIFER:
            crown = tree_shapes.crown(group.kind, group.shape, world.layout.seed)
            solid = tree_shapes.limbs(crown, group.shape, many=group.near_street)
            frames = _crown_frames(stand, group.members)
            _add_copies(builder, solid, stand, group.members, bark, frames)


def add_leaves(builder: MeshBuilder, world: World, day: DayConditions) -> None:
    """Add the crowns as they are on a day."""
    if not world.trees:
        return
    stand = _stand(world)
    leaves = _leaf_colours(stand, day)
    for group in stand.groups():
        frames = _crown_frames(stand, group.members)
        for layer in _leaf_layers(world, day, group):
            tones = np.asarray(layer.colour) * stand.tint if layer.colour else leaves
            surfaces = np.zeros(len(stand.trees), dtype=np.int32)
            for number in group.members.tolist():
                tree = stand.trees[number]
                surfaces[number] = builder.surface(
                    Surface(
                        SurfaceKind.BARK if layer.is_bare else SurfaceKind.FOLIAGE,
                        _rgb(layer.shade * tones[number]),
                        origin_m=(tree.x_m, tree.y_m, 0.0),
                        u_axis=(1.0, 0.0, 0.0),
                        v_axis=(0.0, 0.0, 1.0),
                        parameters=(layer.density,),
                        seed=number,
                        object_id=TREE_ID + number,
                    )
                )
            _add_copies(builder, layer.solid, stand, group.members, surfaces, frames)


@dataclasses.dataclass(frozen=True, slots=True)
class _Layer:
    """A part of a crown on a day.

    Attributes:
        solid: in units of the crown.
        density: of its leaves.
        shade: factor on their colour.
        colour: its own colour, where it is not that of the day's leaves.
        is_bare: twigs instead of leaves.
    """

    solid: Solid
    density: float = 1.0
    shade: float = 1.0
    colour: Rgb | None = None
    is_bare: bool = False


def _leaf_layers(world: World, day: DayConditions, group: _Group) -> list[_Layer]:
    """What the crowns of a group consist of on a day."""
    seed = world.layout.seed
    if group.kind is TreeKind.CONIFER:
        tiers, points = (8, 9) if group.near_street else (5, 7)
        solid = tree_shapes.conifer(group.shape, seed, tiers, points)
        return [_Layer(solid, 0.85, colour=colours.CONIFER)]
    crown = tree_shapes.crown(group.kind, group.shape, seed)
    cards = _CARDS[0] if group.near_street else _CARDS[1]
    share = day.leaf_share
    if group.kind is TreeKind.BUSH:
        share, cards = max(share, 0.55), cards // 3
    layers = []
    if share < 0.75 and group.kind is not TreeKind.BUSH:
        count = 3 * cards if share < _BARE_BELOW else cards
        branches = tree_shapes.twigs(crown, count, group.place)
        layers.append(_Layer(branches, colour=colours.BARK[2], is_bare=True))
    if share >= _BARE_BELOW:
        count = max(1, int(cards * (0.5 + 0.5 * share)))
        size = 0.2 * (0.7 + 0.3 * share) * (1.0 if group.near_street else 1.5)
        daily = stream('leaves', day.seed, group.place).integers(2**31)
        flat = tree_shapes.leaf_cards(crown, count, size, _ASPECT[group.kind], int(daily))
        layers.append(_Layer(flat, 0.35 + 0.4 * share))
        cores = tree_shapes.clump_cores(crown, group.place, round_ones=group.near_street)
        layers.append(_Layer(cores, 0.2 + 0.65 * share, shade=0.8))
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

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Blocks: the ground between the streets, and what each of them is for."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LinearRing, LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.world.curves import left_of
from geoloc_sim.world.footprints import Front, extent_along, fronts, long_axis
from geoloc_sim.world.records import Street
from geoloc_sim.world.street_classes import free_half_width_m
from geoloc_sim.world.street_skeleton import CentreKind, Skeleton

_CORNER_RADIUS_M = 5.0
_TURNING_ROOM_M = 9.5
_SMALLEST_M2 = 250.0
_EDGE_M = 2.0


class BlockUse(enum.Enum):
    """What a block is for."""

    PERIMETER = 'perimeter'  # houses wall to wall around courtyards
    ROWS = 'rows'  # terraced houses
    VILLAS = 'villas'
    SLABS = 'slabs'  # free-standing flats and towers
    CAMPUS = 'campus'  # schools, offices
    INDUSTRY = 'industry'
    PARK = 'park'
    SQUARE = 'square'
    ISLAND = 'island'  # inside a roundabout
    CHURCH = 'church'
    RIVERSIDE = 'riverside'
    GREEN = 'green'


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """A piece of ground without streets.

    Attributes:
        number: unique in its town.
        polygon: clear of every roadway and pavement, valid.
        use: decides what is built there.
        rho: distance from the centre of the town in radii of its ring road.
        frame: edge of the ground that may be built on; nobody builds towards it.
    """

    number: int
    polygon: Polygon
    use: BlockUse
    rho: float
    frame: LinearRing

    def street_fronts(self) -> list[Front]:
        """The stretches of its outline along streets, the longest first."""
        found = []
        for front in fronts(self.polygon):
            middle = Point(front.at(front.length_m / 2.0)[0])
            if self.frame.distance(middle) > 0.7:
                found.append(front)
        return sorted(found, key=lambda front: -front.length_m)

    def axes(self) -> tuple[FloatArray, float, float]:
        """Direction of the longest street beside the block, and its extents along and across.

        Buildings that stand free follow it, and not the sides of the world.
        """
        streets = self.street_fronts()
        if not streets:
            return long_axis(self.polygon)
        _, ahead = streets[0].at(streets[0].length_m / 2.0)
        along = extent_along(self.polygon, ahead)
        return ahead, along, extent_along(self.polygon, left_of(ahead))


def make_blocks(
    skeleton: Skeleton, junctions_m: FloatArray, streets: tuple[Street, ...], seed: int
) -> tuple[Block, ...]:
    """The blocks between the streets of a town, from the centre outwards."""
    dead_ends = _dead_ends(junctions_m, streets)
    corridor = _corridor(streets, dead_ends)
    west, south, east, north = skeleton.bounds_m
    frame = box(west + _EDGE_M, south + _EDGE_M, east - _EDGE_M, north - _EDGE_M)
    centre = Point(skeleton.centre_m)
    pieces = [
        piece
        for piece in shapely.get_parts(shapely.difference(frame, corridor, grid_size=0.001))
        if piece.geom_type == 'Polygon' and piece.area > 30.0
    ]
    pieces.sort(key=lambda piece: (piece.centroid.distance(centre), piece.area))
    rhos = [piece.centroid.distance(centre) / skeleton.ring_m for piece in pieces]
    entered = shapely.distance(np.array(pieces), shapely.union_all(dead_ends)) < 1.0
    open_sided = shapely.distance(np.array(pieces), frame.exterior) < 0.5
    generator = stream('town block use', seed)
    uses = [
        _fixed_use(piece, skeleton) or _drawn_use(piece, bool(whole), rho, generator)
        for piece, whole, rho in zip(pieces, ~(entered | open_sided), rhos, strict=True)
    ]
    _place_industry(pieces, rhos, uses, skeleton, generator)
    _place_parks(pieces, rhos, uses, ~entered, generator)
    _place_church(pieces, uses, ~(entered | open_sided))
    return tuple(
        Block(number, piece, use, rho, frame.exterior)
        for number, (piece, use, rho) in enumerate(zip(pieces, uses, rhos, strict=True))
    )


def _dead_ends(junctions_m: FloatArray, streets: tuple[Street, ...]) -> list[Polygon]:
    """Round ground at the end of every street that leads nowhere, to turn on."""
    degree = np.zeros(len(junctions_m), dtype=np.int64)
    for street in streets:
        degree[street.start] += 1
        degree[street.end] += 1
    return [
        Point(junctions_m[junction]).buffer(street.width_m / 2.0 + _TURNING_ROOM_M, quad_segs=6)
        for street in streets
        for junction in (street.start, street.end)
        if degree[junction] == 1
    ]


def _corridor(streets: tuple[Street, ...], dead_ends: list[Polygon]) -> BaseGeometry:
    """Roadways with pavements, rounded corners and room to turn at dead ends."""
    shapes = [
        LineString(street.centre_line_m).buffer(free_half_width_m(street) + 0.05, quad_segs=12)
        for street in streets
    ]
    united = shapely.union_all([*shapes, *dead_ends])
    closed = united.buffer(_CORNER_RADIUS_M, quad_segs=2).buffer(-_CORNER_RADIUS_M, quad_segs=2)
    return shapely.union(united, closed).simplify(0.02)


def _fixed_use(piece: Polygon, skeleton: Skeleton) -> BlockUse | None:
    middle = piece.representative_point()
    if skeleton.centre.contains(middle):
        square = skeleton.centre_kind is CentreKind.SQUARE
        return BlockUse.SQUARE if square else BlockUse.ISLAND
    if skeleton.river is not None and skeleton.river.strip.contains(middle):
        return BlockUse.RIVERSIDE
    if piece.area < _SMALLEST_M2 or piece.buffer(-6.5).is_empty:
        return BlockUse.GREEN
    return None


def _drawn_use(
    piece: Polygon, whole: bool, rho: float, generator: np.random.Generator
) -> BlockUse:
    """Dense inside, loose outside, mixed between; courtyards only behind closed outlines."""
    uses = (
        BlockUse.PERIMETER,
        BlockUse.ROWS,
        BlockUse.VILLAS,
        BlockUse.SLABS,
        BlockUse.CAMPUS,
        BlockUse.SQUARE,
    )
    shares = np.array(
        [
            whole * np.interp(rho, (0.85, 1.2, 1.6), (0.87, 0.4, 0.0)) + 1e-3,
            np.interp(rho, (0.8, 1.2, 1.8), (0.0, 0.27, 0.35)),
            np.interp(rho, (1.1, 1.5, 2.0), (0.0, 0.3, 0.5)),
            np.interp(rho, (0.8, 1.1, 1.8), (0.03, 0.2, 0.15)),
            np.interp(rho, (0.5, 1.1, 1.8), (0.07, 0.12, 0.06)),
            0.25 if piece.area < 1600.0 and rho < 1.2 else 0.0,
        ]
    )
    return uses[int(generator.choice(len(uses), p=shares / shares.sum()))]


_BUILT = (BlockUse.PERIMETER, BlockUse.ROWS, BlockUse.VILLAS, BlockUse.SLABS, BlockUse.CAMPUS)


def _place_industry(
    pieces: list[Polygon],
    rhos: list[float],
    uses: list[BlockUse],
    skeleton: Skeleton,
    generator: np.random.Generator,
) -> None:
    """Give the outer blocks in one direction to industry."""
    toward = generator.uniform(0.0, 2.0 * np.pi)
    for number, piece in enumerate(pieces):
        east, north = np.asarray(piece.centroid.coords[0]) - skeleton.centre_m
        off = np.arctan2(north, east) - toward
        near = np.cos(off) > np.cos(np.radians(32.0))
        if near and rhos[number] > 1.2 and piece.area > 2500.0 and uses[number] in _BUILT:
            uses[number] = BlockUse.INDUSTRY


def _place_parks(
    pieces: list[Polygon],
    rhos: list[float],
    uses: list[BlockUse],
    allowed: npt.NDArray[np.bool_],
    generator: np.random.Generator,
) -> None:
    """Turn a large block not far from the centre into a park, and a few small ones outside."""
    built = [number for number, use in enumerate(uses) if use in _BUILT and allowed[number]]
    if not built:
        return

    def merit(number: int) -> float:
        size = 1.0 - abs(np.log(float(pieces[number].area) / 11000.0))
        return float(size - abs(rhos[number] - 0.9) + generator.normal(0.0, 0.3))

    uses[max(built, key=merit)] = BlockUse.PARK
    for number in built:
        if generator.random() < 0.04 and uses[number] in _BUILT:
            uses[number] = BlockUse.PARK


def _place_church(
    pieces: list[Polygon], uses: list[BlockUse], allowed: npt.NDArray[np.bool_]
) -> None:
    """The block nearest to the centre that a church and its yard fit into."""
    for number, piece in enumerate(pieces):
        fits = not piece.buffer(-16.0).is_empty and piece.area < 9000.0
        if uses[number] in _BUILT and allowed[number] and fits:
            uses[number] = BlockUse.CHURCH
            return

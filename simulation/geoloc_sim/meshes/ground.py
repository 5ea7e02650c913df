# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The ground: painted areas resolved into pieces that do not overlap, with kerbs between levels.

Roads and parking places lie at z = 0, water below, everything else a kerb higher; markings,
patches and manholes are a second layer, as thick as paint, of pieces that do not overlap.

The world is halved again and again until a tile holds little, and each tile is resolved by itself:
triangles stay small (good for ray tracing) and no polygon is cut more often than the tree is deep.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import itertools

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.builder import GROUND_ID, MeshBuilder, Surface
from geoloc_sim.meshes.colours import CONCRETE, Rgb, linear
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.solids import area_of, flat_polygon, polygons_of
from geoloc_sim.world.records import KERB_HEIGHT_M, Area, AreaKind, World

WATER_LEVEL_M = -0.45
#: Under everything, so that rounding never leaves a gap between pieces to look through.
BACKING_LEVEL_M = -0.6
#: The ground goes on this far beyond the bounds, as grass.
MARGIN_M = 150.0

#: Markings lie this much over what they are painted on.
DECAL_STEP_M = 0.004

_SMALL_TILE_M = 32.0
_LARGE_TILE_M = 96.0
_TILE_VERTICES = 400
#: Corners that stand out less than this are left away: of decals, and of other ground.
_SIMPLE_M = (0.02, 0.01)
#: Closes hair cracks between roads, which would else be ground a kerb high.
_ROAD_GROWTH_M = 0.012

_DECALS = frozenset(
    {AreaKind.ROAD_PATCH, AreaKind.MARKING_WHITE, AreaKind.MARKING_YELLOW, AreaKind.MANHOLE}
)
_LOW = frozenset({AreaKind.ROAD, AreaKind.PARKING})

_COLOURS: dict[AreaKind, Rgb] = {
    AreaKind.ROAD: linear('5d5d5e'),
    AreaKind.ROAD_PATCH: linear('4c4c4d'),
    AreaKind.PAVEMENT: linear('8f8c87'),
    AreaKind.SQUARE: linear('9a9287'),
    AreaKind.COURTYARD: linear('8a857c'),
    AreaKind.PARKING: linear('6c6b69'),
    AreaKind.GRASS: linear('5f7440'),
    AreaKind.SOIL: linear('7b6750'),
    AreaKind.WATER: linear('34474a'),
    AreaKind.MARKING_WHITE: linear('dcdbd6'),
    AreaKind.MARKING_YELLOW: linear('d0a53a'),
    AreaKind.MANHOLE: linear('4a4846'),
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Tile:
    """The areas inside one rectangle, in the order of painting."""

    bounds_m: tuple[float, float, float, float]
    shapes: list[BaseGeometry]
    areas: list[Area]


class Levels:
    """Heights of the ground at points of a world."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = [area for area in areas if area.kind not in _DECALS]
        self._tree = shapely.STRtree([area.polygon for area in self._areas])

    def at(self, points_m: FloatArray) -> FloatArray:
        """Height of the ground at points (n, 2), shape (n,)."""
        height = np.full(len(points_m), KERB_HEIGHT_M)
        if len(points_m) == 0 or not self._areas:
            return height
        found = self._tree.query(shapely.points(points_m), predicate='intersects')
        top = np.full(len(points_m), -1)
        np.maximum.at(top, found[0], found[1])
        for at in np.flatnonzero(top >= 0):
            height[at] = level_of(self._areas[top[at]].kind)
        return height


def level_of(kind: AreaKind) -> float:
    """Height of ground of this kind that is no decal."""
    if kind is AreaKind.WATER:
        return WATER_LEVEL_M
    return 0.0 if kind in _LOW else KERB_HEIGHT_M


def add_ground(builder: MeshBuilder, world: World) -> None:
    """Add the whole ground of a world, the margin around it and the backing under it."""
    surfaces: dict[tuple[AreaKind, float], int] = {}

    def surface_of(kind: AreaKind, tone: float) -> int:
        key = (kind, round(tone, 2))
        if key not in surfaces:
            surfaces[key] = builder.surface(_ground_surface(*key))
        return surfaces[key]

    kerb = builder.surface(Surface(SurfaceKind.KERB, CONCRETE, object_id=GROUND_ID))
    shapes = _simplified(world.areas)
    for tile in _tiles(_clipped(world.layout.bounds_m, shapes, list(world.areas))):
        runs = _runs(tile)
        raised, water = _levels(tile, runs)
        for piece in _partition(tile, runs):
            surface = surface_of(piece.kind, piece.tone)
            for part, level in _at_levels(piece, raised, water):
                _add_flat(builder, part, level, surface)
        _add_steps(builder, tile, raised, (-0.05, KERB_HEIGHT_M), kerb, inward=False)
        _add_steps(builder, tile, water, (WATER_LEVEL_M, 0.0), kerb, inward=True)
    _add_surroundings(builder, world, surface_of(AreaKind.GRASS, 1.0))


def _simplified(areas: Sequence[Area]) -> list[BaseGeometry]:
    """The areas with fewer corners on their curves; roads grow a little to meet each other."""
    tolerances = [_SIMPLE_M[0] if area.kind in _DECALS else _SIMPLE_M[1] for area in areas]
    growth = [_ROAD_GROWTH_M if area.kind in _LOW else 0.0 for area in areas]
    shapes = shapely.simplify([area.polygon for area in areas], tolerances)
    return list(shapely.buffer(shapes, growth, join_style='mitre', mitre_limit=2.0))


def _ground_surface(kind: AreaKind, tone: float) -> Surface:
    red, green, blue = (min(channel * tone, 0.9) for channel in _COLOURS[kind])
    return Surface(SurfaceKind[kind.name], (red, green, blue), object_id=GROUND_ID)


def _clipped(
    bounds_m: tuple[float, float, float, float], shapes: list[BaseGeometry], areas: list[Area]
) -> _Tile:
    """The shapes inside bounds; only those that cross the border are cut."""
    if not shapes:
        return _Tile(bounds_m, [], [])
    cut = np.array(shapes, dtype=object)
    border = shapely.box(*bounds_m)
    extent = shapely.bounds(cut)
    low, high = np.array(bounds_m[:2]), np.array(bounds_m[2:])
    apart = np.any((extent[:, 2:] <= low) | (extent[:, :2] >= high), axis=1)
    inside = np.all((extent[:, :2] >= low) & (extent[:, 2:] <= high), axis=1)
    crossing = ~apart & ~inside
    for at in np.flatnonzero(crossing):
        cut[at] = area_of(shapely.intersection(cut[at], border))
    keep = np.flatnonzero(~apart & (shapely.area(cut) > 0.0))
    return _Tile(bounds_m, [cut[k] for k in keep], [areas[k] for k in keep])


def _tiles(tile: _Tile) -> list[_Tile]:
    """Halve until a tile is small, or simple and not large."""
    west, south, east, north = tile.bounds_m
    size = max(east - west, north - south)
    vertices = int(shapely.get_num_coordinates(tile.shapes).sum()) if tile.shapes else 0
    if size <= _SMALL_TILE_M or (size <= _LARGE_TILE_M and vertices <= _TILE_VERTICES):
        return [tile]
    if east - west >= north - south:
        middle = (west + east) / 2.0
        halves = ((west, south, middle, north), (middle, south, east, north))
    else:
        middle = (south + north) / 2.0
        halves = ((west, south, east, middle), (west, middle, east, north))
    return [small for half in halves for small in _tiles(_clipped(half, tile.shapes, tile.areas))]


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """Areas painted one after another with the same paint, as one shape."""

    kind: AreaKind
    tone: float
    shape: BaseGeometry

    @property
    def is_decal(self) -> bool:
        return self.kind in _DECALS


def _runs(tile: _Tile) -> list[_Run]:
    keyed = [(area.kind, round(area.tone, 2)) for area in tile.areas]
    runs = []
    for (kind, tone), group in itertools.groupby(range(len(keyed)), key=lambda k: keyed[k]):
        members = [tile.shapes[k] for k in group]
        shape = members[0] if len(members) == 1 else shapely.union_all(members)
        runs.append(_Run(kind, tone, shape))
    return runs


def _partition(tile: _Tile, runs: list[_Run]) -> list[_Run]:
    """What is seen from above: ground that covers the tile exactly once, and decals on it."""
    uncovered: BaseGeometry = shapely.box(*tile.bounds_m)
    unpainted = uncovered
    decals_left = sum(run.is_decal for run in runs)
    pieces = []
    for run in reversed(runs):
        under = unpainted if run.is_decal else uncovered
        piece = area_of(shapely.intersection(run.shape, under))
        if piece.area > 0.0:
            pieces.append(_Run(run.kind, run.tone, piece))
        if run.is_decal:
            decals_left -= 1
        else:
            uncovered = shapely.difference(uncovered, run.shape)
        if decals_left:
            unpainted = shapely.difference(unpainted, run.shape)
    pieces.append(_Run(AreaKind.GRASS, 1.0, uncovered))
    return pieces


def _levels(tile: _Tile, runs: list[_Run]) -> tuple[BaseGeometry, BaseGeometry]:
    """Where the tile is a kerb high, and where it is water."""
    raised: BaseGeometry = shapely.box(*tile.bounds_m)
    water: BaseGeometry = Polygon()
    for run in runs:
        kind, shape = run.kind, run.shape
        if run.is_decal:
            continue
        if kind is AreaKind.WATER:
            water = shapely.union(water, shape)
        elif not water.is_empty:
            water = shapely.difference(water, shape)
        if kind in _LOW or kind is AreaKind.WATER:
            raised = shapely.difference(raised, shape)
        else:
            raised = shapely.union(raised, shape)
    return raised, water


def _at_levels(
    piece: _Run, raised: BaseGeometry, water: BaseGeometry
) -> list[tuple[BaseGeometry, float]]:
    """A piece at its height; a decal lies just over what it is painted on."""
    shape = piece.shape
    if not piece.is_decal:
        return [(shape, level_of(piece.kind))]
    parts = [(shapely.intersection(shape, raised), KERB_HEIGHT_M + DECAL_STEP_M)]
    if not water.is_empty:
        parts.append((shapely.intersection(shape, water), WATER_LEVEL_M + DECAL_STEP_M))
        shape = shapely.difference(shape, water)
    parts.append((shapely.difference(shape, raised), DECAL_STEP_M))
    return parts


def _add_flat(builder: MeshBuilder, shape: BaseGeometry, level: float, surface: int) -> None:
    for polygon in polygons_of(shape):
        vertices, faces = flat_polygon(polygon)
        height = np.full((len(vertices), 1), level)
        builder.add((np.hstack([vertices, height]), faces), surface)


def _add_steps(
    builder: MeshBuilder,
    tile: _Tile,
    shape: BaseGeometry,
    heights_m: tuple[float, float],
    surface: int,
    *,
    inward: bool,
) -> None:
    """Upright faces along the shape's border, but not along that of the tile."""
    west, south, east, north = tile.bounds_m
    low, high = heights_m
    for polygon in polygons_of(shape):
        oriented = polygon.reverse() if polygon.exterior.is_ccw is inward else polygon
        for ring in (oriented.exterior, *oriented.interiors):
            points = shapely.get_coordinates(ring)
            start, end = points[:-1], points[1:]
            on_border = np.zeros(len(start), dtype=bool)
            for axis, value in ((0, west), (0, east), (1, south), (1, north)):
                on_border |= (start[:, axis] == value) & (end[:, axis] == value)
            builder.add(upright(start[~on_border], end[~on_border], low, high), surface)


def upright(
    start_m: FloatArray, end_m: FloatArray, low_m: float, high_m: float
) -> tuple[FloatArray, np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    """Upright quads over edges (n, 2) that face to the right of start -> end."""
    count = len(start_m)
    low, high = np.full((count, 1), low_m), np.full((count, 1), high_m)
    corners = np.stack(
        [
            np.hstack([start_m, low]),
            np.hstack([end_m, low]),
            np.hstack([end_m, high]),
            np.hstack([start_m, high]),
        ],
        axis=1,
    ).reshape(-1, 3)
    pattern = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)
    faces = (pattern[None] + 4 * np.arange(count, dtype=np.int32)[:, None, None]).reshape(-1, 3)
    return corners, faces.astype(np.int32)


def _add_surroundings(builder: MeshBuilder, world: World, grass: int) -> None:
    west, south, east, north = world.layout.bounds_m
    outer = shapely.box(west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M)
    ring = shapely.difference(outer, shapely.box(west, south, east, north))
    _add_flat(builder, ring, KERB_HEIGHT_M, grass)
    backing = builder.surface(_ground_surface(AreaKind.ROAD, 1.0))
    _add_flat(builder, outer, BACKING_LEVEL_M, backing)

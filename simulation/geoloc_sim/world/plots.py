# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Blocks between the streets, divided into plots, one around each building."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.spatial import Voronoi
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geoloc_ros.types import FloatArray
from geoloc_sim.world.overlay import each_within, polygons_of, united, without
from geoloc_sim.world.records import Building, Layout

_SAMPLE_M = 5.0
_PLOT_REACH_M = 24.0
_SMALLEST_BLOCK_M2 = 4.0


@dataclasses.dataclass(frozen=True, slots=True)
class Plot:
    """Ground that goes with a building: nearer to it than to any other, in one block."""

    building: Building
    ground: Polygon
    block: int


@dataclasses.dataclass(frozen=True, slots=True)
class Plots:
    """The ground between the streets.

    Attributes:
        blocks: what roads and pavements leave within the bounds.
        plots: within the blocks; buildings are not cut out of them.
        borders: between the plots of two buildings, each once.
    """

    blocks: tuple[Polygon, ...]
    plots: tuple[Plot, ...]
    borders: tuple[LineString, ...]


def build_plots(layout: Layout, streets: BaseGeometry) -> Plots:
    """Divide the ground beside the streets.

    Args:
        layout: its buildings get the plots.
        streets: roadways, bays and pavements together.
    """
    box = shapely.box(*layout.bounds_m)
    blocks = polygons_of(without(box, streets), _SMALLEST_BLOCK_M2)
    if not layout.buildings or not blocks:
        return Plots(tuple(blocks), (), ())
    cells, borders = _cells(layout.buildings, layout.bounds_m)
    tree = shapely.STRtree(cells)
    plots = []
    for number, block in enumerate(blocks):
        near = np.sort(tree.query(block, predicate='intersects'))
        grounds = each_within(cells[near], block)
        for i, ground in zip(near.tolist(), grounds, strict=True):
            building = layout.buildings[i]
            plots += [
                Plot(building, part, number)
                for part in polygons_of(ground, 6.0)
                if part.intersects(building.footprint)
            ]
    return Plots(tuple(blocks), tuple(plots), borders)


def _cells(
    buildings: tuple[Building, ...], bounds: tuple[float, float, float, float]
) -> tuple[np.ndarray, tuple[LineString, ...]]:
    """For each building, the ground nearer to it than to others and within reach of it."""
    points, owners = _samples(buildings)
    centre = np.array([bounds[0] + bounds[2], bounds[1] + bounds[3]]) / 2.0
    far = 20.0 * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    ring = far * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=float)
    diagram = Voronoi(np.concatenate([points - centre, ring]))
    vertices = diagram.vertices + centre
    parts: list[list[Polygon]] = [[] for _ in buildings]
    for i, owner in enumerate(owners.tolist()):
        region = diagram.regions[diagram.point_region[i]]
        if len(region) >= 3 and -1 not in region:
            parts[owner].append(Polygon(vertices[region]))
    reach = shapely.buffer(
        [building.footprint for building in buildings], _PLOT_REACH_M, quad_segs=3
    )
    cells = np.array([united(part) for part in parts], dtype=object)
    return each_within(cells, reach), _borders(diagram, vertices, owners, reach)


def _samples(buildings: tuple[Building, ...]) -> tuple[FloatArray, np.ndarray]:
    """Points along the walls, and the building of each; repeated points only once."""
    rings = shapely.segmentize(
        shapely.get_exterior_ring([building.footprint for building in buildings]), _SAMPLE_M
    )
    points, owners = shapely.get_coordinates(rings, return_index=True)
    # Terraced houses share walls: move the samples a little inwards so that each has its own.
    centres = shapely.get_coordinates(shapely.centroid(rings))[owners]
    inwards = centres - points
    points = points + 0.05 * inwards / np.maximum(np.hypot(*inwards.T), 1e-9)[:, None]
    _, first = np.unique(np.round(points, 3), axis=0, return_index=True)
    first.sort()
    return points[first], owners[first]


def _borders(
    diagram: Voronoi, vertices: FloatArray, owners: np.ndarray, reach: np.ndarray
) -> tuple[LineString, ...]:
    pieces: dict[tuple[int, int], list[LineString]] = {}
    real = len(owners)
    for (a, b), (v, w) in zip(diagram.ridge_points, diagram.ridge_vertices, strict=True):
        if a >= real or b >= real or v < 0 or w < 0 or owners[a] == owners[b]:
            continue
        pair = (int(min(owners[a], owners[b])), int(max(owners[a], owners[b])))
        pieces.setdefault(pair, []).append(LineString(vertices[[v, w]]))
    lines = []
    for (one, _), segments in sorted(pieces.items()):
        merged = shapely.line_merge(shapely.union_all(segments)).simplify(0.8)
        lines += [
            part
            for part in shapely.get_parts(merged.intersection(reach[one]))
            if part.geom_type == 'LineString' and part.length > 1.5
        ]
    return tuple(lines)

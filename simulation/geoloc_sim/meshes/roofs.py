# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What roofs look like and carry: drawn from the stream ``roof``, which facades never use."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import shapely
from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes import colours
from geoloc_sim.meshes.builder import MeshBuilder, Surface
from geoloc_sim.meshes.colours import Rgb, varied
from geoloc_sim.meshes.ground import upright
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.roof_faces import RoofFace, outline
from geoloc_sim.meshes.roof_shape import RoofShape
from geoloc_sim.meshes.solids import Solid, flat_polygon, polygons_of
from geoloc_sim.randomness import stream
from geoloc_sim.world.records import Building, BuildingUse, RoofKind

_EDGE_M = 0.16


@dataclasses.dataclass(frozen=True, slots=True)
class RoofLook:
    """The roof of one building.

    Attributes:
        kind: ROOF_TILES, ROOF_METAL or ROOF_FLAT.
        colour: of its cover.
        spacing_m: of rows, seams or sheets.
        trim: colour of edges, gutters and parapets.
        overhang_m: of pitched roofs over the walls.
        parapet_m: height of a flat roof's rim over its deck.
        seed: of what stands on it.
    """

    kind: SurfaceKind
    colour: Rgb
    spacing_m: float
    trim: Rgb
    overhang_m: float
    parapet_m: float
    seed: int


def draw_roof(building: Building, seed: int) -> RoofLook:
    """The look of a building's roof in the world of this seed."""
    rng = stream('roof', seed, building.number)
    flat = building.roof is RoofKind.FLAT or bool(building.footprint.interiors)
    metal_share = 0.75 if building.use is BuildingUse.INDUSTRIAL else 0.12
    is_metal = bool(rng.random() < metal_share)
    if flat:
        kind, choices, spacing = SurfaceKind.ROOF_FLAT, colours.ROOF_FLAT, 1.0
        if is_metal and building.use is BuildingUse.INDUSTRIAL:
            kind, choices, spacing = SurfaceKind.ROOF_METAL, colours.ROOF_METAL, 0.9
    elif is_metal:
        kind, choices, spacing = SurfaceKind.ROOF_METAL, colours.ROOF_METAL, 0.5
    else:
        kind, choices, spacing = SurfaceKind.ROOF_TILES, colours.ROOF_TILES, 0.34
    trims = (colours.WHITE, colours.CONCRETE, colours.STEEL, colours.WOOD_BROWN, colours.DARK)
    return RoofLook(
        kind=kind,
        colour=varied(choices[rng.integers(len(choices))], rng, 0.12),
        spacing_m=spacing * float(rng.uniform(0.85, 1.2)),
        trim=varied(trims[rng.integers(len(trims))], rng),
        overhang_m=float(rng.uniform(0.25, 0.6)),
        parapet_m=float(rng.uniform(0.25, 0.9)) if building.storeys > 1 else 0.15,
        seed=int(rng.integers(2**31)),
    )


def lifted(polygon: Polygon, plane: FloatArray) -> Solid:
    """Triangles of a polygon in the plane z = a x + b y + c, facing up."""
    vertices, faces = flat_polygon(polygon)
    return np.hstack([vertices, (vertices @ plane[:2] + plane[2])[:, None]]), faces


def roof_surface(building: Building, look: RoofLook, face: RoofFace) -> Surface:
    """The surface of one face: u along its eaves, v up its slope."""
    slope = float(np.hypot(face.plane[0], face.plane[1]))
    if slope < 1e-6:
        corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(building.footprint))
        side = corners[1] - corners[0]
        up = np.array([-side[1], side[0]]) / np.linalg.norm(side)
        slope = 0.0
    else:
        up = face.plane[:2] / slope
    run = 1.0 / math.hypot(1.0, slope)
    foot = shapely.get_coordinates(face.polygon)
    low = foot[int(np.argmin(foot @ up))]
    return Surface(
        look.kind,
        look.colour,
        second_colour=look.trim,
        origin_m=(float(low[0]), float(low[1]), float(low @ face.plane[:2] + face.plane[2])),
        u_axis=(float(up[1]), float(-up[0]), 0.0),
        v_axis=(float(up[0]) * run, float(up[1]) * run, slope * run),
        parameters=(look.spacing_m,),
        seed=look.seed,
        object_id=building.number,
    )


def add_roof(
    builder: MeshBuilder,
    building: Building,
    look: RoofLook,
    shape: RoofShape,
    faces: list[RoofFace],
) -> None:
    """Add a roof with its edges; a flat one sinks behind a parapet.

    Args:
        builder: takes the triangles.
        building: whose roof it is.
        look: what it looks like.
        shape: its form.
        faces: those of the shape with the look's overhang.
    """
    trim = builder.surface(
        Surface(SurfaceKind.PLAIN, look.trim, seed=look.seed, object_id=building.number)
    )
    if is_level(shape):
        _add_flat_roof(builder, building, look, shape, trim)
        return
    cover = outline(shape.footprint, look.overhang_m)
    ring = cover.difference(shape.footprint.buffer(-0.05))
    border = cover.exterior
    for face in faces:
        surface = builder.surface(roof_surface(building, look, face))
        builder.add(lifted(face.polygon, face.plane), surface)
        below = face.plane - [0.0, 0.0, _EDGE_M]
        for part in polygons_of(shapely.intersection(face.polygon, ring), 1e-3):
            vertices, triangles = lifted(part, below)
            builder.add((vertices, triangles[:, ::-1]), trim)
        builder.add(_edge_boards(face, border), trim)


def is_level(shape: RoofShape) -> bool:
    """Whether the roof is one level plane."""
    return len(shape.wings) == 1 and not np.any(shape.wings[0].planes[:, :2])


def _edge_boards(face: RoofFace, border: shapely.Geometry) -> Solid:
    """Upright boards under the edges of a face that lie on the roof's border."""
    points = shapely.get_coordinates(shapely.geometry.polygon.orient(face.polygon).exterior)
    start, end = points[:-1], points[1:]
    outside = shapely.distance(shapely.points((start + end) / 2.0), border) < 1e-3
    start, end = start[outside], end[outside]
    vertices, faces = upright(start, end, -_EDGE_M, 0.0)
    vertices[:, 2] += vertices[:, :2] @ face.plane[:2] + face.plane[2]
    return vertices, faces


def _add_flat_roof(
    builder: MeshBuilder, building: Building, look: RoofLook, shape: RoofShape, trim: int
) -> None:
    """The deck behind a rim 0.25 m thick whose top is as high as the walls."""
    top = float(shape.wings[0].planes[0, 2])
    inner = shapely.buffer(shape.footprint, -0.25, join_style='mitre')
    decks = polygons_of(inner, 0.5)
    plane = np.array([0.0, 0.0, top])
    if not decks:
        builder.add(lifted(shape.footprint, plane), trim)
        return
    for part in polygons_of(shapely.difference(shape.footprint, inner)):
        builder.add(lifted(part, plane), trim)
    for deck in decks:
        face = RoofFace(deck, plane - [0.0, 0.0, look.parapet_m])
        builder.add(lifted(deck, face.plane), builder.surface(roof_surface(building, look, face)))
        oriented = shapely.geometry.polygon.orient(deck)
        for ring in (oriented.exterior, *oriented.interiors):
            points = shapely.get_coordinates(ring)[::-1]
            builder.add(upright(points[:-1], points[1:], top - look.parapet_m, top), trim)

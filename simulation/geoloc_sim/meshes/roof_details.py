# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Chimneys, dormers, roof windows, solar panels and the machines on flat roofs."""

from __future__ import annotations

import math

import numpy as np
import shapely

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes import colours
from geoloc_sim.meshes.builder import MeshBuilder, Surface
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.roof_faces import RoofFace
from geoloc_sim.meshes.roof_shape import RoofShape
from geoloc_sim.meshes.roofs import RoofLook, is_level
from geoloc_sim.meshes.solids import box, joined, placed
from geoloc_sim.randomness import stream
from geoloc_sim.world.records import Building, BuildingUse

_SOLAR = colours.linear('1e2a3c')
_PANE = colours.linear('2a333b')


def add_roof_details(
    builder: MeshBuilder,
    building: Building,
    look: RoofLook,
    shape: RoofShape,
    faces: list[RoofFace],
) -> None:
    """Add what stands on a roof (of these faces), drawn from the roof's own seed."""
    if building.use is BuildingUse.GARAGE:
        return
    rng = stream('roof_details', look.seed)
    if is_level(shape):
        _add_machines(builder, building, look, shape, rng)
        return
    large = [face for face in faces if face.polygon.area > 14.0]
    if not large:
        return
    if building.use is not BuildingUse.CHURCH and rng.random() < 0.75:
        _add_chimneys(builder, building, shape, rng)
    if building.use is BuildingUse.CHURCH:
        return
    for face in large:
        choice = rng.random()
        if choice < 0.18:
            _add_panels(builder, building, face, rng, solar=True)
        elif choice < 0.50:
            _add_panels(builder, building, face, rng, solar=False)
        elif choice < 0.70 and building.use is not BuildingUse.INDUSTRIAL:
            _add_dormers(builder, building, look, face, rng)


def _inside(polygon: shapely.Geometry, rng: np.random.Generator, margin_m: float) -> FloatArray:
    """A point of the polygon at least a margin from its border; its middle if none is found."""
    inner = polygon.buffer(-margin_m)
    if inner.is_empty:
        return np.array(polygon.representative_point().coords[0])
    west, south, east, north = inner.bounds
    for _ in range(20):
        point = rng.uniform((west, south), (east, north))
        if shapely.contains_xy(inner, *point):
            return np.asarray(point)
    return np.array(inner.representative_point().coords[0])


def _add_machines(
    builder: MeshBuilder,
    building: Building,
    look: RoofLook,
    shape: RoofShape,
    rng: np.random.Generator,
) -> None:
    area = shape.footprint.area
    if area < 40.0:
        return
    deck = float(shape.wings[0].planes[0, 2]) - look.parapet_m
    yaw = _main_yaw(shape)
    solids = []
    for _ in range(int(rng.integers(1, 3 + min(6, int(area / 120.0))))):
        size = (rng.uniform(0.7, 2.6), rng.uniform(0.7, 2.0), rng.uniform(0.4, 1.5))
        point = _inside(shape.footprint, rng, 1.8)
        solids.append(placed(box(size), point[0], point[1], deck, yaw))
    if building.storeys >= 3:
        point = _inside(shape.footprint, rng, 3.0)
        solids.append(placed(box((4.0, 3.2, 2.4)), point[0], point[1], deck, yaw))
    tone = colours.varied(
        (colours.STEEL, colours.CONCRETE, colours.WHITE)[rng.integers(3)], rng, 0.15
    )
    surface = builder.surface(Surface(SurfaceKind.PLAIN, tone, object_id=building.number))
    builder.add(joined(solids), surface)


def _main_yaw(shape: RoofShape) -> float:
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape.footprint))
    side = corners[1] - corners[0]
    return math.atan2(side[1], side[0])


def _add_chimneys(
    builder: MeshBuilder, building: Building, shape: RoofShape, rng: np.random.Generator
) -> None:
    yaw = _main_yaw(shape)
    tone = colours.varied(colours.BRICK[rng.integers(len(colours.BRICK))], rng)
    surface = builder.surface(Surface(SurfaceKind.PLAIN, tone, object_id=building.number))
    for _ in range(int(rng.integers(1, 3))):
        candidates = np.array([_inside(shape.footprint, rng, 1.0) for _ in range(6)])
        heights = shape.heights(candidates)
        point, height = candidates[np.argmax(heights)], float(np.max(heights))
        chimney = box((rng.uniform(0.5, 1.0), rng.uniform(0.45, 0.6), 2.0))
        builder.add(placed(chimney, point[0], point[1], height - 1.0, yaw), surface)


def _add_panels(
    builder: MeshBuilder,
    building: Building,
    face: RoofFace,
    rng: np.random.Generator,
    *,
    solar: bool,
) -> None:
    """Rectangles just over the roof: a field of solar panels, or single windows."""
    slope = float(np.hypot(face.plane[0], face.plane[1]))
    up = face.plane[:2] / slope
    along = np.array([up[1], -up[0]])
    run = 1.0 / math.hypot(1.0, slope)
    surface = builder.surface(
        Surface(
            SurfaceKind.CAR_GLASS if not solar else SurfaceKind.PLAIN,
            _SOLAR if solar else _PANE,
            object_id=building.number,
        )
    )
    width, height = (rng.uniform(3.0, 8.0), rng.uniform(1.7, 3.6)) if solar else (0.8, 1.2)
    for _ in range(1 if solar else int(rng.integers(1, 5))):
        centre = _inside(face.polygon, rng, 1.2)
        corners = np.array(
            [
                centre + sx * width / 2.0 * along + sy * height / 2.0 * run * up
                for sx, sy in ((1, -1), (1, 1), (-1, 1), (-1, -1))
            ]
        )
        if not face.polygon.contains(shapely.Polygon(corners).buffer(0.2)):
            continue
        over = corners @ face.plane[:2] + face.plane[2] + 0.07
        builder.quad(np.hstack([corners, over[:, None]])[:: _turn(corners)], surface)


def _turn(corners: FloatArray) -> int:
    """1 where the corners run counter-clockwise, -1 where they do not."""
    return 1 if shapely.LinearRing(corners).is_ccw else -1


def _add_dormers(
    builder: MeshBuilder,
    building: Building,
    look: RoofLook,
    face: RoofFace,
    rng: np.random.Generator,
) -> None:
    """Small boxes with a window that look out of the slope."""
    slope = float(np.hypot(face.plane[0], face.plane[1]))
    if slope < 0.35:
        return
    up = face.plane[:2] / slope
    yaw = math.atan2(-up[1], -up[0])
    wall = builder.surface(Surface(SurfaceKind.PLAIN, look.trim, object_id=building.number))
    lid = builder.surface(Surface(SurfaceKind.PLAIN, look.colour, object_id=building.number))
    pane = builder.surface(Surface(SurfaceKind.CAR_GLASS, _PANE, object_id=building.number))
    width, rise = float(rng.uniform(1.5, 2.4)), 1.35
    depth = rise / slope + 0.2
    for _ in range(int(rng.integers(1, 4))):
        front = _inside(face.polygon, rng, 1.5)
        back = front + depth * up
        if not face.polygon.buffer(-0.3).contains(shapely.LineString([front, back])):
            continue
        middle = (front + back) / 2.0
        foot = float(front @ face.plane[:2] + face.plane[2])
        body = placed(box((depth, width, rise + 0.3)), middle[0], middle[1], foot - 0.3, yaw)
        builder.add(body, wall)
        top = placed(box((depth + 0.3, width + 0.3, 0.12)), middle[0], middle[1], foot + rise, yaw)
        builder.add(top, lid)
        glass = box((0.02, width * 0.75, rise * 0.65), (depth / 2.0 + 0.01, 0.0, rise * 0.2))
        builder.add(placed(glass, middle[0], middle[1], foot, yaw), pane)

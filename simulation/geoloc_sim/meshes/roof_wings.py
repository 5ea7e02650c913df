# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Wings of pitched roofs from footprints: their regions and planes, rising one metre a metre."""

from __future__ import annotations

import itertools
import math

import numpy as np
import shapely
from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.roof_faces import Wing, outline

_RIGHT_ANGLE_TOLERANCE_RAD = math.radians(7.0)
_SNAP_M = 0.7


def _edges(polygon: Polygon) -> tuple[FloatArray, FloatArray]:
    """Starts and unit directions of a counter-clockwise ring's edges."""
    points = shapely.get_coordinates(shapely.simplify(polygon.exterior, 0.02))
    if not polygon.exterior.is_ccw:
        points = points[::-1]
    steps = np.diff(points, axis=0)
    return points[:-1], steps / np.linalg.norm(steps, axis=1)[:, None]


def _rising_planes(starts: FloatArray, directions: FloatArray) -> FloatArray:
    """Planes that are zero at the edges and rise inward by one metre a metre."""
    inward = np.stack([-directions[:, 1], directions[:, 0]], axis=1)
    return np.hstack([inward, -np.sum(inward * starts, axis=1)[:, None]])


def _main_direction(polygon: Polygon) -> FloatArray:
    """Unit vector along the longer side of the smallest rectangle around the polygon."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))
    sides = np.diff(corners[:3], axis=0)
    longer = sides[int(np.argmax(np.linalg.norm(sides, axis=1)))]
    unit: FloatArray = longer / np.linalg.norm(longer)
    return unit


def shed(footprint: Polygon) -> Wing:
    """One plane that rises across the building, away from the edge that lies along it."""
    along = _main_direction(footprint)
    across = np.array([-along[1], along[0]])
    lowest = float(np.min(shapely.get_coordinates(footprint) @ across))
    return Wing(footprint, np.array([[across[0], across[1], -lowest]]))


def pitched(footprint: Polygon, *, hipped: bool) -> list[Wing]:
    """Gables or hips over a footprint; where there are several wings the last one fills."""
    starts, directions = _edges(footprint)
    is_convex = footprint.convex_hull.area < 1.01 * footprint.area
    if is_convex and hipped:
        return [Wing(footprint, _rising_planes(starts, directions))]
    if is_convex and len(starts) == 4:
        lengths = np.linalg.norm(np.roll(starts, -1, axis=0) - starts, axis=1)
        first = 0 if lengths[0] + lengths[2] >= lengths[1] + lengths[3] else 1
        eaves = [first, first + 2]
        return [Wing(footprint, _rising_planes(starts[eaves], directions[eaves]))]
    wings = [] if is_convex else _right_angled_wings(footprint, hipped=hipped)
    if not wings:
        return [_spanning_gable(footprint)]
    return [*wings, Wing(footprint, np.zeros((1, 3)), is_filling=True)]


def _spanning_gable(footprint: Polygon) -> Wing:
    """Two planes over the whole footprint, with the ridge along its main direction."""
    along = _main_direction(footprint)
    across = np.array([-along[1], along[0]])
    places = shapely.get_coordinates(footprint) @ across
    low, high = float(np.min(places)), float(np.max(places))
    return Wing(
        footprint, np.array([[across[0], across[1], -low], [-across[0], -across[1], high]])
    )


def _right_angled_wings(footprint: Polygon, *, hipped: bool) -> list[Wing]:
    """Wings of a footprint with right angles: its largest rectangles; none if it has others."""
    starts, directions = _edges(footprint)
    lengths = np.linalg.norm(np.roll(starts, -1, axis=0) - starts, axis=1)
    yaw = math.atan2(*directions[int(np.argmax(lengths)), ::-1])
    off = np.abs(np.angle(np.exp(4j * (np.arctan2(directions[:, 1], directions[:, 0]) - yaw)))) / 4
    if len(starts) > 16 or np.max(off[lengths > 1.0], initial=0.0) > _RIGHT_ANGLE_TOLERANCE_RAD:
        return []
    turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    local = Polygon(starts @ turn)
    rectangles = _largest_rectangles(local, starts @ turn)
    wings = [_rectangle_wing(local, rectangle, turn, hipped=hipped) for rectangle in rectangles]
    covered = shapely.union_all([wing.region for wing in wings]) if wings else Polygon()
    return wings if footprint.difference(covered).area < 0.01 * footprint.area else []


def _snapped(values: FloatArray) -> FloatArray:
    """Sorted values with those closer than the snapping distance merged."""
    ordered = np.sort(values)
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered) > _SNAP_M) + 1)
    return np.array([group.mean() for group in groups])


def _largest_rectangles(
    polygon: Polygon, corners: FloatArray
) -> list[tuple[float, float, float, float]]:
    """Rectangles between corner lines that lie inside and in no larger one."""
    xs, ys = _snapped(corners[:, 0]), _snapped(corners[:, 1])
    inside = [
        (west, south, east, north)
        for west, east in itertools.combinations(xs.tolist(), 2)
        for south, north in itertools.combinations(ys.tolist(), 2)
        if shapely.box(west, south, east, north).difference(polygon).area
        < 0.5 * _SNAP_M * (east - west + north - south) + 1e-9
        and polygon.contains(shapely.box(west, south, east, north).centroid)
        and shapely.box(west, south, east, north).intersection(polygon).area
        > 0.94 * (east - west) * (north - south)
    ]
    return [
        mine
        for mine in inside
        if min(mine[2] - mine[0], mine[3] - mine[1]) > 1.5
        and not any(
            other != mine
            and other[0] <= mine[0]
            and other[1] <= mine[1]
            and other[2] >= mine[2]
            and other[3] >= mine[3]
            for other in inside
        )
    ]


def _rectangle_wing(
    polygon: Polygon,
    rectangle: tuple[float, float, float, float],
    turn: FloatArray,
    *,
    hipped: bool,
) -> Wing:
    """A gable along the rectangle; ends inside the footprint and hipped ones slope down."""
    west, south, east, north = rectangle
    low = np.array([[0.0, 1.0, -south], [0.0, -1.0, north]])
    ends = np.array([[1.0, 0.0, -west], [-1.0, 0.0, east]])
    sides = (((west, south), (west, north)), ((east, south), (east, north)))
    if north - south > east - west:
        low, ends = ends, low
        sides = (((west, south), (east, south)), ((west, north), (east, north)))
    border = polygon.exterior.buffer(_SNAP_M)
    sloped = [
        end
        for end, side in zip(ends, sides, strict=True)
        if hipped or not border.covers(shapely.LineString(side))
    ]
    planes = np.vstack([low, *sloped])
    planes[:, :2] = planes[:, :2] @ turn.T
    corners = np.array([(west, south), (east, south), (east, north), (west, north)]) @ turn.T
    region = shapely.geometry.polygon.orient(Polygon(corners))
    return Wing(outline(region, _SNAP_M) if _is_loose(polygon, rectangle) else region, planes)


def _is_loose(polygon: Polygon, rectangle: tuple[float, float, float, float]) -> bool:
    """Whether the rectangle's corners are not exactly those of the footprint."""
    return bool(shapely.box(*rectangle).difference(polygon).area > 1e-6)

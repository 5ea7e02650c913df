# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Roofs as heights over a footprint: the highest of its wings, each the lowest of its planes.

A wing is a part of the footprint under its own gable, hip or shed; an L-shaped house has two wings
and the valley between them is where their heights are equal. A wing's planes are linear functions
z = a x + b y + c, so every face of the roof is a polygon in one plane.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.roof_faces import RoofFace, Wing, faces_of_one, faces_of_wings, outline
from geoloc_sim.meshes.roof_wings import pitched, shed
from geoloc_sim.world.records import Building, RoofKind

_NEAR_M = 2e-3


@dataclasses.dataclass(frozen=True, slots=True)
class RoofShape:
    """All wings of a roof and how far its edge stands out over the walls."""

    footprint: Polygon
    wings: tuple[Wing, ...]

    def heights(self, points_m: FloatArray) -> FloatArray:
        """Height of the roof over points (n, 2) of the footprint, shape (n,)."""
        if len(self.wings) == 1:
            return self.wings[0].heights(points_m)
        heights = np.full(len(points_m), -np.inf)
        for wing in self.wings:
            inside = shapely.intersects_xy(wing.region.buffer(_NEAR_M), points_m)
            heights[inside] = np.maximum(heights[inside], wing.heights(points_m[inside]))
        return heights

    def faces(self, overhang_m: float = 0.0) -> list[RoofFace]:
        """The roof's faces; together they cover the footprint widened by the overhang."""
        if len(self.wings) == 1:
            return faces_of_one(self.wings[0], outline(self.footprint, overhang_m))
        return faces_of_wings(self.wings, self.footprint, overhang_m)


def roof_shape(building: Building) -> RoofShape:
    """The roof of a building; its highest point is the building's ridge height."""
    footprint = building.footprint
    rise = building.ridge_height_m - building.eaves_height_m
    if building.roof is RoofKind.FLAT or footprint.interiors or rise < 0.05:
        top = max(building.eaves_height_m, building.ridge_height_m)
        return RoofShape(footprint, (Wing(footprint, np.array([[0.0, 0.0, top]])),))
    if building.roof is RoofKind.SHED:
        wings = [shed(footprint)]
    else:
        wings = pitched(footprint, hipped=building.roof is RoofKind.HIP)
    scale = rise / max(_highest(wing, footprint) for wing in wings)
    lift = np.array([0.0, 0.0, building.eaves_height_m])
    return RoofShape(
        footprint,
        tuple(Wing(wing.region, wing.planes * scale + lift, wing.is_filling) for wing in wings),
    )


def _highest(wing: Wing, footprint: Polygon) -> float:
    """The greatest height of a wing over the footprint."""
    if wing.is_filling:
        return 0.0
    faces = faces_of_one(wing, footprint if wing.region is footprint else wing.region)
    return max(
        float(np.max(shapely.get_coordinates(face.polygon) @ face.plane[:2] + face.plane[2]))
        for face in faces
    )

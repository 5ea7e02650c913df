# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lean images: what is left of a view when all texture is gone.

A lean image shows the bare buildings: their straight edges, their facades, their depth. Which
images are worth keeping follows the paper: not from inside a building, at least 8 edges, and sky
in at least half of the top row.

Source: "Lean Images for Geo-Localization" (2019), section 3; key ``lean2019``.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import enum
import math

import numpy as np
import numpy.typing as npt
import shapely
from shapely.strtree import STRtree

from geoloc_ros.errors import SettingError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.rendering.cameras import PinholeCamera, mounting
from geoloc_sim.rendering.lean_edges import draw_edges
from geoloc_sim.rendering.lean_model import planar_model
from geoloc_sim.rendering.records import Float32Array
from geoloc_sim.rendering.scene import TracedMesh
from geoloc_sim.world.records import Building

BoolArray = npt.NDArray[np.bool_]

#: Height of the camera over the ground in the paper.
LEAN_HEIGHT_M = 1.7
#: Fewest straight edges of an image worth keeping.
MIN_EDGES = 8
#: Smallest share of the top row that is sky.
MIN_SKY_SHARE = 0.5
#: An edge counts when so much of it can be seen, along the longer of rows and columns.
MIN_EDGE_PX = 3.0


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class LeanImage:
    """A view of bare buildings.

    Attributes:
        edges: where a straight edge of a building can be seen, bool, shape (height, width).
        faces: where a facade (not a roof) can be seen, bool, shape (height, width).
        depth_m: of buildings along the optical axis, inf elsewhere, float32, shape
            (height, width).
        edge_count: straight edges of which at least ``MIN_EDGE_PX`` can be seen.
        sky_share: share of the top row that shows neither building nor ground.
    """

    edges: BoolArray
    faces: BoolArray
    depth_m: Float32Array
    edge_count: int
    sky_share: float


class LeanVerdict(enum.Enum):
    """Whether a lean image is worth keeping, and why not."""

    VALID = 'valid'
    INSIDE_BUILDING = 'inside_building'
    NO_SKYLINE = 'no_skyline'
    FEW_EDGES = 'few_edges'


def judge(image: LeanImage, *, inside_building: bool = False) -> LeanVerdict:
    """The paper's rules on an image and the place it was taken from."""
    if inside_building:
        return LeanVerdict.INSIDE_BUILDING
    if image.sky_share < MIN_SKY_SHARE:
        return LeanVerdict.NO_SKYLINE
    if image.edge_count < MIN_EDGES:
        return LeanVerdict.FEW_EDGES
    return LeanVerdict.VALID


def lean_camera(
    width: int = 160,
    height: int = 120,
    horizontal_fov_deg: float = 60.0,
    elevation_rad: float = 0.0,
    height_m: float = LEAN_HEIGHT_M,
) -> PinholeCamera:
    """A perfect camera over the pose itself that looks up by ``elevation_rad``."""
    place = mounting(0.0, 0.0, height_m, elevation_rad=elevation_rad)
    return PinholeCamera.with_field_of_view(width, height, horizontal_fov_deg, place)


class Footprints:
    """Where buildings stand, to ask many places at once."""

    def __init__(self, buildings: Sequence[Building]) -> None:
        self._tree = STRtree([building.footprint for building in buildings])

    def contain(self, points_m: FloatArray) -> BoolArray:
        """Whether each place, shape (n, 2), lies in or on a footprint (not in its courtyard)."""
        inside = np.zeros(len(points_m), dtype=bool)
        inside[self._tree.query(shapely.points(points_m), predicate='intersects')[0]] = True
        return inside


class LeanModel:
    """Bare buildings, ready to be looked at.

    Args:
        mesh: walls and roofs of buildings and nothing else (``meshes.lean_mesh``).
    """

    def __init__(self, mesh: SurfaceMesh) -> None:
        self._traced = TracedMesh(mesh)
        self.planes = planar_model(mesh)

    def view(self, camera: PinholeCamera, pose: Pose2) -> LeanImage:
        """The lean image with ``base_link`` at a pose.

        Raises:
            SettingError: the camera has a lens that bends edges.
        """
        _check_straight(camera)
        rays = camera.rays(pose.x_m, pose.y_m, pose.yaw_rad)
        face, distance = self._traced.nearest(rays.origins_m, rays.directions)
        shape = (camera.height, camera.width)
        plane = np.where(face >= 0, self.planes.face_plane[face], np.int32(-1)).reshape(shape)
        model = self.planes
        edges, seen_px = draw_edges(camera, pose, plane, model)
        depth = np.where(face >= 0, distance * camera.depth_factors(), np.float32(np.inf))
        facade = (plane >= 0) & model.plane_is_wall[plane]
        top = slice(0, camera.width)
        return LeanImage(
            edges,
            facade,
            depth.reshape(shape).astype(np.float32),
            int((seen_px >= MIN_EDGE_PX).sum()),
            _sky_share(face[top], rays.directions[top]),
        )

    def sky_share(self, camera: PinholeCamera, pose: Pose2) -> float:
        """``LeanImage.sky_share`` alone, by the rays of the top row."""
        top = dataclasses.replace(camera, height=1)
        rays = top.rays(pose.x_m, pose.y_m, pose.yaw_rad)
        face, _ = self._traced.nearest(rays.origins_m, rays.directions)
        return _sky_share(face, rays.directions)


def _sky_share(face: npt.NDArray[np.int32], directions: Float32Array) -> float:
    """Share of rays that meet no building and do not go down to the ground."""
    return float(((face < 0) & (directions[:, 2] >= 0.0)).mean())


def _check_straight(camera: PinholeCamera) -> None:
    if not camera.distortion.is_none():
        raise SettingError(
            f'lean images want straight edges, but the camera has {camera.distortion}; '
            'use lean_camera or a camera without distortion'
        )


#: Nearest and farthest depth that ``relative_depth`` tells apart.
NEAREST_M, FARTHEST_M = 0.5, 500.0


def relative_depth(depth_m: Float32Array) -> npt.NDArray[np.uint8]:
    """Depth as a byte: 255 at ``NEAREST_M`` and nearer, 1 at ``FARTHEST_M`` and beyond, 0 nothing.

    Steps are equal ratios of 2.8 percent.
    """
    near = np.clip(depth_m, NEAREST_M, FARTHEST_M)
    level = 255.0 - 254.0 * np.log(near / NEAREST_M) / math.log(FARTHEST_M / NEAREST_M)
    return np.where(np.isfinite(depth_m), np.rint(level), 0.0).astype(np.uint8)


def depth_of_relative(level: npt.NDArray[np.uint8]) -> Float32Array:
    """Metres of ``relative_depth``; inf for 0."""
    ratio = (255.0 - level.astype(np.float64)) / 254.0
    depth = NEAREST_M * (FARTHEST_M / NEAREST_M) ** ratio
    return np.where(level > 0, depth, np.inf).astype(np.float32)

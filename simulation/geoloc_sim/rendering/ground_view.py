# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a camera on the vehicle sees of a scene: colour, depth, normals and ids.

A panorama is the ground view of an ``EquirectangularCamera``.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.errors import SettingError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_sim.rendering.cameras import Camera
from geoloc_sim.rendering.edges import render_smooth
from geoloc_sim.rendering.effects import (
    PERFECT,
    STANDING,
    BodyMotion,
    CameraEffects,
    blur_along,
    expose,
    motion_flow,
)
from geoloc_sim.rendering.records import Float32Array, Hits, ImageU8, Int32Array
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene

#: Object id of the sky and of things that are no object of their own (the ground).
NO_OBJECT = -1
#: Surface id of the sky.
SKY = -1


@dataclasses.dataclass(frozen=True, slots=True)
class GeometryView:
    """What every pixel's centre meets; where leaves cover less than half of it, what is behind.

    Attributes:
        depth_m: along the optical axis (pinhole) or the ray (panorama); inf for the sky, float32,
            shape (height, width).
        normals: in ``map``, unit, facing the camera; zero for the sky, float32, shape
            (height, width, 3).
        surface_ids: number in ``Scene.surfaces``, ``SKY`` for the sky, int32, shape
            (height, width).
        object_ids: ``SurfaceTable.object_id`` there, ``NO_OBJECT`` for none, int32, shape
            (height, width).
    """

    depth_m: Float32Array
    normals: Float32Array
    surface_ids: Int32Array
    object_ids: Int32Array


@dataclasses.dataclass(frozen=True, slots=True)
class GroundView:
    """A picture and what stands in it.

    Attributes:
        rgb: uint8, shape (height, width, 3).
        depth_m: as in ``GeometryView``.
        normals: as in ``GeometryView``.
        surface_ids: as in ``GeometryView``.
        object_ids: as in ``GeometryView``.
    """

    rgb: ImageU8
    depth_m: Float32Array
    normals: Float32Array
    surface_ids: Int32Array
    object_ids: Int32Array


@dataclasses.dataclass(frozen=True, slots=True)
class Shot:
    """How a picture is taken, beside where.

    Attributes:
        effects: of lens, sensor and file.
        motion: of ``base_link`` while the shutter is open.
        seeds: of the noise, another for every picture.
        supersampling: rays along each side of every pixel; costs its square.
        shadows: the sun's.
        ground_z_m: height of the ground under ``base_link``.
        edge_rays: rays more in each pixel that holds an edge, for smooth outlines; 0 for none.
            Of no effect with ``supersampling``.

    Raises:
        SettingError: ``supersampling`` is below 1 or ``edge_rays`` below 0.
    """

    effects: CameraEffects = PERFECT
    motion: BodyMotion = STANDING
    seeds: tuple[int, ...] = (0,)
    supersampling: int = 1
    shadows: bool = True
    ground_z_m: float = 0.0
    edge_rays: int = 3

    def __post_init__(self) -> None:
        if self.supersampling < 1:
            raise SettingError(f'supersampling is {self.supersampling}; expected 1 or more')
        if self.edge_rays < 0:
            raise SettingError(f'edge_rays is {self.edge_rays}; expected 0 or more')


def geometry_view(
    scene: Scene, camera: Camera, pose: Pose2, ground_z_m: float = 0.0
) -> GeometryView:
    """Depth, normals and ids of the ground view from the same pose, without colour."""
    rays = camera.rays(pose.x_m, pose.y_m, pose.yaw_rad, ground_z_m)
    return _geometry(scene, camera, render(scene, rays, shadows=False).hits)


def ground_view(scene: Scene, camera: Camera, pose: Pose2, shot: Shot | None = None) -> GroundView:
    """The picture a camera takes with ``base_link`` at a pose.

    Geometry is that of the pixels' centres at the middle of the exposure, whatever the effects.

    Args:
        scene: what there is and how it is lit.
        camera: pinhole or panorama.
        pose: of ``base_link`` at the middle of the exposure.
        shot: effects, motion, seeds; ``None`` for the perfect picture.
    """
    shot = Shot() if shot is None else shot
    light, hits = _light(scene, camera, pose, shot)
    duration_s = shot.effects.exposure_s
    if duration_s > 0.0 and shot.motion != STANDING:
        flow = motion_flow(camera, hits.distance_m, pose, shot.motion, duration_s)
        light = blur_along(light, flow, shot.effects.blur_frames)
    rgb = expose(light, scene.day, shot.effects, *shot.seeds)
    seen = _geometry(scene, camera, hits)
    return GroundView(rgb, seen.depth_m, seen.normals, seen.surface_ids, seen.object_ids)


def _light(scene: Scene, camera: Camera, pose: Pose2, shot: Shot) -> tuple[Float32Array, Hits]:
    """Linear light, shape (height, width, 3), and what the pixels' centres meet."""
    shape = (camera.height, camera.width)
    rays = camera.rays(pose.x_m, pose.y_m, pose.yaw_rad, shot.ground_z_m)
    if shot.supersampling > 1:
        factor = shot.supersampling
        fine = camera.finer(factor).rays(pose.x_m, pose.y_m, pose.yaw_rad, shot.ground_z_m)
        rgb = render(scene, fine, shadows=shot.shadows).rgb
        light = rgb.reshape(shape[0], factor, shape[1], factor, 3).mean(axis=(1, 3))
        return light, render(scene, rays, shadows=False).hits
    if shot.edge_rays:
        seen = render_smooth(scene, rays, shape, shadows=shot.shadows, added=shot.edge_rays)
    else:
        seen = render(scene, rays, shadows=shot.shadows)
    return seen.rgb.reshape(*shape, 3), seen.hits


def _geometry(scene: Scene, camera: Camera, hits: Hits) -> GeometryView:
    shape = (camera.height, camera.width)
    depth = hits.distance_m * camera.depth_factors()
    return GeometryView(
        depth.reshape(shape),
        hits.normal.reshape(*shape, 3),
        hits.surface.reshape(shape),
        _object_ids(scene, hits.surface).reshape(shape),
    )


def _object_ids(scene: Scene, surfaces: Int32Array) -> Int32Array:
    """Object of each surface; the moving surfaces come after the still ones."""
    table = scene.still.mesh.surfaces.object_id
    if scene.moving is not None:
        table = np.concatenate((table, scene.moving.mesh.surfaces.object_id))
    table = np.append(table, np.int32(NO_OBJECT))  # what -1, the sky, looks up
    found: Int32Array = table[surfaces]
    return found

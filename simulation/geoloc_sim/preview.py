# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A sheet of pictures: camera, aerial image, depth, lean images, and other days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geoloc_ros.errors import SettingError
from geoloc_ros.evaluation.picture_path import check_picture_path
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import FloatArray
from geoloc_sim.aerial.orthophoto import Orthophoto, aerial_patch
from geoloc_sim.city import City
from geoloc_sim.meshes.city import lean_mesh
from geoloc_sim.output_paths import whole_file
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.effects import CameraEffects
from geoloc_sim.rendering.ground_view import GroundView, Shot, ground_view
from geoloc_sim.rendering.lean import LeanModel
from geoloc_sim.rendering.records import ImageU8
from geoloc_sim.world.street_poses import street_poses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PATCH_M = 70.0
_PATCH_PX = 480
_AHEAD_M = 20.0
_SEEN_M = 40.0
_FARTHEST_M = 100.0


@dataclasses.dataclass(frozen=True)
class _Sheet:
    """The sheet while it is filled."""

    figure: Figure
    rows: int
    columns: int
    progress: Callable[[int, int], None]

    def cell(self, row: int, column: int, title: str) -> Axes:
        number = row * self.columns + column
        axes: Axes = self.figure.add_subplot(self.rows, self.columns, number + 1)
        axes.set_axis_off()
        axes.set_title(title if row == 0 else '', fontsize=11)
        self.progress(number + 1, self.rows * self.columns)
        return axes


def write_preview(
    city: City,
    path: Path,
    *,
    places: int = 4,
    days: Sequence[int] = (1, 2, 3),
    flight: int = 0,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write the sheet: a row for each place.

    Columns: the camera's view; the aerial image around it, heading up, with the camera's
    footprint; depth; edges, facades and depth of bare buildings; the view on the other days.

    Args:
        city: what is shown.
        path: a picture file; its ending (.png, .jpg, .pdf) says of which kind.
        places: rows.
        days: seeds of days; the first is that of the view, the others follow beside it.
        flight: seed of the aerial image.
        seed: of the places.
        progress: told of each picture.

    Raises:
        SettingError: no places or no days are asked for, or the file's ending is unknown.
        DriveError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    check_picture_path(path)
    if places < 1 or not days:
        raise SettingError(
            f'preview of {places} places on {len(days)} days; expected at least one of each'
        )
    poses = street_poses(city.world.layout, places, 'preview places', seed)
    scenes = [city.on_day(day) for day in days]
    photo = city.from_above(flight=flight)
    bare = LeanModel(lean_mesh(city.world))
    camera = PinholeCamera.with_field_of_view(480, 360)
    columns = 6 + len(days) - 1
    figure = Figure(figsize=(4.0 * columns, 3.15 * places), dpi=75, layout='constrained')
    sheet = _Sheet(figure, places, columns, progress)
    for row, pose in enumerate(poses):
        shots = [Shot(effects=CameraEffects(), seeds=(day, row), edge_rays=7) for day in days]
        views = [
            ground_view(scene, camera, pose, shot)
            for scene, shot in zip(scenes, shots, strict=True)
        ]
        sheet.cell(row, 0, f'camera, day {days[0]}').imshow(views[0].rgb)
        _show_patch(sheet.cell(row, 1, 'aerial, heading up'), photo, pose, camera)
        _show_depth(sheet.cell(row, 2, f'depth to {_FARTHEST_M:.0f} m'), views[0])
        lean = bare.view(camera, pose)
        sheet.cell(row, 3, 'lean: edges').imshow(~lean.edges, cmap='gray', vmin=0, vmax=1)
        sheet.cell(row, 4, 'lean: facades').imshow(lean.faces, cmap='gray', vmin=0, vmax=1)
        sheet.cell(row, 5, 'lean: depth').imshow(_near(lean.depth_m), cmap='gray', vmin=0, vmax=1)
        for number, day in enumerate(days[1:], start=1):
            sheet.cell(row, 5 + number, f'day {day}').imshow(views[number].rgb)
    with whole_file(path) as part:
        figure.savefig(part)


def patch_ahead(photo: Orthophoto, pose: Pose2) -> ImageU8:
    """The aerial image around a place somewhat ahead of a pose, heading up."""
    x_m = pose.x_m + _AHEAD_M * math.cos(pose.yaw_rad)
    y_m = pose.y_m + _AHEAD_M * math.sin(pose.yaw_rad)
    return aerial_patch(photo, x_m, y_m, pose.yaw_rad, _PATCH_M, _PATCH_PX).rgb


def footprint_px(camera: PinholeCamera) -> FloatArray:
    """Corners in the patch of the ground that the camera sees, out to 40 m, shape (3, 2)."""
    half = math.atan(0.5 * camera.width / camera.fx)
    mount_m = float(camera.base_from_camera.translation_m[0])
    across, along = _SEEN_M * math.tan(half), _SEEN_M
    points = np.array([[mount_m, 0.0], [mount_m + along, across], [mount_m + along, -across]])
    scale = _PATCH_PX / _PATCH_M
    column = 0.5 * _PATCH_PX - points[:, 1] * scale
    row = 0.5 * _PATCH_PX - (points[:, 0] - _AHEAD_M) * scale
    return np.column_stack((column, row))


def _show_patch(axes: Axes, photo: Orthophoto, pose: Pose2, camera: PinholeCamera) -> None:
    axes.imshow(patch_ahead(photo, pose))
    corners = footprint_px(camera)
    axes.fill(corners[:, 0], corners[:, 1], facecolor='none', edgecolor='red', linewidth=1.5)
    axes.plot(*corners[0], 'o', color='red', markersize=6)
    axes.set_xlim(0, _PATCH_PX - 1)
    axes.set_ylim(_PATCH_PX - 1, 0)


def _show_depth(axes: Axes, view: GroundView) -> None:
    axes.imshow(_near(view.depth_m), cmap='magma', vmin=0, vmax=1)


def _near(depth_m: FloatArray | np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> FloatArray:
    """1 at the camera, 0 from the farthest shown depth on, in equal steps of ratio."""
    near = np.log(np.clip(depth_m, 1.0, _FARTHEST_M)) / math.log(_FARTHEST_M)
    return np.asarray(1.0 - near, dtype=np.float64)

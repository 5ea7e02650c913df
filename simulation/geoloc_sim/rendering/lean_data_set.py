# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets of lean images on disk.

A data set is a folder with ``data_set.json`` (settings, world, counts; written last),
``poses.csv`` (one line an image) and numbered ``lean_0000.npz`` files, which ``read_shard`` opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import csv
import dataclasses
import json
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import FloatArray
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.output_paths import new_folder, require_new
from geoloc_sim.rendering.lean import (
    MIN_SKY_SHARE,
    Footprints,
    LeanImage,
    LeanModel,
    LeanVerdict,
    judge,
    relative_depth,
)
from geoloc_sim.rendering.lean_grid import (
    Area,
    GridPart,
    LeanGrid,
    LeanGridSettings,
    grid_cameras,
    lean_grid,
)
from geoloc_sim.world.records import Layout

#: Called with (poses done, poses in all).
Progress: TypeAlias = Callable[[int, int], None]
Pose4: TypeAlias = tuple[float, float, float, float]

_SUMMARY = 'data_set.json'
_POSES = 'poses.csv'
_COLUMNS = ('shard', 'row', 'x_m', 'y_m', 'yaw_rad', 'elevation_rad', 'edges', 'sky_share')
_SCHEMA = 1


@dataclasses.dataclass(frozen=True, slots=True)
class LeanReport:
    """How many poses of a grid gave which verdict."""

    poses: int
    valid: int
    inside_building: int
    no_skyline: int
    few_edges: int


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class LeanShard:
    """Images of one file and where they were taken.

    Attributes:
        edges: bool, shape (n, height, width).
        faces: bool, shape (n, height, width).
        depth: ``relative_depth``, uint8, shape (n, height, width).
        poses: x m, y m, yaw rad, elevation rad, shape (n, 4).
    """

    edges: npt.NDArray[np.bool_]
    faces: npt.NDArray[np.bool_]
    depth: npt.NDArray[np.uint8]
    poses: FloatArray


def write_lean_grid(
    layout: Layout,
    mesh: SurfaceMesh,
    area_m: Area,
    settings: LeanGridSettings,
    part: GridPart,
    folder: Path,
    progress: Progress | None = None,
) -> LeanReport:
    """Render the valid images of a grid and write them as a data set.

    Args:
        layout: its buildings say which places are inside.
        mesh: the same buildings bare (``meshes.lean_mesh``).
        area_m: (west, south, east, north).
        settings: grid and camera.
        part: the grid or the middles of its cells.
        folder: made when all is there; must not exist yet.
        progress: called as poses are done.

    Raises:
        DriveError: the folder exists, or cannot be written.
        SettingError: the area holds no cell of the grid.
    """
    require_new(folder)
    grid = lean_grid(area_m, settings, part)
    counts = dict.fromkeys(LeanVerdict, 0)
    with new_folder(folder) as part_folder:
        shard = _ShardWriter(part_folder, settings.shard_images)
        with (part_folder / _POSES).open('w', encoding='utf-8', newline='') as file:
            table = csv.writer(file)
            table.writerow(_COLUMNS)
            for done, (pose, verdict, image) in enumerate(_views(layout, mesh, grid, settings), 1):
                counts[verdict] += 1
                if image is not None:
                    place = shard.add(image, pose)
                    numbers = [f'{number:.6f}' for number in pose]
                    table.writerow((*place, *numbers, image.edge_count, f'{image.sky_share:.4f}'))
                if progress is not None and (done % 256 == 0 or done == len(grid)):
                    progress(done, len(grid))
        shard.flush()
        report = LeanReport(
            len(grid),
            counts[LeanVerdict.VALID],
            counts[LeanVerdict.INSIDE_BUILDING],
            counts[LeanVerdict.NO_SKYLINE],
            counts[LeanVerdict.FEW_EDGES],
        )
        _write_summary(part_folder, layout, area_m, settings, part, report)
    return report


def read_shard(path: Path) -> LeanShard:
    """The images of one ``.npz`` file of a data set."""
    with np.load(path) as file:
        shape = tuple(file['shape'])
        pixels = int(shape[1] * shape[2])
        edges, faces = (
            np.unpackbits(file[name], axis=1, count=pixels).astype(bool).reshape(shape)
            for name in ('edges', 'faces')
        )
        return LeanShard(edges, faces, file['depth'], file['poses'])


def _views(
    layout: Layout, mesh: SurfaceMesh, grid: LeanGrid, settings: LeanGridSettings
) -> Iterator[tuple[Pose4, LeanVerdict, LeanImage | None]]:
    """Every pose of the grid with its verdict, and its image where that is valid."""
    model = LeanModel(mesh)
    inside = Footprints(layout.buildings).contain(grid.places_m)
    cameras = grid_cameras(grid, settings)
    for (x_m, y_m), covered in zip(grid.places_m.tolist(), inside, strict=True):
        for yaw_rad in grid.yaws_rad.tolist():
            for camera, elevation_rad in zip(cameras, grid.elevations_rad.tolist(), strict=True):
                pose = (x_m, y_m, yaw_rad, elevation_rad)
                if covered:
                    yield pose, LeanVerdict.INSIDE_BUILDING, None
                    continue
                body = Pose2(x_m, y_m, yaw_rad)
                # The top row alone tells of most invalid images.
                if model.sky_share(camera, body) < MIN_SKY_SHARE:
                    yield pose, LeanVerdict.NO_SKYLINE, None
                    continue
                image = model.view(camera, body)
                verdict = judge(image)
                yield pose, verdict, image if verdict is LeanVerdict.VALID else None


class _ShardWriter:
    """Collects images and writes a file whenever enough have come together."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder, self._size = folder, size
        self._images: list[LeanImage] = []
        self._poses: list[Pose4] = []
        self._written = 0

    def add(self, image: LeanImage, pose: Pose4) -> tuple[int, int]:
        """Keep an image; returns its file's number and its row there."""
        place = (self._written, len(self._images))
        self._images.append(image)
        self._poses.append(pose)
        if len(self._images) == self._size:
            self.flush()
        return place

    def flush(self) -> None:
        """Write what is left, if anything is."""
        if not self._images:
            return
        count = len(self._images)
        edges, faces = (
            np.packbits(
                np.stack([getattr(image, name) for image in self._images]).reshape(count, -1),
                axis=1,
            )
            for name in ('edges', 'faces')
        )
        np.savez_compressed(
            self._folder / f'lean_{self._written:04d}.npz',
            shape=np.array((count, *self._images[0].edges.shape)),
            edges=edges,
            faces=faces,
            depth=np.stack([relative_depth(image.depth_m) for image in self._images]),
            poses=np.array(self._poses),
        )
        self._images, self._poses = [], []
        self._written += 1


def _write_summary(
    folder: Path,
    layout: Layout,
    area_m: Area,
    settings: LeanGridSettings,
    part: GridPart,
    report: LeanReport,
) -> None:
    summary = {
        'schema': _SCHEMA,
        'world': layout.name,
        'seed': layout.seed,
        'datum': dataclasses.asdict(layout.datum),
        'part': part.value,
        'area_m': list(area_m),
        'settings': dataclasses.asdict(settings),
        'counts': dataclasses.asdict(report),
    }
    text = json.dumps(summary, indent=2) + '\n'
    (folder / _SUMMARY).write_text(text, encoding='utf-8')

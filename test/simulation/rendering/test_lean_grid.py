# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Grids of poses counted by hand, and data sets written and read again."""

import csv
import json
import math

import numpy as np
from prism_meshes import box_mesh
import pytest
from shapely.geometry import box

from geoloc_ros.errors import DriveError, SettingError
from geoloc_ros.geometry.se2 import Pose2
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.meshes.records import merge
from geoloc_sim.rendering.lean import LeanModel, LeanVerdict, judge, lean_camera, relative_depth
from geoloc_sim.rendering.lean_data_set import read_shard, write_lean_grid
from geoloc_sim.rendering.lean_grid import GridPart, LeanGridSettings, grid_cameras, lean_grid
from geoloc_sim.world.records import Building, BuildingUse, Layout, RoofKind

SMALL = LeanGridSettings(
    step_m=15.0,
    yaw_step_deg=60.0,
    elevation_step_deg=6.0,
    elevation_max_deg=6.0,
    width=48,
    height=36,
    horizontal_fov_deg=80.0,
    shard_images=8,
)
BOXES = [
    ((12.0, 10.0), (22.0, 24.0), 9.0),
    ((36.0, 8.0), (44.0, 20.0), 6.0),
    ((14.0, 34.0), (30.0, 40.0), 12.0),
    ((38.0, 32.0), (50.0, 42.0), 7.0),
    ((-30.0, 0.0), (-20.0, 45.0), 15.0),
]
AREA = (0.0, 0.0, 60.0, 45.0)


@pytest.fixture(scope='module')
def town():
    layout = Layout(
        'boxes',
        4,
        GeodeticPosition(49.0, 8.0),
        AREA,
        np.zeros((0, 2)),
        (),
        tuple(
            Building(number, box(*low, *high), height, RoofKind.FLAT, height, 2, BuildingUse.HOUSE)
            for number, (low, high, height) in enumerate(BOXES)
        ),
    )
    mesh = merge([box_mesh(*sizes, number) for number, sizes in enumerate(BOXES)])
    return layout, mesh


def test_the_grid_of_the_paper():
    grid = lean_grid((100.0, -50.0, 500.0, 350.0), LeanGridSettings(), GridPart.TRAIN)
    # 21 x 21 places, 72 yaws, elevations 0, 3 ... 15.
    assert len(grid) == 21 * 21 * 72 * 6
    assert grid.places_m.min(axis=0).tolist() == [100.0, -50.0]
    assert grid.places_m.max(axis=0).tolist() == [500.0, 350.0]
    np.testing.assert_allclose(np.degrees(grid.yaws_rad)[[0, 1, -1]], (0.0, 5.0, 355.0))
    np.testing.assert_allclose(np.degrees(grid.elevations_rad), (0, 3, 6, 9, 12, 15), atol=1e-9)


def test_test_poses_are_the_middles_of_the_cells():
    area, settings = (100.0, -50.0, 500.0, 350.0), LeanGridSettings()
    grid = lean_grid(area, settings, GridPart.TEST)
    assert len(grid) == 20 * 20 * 72 * 5
    np.testing.assert_allclose(np.degrees(grid.yaws_rad)[[0, -1]], (2.5, 357.5))
    np.testing.assert_allclose(np.degrees(grid.elevations_rad), (1.5, 4.5, 7.5, 10.5, 13.5))
    train = lean_grid(area, settings, GridPart.TRAIN)
    # Every middle is as far from the four nearest grid places as can be.
    distance = np.linalg.norm(grid.places_m[:, None] - train.places_m[None], axis=2)
    np.testing.assert_allclose(np.sort(distance, axis=1)[:, :4], math.hypot(10.0, 10.0))


def test_a_grid_without_elevations_stays_level():
    settings = LeanGridSettings(elevation_max_deg=0.0)
    for part in GridPart:
        assert lean_grid(AREA, settings, part).elevations_rad.tolist() == [0.0]


@pytest.mark.parametrize(
    ('area', 'settings', 'text'),
    [
        ((0.0, 0.0, 19.0, 60.0), LeanGridSettings(), 'smaller than one cell'),
        (AREA, LeanGridSettings(yaw_step_deg=7.0), 'part of 360 degrees'),
    ],
)
def test_a_grid_that_cannot_be_is_refused(area, settings, text):
    with pytest.raises(SettingError, match=text):
        lean_grid(area, settings, GridPart.TRAIN)


def test_cameras_look_up_by_the_elevations():
    grid = lean_grid(AREA, SMALL, GridPart.TRAIN)
    level, up = grid_cameras(grid, SMALL)
    point = np.array(((100.0, 0.0, 1.7 + 100.0 * math.tan(math.radians(6.0))),))
    assert level.project(point, 0.0, 0.0, 0.0)[0][0, 1] < up.project(point, 0.0, 0.0, 0.0)[0][0, 1]
    np.testing.assert_allclose(up.project(point, 0.0, 0.0, 0.0)[0][0], (23.5, 17.5), atol=1e-9)


@pytest.mark.parametrize('part', list(GridPart))
def test_a_data_set_holds_every_valid_pose_and_no_other(town, tmp_path, part):
    layout, mesh = town
    steps = []
    report = write_lean_grid(
        layout, mesh, AREA, SMALL, part, tmp_path / 'set', lambda *done: steps.append(done)
    )
    grid = lean_grid(AREA, SMALL, part)
    assert steps[-1] == (len(grid), len(grid))
    shards = [read_shard(path) for path in sorted((tmp_path / 'set').glob('*.npz'))]
    poses = np.concatenate([shard.poses for shard in shards])
    assert all(len(shard.poses) == 8 for shard in shards[:-1])
    # Brute force over all poses, in order.
    model, expected, inside = LeanModel(mesh), [], 0
    for x, y in grid.places_m:
        covered = any(b.footprint.covers(_point(x, y)) for b in layout.buildings)
        for yaw in grid.yaws_rad:
            for elevation in grid.elevations_rad:
                inside += covered
                camera = lean_camera(48, 36, 80.0, elevation)
                image = model.view(camera, Pose2(x, y, yaw))
                if judge(image, inside_building=covered) is LeanVerdict.VALID:
                    expected.append(((x, y, yaw, elevation), image))
    assert report.valid == len(expected) > 10
    assert report.inside_building == inside
    assert report.few_edges > 0
    assert report.no_skyline + report.few_edges + inside + len(expected) == report.poses
    np.testing.assert_allclose(poses, [pose for pose, _ in expected])
    for name in ('edges', 'faces'):
        found = np.concatenate([getattr(shard, name) for shard in shards])
        np.testing.assert_array_equal(found, [getattr(image, name) for _, image in expected])
    depth = np.concatenate([shard.depth for shard in shards])
    np.testing.assert_array_equal(depth, [relative_depth(image.depth_m) for _, image in expected])
    with (tmp_path / 'set' / 'poses.csv').open(encoding='utf-8') as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(expected)
    assert float(lines[9]['x_m']) == pytest.approx(shards[1].poses[1, 0])
    assert (lines[9]['shard'], lines[9]['row']) == ('1', '1')
    summary = json.loads((tmp_path / 'set' / 'data_set.json').read_text(encoding='utf-8'))
    assert summary['counts']['valid'] == len(expected)
    assert (summary['part'], summary['seed']) == (part.value, 4)


def _point(x, y):
    return box(x - 1e-9, y - 1e-9, x + 1e-9, y + 1e-9).centroid


def test_a_folder_that_exists_is_left_alone(town, tmp_path):
    (tmp_path / 'poses.csv').write_text('mine', encoding='utf-8')
    with pytest.raises(DriveError, match='exists already'):
        write_lean_grid(*town, AREA, SMALL, GridPart.TRAIN, tmp_path)
    assert (tmp_path / 'poses.csv').read_text(encoding='utf-8') == 'mine'

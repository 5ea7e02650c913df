# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Pictures a second on one core: ``python benchmarks/simulation_views.py``.

Ground views of 320 x 240 with shadows at poses all over a procedural town (bare, with smooth
outlines, with all effects, as a JPEG), panoramas, and lean images. Median wall time of a picture
and the core's busy time are given, for machines that do other things as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import json
import os
from pathlib import Path
import time

from measuring import machine_record
import numpy as np

from geoloc_ros.geometry.se2 import Pose2
from geoloc_sim.meshes.city import day_mesh, lean_mesh, static_mesh
from geoloc_sim.meshes.records import merge
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.effects import BodyMotion, CameraEffects, encode_jpeg
from geoloc_sim.rendering.ground_view import Shot, geometry_view, ground_view
from geoloc_sim.rendering.lean import LeanModel, lean_camera
from geoloc_sim.rendering.panorama import EquirectangularCamera
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.lanes import lane_centre_lines
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import World

SEED = 20261121
PACKAGES = ('numpy', 'numba', 'embreex', 'opencv-python-headless')


def main() -> None:
    """Measure, print, and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--poses', type=int, default=60)
    parser.add_argument('--day', type=int, default=11, help='seed of the day (11 has a clear sun)')
    parser.add_argument(
        '--out', type=Path, default=Path('benchmarks/results/simulation_views.json')
    )
    options = parser.parse_args()
    if hasattr(os, 'sched_setaffinity'):  # one core, whatever libraries would like
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    layout = procedural_layout(ProceduralSettings(), SEED)
    world, day = dress(layout, DressingSettings()), draw_day(options.day)
    scene = Scene(merge((static_mesh(world), day_mesh(world, day))), day)
    model = LeanModel(lean_mesh(world))
    poses = lane_poses(world, options.poses)
    camera, panorama = PinholeCamera.with_field_of_view(), EquirectangularCamera()
    lean = lean_camera()
    taken = Shot(CameraEffects(), BodyMotion(11.0, 0.1))
    views: dict[str, Callable[[Pose2], object]] = {
        'geometry alone': lambda pose: geometry_view(scene, camera, pose),
        'bare': lambda pose: ground_view(scene, camera, pose, Shot(edge_rays=0)),
        'smooth outlines': lambda pose: ground_view(scene, camera, pose),
        'all effects, JPEG': lambda pose: encode_jpeg(ground_view(scene, camera, pose, taken).rgb),
        'panorama 1024 x 512': lambda pose: ground_view(scene, panorama, pose),
        'lean 160 x 120': lambda pose: model.view(lean, pose),
    }
    record = {
        **machine_record(PACKAGES, SEED),
        'triangles': len(scene.mesh.faces),
        'poses': len(poses),
        'milliseconds': {name: timed(name, view, poses) for name, view in views.items()},
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + '\n')
    print(f'{record["triangles"]} triangles; written to {options.out}')


def timed(name: str, view: Callable[[Pose2], object], poses: Sequence[Pose2]) -> dict[str, float]:
    """Median wall and mean core time of a picture, after one that compiles."""
    view(poses[0])
    walls, begin_cpu = [], time.process_time()
    for pose in poses:
        begin = time.perf_counter()
        view(pose)
        walls.append(time.perf_counter() - begin)
    cpu_ms = (time.process_time() - begin_cpu) / len(poses) * 1e3
    wall_ms = float(np.median(walls)) * 1e3
    print(
        f'{name:20s} {wall_ms:8.2f} ms, of the core {cpu_ms:8.2f} ms, '
        f'{1e3 / wall_ms:7.1f} a second',
        flush=True,
    )
    return {'wall_median': wall_ms, 'core_mean': cpu_ms}


def lane_poses(world: World, count: int) -> tuple[Pose2, ...]:
    """Random poses on the lanes, in their driving direction."""
    random = stream('benchmark poses', SEED)
    lanes = [lane for street in world.layout.streets for lane in lane_centre_lines(street)]
    poses = []
    for _ in range(count):
        lane = lanes[random.integers(len(lanes))]
        piece = random.integers(len(lane) - 1)
        step = lane[piece + 1] - lane[piece]
        x_m, y_m = lane[piece] + random.random() * step
        poses.append(Pose2(float(x_m), float(y_m), float(np.arctan2(step[1], step[0]))))
    return tuple(poses)


if __name__ == '__main__':
    main()

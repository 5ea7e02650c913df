# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Ground images of a city on one core: ``python benchmarks/simulation_rendering.py``.

A procedural city on a sunny day is seen by the default front camera (320x240) from the middle of
lanes all over it, a fresh place for every picture; demanded are 20 pictures a second with
shadows. Beside it: without shadows, with smooth edges, with moving cars, and the rays alone.
The time that the core was busy is given as well, for machines that do other things, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import dataclasses
import itertools
import os
from pathlib import Path
import time

from measuring import Timing, print_table, time_alternating, write_results
import numpy as np

from geoloc_sim.meshes.city import day_mesh, moving_cars, static_mesh
from geoloc_sim.meshes.records import merge
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.rendering.develop import develop
from geoloc_sim.rendering.edges import render_smooth
from geoloc_sim.rendering.records import Rays
from geoloc_sim.rendering.render import render
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.lanes import lane_centre_lines
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.records import World

SEED = 20261121
PLACES = 60
DEMANDED_HZ = 20.0
WITH_SHADOWS = 'picture with shadows'
PACKAGES = ('numpy', 'numba', 'embreex')


def city(side_m: float) -> tuple[World, Scene, float]:
    """A city, its scene on the first sunny day of the seeds, and the seconds the scene took."""
    settings = dataclasses.replace(ProceduralSettings(), side_m=side_m)
    world = dress(procedural_layout(settings, SEED), DressingSettings())
    day = next(day for day in map(draw_day, itertools.count(SEED)) if day.cloud_share < 0.3)
    mesh = merge((static_mesh(world), day_mesh(world, day)))
    begin = time.perf_counter()
    scene = Scene(mesh, day)
    return world, scene, time.perf_counter() - begin


def lane_poses(world: World) -> list[tuple[float, float, float]]:
    """Places on lanes (x, y, yaw), drawn by length."""
    generator = stream('benchmark', SEED)
    lines = [
        line
        for street in world.layout.streets
        if not street.tunnel
        for line in lane_centre_lines(street)
    ]
    lengths = np.array([np.linalg.norm(np.diff(line, axis=0), axis=1).sum() for line in lines])
    poses = []
    for number in generator.choice(len(lines), PLACES, p=lengths / lengths.sum()):
        line = lines[number]
        k = int(generator.integers(len(line) - 1))
        east, north = line[k + 1] - line[k]
        poses.append((float(line[k, 0]), float(line[k, 1]), float(np.arctan2(north, east))))
    return poses


def pictures(world: World, scene: Scene, camera: PinholeCamera) -> dict[str, Callable[[], object]]:
    """What is timed; each call takes the next place."""
    poses = itertools.cycle(lane_poses(world))
    shape = (camera.height, camera.width)
    cars = np.array(lane_poses(world)[:20])
    seeds = itertools.count()

    def rays() -> Rays:
        return camera.rays(*next(poses))

    def among_cars() -> object:
        moved = scene.with_moving(moving_cars(cars, next(seeds)))
        return develop(render(moved, rays()).rgb, scene.day)

    return {
        WITH_SHADOWS: lambda: develop(render(scene, rays()).rgb, scene.day),
        'without shadows': lambda: develop(render(scene, rays(), shadows=False).rgb, scene.day),
        'with smooth edges': lambda: develop(render_smooth(scene, rays(), shape).rgb, scene.day),
        'among 20 moving cars': among_cars,
        'first hits alone': lambda: scene.trace(rays()),
    }


def busy_time(function: Callable[[], object], rounds: int) -> Timing:
    """Time of the core for one call, whatever else the machine does."""
    times_us = []
    for _ in range(rounds):
        begin = time.process_time()
        function()
        times_us.append((time.process_time() - begin) * 1e6)
    lower, median, upper = (float(value) for value in np.percentile(times_us, [25, 50, 75]))
    return Timing(median, lower, upper, rounds, 1)


def print_verdict(what: str, timing: Timing) -> None:
    """Say whether the demand is met."""
    rate_hz = 1e6 / timing.median_us
    verdict = 'met' if rate_hz >= DEMANDED_HZ else 'MISSED'
    print(f'{what}: {rate_hz:.1f} pictures a second, demanded {DEMANDED_HZ:g}: {verdict}')


def main() -> None:
    """Measure, print, write the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--side-m', type=float, default=640.0, help='side of the city')
    parser.add_argument('--rounds', type=int, default=15)
    default = Path(__file__).parent / 'results' / 'simulation_rendering.json'
    parser.add_argument('--out', type=Path, default=default)
    arguments = parser.parse_args()
    if hasattr(os, 'sched_setaffinity'):  # one core, whatever libraries would like
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    world, scene, seconds = city(arguments.side_m)
    faces = len(scene.mesh.faces)
    print(f'{faces} triangles, {len(scene.surfaces)} surfaces; scene built in {seconds:.2f} s')
    title = f'320x240 ground image, {faces} triangles'
    functions = pictures(world, scene, PinholeCamera.with_field_of_view(320, 240))
    timings = time_alternating(functions, arguments.rounds, 20)
    print_table(title, timings, WITH_SHADOWS)
    busy = {name: busy_time(function, 2 * PLACES) for name, function in functions.items()}
    busy_title = f'{title}, time of the core'
    print_table(busy_title, busy, WITH_SHADOWS)
    print_verdict('by the clock', timings[WITH_SHADOWS])
    print_verdict('by the time of the core', busy[WITH_SHADOWS])
    write_results(arguments.out, {title: timings, busy_title: busy}, PACKAGES, SEED)


if __name__ == '__main__':
    main()

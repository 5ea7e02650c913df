# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Is the simulated city solvable by a trick?  ``python benchmarks/simulation_tricks.py``.

Four questions, each with what chance would give:

1. Does nearest neighbour on raw pixels, a colour histogram or the mean colour find the aerial
   patch of a ground view among the patches of 50 other places (all within reach of a GPS error, or
   anywhere in town)?
2. Does the colour of a building's facade give away that of its roof?
3. Do truth, lanes and the grid of a map share a phase?
4. Do ground views of one place on two days differ by more than brightness and colour cast?
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
from pathlib import Path

import cv2
from measuring import machine_record
import numpy as np
from scipy import stats

from geoloc_ros.geometry.se2 import Pose2
from geoloc_sim.aerial.orthophoto import aerial_patch
from geoloc_sim.city import City, procedural_city
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.effects import CameraEffects
from geoloc_sim.rendering.ground_view import Shot, ground_view
from geoloc_sim.world.street_poses import street_poses

PACKAGES = ('numpy', 'numba', 'embreex', 'opencv-python-headless', 'scipy', 'shapely')
CANDIDATES = 50
PATCH_M = 50.0
AHEAD_M = 15.0
GRID_M = 5.0
_ROOFS = (SurfaceKind.ROOF_TILES, SurfaceKind.ROOF_METAL, SurfaceKind.ROOF_FLAT)

Descriptor = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Measure, print, and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--towns', type=int, default=2)
    parser.add_argument('--places', type=int, default=150, help='places in each town')
    parser.add_argument(
        '--out', type=Path, default=Path('benchmarks/results/simulation_tricks.json')
    )
    options = parser.parse_args()
    towns = [measure_town(seed, options.places) for seed in range(options.towns)]
    results = {
        **machine_record(PACKAGES, 0),
        'towns': towns,
    }
    options.out.write_text(json.dumps(results, indent=2) + '\n')
    print(json.dumps(towns, indent=2))


def measure_town(seed: int, count: int) -> dict[str, object]:
    """Every figure of one town."""
    city = procedural_city(seed)
    rng = np.random.default_rng(seed)
    poses = street_poses(city.world.layout, count, 'trick places')
    first, second = (views(city, poses, day) for day in (100 + seed, 200 + seed))
    again = views(city, poses, 100 + seed, noise=1)
    photo = city.from_above(flight=seed)
    patches = [
        aerial_patch(
            photo,
            pose.x_m + AHEAD_M * np.cos(pose.yaw_rad),
            pose.y_m + AHEAD_M * np.sin(pose.yaw_rad),
            pose.yaw_rad,
            PATCH_M,
            128,
        ).rgb
        for pose in poses
    ]
    return {
        'seed': seed,
        'places': count,
        'retrieval': retrieval(poses, first, patches, rng),
        'facade_to_roof': facade_to_roof(city),
        'grid_phase': grid_phase(poses),
        'two days': day_difference(first, second),
        'one day, other noise': day_difference(first, again),
    }


def views(city: City, poses: list[Pose2], day: int, noise: int = 0) -> list[np.ndarray]:
    """Front camera images of a day, as a bag would hold them."""
    scene = city.on_day(day)
    camera = PinholeCamera.with_field_of_view()
    shots = (
        Shot(effects=CameraEffects(), seeds=(day, index, noise)) for index in range(len(poses))
    )
    return [
        ground_view(scene, camera, pose, shot).rgb for pose, shot in zip(poses, shots, strict=True)
    ]


def _raw_pixels(image: np.ndarray) -> np.ndarray:
    small = cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
    small -= small.mean()
    return small / (np.linalg.norm(small) + 1e-9)


def _ground_half(image: np.ndarray) -> np.ndarray:
    """The part under the horizon roughly as it would look from above: the strongest trick."""
    height, width = image.shape[:2]
    corners = np.float32(
        [
            [0.42 * width, 0.56 * height],
            [0.58 * width, 0.56 * height],
            [width, height],
            [0, height],
        ]
    )
    target = np.float32([[0, 0], [16, 0], [10, 16], [6, 16]])
    return cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners, target), (16, 16))


def _histogram(image: np.ndarray) -> np.ndarray:
    bins = cv2.calcHist([image], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3).ravel()
    return np.sqrt(bins / bins.sum())


def _mean_colour(image: np.ndarray) -> np.ndarray:
    mean = image.reshape(-1, 3).mean(axis=0)
    return mean / np.linalg.norm(mean)


def retrieval(
    poses: list[Pose2],
    ground: list[np.ndarray],
    patches: list[np.ndarray],
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Recall@1 and mean rank percentile of cheap descriptors; chance is 1 / n and 50 %."""
    positions = np.array([[pose.x_m, pose.y_m] for pose in poses])
    distances = np.hypot(*(positions[:, None] - positions[None]).transpose(2, 0, 1))
    tricks: dict[str, tuple[Descriptor, Descriptor]] = {
        'raw pixels 16x16': (_raw_pixels, _raw_pixels),
        'ground plane 16x16': (lambda image: _raw_pixels(_ground_half(image)), _raw_pixels),
        'colour histogram 8x8x8': (_histogram, _histogram),
        'mean colour': (_mean_colour, _mean_colour),
    }
    nearest = np.argsort(distances, axis=1)[:, :CANDIDATES]
    anywhere = np.array(
        [
            np.concatenate(
                (
                    [row],
                    rng.choice(np.delete(np.arange(len(poses)), row), CANDIDATES - 1, False),
                )
            )
            for row in range(len(poses))
        ]
    )
    results = {}
    for name, (of_ground, of_patch) in tricks.items():
        scores = (
            np.array([of_ground(image) for image in ground])
            @ np.array([of_patch(image) for image in patches]).T
        )
        for where, candidates in (('nearby', nearest), ('anywhere', anywhere)):
            own = scores[np.arange(len(poses)), np.arange(len(poses))]
            rank = (np.take_along_axis(scores, candidates, 1) > own[:, None]).sum(axis=1)
            results[f'{name}, {where}'] = {
                'recall_at_1': float((rank == 0).mean()),
                'chance': 1.0 / CANDIDATES,
                'mean_rank_percentile': float(100.0 * rank.mean() / (CANDIDATES - 1)),
            }
    return results


def facade_to_roof(city: City) -> dict[str, float]:
    """Largest correlation of any facade channel with any roof channel, and what chance gives.

    The bound is that of the largest of nine correlations of independent colours (permutations).
    """
    surfaces = city.mesh.surfaces
    kinds = surfaces.kind
    numbers = [building.number for building in city.world.layout.buildings]
    pairs = []
    for number in numbers:
        own = surfaces.object_id == number
        facade = surfaces.colour[own & (kinds == SurfaceKind.FACADE)]
        roof = surfaces.colour[own & np.isin(kinds, _ROOFS)]
        if len(facade) and len(roof):
            pairs.append((facade[0], roof[0]))
    facades, roofs = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])

    def largest(order: np.ndarray) -> float:
        block = np.corrcoef(facades.T, roofs[order].T)[:3, 3:]
        return float(np.abs(block).max())

    rng = np.random.default_rng(0)
    shuffled = [largest(rng.permutation(len(pairs))) for _ in range(400)]
    measured = largest(np.arange(len(pairs)))
    return {
        'buildings': float(len(pairs)),
        'largest_correlation': measured,
        'chance_95_percent': float(np.percentile(shuffled, 95.0)),
        'p_value': float(np.mean(np.array(shuffled) >= measured)),
    }


def grid_phase(poses: list[Pose2]) -> dict[str, float]:
    """Uniformity of the truth within the cells of a 5 m grid (Kolmogorov-Smirnov p-values)."""
    return {
        f'p_value_{axis}': float(
            stats.kstest(
                np.mod([getattr(pose, axis) for pose in poses], GRID_M) / GRID_M, 'uniform'
            ).pvalue
        )
        for axis in ('x_m', 'y_m')
    }


def day_difference(first: list[np.ndarray], second: list[np.ndarray]) -> dict[str, float]:
    """Share of the variance of one day's image that the other explains, after the best fit.

    The fit has a gain and an offset for each channel, so brightness and colour cast are free;
    the same picture twice would give 1.
    """
    shares = []
    for one, other in zip(first, second, strict=True):
        explained = total = 0.0
        for channel in range(3):
            x, y = (
                cv2.resize(image[..., channel], (80, 60), interpolation=cv2.INTER_AREA)
                .astype(np.float64)
                .ravel()
                for image in (one, other)
            )
            slope, offset = np.polyfit(x, y, 1)
            explained += ((slope * x + offset - y.mean()) ** 2).sum()
            total += ((y - y.mean()) ** 2).sum()
        shares.append(explained / total)
    low, median, high = np.percentile(shares, [5.0, 50.0, 95.0])
    return {
        'explained_5': float(low),
        'explained_median': float(median),
        'explained_95': float(high),
    }


if __name__ == '__main__':
    main()

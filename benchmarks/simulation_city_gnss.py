# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Prints how the GNSS errors of city drives follow the open sky, beside the frozen model.

Run: ``python benchmarks/simulation_city_gnss.py`` (about a minute on one core).
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
from tqdm import tqdm

from geoloc_ros.types import FloatArray
from geoloc_sim.drives.city_drive import city_drive
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.drives.sky_view import world_sky
from geoloc_sim.drives.walls import Walls
from geoloc_sim.error_statistics import LAGS, SPACING_S, cut_windows, error_statistics
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings

_OPEN_SHARES = (0.0, 0.4, 0.55, 0.7, 0.85, 1.01)


def main() -> None:
    """Drive and print."""
    parser = argparse.ArgumentParser(description='GNSS errors of city drives.')
    parser.add_argument('--worlds', type=int, default=4)
    parser.add_argument('--days', type=int, default=3)
    parser.add_argument('--drives', type=int, default=3, help='on each day')
    options = parser.parse_args()
    settings = CityDriveSettings()
    windows: list[FloatArray] = []
    rows: list[FloatArray] = []
    runs = options.worlds * options.days * options.drives
    with tqdm(total=runs, unit='drive') as bar:
        for seed in range(options.worlds):
            world = dress(procedural_layout(ProceduralSettings(), seed), DressingSettings())
            walls = Walls(world.layout)
            for number in range(options.days):
                day = draw_day(10 * seed + number)
                sky = world_sky(world, walls, day.leaf_share, settings.sky)
                for drive_seed in range(options.drives):
                    drive = city_drive(world, walls, settings, day, drive_seed)
                    gnss = drive.gnss
                    at = drive.truth.at(gnss.stamps_ns)
                    places = np.column_stack((at.x_m, at.y_m))
                    errors = gnss.antenna_m - places
                    times_s = (gnss.stamps_ns - gnss.stamps_ns[0]) * 1e-9
                    windows += cut_windows(times_s, errors)
                    rows.append(
                        np.column_stack(
                            (
                                sky.open_share(places),
                                np.hypot(*errors.T),
                                gnss.has_fix,
                                gnss.stated_sigma_m,
                            )
                        )
                    )
                    bar.update()
    _print(np.concatenate(rows), windows)


def _print(table: FloatArray, windows: list[FloatArray]) -> None:
    found = error_statistics(windows)
    lags = ', '.join(
        f'{value:.2f} at {lag * SPACING_S:.0f} s'
        for lag, value in zip(LAGS, found.autocorrelation, strict=True)
    )
    print(
        f'{found.windows} windows of 60 s: mean {found.mean_m:.2f} m, rms per axis '
        f'{found.sigma_m:.2f} m, p95 / median {found.p95_over_median:.2f}; correlation {lags}'
    )
    print('| open sky | share of fixes | mean m | p95 m | stated sigma m | no fix |')
    print('|---|---|---|---|---|---|')
    for low, high in itertools.pairwise(_OPEN_SHARES):
        part = table[(table[:, 0] >= low) & (table[:, 0] < high)]
        if len(part):
            print(
                f'| {low:.2f} to {min(high, 1.0):.2f} | {len(part) / len(table):.0%} '
                f'| {part[:, 1].mean():.2f} | {np.percentile(part[:, 1], 95):.1f} '
                f'| {part[:, 3].mean():.2f} | {1.0 - part[:, 2].mean():.1%} |'
            )


if __name__ == '__main__':
    main()

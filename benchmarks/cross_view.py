# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What sight adds to GNSS and odometry on simulated days: ``python benchmarks/cross_view.py``.

For a city that the weights know and one that they do not: drives on days never trained on, a
picture every 5 m, a map built from the aerial image, the matcher, and the localizer, each drive
with several seeds of GNSS and odometry noise (the first run draws the pictures and keeps them).

Row              What it is
gps              the receiver's fixes
gps_filtered     the paper's filter on the fixes alone (preset ``paper``)
paper_fused      the same with sight; ``paper_fused_global`` as below
gps_alone        particle filter on the fixes alone
alone_fused      the same with sight, and still no odometry; ``alone_fused_global`` as below
ekf              extended Kalman filter on fixes and odometry
no_camera        particle filter on fixes and odometry: what sight is measured against
fused            the same with sight; ``fused_global``: with weights of global training
constant         control: every place scores alike
shuffled         control: pictures of other moments
permuted         control: the cells of the map have changed places
road_of_gps      control: the road centre nearest to the fix; ``road_of_no_camera``: to that row

Errors cover every epoch of the receiver after its first fix, outages included; the rows of raw
fixes cover the fixes. The temperature is fitted on a validation day of the known city and used in
both. Ratios are over ``no_camera``, with 95 % intervals by bootstrap over the seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import dataclasses
import json
import math
from pathlib import Path
import time

from cross_view_days import SPACING_M, Day, Place, camera, pinhole
from cross_view_runs import (
    CONTROLS,
    DOMAIN,
    Described,
    Outcome,
    Sight,
    Task,
    local_over_global,
    start,
)
from cross_view_tables import WITHOUT, print_day
from measuring import machine_record
import numpy as np

from geoloc_ros.cli.demo_sight import shipped_weights
from geoloc_ros.cli.map_network import MapNetwork
from geoloc_ros.evaluation.bootstrap import PooledRatio, pooled_ratio
from geoloc_ros.evaluation.metrics import Statistics
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.build import BuildOptions, build_map
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.map_store.tile_grid import grid_over
from geoloc_ros.networks.contract import DescriptorNetwork
from geoloc_ros.networks.weights import load_network
from geoloc_ros.observations.calibration import Calibration, ScoredFrame, calibrate
from geoloc_ros.observations.cross_view import CrossViewMatcher, GroundCamera
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.observations.search_area import SearchCircle
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.drives.frame_workers import in_workers

DEFAULT_OUT = Path('benchmarks/results/cross_view.json')
HEADINGS = 16
#: Chi-square of two degrees of freedom below which 50 % and 90 % lie.
_COVERED_50, _COVERED_90 = 2.0 * math.log(2.0), 2.0 * math.log(10.0)
_SEARCH_M, _SEARCH_SIGMA_M = 30.0, 8.0
_WORKERS = 2
_STARTED_S = time.monotonic()


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A network with its temperature on the validation day.

    Attributes:
        network: as loaded.
        calibration: on the validation day.
        forward_m: median of how far ahead of the camera the best cells lie: what it scores.
    """

    network: DescriptorNetwork
    calibration: Calibration
    forward_m: float


@dataclasses.dataclass(frozen=True)
class MapTask:
    """A map to build.

    Attributes:
        imagery: aerial image.
        weights: name or file of the network.
        path: folder of the map.
        datum: origin of ``map``.
    """

    imagery: Path
    weights: str
    path: Path
    datum: GeodeticPosition


def say(text: str) -> None:
    """Print with the time since the start."""
    print(f'[{time.monotonic() - _STARTED_S:5.1f} s] {text}', flush=True)


def city_map(place: Place, network: DescriptorNetwork) -> Path:
    """Where the map of a city lies."""
    return place.folder / f'map_{network.contract.name}_{network.sha256[:12]}'


def start_building(backend: str) -> Callable[[MapTask], Path]:
    """What a worker does with the map of a city."""

    def build(task: MapTask) -> Path:
        described = MapNetwork(load_network(task.weights, backend, threads=1))
        source = open_imagery(task.imagery)
        options = BuildOptions(
            yaws_rad=described.reference_yaws_rad(HEADINGS),
            ahead_m=described.network.contract.ahead_m,
            min_covered_share=0.5,
            datum=task.datum,
        )
        build_map(
            source, grid_over(source.bounds, SPACING_M), described, task.path, options=options
        )
        return task.path

    return build


def build_maps(
    places: Sequence[Place], networks: dict[str, DescriptorNetwork], options: argparse.Namespace
) -> None:
    """Build the maps that are not there yet."""
    names = {'fused': options.weights, 'fused_global': options.global_weights}
    tasks = [
        MapTask(place.imagery(), names[row], city_map(place, network), place.world.layout.datum)
        for place in places
        for row, network in networks.items()
    ]
    for path in in_workers(start_building, options.backend, tasks, options.workers):
        say(f'map {path} is there')


def described_day(day: Day, network: DescriptorNetwork) -> Described:
    """The pictures of a day as a network describes them."""
    lens = GroundCamera(camera(), pinhole().base_from_camera, network)
    pictures = np.stack([lens.picture(image) for image in day.images()])
    contract = network.contract
    descriptors = network.describe_ground(pictures)
    return Described(contract, network.sha256, DOMAIN, descriptors)


def fitted(day: Day, network: DescriptorNetwork, map_path: Path, behind_m: float) -> Fitted:
    """Fit the temperature on a day: circles about the truth, as far off as GNSS is."""
    random = np.random.default_rng(day.number)
    described = described_day(day, network)
    settings = CrossViewSettings(input_domain=DOMAIN)
    matcher = CrossViewMatcher(
        described,  # type: ignore[arg-type]
        DescriptorStore.open(map_path),
        settings,
    )
    datum = Datum(day.place.world.layout.datum)
    forward_m = float(pinhole().base_from_camera.translation_m[0]) - behind_m
    frames: list[ScoredFrame] = []
    ahead_m: list[float] = []
    for number, (place, yaw) in enumerate(
        zip(day.positions_m, day.truth.yaw_rad[day.frames], strict=True)
    ):
        along = np.array([math.cos(yaw), math.sin(yaw)])
        true = place + forward_m * along
        x_m, y_m = true + _SEARCH_SIGMA_M * np.clip(random.standard_normal(2), -2.5, 2.5)
        window = matcher.window(SearchCircle(x_m, y_m, _SEARCH_M, None, math.inf), datum)
        if window is None:
            continue
        picture = np.array([number])
        distances, has_data = matcher.distances(picture, window)  # type: ignore[arg-type]
        yaws = matcher.yaws_rad(window, datum)
        apart = np.hypot(*(window.enu_m - true).transpose(2, 0, 1))
        cell = int(np.argmin(np.where(has_data, apart, np.inf)))
        if apart.flat[cell] > SPACING_M:
            continue
        layer = int(np.argmax(np.cos(yaws - yaw))) if len(yaws) else 0
        known = np.broadcast_to(has_data, distances.shape).ravel()
        true_index = layer * has_data.size + cell
        flat = distances.ravel().astype(np.float64)
        frames.append(ScoredFrame(flat[known], int(np.count_nonzero(known[:true_index]))))
        best = window.enu_m.reshape(-1, 2)[int(np.nanargmin(distances[layer]))]
        ahead_m.append(float((best - true) @ along))
    found = calibrate(frames, network.sha256, DOMAIN, day.name)
    near = [value for value in ahead_m if abs(value) < 10.0]
    result = Fitted(network, found, float(np.mean(near)) if near else math.nan)
    say(
        f'{network.contract.name}: temperature {found.temperature:.4f}, 50 % hold '
        f'{found.coverage_50:.2f}, 90 % hold {found.coverage_90:.2f}, gain '
        f'{found.gain_bits:.2f} bit, best cells {result.forward_m:+.2f} m ahead of the camera'
    )
    return result


def sights_of(
    day: Day, fits: dict[str, Fitted], maps: dict[str, Path], options: argparse.Namespace
) -> dict[str, Sight]:
    """The rows that see, by name."""
    forward_m, left_m, _ = pinhole().base_from_camera.translation_m
    sights = {}
    for name, fit in fits.items():
        sights[name] = Sight(
            described_day(day, fit.network),
            day.stamps_ns,
            maps[name],
            fit.calibration.temperature * options.temperature_factor,
            (float(forward_m) - options.scored_behind_m, float(left_m)),
        )
    for name in fits:
        sights[f'paper_{name}'] = sights[f'alone_{name}'] = sights[name]
    for control in CONTROLS:
        sights[control] = dataclasses.replace(sights['fused'], control=control)
    return sights


def day_results(
    day: Day, sights: dict[str, Sight], options: argparse.Namespace
) -> dict[str, list[Outcome]]:
    """The outcomes of every seed, by row."""
    centres = day.road_centres_m()
    asked = {name: s for name, s in sights.items() if not options.rows or name in options.rows}
    tasks = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        few = seed - options.first_seed >= options.control_seeds
        used = {name: s for name, s in asked.items() if not (s.control and few)}
        tasks.append(Task(day.sensed(seed), seed, used, centres))
    rows: dict[str, list[Outcome]] = {}
    for number, result in enumerate(in_workers(start, None, tasks, options.workers)):
        say(f'{day.name}: {number + 1} of {len(tasks)} seeds')
        for name, outcome in result.items():
            rows.setdefault(name, []).append(outcome)
    return rows


def row_record(outcomes: Sequence[Outcome], without: Sequence[Outcome]) -> dict[str, object]:
    """The figures of one row on one day."""
    errors = [one.errors_m for one in outcomes]
    statistics = Statistics.of(np.concatenate(errors))
    yaw = Statistics.of(np.concatenate([one.yaw_errors_deg for one in outcomes]))
    nees = np.concatenate([one.nees for one in outcomes])
    nees = nees[np.isfinite(nees)]
    ratio: PooledRatio = pooled_ratio(errors, [one.errors_m for one in without[: len(errors)]])
    return {
        'seeds': len(errors),
        'available': float(np.mean(np.isfinite(np.concatenate(errors)))),
        'error_m': None if statistics is None else dataclasses.asdict(statistics),
        'yaw_error_deg': None if yaw is None else dataclasses.asdict(yaw),
        'nees_mean': float(nees.mean()) if len(nees) else None,
        'covered_50': float(np.mean(nees <= _COVERED_50)) if len(nees) else None,
        'covered_90': float(np.mean(nees <= _COVERED_90)) if len(nees) else None,
        f'over_{WITHOUT}': dataclasses.asdict(ratio),
    }


def evaluate(options: argparse.Namespace) -> dict[str, object]:
    """Everything that is asked for."""
    names = {'fused': options.weights, 'fused_global': options.global_weights}
    networks = {
        row: load_network(name, options.backend, threads=1) for row, name in names.items() if name
    }
    known = Place(options.city, options.folder / f'city_{options.city}', say)
    others = options.unseen if options.unseen_days else []
    unseen = [Place(city, options.folder / f'city_{city}', say) for city in others]
    build_maps([known, *unseen], networks, options)
    known_maps = {row: city_map(known, network) for row, network in networks.items()}
    validation = known.day(options.validation_day, options.distance_m)
    fits = {
        row: fitted(validation, networks[row], known_maps[row], options.scored_behind_m)
        for row in networks
    }
    plan = [(known, known_maps, day) for day in options.days]
    for place in unseen:
        maps = {row: city_map(place, network) for row, network in networks.items()}
        plan += [(place, maps, day) for day in options.unseen_days]
    days: dict[str, object] = {}
    areas: dict[str, dict[str, list[Outcome]]] = {}
    for place, maps, number in plan:
        day = place.day(number, options.distance_m)
        rows = day_results(day, sights_of(day, fits, maps, options), options)
        records = {row: row_record(found, rows[WITHOUT]) for row, found in rows.items()}
        seen = 'seen area' if place is known else 'unseen area'
        print_day(f'{day.name} ({seen}), {len(day.files)} pictures', records)
        for row, found in rows.items():
            areas.setdefault(seen, {}).setdefault(row, []).extend(found)
        days[day.name] = {
            'area': seen,
            'driven_m': day.truth.length_m,
            'duration_s': day.truth.duration_s,
            'pictures': len(day.files),
            'rows': records,
            'local_over_global': local_over_global(rows),
        }
    return {
        'networks': {
            row: {
                'name': fit.network.contract.name,
                'sha256': fit.network.sha256,
                'best_cells_ahead_m': fit.forward_m,
                'calibration': dataclasses.asdict(fit.calibration),
            }
            for row, fit in fits.items()
        },
        'days': days,
        'areas': {area: area_results(area, rows) for area, rows in areas.items()},
    }


def area_results(area: str, rows: dict[str, list[Outcome]]) -> dict[str, object]:
    """All drives of an area together; the rows that every drive has."""
    without = rows[WITHOUT]
    own = {row: found for row, found in rows.items() if len(found) == len(without)}
    records = {row: row_record(found, without) for row, found in own.items()}
    print_day(f'{area}, its {len(without)} drives together', records)
    return {'rows': records, 'local_over_global': local_over_global(own)}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--weights', default=shipped_weights(), help='of models/manifest.json, or a file'
    )
    parser.add_argument(
        '--global-weights',
        default=shipped_weights(of_global_training=True),
        help='of global training; none if empty',
    )
    parser.add_argument('--backend', default='auto')
    parser.add_argument('--city', type=int, default=0, help='that the weights know')
    parser.add_argument(
        '--unseen', type=int, nargs='+', default=[100], help='cities that they do not'
    )
    parser.add_argument('--days', type=int, nargs='*', default=[1000, 1001, 1002])
    parser.add_argument('--unseen-days', type=int, nargs='*', default=[1000])
    parser.add_argument('--validation-day', type=int, default=900)
    parser.add_argument('--seeds', type=int, default=20, help='of GNSS and odometry, each day')
    parser.add_argument('--first-seed', type=int, default=0)
    parser.add_argument('--control-seeds', type=int, default=3, help='of them for the controls')
    parser.add_argument('--rows', nargs='*', default=[], help='with sight (default: all)')
    parser.add_argument('--distance-m', type=float, default=2000.0, help='of each drive')
    parser.add_argument(
        '--temperature-factor',
        type=float,
        default=CrossViewSettings().temperature_factor,
        help='on the fitted temperature',
    )
    parser.add_argument(
        '--scored-behind-m', type=float, default=0.0, help='weights that score a place behind it'
    )
    parser.add_argument('--workers', type=int, default=_WORKERS)
    parser.add_argument('--folder', type=Path, default=Path('out/cross_view'), help='kept files')
    parser.add_argument('--out', type=Path, default=DEFAULT_OUT)
    options = parser.parse_args()
    if not options.weights:
        parser.error('models/ holds no weights; name a file with --weights')
    return options


def main() -> None:
    """Evaluate, print tables, write the results file."""
    options = parse()
    packages = ('numpy', 'numba', 'torch', 'onnxruntime', 'zarr')
    record = machine_record(packages, options.first_seed)
    options_record = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
    }
    results = {**record, 'options': options_record, **evaluate(options)}
    seconds = time.monotonic() - _STARTED_S
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({**results, 'seconds': seconds}, indent=2) + '\n')
    say(f'written to {options.out}')


if __name__ == '__main__':
    main()

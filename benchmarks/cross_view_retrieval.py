# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Retrieval on the days of ``cross_view.py``: ``python benchmarks/cross_view_retrieval.py``.

Every picture of a test day against the 5 m cells of the map, within the test radius of its truth
and in the whole city, in the layout of Table II of Xia et al. (RA-L 2021), for geo-local and
geo-global training; with the heading of the vehicle known (to half a bin, 5.6 degrees) and with
all 32 headings searched. Controls: descriptors that are all alike, pictures of other moments,
cells that have changed places. Recall@1 is the share of pictures whose best cell is the one
nearest to the truth.

Run ``cross_view.py`` first, or wait for the pictures and maps that both keep.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import dataclasses
import json
from pathlib import Path
import time

from cross_view import build_maps, city_map
from cross_view_days import Day, FloatArray, Place, camera, pinhole
from measuring import machine_record
import numpy as np

from geoloc_ros.cli.demo_sight import shipped_weights
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.networks.contract import DescriptorNetwork
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.networks.weights import load_network
from geoloc_ros.observations.cross_view import GroundCamera
from geoloc_training.recall import Float32Array, Retrieval, retrieve
from geoloc_training.tables import Measured, figures, table_two

DEFAULT_OUT = Path('benchmarks/results/cross_view_retrieval.json')
CONTROLS = ('constant scores', 'shuffled images', 'permuted map')
_SEED = 0
_STARTED_S = time.monotonic()


@dataclasses.dataclass(frozen=True)
class Described:
    """Pictures of a day and the cells of its city as one network describes them.

    Attributes:
        network: that described them.
        grounds: of the pictures, shape (n, bins, channels).
        references: of the cells with data, shape (m, bins, channels).
        cells_m: where those are, shape (m, 2).
        truth_m: where the camera was, shape (n, 2).
        yaws_rad: heading of the vehicle, shape (n,).
    """

    network: DescriptorNetwork
    grounds: Float32Array
    references: Float32Array
    cells_m: FloatArray
    truth_m: FloatArray
    yaws_rad: FloatArray

    def retrieval(self, radius_m: float, *, known: bool) -> Retrieval:
        """Of every picture; at the heading nearest to the true one, or at all of them."""
        contract = self.network.contract

        def match(query: int, near: np.ndarray) -> Float32Array:
            found = descriptor_distances(contract, self.grounds[query], self.references[near])
            if not known:
                return found
            layer = int(np.argmax(np.cos(contract.yaws_rad - self.yaws_rad[query])))
            return found[:, layer : layer + 1]

        return retrieve(self.truth_m, self.cells_m, radius_m, match)

    def control(self, name: str) -> Described:
        """The same without what sight tells."""
        random = np.random.default_rng(_SEED)
        if name == CONTROLS[0]:
            mean = self.references.mean(axis=0, keepdims=True)
            # Alike up to noise far below any difference, so that no cell wins by its number.
            noise = 1e-6 * random.standard_normal(self.references.shape, np.float32)
            return dataclasses.replace(self, references=mean + noise)
        if name == CONTROLS[1]:
            return dataclasses.replace(self, grounds=random.permutation(self.grounds))
        return dataclasses.replace(self, references=random.permutation(self.references))


def described(day: Day, network: DescriptorNetwork) -> Described:
    """Describe the pictures of a day; the cells are those of its city's map."""
    lens = GroundCamera(camera(), pinhole().base_from_camera, network)
    pictures = np.stack([lens.picture(image) for image in day.images()])
    store = DescriptorStore.open(city_map(day.place, network))
    grid = store.grid
    window = store.read_window(0, 0, grid.nx, grid.ny)
    lat, lon = grid.centres_lat_lon
    datum = Datum(day.place.world.layout.datum)
    enu = datum.enu_from_geodetic_array(lat.ravel(), lon.ravel(), store.record.datum.alt_m)
    kept = window.has_data.ravel()
    yaws = np.asarray(day.truth.yaw_rad[day.frames])
    forward_m = float(pinhole().base_from_camera.translation_m[0])
    ahead = forward_m * np.column_stack((np.cos(yaws), np.sin(yaws)))
    references = window.descriptors.reshape(-1, *network.contract.descriptor_shape)[kept]
    return Described(
        network,
        network.describe_ground(pictures),
        np.asarray(references, np.float32),
        enu[kept, :2],
        day.positions_m + ahead,
        yaws,
    )


def measured(test: str, name: str, one: Described, radius_m: float, *, known: bool) -> Measured:
    """A row of the table."""
    everywhere = one.retrieval(float('inf'), known=known)
    return Measured(test, name, one.retrieval(radius_m, known=known), everywhere)


def rows_of(test: str, days: dict[str, Described], radius_m: float, known: bool) -> list[Measured]:
    """Both trainings, and the controls of the first."""
    rows = [measured(test, name, one, radius_m, known=known) for name, one in days.items()]
    name, first = next(iter(days.items()))
    for control in CONTROLS:
        other = first.control(control)
        rows.append(measured(test, f'{name}, {control}', other, radius_m, known=known))
    return rows


def record(rows: Sequence[Measured]) -> list[dict[str, object]]:
    """For the results file."""
    return [{'test': row.test, 'network': row.network, **figures(row)} for row in rows]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--weights', default=shipped_weights())
    parser.add_argument('--global-weights', default=shipped_weights(of_global_training=True))
    parser.add_argument('--backend', default='auto')
    parser.add_argument('--city', type=int, default=0)
    parser.add_argument('--unseen', type=int, default=100)
    parser.add_argument('--days', type=int, nargs='*', default=[1000, 1001, 1002])
    parser.add_argument('--unseen-days', type=int, nargs='*', default=[1000])
    parser.add_argument('--distance-m', type=float, default=2000.0)
    parser.add_argument('--radius-m', type=float, default=50.0, help='test radius')
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--folder', type=Path, default=Path('out/cross_view'))
    parser.add_argument('--out', type=Path, default=DEFAULT_OUT)
    return parser.parse_args()


def main() -> None:
    """Measure, print the tables, write the results file."""
    options = parse()
    names = {'fused': options.weights, 'fused_global': options.global_weights}
    networks = {row: load_network(name, options.backend, threads=1) for row, name in names.items()}
    plan = [(options.city, day) for day in options.days]
    plan += [(options.unseen, day) for day in options.unseen_days]
    places = {seed: Place(seed, options.folder / f'city_{seed}', print) for seed, _ in plan}
    build_maps(list(places.values()), networks, options)
    tables: dict[str, list[Measured]] = {'heading known': [], 'heading searched': []}
    for seed, number in plan:
        day = places[seed].day(number, options.distance_m)
        both = (described(day, network) for network in networks.values())
        days = dict(zip(('geo-local', 'geo-global'), both, strict=True))
        for title, rows in tables.items():
            rows += rows_of(day.name, days, options.radius_m, title == 'heading known')
        print(f'[{time.monotonic() - _STARTED_S:5.1f} s] {day.name}', flush=True)
    for title, rows in tables.items():
        print(f'\n{title}\n\n{table_two(rows)}')
    results = {
        **machine_record(('numpy', 'onnxruntime'), _SEED),
        'radius_m': options.radius_m,
        'spacing_m': 5.0,
        'networks': {row: network.sha256 for row, network in networks.items()},
        'tables': {title: record(rows) for title, rows in tables.items()},
    }
    options.out.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

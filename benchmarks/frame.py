# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A frame from image message to pose without the network: ``python benchmarks/frame.py``.

An image message of 1280 x 960 pixels (rgb8, or JPEG of quality 90) becomes the network's picture;
the network is left out (its descriptor is there already); the picture's descriptor is compared
with the map's cells about the belief, a circle that touches 113 of them; the scores become an
observation, and a particle filter of 2000 particles predicts, is weighed by it and gives its
estimate. Once with azimuth descriptors (32 headings) and once with compact ones (512 values).
Stages are timed alone and the whole of them in one go, all in turn.

Set OPENBLAS_NUM_THREADS=1: everything runs on one thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import dataclasses
import math
from pathlib import Path
import tempfile
from typing import Any

import cv2
from measuring import Timing, print_table, time_alternating, write_results
import numpy as np
import numpy.typing as npt

from geoloc_ros.filters.particle_filter import ParticleFilter
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.tile_grid import TileGrid, utm_crs
from geoloc_ros.messages.pictures import Pixels, decoded_for
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.observations.cross_view import CrossViewMatcher, GroundCamera, Match
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.observations.score_field import ScoreField
from geoloc_ros.observations.search_area import SearchCircle
from geoloc_ros.observations.sight import level_camera
from geoloc_ros.types import Estimate, GeodeticPosition, PosePrior, ScoreLattice

SEED = 20261121
WIDTH_PX, HEIGHT_PX = 1280, 960
PARTICLES = 2000
CELLS, SPACING_M = 101, 5.0
RADIUS_M, TOUCHED = 27.6, 113
PERIOD_NS = 62_500_000  # 16 Hz
QUARTER = math.pi / 2
CONTRACTS = (
    InputContract('azimuth', 96, 256, QUARTER, 80.0, 160, 'azimuth', (32, 24), (8, 24)),
    InputContract('compact', 96, 256, QUARTER, 80.0, 160, 'north_up', (512,)),
)
DEMANDS_US = {'raw': 1000.0, 'JPEG': 5000.0}

PACKAGES = ('numpy', 'numba', 'opencv-python-headless')

ImageU8 = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]


@dataclasses.dataclass(slots=True)
class RawImage:
    """A ``sensor_msgs/Image``, which has a header besides."""

    header: Any
    width: int
    height: int
    encoding: str
    is_bigendian: int
    step: int
    data: ImageU8


@dataclasses.dataclass(slots=True)
class JpegImage:
    """A ``sensor_msgs/CompressedImage``, likewise."""

    header: Any
    format: str
    data: ImageU8


@dataclasses.dataclass(frozen=True, slots=True)
class NoNetwork:
    """Has described the picture already; compares as every network does."""

    contract: InputContract
    descriptor: Float32Array
    sha256: str = '0' * 64
    domain: str = 'simulation'

    def describe_ground(self, images: ImageU8) -> Float32Array:
        """The same descriptor for each picture."""
        return np.broadcast_to(self.descriptor, (len(images), *self.descriptor.shape))

    def describe_reference(self, patches: ImageU8) -> Float32Array:
        """Nothing here makes maps."""
        raise NotImplementedError(f'{len(patches)} patches')

    def distances(self, ground: Float32Array, references: Float32Array) -> Float32Array:
        """As every network does."""
        return descriptor_distances(self.contract, ground, references)


def messages() -> dict[str, RawImage | JpegImage]:
    """The same view as a raw and as a compressed message: blurred noise, as dull as a street."""
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(0, 256, (HEIGHT_PX // 16, WIDTH_PX // 16, 3), np.uint8)
    picture = cv2.resize(coarse, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    fine = rng.normal(scale=4.0, size=picture.shape)
    picture = np.clip(picture + fine, 0.0, 255.0).astype(np.uint8)
    _, coded = cv2.imencode('.jpg', picture[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 90))
    raw = RawImage(None, WIDTH_PX, HEIGHT_PX, 'rgb8', 0, 3 * WIDTH_PX, picture.ravel())
    return {'raw': raw, 'JPEG': JpegImage(None, 'jpeg', np.asarray(coded, np.uint8).ravel())}


class Frame:
    """One vehicle that stands in the middle of a map, and the stages of its frame.

    Args:
        contract: of the network that is left out.
        folder: for the map.
    """

    def __init__(self, contract: InputContract, folder: Path) -> None:
        rng = np.random.default_rng(SEED)
        middle = GeodeticPosition(49.0, 8.4, 100.0)
        self.datum = Datum(middle)
        store, values = _map(contract, folder, middle, rng)
        ground = values[CELLS // 2, CELLS // 2]
        if contract.heading == 'azimuth':
            ground = ground[: contract.ground_descriptor_shape[0]]
        ground = (ground / np.linalg.norm(ground)).astype(np.float32)
        network = NoNetwork(contract, ground)
        settings = CrossViewSettings(temperature=0.5, input_domain='simulation')
        self.matcher = CrossViewMatcher(network, store, settings)
        camera = Camera(WIDTH_PX, HEIGHT_PX, 640.0, 640.0, 639.5, 479.5)
        self.camera = GroundCamera(camera, level_camera(1.5, 0.0), network)
        self.circle = self._circle(middle)
        self.filter = ParticleFilter(
            ParticleSettings(particle_count=PARTICLES), np.random.default_rng(SEED)
        )
        x_m, y_m = self.circle.x_m, self.circle.y_m
        self.filter.initialize(PosePrior(0, x_m, y_m, 25.0 * np.eye(2), 0.3, 0.1))

    def _circle(self, middle: GeodeticPosition) -> SearchCircle:
        grid = self.matcher.store.grid
        half = np.array([0.5 * (CELLS - 1)])
        lat, lon = grid.lat_lon(half, half)
        place = self.datum.enu_from_geodetic_array(lat, lon, middle.alt_m)[0]
        circle = SearchCircle(float(place[0]), float(place[1]), RADIUS_M, 0.3, 0.1)
        window = self.matcher.window(circle, self.datum)
        touched = 0 if window is None else int(np.count_nonzero(window.touched))
        if touched != TOUCHED:
            raise SystemExit(f'the circle touches {touched} cells; {TOUCHED} are wanted')
        return circle

    def match(self, picture: ImageU8) -> Match:
        """Scores of the cells about the belief."""
        stamp_ns = self.filter.stamp_ns + PERIOD_NS
        found = self.matcher.match(picture, stamp_ns, self.circle, self.datum, self.camera.place_m)
        if found is None:
            raise SystemExit('the map has no data about its own middle')
        return found

    def step(self, lattice: ScoreLattice) -> Estimate:
        """A step of the filter to the stamp of the scores."""
        self.filter.predict(lattice.stamp_ns)
        self.filter.update(ScoreField(lattice))
        return self.filter.estimate()

    def decoded(self, message: RawImage | JpegImage) -> Pixels:
        """The pixels of a message, as the node decodes them."""
        return decoded_for(message, self.camera.camera, self.camera.reduction)

    def whole(self, message: RawImage | JpegImage) -> Estimate:
        """From message to pose."""
        picture = self.camera.picture(*self.decoded(message))
        return self.step(self.match(picture).lattice)


def _map(
    contract: InputContract, folder: Path, middle: GeodeticPosition, rng: np.random.Generator
) -> tuple[DescriptorStore, Float32Array]:
    """A map with random descriptors whose middle cell lies near ``middle``."""
    cell = TileGrid(utm_crs(middle), 0.0, 0.0, SPACING_M, 1, 1)
    east, north = cell.cell_of(middle)
    half = CELLS // 2
    origin = (SPACING_M * (round(east) - half), SPACING_M * (round(north) - half))
    record = MapRecord(
        grid=TileGrid(utm_crs(middle), *origin, SPACING_M, CELLS, CELLS),
        datum=middle,
        network_name=contract.name,
        network_sha256='0' * 64,
        descriptor_shape=contract.descriptor_shape,
        patch_size_m=contract.patch_size_m,
        patch_size_px=contract.patch_size_px,
    )
    values = rng.standard_normal((CELLS, CELLS, *contract.descriptor_shape), dtype=np.float32)
    values /= np.sqrt(np.mean(values**2) * values[0, 0].size)
    store = DescriptorStore.create(folder / contract.name, record)
    for row, column in np.ndindex(*record.block_shape):
        ix0, iy0, nx, ny = store.block_cells(row, column)
        store.write_block(row, column, values[iy0 : iy0 + ny, ix0 : ix0 + nx], np.ones((ny, nx)))
    return store, values


def table(frame: Frame, message: RawImage | JpegImage, rounds: int) -> dict[str, Timing]:
    """The whole frame and each of its stages."""
    pixels = frame.decoded(message)
    picture = frame.camera.picture(*pixels)
    matcher = frame.matcher
    window = matcher.window(frame.circle, frame.datum)
    if window is None:
        raise SystemExit('the map has no data about its own middle')
    match = frame.match(picture)

    def step() -> Estimate:
        stamp_ns = frame.filter.stamp_ns + PERIOD_NS
        return frame.step(dataclasses.replace(match.lattice, stamp_ns=stamp_ns))

    contenders: dict[str, Callable[[], object]] = {
        'the whole frame': lambda: frame.whole(message),
        'message to pixels': lambda: frame.decoded(message),
        'pixels to cylinder': lambda: frame.camera.picture(*pixels),
        'match, all of it': lambda: frame.match(picture),
        '- cells about the belief': lambda: matcher.window(frame.circle, frame.datum),
        '- read and compare': lambda: matcher.distances(picture, window),
        'particle filter': step,
    }
    return time_alternating(contenders, rounds, 10)


def main() -> None:
    """Run all, print tables and verdicts, write the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=40)
    default = Path(__file__).parent / 'results' / 'cross_view_frame.json'
    parser.add_argument('--out', type=Path, default=default)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    tables: dict[str, dict[str, Timing]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for contract in CONTRACTS:
            frame = Frame(contract, Path(folder))
            for kind, message in messages().items():
                title = f'frame without network, {kind}, {contract.name} descriptors'
                tables[title] = table(frame, message, arguments.rounds)
    for title, timings in tables.items():
        print_table(title, timings, 'the whole frame')
    for title, timings in tables.items():
        limit_us = DEMANDS_US['raw' if 'raw' in title else 'JPEG']
        whole_us = timings['the whole frame'].median_us
        verdict = 'met' if whole_us <= limit_us else 'MISSED'
        print(f'{title}: {whole_us:.0f} us; demanded at most {limit_us:.0f}: {verdict}')
    write_results(arguments.out, tables, PACKAGES, SEED)


if __name__ == '__main__':
    main()

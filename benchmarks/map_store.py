# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Patches and window reads beside the library's limit: ``python benchmarks/map_store.py``.

Three jobs, each in one process, contenders in turn:

- Cut a turned 600 px piece of ground (60 m at 0.1 m) anywhere in a GeoTIFF of 8000 x 8000 px, at
  600 px and straight at 224 px. Peers: OpenCV's warpAffine on an uncompressed memory map of the
  same pixels (which knows no CRS and no holes), and rasterio's WarpedVRT on the same file.
- Cut turned patches as the networks that take them want theirs, beside those networks.
- Cut patches for every cell of a grid, 5 m apart, from cold: what building a map for the azimuth
  network does, which wants them north-up.
- Read a 13 x 13 window of 512-d descriptors: from a float32 memory map, by zarr itself, and from
  the store when the window was just read, when it moved by a cell, and from cold.

A network's time is that of its reference branch in torch, a patch of a batch of 16.

Set OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import itertools
import math
from pathlib import Path
import tempfile
import time
from typing import Any

import cv2
from measuring import Timing, print_table, time_alternating, write_results
import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
import zarr

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.records import PatchRequest
from geoloc_ros.map_store.tile_grid import TileGrid, grid_over
from geoloc_ros.types import GeodeticPosition

SEED = 20261121
SIDE_PX, GSD_M = 8000, 0.1
LEFT, TOP, CRS = 689000.0, 5452000.0, 'EPSG:32632'
SIZE_M = 60.0
FULL, SMALL = 'turned patch of 60 m at 600 px', 'turned patch of 60 m at 224 px'
TURNED, GRIDDED = ('compact_aligned', 'safa_camera'), 'azimuth'
BATCH = 16
GRID, WINDOW = 'patches of 80 m at 160 px for a grid, each', 'window of 13 x 13 cells, 512-d'
CELLS, DEPTH = 208, 512
PACKAGES = ('numpy', 'opencv-python-headless', 'rasterio', 'zarr', 'pyproj')


def write_image(folder: Path) -> np.ndarray:
    """A GeoTIFF as surveys deliver them, deflated in blocks, and the same pixels memory-mapped."""
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(0, 256, (SIDE_PX // 16, SIDE_PX // 16, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
    profile = {
        'driver': 'GTiff', 'width': SIDE_PX, 'height': SIDE_PX, 'count': 3, 'dtype': 'uint8',
        'crs': CRS, 'transform': Affine(GSD_M, 0.0, LEFT, 0.0, -GSD_M, TOP), 'tiled': True,
        'blockxsize': 512, 'blockysize': 512, 'compress': 'deflate', 'predictor': 2, 'zlevel': 3,
        'interleave': 'pixel',
    }  # fmt: skip
    with rasterio.open(folder / 'image.tif', 'w', **profile) as file:
        file.write(np.moveaxis(picture, -1, 0))
    np.save(folder / 'image.npy', picture)
    np.save(folder / 'half.npy', cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=3))
    return picture


def places(count: int) -> list[tuple[float, float, float]]:
    """(x, y, yaw): pixels of centres whose patches lie inside, and directions."""
    rng = np.random.default_rng(SEED)
    margin = math.sqrt(0.5) * SIZE_M / GSD_M + 8.0
    return [
        (float(x), float(y), float(yaw))
        for x, y, yaw in zip(
            rng.uniform(margin, SIDE_PX - margin, count),
            rng.uniform(margin, SIDE_PX - margin, count),
            rng.uniform(-math.pi, math.pi, count),
            strict=True,
        )
    ]


def warp_array(picture: np.ndarray, gsd_m: float, size_px: int) -> Callable[[], object]:
    """OpenCV on pixels that are there, the least window around each patch."""
    turn = itertools.cycle(places(64))
    shrink = gsd_m / GSD_M

    def cut() -> object:
        x, y, yaw = next(turn)
        scale = SIZE_M / size_px / gsd_m
        cosine, sine = math.cos(yaw), math.sin(yaw)
        axes = scale * np.array([[sine, -cosine], [cosine, sine]])
        middle = np.array([x, y]) / shrink - 0.5
        matrix = np.column_stack((axes, middle - axes @ np.full(2, 0.5 * (size_px - 1))))
        reach = math.ceil(math.sqrt(0.5) * SIZE_M / gsd_m) + 2
        first = np.floor(middle).astype(int) - reach
        window = picture[first[1] : first[1] + 2 * reach, first[0] : first[0] + 2 * reach]
        matrix[:, 2] -= first
        return cv2.warpAffine(
            np.ascontiguousarray(window),
            matrix,
            (size_px, size_px),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )

    return cut


def warp_gdal(path: Path, size_px: int) -> Callable[[], object]:
    """A WarpedVRT of rasterio, a new one a patch, as each has its own turned plane."""
    turn = itertools.cycle(places(64))
    file = rasterio.open(path)

    def cut() -> object:
        x, y, yaw = next(turn)
        transform = (
            Affine.translation(LEFT + GSD_M * x, TOP - GSD_M * y)
            @ Affine.rotation(math.degrees(yaw) - 90.0)
            @ Affine.scale(SIZE_M / size_px, -SIZE_M / size_px)
            @ Affine.translation(-0.5 * size_px, -0.5 * size_px)
        )
        with WarpedVRT(
            file, crs=CRS, transform=transform, width=size_px, height=size_px,
            resampling=Resampling.bilinear,
        ) as warped:  # fmt: skip
            return np.moveaxis(warped.read(), 0, -1)

    return cut


def our_patch(path: Path, size_px: int, size_m: float = SIZE_M) -> Callable[[], object]:
    """Through the public interface, from latitude and longitude."""
    source = open_imagery(path)
    pixels = TileGrid(CRS, LEFT, TOP, GSD_M, 1, 1)
    lat, lon = pixels.lat_lon(*np.array([(x, -y) for x, y, _ in places(64)]).T)
    # The peers know no true north: hand them the yaw in the grid, and us what it is on the ground.
    middle = 0.5 * SIDE_PX
    _, turned_rad = pixels.lattice_at(Datum(source.bounds.centre), middle, -middle, 0.0)
    requests = itertools.cycle(
        [
            PatchRequest(GeodeticPosition(float(a), float(b)), size_m, size_px, yaw + turned_rad)
            for a, b, (_, _, yaw) in zip(lat, lon, places(64), strict=True)
        ]
    )
    return lambda: source.patch(next(requests)).rgb


def time_networks(path: Path, rounds: int) -> dict[str, dict[str, Timing]]:
    """Reference branches and the turned patches they take, by name; nothing without torch."""
    try:
        import torch
    except ImportError:
        return {}
    from geoloc_ros.networks.architectures import build

    tables = {}
    for name in (GRIDDED, *TURNED):
        module = build(name).eval()
        size_px, size_m = module.contract.patch_size_px, module.contract.patch_size_m
        patches = torch.zeros((BATCH, size_px, size_px, 3), dtype=torch.uint8)

        def describe(module: Any = module, patches: Any = patches) -> object:
            with torch.inference_mode():
                return module.reference(patches)

        timings = time_alternating({f'network, {BATCH} patches': describe}, 7, 1)
        if name in TURNED:
            cut = our_patch(path, size_px, size_m)
            timings |= time_alternating({'geoloc_ros, a turned patch': cut}, rounds, 64)
        tables[f'{name}, patches of {size_m:g} m at {size_px} px'] = timings
    return tables


def time_grid(path: Path, rounds: int) -> dict[str, Timing]:
    """Patches for every cell, row by row as a build takes them: decoding included, and again."""
    grid = grid_over(open_imagery(path).bounds, 5.0)
    lat, lon = grid.block_lat_lon(20, 20, 96, 96)
    each_us: dict[str, list[float]] = {'geoloc_ros': [], 'geoloc_ros, in memory': []}
    for _ in range(rounds):
        source = open_imagery(path)  # with nothing decoded
        for times in each_us.values():
            begin = time.perf_counter()
            for row, column in itertools.product(range(0, 96, 16), range(0, 96, 16)):
                block = np.s_[row : row + 16, column : column + 16]
                for a, b in zip(lat[block].ravel(), lon[block].ravel(), strict=True):
                    source.patch(PatchRequest(GeodeticPosition(float(a), float(b)), 80.0, 160))
            times.append((time.perf_counter() - begin) / lat.size * 1e6)
    timings = {}
    for name, times in each_us.items():
        lower, median, upper = np.percentile(times, [25.0, 50.0, 75.0])
        timings[name] = Timing(median, lower, upper, rounds, lat.size)
    return timings


def window_readers(folder: Path) -> dict[str, Callable[[], object]]:
    """The same descriptors in a memory map, in zarr and in the store."""
    rng = np.random.default_rng(SEED)
    values = rng.normal(size=(CELLS, CELLS, DEPTH)).astype(np.float32) / math.sqrt(DEPTH)
    np.save(folder / 'descriptors.npy', values)
    mapped = np.load(folder / 'descriptors.npy', mmap_mode='r')
    record = MapRecord(
        grid=TileGrid(CRS, LEFT, TOP, 5.0, CELLS, CELLS),
        datum=GeodeticPosition(49.2, 11.6),
        network_name='random',
        network_sha256='0' * 64,
        descriptor_shape=(DEPTH,),
        patch_size_m=80.0,
        patch_size_px=160,
    )
    store = DescriptorStore.create(folder / 'map', record)
    for row, column in np.ndindex(*record.block_shape):
        ix0, iy0, nx, ny = store.block_cells(row, column)
        block = values[iy0 : iy0 + ny, ix0 : ix0 + nx]
        store.write_block(row, column, block, np.ones((ny, nx)))
    array = zarr.open_group(str(folder / 'map'), mode='r')['descriptors']
    moving = itertools.cycle([*range(40, 60), *range(60, 40, -1)])
    others = itertools.cycle([*range(40, 60), *range(60, 40, -1)])
    scattered = itertools.cycle(rng.integers(0, CELLS - 13, (64, 2)).tolist())
    warm = DescriptorStore.open(folder / 'map')

    def moved(ix0: int) -> object:
        return np.array(mapped[50:63, ix0 : ix0 + 13])

    def cold() -> object:
        fresh = DescriptorStore(folder / 'map', zarr.open_group(str(folder / 'map'), mode='r'))
        ix0, iy0 = next(scattered)
        begin = time.perf_counter()
        fresh.read_window(ix0, iy0, 13, 13)
        return time.perf_counter() - begin

    return {
        'memory map, float32': lambda: np.array(mapped[50:63, 50:63]),
        'memory map, a cell on': lambda: moved(next(others)),
        'geoloc_ros, again': lambda: warm.read_window(50, 50, 13, 13),
        'geoloc_ros, a cell on': lambda: store.read_window(next(moving), 50, 13, 13),
        'zarr': lambda: array[50:63, 50:63],
        'cold': cold,
    }


def check_same(contenders: dict[str, Callable[[], object]]) -> None:
    """Stop where contenders cut other pictures than ours."""
    ours, *others = (np.asarray(cut(), dtype=float) for cut in contenders.values())
    for name, other in zip(list(contenders)[1:], others, strict=True):
        difference = float(np.mean(np.abs(ours - other)))
        if difference > 3.0:
            raise SystemExit(f'{name} differs by {difference:.1f} grey levels: not the same job')


def print_verdicts(
    tables: dict[str, dict[str, Timing]], networks: dict[str, dict[str, Timing]]
) -> None:
    """Say of each demand whether it is met."""
    window = tables[WINDOW]
    mapped = window['memory map, float32'].median_us
    verdicts = [
        ('window again over memory map', window['geoloc_ros, again'].median_us / mapped, 1.3),
        ('cold window over a frame of 100 ms', window['geoloc_ros, cold'].median_us / 1e5, 0.05),
    ]
    for name, (network, *turned) in ((name, one.values()) for name, one in networks.items()):
        cuts = {f'{one}, {GRID}': timing for one, timing in tables[GRID].items()}
        if turned:
            cuts = {'geoloc_ros, a turned patch': turned[0]}
        verdicts += [
            (f'{cut} over {name}', timing.median_us / (network.median_us / BATCH), 0.05)
            for cut, timing in cuts.items()
        ]
    for name, ratio, limit in verdicts:
        met = 'met' if ratio <= limit else 'MISSED'
        print(f'{name}: {ratio:.3f}; demanded at most {limit:g}: {met}')


def main() -> None:
    """Run the three jobs, print tables, write the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=15)
    default = Path(__file__).parent / 'results' / 'map_store.json'
    parser.add_argument('--out', type=Path, default=default)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_image(folder)
        mapped = np.load(folder / 'image.npy', mmap_mode='r')
        half = np.load(folder / 'half.npy', mmap_mode='r')
        path = folder / 'image.tif'
        tables: dict[str, dict[str, Timing]] = {}
        for title, size_px, pixels, gsd_m in ((FULL, 600, mapped, 0.1), (SMALL, 224, half, 0.2)):
            contenders = {
                'geoloc_ros': our_patch(path, size_px),
                'memory map + warpAffine': warp_array(pixels, gsd_m, size_px),
                'rasterio WarpedVRT': warp_gdal(path, size_px),
            }
            check_same(contenders)
            tables[title] = time_alternating(contenders, arguments.rounds, 64)
        tables[GRID] = time_grid(path, max(3, arguments.rounds // 3))
        networks = time_networks(path, arguments.rounds)
        readers = window_readers(folder)
        cold = readers.pop('cold')
        tables[WINDOW] = time_alternating(readers, arguments.rounds, 40)
        cold_us = np.array([cold() for _ in range(64)], dtype=float) * 1e6
        lower, median, upper = np.percentile(cold_us, [25.0, 50.0, 75.0])
        tables[WINDOW]['geoloc_ros, cold'] = Timing(median, lower, upper, 64, 1)
    tables |= networks
    for title, timings in tables.items():
        print_table(title, timings, next(iter(timings)))
    print_verdicts(tables, networks)
    write_results(arguments.out, tables, PACKAGES, SEED)


if __name__ == '__main__':
    main()

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Builds a map: cuts a patch of imagery for every cell, describes it, stores it.

Patches are cut in a thread of their own while the network works. What is built is kept: an
interrupted build goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
import dataclasses
import math
from pathlib import Path

import numpy as np

from geoloc_ros.errors import MapError, ShapeError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.descriptor_store import ATTRIBUTES_FILE, DescriptorStore, is_vacant
from geoloc_ros.map_store.map_record import MapRecord, coverage_steps
from geoloc_ros.map_store.records import (
    NORTH_UP_YAW_RAD,
    Float32Array,
    ImagerySource,
    ImageU8,
    PatchRequest,
    Progress,
    ReferenceNetwork,
    no_progress,
)
from geoloc_ros.map_store.tile_grid import TileGrid
from geoloc_ros.types import FloatArray, GeodeticPosition


@dataclasses.dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a map is built.

    Attributes:
        yaws_rad: where the top of a cell's patches points; several for networks whose references
            are aligned with the vehicle's heading (each costs its share of time and disk).
        ahead_m: how far a patch's centre lies from its cell's towards the patch's top.
        min_covered_share: a cell gets no descriptor where less of a patch is imagery.
        block_cells: side of the blocks in which descriptors are stored.
        batch: patches described at once.
        datum: origin of ``map`` to suggest; ``None`` for the middle of the grid at height 0.
    """

    yaws_rad: tuple[float, ...] = (NORTH_UP_YAW_RAD,)
    ahead_m: float = 0.0
    min_covered_share: float = 0.95
    block_cells: int = 16
    batch: int = 128
    datum: GeodeticPosition | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Block:
    """A block to build: its place, its size in cells, the requests for its patches in order."""

    row: int
    column: int
    nx: int
    ny: int
    requests: Sequence[PatchRequest]


def build_map(
    source: ImagerySource,
    grid: TileGrid,
    network: ReferenceNetwork,
    path: Path,
    progress: Progress = no_progress,
    *,
    resume: bool = True,
    options: BuildOptions | None = None,
) -> DescriptorStore:
    """Describe every cell of a grid.

    Args:
        source: the imagery.
        grid: the cells.
        network: describes patches.
        path: folder of the map.
        progress: told of cells done.
        resume: go on with an interrupted build of the same map; else the path must not exist.
        options: how it is built.

    Returns:
        The map, complete, open for reading and writing.

    Raises:
        MapError: the path holds another map or other files, imagery cannot be read, or descriptors
            cannot be stored.
        ShapeError: the network gives another shape than it says.
    """
    chosen = BuildOptions() if options is None else options
    if chosen.batch < 1:
        raise MapError(f'batch is {chosen.batch}; expected at least 1 patch')
    record = map_record(source, grid, network, chosen)
    store = _opened(path, record, resume=resume)
    missing = [(int(row), int(column)) for row, column in np.argwhere(~store.built_blocks)]
    done = grid.cell_count - sum(_cells(store, place) for place in missing)
    progress(done, grid.cell_count)
    blocks = (_block(store, place) for place in missing)
    with ThreadPoolExecutor(max_workers=1) as pool:
        pieces = _described(source, network, blocks, record, chosen.batch, pool)
        for block, described, shares in pieces:
            shape = (block.ny, block.nx)
            covered = np.min(shares.reshape(*shape, -1), axis=-1)
            descriptors = described.reshape(*shape, *record.descriptor_shape)
            store.write_block(block.row, block.column, descriptors, covered)
            done += block.nx * block.ny
            progress(done, grid.cell_count)
    return store


def map_record(
    source: ImagerySource, grid: TileGrid, network: ReferenceNetwork, options: BuildOptions
) -> MapRecord:
    """What a map of this imagery by this network says of itself."""
    shape = tuple(network.descriptor_shape)
    turned = len(options.yaws_rad) > 1
    return MapRecord(
        grid=grid,
        datum=grid.centre if options.datum is None else options.datum,
        network_name=network.name,
        network_sha256=network.sha256,
        descriptor_shape=(len(options.yaws_rad), *shape) if turned else shape,
        patch_size_m=float(network.patch_size_m),
        patch_size_px=int(network.patch_size_px),
        yaws_rad=tuple(float(yaw) for yaw in options.yaws_rad),
        ahead_m=float(options.ahead_m),
        min_covered_share=float(options.min_covered_share),
        block_cells=options.block_cells,
        imagery=source.description,
        attribution=source.attribution,
        licence=source.licence,
    )


def _opened(path: Path, record: MapRecord, *, resume: bool) -> DescriptorStore:
    """The map to fill, new or begun."""
    if not resume or is_vacant(path):
        return DescriptorStore.create(path, record)
    if not (path / ATTRIBUTES_FILE).is_file():
        raise MapError(f'{path} exists and is no map; expected a new path; choose another one')
    store = DescriptorStore.open(path, writable=True)
    differences = record.differences(store.record)
    if differences:
        raise MapError(
            f'{path} holds another map than the one asked for; they differ in '
            f'{"; ".join(differences)}; choose another folder, or give --overwrite to lose it'
        )
    return store


def _cells(store: DescriptorStore, place: tuple[int, int]) -> int:
    _, _, nx, ny = store.block_cells(*place)
    return nx * ny


def _block(store: DescriptorStore, place: tuple[int, int]) -> _Block:
    """The requests of a block: cell by cell, row by row from the south, yaw by yaw."""
    record = store.record
    ix0, iy0, nx, ny = store.block_cells(*place)
    lat, lon = record.grid.block_lat_lon(ix0, iy0, nx, ny)
    requests = []
    for lat_deg, lon_deg in zip(lat.ravel().tolist(), lon.ravel().tolist(), strict=True):
        centre = GeodeticPosition(lat_deg, lon_deg, record.datum.alt_m)
        for yaw_rad in record.yaws_rad:
            ahead = centre
            if record.ahead_m:
                ahead = Datum(centre).geodetic_at_altitude(
                    record.ahead_m * math.cos(yaw_rad),
                    record.ahead_m * math.sin(yaw_rad),
                    centre.alt_m,
                )
            requests.append(
                PatchRequest(ahead, record.patch_size_m, record.patch_size_px, yaw_rad)
            )
    return _Block(*place, nx, ny, requests)


def _described(
    source: ImagerySource,
    network: ReferenceNetwork,
    blocks: Iterator[_Block],
    record: MapRecord,
    batch: int,
    pool: ThreadPoolExecutor,
) -> Iterator[tuple[_Block, Float32Array, FloatArray]]:
    """Blocks with their descriptors (requests, *shape) and shares (requests,), in order."""
    shape = network.descriptor_shape
    pieces = ((block, begin) for block in blocks for begin in range(0, len(block.requests), batch))

    def cut(piece: tuple[_Block, int]) -> tuple[ImageU8, FloatArray]:
        block, begin = piece
        return _cut(source, block.requests[begin : begin + batch], network.patch_size_px)

    piece = next(pieces, None)
    coming = None if piece is None else pool.submit(cut, piece)
    described: list[Float32Array] = []
    shares: list[FloatArray] = []
    while piece is not None and coming is not None:
        patches, covered = coming.result()
        block, begin = piece
        piece = next(pieces, None)
        coming = None if piece is None else pool.submit(cut, piece)
        wanted = record.has_data(coverage_steps(covered))
        described.append(_descriptors(network, patches, wanted, shape))
        shares.append(covered)
        if begin + batch >= len(block.requests):
            yield block, np.concatenate(described), np.concatenate(shares)
            described, shares = [], []


def _cut(
    source: ImagerySource, requests: Sequence[PatchRequest], size_px: int
) -> tuple[ImageU8, FloatArray]:
    """Patches (n, size_px, size_px, 3) and their covered shares (n,)."""
    patches = np.empty((len(requests), size_px, size_px, 3), dtype=np.uint8)
    shares = np.empty(len(requests))
    for number, request in enumerate(requests):
        patch = source.patch(request)
        patches[number], shares[number] = patch.rgb, patch.covered_share
    return patches, shares


def _descriptors(
    network: ReferenceNetwork,
    patches: ImageU8,
    wanted: np.ndarray,
    shape: tuple[int, ...],
) -> Float32Array:
    """Descriptors of the patches wanted, zeros for the others, shape (n, *shape).

    Raises:
        ShapeError: the network gives another shape than it says.
    """
    described = np.zeros((len(patches), *shape), dtype=np.float32)
    if not np.any(wanted):
        return described
    made = network.describe_reference(patches if np.all(wanted) else patches[wanted])
    if made.shape != (np.count_nonzero(wanted), *shape):
        raise ShapeError(
            f'network {network.name} describes {np.count_nonzero(wanted)} patches by an array '
            f'{made.shape}; expected (n, {", ".join(map(str, shape))}) as it says'
        )
    described[wanted] = made
    return described

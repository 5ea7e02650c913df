# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A network without weights that reads descriptors off its pictures, and maps for it.

Every cell of the map has eight shades around it, drawn at random; the picture taken at a cell with
a heading holds the two shades it looks at. So what must be found is known.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.records import GeodeticBounds
from geoloc_ros.map_store.tile_grid import grid_over
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import descriptor_distances, first_columns
from geoloc_ros.types import GeodeticPosition

ORIGIN = GeodeticPosition(49.0, 8.4, 100.0)
DATUM = Datum(ORIGIN)
BINS, SEEN = 8, 2


class ShadeNetwork:
    """Implements ``DescriptorNetwork``."""

    def __init__(self, domain='simulation', heading='azimuth'):
        azimuth = heading == 'azimuth'
        self.domain = domain
        self.contract = InputContract(
            name='shades',
            ground_height_px=4,
            ground_width_px=SEEN if azimuth else BINS,
            ground_fov_rad=2.0 * math.pi * SEEN / BINS,
            patch_size_m=40.0,
            patch_size_px=16,
            heading=heading,
            descriptor_shape=(BINS, 3),
            ground_descriptor_shape=(SEEN, 3) if azimuth else (BINS, 3),
            distance_scale=0.25,
        )
        self.sha256 = hashlib.sha256(b'shades').hexdigest()

    def describe_ground(self, images):
        shades = (images.astype(np.float32).mean(axis=1) - 128.0) / 100.0
        return shades / np.linalg.norm(shades.reshape(len(images), -1), axis=1)[:, None, None]

    def describe_reference(self, patches):
        raise NotImplementedError

    def distances(self, ground, references):
        return descriptor_distances(self.contract, ground, references)


def shade_map(path, radius_m=100.0, holes=(), seed=0, ground_m=100.0):
    """A map around the origin with random shades; ``holes`` are (iy, ix) without data."""
    low = DATUM.geodetic_from_enu(-radius_m, -radius_m)
    high = DATUM.geodetic_from_enu(radius_m, radius_m)
    grid = grid_over(GeodeticBounds(low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg), 5.0)
    record = MapRecord(
        grid=grid,
        datum=GeodeticPosition(ORIGIN.lat_deg, ORIGIN.lon_deg, ground_m),
        network_name='shades',
        network_sha256=ShadeNetwork().sha256,
        descriptor_shape=(BINS, 3),
        patch_size_m=40.0,
        patch_size_px=16,
    )
    store = DescriptorStore.create(path, record)
    rng = np.random.default_rng(seed)
    shades = rng.normal(size=(grid.ny, grid.nx, BINS, 3)).astype(np.float32)
    shades /= np.linalg.norm(shades.reshape(grid.ny, grid.nx, -1), axis=-1)[..., None, None]
    covered = np.ones((grid.ny, grid.nx))
    for iy, ix in holes:
        covered[iy, ix] = 0.0
    rows, columns = record.block_shape
    for row in range(rows):
        for column in range(columns):
            ix0, iy0, nx, ny = store.block_cells(row, column)
            block = np.s_[iy0 : iy0 + ny, ix0 : ix0 + nx]
            store.write_block(row, column, shades[block], covered[block])
    return store


def picture_of(store, iy, ix, layer):
    """The picture at a cell with the heading ``contract.yaws_rad[layer]``."""
    shades = store.read_window(ix, iy, 1, 1).descriptors[0, 0]
    first = first_columns(BINS, SEEN)[layer]
    seen = shades[(first + np.arange(SEEN)) % BINS]
    pixels = np.rint(128.0 + 100.0 * seen / np.abs(seen).max()).astype(np.uint8)
    return np.repeat(pixels[None], 4, axis=0)


def whole_picture_of(store, iy, ix):
    """The picture at a cell for a network that sees all round."""
    shades = store.read_window(ix, iy, 1, 1).descriptors[0, 0]
    pixels = np.rint(128.0 + 100.0 * shades / np.abs(shades).max()).astype(np.uint8)
    return np.repeat(pixels[None], 4, axis=0)

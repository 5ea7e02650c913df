# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where reference patches of a place can be had, and how they are cut.

From imagery a patch can be cut anywhere, as map building does; of data sets that come with one
tile for each ground image (``data.tiles``) only at those places.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.headings import true_north_yaw_rad
from geoloc_ros.map_store.records import ImagerySource, PatchRequest
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_training.data.records import ImageU8

NORTH_UP_RAD = 0.5 * math.pi


class PatchProvider(Protocol):
    """Reference patches of one place. An extension point, as ``GroundImages`` is."""

    def near(
        self, truth_m: FloatArray, radius_m: float, random: np.random.Generator
    ) -> FloatArray:
        """A position within a radius of each truth, at random, shape (n, 2)."""
        ...

    def around(
        self,
        truth_m: FloatArray,
        nearest_m: float,
        farthest_m: float,
        random: np.random.Generator,
    ) -> FloatArray:
        """A position between two distances from each truth, at random, shape (n, 2)."""
        ...

    def candidates(
        self, truth_m: FloatArray, spacing_m: float, reach_m: float, seed: int
    ) -> FloatArray:
        """Positions of all references to search, shape (m, 2)."""
        ...

    def cut(self, positions_m: FloatArray, up_yaws_rad: FloatArray) -> ImageU8:
        """Patches for vehicles at such positions, shape (k, size_px, size_px, 3)."""
        ...

    def covered(self, positions_m: FloatArray, up_yaws_rad: FloatArray) -> FloatArray:
        """Share of each of such patches for which there is imagery, shape (k,)."""
        ...


class ReferencePatches:
    """Reference patches of one place, by position and heading in ``map``.

    Args:
        source: aerial imagery.
        datum: origin of ``map``.
        contract: size of the patches, and how far ahead of the vehicle they are centred.
    """

    def __init__(
        self, source: ImagerySource, datum: GeodeticPosition, contract: InputContract
    ) -> None:
        self._source, self._datum, self._contract = source, Datum(datum), contract

    def near(
        self, truth_m: FloatArray, radius_m: float, random: np.random.Generator
    ) -> FloatArray:
        """Positions spread evenly over a disc about each truth, shape (n, 2)."""
        return truth_m + in_disc(random, len(truth_m), radius_m)

    def around(
        self,
        truth_m: FloatArray,
        nearest_m: float,
        farthest_m: float,
        random: np.random.Generator,
    ) -> FloatArray:
        """Positions in every direction, evenly in distance: on the road and off it."""
        length = random.uniform(nearest_m, farthest_m, len(truth_m))
        angle = random.uniform(-math.pi, math.pi, len(truth_m))
        return truth_m + np.column_stack((length * np.cos(angle), length * np.sin(angle)))

    def candidates(
        self, truth_m: FloatArray, spacing_m: float, reach_m: float, seed: int
    ) -> FloatArray:
        """A regular grid within reach of any truth, as a map has it."""
        return grid_around(truth_m, spacing_m, reach_m, seed)

    def cut(self, positions_m: FloatArray, up_yaws_rad: FloatArray) -> ImageU8:
        """Patches for vehicles at positions, shape (k, size_px, size_px, 3).

        Args:
            positions_m: (east, north), shape (k, 2); the centre lies ``ahead_m`` further on.
            up_yaws_rad: yaw in ``map`` of each patch's top, shape (k,).
        """
        size_px = self._contract.patch_size_px
        patches = np.empty((len(positions_m), size_px, size_px, 3), dtype=np.uint8)
        for number, (place, up) in enumerate(zip(positions_m, up_yaws_rad, strict=True)):
            patches[number] = self._patch(float(place[0]), float(place[1]), float(up))
        return patches

    def covered(self, positions_m: FloatArray, up_yaws_rad: FloatArray) -> FloatArray:
        """Share of each patch for which there is imagery, shape (k,)."""
        shares = [
            self._source.patch(self._request(float(x), float(y), float(up))).covered_share
            for (x, y), up in zip(positions_m, up_yaws_rad, strict=True)
        ]
        return np.array(shares, dtype=np.float64)

    def _patch(self, x_m: float, y_m: float, up_rad: float) -> ImageU8:
        return self._source.patch(self._request(x_m, y_m, up_rad)).rgb

    def _request(self, x_m: float, y_m: float, up_rad: float) -> PatchRequest:
        ahead = self._contract.ahead_m
        centre = self._datum.geodetic_from_enu(
            x_m + ahead * math.cos(up_rad), y_m + ahead * math.sin(up_rad)
        )
        turned = up_rad - true_north_yaw_rad(self._datum, centre)
        return PatchRequest(
            centre, self._contract.patch_size_m, self._contract.patch_size_px, turned
        )


def in_disc(random: np.random.Generator, count: int, radius_m: float) -> FloatArray:
    """Points spread evenly over a disc, shape (count, 2)."""
    length = radius_m * np.sqrt(random.random(count))
    angle = random.uniform(-math.pi, math.pi, count)
    return np.column_stack((length * np.cos(angle), length * np.sin(angle)))


def grid_around(places_m: FloatArray, spacing_m: float, reach_m: float, seed: int) -> FloatArray:
    """Points of a regular grid within reach of any place, shape (m, 2).

    The grid is shifted by a drawn part of its spacing, so that it knows nothing of the places.
    """
    random = np.random.default_rng(seed)
    shift = random.uniform(0.0, spacing_m, 2)
    low = np.floor((places_m.min(0) - reach_m - shift) / spacing_m)
    high = np.ceil((places_m.max(0) + reach_m - shift) / spacing_m)
    x, y = (np.arange(low[axis], high[axis] + 1) * spacing_m + shift[axis] for axis in (0, 1))
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    near = np.zeros(len(points), dtype=np.bool_)
    for place in places_m:
        near |= np.hypot(*(points - place).T) <= reach_m
    return points[near]

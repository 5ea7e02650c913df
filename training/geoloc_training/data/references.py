# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Cuts reference patches as map building does, around places of ``map``."""

from __future__ import annotations

import math

import numpy as np

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.headings import true_north_yaw_rad
from geoloc_ros.map_store.records import ImagerySource, PatchRequest
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_training.data.records import ImageU8

NORTH_UP_RAD = 0.5 * math.pi


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

    def covered(self, positions_m: FloatArray) -> FloatArray:
        """Share of each north-up patch for which there is imagery, shape (k,)."""
        shares = [
            self._source.patch(self._request(float(x), float(y), NORTH_UP_RAD)).covered_share
            for x, y in positions_m
        ]
        return np.array(shares)

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

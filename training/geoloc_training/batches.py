# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Makes minibatches of pixels: pairs with an offset reference, and negatives beside them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math

import numpy as np
import torch
from torch import Tensor

from geoloc_ros.networks.contract import InputContract
from geoloc_ros.types import FloatArray
from geoloc_training.data.records import ImageU8, PairTable, require_headings
from geoloc_training.data.references import NORTH_UP_RAD, PatchProvider
from geoloc_training.minibatches import IntArray
from geoloc_training.settings import SampleSettings


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class TrainingBatch:
    """N pairs, and M more references that belong to no ground image.

    Attributes:
        grounds: uint8, shape (N, h, w, 3).
        references: uint8, shape (N + M, s, s, 3), those of the pairs first.
        ground_m: where the ground images were taken, shape (N, 2).
        reference_m: where the references are centred, shape (N + M, 2).
        yaws_rad: heading of ground image j against "up is north" as reference i shows it, shape
            (N + M, N): turned references turn it along.
    """

    grounds: Tensor
    references: Tensor
    ground_m: Tensor
    reference_m: Tensor
    yaws_rad: Tensor


class BatchMaker:
    """Cuts and changes the pictures of minibatches.

    Args:
        table: of the pairs.
        pictures: their ground pictures, uint8, shape (n, h, w, 3).
        patches: of each place of the table.
        contract: of the network.
        settings: offsets, turns, negatives, changes of colour.

    Raises:
        DriveError: the network needs headings and a pair has none.
    """

    def __init__(
        self,
        table: PairTable,
        pictures: ImageU8,
        patches: Sequence[PatchProvider],
        contract: InputContract,
        settings: SampleSettings,
    ) -> None:
        if contract.heading != 'north_up':
            require_headings(table, contract.name, 'train a north-up network')
        self._table, self._pictures, self._patches = table, pictures, patches
        self._contract, self._settings = contract, settings

    def make(self, numbers: IntArray, random: np.random.Generator) -> TrainingBatch:
        """The batch of some pairs; negatives are drawn around them, or around any pairs.

        Args:
            numbers: of pairs, of several places only in geo-global training.
            random: draws everything.
        """
        table, about = self._table, self._extras_about(numbers, random)
        truth, places = table.positions_m[numbers], table.places[numbers]
        yaws = table.yaws_rad[numbers]
        centres = np.concatenate(
            (
                self._positions(truth, places, False, random),
                self._positions(table.positions_m[about], table.places[about], True, random),
            )
        )
        of_all = np.concatenate((numbers, about))
        places_of_all, up = table.places[of_all], self._up(table.yaws_rad[of_all], random)
        references = np.empty(
            (len(centres), self._contract.patch_size_px, self._contract.patch_size_px, 3),
            dtype=np.uint8,
        )
        for place in np.unique(places_of_all):
            here = np.flatnonzero(places_of_all == place)
            references[here] = self._patches[place].cut(centres[here], up[here])
        relative = yaws[None, :] - (up[:, None] - NORTH_UP_RAD)
        # Places lie apart, so that no distance between them is a near one.
        shift = np.column_stack((1e7 * places_of_all, np.zeros(len(places_of_all))))
        return TrainingBatch(
            torch.from_numpy(changed(self._pictures[numbers], self._settings.photometric, random)),
            torch.from_numpy(changed(references, self._settings.photometric, random)),
            torch.from_numpy(truth + shift[: len(truth)]),
            torch.from_numpy(centres + shift),
            torch.from_numpy(relative),
        )

    def _extras_about(self, numbers: IntArray, random: np.random.Generator) -> IntArray:
        """Numbers of the pairs about which negatives are drawn, shape (M,)."""
        count = self._settings.extras
        if self._settings.extras_near:
            return numbers[random.integers(len(numbers), size=count)]
        return random.integers(len(self._table), size=count)

    def _positions(
        self,
        truth_m: FloatArray,
        places: IntArray,
        negatives: bool,
        random: np.random.Generator,
    ) -> FloatArray:
        """Where the references of pairs, or negatives about them, are centred, shape (n, 2)."""
        centres = np.empty_like(truth_m)
        settings = self._settings
        for place in np.unique(places):
            here = np.flatnonzero(places == place)
            provider = self._patches[place]
            centres[here] = (
                provider.around(
                    truth_m[here], settings.extra_nearest_m, settings.extra_farthest_m, random
                )
                if negatives
                else provider.near(truth_m[here], settings.offset_m, random)
            )
        return centres

    def _up(self, headings_rad: FloatArray, random: np.random.Generator) -> FloatArray:
        """Yaw of the top of each patch."""
        count = len(headings_rad)
        if self._contract.heading == 'aligned':
            jitter = math.radians(self._settings.heading_jitter_deg)
            turned: FloatArray = headings_rad + jitter * random.standard_normal(count)
            return turned
        if self._settings.turns == 'quarter':
            quarters = random.integers(4, size=count).astype(np.float64)
            return np.asarray(NORTH_UP_RAD + 0.5 * math.pi * quarters, dtype=np.float64)
        if self._settings.turns == 'any':
            return np.asarray(random.uniform(-math.pi, math.pi, count), dtype=np.float64)
        return np.full(count, NORTH_UP_RAD)


def changed(pictures: ImageU8, size: float, random: np.random.Generator) -> ImageU8:
    """Each picture with another brightness, contrast and colour balance; black stays black.

    Args:
        pictures: shape (n, h, w, 3).
        size: standard deviation of the logarithms of gain and gamma; colours vary a third as much.
        random: draws them.
    """
    if size == 0.0:
        return pictures
    result = np.empty_like(pictures)
    levels = np.arange(256) / 255.0
    for number, picture in enumerate(pictures):
        gamma = math.exp(size * random.standard_normal())
        gains = np.exp(size * random.standard_normal() + size / 3.0 * random.standard_normal(3))
        table = np.clip(255.0 * levels[:, None] ** gamma * gains, 0.0, 255.0).astype(np.uint8)
        for channel in range(3):
            result[number, ..., channel] = table[:, channel][picture[..., channel]]
    return result

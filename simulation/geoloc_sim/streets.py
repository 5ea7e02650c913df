# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A procedural street network: a grid with streets left out, bent by a smooth warp."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.settings import StreetSettings
from geoloc_sim.smooth_field import SmoothField

_POINT_SPACING_M = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class StreetNetwork:
    """Junctions and the streets between them.

    Attributes:
        junctions_m: shape (n, 2), east and north in ``map``.
        streets: pairs of junction numbers, the smaller one first.
        centre_lines_m: of each street, from its first junction to its second, shape (k, 2).
    """

    junctions_m: FloatArray
    streets: tuple[tuple[int, int], ...]
    centre_lines_m: tuple[FloatArray, ...]

    def neighbours(self, junction: int) -> tuple[int, ...]:
        """Junctions one street away, in rising order."""
        ends = [pair for pair in self.streets if junction in pair]
        return tuple(sorted(a if b == junction else b for a, b in ends))

    def centre_line_m(self, start: int, end: int) -> FloatArray:
        """Points of the street from one junction to a neighbour, shape (k, 2)."""
        pair = (min(start, end), max(start, end))
        line = self.centre_lines_m[self.streets.index(pair)]
        return line if start < end else line[::-1]


def make_streets(settings: StreetSettings, world_seed: int) -> StreetNetwork:
    """A street network around the origin of ``map``.

    Every junction keeps at least two streets, and every junction can be reached from every other.
    """
    side = settings.blocks + 1
    columns, rows = np.meshgrid(np.arange(side), np.arange(side))
    flat = np.column_stack((columns.ravel(), rows.ravel())).astype(np.float64)
    flat = (flat - settings.blocks / 2.0) * settings.block_m
    bend = SmoothField.draw(
        stream('street bend', world_seed), settings.bend_m / np.sqrt(2.0), 1.5 * settings.block_m
    )
    kept = _thin_out(_grid_streets(side), settings.removed_share, world_seed)
    lines = []
    for start, end in kept:
        span_m = float(np.hypot(*(flat[end] - flat[start])))
        share = np.linspace(0.0, 1.0, max(2, int(span_m / _POINT_SPACING_M) + 1))[:, None]
        line = flat[start] + share * (flat[end] - flat[start])
        lines.append(line + bend.at(line))
    return StreetNetwork(flat + bend.at(flat), kept, tuple(lines))


def _grid_streets(side: int) -> list[tuple[int, int]]:
    numbers = np.arange(side * side).reshape(side, side)
    across = zip(numbers[:, :-1].ravel(), numbers[:, 1:].ravel(), strict=True)
    along = zip(numbers[:-1].ravel(), numbers[1:].ravel(), strict=True)
    return [(int(a), int(b)) for a, b in (*across, *along)]


def _thin_out(
    streets: list[tuple[int, int]], removed_share: float, world_seed: int
) -> tuple[tuple[int, int], ...]:
    random = stream('street removal', world_seed)
    kept = list(streets)
    to_remove = round(removed_share * len(streets))
    for index in random.permutation(len(streets)):
        if to_remove == 0:
            break
        candidate = streets[int(index)]
        rest = [street for street in kept if street != candidate]
        if _well_connected(rest, streets):
            kept = rest
            to_remove -= 1
    return tuple(kept)


def _well_connected(streets: list[tuple[int, int]], whole: list[tuple[int, int]]) -> bool:
    count = max(max(pair) for pair in whole) + 1
    ends: npt.NDArray[np.int64] = np.array(streets, dtype=np.int64)
    if np.bincount(ends.ravel(), minlength=count).min() < 2:
        return False
    labels = np.arange(count)
    while True:  # the smallest label spreads along the streets
        before = labels.copy()
        least = np.minimum(labels[ends[:, 0]], labels[ends[:, 1]])
        np.minimum.at(labels, ends[:, 0], least)
        np.minimum.at(labels, ends[:, 1], least)
        if np.array_equal(before, labels):
            return bool(labels.max() == 0)

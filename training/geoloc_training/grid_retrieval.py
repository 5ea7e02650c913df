# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Retrieval of ground images against a regular grid of references, as a map holds them."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math

import numpy as np
import torch

from geoloc_ros.errors import EvaluationError, SettingError
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.types import FloatArray
from geoloc_training.data.prepared import PreparedData
from geoloc_training.data.records import (
    ImageU8,
    IntArray,
    PairTable,
    Progress,
    no_progress,
    require_headings,
)
from geoloc_training.data.references import NORTH_UP_RAD
from geoloc_training.recall import Float32Array, Retrieval, joined, retrieve

_CHUNK = 32


@dataclasses.dataclass(frozen=True, slots=True)
class GridSettings:
    """How retrieval is measured.

    Attributes:
        radius_m: test radius; infinite for all references of a place.
        spacing_m: between references.
        queries: at most so many of each place, spread evenly; 0 for all.
        known_heading: references (or yaw bins) are those of the true heading, where it is known.
        heading_sigma_deg: error of that heading.
        seed: of the grid's place against the roads, and of the heading's error.
        constant: control: every reference looks the same.
        shuffled: control: each query is given another one's picture, none its own.
        reach_m: how far from the way references lie, where the radius is infinite.

    Raises:
        SettingError: a number is out of range.
    """

    radius_m: float = 50.0
    spacing_m: float = 5.0
    queries: int = 0
    known_heading: bool = True
    heading_sigma_deg: float = 0.0
    seed: int = 0
    constant: bool = False
    shuffled: bool = False
    reach_m: float = 50.0

    def everywhere(self) -> GridSettings:
        """The same without a test radius, among no fewer references."""
        reach_m = max(self.reach_m, self.radius_m)
        return dataclasses.replace(self, radius_m=math.inf, reach_m=reach_m)

    def __post_init__(self) -> None:
        if not (self.radius_m > 0.0 and 0.0 < self.spacing_m < math.inf):
            raise SettingError(
                f'test radius and spacing are {self.radius_m:g} and {self.spacing_m:g} m; '
                'expected positive numbers'
            )
        if self.queries < 0 or not 0.0 <= self.heading_sigma_deg < math.inf:
            raise SettingError(
                f'{self.queries} queries, a heading sigma of {self.heading_sigma_deg:g} deg; '
                'expected 0 or more'
            )


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PlaceMatches:
    """The queries of a place, the references around them, and how they compare.

    Attributes:
        truth_m: where the queries are, shape (n, 2).
        yaws_rad: their headings, shape (n,).
        references_m: where the references are, shape (m, 2).
        match: of a query's number and references' numbers: distances, (k,) or (k, n_yaw).
    """

    truth_m: FloatArray
    yaws_rad: FloatArray
    references_m: FloatArray
    match: Callable[[int, IntArray], Float32Array]


def grid_retrieval(
    network: CrossViewModule,
    data: PreparedData,
    settings: GridSettings,
    show: Progress = no_progress,
) -> Retrieval:
    """Retrieve every query among the grid's references.

    An ``aligned`` network is given references turned to the true heading (plus its error) of each
    query; the others north-up ones, and ``azimuth`` searches all headings unless it is known.

    Raises:
        DriveError: the network is ``aligned`` and a picture has no heading.
        EvaluationError: nothing is searched.
    """
    check_headings(network.contract, data.table)
    parts = []
    for place in range(len(data.table.place_names)):
        found = place_matches(network, data, place, settings, show)
        parts.append(retrieve(found.truth_m, found.references_m, settings.radius_m, found.match))
    return joined(parts)


def check_headings(contract: InputContract, table: PairTable) -> None:
    """Refuse what retrieval cannot do: references turned to headings that nobody knows.

    Raises:
        DriveError: the network is ``aligned`` and a picture has no heading.
    """
    if contract.heading == 'aligned':
        require_headings(table, contract.name, 'take a north-up or azimuth network')


def told_heading(contract: InputContract, table: PairTable, known_heading: bool) -> str:
    """What retrieval makes of headings: ``known``, ``searched``, ``partly known``, or nothing.

    Empty for networks that use none; an ``azimuth`` network searches those that nobody knows.
    """
    if contract.heading == 'north_up':
        return ''
    if contract.heading == 'aligned':
        return 'known'
    known = np.isfinite(table.yaws_rad)
    if not (known_heading and known.any()):
        return 'searched'
    return 'known' if known.all() else 'partly known'


def describe(
    branch: Callable[[torch.Tensor], torch.Tensor],
    pictures: ImageU8,
    show: Progress = no_progress,
) -> Float32Array:
    """Descriptors of pictures in chunks, float32, shape (n, ...)."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(pictures), _CHUNK):
            chunk = torch.from_numpy(pictures[start : start + _CHUNK])
            found.append(branch(chunk).float().cpu().numpy())
            show(min(start + _CHUNK, len(pictures)), len(pictures))
    return np.concatenate(found)


def place_matches(
    network: CrossViewModule,
    data: PreparedData,
    place: int,
    settings: GridSettings,
    show: Progress,
) -> PlaceMatches:
    """Describe the queries of a place and the references of a grid within reach of them."""
    numbers = np.flatnonzero(data.table.places == place)
    if settings.queries and len(numbers) > settings.queries:
        chosen = np.linspace(0, len(numbers) - 1, settings.queries)
        numbers = numbers[np.round(chosen).astype(np.int64)]
    random = np.random.default_rng(settings.seed + 1)
    truth, yaws = data.table.positions_m[numbers], data.table.yaws_rad[numbers]
    told = yaws + math.radians(settings.heading_sigma_deg) * random.standard_normal(len(yaws))
    pictures = data.pictures[numbers]
    if settings.shuffled:
        pictures = pictures[_others(len(pictures), random)]
    grounds = describe(network.ground, pictures)
    reach = settings.radius_m if math.isfinite(settings.radius_m) else settings.reach_m
    grid = data.patches[place].candidates(truth, settings.spacing_m, reach, settings.seed)
    if network.contract.heading == 'aligned':
        match = _aligned_matcher(network, data, place, grid, told, grounds, settings, show)
    else:
        match = _map_matcher(network, data, place, grid, told, grounds, settings, show)
    return PlaceMatches(truth, yaws, grid, match)


def _others(count: int, random: np.random.Generator) -> IntArray:
    """Another number for each, drawn, shape (count,): a shift along a random circle."""
    if count < 2:
        raise EvaluationError(
            f'the control of shuffled images has {count} picture of a place; expected at least 2'
        )
    circle = random.permutation(count)
    others = np.empty_like(circle)
    others[circle] = np.roll(circle, 1)
    return others


def _map_matcher(
    network: CrossViewModule,
    data: PreparedData,
    place: int,
    grid: FloatArray,
    told_rad: FloatArray,
    grounds: Float32Array,
    settings: GridSettings,
    show: Progress,
) -> Callable[[int, IntArray], Float32Array]:
    """Distances to references that are described once, north-up."""
    contract = network.contract
    references = described(network, data, place, grid, np.full(len(grid), NORTH_UP_RAD), show)
    if settings.constant:
        references[:] = references.mean(axis=0)
    yaws = contract.yaws_rad

    def match(query: int, near: IntArray) -> Float32Array:
        distances = descriptor_distances(contract, grounds[query], references[near])
        told = settings.known_heading and math.isfinite(told_rad[query])
        if told and contract.heading == 'azimuth':
            best = int(np.argmax(np.cos(yaws - told_rad[query])))
            return distances[:, best : best + 1]
        return distances

    return match


def _aligned_matcher(
    network: CrossViewModule,
    data: PreparedData,
    place: int,
    grid: FloatArray,
    told_rad: FloatArray,
    grounds: Float32Array,
    settings: GridSettings,
    show: Progress,
) -> Callable[[int, IntArray], Float32Array]:
    """Distances to references turned to the heading of each query, described when asked for."""

    def match(query: int, near: IntArray) -> Float32Array:
        up = np.full(len(near), told_rad[query])
        references = described(network, data, place, grid[near], up, no_progress)
        if settings.constant:
            references[:] = references.mean(axis=0)
        show(query + 1, len(grounds))
        return descriptor_distances(network.contract, grounds[query], references)

    return match


def described(
    network: CrossViewModule,
    data: PreparedData,
    place: int,
    positions_m: FloatArray,
    up_rad: FloatArray,
    show: Progress,
) -> Float32Array:
    """Descriptors of references at positions with such headings up, cut and described in chunks.

    Args:
        network: whose reference branch describes.
        data: the patches.
        place: number of the place in the table.
        positions_m: (east, north), shape (m, 2).
        up_rad: yaw of each patch's top, shape (m,).
        show: told how many are done, and of how many.

    Returns:
        Shape (m, *descriptor_shape).
    """
    found = []
    for start in range(0, len(positions_m), _CHUNK):
        part = slice(start, start + _CHUNK)
        pictures = data.patches[place].cut(positions_m[part], up_rad[part])
        found.append(describe(network.reference, pictures))
        show(min(start + _CHUNK, len(positions_m)), len(positions_m))
    return np.concatenate(found)

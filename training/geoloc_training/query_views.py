# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a network makes of single queries: attention of both pictures, scores of places around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
import math

import numpy as np
from torch import Tensor

from geoloc_ros.errors import EvaluationError, SettingError
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.types import FloatArray
from geoloc_training.attention_maps import attention_map, seen_part
from geoloc_training.data.ground import ground_pictures
from geoloc_training.data.prepared import DataSet, PreparedData
from geoloc_training.data.records import (
    ImageU8,
    Progress,
    no_progress,
    pair_table,
)
from geoloc_training.data.references import NORTH_UP_RAD
from geoloc_training.grid_retrieval import describe, described
from geoloc_training.recall import Float32Array

#: Standard deviation of the smoothing of attention, as a share of a picture's height.
SMOOTHING = 0.03


@dataclasses.dataclass(frozen=True, slots=True)
class ViewSettings:
    """How queries are looked at.

    Attributes:
        radius_m: of the prior's circle, in which the best reference is looked for.
        reach_m: references are scored to this distance; 0 for twice the radius.
        spacing_m: between references.
        known_heading: an ``azimuth`` network is told the true heading, else it searches all.
        seed: of the grid's place.

    Raises:
        SettingError: a length is not positive, or the reach is less than the radius.
    """

    radius_m: float = 50.0
    reach_m: float = 0.0
    spacing_m: float = 5.0
    known_heading: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        lengths = (self.radius_m, self.spacing_m, self.whole_reach_m)
        if not all(0.0 < length < math.inf for length in lengths):
            raise SettingError(
                f'radius, spacing and reach are {lengths} m; expected positive numbers'
            )
        if self.whole_reach_m < self.radius_m:
            raise SettingError(
                f'reach is {self.reach_m} m; expected at least the radius, {self.radius_m} m'
            )

    @property
    def whole_reach_m(self) -> float:
        """The distance to which references are scored."""
        return self.reach_m if self.reach_m != 0.0 else 2.0 * self.radius_m


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class QueryView:
    """One query as one network sees it.

    Attributes:
        network: name of the network.
        contract: its contract.
        place: number of the query's place in the table.
        title: drive and number of the image.
        truth_m: where it was taken, (east, north) in ``map``, shape (2,).
        yaw_rad: its true heading; NaN where it is not known.
        matched_yaw_rad: heading that the reference at the truth is compared at; NaN where the
            network knows of none.
        picture: the ground picture, shape (h, w, 3).
        picture_attention: in [0, 1], shape (h, w).
        patch: the reference at the truth, shape (s, s, 3).
        patch_attention: in [0, 1], shape (s, s).
        references_m: places that were scored, shape (m, 2).
        similarities: cosine of each with the query, shape (m,).
        radius_m: of the circle.
        best: number of the most similar reference in the circle.
        known_heading: whether an ``azimuth`` network was told it.
    """

    network: str
    contract: InputContract
    place: int
    title: str
    truth_m: FloatArray
    yaw_rad: float
    matched_yaw_rad: float
    picture: ImageU8
    picture_attention: FloatArray
    patch: ImageU8
    patch_attention: FloatArray
    references_m: FloatArray
    similarities: Float32Array
    radius_m: float
    best: int
    known_heading: bool

    @property
    def error_m(self) -> float:
        """From the true place to the best reference in the circle."""
        return float(np.hypot(*(self.references_m[self.best] - self.truth_m)))


def chosen_queries(
    data: DataSet, contract: InputContract, numbers: Sequence[int]
) -> tuple[PreparedData, tuple[str, ...]]:
    """Single images of a data set as a network sees them.

    Args:
        data: drives and imagery.
        contract: of the network.
        numbers: of images, from 0, counted through all drives.

    Returns:
        The pairs in the order of ``numbers``, and a title of each.

    Raises:
        EvaluationError: there is no image of such a number.
    """
    table = pair_table(data.drives)
    wrong = [number for number in numbers if not 0 <= number < len(table)]
    if wrong or not numbers:
        raise EvaluationError(
            f'images {wrong or "none"} are asked for; expected numbers from 0 to {len(table) - 1}'
        )
    part = table.rows(np.array(numbers, dtype=np.int64))
    datums = {drive.place: drive.datum for drive in data.drives}
    patches = [data.references[name].patches(datums[name], contract) for name in table.place_names]
    pictures = ground_pictures(data.drives, part, contract, no_progress)
    titles = tuple(
        f'{data.drives[drive].name}, image {frame}'
        for drive, frame in zip(part.drives.tolist(), part.frames.tolist(), strict=True)
    )
    return PreparedData(part, pictures, patches), titles


def query_view(
    name: str,
    network: CrossViewModule,
    data: PreparedData,
    row: int,
    title: str,
    settings: ViewSettings,
    show: Progress = no_progress,
) -> QueryView:
    """Score the places around a query, and back-propagate both of its pictures.

    The reference is that at the true place. Of an ``azimuth`` network only the part of its
    descriptor that the camera looks at (at the true heading, or the best one where it is searched)
    is back-propagated.

    Args:
        name: of the network.
        network: in evaluation mode.
        data: of ``chosen_queries``.
        row: of the query in ``data``.
        title: of the query.
        settings: how it is looked at.
        show: told how many references are done, and of how many.

    Raises:
        EvaluationError: the network needs a heading that is not known, or there is no reference
            within the radius.
    """
    contract = network.contract
    table = data.table
    place, truth, yaw = int(table.places[row]), table.positions_m[row], float(table.yaws_rad[row])
    up_rad = _patch_up_rad(contract, yaw, title)
    grid = _references_m(data, place, truth, settings)
    picture = data.pictures[row]
    patch = data.patches[place].cut(truth[None], np.array([up_rad]))[0]
    ground = describe(network.ground, picture[None])[0]
    references = described(network, data, place, grid, np.full(len(grid), up_rad), show)
    told = _told_bin(contract, yaw, settings)
    distances = descriptor_distances(contract, ground, references)
    distances = distances.min(1) if told is None else distances[:, told]
    near = np.flatnonzero(np.hypot(*(grid - truth).T) <= settings.radius_m)
    matched = told
    if matched is None:
        own = describe(network.reference, patch[None])
        matched = int(np.argmin(descriptor_distances(contract, ground, own)[0]))
    has_headings = contract.heading == 'azimuth'
    return QueryView(
        network=name,
        contract=contract,
        place=place,
        title=title,
        truth_m=truth,
        yaw_rad=yaw,
        matched_yaw_rad=float(contract.yaws_rad[matched]) if has_headings else math.nan,
        picture=picture,
        picture_attention=_attention(network.ground, picture),
        patch=patch,
        patch_attention=_attention(functools.partial(_seen, network, matched), patch),
        references_m=grid,
        similarities=1.0 - 0.5 * distances,
        radius_m=settings.radius_m,
        best=int(near[np.argmin(distances[near])]),
        known_heading=settings.known_heading and math.isfinite(yaw),
    )


def _seen(network: CrossViewModule, yaw_bin: int, pictures: Tensor) -> Tensor:
    """What of the reference's descriptor a ground picture is compared with."""
    return seen_part(network.contract, yaw_bin, network.reference(pictures))


def _attention(branch: Callable[[Tensor], Tensor], picture: ImageU8) -> FloatArray:
    return attention_map(branch, picture, SMOOTHING * len(picture))


def _patch_up_rad(contract: InputContract, yaw_rad: float, title: str) -> float:
    """Yaw of the top of all reference patches."""
    if contract.heading != 'aligned':
        return NORTH_UP_RAD
    if not math.isfinite(yaw_rad):
        raise EvaluationError(
            f'{title} has no heading; expected one, as {contract.name!r} compares patches turned '
            'to it; take a north-up or azimuth network'
        )
    return yaw_rad


def _told_bin(contract: InputContract, yaw_rad: float, settings: ViewSettings) -> int | None:
    """Number of the true heading among a network's; ``None`` where all are searched."""
    if contract.heading != 'azimuth' or not (settings.known_heading and math.isfinite(yaw_rad)):
        return None
    return int(np.argmax(np.cos(contract.yaws_rad - yaw_rad)))


def _references_m(
    data: PreparedData, place: int, truth_m: FloatArray, settings: ViewSettings
) -> FloatArray:
    """Places of the references within reach of the truth, shape (m, 2)."""
    reach = settings.whole_reach_m
    grid = data.patches[place].candidates(truth_m[None], settings.spacing_m, reach, settings.seed)
    apart = np.hypot(*(grid - truth_m).T)
    if not np.any(apart <= settings.radius_m):
        raise EvaluationError(
            f'no reference lies within {settings.radius_m} m of {truth_m.tolist()}; expected '
            'some; give a larger --radius-m or a smaller --spacing-m'
        )
    return np.asarray(grid[apart <= reach])

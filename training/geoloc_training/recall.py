# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How often the reference retrieved first is the right one, or near to it.

Source: Xia et al., RA-L 2021, section IV-C: with a test radius r, references farther than r from
the truth are not searched. One comparison is used throughout: within x means <= x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geoloc_ros.errors import EvaluationError
from geoloc_ros.types import FloatArray

IntArray = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]

#: References as near as the nearest are as right: tiles of several drives lie at one place.
_SAME_PLACE_M = 1e-6

#: Distances of query q to the references numbered: float32 (k,), or (k, n_yaw) with headings.
Matcher = Callable[[int, IntArray], Float32Array]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Retrieval:
    """What was retrieved first for each query, n of them.

    Attributes:
        radius_m: of the search; infinite for all references.
        errors_m: from the truth to the reference retrieved first, shape (n,).
        exact: whether no other reference is nearer to the truth, shape (n,).
        yaw_bins: heading at which it was best, shape (n,); zeros where there are no headings.
        searched: number of references searched, shape (n,).
    """

    radius_m: float
    errors_m: FloatArray
    exact: npt.NDArray[np.bool_]
    yaw_bins: IntArray
    searched: IntArray

    def recall_at_1(self) -> float:
        """Share of queries whose first reference is the one nearest to the truth."""
        return float(np.mean(self.exact))

    def recall_within(self, distance_m: float) -> float:
        """Share of queries whose first reference lies within a distance of the truth."""
        return float(np.mean(self.errors_m <= distance_m))

    def mean_error_m(self) -> float:
        """Mean distance from the truth to the first reference."""
        return float(np.mean(self.errors_m))


def retrieve(
    truth_m: FloatArray, references_m: FloatArray, radius_m: float, match: Matcher
) -> Retrieval:
    """Search the references around each query.

    Args:
        truth_m: where the queries are, shape (n, 2).
        references_m: where the references are, shape (m, 2).
        radius_m: only references within it of the truth are searched; infinite for all.
        match: gives the distances of descriptors.

    Raises:
        EvaluationError: there are no queries, or no reference lies within the radius of one.
    """
    if len(truth_m) == 0 or len(references_m) == 0:
        raise EvaluationError(
            f'{len(truth_m)} queries and {len(references_m)} references; expected some of both'
        )
    tree = cKDTree(references_m)
    least = np.asarray(tree.query(truth_m)[0])
    everything = np.arange(len(references_m), dtype=np.int64)
    errors, bins = np.zeros(len(truth_m)), np.zeros(len(truth_m), dtype=np.int64)
    searched = np.zeros(len(truth_m), dtype=np.int64)
    for number, truth in enumerate(truth_m):
        near = everything
        if not math.isinf(radius_m):
            near = np.array(sorted(tree.query_ball_point(truth, radius_m)), dtype=np.int64)
        if len(near) == 0:
            raise EvaluationError(
                f'query {number} at {truth.tolist()} has no reference within {radius_m} m; '
                'expected some; leave it out or widen the test radius'
            )
        distances = match(number, near).reshape(len(near), -1)
        best, bins[number] = np.unravel_index(int(np.argmin(distances)), distances.shape)
        searched[number] = len(near)
        errors[number] = np.hypot(*(references_m[near[best]] - truth))
    return Retrieval(radius_m, errors, errors <= least + _SAME_PLACE_M, bins, searched)


def joined(parts: Sequence[Retrieval]) -> Retrieval:
    """The retrievals of several places as one.

    Raises:
        EvaluationError: there are none, or their radii differ.
    """
    radii = {part.radius_m for part in parts}
    if len(radii) != 1:
        raise EvaluationError(
            f'retrievals with test radii {sorted(radii)}; expected one radius for all'
        )
    return Retrieval(
        radii.pop(),
        np.concatenate([part.errors_m for part in parts]),
        np.concatenate([part.exact for part in parts]),
        np.concatenate([part.yaw_bins for part in parts]),
        np.concatenate([part.searched for part in parts]),
    )

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A route over a street network as a smooth curve by arc length."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from geoloc_ros.types import FloatArray
from geoloc_sim.randomness import stream
from geoloc_sim.streets import StreetNetwork

_STEP_M = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """A smooth curve from its start to its end.

    Attributes:
        curve: (east, north) metres over arc length metres, twice differentiable.
        length_m: of the curve.
        junction_distances_m: arc lengths near the junctions passed, rising, ends left out.
        limits_m_s: speed limit before, between and after those, one more than they are; ``None``
            where the driver's cruising speed is the only limit.
    """

    curve: CubicSpline
    length_m: float
    junction_distances_m: FloatArray
    limits_m_s: FloatArray | None = None

    def tangent(self, distance_m: FloatArray) -> FloatArray:
        """First derivative of the curve, shape (n, 2); its length is 1 up to 0.01 %."""
        return np.asarray(self.curve(distance_m, 1))

    def curvature_per_m(self, distance_m: FloatArray) -> FloatArray:
        """Signed curvature, positive to the left, shape (n,)."""
        first, second = self.tangent(distance_m), np.asarray(self.curve(distance_m, 2))
        cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        return np.asarray(cross / np.hypot(first[:, 0], first[:, 1]) ** 3)


def make_route(
    network: StreetNetwork, distance_m: float, corner_m: float, world_seed: int, drive_seed: int
) -> Route:
    """A random route of at least ``distance_m`` that never turns back in a street.

    Corners are rounded by a Gaussian of standard deviation ``corner_m`` over arc length; a right
    angle then has a smallest radius of 0.89 ``corner_m``.
    """
    random = stream('route', world_seed, drive_seed)
    junctions = _random_walk(network, 1.05 * distance_m + 8.0 * corner_m, random)
    points, corners = _join(network, junctions)
    return smooth_route(points, corners, corner_m)


def smooth_route(
    points: FloatArray, corners: list[int], corner_m: float, limits_m_s: FloatArray | None = None
) -> Route:
    """A route along points, smoothed by a Gaussian of ``corner_m`` over arc length.

    Three times that length is left out at both ends.

    Args:
        points: shape (n, 2), no two neighbours alike.
        corners: numbers of the points at junctions, rising.
        corner_m: standard deviation of the smoothing.
        limits_m_s: speed limits before, between and after the corners, shape (len(corners) + 1,).
    """
    lengths = np.concatenate(([0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()))
    regular = np.arange(0.0, lengths[-1], _STEP_M)
    even = np.column_stack([np.interp(regular, lengths, column) for column in points.T])
    even = gaussian_filter1d(even, corner_m / _STEP_M, axis=0, mode='nearest')
    cut = round(3.0 * corner_m / _STEP_M)  # the filter squeezes the ends: leave them out
    even = even[cut:-cut]
    arc = np.concatenate(([0.0], np.hypot(*np.diff(even, axis=0).T).cumsum()))
    at_corner = np.round(lengths[corners] / _STEP_M).astype(int) - cut
    inside = (at_corner > 0) & (at_corner < len(arc))
    if limits_m_s is not None:
        first = int(np.count_nonzero(at_corner <= 0))
        limits_m_s = limits_m_s[first : first + np.count_nonzero(inside) + 1]
    return Route(CubicSpline(arc, even), float(arc[-1]), arc[at_corner[inside]], limits_m_s)


def _random_walk(
    network: StreetNetwork, distance_m: float, random: np.random.Generator
) -> list[int]:
    walk = [int(random.integers(len(network.junctions_m)))]
    used: dict[tuple[int, int], int] = {}
    driven_m = 0.0
    while driven_m < distance_m:
        here = walk[-1]
        choices = [n for n in network.neighbours(here) if len(walk) < 2 or n != walk[-2]]
        visits = np.array([used.get((min(here, n), max(here, n)), 0) for n in choices])
        weights = 0.3**visits  # streets not yet driven are preferred
        chosen = choices[int(random.choice(len(choices), p=weights / weights.sum()))]
        street = (min(here, chosen), max(here, chosen))
        used[street] = used.get(street, 0) + 1
        line = network.centre_line_m(here, chosen)
        driven_m += float(np.hypot(*np.diff(line, axis=0).T).sum())
        walk.append(chosen)
    return walk


def _join(network: StreetNetwork, junctions: list[int]) -> tuple[FloatArray, list[int]]:
    points = [network.junctions_m[junctions[0]][None]]
    corners = []
    count = 1
    for start, end in itertools.pairwise(junctions):
        line = network.centre_line_m(start, end)[1:]
        points.append(line)
        count += len(line)
        corners.append(count - 1)
    return np.concatenate(points), corners[:-1]

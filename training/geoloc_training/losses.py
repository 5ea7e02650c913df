# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The soft-margin triplet loss, and how it is weighted by distance on the ground.

Source: Xia et al., "Cross-view matching for vehicle localization by learning geographically local
representations", RA-L 2021, equations 1 to 3. d[i, j] is the squared distance between the
descriptors of reference S_i and ground image G_j. Equation 2 is printed with d_jj, which holds no
negative; it is read as d_ji.
"""

from __future__ import annotations

import dataclasses
import enum
import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from geoloc_ros.errors import SettingError, ShapeError


class Decay(enum.Enum):
    """The prior on the error of the coarse position, p_r of equation 3."""

    STEP = 'step'
    GAUSSIAN = 'gaussian'


@dataclasses.dataclass(frozen=True, slots=True)
class GeoWeight:
    """The weight of a triplet by the distance between its two places, equation 3.

        w(delta) = p_r(delta) (1 - exp(-delta^2 / (2 sigma^2))) / max

    Attributes:
        radius_m: r, the largest error of the coarse position; infinite for global training.
        sigma_m: sigma_geo; 0 leaves near negatives at full weight.
        decay: p_r, a step at r or a Gaussian of standard deviation r / 3.

    Raises:
        SettingError: a number is out of range.
    """

    radius_m: float
    sigma_m: float
    decay: Decay = Decay.STEP

    def __post_init__(self) -> None:
        if not (self.radius_m > 0.0 and 0.0 <= self.sigma_m < math.inf):
            raise SettingError(
                f'geo-distance weight with radius {self.radius_m} m and sigma {self.sigma_m} m; '
                'expected a positive radius and a finite sigma of at least 0'
            )

    def __call__(self, distances_m: Tensor) -> Tensor:
        """Weights in [0, 1] of distances (any shape); 0 at distance 0."""
        squared = distances_m.square()
        weight = self._prior(distances_m)
        if self.sigma_m > 0.0:
            weight = weight * -torch.expm1(-squared / (2.0 * self.sigma_m**2))
        else:
            weight = weight * (distances_m > 0.0)
        return weight / self._largest()

    def _prior(self, distances_m: Tensor) -> Tensor:
        if math.isinf(self.radius_m):
            return torch.ones_like(distances_m)
        if self.decay is Decay.STEP:
            return (distances_m <= self.radius_m).to(distances_m.dtype)
        return torch.exp(-distances_m.square() / (2.0 * (self.radius_m / 3.0) ** 2))

    def _largest(self) -> float:
        """The largest value of the product, which the weight is divided by.

        With the step it is reached at r. With the Gaussian, for u = delta^2, a = 1 / (2 (r/3)^2)
        and b = 1 / (2 sigma^2), d/du [exp(-a u) (1 - exp(-b u))] = 0 at exp(-b u) = a / (a + b).
        """
        if self.sigma_m == 0.0 or math.isinf(self.radius_m):
            return 1.0
        b = 0.5 / self.sigma_m**2
        if self.decay is Decay.STEP:
            return -math.expm1(-b * self.radius_m**2)
        a = 4.5 / self.radius_m**2
        return float((a / (a + b)) ** (a / b) * b / (a + b))


def soft_margin(positive: Tensor, negative: Tensor, gamma: float) -> Tensor:
    """log(1 + exp(gamma (positive - negative))), elementwise and without overflow."""
    return softplus(gamma * (positive - negative))


def triplet_loss(distances: Tensor, weights: Tensor, gamma: float) -> Tensor:
    """Mean over i != j of w_ij (l1(i, j) + l2(i, j)) / 2, a scalar.

        l1(i, j) = log(1 + exp(gamma (d_ii - d_ij)))   reference to ground, equation 1
        l2(i, j) = log(1 + exp(gamma (d_ii - d_ji)))   ground to reference, equation 2

    Args:
        distances: d[i, j] of reference i and ground image j, shape (n, n), n >= 2.
        weights: of equation 3, shape (n, n); the diagonal is not used.
        gamma: steepness.

    Raises:
        ShapeError: the shapes are not (n, n), or n < 2.
    """
    count = distances.shape[0]
    if distances.shape != (count, count) or weights.shape != distances.shape or count < 2:
        raise ShapeError(
            f'distances {tuple(distances.shape)} and weights {tuple(weights.shape)}; expected '
            '(n, n) for both, n >= 2'
        )
    positive = distances.diagonal()[:, None]
    both = soft_margin(positive, distances, gamma) + soft_margin(positive, distances.T, gamma)
    off_diagonal = ~torch.eye(count, dtype=torch.bool, device=distances.device)
    return (0.5 * weights * both)[off_diagonal].sum() / (count * (count - 1))


def negatives_loss(positive: Tensor, negatives: Tensor, weights: Tensor, gamma: float) -> Tensor:
    """Mean of w log(1 + exp(gamma (d_pos - d_neg))) over further negatives of ground images.

    Equation 2 for references that have no ground image: places off the road, other headings.

    Args:
        positive: d_jj of each ground image, shape (n,).
        negatives: distances of negatives (any number m) to each ground image, shape (m, n).
        weights: of each, shape (m, n).
        gamma: steepness.

    Raises:
        ShapeError: the shapes do not fit.
    """
    if negatives.ndim != 2 or negatives.shape[1:] != positive.shape:
        raise ShapeError(
            f'positive {tuple(positive.shape)} and negatives {tuple(negatives.shape)}; expected '
            '(n,) and (m, n)'
        )
    if weights.shape != negatives.shape:
        raise ShapeError(
            f'weights {tuple(weights.shape)}; expected {tuple(negatives.shape)}, one a negative'
        )
    return (weights * soft_margin(positive[None], negatives, gamma)).mean()

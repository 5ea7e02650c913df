# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The loss of a minibatch: triplets, negatives off the road, and wrong headings."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor

from geoloc_ros.networks.contract import InputContract
from geoloc_training.losses import GeoWeight, negatives_loss, soft_margin, triplet_loss
from geoloc_training.settings import LossSettings


@dataclasses.dataclass(frozen=True, slots=True)
class LossParts:
    """What the loss of a minibatch is made of, scalars.

    Attributes:
        total: what is minimised.
        triplets: equations 1 to 3.
        extras: of references without a ground image.
        yaws: of wrong headings at the right place.
        positive: mean distance of matching pairs, for the log.
        negative: mean distance of the others.
    """

    total: Tensor
    triplets: Tensor
    extras: Tensor
    yaws: Tensor
    positive: Tensor
    negative: Tensor


def yaw_bins(contract: InputContract, yaws_rad: Tensor) -> Tensor:
    """Number of the yaw of the contract nearest to each, int64, same shape; 0 without yaws."""
    if contract.heading != 'azimuth':
        return torch.zeros_like(yaws_rad, dtype=torch.int64)
    count = contract.yaw_count
    step = 2.0 * math.pi / count
    first = float(contract.yaws_rad[0])
    return torch.round((yaws_rad - first) / step).to(torch.int64) % count


def batch_loss(
    contract: InputContract,
    distances: Tensor,
    ground_m: Tensor,
    reference_m: Tensor,
    yaws_rad: Tensor,
    weight: GeoWeight,
    settings: LossSettings,
) -> LossParts:
    """The loss of N pairs and M more references.

    A distance d_ij is taken at the heading of ground image j. Where the network tells headings,
    the others at the right place are negatives too.

    Args:
        contract: of the network.
        distances: of references and ground images, shape (N + M, N, n_yaw).
        ground_m: shape (N, 2).
        reference_m: shape (N + M, 2).
        yaws_rad: heading of ground image j as seen by reference i, shape (N + M, N).
        weight: equation 3.
        settings: shares of the parts.
    """
    count = distances.shape[1]
    bins = yaw_bins(contract, yaws_rad)
    at_heading = distances.gather(2, bins[..., None]).squeeze(2)
    pairs = at_heading[:count]
    between_m = _apart_m(reference_m[:count], reference_m[:count])
    triplets = triplet_loss(pairs, weight(between_m).to(pairs.dtype), settings.gamma)
    positive = pairs.diagonal()
    extras = yaws = torch.zeros((), dtype=pairs.dtype, device=pairs.device)
    if len(at_heading) > count and settings.extra_share > 0.0:
        apart_m = _apart_m(reference_m[count:], ground_m)
        extras = negatives_loss(
            positive, at_heading[count:], weight(apart_m).to(pairs.dtype), settings.gamma
        )
    if contract.heading == 'azimuth' and settings.yaw_share > 0.0:
        yaws = _yaw_loss(contract, distances[:count], bins[:count], settings)
    total = triplets + settings.extra_share * extras + settings.yaw_share * yaws
    off = ~torch.eye(count, dtype=torch.bool, device=pairs.device)
    return LossParts(
        total, triplets, extras, yaws, positive.detach().mean(), pairs.detach()[off].mean()
    )


def _apart_m(first_m: Tensor, second_m: Tensor) -> Tensor:
    """Distances of all pairs of points; by matrix products, the default, they err by metres."""
    return torch.cdist(first_m, second_m, compute_mode='donot_use_mm_for_euclid_dist')


def _yaw_loss(
    contract: InputContract, distances: Tensor, bins: Tensor, settings: LossSettings
) -> Tensor:
    """Soft margins against every other heading of each matching pair, weighted by its angle."""
    count, yaw_count = distances.shape[1], contract.yaw_count
    own = distances.diagonal(dim1=0, dim2=1).T  # (N, n_yaw)
    right = bins.diagonal()
    steps = torch.arange(yaw_count, device=own.device)[None] - right[:, None]
    apart = torch.remainder(steps + yaw_count // 2, yaw_count) - yaw_count // 2
    angle = apart.to(own.dtype) * (2.0 * math.pi / yaw_count)
    sigma = math.radians(settings.sigma_yaw_deg)
    weight = (
        -torch.expm1(-angle.square() / (2.0 * sigma**2))
        if sigma > 0.0
        else (apart != 0).to(own.dtype)
    )
    positive = own.gather(1, right[:, None])
    return (weight * soft_margin(positive, own, settings.gamma)).sum() / (count * (yaw_count - 1))

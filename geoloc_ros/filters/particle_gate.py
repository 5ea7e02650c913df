# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the robust particle filter makes of observations that do not fit: gate and re-seed rule."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv

from geoloc_ros.types import FloatArray, GaussianForm


class RejectedFix(NamedTuple):
    """A GNSS position that failed the gate, kept until others agree or contradict.

    ``travelled_m`` is the path length the filter believes driven so far.
    """

    position_m: FloatArray
    covariance_m2: FloatArray
    travelled_m: float


@functools.cache
def chi2_threshold(probability: float, dimension: int) -> float:
    """The value that chi-square with ``dimension`` degrees stays below with a probability."""
    return 2.0 * float(gammaincinv(0.5 * dimension, probability))


def normalized_innovation_squared(form: GaussianForm, covariance: FloatArray) -> float:
    """NIS = y' S^-1 y with S = H P H' + R; NaN where S is singular.

    Args:
        form: the observation, linearised at the mean.
        covariance: P, shape (STATE_SIZE, STATE_SIZE).
    """
    H, R, y = form.jacobian, form.noise_covariance, form.innovation
    try:
        return float(y @ np.linalg.solve(H @ covariance @ H.T + R, y))
    except np.linalg.LinAlgError:
        return float('nan')


def agree(fixes: tuple[RejectedFix, ...], probability: float) -> bool:
    """Whether rejected fixes could be one moving antenna's, whichever way it was heading.

    Each earlier fix must lie no farther from the last than the path driven since, plus what the
    covariances of both allow. The heading is not used: it may be what is wrong.

    Args:
        fixes: oldest first, at least one.
        probability: share of consistent pairs to accept.
    """
    last = fixes[-1]
    threshold = chi2_threshold(probability, 2)
    for fix in fixes[:-1]:
        variance = _largest_variance(fix.covariance_m2) + _largest_variance(last.covariance_m2)
        reach_m = last.travelled_m - fix.travelled_m + float(np.sqrt(threshold * variance))
        if float(np.hypot(*(last.position_m - fix.position_m))) > reach_m:
            return False
    return True


def _largest_variance(covariance: FloatArray) -> float:
    return float(np.linalg.eigvalsh(covariance)[-1])

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Modes of a score field, and the Gaussian that a Kalman filter can make of the dominant one."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import FloatArray, ScoreLattice

#: Peaks are two modes where the field between them falls below this share of the higher one.
_SADDLE = 0.3
#: A mode reaches as far as the field has this share of its peak (2.4 sigma of a Gaussian).
_REACH = 0.05
#: Variance of the field over that of the window in which it was scored: above, it tells nothing.
_TELLS_NOTHING = 0.8
_LARGEST_SHARE = 0.98
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.int64)
_SMOOTHING = np.array([0.25, 0.5, 0.25])


@dataclasses.dataclass(frozen=True, slots=True)
class FieldMoments:
    """A Gaussian over (x m, y m) or (x m, y m, yaw rad) of the sensor in ``map``.

    Attributes:
        mean: shape (2,) or (3,).
        covariance: shape (2, 2) or (3, 3).
    """

    mean: FloatArray
    covariance: FloatArray


def field_moments(
    lattice: ScoreLattice, likelihood: FloatArray, rival_share: float, yaw_sigma_max_rad: float
) -> FieldMoments | None:
    """The Gaussian of a field's dominant mode.

    - The mean is that of the mode: the cells about the peak, as far as they reach 5 % of it.
    - The covariance is the second moment of **all** mass about that mean, so the mass outside the
      mode counts, plus the variance within a cell, spacing^2 / 12 per axis.
    - The cells scored end where the matcher's prior ended. What the window alone would tell (a
      flat field has its mean and covariance U) is taken out, R^-1 = C^-1 - U^-1: the prior chose
      where to look and must not count twice.

    Args:
        lattice: where the cells are.
        likelihood: of each cell, NaN without data, shape as the lattice's.
        rival_share: a second mode with this share of the dominant one's mass leaves no Gaussian.
        yaw_sigma_max_rad: with a wider heading there is none.

    Returns:
        ``None`` where several modes are strong, or the field tells next to nothing.
    """
    mass = np.where(np.isnan(likelihood), 0.0, likelihood)
    mass /= mass.sum()
    position_mass = mass.sum(axis=0)
    mode = _dominant_mode(position_mass, rival_share)
    if mode is None:
        return None
    places = _places(lattice)
    known = np.isfinite(likelihood).any(axis=0)
    within_cell_m2 = lattice.spacing_m**2 / 12.0
    window_centre, window = _second_moment(places, known / known.sum(), None)
    window += within_cell_m2 * np.eye(2)
    mean, _ = _second_moment(places, position_mass * mode / position_mass[mode].sum(), None)
    if len(lattice.yaws_rad):
        mode_yaws = mass[:, mode].sum(axis=1)
        yaw = math.atan2(
            float(mode_yaws @ np.sin(lattice.yaws_rad)),
            float(mode_yaws @ np.cos(lattice.yaws_rad)),
        )
        joint = _joint_moment(lattice, places, mass, mean, yaw)
        joint[:2, :2] += within_cell_m2 * np.eye(2)
        joint[2, 2] += (2.0 * math.pi / len(lattice.yaws_rad)) ** 2 / 12.0
        if joint[2, 2] <= yaw_sigma_max_rad**2:
            wide = np.zeros((3, 3))
            wide[:2, :2], wide[2, 2] = window, math.pi**2 / 3.0
            centre = np.append(window_centre, yaw)
            return without_window(np.append(mean, yaw), joint, centre, wide)
    _, covariance = _second_moment(places, position_mass, mean)
    covariance += within_cell_m2 * np.eye(2)
    return without_window(mean, covariance, window_centre, window)


def without_window(
    mean: FloatArray, covariance: FloatArray, window_mean: FloatArray, window: FloatArray
) -> FieldMoments | None:
    """A Gaussian divided by the Gaussian of the window through which it was seen.

    In the basis in which the window is the unit ball and ``covariance`` is diagonal with w, an
    axis becomes variance w / (1 - w) about (m - w c) / (1 - w). An axis with w near 1 keeps a
    variance so large that it says nothing.

    Args:
        mean: of what was seen, shape (n,).
        covariance: shape (n, n).
        window_mean: shape (n,).
        window: covariance of the window, shape (n, n).

    Returns:
        ``None`` where no axis of the position is clearly narrower than the window.
    """
    root = np.linalg.cholesky(window)
    inverse = np.linalg.inv(root)
    shares, axes = np.linalg.eigh(inverse @ covariance @ inverse.T)
    back = root @ axes
    position_shares = np.linalg.eigvalsh((inverse @ covariance @ inverse.T)[:2, :2])
    if position_shares[0] > _TELLS_NOTHING:
        return None
    w = np.minimum(shares, _LARGEST_SHARE)
    offset = axes.T @ (inverse @ (mean - window_mean))
    return FieldMoments(
        window_mean + back @ (offset / (1.0 - w)),
        (back * (w / (1.0 - w))) @ back.T,
    )


def _dominant_mode(mass: FloatArray, rival_share: float) -> npt.NDArray[np.bool_] | None:
    """Cells of the mode with the greatest mass, shape (ny, nx); ``None`` where another rivals it.

    Modes are sought in the field smoothed over neighbouring cells, as interpolation smooths it.
    """
    smooth = mass
    for axis in (0, 1):
        smooth = ndimage.correlate1d(smooth, _SMOOTHING, axis=axis, mode='nearest')
    peak = float(smooth.max())
    labels, count = ndimage.label(smooth >= _SADDLE * peak, _EIGHT_NEIGHBOURS)
    if count > 1:  # every cell belongs to the nearest mode
        nearest = ndimage.distance_transform_edt(
            labels == 0, return_distances=False, return_indices=True
        )
        basins = labels[tuple(nearest)]
    else:
        basins = np.ones_like(labels)
    regions, masses = [], []
    for label in range(1, count + 1):
        top = float(smooth[labels == label].max())
        reached, _ = ndimage.label((basins == label) & (smooth >= _REACH * top), _EIGHT_NEIGHBOURS)
        core = reached[labels == label]
        region = reached == core[0]
        regions.append(region)
        masses.append(float(mass[region].sum()))
    order = np.argsort(masses)
    if count > 1 and masses[order[-2]] >= rival_share * masses[order[-1]]:
        return None
    return np.asarray(regions[order[-1]] & (mass > 0.0))


def _places(lattice: ScoreLattice) -> FloatArray:
    """(x, y) of the centres of the cells, shape (ny, nx, 2)."""
    _, ny, nx = lattice.log_likelihood.shape
    columns, rows = np.meshgrid(np.arange(nx), np.arange(ny))
    cosine = math.cos(lattice.rotation_rad) * lattice.spacing_m
    sine = math.sin(lattice.rotation_rad) * lattice.spacing_m
    return np.stack(
        (
            lattice.origin_x_m + cosine * columns - sine * rows,
            lattice.origin_y_m + sine * columns + cosine * rows,
        ),
        axis=-1,
    )


def _second_moment(
    places: FloatArray, mass: FloatArray, about: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """A point (the mean unless given) and the second moment of the mass about it."""
    flat, weights = places.reshape(-1, 2), mass.ravel()
    point = weights @ flat if about is None else about
    offsets = flat - point
    return point, (offsets * weights[:, None]).T @ offsets


def _joint_moment(
    lattice: ScoreLattice, places: FloatArray, mass: FloatArray, mean: FloatArray, yaw: float
) -> FloatArray:
    """Second moment of all mass over x, y and yaw about a pose, shape (3, 3)."""
    turns = np.asarray(wrap_angle(lattice.yaws_rad - yaw))
    offsets = places.reshape(-1, 2) - mean
    by_yaw = mass.reshape(len(turns), -1)
    result = np.empty((3, 3))
    result[:2, :2] = (offsets * by_yaw.sum(axis=0)[:, None]).T @ offsets
    result[:2, 2] = result[2, :2] = offsets.T @ (turns @ by_yaw)
    result[2, 2] = by_yaw.sum(axis=1) @ turns**2
    return result

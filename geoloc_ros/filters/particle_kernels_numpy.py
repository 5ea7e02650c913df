# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The particle filter's inner loops in plain numpy: the fallback, and the oracle of the others.

Each function has a twin of the same name and signature in ``particle_kernels`` (numba). Columns
are rows of one float64 array, shape (4 or 6, n), in the order of ``particle_state``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray

_TWO_PI = 2.0 * np.pi


def propagate(
    columns: FloatArray,
    normals: npt.NDArray[np.float32],
    duration_s: float,
    distance_m: float,
    rotation_rad: float,
    end_speed_m_s: float,
    distance_sigma_m: float,
    rotation_sigma_rad: float,
    speed_sigma_m_s: float,
    steering_sigma_rad: float,
    position_sigma_m: float,
    full_speed_m_s: float,
    reverse_max_m_s: float,
    scale_sigma: float,
    bias_sigma_rad_s: float,
) -> FloatArray:
    """Particles after one motion step, a new array.

    ``columns`` are the particles before, shape (4 or 6, n); ``normals`` N(0, 1) numbers of shape
    (4 or 6, n): forward, left, yaw, speed, scale, bias; with 4 rows scale and bias stay. The
    other arguments are the fields of ``particle_motion.MotionStep``.
    """
    x, y, yaw, speed = columns[:4]
    moved = np.empty_like(columns)
    scale, bias_rad_s = (columns[4], columns[5]) if columns.shape[0] == 6 else (1.0, 0.0)
    known_distance = not np.isnan(distance_m)
    forward_variance = position_sigma_m**2
    if known_distance:
        distance = scale * distance_m
        forward_variance += distance_sigma_m**2
        forward_noise = np.sqrt(forward_variance) * normals[0]
        end_speed = distance / duration_s if np.isnan(end_speed_m_s) else scale * end_speed_m_s
        moved[3] = end_speed + (distance_sigma_m / duration_s) * normals[0]
    else:
        if np.isnan(end_speed_m_s):
            moved[3] = np.maximum(
                speed + speed_sigma_m_s * normals[3], np.minimum(speed, -reverse_max_m_s)
            )
            forward_variance += speed_sigma_m_s**2 * duration_s**2 / 12.0
        else:
            moved[3] = scale * end_speed_m_s
        distance = (0.5 * duration_s) * (speed + moved[3])
        forward_noise = np.sqrt(forward_variance) * normals[0]
    if np.isnan(rotation_rad):
        yaw_sigma = steering_sigma_rad
        if full_speed_m_s > 0.0:
            yaw_sigma = steering_sigma_rad * np.minimum(
                1.0, np.abs(distance) / (duration_s * full_speed_m_s)
            )
        turned = yaw_sigma * normals[2]
    else:
        yaw_sigma = rotation_sigma_rad
        turned = (rotation_rad - duration_s * bias_rad_s) + yaw_sigma * normals[2]
    left_sigma = np.sqrt(position_sigma_m**2 + (distance * yaw_sigma) ** 2 / 12.0)
    half = 0.5 * turned
    square = half * half
    chord = distance * (1.0 - square * (1.0 / 6.0 - square / 120.0)) + forward_noise
    left = left_sigma * normals[1]
    heading = (yaw + half).astype(np.float32)
    cosine, sine = np.cos(heading), np.sin(heading)
    moved[0] = x + (cosine * chord - sine * left)
    moved[1] = y + (sine * chord + cosine * left)
    after = yaw + turned
    moved[2] = after - _TWO_PI * np.floor((after + np.pi) / _TWO_PI)
    if columns.shape[0] == 6:
        moved[4:6] = columns[4:6]
        if normals.shape[0] == 6:
            moved[4] += scale_sigma * normals[4]
            moved[5] += bias_sigma_rad_s * normals[5]
    return moved


def squared_distances(
    columns: FloatArray,
    east_m: float,
    north_m: float,
    forward_m: float,
    left_m: float,
    information: FloatArray,
) -> FloatArray:
    """Squared distance of each particle's antenna from a position, in the metric given, (n,).

    Args:
        columns: particles, shape (4 or 6, n).
        east_m: position measured.
        north_m: position measured.
        forward_m: antenna in the body frame.
        left_m: antenna in the body frame.
        information: the metric, shape (2, 2), symmetric; the inverse of a covariance gives NIS.
    """
    dx, dy = east_m - columns[0], north_m - columns[1]
    if forward_m != 0.0 or left_m != 0.0:
        heading = columns[2].astype(np.float32)
        cosine, sine = np.cos(heading), np.sin(heading)
        dx -= cosine * forward_m - sine * left_m
        dy -= sine * forward_m + cosine * left_m
    mixed = (2.0 * information[0, 1]) * dx
    return np.asarray(
        dx * dx * information[0, 0] + dy * (mixed + dy * information[1, 1]), dtype=np.float64
    )


def copies(weights: FloatArray, offset: float) -> npt.NDArray[np.int64]:
    """How often systematic resampling takes each particle, shape (n,), summing to n.

    Particle i is taken once for every integer k with
    cumulative(i - 1) <= (k + offset) / n < cumulative(i).

    Args:
        weights: shape (n,), not negative, summing to one up to rounding.
        offset: one uniform number in [0, 1).
    """
    count = weights.size
    cumulative = np.cumsum(weights)
    cumulative *= count / cumulative[-1]
    cumulative -= offset
    edges = np.minimum(np.ceil(cumulative, out=cumulative), count, out=cumulative)
    last = count - 1 - int(np.argmax(weights[::-1] > 0.0))
    edges[last:] = count
    taken = edges.astype(np.int64)
    taken[1:] -= taken[:-1].copy()
    return taken


def resample(columns: FloatArray, weights: FloatArray, offset: float) -> FloatArray:
    """Particles drawn in proportion to weight by systematic resampling, a new array."""
    chosen = np.repeat(np.arange(weights.size), copies(weights, offset))
    drawn = np.empty_like(columns)
    for row in range(columns.shape[0]):
        np.take(columns[row], chosen, out=drawn[row], mode='clip')
    return drawn


def moments(columns: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean, shape (k,), and covariance, shape (k, k), yaw taken on the circle.

    Sums go through einsum: the threads of a BLAS cost more than they bring on single rows.

    Args:
        columns: shape (k, n).
        weights: shape (n,), summing to one.
    """
    rows = columns.shape[0]
    mean = np.einsum('ij,j->i', columns, weights)
    yaw = columns[2].astype(np.float32)
    mean[2] = np.arctan2(
        np.einsum('i,i', weights, np.sin(yaw)), np.einsum('i,i', weights, np.cos(yaw))
    )
    deviations = columns - mean[:, None]
    deviations[2] -= _TWO_PI * np.floor((deviations[2] + np.pi) / _TWO_PI)
    result = np.empty((rows, rows))
    weighted = np.empty_like(weights)
    for i in range(rows):
        np.multiply(deviations[i], weights, out=weighted)
        for j in range(i + 1):
            result[i, j] = result[j, i] = np.einsum('i,i', weighted, deviations[j])
    return mean, result

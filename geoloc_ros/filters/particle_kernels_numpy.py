# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The particle filter's inner loops in plain numpy: the fallback, and the oracle of the others.

Each function has a twin of the same name and signature in ``particle_kernels`` (numba). Columns
are rows of one float64 array, shape (4 or 6, n), in the order of ``particle_state``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray

_TWO_PI = 2.0 * np.pi
_TURNS = 1.0 / _TWO_PI
# Pairs of normals, and particles, worked on at a time: what is in between stays in the cache.
_PAIRS, _PARTICLES = 8192, 8192
_GAMMA = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_COUNTERS = np.arange(1, _PAIRS + 1, dtype=np.uint64) * np.uint64(_GAMMA)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_TO_UNIT, _HALF_STEP = np.float32(2.0**-32), np.float32(2.0**-33)
_TO_ANGLE = np.float32(2.0 * np.pi * 2.0**-32)


def fill_normals(key: np.uint64, out: npt.NDArray[np.float32]) -> None:
    """Fill ``out``, of even size, with independent N(0, 1) numbers that ``key`` determines.

    The counter k = 1, 2, ... is hashed to 64 bits as mix(key + k gamma); its two halves go
    through Box and Muller's transform in single precision, cosines first, then sines.

    Source: Steele, Lea and Flood, 2014, Fast splittable pseudorandom number generators
        (SplitMix64); Box and Muller, 1958, A note on the generation of random normal deviates.
    """
    half = out.size // 2
    for begin in range(0, half, _PAIRS):
        size = min(_PAIRS, half - begin)
        bits = _hashed((int(key) + begin * _GAMMA) & _MASK, size)
        values = bits.view(np.uint32).astype(np.float32)
        radius, turn = values[0::2].copy(), values[1::2].copy()
        radius *= _TO_UNIT
        radius += _HALF_STEP
        np.log(radius, out=radius)
        radius *= np.float32(-2.0)
        np.sqrt(radius, out=radius)  # the log of at most 1.0 is never positive
        turn *= _TO_ANGLE
        first, second = out[begin : begin + size], out[half + begin : half + begin + size]
        np.cos(turn, out=first)
        first *= radius
        np.sin(turn, out=second)
        second *= radius


def _hashed(start: int, size: int) -> npt.NDArray[np.uint64]:
    z = _COUNTERS[:size] + np.uint64(start)
    shifted = z >> _S30
    z ^= shifted
    z *= _FIRST
    np.right_shift(z, _S27, out=shifted)
    z ^= shifted
    z *= _SECOND
    np.right_shift(z, _S31, out=shifted)
    z ^= shifted
    return np.asarray(z, dtype='<u8')


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
    known_distance = not math.isnan(distance_m)
    forward_variance = position_sigma_m**2
    if known_distance:
        distance = scale * distance_m
        forward_variance += distance_sigma_m**2
        forward_noise = math.sqrt(forward_variance) * normals[0]
        end_speed = distance / duration_s if math.isnan(end_speed_m_s) else scale * end_speed_m_s
        moved[3] = end_speed + (distance_sigma_m / duration_s) * normals[0]
    else:
        if math.isnan(end_speed_m_s):
            moved[3] = np.maximum(
                speed + speed_sigma_m_s * normals[3], np.minimum(speed, -reverse_max_m_s)
            )
            forward_variance += speed_sigma_m_s**2 * duration_s**2 / 12.0
        else:
            moved[3] = scale * end_speed_m_s
        distance = (0.5 * duration_s) * (speed + moved[3])
        forward_noise = math.sqrt(forward_variance) * normals[0]
    if math.isnan(rotation_rad):
        yaw_sigma = steering_sigma_rad
        if full_speed_m_s > 0.0:
            yaw_sigma = steering_sigma_rad * np.minimum(
                1.0, np.abs(distance) / (duration_s * full_speed_m_s)
            )
        turned = yaw_sigma * normals[2]
    else:
        yaw_sigma = rotation_sigma_rad
        turned = (rotation_rad - duration_s * bias_rad_s) + yaw_sigma * normals[2]
    # Displacements are single precision from here on; positions and yaw never are.
    path, half = np.float32(distance), (0.5 * turned).astype(np.float32, copy=False)
    left = path * np.float32(yaw_sigma)
    left *= left
    left *= np.float32(1.0 / 12.0)
    left += np.float32(position_sigma_m**2)
    left = np.sqrt(left) * normals[1]
    square = half * half
    chord = square * np.float32(-1.0 / 120.0)
    chord += np.float32(1.0 / 6.0)
    chord *= -square
    chord += np.float32(1.0)
    chord *= path
    chord += forward_noise
    heading = (yaw + half).astype(np.float32)
    cosine, sine = np.cos(heading), np.sin(heading)
    np.add(x, cosine * chord - sine * left, out=moved[0])
    np.add(y, sine * chord + cosine * left, out=moved[1])
    after = np.add(yaw, turned, out=moved[2])
    after -= _TWO_PI * np.floor((after + np.pi) * _TURNS)
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
    edges = _edges(weights, offset)
    taken = edges.copy()
    taken[1:] -= edges[:-1]
    return taken


def _edges(weights: FloatArray, offset: float) -> npt.NDArray[np.int64]:
    """Number of draws taken by particles 0 to i, for each i, shape (n,)."""
    count = weights.size
    cumulative = np.cumsum(weights)
    cumulative *= count / cumulative[-1]
    cumulative -= offset
    np.ceil(cumulative, out=cumulative)
    np.minimum(cumulative, count, out=cumulative)
    cumulative[count - 1 - int((weights[::-1] > 0.0).argmax()) :] = count
    return cumulative.astype(np.int64)


def resample(columns: FloatArray, weights: FloatArray, offset: float) -> FloatArray:
    """Particles drawn in proportion to weight by systematic resampling, a new array."""
    count = weights.size
    # Draw k falls to the particle after all those whose draws end at or before k.
    chosen = np.bincount(_edges(weights, offset), minlength=count + 1)[:count].cumsum()
    return columns.take(chosen, axis=1)


def yaw_centred(columns: FloatArray) -> tuple[FloatArray, float]:
    """A copy of the particles whose yaw is taken from its circular mean, and that mean.

    Deviations lie in [-pi, pi); the mean is the direction of the sum of unit vectors.
    """
    narrow = columns[2].astype(np.float32)
    centre = math.atan2(float(np.sin(narrow).sum()), float(np.cos(narrow).sum()))
    result = columns.copy()
    _centre_yaw(result[2], centre)
    return result, centre


def _centre_yaw(yaw_rad: FloatArray, centre_rad: float) -> None:
    yaw_rad -= centre_rad
    turns = yaw_rad + np.pi
    turns *= _TURNS
    np.floor(turns, out=turns)
    turns *= _TWO_PI
    yaw_rad -= turns


def moments(columns: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean, shape (k,), and covariance, shape (k, k), yaw taken on the circle.

    Args:
        columns: shape (k, n).
        weights: shape (n,), summing to one.
    """
    rows, count = columns.shape
    mean = np.einsum('ij,j->i', columns, weights)
    yaw = columns[2].astype(np.float32)
    mean[2] = math.atan2(
        float(np.einsum('i,i', weights, np.sin(yaw))),
        float(np.einsum('i,i', weights, np.cos(yaw))),
    )
    result = np.zeros((rows, rows))
    for begin in range(0, count, _PARTICLES):
        part = slice(begin, begin + _PARTICLES)
        deviations = columns[:, part] - mean[:, None]
        _centre_yaw(deviations[2], 0.0)
        result += (deviations * weights[part]) @ deviations.T
    return mean, 0.5 * (result + result.T)

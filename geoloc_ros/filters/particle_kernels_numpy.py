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
# Constants of the loops are arrays without dimensions: numpy converts a number at every use.
_TURN, _TURNS = np.array(_TWO_PI), np.array(1.0 / _TWO_PI)
# Pairs of normals, and particles, worked on at a time: what is in between stays in the cache.
_PAIRS, _PARTICLES = 8192, 8192
_GAMMA = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_COUNTERS = np.arange(1, _PAIRS + 1, dtype=np.uint64) * np.uint64(_GAMMA)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_TO_UNIT, _HALF_STEP = np.array(2.0**-32, np.float32), np.array(2.0**-33, np.float32)
_TO_ANGLE = np.array(_TWO_PI * 2.0**-32, np.float32)
_MINUS_TWO, _HALF, _ONE = (np.array(value, np.float32) for value in (-2.0, 0.5, 1.0))
_ROOT_TWELFTH = math.sqrt(1.0 / 12.0)
_MINUS_BY_120, _SIXTH = np.array(-1.0 / 120.0, np.float32), np.array(1.0 / 6.0, np.float32)


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
        radius = bits.view(np.uint32)[0::2].astype(np.float32)
        turn = bits.view(np.int32)[1::2].astype(np.float32)  # whole turns less do not matter
        radius *= _TO_UNIT
        radius += _HALF_STEP
        np.log(radius, out=radius)
        radius *= _MINUS_TWO
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
    moved = np.empty_like(columns)
    scale, bias_rad_s = (columns[4], columns[5]) if columns.shape[0] == 6 else (1.0, 0.0)
    if not math.isnan(distance_m):
        forward_sigma_m = distance_sigma_m
        distance = scale * distance_m
        end_speed = distance / duration_s if math.isnan(end_speed_m_s) else scale * end_speed_m_s
        np.add(end_speed, (distance_sigma_m / duration_s) * normals[0], out=moved[3])
    else:
        if not math.isnan(end_speed_m_s):
            forward_sigma_m = 0.0
            moved[3] = scale * end_speed_m_s
        else:
            forward_sigma_m = speed_sigma_m_s * duration_s * _ROOT_TWELFTH
            after = np.add(columns[3], speed_sigma_m_s * normals[3], out=moved[3])
            if reverse_max_m_s < math.inf:
                np.maximum(after, np.minimum(columns[3], -reverse_max_m_s), out=after)
        distance = columns[3] + moved[3]
        distance *= 0.5 * duration_s
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
    _displace(
        columns, normals, np.asarray(distance, np.float32), turned, yaw_sigma,
        math.hypot(forward_sigma_m, position_sigma_m), position_sigma_m, moved,
    )  # fmt: skip
    if columns.shape[0] == 6:
        moved[4:6] = columns[4:6]
        if normals.shape[0] == 6:
            moved[4] += scale_sigma * normals[4]
            moved[5] += bias_sigma_rad_s * normals[5]
    return moved


def _displace(
    columns: FloatArray,
    normals: npt.NDArray[np.float32],
    path_m: npt.NDArray[np.float32],
    turned_rad: FloatArray | npt.NDArray[np.float32],
    yaw_sigma_rad: FloatArray | float,
    forward_sigma_m: float,
    position_sigma_m: float,
    moved: FloatArray,
) -> None:
    """Fill in position and yaw after an arc.

    Displacements are single precision; positions and yaw never are.
    """
    half = np.asarray(turned_rad, np.float32) * _HALF
    left = path_m * np.asarray(yaw_sigma_rad * _ROOT_TWELFTH, np.float32)
    if position_sigma_m > 0.0:
        left *= left
        left += position_sigma_m**2
        left = np.sqrt(left)
    else:
        left = np.abs(left)
    left = left * normals[1]
    # sin(half) / half, to the fourth order, times the path
    square = half * half
    chord = square * _MINUS_BY_120
    chord += _SIXTH
    chord *= square
    np.subtract(_ONE, chord, out=chord)
    chord *= path_m
    chord += forward_sigma_m * normals[0]
    half += columns[2].astype(np.float32)
    cosine, sine = np.cos(half), np.sin(half)
    step = cosine * chord
    step -= sine * left
    np.add(columns[0], step, out=moved[0])
    np.multiply(sine, chord, out=step)
    cosine *= left
    step += cosine
    np.add(columns[1], step, out=moved[1])
    _wrap(np.add(columns[2], turned_rad, out=moved[2]))


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
    (a, b), (_, c) = information.tolist()
    mixed = (2.0 * b) * dx if b != 0.0 else None
    dx *= dx
    if a != 1.0:
        dx *= a
    if mixed is not None:
        dx += mixed * dy
    dy *= dy
    if c != 1.0:
        dy *= c
    dx += dy
    return dx


def copies(weights: FloatArray, offset: float) -> npt.NDArray[np.int64]:
    """How often systematic resampling takes each particle, shape (n,), summing to n.

    Particle i is taken once for every integer k with
    cumulative(i - 1) <= (k + offset) / n < cumulative(i).

    Args:
        weights: shape (n,), not negative, summing to one up to rounding.
        offset: one uniform number in [0, 1).
    """
    edges = np.minimum(_edges(weights, offset), weights.size)
    taken = edges.copy()
    taken[1:] -= edges[:-1]
    return taken


def _edges(weights: FloatArray, offset: float) -> npt.NDArray[np.int64]:
    """Number of draws taken by particles 0 to i, for each i, shape (n,); by rounding, n + 1.

    Computed in whole numbers of 2^-places draws: an integer sum runs 4 times as fast as a float's.
    """
    count = weights.size
    places = 62 - count.bit_length()
    draw = 1 << places
    edges = (weights * (count * draw / weights.sum())).astype(np.int64)
    edges[0] += draw - 1 - int(offset * draw)
    edges.cumsum(out=edges)
    edges >>= places
    last = count - 1
    if weights[last] <= 0.0:
        last -= int((weights[::-1] > 0.0).argmax())
    edges[last:] = count
    return edges


def resample(columns: FloatArray, weights: FloatArray, offset: float) -> FloatArray:
    """Particles drawn in proportion to weight by systematic resampling, a new array."""
    count = weights.size
    # Draw k falls to the particle after all those whose draws end at or before k.
    chosen = np.bincount(_edges(weights, offset), minlength=count + 1)[:count].cumsum()
    return columns.take(chosen, axis=1)


def centred(columns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Equally weighted particles as deviations from a centre of theirs.

    Returns:
        Deviations, shape (k, n), those of yaw in [-pi, pi]; the centre, shape (k,), whose yaw is
        the circular mean (the direction of the sum of unit vectors); the covariance, shape
        (k, k), as ``moments`` gives it for equal weights.
    """
    count = columns.shape[1]
    yaw = columns[2].astype(np.float32)
    centre = columns.dot(np.full(count, 1.0 / count))
    centre[2] = math.atan2(float(np.sin(yaw).sum()), float(np.cos(yaw).sum()))
    deviations = columns - centre[:, None]
    _wrap(deviations[2])
    covariance = deviations @ deviations.T
    covariance /= count
    return deviations, centre, covariance


def _wrap(angle_rad: FloatArray) -> None:
    """Bring angles to [-pi, pi], in place."""
    turns = angle_rad * _TURNS
    np.rint(turns, out=turns)
    turns *= _TURN
    angle_rad -= turns


def moments(columns: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean, shape (k,), and covariance, shape (k, k), yaw taken on the circle.

    Args:
        columns: shape (k, n).
        weights: shape (n,), summing to one.
    """
    rows, count = columns.shape
    mean = columns.dot(weights)
    yaw, narrow = columns[2].astype(np.float32), weights.astype(np.float32)
    mean[2] = math.atan2(float(np.sin(yaw).dot(narrow)), float(np.cos(yaw).dot(narrow)))
    result = np.zeros((rows, rows))
    for begin in range(0, count, _PARTICLES):
        part = slice(begin, begin + _PARTICLES)
        deviations = columns[:, part] - mean[:, None]
        _wrap(deviations[2])
        result += (deviations * weights[part]) @ deviations.T
    return mean, 0.5 * (result + result.T)

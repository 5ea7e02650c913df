# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Planar motion of a car-like vehicle as the extended Kalman filter predicts with it."""

from __future__ import annotations

import math

import numpy as np

from geoloc_ros.compiled import compiled
from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.types import FloatArray, Motion

#: Calibration states behind the five of ``STATE_NAMES``.
SCALE, YAW_RATE_BIAS = 5, 6
FILTER_STATE_SIZE = 7


def pack_noise(settings: KalmanSettings) -> FloatArray:
    """The process noise settings in the order ``propagate`` reads them."""
    return np.array(
        [
            settings.acceleration_noise,
            settings.yaw_acceleration_noise,
            settings.yaw_rate_decay_s,
            settings.position_noise,
            settings.yaw_noise,
            settings.scale_noise,
            settings.yaw_rate_bias_noise,
        ]
    )


def pack_motion(motion: Motion) -> FloatArray:
    """``Motion`` in the order ``propagate`` reads it; NaN for what nobody measured.

    Where an increment was measured but no rate at the end, the mean rate stands for it.
    """
    missing = math.nan
    end_speed_m_s, end_yaw_rate_rad_s = motion.end_speed_m_s, motion.end_yaw_rate_rad_s
    if end_speed_m_s is None and motion.distance_m is not None:
        end_speed_m_s = motion.distance_m / motion.duration_s
    if end_yaw_rate_rad_s is None and motion.rotation_rad is not None:
        end_yaw_rate_rad_s = motion.rotation_rad / motion.duration_s
    return np.array(
        [
            motion.duration_s,
            missing if motion.distance_m is None else motion.distance_m,
            missing if motion.rotation_rad is None else motion.rotation_rad,
            motion.distance_variance_m2,
            motion.rotation_variance_rad2,
            missing if end_speed_m_s is None else end_speed_m_s,
            missing if end_yaw_rate_rad_s is None else end_yaw_rate_rad_s,
            1.0 if motion.standstill else 0.0,
        ]
    )


@compiled
def _increments(
    mean: FloatArray,
    motion: FloatArray,
    noise: FloatArray,
    F: FloatArray,
    d_state: FloatArray,
    r_state: FloatArray,
    noise_4: FloatArray,
) -> tuple[float, float, float, float]:
    """Path length d, rotation r, and speed and yaw rate after; the arrays are filled in."""
    dt = motion[0]
    speed, yaw_rate, scale, bias = mean[3], mean[4], mean[5], mean[6]
    if math.isnan(motion[1]):
        d = speed * dt
        d_state[3] = dt
        q = noise[0] ** 2
        noise_4[0, 0] = q * dt**3 / 3.0
        noise_4[0, 2] = noise_4[2, 0] = q * dt**2 / 2.0
        noise_4[2, 2] = q * dt
    else:
        d = scale * motion[1]
        d_state[5] = motion[1]
        speed = scale * motion[5]
        F[3, 3] = 0.0
        F[3, 5] = motion[5]
        noise_4[0, 0] = motion[3]
        noise_4[2, 2] = motion[3] / (dt * dt)
    if math.isnan(motion[2]):
        fade = math.exp(-dt / noise[2])
        lasting = noise[2] * (1.0 - fade)
        r = yaw_rate * lasting
        r_state[4] = lasting
        yaw_rate = yaw_rate * fade
        F[4, 4] = fade
        q = noise[1] ** 2
        noise_4[1, 1] = q * dt**3 / 3.0
        noise_4[1, 3] = noise_4[3, 1] = q * dt**2 / 2.0
        noise_4[3, 3] = q * dt
    else:
        r = motion[2] - bias * dt
        r_state[6] = -dt
        yaw_rate = motion[6] - bias
        F[4, 4] = 0.0
        F[4, 6] = -1.0
        noise_4[1, 1] = motion[4]
        noise_4[3, 3] = motion[4] / (dt * dt)
    return d, r, speed, yaw_rate


@compiled
def propagate(
    mean: FloatArray, motion: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Move a mean along an arc and linearise: x', F = df/dx, Q.

    The path of length d turns by r: x' = x + d sinc(r/2) cos(yaw + r/2). Where odometry measured
    it, d = scale * distance and r = rotation - bias * dt; elsewhere d = speed * dt under white
    acceleration, and r comes from a yaw rate that fades with white yaw acceleration.

    Args:
        mean: (x, y, yaw, speed, yaw rate, scale, yaw-rate bias), shape (7,).
        motion: from ``pack_motion``, shape (8,).
        noise: from ``pack_noise``, shape (7,).

    Source: Thrun, Burgard, Fox 2005, section 5.3 (velocity motion model), with the integrated
    white-noise blocks of Bar-Shalom, Li, Kirubarajan 2001, equation 6.2.2-4.
    """
    dt = motion[0]
    yaw, scale, bias = mean[2], mean[5], mean[6]
    F = np.eye(7)
    Q = np.zeros((7, 7))
    if motion[7] > 0.0:  # standstill: nothing moves, and the heading is held
        out = mean.copy()
        out[3] = 0.0
        out[4] = 0.0
        F[3, 3] = 0.0
        F[4, 4] = 0.0
        return out, F, Q

    d_state = np.zeros(7)  # gradient of the path length over the state
    r_state = np.zeros(7)  # gradient of the rotation over the state
    noise_4 = np.zeros((4, 4))  # covariance of (d, r, speed, yaw rate) noise
    d, r, speed, yaw_rate = _increments(mean, motion, noise, F, d_state, r_state, noise_4)
    noise_4[1, 1] += noise[4] ** 2 * dt

    half = 0.5 * r
    small = abs(half) < 1e-4
    chord = 1.0 - half * half / 6.0 if small else math.sin(half) / half
    bend = -half / 6.0 if small else 0.5 * (math.cos(half) - chord) / half  # d chord / d r
    cosine, sine = math.cos(yaw + half), math.sin(yaw + half)
    x_per_r = d * (bend * cosine - 0.5 * chord * sine)
    y_per_r = d * (bend * sine + 0.5 * chord * cosine)
    F[0, 2] = -d * chord * sine
    F[1, 2] = d * chord * cosine
    for k in range(7):
        F[0, k] += chord * cosine * d_state[k] + x_per_r * r_state[k]
        F[1, k] += chord * sine * d_state[k] + y_per_r * r_state[k]
        F[2, k] += r_state[k]

    G = np.zeros((7, 4))
    G[0, 0], G[1, 0] = chord * cosine, chord * sine
    G[0, 1], G[1, 1], G[2, 1] = x_per_r, y_per_r, 1.0
    G[3, 2] = G[4, 3] = 1.0
    Q = G @ noise_4 @ G.T
    Q[0, 0] += noise[3] ** 2 * dt
    Q[1, 1] += noise[3] ** 2 * dt
    Q[5, 5] += noise[5] ** 2 * dt
    Q[6, 6] += noise[6] ** 2 * dt

    turned = yaw + r
    out = np.array(
        [
            mean[0] + d * chord * cosine,
            mean[1] + d * chord * sine,
            math.atan2(math.sin(turned), math.cos(turned)),
            speed,
            yaw_rate,
            scale,
            bias,
        ]
    )
    return out, F, Q

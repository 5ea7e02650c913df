# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The two steps every Kalman filter shares, for any state size; compiled where numba is there."""

from __future__ import annotations

import numpy as np

from geoloc_ros.compiled import compiled
from geoloc_ros.types import FloatArray


@compiled
def predict_moments(
    x: FloatArray, P: FloatArray, F: FloatArray, Q: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Linear prediction: x' = F x, P' = F P F^T + Q, kept symmetric.

    Args:
        x: mean, shape (n,).
        P: covariance, shape (n, n).
        F: transition, shape (n, n).
        Q: process noise, shape (n, n).

    Source: Bar-Shalom, Li, Kirubarajan 2001, equations 5.2.3-2 and 5.2.3-5.
    """
    predicted = F @ P @ F.T + Q
    return F @ x, 0.5 * (predicted + predicted.T)


@compiled
def predict_covariance(P: FloatArray, F: FloatArray, Q: FloatArray) -> FloatArray:
    """P' = F P F^T + Q, kept symmetric, for a filter whose mean moves by a nonlinear f."""
    predicted = F @ P @ F.T + Q
    return 0.5 * (predicted + predicted.T)


@compiled
def innovation_covariance(P: FloatArray, H: FloatArray, R: FloatArray) -> FloatArray:
    """S = H P H^T + R, shape (m, m)."""
    return H @ P @ H.T + R


@compiled
def joseph_update(
    x: FloatArray, P: FloatArray, y: FloatArray, H: FloatArray, R: FloatArray
) -> tuple[FloatArray, FloatArray, float, float]:
    """Measurement update in Joseph form, which stays positive definite under rounding.

    K = P H^T S^-1, x' = x + K y, P' = (I - K H) P (I - K H)^T + K R K^T.

    Args:
        x: mean, shape (n,).
        P: covariance, shape (n, n).
        y: innovation z - h(x), shape (m,), angles wrapped.
        H: measurement Jacobian, shape (m, n).
        R: measurement noise, shape (m, m).

    Returns:
        x', P', the NIS y^T S^-1 y, and the log of the normalised Gaussian likelihood of y.

    Source: Bucy and Joseph 1968; Bar-Shalom, Li, Kirubarajan 2001, equation 5.2.3-18.
    """
    PHt = P @ H.T
    S = H @ PHt + R
    S_inverse = np.linalg.inv(S)
    K = PHt @ S_inverse
    A = np.eye(x.shape[0]) - K @ H
    updated = A @ P @ A.T + K @ R @ K.T
    nis = float(y @ S_inverse @ y)
    log_likelihood = -0.5 * (nis + np.log(np.linalg.det(S)) + y.shape[0] * np.log(2.0 * np.pi))
    return x + K @ y, 0.5 * (updated + updated.T), nis, log_likelihood

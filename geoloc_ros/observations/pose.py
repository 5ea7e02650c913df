# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""An absolute pose from another system (a matcher, a SLAM, a person) as an observation."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.errors import MeasurementError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.settings import setting
from geoloc_ros.types import (
    STATE_SIZE,
    YAW,
    FloatArray,
    GaussianForm,
    PoseMeasurement,
    StateBatch,
)


@dataclasses.dataclass(frozen=True)
class PoseObservationSettings:
    """How external poses are used."""

    position_sigma_floor_m: float = setting(
        0.1,
        'no external pose is believed better than this in position',
        unit='m',
        minimum=0.0001,
        maximum=1000.0,
    )
    yaw_sigma_floor_rad: float = setting(
        0.01,
        'no external pose is believed better than this in heading',
        unit='rad',
        minimum=0.0001,
        maximum=3.2,
    )
    outlier_probability: float = setting(
        0.05,
        'share of external poses that say nothing (particle filter)',
        minimum=0.0,
        maximum=0.9,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class PoseObservation:
    """A Gaussian over (x, y) or (x, y, yaw) in ``map``, with an outlier floor.

    Attributes:
        stamp_ns: time of the measurement.
        source: topic it came from.
        measured: (x m, y m) or (x m, y m, yaw rad), shape (2,) or (3,).
        covariance: shape (2, 2) or (3, 3), positive definite.
        outlier_probability: weight of the floor; the floor is the Gaussian's density 4 sigma out.
    """

    stamp_ns: int
    source: str
    measured: FloatArray
    covariance: FloatArray
    outlier_probability: float = 0.0

    def log_likelihood(self, states: StateBatch) -> FloatArray:
        """Log-likelihood of each state up to a constant, shape (n,)."""
        columns = [self.measured[0] - states.x_m, self.measured[1] - states.y_m]
        if self.measured.shape[0] == 3:
            columns.append(wrap_angle(self.measured[2] - states.yaw_rad))
        innovations = np.stack(columns, axis=1)
        nis = np.einsum('ni,ij,nj->n', innovations, np.linalg.inv(self.covariance), innovations)
        if self.outlier_probability <= 0.0:
            return np.asarray(-0.5 * nis)
        share = self.outlier_probability
        return np.asarray(np.logaddexp(math.log1p(-share) - 0.5 * nis, math.log(share) - 8.0))

    def gaussian(self, state: FloatArray) -> GaussianForm | None:
        """Innovation, R and H at ``state``."""
        size = self.measured.shape[0]
        innovation = self.measured - state[:size]
        if size == 3:
            innovation[YAW] = wrap_angle(float(innovation[YAW]))
        jacobian = np.zeros((size, STATE_SIZE))
        jacobian[:size, :size] = np.eye(size)
        return GaussianForm(innovation, self.covariance, jacobian)


def pose_observation(
    measurement: PoseMeasurement, settings: PoseObservationSettings
) -> PoseObservation:
    """Observation from a measured pose, with the floors applied.

    Raises:
        MeasurementError: a value is not finite, or the covariance is not positive definite.
    """
    size = 2 if measurement.yaw_rad is None else 3
    values = [measurement.x_m, measurement.y_m]
    if measurement.yaw_rad is not None:
        values.append(measurement.yaw_rad)
    measured = np.array(values, dtype=np.float64)
    covariance = np.array(measurement.covariance[:size, :size], dtype=np.float64)
    if not np.all(np.isfinite(measured)) or not np.all(np.isfinite(covariance)):
        raise MeasurementError(
            f'pose from {measurement.source!r} is {measured.tolist()} with covariance '
            f'{covariance.tolist()}; expected finite numbers'
        )
    covariance = 0.5 * (covariance + covariance.T)
    variances = np.diag(covariance)
    if np.any(variances <= 0.0) or _smallest_correlation_eigenvalue(covariance) < 1e-9:
        raise MeasurementError(
            f'pose from {measurement.source!r} states the covariance {covariance.tolist()}; '
            'expected a positive definite matrix; its publisher must say how sure it is'
        )
    floors = np.array(
        [settings.position_sigma_floor_m, settings.position_sigma_floor_m]
        + [settings.yaw_sigma_floor_rad] * (size - 2)
    )
    raised = np.sqrt(np.maximum(np.diag(covariance), floors**2) / np.diag(covariance))
    return PoseObservation(
        measurement.stamp_ns,
        measurement.source,
        measured,
        covariance * np.outer(raised, raised),
        settings.outlier_probability,
    )


def _smallest_correlation_eigenvalue(covariance: FloatArray) -> float:
    sigmas = np.sqrt(np.diag(covariance))
    return float(np.linalg.eigvalsh(covariance / np.outer(sigmas, sigmas))[0])

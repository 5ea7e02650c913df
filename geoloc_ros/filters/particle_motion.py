# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""From what was measured of the motion to the numbers of one propagation step."""

from __future__ import annotations

import math
from typing import NamedTuple

from geoloc_ros.errors import FilterStateError, MeasurementError
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.types import Motion, PosePrior, seconds_between

_NOTHING = Motion(0.0)


class MotionStep(NamedTuple):
    """Arguments of the propagation kernel, in its order; NaN = not measured.

    White noise acting through the step leaves a position spread that is exact for any number of
    substeps: the part correlated with the end speed (or yaw) comes from the midpoint, the
    remainder (1/12) is added as independent noise.

    Attributes:
        duration_s: length of the step.
        distance_m: path length measured, before the particle's own scale is applied.
        rotation_rad: yaw increment measured, before the particle's own bias is taken off.
        end_speed_m_s: speed measured at the end.
        distance_sigma_m: standard deviation of ``distance_m``.
        rotation_sigma_rad: standard deviation of ``rotation_rad``.
        speed_sigma_m_s: change of speed over the step where none is measured.
        steering_sigma_rad: change of yaw over the step where none is measured.
        position_sigma_m: extra noise, forward and left.
        full_speed_m_s: speed below which the steering noise fades; 0 = never.
        reverse_max_m_s: slowest (most negative) speed the acceleration noise may reach.
        scale_sigma: change of the distance scale over the step.
        bias_sigma_rad_s: change of the yaw-rate bias over the step.
    """

    duration_s: float
    distance_m: float
    rotation_rad: float
    end_speed_m_s: float
    distance_sigma_m: float
    rotation_sigma_rad: float
    speed_sigma_m_s: float
    steering_sigma_rad: float
    position_sigma_m: float
    full_speed_m_s: float
    reverse_max_m_s: float
    scale_sigma: float
    bias_sigma_rad_s: float

    @property
    def calibrates(self) -> bool:
        """Whether odometry or gyro took part, so that its calibration wanders."""
        return not (math.isnan(self.distance_m) and math.isnan(self.rotation_rad))


def robust_step(
    settings: ParticleSettings, duration_s: float, motion: Motion | None
) -> MotionStep:
    """The step of the robust preset: what was measured, noise for the rest.

    Raises:
        MeasurementError: a variance of the motion is negative or not finite.
    """
    root_s = math.sqrt(duration_s)
    measured = _NOTHING if motion is None else motion
    return MotionStep(
        duration_s,
        _nan_if_none(measured.distance_m),
        _nan_if_none(measured.rotation_rad),
        _nan_if_none(measured.end_speed_m_s),
        _sigma('distance_variance_m2', measured.distance_variance_m2),
        _sigma('rotation_variance_rad2', measured.rotation_variance_rad2),
        settings.acceleration_noise_m_s2 * root_s,
        settings.steering_noise_rad_s * root_s,
        settings.position_noise_m_sqrt_s * root_s,
        settings.steering_full_speed_m_s,
        settings.reverse_speed_max_m_s,
        settings.scale_walk_sqrt_s * root_s if measured.distance_m is not None else 0.0,
        settings.yaw_rate_bias_walk_rad_s_sqrt_s * root_s
        if measured.rotation_rad is not None
        else 0.0,
    )


def paper_step(settings: ParticleSettings, duration_s: float) -> MotionStep:
    """The step of the paper preset: fixed velocity, acceleration and steering noise, no more."""
    root_s = math.sqrt(duration_s)
    return MotionStep(
        duration_s,
        *(math.nan,) * 3,
        0.0,
        0.0,
        settings.acceleration_noise_m_s2 * root_s,
        settings.steering_noise_rad_s * root_s,
        0.0,
        0.0,
        math.inf,
        0.0,
        0.0,
    )


def step_duration_s(from_stamp_ns: int, to_stamp_ns: int) -> float:
    """Length of a step in seconds, 0 for none.

    Raises:
        FilterStateError: the step goes back in time.
    """
    if to_stamp_ns < from_stamp_ns:
        raise FilterStateError(
            f'cannot predict back from {from_stamp_ns} ns to {to_stamp_ns} ns; '
            'restore a checkpoint taken before, or initialise anew'
        )
    return seconds_between(from_stamp_ns, to_stamp_ns)


def check_prior(prior: PosePrior) -> None:
    """Refuse a prior that would fill the cloud with NaN.

    Raises:
        MeasurementError: a number of the prior is not finite, or a variance is negative.
    """
    covariance = prior.position_covariance_m2
    numbers = [prior.x_m, prior.y_m, *covariance.ravel()]
    variances = [covariance[0, 0], covariance[1, 1]]
    if prior.yaw_rad is not None:
        numbers += [prior.yaw_rad, prior.yaw_variance_rad2]
        variances.append(prior.yaw_variance_rad2)
    if prior.speed_m_s is not None:
        numbers += [prior.speed_m_s, prior.speed_variance_m2_s2]
        variances.append(prior.speed_variance_m2_s2)
    if not all(math.isfinite(number) for number in numbers) or min(variances) < 0.0:
        raise MeasurementError(
            f'cannot start from {prior}: expected finite numbers and variances of 0 or more; '
            'leave yaw and speed None where they are unknown'
        )


def _nan_if_none(number: float | None) -> float:
    return math.nan if number is None else number


def _sigma(name: str, variance: float) -> float:
    if not 0.0 <= variance < math.inf:
        raise MeasurementError(
            f'Motion.{name} is {variance}; expected a finite number of 0 or more'
        )
    return math.sqrt(variance)
